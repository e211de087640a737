/*
 * pressure: everything that can run out on a node, expressed in cores. The law only knows cores:
 * to it, a node whose memory is nearly full is a smaller node. A ramp and not a step, so that
 * two nodes on either side of a limit do not throw the load at each other.
 */
#include <math.h>

#include "base/bug.h"
#include "score/pressure.h"

/*
 * Stalls of memory (PSI "full": all tasks waited for memory at once) cost throughput directly,
 * whatever a service is made for: above a tenth of the time it shows, at half the time the
 * machine is thrashing.
 */
static const struct ramp stalls = { PRESSURE_STALLS_SOFT, PRESSURE_STALLS_HARD, PRESSURE_FLOOR };

double
ramp_at(const struct ramp *r, double value)
{
	ASSERT(r->soft < r->hard && r->floor >= 0 && r->floor <= 1);
	if (!(value > r->soft))
		return 1;
	if (value >= r->hard)
		return r->floor;
	return 1 - (1 - r->floor) * (value - r->soft) / (r->hard - r->soft);
}

double
pressure_used(const struct profile *p, enum resource r, const struct sample *s)
{
	switch (r) {
	case RESOURCE_CPU:
		ASSERT(s->cores > 0 && s->busy >= 0 && s->busy <= s->cores);
		return s->busy / s->cores;
	case RESOURCE_RAM:
		if (isnan(s->memory_available_bytes) || !(s->memory_total_bytes > 0))
			return NAN;
		/* a mean of what is available may exceed the size of a machine that has just lost some of its
		 * memory */
		return fmax(0, 1 - s->memory_available_bytes / s->memory_total_bytes);
	case RESOURCE_IO:
		/* a busy disk may have much to give yet (many queues), so the stalls that it causes come first */
		return isnan(s->psi_io_stalled) ? s->disk_busy : s->psi_io_stalled;
	case RESOURCE_NET:
		ASSERT(p->link > 0);
		return fmin(1, fmax(s->net_receive, s->net_transmit) / p->link);
	case RESOURCE_COUNT:
		break;
	}
	BUG("no such resource");
}

/* The scarcest resource binds; factors are not multiplied, for a thrashing node shows in more
 * than one. */
struct cores_factor
pressure_limit(const struct profile *p, const struct sample *s)
{
	struct cores_factor least = { PRESSURE_STALLS, s->psi_memory_stalled,
	    ramp_at(&stalls, s->psi_memory_stalled), 0 };

	for (int i = 0; i < RESOURCE_COUNT; i++) {
		struct ramp r = { p->limit[i].soft, p->limit[i].hard, PRESSURE_FLOOR };
		double used, left;
		if (r.hard == 0)
			continue;
		used = pressure_used(p, (enum resource)i, s);
		left = ramp_at(&r, used);
		if (left < least.factor)
			least = (struct cores_factor){ (enum pressure)i, used, left, 0 };
	}
	ASSERT(least.factor >= PRESSURE_FLOOR && least.factor <= 1);
	if (least.factor == 1)
		least.by = PRESSURE_NONE;
	return least;
}

/* How strongly something is preferred: only what outweighs the cores is, and the more it does
 * the more. */
static double
strength_of(const struct profile *p, double weight)
{
	double cpu = p->weight[RESOURCE_CPU];

	ASSERT(cpu >= 0 && weight >= 0);
	return weight > cpu ? 1 - cpu / weight : 0;
}

static double
preference_of(double strength, const struct profile_limit *l, double used)
{
	double soft = l->hard > 0 ? l->soft : 1;

	ASSERT(strength >= 0 && strength <= 1 && used >= 0);
	return 1 - strength * (used < soft ? used / soft : 1);
}

double
pressure_strength(const struct profile *p)
{
	double most = 0;

	for (int i = 0; i < RESOURCE_COUNT; i++)
		if (i != RESOURCE_CPU)
			most = fmax(most, strength_of(p, p->weight[i]));
	return most;
}

double
pressure_preference(const struct profile *p, const struct sample *s)
{
	double factor = 1;

	for (int i = 0; i < RESOURCE_COUNT; i++) {
		double strength = i == RESOURCE_CPU ? 0 : strength_of(p, p->weight[i]), used;
		if (strength == 0)
			continue;
		used = pressure_used(p, (enum resource)i, s);
		if (isnan(used))
			return NAN;
		factor *= preference_of(strength, &p->limit[i], used);
	}
	ASSERT(factor <= 1);
	return fmax(factor, PRESSURE_FLOOR);
}

/* ---- users' metrics ---- */

struct cores_factor
pressure_limit_metrics(const struct profile *p, const double used[TERMS_MAX])
{
	struct cores_factor least = { PRESSURE_NONE, NAN, 1, 0 };

	for (unsigned i = 0; i < TERMS_MAX; i++) {
		const struct profile_limit *l = &p->term[i].limit;
		struct ramp r = { l->soft, l->hard, PRESSURE_FLOOR };
		double left = l->hard > 0 ? ramp_at(&r, used[i]) : 1;
		if (left < least.factor)
			least = (struct cores_factor){ PRESSURE_TERM, used[i], left, i };
	}
	ASSERT(least.factor >= PRESSURE_FLOOR && least.factor <= 1);
	return least;
}

double
pressure_strength_metrics(const struct profile *p, const double used[TERMS_MAX])
{
	double most = 0;

	for (unsigned i = 0; i < TERMS_MAX; i++)
		if (!isnan(used[i]))
			most = fmax(most, strength_of(p, p->term[i].weight));
	return most;
}

double
pressure_preference_metrics(const struct profile *p, const double used[TERMS_MAX])
{
	double factor = 1;

	for (unsigned i = 0; i < TERMS_MAX; i++)
		if (!isnan(used[i]))
			factor *= preference_of(strength_of(p, p->term[i].weight), &p->term[i].limit, used[i]);
	ASSERT(factor <= 1);
	return fmax(factor, PRESSURE_FLOOR);
}
