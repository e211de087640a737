/*
 * flow_stage: a body that is encoded on its way. What the source has sent is encoded into a page
 * of the stage's own, which is written before anything more is read: back-pressure is as it is
 * without. When the source has nothing more for now, all that it has sent is made readable for
 * the other side: events do not wait for those behind them.
 *
 * Must not know why a body is encoded.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "http/flow_priv.h"
#include "http/queue.h"

#define ROUNDS		4	/* pages in a row before others get their turn */
#define COST		16	/* encoding takes so many times as long as copying */
#define SIZE_BYTES	6	/* of the line before a chunk: as many digits as a page needs, CRLF */
#define END_BYTES	2	/* of the one behind it */

struct flow_stage {
	struct encoder	*encoder;	/* NULL: it has ended */
	bool		 chunked;	/* towards the sink */
	bool		 dirty;		/* it may hold what the source has sent */
	bool		 flushing;	/* ENCODE_FLUSH is not done: nothing else is begun */
	bool		 drained;	/* the source has ended, and with it the body */
	bool		 over;		/* nothing comes behind out[at..end) */
	uint64_t	 bytes;		/* encoded, without framing */
	struct queue	 trailers;	/* lines */
	bool		 starved;	/* there was no memory for one */
	size_t		 at, end;
	char		 out[PAGE_BYTES];
};

struct flow_stage *
flow_stage_new(enum encoding encoding, bool chunked, struct encode_budget *budget)
{
	struct flow_stage *s = try_alloc(sizeof *s);

	if (s == NULL)
		return NULL;
	memset(s, 0, offsetof(struct flow_stage, out));
	s->chunked = chunked;
	if ((s->encoder = encoder_new(encoding, budget)) == NULL)
		flow_stage_free(&s);
	return s;
}

void
flow_stage_free(struct flow_stage **sp)
{
	struct flow_stage *s = *sp;

	*sp = NULL;
	if (s == NULL)
		return;
	encoder_free(&s->encoder);
	queue_fini(&s->trailers);
	free(s);
}

void
flow_stage_trailer(void *stage, struct str line)
{
	struct flow_stage *s = stage;

	if (!queue_add(&s->trailers, line.p, line.len) || !queue_add(&s->trailers, "\r\n", 2))
		s->starved = true;
}

uint64_t
flow_stage_bytes(const struct flow_stage *s)
{
	return s->bytes;
}

/* ---- one page ---- */

/* The line before the chunk ends where its data begins. */
static void
frame(struct flow_stage *s, size_t data)
{
	char size[SIZE_BYTES + 1];
	int n = snprintf(size, sizeof size, "%zx\r\n", data);

	ASSERT(n > 0 && n <= SIZE_BYTES && data > 0);
	s->at = SIZE_BYTES - (size_t)n;
	s->end = SIZE_BYTES + data;
	memcpy(s->out + s->at, size, (size_t)n);
	memcpy(s->out + s->end, "\r\n", END_BYTES);
	s->end += END_BYTES;
}

/* A step with what may go of the flow's page; false: there is no memory. */
static bool
encode(struct flow *f, enum encode_step step)
{
	struct flow_stage *s = f->stage;
	size_t room = sizeof s->out - SIZE_BYTES - END_BYTES;
	struct encode_io io = { f->page == NULL ? "" : f->page + f->at, f->good - f->at,
	    s->out + SIZE_BYTES, room };
	enum encode_result res;

	ASSERT(s->at == s->end && s->encoder != NULL);
	res = encoder_run(s->encoder, step, &io);
	f->at = f->good - io.in_len;
	s->bytes += room - io.out_len;
	s->at = s->end = 0;
	if (room > io.out_len && s->chunked)
		frame(s, room - io.out_len);
	else if (room > io.out_len) {
		s->at = SIZE_BYTES;
		s->end = SIZE_BYTES + room - io.out_len;
	}
	s->dirty = step == ENCODE_MORE || res != ENCODE_DONE;
	s->flushing = step == ENCODE_FLUSH && res != ENCODE_DONE;
	if (res == ENCODE_DONE && step == ENCODE_END)
		encoder_free(&s->encoder);
	return res != ENCODE_FAIL;
}

