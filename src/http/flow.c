/*
 * Moves bytes and keeps the marks right. Knows framing through h1_body, knows nothing of requests,
 * clients or time-outs: its owner decides how long it may wait.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "http/flow_priv.h"

#define ROUNDS		16		/* pages in a row before others get their turn */
#define LARGE_BYTES	(64 * 1024)	/* a body beyond this waits when the turn's share is used up */

void
flow_init(struct flow *f, struct slab *pages, struct share *share, struct stream *source,
    struct stream *sink, int64_t now)
{
	f->source = source;
	f->sink = sink;
	f->pages = pages;
	f->share = share;
	f->page = NULL;
	f->cap = 0;
	f->at = f->good = f->end = f->scanned = 0;
	f->starved = false;
	f->body_bytes = 0;
	f->moved_usec = now;
	f->wait = FLOW_SOURCE;
	flow_excuse(f);
	f->over = f->keep = f->whole = f->bare = f->last = false;
	f->stage = NULL;
	f->watch = NULL;
	f->tap = NULL;
	f->most = UINT64_MAX;
	f->keep_most = 0;
	f->large = false;
	gather_init(&f->head);
	h1_body_init(&f->body, BODY_NONE, 0);
}

static void
page_free(struct flow *f)
{
	if (f->cap == PAGE_BYTES && f->pages != NULL)
		slab_give(f->pages, f->page);
	else
		free(f->page);
}

static void
page_give(struct flow *f)
{
	if (f->page == NULL)
		return;
	page_free(f);
	f->page = NULL;
	f->at = f->good = f->end = f->scanned = 0;
}

void
flow_fini(struct flow *f)
{
	gather_clear(&f->head);
	page_give(f);
	if (f->stage != NULL)
		flow_stage_free(&f->stage);
	f->watch = NULL;
}

enum io_result
flow_fill(struct flow *f, int64_t now)
{
	enum io_result res;
	size_t got = 0;

	f->starved = false;
	if (!stream_can_read(f->source))
		return IO_AGAIN;
	if (f->page == NULL) {
		f->page = f->pages != NULL ? slab_take(f->pages) : try_alloc(PAGE_BYTES);
		if (f->page == NULL) {
			f->starved = true;
			return IO_FAIL;
		}
		f->cap = PAGE_BYTES;
	}
	ASSERT(f->end < f->cap);
	res = stream_read(f->source, f->page + f->end, f->cap - f->end, &got);
	if (res == IO_DONE) {
		f->end += got;
		f->moved_usec = now;
	}
	return res;
}

bool
flow_widen(struct flow *f, size_t most)
{
	char *wide;

	if (f->page == NULL || f->end < f->cap)
		return true;
	ASSERT(f->cap < most && gather_done(&f->head));
	if ((wide = try_alloc(most)) == NULL)
		return false;
	memcpy(wide, f->page, f->end);
	page_free(f);
	f->page = wide;
	f->cap = most;
	return true;
}

/* Closes the gaps that the body's cuts leave in the page; returns how many bytes they were. */
static size_t
cuts_close(struct flow *f)
{
	const struct h1_body *b = &f->body;
	char *base = f->page + f->good, *to = base + b->cut[0].at;
	size_t gone = 0;

	for (unsigned i = 0; i < b->ncuts; i++) {
		size_t from = b->cut[i].at + b->cut[i].len;
		size_t until = i + 1 < b->ncuts ? b->cut[i + 1].at : f->end - f->good;
		memmove(to, base + from, until - from);
		to += until - from;
		gone += b->cut[i].len;
	}
	ASSERT(gone <= f->end - f->good);
	f->end -= gone;
	return gone;
}

/* Of the unread bytes, the data of the body moves to the front, and may go. */
static bool
bare_check(struct flow *f)
{
	size_t used = 0, data = 0;
	char *p;

	if (f->body.done || f->end == f->good)
		return true;
	p = f->page + f->good;
	if (h1_body_split(&f->body, p, f->end - f->good, &used, &data,
	    f->stage != NULL ? flow_stage_trailer : NULL, f->stage) == PARSE_BAD)
		return false;
	ASSERT(data <= used && used <= f->end - f->good);
	memmove(p + data, p + used, f->end - f->good - used);
	f->body_bytes += used;
	f->good += data;
	f->end -= used - data;
	return true;
}

uint64_t
flow_data_bytes(const struct flow *f)
{
	return f->body.kind == BODY_CHUNKED ? f->body.data : f->body_bytes;
}

