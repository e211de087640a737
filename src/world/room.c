/*
 * room: must not know who waits, nor for how long.
 */
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

double
room_want(const struct phys_row *row, double available, double inflight, double task_inflight)
{
	const struct law_node *law = &row->law;
	double want = most(law->others + law->balancers * inflight, 0);

	return least(want, law->balancers * (available > 0 ? task_inflight : inflight));
}

double
room_use(const struct phys_row *row, double available, double inflight, double task_inflight,
    int64_t now)
{
	double want;

	if (inflight <= 0 || law_trust(&row->law, now) < 1)
		return 0;
	want = room_want(row, available, inflight, task_inflight);
	return (want + 1) / (available > 0 ? most(available, 1) : row->law.cores) / unseen(row);
}
