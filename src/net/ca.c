#include <stdio.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "base/bug.h"
#include "net/ca.h"

static const struct why *
block_check(const char *name, const unsigned char *bytes, long len, char *detail)
{
	const unsigned char *p = bytes;
	X509 *x;

	if (!str_eq(str_of(name), STR("CERTIFICATE")) && !str_eq(str_of(name), STR("X509 CERTIFICATE"))) {
		snprintf(detail, CERT_DETAIL_MAX, "%s", str_ends(str_of(name), STR("PRIVATE KEY")) ?
		    "there is a private key in it" : "there is a block of another kind in it");
		return WHY_CERT_SYNTAX;
	}
	x = d2i_X509(NULL, &p, len);
	X509_free(x);
	if (x == NULL || p != bytes + len) {
		snprintf(detail, CERT_DETAIL_MAX, "%s", "a CA certificate");
		return WHY_CERT_SYNTAX;
	}
	return NULL;
}

static const struct why *
bundle_check(BIO *bio, unsigned *n, char *detail)
{
	const struct why *why = NULL;
	char *name, *header;
	unsigned char *bytes;
	long len;

	for (*n = 0; why == NULL; *n += why == NULL) {
		if (!PEM_read_bio_ex(bio, &name, &header, &bytes, &len,
		    PEM_FLAG_SECURE | PEM_FLAG_EAY_COMPATIBLE)) {
			if (ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE)
				return *n == 0 ? WHY_CERT_MISSING : NULL;
			snprintf(detail, CERT_DETAIL_MAX, "%s", "the PEM of a CA certificate");
			return WHY_CERT_SYNTAX;
		}
		why = block_check(name, bytes, len, detail);
		OPENSSL_secure_free(name);
		OPENSSL_secure_free(header);
		OPENSSL_secure_clear_free(bytes, (size_t)len);
	}
	return why;
}

const struct why *
ca_check(struct str pem, unsigned *n, char detail[CERT_DETAIL_MAX])
{
	char own[CERT_DETAIL_MAX] = "";
	const struct why *why = WHY_CERT_MISSING;
	BIO *bio;

	if (pem.len > INT32_MAX)
		return WHY_CERT_LARGE;
	ERR_clear_error();
	if (pem.len > 0) {
		bio = BIO_new_mem_buf(pem.p, (int)pem.len);
		ASSERT(bio != NULL);
		why = bundle_check(bio, n, own);
		BIO_free(bio);
	}
	ERR_clear_error();
	if (why != NULL && detail != NULL)
		snprintf(detail, CERT_DETAIL_MAX, "%s", own);
	return why;
}
