/*
 * answer: a list of the Engine's that is being read: where its items go, and which ids it has named.
 */
#ifndef DISCOVERY_ANSWER_H
#define DISCOVERY_ANSWER_H

#include "discovery/picture.h"
#include "discovery/shape.h"

struct answer {
	struct swarm_part part;
	size_t		 size;		/* of an item */
	unsigned	 room;
	struct map	*ids;		/* of everything in the answer; of a task that is kept: how many were, with it */
	const struct swarm *before;
	shape_item_f	*hear;
	bool		(*essential)(const json_t *);	/* without this element, nothing of the answer can be taken; NULL: none is */
	unsigned	 sound;		/* items before the element that is being read */
	bool		 marked;	/* `known` has seen it */
	char		 odd[400];	/* what was left out */
	unsigned	 room_seen, cursor;	/* cursor: of before's elements, those still to come */
};

/*
 * The whole of it: into `into` when nothing is wrong with it; `finish` (NULL: nothing) then comes before. An element that is not
 * what the API promises is left out and named in part.odd, unless it is essential or all of them are so.
 */
const struct why *answer_read(struct answer *, struct swarm_part *into, const char *what, struct str json, shape_known_f *,
	    shape_item_f *, void (*finish)(struct answer *), char detail[SWARM_DETAIL]);
void	answer_forget(struct swarm_part *);

/* Of an element: false when there is one of that id already, or it has none. */
bool	answer_id_new(struct answer *, struct shape *, const json_t *, const char *key);
void	*answer_item(struct answer *);			/* zeroed; moves those before it */
const char *answer_text(struct answer *, struct shape *, const json_t *, const char *path);
unsigned answer_ports(struct answer *, struct shape *, const json_t *list, struct swarm_port **out);	/* tcp alone */

#endif
