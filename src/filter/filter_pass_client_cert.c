/*
 * passTLSClientCert: what a client's certificate says, for the task, as Traefik writes it: texts of
 * its subject in the order of this table, not in that of the certificate.
 */
#include <arpa/inet.h>
#include <string.h>
#include <time.h>

#include <openssl/bn.h>
#include <openssl/x509v3.h>

#include "base/base64.h"
#include "base/bug.h"
#include "filter/filter_priv.h"
#include "http/query.h"

#define INFO_MAX	65536		/* bytes, of all certificates */

static const struct attribute {
	int		 nid;
	const char	*key;
	bool		 many;		/* all of them; else the last one counts */
} attributes[] = {
	{ NID_domainComponent, "DC", true },
	{ NID_countryName, "C", true },
	{ NID_stateOrProvinceName, "ST", true },
	{ NID_localityName, "L", true },
	{ NID_organizationName, "O", true },
	{ NID_organizationalUnitName, "OU", true },
	{ NID_serialNumber, "SN", false },
	{ NID_commonName, "CN", false },
};

#define ATTRIBUTES	(sizeof attributes / sizeof *attributes)

/* ---- names ---- */

static void
attribute_add(struct buf *out, const struct attribute *a, const X509_NAME *name, int at)
{
	unsigned char *text = NULL;
	int len = ASN1_STRING_to_UTF8(&text,
	    X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));

	if (len > 0)
		buf_printf(out, "%s%s=%.*s", out->len > 0 ? "," : "", a->key, len, (const char *)text);
	OPENSSL_free(text);
}

/* An attribute's texts, in the order in which they stand in the name. */
static void
attributes_add(struct buf *out, const struct attribute *a, const X509_NAME *name)
{
	int last = -1;

	for (int at = -1; (at = X509_NAME_get_index_by_NID(name, a->nid, at)) >= 0; last = at)
		if (a->many)
			attribute_add(out, a, name, at);
	if (!a->many && last >= 0)
		attribute_add(out, a, name, last);
}

static void
part_begin(struct buf *out, const char *key)
{
	buf_printf(out, "%s%s=\"", out->len > 0 ? ";" : "", key);
}

static void
name_add(struct buf *out, const char *key, const X509_NAME *name, const bool wanted[ATTRIBUTES])
{
	struct buf texts;

	buf_init(&texts, INFO_MAX);
	for (size_t i = 0; i < ATTRIBUTES; i++)
		if (wanted[i])
			attributes_add(&texts, &attributes[i], name);
	if (texts.len > 0) {
		part_begin(out, key);
		buf_adds(out, buf_str(&texts));
		buf_adds(out, STR("\""));
	}
	out->full |= texts.full;
	buf_fini(&texts);
}

/* ---- the rest ---- */

static void
time_add(struct buf *out, const char *key, const ASN1_TIME *time)
{
	struct tm tm;

	if (ASN1_TIME_to_tm(time, &tm) != 1)
		return;
	part_begin(out, key);
	buf_printf(out, "%llu\"", (unsigned long long)timegm(&tm));
}

static void
serial_add(struct buf *out, const X509 *cert)
{
	BIGNUM *number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(cert), NULL);
	char *text = number != NULL ? BN_bn2dec(number) : NULL;

	if (text != NULL) {
		part_begin(out, "SerialNumber");
		buf_printf(out, "%s\"", text);
	}
	OPENSSL_free(text);
	BN_free(number);
}

static void
address_add(struct buf *out, const ASN1_OCTET_STRING *ip)
{
	static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };
	const unsigned char *p = ASN1_STRING_get0_data(ip);
	int len = ASN1_STRING_length(ip);
	char text[INET6_ADDRSTRLEN];

	if (len == 16 && memcmp(p, mapped, sizeof mapped) == 0) {
		p += sizeof mapped;
		len = 4;
	}
	if (len == 4 || len == 16)
		buf_adds(out, str_of(inet_ntop(len == 4 ? AF_INET : AF_INET6, p, text, sizeof text)));
}

