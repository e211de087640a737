/*
 * cert_priv: a certificate, and what OpenSSL needs of it to serve with it.
 */
#ifndef NET_CERT_PRIV_H
#define NET_CERT_PRIV_H

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "net/cert.h"

struct cert {
	unsigned	 refs;
	X509		*leaf;
	EVP_PKEY	*key;
	STACK_OF(X509)	*chain;
	enum cert_kind	 kind;
	unsigned	 key_bits;
	unsigned	 nnames, names_cap;
	char		**name;
	char		*subject, *issuer, *serial;
	int64_t		 not_before, not_after;
	const char	*warning;
};

void		 cert_free(struct cert *);	/* without a look at who holds it */
/* They belong to the certificate. */
X509		*cert_x509(const struct cert *);
EVP_PKEY	*cert_key(const struct cert *);
STACK_OF(X509)	*cert_chain(const struct cert *);	/* without the first; may be empty */
/* A name as RFC 4514 writes it, cut if it is long; the caller frees it. */
char		*cert_name_text(const X509_NAME *);

#endif
