/*
 * move: a move is decided by what its requests would meet.
 *
 * Pressure p is threads that want a core, per core: under fair sharing everything on a node with
 * p > 1 takes p times as long. A service with n of our requests in flight there uses u = n /
 * max(1, p) cores. Where others crowd it, n is large only because each request is slow, and
 * elsewhere u threads will do; where it crowds itself, it will do so again. Its own part in the
 * crowd is n / R, so with R threads on C cores
 *     n'     = u + (n - u) * n / R_from
 *     before = R_from / C_from
 *     after  = (R_to + n') / C_to
 * For R_to not what the node is now is taken but the worst that has lasted lately: a node that
 * was hot a while ago may be so again. A victim of another service's hog gains whatever it
 * leaves behind; a service that is its own hog gains only what the other node has more of, and
 * stays if that is nothing.
 *
 * Where several might go, the first is the one whose move takes most waiting away from
 * everything that runs on either node. Total waiting on a node is R * max(1, R / C), the
 * integral of the law's marginal cost.
 */
#include <math.h>

#include "base/bug.h"
#include "base/clock.h"
#include "score/explain.h"
#include "score/move.h"

#define INFLIGHT_LEAST	0.1	/* a service without requests at this moment will have some again */
#define ALIKE		0.1	/* pressures that differ by less are as good as equal */

/* The service's one node; NULL, with the reason. */
static const struct world_node *
find_node(const struct world *w, const struct world_service *s, int64_t now, enum refusal *why)
{
	const struct world_node *only = NULL;
	const struct world_task *t;

	*why = REFUSAL_NO_TASK;
	LIST_FOREACH(t, &s->tasks, link) {
		enum task_state state = task_state(w, t, now);
		ASSERT(t->service == s);
		if (t->draining || state == TASK_DOWN || state == TASK_EJECTED)
			continue;
		if (only != NULL && only != t->node) {
			*why = REFUSAL_ELSEWHERE;
			return NULL;
		}
		only = t->node;
	}
	return only;
}

static double
cores_of(const struct world_node *n)
{
	return fmax(n->steering.row.law.cores, 0.01);
}

static double
waiting_of(double threads, double cores)
{
	return threads * fmax(1, threads / cores);
}

/*
 * Its threads where it is, of `all` there: its part of what is ours. By its containers'
 * accounts, where they are known: it may work without requests of ours.
 */
static double
threads_here(const struct heat_service *e, const struct heat_node *n, double all)
{
	double part = n->inflight > 0 ? fmin(1, e->inflight / n->inflight) : 0;
	double own = isnan(e->own_cores) ? n->ours * part : e->own_cores * fmax(1, n->pressure);

	return fmin(fmax(own, INFLIGHT_LEAST), all);
}

static void
predict(struct heat *h, const struct heat_service *e, const struct world_node *from,
    const struct world_node *to, struct move *m)
{
	const struct heat_node *f = heat_node(h, from), *t = heat_node(h, to);
	double all = f->pressure * cores_of(from), own = threads_here(e, f, all);
	double used = own / fmax(1, f->pressure);
	double next = all > 0 ? used + (own - used) * own / all : used;
	double there = fmax(t->pressure, t->worst) * cores_of(to);

	ASSERT(from != to && f->known && t->known && all >= 0 && there >= 0);
	*m = (struct move){ .from = from, .to = to, .before = f->pressure,
	    .after = (there + next) / cores_of(to) };
	m->gain = m->before > 0 ? 1 - m->after / m->before : 0;
	m->relief = waiting_of(all, cores_of(from)) - waiting_of(all - own, cores_of(from)) +
	    waiting_of(there, cores_of(to)) - waiting_of(there + next, cores_of(to));
}

/* `then` may be of the Swarm's clock, and thus later than now. */
static bool
is_cooling(int64_t then, const struct move_rules *r, int64_t now)
{
	return then != 0 && now - then < r->heat.cool_down_usec;
}

/* Predicts the move to the best node that it may go to. `cooling`: one was left out because it
 * cools down. */
