/*
 * Which fact comes from which part of a line: every line's, a request's, a connection's, its task's
 * and its TLS.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/bug.h"
#include "base/clock.h"
#include "net/tls.h"
#include "proxy/access_fact.h"

/* Bytes of texts that a line shows, with escapes. */
#define NAME_SHOWN	250		/* a service's, or a task's */
#define MIDDLEWARE_SHOWN 100
#define ID_SHOWN	130
#define SUBJECT_SHOWN	200
#define LISTENER_SHOWN	100
static const size_t shown_most[ACCESS_TEXTS] = {
	[ACCESS_TEXT_METHOD] = 64, [ACCESS_TEXT_HOST] = 255, [ACCESS_TEXT_TARGET] = 1000,
	[ACCESS_TEXT_REFERER] = 500, [ACCESS_TEXT_AGENT] = 400, [ACCESS_TEXT_AUTHORITY] = 261,
	[ACCESS_TEXT_ROUTER] = NAME_SHOWN, [ACCESS_TEXT_SERVICE] = NAME_SHOWN,
	[ACCESS_TEXT_USER] = 64,
};

typedef struct access_value	value;
typedef const struct access_line line;

static void
set_number(value *v, uint64_t n)
{
	v->kind = VALUE_NUMBER;
	v->n = n;
}

static void
set_word(value *v, struct str word)
{
	v->kind = VALUE_WORD;
	v->text = word;
}

static void
set_text(value *v, struct str text, size_t most)
{
	v->kind = VALUE_TEXT;
	v->text = text;
	v->most = most;
}

/* What was made in v->own, `n` bytes of it. */
static void
set_own(value *v, int n)
{
	ASSERT(n >= 0 && (size_t)n < sizeof v->own);
	set_word(v, (struct str){ v->own, (size_t)n });
}

static struct str
kept(const struct access_request *r, enum access_text which)
{
	size_t at = 0;

	if (r->text == NULL)
		return STR("");
	for (unsigned i = 0; i < which; i++)
		at += r->len[i];
	return (struct str){ r->text + at, r->len[which] };
}

static void
set_kept(value *v, const struct access_request *r, enum access_text which)
{
	if (r->text != NULL)
		set_text(v, kept(r, which), shown_most[which]);
}

/* What a request need not have. */
static void
set_some(value *v, const struct access_request *r, enum access_text which)
{
	if (kept(r, which).len > 0)
		set_kept(v, r, which);
}

/* RFC 3339, in UTC. */
static void
set_time(value *v, int64_t usec)
{
	time_t sec = (time_t)(usec / USEC_PER_SEC);
	struct tm tm;

	gmtime_r(&sec, &tm);
	set_own(v, snprintf(v->own, sizeof v->own, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ",
	    tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
	    (int)(usec % USEC_PER_SEC / USEC_PER_MSEC)));
}

static struct str
protocol(enum access_version version)
{
	switch (version) {
	case ACCESS_UNKNOWN: return STR("");
	case ACCESS_HTTP_1_0: return STR("HTTP/1.0");
	case ACCESS_HTTP_1_1: return STR("HTTP/1.1");
	case ACCESS_HTTP_2: return STR("HTTP/2.0");
	}
	BUG("a line has no other version");
}

static void
set_peer(value *v, line *l)
{
	bool v6 = memchr(l->peer.p, ':', l->peer.len) != NULL;

	set_own(v, snprintf(v->own, sizeof v->own, "%s%.*s%s:%u", v6 ? "[" : "", STR_ARG(l->peer),
	    v6 ? "]" : "", l->port));
}

/* Facts of every line. */
static bool
value_of_line(value *v, enum access_fact f, line *l)
{
	if (f == ACCESS_TIME)
		set_time(v, clock_wall_usec());
	else if (f == ACCESS_START || f == ACCESS_START_LOCAL)
		set_time(v, clock_wall_usec() - l->took_usec);
	else if (f == ACCESS_CLIENT)
		set_word(v, l->client);
	else if (f == ACCESS_PEER && l->peer.len > 0)
		set_peer(v, l);
	else if (f == ACCESS_PEER_PORT && l->peer.len > 0)
		set_own(v, snprintf(v->own, sizeof v->own, "%u", l->port));
	else if (f == ACCESS_BYTES)
		set_number(v, l->bytes);
	else if (f == ACCESS_USEC)
		set_number(v, (uint64_t)l->took_usec);
	else if (f == ACCESS_DURATION)
		set_number(v, (uint64_t)l->took_usec * 1000);
	else if (f == ACCESS_WHY)
		set_word(v, str_of(why_name(l->why)));
	else
		return false;
	return true;
}

