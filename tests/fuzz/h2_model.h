/*
 * h2_model: what stands at both ends of an HTTP/2 connection in targets: an exchange that reads a message of HTTP/1.1 from an
 * inner stream and judges it, and the other side of the connection, which reads frames and judges those.
 */
#ifndef FUZZ_H2_MODEL_H
#define FUZZ_H2_MODEL_H

#include <fcntl.h>
#include <nghttp2/nghttp2.h>

#include "http/h1_body.h"
#include "net/stream.h"
#include "talk.h"

#define MODEL_HEAD_MAX	4096
#define MODEL_FIELDS_MAX 32
#define MODEL_BYTE	'b'		/* all bodies are of it */

/* ---- octets of the input ---- */

static inline struct str
take(struct str *rest, size_t n)
{
	struct str s = { rest->p, n < rest->len ? n : rest->len };

	rest->p += s.len;
	rest->len -= s.len;
	return s;
}

static inline uint8_t
octet(struct str *rest)
{
	struct str s = take(rest, 1);

	return s.len == 0 ? 0 : (uint8_t)*s.p;
}

/* ---- a message that is read from a stream ---- */

struct model {
	struct stream	 stream;
	const void	*of;		/* not NULL: it has been responded to, and may end early */
	bool		 is_response, to_head;
	bool		 has_head, whole, refused;
	char		 head[2 * MODEL_HEAD_MAX];
	size_t		 len, scanned;
	struct h1_body	 body;
	struct str	 out;		/* what is left to be written */
	char		 line[256];
};

static inline void
model_nothing(void *arg)
{
	(void)arg;
}

/* A head that came is one by the rules of HTTP/1.1; a request may still be refused by them. */
static inline void
model_head(struct model *m)
{
	static struct field fields[MODEL_FIELDS_MAX + 8];
	struct message msg = { .limits = { sizeof m->head, MODEL_FIELDS_MAX + 8 }, .field = fields };
	struct str in = { m->head, m->len };
	const struct why *why;
	size_t used;
	enum parse res = m->is_response ? h1_read_response(&msg, in, m->to_head, &m->scanned, &used, &why)
	    : h1_read_request(&msg, in, &m->scanned, &used, &why);

	ASSERT(res != PARSE_MORE || m->len < sizeof m->head);
	if (res == PARSE_MORE)
		return;
	ASSERT(res == PARSE_DONE || !m->is_response);
	m->refused = res == PARSE_BAD;
	if (m->refused)
		return;
	memmove(m->head, m->head + used, m->len - used);
	m->len -= used;
	m->scanned = 0;
	if (m->is_response && msg.status < 200 && msg.status != 101)
		return;				/* another follows */
	m->has_head = true;
	m->to_head = msg.is_head;
	h1_body_init(&m->body, msg.status == 101 || msg.upgrade ? BODY_UNTIL_CLOSE : msg.body, msg.length);
	m->whole = m->body.kind == BODY_NONE;
}

/* The framing is right to the last byte, and nothing comes behind it. */
static inline void
model_body(struct model *m)
{
	size_t used = 0;
	enum parse res;

	ASSERT(!m->whole || m->len == 0);
	if (m->whole || m->len == 0)
		return;
	res = h1_body_eat(&m->body, m->head, m->len, &used);
	ASSERT(res != PARSE_BAD);
	memmove(m->head, m->head + used, m->len - used);
	m->len -= used;
	m->whole = res == PARSE_DONE;
	ASSERT(!m->whole || m->len == 0);
}

/* At most `most` bytes. */
static inline void
model_read(struct model *m, size_t most)
{
	enum io_result res = IO_DONE;

	while (most > 0 && stream_is_open(&m->stream) && !m->refused && !stream_is_broken(&m->stream)) {
		size_t room = sizeof m->head - m->len, got = 0, before;

		if (room == 0)
			return;			/* a trailer's line that is too long */
		res = stream_read(&m->stream, m->head + m->len, room < most ? room : most, &got);
		if (res != IO_DONE)
			break;
		most -= got;
		m->len += got;
		do {
			before = m->len;
			m->has_head ? model_body(m) : model_head(m);
		} while (m->len < before && m->len > 0 && !m->whole && !m->refused);
	}
	/* what ends without a break is whole */
	ASSERT(res != IO_EOF || m->whole || m->refused || m->of != NULL || (m->has_head && m->body.kind == BODY_UNTIL_CLOSE));
}

static inline void
model_write(struct model *m)
{
	while (m->out.len > 0 && stream_is_open(&m->stream) && !stream_is_broken(&m->stream)) {
		struct iovec v = { (void *)(uintptr_t)m->out.p, m->out.len };
		size_t put = 0;

		if (stream_writev(&m->stream, &v, 1, &put) != IO_DONE)
			return;
		m->out.p += put;
		m->out.len -= put;
	}
}

/* ---- frames that Mola sends ---- */

struct frames {
	uint8_t	 head[9];
	size_t	 have, left;	/* of the head; of the payload */
	uint64_t preface;	/* bytes of it that are still to come */
};

static inline void
frames_begin(struct frames *f)
{
	size_t len = (size_t)f->head[0] << 16 | (size_t)f->head[1] << 8 | f->head[2];

	ASSERT(len <= 16384 && f->head[3] <= NGHTTP2_CONTINUATION);
	ASSERT((f->head[4] & NGHTTP2_FLAG_PADDED) == 0 || f->head[3] != NGHTTP2_DATA);
	f->left = len;
}

static inline void
frames_read(struct frames *f, const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (f->preface > 0)
			f->preface--;
		else if (f->left > 0) {
			ASSERT(f->head[3] != NGHTTP2_DATA || p[i] == MODEL_BYTE);
			f->left--;
		} else {
			f->head[f->have++] = p[i];
			if (f->have == 9) {
				f->have = 0;
				frames_begin(f);
			}
		}
	}
}

/* What is there is read and judged. False: Mola has ended the connection. */
static inline bool
frames_hear(struct frames *f, int fd)
{
	uint8_t some[16384];
	ssize_t n;

	while ((n = recv(fd, some, sizeof some, MSG_DONTWAIT)) > 0)
		frames_read(f, some, (size_t)n);
	return n < 0 && errno == EAGAIN;
}

/* A frame of the other side's: type, flags, stream, length, and as many octets of the input. */
static inline void
frames_say(struct loop *l, int fd, struct str *rest)
{
	char type = (char)octet(rest), flags = (char)octet(rest), id = (char)octet(rest);
	size_t len = octet(rest);
	struct str payload = take(rest, len);
	char head[9] = { 0, 0, (char)len, type, flags, 0, 0, 0, id };

	talk_say(l, fd, (struct str){ head, sizeof head });
	if (payload.len > 0)
		talk_say(l, fd, payload);
}

#endif
