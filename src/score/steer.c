/*
 * steer: what a worker needs to know of each node, made of what the brain knows. Folding a sample in decides
 * what the node's demand is; a tick sets it beside the others: their mean is what the blind count as, and
 * newcomers are measured against those who have been here for longer.
 * Must not know where samples come from, nor who reads the rows.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/clock.h"
#include "score/demand.h"
#include "score/guard.h"
#include "score/user_metric.h"
#include "score/pressure.h"
#include "score/steer.h"

#define SMOOTH_PERIODS	2

struct fleet {
	double	 others_per_core;	/* of the nodes that we see */
	double	 cores_mean;		/* of those whose cores are known; 1 when none are */
	double	 ramp_most;		/* the most that any node has ramped up */
	bool	 told;			/* Prometheus told us of some node of late */
	bool	 memory;		/* somebody's is seen, or it does not count */
	struct {
		double	 most, mean;	/* of the leads of the nodes that we see; 1 when we see none */
	} lead[PROFILE_SLOTS];
};

struct steer {
	struct world	*world;
	struct steer_conf conf;
	int64_t		 now;		/* of the last tick, */
	struct fleet	 fleet;		/* and what it saw */
	int64_t		 score_due;
	struct profile	 scored;	/* balanced, with the weights of the configuration */
};

struct steer *
steer_new(struct world *w)
{
	struct steer *s = must_zalloc(sizeof *s);

	s->world = w;
	s->conf = (struct steer_conf){ .period_usec = USEC_PER_SEC, .balancers = 1, .best_node_period_usec = 5 * USEC_PER_SEC,
	    .cpu_weight = 0.8, .ram_weight = 0.2 };
	s->scored = profile_all[PROFILE_BALANCED];
	return s;
}

void
steer_free(struct steer **sp)
{
	free(*sp);
	*sp = NULL;
}

void
steer_conf(struct steer *s, const struct steer_conf *c)
{
	ASSERT(c->period_usec > 0 && c->balancers >= 1 && c->best_node_period_usec > 0);
	s->conf = *c;
	s->score_due = 0;
	s->scored.weight[RESOURCE_CPU] = c->cpu_weight;
	s->scored.weight[RESOURCE_RAM] = c->ram_weight;
}

static double
cores_known(const struct world_node *n)
{
	if (n->sample.taken_usec != 0)
		return n->sample.cores;
	if (n->cores_declared > 0)
		return n->cores_declared;
	return n->inherited && n->row.law.sampled_usec != 0 ? n->row.law.cores : 0;
}

static double
ramp_of(const struct world_node *n, int64_t now)
{
	return n->inherited && n->ramp_usec == 0 ? 1 : guard_ramp(now - n->ramp_usec, n->row.law.period_usec);
}

static bool
leads(const struct world *w, unsigned profile)
{
	const struct profile *p = &w->profile[profile];

	return w->profile_used[profile] && (pressure_strength(p) > 0 || p->term[0].query != 0);
}

/* Of the node's own resources; NAN when it cannot be seen. */
static double
lead_seen(const struct profile *p, const struct world_node *n)
{
	return n->sample.taken_usec == 0 ? NAN : pressure_preference(p, &n->smoothed);
}

/* Both kinds together: `seen` of its resources, and what its terms say. */
static double
lead_whole(const struct profile *p, const struct world_node *n, double seen)
{
	double used[TERMS_MAX];

	user_metric_usage(n, p, used);
	return fmax(seen * pressure_preference_metrics(p, used), PRESSURE_FLOOR);
}

/* How the nodes compare in what the profile weighs more than cores. */
static void
leads_look(const struct steer *s, struct fleet *f, unsigned profile, int64_t now)
{
	const struct profile *p = &s->world->profile[profile];
	double sum = 0, most = 0, mean, lead;
	struct world_node *n;
	unsigned seen = 0;

	LIST_FOREACH(n, &s->world->nodes, link)
		if (!n->drained && guard_trust(n, now) == 1 && !isnan(lead = lead_seen(p, n))) {
			sum += lead;
			seen++;
		}
	mean = seen > 0 ? sum / seen : 1;
	LIST_FOREACH(n, &s->world->nodes, link) {
		lead = guard_trust(n, now) == 1 ? lead_seen(p, n) : mean;
		if (!n->drained)
			most = fmax(most, lead_whole(p, n, isnan(lead) ? mean : lead));
	}
	f->lead[profile].most = most > 0 ? most : 1;
	f->lead[profile].mean = mean;
}

