/*
 * conf_value: the keys of tbl/conf.h as a table, and what their types mean: text to value,
 * value to text.
 */
#ifndef CONF_CONF_VALUE_H
#define CONF_CONF_VALUE_H

#include "conf/conf.h"

enum conf_section_id {
#define SECTION(id, parent, name, shape, type, help) SECTION_##id,
#define KEY(section, name, type, field, fallback, least, most, help)
#include "tbl/conf.h"
#undef SECTION
#undef KEY
	SECTION_COUNT
};

/* By place in conf_keys. Two keys of one name in one section do not compile. */
enum conf_key_id {
#define SECTION(id, parent, name, shape, type, help)
#define KEY(section, name, type, field, fallback, least, most, help) KEY_##section##_##name,
#include "tbl/conf.h"
#undef SECTION
#undef KEY
	KEY_COUNT
};

struct conf_type;		/* how a value is read, written and freed */

struct conf_key {
	enum conf_section_id section;
	const char	*name;
	const struct conf_type *type;
	size_t		 at;			/* of the member in the section's struct */
	const char	*fallback;		/* the default; NULL: none; conf_required */
	struct setting_range range;		/* of durations and numbers */
	const char	*help;
};

extern const struct conf_key	conf_keys[KEY_COUNT];
extern const char		conf_required[];

#define CONF_PROBLEM_MAX 240

bool	value_is_list(const struct conf_key *);
bool	value_is_secret(const struct conf_key *);
/* may be a mapping: "a: 1, b: {c: [2, 3]}" for the text "a=1,b.c=2-3" */
bool	value_is_mapped(const struct conf_key *);
bool	value_is_joined(const struct conf_key *);	/* may be a list: [a, b] for the text "a,b" */
bool	value_is_pair(const struct conf_key *);	/* may be a list of two: [1, 2] for the text "1-2" */
/* a list that may be a mapping, from each item to where it is served */
bool	value_is_placed(const struct conf_key *);
/* a mapping of mappings, for the text that flat.h makes of it */
bool	value_is_flat(const struct conf_key *);
bool	value_is_bare(const struct conf_key *);	/* a number or a truth value, in JSON too */
/* Into the member of `base`; a list gains an item. False: `problem` has what is wrong and what
 * was expected. */
bool	value_read(const struct conf_key *, struct str, void *base, char problem[CONF_PROBLEM_MAX]);
/* As a user would write it. False: the value is not there. Lists and secrets are not written. */
bool	value_write(const struct conf_key *, const void *base, struct buf *);
/* Of a SECRET that stands in a file of its own. */
bool	token_read(struct str, char **token, char problem[CONF_PROBLEM_MAX]);
const struct conf_list *value_list(const struct conf_key *, const void *base);
void	value_free(const struct conf_key *, void *base);
/* The struct was copied as memory: what the member owns is copied, too. */
void	value_copy(const struct conf_key *, void *base);
bool	value_same(const struct conf_key *, const void *base, const void *other_base);

#endif
