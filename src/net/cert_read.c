/*
 * cert_read: reads PEM block by block, so that what is wrong can be said of the block, and so that
 * no copy of a key stays behind in memory that is free.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "net/cert_priv.h"
#include "net/ip.h"

#define TEXT_MAX	256	/* of a subject or an issuer */
#define RSA_BITS_LEAST	2048

/* ---- what goes wrong ---- */

/* Where a failure is told: the reason, and what a person needs to know besides. */
struct fault {
	const struct why *why;
	char		 detail[CERT_DETAIL_MAX];
};

static bool __attribute__((format(printf, 3, 4)))
fault_set(struct fault *f, const struct why *why, const char *fmt, ...)
{
	va_list ap;

	ASSERT(f->why == NULL);
	f->why = why;
	va_start(ap, fmt);
	vsnprintf(f->detail, sizeof f->detail, fmt, ap);
	va_end(ap);
	for (char *p = f->detail; *p != '\0'; p++)	/* names of PEM blocks are foreign */
		if ((unsigned char)*p < 0x20 || (unsigned char)*p > 0x7e)
			*p = '?';
	return false;
}

/* What OpenSSL says of the last thing that it could not do. */
static const char *
library_says(void)
{
	const char *text = ERR_reason_error_string(ERR_peek_last_error());

	return text != NULL ? text : "no reason is known";
}

/* ---- blocks of PEM ---- */

struct block {
	char		*name, *header;
	unsigned char	*bytes;
	long		 len;
};

static void
block_free(struct block *b)
{
	OPENSSL_secure_free(b->name);
	OPENSSL_secure_free(b->header);
	OPENSSL_secure_clear_free(b->bytes, (size_t)b->len);
}

static bool
block_is(const struct block *b, const char *name)
{
	return strcmp(b->name, name) == 0;
}

static bool
is_key(const struct block *b)
{
	return str_ends(str_of(b->name), STR("PRIVATE KEY"));
}

/* Parameters are written beside keys by some tools, and serve nothing today. */
static bool
is_nothing(const struct block *b)
{
	return block_is(b, "EC PARAMETERS") || block_is(b, "DH PARAMETERS");
}

static bool
take_cert(struct cert *c, const struct block *b, struct fault *f)
{
	const unsigned char *p = b->bytes;
	X509 *x = d2i_X509(NULL, &p, b->len);

	if (x == NULL || p != b->bytes + b->len) {
		X509_free(x);
		return fault_set(f, WHY_CERT_SYNTAX, "%s", library_says());
	}
	if (c->leaf == NULL)
		c->leaf = x;
	else if (sk_X509_num(c->chain) == CERT_CHAIN_MAX || !sk_X509_push(c->chain, x)) {
		X509_free(x);
		return fault_set(f, WHY_CERT_LARGE, "more than %d certificates follow the first",
		    CERT_CHAIN_MAX);
	}
	return true;
}

static bool
take_key(struct cert *c, const struct block *b, struct fault *f)
{
	const unsigned char *p = b->bytes;

	if (block_is(b, "ENCRYPTED PRIVATE KEY") || strstr(b->header, "ENCRYPTED") != NULL)
		return fault_set(f, WHY_CERT_KEY_ENCRYPTED, "%s", "");
	if (c->key != NULL)
		return fault_set(f, WHY_CERT_KEY_SYNTAX, "there is a second private key");
	c->key = d2i_AutoPrivateKey(NULL, &p, b->len);
	if (c->key == NULL)
		return fault_set(f, WHY_CERT_KEY_SYNTAX, "%s", library_says());
	return true;
}

static bool
take_block(struct cert *c, const struct block *b, bool certs, struct fault *f)
{
	if (is_key(b))
		return take_key(c, b, f);
	if (is_nothing(b))
		return true;
	if (block_is(b, "CERTIFICATE") || block_is(b, "X509 CERTIFICATE"))
		return !certs || take_cert(c, b, f);
	return fault_set(f, WHY_CERT_SYNTAX, "there is a block of another kind: %s", b->name);
}

