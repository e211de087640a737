/*
 * explain: sentences such as "8.0 cores, 5.2 busy with others' work, 3 of Mola's in flight: cost
 * 0.87, third of 8". What is out of the ordinary (drained, silent, short of memory) comes
 * first. Must not decide anything: it looks up what was decided.
 */
#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "base/clock.h"
#include "score/explain_priv.h"
#include "score/guard.h"
#include "score/user_metric.h"

#define FAILED_LATELY_USEC	(300 * USEC_PER_SEC)	/* a failure that people are told of */

bool
service_all_used(const struct world *w, const struct world_service *s, int64_t now)
{
	struct live_census c = { 0 };
	const struct world_task *t;

	if (!live_has_ejected(w->live, now))
		return false;
	LIST_FOREACH(t, &s->tasks, link)
		if (!t->draining && !t->drained && !t->node->drained)
			live_census_add(w->live, t->slot, now, &c);
	return live_census_all(&c, s->conf.panic);
}

enum task_state
task_state(const struct world *w, const struct world_task *t, int64_t now)
{
	struct live_task l;

	live_task_read(w->live, t->slot, &l);
	if (t->draining || t->drained || t->node->drained)
		return TASK_DRAINING;
	if (l.health == HEALTH_DOWN)
		return TASK_DOWN;
	if (l.ejected_until_usec > now && !service_all_used(w, t->service, now))
		return TASK_EJECTED;
	if (l.health == HEALTH_DEGRADED)
		return TASK_DEGRADED;
	return l.health == HEALTH_UP ? TASK_UP : TASK_UNKNOWN;
}

const char *
task_state_name(enum task_state s)
{
	static const char *const names[] = { "up", "down", "unknown", "ejected", "draining",
	    "degraded" };

	ASSERT(s < sizeof names / sizeof *names);
	return names[s];
}

double
explain_cost(const struct world *w, const struct world_node *n, int64_t now)
{
	const struct law_node *law = &n->steering.row.law;

	ASSERT(law->cores >= 0 && law->held >= 0 && law->held <= 1);
	return law_cost(law, law_others(law, now), live_node_inflight(w->live, n->slot));
}

/* Of one moment, for all tasks of a service: there may be thousands, and each of them wants it. */
static const struct utilization_mean *
mean_of(const struct world *w, const struct world_service *s, int64_t now)
{
	static struct { const struct world_service *s; int64_t now; struct utilization_mean m; } last;
	const struct world_task *t;

	if (last.s == s && last.now == now)
		return &last.m;
	last.s = s;
	last.now = now;
	last.m = (struct utilization_mean){ 0 };
	LIST_FOREACH(t, &s->tasks, link) {
		double trust, factor = live_load_factor(w->live, t->slot, now, &trust);
		if (t->draining || t->drained || t->node->drained)
			continue;
		utilization_mean_add(&last.m, factor, trust);
	}
	return &last.m;
}

double
explain_load(const struct world *w, const struct world_task *t, int64_t now)
{
	double trust, factor;

	if (t->service->conf.load == LOAD_NONE)
		return 1;
	factor = live_load_factor(w->live, t->slot, now, &trust);
	return utilization_of(mean_of(w, t->service, now), factor, trust);
}

double
explain_handicap(const struct world *w, const struct world_task *t, int64_t now)
{
	return live_handicap(w->live, t->slot, t->service->conf.slow_start_usec, now);
}

double
explain_task_cost(const struct world *w, const struct world_task *t, int64_t now)
{
	return explain_charge(w, t, now).cost;
}

bool
explain_takes_requests(const struct world *w, const struct world_task *t, int64_t now)
{
	enum task_state s = task_state(w, t, now);

	return s == TASK_UP || s == TASK_UNKNOWN || s == TASK_DEGRADED;
}

struct ranked_task {
	double	 cost;
	unsigned at;			/* in the service's list */
};

static int
compare_costs(const void *a, const void *b)
{
	const struct ranked_task *p = a, *q = b;

	return (p->cost > q->cost) - (p->cost < q->cost);
}

unsigned
explain_ranks(const struct world *w, const struct world_service *s, int64_t now, unsigned *rank)
{
	struct ranked_task *place = must_alloc(s->ntasks * sizeof *place);
	unsigned at = 0, n = 0;
	const struct world_task *t;

	LIST_FOREACH(t, &s->tasks, link) {
		if (explain_takes_requests(w, t, now))
			place[n++] = (struct ranked_task){ explain_task_cost(w, t, now), at };
		rank[at++] = 0;
	}
	ASSERT(at == s->ntasks);
	qsort(place, n, sizeof *place, compare_costs);
	for (unsigned i = 0; i < n; i++)
		rank[place[i].at] = i > 0 && place[i].cost == place[i - 1].cost ? rank[place[i - 1].at] : i + 1;
	free(place);
	return n;
}

