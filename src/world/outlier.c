/*
 * Arithmetic on the counts of one task. Knows nothing of services: whether a suspect is worse
 * than the others of its service, and how many of them are set aside already, is decided where
 * all of them are known.
 */
#include <math.h>

#include "base/bug.h"
#include "base/clock.h"
#include "world/outlier.h"

#define ROW_MOST	5	/* weights in a row: three heavy ones, five light ones */
#define ROW_AGAIN	2	/* less are needed after an ejection: one or two */
#define FAILED_LEAST	5	/* and over time, */
#define OTHERS_LEAST	2	/* some of them without the address that failed most often, */
#define FAILED_PART	0.125	/* and this part of all */

#define EJECT_FIRST	(1 * USEC_PER_SEC)
#define EJECT_MOST	(30 * USEC_PER_SEC)
/* each such time in use makes the next ejection shorter by half */
#define EJECT_FORGET	(30 * USEC_PER_SEC)

#define PENALTY_BITS	24
#define PENALTY_UNIT	64.0			/* of these in one request */
#define PENALTY_MOST	(double)((1 << PENALTY_BITS) - 1)

#define GET(x)		atomic_load_explicit(&(x), memory_order_relaxed)
#define SET(x, v)	atomic_store_explicit(&(x), (v), memory_order_relaxed)
#define ADD(x, v)	atomic_fetch_add_explicit(&(x), (v), memory_order_relaxed)

/* ---- over time ---- */

/* `halvings` of what there is. */
static uint32_t
halve(uint32_t n, int64_t halvings)
{
	return halvings > 31 ? 0 : n >> halvings;
}

/* What has ended since the counts were last halved, without the failures that are counted
 * already. */
static uint32_t
good_since(const struct outlier *o, uint64_t ended)
{
	uint64_t then = GET(o->ended_then), all = ended > then ? ended - then : 0;

	return all > UINT32_MAX / 2 ? UINT32_MAX / 2 : (uint32_t)all;
}

/* Successes are not counted one by one: they are what has ended without having failed. */
static void
counts_halve(struct outlier *o, uint64_t ended, int64_t now)
{
	int64_t then = GET(o->halved_usec), n = then == 0 ? 0 : (now - then) / OUTLIER_HALF_USEC;
	uint32_t since;

	ASSERT(now > 0);
	if (then != 0 && n <= 0)
		return;
	if (!atomic_compare_exchange_strong(&o->halved_usec, &then,
	    then == 0 ? now : then + n * OUTLIER_HALF_USEC))
		return;
	since = good_since(o, ended);
	SET(o->ended_then, ended);
	if (then == 0)		/* whatever was before the first failure is not looked at */
		return;
	SET(o->ended, halve(GET(o->ended), n) + since / (uint32_t)(n > 1000 ? 1000 : n) / 2);
	SET(o->failed, halve(GET(o->failed), n));
	SET(o->errors, halve(GET(o->errors), n));
	for (int i = 0; i < OUTLIER_ADDRESSES; i++) {
		uint64_t v = GET(o->from[i]);
		uint32_t left = halve((uint32_t)v, n);
		SET(o->from[i], left == 0 ? 0 : (v >> 32 << 32) | left);
	}
}

/* A ninth address is not counted apart: it is not the one that fails most. */
static void
from_add(struct outlier *o, uint32_t address)
{
	for (int i = 0; i < OUTLIER_ADDRESSES; i++) {
		uint64_t v = GET(o->from[i]);
		if (v == 0 && atomic_compare_exchange_strong(&o->from[i], &v, (uint64_t)address << 32 | 1))
			return;
		if (v >> 32 == address) {
			if ((uint32_t)v < UINT32_MAX / 2)
				ADD(o->from[i], 1);
			return;
		}
	}
}

static uint32_t
from_most(const struct outlier *o)
{
	uint32_t most = 0;

	for (int i = 0; i < OUTLIER_ADDRESSES; i++) {
		uint32_t n = (uint32_t)GET(o->from[i]);
		most = n > most ? n : most;
	}
	return most;
}

