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

/* ---- requests ---- */

/* Hop-by-hop fields end here, but for the protocols that an upgrade names. */
static bool
request_passes(const struct message *h, const struct field *f, const struct sender *s)
{
	if (f->id == FIELD_EXPECT && h->h1.minor == 0)	/* says nothing there (RFC 9110, 10.1.1) */
		return false;
	if (f->id < FIELD_X_FORWARDED_FOR)
		return !f->hop || (f->id == FIELD_UPGRADE && h->upgrade);
	return f->id != FIELD_TWIN && s->trusted;
}

/* What a trusted sender has said: the last field of each kind that says anything. */
struct forwarded {
	const struct field *list, *proto, *host, *port, *real_ip;
};

static struct forwarded
forwarded_find(const struct message *h)
{
	struct forwarded fwd = { 0 };

	for (int i = 0; i < h->nfields; i++) {
		const struct field *f = &h->field[i];
		if (f->value.len == 0)
			continue;
		if (f->id == FIELD_X_FORWARDED_FOR)
			fwd.list = f;
		else if (f->id == FIELD_X_FORWARDED_PROTO)
			fwd.proto = f;
		else if (f->id == FIELD_X_FORWARDED_HOST)
			fwd.host = f;
		else if (f->id == FIELD_X_FORWARDED_PORT)
			fwd.port = f;
		else if (f->id == FIELD_X_REAL_IP)
			fwd.real_ip = f;
	}
	return fwd;
}

static bool
is_origin_form(const struct message *h)
{
	return h->target.p == h->method.p + h->method.len + 1;
}

static void
add_line(struct gather *g, struct str name, struct str value)
{
	gather_add(g, name);
	gather_add(g, value);
	gather_add(g, STR("\r\n"));
}

/* The version is that of who sends the message, and that is us (RFC 9110, 2.5); it demands a Host. */
static void
add_request_line(struct gather *g, const struct message *h, struct str here)
{
	if (is_origin_form(h) && h->h1.minor == 1) {
		gather_add(g, h->h1.start_line);
		return;
	}
	add_between(g, h->method.p, h->method.p + h->method.len + 1);
	gather_add(g, h->target);
	gather_add(g, STR(" HTTP/1.1\r\n"));
	if (!is_origin_form(h))
		add_line(g, STR("Host: "), h->authority);
	else if (message_find(h, FIELD_HOST) == NULL)
		add_line(g, STR("Host: "), here);
}

/* The port that the client meant: as it wrote it, else that of the scheme. */
static void
add_port(struct gather *g, const struct message *h, bool https)
{
	if (h->authority.len > h->host.len + 1)
		add_line(g, STR("X-Forwarded-Port: "),
		    (struct str){ h->authority.p + h->host.len + 1, h->authority.len - h->host.len - 1 });
	else
		gather_add(g, https ? STR("X-Forwarded-Port: 443\r\n") : STR("X-Forwarded-Port: 80\r\n"));
}

static void
add_forwarded(struct gather *g, const struct message *h, const struct sender *s)
{
	gather_add(g, STR("X-Forwarded-For: "));
	gather_add(g, sender_peer(s));
	gather_add(g, STR("\r\nX-Real-IP: "));
	gather_add(g, sender_peer(s));
	if (h->authority.len > 0)
		add_line(g, STR("\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: "), h->authority);
	else
		gather_add(g, STR("\r\nX-Forwarded-Proto: http\r\n"));
	add_port(g, h, false);
}

/* An existing list is continued where it ends: some servers read only one line. */
static void
add_continued(struct gather *g, const struct field *f, const struct sender *s)
{
	add_between(g, f->line.p, f->value.p + f->value.len);
	gather_add(g, STR(", "));
	gather_add(g, sender_peer(s));
	gather_add(g, STR("\r\n"));
}

static void
add_missing(struct gather *g, const struct message *h, const struct sender *s, const struct forwarded *fwd, struct str client)
{
	if (fwd->list == NULL)
		add_line(g, STR("X-Forwarded-For: "), sender_peer(s));
	if (fwd->real_ip == NULL)
		add_line(g, STR("X-Real-IP: "), client);
	if (fwd->proto == NULL)
		gather_add(g, STR("X-Forwarded-Proto: http\r\n"));
	if (fwd->host == NULL && h->authority.len > 0)
		add_line(g, STR("X-Forwarded-Host: "), h->authority);
	if (fwd->port == NULL)
		add_port(g, h, fwd->proto != NULL && str_eq_nocase(fwd->proto->value, STR("https")));
}

bool
rewrite_request(struct gather *g, const struct message *h, const struct sender *s, const struct ip *client, char text[IP_TEXT_MAX],
    struct str here)
{
	struct forwarded fwd = { 0 };

	if (s->trusted)
		fwd = forwarded_find(h);
	gather_clear(g);
	add_request_line(g, h, here);
	for (int i = 0; i < h->nfields; i++) {
		const struct field *f = &h->field[i];
		if (!request_passes(h, f, s) || (f->id == FIELD_HOST && !is_origin_form(h)))
			continue;
		if (f == fwd.list)
			add_continued(g, f, s);
		else
			gather_add(g, f->line);
	}
	if (s->trusted)
		add_missing(g, h, s, &fwd, fwd.real_ip == NULL ? ip_text(client, text) : STR(""));
	else
		add_forwarded(g, h, s);
	if (h->upgrade)
		add_connection(g, CONNECTION_UPGRADE);
	gather_add(g, STR("\r\n"));
	return !g->full;
}

/* ---- responses ---- */

/* The version is that of who sends the message, and that is us. */
static void
add_status_line(struct gather *g, const struct message *h)
{
	if (h->h1.minor == 1 && !h->h1.untidy) {
		gather_add(g, h->h1.start_line);
		return;
	}
	gather_add(g, STR("HTTP/1.1 "));
	gather_add(g, h->h1.status_text);
	gather_add(g, STR("\r\n"));
}

/* Up to the value: blanks behind it and the line's end are ours to write, should the task have written LF alone. */
static void
add_response_field(struct gather *g, const struct message *h, const struct field *f)
{
	if (!h->h1.untidy) {
		gather_add(g, f->line);
		return;
	}
	add_between(g, f->line.p, f->value.p + f->value.len);
	gather_add(g, STR("\r\n"));
}

/* A task may offer upgrades in any response; to the client's connection, which is ours, the offer says nothing (RFC 9110, 7.8). */
static bool
response_passes(const struct message *h, const struct field *f)
{
	return !f->hop || (f->id == FIELD_UPGRADE && h->status == 101);
}

bool
rewrite_response(struct gather *g, const struct message *h, enum rewrite_connection c)
{
	gather_clear(g);
	add_status_line(g, h);
	for (int i = 0; i < h->nfields; i++)
		if (response_passes(h, &h->field[i]))
			add_response_field(g, h, &h->field[i]);
	if (h->length_text.len > 0)
		add_line(g, STR("Content-Length: "), h->length_text);
	add_connection(g, c);
	gather_add(g, STR("\r\n"));
	return !g->full;
}
