/*
 * shape: takes values of a promised type out of JSON that others wrote. What is absent or null is empty; the first
 * value of another type is remembered, and all that follows may go on without looking until the end.
 */
#ifndef DISCOVERY_JSON_READER_H
#define DISCOVERY_JSON_READER_H

#include <jansson.h>

#include "base/str.h"
#include "base/why.h"

#define JSON_READER_DETAIL	160

struct json_reader {
	const struct why *why;
	const char	*what;		/* "tasks" */
	unsigned	 item;		/* of the list, from 0 */
	char		 detail[JSON_READER_DETAIL];
	/* Of an element that is not what was promised (NULL: no object): whether the list is read on without it. Not set: no. */
	bool		(*may_skip)(void *arg, struct json_reader *, const json_t *);
};

typedef void	json_item_f(void *arg, struct json_reader *, const json_t *object);

typedef bool	json_known_f(void *arg, struct str raw);

/* A list of objects, each given to `hear` and then forgotten, until the first failure that is not forgiven (odd); but not those of which `known`
 * (NULL: none) says that their bytes say nothing new. At most `max` bytes. */
void		 json_reader_each(struct json_reader *, struct str json, size_t max, json_known_f *known, json_item_f *read, void *arg);

/* A member of an object, by its path: "Status.State". The object may be NULL: then there is nothing. */
struct str	 json_reader_text(struct json_reader *, const json_t *, const char *path);
double		 json_reader_number(struct json_reader *, const json_t *, const char *path);	/* 0 when absent */
bool		 json_reader_bool(struct json_reader *, const json_t *, const char *path);
const json_t	*json_reader_list(struct json_reader *, const json_t *, const char *path);	/* NULL when absent */
const json_t	*json_reader_object(struct json_reader *, const json_t *, const char *path);
void		 json_reader_mismatch(struct json_reader *, const char *path, const char *expected);

#endif