/* Behind the last chunk. Trailers are bounded by what reads them. */
static void
finish(struct flow_stage *s)
{
	struct str lines = queue_str(&s->trailers);

	ASSERT(s->at == s->end && s->encoder == NULL && lines.len + 8 < sizeof s->out);
	s->over = true;
	s->at = 0;
	s->end = s->chunked ? (size_t)snprintf(s->out, sizeof s->out, "0\r\n%.*s\r\n", STR_ARG(lines)) : 0;
	queue_fini(&s->trailers);
}

static enum io_result
stage_write(struct flow *f, int64_t now)
{
	struct flow_stage *s = f->stage;
	uint64_t before = stream_bytes_out(f->sink);
	enum io_result res = IO_DONE;
	size_t put = 0;

	if (gather_done(&f->head) && s->at == s->end)
		return IO_DONE;
	stream_end_follows(f->sink, f->last && s->over);
	res = gather_write(&f->head, f->sink, (struct str){ s->out + s->at, s->end - s->at }, &put);
	s->at += put;
	if (stream_bytes_out(f->sink) != before)
		f->moved_usec = now;
	return res;
}

/* ---- in turns ---- */

/* More of the body. FLOW_MORE: there is some, or its end; else what flow_run returns. */
static enum flow_result
stage_read(struct flow *f, int64_t now, bool *waits)
{
	struct flow_stage *s = f->stage;
	uint64_t before = stream_bytes_in(f->source);
	enum io_result res;

	if (!share_has(f->share))
		return flow_yield(f);
	res = flow_refill(f, now);
	share_use(f->share, (stream_bytes_in(f->source) - before) * COST);
	*waits = res != IO_DONE;
	if (res == IO_DONE)
		return !flow_check(f) ? f->large ? FLOW_LARGE : FLOW_BAD : s->starved ? FLOW_STARVED :
		    FLOW_MORE;
	if (res == IO_EOF && f->body.kind == BODY_UNTIL_CLOSE)
		s->drained = true;
	else if (res == IO_EOF && !s->dirty)
		return FLOW_SOURCE_END;
	else if (res == IO_FAIL)
		return f->starved ? FLOW_STARVED : FLOW_SOURCE_BROKEN;
	return FLOW_MORE;
}

static enum encode_step
step_of(const struct flow *f, bool waits)
{
	const struct flow_stage *s = f->stage;

	if (s->flushing)
		return ENCODE_FLUSH;
	if (f->at < f->good)
		return ENCODE_MORE;
	if (f->body.done || s->drained)
		return ENCODE_END;
	return waits ? ENCODE_FLUSH : ENCODE_MORE;
}

enum flow_result
flow_stage_run(struct flow *f, int64_t now)
{
	struct flow_stage *s = f->stage;

	for (int round = 0; round < ROUNDS; round++) {
		enum flow_result got;
		bool waits = false;
		enum io_result res = stage_write(f, now);
		if (res == IO_AGAIN)
			return flow_wait(f, FLOW_SINK, now);
		if (res == IO_FAIL)
			return FLOW_SINK_BROKEN;
		if (s->over)
			return FLOW_DONE;
		if (s->encoder == NULL) {
			finish(s);
			continue;
		}
		if (f->at == f->good && !f->body.done && !s->drained && !s->flushing
		    && (got = stage_read(f, now, &waits)) != FLOW_MORE)
			return got;
		if (waits && !s->drained && !s->dirty)
			return flow_wait(f, FLOW_SOURCE, now);
		if (!encode(f, step_of(f, waits)))
			return FLOW_STARVED;
	}
	return FLOW_YIELD;	/* something is left to be written, or to be encoded */
}
