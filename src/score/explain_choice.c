/*
 * explain_choice: what one more request on a task costs, beside the others of its service; and the
 * law turned around: at what values of a node another task would be chosen.
 */
#include <math.h>
#include <stdio.h>

#include "base/bug.h"
#include "score/explain_priv.h"

#define MORE_MOST	1000		/* requests in flight that are tried for an answer */

/* ---- the law, turned around ---- */

/* Threads that others may want at most for a cost of `cost` at most; -INFINITY: however few. */
static double
others_at(const struct law_node *l, double cost, double inflight)
{
	double ours = l->balancers * inflight, th = cost * l->cores - ours, demand;

	if (th <= l->cores)		/* none has to wait for a core */
		th = cost < 1 ? (2 * cost - 1) * l->cores : l->cores;
	if (th < 1)
		return -INFINITY;
	demand = th - 1 - ours;
	if (demand >= 0)
		return demand;
	return l->held < 1 ? demand / (1 - l->held) : -INFINITY;
}

/* So many requests more are in flight there when one more costs at least `cost`; or costs more than
 * that, if `above`. 0: too many. */
static unsigned
more_at(const struct law_node *l, double others, double inflight, double cost, bool above)
{
	for (unsigned k = 1; k <= MORE_MOST; k++) {
		double c = law_cost(l, others, inflight + k);
		if (above ? c > cost : c >= cost)
			return k;
	}
	return 0;
}

/* ---- the choice ---- */

struct charge
explain_charge(const struct world *w, const struct world_task *t, int64_t now)
{
	struct charge c = { .law = phys_law(&t->node->steering.row, t->service->profile) };

	c.others = law_others(&c.law, now);
	c.inflight = live_node_inflight(w->live, t->node->slot) + live_penalty(w->live, t->slot, now);
	c.load = explain_load(w, t, now);
	c.cost = law_cost(&c.law, c.others, c.inflight) * c.load;
	return c;
}

/* What the task reports, or, where its own report is none or old, what others do. */
void
explain_add_load(const struct world *w, const struct world_task *t, int64_t now,
    struct explain_steps *out)
{
	double load = explain_load(w, t, now);
	struct explain_step *s;
	struct live_load l;
	double age;

	if (load < EXPLAIN_LOAD_LEAST)
		return;
	live_load_read(w->live, t->slot, &l);
	age = explain_seconds(now - l.noted_usec);
	if (l.noted_usec != 0 && now - l.noted_usec < UTILIZATION_GONE_USEC) {
		s = step_add(out, STEP_LOAD,
		    "it reported a utilization of %.2f %.1f s ago: a request costs %.2f times as much",
		    l.utilization, age, load);
		step_number(s, "utilization", l.utilization);
		step_number(s, "age_seconds", age);
	} else
		s = step_add(out, STEP_LOAD_MEAN,
		    "it reported no utilization lately: a request costs %.2f times as much, "
		    "the mean of the others", load);
	step_number(s, "factor", load);
}

void
explain_add_cost(const struct world *w, const struct world_task *t, const struct charge *c,
    int64_t now, struct explain_steps *out)
{
	double others = c->others < 0 ? c->others * (1 - c->law.held) : c->others;
	double ours = c->law.balancers * c->inflight, th = fmax(0, others + ours) + 1;
	bool full = th > c->law.cores && ours >= 0.05;	/* those that are there would wait longer, too */
	char wait[64] = "";
	double penalty = live_penalty(w->live, t->slot, now);
	struct explain_step *s;

	explain_add_load(w, t, now, out);
	if (penalty >= 0.05) {
		s = step_add(out, STEP_PENALTY, "its failures count as %.1f more request%s, fading", penalty,
		    explain_plural(penalty));
		step_number(s, "requests", penalty);
	}
	if (full)
		snprintf(wait, sizeof wait, ", and %.1f of Mola's there would wait longer", ours);
	s = step_add(out, full ? STEP_COST_FULL : STEP_COST,
	    "with one more request %.1f %s %.1f core%s%s: cost %.2f", th,
	    *explain_plural(th) == '\0' ? "thread wants" : "threads want", c->law.cores,
	    explain_plural(c->law.cores), wait, c->cost);
	if (full)
		step_number(s, "inflight", ours);
	step_number(s, "threads", th);
	step_number(s, "cores", c->law.cores);
	step_number(s, "cost", c->cost);
}

struct explain_field
explain_field(const struct world *w, const struct world_service *s, int64_t now)
{
	struct explain_field f = { NULL, INFINITY, INFINITY };
	const struct world_task *t;
	double cost;

	LIST_FOREACH(t, &s->tasks, link) {
		if (!explain_takes_requests(w, t, now))
			continue;
		cost = explain_task_cost(w, t, now);
		if (cost < f.least || f.best == NULL) {
			f.best = t;
			f.least = cost;
		}
	}
	LIST_FOREACH(t, &s->tasks, link)
		if (f.best != NULL && t->node != f.best->node && explain_takes_requests(w, t, now))
			f.next = fmin(f.next, explain_task_cost(w, t, now));
	return f;
}

/* The next request goes to its node: until when? */
void
explain_add_next(const struct world_task *t, const struct charge *c, double next,
    struct explain_steps *out)
{
	double at = next / c->load;
	unsigned more = isfinite(next) ? more_at(&c->law, c->others, c->inflight, at, true) : 0;
	double others = isfinite(next) ? others_at(&c->law, at, c->inflight) : NAN;
	struct explain_step *s;

	s = step_add(out, STEP_NEXT, "the next request goes to %s", t->node->name);
	step_number(s, "more", more > 0 ? more : NAN);
	step_number(s, "others", isnan(others) ? NAN : fmax(0, others));
	step_word(s, "node", t->node->name);
	if (!isfinite(next))
		step_more(s, ", as no task on another node takes requests");
	else if (more > 0)
		step_more(s, ", and to another node with %u more in flight here, or when others want more "
		    "than %.1f thread%s here", more, fmax(0, others), explain_plural(others));
}

/* Another node is cheaper: what would have to happen? */
void
explain_add_more(const struct world *w, const struct world_task *t, const struct charge *c,
    const struct explain_field *f, int64_t now, struct explain_steps *out)
{
	const struct charge best = explain_charge(w, f->best, now);
	unsigned more = more_at(&best.law, best.others, best.inflight, c->cost / best.load,
	    false);
	double others = others_at(&c->law, f->least / c->load, c->inflight);
	struct explain_step *s;

	if (more > 0) {
		s = step_add(out, STEP_MORE, "it is next when %s has %u more request%s of Mola's in flight",
		    f->best->node->name, more, explain_plural(more));
		step_number(s, "more", more);
		step_word(s, "node", f->best->node->name);
	}
	if (others >= 0 && others < c->others) {
		s = step_add(out, STEP_FEWER_OTHERS, "%swhen others on %s want %.1f threads or fewer, not %.1f",
		    more > 0 ? "or " : "it is next ", t->node->name, others, c->others);
		step_number(s, "others", others);
		step_word(s, "node", t->node->name);
	}
}
