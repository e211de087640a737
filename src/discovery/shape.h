/*
 * shape: takes values of a promised type out of JSON that others wrote. What is absent or null is empty; the first
 * value of another type is remembered, and all that follows may go on without looking until the end.
 */
#ifndef DISCOVERY_SHAPE_H
#define DISCOVERY_SHAPE_H

#include <jansson.h>

#include "base/str.h"
#include "base/why.h"

#define SHAPE_DETAIL	160

struct shape {
	const struct why *why;
	const char	*what;		/* "tasks" */
	unsigned	 item;		/* of the list, from 0 */
	char		 detail[SHAPE_DETAIL];
	/* Of an element that is not what was promised (NULL: no object): whether the list is read on without it. Not set: no. */
	bool		(*odd)(void *arg, struct shape *, const json_t *);
};

typedef void	shape_item_f(void *arg, struct shape *, const json_t *object);

typedef bool	shape_known_f(void *arg, struct str raw);

/* A list of objects, each given to `hear` and then forgotten, until the first failure that is not forgiven (odd); but not those of which `known`
 * (NULL: none) says that their bytes say nothing new. At most `max` bytes. */
void		 shape_each(struct shape *, struct str json, size_t max, shape_known_f *known, shape_item_f *hear, void *arg);

/* A member of an object, by its path: "Status.State". The object may be NULL: then there is nothing. */
struct str	 shape_text(struct shape *, const json_t *, const char *path);
double		 shape_number(struct shape *, const json_t *, const char *path);	/* 0 when absent */
bool		 shape_bool(struct shape *, const json_t *, const char *path);
const json_t	*shape_list(struct shape *, const json_t *, const char *path);	/* NULL when absent */
const json_t	*shape_object(struct shape *, const json_t *, const char *path);
void		 shape_wrong(struct shape *, const char *path, const char *expected);

#endif
