/*
 * throttle: how many requests a task's own limit of cores holds back, where only the threads of its
 * node are known, such as from a node_exporter: threads that the limit holds back do not run, so
 * its requests look as if they waited for a database.
 *
 * What tells them apart is how long the task takes. Of X requests a second that each take D, X * D
 * are in flight (Little). At their best the tasks of its service took D0. Where requests wait for
 * something else they take as long as ever, however many there are; a limit that is used up makes
 * all of them take longer. So of n in flight, and U of them that do not end (idle connections),
 *     held back = n - U - limit - 1.5 * X * D0
 * and that only while the node runs as many threads as the limit allows, or nearly. X is what
 * begins or what ends, whichever is more. U is what was in flight beside what ended, n - X * D, at
 * least, for some seconds: a queue comes and goes.
 */
#ifndef SCORE_THROTTLE_H
#define SCORE_THROTTLE_H

#include <stdbool.h>
#include <stdint.h>

#define THROTTLE_LONGER	1.5		/* than at best: what requests take at a usual load */
#define THROTTLE_USED	0.6		/* of the limit; below it, nobody is held back */
#define THROTTLE_ENDS	100.0		/* requests whose mean is one measurement of D0 */
#define THROTTLE_FORGET_SECONDS	600.0	/* D0 doubles in it, unless it is measured again */

/* X and the threads are means that fade with this: samples may come each tenth of a second, a limit
 * is one of each tenth of a second. */
#define THROTTLE_FOLLOW_SECONDS	0.5
#define THROTTLE_IDLE_USEC	3000000	/* U is the least of so long at least, of twice that at most */

/* Of a task as they are now; they run back when it is another one. */
struct throttle_counts {
	uint64_t	 requests;	/* that it ever got */
	double		 inflight;	/* of these, now */
	uint64_t	 usec;		/* that it ever had one (live_served_usec()) */
};

struct throttle_best {			/* of one service; begins zeroed */
	double		 ended, spent;		/* of the measurement under way; spent: seconds */
	int64_t		 began_usec;
	double		 seconds;		/* D0; 0: not known */
};

struct throttle {			/* of one task; begins zeroed */
	struct throttle_counts last;
	int64_t		 looked_usec;		/* 0: never */
	double		 began, ended;		/* requests a second */
	double		 idle, idle_before;	/* the least of this span, and of the one before it */
	int64_t		 idle_usec;		/* when this one began */
	double		 threads;		/* of the node that wanted a core */
};

/* `threads` of the node want a core. Both learn. */
void	throttle_look(struct throttle *, struct throttle_best *, const struct throttle_counts *,
    double threads, int64_t now_usec);
/* `limit` cores are the task's at most: so many of its requests in flight at the last look are held
 * back. */
double	throttle_held_back(const struct throttle *, const struct throttle_best *, double limit);

#endif
