/*
 * breaker: Traefik's (oxy's cbreaker) with its windows and its way back, for several processes at
 * once and without a lock. Counts may be off by some where a second begins or the breaker opens;
 * nothing depends on that.
 */
#include "base/bug.h"
#include "base/clock.h"
#include "world/breaker.h"

#define GET(x)		atomic_load(&(x))
#define SET(x, v)	atomic_store(&(x), v)
#define ADD(x, v)	atomic_fetch_add(&(x), v)

#define UNUSED_USEC	(600 * USEC_PER_SEC)	/* after which a place may be another's */
#define PROBES		16
#define SPAN_USEC	(10 * USEC_PER_SEC)

enum state { CLOSED, OPEN, RECOVERING };

static uint64_t
state_word(enum state s, int64_t until)
{
	return (uint64_t)until << 2 | s;
}

static enum state
state_of(uint64_t word)
{
	return (enum state)(word & 3);
}

static int64_t
until_of(uint64_t word)
{
	return (int64_t)(word >> 2);
}

/* ---- whose it is ---- */

struct breaker *
breaker_of(struct breaker breakers[BREAKERS], uint64_t key, int64_t now)
{
	key |= 1;
	for (unsigned i = 0; i < PROBES; i++) {
		struct breaker *b = &breakers[((key >> 8) + i) % BREAKERS];
		if (GET(b->key) == key) {
			SET(b->used_usec, now);
			return b;
		}
	}
	for (unsigned i = 0; i < PROBES; i++) {
		struct breaker *b = &breakers[((key >> 8) + i) % BREAKERS];
		uint64_t was = GET(b->key);
		if (was != key && (was != 0 && now - GET(b->used_usec) < UNUSED_USEC))
			continue;
		if (was != key && !atomic_compare_exchange_strong(&b->key, &was, key) && was != key)
			continue;
		if (was != key)
			SET(b->state, 0);
		SET(b->used_usec, now);
		return b;
	}
	return NULL;
}

const char *
breaker_state(const struct breaker breakers[BREAKERS], uint64_t key, int64_t now)
{
	for (unsigned i = 0; i < PROBES; i++) {
		const struct breaker *b = &breakers[((key >> 8) + i) % BREAKERS];
		uint64_t word = GET(b->state);
		if (GET(b->key) != (key | 1) || state_of(word) == CLOSED)
			continue;
		if (state_of(word) == OPEN)
			return now < until_of(word) ? "open" : "recovering";
		return now > until_of(word) ? "closed" : "recovering";
	}
	return "closed";
}

/* ---- what is counted ---- */

/* The numbers of the second that this time is in. */
static struct breaker_second *
second_at(struct breaker *b, int64_t now)
{
	int64_t second = now / USEC_PER_SEC + 1, was;
	struct breaker_second *s = &b->second[second % BREAKER_SECONDS];

	was = GET(s->second);
	if (was != second && atomic_compare_exchange_strong(&s->second, &was, second)) {
		SET(s->all, 0);
		SET(s->errors, 0);
		for (unsigned i = 0; i < BREAKER_METRICS; i++) {
			SET(s->code[i][0], 0);
			SET(s->code[i][1], 0);
		}
	}
	return s;
}

static struct breaker_span *
span_at(struct breaker *b, int64_t now)
{
	int64_t span = now / SPAN_USEC + 1, was;
	struct breaker_span *s = &b->span[span % BREAKER_SPANS];

	was = GET(s->span);
	if (was != span && atomic_compare_exchange_strong(&s->span, &was, span))
		for (unsigned i = 0; i < BREAKER_LATENCIES; i++)
			SET(s->latency[i], 0);
	return s;
}

static void
forget(struct breaker *b)
{
	for (unsigned i = 0; i < BREAKER_SECONDS; i++)
		SET(b->second[i].second, 0);
	for (unsigned i = 0; i < BREAKER_SPANS; i++)
		SET(b->span[i].span, 0);
}

/* Below a step of 16 us each number has one of its own. */
static unsigned
latency_step(int64_t usec)
{
	uint64_t v = usec < 0 ? 0 : (uint64_t)usec / 16;
	unsigned doubled = 0;

	while (v >= 2 * BREAKER_STEPS) {
		v >>= 1;
		doubled++;
	}
	v += (uint64_t)doubled * BREAKER_STEPS;
	return v < BREAKER_LATENCIES ? (unsigned)v : BREAKER_LATENCIES - 1;
}

/* The most that belongs to a step. */
static int64_t
latency_most(unsigned step)
{
	unsigned doubled = step < 2 * BREAKER_STEPS ? 0 : step / BREAKER_STEPS - 1;
	int64_t v = step - (int64_t)doubled * BREAKER_STEPS;

	return ((v + 1) << doubled) * 16 - 1;
}

/* ---- what they are worth ---- */

static double
ratio(uint64_t a, uint64_t b)
{
	return b == 0 ? 0 : (double)a / (double)b;
}

