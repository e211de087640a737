/*
 * room: whether a node has room for one more request on a task, or whether that is better kept
 * waiting for a moment (doc/why/0044-a-request-waits-for-room.md). Pure arithmetic.
 *
 * With E the cores that the task's container could have (where that is not known, those of the
 * node) and m our requests there that want a core, one more request is the (m + 1)th of E cores:
 *     use = (m + 1) / max(E, 1)
 * and there is room while that is no more than a bound: a container that may use a small part of a
 * core has one in work and the next at hand, too. Requests that wait for something else than
 * a core do not count: of n in flight no more want one than others + L * n (law.h). Where threads
 * of others want cores, little follows from that. But a container that used less than it could
 * have had at the last sample had a core for each of its threads that wanted one: those of its
 * requests beyond that waited for something else (room_waited), and most of them still do. How many
 * wait is another number at each moment: m is less by its square root, by one for each core at
 * most.
 */
#ifndef WORLD_ROOM_H
#define WORLD_ROOM_H

#include "world/phys.h"
#include "world/table.h"

/*
 * A node that had more than a tenth of its cores idle at its last sample has more room: what has
 * come since may be connections that idle, which only the next sample shows. So much that two
 * samples a second or less leave room for ROOM_UNSEEN_MOST as many; where they come each tenth of a
 * second it is not needed.
 */
#define ROOM_BUSY		0.9
#define ROOM_UNSEEN_USEC	100000
#define ROOM_UNSEEN_MOST	8.0

/* The bound that workers begin with, and the highest that they learn. */
#define ROOM_BOUND		4.0

/* Of what its container could have, a part that it used: below it, it had all that it wanted. */
#define ROOM_USED		0.9

struct room_load {
	double	available;	/* cores that the task's container could have; NAN: not known */
	double	waited;		/* our requests on the task that wanted no core at the sample */
	double	inflight;	/* our requests on the node now */
	double	on_task;	/* and on the task */
};

/* The bound of a service whose own one is `bound`, where `learnt` is that of ROOM_BOUND. */
double	room_bound(double learnt, unsigned bound, enum precedence);
/* 0: there is room by any bound: none of ours is on the node, or too little is known of it now. */
double	room_use(const struct phys_row *, const struct room_load *, int64_t now_usec);
/* m: how many of ours that count there want a core; of the task where `available` is known. */
double	room_want(const struct phys_row *, const struct room_load *);
/* Of `on_task` of our requests at a sample, those that waited for something else than a core.
 * `used`, `available`: cores of its container then; NAN: not known. */
double	room_waited(double on_task, double balancers, double used, double available);
/* How far that is believed where a worker has learnt this bound: not at all at 1, to which clients
 * that leave have brought it; whole from 2 on. */
double	room_belief(double bound);

#endif
