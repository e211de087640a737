/*
 * The values of pseudo-fields are kept at the front of the queue until the first other field, or
 * the end: then all that the request line needs is there, and the head begins behind them.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/bug.h"
#include "http/chars.h"
#include "http/h2_fields.h"
#include "http/h2_request.h"

void
h2_request_init(struct h2_request *r, struct head_limits limits)
{
	*r = (struct h2_request){ .limits = limits, .urgency = 3 };
}

void
h2_request_fini(struct h2_request *r)
{
	queue_fini(&r->head);
	queue_fini(&r->cookie);
}

static struct str
pseudo(const struct h2_request *r, enum h2_pseudo i)
{
	struct h2_span s = r->pseudo[i];

	ASSERT(s.at + s.len <= r->head.len);
	return s.len == 0 ? STR("") : (struct str){ r->head.p + s.at, s.len };
}

static bool
has(const struct h2_request *r, enum h2_pseudo i)
{
	return (r->seen & 1u << i) != 0;
}

/* ---- what a field may look like ---- */

/* RFC 9113, 8.2.1, and no control bytes, as in HTTP/1. */
static bool
value_is_sound(struct str v)
{
	const char *end = v.p + v.len;

	if (v.len == 0)
		return true;
	if (v.p[0] == ' ' || v.p[0] == '\t' || end[-1] == ' ' || end[-1] == '\t')
		return false;
	return chars_skip(v.p, end, CHAR_VALUE) == end;
}

static bool
name_is_sound(struct str n)
{
	for (size_t i = 0; i < n.len; i++)
		if (!char_is(n.p[i], CHAR_TOKEN) || (n.p[i] >= 'A' && n.p[i] <= 'Z'))
			return false;
	return n.len > 0;
}

/* What belongs to a connection has no place in HTTP/2 (RFC 9113, 8.2.2). */
static bool
is_of_connection(struct str n)
{
	return str_eq(n, STR("connection")) || str_eq(n, STR("keep-alive"))
	    || str_eq(n, STR("proxy-connection")) || str_eq(n, STR("transfer-encoding"))
	    || str_eq(n, STR("upgrade"));
}

/* ---- pseudo-fields ---- */

static const struct why *
keep(struct h2_request *r, enum h2_pseudo i, struct str value)
{
	if (has(r, i) || r->begun != 0)
		return WHY_H2_MALFORMED;
	r->seen |= 1u << i;
	r->pseudo[i] = (struct h2_span){ (uint32_t)r->head.len, (uint32_t)value.len };
	return queue_add(&r->head, value.p, value.len) ? NULL : WHY_NO_MEMORY;
}

static const struct why *
pseudo_field(struct h2_request *r, struct str name, struct str value)
{
	static const struct str names[H2_HOST] = {
		[H2_METHOD] = { ":method", 7 }, [H2_SCHEME] = { ":scheme", 7 },
		[H2_AUTHORITY] = { ":authority", 10 }, [H2_PATH] = { ":path", 5 },
		[H2_PROTOCOL] = { ":protocol", 9 },
	};

	if (value.len == 0 || !value_is_sound(value))
		return WHY_H2_MALFORMED;
	for (int i = 0; i < H2_HOST; i++)
		if (str_eq(name, names[i]))
			return keep(r, (enum h2_pseudo)i, value);
	return WHY_H2_MALFORMED;
}

static bool
all_are(struct str s, uint8_t classes, const char *also)
{
	for (size_t i = 0; i < s.len; i++)
		if (!char_is(s.p[i], classes) && (s.p[i] == '\0' || strchr(also, s.p[i]) == NULL))
			return false;
	return true;
}

/* Which pseudo-fields there must be, and that none of them ends the request line. */
static bool
pseudo_are_sound(const struct h2_request *r)
{
	struct str method = pseudo(r, H2_METHOD), scheme = pseudo(r, H2_SCHEME);
	struct str path = pseudo(r, H2_PATH);
	bool connect = str_eq(method, STR("CONNECT"));

	if (method.len == 0 || !all_are(method, CHAR_TOKEN, ""))
		return false;
	if (!all_are(pseudo(r, H2_AUTHORITY), CHAR_HOST, ":[]"))
		return false;
	if (connect && !has(r, H2_PROTOCOL))
		return has(r, H2_AUTHORITY) && !has(r, H2_SCHEME) && !has(r, H2_PATH);
	if (!connect && has(r, H2_PROTOCOL))
		return false;
	if (!str_eq_nocase(scheme, STR("http")) && !str_eq_nocase(scheme, STR("https")))
		return false;
	if (connect && !has(r, H2_AUTHORITY))
		return false;
	if (path.len == 0 || !all_are(path, CHAR_TARGET, ""))
		return false;
	return path.p[0] == '/' || (path.len == 1 && path.p[0] == '*' && str_eq(method, STR("OPTIONS")));
}