struct outlier_rate
outlier_rate(struct outlier *o, uint64_t ended, int64_t now)
{
	struct outlier_rate r;
	double all;

	if (GET(o->halved_usec) == 0)
		return (struct outlier_rate){ .good = (double)ended };
	counts_halve(o, ended, now);
	r.failed = GET(o->failed);
	r.errors = GET(o->errors);
	ASSERT(r.failed >= 0 && r.errors >= 0);
	all = (double)GET(o->ended) + good_since(o, ended);
	r.good = all > r.failed ? all - r.failed : 0;
	return r;
}

/* ---- what happens ---- */

void
outlier_succeeded(struct outlier *o)
{
	if (GET(o->strikes) != 0)
		SET(o->strikes, 0);
	if (GET(o->row) == 0)
		return;
	SET(o->row, 0);
	SET(o->row_unprovoked, 0);
	SET(o->row_from, 0);
	SET(o->row_others, 0);
}

void
outlier_erred(struct outlier *o, uint64_t ended, int64_t now)
{
	counts_halve(o, ended, now);
	ADD(o->errors, 1);
}

static double
penalty_at(uint64_t penalty, int64_t now)
{
	int64_t age = now / USEC_PER_MSEC - (int64_t)(penalty >> PENALTY_BITS);
	double level = (double)(penalty & ((1 << PENALTY_BITS) - 1)) / PENALTY_UNIT;

	return age <= 0 ? level : level * exp2(-(double)age * USEC_PER_MSEC / OUTLIER_PENALTY_USEC);
}

static void
penalty_add(struct outlier *o, double cost, int64_t now)
{
	uint64_t was = GET(o->penalty), is;

	ASSERT(cost >= 0 && isfinite(cost));
	do {
		double units = (penalty_at(was, now) + cost) * PENALTY_UNIT;
		is = (uint64_t)(now / USEC_PER_MSEC) << PENALTY_BITS | (uint64_t)fmin(units, PENALTY_MOST);
	} while (!atomic_compare_exchange_weak(&o->penalty, &was, is));
}

void
outlier_failed(struct outlier *o, const struct outlier_failure *f, uint64_t ended, int64_t now)
{
	uint32_t none = 0;

	ASSERT(f->weight == OUTLIER_LIGHT || f->weight == OUTLIER_HEAVY);
	penalty_add(o, f->cost, now);
	if (outlier_is_ejected(o, now))		/* it began before the ejection: no news */
		return;
	counts_halve(o, ended, now);
	ADD(o->failed, 1);
	ADD(o->row, f->weight);
	if (f->from == 0) {
		ADD(o->row_unprovoked, f->weight);
		return;
	}
	from_add(o, f->from);
	if (!atomic_compare_exchange_strong(&o->row_from, &none, f->from) && none != f->from)
		SET(o->row_others, 1);
}

/* ---- what follows ---- */

bool
outlier_is_suspect(struct outlier *o, uint64_t ended, int64_t now, bool *certain)
{
	uint32_t row = GET(o->row), failed = GET(o->failed);
	struct outlier_rate r;
	double others;

	*certain = GET(o->row_unprovoked) >= ROW_MOST;
	if (*certain || (row >= ROW_MOST && GET(o->row_others) != 0))
		return true;
	if (failed < FAILED_LEAST)
		return false;
	r = outlier_rate(o, ended, now);
	others = r.failed - from_most(o);
	return r.failed >= FAILED_LEAST && others >= OTHERS_LEAST &&
	    others >= FAILED_PART * (others + r.good);
}

/* The penalty has the time of the last failure. */
bool
outlier_is_worth_a_try(const struct outlier *o, int64_t now)
{
	int64_t failed = (int64_t)(GET(o->penalty) >> PENALTY_BITS) * USEC_PER_MSEC;

	return GET(o->row) == 0 || now - failed >= OUTLIER_TRIED_USEC;
}

static void
counts_clear(struct outlier *o)
{
	SET(o->row_from, 0);
	SET(o->row_others, 0);
	SET(o->halved_usec, 0);
	SET(o->ended_then, 0);
	SET(o->ended, 0);
	SET(o->failed, 0);
	SET(o->errors, 0);
	for (int i = 0; i < OUTLIER_ADDRESSES; i++)
		SET(o->from[i], 0);
}

