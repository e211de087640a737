/*
 * log: a line is made on the stack, a pair that does not fit is left out, and it is written at
 * once. No process waits for whoever reads its log: up to PENDING_MAX bytes wait here instead, and
 * what comes then is dropped, counted, and reported when there is room again. Must not allocate: it
 * is called when there is no memory.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/bug.h"
#include "base/clock.h"
#include "base/escape.h"
#include "base/log.h"
#include "base/sink.h"

static struct {
	const char	*who;
	enum log_level	 least;
	bool		 json;
	log_tap_f	*tap;
	void		*tap_arg;
	struct sink	 sink;
} conf = { "mola", LOG_INFO, false, NULL, NULL, { STDERR_FILENO, SINK_FILE } };

/* bytes of lines that wait for a reader that does not keep up; later ones are dropped */
#define PENDING_MAX 65536

static struct {
	char		 lines[PENDING_MAX];
	size_t		 n;
	uint64_t	 dropped;	/* lines, since log.dropped was last logged */
	uint64_t	 counted;	/* lines, since log_dropped_take */
} pending;

static const char *const level_name[] = { "debug", "info", "warn", "error" };

#define VALUE_MAX 512		/* bytes of a value that are shown */

struct line {
	char	b[4096];
	size_t	n;
	bool	full;
};

static void
put(struct line *l, char c)
{
	if (l->n < sizeof l->b - 2)		/* room for the newline and the end */
		l->b[l->n++] = c;
	else
		l->full = true;
}

static void
puts_raw(struct line *l, const char *s)
{
	for (; *s != '\0'; s++)
		put(l, *s);
}

/* Values come from clients, labels and exporters: control bytes never reach a terminal. */
static void
puts_quoted(struct line *l, const char *s, bool always)
{
	char text[VALUE_MAX * ESCAPE_MOST + 1];
	struct str shown;
	bool plain = !always && *s != '\0' && strnlen(s, VALUE_MAX + 1) <= VALUE_MAX;

	for (const char *c = s; plain && *c != '\0'; c++)
		plain = *c > ' ' && *c < 0x7f && *c != '"' && *c != '=' && *c != '\\';
	if (plain) {
		puts_raw(l, s);
		return;
	}
	shown = (struct str){ s, strnlen(s, VALUE_MAX) };
	text[escape_text(text, sizeof text - 1, shown, ESCAPE_LOG, NULL)] = '\0';
	put(l, '"');
	puts_raw(l, text);
	if (s[shown.len] != '\0')
		puts_raw(l, "...");
	put(l, '"');
}

/* A pair for which there is no room is left out whole, so that the line can still be read. */
static void
put_pair(struct line *l, bool json, const char *key, const char *value)
{
	size_t start = l->n;

	if (json) {
		put(l, ',');
		puts_quoted(l, key, true);
		put(l, ':');
		puts_quoted(l, value, true);
	} else {
		put(l, ' ');
		puts_raw(l, key);
		put(l, '=');
		puts_quoted(l, value, false);
	}
	if (l->full)
		l->n = start;
	l->full = false;
}

static void
put_time(struct line *l)
{
	int64_t now = clock_wall_usec();
	time_t s = (time_t)(now / USEC_PER_SEC);
	char text[48];
	struct tm tm;

	gmtime_r(&s, &tm);
	strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm);
	puts_raw(l, text);
	snprintf(text, sizeof text, ".%03dZ", (int)(now % USEC_PER_SEC / USEC_PER_MSEC));
	puts_raw(l, text);
}

void
log_setup(const char *who, enum log_level least, bool json)
{
	/* a child: lines that wait in the parent are the parent's to write */
	if (strcmp(who, conf.who) != 0) {
		pending.n = 0;
		pending.dropped = pending.counted = 0;
	}
	ASSERT(least <= LOG_ERROR + 1);		/* one more: tests want silence */
	conf.who = who;
	conf.least = least;
	conf.json = json;
	sink_init(&conf.sink, STDERR_FILENO);
}

enum log_level
log_least(void)
{
	return conf.least;
}

bool
log_is_json(void)
{
	return conf.json;
}

void
log_tap(log_tap_f *fn, void *arg)
{
	conf.tap = fn;
	conf.tap_arg = arg;
}

static void
line_drop(void)
{
	pending.dropped++;
	pending.counted++;
}

/* False: some still wait. */
static bool
pending_write(void)
{
	long put;

	if (pending.n == 0)
		return true;
	put = sink_write_lines(&conf.sink, pending.lines, pending.n);
	if (put < 0) {			/* the reader is gone */
		for (size_t i = 0; i < pending.n; i++)
			if (pending.lines[i] == '\n')
				line_drop();
		put = (long)pending.n;
	}
	ASSERT((size_t)put <= pending.n && pending.n <= sizeof pending.lines);
	pending.n -= (size_t)put;
	memmove(pending.lines, pending.lines + put, pending.n);
	return pending.n == 0;
}

static void
line_write(const char *line, size_t n)
{
	long put = pending_write() ? sink_write(&conf.sink, line, n) : 0;
	size_t rest = put < 0 ? 0 : n - (size_t)put;

	ASSERT(put <= (long)n && line[n - 1] == '\n');
	if (put < 0 || rest > sizeof pending.lines - pending.n) {
		line_drop();
		return;
	}
	memcpy(pending.lines + pending.n, line + put, rest);
	pending.n += rest;
}

void
log_flush(void)
{
	uint64_t dropped = pending.dropped;

	if (!pending_write() || dropped == 0)
		return;
	pending.dropped = 0;
	log_event(LOG_WARN, "log.dropped", "lines", LOG_N(dropped), NULL);
}

uint64_t
log_dropped_take(void)
{
	uint64_t n = pending.counted;

	pending.counted = 0;
	return n;
}

void
log_event(enum log_level level, const char *event, ...)
{
	struct line l, pairs;
	const char *key, *value;
	va_list ap;

	ASSERT(level <= LOG_ERROR);
	if (level < conf.least && (conf.tap == NULL || level < LOG_INFO))
		return;
	l.n = pairs.n = 0;
	l.full = pairs.full = false;
	if (conf.json)
		puts_raw(&l, "{\"time\":\"");
	put_time(&l);
	if (conf.json)
		put(&l, '"');
	put_pair(&l, conf.json, "level", level_name[level]);
	put_pair(&l, conf.json, "who", conf.who);
	put_pair(&l, conf.json, "event", event);
	va_start(ap, event);
	while ((key = va_arg(ap, const char *)) != NULL) {
		value = va_arg(ap, const char *);
		put_pair(&l, conf.json, key, value == NULL ? "" : value);
		put_pair(&pairs, false, key, value == NULL ? "" : value);
	}
	va_end(ap);
	ASSERT(l.n < sizeof l.b - 1 && pairs.n < sizeof pairs.b);
	l.b[l.n] = pairs.b[pairs.n] = '\0';
	if (conf.tap != NULL)		/* always key=value; each begins with a space */
		conf.tap(conf.tap_arg, level, event, pairs.b + (pairs.n > 0));
	if (level < conf.least)
		return;
	if (conf.json)
		l.b[l.n++] = '}';
	l.b[l.n] = '\n';
	line_write(l.b, l.n + 1);
}

const char *
log_int(char out[24], int64_t n)
{
	snprintf(out, 24, "%" PRId64, n);
	return out;
}

const char *
log_float(char out[40], double x, int digits)
{
	snprintf(out, 40, "%.*f", digits, x);
	return out;
}
