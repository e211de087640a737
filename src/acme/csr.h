/*
 * csr: the two things besides signatures that ACME wants in X.509: the request for a
 * certificate, and the certificate that answers a tls-alpn-01 challenge (RFC 8737). Pure.
 */
#ifndef ACME_CSR_H
#define ACME_CSR_H

#include "base/buf.h"

/*
 * `key`: PEM, as jose_key_write has it. Adds DER. False: no usable key, or a name that is no
 * IA5.
 */
bool	csr_make(struct str key_pem, const char *const *names, unsigned n, struct buf *der);
/* Adds a self-signed certificate for `name` with its key, both PEM; false as above. */
bool	csr_challenge(const char *name, struct str answer, struct buf *pem);
/* RFC 9773, 4.1: adds what identifies the first certificate of a PEM to its CA; false: there is
 * none, or it does not name its issuer's key. */
bool	csr_renewal_id(struct str pem, struct buf *);

#endif
