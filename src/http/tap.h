/*
 * tap: a copy of a body's bytes, made as they pass a flow. One whose body gets too large, or for
 * which there is no room, is given up; the flow notices nothing of it. Pure.
 */
#ifndef HTTP_TAP_H
#define HTTP_TAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/* What all the copies of a worker may take. */
struct tap_room {
	size_t		 used, most;	/* bytes */
};

struct tap {
	struct tap_room	*room;
	uint64_t	 most;		/* bytes of the body, not of its framing */
	char		*p;		/* as they were on their way, with the framing of chunks */
	size_t		 len, cap;
	bool		 lost;		/* it is not whole, and holds nothing */
};

void	tap_init(struct tap *, struct tap_room *, uint64_t most);
void	tap_fini(struct tap *);
/* More of the body, which has `so_far` bytes by then, its framing not counted. */
void	tap_add(struct tap *, struct str, uint64_t so_far);

#endif
