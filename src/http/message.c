#include "base/bug.h"
#include "base/clock.h"
#include "http/message.h"

_Static_assert(FIELD_TWIN < 32, "ids of fields are bits of edits.dropped");

const struct field *
message_find(const struct message *m, enum field_id id)
{
	ASSERT(id != FIELD_OTHER && m->nfields >= 0);
	for (int i = 0; i < m->nfields; i++)
		if (m->field[i].id == id)
			return &m->field[i];
	return NULL;
}

const struct field *
message_find_named(const struct message *m, struct str name)
{
	for (int i = 0; i < m->nfields; i++)
		if (str_eq_nocase(m->field[i].name, name))
			return &m->field[i];
	return NULL;
}

int64_t
message_keeps_usec(const struct message *m)
{
	const struct field *f = message_find(m, FIELD_KEEP_ALIVE);
	struct str list = f == NULL ? STR("") : f->value, item;
	uint64_t seconds;

	while (str_split(&list, ',', &item)) {
		item = str_trim(item);
		if (item.len > 8 && str_eq_nocase((struct str){ item.p, 8 }, STR("timeout="))
		    && str_to_u64((struct str){ item.p + 8, item.len - 8 }, &seconds))
			return seconds > 86400 ? -1 : (int64_t)seconds * USEC_PER_SEC;
	}
	return -1;
}

bool
list_has(struct str list, struct str token)
{
	struct str part;

	ASSERT(token.len > 0);
	while (str_split(&list, ',', &part))
		if (str_eq_nocase(str_trim(part), token))
			return true;
	return false;
}

/* Each status that a reason (why.h) stands for has a phrase. */
enum {
	STATUS_0,		/* none is sent */
#define STATUS(code, reason) STATUS_##code,
#include "tbl/status.h"
#undef STATUS
};
_Static_assert(sizeof((char[]){
#define WHY(id, status, blame, text) STATUS_##status,
#include "tbl/why.h"
#undef WHY
}) > 0, "a status of why.h is missing in status.h");

const char *
status_reason(int status)
{
	switch (status) {
#define STATUS(code, reason) case code: return reason;
#include "tbl/status.h"
#undef STATUS
	default: return "Status";
	}
}

/* ---- edits ---- */

const struct edits edits_none = { .dropped = 0 };

/* ---- a message as names and values ---- */

void
message_walk(struct message_walk *w, const struct message *m, const struct edits *e,
    struct str scheme)
{
	ASSERT((m->method.len > 0) != (m->status != 0));
	*w = (struct message_walk){ .message = m, .edits = e, .scheme = scheme };
	if (m->status == 0)
		return;
	ASSERT(m->status >= 100 && m->status <= 999);
	for (int i = 3, n = m->status; i-- > 0; n /= 10)
		w->status[i] = (char)('0' + n % 10);
}

static bool
pair(struct message_pair *p, struct str name, struct str value)
{
	*p = (struct message_pair){ .name = name, .value = value };
	return true;
}

/* The pseudo-field at *at, which goes on behind those that are not there. */
static bool
pseudo_next(const struct message_walk *w, int *at, struct message_pair *p)
{
	const struct message *m = w->message;
	struct str authority = w->edits->authority.len > 0 ? w->edits->authority : m->authority;

	if (m->status != 0)
		return (*at)++ == 0 && pair(p, STR(":status"), (struct str){ w->status, 3 });
	switch ((*at)++) {
	case 0:
		return pair(p, STR(":method"), m->method);
	case 1:
		return pair(p, STR(":scheme"), w->scheme);
	case 2:
		return pair(p, STR(":path"), m->target);
	case 3:
		return authority.len > 0 && pair(p, STR(":authority"), authority);
	default:
		return false;
	}
}

#define PSEUDO_MAX	4

bool
message_next(struct message_walk *w, struct message_pair *p)
{
	const struct message *m = w->message;
	const struct edits *e = w->edits;
	struct str name;
	int i;

	while (w->at < PSEUDO_MAX)
		if (pseudo_next(w, &w->at, p))
			return true;
	for (i = w->at - PSEUDO_MAX; i < m->nfields; i++) {
		const struct field *f = &m->field[i];
		if (!edits_pass(e, f) || f->id == FIELD_HOST || f->id == FIELD_TRANSFER_ENCODING)
			continue;
		w->at = PSEUDO_MAX + i + 1;
		pair(p, f->name, f->value);
		if (f == e->extended)
			p->extension = e->extension;
		return true;
	}
	w->at = PSEUDO_MAX + i + 1;
	i -= m->nfields;
	if (m->length_text.len > 0 && i-- == 0)
		return pair(p, STR("Content-Length"), m->length_text);
	if (i >= e->nadded)
		return false;
	name = e->added[i].name;
	return pair(p, (struct str){ name.p + 2, name.len - 4 }, e->added[i].value);
}
