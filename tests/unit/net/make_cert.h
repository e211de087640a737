/*
 * make_cert: certificates of a test, made while it runs: keys, who issued what, and all of it as PEM.
 */
#ifndef TESTS_MAKE_CERT_H
#define TESTS_MAKE_CERT_H

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "base/str.h"

struct made {
	EVP_PKEY	*key;
	X509		*x;
};

static inline struct made
make_cert(EVP_PKEY *key, const char *name, const char *alt_names, const struct made *issuer, long days)
{
	static long serial = 4096;
	struct made m = { .key = key, .x = X509_new() };
	X509_NAME *subject = X509_get_subject_name(m.x);
	const struct made *by = issuer != NULL ? issuer : &m;
	X509V3_CTX ctx;
	X509_EXTENSION *e;

	X509_set_version(m.x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(m.x), serial++);
	X509_gmtime_adj(X509_getm_notBefore(m.x), -2 * 86400);
	X509_gmtime_adj(X509_getm_notAfter(m.x), days * 86400);
	X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, (const unsigned char *)name, -1, -1, 0);
	X509_set_issuer_name(m.x, X509_get_subject_name(by->x));
	X509_set_pubkey(m.x, key);
	X509V3_set_ctx(&ctx, by->x, m.x, NULL, NULL, 0);
	if (alt_names != NULL) {
		e = X509V3_EXT_conf_nid(NULL, &ctx, NID_subject_alt_name, alt_names);
		ASSERT(e != NULL && X509_add_ext(m.x, e, -1));
		X509_EXTENSION_free(e);
	} else {
		e = X509V3_EXT_conf_nid(NULL, &ctx, NID_basic_constraints, "critical,CA:TRUE");
		ASSERT(e != NULL && X509_add_ext(m.x, e, -1));
		X509_EXTENSION_free(e);
	}
	ASSERT(X509_sign(m.x, by->key, EVP_sha256()) > 0);
	return m;
}

static inline void
made_free(struct made *m)
{
	X509_free(m->x);
	EVP_PKEY_free(m->key);
}

/* Appends to a text that the caller frees. */
static inline char *
pem_add(char *text, const X509 *x, const EVP_PKEY *key)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *p, *out;
	size_t old = text != NULL ? strlen(text) : 0, len;

	if (x != NULL)
		PEM_write_bio_X509(bio, x);
	if (key != NULL)
		PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL);
	len = (size_t)BIO_get_mem_data(bio, &p);
	out = must_realloc(text, old + len + 1);
	memcpy(out + old, p, len);
	out[old + len] = '\0';
	BIO_free(bio);
	return out;
}

#endif
