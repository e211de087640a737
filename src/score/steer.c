/*
 * steer: what a worker needs to know of each node, made of what the brain knows.
 *
 * A sample is folded in by steer_sample_late(): guard_check_sample() accepts it, fields_keep()
 * fills in what it lacks and an earlier one had, demand_of() says how many threads wanted a core,
 * smooth_sample() averages what reacts to our own requests, and node_publish() makes the row of it:
 * cores_effective() for each profile, others and neutral
 * for the law, the score. A tick does the last step again for every node, beside the others:
 * their mean is what a node without a signal counts as, and newcomers are measured against nodes
 * that have been here for longer. (How a sample gets here: collect/source.c.) Must not know
 * where samples come from, nor who reads the rows.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "base/clock.h"
#include "score/demand.h"
#include "score/fields.h"
#include "score/guard.h"
#include "score/pressure.h"
#include "score/steer.h"
#include "score/user_metric.h"

struct steer_fleet {			/* all nodes, at the last tick */
	double	 others_per_core;	/* of the nodes with a fresh signal */
	double	 cores_mean;		/* of those whose cores are known; 1 when none are */
	double	 ramp_most;		/* the furthest slow start, 0..1 */
	bool	 prometheus;		/* some node has a fresh sample from there */
	bool	 memory;		/* some node's memory is known; else it does not count in scores */
	struct {
		double	 most, mean;	/* preference factors; 1 when none is known */
	} preference[PROFILE_SLOTS];
};

/* How much of what sets a node apart lasts from one sample to the next: the slope of the line
 * through what was and what is, over all nodes' samples. */
struct steer_lasting {
	double	 product, square;	/* of both, of the earlier one; threads squared */
	double	 pairs;
};

#define LASTING_PAIRS	400		/* of samples; the older ones are forgotten */
/* How much must be seen to outweigh what is assumed: so many threads squared, and so many pairs. */
#define LASTING_ASSUMED	10.0
#define LASTING_ASSUMED_PAIRS	8
#define USUAL			3.0

struct steer {
	struct world	*world;
	struct steer_conf conf;
	int64_t		 now;		/* of the last tick; 0: none yet */
	struct steer_fleet fleet;	/* and what it found */
	struct steer_lasting lasting;
	int64_t		 score_due;
	struct profile	 scored;	/* balanced, with the weights of the configuration */
};

struct steer *
steer_new(struct world *w)
{
	struct steer *s = must_zalloc(sizeof *s);

	s->world = w;
	s->conf = (struct steer_conf){ .period_usec = USEC_PER_SEC, .balancers = 1,
	    .best_node_period_usec = 5 * USEC_PER_SEC, .cpu_weight = 0.8, .ram_weight = 0.2 };
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
	ASSERT(c->cpu_weight >= 0 && c->ram_weight >= 0 && c->prometheus_period_usec >= 0);
	s->conf = *c;
	s->score_due = 0;
	s->scored.weight[RESOURCE_CPU] = c->cpu_weight;
	s->scored.weight[RESOURCE_RAM] = c->ram_weight;
}

int64_t
steer_scores_due(const struct steer *s)
{
	return s->score_due;
}

void
steer_set_scores_due(struct steer *s, int64_t at)
{
	s->score_due = at;
}

/* 0: not known. */
static double
cores_of(const struct world_node *n)
{
	if (n->observed.sample.taken_usec != 0)
		return n->observed.sample.cores;
	if (n->cores_declared > 0)
		return n->cores_declared;
	return n->inherited && n->steering.row.law.sampled_usec != 0 ? n->steering.row.law.cores : 0;
}

/* How far its slow start has come: 0.1 .. 1. */
static double
ramp_of(const struct world_node *n, int64_t now)
{
	if (n->inherited && n->steering.ramp_usec == 0)
		return 1;
	return guard_ramp(now - n->steering.ramp_usec, n->steering.row.law.period_usec);
}

/* ---- preferences: how nodes compare in what a profile weighs more than cores ---- */

static bool
has_preference(const struct world *w, unsigned profile)
{
	const struct profile *p = &w->profile[profile];

	return w->profile_used[profile] && (pressure_strength(p) > 0 || p->term[0].query != 0);
}

/* By the node's own resources; NAN when they are not known. */
static double
preference_sampled(const struct profile *p, const struct world_node *n)
{
	return n->observed.sample.taken_usec == 0 ? NAN : pressure_preference(p, &n->observed.smoothed);
}

/* By its resources, as far as they are trusted (else by the mean), and by users' metrics. */
static double
preference_whole(const struct profile *p, const struct world_node *n, double trust, double mean)
{
	double sampled = preference_sampled(p, n), used[TERMS_MAX];
	double own = isnan(sampled) ? mean : trust * sampled + (1 - trust) * mean;

	ASSERT(own > 0 && own <= 1);
	user_metric_usage(n, p, used);
	return fmax(own * pressure_preference_metrics(p, used), PRESSURE_FLOOR);
}

