/*
 * explain_node: the steps about a task's node: its sample, how far that counts, what it says of
 * others, and what makes the node smaller than it is.
 */
#include <math.h>

#include "base/bug.h"
#include "score/demand.h"
#include "score/explain_priv.h"
#include "score/fields.h"
#include "score/guard.h"

#define BELIEVED	0.9	/* a fresh sample that counts for more is not worth a word */

/* ---- what is known of its node ---- */

static const char *const by[] = { "", "its node_exporter", "its agent", "Prometheus" };

static void
add_signal_why(struct explain_step *s, const struct world_node *n)
{
	if (n->signal.why != NULL)
		step_more(s, " (%s)", n->signal.why->text);
}

/* Those that the sample did not have itself. */
static void
add_parts(struct explain_step *s, const struct world_node *n, int64_t now)
{
	static const char *const part[SAMPLE_PARTS] = { [PART_MEMORY] = "memory",
	    [PART_CPU_WAITING] = "pressure of CPUs", [PART_MEMORY_WAITING] = "pressure of memory",
	    [PART_IO_WAITING] = "pressure of disks", [PART_DISK] = "disks", [PART_NET] = "links" };

	for (unsigned p = 0; p < SAMPLE_PARTS; p++) {
		const struct sample_origin *o = &n->observed.origin[p];
		if (!fields_differ(n, p))
			continue;
		step_more(s, "; %s of %.1f s ago", part[p], explain_seconds(now - o->taken_usec));
		if (o->source != n->observed.sample.source && o->source != SOURCE_NONE)
			step_more(s, " by %s", by[o->source]);
	}
}

void
explain_add_sample(const struct world_node *n, int64_t now, struct explain_steps *out)
{
	static const char *const name[] = { "none", "node_exporter", "agent", "prometheus" };
	const struct sample *m = &n->observed.sample;
	struct explain_step *s;

	if (m->taken_usec == 0) {
		if (n->steering.row.law.sampled_usec != 0)
			return;			/* an earlier brain's, of which the law alone is left */
		s = step_add(out, STEP_NO_SAMPLE, n->exporter_url == NULL && n->agent_url == NULL &&
		    n->signal.why == NULL ? "its node has no source of samples: it counts as the mean of all"
		    : "its node was never sampled: it counts as the mean of all");
		add_signal_why(s, n);
		return;
	}
	ASSERT(m->source <= SOURCE_PROMETHEUS);
	s = step_add(out, STEP_SAMPLE, "sampled %.1f s ago%s%s: %.1f of %.4g cores busy",
	    explain_seconds(now - m->taken_usec), m->source == SOURCE_NONE ? "" : " by ", by[m->source],
	    m->busy, m->cores);
	step_number(s, "age_seconds", explain_seconds(now - m->taken_usec));
	step_word(s, "source", name[m->source]);
	step_number(s, "busy", m->busy);
	step_number(s, "cores", m->cores);
	step_number(s, "running", m->running);
	if (!isnan(m->running))
		step_more(s, ", %.0f thread%s running or waiting for one", m->running,
		    explain_plural(m->running));
	add_parts(s, n, now);
}

/* How far the sample counts. */
void
explain_add_guard(const struct world_node *n, int64_t now, struct explain_steps *out)
{
	const struct law_node *l = &n->steering.row.law;
	double age = explain_seconds(now - l->sampled_usec), belief = law_belief(l, now);
	struct explain_step *s;

	switch (guard_state(n, now)) {
	case GUARD_NEW:
		step_add(out, STEP_NEW,
		    "that is its first sample: it counts as the mean of all until the second");
		return;
	case GUARD_FRESH:
		if (belief > BELIEVED)
			return;
		/* as old as its rhythm lets it become, or one sample says little of the next */
		/* fallthrough */
	case GUARD_STALE:
		s = step_add(out, STEP_STALE,
		    "the sample is %.*f s old: it counts for %.0f %%, the mean of all for the rest",
		    age < 9.5 ? 1 : 0, age,
		    100 * belief);
		step_number(s, "age_seconds", age);
		step_number(s, "trust_ratio", belief);
		add_signal_why(s, n);
		return;
	case GUARD_BLIND:
		if (l->sampled_usec == 0)
			return;
		s = step_add(out, STEP_BLIND, "the sample is %.0f s old: it counts no more, but the mean of all",
		    age);
		step_number(s, "age_seconds", age);
		add_signal_why(s, n);
		return;
	case GUARD_DRAINED:
		return;
	}
}

static void
add_balancers(struct explain_step *s, const struct law_node *l)
{
	step_number(s, "balancers", l->balancers);
	if (l->balancers > 1)
		step_more(s, ", as many at each of %.0f balancers", l->balancers);
}

/* What comes of the sample: how many threads others want. */
void
explain_add_others(const struct world_node *n, int64_t now,
    struct explain_steps *out)
{
	const struct law_node *l = &n->steering.row.law;
	double others = law_others(l, now), threads, met = n->observed.inflight;
	bool known = guard_state(n, now) == GUARD_FRESH && n->observed.sample.taken_usec != 0;
	struct explain_step *s;

