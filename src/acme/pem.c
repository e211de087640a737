#include <limits.h>
#include <openssl/pem.h>

#include "acme/pem.h"
#include "base/bug.h"

static BIO *
bio_of(struct str s)
{
	BIO *b = BIO_new_mem_buf(s.p, s.len > INT_MAX ? 0 : (int)s.len);

	ASSERT(b != NULL);
	return b;
}

/* A pass phrase is never asked for: the brain has no terminal. */
static int
no_phrase(char *out, int cap, int writing, void *arg)
{
	(void)out;
	(void)cap;
	(void)writing;
	(void)arg;
	return -1;
}

EVP_PKEY *
pem_read_key(struct str pem)
{
	BIO *b = bio_of(pem);
	EVP_PKEY *k = PEM_read_bio_PrivateKey(b, NULL, no_phrase, NULL);

	BIO_free(b);
	return k;
}

X509 *
pem_read_cert(struct str pem)
{
	BIO *b = bio_of(pem);
	X509 *x = PEM_read_bio_X509(b, NULL, no_phrase, NULL);

	BIO_free(b);
	return x;
}
