#include <math.h>
#include <stddef.h>

#include "base/bug.h"
#include "score/fields.h"
#include "world/law.h"

#define GAP_MOST_USEC	INT64_C(60000000)	/* what comes less often is fresh no longer than that */

/* The first value stands for all: what has it, has the part. */
static const struct part {
	const char	*name;
	size_t		 value[2];
} part_all[SAMPLE_PARTS] = {
#define AT(member) offsetof(struct sample, member)
	[PART_MEMORY] = { "memory", { AT(memory_available_bytes), AT(memory_total_bytes) } },
	[PART_CPU_WAITING] = { "pressure_cpu", { AT(psi_cpu_waiting), AT(psi_cpu_waiting) } },
	[PART_MEMORY_WAITING] = { "pressure_memory", { AT(psi_memory_waiting), AT(psi_memory_stalled) } },
	[PART_IO_WAITING] = { "pressure_io", { AT(psi_io_waiting), AT(psi_io_stalled) } },
	[PART_DISK] = { "disk", { AT(disk_busy), AT(disk_busy) } },
	[PART_NET] = { "net", { AT(net_receive), AT(net_transmit) } },
#undef AT
};

static double *
value_at(struct sample *s, size_t at)
{
	return (double *)((char *)s + at);
}

static bool
has_part(const struct sample *s, enum sample_part p)
{
	return !isnan(*(const double *)((const char *)s + part_all[p].value[0]));
}

static bool
is_fresh(const struct world_node *n, const struct sample_origin *o, int64_t now)
{
	int64_t gap = o->gap_usec < GAP_MOST_USEC ? o->gap_usec : GAP_MOST_USEC;
	int64_t period = n->steering.row.law.period_usec;

	return now - o->taken_usec <= LAW_FRESH_PERIODS * (gap > period ? gap : period);
}

/* A sample that this brain did not fold in (a replay begins with one) had all its parts itself. */
static void
origin_find(const struct world_node *n, enum sample_part p, struct sample_origin *o)
{
	const struct sample *last = &n->observed.sample;

	if (last->taken_usec != 0 && has_part(last, p) && o->taken_usec == 0)
		*o = (struct sample_origin){ last->taken_usec, last->taken_usec, 0, last->source };
}

void
fields_keep(struct world_node *n, struct sample *s)
{
	for (unsigned p = 0; p < SAMPLE_PARTS; p++) {
		struct sample_origin *o = &n->observed.origin[p];
		origin_find(n, p, o);
		if (has_part(s, p)) {
			int64_t gap = o->last_usec == 0 ? 0 : s->taken_usec - o->last_usec;
			*o = (struct sample_origin){ s->taken_usec, s->taken_usec, gap, s->source };
			continue;
		}
		if (o->taken_usec == 0 || !is_fresh(n, o, s->taken_usec)) {
			o->taken_usec = 0;
			continue;
		}
		for (unsigned k = 0; k < 2; k++)
			*value_at(s, part_all[p].value[k]) =
			    *value_at(&n->observed.sample, part_all[p].value[k]);
	}
}

const char *
fields_part_name(enum sample_part p)
{
	ASSERT(p < SAMPLE_PARTS);
	return part_all[p].name;
}

bool
fields_differ(const struct world_node *n, enum sample_part p)
{
	const struct sample_origin *o = &n->observed.origin[p];

	return o->taken_usec != 0 && (o->taken_usec != n->observed.sample.taken_usec ||
	    o->source != n->observed.sample.source);
}
