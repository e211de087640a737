/*
 * nonces: what digestAuth gives its clients to sign requests with. A nonce says when it was made,
 * and a key that all workers share signs that: so there is no list of those that are out. Of those
 * in use it is noted how often, in memory that workers share, so that no request can be sent a
 * second time.
 */
#ifndef FILTER_NONCES_H
#define FILTER_NONCES_H

#include "base/str.h"

#define NONCE_TEXT	48		/* digits of a nonce */
#define NONCE_USEC	(5 * 60 * INT64_C(1000000))	/* for so long it is good */
#define OPAQUE_TEXT	32

struct nonces;

enum nonce_verdict {
	NONCE_GOOD,
	NONCE_STALE,		/* too old, not ours, or its counts came in disorder: another will do */
	NONCE_REPLAYED		/* this count was here already */
};

/* Memory that children share, until the process ends. */
struct nonces		*nonces_new(void);
void			 nonces_free(struct nonces **);
void			 nonce_make(const struct nonces *, int64_t now_usec, char out[NONCE_TEXT + 1]);
/* The nonce with this count, which is thereby used. */
enum nonce_verdict	 nonce_use(struct nonces *, struct str nonce, uint64_t count, int64_t now_usec);
struct str		 nonces_opaque(const struct nonces *);

#endif