/* ---- a node, in words ---- */

static double
seconds_since(int64_t then, int64_t now)
{
	return (double)(now - then) / (double)USEC_PER_SEC;
}

/* What is wrong with the node's signal, if that is known. */
static void
write_signal_why(const struct world_node *n, struct buf *out)
{
	if (n->signal.why != NULL)
		buf_printf(out, " (%s)", n->signal.why->text);
}

static void
write_signal(const struct world_node *n, int64_t now, struct buf *out)
{
	bool has_source = n->exporter_url != NULL || n->agent_url != NULL || n->signal.why != NULL;
	int64_t sampled = n->steering.row.law.sampled_usec;

	switch (guard_state(n, now)) {
	case GUARD_FRESH:
		return;
	case GUARD_NEW:
		buf_printf(out, "new, judged after two samples, until then like the mean of the fleet: ");
		return;
	case GUARD_STALE:
		buf_printf(out, "stale since %.0f s", seconds_since(sampled, now));
		write_signal_why(n, out);
		buf_printf(out, ", its last sample counts for %.0f %%: ",
		    100 * law_trust(&n->steering.row.law, now));
		return;
	case GUARD_BLIND:
		if (sampled != 0)
			buf_printf(out, "blind since %.0f s", seconds_since(sampled, now));
		else
			buf_printf(out, "blind, %s", has_source ? "never sampled" : "no source of samples");
		write_signal_why(n, out);
		buf_printf(out, ", taken for the mean of the fleet: ");
		return;
	case GUARD_DRAINED:
		buf_printf(out, "drained, takes no new requests: ");
	}
}

/* For which service a node is explained; NULL: a balanced one. */
struct explain_as {
	const struct world_service *service;
	unsigned	 profile;
	double		 penalty;	/* requests that the task's failures count as */
	/* what its cost is multiplied by, for what it reports, and for being new or degraded */
	double		 load, handicap;
	bool		 degraded;
	double		 available;	/* cores that its container could have; NAN: that does not count */
	double		 cost;
};

/* What the profile weighs more than cores, if the node has less of it to give than another has. */
static void
write_preference(const struct explain_as *as, const struct profile *p, const struct world_node *n,
    double cores, struct buf *out)
{
	const struct service_conf *c = as->service == NULL ? NULL : &as->service->conf;
	double ram = pressure_used(p, RESOURCE_RAM, &n->observed.smoothed), used[TERMS_MAX];

	if (p->weight[RESOURCE_RAM] > p->weight[RESOURCE_CPU] && !isnan(ram))
		buf_printf(out, "memory at %.0f %%, ", 100 * ram);
	user_metric_usage(n, p, used);
	for (unsigned i = 0; c != NULL && i < c->terms.n; i++)
		if (!isnan(used[i]) && p->term[i].weight > p->weight[RESOURCE_CPU])
			buf_printf(out, "%s at %.0f %%, ", c->terms.term[i].name, 100 * used[i]);
	buf_printf(out, "profile %s sees %.1f of %.1f cores: ",
	    c == NULL ? profile_name(p) : profile_name(&c->profile), cores,
	    fmax(n->steering.row.law.cores, n->observed.sample.cores));
}

struct cores_factor
explain_limit(const struct profile *p, const struct world_node *n, int64_t now)
{
	struct cores_factor limit = { PRESSURE_NONE, NAN, 1, 0 }, metrics;
	double used[TERMS_MAX];

	if (n->observed.sample.taken_usec != 0 && guard_trust(n, now) >= GUARD_FAINT)
		limit = pressure_limit(p, &n->observed.smoothed);
	user_metric_usage(n, p, used);
	metrics = pressure_limit_metrics(p, used);
	return metrics.factor < limit.factor ? metrics : limit;
}

