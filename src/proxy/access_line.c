/*
 * What clients send is quoted: nothing in it can end a line or a value, in any format.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/bug.h"
#include "base/clock.h"
#include "base/escape.h"
#include "net/tls.h"
#include "proxy/access_line.h"

/* Bytes of texts that a line shows, with escapes: together they leave room for the rest of it. */
#define NAME_SHOWN	250		/* a service's, or a task's */
#define MIDDLEWARE_SHOWN 100
#define ID_SHOWN	130
static const size_t shown_most[ACCESS_TEXTS] = {
	[ACCESS_TEXT_METHOD] = 64, [ACCESS_TEXT_HOST] = 255, [ACCESS_TEXT_TARGET] = 1000,
	[ACCESS_TEXT_REFERER] = 500, [ACCESS_TEXT_AGENT] = 400,
	[ACCESS_TEXT_USER] = 64,
};

static const struct {
	const char	*own, *json;
} facts[ACCESS_FACTS] = {
#define FORMAT(id, name, help)
#define FACT(id, own, json, help) [ACCESS_##id] = { own, json },
#include "tbl/access.h"
#undef FORMAT
#undef FACT
};

bool
access_fact_parse(struct str s, enum access_fact *out)
{
	for (unsigned i = 0; i < ACCESS_FACTS; i++)
		if (s.len > 0 && (str_eq(s, str_of(facts[i].own)) || str_eq(s, str_of(facts[i].json)))) {
			*out = (enum access_fact)i;
			return true;
		}
	return false;
}

bool
access_wants(const struct access_conf *c, const struct access_line *l)
{
	if (c->nstatuses == 0 && c->least_usec == 0 && !c->tried)
		return true;
	for (unsigned i = 0; i < c->nstatuses; i++)
		if ((unsigned)l->status >= c->status[i].least && (unsigned)l->status <= c->status[i].most)
			return true;
	return (c->least_usec > 0 && l->took_usec >= c->least_usec) || (c->tried && l->tried > 0);
}

/* ---- facts ---- */

/* WORD needs no quotes where a format has words without; TEXT is from elsewhere. */
struct value {
	enum { VALUE_NONE, VALUE_NUMBER, VALUE_WORD, VALUE_TEXT } kind;
	uint64_t	 n;
	struct str	 text;
	size_t		 most;		/* bytes of a TEXT that are shown */
	char		 own[ADDR_TEXT_MAX];	/* where the text was made for this value */
};

static void
set_number(struct value *v, uint64_t n)
{
	v->kind = VALUE_NUMBER;
	v->n = n;
}

static void
set_word(struct value *v, struct str word)
{
	v->kind = VALUE_WORD;
	v->text = word;
}

static void
set_text(struct value *v, struct str text, size_t most)
{
	v->kind = VALUE_TEXT;
	v->text = text;
	v->most = most;
}

static void
set_kept(struct value *v, const struct access_request *r, enum access_text which)
{
	size_t at = 0;

	if (r->text == NULL)
		return;
	for (unsigned i = 0; i < which; i++)
		at += r->len[i];
	set_text(v, (struct str){ r->text + at, r->len[which] }, shown_most[which]);
}

