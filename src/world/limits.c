/*
 * limits: two tables in shared memory, each of sets of LIMITS_WAYS places. A key is hashed with a
 * start that nobody outside knows: that two sources in one set have the same one is not going to
 * happen, and would only make them share.
 *
 * What a rate has spent is one number: the time at which nothing of it will be spent any more. So
 * taking is one compare and swap, and a place whose time is past says the same as an empty one.
 * Must not know what a source is, nor what becomes of a request that may not pass.
 */
#include <sys/random.h>

#include "base/bug.h"
#include "world/limits.h"

#define GET(x)		atomic_load(&(x))
#define SET(x, v)	atomic_store(&(x), v)

#define LONG		(INT64_MAX / 4)		/* sums of some of these do not overflow */
#define TRIES		64			/* others may be at the same place */
#define SHARES		256			/* places that the newcomers of one limiter share */

_Static_assert(LIMITS_FLIGHTS % LIMITS_GROUP == 0 && LIMITS_SHARED % LIMITS_GROUP == 0, "groups");

void
limits_init(struct limits *l)
{
	if (getrandom(&l->seed, sizeof l->seed, 0) != sizeof l->seed)
		BUG("there is no randomness");
}

uint64_t
limits_limiter(const struct limits *l, const struct limits_owner *o)
{
	return str_hash_from(str_hash_from(str_hash_from(l->seed + o->n, o->service), o->router), o->name);
}

/* A source of a limiter. */
struct source {
	uint64_t	 hash;
	uint64_t	 key;		/* its limiter's mark in front, never 0 */
	unsigned	 shared;	/* the place that it shares with a few of its limiter's */
};

#define MARK_BIT	48

static struct source
source_of(uint64_t limiter, struct str text)
{
	uint64_t hash = str_hash_from(limiter, text);
	uint64_t mixed = limiter + (hash >> 40) % SHARES * 0x9e3779b97f4a7c15u;

	return (struct source){ hash, limiter >> MARK_BIT << MARK_BIT | hash >> (64 - MARK_BIT) | 1,
	    (unsigned)((mixed ^ mixed >> 32) % LIMITS_SHARED) };
}

static bool
same_limiter(uint64_t a, uint64_t b)
{
	return a >> MARK_BIT == b >> MARK_BIT;
}

/* The first of its places, in a table of that many. */
static uint32_t
set_of(const struct source *s, uint32_t places)
{
	return (uint32_t)(s->hash % (places / LIMITS_WAYS)) * LIMITS_WAYS;
}

/* ---- rates ---- */

/* A place that is the source's, or becomes its now; NULL: all others have something to remember,
 * or enough are its limiter's. */
static struct limits_rate_place *
rate_place(struct limits *l, const struct source *s, int64_t now)
{
	struct limits_rate_place *set = &l->rate[set_of(s, LIMITS_RATES)];
	int own = 0;

	for (int i = 0; i < LIMITS_WAYS; i++) {
		uint64_t key = GET(set[i].key);
		if (key == s->key)
			return &set[i];
		own += same_limiter(key, s->key) && GET(set[i].full_nsec) > now;
	}
	for (int i = 0; own < LIMITS_OWN && i < LIMITS_WAYS; i++) {
		uint64_t was = GET(set[i].key);
		bool mine = GET(set[i].full_nsec) <= now
		    && atomic_compare_exchange_strong(&set[i].key, &was, s->key);
		if (mine || was == s->key)
			return &set[i];
	}
	return NULL;
}

static int64_t
spend(_Atomic int64_t *full, const struct limits_rate *r, int64_t now)
{
	int64_t room = r->each_nsec > LONG / r->burst ? LONG : r->each_nsec * r->burst;
	int64_t was = GET(*full), will, delay;

	for (int i = 0; i < TRIES; i++) {
		will = (was > now ? was : now) + r->each_nsec;
		delay = will - now - room;
		if (delay > r->wait_nsec)
			return delay;
		if (atomic_compare_exchange_strong(full, &was, will))
			return delay > 0 ? delay : 0;
	}
	return r->wait_nsec + 1;	/* so many come for it at once that it is spent */
}

