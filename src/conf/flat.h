/*
 * flat: a mapping of a file as lines of path=value, as labels would have it: what is nested has
 * dots between its keys, items of a list have commas between them, and mappings in a list are
 * LIST[0], LIST[1]. An empty mapping is path=true. What labels could not say is refused. A line
 * break at the end of a value, as of a block of YAML, is left out.
 */
#ifndef CONF_FLAT_H
#define CONF_FLAT_H

#include "base/buf.h"
#include "conf/tree.h"

#define FLAT_BREAK	'\1'		/* no value has it: tree.h */
#define FLAT_PROBLEM	120
#define FLAT_PATH	160
#define FLAT_MEMBERS_MAX 2048		/* of one mapping */

struct flat {
	unsigned	 names;		/* levels whose keys are names: they have no dots */
	bool		 absent;	/* keys without a value are left out; else they are a problem */
	/* Each line begins with the number that its key's has in the file, and a blank; a line break in a
	 * value is FLAT_BREAK. Else there must be none. */
	bool		 numbered;
	int		 line;		/* of a problem */
	char		 path[FLAT_PATH], problem[FLAT_PROBLEM];
};

/* Adds the lines to `out`. False: `line`, `path` and `problem` are set. */
bool	flat_write(struct flat *, const struct tree *map, struct buf *out);

#endif