static struct fleet
fleet_look(const struct steer *s, int64_t now)
{
	double others = 0, fresh_cores = 0, cores = 0, known = 0, ramp = 0;
	struct world_node *n;
	struct fleet f;
	bool told = false, memory = false;

	LIST_FOREACH(n, &s->world->nodes, link) {
		double c = cores_known(n);
		if (n->ramp_usec == 0 && !n->inherited)
			n->ramp_usec = now;
		cores += c;
		known += c > 0;
		memory |= n->samples > 0 && !score_is_partial(&s->scored, &n->sample);
		if (!n->drained)
			ramp = fmax(ramp, ramp_of(n, now));
		if (guard_state(n, now) == GUARD_FRESH && c > 0) {
			told |= n->sample.source == SOURCE_PROMETHEUS;
			others += n->row.law.others;
			fresh_cores += c;
		}
	}
	f = (struct fleet){
		.others_per_core = fresh_cores > 0 ? others / fresh_cores : 0,
		.cores_mean = known > 0 ? cores / known : 1,
		.ramp_most = ramp > 0 ? ramp : 1,
		.told = told,
		.memory = memory,
	};
	for (unsigned p = 0; p < PROFILE_SLOTS; p++)
		if (leads(s->world, p))
			leads_look(s, &f, p, now);
	return f;
}

/* What presses on the node in the eyes of a profile, as a factor of its cores. Who cannot be seen counts as the mean. */
static double
pressed(const struct steer *s, const struct world_node *n, unsigned profile)
{
	const struct profile *p = &s->world->profile[profile];
	double cut = n->sample.taken_usec != 0 ? pressure_limit(p, &n->smoothed).factor : 1, trust = guard_trust(n, s->now), lead = 1;
	double mean = s->fleet.lead[profile].mean, used[TERMS_MAX];

	user_metric_usage(n, p, used);
	cut = fmin(1 - trust * (1 - cut), pressure_limit_metrics(p, used).factor);
	if (leads(s->world, profile)) {
		lead = lead_seen(p, n);
		lead = lead_whole(p, n, isnan(lead) ? mean : trust * lead + (1 - trust) * mean);
		lead = fmin(1, lead / s->fleet.lead[profile].most);
	}
	return cut * lead;
}

/*
 * Effective cores. What pressed on the node at its last sample is believed as far as the sample is.
 * Slow start is relative to the node that has come furthest: a fleet that begins together (Mola has just
 * started) begins at full size, and only those who join it later begin small.
 */
static double
cores_effective(const struct steer *s, const struct world_node *n, double cores, unsigned profile)
{
	return cores * pressed(s, n, profile) * fmin(1, ramp_of(n, s->now) / s->fleet.ramp_most);
}

static double
score_as(const struct steer *s, const struct world_node *n, const struct profile *p)
{
	double used[TERMS_MAX];

	user_metric_usage_latest(s->world, n, p, s->now, used);
	return score_plain(p, n->samples > 0 ? &n->sample : NULL, used);
}

static double
held_as(const struct world_node *n, const struct profile *p)
{
	double used[TERMS_MAX];

	user_metric_usage(n, p, used);
	return fmax(pressure_strength(p), pressure_strength_metrics(p, used));
}

/* Where some are seen whole, those that are half seen do not count. */
static double
score_balanced(const struct steer *s, const struct world_node *n)
{
	bool half = s->fleet.memory && score_is_partial(&s->scored, &n->sample);

	return n->samples > 0 && !half ? score_plain(&s->scored, &n->sample, NULL) : 0;
}

/* The columns of the profiles beside balanced. */
static void
node_as(const struct steer *s, const struct world_node *n, double cores, bool score, struct phys_row *row)
{
	for (unsigned p = 1; p < PROFILE_SLOTS; p++) {
		struct phys_as *as = &row->as[p - 1];
		if (!s->world->profile_used[p]) {
			*as = (struct phys_as){ 0, 0, 0 };
			continue;
		}
		score |= as->cores == 0;		/* a profile that nobody had */
		as->cores = cores_effective(s, n, cores, p);
		as->held = held_as(n, &s->world->profile[p]);
		if (score)
			as->score = score_as(s, n, &s->world->profile[p]);
	}
}

static void
node_tick(struct steer *s, struct world_node *n, bool score_due, int64_t now)
{
	const struct fleet *f = &s->fleet;
	double cores = cores_known(n);
	struct phys_row row = n->row, published;

	if (n->samples > 0 && guard_trust(n, now) < GUARD_FAINT)
		n->samples = 0;			/* forgotten: when it comes back, it is new */
	if (cores == 0)
		cores = f->cores_mean;
	row.law.cores = cores_effective(s, n, cores, 0);
	row.law.neutral = f->others_per_core * cores;
	row.law.balancers = s->conf.balancers;
	if (n->sample.taken_usec == 0 && row.law.sampled_usec == 0)
		row.law.period_usec = s->conf.period_usec;
	score_due |= n->samples <= 1;		/* who is seen for the first time need not wait for its turn */
	if (score_due)
		row.score = score_balanced(s, n);
	node_as(s, n, cores, score_due, &row);
	n->row = row;
	phys_read(s->world->phys, n->slot, &published);
	if (memcmp(&row, &published, sizeof row) != 0)
		phys_write(s->world->phys, n->slot, &row);
}