static bool
is_large(struct flow *f)
{
	return f->large = flow_data_bytes(f) > f->most;
}

void
flow_set_tap(struct flow *f, struct tap *tap)
{
	ASSERT(f->tap == NULL && f->whole && f->at == f->body_at && !f->bare);
	f->tap = tap;
	tap_add(tap, flow_slice(f, f->at, f->good), flow_data_bytes(f));
}

bool
flow_limit(struct flow *f, uint64_t most)
{
	f->most = most;
	return !is_large(f);
}

/* How many of the unread bytes belong to the body? Those may go. */
bool
flow_check(struct flow *f)
{
	size_t before = f->good;
	bool cut = true;

	if (f->bare)
		return bare_check(f) && !is_large(f);
	while (cut && !f->body.done && f->end > f->good) {
		size_t used = 0;
		if (h1_body_eat(&f->body, f->page + f->good, f->end - f->good, &used) == PARSE_BAD)
			return false;
		f->body_bytes += used;
		if ((cut = f->body.ncuts > 0))
			used -= cuts_close(f);
		f->good += used;
	}
	if (f->tap != NULL)
		tap_add(f->tap, flow_slice(f, before, f->good), flow_data_bytes(f));
	return !is_large(f);
}

static bool
begin(struct flow *f, size_t used, enum body_kind kind, uint64_t length, bool lenient, bool bare)
{
	ASSERT(used <= f->end - f->good);
	f->good += used;
	f->at = f->body_at = f->good;
	f->scanned = 0;
	f->whole = true;
	f->body_bytes = 0;
	flow_excuse(f);
	h1_body_init(&f->body, kind, length);
	f->body.lenient = lenient;
	f->body.watch = f->watch;
	f->body.watch_arg = f->watch_arg;
	f->bare = bare;
	f->most = UINT64_MAX;
	f->large = false;
	return flow_check(f);
}

void
flow_watch_trailers(struct flow *f, h1_watch_f *watch, void *arg)
{
	f->watch = watch;
	f->watch_arg = arg;
}

bool
flow_begin(struct flow *f, size_t used, enum body_kind kind, uint64_t length)
{
	return begin(f, used, kind, length, false, false);
}

/* What is here of the body has been judged with its trailers: once more, without. */
void
flow_drop_trailers(struct flow *f)
{
	bool good;

	ASSERT(f->at == f->body_at && f->stage == NULL && !f->bare && !f->body.lenient);
	if (f->body.kind != BODY_CHUNKED)
		return;
	f->good = f->body_at;
	f->body_bytes = 0;
	h1_body_init(&f->body, BODY_CHUNKED, 0);
	f->body.trailerless = true;
	good = flow_check(f);
	ASSERT(good);			/* as it was before */
}

bool
flow_begin_lenient(struct flow *f, size_t used, enum body_kind kind, uint64_t length)
{
	return begin(f, used, kind, length, true, false);
}

bool
flow_begin_bare(struct flow *f, size_t used)
{
	return begin(f, used, BODY_CHUNKED, 0, true, true);
}

bool
flow_begin_encoded(struct flow *f, size_t used, enum body_kind kind, uint64_t length,
    struct flow_stage *stage)
{
	ASSERT(f->stage == NULL && kind != BODY_NONE && !f->keep);
	f->stage = stage;
	return begin(f, used, kind, length, true, kind == BODY_CHUNKED);
}

bool
flow_begin_whole(struct flow *f, size_t used, enum body_kind kind, uint64_t length)
{
	ASSERT(f->good == 0 && kind != BODY_UNTIL_CLOSE);
	return begin(f, used, kind, length, false, kind == BODY_CHUNKED);
}

enum io_result
flow_write(struct flow *f, int64_t now)
{
	size_t put = 0;
	enum io_result res;
	uint64_t before;

	if (gather_done(&f->head) && f->at == f->good)
		return IO_DONE;
	if (f->sink == NULL) {
		f->at = f->good;
		return IO_DONE;
	}
	before = stream_bytes_out(f->sink);
	stream_end_follows(f->sink, f->last && f->body.done);
	res = gather_write(&f->head, f->sink, flow_slice(f, f->at, f->good), &put);
	f->at += put;
	if (stream_bytes_out(f->sink) != before)
		f->moved_usec = now;
	return res;
}

