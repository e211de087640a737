/*
 * A connection: bytes from the stream it lies on go to nghttp2, frames go back in as few writes
 * as there is room for, and owners of streams are called in between, when nghttp2 has returned.
 * What it is over for is decided in one place, settle(), which is the last thing that each of
 * its calls does: there it may be freed.
 */
#include <stdlib.h>
#include <sys/mman.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "base/clock.h"
#include "http/h2_priv.h"

#define READ_BYTES	16384
#define READS		8		/* in a row before others get their turn */
#define WRITES		8
#define OUT_MOST	(64 * 1024)	/* frames that wait for the socket before more are made */
#define QUEUED_MOST	2000		/* replies to frames of a client that does not read them */
#define ASK_USEC	(2 * USEC_PER_SEC)	/* how long a drain leaves a busy client alone */

/* ---- the beginning ---- */

static bool
settings_submit(struct h2_conn *c)
{
	const nghttp2_settings_entry entries[] = {
		{ NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, H2_STREAMS_MOST },
		{ NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, H2_STREAM_WINDOW },
		{ NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, (uint32_t)c->h2->conf.request.bytes },
		{ NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL, 1 },
		{ NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1 },
	};

	return nghttp2_submit_settings(c->session, NGHTTP2_FLAG_NONE, entries,
	    sizeof entries / sizeof *entries) == 0
	    && nghttp2_session_set_local_window_size(c->session, NGHTTP2_FLAG_NONE, 0, H2_WINDOW) == 0;
}

struct h2_conn *
h2_conn_new(struct h2 *h2, struct stream *s, void *owner)
{
	struct h2_conn *c = try_alloc(sizeof *c);
	nghttp2_mem mem;

	ASSERT(h2->conf.head_usec > 0 && stream_is_open(s));
	if (c == NULL)
		return NULL;
	*c = (struct h2_conn){ .h2 = h2, .owner = owner, .stream = s };
	mem = h2_memory_of(c);
	if (nghttp2_session_server_new3(&c->session, h2->callbacks, c, h2->option, &mem) != 0) {
		free(c);
		return NULL;
	}
	h2->nconns++;
	LIST_INIT(&c->streams);
	TAILQ_INIT(&c->ready);
	h2_guard_init(&c->guard, loop_now(h2->loop));
	c->moved_usec = loop_now(h2->loop);
	if (!settings_submit(c))
		h2_conn_free(&c);
	return c;
}

/* ---- the end ---- */

static void
streams_break(struct h2_conn *c)
{
	struct h2_stream *st, *next;

	for (st = LIST_FIRST(&c->streams); st != NULL; st = next) {
		next = LIST_NEXT(st, link);
		h2_stream_closed(st, false);
	}
	while ((st = TAILQ_FIRST(&c->ready)) != NULL) {
		TAILQ_REMOVE(&c->ready, st, ready);
		st->is_ready = false;
		h2_stream_call(st);
	}
	while ((st = LIST_FIRST(&c->streams)) != NULL)
		h2_stream_detach(st);
}

void
h2_conn_free(struct h2_conn **cp)
{
	struct h2_conn *c = *cp;

	*cp = NULL;
	if (c == NULL)
		return;
	c->running = true;			/* nothing is sent any more */
	streams_break(c);
	ASSERT(c->nstreams == 0 && c->held == 0 && c->h2->nconns > 0);
	timer_clear(c->h2->loop, &c->flush);
	timer_clear(c->h2->loop, &c->deadline);
	nghttp2_session_del(c->session);
	queue_fini(&c->out);
	c->h2->nconns--;
	free(c);
}

void
h2_conn_fail(struct h2_conn *c, const struct why *why, uint32_t code)
{
	if (c->why != NULL)
		return;
	c->why = why;
	c->code = code;
	h2_conn_soon(c);
}

/* Made by hand: nghttp2 sends nothing after some of its errors. */
static void
goaway_add(struct h2_conn *c, uint32_t code)
{
	uint8_t frame[17] = { 0, 0, 8, NGHTTP2_GOAWAY };

	for (int i = 0; i < 4; i++) {
		frame[9 + i] = (uint8_t)((uint32_t)c->last_id >> (24 - 8 * i));
		frame[13 + i] = (uint8_t)(code >> (24 - 8 * i));
	}
	queue_add(&c->out, frame, sizeof frame);
}

/* ---- writing ---- */

/* As much as is wanted of what nghttp2 has. False: there is no memory. */
static bool
frames_take(struct h2_conn *c)
{
	const uint8_t *p;
	ssize_t n = 0;

	while (queue_len(&c->out) < OUT_MOST && (n = nghttp2_session_mem_send(c->session, &p)) > 0)
		if (!queue_add(&c->out, p, (size_t)n))
			return false;
	return n >= 0;
}

