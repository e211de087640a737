/*
 * json_reader: reads values of an expected type from JSON that other programs wrote. What is
 * absent or null is empty; the first value of another type is remembered, so that callers read
 * on and look at `why` once, at the end.
 */
#ifndef DISCOVERY_JSON_READER_H
#define DISCOVERY_JSON_READER_H

#include <jansson.h>

#include "base/str.h"
#include "base/why.h"

#define JSON_READER_DETAIL	160

struct json_reader {
	const struct why *why;			/* NULL: nothing is wrong so far */
	const char	*what;			/* "tasks" */
	unsigned	 item;			/* of the list, from 0 */
	char		 detail[JSON_READER_DETAIL];
	/* Whether the list is read on without an element that is not what was expected
	 * (NULL: no object). Not set: no. */
	bool		(*may_skip)(void *arg, struct json_reader *, const json_t *);
};

typedef void	json_item_f(void *arg, struct json_reader *, const json_t *object);
typedef bool	json_known_f(void *arg, struct str raw);

/*
 * A list of objects of at most `max` bytes. Each object is passed to `read` and then freed,
 * until the first failure that may not be skipped; but not those of which `known` (NULL: none)
 * returns that their bytes say nothing new.
 */
void		 json_reader_each(struct json_reader *, struct str json, size_t max, json_known_f *known,
		    json_item_f *read, void *arg);

/*
 * A member of an object, by its path: "Status.State". The object may be NULL:
 * then there is nothing. An absent number is 0, an absent list or object NULL.
 */
struct str	 json_reader_text(struct json_reader *, const json_t *, const char *path);
double		 json_reader_number(struct json_reader *, const json_t *, const char *path);
bool		 json_reader_bool(struct json_reader *, const json_t *, const char *path);
const json_t	*json_reader_list(struct json_reader *, const json_t *, const char *path);
const json_t	*json_reader_object(struct json_reader *, const json_t *, const char *path);
/* Remembers that what is at `path` is not what was expected. */
void		 json_reader_mismatch(struct json_reader *, const char *path, const char *expected);

#endif