/* A page that keeps what it holds is full. False: it may not, or cannot, grow. */
static bool
keep_more(struct flow *f)
{
	size_t cap = f->cap, more = 2 * cap < f->keep_most ? 2 * cap : f->keep_most;
	const char *old = f->page;

	if (more <= cap || !flow_widen(f, more))
		return false;
	gather_moved(&f->head, old, cap, f->page);
	return true;
}

/*
 * All that may go is written: the page is filled again, behind what cannot be judged yet (a trailer
 * line that is still incomplete), or goes back when nothing comes; unless it keeps what it
 * holds. A head's own page is not needed for its body.
 */
enum io_result
flow_refill(struct flow *f, int64_t now)
{
	size_t rest = f->end - f->good;
	enum io_result res;

	ASSERT(f->at == f->good && gather_done(&f->head));	/* all of it has gone */
	if (f->keep && f->whole && (f->end < f->cap || keep_more(f)))
		return flow_fill(f, now);
	f->whole = false;
	if (rest > 0)
		memmove(f->page, f->page + f->good, rest);
	else if (f->cap > PAGE_BYTES)
		page_give(f);
	f->at = f->good = 0;
	f->end = rest;
	res = flow_fill(f, now);
	if (res != IO_DONE && rest == 0)
		page_give(f);
	return res;
}

enum flow_result
flow_wait(struct flow *f, enum flow_wait side, int64_t now)
{
	ASSERT(f->since_usec == 0);
	f->wait = side;
	f->since_usec = now;
	return FLOW_MORE;
}

/* Others have their turn; a page without bytes serves them meanwhile. */
enum flow_result
flow_yield(struct flow *f)
{
	if (f->good == f->end && !f->keep)
		page_give(f);
	return FLOW_YIELD;
}

int64_t
flow_waits_until(const struct flow *f, int64_t usec_in_all)
{
	return f->since_usec == 0 ? INT64_MAX : f->since_usec + usec_in_all - f->waited_usec[f->wait];
}

void
flow_excuse(struct flow *f)
{
	f->since_usec = f->waited_usec[FLOW_SOURCE] = f->waited_usec[FLOW_SINK] = 0;
}

enum flow_result
flow_run(struct flow *f, int64_t now)
{
	ASSERT(f->source != NULL && now >= f->since_usec);
	if (f->since_usec != 0)
		f->waited_usec[f->wait] += now - f->since_usec;
	f->since_usec = 0;
	if (f->stage != NULL)
		return flow_stage_run(f, now);
	for (int round = 0; round < ROUNDS; round++) {
		uint64_t before = stream_bytes_in(f->source);
		enum io_result res = flow_write(f, now);
		if (res == IO_AGAIN)
			return flow_wait(f, FLOW_SINK, now);
		if (res == IO_FAIL)
			return FLOW_SINK_BROKEN;
		if (f->body.done)
			return FLOW_DONE;
		if (f->body_bytes > LARGE_BYTES && !share_has(f->share))
			return flow_yield(f);
		res = flow_refill(f, now);
		share_use(f->share, stream_bytes_in(f->source) - before);
		if (res == IO_AGAIN)
			return flow_wait(f, FLOW_SOURCE, now);
		if (res == IO_EOF)
			return FLOW_SOURCE_END;
		if (res == IO_FAIL)
			return f->starved ? FLOW_STARVED : FLOW_SOURCE_BROKEN;
		if (!flow_check(f))
			return f->large ? FLOW_LARGE : FLOW_BAD;
	}
	return FLOW_YIELD;	/* what came is not written yet */
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
	f->since_usec = 0;
	f->over = false;
}

bool
flow_replace(struct flow *f)
{
	bool whole = f->body.done;

	gather_clear(&f->head);
	f->at = f->body_at = f->good;
	h1_body_init(&f->body, BODY_NONE, 0);
	f->whole = true;
	f->over = f->bare = false;
	f->tap = NULL;
	f->since_usec = 0;
	return whole;
}

void
flow_next(struct flow *f, int64_t now)
{
	size_t rest = f->end - f->good;

	ASSERT(f->at <= f->good && f->good <= f->end);
	gather_clear(&f->head);
	if (rest == 0)
		page_give(f);
	else
		memmove(f->page, f->page + f->good, rest);
	f->at = f->good = f->scanned = 0;
	f->end = rest;
	f->over = f->keep = f->whole = false;
	f->keep_most = 0;
	f->tap = NULL;
	f->watch = NULL;
	flow_excuse(f);
	f->moved_usec = now;
}
