#include <limits.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "acme/base64url.h"
#include "acme/csr.h"
#include "acme/jose.h"
#include "acme/pem.h"
#include "base/bug.h"

#define CHALLENGE_DAYS	7		/* a replica may make it long before it is asked for */

static void
bio_move(BIO *from, struct buf *to)
{
	char *p;
	long n = BIO_get_mem_data(from, &p);

	ASSERT(n > 0);
	buf_add(to, p, (size_t)n);
	BIO_free(from);
}

/* ---- names ---- */

static bool
name_add(GENERAL_NAMES *all, const char *name)
{
	GENERAL_NAME *one = GENERAL_NAME_new();
	ASN1_IA5STRING *text = ASN1_IA5STRING_new();

	ASSERT(one != NULL && text != NULL);
	for (const char *p = name; *p != '\0'; p++)
		if (*p <= ' ' || *p > '~') {
			GENERAL_NAME_free(one);
			ASN1_IA5STRING_free(text);
			return false;
		}
	ASN1_STRING_set(text, name, -1);
	GENERAL_NAME_set0_value(one, GEN_DNS, text);
	return sk_GENERAL_NAME_push(all, one) > 0;
}

static GENERAL_NAMES *
names_make(const char *const *names, unsigned n)
{
	GENERAL_NAMES *all = sk_GENERAL_NAME_new_null();

	ASSERT(all != NULL && n > 0);
	for (unsigned i = 0; i < n; i++)
		if (!name_add(all, names[i])) {
			GENERAL_NAMES_free(all);
			return NULL;
		}
	return all;
}

/* ---- the request ---- */

static bool
extensions_set(X509_REQ *r, GENERAL_NAMES *names)
{
	STACK_OF(X509_EXTENSION) *list = NULL;
	bool good = X509V3_add1_i2d(&list, NID_subject_alt_name, names, 0, 0) == 1
	    && X509_REQ_add_extensions(r, list) == 1;

	sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
	return good;
}

static void
csr_write(X509_REQ *r, struct buf *der)
{
	BIO *out = BIO_new(BIO_s_mem());

	if (out == NULL || i2d_X509_REQ_bio(out, r) != 1)
		BUG("the request cannot be written");
	bio_move(out, der);
}

bool
csr_make(struct str key_pem, const char *const *names, unsigned n, struct buf *der)
{
	GENERAL_NAMES *all = names_make(names, n);
	EVP_PKEY *key = pem_read_key(key_pem);
	X509_REQ *r = X509_REQ_new();
	bool good;

	ASSERT(r != NULL);
	good = all != NULL && key != NULL && X509_REQ_set_version(r, X509_REQ_VERSION_1) == 1
	    && X509_REQ_set_pubkey(r, key) == 1 && extensions_set(r, all)
	    && X509_REQ_sign(r, key, EVP_sha256()) > 0;
	if (good)
		csr_write(r, der);
	X509_REQ_free(r);
	EVP_PKEY_free(key);
	GENERAL_NAMES_free(all);
	return good;
}

/* ---- the answer to tls-alpn-01 ---- */

/*
 * The extension id-pe-acmeIdentifier: an OCTET STRING in the OCTET STRING that each extension
 * is.
 */
static bool
identifier_set(X509 *x, struct str answer)
{
	unsigned char value[2 + SHA256_DIGEST_LENGTH] = { V_ASN1_OCTET_STRING, SHA256_DIGEST_LENGTH };
	ASN1_OBJECT *id = OBJ_txt2obj("1.3.6.1.5.5.7.1.31", 1);
	ASN1_OCTET_STRING *text = ASN1_OCTET_STRING_new();
	X509_EXTENSION *e;
	bool good;

	ASSERT(id != NULL && text != NULL);
	SHA256((const unsigned char *)answer.p, answer.len, value + 2);
	ASN1_OCTET_STRING_set(text, value, sizeof value);
	e = X509_EXTENSION_create_by_OBJ(NULL, id, 1, text);
	good = e != NULL && X509_add_ext(x, e, -1) == 1;
	X509_EXTENSION_free(e);
	ASN1_OCTET_STRING_free(text);
	ASN1_OBJECT_free(id);
	return good;
}

static bool
challenge_fill(X509 *x, EVP_PKEY *key, GENERAL_NAMES *names, struct str answer)
{
	return X509_set_version(x, X509_VERSION_3) == 1
	    && ASN1_INTEGER_set(X509_get_serialNumber(x), 1) == 1
	    && X509_gmtime_adj(X509_getm_notBefore(x), -3600) != NULL
	    && X509_gmtime_adj(X509_getm_notAfter(x), CHALLENGE_DAYS * 86400L) != NULL
	    && X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC,
	    (const unsigned char *)"ACME challenge", -1, -1, 0) == 1
	    && X509_set_issuer_name(x, X509_get_subject_name(x)) == 1 && X509_set_pubkey(x, key) == 1
	    && X509_add1_ext_i2d(x, NID_subject_alt_name, names, 0, 0) == 1 && identifier_set(x, answer)
	    && X509_sign(x, key, EVP_sha256()) > 0;
}

bool
csr_challenge(const char *name, struct str answer, struct buf *pem)
{
	GENERAL_NAMES *names = names_make(&name, 1);
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *x = X509_new();
	BIO *out = BIO_new(BIO_s_mem());
	bool good;

	ASSERT(key != NULL && x != NULL && out != NULL);
	good = names != NULL && challenge_fill(x, key, names, answer) && PEM_write_bio_X509(out, x) == 1
	    && PEM_write_bio_PKCS8PrivateKey(out, key, NULL, NULL, 0, NULL, NULL) == 1;
	if (good)
		bio_move(out, pem);
	else
		BIO_free(out);
	X509_free(x);
	EVP_PKEY_free(key);
	GENERAL_NAMES_free(names);
	return good;
}

/* ---- the name of a certificate for its CA ---- */

/*
 * The serial number as DER has it, without tag and length: 0 in front where the first bit is
 * set.
 */
static void
add_serial(struct buf *b, const ASN1_INTEGER *serial)
{
	unsigned char bytes[64], *p = bytes;
	int n = i2d_ASN1_INTEGER(serial, NULL);

	ASSERT(n > 2 && n <= (int)sizeof bytes);
	i2d_ASN1_INTEGER(serial, &p);
	base64url_add(b, (struct str){ (char *)bytes + 2, (size_t)n - 2 });
}

bool
csr_renewal_id(struct str pem, struct buf *b)
{
	X509 *x = pem_read_cert(pem);
	const ASN1_OCTET_STRING *issuer = x == NULL ? NULL : X509_get0_authority_key_id(x);
	const ASN1_INTEGER *serial = x == NULL ? NULL : X509_get0_serialNumber(x);
	bool good = issuer != NULL && i2d_ASN1_INTEGER(serial, NULL) <= 64;

	if (good) {
		base64url_add(b, (struct str){ (const char *)ASN1_STRING_get0_data(issuer),
		    (size_t)ASN1_STRING_length(issuer) });
		buf_adds(b, STR("."));
		add_serial(b, serial);
	}
	X509_free(x);
	return good;
}
