/*
 * breaker: whether a circuit breaker lets requests through, and what it has seen of their
 * responses lately, in memory that all workers share: opened by one of them, it is open for all.
 * Each has a place while it is used; a place is another's when it has not been for a while.
 *
 * Closed, it lets all through, and looks at its rule now and then. When that holds, it opens: none
 * pass. After a time it lets more and more through, until it closes, or the rule holds again.
 */
#ifndef WORLD_BREAKER_H
#define WORLD_BREAKER_H

#include <stdatomic.h>

#include "world/breaker_rule.h"

#define BREAKERS	128
#define BREAKER_SECONDS	10		/* that counts are from, as Traefik's */
#define BREAKER_SPANS	6		/* that latencies are from, of 10 s each */
#define BREAKER_STEPS	64		/* of latencies, from each to its double */
#define BREAKER_LATENCIES (22 * BREAKER_STEPS)	/* up to half an hour */

struct breaker_second {
	_Atomic int64_t	 second;	/* which one; another than it would be: nothing counts */
	_Atomic uint32_t all, errors;
	_Atomic uint32_t code[BREAKER_METRICS][2];	/* of a ratio: those counted, and of how many */
};

struct breaker_span {
	_Atomic int64_t	 span;
	_Atomic uint32_t latency[BREAKER_LATENCIES];
};

struct breaker {			/* zeroed: closed, and nobody's */
	_Atomic uint64_t key;
	_Atomic int64_t	 used_usec, checked_usec;
	_Atomic uint64_t state;		/* which, and until when */
	_Atomic uint64_t let;		/* while it recovers: passed << 32 | sent away */
	struct breaker_second second[BREAKER_SECONDS];
	struct breaker_span span[BREAKER_SPANS];
};

struct breaker_conf {
	const struct breaker_rule *rule;
	int64_t		 check_usec, open_usec, recover_usec;
};

/* NULL: all places are others'. */
struct breaker	*breaker_of(struct breaker breakers[BREAKERS], uint64_t key, int64_t now_usec);
/* "closed", "open" or "recovering", for people; that it is looked at does not keep its place. */
const char	*breaker_state(const struct breaker breakers[BREAKERS], uint64_t key, int64_t now_usec);
/* May a request pass? */
bool		 breaker_lets(struct breaker *, const struct breaker_conf *, int64_t now_usec);
/* What came of one that did. */
void		 breaker_note(struct breaker *, const struct breaker_conf *, int status, int64_t took_usec,
    int64_t now_usec);

#endif
