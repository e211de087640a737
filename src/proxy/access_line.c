/*
 * What clients send is quoted: nothing in it can end a line or a value, in any format.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/bug.h"
#include "base/clock.h"
#include "base/escape.h"
#include "proxy/access_fact.h"
#include "proxy/access_line.h"

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

/* No fact is kin to one that is kin itself. */
uint64_t
access_fact_bits(enum access_fact f)
{
	static const struct { enum access_fact fact, of; } kin[] = {
#define FORMAT(id, name, help)
#define FACT(id, own, json, help)
#define KIN(id, kin) { ACCESS_##id, ACCESS_##kin },
#include "tbl/access.h"
#undef FORMAT
#undef FACT
#undef KIN
	};
	uint64_t bits = ACCESS_BIT(f);

	for (size_t i = 0; i < sizeof kin / sizeof *kin; i++)
		if (kin[i].of == f)
			bits |= ACCESS_BIT(kin[i].fact);
	return bits;
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

/* ---- formats ---- */

/* One line in the making. */
struct writing {
	struct buf	*b;
	const struct access_conf *conf;
	const struct access_line *line;
	uint64_t	 lost;
	unsigned	 cut;		/* how often the most bytes of texts are halved */
	size_t		 start;		/* of the line in b */
};

static bool
get(const struct writing *w, enum access_fact f, struct access_value *v)
{
	return access_value_get(v, f, w->conf, w->line);
}

static void
add_escaped(const struct writing *w, const struct access_value *v)
{
	char shown[2048];
	size_t most = v->kind == VALUE_TEXT ? v->most >> w->cut : sizeof v->own;

	ASSERT(most <= sizeof shown);
	buf_adds(w->b, (struct str){ shown, escape_text(shown, most, v->text, ESCAPE_LOG, NULL) });
}

static void
add_quoted(const struct writing *w, const struct access_value *v)
{
	buf_adds(w->b, STR("\""));
	add_escaped(w, v);
	buf_adds(w->b, STR("\""));
}

static const char *const sides[] = {
#define FORMAT(id, name, help)
#define FACT(id, own, json, help)
#define SIDE(id, prefix) [ACCESS_SIDE_##id] = prefix,
#include "tbl/access.h"
#undef FORMAT
#undef FACT
#undef SIDE
};

/* Before a word: whichever comes first has none before it. */
static void
add_space(const struct writing *w)
{
	if (w->b->len > w->start)
		buf_adds(w->b, STR(" "));
}

/* Those of messages. `before` NULL: a space. */
static void
add_fields(const struct writing *w, const char *before, const char *between)
{
	struct access_value v;

	for (unsigned i = 0; i < w->conf->nfields; i++) {
		if (!access_kept_get(&v, w->conf, w->line->request, i))
			continue;
		if (before == NULL)
			add_space(w);
		else
			buf_adds(w->b, str_of(before));
		buf_printf(w->b, "%s%s%s", sides[w->conf->field[i].side], w->conf->field[i].name, between);
		add_quoted(w, &v);
	}
}

static void
write_own(const struct writing *w)
{
	struct access_value v;

	for (unsigned f = 0; f < ACCESS_FACTS; f++) {
		if (facts[f].own[0] == '\0' || !get(w, (enum access_fact)f, &v))
			continue;
		add_space(w);
		buf_printf(w->b, "%s=", facts[f].own);
		if (v.kind == VALUE_NUMBER)
			buf_printf(w->b, "%llu", (unsigned long long)v.n);
		else if (v.kind == VALUE_TEXT)
			add_quoted(w, &v);
		else
			buf_adds(w->b, v.text);
	}
	add_fields(w, NULL, "=");
	if (w->lost > 0) {
		add_space(w);
		buf_printf(w->b, "%s=%llu", facts[ACCESS_LOST].own, (unsigned long long)w->lost);
	}
}

/* Level and message are constant: programs that read Traefik's log, and logs in general, look for
 * them. */
static void
write_json(const struct writing *w)
{
	struct access_value v;

	buf_adds(w->b, STR("{\"level\":\"info\",\"msg\":\"\""));
	for (unsigned f = 0; f < ACCESS_FACTS; f++) {
		if (facts[f].json[0] == '\0' || !get(w, (enum access_fact)f, &v))
			continue;
		buf_printf(w->b, ",\"%s\":", facts[f].json);
		if (v.kind == VALUE_NUMBER)
			buf_printf(w->b, "%llu", (unsigned long long)v.n);
		else if (v.kind == VALUE_BARE)
			buf_adds(w->b, v.text);
		else
			add_quoted(w, &v);
	}
	add_fields(w, ",\"", "\":");
	if (w->lost > 0)
		buf_printf(w->b, ",\"%s\":%llu", facts[ACCESS_LOST].json, (unsigned long long)w->lost);
	buf_adds(w->b, STR("}"));
}

/* "-": there is none. */
static void
add_common(const struct writing *w, enum access_fact f)
{
	struct access_value v;

	if (!get(w, f, &v) || (v.kind != VALUE_NUMBER && v.text.len == 0))
		buf_adds(w->b, STR("-"));
	else if (v.kind == VALUE_NUMBER)
		buf_printf(w->b, "%llu", (unsigned long long)v.n);
	else
		add_escaped(w, &v);
}

static void
add_common_quoted(const struct writing *w, enum access_fact f)
{
	buf_adds(w->b, STR(" \""));
	add_common(w, f);
	buf_adds(w->b, STR("\""));
}

/* Without a space: words of this format have none. */
static void
add_common_user(const struct writing *w)
{
	size_t at = w->b->len + 3;

	buf_adds(w->b, STR(" - "));
	add_common(w, ACCESS_USER);
	for (size_t i = at; i < w->b->len; i++)
		if (w->b->p[i] == ' ')
			w->b->p[i] = '_';
}

/* The time of the Common Log Format, whatever the locale. */
static void
add_common_time(const struct writing *w)
{
	static const char months[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug",
	    "Sep", "Oct", "Nov", "Dec" };
	time_t sec = (time_t)((clock_wall_usec() - w->line->took_usec) / USEC_PER_SEC);
	struct tm tm;

	gmtime_r(&sec, &tm);
	buf_printf(w->b, " [%02d/%s/%04d:%02d:%02d:%02d +0000] \"", tm.tm_mday, months[tm.tm_mon],
	    tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

/* What went without a response has the status that nginx gives to that: readers of this format
 * expect a number. */
#define STATUS_NONE	499

static void
write_common(const struct writing *w)
{
	const struct access_line *l = w->line;
	bool request = l->request->text != NULL && !l->request->connection;

	add_common(w, ACCESS_CLIENT);
	add_common_user(w);
	add_common_time(w);
	if (request) {
		add_common(w, ACCESS_METHOD);
		buf_adds(w->b, STR(" "));
		add_common(w, ACCESS_TARGET);
		buf_adds(w->b, STR(" "));
		add_common(w, ACCESS_PROTOCOL);
	} else
		buf_adds(w->b, STR("-"));
	buf_printf(w->b, "\" %d %llu", l->status != 0 ? l->status : STATUS_NONE,
	    (unsigned long long)(l->request->connection ? l->bytes : l->content));
}

static void
write_combined(const struct writing *w)
{
	write_common(w);
	add_common_quoted(w, ACCESS_REFERER);
	add_common_quoted(w, ACCESS_AGENT);
}

/* What Traefik calls common; the duration in whole milliseconds. */
static void
write_traefik(const struct writing *w)
{
	write_combined(w);
	buf_adds(w->b, STR(" "));
	add_common(w, ACCESS_COUNT);
	add_common_quoted(w, ACCESS_ROUTER);
	add_common_quoted(w, ACCESS_URL);
	buf_printf(w->b, " %lldms", (long long)(w->line->took_usec / USEC_PER_MSEC));
}

static void
write_line(const struct writing *w)
{
	switch (w->conf->format) {
	case ACCESS_FORMAT_MOLA:
		write_own(w);
		break;
	case ACCESS_FORMAT_COMMON:
		write_common(w);
		break;
	case ACCESS_FORMAT_COMBINED:
		write_combined(w);
		break;
	case ACCESS_FORMAT_TRAEFIK:
		write_traefik(w);
		break;
	case ACCESS_FORMAT_JSON:
		write_json(w);
		break;
	case ACCESS_FORMAT_OFF:
	case ACCESS_FORMATS:
		BUG("no lines are wanted, or there is no such format");
	}
	buf_adds(w->b, STR("\n"));
}

/* Of a line that all of its texts make too long, each is cut. */
void
access_line_write(struct buf *b, const struct access_conf *c, const struct access_line *l,
    uint64_t lost)
{
	struct writing w = { b, c, l, lost, 0, b->len };

	ASSERT(l->took_usec >= 0 && l->why != NULL);
	for (write_line(&w); !b->full && b->len - w.start > ACCESS_LINE_MAX; write_line(&w)) {
		b->len = w.start;
		w.cut++;
		ASSERT(w.cut < 12);
	}
}