/* In JSON, that of a router of Traefik's as Traefik calls it, and when a task of it was asked. */
static void
set_service(value *v, const struct access_conf *c, line *l)
{
	bool traefik = !l->request->connection && kept(l->request, ACCESS_TEXT_ROUTER).len > 0;

	if (c->format != ACCESS_FORMAT_JSON || (!traefik && l->service.len > 0))
		set_text(v, l->service, NAME_SHOWN);
	else if (traefik && l->address != NULL)
		set_some(v, l->request, ACCESS_TEXT_SERVICE);
}

/* And of its task. */
static bool
value_of_service(value *v, enum access_fact f, const struct access_conf *c, line *l)
{
	char text[ADDR_TEXT_MAX];

	if (f == ACCESS_SERVICE)
		set_service(v, c, l);
	else if (f == ACCESS_TASK)
		set_text(v, l->task, NAME_SHOWN);
	else if (f == ACCESS_ADDRESS && l->address != NULL)
		set_word(v, str_of(addr_text(l->address, v->own)));
	else if (f == ACCESS_URL && l->address != NULL && l->scheme != NULL)
		set_own(v, snprintf(v->own, sizeof v->own, "%s://%s", l->scheme,
		    addr_text(l->address, text)));
	else
		return false;
	return true;
}

/* "-" where the client sent none, as Traefik writes it. */
static void
set_port(value *v, const struct access_request *r)
{
	struct str all = kept(r, ACCESS_TEXT_AUTHORITY);
	size_t at = all.len;

	while (at > 0 && all.p[at - 1] != ':' && all.p[at - 1] != ']')
		at--;
	if (at > 0 && all.p[at - 1] == ':')
		set_text(v, (struct str){ all.p + at, all.len - at }, 8);
	else
		set_word(v, STR("-"));
}

static void
set_user(value *v, const struct access_conf *c, const struct access_request *r)
{
	if (kept(r, ACCESS_TEXT_USER).len > 0)
		set_kept(v, r, ACCESS_TEXT_USER);
	else if (c->format == ACCESS_FORMAT_JSON)
		set_word(v, STR("-"));
}

/* What the client sent. */
static bool
value_of_request(value *v, enum access_fact f, const struct access_conf *c, line *l)
{
	const struct access_request *r = l->request;

	if (f == ACCESS_METHOD)
		set_kept(v, r, ACCESS_TEXT_METHOD);
	else if (f == ACCESS_HOST)
		set_kept(v, r, ACCESS_TEXT_HOST);
	else if (f == ACCESS_AUTHORITY)
		set_some(v, r, ACCESS_TEXT_AUTHORITY);
	else if (f == ACCESS_HOST_PORT && kept(r, ACCESS_TEXT_AUTHORITY).len > 0)
		set_port(v, r);
	else if (f == ACCESS_TARGET)
		set_kept(v, r, ACCESS_TEXT_TARGET);
	else if (f == ACCESS_REFERER)
		set_some(v, r, ACCESS_TEXT_REFERER);
	else if (f == ACCESS_AGENT)
		set_some(v, r, ACCESS_TEXT_AGENT);
	else if (f == ACCESS_USER)
		set_user(v, c, r);
	else if (f == ACCESS_CONTENT_IN)
		set_number(v, l->received);
	else if (f == ACCESS_PROTOCOL && l->version != ACCESS_UNKNOWN)
		set_word(v, protocol(l->version));
	else if (f == ACCESS_LISTENER && l->listener.len > 0)
		set_text(v, l->listener, LISTENER_SHOWN);
	else if (f == ACCESS_SCHEME)
		set_word(v, l->tls != NULL ? STR("https") : STR("http"));
	else
		return false;
	return true;
}

