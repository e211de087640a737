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
	return 1 - s->memory_available_bytes / s->memory_total_bytes;
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
struct pressure_cut
pressure_cut(const struct profile *p, const struct sample *s)
{
	struct pressure_cut cut = { PRESSURE_STALLS, s->psi_memory_stalled, ramp_at(&stalls, s->psi_memory_stalled) };

	for (int i = 0; i < RESOURCE_COUNT; i++) {
		struct ramp r = { p->limit[i].soft, p->limit[i].hard, PRESSURE_FLOOR };
		double used = r.hard > 0 ? pressure_used(p, (enum resource)i, s) : 0, left = ramp_at(&r, used);
		if (r.hard > 0 && left < cut.factor)
			cut = (struct pressure_cut){ (enum pressure)i, used, left };
	}
	if (cut.factor == 1)
		cut.by = PRESSURE_NONE;
	return cut;
}

/* How strongly a resource is preferred: only what outweighs the cores is, and the more it does the more. */
static double
lead_of(const struct profile *p, int resource)
{
	double w = p->weight[resource], cpu = p->weight[RESOURCE_CPU];

	return resource != RESOURCE_CPU && w > cpu ? 1 - cpu / w : 0;
}

double
pressure_leads(const struct profile *p)
{
	double most = 0;

	for (int i = 0; i < RESOURCE_COUNT; i++)
		most = fmax(most, lead_of(p, i));
	return most;
}

double
pressure_lead(const struct profile *p, const struct sample *s)
{
	double lead = 1;

	for (int i = 0; i < RESOURCE_COUNT; i++) {
		double strength = lead_of(p, i), soft = p->limit[i].hard > 0 ? p->limit[i].soft : 1, used;
		if (strength == 0)
			continue;
		used = pressure_used(p, (enum resource)i, s);
		if (isnan(used))
			return NAN;
		lead *= 1 - strength * (used < soft ? used / soft : 1);
	}
	return fmax(lead, PRESSURE_FLOOR);
}
