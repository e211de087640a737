/*
 * move: a move is judged by what its requests would meet.
 *
 * Pressure p is threads that want a core, per core: under fair sharing everybody on a node with
 * p > 1 takes p times as long. A service with n of our requests in flight there uses u = n /
 * max(1, p) cores. Where others crowd it, n is large only because each request is slow, and
 * elsewhere u threads will do; where it crowds itself, it will do so again. Its own part in the
 * crowd is n / R, so with R threads on C cores
 *     before = R_from / C_from        n' = u + (n - u) * n / R_from        after = (R_to + n') / C_to
 * For R_to not what the node is now is taken but the worst that has lasted lately: who was hot a
 * while ago may be so again. A victim of somebody else's hog gains whatever it leaves behind; a
 * service that is its own hog gains only what the other node has more of, and stays if that is
 * nothing.
 *
 * Where several might go, the one whose move takes most waiting away from all who run on either
 * node goes first. Total waiting on a node is R * max(1, R / C), the integral of the law's
 * marginal cost.
 */
#include <math.h>

#include "base/clock.h"
#include "score/explain.h"
#include "score/move.h"

#define INFLIGHT_LEAST	0.1	/* a service that nobody asks at this moment will be asked again */
#define ALIKE		0.1	/* pressures that differ by less are as good as equal */

/* Its one node; NULL, with the reason. */
static const struct world_node *
node_of(const struct world *w, const struct world_service *s, int64_t now, enum refusal *why)
{
	const struct world_node *only = NULL;
	const struct world_task *t;

	*why = REFUSAL_NO_TASK;
	LIST_FOREACH(t, &s->tasks, link) {
		enum task_state state = task_state(w, t, now);
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
	return fmax(n->row.law.cores, 0.01);
}

static double
waiting(double threads, double cores)
{
	return threads * fmax(1, threads / cores);
}

/*
 * Its threads where it is, of `all` there: its part of what is ours. By its containers'
 * accounts, where we have them: it may work without being asked by us.
 */
static double
threads_here(const struct heat_service *e, const struct heat_node *n, double all)
{
	double part = n->inflight > 0 ? fmin(1, e->inflight / n->inflight) : 0;
	double own = isnan(e->own_cores) ? n->ours * part : e->own_cores * fmax(1, n->pressure);

	return fmin(fmax(own, INFLIGHT_LEAST), all);
}

static double
threads_there(double here, double pressure, double all)
{
	double used = here / fmax(1, pressure);

	return all > 0 ? used + (here - used) * here / all : used;
}

static void
predict(struct heat *h, const struct heat_service *e, const struct world_node *from, const struct world_node *to, struct move *m)
{
	const struct heat_node *f = heat_node(h, from), *t = heat_node(h, to);
	double here = f->pressure * cores_of(from), there = fmax(t->pressure, t->worst) * cores_of(to);
	double own = threads_here(e, f, here), next = threads_there(own, f->pressure, here);

	*m = (struct move){ .from = from, .to = to, .before = f->pressure, .after = (there + next) / cores_of(to) };
	m->gain = m->before > 0 ? 1 - m->after / m->before : 0;
	m->relief = waiting(here, cores_of(from)) - waiting(here - own, cores_of(from)) +
	    waiting(there, cores_of(to)) - waiting(there + next, cores_of(to));
}

static bool
eligible(struct heat *h, const struct heat_service *e, const struct world_node *n, const struct move_rules *r)
{
	const struct heat_node *x = heat_node(h, n);

	return x->known && !n->drained && !heat_is_barred(e, n->slot) && x->cold_usec != 0 && x->worst < r->heat.hot;
}

static bool
cools(int64_t then, const struct move_rules *r, int64_t now)
{
	return then != 0 && now - then < r->heat.cool_down_usec;
}

/* The best of those that it may go to. */
static bool
look_around(struct heat *h, const struct world *w, const struct move_rules *r, const struct heat_service *e, int64_t now, struct move *m,
    bool *cooling)
{
	const struct world_node *from = m->from, *n;
	bool found = false;
	struct move x;

	*cooling = false;
	LIST_FOREACH(n, &w->nodes, link) {
		if (n == from || !eligible(h, e, n, r))
			continue;
		if (cools(heat_node(h, n)->moved_usec, r, now)) {
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

static enum refusal
heat_refusal(const struct heat_node *from, const struct move_rules *r, int64_t now)
{
	if (!from->known)
		return REFUSAL_BLIND;
	if (from->hot_usec == 0)
		return REFUSAL_NOT_HOT;
	if (now - from->hot_usec < r->heat.dwell_usec)
		return REFUSAL_NOT_LONG;
	return REFUSAL_NONE;
}

/* What will not change by waiting is said first, then what does, the slowest first. */
static enum refusal
refusal_of(struct heat *h, const struct world *w, const struct move_rules *r, const struct world_service *s, int64_t now, struct move *m)
{
	const struct heat_service *e = heat_service(h, s);
	enum refusal why;
	bool cooling;

	*m = (struct move){ .before = NAN, .after = NAN, .gain = NAN, .relief = NAN };
	if (!s->conf.migrate)
		return REFUSAL_NOT_OPTED;
	if (e->refusal != REFUSAL_NONE)
		return e->refusal;
	if ((m->from = node_of(w, s, now, &why)) == NULL)
		return why;
	m->before = heat_node(h, m->from)->known ? heat_node(h, m->from)->pressure : NAN;
	if ((why = heat_refusal(heat_node(h, m->from), r, now)) != REFUSAL_NONE)
		return why;
	if (!look_around(h, w, r, e, now, m, &cooling))
		return cooling ? REFUSAL_COOL_NODE : REFUSAL_NO_COLD;
	if (m->gain < r->margin)
		return REFUSAL_GAIN;
	if (cools(e->changed_usec, r, now))
		return REFUSAL_COOL_SERVICE;
	if (cools(heat_node(h, m->from)->moved_usec, r, now))
		return REFUSAL_COOL_NODE;
	return REFUSAL_NONE;
}

void
move_evaluate(struct heat *h, const struct world *w, const struct move_rules *r, const struct world_service *s, int64_t now, struct move *m)
{
	enum refusal why = refusal_of(h, w, r, s, now, m);

	m->refusal = why;
}

const struct world_service *
move_first(struct heat *h, const struct world *w, const struct move_rules *r, int64_t now, struct move *m)
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
	const struct heat_node *x = heat_node(h, n), *to = heat_node(h, m->to);

	if (n == m->to)
		return false;
	return n == m->from || !x->known || x->cold_usec == 0 || fmax(x->pressure, x->worst) > fmax(to->pressure, to->worst) + ALIKE;
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
