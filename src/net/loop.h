/*
 * loop: one thread, one epoll, one clock. Everything that waits in Mola waits here.
 *
 * A turn: set the clock, run timers that are due, wait, run events, then what was deferred.
 * Nothing is freed in the middle of a turn, so a callback may close anything, itself included.
 */
#ifndef NET_LOOP_H
#define NET_LOOP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>

#include "base/heap.h"

struct loop;
struct io;
struct timer;

typedef void	io_f(void *arg, uint32_t epoll_events);
typedef void	timer_f(void *arg);
typedef void	deferred_f(void *arg);

/* A watched descriptor; lives inside its owner. */
struct io {
	int	 fd;		/* -1 when not watched */
	bool	 pending;	/* something has happened, and fn is called for it later in this turn */
	bool	 late;		/* the kernel had no memory to watch it yet, and is asked again */
	io_f	*fn;
	void	*arg;
};

/* A timer; lives inside its owner. Zeroed memory is a timer that is not set. */
struct timer {
	struct heap_node node;
	int64_t		 deadline;	/* may lie later than node.key: moved back lazily */
	timer_f		*fn;
	void		*arg;
};

/*
 * A call that waits for the end of this turn, such as one that frees; lives inside its owner.
 * Zeroed memory is one that does not wait.
 */
struct deferred {
	struct deferred	*next;
	deferred_f	*fn;	/* NULL when it does not wait */
	void		*arg;
};

struct loop	*loop_new(void);
/* Within one of its own calls only in a child that was forked there, and never returns to it. */
void		 loop_free(struct loop **);
/* For a child that was forked in one of the loop's calls: frees its copy and runs nothing. */
void		 loop_drop(struct loop **);
void		 loop_reserve(struct loop *, unsigned timers);	/* so many may be set without more memory */
void		 loop_run(struct loop *);		/* until loop_stop */
/* One turn, which waits as long as that for events; -1: until there is one, or a timer is due. */
void		 loop_turn(struct loop *, int64_t wait_most_usec);
void		 loop_stop(struct loop *);
/*
 * The longest stretch between two waits, of the minute under way and the one before; measured
 * from the first call on.
 */
struct loop_pause {
	int64_t	 wall_usec, cpu_usec;
};
struct loop_pause loop_longest_pause(struct loop *);
uint64_t	 loop_turns(const struct loop *);	/* that have begun */
/* The kernel was polled less than `usec` ago, and all its events are delivered or pending. */
bool		 loop_knows(const struct loop *, int64_t usec);
int64_t		 loop_now(const struct loop *);		/* CLOCK_MONOTONIC at the start of the turn, usec */

/*
 * EDGE: one event per change, in both directions, for streams. LEVEL: while it lasts, for
 * accept.
 */
#define LOOP_EDGE	(EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET)
#define LOOP_LEVEL	EPOLLIN
/* Where the kernel has no memory for it, or a limit is reached (fs.epoll.max_user_watches), what
 * happens to the descriptor is seen later: it is tried again ten times a second. */
void		 loop_watch(struct loop *, struct io *, int fd, uint32_t events, io_f *, void *arg);
void		 loop_rewatch(struct loop *, struct io *, uint32_t events);
void		 loop_unwatch(struct loop *, struct io *);	/* does not close the descriptor */
/*
 * For a descriptor that is closed next and that no other process shares: the kernel forgets it
 * by itself.
 */
void		 loop_forget(struct loop *, struct io *);

/*
 * Cheap to move later again and again: most calls only store the deadline. Setting a set timer
 * moves it.
 */
void		 timer_set(struct loop *, struct timer *, int64_t deadline_usec, timer_f *, void *arg);
void		 timer_clear(struct loop *, struct timer *);

/* Calls fn at the end of this turn, once no event or timer can look at what it frees. */
void		 loop_defer(struct loop *, struct deferred *, deferred_f *, void *arg);

#endif
