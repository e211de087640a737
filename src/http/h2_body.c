/*
 * Chunks are taken out of their framing where they lie; trailers are kept for the end.
 */
#include <string.h>

#include "base/bug.h"
#include "http/h2_body.h"

void
h2_body_fini(struct h2_body *b)
{
	queue_fini(&b->q);
	queue_fini(&b->trailer);
	b->good = 0;
}

static void
on_trailer(void *arg, struct str line)
{
	struct h2_body *b = arg;

	if (!queue_add(&b->trailer, line.p, line.len) || !queue_add(&b->trailer, "\r\n", 2))
		b->starved = true;
}

enum parse
h2_body_parse(struct h2_body *b)
{
	char *p = b->q.p + b->q.at + b->good;
	size_t len = queue_len(&b->q) - b->good, used = 0, data = 0;
	enum parse res;

	if (len == 0)
		return PARSE_MORE;
	if (b->framing.kind != BODY_CHUNKED) {
		res = h1_body_eat(&b->framing, p, len, &used);
		b->good += used;
		return res;
	}
	res = h1_body_split(&b->framing, p, len, &used, &data, on_trailer, b);
	if (res == PARSE_BAD || b->starved)
		return PARSE_BAD;
	memmove(p + data, p + used, len - used);
	b->q.len -= used - data;
	b->good += data;
	return res;
}

void
h2_body_all_good(struct h2_body *b)
{
	b->good = queue_len(&b->q);
}

void
h2_body_finish(struct h2_body *b)
{
	ASSERT(b->good <= queue_len(&b->q));
	b->ended = true;
	b->q.len = b->q.at + b->good;
}

ssize_t
h2_body_offer(struct h2_body *b, nghttp2_session *session, int32_t id, size_t n, uint32_t *flags,
    struct h2_fields *f)
{
	ASSERT(n <= b->good && (n > 0 || b->ended));
	*flags |= NGHTTP2_DATA_FLAG_NO_COPY;
	if (!b->ended || n < b->good)
		return (ssize_t)n;
	*flags |= NGHTTP2_DATA_FLAG_EOF;
	if (queue_len(&b->trailer) == 0)
		return (ssize_t)n;
	*flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
	return h2_fields_trailers(f, queue_str(&b->trailer))
	    && nghttp2_submit_trailer(session, id, f->nv, f->n) == 0
	    ? (ssize_t)n : NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
}

int
h2_body_send(struct h2_body *b, struct queue *out, size_t out_most, const uint8_t head[9],
    size_t len)
{
	if (len > b->good)
		return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
	if (queue_len(out) >= out_most)
		return NGHTTP2_ERR_WOULDBLOCK;
	if (queue_room(out, 9 + len) == NULL)
		return NGHTTP2_ERR_CALLBACK_FAILURE;
	queue_add(out, head, 9);
	queue_add(out, queue_str(&b->q).p, len);
	queue_take(&b->q, len);
	b->good -= len;
	return 0;
}
