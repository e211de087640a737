/*
 * share: what the flows of one worker may move in one turn of the loop. A message that is large waits when the turn's bytes are
 * used up, so that a small one is never behind more than these.
 */
#ifndef HTTP_SHARE_H
#define HTTP_SHARE_H

#include <stddef.h>

#include "net/loop.h"

struct share {
	struct loop	*loop;
	uint64_t	 turn;		/* the one that `left` is of */
	size_t		 left;
};

void	share_init(struct share *, struct loop *);
bool	share_has(struct share *);		/* something is left for this turn */
void	share_use(struct share *, size_t bytes);

#endif
