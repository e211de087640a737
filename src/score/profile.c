/*
 * profile: effective cores. The law only knows cores, so everything else that can run out on a node is told to
 * it in cores: a node whose memory is nearly full is a smaller node. A ramp and not a step, so that two nodes
 * on either side of a limit do not throw the load at each other.
 */
#include <math.h>

#include "score/profile.h"

/*
 * Memory: at 85 % used the page cache is being squeezed, at 97 % the killer is near. Stalls (PSI "full": all
 * tasks waited for memory at once) cost throughput directly: above a tenth of the time it shows, at half
 * the time the machine is thrashing. A tenth of the cores stays, for those who have nowhere else to go.
 */
const struct profile profile_default = { .limit = {
	[LIMIT_MEMORY_USED] = { .soft = 0.85, .hard = 0.97, .floor = 0.1 },
	[LIMIT_MEMORY_STALLED] = { .soft = 0.1, .hard = 0.5, .floor = 0.1 },
} };

double
ramp_at(const struct ramp *r, double value)
{
	if (!(value > r->soft))
		return 1;
	if (value >= r->hard)
		return r->floor;
	return 1 - (1 - r->floor) * (value - r->soft) / (r->hard - r->soft);
}

double
profile_memory_used(const struct sample *s)
{
	if (isnan(s->memory_available_bytes) || !(s->memory_total_bytes > 0))
		return NAN;
	return 1 - s->memory_available_bytes / s->memory_total_bytes;
}

/* The scarcest resource binds; cuts are not multiplied, for a thrashing node shows in both. */
struct profile_cut
profile_cut(const struct profile *p, const struct sample *s)
{
	double value[LIMIT_COUNT] = {
		[LIMIT_MEMORY_USED] = profile_memory_used(s),
		[LIMIT_MEMORY_STALLED] = s->psi_memory_stalled,
	};
	struct profile_cut cut = { LIMIT_NONE, 0, 1 };

	for (int i = LIMIT_NONE + 1; i < LIMIT_COUNT; i++) {
		double left = ramp_at(&p->limit[i], value[i]);
		if (left < cut.factor)
			cut = (struct profile_cut){ (enum profile_limit)i, value[i], left };
	}
	return cut;
}