/* False: the socket takes no more now, or never again. */
static bool
out_write(struct h2_conn *c)
{
	while (queue_len(&c->out) > 0) {
		struct str s = queue_str(&c->out);
		struct iovec v = { (void *)(uintptr_t)s.p, s.len };
		size_t put = 0;

		switch (stream_writev(c->stream, &v, 1, &put)) {
		case IO_DONE:
			queue_take(&c->out, put);
			c->moved_usec = loop_now(c->h2->loop);
			break;
		case IO_AGAIN:
			return false;
		default:
			c->ended = true;
			return false;
		}
	}
	return true;
}

static void
streams_call(struct h2_conn *c)
{
	struct h2_stream *st;

	for (unsigned n = c->nstreams; n > 0 && c->why == NULL; n--) {
		if ((st = TAILQ_FIRST(&c->ready)) == NULL)
			break;
		TAILQ_REMOVE(&c->ready, st, ready);
		st->is_ready = false;
		h2_stream_call(st);
	}
}

/* Those that wait because of the others' bytes. */
static void
streams_feed(struct h2_conn *c)
{
	struct h2_stream *st;

	if (!c->starved || c->held > H2_HELD_MOST / 2)
		return;
	c->starved = false;
	LIST_FOREACH(st, &c->streams, link)
		if (st->waits && inner_is_open(&st->inner)) {
			st->waits = false;
			inner_mark(&st->inner, INNER_WRITABLE);
			h2_stream_wake(st);
		}
}

/* True: all has gone, and nobody has anything to say. */
static bool
send_all(struct h2_conn *c)
{
	if (queue_len(&c->out) == 0)
		c->moved_usec = loop_now(c->h2->loop);	/* nothing has waited */
	for (int i = 0; i < WRITES && c->why == NULL && !c->ended; i++) {
		streams_call(c);
		if (c->why == NULL && !frames_take(c))
			h2_conn_fail(c, WHY_NO_MEMORY, NGHTTP2_INTERNAL_ERROR);
		streams_feed(c);
		if (!out_write(c))
			return false;
		if (TAILQ_EMPTY(&c->ready) && !nghttp2_session_want_write(c->session))
			return true;
	}
	return false;
}

/* ---- time ---- */

static void on_deadline(void *arg);
static void settle(struct h2_conn *c, bool quiet);

