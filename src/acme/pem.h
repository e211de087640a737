/*
 * pem: keys and certificates from the text that CAs and stores have of them.
 */
#ifndef ACME_PEM_H
#define ACME_PEM_H

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "base/str.h"

/* The first one in the text, the caller's; NULL: there is none, or it is encrypted. */
EVP_PKEY	*pem_read_key(struct str);
X509		*pem_read_cert(struct str);

#endif
