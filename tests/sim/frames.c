#include <string.h>

#include "base/bug.h"
#include "frames.h"
#include "workers.h"

#define HEAD	9			/* of a frame */

/* As two frames, where a head has room for that: HTTP/2 knows how it goes on, and no frame comes between (RFC 9113, 6.10). */
static void
continue_frame(struct frames *f, size_t first)
{
	size_t rest = f->len - HEAD - first;
	uint8_t *p = f->bytes + HEAD + first;

	ASSERT(f->len + HEAD <= sizeof f->bytes && rest < 1 << 16);
	memcpy(f->bytes, f->left, HEAD + first);
	memcpy(p, f->left, HEAD);
	memcpy(p + HEAD, f->left + HEAD + first, rest);
	f->bytes[0] = p[0] = 0;
	f->bytes[1] = (uint8_t)(first >> 8);
	f->bytes[2] = (uint8_t)first;
	f->bytes[4] &= (uint8_t)~NGHTTP2_FLAG_END_HEADERS;
	p[1] = (uint8_t)(rest >> 8);
	p[2] = (uint8_t)rest;
	p[3] = NGHTTP2_CONTINUATION;
	p[4] = NGHTTP2_FLAG_END_HEADERS;
	f->left = f->bytes;
	f->len += HEAD;
}

/* One frame is what nghttp2 gives at once. */
static void
part(struct frames *f)
{
	size_t first;
	unsigned number;

	if (f->how == NULL || f->len <= HEAD + 1 || f->left[3] != NGHTTP2_HEADERS)
		return;
	number = f->heads++;
	if (number < f->how->from || number >= f->how->from + f->how->heads)
		return;
	first = f->how->at < f->len - HEAD ? f->how->at : f->len - HEAD - 1;
	if (f->how->continued)
		continue_frame(f, first);
	f->first = HEAD + first;
	f->before = f->last;
	f->last = (struct frames_part){ wire_now(), wire_now() };
}

/* Less than nothing: there is no room. */
static ssize_t
put(struct frames *f, struct end *e)
{
	size_t most = f->first > 0 ? f->first : f->len;
	ssize_t n = end_write(e, f->left, most);

	if (n < 0)
		return n;
	f->left += n;
	f->len -= (size_t)n;
	if (f->first > 0 && (f->first -= (size_t)n) == 0)
		f->last.until_usec = wire_now() + f->how->usec;
	return n;
}

void
frames_send(struct frames *f, nghttp2_session *session, struct end *e)
{
	ssize_t n;

	while (wire_now() >= f->last.until_usec) {
		if (f->len == 0) {
			n = nghttp2_session_mem_send(session, &f->left);
			ASSERT(n >= 0);
			f->len = (size_t)n;
			part(f);
		}
		if (f->len == 0 || put(f, e) < 0)
			return;
	}
}

int64_t
frames_due(const struct frames *f)
{
	return wire_now() < f->last.until_usec ? f->last.until_usec : 0;
}

void
frames_again(struct frames *f)
{
	f->len = f->first = 0;
	f->last = f->before = (struct frames_part){ 0, 0 };
}

static bool
seems_late(const struct frames_part *p, int64_t way_usec)
{
	return p->began_usec > 0 && workers_hung(p->until_usec + way_usec, p->began_usec + HEAD_USEC);
}

bool
frames_seem_late(const struct frames *f, int64_t way_usec)
{
	return seems_late(&f->last, way_usec) || seems_late(&f->before, way_usec);
}

bool
frames_in_take(struct frames_in *f, uint8_t byte)
{
	if (f->rest == 0 && f->len >= HEAD)
		f->len = 0;
	if (f->len < sizeof f->head)
		f->head[f->len] = byte;
	f->len++;
	if (f->len == HEAD)
		f->rest = (size_t)f->head[0] << 16 | (size_t)f->head[1] << 8 | f->head[2];
	else if (f->len > HEAD)
		f->rest--;
	return f->len >= HEAD && f->rest == 0;
}

uint32_t
frames_in_code(const struct frames_in *f)
{
	const uint8_t *p = f->head + HEAD + 4;

	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}
