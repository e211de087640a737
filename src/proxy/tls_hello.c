/*
 * Records first (RFC 8446, 5.1): their payloads, one after the other, are the message. Then the
 * message (4.1.2): fields of given lengths, and extensions. Every length is compared with what is
 * there before it is used. Knows no connections.
 */
#include <string.h>

#include "base/bug.h"
#include "proxy/tls_hello.h"

#define RECORD_HANDSHAKE	22
#define RECORD_HEAD		5
#define RECORD_MAX		16384
#define HANDSHAKE_HELLO		1
#define HANDSHAKE_HEAD		4
#define EXTENSION_NAME		0
#define NAME_HOST		0

static size_t
be16(const uint8_t *p)
{
	return (size_t)p[0] << 8 | p[1];
}

/* A part of the message that is still to be read. */
struct rest {
	const uint8_t	*p;
	size_t		 len;
};

static bool
rest_skip(struct rest *r, size_t n)
{
	if (n > r->len)
		return false;
	r->p += n;
	r->len -= n;
	return true;
}

/* A vector: its length in `width` bytes, and that many bytes; taken off `r`. */
static bool
vector_take(struct rest *r, size_t width, struct rest *out)
{
	size_t n;

	ASSERT(width == 1 || width == 2);
	if (r->len < width)
		return false;
	n = width == 1 ? r->p[0] : be16(r->p);
	rest_skip(r, width);
	*out = (struct rest){ r->p, n };
	return rest_skip(r, n);
}

/* ---- records ---- */

/* How the bytes may go on, looking at each record's head alone. The payloads are put together in
 * `message`, which has room for all of them. PARSE_DONE: it is complete, and *len is its length. */
static enum parse
records_join(struct rest in, uint8_t *message, size_t *len)
{
	size_t want = HANDSHAKE_HEAD, n;

	*len = 0;
	while (in.len > 0 && *len < want) {
		if (in.p[0] != RECORD_HANDSHAKE || (in.len > 1 && in.p[1] != 3))
			return PARSE_BAD;
		if (in.len < RECORD_HEAD)
			return PARSE_MORE;
		n = be16(in.p + 3);
		if (n == 0 || n > RECORD_MAX)
			return PARSE_BAD;
		rest_skip(&in, RECORD_HEAD);
		n = n < in.len ? n : in.len;
		memcpy(message + *len, in.p, n);
		*len += n;
		rest_skip(&in, n);
		if (*len > 0 && message[0] != HANDSHAKE_HELLO)
			return PARSE_BAD;
		if (*len >= HANDSHAKE_HEAD)
			want = HANDSHAKE_HEAD + ((size_t)message[1] << 16 | be16(message + 2));
		if (want > TLS_HELLO_MAX - RECORD_HEAD)
			return PARSE_BAD;
	}
	if (*len < want)
		return PARSE_MORE;
	*len = want;
	return PARSE_DONE;
}

/* ---- the message ---- */

/* The list has one name of each type at most. Names of other types are passed over. */
static bool
names_read(struct rest e, struct tls_hello *h)
{
	struct rest list, name;

	if (!vector_take(&e, 2, &list) || e.len > 0 || list.len == 0)
		return false;
	while (list.len > 0) {
		uint8_t type = list.p[0];
		rest_skip(&list, 1);
		if (!vector_take(&list, 2, &name) || name.len == 0)
			return false;
		if (type != NAME_HOST)
			continue;
		if (h->len > 0 || name.len >= sizeof h->name || memchr(name.p, '\0', name.len) != NULL)
			return false;
		memcpy(h->name, name.p, name.len);
		h->len = name.len;
	}
	if (h->len > 0 && h->name[h->len - 1] == '.')
		h->len--;
	return true;
}

static bool
extensions_read(struct rest all, struct tls_hello *h)
{
	bool named = false;
	struct rest e;

	while (all.len > 0) {
		size_t type = all.len < 2 ? 0 : be16(all.p);
		if (!rest_skip(&all, 2) || !vector_take(&all, 2, &e))
			return false;
		if (type != EXTENSION_NAME)
			continue;
		if (named || !names_read(e, h))
			return false;
		named = true;
	}
	return true;
}

/* version, random, session, ciphers, compressions; then extensions, which old clients lack */
static bool
hello_read(struct rest m, struct tls_hello *h)
{
	struct rest v;

	if (!rest_skip(&m, HANDSHAKE_HEAD + 2 + 32) || !vector_take(&m, 1, &v) || !vector_take(&m, 2, &v)
	    || !vector_take(&m, 1, &v))
		return false;
	if (m.len == 0)
		return true;
	return vector_take(&m, 2, &v) && m.len == 0 && extensions_read(v, h);
}

enum parse
tls_hello_parse(struct str in, struct tls_hello *h)
{
	struct rest bytes = { (const uint8_t *)in.p, in.len < TLS_HELLO_MAX ? in.len : TLS_HELLO_MAX };
	uint8_t message[TLS_HELLO_MAX];
	size_t len;
	enum parse r;

	h->tls = in.len > 0 && bytes.p[0] == RECORD_HANDSHAKE && (in.len == 1 || bytes.p[1] == 3);
	h->len = 0;
	r = records_join(bytes, message, &len);
	if (r == PARSE_MORE)
		return in.len >= TLS_HELLO_MAX ? PARSE_BAD : PARSE_MORE;
	if (r == PARSE_BAD)
		return PARSE_BAD;
	ASSERT(len <= sizeof message);
	if (hello_read((struct rest){ message, len }, h))
		return PARSE_DONE;
	h->len = 0;
	return PARSE_BAD;
}
