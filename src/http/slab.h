/*
 * slab: memory of one size, taken and given back a great many times. What is given back later may
 * still be looked at until the end of the turn (an event for it may be under way) and is handed
 * out again only after that.
 */
#ifndef HTTP_SLAB_H
#define HTTP_SLAB_H

#include "net/loop.h"

struct slab;

/* Keeps at most `keep` unused pieces, and a few while memory is short (alloc_short); the others go
 * back to the system. */
struct slab	*slab_new(struct loop *, size_t bytes, unsigned keep);
/* the pieces must have come back; those given back in this turn may still be on their way */
void		 slab_free(struct slab **);

void		*slab_take(struct slab *);		/* not zeroed; NULL: there is no memory */
void		 slab_give(struct slab *, void *);	/* at once: for memory that no event comes for */
void		 slab_give_later(struct slab *, void *);	/* after this turn */

/*
 * To be called now and then: what lay unused all the time since the last call goes. Returns the
 * bytes that have gone since then, these and those beyond `keep`; most of them stay with the C
 * library until its heap is trimmed.
 */
size_t		 slab_tidy(struct slab *);

#endif