static int64_t
sooner(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t
deadline(const struct h2_conn *c)
{
	const struct h2_conf *conf = &c->h2->conf;
	const struct h2_stream *st;
	int64_t until = INT64_MAX;

	if (c->head_id != 0)
		until = c->head_usec + conf->head_usec;
	if (queue_len(&c->out) > 0)
		until = sooner(until, c->moved_usec + conf->write_usec);
	if (c->drain_usec != 0 && !c->asked)
		until = sooner(until, c->drain_usec + ASK_USEC);
	LIST_FOREACH(st, &c->streams, link)
		until = sooner(until, h2_stream_until(st));
	return until;
}

/* A client that opens one stream after the other is asked to leave; RFC 9113, 6.8. */
static void
drain_ask(struct h2_conn *c)
{
	c->asked = true;
	nghttp2_submit_shutdown_notice(c->session);
}

static void
on_deadline(void *arg)
{
	struct h2_conn *c = arg;
	const struct h2_conf *conf = &c->h2->conf;
	int64_t now = loop_now(c->h2->loop);
	struct h2_stream *st, *next;

	c->running = true;
	if (c->head_id != 0 && now >= c->head_usec + conf->head_usec)
		h2_conn_fail(c, WHY_CLIENT_SLOW_HEAD, NGHTTP2_ENHANCE_YOUR_CALM);
	if (queue_len(&c->out) > 0 && now >= c->moved_usec + conf->write_usec)
		h2_conn_fail(c, WHY_CLIENT_SLOW_READ, NGHTTP2_ENHANCE_YOUR_CALM);
	if (c->drain_usec != 0 && !c->asked && now >= c->drain_usec + ASK_USEC)
		drain_ask(c);
	for (st = LIST_FIRST(&c->streams); st != NULL; st = next) {
		next = LIST_NEXT(st, link);
		if (now >= h2_stream_until(st))
			h2_stream_fail(st, WHY_CLIENT_SLOW_READ, NGHTTP2_CANCEL);
	}
	settle(c, send_all(c));
}

/* ---- turns ---- */

static void
over(struct h2_conn *c, const struct why *why)
{
	c->running = true;
	streams_break(c);
	c->h2->ops->over(c->owner, why);
}

static void
end_with_goaway(struct h2_conn *c, const struct why *why, uint32_t code)
{
	goaway_add(c, code);
	out_write(c);
	over(c, why);
}

/* `quiet`: all was sent, and no owner waits to be called. */
static void
settle(struct h2_conn *c, bool quiet)
{
	int64_t until;

	ASSERT(c->running);
	c->running = false;
	if (c->ended)
		over(c, NULL);
	else if (c->why != NULL)
		end_with_goaway(c, c->why, c->code);
	else if (quiet && !nghttp2_session_want_read(c->session))
		over(c, c->left ? NULL : WHY_H2_PROTOCOL);
	else if (quiet && c->nstreams == 0 && c->drain_usec != 0)
		end_with_goaway(c, NULL, NGHTTP2_NO_ERROR);
	else if (quiet && c->nstreams == 0 && c->head_id == 0 && !stream_can_read(c->stream)) {
		queue_fini(&c->out);
		timer_clear(c->h2->loop, &c->flush);
		timer_clear(c->h2->loop, &c->deadline);
		c->h2->ops->idle(c->owner);
	} else {
		if (!TAILQ_EMPTY(&c->ready) || stream_can_read(c->stream) || (queue_len(&c->out) == 0 && !quiet))
			h2_conn_soon(c);
		if ((until = deadline(c)) != INT64_MAX)
			timer_set(c->h2->loop, &c->deadline, until, on_deadline, c);
	}
}

static void
on_flush(void *arg)
{
	struct h2_conn *c = arg;

	if (stream_can_read(c->stream)) {
		h2_conn_run(c);
		return;
	}
	c->running = true;
	settle(c, send_all(c));
}

void
h2_conn_soon(struct h2_conn *c)
{
	if (!c->running)
		timer_set(c->h2->loop, &c->flush, loop_now(c->h2->loop) + 1, on_flush, c);
}

/* Some of nghttp2's errors are for floods that it has limits of its own for. */
static void
feed_failed(struct h2_conn *c, ssize_t error)
{
	switch (error) {
	case NGHTTP2_ERR_NOMEM:
		h2_conn_fail(c, WHY_NO_MEMORY, NGHTTP2_INTERNAL_ERROR);
		break;
	case NGHTTP2_ERR_FLOODED:
		h2_conn_fail(c, WHY_H2_FLOOD, NGHTTP2_ENHANCE_YOUR_CALM);
		break;
	default:
		h2_conn_fail(c, WHY_H2_PROTOCOL, NGHTTP2_PROTOCOL_ERROR);
	}
}

static bool
replies_are_many(const struct h2_conn *c)
{
	return nghttp2_session_get_outbound_queue_size(c->session) > QUEUED_MOST;
}

/* Not before the client has had a chance to take them. */
static void
replies_judge(struct h2_conn *c)
{
	if (!replies_are_many(c))
		return;
	if (queue_len(&c->out) == 0)
		c->moved_usec = loop_now(c->h2->loop);	/* nothing has waited */
	if (!frames_take(c)) {
		h2_conn_fail(c, WHY_NO_MEMORY, NGHTTP2_INTERNAL_ERROR);
		return;
	}
	out_write(c);
	if (replies_are_many(c))
		h2_conn_fail(c, WHY_H2_FLOOD, NGHTTP2_ENHANCE_YOUR_CALM);
}

static enum io_result
read_some(struct h2_conn *c)
{
	uint8_t bytes[READ_BYTES];
	enum io_result res;
	size_t got = 0;
	ssize_t used;

	res = stream_read(c->stream, bytes, sizeof bytes, &got);
	if (res != IO_DONE)
		return res;
	used = nghttp2_session_mem_recv(c->session, bytes, got);
	if (used != (ssize_t)got)
		feed_failed(c, used);
	else
		replies_judge(c);
	return res;
}

void
h2_conn_run(void *arg)
{
	struct h2_conn *c = arg;
	enum io_result res = IO_DONE;

	ASSERT(!c->running);
	c->running = true;
	c->rests = false;
	for (int i = 0; i < READS && res == IO_DONE && c->why == NULL; i++) {
		res = read_some(c);
		streams_call(c);
	}
	if (res == IO_EOF || res == IO_FAIL)
		c->ended = true;
	settle(c, send_all(c));
}

/* ---- the owner's wishes ---- */

void
h2_conn_drain(struct h2_conn *c)
{
	if (c->drain_usec == 0)
		c->drain_usec = loop_now(c->h2->loop);
	h2_conn_soon(c);
}

void
h2_conn_goaway(struct h2_conn *c)
{
	c->running = true;
	goaway_add(c, NGHTTP2_NO_ERROR);
	out_write(c);
	c->running = false;
}

/* The pages come back as zeros when the next frame is made. */
void
h2_conn_rest(struct h2_conn *c)
{
	ASSERT(c->nstreams == 0 && queue_len(&c->out) == 0);
	if (!c->rests && c->frames != NULL)
		madvise(c->frames, H2_FRAMES_BYTES, MADV_DONTNEED);
	c->rests = true;
}
