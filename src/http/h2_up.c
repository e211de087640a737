/*
 * A connection to a task: bytes from the stream it lies on go to nghttp2, frames go back in as few
 * writes as there is room for, and owners of streams are called in between, when nghttp2 has
 * returned. What it is over for is decided in one place, settle(), which is the last thing that
 * each of its calls does.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "base/clock.h"
#include "http/h2_up_priv.h"

#define READ_BYTES	16384
#define READS		8		/* in a row before others get their turn */
#define WRITES		8
#define OUT_MOST	(64 * 1024)	/* frames that wait for the socket before more are made */
/* silence after which a task is asked whether it is there: servers of gRPC take more than one such
 * question in five minutes for an attack */
#define PING_USEC	(330 * USEC_PER_SEC)
#define PONG_USEC	(20 * USEC_PER_SEC)
#define LEFT_USEC	(5 * USEC_PER_SEC)	/* for the end of a stream whose owner has left */

/* ---- what all have in common ---- */

static void
option_init(nghttp2_option *o)
{
	nghttp2_option_set_no_auto_window_update(o, 1);
	nghttp2_option_set_no_closed_streams(o, 1);
	nghttp2_option_set_max_outbound_ack(o, 10000);
	nghttp2_option_set_max_send_header_block_length(o, 1 << 20);
}

struct h2_up *
h2_up_new(struct loop *l, const struct h2_up_ops *ops)
{
	struct h2_up *up = must_zalloc(sizeof *up);

	up->loop = l;
	up->ops = ops;
	up->streams = slab_new(l, sizeof(struct up_stream), 1024);
	if (nghttp2_option_new(&up->option) != 0 || nghttp2_session_callbacks_new(&up->callbacks) != 0)
		BUG("no memory at the start");
	up->mem = h2_memory;
	option_init(up->option);
	h2_up_frames_init(up->callbacks);
	return up;
}

/* What is written to a stream has been through a proxy. */
void
h2_up_set_limits(struct h2_up *up, struct head_limits request, struct head_limits response)
{
	up->request = head_limits_more(request);
	up->response = response;
	up->head.field = must_realloc(up->head.field,
	    (size_t)up->request.fields * sizeof *up->head.field);
}

void
h2_up_free(struct h2_up **upp)
{
	struct h2_up *up = *upp;

	*upp = NULL;
	if (up == NULL)
		return;
	ASSERT(up->nconns == 0);
	slab_free(&up->streams);
	nghttp2_option_del(up->option);
	nghttp2_session_callbacks_del(up->callbacks);
	h2_fields_fini(&up->fields);
	free(up->head.field);
	free(up);
}

size_t
h2_up_tidy(struct h2_up *up)
{
	return slab_tidy(up->streams);
}

/* ---- the beginning ---- */

static bool
settings_submit(struct h2_up_conn *c)
{
	const nghttp2_settings_entry entries[] = {
		{ NGHTTP2_SETTINGS_ENABLE_PUSH, 0 },
		{ NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, H2_UP_STREAM_WINDOW },
		{ NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, (uint32_t)c->up->response.bytes },
	};

	return nghttp2_submit_settings(c->session, NGHTTP2_FLAG_NONE, entries,
	    sizeof entries / sizeof *entries) == 0
	    && nghttp2_session_set_local_window_size(c->session, NGHTTP2_FLAG_NONE, 0, H2_UP_WINDOW) == 0;
}

struct h2_up_conn *
h2_up_conn_new(struct h2_up *up, struct stream *s, bool secure, void *owner)
{
	struct h2_up_conn *c = try_alloc(sizeof *c);

	ASSERT(up->response.fields > 0 && stream_is_open(s));
	if (c == NULL)
		return NULL;
	*c = (struct h2_up_conn){ .up = up, .owner = owner, .stream = s, .secure = secure };
	if (nghttp2_session_client_new3(&c->session, up->callbacks, c, up->option, &up->mem) != 0) {
		free(c);
		return NULL;
	}
	up->nconns++;
	LIST_INIT(&c->streams);
	TAILQ_INIT(&c->ready);
	c->heard_usec = loop_now(up->loop);
	h2_guard_init(&c->guard, c->heard_usec);
	if (!settings_submit(c))
		h2_up_conn_free(&c);
	else
		h2_up_soon(c);
	return c;
}

/* ---- the end ---- */

static void
streams_break(struct h2_up_conn *c)
{
	struct up_stream *st, *next;

	for (st = LIST_FIRST(&c->streams); st != NULL; st = next) {
		next = LIST_NEXT(st, link);
		st->unprocessed |= st->id == 0;
		if (st->why == NULL)
			st->why = c->why;
		if (!st->closed)
			up_stream_closed(st, st->in_ended);
	}
	while ((st = TAILQ_FIRST(&c->ready)) != NULL) {
		TAILQ_REMOVE(&c->ready, st, ready);
		st->is_ready = false;
		if (inner_is_open(&st->inner))
			inner_call(&st->inner);
	}
	while ((st = LIST_FIRST(&c->streams)) != NULL)
		up_stream_detach(st);
}