static bool
find_best(struct heat *h, const struct world *w, const struct move_rules *r,
    const struct heat_service *e, int64_t now, struct move *m, bool *cooling)
{
	const struct world_node *from = m->from, *n;
	bool found = false;
	struct move x;

	*cooling = false;
	LIST_FOREACH(n, &w->nodes, link) {
		const struct heat_node *hn = heat_node(h, n);
		if (n == from || n->drained || heat_is_barred(e, n->slot))
			continue;
		if (!hn->known || hn->cold_usec == 0 || hn->worst >= r->heat.hot)
			continue;
		if (is_cooling(hn->moved_usec, r, now)) {
			*cooling = true;
			continue;
		}
		predict(h, e, from, n, &x);
		if (!found || x.after < m->after)
			*m = x;
		found = true;
	}
	return found;
}

/* What will not change by waiting comes first, then what does, the slowest first. */
static enum refusal
find_refusal(struct heat *h, const struct world *w, const struct move_rules *r,
    const struct world_service *s, int64_t now, struct move *m)
{
	const struct heat_service *e = heat_service(h, s);
	const struct heat_node *from;
	enum refusal why;
	bool cooling;

	*m = (struct move){ .before = NAN, .after = NAN, .gain = NAN, .relief = NAN };
	if (!s->conf.migrate)
		return REFUSAL_NOT_OPTED;
	if (e->refusal != REFUSAL_NONE)
		return e->refusal;
	if ((m->from = find_node(w, s, now, &why)) == NULL)
		return why;
	from = heat_node(h, m->from);
	if (!from->known)
		return REFUSAL_BLIND;
	m->before = from->pressure;
	if (from->hot_usec == 0)
		return REFUSAL_NOT_HOT;
	if (now - from->hot_usec < r->heat.dwell_usec)
		return REFUSAL_NOT_LONG;
	if (!find_best(h, w, r, e, now, m, &cooling))
		return cooling ? REFUSAL_COOL_NODE : REFUSAL_NO_COLD;
	if (m->gain < r->margin)
		return REFUSAL_GAIN;
	if (is_cooling(e->changed_usec, r, now))
		return REFUSAL_COOL_SERVICE;
	if (is_cooling(from->moved_usec, r, now))
		return REFUSAL_COOL_NODE;
	return REFUSAL_NONE;
}

void
move_evaluate(struct heat *h, const struct world *w, const struct move_rules *r,
    const struct world_service *s, int64_t now, struct move *m)
{
	enum refusal why = find_refusal(h, w, r, s, now, m);

	m->refusal = why;
	ASSERT(why != REFUSAL_NONE || (m->to != NULL && m->to != m->from && m->gain >= r->margin));
}

const struct world_service *
move_first(struct heat *h, const struct world *w, const struct move_rules *r, int64_t now,
    struct move *m)
{
	const struct world_service *s, *first = NULL;
	struct move x;

	LIST_FOREACH(s, &w->services, link) {
		if (!s->conf.migrate)
			continue;
		move_evaluate(h, w, r, s, now, &x);
		if (x.refusal == REFUSAL_NONE && (first == NULL || x.relief > m->relief)) {
			first = s;
			*m = x;
		}
	}
	return first;
}

bool
move_avoids(struct heat *h, const struct move *m, const struct world_node *n)
{
	const struct heat_node *hn = heat_node(h, n), *to = heat_node(h, m->to);

	ASSERT(m->from != NULL && m->from != m->to);
	if (n == m->to)
		return false;
	if (n == m->from || !hn->known || hn->cold_usec == 0)
		return true;
	return fmax(hn->pressure, hn->worst) > fmax(to->pressure, to->worst) + ALIKE;
}

void
move_explain(struct heat *h, const struct move *m, int64_t now, struct buf *out)
{
	const struct heat_node *from = m->from != NULL ? heat_node(h, m->from) : NULL;

	buf_printf(out, "%s", m->refusal == REFUSAL_NONE ? "it should move" : refusal_text(m->refusal));
	if (from == NULL)
		return;
	if (isnan(m->before))
		buf_printf(out, ": %s", m->from->name);
	else
		buf_printf(out, ": %.1f threads per core on %s", m->before, m->from->name);
	if (from->hot_usec != 0)
		buf_printf(out, ", hot since %.0f s", (double)(now - from->hot_usec) / (double)USEC_PER_SEC);
	if (m->to != NULL)
		buf_printf(out, ", %.1f expected on %s", m->after, m->to->name);
}
