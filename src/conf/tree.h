/*
 * tree: YAML text to a tree of mappings, lists and scalars that know their lines. The plain
 * part of YAML only: no anchors, no tags, one document, bounded depth and size; files of others
 * may have anchors, aliases and merge keys.
 */
#ifndef CONF_TREE_H
#define CONF_TREE_H

#include "base/str.h"

enum tree_shape { TREE_SCALAR, TREE_LIST, TREE_MAP };

struct tree {
	enum tree_shape	 shape;
	int		 line;		/* of a member of a mapping: of its key */
	char		*key;		/* member of a mapping, else NULL */
	char		*text;		/* scalars; never holds NUL or other control bytes but newlines */
	bool		 empty;		/* a scalar that is not there: `key:` and nothing after it, or null */
	struct tree	*first, *last, *next;	/* members, in the order of the file */
};

#define TREE_DEPTH_MAX	8
#define TREE_FOREIGN_DEPTH_MAX 32
#define TREE_COUNT_MAX	500000
#define TREE_MEMBERS_MAX 10000		/* of a mapping of tree_read_foreign */

/* NULL: *line and `problem` have what is wrong. An empty document is a tree that is one empty
 * scalar. */
struct tree	*tree_read(struct str text, int *line, char *problem, size_t cap);
/*
 * The same of a file that was written for another program: an alias is a copy of what it names,
 * with the lines of that; what `<<` merges into a mapping is in it, and no member is called so.
 * Values may have tabs. A mapping with a key twice is refused.
 */
struct tree	*tree_read_foreign(struct str text, int *line, char *problem, size_t cap);
void		 tree_free(struct tree **);
/* The member of a mapping with this key, after `after` (NULL: from the first on). */
struct tree	*tree_find(const struct tree *map, const struct tree *after, const char *key);

#endif