/* ---- the head ---- */

static bool
add(struct h2_request *r, struct str s)
{
	return queue_add(&r->head, s.p, s.len);
}

/* Copies a piece of the queue to its end. */
static bool
add_pseudo(struct h2_request *r, enum h2_pseudo i)
{
	size_t len = r->pseudo[i].len;
	char *to = queue_room(&r->head, len);

	if (to == NULL)
		return false;
	memcpy(to, r->head.p + r->pseudo[i].at, len);
	queue_added(&r->head, len);
	return true;
}

/* A CONNECT that is no tunnel of ours goes on as such, and gets the answer of HTTP/1.1. */
static bool
add_request_line(struct h2_request *r)
{
	bool connect = str_eq(pseudo(r, H2_METHOD), STR("CONNECT"));

	r->is_tunnel = connect && str_eq(pseudo(r, H2_PROTOCOL), STR("websocket"));
	r->is_head = str_eq(pseudo(r, H2_METHOD), STR("HEAD"));
	r->begun = (unsigned)r->head.len;
	return (r->is_tunnel ? add(r, STR("GET")) : add_pseudo(r, H2_METHOD)) && add(r, STR(" "))
	    && add_pseudo(r, connect && !r->is_tunnel ? H2_AUTHORITY : H2_PATH)
	    && add(r, STR(" HTTP/1.1\r\n"))
	    && (!has(r, H2_AUTHORITY) || (add(r, STR("Host: ")) && add_pseudo(r, H2_AUTHORITY)
	    && add(r, STR("\r\n"))));
}

static const struct why *
begin(struct h2_request *r)
{
	ASSERT(r->begun == 0);
	if (!pseudo_are_sound(r))
		return WHY_H2_MALFORMED;
	return add_request_line(r) ? NULL : WHY_NO_MEMORY;
}

/* ---- fields ---- */

/* RFC 9113, 8.2.3: crumbs of one field, wherever they stand. It follows when all are here. */
static const struct why *
cookie_field(struct h2_request *r, struct str value)
{
	bool first = !r->has_cookie;

	r->has_cookie = true;
	r->nfields += first;
	return (first || queue_add(&r->cookie, "; ", 2)) && queue_add(&r->cookie, value.p, value.len)
	    ? NULL : WHY_NO_MEMORY;
}

/* Only instead of :authority, or the same once more. */
static const struct why *
host_field(struct h2_request *r, struct str value)
{
	if (has(r, H2_HOST) || value.len == 0)
		return WHY_H2_MALFORMED;
	r->seen |= 1u << H2_HOST;
	if (has(r, H2_AUTHORITY))
		return str_eq_nocase(value, pseudo(r, H2_AUTHORITY)) ? NULL : WHY_H2_MALFORMED;
	return add(r, STR("Host: ")) && add(r, value) && add(r, STR("\r\n")) ? NULL : WHY_NO_MEMORY;
}

/* u=N (RFC 9218); whatever else it says, it is no more than a hint. */
static void
priority_field(struct h2_request *r, struct str value)
{
	struct str part;

	while (str_split(&value, ',', &part)) {
		part = str_trim(part);
		if (part.len == 3 && part.p[0] == 'u' && part.p[1] == '=' && part.p[2] >= '0' && part.p[2] <= '7')
			r->urgency = part.p[2] - '0';
	}
}

static const struct why *
line_add(struct h2_request *r, struct str name, struct str value)
{
	r->nfields++;
	return add(r, name) && add(r, STR(": ")) && add(r, value) && add(r, STR("\r\n"))
	    ? NULL : WHY_NO_MEMORY;
}

