/*
 * The types of values of the access log.
 */
#include <string.h>

#include "base/bug.h"
#include "base/word.h"
#include "conf/conf_type.h"

/* As they are written: true, which is the format `mola`, and then each by its name. */
static const char *const formats[] = {
	"true",
#define FORMAT(id, name, help) name,
#define FACT(id, own, json, help)
#include "tbl/access.h"
#undef FORMAT
#undef FACT
	NULL
};

/* In either format; some have one name in both. */
static const char *const fact_names[] = {
#define FORMAT(id, name, help)
#define FACT(id, own, json, help) own, json,
#include "tbl/access.h"
#undef FORMAT
#undef FACT
};

static bool
read_access_format(const struct conf_key *k, struct str s, void *member, char *problem)
{
	int at = word_of(s, formats, problem);
	enum conf_access_format format = at == 0 ? CONF_ACCESS_MOLA : (enum conf_access_format)(at - 1);

	(void)k;
	if (at >= 0)
		memcpy(member, &format, sizeof format);
	return at >= 0;
}

static bool
write_access_format(const void *member, struct buf *out)
{
	const enum conf_access_format *format = member;

	ASSERT(*format < CONF_ACCESS_FORMATS);
	return buf_adds(out, str_of(formats[*format + 1]));
}

static bool
read_statuses(const struct conf_key *k, struct str s, void *member, char *problem)
{
	const struct conf_list *l = member;
	unsigned least, most;

	(void)k;
	if (!conf_statuses_parse(s, &least, &most))
		return problem_set(problem, "'%s' is not understood; expected a status such as 404, a range "
		    "such as 500-599, or 0 for no response", QUOTED(s));
	if (l->n == CONF_STATUSES_MAX)
		return problem_set(problem, "more than %d of them", CONF_STATUSES_MAX);
	return list_append(member, s, problem);
}

bool
conf_statuses_parse(struct str s, unsigned *least, unsigned *most)
{
	struct str first;
	uint64_t from, to;

	if (!str_split(&s, '-', &first) || !str_to_u64(first, &from))
		return false;
	to = from;
	if (s.p != NULL && !str_to_u64(s, &to))
		return false;
	if (from > to || to > 599 || (from < 100 && to != 0))
		return false;
	*least = (unsigned)from;
	*most = (unsigned)to;
	return true;
}

static bool
read_access_facts(const struct conf_key *k, struct str s, void *member, char *problem)
{
	(void)k;
	for (size_t i = 0; i < sizeof fact_names / sizeof *fact_names; i++)
		if (s.len > 0 && str_eq(s, str_of(fact_names[i])))
			return list_append(member, s, problem);
	return problem_set(problem, "'%s' is no fact of the access log; expected one of its keys, such as "
	    "client, target or request_User-Agent", QUOTED(s));
}

static const char *const sides[] = {
#define FORMAT(id, name, help)
#define FACT(id, own, json, help)
#define SIDE(id, prefix) prefix,
#include "tbl/access.h"
#undef FORMAT
#undef FACT
#undef SIDE
};

static bool
is_name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
	    c == '_';
}

/* "x-OWN" is X-Own. */
static bool
canonical(struct str s, char name[CONF_FIELD_MAX])
{
	bool first = true;

	if (s.len == 0 || s.len >= CONF_FIELD_MAX)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		char c = s.p[i];
		if (!is_name_char(c))
			return false;
		if (first && c >= 'a' && c <= 'z')
			c = (char)(c - 'a' + 'A');
		else if (!first && c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		first = c == '-';
		name[i] = c;
	}
	name[s.len] = '\0';
	return true;
}

bool
conf_access_field_parse(struct str s, unsigned *side, char name[CONF_FIELD_MAX])
{
	for (unsigned i = 0; i < sizeof sides / sizeof *sides; i++)
		if (str_starts(s, str_of(sides[i]))) {
			size_t n = strlen(sides[i]);
			*side = i;
			return canonical((struct str){ s.p + n, s.len - n }, name);
		}
	return false;
}

/* One that is there anyway would be there twice. */
static bool
read_access_fields(const struct conf_key *k, struct str s, void *member, char *problem)
{
	const struct conf_list *l = member;
	char name[CONF_FIELD_MAX], other[CONF_FIELD_MAX];
	unsigned side, of;

	(void)k;
	if (!conf_access_field_parse(s, &side, name))
		return problem_set(problem, "'%s' is no field of a message; expected such as "
		    "request_X-Name, origin_Content-Type or downstream_Location", QUOTED(s));
	for (size_t i = 0; i < sizeof fact_names / sizeof *fact_names; i++)
		if (str_eq_nocase(s, str_of(fact_names[i])))
			return problem_set(problem, "'%s' is a fact of the access log already", QUOTED(s));
	if (l->n == CONF_FIELDS_MAX)
		return problem_set(problem, "more than %d of them", CONF_FIELDS_MAX);
	for (unsigned i = 0; i < l->n; i++)
		if (conf_access_field_parse(str_of(l->item[i]), &of, other) && of == side &&
		    strcmp(name, other) == 0)
			return problem_set(problem, "'%s' is there twice", QUOTED(s));
	return list_append(member, s, problem);
}

const struct conf_type
	type_ACCESS_FORMAT = { read_access_format, write_access_format, KIND_PLAIN, false, NULL },
	type_STATUSES = { read_statuses, NULL, KIND_LIST, false, NULL },
	type_ACCESS_FACTS = { read_access_facts, NULL, KIND_LIST, false, NULL },
	type_ACCESS_FIELDS = { read_access_fields, NULL, KIND_LIST, false, NULL };
