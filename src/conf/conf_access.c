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

const struct conf_type
	type_ACCESS_FORMAT = { read_access_format, write_access_format, KIND_PLAIN, false, NULL },
	type_STATUSES = { read_statuses, NULL, KIND_LIST, false, NULL },
	type_ACCESS_FACTS = { read_access_facts, NULL, KIND_LIST, false, NULL };
