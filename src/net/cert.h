/*
 * cert: a certificate with its chain and its private key, read from PEM. It does not change, and
 * lives as long as somebody holds it. Nothing here gives the key away: what serves with it is in
 * net/, too.
 */
#ifndef NET_CERT_H
#define NET_CERT_H

#include "base/str.h"
#include "base/why.h"

#define CERT_CHAIN_MAX	10	/* certificates after the first */
#define CERT_NAMES_MAX	1000
#define CERT_DETAIL_MAX	200

struct cert;

enum cert_kind { CERT_RSA, CERT_ECDSA, CERT_EDDSA };
#define CERT_KINDS 3

/*
 * `pem`: the certificate of the server, those that follow it up to its CA, and the private key
 * (PKCS#8, or as PKCS#1 and SEC 1 have it); the key may stand anywhere, text between the blocks
 * does not matter. On success the caller has the only reference. Else a row CERT_*, and in
 * `detail` (may be NULL) what a person needs to know besides: empty, or a part of a sentence.
 */
const struct why	*cert_parse(struct str pem, struct cert **, char detail[CERT_DETAIL_MAX]);
/* The same for two files; the second may have the chain's certificates again, and is not asked. */
const struct why	*cert_parse_pair(struct str cert_pem, struct str key_pem, struct cert **,
			    char detail[CERT_DETAIL_MAX]);
struct cert		*cert_ref(struct cert *);
void			 cert_unref(struct cert **);

/* The leaf's names: host names in lower case, "*.example.org" among them, and IP addresses. */
unsigned		 cert_count_names(const struct cert *);
struct str		 cert_name(const struct cert *, unsigned i);
/* A host name or an address in any case; a wildcard covers one label. */
bool			 cert_covers(const struct cert *, struct str host);

const char		*cert_subject(const struct cert *);	/* as RFC 4514 writes it, cut if it is long */
const char		*cert_issuer(const struct cert *);
const char		*cert_serial(const struct cert *);	/* hexadecimal digits */
int64_t			 cert_not_before(const struct cert *);	/* seconds since the epoch */
int64_t			 cert_not_after(const struct cert *);
enum cert_kind		 cert_kind(const struct cert *);
const char		*cert_kind_name(enum cert_kind);	/* "rsa", "ecdsa", "eddsa" */
unsigned		 cert_key_bits(const struct cert *);
unsigned		 cert_chain_len(const struct cert *);	/* certificates after the first */
/* What may not work with it everywhere, for people; NULL: nothing is known to be wrong. */
const char		*cert_warning(const struct cert *);

#endif
