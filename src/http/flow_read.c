/*
 * What is read before anything of it goes on: heads, and bodies that somebody wants whole. A page
 * that is full grows for them.
 */
#include "base/bug.h"
#include "http/flow_priv.h"

struct str
flow_unread(const struct flow *f)
{
	return flow_slice(f, f->good, f->end);
}

/* What a flow_fill() that brought nothing means for a message that is not complete. */
static enum flow_result
unfilled(const struct flow *f, enum io_result res)
{
	ASSERT(res != IO_DONE);
	if (res == IO_AGAIN)
		return FLOW_MORE;
	if (res == IO_EOF)
		return FLOW_SOURCE_END;
	return f->starved ? FLOW_STARVED : FLOW_SOURCE_BROKEN;
}

enum flow_result
flow_read_head(struct flow *f, enum flow_head kind, struct message *m, size_t *used,
    const struct why **why, int64_t now)
{
	enum io_result res;

	for (;;) {
		struct str in = flow_unread(f);
		enum parse p = kind == FLOW_REQUEST ? h1_read_request(m, in, &f->scanned, used, why)
		    : h1_read_response(m, in, kind == FLOW_RESPONSE_TO_HEAD, &f->scanned, used, why);
		if (p == PARSE_DONE) {
			ASSERT(*used > 0 && *used <= in.len);
			return FLOW_DONE;
		}
		if (p == PARSE_BAD)
			return FLOW_BAD;
		if (!flow_widen(f, m->limits.bytes))
			return FLOW_STARVED;
		if ((res = flow_fill(f, now)) != IO_DONE)
			return unfilled(f, res);
	}
}

enum flow_result
flow_read_on(struct flow *f, size_t most, int64_t now)
{
	enum io_result res;

	f->scanned = 0;
	if (f->end - f->good >= most)
		return FLOW_LARGE;
	if (!flow_widen(f, f->cap + PAGE_BYTES))
		return FLOW_STARVED;
	res = flow_fill(f, now);
	return res == IO_DONE ? FLOW_DONE : unfilled(f, res);
}

enum flow_result
flow_read_body(struct flow *f, size_t most, int64_t now)
{
	enum io_result res;

	ASSERT(f->whole && f->at == f->body_at);
	while (!f->body.done) {
		if (f->body_bytes > most)
			return FLOW_LARGE;
		/* what a page of its own exceeds the body by is for a trailer line that is not
		 * there to its end */
		if (!flow_widen(f, f->body_at + most + PAGE_BYTES))
			return FLOW_STARVED;
		if ((res = flow_fill(f, now)) != IO_DONE)
			return unfilled(f, res);
		if (!flow_check(f))
			return FLOW_BAD;
	}
	return f->body_bytes > most ? FLOW_LARGE : FLOW_DONE;
}

struct str
flow_body(const struct flow *f)
{
	ASSERT(f->whole);
	return flow_slice(f, f->body_at, f->good);
}

struct str
flow_head_bytes(const struct flow *f)
{
	ASSERT(f->whole);
	return flow_slice(f, 0, f->body_at);
}
