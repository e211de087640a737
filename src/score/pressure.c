/*
 * pressure: effective cores. The law only knows cores, so everything else that can run out on a node is told to
 * it in cores: a node whose memory is nearly full is a smaller node. A ramp and not a step, so that two nodes
 * on either side of a limit do not throw the load at each other.
 */
#include <math.h>

#include "score/pressure.h"

/*
 * Stalls of memory (PSI "full": all tasks waited for memory at once) cost throughput directly, whatever a service is
 * made for: above a tenth of the time it shows, at half the time the machine is thrashing.
 */
static const struct ramp stalls = { .soft = 0.1, .hard = 0.5, .floor = PRESSURE_FLOOR };

double
ramp_at(const struct ramp *r, double value)
{
	if (!(value > r->soft))
		return 1;
	if (value >= r->hard)
		return r->floor;
	return 1 - (1 - r->floor) * (value - r->soft) / (r->hard - r->soft);
}

static double
ram_used(const struct sample *s)
{
	if (isnan(s->memory_available_bytes) || !(s->memory_total_bytes > 0))
		return NAN;
	/* a mean of what is available may exceed the size of a machine that has just lost some of its memory */
	return fmax(0, 1 - s->memory_available_bytes / s->memory_total_bytes);
}

double
pressure_used(const struct profile *p, enum resource r, const struct sample *s)
{
	switch (r) {
	case RESOURCE_CPU:
		return s->busy / s->cores;
	case RESOURCE_RAM:
		return ram_used(s);
	case RESOURCE_IO:
		/* a busy disk may have much to give yet (many queues), so what others feel of it is heard first */
		return isnan(s->psi_io_stalled) ? s->disk_busy : s->psi_io_stalled;
	case RESOURCE_NET:
		return fmin(1, fmax(s->net_receive, s->net_transmit) / p->link);
	default:
		return NAN;
	}
}

/* The scarcest resource binds; cuts are not multiplied, for a thrashing node shows in more than one. */
struct cores_factor
pressure_limit(const struct profile *p, const struct sample *s)
{
	struct cores_factor cut = { PRESSURE_STALLS, s->psi_memory_stalled, ramp_at(&stalls, s->psi_memory_stalled), 0 };

	for (int i = 0; i < RESOURCE_COUNT; i++) {
		struct ramp r = { p->limit[i].soft, p->limit[i].hard, PRESSURE_FLOOR };
		double used = r.hard > 0 ? pressure_used(p, (enum resource)i, s) : 0, left = ramp_at(&r, used);
		if (r.hard > 0 && left < cut.factor)
			cut = (struct cores_factor){ (enum pressure)i, used, left, 0 };
	}
	if (cut.factor == 1)
		cut.by = PRESSURE_NONE;
	return cut;
}

/* How strongly something is preferred: only what outweighs the cores is, and the more it does the more. */
static double
strength(const struct profile *p, double weight)
{
	double cpu = p->weight[RESOURCE_CPU];

	return weight > cpu ? 1 - cpu / weight : 0;
}

static double
lead_of(const struct profile *p, int resource)
{
	return resource == RESOURCE_CPU ? 0 : strength(p, p->weight[resource]);
}

double
pressure_strength(const struct profile *p)
{
	double most = 0;

	for (int i = 0; i < RESOURCE_COUNT; i++)
		most = fmax(most, lead_of(p, i));
	return most;
}

static double
led(double strong, const struct profile_limit *l, double used)
{
	double soft = l->hard > 0 ? l->soft : 1;

	return 1 - strong * (used < soft ? used / soft : 1);
}

double
pressure_preference(const struct profile *p, const struct sample *s)
{
	double lead = 1;

	for (int i = 0; i < RESOURCE_COUNT; i++) {
		double used;
		if (lead_of(p, i) == 0)
			continue;
		used = pressure_used(p, (enum resource)i, s);
		if (isnan(used))
			return NAN;
		lead *= led(lead_of(p, i), &p->limit[i], used);
	}
	return fmax(lead, PRESSURE_FLOOR);
}

/* --- terms --- */

struct cores_factor
pressure_limit_metrics(const struct profile *p, const double used[TERMS_MAX])
{
	struct cores_factor cut = { PRESSURE_NONE, NAN, 1, 0 };

	for (unsigned i = 0; i < TERMS_MAX; i++) {
		const struct profile_limit *l = &p->term[i].limit;
		struct ramp r = { l->soft, l->hard, PRESSURE_FLOOR };
		double left = l->hard > 0 ? ramp_at(&r, used[i]) : 1;
		if (left < cut.factor)
			cut = (struct cores_factor){ PRESSURE_TERM, used[i], left, i };
	}
	return cut;
}

double
pressure_strength_metrics(const struct profile *p, const double used[TERMS_MAX])
{
	double most = 0;

	for (unsigned i = 0; i < TERMS_MAX; i++)
		if (!isnan(used[i]))
			most = fmax(most, strength(p, p->term[i].weight));
	return most;
}

double
pressure_preference_metrics(const struct profile *p, const double used[TERMS_MAX])
{
	double lead = 1;

	for (unsigned i = 0; i < TERMS_MAX; i++)
		if (!isnan(used[i]))
			lead *= led(strength(p, p->term[i].weight), &p->term[i].limit, used[i]);
	return fmax(lead, PRESSURE_FLOOR);
}
