/*
 * flat: a mapping of a file as lines of path=value, as labels would have it: what is nested has
 * dots between its keys, items of a list have commas between them, and mappings in a list are
 * LIST[0], LIST[1]. An empty mapping is path=true. What labels could not say is refused.
 */
#ifndef CONF_FLAT_H
#define CONF_FLAT_H

#include "base/buf.h"
#include "conf/tree.h"

#define FLAT_PROBLEM	120
#define FLAT_PATH	160
#define FLAT_MEMBERS_MAX 2048		/* of one mapping */

struct flat {
	unsigned	 names;		/* levels whose keys are names: they have no dots */
	bool		 absent;	/* keys without a value are left out; else they are a problem */
	int		 line;		/* of a problem */
	char		 path[FLAT_PATH], problem[FLAT_PROBLEM];
};

/* Adds the lines to `out`. False: `line`, `path` and `problem` are set. */
bool	flat_write(struct flat *, const struct tree *map, struct buf *out);

#endif