/* RFC 3339, in UTC. */
static void
set_time(struct value *v, int64_t usec)
{
	time_t sec = (time_t)(usec / USEC_PER_SEC);
	struct tm tm;
	int n;

	gmtime_r(&sec, &tm);
	n = snprintf(v->own, sizeof v->own, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", tm.tm_year + 1900,
	    tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
	    (int)(usec % USEC_PER_SEC / USEC_PER_MSEC));
	set_word(v, (struct str){ v->own, (size_t)n });
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

/* Facts of every line. */
static bool
value_of_line(struct value *v, enum access_fact f, const struct access_line *l)
{
	if (f == ACCESS_TIME)
		set_time(v, clock_wall_usec());
	else if (f == ACCESS_START)
		set_time(v, clock_wall_usec() - l->took_usec);
	else if (f == ACCESS_CLIENT)
		set_word(v, l->client);
	else if (f == ACCESS_BYTES)
		set_number(v, l->bytes);
	else if (f == ACCESS_USEC)
		set_number(v, (uint64_t)l->took_usec);
	else if (f == ACCESS_DURATION)
		set_number(v, (uint64_t)l->took_usec * 1000);
	else if (f == ACCESS_SERVICE)
		set_text(v, l->service, NAME_SHOWN);
	else if (f == ACCESS_TASK)
		set_text(v, l->task, NAME_SHOWN);
	else if (f == ACCESS_WHY)
		set_word(v, str_of(why_name(l->why)));
	else if (f == ACCESS_ADDRESS && l->address != NULL)
		set_word(v, str_of(addr_text(l->address, v->own)));
	else
		return false;
	return true;
}

static bool
value_of_request(struct value *v, enum access_fact f, const struct access_line *l)
{
	const struct access_request *r = l->request;

	if (f == ACCESS_METHOD)
		set_kept(v, r, ACCESS_TEXT_METHOD);
	else if (f == ACCESS_HOST)
		set_kept(v, r, ACCESS_TEXT_HOST);
	else if (f == ACCESS_TARGET)
		set_kept(v, r, ACCESS_TEXT_TARGET);
	else if (f == ACCESS_REFERER)
		set_kept(v, r, ACCESS_TEXT_REFERER);
	else if (f == ACCESS_AGENT)
		set_kept(v, r, ACCESS_TEXT_AGENT);
	else if (f == ACCESS_USER && r->len[ACCESS_TEXT_USER] > 0)
		set_kept(v, r, ACCESS_TEXT_USER);
	else if (f == ACCESS_STATUS)
		set_number(v, (uint64_t)l->status);
	else if (f == ACCESS_CONTENT_IN)
		set_number(v, l->received);
	else if (f == ACCESS_CONTENT)
		set_number(v, l->content);
	else if (f == ACCESS_PROTOCOL && l->version != ACCESS_UNKNOWN)
		set_word(v, protocol(l->version));
	else if (f == ACCESS_SCHEME)
		set_word(v, l->tls != NULL ? STR("https") : STR("http"));
	else if (f == ACCESS_MIDDLEWARE && l->middleware.len > 0)
		set_text(v, l->middleware, MIDDLEWARE_SHOWN);
	else if (f == ACCESS_ID && l->id.len > 0)
		set_text(v, l->id, ID_SHOWN);
	else if (f == ACCESS_TRACE && l->trace.len > 0)
		set_word(v, l->trace);
	else if (f == ACCESS_SPAN && l->span.len > 0)
		set_word(v, l->span);
	else if (f == ACCESS_TRIED)
		set_number(v, l->tried);
	else
		return false;
	return true;
}

static bool
value_of_connection(struct value *v, enum access_fact f, const struct access_line *l)
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
value_of_tls(struct value *v, enum access_fact f, const struct tls_facts *tls)
{
	struct str version = str_of(tls->version), prefix = STR("TLSv");

	if (f == ACCESS_TLS)
		set_word(v, version);
	else if (f == ACCESS_VERSION)
		set_word(v, str_starts(version, prefix) ?
		    (struct str){ version.p + prefix.len, version.len - prefix.len } : version);
	else if (f == ACCESS_CIPHER)
		set_word(v, str_of(tls->cipher));
	else if (f == ACCESS_RESUMED)
		set_word(v, tls->resumed ? STR("yes") : STR("no"));
}

/* False: the line has no such fact. */
static bool
value_get(struct value *v, enum access_fact f, const struct access_conf *c,
    const struct access_line *l)
{
	v->kind = VALUE_NONE;
	if ((c->dropped & ACCESS_BIT(f)) != 0)
		return false;
	if (!value_of_line(v, f, l) &&
	    !(l->request->connection ? value_of_connection : value_of_request)(v, f, l) && l->tls != NULL)
		value_of_tls(v, f, l->tls);
	if (v->kind != VALUE_NONE && (c->redacted & ACCESS_BIT(f)) != 0)
		set_word(v, STR("REDACTED"));
	return v->kind != VALUE_NONE;
}

/* ---- formats ---- */

static void
add_quoted(struct buf *b, struct str text, size_t most)
{
	char shown[2048];

	ASSERT(most <= sizeof shown);
	buf_adds(b, (struct str){ shown, escape_text(shown, most, text, ESCAPE_LOG, NULL) });
}

static void
write_own(struct buf *b, const struct access_conf *c, const struct access_line *l, uint64_t lost)
{
	struct value v;

	for (unsigned f = 0; f < ACCESS_FACTS; f++) {
		if (facts[f].own[0] == '\0' || !value_get(&v, (enum access_fact)f, c, l))
			continue;
		buf_printf(b, "%s%s=", f > 0 ? " " : "", facts[f].own);
		if (v.kind == VALUE_NUMBER)
			buf_printf(b, "%llu", (unsigned long long)v.n);
		else if (v.kind == VALUE_WORD)
			buf_adds(b, v.text);
		else {
			buf_adds(b, STR("\""));
			add_quoted(b, v.text, v.most);
			buf_adds(b, STR("\""));
		}
	}
	if (lost > 0)
		buf_printf(b, " %s=%llu", facts[ACCESS_LOST].own, (unsigned long long)lost);
}

/* Level and message are constant: programs that read Traefik's log, and logs in general, look for
 * them. */
static void
write_json(struct buf *b, const struct access_conf *c, const struct access_line *l, uint64_t lost)
{
	struct value v;

	buf_adds(b, STR("{\"level\":\"info\",\"msg\":\"\""));
	for (unsigned f = 0; f < ACCESS_FACTS; f++) {
		if (facts[f].json[0] == '\0' || !value_get(&v, (enum access_fact)f, c, l))
			continue;
		buf_printf(b, ",\"%s\":", facts[f].json);
		if (v.kind == VALUE_NUMBER) {
			buf_printf(b, "%llu", (unsigned long long)v.n);
			continue;
		}
		buf_adds(b, STR("\""));
		add_quoted(b, v.text, v.kind == VALUE_WORD ? ADDR_TEXT_MAX : v.most);
		buf_adds(b, STR("\""));
	}
	if (lost > 0)
		buf_printf(b, ",\"%s\":%llu", facts[ACCESS_LOST].json, (unsigned long long)lost);
	buf_adds(b, STR("}"));
}

/* "-": there is none. */
static void
add_common(struct buf *b, enum access_fact f, const struct access_conf *c,
    const struct access_line *l)
{
	struct value v;

	if (!value_get(&v, f, c, l) || (v.kind != VALUE_NUMBER && v.text.len == 0))
		buf_adds(b, STR("-"));
	else if (v.kind == VALUE_NUMBER)
		buf_printf(b, "%llu", (unsigned long long)v.n);
	else
		add_quoted(b, v.text, v.kind == VALUE_WORD ? ADDR_TEXT_MAX : v.most);
}

/* Without a space: words of this format have none. */
static void
add_common_user(struct buf *b, const struct access_conf *c, const struct access_line *l)
{
	size_t at = b->len + 3;

	buf_adds(b, STR(" - "));
	add_common(b, ACCESS_USER, c, l);
	for (size_t i = at; i < b->len; i++)
		if (b->p[i] == ' ')
			b->p[i] = '_';
}

/* The time of the Common Log Format, whatever the locale. */
static void
add_common_time(struct buf *b, const struct access_line *l)
{
	static const char months[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug",
	    "Sep", "Oct", "Nov", "Dec" };
	time_t sec = (time_t)((clock_wall_usec() - l->took_usec) / USEC_PER_SEC);
	struct tm tm;

	gmtime_r(&sec, &tm);
	buf_printf(b, " [%02d/%s/%04d:%02d:%02d:%02d +0000] \"", tm.tm_mday, months[tm.tm_mon],
	    tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

/* What went without a response has the status that nginx gives to that: readers of this format
 * expect a number. */
#define STATUS_NONE	499

static void
write_common(struct buf *b, const struct access_conf *c, const struct access_line *l)
{
	bool request = l->request->text != NULL && !l->request->connection;

	add_common(b, ACCESS_CLIENT, c, l);
	add_common_user(b, c, l);
	add_common_time(b, l);
	if (request) {
		add_common(b, ACCESS_METHOD, c, l);
		buf_adds(b, STR(" "));
		add_common(b, ACCESS_TARGET, c, l);
		buf_adds(b, STR(" "));
		add_common(b, ACCESS_PROTOCOL, c, l);
	} else
		buf_adds(b, STR("-"));
	buf_printf(b, "\" %d %llu", l->status != 0 ? l->status : STATUS_NONE,
	    (unsigned long long)(l->request->connection ? l->bytes : l->content));
}

static void
write_combined(struct buf *b, const struct access_conf *c, const struct access_line *l)
{
	write_common(b, c, l);
	buf_adds(b, STR(" \""));
	add_common(b, ACCESS_REFERER, c, l);
	buf_adds(b, STR("\" \""));
	add_common(b, ACCESS_AGENT, c, l);
	buf_adds(b, STR("\""));
}

void
access_line_write(struct buf *b, const struct access_conf *c, const struct access_line *l,
    uint64_t lost)
{
	size_t before = b->len;

	ASSERT(l->took_usec >= 0 && l->why != NULL);
	switch (c->format) {
	case ACCESS_FORMAT_MOLA:
		write_own(b, c, l, lost);
		break;
	case ACCESS_FORMAT_COMMON:
		write_common(b, c, l);
		break;
	case ACCESS_FORMAT_COMBINED:
		write_combined(b, c, l);
		break;
	case ACCESS_FORMAT_JSON:
		write_json(b, c, l, lost);
		break;
	case ACCESS_FORMAT_OFF:
	case ACCESS_FORMATS:
		BUG("no lines are wanted, or there is no such format");
	}
	buf_adds(b, STR("\n"));
	ASSERT(b->full || b->len - before <= ACCESS_LINE_MAX);
}
