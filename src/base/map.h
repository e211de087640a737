/*
 * map: names to pointers. Keys are copied unless they are lent; values are the caller's.
 */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include "base/str.h"

struct map;

struct map	*map_new(void);
void		 map_free(struct map **);
void		*map_get(const struct map *, struct str key);		/* NULL when absent */
void		 map_put(struct map *, struct str key, void *value);	/* replaces; value is never NULL */
/* Of a key that is not there yet. It is not copied: it stays where it is until it is removed. */
void		 map_put_lent(struct map *, struct str key, void *value);
void		*map_remove(struct map *, struct str key);		/* the value that was there, or NULL */
size_t		 map_count(const struct map *);
/* Visits every entry in no promised order; *at starts as 0. No put or remove meanwhile. */
bool		 map_next(const struct map *, size_t *at, struct str *key, void **value);

#endif
