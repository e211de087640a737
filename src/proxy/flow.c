/*
 * Moves bytes and keeps the marks right. Knows framing through h1_body, knows nothing of requests,
 * clients or time-outs: whoever waits decides how long.
 */
#include <string.h>

#include "base/bug.h"
#include "proxy/flow.h"

#define ROUNDS	16	/* pages in a row before others get their turn */

void
flow_init(struct flow *f, struct slab *pages, struct stream *source, struct stream *sink, int64_t now)
{
	f->source = source;
	f->sink = sink;
	f->pages = pages;
	f->page = NULL;
	f->at = f->good = f->end = 0;
	f->body_bytes = 0;
	f->moved_usec = now;
	f->wait = FLOW_SOURCE;
	f->over = f->keep = f->whole = false;
	gather_clear(&f->head);
	h1_body_init(&f->body, BODY_NONE, 0);
}

static void
page_give(struct flow *f)
{
	if (f->page == NULL)
		return;
	slab_give(f->pages, f->page);
	f->page = NULL;
	f->at = f->good = f->end = 0;
}

void
flow_fini(struct flow *f)
{
	gather_clear(&f->head);
	page_give(f);
}

enum io_result
flow_fill(struct flow *f, int64_t now)
{
	enum io_result res;
	size_t got = 0;

	if (!f->source->readable)
		return IO_AGAIN;
	if (f->page == NULL)
		f->page = slab_take(f->pages);
	ASSERT(f->end < PAGE_BYTES);
	res = stream_read(f->source, f->page + f->end, PAGE_BYTES - f->end, &got);
	if (res == IO_DONE) {
		f->end += got;
		f->moved_usec = now;
	}
	return res;
}

struct str
flow_unread(const struct flow *f)
{
	return (struct str){ f->page + f->good, f->end - f->good };
}

/* How many of the unread bytes belong to the body? Those may go. */
static bool
body_check(struct flow *f)
{
	size_t used = 0;

	if (f->body.done)
		return true;
	if (f->end > f->good
	    && h1_body_eat(&f->body, f->page + f->good, f->end - f->good, &used) == PARSE_BAD)
		return false;
	f->good += used;
	f->body_bytes += used;
	return true;
}

bool
flow_begin(struct flow *f, size_t used, enum body_kind kind, uint64_t length)
{
	f->good += used;
	f->at = f->body_at = f->good;
	f->whole = true;
	f->body_bytes = 0;
	h1_body_init(&f->body, kind, length);
	return body_check(f);
}

enum io_result
flow_write(struct flow *f, int64_t now)
{
	size_t put = 0;
	uint64_t before = f->sink->bytes_out;
	enum io_result res;

	if (gather_done(&f->head) && f->at == f->good)
		return IO_DONE;
	res = gather_write(&f->head, f->sink, (struct str){ f->page + f->at, f->good - f->at }, &put);
	f->at += put;
	if (f->sink->bytes_out != before)
		f->moved_usec = now;
	return res;
}

/* All that came is written: the page begins anew, or goes back when nothing comes; unless it keeps what it holds. */
static enum io_result
refill(struct flow *f, int64_t now)
{
	enum io_result res;

	if (f->keep && f->whole && f->end < PAGE_BYTES)
		return flow_fill(f, now);
	f->whole = false;
	f->at = f->good = f->end = 0;
	res = flow_fill(f, now);
	if (res != IO_DONE)
		page_give(f);
	return res;
}

static enum flow_result
waits(struct flow *f, enum flow_wait for_whom)
{
	f->wait = for_whom;
	return FLOW_MORE;
}

enum flow_result
flow_run(struct flow *f, int64_t now)
{
	for (int round = 0; round < ROUNDS; round++) {
		enum io_result res = flow_write(f, now);
		if (res == IO_AGAIN)
			return waits(f, FLOW_SINK);
		if (res == IO_FAIL)
			return FLOW_SINK_BROKEN;
		if (f->body.done)
			return FLOW_DONE;
		res = refill(f, now);
		if (res == IO_AGAIN)
			return waits(f, FLOW_SOURCE);
		if (res == IO_EOF)
			return FLOW_SOURCE_END;
		if (res == IO_FAIL)
			return FLOW_SOURCE_BROKEN;
		if (!body_check(f))
			return FLOW_BAD;
	}
	return FLOW_TIRED;
}

bool
flow_begun(const struct flow *f)
{
	return f->head.first > 0 || f->head.offset > 0 || f->at > f->body_at || !f->whole;
}

void
flow_rewind(struct flow *f)
{
	ASSERT(f->whole);
	gather_rewind(&f->head);
	f->at = f->body_at;
	f->over = false;
}

void
flow_next(struct flow *f, int64_t now)
{
	size_t rest = f->end - f->good;

	gather_clear(&f->head);
	if (rest == 0)
		page_give(f);
	else
		memmove(f->page, f->page + f->good, rest);
	f->at = f->good = 0;
	f->end = rest;
	f->over = f->keep = f->whole = false;
	f->moved_usec = now;
}
