/*
 * guard: nodes that are new, nodes that fall silent, and nodes whose values are wrong.
 *
 * New nodes. A node's samples count from the second on; until then it counts as the mean of the
 * fleet. It shows a tenth of its cores at first and all of them after 10 s or 10 periods,
 * whichever is longer: 10 s because caches, connection pools and compilers warm up in seconds
 * however short the period; 10 periods because with slow samples 10 s would hand out the full share
 * before its effect on the node shows.
 *
 * Starvation. There is no probe floor, and none is needed. Balancers that learn of a server only
 * through their own requests must keep sending some, or a bad value lasts for ever. Mola learns
 * of a node by its samples, which come whether it gets requests or not: its cost falls with the
 * first sample after the hog has gone, and as its neighbours fill up theirs rises past it.
 * Should the samples stop, its value decays to the mean. What remains is a node whose values are
 * wrong, for as long as they are, and a floor would not help it.
 */
#include <math.h>

#include "base/bug.h"
#include "base/clock.h"
#include "score/guard.h"

#define CORES_MOST	65536
#define THREADS_MOST	4194304.0	/* more than a kernel can have: sums over all nodes must be finite */

double
guard_trust(const struct world_node *n, int64_t now)
{
	struct law_node l = n->steering.row.law;

	l.sampled_usec = n->observed.sample.taken_usec;
	return law_trust(&l, now);
}

int64_t
guard_age_usec(const struct world_node *n, int64_t now)
{
	int64_t taken = n->observed.sample.taken_usec;

	if (taken == 0)
		taken = n->steering.row.law.sampled_usec;
	return taken == 0 ? -1 : now - taken;
}

enum guard_state
guard_state(const struct world_node *n, int64_t now)
{
	double trust = law_trust(&n->steering.row.law, now);

	ASSERT(n->steering.row.law.sampled_usec == 0 || n->steering.row.law.period_usec > 0);
	if (n->drained)
		return GUARD_DRAINED;
	if (trust == 1)
		return GUARD_FRESH;
	if (n->observed.samples > 0 && n->observed.samples < GUARD_SAMPLES && guard_trust(n, now) == 1)
		return GUARD_NEW;
	return trust >= GUARD_FAINT ? GUARD_STALE : GUARD_BLIND;
}

const char *
guard_state_name(enum guard_state s)
{
	static const char *const names[] = { "fresh", "new", "stale", "blind", "drained" };

	ASSERT(s < sizeof names / sizeof *names);
	return names[s];
}

static void
ratio_repair(double *v)
{
	if (!(*v >= 0))
		*v = NAN;
	else if (*v > 1)
		*v = 1;
}

static void
amount_repair(double *v)
{
	if (!(*v >= 0 && isfinite(*v)))
		*v = NAN;
}

const struct why *
guard_check_sample(struct sample *s, int64_t last, int64_t now)
{
	/* Times are of our clock; one from the future would keep the sample fresh for ever. */
	if (s->taken_usec <= last || s->taken_usec > now + USEC_PER_SEC)
		return WHY_METRICS_BACKWARDS;
	if (!(s->cores > 0 && s->cores <= CORES_MOST) || !(s->busy >= 0 && isfinite(s->busy)))
		return WHY_METRICS_INCOMPLETE;
	if (s->busy > s->cores)
		s->busy = s->cores;
	amount_repair(&s->running);
	if (s->running > THREADS_MOST)
		s->running = NAN;
	amount_repair(&s->load1);
	amount_repair(&s->memory_total_bytes);
	amount_repair(&s->memory_available_bytes);
	if (s->memory_available_bytes > s->memory_total_bytes)
		s->memory_available_bytes = NAN;
	ratio_repair(&s->psi_cpu_waiting);
	ratio_repair(&s->psi_memory_waiting);
	ratio_repair(&s->psi_memory_stalled);
	ratio_repair(&s->psi_io_waiting);
	ratio_repair(&s->psi_io_stalled);
	ratio_repair(&s->disk_busy);
	return NULL;
}

double
guard_ramp(int64_t elapsed, int64_t period)
{
	int64_t span = GUARD_RAMP_PERIODS * period;

	ASSERT(period > 0);
	if (span < GUARD_RAMP_USEC)
		span = GUARD_RAMP_USEC;
	if (elapsed >= span)
		return 1;
	if (elapsed < 0)
		elapsed = 0;
	return GUARD_RAMP_FLOOR + (1 - GUARD_RAMP_FLOOR) * (double)elapsed / (double)span;
}
