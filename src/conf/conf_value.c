/*
 * conf_value: the table of keys, and its values in and out. A person reads what is wrong with a
 * text, so each problem quotes the text and names what was expected. Knows nothing of files,
 * lines and sections.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "conf/conf_type.h"

bool
problem_set(char *problem, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(problem, CONF_PROBLEM_MAX, fmt, ap);
	va_end(ap);
	return false;
}

const char *
quoted(struct str s, struct quote *q)
{
	size_t n = str_copy(q->text, sizeof q->text - 4, s);

	for (size_t i = 0; i < n; i++)
		if ((unsigned char)q->text[i] < ' ')
			q->text[i] = ' ';
	while (n > 0 && n < s.len && (q->text[n - 1] & 0x80) != 0)	/* do not end in half a character */
		n--;
	strcpy(q->text + n, n < s.len ? "..." : "");
	return q->text;
}

/* Never made: it knows which struct each section fills. */
union structs {
#define SECTION(id, parent, name, shape, type, help) type id;
#define KEY(section, name, type, field, fallback, least, most, help)
#include "tbl/conf.h"
#undef SECTION
#undef KEY
};

const char conf_required[] = "required";

#define NONE		NULL
#define REQUIRED	conf_required
#define SECTION(id, parent, name, shape, type, help)
#define KEY(section, name, type, field, fallback, least, most, help) \
	{ SECTION_##section, #name, &type_##type, offsetof(union structs, section.field), \
	    fallback, { least, most }, help },
const struct conf_key conf_keys[KEY_COUNT] = {
#include "tbl/conf.h"
};
#undef SECTION
#undef KEY

/* Rows that clash do not compile. In one mapping each name stands once, that of a key or of a
 * section: */
#define SECTION(id, parent, name, shape, type, help) NAME_IN_##parent##_##name,
#define KEY(section, name, type, field, fallback, least, most, help) NAME_IN_##section##_##name,
enum {
#include "tbl/conf.h"
};
#undef SECTION
#undef KEY

/* A member is what its type reads and writes. */
#define SECTION(id, parent, name, shape, type, help)
#define KEY(section, name, type, field, fallback, least, most, help) \
	_Static_assert(_Generic(((const union structs *)NULL)->section.field, \
	    MEMBER_##type: 1, default: 0), \
	    "tbl/conf.h: the member of " #section ", " #name " is not what " #type " is");
#include "tbl/conf.h"
#undef SECTION
#undef KEY

/* In one struct each member is filled by one key. Never called: two equal cases are an error. */
#define STRUCT_OF(section) _Generic(((const union structs *)NULL)->section, \
    struct conf: 0, struct conf_listen: 1, struct service_conf: 2, struct term: 3, \
    struct conf_node: 4, struct conf_service: 5, struct conf_task: 6, struct conf_target: 7, \
    struct conf_certificate: 8, struct conf_acme_ca: 9, struct conf_task_ca: 10, \
    struct conf_task_cert: 11, struct conf_weighted: 12, struct conf_mirror: 13, \
    struct conf_admin_token: 14)
#define SECTION(id, parent, name, shape, type, help)
#define KEY(section, name, type, field, fallback, least, most, help) \
	case STRUCT_OF(section) * sizeof(union structs) + offsetof(union structs, section.field):
__attribute__((unused)) static void
members_differ(size_t member)
{
	switch (member) {
#include "tbl/conf.h"
		break;
	}
}
#undef SECTION
#undef KEY

bool
value_is_list(const struct conf_key *k)
{
	return k->type->kind == KIND_LIST || k->type->kind == KIND_SECRETS;
}

bool
value_is_secret(const struct conf_key *k)
{
	return k->type->kind == KIND_SECRET || k->type->kind == KIND_SECRETS;
}

bool
value_is_mapped(const struct conf_key *k)
{
	return k->type == &type_PROFILE;
}

bool
value_is_pair(const struct conf_key *k)
{
	return k->type == &type_LIMITS;
}

bool
value_is_joined(const struct conf_key *k)
{
	return k->type == &type_RETRY_ON;
}

bool
value_is_placed(const struct conf_key *k)
{
	return k->type == &type_ENTRY_POINTS;
}

bool
value_is_flat(const struct conf_key *k)
{
	return k->type == &type_MIDDLEWARE_MAP;
}

bool
value_is_bare(const struct conf_key *k)
{
	return k->type->bare;
}

const struct conf_list *
value_list(const struct conf_key *k, const void *base)
{
	ASSERT(value_is_list(k));
	return (const void *)((const char *)base + k->at);
}

bool
value_read(const struct conf_key *k, struct str s, void *base, char problem[CONF_PROBLEM_MAX])
{
	return k->type->read(k, s, (char *)base + k->at, problem);
}

bool
read_setting(const struct conf_key *k, struct str s, void *member, char *problem)
{
	char wrong[SETTING_PROBLEM_MAX];

	ASSERT(k->type->setting != NULL && k->type->setting->read != NULL);
	return k->type->setting->read(s, k->range, member, NULL, wrong) ||
	    problem_set(problem, "'%s' %s", QUOTED(s), wrong);
}

bool
value_write(const struct conf_key *k, const void *base, struct buf *out)
{
	const struct conf_type *type = k->type;
	const void *member = (const char *)base + k->at;

	if (type->write == NULL && type->setting != NULL)
		return type->setting->write(member, out);
	return type->write != NULL && type->write(member, out);
}

void
value_free(const struct conf_key *k, void *base)
{
	void *member = (char *)base + k->at;
	struct conf_list *l = member;

	if (k->type->kind == KIND_TEXT || k->type->kind == KIND_SECRET) {
		free(*(char **)member);
		*(char **)member = NULL;
	}
	if (!value_is_list(k))
		return;
	for (unsigned i = 0; i < l->n; i++)
		free(l->item[i]);
	free(l->item);
	*l = (struct conf_list){ 0 };
}

void
value_copy(const struct conf_key *k, void *base)
{
	void *member = (char *)base + k->at;
	struct conf_list *l = member, old = { 0 };
	char **text = member;

	if ((k->type->kind == KIND_TEXT || k->type->kind == KIND_SECRET) && *text != NULL)
		*text = must_strdup(*text);
	if (!value_is_list(k))
		return;
	old = *l;
	l->item = must_zalloc((old.n + 1) * sizeof *l->item);
	for (unsigned i = 0; i < old.n; i++)
		l->item[i] = must_strdup(old.item[i]);
}

static bool
same_lists(const struct conf_list *a, const struct conf_list *b)
{
	if (a->n != b->n)
		return false;
	for (unsigned i = 0; i < a->n; i++)
		if (strcmp(a->item[i], b->item[i]) != 0)
			return false;
	return true;
}

bool
value_same(const struct conf_key *k, const void *base, const void *other_base)
{
	const void *member = (const char *)base + k->at, *other = (const char *)other_base + k->at;
	struct buf a, b;
	bool same;

	if (value_is_list(k))
		return same_lists(member, other);
	if (k->type->kind == KIND_TEXT || k->type->kind == KIND_SECRET)
		return setting_PATH_OR_NONE.same(member, other);	/* as any texts */
	if (k->type->setting != NULL && k->type->setting->same != NULL)
		return k->type->setting->same(member, other);
	buf_init(&a, CONF_TEXT_MAX);
	buf_init(&b, CONF_TEXT_MAX);
	same = value_write(k, base, &a) == value_write(k, other_base, &b) &&
	    str_eq(buf_str(&a), buf_str(&b));
	buf_fini(&a);
	buf_fini(&b);
	return same;
}
