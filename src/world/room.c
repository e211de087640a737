/*
 * room: must not know who waits, nor for how long.
 */
#include <math.h>

#include "world/room.h"

/* By how much less a request counts on a node that had cores idle. */
static double
unseen(const struct phys_row *row)
{
	double part = (double)row->law.period_usec / ROOM_UNSEEN_USEC;

	if (row->wanted >= ROOM_BUSY * row->law.cores || part < 1)
		return 1;
	return part < ROOM_UNSEEN_MOST ? part : ROOM_UNSEEN_MOST;
}

static double
least(double a, double b)
{
	return a < b ? a : b;
}

static double
most(double a, double b)
{
	return a > b ? a : b;
}

static double
cores_of(const struct phys_row *row, const struct room_load *l)
{
	return l->available > 0 ? most(l->available, 1) : row->law.cores;
}

/* Of `ours`, those that want a core are believed to be fewer by what is chance: where n wait for
 * something else at one moment, sqrt(n) more or fewer do at another, and cores would idle. Not by
 * more than one for each core: connections that idle all the time are no chance. */
static double
at_least(double want, double ours, double cores)
{
	return ours > want ? most(want - least(sqrt(ours - want), cores), 0) : want;
}

double
room_want(const struct phys_row *row, const struct room_load *l)
{
	const struct law_node *law = &row->law;
	double want = most(law->others + law->balancers * l->inflight, 0), ours = l->inflight;

	if (l->available > 0) {
		want = least(want, law->balancers * most(l->on_task - l->waited, 0));
		ours = l->on_task;
	}
	ours *= law->balancers;
	return at_least(least(want, ours), ours, cores_of(row, l));
}

double
room_use(const struct phys_row *row, const struct room_load *l, int64_t now)
{
	if (l->inflight <= 0 || law_trust(&row->law, now) < 1)
		return 0;
	return (room_want(row, l) + 1) / cores_of(row, l) / unseen(row);
}

double
room_waited(double on_task, double balancers, double used, double available)
{
	if (!(used < ROOM_USED * available))
		return 0;
	return most(on_task - used / balancers, 0);
}

double
room_belief(double bound)
{
	return most(least(bound - 1, 1), 0);
}

double
room_bound(double learnt, unsigned bound, enum precedence precedence)
{
	static const double part[PRECEDENCES] = { [PRECEDENCE_LOW] = 0.5, [PRECEDENCE_NORMAL] = 1,
	    [PRECEDENCE_HIGH] = 2 };

	return part[precedence] * most(learnt * bound / ROOM_BOUND, 1);
}