/* As far as it goes without waiting. False: the socket takes no more now, or never again. */
static bool
out_write(struct h2_up_conn *c)
{
	while (queue_len(&c->out) > 0) {
		struct str s = queue_str(&c->out);
		struct iovec v = { (void *)(uintptr_t)s.p, s.len };
		size_t put = 0;

		switch (stream_writev(c->stream, &v, 1, &put)) {
		case IO_DONE:
			queue_take(&c->out, put);
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

/* Made by hand: nghttp2 sends nothing after some of its errors. A task opens no streams. */
static void
goaway_send(struct h2_up_conn *c, uint32_t code)
{
	uint8_t frame[17] = { 0, 0, 8, NGHTTP2_GOAWAY };

	for (int i = 0; i < 4; i++)
		frame[13 + i] = (uint8_t)(code >> (24 - 8 * i));
	queue_add(&c->out, frame, sizeof frame);
	out_write(c);
}

void
h2_up_conn_free(struct h2_up_conn **cp)
{
	struct h2_up_conn *c = *cp;

	*cp = NULL;
	if (c == NULL)
		return;
	c->running = true;			/* nothing is sent any more */
	if (!c->ended && c->why == NULL)
		goaway_send(c, NGHTTP2_NO_ERROR);
	streams_break(c);
	ASSERT(c->nstreams == 0 && c->up->nconns > 0);
	timer_clear(c->up->loop, &c->flush);
	timer_clear(c->up->loop, &c->deadline);
	nghttp2_session_del(c->session);
	queue_fini(&c->out);
	c->up->nconns--;
	free(c);
}

void
h2_up_fail(struct h2_up_conn *c, const struct why *why, uint32_t code)
{
	if (c->why != NULL)
		return;
	c->why = why;
	c->code = code;
	h2_up_soon(c);
}

/* ---- writing ---- */

/* Streams that have had their share may send again. */
static void
streams_rested(struct h2_up_conn *c)
{
	struct up_stream *st;

	c->rest = false;
	LIST_FOREACH(st, &c->streams, link)
		up_stream_rested(st);
}

/* As much as is wanted of what nghttp2 has. False: there is no memory. */
static bool
frames_take(struct h2_up_conn *c)
{
	const uint8_t *p;
	ssize_t n = 0;

	while (queue_len(&c->out) < OUT_MOST && (n = nghttp2_session_mem_send(c->session, &p)) > 0)
		if (!queue_add(&c->out, p, (size_t)n))
			return false;
	return n >= 0;
}

static void
streams_call(struct h2_up_conn *c)
{
	struct up_stream *st;

	for (unsigned n = c->nstreams; n > 0 && c->why == NULL; n--) {
		if ((st = TAILQ_FIRST(&c->ready)) == NULL)
			break;
		TAILQ_REMOVE(&c->ready, st, ready);
		st->is_ready = false;
		if (inner_is_open(&st->inner))
			inner_call(&st->inner);
	}
}

/* True: all has gone, and nobody has anything to say. */
static bool
send_all(struct h2_up_conn *c)
{
	for (int i = 0; i < WRITES && c->why == NULL && !c->ended; i++) {
		streams_call(c);
		streams_rested(c);
		if (c->why == NULL && !frames_take(c))
			h2_up_fail(c, WHY_NO_MEMORY, NGHTTP2_INTERNAL_ERROR);
		if (!out_write(c))
			return false;
		if (TAILQ_EMPTY(&c->ready) && !c->rest && !nghttp2_session_want_write(c->session))
			return true;
	}
	return false;
}

/* ---- time ---- */

static void on_deadline(void *arg);
static void settle(struct h2_up_conn *c, bool quiet);

static int64_t
deadline(const struct h2_up_conn *c)
{
	const struct up_stream *st;
	int64_t until = c->pinged_usec != 0 ? c->pinged_usec + PONG_USEC : c->heard_usec + PING_USEC;

	if (c->nstreams == 0)
		return INT64_MAX;
	LIST_FOREACH(st, &c->streams, link)
		if (st->left && st->left_usec + LEFT_USEC < until)
			until = st->left_usec + LEFT_USEC;
	return until;
}

/* A long silence may be a stream that has nothing to say, or a task that is no longer there. */
static void
silence_check(struct h2_up_conn *c, int64_t now)
{
	if (c->pinged_usec != 0 && now >= c->pinged_usec + PONG_USEC)
		h2_up_fail(c, WHY_UPSTREAM_H2_SILENT, NGHTTP2_NO_ERROR);
	else if (c->pinged_usec == 0 && now >= c->heard_usec + PING_USEC) {
		c->pinged_usec = now;
		nghttp2_submit_ping(c->session, NGHTTP2_FLAG_NONE, NULL);
	}
}

static void
on_deadline(void *arg)
{
	struct h2_up_conn *c = arg;
	int64_t now = loop_now(c->up->loop);
	struct up_stream *st, *next;

	ASSERT(!c->running);
	c->running = true;
	if (c->nstreams > 0)
		silence_check(c, now);
	for (st = LIST_FIRST(&c->streams); st != NULL; st = next) {
		next = LIST_NEXT(st, link);
		if (st->left && now >= st->left_usec + LEFT_USEC)
			up_stream_fail(st, NULL, NGHTTP2_CANCEL);
	}
	settle(c, send_all(c));
}

/* ---- turns ---- */

static void
over(struct h2_up_conn *c, const struct why *why)
{
	c->running = true;
	if (c->why == NULL)
		c->why = why;			/* that of its streams, too */
	streams_break(c);
	c->up->ops->over(c->owner, why);
}

static void
wait_again(struct h2_up_conn *c, bool quiet)
{
	int64_t until = deadline(c);

	if (!TAILQ_EMPTY(&c->ready) || stream_can_read(c->stream) || (queue_len(&c->out) == 0 && !quiet))
		h2_up_soon(c);
	if (until != INT64_MAX)
		timer_set(c->up->loop, &c->deadline, until, on_deadline, c);
	else
		timer_clear(c->up->loop, &c->deadline);
}

/* `quiet`: all was sent, and no owner waits to be called. */
static void
settle(struct h2_up_conn *c, bool quiet)
{
	ASSERT(c->running);
	c->running = false;
	if (c->ended)
		over(c, NULL);
	else if (c->why != NULL) {
		goaway_send(c, c->code);
		over(c, c->why);
	} else if (quiet && !nghttp2_session_want_read(c->session))
		over(c, c->leaving ? NULL : WHY_UPSTREAM_H2_BROKEN);
	else if (quiet && c->nstreams == 0 && (c->leaving || c->retired)) {
		goaway_send(c, NGHTTP2_NO_ERROR);
		over(c, NULL);
	} else {
		wait_again(c, quiet);
		if (c->changed) {
			c->changed = false;
			c->up->ops->changed(c->owner);
		}
	}
}

static void
on_flush(void *arg)
{
	struct h2_up_conn *c = arg;

	if (stream_can_read(c->stream)) {
		h2_up_conn_run(c);
		return;
	}
	c->running = true;
	settle(c, send_all(c));
}

void
h2_up_soon(struct h2_up_conn *c)
{
	if (!c->running)
		timer_set(c->up->loop, &c->flush, loop_now(c->up->loop) + 1, on_flush, c);
}

static enum io_result
read_some(struct h2_up_conn *c)
{
	uint8_t bytes[READ_BYTES];
	enum io_result res;
	size_t got = 0;
	ssize_t used;

	res = stream_read(c->stream, bytes, sizeof bytes, &got);
	if (res != IO_DONE)
		return res;
	c->heard_usec = loop_now(c->up->loop);
	c->pinged_usec = 0;
	used = nghttp2_session_mem_recv(c->session, bytes, got);
	if (used == NGHTTP2_ERR_NOMEM)
		h2_up_fail(c, WHY_NO_MEMORY, NGHTTP2_INTERNAL_ERROR);
	else if (used != (ssize_t)got)
		h2_up_fail(c, WHY_UPSTREAM_H2_BROKEN, NGHTTP2_PROTOCOL_ERROR);
	return res;
}

void
h2_up_conn_run(void *arg)
{
	struct h2_up_conn *c = arg;
	enum io_result res = IO_DONE;

	ASSERT(!c->running);
	c->running = true;
	for (int i = 0; i < READS && res == IO_DONE && c->why == NULL; i++) {
		res = read_some(c);
		streams_call(c);
	}
	if (res == IO_EOF || res == IO_FAIL)
		c->ended = true;
	settle(c, send_all(c));
}

/* ---- questions and wishes ---- */

bool
h2_up_room(const struct h2_up_conn *c)
{
	uint32_t most = nghttp2_session_get_remote_settings(c->session,
	    NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);

	return !c->leaving && !c->retired && !c->ended && c->why == NULL
	    && c->nstreams < H2_UP_STREAMS && c->nstreams < most
	    && nghttp2_session_check_request_allowed(c->session) != 0;
}

unsigned
h2_up_streams(const struct h2_up_conn *c)
{
	return c->nstreams;
}

void
h2_up_retire(struct h2_up_conn *c)
{
	c->retired = true;
	h2_up_soon(c);
}

int64_t
h2_up_heard_usec(const struct h2_up_conn *c)
{
	return c->heard_usec;
}