static void
set_ratio(value *v, line *l)
{
	if (l->content == 0 || l->content == l->origin_content)
		return;
	set_own(v, snprintf(v->own, sizeof v->own, "%.17g",
	    (double)l->origin_content / (double)l->content));
	v->kind = VALUE_BARE;
}

/* How it was served. */
static bool
value_of_response(value *v, enum access_fact f, line *l)
{
	if (f == ACCESS_STATUS)
		set_number(v, (uint64_t)l->status);
	else if (f == ACCESS_CONTENT)
		set_number(v, l->content);
	else if (f == ACCESS_RATIO)
		set_ratio(v, l);
	else if (f == ACCESS_ROUTER)
		set_some(v, l->request, ACCESS_TEXT_ROUTER);
	else if (f == ACCESS_ORIGIN_STATUS)
		set_number(v, (uint64_t)l->origin_status);
	else if (f == ACCESS_ORIGIN_CONTENT)
		set_number(v, l->origin_content);
	else if (f == ACCESS_ORIGIN_TOOK)
		set_number(v, (uint64_t)l->origin_usec * 1000);
	else if (f == ACCESS_OVERHEAD)
		set_number(v, (uint64_t)(l->took_usec - l->origin_usec) * 1000);
	else if (f == ACCESS_TRIED)
		set_number(v, l->again);
	else if (f == ACCESS_COUNT)
		set_number(v, l->count);
	else if (f == ACCESS_MIDDLEWARE && l->middleware.len > 0)
		set_text(v, l->middleware, MIDDLEWARE_SHOWN);
	else if (f == ACCESS_ID && l->id.len > 0)
		set_text(v, l->id, ID_SHOWN);
	else if (f == ACCESS_TRACE && l->trace.len > 0)
		set_word(v, l->trace);
	else if (f == ACCESS_SPAN && l->span.len > 0)
		set_word(v, l->span);
	else
		return false;
	return true;
}

static bool
value_of_connection(value *v, enum access_fact f, line *l)
{
	if (f == ACCESS_LISTENER)
		set_kept(v, l->request, ACCESS_TEXT_LISTENER);
	else if (f == ACCESS_SNI)
		set_kept(v, l->request, ACCESS_TEXT_SNI);
	else if (f == ACCESS_RECEIVED)
		set_number(v, l->received);
	else
		return false;
	return true;
}

static void
value_of_tls(value *v, enum access_fact f, const struct tls_facts *tls)
{
	struct str version = str_of(tls->version), prefix = STR("TLSv");

	if (f == ACCESS_TLS)
		set_word(v, version);
	else if (f == ACCESS_VERSION)
		set_word(v, str_starts(version, prefix) ?
		    (struct str){ version.p + prefix.len, version.len - prefix.len } : version);
	else if (f == ACCESS_CIPHER)
		set_word(v, str_of(tls->cipher));
	else if (f == ACCESS_SUBJECT && tls->peer != NULL)
		set_text(v, str_of(tls->peer), SUBJECT_SHOWN);
	else if (f == ACCESS_RESUMED)
		set_word(v, tls->resumed ? STR("yes") : STR("no"));
}

bool
access_value_get(value *v, enum access_fact f, const struct access_conf *c, line *l)
{
	ASSERT(f < ACCESS_FACTS && l->origin_usec >= 0 && l->origin_usec <= l->took_usec);
	v->kind = VALUE_NONE;
	if ((c->dropped & ACCESS_BIT(f)) != 0)
		return false;
	if (!value_of_line(v, f, l) && !value_of_service(v, f, c, l) &&
	    !(l->request->connection ? value_of_connection(v, f, l) :
	    value_of_request(v, f, c, l) || value_of_response(v, f, l)) && l->tls != NULL)
		value_of_tls(v, f, l->tls);
	if (v->kind != VALUE_NONE && (c->redacted & ACCESS_BIT(f)) != 0)
		set_word(v, STR("REDACTED"));
	return v->kind != VALUE_NONE;
}