static void
fleet_compare_preferences(struct steer *s, unsigned profile, int64_t now)
{
	const struct profile *p = &s->world->profile[profile];
	double sum = 0, most = 0, mean, factor;
	struct world_node *n;
	unsigned known = 0;

	LIST_FOREACH(n, &s->world->nodes, link)
		if (!n->drained && guard_trust(n, now) == 1 && !isnan(factor = preference_sampled(p, n))) {
			sum += factor;
			known++;
		}
	mean = known > 0 ? sum / known : 1;
	LIST_FOREACH(n, &s->world->nodes, link)
		if (!n->drained)
			most = fmax(most, preference_whole(p, n, guard_trust(n, now) == 1 ? 1 : 0, mean));
	s->fleet.preference[profile].most = most > 0 ? most : 1;
	s->fleet.preference[profile].mean = mean;
}

static void
fleet_survey(struct steer *s, int64_t now)
{
	double others = 0, fresh_cores = 0, cores = 0, known = 0, ramp = 0;
	struct steer_fleet *f = &s->fleet;
	struct world_node *n;

	*f = (struct steer_fleet){ .prometheus = false };
	LIST_FOREACH(n, &s->world->nodes, link) {
		double c = cores_of(n);
		if (n->steering.ramp_usec == 0 && !n->inherited)
			n->steering.ramp_usec = now;
		cores += c;
		known += c > 0;
		f->memory |= n->observed.samples > 0 && !score_is_partial(&s->scored, &n->observed.sample);
		if (!n->drained)
			ramp = fmax(ramp, ramp_of(n, now));
		if (guard_state(n, now) == GUARD_FRESH && c > 0) {
			f->prometheus |= n->observed.sample.source == SOURCE_PROMETHEUS;
			others += n->steering.row.law.others;
			fresh_cores += c;
		}
	}
	f->others_per_core = fresh_cores > 0 ? others / fresh_cores : 0;
	f->cores_mean = known > 0 ? cores / known : 1;
	f->ramp_most = ramp > 0 ? ramp : 1;
	ASSERT(isfinite(f->others_per_core) && f->cores_mean > 0 && f->ramp_most <= 1);
	for (unsigned p = 0; p < PROFILE_SLOTS; p++)
		if (has_preference(s->world, p))
			fleet_compare_preferences(s, p, now);
}

/* ---- from a node to its row ---- */

/*
 * What the node is to services of a profile: its cores * limit * preference * slow start. What
 * its last sample says of resources counts as far as the sample is trusted. Slow start is
 * relative to the node that has come furthest: a fleet that begins together (Mola has just
 * started) begins at full size, and only nodes that join it later begin small.
 */
static double
cores_effective(const struct steer *s, const struct world_node *n, double cores, unsigned profile)
{
	const struct profile *p = &s->world->profile[profile];
	double trust = guard_trust(n, s->now), preference = 1, used[TERMS_MAX], limit, effective;

	limit = n->observed.sample.taken_usec != 0 ? pressure_limit(p, &n->observed.smoothed).factor : 1;
	limit = 1 - trust * (1 - limit);
	if (p->term[0].query != 0) {
		user_metric_usage(n, p, used);
		limit = fmin(limit, pressure_limit_metrics(p, used).factor);
	}
	if (has_preference(s->world, profile))
		preference = fmin(1, preference_whole(p, n, trust, s->fleet.preference[profile].mean) /
		    s->fleet.preference[profile].most);
	effective = cores * (limit * preference) * fmin(1, ramp_of(n, s->now) / s->fleet.ramp_most);
	ASSERT(effective > 0 && effective <= cores);
	return effective;
}

/* Where some nodes' memory is known, those whose memory is not do not count. */
static double
score_balanced(const struct steer *s, const struct world_node *n)
{
	if (n->observed.samples == 0 ||
	    (s->fleet.memory && score_is_partial(&s->scored, &n->observed.sample)))
		return 0;
	return score_plain(&s->scored, &n->observed.sample, NULL);
}

/* One of the row's columns for the profiles beside balanced. */
static void
node_fill_column(const struct steer *s, const struct world_node *n, double cores, unsigned profile,
    bool score_due, struct phys_as *as)
{
	const struct profile *p = &s->world->profile[profile];
	double used[TERMS_MAX];

	if (!s->world->profile_used[profile]) {
		if (as->cores > 0)
			*as = (struct phys_as){ 0, 0, 0 };
		return;
	}
	score_due |= as->cores == 0;		/* no service had the profile until now */
	as->cores = cores_effective(s, n, cores, profile);
	user_metric_usage(n, p, used);
	as->held = fmax(pressure_strength(p), pressure_strength_metrics(p, used));
	if (score_due) {
		user_metric_usage_latest(s->world, n, p, s->now, used);
		as->score = score_plain(p, n->observed.samples > 0 ? &n->observed.sample : NULL, used);
	}
	ASSERT(as->held >= 0 && as->held <= 1 && as->score >= 0 && as->score <= 100);
}

