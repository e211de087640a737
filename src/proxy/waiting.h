/*
 * waiting: requests for which no node has room, in this worker. When there is room again the oldest
 * is served first, as long as that keeps all within the time that its service lets them wait; else
 * the newest: who has waited for long is likely to be gone before the response.
 *
 * What counts as full is a bound (world/room.h) that is learnt: while clients leave before they get
 * their response it falls, else it rises again.
 */
#ifndef PROXY_WAITING_H
#define PROXY_WAITING_H

#include <sys/queue.h>

#include "net/loop.h"
#include "pick/pick.h"
#include "world/live.h"

#define WAITING_LOOK_USEC 5000		/* who waits is called that often at least */
#define WAITING_MOST	4096		/* at once; with one more, the oldest is refused */

/* Who waits for the same room: requests of a service, or of clients that are bound to one task. */
#define WAITING_LANES	(2 * LIVE_SERVICES)

typedef void	waiting_f(void *arg);

/* One that waits; lives inside its owner. Zeroed memory is one that does not. */
struct waiter {
	TAILQ_ENTRY(waiter) link;
	bool		 in;
	uint32_t	 lane;
	enum precedence	 precedence;		/* of its service */
	bool		 for_cores;		/* nodes are full; else for the service's own limit */
	int64_t		 until_usec;	/* then it has waited as long as it may */
	waiting_f	*fn;
	void		*arg;
};

struct waiting {
	struct loop	*loop;
	struct live	*live;
	unsigned	 worker;
	TAILQ_HEAD(waiter_list, waiter) waiters[PRECEDENCES];	/* the newest first */
	struct waiter	*next, *called;	/* in the turn under way */
	unsigned	 n, for_cores;		/* all, and such */
	uint64_t	 turn;
	uint64_t	 stayed[WAITING_LANES];	/* the last turn in which one of the lane stayed */
	struct timer	 timer;
	bool		 newest_first;	/* somebody's time was over since nobody waited */
	struct waiting_ends {		/* requests that ended, and whose clients left; old ones fade */
		double	 ended, left;
	} full, calm;			/* where there was no room for more, or where there was */
	int64_t		 period_usec;	/* when it began */
	bool		 emptied;	/* at some moment of this period nobody waited for cores */
	double		 bound;
};

void	waiting_init(struct waiting *, struct loop *, struct live *, unsigned worker);
void	waiting_fini(struct waiting *);		/* nobody waits any more */

/* How full nodes may be for a request of the service, which waits for that. */
struct pick_bound waiting_bound(const struct waiting *, const struct table_service *);
uint32_t	waiting_lane(const struct table_service *);
uint32_t	waiting_lane_of_task(const struct table_task *);

/*
 * `fn` is called whenever there may be room, and when the time is over, until it leaves: there it
 * tries again, and stays, or leaves.
 */
void	waiting_enter(struct waiting *, struct waiter *, uint32_t lane,
    const struct table_service *, waiting_f *fn, void *arg);
void	waiting_leave(struct waiting *, struct waiter *);	/* or it did not wait */
/* What it waits for, when it has entered and whenever it has tried again: only those that wait for
 * cores tell of the bound. */
void	waiting_is_for(struct waiting *, struct waiter *, bool cores);
bool	waiting_is_over(const struct waiting *, const struct waiter *);

void	waiting_room_made(struct waiting *);	/* a request has ended on some task */
/* A request is over that a task had, or that waited. `full`: there was no room for one more where
 * it was. `left`: its client did not wait for the response. */
void	waiting_note_end(struct waiting *, bool full, bool left);

#endif
