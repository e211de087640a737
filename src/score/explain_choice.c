/*
 * explain_choice: what one more request on a task costs, beside the others of its service; and the
 * law turned around: at what values of a node another task would be chosen.
 */
#include <math.h>
#include <stdio.h>

#include "base/bug.h"
#include "score/explain_priv.h"
#include "world/room.h"

#define MORE_MOST	1000		/* requests in flight that are tried for an answer */
#define HALVINGS	60

/* ---- the law, turned around ---- */

/* With so many requests more there. */
static double
cost_at(const struct charge *c, double others, double more)
{
	return law_cost_task(&c->law, law_tenants(c->tenants, others), c->inflight + more, c->available,
	    c->on_task + more);
}

/* Threads that others may want at most for a cost of `cost` at most; -INFINITY: however few. More
 * of them never cost less. */
static double
others_at(const struct charge *c, double cost)
{
	double ours = c->law.balancers * c->inflight;
	double low = c->law.held < 1 ? -ours / (1 - c->law.held) : 0;	/* no core is wanted */
	double high = fmax(0, cost * c->law.cores) / LAW_GREEDY;	/* others alone cost as much */

	if (cost_at(c, low, 0) > cost)
		return -INFINITY;
	for (int i = 0; i < HALVINGS; i++) {
		double middle = (low + high) / 2;
		if (cost_at(c, middle, 0) <= cost)
			low = middle;
		else
			high = middle;
	}
	return low;
}

/* So many requests more are in flight there when one more costs at least `cost`; or costs more than
 * that, if `above`. 0: too many. */
static unsigned
more_at(const struct charge *c, double cost, bool above)
{
	for (unsigned k = 1; k <= MORE_MOST; k++) {
		double then = cost_at(c, c->others, k);
		if (above ? then > cost : then >= cost)
			return k;
	}
	return 0;
}

/* ---- the choice ---- */