	if (!known) {
		s = step_add(out, STEP_ASSUMED, "others are taken to want %.1f thread%s", others,
		    explain_plural(others));
		step_number(s, "others", others);
		return;
	}
	threads = demand_of(&n->observed.sample).threads;
	s = step_add(out, others < 0 ? STEP_WAITING : STEP_OTHERS,
	    "%.1f thread%s wanted a core then, with %.1f request%s of Mola's in flight", threads,
	    explain_plural(threads), met, explain_plural(met));
	step_number(s, "threads", threads);
	step_number(s, "inflight", met);
	add_balancers(s, l);
	step_number(s, others < 0 ? "waiting" : "others", fabs(others));
	if (others < 0)
		step_more(s, ": %.1f of these want%s no core", -others, -others > 1 ? "" : "s");
	else
		step_more(s, ": %.1f are others'", others);
}

void
explain_add_inflight(const struct world *w, const struct world_task *t, struct explain_steps *out)
{
	unsigned n = live_node_inflight(w->live, t->node->slot);
	unsigned task = live_task_inflight(w->live, t->slot);
	struct explain_step *s;

	s = step_add(out, STEP_INFLIGHT,
	    "%u request%s of Mola's %s in flight there now, %u of them on this task", n,
	    explain_plural(n), n == 1 ? "is" : "are", task);
	step_number(s, "inflight", n);
	step_number(s, "inflight_sampled",
	    t->node->observed.sample.taken_usec == 0 ? NAN : t->node->observed.inflight);
	add_balancers(s, &t->node->steering.row.law);
	step_number(s, "of_task", task);
}

/* ---- what makes the node smaller ---- */

static const char *
limit_name(const struct world_task *t, const struct cores_factor *f)
{
	static const char *const names[PRESSURE_NONE] = {
	    [PRESSURE_CPU] = "cpu", [PRESSURE_RAM] = "memory",
	    [PRESSURE_IO] = "disk", [PRESSURE_NET] = "network", [PRESSURE_STALLS] = "memory stalls",
	    [PRESSURE_TERM] = "query" };

	ASSERT(f->by < PRESSURE_NONE && f->term < TERMS_MAX);
	return f->by == PRESSURE_TERM && !t->service->profile_crowded ?
	    t->service->conf.terms.term[f->term].name : names[f->by];
}

static struct profile_limit
limit_of(const struct profile *p, const struct cores_factor *f)
{
	if (f->by == PRESSURE_STALLS)
		return (struct profile_limit){ PRESSURE_STALLS_SOFT, PRESSURE_STALLS_HARD };
	return f->by == PRESSURE_TERM ? p->term[f->term].limit : p->limit[f->by];
}

void
explain_add_limit(const struct world *w, const struct world_task *t, int64_t now,
    struct explain_steps *out)
{
	const struct profile *p = &w->profile[t->service->profile];
	struct cores_factor f = explain_limit(p, t->node, now);
	bool floor = f.factor <= PRESSURE_FLOOR;
	struct profile_limit limit;
	struct explain_step *s;

	if (f.by == PRESSURE_NONE)
		return;
	limit = limit_of(p, &f);
	s = step_add(out, floor ? STEP_FLOOR : STEP_LIMIT,
	    "%s at %.0f %%, above its %s limit of %.0f %%: %.0f %% of the cores count",
	    limit_name(t, &f), 100 * f.value, floor ? "hard" : "soft",
	    100 * (floor ? limit.hard : limit.soft), 100 * f.factor);
	step_word(s, "what", limit_name(t, &f));
	step_number(s, "used_ratio", f.value);
	if (floor)
		step_more(s, ", the least that always do");
	else
		step_number(s, "soft_ratio", limit.soft);
	step_number(s, "hard_ratio", limit.hard);
	step_number(s, "factor_ratio", f.factor);
}

void
explain_add_preference(const struct world_task *t, struct explain_steps *out)
{
	const struct phys_row *r = &t->node->steering.row;
	double part = phys_cores(r, t->service->profile) / r->law.cores;
	struct explain_step *s;

	if (t->service->profile == 0 || !(part < 0.995))
		return;
	s = step_add(out, STEP_PREFERENCE,
	    "profile %s: what it needs is scarcer here than elsewhere, so it sees %.0f %% of the cores",
	    profile_name(&t->service->conf.profile), 100 * part);
	step_word(s, "profile", profile_name(&t->service->conf.profile));
	step_number(s, "factor_ratio", part);
}

void
explain_add_slow_start(const struct world *w, const struct world_task *t, int64_t now,
    struct explain_steps *out)
{
	const struct world_node *n = t->node;
	int64_t period = n->steering.row.law.period_usec, span = GUARD_RAMP_PERIODS * period;
	double whole = n->observed.sample.taken_usec != 0 ? n->observed.sample.cores : n->cores_declared;
	double limit = explain_limit(&w->profile[0], n, now).factor, left;
	struct explain_step *s;

	if (span < GUARD_RAMP_USEC)
		span = GUARD_RAMP_USEC;
	if (n->steering.ramp_usec == 0 || now - n->steering.ramp_usec >= span || !(whole > 0) ||
	    n->steering.row.law.cores > 0.995 * whole * limit)
		return;
	left = ceil(explain_seconds(span - (now - n->steering.ramp_usec)));
	s = step_add(out, STEP_SLOW_START,
	    "slow start: it shows %.1f of %.4g cores, all of them in %.0f s",
	    n->steering.row.law.cores, whole, left);
	step_number(s, "left_seconds", left);
	step_number(s, "cores_shown", n->steering.row.law.cores);
	step_number(s, "cores", whole);
}