/* True also when there are no blocks at all. `certs`: certificates are taken, not passed over. */
static bool
take_pem(struct cert *c, struct str pem, bool certs, struct fault *f)
{
	BIO *bio;
	bool good = true;

	if (pem.len == 0)
		return true;
	if (pem.len > INT32_MAX || (bio = BIO_new_mem_buf(pem.p, (int)pem.len)) == NULL)
		return fault_set(f, WHY_CERT_LARGE, "%zu bytes", pem.len);
	ERR_clear_error();
	while (good) {
		struct block b = { 0 };

		if (!PEM_read_bio_ex(bio, &b.name, &b.header, &b.bytes, &b.len,
		    PEM_FLAG_SECURE | PEM_FLAG_EAY_COMPATIBLE)) {
			if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
				good = fault_set(f, WHY_CERT_SYNTAX, "%s", library_says());
			break;
		}
		good = take_block(c, &b, certs, f);
		block_free(&b);
	}
	ERR_clear_error();
	BIO_free(bio);
	return good;
}

/* ---- what a certificate says ---- */

char *
cert_name_text(const X509_NAME *name)
{
	BIO *bio = BIO_new(BIO_s_mem());
	struct str text = { "", 0 };
	char *p, *out;

	ASSERT(bio != NULL);
	X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB);
	text.len = (size_t)BIO_get_mem_data(bio, &p);
	if (text.len > 0)
		text.p = p;
	if (text.len > TEXT_MAX)
		text.len = TEXT_MAX;
	out = str_dup(text);
	BIO_free(bio);
	return out;
}

static char *
serial_text(const X509 *x)
{
	BIGNUM *n = ASN1_INTEGER_to_BN(X509_get0_serialNumber(x), NULL);
	char *hex = n != NULL ? BN_bn2hex(n) : NULL, *out = must_strdup(hex != NULL ? hex : "");

	OPENSSL_free(hex);
	BN_free(n);
	for (char *p = out; *p != '\0'; p++)
		if (*p >= 'A' && *p <= 'F')
			*p += 'a' - 'A';
	return out;
}

static bool
time_take(const ASN1_TIME *t, int64_t *out)
{
	struct tm tm;

	if (t == NULL || !ASN1_TIME_to_tm(t, &tm))
		return false;
	*out = timegm(&tm);
	return true;
}

