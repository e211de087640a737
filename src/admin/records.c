/*
 * records: what recorders write is kept until the client's socket takes it. A recorder begins with
 * the first tick after its request, for the law is known there.
 */
#include <math.h>
#include <stdlib.h>
#include <sys/queue.h>

#include "admin/pages.h"
#include "admin/records.h"
#include "admin/reply.h"
#include "base/alloc.h"
#include "base/bug.h"
#include "base/clock.h"

#define PENDING_MAX	(8u << 20)	/* bytes that a client may be behind */
#define PIECE_MAX	(256u << 10)	/* that are handed over in a tick */
#define SECONDS_DEFAULT	60

struct record {
	LIST_ENTRY(record) link;
	struct records	*home;
	struct request	*request;
	struct recorder	*recorder;	/* NULL: not begun yet */
	bool		 names, over;	/* over: its last line is written */
	int64_t		 until_usec;	/* 0: not begun yet */
	int64_t		 span_usec;
	struct buf	 pending;
};

struct records {
	struct loop	*loop;
	const struct world *world;
	LIST_HEAD(, record) list;
	unsigned	 count;
};

struct records *
records_new(struct loop *l, const struct world *w)
{
	struct records *rs = must_zalloc(sizeof *rs);

	rs->loop = l;
	rs->world = w;
	return rs;
}

void
records_free(struct records **rsp)
{
	ASSERT((*rsp)->count == 0);
	free(*rsp);
	*rsp = NULL;
}

static void
on_gone(void *arg, struct request *req)
{
	struct record *r = arg;

	ASSERT(r->request == req && r->home->count > 0);
	LIST_REMOVE(r, link);
	r->home->count--;
	recorder_free(&r->recorder);
	buf_fini(&r->pending);
	free(r);
}

/* Ends it from our side. */
static void
record_close(struct record *r)
{
	struct request *req = r->request;

	on_gone(r, req);
	request_end(req);
}

void
records_end(struct records *rs)
{
	struct record *r;

	while ((r = LIST_FIRST(&rs->list)) != NULL)
		record_close(r);
}

/* False: an error was sent. */
static bool
parameters_read(struct request *req, int64_t *span, bool *names)
{
	uint64_t seconds = SECONDS_DEFAULT;
	char text[32];

	if (request_query(req, "seconds", text, sizeof text) &&
	    (!str_to_u64(str_of(text), &seconds) || seconds < 1 || seconds > RECORDS_SECONDS_MOST)) {
		reply_error(req, 400, "seconds must be a number from 1 to 86400", NULL);
		return false;
	}
	*names = request_query(req, "names", text, sizeof text);
	if (*names && strcmp(text, "1") != 0 && strcmp(text, "0") != 0) {
		reply_error(req, 400, "names must be 0 or 1", NULL);
		return false;
	}
	*names = *names && text[0] == '1';
	*span = (int64_t)seconds * USEC_PER_SEC;
	return true;
}

void
records_open(struct records *rs, struct request *req)
{
	struct record *r;
	int64_t span;
	bool names;

	if (!parameters_read(req, &span, &names))
		return;
	if (rs->count == RECORDS_MAX) {
		reply_error(req, 503, "there are four recordings under way already", "Retry-After: 5\r\n");
		return;
	}
	r = must_zalloc(sizeof *r);
	r->home = rs;
	r->request = req;
	r->names = names;
	r->span_usec = span;
	buf_init(&r->pending, PENDING_MAX);
	LIST_INSERT_HEAD(&rs->list, r, link);
	rs->count++;
	request_stream(req, "text/plain; charset=utf-8", PAGES_FIELDS, on_gone, r);
}

void
records_sample(struct records *rs, const struct world_node *n, const struct sample *s,
    double inflight)
{
	struct record *r;

	LIST_FOREACH(r, &rs->list, link)
		if (r->recorder != NULL && !r->over)
			recorder_sample(r->recorder, n, s, inflight, loop_now(rs->loop), &r->pending);
}

static void
record_tick(struct record *r, const struct recorded_law *law, int64_t now)
{
	if (r->over)
		return;
	if (r->recorder == NULL) {
		r->recorder = recorder_new(r->home->world, law, r->names, now, clock_wall_usec(), &r->pending);
		r->until_usec = now + r->span_usec;
	} else
		recorder_tick(r->recorder, law, now, &r->pending);
	if (now >= r->until_usec) {
		recorder_end(r->recorder, now, &r->pending);
		r->over = true;
	}
}

/* As much as the client takes. False: it is over. */
static bool
record_send(struct record *r)
{
	size_t n = r->pending.len < PIECE_MAX ? r->pending.len : PIECE_MAX;

	if (r->pending.full)		/* a line is missing in what was to come: no more of it */
		return false;
	if (n > 0 && request_backlog(r->request) < PIECE_MAX) {
		request_write(r->request, (struct str){ r->pending.p, n });
		buf_eat(&r->pending, n);
	}
	return !r->over || r->pending.len > 0;
}

void
records_tick(struct records *rs, const struct recorded_law *law)
{
	struct record *r = LIST_FIRST(&rs->list), *next;

	for (; r != NULL; r = next) {
		next = LIST_NEXT(r, link);
		record_tick(r, law, loop_now(rs->loop));
		if (!record_send(r))
			record_close(r);
	}
}
