/*
 * One request is under way at a time. Spans that come meanwhile wait, up to QUEUE_MOST bytes of
 * them; those of a request that failed are sent again, some times, if the collector may take them
 * later.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "base/clock.h"
#include "base/log.h"
#include "tracing/exporter.h"
#include "tracing/otlp.h"

#define QUEUE_MOST	(4 * 1024 * 1024)
#define BATCH_MOST	(256 * 1024)
#define BODY_MOST	(BATCH_MOST + 8192)
#define GATHER_USEC	(1 * USEC_PER_SEC)	/* spans are gathered for so long */
#define TRIES_MOST	6			/* 1 + 2 + 4 + 8 + 16 seconds */
#define PAUSE_MOST	60			/* seconds that a collector may ask for */

struct exporter {
	struct loop	*loop;
	struct fetcher	*fetcher;
	struct live	*live;
	char		*url, *headers, *ca, *cert, *key, *service;	/* url NULL: there is no collector */
	int64_t		 timeout_usec;
	struct buf	 queue, batch;		/* whole lines */
	unsigned	 tries;			/* of the batch */
	struct fetch	*fetch;			/* the batch is under way */
	struct timer	 timer;			/* when the next step is due; not set: nothing is to be done */
	bool		 failing;		/* and that is logged */
};

static void	on_time(void *);
static void	on_response(void *, const struct fetch_result *);

static uint64_t
lines_of(const struct buf *b)
{
	uint64_t n = 0;

	for (size_t i = 0; i < b->len; i++)
		n += b->p[i] == '\n';
	return n;
}

static void
drop(struct exporter *e, struct buf *b, enum live_spans outcome)
{
	live_count_spans(e->live, outcome, lines_of(b));
	buf_clear(b);
}

static void
due_in(struct exporter *e, int64_t usec)
{
	timer_set(e->loop, &e->timer, loop_now(e->loop) + usec, on_time, e);
}

static void
texts_free(struct exporter *e)
{
	free(e->url);
	free(e->headers);
	free(e->ca);
	free(e->cert);
	free(e->key);
	free(e->service);
}

static char *
copy(const char *s)
{
	return s == NULL ? NULL : must_strdup(s);
}

struct exporter *
exporter_new(struct loop *l, struct fetcher *f, struct live *live)
{
	struct exporter *e = must_zalloc(sizeof *e);

	e->loop = l;
	e->fetcher = f;
	e->live = live;
	buf_init(&e->queue, QUEUE_MOST);
	buf_init(&e->batch, BATCH_MOST);
	return e;
}

static void
stop(struct exporter *e)
{
	if (e->fetch != NULL)
		fetch_cancel(e->fetch);
	e->fetch = NULL;
	timer_clear(e->loop, &e->timer);
}

void
exporter_free(struct exporter **ep)
{
	struct exporter *e = *ep;

	*ep = NULL;
	stop(e);
	drop(e, &e->batch, SPANS_LOST);
	drop(e, &e->queue, SPANS_LOST);
	buf_fini(&e->batch);
	buf_fini(&e->queue);
	texts_free(e);
	free(e);
}

void
exporter_reconf(struct exporter *e, const struct conf *c)
{
	const struct conf_tracing *t = &c->tracing;

	stop(e);
	texts_free(e);
	e->url = copy(t->url);
	e->headers = copy(t->headers);
	e->ca = copy(t->ca);
	e->cert = copy(t->cert);
	e->key = copy(t->key);
	e->service = copy(t->service);
	e->timeout_usec = t->timeout_usec;
	e->tries = 0;
	e->failing = false;
	if (e->url == NULL) {
		drop(e, &e->batch, SPANS_LOST);
		drop(e, &e->queue, SPANS_LOST);
	} else if (e->batch.len + e->queue.len > 0)
		due_in(e, 1);
}

void
exporter_add(struct exporter *e, struct str lines)
{
	struct buf one = { (char *)(uintptr_t)lines.p, lines.len, 0, 0, false };

	if (e->url == NULL || lines.len == 0 || lines.p[lines.len - 1] != '\n')
		return;
	if (e->queue.len + lines.len > QUEUE_MOST || !buf_adds(&e->queue, lines)) {
		live_count_spans(e->live, SPANS_LOST, lines_of(&one));
		return;
	}
	if (e->fetch == NULL && e->batch.len == 0 &&
	    (e->timer.node.at == 0 || e->queue.len >= BATCH_MOST))
		due_in(e, e->queue.len >= BATCH_MOST ? 1 : GATHER_USEC);
}

