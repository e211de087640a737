/*
 * For policies that compare, candidates.c finds which nodes cost least. Of their tasks, the one
 * with the fewest requests in flight is taken; among equals chance decides, never position. The
 * other policies are a few lines each.
 */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "base/rng.h"
#include "pick/pick_priv.h"

#define COMPARED	32	/* if a node has more tasks, this many in a row are compared */
/* penalty with which round robin passes over a task: one failure of less than a second ago */
#define TURN_LOST	0.5
#define SAME		(1 + 1e-9)	/* as in candidates.c */
#define THROWS		16	/* of the dice, before we walk from one task to the next */

struct pick *
pick_new(const struct live *live, const struct phys *phys, uint64_t seed)
{
	struct pick *p = must_zalloc(sizeof *p);

	p->live = live;
	p->phys = phys;
	p->sets = candidate_sets_new(live, phys, seed + 1);
	rng_seed(&p->rng, seed);
	return p;
}

void
pick_free(struct pick **pp)
{
	struct pick *p = *pp;

	*pp = NULL;
	if (p == NULL)
		return;
	candidate_sets_free(&p->sets);
	free(p->turn);
	free(p->roomy);
	free(p);
}

/* Turns begin anywhere, so that workers do not march in step. */
void
pick_set_table(struct pick *p, const struct table *t)
{
	uint32_t n;
	const struct table_service *s = table_services(t, &n);

	candidate_sets_set_table(p->sets, t);
	p->table = t;
	p->task = table_tasks(t, &(uint32_t){ 0 });
	free(p->turn);
	free(p->roomy);
	p->roomy = must_zalloc((n + 1) * sizeof *p->roomy);
	p->turn = must_zalloc((n + 1) * sizeof *p->turn);
	p->has_precedence = false;
	for (uint32_t i = 0; i < n; i++) {
		p->turn[i] = s[i].ntasks > 0 ? rng_below(&p->rng, s[i].ntasks) : 0;
		p->has_precedence |= s[i].overload_priority == PRECEDENCE_HIGH;
	}
}

/* ---- which tasks may take it ---- */

bool
pick_all_used(const struct pick *p, const struct table_service *s, const struct table_task *task,
    int64_t now)
{
	struct live_census census = { 0 };

	if (!live_has_ejected(p->live, now))
		return false;
	for (uint32_t i = 0; i < s->ntasks; i++)
		if (!task[i].draining)
			live_census_add(p->live, task[i].slot, now, &census);
	return live_census_all(&census, s->panic);
}

/* factor: how much a request weighs there. */
static void
offer(struct choice *c, const struct table_task *t, double factor)
{
	double n = (live_task_inflight(c->pick->live, t->slot) + choice_penalty(c, t) + 1) * factor;

	ASSERT(n >= 0 && !t->draining);
	if (c->best == NULL || n * SAME < c->inflight) {
		c->best = t;
		c->inflight = n;
		c->equals = 1;
	} else if (n <= c->inflight * SAME && rng_below(&c->pick->rng, ++c->equals) == 0)
		c->best = t;
}

/* ---- policies that compare ---- */

static void
offer_candidate(struct choice *c, const struct candidates *set, uint32_t candidate)
{
	uint32_t n, offered = 0;
	const uint32_t *order = candidates_tasks(set, candidate, &n);
	uint32_t at = n > 1 ? rng_below(&c->pick->rng, n) : 0;

	ASSERT(n > 0 && at < n);
	for (uint32_t k = 0; k < n && offered < COMPARED; k++) {
		const struct table_task *t = &c->pick->task[order[at]];
		if (choice_allows(c, t)) {
			offer(c, t, candidates_factor(set, candidate, at));
			offered++;
		}
		if (++at == n)
			at = 0;
	}
}

/*
 * Candidates without a task to offer (this request has tried theirs, or they have just become
 * unhealthy) are withdrawn, and the lowest of the others are next.
 */
static const struct table_task *
pick_among_lowest(struct choice *c, struct candidates *set)
{
	uint32_t lowest[CANDIDATES_LOWEST], n;

	candidates_begin(set, c->now);
	c->all_used = candidates_all_used(set);
	while ((n = candidates_lowest(set, &c->pick->rng, lowest)) > 0) {
		for (uint32_t i = 0; i < n; i++)
			offer_candidate(c, set, lowest[i]);
		if (c->best != NULL)
			break;
		for (uint32_t i = 0; i < n; i++)
			candidates_withdraw(set, lowest[i]);
	}
	return c->best;
}

/* When none is found, all is read again for a second try: what was read a moment ago may be out
 * of date. */
static const struct table_task *
pick_lowest(struct choice *c, struct candidates *set)
{
	return pick_among_lowest(c, set) != NULL ? c->best : pick_among_lowest(c, set);
}

/* ---- the other policies ---- */

/* One that has just failed, or some of the turns of one with a handicap. */
static bool
loses_turn(struct choice *c, const struct table_task *t)
{
	double dear;

	if (choice_penalty(c, t) > TURN_LOST)
		return true;
	dear = choice_handicap(c, t);
	return dear > 1 && rng_double(&c->pick->rng) * dear >= 1;
}