/* Of counts in the last seconds: those at `part` of each to those at `whole`. */
static double
ratio_of(const struct breaker *b, int64_t now, int metric)
{
	int64_t second = now / USEC_PER_SEC + 1, is;
	uint64_t part = 0, whole = 0;

	for (unsigned i = 0; i < BREAKER_SECONDS; i++) {
		const struct breaker_second *s = &b->second[i];
		is = GET(s->second);
		if (is <= second - BREAKER_SECONDS || is > second)
			continue;
		part += metric < 0 ? GET(s->errors) : GET(s->code[metric][0]);
		whole += metric < 0 ? GET(s->all) : GET(s->code[metric][1]);
	}
	return ratio(part, whole);
}

/* Whole milliseconds, as Traefik rounds them. */
static double
latency_of(const struct breaker *b, int64_t now, double quantile)
{
	uint64_t sum[BREAKER_LATENCIES] = { 0 }, all = 0, seen = 0, wanted;
	int64_t span = now / SPAN_USEC + 1, is;
	unsigned step = 0;

	for (unsigned i = 0; i < BREAKER_SPANS; i++) {
		is = GET(b->span[i].span);
		for (unsigned j = 0; is > span - BREAKER_SPANS && is <= span && j < BREAKER_LATENCIES; j++) {
			sum[j] += GET(b->span[i].latency[j]);
			all += GET(b->span[i].latency[j]);
		}
	}
	if (all == 0)
		return 0;
	wanted = (uint64_t)((quantile < 100 ? quantile : 100) / 100 * (double)all + .5);
	for (seen = sum[0]; seen < wanted && step < BREAKER_LATENCIES - 1; )
		seen += sum[++step];
	return (double)(latency_most(step) / USEC_PER_MSEC);
}

static bool
holds(const struct breaker *b, const struct breaker_rule *rule, int64_t now)
{
	double value[BREAKER_METRICS] = { 0 };

	for (unsigned i = 0; i < rule->nmetrics; i++)
		switch (rule->metric[i].function) {
		case BREAKER_LATENCY:
			value[i] = latency_of(b, now, rule->metric[i].quantile);
			break;
		case BREAKER_ERRORS:
			value[i] = ratio_of(b, now, -1);
			break;
		case BREAKER_CODES:
			value[i] = ratio_of(b, now, (int)i);
			break;
		}
	return breaker_rule_holds(rule, value);
}

static void
record(struct breaker *b, const struct breaker_rule *rule, int status, int64_t took, int64_t now)
{
	struct breaker_second *s = second_at(b, now);
	bool latency = false;

	ADD(s->all, 1);
	if (status == 502 || status == 504)
		ADD(s->errors, 1);
	for (unsigned i = 0; i < rule->nmetrics; i++) {
		const struct breaker_metric *m = &rule->metric[i];
		latency |= m->function == BREAKER_LATENCY;
		if (m->function != BREAKER_CODES)
			continue;
		if (status >= m->code[0] && status < m->code[1])
			ADD(s->code[i][0], 1);
		if (status >= m->code[2] && status < m->code[3])
			ADD(s->code[i][1], 1);
	}
	if (latency)
		ADD(span_at(b, now)->latency[latency_step(took)], 1);
}

void
breaker_note(struct breaker *b, const struct breaker_conf *c, int status, int64_t took, int64_t now)
{
	int64_t checked = GET(b->checked_usec);
	uint64_t was = GET(b->state);

	ASSERT(now > 0 && c->rule != NULL);
	record(b, c->rule, status, took, now);
	if (now <= checked || !atomic_compare_exchange_strong(&b->checked_usec, &checked,
	    now + c->check_usec))
		return;
	if (state_of(was) == OPEN || !holds(b, c->rule, now))
		return;
	if (atomic_compare_exchange_strong(&b->state, &was, state_word(OPEN, now + c->open_usec)))
		forget(b);
}

/* ---- who passes ---- */

/* While it recovers, more and more: up to a half of all, then it is closed. */
static bool
lets_part(struct breaker *b, double target)
{
	uint64_t was = GET(b->let), will;
	bool pass;

	do {
		uint64_t passed = was >> 32, away = was & UINT32_MAX;
		pass = (double)(passed + 1) / (double)(passed + 1 + away) < target;
		will = pass ? was + (UINT64_C(1) << 32) : was + 1;
	} while (!atomic_compare_exchange_weak(&b->let, &was, will));
	return pass;
}

bool
breaker_lets(struct breaker *b, const struct breaker_conf *c, int64_t now)
{
	uint64_t was = GET(b->state), will;
	int64_t began;

	if (state_of(was) == OPEN) {
		if (now < until_of(was))
			return false;
		SET(b->let, 0);
		will = state_word(RECOVERING, now + c->recover_usec);
		if (atomic_compare_exchange_strong(&b->state, &was, will))
			was = will;
	}
	if (state_of(was) != RECOVERING)
		return state_of(was) == CLOSED;
	if (now > until_of(was)) {
		atomic_compare_exchange_strong(&b->state, &was, 0);
		return true;
	}
	began = until_of(was) - c->recover_usec;
	return lets_part(b, .5 * (double)(now - began) / (double)c->recover_usec);
}