static void
san_add(struct buf *out, const GENERAL_NAME *name, int type)
{
	if (name->type != type)
		return;
	if (out->len > 0)
		buf_adds(out, STR(","));
	if (type == GEN_IPADD)
		address_add(out, name->d.iPAddress);
	else
		buf_add(out, ASN1_STRING_get0_data(name->d.ia5), (size_t)ASN1_STRING_length(name->d.ia5));
}

static void
sans_add(struct buf *out, const X509 *cert)
{
	static const int types[] = { GEN_DNS, GEN_EMAIL, GEN_IPADD, GEN_URI };
	GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
	struct buf texts;

	buf_init(&texts, INFO_MAX);
	for (size_t t = 0; t < sizeof types / sizeof *types; t++)
		for (int i = 0; i < sk_GENERAL_NAME_num(names); i++)
			san_add(&texts, sk_GENERAL_NAME_value(names, i), types[t]);
	if (texts.len > 0) {
		part_begin(out, "SAN");
		buf_adds(out, buf_str(&texts));
		buf_adds(out, STR("\""));
	}
	out->full |= texts.full;
	buf_fini(&texts);
	GENERAL_NAMES_free(names);
}

/* ---- certificates ---- */

static void
cert_info(struct buf *out, const struct filter_pass_client_cert *f, const X509 *cert)
{
	const bool subject[ATTRIBUTES] = { f->subject_domain_component, f->subject_country,
	    f->subject_province, f->subject_locality, f->subject_organization, f->subject_unit,
	    f->subject_serial_number, f->subject_common_name };
	const bool issuer[ATTRIBUTES] = { f->issuer_domain_component, f->issuer_country,
	    f->issuer_province, f->issuer_locality, f->issuer_organization, false,
	    f->issuer_serial_number, f->issuer_common_name };
	struct buf one;

	buf_init(&one, INFO_MAX);
	name_add(&one, "Subject", X509_get_subject_name(cert), subject);
	name_add(&one, "Issuer", X509_get_issuer_name(cert), issuer);
	if (f->serial)
		serial_add(&one, cert);
	if (f->not_before)
		time_add(&one, "NB", X509_get0_notBefore(cert));
	if (f->not_after)
		time_add(&one, "NA", X509_get0_notAfter(cert));
	if (f->sans)
		sans_add(&one, cert);
	buf_adds(out, buf_str(&one));
	out->full |= one.full;
	buf_fini(&one);
}

static bool
wants_info(const struct filter_pass_client_cert *f)
{
	struct filter_pass_client_cert pem_alone = { .pem = f->pem };

	return memcmp(f, &pem_alone, sizeof pem_alone) != 0;
}

/* The field's value as the run's; it is nothing that did not fit. */
static void
field_set(struct filter_run *r, struct str name, const struct buf *value)
{
	r->full |= value->full;
	fields_set(r, &r->request, name, run_join(r, buf_str(value), (struct str){ NULL, 0 }));
}

enum filter_verdict
pass_client_cert_request(struct filter_run *r, const struct filter_pass_client_cert *f,
    uint8_t *note)
{
	const unsigned char *at = (const unsigned char *)r->facts.certs.p, *end = at, *der;
	struct buf pem, info, escaped;
	X509 *cert;

	(void)note;
	if (r->facts.certs.len == 0)
		return FILTER_PASS;
	end += r->facts.certs.len;
	buf_init(&pem, INFO_MAX);
	buf_init(&info, INFO_MAX);
	buf_init(&escaped, INFO_MAX);
	for (der = at; at < end && (cert = d2i_X509(NULL, &at, end - at)) != NULL; der = at) {
		if (der != (const unsigned char *)r->facts.certs.p) {
			buf_adds(&pem, STR(","));
			buf_adds(&info, STR(","));
		}
		base64_add(&pem, (struct str){ (const char *)der, (size_t)(at - der) });
		cert_info(&info, f, cert);
		X509_free(cert);
	}
	ASSERT(at == end);		/* it was read before */
	info.full |= !query_escape(&escaped, buf_str(&info));
	if (f->pem)
		field_set(r, STR("X-Forwarded-Tls-Client-Cert"), &pem);
	if (wants_info(f))
		field_set(r, STR("X-Forwarded-Tls-Client-Cert-Info"), &escaped);
	buf_fini(&pem);
	buf_fini(&info);
	buf_fini(&escaped);
	return FILTER_PASS;
}