bool
outlier_eject(struct outlier *o, uint32_t cause, int64_t now)
{
	int64_t until = GET(o->until_usec), span, forgotten;
	uint32_t level = GET(o->level);

	if (until > now)
		return false;
	forgotten = (now - until) / EJECT_FORGET;
	level = forgotten >= level ? 0 : level - (uint32_t)forgotten;
	span = level > 10 ? EJECT_MOST : EJECT_FIRST << level;
	if (span > EJECT_MOST)
		span = EJECT_MOST;
	ASSERT(span >= EJECT_FIRST && now > 0);
	if (!atomic_compare_exchange_strong(&o->until_usec, &until, now + span))
		return false;
	SET(o->by_rule, 0);
	SET(o->level, span < EJECT_MOST ? level + 1 : level);
	SET(o->cause, cause);
	ADD(o->ejections, 1);
	counts_clear(o);
	SET(o->row, ROW_MOST - ROW_AGAIN);
	SET(o->row_unprovoked, ROW_MOST - ROW_AGAIN);
	return true;
}

/* Times in milliseconds wrap after weeks; a failure of just then is one more that counts. */
bool
outlier_strike(struct outlier *o, struct outlier_strikes *at, const struct outlier_rule *rule,
    uint32_t cause, int64_t now)
{
	uint32_t msec = (uint32_t)(now / USEC_PER_MSEC), n, first;
	int64_t until = GET(o->until_usec);

	ASSERT(rule->failures >= 1 && rule->failures <= OUTLIER_STRIKES && rule->span_usec > 0);
	n = ADD(o->strikes, 1);
	SET(at->msec[n % OUTLIER_STRIKES], msec);
	first = GET(at->msec[(n + 1 - rule->failures) % OUTLIER_STRIKES]);
	if (n + 1 < rule->failures || (int64_t)(msec - first) * USEC_PER_MSEC >= rule->window_usec ||
	    until > now)
		return false;
	SET(o->by_rule, 1);
	if (!atomic_compare_exchange_strong(&o->until_usec, &until, now + rule->span_usec))
		return false;
	SET(o->cause, cause);
	ADD(o->ejections, 1);
	return true;
}

bool
outlier_readmit(struct outlier *o, int64_t now)
{
	int64_t until = GET(o->until_usec);

	return outlier_is_out(o, now) && atomic_compare_exchange_strong(&o->until_usec, &until, now);
}

bool
outlier_is_out(const struct outlier *o, int64_t now)
{
	return GET(o->until_usec) > now && GET(o->by_rule) != 0;
}

bool
outlier_is_ejected(const struct outlier *o, int64_t now)
{
	return GET(o->until_usec) > now;
}

double
outlier_penalty(const struct outlier *o, int64_t now)
{
	uint64_t p = GET(o->penalty);

	return p == 0 ? 0 : penalty_at(p, now);
}

void
outlier_keep(const struct outlier *o, int64_t now, struct outlier_kept *out)
{
	*out = (struct outlier_kept){ .row = GET(o->row), .row_unprovoked = GET(o->row_unprovoked),
	    .level = GET(o->level), .strikes = GET(o->strikes), .by_rule = GET(o->by_rule) != 0,
	    .penalty = outlier_penalty(o, now) };
}

void
outlier_restore(struct outlier *o, const struct outlier_kept *kept, int64_t until, uint32_t cause,
    int64_t now)
{
	ASSERT(until >= 0 && kept->penalty >= 0 && isfinite(kept->penalty));
	SET(o->row, kept->row);
	SET(o->row_unprovoked, kept->row_unprovoked);
	SET(o->level, kept->level);
	SET(o->strikes, kept->strikes);
	SET(o->by_rule, kept->by_rule);
	SET(o->until_usec, until > now + EJECT_MOST && !kept->by_rule ? now + EJECT_MOST : until);
	SET(o->cause, cause);
	if (kept->penalty > 0)
		penalty_add(o, kept->penalty, now);
}

void
outlier_reset(struct outlier *o)
{
	SET(o->row, 0);
	SET(o->row_unprovoked, 0);
	SET(o->strikes, 0);
	SET(o->by_rule, 0);
	counts_clear(o);
	SET(o->until_usec, 0);
	SET(o->level, 0);
	SET(o->ejections, 0);
	SET(o->cause, 0);
	SET(o->penalty, 0);
}
