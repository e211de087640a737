/*
 * cert_priv: what OpenSSL needs of a certificate to serve with it.
 */
#ifndef NET_CERT_PRIV_H
#define NET_CERT_PRIV_H

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "net/cert.h"

/* They belong to the certificate. */
X509		*cert_x509(const struct cert *);
EVP_PKEY	*cert_key(const struct cert *);
STACK_OF(X509)	*cert_chain(const struct cert *);	/* without the first; may be empty */
/* A name as RFC 4514 writes it, cut if it is long; the caller frees it. */
char		*cert_name_text(const X509_NAME *);

#endif