void
steer_forget(struct world_node *n)
{
	n->observed.samples = 0;
}

static double
memory_used(const struct world_node *n)
{
	const struct sample *m = &n->observed.sample;
	double used;

	if (n->observed.samples == 0 || !(m->memory_total_bytes > 0))
		return 0;
	used = 1 - m->memory_available_bytes / m->memory_total_bytes;
	return used > 0 ? (used < 1 ? used : 1) : 0;
}

static void
node_publish(struct steer *s, struct world_node *n, bool score_due, int64_t now)
{
	double cores = cores_of(n);
	struct phys_row *row = &n->steering.row;

	ASSERT(n->observed.samples == 0 || n->observed.sample.taken_usec != 0);
	if (n->observed.samples > 0 && guard_trust(n, now) < GUARD_FAINT)
		steer_forget(n);		/* when it comes back, it is new */
	if (cores == 0)
		cores = s->fleet.cores_mean;
	row->law.cores = cores_effective(s, n, cores, 0);
	row->law.neutral = s->fleet.others_per_core * cores;
	row->law.balancers = s->conf.balancers;
	if (n->observed.sample.taken_usec == 0 && row->law.sampled_usec == 0)
		row->law.period_usec = s->conf.period_usec;
	score_due |= n->observed.samples <= 1;		/* a node's first sample need not wait for its turn */
	if (score_due)
		row->score = score_balanced(s, n);
	row->memory = memory_used(n);
	row->ramp_usec = n->steering.ramp_usec;
	for (unsigned p = 1; p < PROFILE_SLOTS; p++)
		node_fill_column(s, n, cores, p, score_due, &row->as[p - 1]);
	ASSERT(row->score >= 0 && row->score <= 100);
	ASSERT(isfinite(row->law.others) && isfinite(row->law.neutral));
	if (!phys_holds(s->world->phys, n->slot, row))
		phys_write(s->world->phys, n->slot, row);
}

/* ---- from a sample to a node ---- */

/* The rhythm of the samples is the shorter of the last two gaps: one long gap is a silence, two
 * are a rhythm. */
static void
learn_period(const struct steer *s, struct world_node *n, const struct sample *sample)
{
	bool slow = sample->source == SOURCE_PROMETHEUS && s->conf.prometheus_period_usec > 0;
	int64_t least = slow ? s->conf.prometheus_period_usec : s->conf.period_usec;
	int64_t last = n->observed.sample.taken_usec;
	int64_t gap = last == 0 ? 0 : sample->taken_usec - last;
	int64_t measured = gap < n->steering.gap_usec ? gap : n->steering.gap_usec;

	ASSERT(gap >= 0);
	n->steering.row.law.period_usec = measured > least ? measured : least;
	n->steering.gap_usec = gap;
}

static double
smooth(double before, double now, double part)
{
	return isnan(before) || isnan(now) ? now : before + part * (now - before);
}

/*
 * What requests hold (memory, links, disks) follows from where they are sent, one sample later.
 * Used at once, a node would be left and flooded in turns; as a mean over SMOOTH_PERIODS it
 * settles. Stalls of memory count at once.
 */
static struct sample
smooth_sample(const struct world_node *n, const struct sample *s)
{
	int64_t last_usec = n->observed.sample.taken_usec;
	double gap = (double)(s->taken_usec - last_usec) / (double)n->steering.row.law.period_usec;
	double part = n->observed.samples == 0 || last_usec == 0 ? 1 : 1 - exp(-gap / SMOOTH_PERIODS);
	const struct sample *last = &n->observed.smoothed;
	struct sample f = *s;

	ASSERT(part > 0 && part <= 1 && s->cores > 0 && s->busy <= s->cores);
	f.memory_available_bytes = smooth(last->memory_available_bytes, s->memory_available_bytes, part);
	f.psi_io_stalled = smooth(last->psi_io_stalled, s->psi_io_stalled, part);
	f.disk_busy = smooth(last->disk_busy, s->disk_busy, part);
	f.net_receive = smooth(last->net_receive, s->net_receive, part);
	f.net_transmit = smooth(last->net_transmit, s->net_transmit, part);
	return f;
}

/* By how many threads a node was above or below the mean of the fleet, at one sample and the
 * next. */
static void
lasting_learn(struct steer_lasting *l, double before, double after)
{
	double keep = 1 - 1.0 / LASTING_PAIRS;

	l->product = keep * l->product + before * after;
	l->square = keep * l->square + before * before;
	l->pairs = keep * l->pairs + 1;
}