/* The rhythm of the samples is the shorter of the last two gaps: one long gap is a silence, two are a rhythm. */
static void
rhythm_learn(const struct steer *s, struct world_node *n, const struct sample *sample)
{
	bool slow = sample->source == SOURCE_PROMETHEUS && s->conf.prometheus_period_usec > 0;
	int64_t least = slow ? s->conf.prometheus_period_usec : s->conf.period_usec;
	int64_t gap = n->sample.taken_usec == 0 ? 0 : sample->taken_usec - n->sample.taken_usec;
	int64_t measured = gap < n->gap_usec ? gap : n->gap_usec;

	n->row.law.period_usec = measured > least ? measured : least;
	n->gap_usec = gap;
}

/* n_s: a mean for a mean, an instant for an instant. The mean is what the ticks have seen, unless given. */
static double
inflight_met(struct world_node *n, const struct demand *d, double inflight, double mean)
{
	if (isnan(mean))
		mean = n->inflight_looks > 0 ? n->inflight_sum / n->inflight_looks : inflight;
	n->inflight_sum = n->inflight_looks = 0;
	return d->instant ? inflight : mean;
}

static double
smooth(double before, double now, double part)
{
	return isnan(before) || isnan(now) ? now : before + part * (now - before);
}

/*
 * What requests hold (memory, links, disks) answers to where they are sent, one sample later. Believed at once, a
 * node would be left and flooded in turns; as a mean over SMOOTH_PERIODS it settles. Stalls of memory are believed at once.
 */
static struct sample
sample_smooth(const struct world_node *n, const struct sample *s)
{
	double gap = (double)(s->taken_usec - n->sample.taken_usec) / (double)n->row.law.period_usec;
	double part = n->samples == 0 || n->sample.taken_usec == 0 ? 1 : 1 - exp(-gap / SMOOTH_PERIODS);
	struct sample f = *s;

	f.memory_available_bytes = smooth(n->smoothed.memory_available_bytes, s->memory_available_bytes, part);
	f.psi_io_stalled = smooth(n->smoothed.psi_io_stalled, s->psi_io_stalled, part);
	f.disk_busy = smooth(n->smoothed.disk_busy, s->disk_busy, part);
	f.net_receive = smooth(n->smoothed.net_receive, s->net_receive, part);
	f.net_transmit = smooth(n->smoothed.net_transmit, s->net_transmit, part);
	return f;
}

const struct why *
steer_sample(struct steer *s, struct world_node *n, const struct sample *sample, double inflight)
{
	return steer_sample_late(s, n, sample, inflight, NAN);
}

const struct why *
steer_sample_late(struct steer *s, struct world_node *n, const struct sample *sample, double inflight, double inflight_mean)
{
	struct law_node *law = &n->row.law;
	struct sample good = *sample;
	const struct why *why = guard_check_sample(&good, n->sample.taken_usec, s->now == 0 ? good.taken_usec : s->now);
	struct demand demand = demand_of(&good);
	bool returned = n->samples == 0 && n->sample.taken_usec != 0;

	if (why != NULL)
		return why;
	/*
	 * Back after we had forgotten it, and none of our requests on it: it was away, and not only its exporter. When
	 * Prometheus was mute of all nodes, it was Prometheus that was away.
	 */
	if (returned && inflight == 0 && (good.source != SOURCE_PROMETHEUS || s->fleet.told))
		n->ramp_usec = good.taken_usec;
	rhythm_learn(s, n, &good);
	n->smoothed = sample_smooth(n, &good);
	n->sample = good;
	n->inflight_sampled = inflight_met(n, &demand, inflight, inflight_mean);
	if (n->samples < UINT32_MAX)
		n->samples++;
	if (n->samples >= GUARD_SAMPLES) {
		law->others = demand.threads - s->conf.balancers * n->inflight_sampled;
		law->sampled_usec = good.taken_usec;
	}
	if (s->now != 0)			/* what concerns this node alone need not wait for the next tick */
		node_tick(s, n, false, s->now);
	return NULL;
}

void
steer_tick(struct steer *s, int64_t now)
{
	bool score_due = now >= s->score_due;
	struct world_node *n;

	s->now = now;
	user_metric_refresh(s->world, now);
	s->fleet = fleet_look(s, now);
	if (score_due)
		s->score_due = now + s->conf.best_node_period_usec;
	LIST_FOREACH(n, &s->world->nodes, link) {
		n->inflight_sum += live_node_inflight(s->world->live, n->slot);
		n->inflight_looks++;
		node_tick(s, n, score_due, now);
	}
}
