/*
 * Knows how a line looks. What clients send is quoted: nothing in it can end a line or a value.
 */
#include <stdlib.h>
#include <time.h>

#include "base/buf.h"
#include "base/bug.h"
#include "base/clock.h"
#include "base/escape.h"
#include "base/sink.h"
#include "net/tls.h"
#include "proxy/access.h"

#define NAME_SHOWN	512		/* bytes of a service's name, or a task's, with what stands around it */
#define WAITING_MAX	(256 * 1024)	/* bytes of lines that may wait for their reader */

struct access {
	struct loop	*loop;
	struct sink	 sink;
	bool		 on;
	bool		 waiting;	/* lines are to be written at the end of this turn */
	bool		 ending;
	uint64_t	 lost;		/* lines, since the last one that was written */
	uint64_t	 counted;	/* lines lost since access_lost_take */
	struct buf	 lines;
	struct deferred	 deferred;
};

struct access *
access_new(struct loop *l, int fd)
{
	struct access *a = must_zalloc(sizeof *a);

	a->loop = l;
	sink_init(&a->sink, fd);
	buf_init(&a->lines, WAITING_MAX);
	return a;
}

void
access_on(struct access *a, bool on)
{
	a->on = on;
}

static void
destroy(struct access *a)
{
	buf_fini(&a->lines);
	free(a);
}

void
access_free(struct access **ap)
{
	struct access *a = *ap;

	*ap = NULL;
	if (a == NULL)
		return;
	if (a->waiting)
		a->ending = true;
	else
		destroy(a);
}

void
access_flush(struct access *a)
{
	long put = sink_write_lines(&a->sink, a->lines.p, a->lines.len);

	if (put >= 0) {
		buf_eat(&a->lines, (size_t)put);
		return;
	}
	for (size_t i = 0; i < a->lines.len; i++)	/* the reader has gone */
		if (a->lines.p[i] == '\n')
			a->lost++, a->counted++;
	buf_clear(&a->lines);
}

uint64_t
access_lost_take(struct access *a)
{
	uint64_t n = a->counted;

	a->counted = 0;
	return n;
}

/* What the reader did not take stays for the next time; past the ceiling, lines are lost and
 * counted. */
static void
on_turn_end(void *arg)
{
	struct access *a = arg;

	ASSERT(a->waiting);
	a->waiting = false;
	access_flush(a);
	if (a->ending)
		destroy(a);
}

static size_t
put_named(char *out, size_t at, size_t cap, struct str name, struct str value)
{
	ASSERT(at <= cap);
	if (at + name.len + 1 > cap)
		return at;
	for (size_t i = 0; i < name.len; i++)
		out[at++] = name.p[i];
	at += escape_text(out + at, cap - 1 - at, value, ESCAPE_LOG, NULL);
	out[at++] = '"';
	return at;
}

void
access_note_request(const struct access *a, struct access_request *request, const struct message *h)
{
	size_t at = 0;

	request->len = 0;
	request->connection = false;
	if (!a->on)
		return;
	at = put_named(request->text, at, 48, STR("method=\""), h->method);
	at = put_named(request->text, at, 160, STR(" host=\""), h->host);
	request->len = put_named(request->text, at, ACCESS_REQUEST_MAX, STR(" target=\""), h->target);
}

void
access_note_connection(const struct access *a, struct access_request *request, struct str listener,
    struct str server_name)
{
	size_t at = 0;

	request->len = 0;
	request->connection = true;
	if (!a->on)
		return;
	at = put_named(request->text, at, 160, STR("listener=\""), listener);
	request->len = put_named(request->text, at, ACCESS_REQUEST_MAX, STR(" sni=\""), server_name);
}

static void
add_time(struct buf *b)
{
	int64_t now = clock_wall_usec();
	time_t sec = (time_t)(now / USEC_PER_SEC);
	struct tm tm;

	gmtime_r(&sec, &tm);
	buf_printf(b, "time=%04d-%02d-%02dT%02d:%02d:%02d.%03dZ ", tm.tm_year + 1900,
	    tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
	    (int)(now % USEC_PER_SEC / USEC_PER_MSEC));
}

static const char *const versions[] = {
	[ACCESS_UNKNOWN] = "", [ACCESS_HTTP_1_0] = " protocol=HTTP/1.0",
	[ACCESS_HTTP_1_1] = " protocol=HTTP/1.1", [ACCESS_HTTP_2] = " protocol=HTTP/2.0",
};

void
access_log(struct access *a, const struct access_line *l)
{
	struct buf *b = &a->lines;
	char service[NAME_SHOWN], task[NAME_SHOWN];
	size_t before = b->len;

	if (!a->on)
		return;
	ASSERT(!a->ending && l->request->len <= ACCESS_REQUEST_MAX && l->took_usec >= 0);
	add_time(b);
	buf_printf(b, "client=%.*s %.*s ", STR_ARG(l->client), (int)l->request->len, l->request->text);
	if (l->request->connection)
		buf_printf(b, "received=%llu ", (unsigned long long)l->received);
	else
		buf_printf(b, "status=%d ", l->status);
	buf_printf(b, "bytes=%llu usec=%lld%s %.*s%.*s why=%s",
	    (unsigned long long)l->bytes, (long long)l->took_usec, versions[l->version],
	    (int)put_named(service, 0, sizeof service, STR("service=\""), l->service), service,
	    (int)put_named(task, 0, sizeof task, STR(" task=\""), l->task), task,
	    why_name(l->why));
	if (l->tls != NULL)
		buf_printf(b, " tls=%s cipher=%s resumed=%s", l->tls->version, l->tls->cipher,
		    l->tls->resumed ? "yes" : "no");
	if (a->lost > 0)
		buf_printf(b, " lost=%llu", (unsigned long long)a->lost);
	buf_adds(b, STR("\n"));
	if (!b->full)
		a->lost = 0;
	else {
		b->len = before;
		b->full = false;
		a->lost++;
		a->counted++;
	}
	if (!a->waiting) {
		a->waiting = true;
		loop_defer(a->loop, &a->deferred, on_turn_end, a);
	}
}
