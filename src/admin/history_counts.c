/*
 * history_counts: the requests of a task by step. With tens of thousands of tasks they are a good
 * part of what the brain keeps: of most tasks, a byte has those of a step. Once there were more,
 * all are packed as other points are.
 */
#include <math.h>
#include <stdlib.h>

#include "admin/history_priv.h"
#include "base/alloc.h"
#include "base/bug.h"

#define COUNT_UNKNOWN	UINT8_MAX

static double
counts_get(const struct history_counts *c, unsigned at)
{
	if (c->is_wide)
		return history_unpack(c->of.wide[at]);
	return c->of.narrow[at] == COUNT_UNKNOWN ? (double)NAN : c->of.narrow[at];
}

static void
counts_set(struct history_counts *c, unsigned at, double count)
{
	if (c->is_wide)
		c->of.wide[at] = history_pack(count);
	else
		c->of.narrow[at] = isnan(count) ? COUNT_UNKNOWN : (uint8_t)count;
}

static void
counts_widen(struct history_counts *c)
{
	struct history_counts wide = { .of.wide = must_zalloc(HISTORY_POINTS * sizeof *wide.of.wide),
	    .last = c->last, .is_wide = true };

	for (unsigned i = 0; i < HISTORY_POINTS; i++)
		counts_set(&wide, i, counts_get(c, i));
	free(c->of.narrow);
	*c = wide;
}

void
history_counts_clear(struct history_counts *c)
{
	free(c->of.narrow);
	*c = (struct history_counts){ 0 };
}

void
history_counts_put(struct history_counts *c, int64_t step, double count)
{
	int64_t from = c->of.narrow == NULL || step - c->last > HISTORY_POINTS ?
	    step - HISTORY_POINTS + 1 : c->last + (int64_t)1;

	ASSERT(step > c->last && step <= UINT32_MAX);
	if (c->of.narrow == NULL)
		c->of.narrow = must_zalloc(HISTORY_POINTS);
	for (int64_t i = from; i < step; i++)
		counts_set(c, (unsigned)(i % HISTORY_POINTS), NAN);
	if (count >= COUNT_UNKNOWN && !c->is_wide)
		counts_widen(c);
	counts_set(c, (unsigned)(step % HISTORY_POINTS), count);
	c->last = (uint32_t)step;
}

double
history_counts_at(const struct history_counts *c, int64_t step)
{
	if (c->of.narrow == NULL || step > c->last || step <= c->last - (int64_t)HISTORY_POINTS)
		return NAN;
	return counts_get(c, (unsigned)(step % HISTORY_POINTS));
}
