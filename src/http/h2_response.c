/*
 * The start line is written when the head is whole, before the lines of the fields.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/bug.h"
#include "http/h2_request.h"
#include "http/h2_response.h"

void
h2_response_init(struct h2_response *r)
{
	*r = (struct h2_response){ .status = 0 };
}

void
h2_response_fini(struct h2_response *r)
{
	queue_fini(&r->lines);
}

void
h2_response_tunnel(struct h2_response *r, struct str key)
{
	r->is_tunnel = true;
	websocket_accept(key, r->accept);
}

bool
h2_response_opens(const struct h2_response *r)
{
	return r->is_tunnel && r->status >= 200 && r->status <= 299;
}

static const struct why *
status_field(struct h2_response *r, struct str value)
{
	uint64_t n;

	if (r->status != 0 || value.len != 3 || !str_to_u64(value, &n) || n < 100 || n > 999 || n == 101)
		return WHY_UPSTREAM_BAD_HEAD;
	r->status = (int)n;
	return NULL;
}

static const struct why *
field(struct h2_response *r, struct str name, struct str value, struct head_limits limits)
{
	const struct why *why;

	if (name.len > 0 && name.p[0] == ':')
		return str_eq(name, STR(":status")) && r->nfields == 0 ? status_field(r, value)
		    : WHY_UPSTREAM_BAD_HEAD;
	if (r->status == 0)
		return WHY_UPSTREAM_BAD_HEAD;
	if (str_eq(name, STR("content-length"))) {
		if (r->has_length || !str_to_u64(value, &r->length))
			return WHY_UPSTREAM_BAD_HEAD;
		r->has_length = true;
	}
	r->bytes += name.len + value.len + 4;
	if (++r->nfields > (unsigned)limits.fields || r->bytes > limits.bytes)
		return WHY_UPSTREAM_HEAD_LARGE;
	if (str_eq(name, STR("content-length")))
		return NULL;			/* it follows, or chunks do */
	if (r->is_tunnel && str_eq(name, STR("sec-websocket-accept")))
		return NULL;			/* it has seen no key */
	r->has_trailer |= str_eq(name, STR("trailer"));
	why = h2_trailer_field(&r->lines, name, value);
	return why == NULL || why == WHY_NO_MEMORY ? why : WHY_UPSTREAM_BAD_HEAD;
}

const struct why *
h2_response_field(struct h2_response *r, struct str name, struct str value,
    struct head_limits limits)
{
	if (r->why == NULL && (r->why = field(r, name, value, limits)) != NULL)
		queue_fini(&r->lines);
	return r->why;
}

/* What HTTP/1.1 has no body behind, whatever fields say. */
static bool
is_bare(int status, bool to_head)
{
	return to_head || status < 200 || status == 204 || status == 304;
}

/*
 * How HTTP/1.1 says where the body ends. One whose trailers are announced goes in chunks, whatever
 * its length is: there is no other place for them.
 */
static bool
add_framing(struct h2_response *r, bool ended, bool to_head, struct queue *to)
{
	bool opens = h2_response_opens(r), bare = is_bare(r->status, to_head);
	char line[48] = "";

	r->is_chunked = !ended && !bare && !opens && (!r->has_length || r->has_trailer);
	if (opens)
		return queue_add(to, "Upgrade: websocket\r\nConnection: upgrade\r\nSec-WebSocket-Accept: ", 63)
		    && queue_add(to, r->accept, sizeof r->accept) && queue_add(to, "\r\n", 2);
	if (r->is_chunked)
		return queue_add(to, "Transfer-Encoding: chunked\r\n", 28);
	if (r->has_length || !bare)
		snprintf(line, sizeof line, "Content-Length: %" PRIu64 "\r\n", r->length);
	return queue_add(to, line, strlen(line));
}

/* Another head follows. */
static void
begin_again(struct h2_response *r)
{
	r->status = 0;
	r->nfields = 0;
	r->bytes = 0;
	r->has_length = r->has_trailer = false;
	r->length = 0;
}

const struct why *
h2_response_end(struct h2_response *r, bool ended, bool to_head, struct queue *to)
{
	int n, status = h2_response_opens(r) ? 101 : r->status;
	struct str lines;
	char start[64];

	if (r->why == NULL && (r->status == 0 || (ended && r->status < 200)
	    || (ended && r->length > 0 && !is_bare(r->status, to_head))))
		r->why = WHY_UPSTREAM_BAD_HEAD;
	if (r->why != NULL)
		return r->why;
	lines = queue_str(&r->lines);
	n = snprintf(start, sizeof start, "HTTP/1.1 %d %s\r\n", status, status_reason(status));
	ASSERT(n > 0 && n < (int)sizeof start);
	if (!queue_add(to, start, (size_t)n) || !queue_add(to, lines.p, lines.len)
	    || !add_framing(r, ended, to_head, to) || !queue_add(to, "\r\n", 2))
		return r->why = WHY_NO_MEMORY;
	queue_fini(&r->lines);
	if (r->status < 200)
		begin_again(r);
	return NULL;
}
