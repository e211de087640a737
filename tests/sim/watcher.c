/*
 * Requests are HTTP/1.0, so that a response ends with its connection. A connection that breaks is a brain that has died: nothing is
 * wrong with that.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/str.h"
#include "ledger.h"
#include "memory.h"
#include "watcher.h"
#include "base/why.h"

#define METRICS_USEC	(1700 * USEC_PER_MSEC)
#define PAGE_USEC	(290 * USEC_PER_MSEC)
#define PAGE_MOST	(1 << 20)

struct visit {
	struct end	*end;			/* NULL: it is over */
	bool		 metrics, asked;
	const char	*path;
	char		*text;
	size_t		 len, room, piece;	/* piece: it reads so many bytes at once; 0: all */
	size_t		 leaves;		/* after so many bytes; 0: it does not */
};

static struct {
	const struct plan *plan;
	struct host	 host;
	struct addr	 at;
	struct rng	 rng;
	uint64_t	 ended[WHY_COUNT];	/* requests, as read last */
	uint64_t	 pages;
	bool		 over;
} w;

static const char *const pages[] = { "/api/v1/services", "/api/v1/tasks", "/api/v1/nodes", "/api/v1/why?service=s0", "/api/v1/targets",
	"/api/v1/events", "/api/v1/config", "/api/v1/history", "/api/v1/stream?topics=nodes", "/healthz", "/", "/nothing", "/api/v1/why?service=s9" };

/* ---- what metrics say ---- */

/* The value of a label; NULL: it has none. */
static const char *
label(const char *line, const char *name, char value[64])
{
	char key[32];
	const char *p;

	snprintf(key, sizeof key, "%s=\"", name);
	if ((p = strstr(line, key)) == NULL)
		return NULL;
	p += strlen(key);
	snprintf(value, 64, "%.*s", (int)strcspn(p, "\""), p);
	return value;
}

static double
value_of(const char *line)
{
	const char *p = strrchr(line, ' ');

	return p == NULL ? 0 : strtod(p + 1, NULL);
}

/* What has been counted stays counted, whichever brain says so. */
static void
ended_read(const char *line)
{
	char why[64];
	uint64_t n = (uint64_t)value_of(line);

	if (label(line, "why", why) == NULL)
		return;
	for (unsigned i = 0; i < WHY_COUNT; i++)
		if (strcmp(why_all[i].name, why) == 0) {
			if (n < w.ended[i])
				broken("%llu requests ended with %s, after %llu", (unsigned long long)n, why, (unsigned long long)w.ended[i]);
			w.ended[i] = n;
		}
}

static void
metrics_read(char *text)
{
	double share[SERVICES] = { 0 };
	char service[64], *line, *rest;

	for (line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
		if (strncmp(line, "mola_requests_ended_total{", 26) == 0)
			ended_read(line);
		else if (strncmp(line, "mola_target_share_ratio{", 24) == 0 && label(line, "service", service) != NULL && service[0] == 's')
			share[(unsigned)(service[1] - '0') % SERVICES] += value_of(line);
	}
	for (unsigned i = 0; i < SERVICES; i++)
		if (share[i] > 0 && (share[i] < 0.999 || share[i] > 1.001))
			broken("the shares of s%u are %f in all", i, share[i]);
}

static void
page_read(struct visit *v)
{
	char *body;

	v->text[v->len] = '\0';
	if (v->len == 0)			/* the brain that was to respond has gone */
		return;
	if (strncmp(v->text, "HTTP/1.1 ", 9) != 0) {
		broken("the response to %s begins: %.20s", v->path, v->text);
		return;
	}
	if ((body = strstr(v->text, "\r\n\r\n")) == NULL)
		return;
	w.pages++;
	wire_note("page", v->len, (uint64_t)atoi(v->text + 9));
	if (v->metrics && strncmp(v->text + 9, "200", 3) == 0)
		metrics_read(body + 4);
}

/* ---- visits ---- */

static void
visit_end(struct visit *v)
{
	end_close(v->end, false);
	v->end = NULL;
}

static wire_f on_slow;

static void
visit_read(struct visit *v)
{
	size_t most = v->piece > 0 ? v->piece : v->room - 1 - v->len;
	ssize_t n;

	while ((n = end_read(v->end, v->text + v->len, most < v->room - 1 - v->len ? most : v->room - 1 - v->len, false)) > 0) {
		v->len += (size_t)n;
		if ((v->leaves > 0 && v->len >= v->leaves) || v->len == v->room - 1) {
			visit_end(v);
			return;
		}
		if (v->piece > 0) {
			wire_at(wire_now() + 20 * USEC_PER_MSEC, on_slow, v, 0);
			return;
		}
	}
	if (n < 0 && errno == EAGAIN)
		return;
	if (n == 0)
		page_read(v);
	visit_end(v);
}

static void
on_slow(void *arg, uint64_t n)
{
	struct visit *v = arg;

	(void)n;
	if (v->end != NULL)
		visit_read(v);
}

static void
on_end(void *arg, unsigned what)
{
	struct visit *v = arg;
	char request[200];

	(void)what;
	if (v->end == NULL)
		return;
	if (!v->asked && (end_is(v->end) & (END_OUT | END_BROKEN)) == END_OUT) {
		v->asked = true;
		snprintf(request, sizeof request, "GET %s HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n", v->path);
		end_write(v->end, request, strlen(request));
	}
	if ((end_is(v->end) & END_BROKEN) != 0)
		visit_end(v);
	else if (v->piece == 0 || v->len == 0)
		visit_read(v);
}

static struct visit *
visit_new(const char *path, bool metrics)
{
	struct weather weather = { .delay_usec = 50, .window = 65536, .room = 65536, .seed = rng_u64(&w.rng) };
	struct visit *v = sim_alloc(sizeof *v);

	v->path = path;
	v->metrics = metrics;
	v->room = metrics ? PAGE_MOST / 4 : PAGE_MOST / 8;
	v->text = sim_alloc(v->room);
	v->end = end_connect(&w.host, &w.at, &weather, on_end, v);
	return v;
}

static void
on_metrics(void *arg, uint64_t n)
{
	if (w.over)
		return;
	visit_new("/metrics", true);
	wire_at(wire_now() + METRICS_USEC, on_metrics, arg, n);
}

static void
on_page(void *arg, uint64_t n)
{
	struct visit *v;

	if (w.over)
		return;
	v = visit_new(pages[rng_below(&w.rng, sizeof pages / sizeof *pages)], false);
	if (rng_below(&w.rng, 6) == 0)
		v->leaves = 1 + rng_below(&w.rng, 3000);
	if (rng_below(&w.rng, 8) == 0)
		v->piece = 1 + rng_below(&w.rng, 2000);
	wire_at(wire_now() + PAGE_USEC, on_page, arg, n);
}

void
watcher_begin(const struct plan *p)
{
	memset(&w, 0, sizeof w);
	w.plan = p;
	rng_seed(&w.rng, p->seed + 77);
	ASSERT(addr_parse(STR(WATCHER_AT), &w.at) == NULL);
	w.host.addr = w.at;
	wire_at(wire_now() + METRICS_USEC, on_metrics, NULL, 0);
	if (p->brain.watched)
		wire_at(wire_now() + PAGE_USEC, on_page, NULL, 0);
}

void
watcher_end(void)
{
	w.over = true;
}

uint64_t
watcher_pages(void)
{
	return w.pages;
}