int64_t
limits_spend(struct limits *l, uint64_t limiter, struct str source, const struct limits_rate *r,
    int64_t now)
{
	struct source s = source_of(limiter, source);
	struct limits_rate_place *place = rate_place(l, &s, now);

	ASSERT(r->burst >= 1 && r->each_nsec >= 0 && r->each_nsec <= LONG && r->wait_nsec < LONG);
	ASSERT(now > 0 && now < LONG);
	return spend(place != NULL ? &place->full_nsec : &l->rate_shared[s.shared], r, now);
}

/* ---- in flight ---- */

static uint64_t
count(const struct limits_flight_place *p)
{
	uint64_t n = 0;

	for (int w = 0; w < WORKERS_MAX; w++)
		n += GET(p->inflight[w]);
	return n;
}

static void
note_flown(struct limits *l, uint32_t place)
{
	if (GET(l->flown[place / LIMITS_GROUP]) == 0)
		SET(l->flown[place / LIMITS_GROUP], 1);
}

/*
 * Counted in a place with this key. A place is another source's as soon as nothing is in flight
 * there: so it is counted first and looked at again, and whoever takes it for another source sees
 * the count or is seen. False: it has become another's.
 */
static bool
enter(struct limits *l, unsigned worker, uint32_t at, uint64_t key)
{
	struct limits_flight_place *p = &l->flight[at];

	note_flown(l, at);
	atomic_fetch_add(&p->inflight[worker], 1);
	if (GET(p->key) == key)
		return true;
	atomic_fetch_sub(&p->inflight[worker], 1);
	return false;
}

/* Counted in a place that is the source's, at once or from now on; LIMITS_NOWHERE: none is free, or
 * enough are its limiter's. */
static uint32_t
flight_place(struct limits *l, unsigned worker, const struct source *s)
{
	uint32_t set = set_of(s, LIMITS_FLIGHTS);
	int own = 0;

	for (uint32_t i = set; i < set + LIMITS_WAYS; i++) {
		uint64_t key = GET(l->flight[i].key);
		if (key == s->key && enter(l, worker, i, key))
			return i;
		own += same_limiter(key, s->key) && count(&l->flight[i]) > 0;
	}
	for (uint32_t i = set; own < LIMITS_OWN && i < set + LIMITS_WAYS; i++) {
		uint64_t was = GET(l->flight[i].key);
		bool mine = count(&l->flight[i]) == 0
		    && atomic_compare_exchange_strong(&l->flight[i].key, &was, s->key);
		if ((mine || was == s->key) && enter(l, worker, i, s->key))
			return i;
	}
	return LIMITS_NOWHERE;
}

uint32_t
limits_fly(struct limits *l, unsigned worker, uint64_t limiter, struct str source, uint64_t most)
{
	struct source s = source_of(limiter, source);
	uint32_t at;

	ASSERT(worker < WORKERS_MAX);
	if (most == 0)
		return LIMITS_NOWHERE;
	at = flight_place(l, worker, &s);
	if (at == LIMITS_NOWHERE) {
		at = LIMITS_FLIGHTS + s.shared;
		note_flown(l, at);
		atomic_fetch_add(&l->flight[at].inflight[worker], 1);
	}
	if (count(&l->flight[at]) <= most)
		return at;
	limits_land(l, worker, at);
	return LIMITS_NOWHERE;
}

void
limits_land(struct limits *l, unsigned worker, uint32_t place)
{
	ASSERT(worker < WORKERS_MAX && place < LIMITS_FLIGHTS + LIMITS_SHARED);
	if (atomic_fetch_sub(&l->flight[place].inflight[worker], 1) == 0)
		BUG("more requests have ended than have begun");
}

void
limits_forget_worker(struct limits *l, unsigned worker)
{
	ASSERT(worker < WORKERS_MAX);
	for (uint32_t g = 0; g < sizeof l->flown; g++)
		for (uint32_t i = 0; GET(l->flown[g]) != 0 && i < LIMITS_GROUP; i++)
			SET(l->flight[g * LIMITS_GROUP + i].inflight[worker], 0);
}
