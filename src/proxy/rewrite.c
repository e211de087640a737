/*
 * Pure: a parsed head in, a list of slices out. Knows no sockets and no policy.
 */
#include "proxy/rewrite.h"

static void
add_between(struct gather *g, const char *from, const char *to)
{
	gather_add(g, (struct str){ from, (size_t)(to - from) });
}

static void
add_connection(struct gather *g, enum rewrite_connection c)
{
	static const struct str line[] = {
		[CONNECTION_UNSAID] = { "", 0 },
		[CONNECTION_CLOSE] = { "Connection: close\r\n", 19 },
		[CONNECTION_KEEP_ALIVE] = { "Connection: keep-alive\r\n", 24 },
		[CONNECTION_UPGRADE] = { "Connection: upgrade\r\n", 21 },
	};

	gather_add(g, line[c]);
}

/* Hop-by-hop fields end here, but for the protocols that an upgrade names. */
static bool
passes(const struct head *h, const struct field *f)
{
	return !f->hop || (f->id == FIELD_UPGRADE && h->upgrade);
}

/* ---- requests ---- */

struct forwarded {
	const struct field *last_for;	/* the last X-Forwarded-For */
	bool		    proto, host;
};

static struct forwarded
forwarded_find(const struct head *h)
{
	struct forwarded fwd = { 0 };

	for (int i = 0; i < h->nfields; i++) {
		const struct field *f = &h->field[i];
		if (f->id == FIELD_X_FORWARDED_FOR && f->value.len > 0)
			fwd.last_for = f;
		else if (f->id == FIELD_X_FORWARDED_PROTO)
			fwd.proto = true;
		else if (f->id == FIELD_X_FORWARDED_HOST)
			fwd.host = true;
	}
	return fwd;
}

static bool
is_origin_form(const struct head *h)
{
	return h->target.p == h->method.p + h->method.len + 1;
}

static void
add_request_line(struct gather *g, const struct head *h)
{
	if (is_origin_form(h)) {
		gather_add(g, h->start_line);
		return;
	}
	add_between(g, h->method.p, h->method.p + h->method.len + 1);
	gather_add(g, h->target);
	gather_add(g, h->minor == 0 ? STR(" HTTP/1.0\r\n") : STR(" HTTP/1.1\r\n"));
	gather_add(g, STR("Host: "));
	gather_add(g, h->authority);
	gather_add(g, STR("\r\n"));
}

/* An existing list is continued where it ends: some servers read only one line. */
static void
add_request_field(struct gather *g, const struct field *f, const struct forwarded *fwd, struct str peer)
{
	if (f != fwd->last_for) {
		gather_add(g, f->line);
		return;
	}
	add_between(g, f->line.p, f->value.p + f->value.len);
	gather_add(g, STR(", "));
	gather_add(g, peer);
	gather_add(g, STR("\r\n"));
}

static void
add_forwarded(struct gather *g, const struct head *h, const struct forwarded *fwd, struct str peer)
{
	if (fwd->last_for == NULL) {
		gather_add(g, STR("X-Forwarded-For: "));
		gather_add(g, peer);
		gather_add(g, STR("\r\n"));
	}
	if (!fwd->proto)
		gather_add(g, STR("X-Forwarded-Proto: http\r\n"));
	if (!fwd->host && h->authority.len > 0) {
		gather_add(g, STR("X-Forwarded-Host: "));
		gather_add(g, h->authority);
		gather_add(g, STR("\r\n"));
	}
}

bool
rewrite_request(struct gather *g, const struct head *h, struct str peer)
{
	struct forwarded fwd = forwarded_find(h);

	gather_clear(g);
	add_request_line(g, h);
	for (int i = 0; i < h->nfields; i++)
		if (passes(h, &h->field[i]) && (h->field[i].id != FIELD_HOST || is_origin_form(h)))
			add_request_field(g, &h->field[i], &fwd, peer);
	add_forwarded(g, h, &fwd, peer);
	if (h->minor == 0)
		add_connection(g, CONNECTION_CLOSE);
	else if (h->upgrade)
		add_connection(g, CONNECTION_UPGRADE);
	gather_add(g, STR("\r\n"));
	return !g->full;
}

/* ---- responses ---- */

/* The version is that of who sends the message, and that is us. */
static void
add_status_line(struct gather *g, const struct head *h)
{
	if (h->minor == 1) {
		gather_add(g, h->start_line);
		return;
	}
	gather_add(g, STR("HTTP/1.1"));
	add_between(g, h->start_line.p + 8, h->start_line.p + h->start_line.len);
}

bool
rewrite_response(struct gather *g, const struct head *h, enum rewrite_connection c)
{
	gather_clear(g);
	add_status_line(g, h);
	for (int i = 0; i < h->nfields; i++)
		if (passes(h, &h->field[i]))
			gather_add(g, h->field[i].line);
	add_connection(g, c);
	gather_add(g, STR("\r\n"));
	return !g->full;
}
