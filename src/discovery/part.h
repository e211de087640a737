/*
 * answer: a list of the Engine's that is being read: where its items go, and which ids it has named.
 */
#ifndef DISCOVERY_PART_H
#define DISCOVERY_PART_H

#include "discovery/swarm_priv.h"
#include "discovery/json_reader.h"

struct part_reader {
	struct swarm_part part;
	size_t		 size;		/* of an item */
	unsigned	 room;
	struct map	*ids;		/* of everything in the answer; of a task that is kept: how many were, with it */
	const struct swarm *before;
	json_item_f	*read;
	bool		(*essential)(const json_t *);	/* without this element, nothing of the answer can be taken; NULL: none is */
	unsigned	 nbefore;		/* items before the element that is being read */
	bool		 fingerprints;	/* `known` has seen it */
	char		 skipped[400];	/* what was left out */
	unsigned	 fingerprint_room, cursor;	/* cursor: of before's elements, those still to come */
};

/*
 * The whole of it: into `into` when nothing is wrong with it; `finish` (NULL: nothing) then comes before. An element that is not
 * what the API promises is left out and named in part.odd, unless it is essential or all of them are so.
 */
const struct why *part_read(struct part_reader *, struct swarm_part *into, const char *what, struct str json, json_known_f *,
	    json_item_f *, void (*finish)(struct part_reader *), char detail[SWARM_DETAIL]);
void	part_clear(struct swarm_part *);

/* Of an element: false when there is one of that id already, or it has none. */
bool	part_add_id(struct part_reader *, struct json_reader *, const json_t *, const char *key);
void	*part_add_item(struct part_reader *);			/* zeroed; moves those before it */
const char *part_text(struct part_reader *, struct json_reader *, const json_t *, const char *path);
unsigned part_read_ports(struct part_reader *, struct json_reader *, const json_t *list, struct swarm_port **out);	/* tcp alone */

#endif