/* Why it has fewer cores to give than it has, if so. */
static void
write_cores_factor(const struct world *w, const struct explain_as *as, const struct world_node *n,
    int64_t now, struct buf *out)
{
	static const char *const what[PRESSURE_NONE] = {
		[PRESSURE_CPU] = "CPU at %.0f %%", [PRESSURE_RAM] = "memory at %.0f %%",
		[PRESSURE_IO] = "disks make wait %.0f %% of the time",
		[PRESSURE_NET] = "network at %.0f %% of its link",
		[PRESSURE_STALLS] = "memory stalls %.0f %% of the time", [PRESSURE_TERM] = "at %.0f %%",
	};
	const struct profile *p = &w->profile[as->profile];
	const struct sample *sample = &n->observed.sample;
	double whole = sample->taken_usec != 0 ? sample->cores : n->steering.row.law.cores;
	double cores = phys_cores(&n->steering.row, as->profile);
	struct cores_factor limit = explain_limit(p, n, now);

	if (limit.by != PRESSURE_NONE) {
		ASSERT(limit.by < PRESSURE_NONE && limit.term < TERMS_MAX);
		if (limit.by == PRESSURE_TERM && as->service != NULL)
			buf_printf(out, "%s ", as->service->conf.terms.term[limit.term].name);
		buf_printf(out, what[limit.by], 100 * limit.value);
		buf_printf(out, " cuts %.1f cores to %.1f: ", whole, cores);
	} else if (cores < n->steering.row.law.cores)
		write_preference(as, p, n, cores, out);
	else if (sample->taken_usec != 0 && cores < sample->cores)
		buf_printf(out, "slow start, shows %.1f of %.1f cores: ", cores, sample->cores);
}

static void
write_node(const struct world *w, const struct explain_as *as, const struct world_node *n,
    int64_t now, struct buf *out)
{
	double others = law_others(&n->steering.row.law, now);

	write_signal(n, now, out);
	write_cores_factor(w, as, n, now, out);
	buf_printf(out, "%.1f cores, ", phys_cores(&n->steering.row, as->profile));
	if (others >= 0.05)
		buf_printf(out, "%.1f busy with others' work, ", others);
	else if (others <= -0.05)		/* they wait for something other than a core */
		buf_printf(out, "%.1f of Mola's not wanting a core, ", -others);
	if (!isnan(as->available))
		buf_printf(out, "%.1f that its container could have, ", as->available);
	buf_printf(out, "%u of Mola's in flight", live_node_inflight(w->live, n->slot));
	if (as->penalty >= 0.05)
		buf_printf(out, ", failures that count as %.1f more", as->penalty);
	if (as->load >= EXPLAIN_LOAD_LEAST)
		buf_printf(out, ", times %.2f for the load that tasks report", as->load);
	if (as->handicap >= EXPLAIN_LOAD_LEAST)
		buf_printf(out, ", times %.2f as it is %s", as->handicap,
		    as->degraded ? "degraded" : "new or back");
	buf_printf(out, ": cost %.2f", as->cost);
}

void
explain_node(const struct world *w, const struct world_node *n, int64_t now, struct buf *out)
{
	const struct explain_as as = { .load = 1, .handicap = 1, .available = NAN,
	    .cost = explain_cost(w, n, now) };

	write_node(w, &as, n, now, out);
}

/* ---- a task and a service, in words ---- */

static void
write_cause(const struct live_cause *c, struct buf *out)
{
	if (c->why == NULL)
		return;
	buf_printf(out, ": %s", c->why->text);
	if (c->status != 0)
		buf_printf(out, " (%d)", c->status);
}

static bool
write_out_of_use(const struct world *w, const struct world_task *t, int64_t now, struct buf *out)
{
	struct live_task l;

	switch (task_state(w, t, now)) {
	case TASK_DRAINING:
		buf_printf(out, "%s, takes no new requests",
		    t->node->drained ? "its node is drained" : "draining");
		return true;
	case TASK_DOWN:
		live_task_read(w->live, t->slot, &l);
		buf_printf(out, "down by its health check");
		write_cause(&l.health_cause, out);
		return true;
	case TASK_EJECTED:
		live_task_read(w->live, t->slot, &l);
		buf_printf(out, "ejected for another %.0f s", ceil(seconds_since(now, l.ejected_until_usec)));
		write_cause(&l.ejected_cause, out);
		return true;
	default:
		return false;
	}
}

/* A task that is in use may fail all the same, such as the only one of its service, whose
 * certificate is for another name. */
static void
write_failure(const struct live_task *l, int64_t now, struct buf *out)
{
	if (l->failure.why == NULL || now - l->failed_usec > FAILED_LATELY_USEC)
		return;
	buf_printf(out, "; failed %.0f s ago", floor(seconds_since(l->failed_usec, now)));
	write_cause(&l->failure, out);
}

static void
write_rank(unsigned rank, unsigned of, struct buf *out)
{
	static const char *const ordinals[] = { "", "first", "second", "third", "fourth", "fifth", "sixth",
	    "seventh", "eighth", "ninth" };

	ASSERT(rank > 0 && rank <= of);
	if (rank < sizeof ordinals / sizeof *ordinals)
		buf_printf(out, ", %s of %u", ordinals[rank], of);
	else
		buf_printf(out, ", number %u of %u", rank, of);
}

