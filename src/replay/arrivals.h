/*
 * arrivals: when the requests of one tick of a recording come. Only how many there were is
 * recorded: they come at random moments in it.
 */
#ifndef REPLAY_ARRIVALS_H
#define REPLAY_ARRIVALS_H

#include "base/rng.h"
#include "recording/reader.h"

struct arrivals {		/* zeroed: none */
	struct arrival	*of;	/* in the order of their times */
	size_t		 n, cap, at;
};

/* Of the tick that comes next after event `from`: its lines follow it. The last are forgotten. */
void		 arrivals_make(struct arrivals *, const struct recording *, size_t from,
    int64_t now_usec, struct rng *);
/* When the next one comes, if not later than `usec`; else that. */
int64_t		 arrivals_next(const struct arrivals *, int64_t usec);
uint32_t	 arrivals_take(struct arrivals *);	/* its service; there must be one */
void		 arrivals_fini(struct arrivals *);

#endif
