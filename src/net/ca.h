/*
 * ca: a bundle of CA certificates, as PEM, that certificates of others are verified with.
 */
#ifndef NET_CA_H
#define NET_CA_H

#include "net/cert.h"

/*
 * Whether it is such a bundle: at least one certificate, each well-formed, and nothing else that
 * is PEM (a private key has no place in it). *n: how many. Else a row CERT_*, and in `detail` (may
 * be NULL) what a person needs to know besides: empty, or a part of a sentence.
 */
const struct why	*ca_check(struct str pem, unsigned *n, char detail[CERT_DETAIL_MAX]);

#endif
