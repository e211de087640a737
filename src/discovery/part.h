/*
 * part: one part of the snapshot (nodes, services, tasks or networks) while it is read from the
 * Engine's list: where its items go, and which ids the list has named.
 */
#ifndef DISCOVERY_PART_H
#define DISCOVERY_PART_H

#include "discovery/json_reader.h"
#include "discovery/swarm_priv.h"

struct part_reader {
	struct swarm_part part;
	size_t		 size;			/* of an item */
	unsigned	 room;
	struct map	*ids;			/* of all elements; of a task that is kept: its number, from 1 */
	const struct swarm *before;
	json_item_f	*read;
	bool		(*essential)(const json_t *);	/* without this element the list is useless; NULL: none is */
	unsigned	 nbefore;		/* items before the element that is being read */
	bool		 fingerprints;		/* of each element one is kept */
	char		 skipped[400];		/* which elements were left out, for people */
	unsigned	 fingerprint_room;
	unsigned	 cursor;		/* the first of before's fingerprints that is still to come */
};

/*
 * Reads the whole list and, if nothing is wrong with it, replaces `into`; `finish` (NULL:
 * nothing) is called just before that. An element that is not what the API promises is left out
 * and named in part.skipped, unless it is essential or all elements are so. NULL: read; else
 * why not, and `detail` says where and what was expected.
 */
const struct why *part_read(struct part_reader *, struct swarm_part *into, const char *what,
	    struct str json, json_known_f *, json_item_f *, void (*finish)(struct part_reader *),
	    char detail[SWARM_DETAIL]);
void	part_clear(struct swarm_part *);

/* Of an element: false when there is one of that id already, or it has none. */
bool	part_add_id(struct part_reader *, struct json_reader *, const json_t *, const char *key);
void	*part_add_item(struct part_reader *);		/* zeroed; earlier items may move */
const char *part_text(struct part_reader *, struct json_reader *, const json_t *, const char *path);
/* TCP ports alone; returns how many. */
unsigned part_read_ports(struct part_reader *, struct json_reader *, const json_t *list,
	    struct swarm_port **out);

#endif
