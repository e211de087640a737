/*
 * Which fields a rule sees is what Traefik does: those that it passes on, Upgrade, Connection of a
 * request that wants to be upgraded, and what it says about the client; but not the list of
 * addresses, which it writes later, nor Host.
 */
#include "proxy/request_view.h"

static bool
is_seen(const struct request_fields *r, const struct field *f)
{
	if (f->id == FIELD_UPGRADE)
		return true;
	return f->id != FIELD_HOST && edits_pass(r->edits, f);
}

static struct str
edit_name(const struct edit *e)
{
	return (struct str){ e->name.p + 2, e->name.len - 4 };	/* "\r\nName: " */
}

/* What Traefik calls the protocol of a request that wants to be a WebSocket is ws or wss. */
static struct str
added_value(const struct request_fields *r, const struct edit *e)
{
	const struct field *upgrade = r->message->upgrade ?
	    message_find(r->message, FIELD_UPGRADE) : NULL;

	if (upgrade == NULL || !list_has(upgrade->value, STR("websocket")) ||
	    !str_eq(edit_name(e), STR("X-Forwarded-Proto")))
		return e->value;
	return str_eq(e->value, STR("https")) ? STR("wss") : STR("ws");
}

static bool
field_at(const void *arg, struct str name, unsigned nth, struct str *value)
{
	const struct request_fields *r = arg;

	for (int i = 0; i < r->message->nfields; i++) {
		const struct field *f = &r->message->field[i];
		if (str_eq_nocase(f->name, name) && is_seen(r, f) && nth-- == 0) {
			*value = f->value;
			return true;
		}
	}
	for (int i = 0; i < r->edits->nadded; i++) {
		const struct edit *e = &r->edits->added[i];
		if (str_eq_nocase(edit_name(e), name) && !str_eq_nocase(name, STR("X-Forwarded-For")) &&
		    nth-- == 0) {
			*value = added_value(r, e);
			return true;
		}
	}
	if (r->message->upgrade && str_eq_nocase(name, STR("Connection")) && nth == 0) {
		*value = STR("Upgrade");
		return true;
	}
	return false;
}

struct request_view
request_view(const struct request_fields *r, const struct ip *client)
{
	const struct message *m = r->message;
	struct str query = { m->target.p + m->path.len, m->target.len - m->path.len };

	ASSERT(m->path.len <= m->target.len);
	if (query.len > 0)		/* after the '?' */
		query = (struct str){ query.p + 1, query.len - 1 };
	return (struct request_view){ .host = m->host, .path = m->path, .method = m->method,
	    .query = query, .client = client->b, .field = field_at, .arg = r };
}