/* ---- requests ---- */

/* As many whole lines as a request has. */
static void
batch_fill(struct exporter *e)
{
	size_t n = e->queue.len < BATCH_MOST ? e->queue.len : BATCH_MOST;

	ASSERT(e->batch.len == 0);
	while (n > 0 && e->queue.p[n - 1] != '\n')
		n--;
	if (n == 0 && e->queue.len > 0) {	/* one line that is longer than any of ours */
		drop(e, &e->queue, SPANS_LOST);
		return;
	}
	buf_add(&e->batch, e->queue.p, n);
	buf_eat(&e->queue, n);
	e->tries = 0;
}

static void
send_batch(struct exporter *e)
{
	struct otlp_resource r = { .service = e->service, .version = MOLA_VERSION };
	struct fetch_conf fc = { .url = e->url, .timeout_usec = e->timeout_usec, .body_max = 65536,
	    .lines = e->headers, .wanted = "Retry-After", .ca = e->ca, .cert = e->cert, .key = e->key };
	char host[65] = "";
	struct buf body;

	ASSERT(e->fetch == NULL && e->batch.len > 0);
	gethostname(host, sizeof host - 1);
	r.host = host;
	buf_init(&body, BODY_MOST);
	if (!otlp_write(&body, &r, buf_str(&e->batch)))
		drop(e, &e->batch, SPANS_LOST);
	else {
		fc.body = buf_str(&body);
		e->tries++;
		e->fetch = fetch_start(e->fetcher, &fc, NULL, on_response, e);
	}
	buf_fini(&body);
}

static void
on_time(void *arg)
{
	struct exporter *e = arg;

	ASSERT(e->url != NULL && e->fetch == NULL);
	if (e->batch.len == 0)
		batch_fill(e);
	if (e->batch.len > 0)
		send_batch(e);
}

static void
report(struct exporter *e, const struct fetch_result *res, const char *what)
{
	if (e->failing)
		return;
	e->failing = true;
	log_event(LOG_WARN, "tracing.failed", "endpoint", e->url, "status", LOG_N(res->status), "detail",
	    res->detail, "text", what, NULL);
}

static void
taken(struct exporter *e, const struct fetch_result *res)
{
	char text[OTLP_TEXT_MAX];
	uint64_t all = lines_of(&e->batch), rejected = otlp_rejected(res->body, text);

	rejected = rejected < all ? rejected : all;
	live_count_spans(e->live, SPANS_SENT, all - rejected);
	live_count_spans(e->live, SPANS_REJECTED, rejected);
	buf_clear(&e->batch);
	if (rejected > 0)
		report(e, res, text[0] != '\0' ? text : "the collector has not taken all spans");
	else if (e->failing) {
		e->failing = false;
		log_event(LOG_INFO, "tracing.back", "endpoint", e->url, NULL);
	}
}

/* After the pause that the collector asked for, else after twice the last one. */
static int64_t
pause_usec(const struct exporter *e, const struct fetch_result *res)
{
	int asked = otlp_retry_after(res->wanted, PAUSE_MOST);

	return (asked >= 0 ? (int64_t)asked * USEC_PER_SEC : USEC_PER_SEC << (e->tries - 1)) + 1;
}

static void
on_response(void *arg, const struct fetch_result *res)
{
	struct exporter *e = arg;
	int64_t pause = 1;

	e->fetch = NULL;
	switch (otlp_judge(res->status)) {
	case OTLP_TAKEN:
		taken(e, res);
		break;
	case OTLP_REFUSED:
		report(e, res, "the collector refuses spans; these are dropped");
		drop(e, &e->batch, SPANS_REJECTED);
		break;
	case OTLP_AGAIN:
		report(e, res, "spans wait, and are dropped when that takes too long");
		pause = pause_usec(e, res);
		if (e->tries >= TRIES_MOST)
			drop(e, &e->batch, SPANS_FAILED);
		break;
	}
	if (e->batch.len > 0 || e->queue.len >= BATCH_MOST)
		due_in(e, pause);
	else if (e->queue.len > 0)
		due_in(e, pause > GATHER_USEC ? pause : GATHER_USEC);
}