static double
lasting_of(const struct steer_lasting *l, int64_t period_usec)
{
	double assumed = exp(-(double)period_usec / LAW_LASTS_USEC), weight = LASTING_ASSUMED;

	if (l->pairs > 0)
		weight += LASTING_ASSUMED_PAIRS * l->square / l->pairs;
	return fmax(0, fmin(1, (l->product + assumed * weight) / (l->square + weight)));
}

/* Distances are noise up to some USUAL times the root of their mean square; what is beyond that is
 * news, such as a hog. */
static double
unusual_of(const struct steer_lasting *l, double distance)
{
	double usual = l->pairs > 0 ? USUAL * USUAL * l->square / l->pairs : 0;
	double part = distance * distance / (distance * distance + usual);
	double rest = usual / (distance * distance + usual);

	return usual > 0 ? part * part / (part * part + rest * rest) : 1;
}

/* Of the threads that want a core those that are not ours, by the node's second sample and each one
 * after it. */
static void
node_take_demand(struct steer *s, struct world_node *n, double wanted, double ours)
{
	struct law_node *l = &n->steering.row.law;
	double others = wanted - ours;

	n->steering.row.wanted = wanted;
	l->unusual = unusual_of(&s->lasting, others - l->neutral);
	if (l->sampled_usec != 0)
		lasting_learn(&s->lasting, l->others - l->neutral, others - l->neutral);
	l->others = others;
	l->lasting = lasting_of(&s->lasting, l->period_usec);
	l->sampled_usec = n->observed.sample.taken_usec;
}

static double
held_back(const struct world_node *n, double threads, double ours)
{
	if (n->signal.limits)
		return n->signal.held_back;
	return demand_held_back(threads, ours, n->signal.allowed);
}

const struct why *
steer_sample(struct steer *s, struct world_node *n, const struct sample *sample, double inflight)
{
	return steer_sample_late(s, n, sample, inflight, NAN);
}

const struct why *
steer_sample_late(struct steer *s, struct world_node *n, const struct sample *sample,
    double inflight, double inflight_mean)
{
	int64_t now = s->now == 0 ? sample->taken_usec : s->now;
	bool returned = n->observed.samples == 0 && n->observed.sample.taken_usec != 0;
	struct sample good = *sample;
	const struct why *why = guard_check_sample(&good, n->observed.sample.taken_usec, now);
	struct demand demand;
	double ours;

	ASSERT(inflight >= 0 && (isnan(inflight_mean) || inflight_mean >= 0));
	if (why != NULL)
		return why;
	/*
	 * Back after it was forgotten, and without requests of ours: it was away, and not only its
	 * exporter. When no node had a sample from Prometheus, it was Prometheus that was away.
	 */
	if (returned && inflight == 0 && (good.source != SOURCE_PROMETHEUS || s->fleet.prometheus))
		n->steering.ramp_usec = good.taken_usec;
	learn_period(s, n, &good);
	fields_keep(n, &good);
	n->observed.smoothed = smooth_sample(n, &good);
	n->observed.sample = good;

	/* n_s: a mean for a mean, an instant for an instant. The mean is what the ticks have seen,
	 * unless given. */
	demand = demand_of(&good);
	if (isnan(inflight_mean))
		inflight_mean = n->steering.inflight_looks == 0 ? inflight :
		    n->steering.inflight_sum / n->steering.inflight_looks;
	n->steering.inflight_sum = n->steering.inflight_looks = 0;
	n->observed.inflight = inflight_mean + demand.instant * (inflight - inflight_mean);
	if (n->signal.limits)			/* that is of an instant, too */
		n->observed.inflight = inflight;
	ours = s->conf.balancers * n->observed.inflight;
	if (n->observed.samples < UINT32_MAX)
		n->observed.samples++;
	if (n->observed.samples >= GUARD_SAMPLES)
		node_take_demand(s, n, demand.threads + held_back(n, demand.threads, ours), ours);
	if (s->now != 0)			/* what concerns this node alone need not wait for the next tick */
		node_publish(s, n, false, s->now);
	return NULL;
}

void
steer_tick(struct steer *s, int64_t now)
{
	bool score_due = now >= s->score_due;
	struct world_node *n;

	ASSERT(now >= s->now);
	s->now = now;
	user_metric_refresh(s->world, now);
	fleet_survey(s, now);
	if (score_due)
		s->score_due = now + s->conf.best_node_period_usec;
	LIST_FOREACH(n, &s->world->nodes, link) {
		n->steering.inflight_sum += live_node_inflight(s->world->live, n->slot);
		n->steering.inflight_looks++;
		node_publish(s, n, score_due, now);
	}
}
