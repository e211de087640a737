/*
 * share: what the flows of one worker may move in one turn of the loop. A message that is large
 * waits when the turn's bytes are used up, so that a small one is never behind more than these.
 */
#ifndef HTTP_SHARE_H
#define HTTP_SHARE_H

#include <stddef.h>
#include <sys/queue.h>

#include "net/loop.h"

struct share_waiter;
TAILQ_HEAD(share_queue, share_waiter);

typedef void	share_f(void *arg);

struct share {
	struct loop	*loop;
	uint64_t	 turn;		/* the one that `left` is of */
	size_t		 left;		/* bytes */
	struct share_queue queue;	/* the first has waited longest */
	unsigned	 nwaiting;
	struct timer	 timer;		/* set while some wait */
};

/* Lives inside its owner, zeroed at first. */
struct share_waiter {
	TAILQ_ENTRY(share_waiter) link;
	share_f		*fn;		/* NULL: it does not wait */
	void		*arg;
};

void	share_init(struct share *, struct loop *);
void	share_fini(struct share *);		/* nothing waits any more */
bool	share_has(struct share *);		/* something is left for this turn */
void	share_use(struct share *, size_t bytes);

/* Calls `fn` in a later turn, when there is share for it: behind all that wait already. Does
 * nothing if it waits. */
void	share_wait(struct share *, struct share_waiter *, share_f *fn, void *arg);
/* It waits no longer, if it did. */
void	share_unwait(struct share *, struct share_waiter *);

#endif