/* Why a task that is in use has its share. */
static void
write_share(const struct world *w, const struct world_task *t, int64_t now, unsigned rank,
    unsigned of, struct buf *out)
{
	const struct world_service *s = t->service;
	const struct charge charge = explain_charge(w, t, now);
	const struct explain_as as = { s->profile_crowded ? NULL : s, s->profile,
	    live_penalty(w->live, t->slot, now), explain_load(w, t, now), explain_handicap(w, t, now),
	    task_state(w, t, now) == TASK_DEGRADED, charge.available, charge.cost };

	ASSERT(!s->profile_crowded || s->profile == 0);
	switch (s->conf.policy) {
	case POLICY_LEAST_CONN:
	case POLICY_RANDOM_TWO:
		buf_printf(out, "%u in flight on the task; %s looks at nothing else",
		    live_task_inflight(w->live, t->slot), policy_name(s->conf.policy));
		return;
	case POLICY_ROUND_ROBIN:
		buf_printf(out, "each in turn; round-robin looks at nothing");
		return;
	case POLICY_BEST_NODE:
		buf_printf(out, "node's score %.1f; best-node sends all to the highest until it is renewed",
		    phys_score(&t->node->steering.row, s->profile));
		return;
	case POLICY_MARGINAL:
	case POLICY_MARGINAL_1:
	case POLICY_COUNT:
		break;
	}
	write_node(w, &as, t->node, now, out);
	if (rank > 0)
		write_rank(rank, of, out);
}

void
explain_task(const struct world *w, const struct world_task *t, int64_t now, unsigned rank,
    unsigned of, struct buf *out)
{
	struct live_task l;

	if (write_out_of_use(w, t, now, out))
		return;
	live_task_read(w->live, t->slot, &l);
	if (l.ejected_until_usec > now)
		buf_printf(out, "ejected, but in use, for more of its service's tasks are than panic allows: ");
	write_share(w, t, now, rank, of, out);
	write_failure(&l, now, out);
}

static const struct world_task *
find_cheapest(const struct world *w, const struct world_service *s, int64_t now)
{
	const struct world_task *t, *best = NULL;
	double least = INFINITY;

	LIST_FOREACH(t, &s->tasks, link) {
		double c = explain_task_cost(w, t, now);
		if (explain_takes_requests(w, t, now) && c < least) {
			best = t;
			least = c;
		}
	}
	return best;
}

static void
explain_group(const struct service_group *g, struct buf *out)
{
	if (g->kind == GROUP_FAILOVER) {
		buf_printf(out, "leads to %s, and to %s while no task of it can be used",
		    g->child[0].service, g->child[1].service);
		return;
	}
	if (g->kind == GROUP_MIRRORING) {
		buf_printf(out, "leads to %s, with copies to ", g->child[0].service);
		for (unsigned i = 1; i < g->n; i++)
			buf_printf(out, "%s%s (%u %%)", i == 1 ? "" : i + 1 < g->n ? ", " : " and ",
			    g->child[i].service, g->child[i].weight);
		return;
	}
	buf_printf(out, "leads by weight to ");
	for (unsigned i = 0; i < g->n; i++)
		buf_printf(out, "%s%s (%u)", i == 0 ? "" : i + 1 < g->n ? ", " : " and ",
		    g->child[i].service, g->child[i].weight);
	buf_printf(out, ", among those with a task that can be used");
}

void
explain_service(const struct world *w, const struct world_service *s, int64_t now, struct buf *out)
{
	const struct world_task *t, *best;
	unsigned usable = 0;

	LIST_FOREACH(t, &s->tasks, link)
		usable += explain_takes_requests(w, t, now);
	ASSERT(usable <= s->ntasks);
	if (s->group != NULL)
		explain_group(s->group, out);
	else if (s->ntasks == 0)
		buf_printf(out, "no task: every request ends with no_task");
	else if (usable == 0)
		buf_printf(out, "none of %u tasks takes requests: every request ends with no_live_task",
		    s->ntasks);
	else
		buf_printf(out, "%u of %u tasks take requests, by %s", usable, s->ntasks,
		    policy_name(s->conf.policy));
	if (usable > 0 && s->profile_crowded)
		buf_printf(out, " for balanced (no room for another profile)");
	else if (usable > 0 && s->profile != 0)
		buf_printf(out, " for %s", profile_name(&s->conf.profile));
	if (usable > 0 && !s->profile_crowded && s->conf.terms.n > 0)
		buf_printf(out, " with %s", s->conf.terms.n == 1 ? s->conf.terms.term[0].name : "its queries");
	if (service_all_used(w, s, now))
		buf_printf(out, "; more of its tasks are ejected than panic allows, so all are used");
	if (usable > 0 && explain_is_marginal(s->conf.policy) &&
	    (best = find_cheapest(w, s, now)) != NULL)
		buf_printf(out, "; the next goes to %s on %s", best->name, best->node->name);
}