struct charge
explain_charge(const struct world *w, const struct world_task *t, int64_t now)
{
	struct charge c = { .law = phys_law(&t->node->steering.row, t->service->profile) };
	double penalty = live_penalty(w->live, t->slot, now);

	c.others = law_others(&c.law, now);
	c.tenants = t->service->conf.policy == POLICY_MARGINAL ? t->service->conf.tenants : TENANTS_FAIR;
	c.inflight = live_node_inflight(w->live, t->node->slot) + penalty;
	c.on_task = live_task_inflight(w->live, t->slot) + penalty;
	c.available = t->service->conf.policy == POLICY_MARGINAL_1 ? NAN :
	    law_available(&c.law, phys_available(w->phys, t->slot), now);
	c.load = explain_load(w, t, now) * explain_handicap(w, t, now);
	c.cost = cost_at(&c, c.others, 0) * c.load;
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
explain_add_available(const struct world_task *t, const struct charge *c,
    struct explain_steps *out)
{
	bool by_limit = t->available_usec == 0 && t->limit > 0;
	double available = by_limit ? t->limit : c->available;
	struct explain_step *s;

	if (isnan(c->available))
		return;
	s = by_limit ? step_add(out, STEP_CPU_LIMIT, "its container may use no more than %.1f of the %.1f "
	    "cores; no agent reports what it could have of them", available, c->law.cores) :
	    step_add(out, STEP_AVAILABLE, "its container could have %.1f of the %.1f cores, beside the "
	    "containers of others", available, c->law.cores);
	step_number(s, "available", available);
	step_number(s, "cores", c->law.cores);
}

static void
add_penalty(const struct world *w, const struct world_task *t, int64_t now,
    struct explain_steps *out)
{
	double penalty = live_penalty(w->live, t->slot, now);

	if (penalty >= 0.05)
		step_number(step_add(out, STEP_PENALTY,
		    "its failures count as %.1f more request%s, fading", penalty, explain_plural(penalty)),
		    "requests", penalty);
}

/* What fills it for the task's service, as workers count it. */
static struct room_load
room_load_of(const struct world *w, const struct world_task *t, double learnt, int64_t now)
{
	const struct phys_row *row = &t->node->steering.row;
	struct room_load l = { .available = phys_available(w->phys, t->slot),
	    .waited = room_belief(learnt) * phys_waited(w->phys, t->slot),
	    .inflight = live_node_inflight(w->live, t->node->slot),
	    .on_task = live_task_inflight(w->live, t->slot) };
	struct room_load all = { .available = NAN, .inflight = l.inflight };

	/* what other services are sent there counts, too */
	return t->service->conf.overload_priority == PRECEDENCE_LOW &&
	    room_use(row, &all, now) > room_use(row, &l, now) ? all : l;
}

void
explain_add_full(const struct world *w, const struct world_task *t, int64_t now,
    struct explain_steps *out)
{
	const struct phys_row *row = &t->node->steering.row;
	const struct service_conf *conf = &t->service->conf;
	double learnt = live_bound(w->live) > 0 ? live_bound(w->live) : ROOM_BOUND;
	double bound = room_bound(learnt, conf->overload_bound, conf->overload_priority);
	struct room_load l = room_load_of(w, t, learnt, now);
	bool known = l.available > 0;
	struct explain_step *s;

	if (!conf->overload || conf->kind != SERVICE_HTTP || room_use(row, &l, now) <= bound)
		return;
	s = step_add(out, STEP_FULL, "full: %.1f of Mola's %.0f requests there want one of the %.1f cores "
	    "that are theirs, and no more than %.1f for each core are sent: one more goes to another "
	    "node, or waits where all are full", room_want(row, &l), known ? l.on_task : l.inflight,
	    known ? fmax(l.available, 1) : row->law.cores, bound);
	step_number(s, "inflight", known ? l.on_task : l.inflight);
	step_number(s, "want", room_want(row, &l));
	step_number(s, "cores", known ? fmax(l.available, 1) : row->law.cores);
	step_number(s, "bound", bound);
}

static uint32_t
inflight_of_service(const struct world *w, const struct world_service *s)
{
	const struct world_task *t;
	uint32_t n = 0;

	LIST_FOREACH(t, &s->tasks, link)
		n += live_task_inflight(w->live, t->slot);
	return n;
}

void
explain_add_limits(const struct world *w, const struct world_task *t, struct explain_steps *out)
{
	const struct service_conf *conf = &t->service->conf;
	uint32_t all = conf->max_inflight > 0 ? inflight_of_service(w, t->service) : 0;
	uint32_t here = live_task_inflight(w->live, t->slot);
	const char *what = conf->kind == SERVICE_HTTP ? "waits, and is refused then" : "is refused";
	struct explain_step *s;

	if (conf->max_inflight > 0 && all >= conf->max_inflight) {
		s = step_add(out, STEP_SERVICE_LIMIT, "the service has %u in flight of the %u that "
		    "max_inflight allows: one more %s", all, conf->max_inflight, what);
		step_number(s, "inflight", all);
		step_number(s, "limit", conf->max_inflight);
	}
	if (conf->task_max_inflight > 0 && here >= conf->task_max_inflight) {
		s = step_add(out, STEP_TASK_LIMIT, "the task has %u in flight of the %u that "
		    "task_max_inflight allows: one more goes to another one, or %s where all have as many",
		    here, conf->task_max_inflight, what);
		step_number(s, "inflight", here);
		step_number(s, "limit", conf->task_max_inflight);
	}
}

/* Where others' threads count for more or less than they are. */
static void
add_tenants(const struct world_task *t, const struct charge *c, struct explain_steps *out)
{
	double others = law_tenants(c->tenants, c->others);
	struct explain_step *s;

	if (c->tenants == TENANTS_FAIR || c->others < 0.05)
		return;
	s = step_add(out, STEP_TENANTS,
	    "%s is %s to others: their %.1f thread%s count%s as %.1f", t->service->name,
	    c->tenants == TENANTS_POLITE ? "polite" : "greedy", c->others, explain_plural(c->others),
	    *explain_plural(c->others) == '\0' ? "s" : "", others);
	step_word(s, "tenants", c->tenants == TENANTS_POLITE ? "polite" : "greedy");
	step_number(s, "others", c->others);
	step_number(s, "counted", others);
}

/* What its container could have decides: `want` of its requests want a core. */
static void
add_cost_of_container(const struct charge *c, double want, struct explain_steps *out)
{
	struct explain_step *s = step_add(out, STEP_COST_CONTAINER,
	    "with one more request %.1f of its requests want the %.2f core%s that its container "
	    "could have: cost %.2f", want + 1, c->available, explain_plural(c->available), c->cost);

	step_number(s, "threads", want + 1);
	step_number(s, "available", c->available);
	step_number(s, "cost", c->cost);
}

static void
add_cost_of_node(const struct charge *c, double th, struct explain_steps *out)
{
	double ours = c->law.balancers * c->inflight;
	bool full = th > c->law.cores && ours >= 0.05;	/* those that are there would wait longer, too */
	char wait[64] = "";
	struct explain_step *s;

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

void
explain_add_cost(const struct world *w, const struct world_task *t, const struct charge *c,
    int64_t now, struct explain_steps *out)
{
	double counted = law_tenants(c->tenants, c->others);
	double others = c->others < 0 ? c->others * (1 - c->law.held) : counted;
	double th = fmax(0, others + c->law.balancers * c->inflight) + 1;
	double want = fmin(c->law.balancers * c->on_task, th - 1);

	explain_add_load(w, t, now, out);
	add_penalty(w, t, now, out);
	add_tenants(t, c, out);
	if (!isnan(c->available) &&
	    law_cost_task(&c->law, counted, c->inflight, INFINITY, c->on_task) * c->load < c->cost)
		add_cost_of_container(c, want, out);
	else
		add_cost_of_node(c, th, out);
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
	unsigned more = isfinite(next) ? more_at(c, at, true) : 0;
	double others = isfinite(next) ? others_at(c, at) : NAN;
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
	unsigned more = more_at(&best, c->cost / best.load, false);
	double others = others_at(c, f->least / c->load);
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
