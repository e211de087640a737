/*
 * fields: a message whose fields are in hands of ours: they can be changed, and each is written by
 * name and value.
 * Must not know what a field means, but for those that a proxy has to keep.
 */
#include <string.h>

#include "base/bug.h"
#include "filter/filter_priv.h"

#define FIELDS_MOST	1024

struct str
fields_get(const struct message *m, struct str name)
{
	for (int i = 0; i < m->nfields; i++)
		if (str_eq_nocase(m->field[i].name, name))
			return m->field[i].value;
	return (struct str){ NULL, 0 };
}

struct str
fields_last(const struct message *m, struct str name)
{
	for (int i = m->nfields; i-- > 0;)
		if (m->field[i].value.len > 0 && str_eq_nocase(m->field[i].name, name))
			return m->field[i].value;
	return (struct str){ NULL, 0 };
}

static bool
has_room(struct filter_run *r, struct message *m)
{
	struct field *more;
	int room = m->limits.fields * 2;

	ASSERT(m->nfields <= m->limits.fields);
	if (m->nfields < m->limits.fields)
		return true;
	if (r->full || room > FIELDS_MOST
	    || (more = arena_try_zalloc(r->arena, (size_t)room * sizeof *more)) == NULL) {
		r->full = true;
		return false;
	}
	memcpy(more, m->field, (size_t)m->nfields * sizeof *more);
	m->field = more;
	m->limits.fields = room;
	return true;
}

void
fields_add(struct filter_run *r, struct message *m, struct str name, struct str value)
{
	ASSERT(name.len > 0);
	if (has_room(r, m))
		m->field[m->nfields++] = (struct field){ .name = name, .value = value };
}

/*
 * To a CGI variable, and so to many tasks, a request's X_User is X-User: who takes one away, or
 * says what it is, means both.
 */
static bool
names_same(const struct message *m, struct str a, struct str b)
{
	if (m->status != 0)
		return str_eq_nocase(a, b);
	for (size_t i = 0; a.len == b.len && i < a.len; i++) {
		char x = a.p[i] == '_' ? '-' : a.p[i], y = b.p[i] == '_' ? '-' : b.p[i];
		if (!bytes_eq_nocase(&x, &y, 1))
			return false;
	}
	return a.len == b.len;
}

/* The field may go, as one of that name. Whatever a middleware was told, a request stays as long as
 * it is. */
static bool
is_of(const struct message *m, const struct field *f, struct str name)
{
	return names_same(m, f->name, name) && (m->status != 0 || !filter_is_framing(f->name));
}

void
fields_remove(struct message *m, struct str name)
{
	int kept = 0;

	for (int i = 0; i < m->nfields; i++)
		if (!is_of(m, &m->field[i], name))
			m->field[kept++] = m->field[i];
	m->nfields = kept;
}

void
fields_unframe(struct message *m)
{
	int kept = 0;

	for (int i = 0; i < m->nfields; i++)
		if (!filter_is_framing(m->field[i].name))
			m->field[kept++] = m->field[i];
	m->nfields = kept;
}

void
fields_set(struct filter_run *r, struct message *m, struct str name, struct str value)
{
	int at = 0, kept;

	while (at < m->nfields && !is_of(m, &m->field[at], name))
		at++;
	if (at == m->nfields) {
		fields_add(r, m, name, value);
		return;
	}
	m->field[at] = (struct field){ .name = name, .value = value };
	for (int i = kept = at + 1; i < m->nfields; i++)
		if (!is_of(m, &m->field[i], name))
			m->field[kept++] = m->field[i];
	m->nfields = kept;
}

/* Upgrade is hop-by-hop, and its writer decides whether it goes on. */
static bool
stays(const struct edits *e, const struct field *f)
{
	return f->hop ? f->id == FIELD_UPGRADE : edits_pass(e, f) && f->id != FIELD_HOST;
}

/* X-Forwarded-For gets our own part at the very end: filters see that of the proxies before us. */
static bool
is_forwarded_for(struct str name)
{
	return str_eq_nocase(name, STR("X-Forwarded-For"));
}

/* Proxies put what they know at the list's end, in its last line or in one of their own: filters
 * have to see all of it as one. */
static void
join_forwarded_for(struct filter_run *r, struct message *m)
{
	struct str name = STR("X-Forwarded-For");
	size_t len = 0, at = 0;
	char *list;
	int lines = 0;

	for (int i = 0; i < m->nfields; i++)
		if (str_eq_nocase(m->field[i].name, name)) {
			len += m->field[i].value.len + 2;
			lines++;
		}
	if (lines < 2 || (list = run_room(r, len)) == NULL)
		return;
	for (int i = 0; i < m->nfields; i++) {
		struct str value = m->field[i].value;
		if (!str_eq_nocase(m->field[i].name, name) || value.len == 0)
			continue;
		if (at > 0) {
			memcpy(list + at, ", ", 2);
			at += 2;
		}
		memcpy(list + at, value.p, value.len);
		at += value.len;
	}
	ASSERT(at <= len);
	fields_set(r, m, name, (struct str){ list, at });
}

void
fields_begin(struct filter_run *r, struct message *out, const struct message *m,
    const struct edits *e)
{
	*out = *m;
	out->limits.fields = m->nfields + EDITS_MAX + 16;
	out->field = arena_try_zalloc(r->arena, (size_t)out->limits.fields * sizeof *out->field);
	out->nfields = 0;
	if (out->field == NULL) {
		out->limits.fields = 0;
		r->full = true;
		return;
	}
	if (m->status == 0)
		out->h1.start_line = (struct str){ NULL, 0 };
	out->h1.untidy = true;		/* nothing of it is written as it stands */
	for (int i = 0; i < m->nfields; i++) {
		const struct field *f = &m->field[i];
		if (!stays(e, f))
			continue;
		out->field[out->nfields] = *f;
		out->field[out->nfields++].line = (struct str){ NULL, 0 };
		if (f == e->extended && !is_forwarded_for(f->name))
			out->field[out->nfields - 1].value = run_text(r, "%.*s, %.*s", STR_ARG(f->value),
			    STR_ARG(e->extension));
	}
	for (int i = 0; i < e->nadded; i++) {
		struct str name = { e->added[i].name.p + 2, e->added[i].name.len - 4 };
		if (m->status != 0 || !is_forwarded_for(name))
			fields_add(r, out, name, e->added[i].value);
	}
	if (m->status == 0)
		join_forwarded_for(r, out);
	if (e->authority.len > 0)
		out->authority = e->authority;
}
