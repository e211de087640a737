/*
 * conf_section: the sections of tbl/conf.h as a table, and the structs that they fill: made,
 * copied, compared and freed by the rows of their keys, so that a key cannot be forgotten.
 */
#ifndef CONF_CONF_SECTION_H
#define CONF_CONF_SECTION_H

#include "conf/conf_value.h"

enum conf_shape { SHAPE_MAP, SHAPE_LIST, SHAPE_FEW };	/* as in tbl/conf.h; MAP_AT is a map, too */

struct conf_section {
	enum conf_section_id parent;
	const char	*name;
	size_t		 size;		/* of the struct that it fills, or of one of them */
	const char	*help;
	enum conf_shape	 shape;
	size_t		 at;		/* in the parent's struct: the mapping's struct, or where the list is */
	size_t		 count_at;	/* of lists: their number */
};

extern const struct conf_section conf_sections[SECTION_COUNT];

/* `base` is the parent's struct in these three. */
void	*section_map(enum conf_section_id, const void *base);			/* the struct that a mapping fills */
/* the first of a list's */
void	*section_items(enum conf_section_id, const void *base, unsigned *n);
/* one more, zeroed; of FEW only where there is room */
void	*section_add(enum conf_section_id, void *base, int line);

/* `base` is the section's own struct from here on. These two are about its own keys, without
 * the sections inside. */
bool	section_same(enum conf_section_id, const void *base, const void *other);
/* copied as memory: what it owns is copied, too */
void	section_copy(enum conf_section_id, void *base);
/* With the sections inside of it; the struct itself stays, and owns nothing. */
void	section_free(enum conf_section_id, void *base);

#endif