static bool
name_add(struct cert *c, struct str name, struct fault *f)
{
	if (c->nnames == CERT_NAMES_MAX)
		return fault_set(f, WHY_CERT_LARGE, "it has more than %d names", CERT_NAMES_MAX);
	if (c->nnames == c->names_cap) {
		c->names_cap = c->names_cap > 0 ? 2 * c->names_cap : 4;
		c->name = must_realloc(c->name, c->names_cap * sizeof *c->name);
	}
	c->name[c->nnames] = str_dup(name);
	for (char *p = c->name[c->nnames]; *p != '\0'; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p += 'a' - 'A';
	c->nnames++;
	return true;
}

/* A host name that a client could ask for; of wildcards only a whole first label. */
static bool
is_host_name(struct str s)
{
	if (str_starts(s, STR("*.")))
		s = (struct str){ s.p + 2, s.len - 2 };
	if (s.len == 0 || s.len > 253 || s.p[0] == '.' || s.p[s.len - 1] == '.')
		return false;
	for (size_t i = 0; i < s.len; i++) {
		char ch = s.p[i];

		if (!((ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9')
		    || ch == '-' || ch == '_' || (ch == '.' && s.p[i - 1] != '.')))
			return false;
	}
	return true;
}

/* Names of other kinds (mail, URI) are no host's; what no client can ask for does no harm. */
static bool
take_name(struct cert *c, const GENERAL_NAME *g, struct fault *f)
{
	const ASN1_STRING *s;
	char text[IP_TEXT_MAX];
	struct str name;
	struct ip ip;

	if (g->type == GEN_DNS) {
		s = g->d.dNSName;
		name = (struct str){ (const char *)ASN1_STRING_get0_data(s), (size_t)ASN1_STRING_length(s) };
		return !is_host_name(name) || name_add(c, name, f);
	}
	if (g->type != GEN_IPADD)
		return true;
	s = g->d.iPAddress;
	if (ASN1_STRING_length(s) == 4)
		ip = ip_of_v4(ASN1_STRING_get0_data(s));
	else if (ASN1_STRING_length(s) == sizeof ip.b)
		memcpy(ip.b, ASN1_STRING_get0_data(s), sizeof ip.b);
	else
		return true;
	return name_add(c, ip_text(&ip, text), f);
}

static bool
take_names(struct cert *c, struct fault *f)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(c->leaf, NID_subject_alt_name, NULL, NULL);
	bool good = true;

	for (int i = 0; good && i < sk_GENERAL_NAME_num(names); i++)
		good = take_name(c, sk_GENERAL_NAME_value(names, i), f);
	GENERAL_NAMES_free(names);
	return good;
}

/* The curves that clients have. */
static bool
curve_judge(const EVP_PKEY *key, struct fault *f)
{
	char name[64] = "";
	int nid;

	EVP_PKEY_get_group_name(key, name, sizeof name, NULL);
	nid = OBJ_sn2nid(name);
	if (nid == NID_X9_62_prime256v1 || nid == NID_secp384r1 || nid == NID_secp521r1)
		return true;
	return fault_set(f, WHY_CERT_KEY_KIND, "its curve is %s", name[0] != '\0' ? name : "not named");
}

static bool
key_judge(struct cert *c, struct fault *f)
{
	int bits = EVP_PKEY_get_bits(c->key);

	c->key_bits = (unsigned)(bits > 0 ? bits : 0);
	switch (EVP_PKEY_get_base_id(c->key)) {
	case EVP_PKEY_RSA:
	case EVP_PKEY_RSA_PSS:
		c->kind = CERT_RSA;
		return bits >= RSA_BITS_LEAST || fault_set(f, WHY_CERT_KEY_KIND, "it has %d bits", bits);
	case EVP_PKEY_EC:
		c->kind = CERT_ECDSA;
		return curve_judge(c->key, f);
	case EVP_PKEY_ED25519:
	case EVP_PKEY_ED448:
		c->kind = CERT_EDDSA;
		return true;
	default:
		return fault_set(f, WHY_CERT_KEY_KIND, "%s", "");
	}
}

static bool
is_issued_by(const X509 *x, const X509 *by)
{
	return X509_NAME_cmp(X509_get_issuer_name(x), X509_get_subject_name(by)) == 0;
}

/* Clients that have the missing certificate from elsewhere connect all the same. */
static const char *
warning_of(const struct cert *c)
{
	const X509 *last = c->leaf;

	if (c->nnames == 0)
		return "it names no host (subjectAltName): it can only serve as the default";
	for (int i = 0; i < sk_X509_num(c->chain); i++) {
		const X509 *next = sk_X509_value(c->chain, i);

		if (!is_issued_by(last, next))
			return "a certificate of the chain did not issue the one before it";
		last = next;
	}
	if (sk_X509_num(c->chain) == 0 && !is_issued_by(c->leaf, c->leaf))
		return "the certificate of its issuer does not follow it: many clients need that";
	return NULL;
}

static bool
cert_read(struct cert *c, struct fault *f)
{
	if (c->leaf == NULL)
		return fault_set(f, WHY_CERT_MISSING, "%s", "");
	if (c->key == NULL)
		return fault_set(f, WHY_CERT_NO_KEY, "%s", "");
	if (!key_judge(c, f))
		return false;
	if (!X509_check_private_key(c->leaf, c->key))
		return fault_set(f, WHY_CERT_KEY_WRONG, "%s", "");
	if (!time_take(X509_get0_notBefore(c->leaf), &c->not_before)
	    || !time_take(X509_get0_notAfter(c->leaf), &c->not_after))
		return fault_set(f, WHY_CERT_SYNTAX, "its dates are malformed");
	if (!take_names(c, f))
		return false;
	c->subject = cert_name_text(X509_get_subject_name(c->leaf));
	c->issuer = cert_name_text(X509_get_issuer_name(c->leaf));
	c->serial = serial_text(c->leaf);
	c->warning = warning_of(c);
	return true;
}

static const struct why *
cert_make(struct str cert_pem, const struct str *key_pem, struct cert **out, char *detail)
{
	struct cert *c = must_zalloc(sizeof *c);
	struct fault f = { 0 };

	c->refs = 1;
	c->chain = sk_X509_new_null();
	ASSERT(c->chain != NULL);
	if (take_pem(c, cert_pem, true, &f) && (key_pem == NULL || take_pem(c, *key_pem, false, &f))
	    && cert_read(c, &f))
		*out = c;
	else {
		cert_free(c);
		if (detail != NULL)
			memcpy(detail, f.detail, CERT_DETAIL_MAX);
	}
	ERR_clear_error();
	return f.why;
}

const struct why *
cert_parse(struct str pem, struct cert **out, char detail[CERT_DETAIL_MAX])
{
	return cert_make(pem, NULL, out, detail);
}

const struct why *
cert_parse_pair(struct str cert_pem, struct str key_pem, struct cert **out,
    char detail[CERT_DETAIL_MAX])
{
	return cert_make(cert_pem, &key_pem, out, detail);
}
