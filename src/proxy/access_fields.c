/*
 * The fields of messages that lines show (log.access.fields), as they were when their message was
 * there.
 */
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "http/chars.h"
#include "proxy/access_fact.h"

#define VALUE_KEPT	512
#define VALUE_SHOWN	300

struct access_kept {
	bool		 is;
	uint16_t	 len;
	char		*value;		/* ours */
};

/* One that was never there is not shown; of several by one name, the values stand in a list. */
struct joined {
	bool		 is;
	size_t		 len;
	char		 value[VALUE_KEPT];
};

static void
join(struct joined *j, struct str value)
{
	size_t n;

	if (j->is && j->len < sizeof j->value)
		j->value[j->len++] = ',';
	n = value.len < sizeof j->value - j->len ? value.len : sizeof j->value - j->len;
	if (n > 0)
		memcpy(j->value + j->len, value.p, n);
	j->len += n;
	j->is = true;
}

/* Without memory for it, the line lacks it. */
static void
keep(struct access_request *r, unsigned at, const struct joined *j)
{
	struct access_kept *k;

	if (r->fields == NULL && (r->fields = calloc(ACCESS_FIELDS_MAX, sizeof *r->fields)) == NULL)
		return;
	k = &r->fields[at];
	free(k->value);
	*k = (struct access_kept){ false, 0, NULL };
	if (!j->is || (k->value = malloc(j->len + 1)) == NULL)
		return;
	memcpy(k->value, j->value, j->len);
	k->len = (uint16_t)j->len;
	k->is = true;
}

static bool
is_of(const struct access_field *f, enum access_side side, struct str name)
{
	return f->side == side && str_eq_nocase(name, str_of(f->name));
}

void
access_keep_message(const struct access_conf *c, struct access_request *r, enum access_side side,
    const struct message *m)
{
	struct joined j;

	for (unsigned i = 0; i < c->nfields; i++) {
		if (c->field[i].side != side)
			continue;
		j = (struct joined){ .is = false };
		for (int f = 0; f < m->nfields; f++)
			if (is_of(&c->field[i], side, m->field[f].name))
				join(&j, m->field[f].value);
		keep(r, i, &j);
	}
}

/* Line by line: *head goes on behind it. False: that was all of it. */
static bool
take_field(struct str *head, struct str *name, struct str *value)
{
	const char *end = memmem(head->p, head->len, "\r\n", 2), *colon;
	struct str line;

	if (end == NULL || end == head->p)
		return false;
	line = str_between(head->p, end);
	*head = str_between(end + 2, head->p + head->len);
	colon = memchr(line.p, ':', line.len);
	*name = colon == NULL ? STR("") : str_between(line.p, colon);
	*value = colon == NULL ? STR("") : str_trim(str_between(colon + 1, line.p + line.len));
	return true;
}

void
access_keep_head(const struct access_conf *c, struct access_request *r, enum access_side side,
    struct str head)
{
	struct str rest, name, value;
	struct joined j;

	for (unsigned i = 0; i < c->nfields; i++) {
		if (c->field[i].side != side)
			continue;
		j = (struct joined){ .is = false };
		for (rest = head; take_field(&rest, &name, &value);)
			if (is_of(&c->field[i], side, name))
				join(&j, value);
		keep(r, i, &j);
	}
}

bool
access_kept_get(struct access_value *v, const struct access_conf *c, const struct access_request *r,
    unsigned at)
{
	ASSERT(at < c->nfields && c->nfields <= ACCESS_FIELDS_MAX);
	if (r->fields == NULL || r->serial != c->serial || !r->fields[at].is)
		return false;
	v->kind = VALUE_TEXT;
	v->text = (struct str){ r->fields[at].value, r->fields[at].len };
	v->most = VALUE_SHOWN;
	return true;
}

void
access_kept_free(struct access_request *r)
{
	for (unsigned i = 0; r->fields != NULL && i < ACCESS_FIELDS_MAX; i++)
		free(r->fields[i].value);
	free(r->fields);
	r->fields = NULL;
}