static const struct why *
plain_field(struct h2_request *r, struct str name, struct str value)
{
	if (!name_is_sound(name) || !value_is_sound(value) || is_of_connection(name))
		return WHY_H2_MALFORMED;
	if (str_eq(name, STR("te")))
		return str_eq_nocase(value, STR("trailers")) ? NULL : WHY_H2_MALFORMED;
	if (str_eq(name, STR("host")))
		return host_field(r, value);
	if (str_eq(name, STR("cookie")))
		return cookie_field(r, value);
	if (str_eq(name, STR("content-length"))) {
		if (r->has_length || !str_to_u64(value, &r->length) || r->is_tunnel)
			return WHY_H2_MALFORMED;
		r->has_length = true;
		r->nfields++;
		return NULL;			/* it follows, or chunks do */
	}
	if (str_eq(name, STR("trailer")))
		r->has_trailer = true;
	else if (str_eq(name, STR("content-type")))
		r->is_grpc = h2_is_grpc(value);
	else if (str_eq(name, STR("priority")))
		priority_field(r, value);
	else if (r->is_tunnel && str_eq(name, STR("sec-websocket-key")))
		return NULL;			/* ours goes on */
	return line_add(r, name, value);
}

static const struct why *
field(struct h2_request *r, struct str name, struct str value)
{
	const struct why *why;

	if (name.len > 0 && name.p[0] == ':')
		return pseudo_field(r, name, value);
	if (r->begun == 0 && (why = begin(r)) != NULL)
		return why;
	if ((why = plain_field(r, name, value)) != NULL)
		return why;
	if (r->nfields > (unsigned)r->limits.fields)
		return WHY_TOO_MANY_FIELDS;
	return NULL;
}

/*
 * What is malformed counts before what is too large: a stream error that a client can avoid only
 * by being right.
 */
const struct why *
h2_request_field(struct h2_request *r, struct str name, struct str value)
{
	r->decoded += name.len + value.len;
	r->ncounted++;
	if (r->why == NULL && (r->why = field(r, name, value)) == NULL
	    && r->head.len - r->begun + r->cookie.len > r->limits.bytes)
		r->why = WHY_HEAD_TOO_LARGE;
	if (r->why != NULL)
		h2_request_fini(r);
	return r->why;
}

static bool
add_cookie(struct h2_request *r)
{
	bool ok = !r->has_cookie || (add(r, STR("cookie: ")) && add(r, queue_str(&r->cookie))
	    && add(r, STR("\r\n")));

	queue_fini(&r->cookie);
	return ok;
}

/*
 * How the body follows. One whose trailers are announced goes in chunks, whatever its length is:
 * HTTP/1.1 has no other place for them.
 */
static bool
add_framing(struct h2_request *r, bool ended, const char *key)
{
	char digits[24];

	r->is_chunked = !ended && !r->is_tunnel && (!r->has_length || r->has_trailer);
	if (r->is_tunnel)
		return add(r, STR("Upgrade: websocket\r\nSec-WebSocket-Key: "))
		    && add(r, (struct str){ key, WEBSOCKET_KEY_LEN }) && add(r, STR("\r\n"));
	if (r->is_chunked)
		return add(r, STR("Transfer-Encoding: chunked\r\n"));
	if (!r->has_length)
		return true;
	snprintf(digits, sizeof digits, "%" PRIu64, r->length);
	return add(r, STR("content-length: ")) && add(r, str_of(digits)) && add(r, STR("\r\n"));
}

/* The connection ends with this exchange: it has a stream to itself. */
static const struct why *
finish(struct h2_request *r, bool ended, const char *key)
{
	const struct why *why;

	if (r->begun == 0 && (why = begin(r)) != NULL)
		return why;
	if (ended && r->length > 0)
		return WHY_H2_MALFORMED;
	if (!add_cookie(r) || !add_framing(r, ended, key) || !add(r, r->is_tunnel
	    ? STR("Connection: upgrade, close\r\n\r\n") : STR("Connection: close\r\n\r\n")))
		return WHY_NO_MEMORY;
	queue_take(&r->head, r->begun);
	return NULL;
}

const struct why *
h2_request_end(struct h2_request *r, bool ended, const char key[WEBSOCKET_KEY_LEN])
{
	if (r->why == NULL && (r->why = finish(r, ended, key)) != NULL)
		h2_request_fini(r);
	return r->why;
}

/* ---- trailers ---- */

const struct why *
h2_trailer_field(struct queue *q, struct str name, struct str value)
{
	if (!name_is_sound(name) || !value_is_sound(value) || is_of_connection(name))
		return WHY_H2_MALFORMED;
	return queue_add(q, name.p, name.len) && queue_add(q, ": ", 2)
	    && queue_add(q, value.p, value.len) && queue_add(q, "\r\n", 2) ? NULL : WHY_NO_MEMORY;
}
