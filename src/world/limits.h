/*
 * limits: what middlewares count over all workers, in memory that these share: requests in flight,
 * and how much of a rate is spent. They are counted by limiter (one middleware of one router) and
 * by source (of whom a request is), in tables of fixed size: who comes when a place for it is not
 * to be had shares one with others of its limiter, which lets through less and never more.
 *
 * Written by all workers at once, without a lock that a dying one could keep.
 * doc/why/0028-what-limits-count.md has the reasons.
 */
#ifndef WORLD_LIMITS_H
#define WORLD_LIMITS_H

#include <stdatomic.h>

#include "base/str.h"
#include "world/breaker.h"
#include "world/live.h"

#define LIMITS_WAYS	8		/* places that one source may have, */
#define LIMITS_OWN	4		/* of which this many may be its limiter's: others have room, too */
#define LIMITS_RATES	131072		/* sources that spend of a rate */
#define LIMITS_FLIGHTS	8192		/* sources that have requests in flight */
#define LIMITS_SHARED	4096		/* places that others share, of each kind */
#define LIMITS_GROUP	64		/* places of `flight` that are noted as one */
#define LIMITS_NOWHERE	UINT32_MAX

struct limits_rate_place {
	_Atomic uint64_t key;		/* limiter and source; 0: free */
	_Atomic int64_t	 full_nsec;	/* when nothing is spent any more; past: as if free */
};

struct limits_flight_place {
	_Atomic uint64_t key;
	_Atomic uint32_t inflight[WORKERS_MAX];	/* all 0: as if free */
};

struct limits {			/* zeroed but for its seed */
	uint64_t	 seed;
	struct limits_rate_place rate[LIMITS_RATES];
	_Atomic int64_t	 rate_shared[LIMITS_SHARED];	/* full_nsec */
	struct limits_flight_place flight[LIMITS_FLIGHTS + LIMITS_SHARED];
	/* a place among these was ever used: their memory need not exist */
	struct breaker	 breaker[BREAKERS];
	_Atomic uint8_t	 flown[(LIMITS_FLIGHTS + LIMITS_SHARED) / LIMITS_GROUP];
};

void		 limits_init(struct limits *);		/* of zeroed memory, before there are workers */

struct limits_owner {		/* a middleware of a router, the nth that it has */
	struct str	 service, router, name;
	unsigned	 n;
};
uint64_t	 limits_limiter(const struct limits *, const struct limits_owner *);

/*
 * A request of the source begins, if there are fewer than `most` now. What is returned is to be
 * given back when it has ended; LIMITS_NOWHERE: it may not begin. Of those that try for the last
 * one at the same moment all may be sent away; only where two workers give a source its place at
 * the same moment, one too many may begin.
 */
uint32_t	 limits_fly(struct limits *, unsigned worker, uint64_t limiter, struct str source,
    uint64_t most);
void		 limits_land(struct limits *, unsigned worker, uint32_t place);
void		 limits_forget_worker(struct limits *, unsigned worker);	/* it has died */

/*
 * One request in each `each_nsec` on average, `burst` at once after a time without any, and none
 * that would have to wait for longer than `wait_nsec`.
 */
struct limits_rate {
	int64_t		 each_nsec, wait_nsec;
	int64_t		 burst;		/* at least 1 */
};
/* How long the request has to wait; if that is more than wait_nsec, it may not pass, and counts
 * for nothing. */
int64_t		 limits_spend(struct limits *, uint64_t limiter, struct str source,
    const struct limits_rate *, int64_t now_nsec);

#endif