static const struct table_task *
turn_next(struct choice *c, uint32_t *turn, const struct table_task *task, uint32_t ntasks,
    bool any)
{
	ASSERT(*turn < ntasks);
	for (uint32_t k = 0; k < ntasks; k++) {
		const struct table_task *t = &task[*turn];
		*turn = *turn + 1 < ntasks ? *turn + 1 : 0;
		if (choice_allows(c, t) && (any || !loses_turn(c, t)))
			return t;
	}
	return NULL;
}

/* Unless all lose theirs. */
static const struct table_task *
pick_in_turn(struct choice *c, uint32_t *turn, const struct table_task *task, uint32_t ntasks)
{
	const struct table_task *t = turn_next(c, turn, task, ntasks, false);

	return t != NULL ? t : turn_next(c, turn, task, ntasks, true);
}

/* Any eligible task but `not`. Throwing again is fair; walking on, the last resort, favours the
 * tasks after those that are not eligible. */
static const struct table_task *
any_but(struct choice *c, const struct table_task *task, uint32_t ntasks,
    const struct table_task *not)
{
	uint32_t at = 0;

	for (int k = 0; k < THROWS; k++) {
		at = rng_below(&c->pick->rng, ntasks);
		if (&task[at] != not && choice_allows(c, &task[at]))
			return &task[at];
	}
	for (uint32_t k = 0; k < ntasks; k++) {
		at = at + 1 < ntasks ? at + 1 : 0;
		if (&task[at] != not && choice_allows(c, &task[at]))
			return &task[at];
	}
	return NULL;
}

static const struct table_task *
pick_of_two(struct choice *c, const struct table_task *task, uint32_t ntasks)
{
	const struct table_task *one = any_but(c, task, ntasks, NULL), *other;

	if (one == NULL || (other = any_but(c, task, ntasks, one)) == NULL)
		return one;
	offer(c, one, choice_handicap(c, one));
	offer(c, other, choice_handicap(c, other));
	return c->best;
}

static const struct table_task *
pick_by_policy(struct choice *c, uint32_t service, const struct table_task *task,
    const struct table_service *s)
{
	struct pick *p = c->pick;

	switch (s->policy) {
	case POLICY_MARGINAL:
	case POLICY_MARGINAL_1:
	case POLICY_LEAST_CONN:
	case POLICY_BEST_NODE:
		return pick_lowest(c, candidates_of(p->sets, service));
	case POLICY_ROUND_ROBIN:
		c->all_used = pick_all_used(p, s, task, c->now);
		return pick_in_turn(c, &p->turn[service], task, s->ntasks);
	case POLICY_RANDOM_TWO:
		c->all_used = pick_all_used(p, s, task, c->now);
		return pick_of_two(c, task, s->ntasks);
	case POLICY_COUNT:
		break;
	}
	BUG("no such policy");
}

/* Where all that may be used were tried, or there is none, one that is ejected may serve; and after
 * those one that is down, where its service says so. */
static const struct table_task *
pick_of_the_rest(struct choice *c, const struct table_service *s, const struct table_task *task)
{
	const struct table_task *t = NULL;

	if (live_has_ejected(c->pick->live, c->now)) {
		c->all_used = true;
		t = pick_of_two(c, task, s->ntasks);
	}
	if (t != NULL || s->health_all_down != ALL_DOWN_USE)
		return t;
	c->any = true;
	return pick_of_two(c, task, s->ntasks);
}

const struct why *
pick_task(struct pick *p, const struct table *table, const struct table_service *s,
    const struct pick_avoid *avoid, int64_t now, const struct table_task **out)
{
	uint32_t n, service = (uint32_t)(s - table_services(table, &n)), nservices = n;
	const struct table_task *task = table_tasks(table, &n) + s->first_task, *got;
	struct choice c = { .pick = p, .service = s, .avoid = avoid, .now = now,
	    .penalties = live_has_penalty(p->live, now) };

	ASSERT(table == p->table && service < nservices);
	ASSERT( s->first_task <= n && s->ntasks <= n - s->first_task);
	ASSERT(avoid->n <= PICK_TRIES);
	if (s->ntasks == 0)
		return WHY_NO_TASK;
	if ((got = pick_by_policy(&c, service, task, s)) == NULL
	    && (got = pick_of_the_rest(&c, s, task)) == NULL)
		return WHY_NO_LIVE_TASK;
	ASSERT(got >= task && got < task + s->ntasks && !got->draining);
	*out = got;
	return NULL;
}

bool
pick_may(struct pick *p, const struct table *table, const struct table_service *s,
    const struct pick_avoid *avoid, int64_t now, const struct table_task *t)
{
	uint32_t n;
	const struct table_task *task = table_tasks(table, &n) + s->first_task;
	struct choice c = { .pick = p, .avoid = avoid, .now = now };

	ASSERT(table == p->table && t >= task && t < task + s->ntasks);
	if (choice_allows(&c, t))
		return true;
	c.all_used = pick_all_used(p, s, task, now);
	if (choice_allows(&c, t))
		return true;
	/* where none is left, as pick_of_the_rest has it */
	if (any_but(&c, task, s->ntasks, NULL) != NULL)
		return false;
	c.all_used = true;
	if (choice_allows(&c, t))
		return true;
	if (s->health_all_down != ALL_DOWN_USE || any_but(&c, task, s->ntasks, NULL) != NULL)
		return false;
	c.any = true;
	return choice_allows(&c, t);
}
