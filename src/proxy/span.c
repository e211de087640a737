/*
 * What clients send is quoted, and cut where it is long: a span is never longer than SPAN_LINE_MAX.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/bug.h"
#include "base/escape.h"
#include "proxy/span.h"

#define KIND_SERVER	2
#define KIND_CLIENT	3
#define CODE_ERROR	2

#define PATH_SHOWN	400
#define HOST_SHOWN	255
#define AGENT_SHOWN	200
#define NAME_SHOWN	150		/* of a service, a task, a node, a router */

/* The methods of RFC 9110 and PATCH, which the conventions know; others are as many as clients
 * like. */
static bool
is_known_method(const char *m)
{
	static const char *const known[] = { "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT",
	    "OPTIONS", "TRACE", "PATCH" };

	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (strcmp(m, known[i]) == 0)
			return true;
	return false;
}

/* ---- attributes ---- */

static void
put_quoted(struct buf *b, struct str s, size_t most)
{
	char shown[512];

	ASSERT(most <= sizeof shown);
	buf_adds(b, (struct str){ shown, escape_text(shown, most, s, ESCAPE_LOG, NULL) });
}

static void
put_text(struct buf *b, const char *key, struct str s, size_t most)
{
	if (s.len == 0)
		return;
	buf_printf(b, "%s{\"key\":\"%s\",\"value\":{\"stringValue\":\"",
	    b->p[b->len - 1] == '[' ? "" : ",", key);
	put_quoted(b, s, most);
	buf_adds(b, STR("\"}}"));
}

static void
put_number(struct buf *b, const char *key, uint64_t n)
{
	buf_printf(b, "%s{\"key\":\"%s\",\"value\":{\"intValue\":\"%" PRIu64 "\"}}",
	    b->p[b->len - 1] == '[' ? "" : ",", key, n);
}

static void
put_method(struct buf *b, const char *method)
{
	bool known = is_known_method(method);

	put_text(b, "http.request.method", known ? str_of(method) : STR("_OTHER"), 24);
	if (!known)
		put_text(b, "http.request.method_original", str_of(method), 48);
}

/* A response of a task that is not whole, or none of anybody's. */
static bool
is_cut(const struct span_exchange *x, int status)
{
	return status == 0 || (x->why != WHY_COMPLETE && x->why != WHY_TUNNEL_CLOSED &&
	    x->middleware.len == 0 && x->why->status != status);
}

/* Whether it failed for those whose span it is: by a status from `least` on, too. */
static bool
is_error(const struct span_exchange *x, int status, int least)
{
	return status >= least || is_cut(x, status);
}

static void
put_result(struct buf *b, const struct span_exchange *x, int status, int least)
{
	char text[16];

	if (status != 0)
		put_number(b, "http.response.status_code", (uint64_t)status);
	if (!is_error(x, status, least))
		return;
	snprintf(text, sizeof text, "%d", status);
	put_text(b, "error.type", str_of(status >= least ? text : why_name(x->why)), 64);
}

/* ---- spans ---- */

static void
put_id(struct buf *b, const char *key, const uint8_t *id, unsigned bytes)
{
	char text[2 * TRACE_BYTES + 1];

	trace_hex(id, bytes, text);
	buf_printf(b, "\"%s\":\"%s\",", key, text);
}

static void
put_head(struct buf *b, const struct span_exchange *x, const uint8_t *id, const uint8_t *parent,
    int kind, int64_t began_usec)
{
	static const uint8_t none[TRACE_SPAN_BYTES];
	const char *method = x->request->method;

	buf_adds(b, STR("{"));
	put_id(b, "traceId", x->context.trace, TRACE_BYTES);
	put_id(b, "spanId", id, TRACE_SPAN_BYTES);
	if (memcmp(parent, none, sizeof none) != 0)
		put_id(b, "parentSpanId", parent, TRACE_SPAN_BYTES);
	buf_printf(b, "\"name\":\"%s", is_known_method(method) ? method : "HTTP");
	if (kind == KIND_SERVER && x->request->route[0] != '\0') {
		buf_adds(b, STR(" "));
		put_quoted(b, str_of(x->request->route), NAME_SHOWN);
	}
	buf_printf(b, "\",\"kind\":%d,\"startTimeUnixNano\":\"%" PRId64 "000\","
	    "\"endTimeUnixNano\":\"%" PRId64 "000\",\"attributes\":[", kind, began_usec, x->ended_usec);
	put_method(b, method);
}

/* What Mola knows of it beyond the conventions. */
static void
put_own(struct buf *b, const struct span_exchange *x)
{
	put_text(b, "mola.service", x->service, NAME_SHOWN);
	put_text(b, "mola.task", x->task, NAME_SHOWN);
	put_text(b, "mola.node", x->node, NAME_SHOWN);
	put_text(b, "mola.why", str_of(why_name(x->why)), 64);
}

static void
put_end(struct buf *b, const struct span_exchange *x, bool error)
{
	buf_adds(b, STR("]"));
	if (error)
		buf_printf(b, ",\"status\":{\"code\":%d,\"message\":\"%s\"}", CODE_ERROR, x->why->text);
	buf_adds(b, STR("}\n"));
}

void
span_server_write(struct buf *b, const struct span_exchange *x)
{
	const struct span_request *r = x->request;
	size_t before = b->len;

	ASSERT(x->began_usec <= x->ended_usec && x->why != NULL);
	put_head(b, x, x->own, x->parent, KIND_SERVER, x->began_usec);
	put_text(b, "url.scheme", x->tls ? STR("https") : STR("http"), 8);
	put_text(b, "url.path", str_of(r->path), PATH_SHOWN);
	put_text(b, "http.route", str_of(r->route), NAME_SHOWN);
	put_text(b, "server.address", str_of(r->host), HOST_SHOWN);
	if (r->port != 0)
		put_number(b, "server.port", r->port);
	put_text(b, "client.address", x->client, ADDR_TEXT_MAX);
	put_text(b, "network.peer.address", x->peer, ADDR_TEXT_MAX);
	put_text(b, "user_agent.original", str_of(r->agent), AGENT_SHOWN);
	if (x->version != NULL)
		put_text(b, "network.protocol.version", str_of(x->version), 8);
	put_result(b, x, x->status, 500);
	put_text(b, "mola.listener", x->listener, NAME_SHOWN);
	put_text(b, "mola.route", str_of(r->router), NAME_SHOWN);
	put_text(b, "mola.middleware", x->middleware, NAME_SHOWN);
	put_own(b, x);
	put_end(b, x, is_error(x, x->status, 500));
	ASSERT(b->full || b->len - before <= SPAN_LINE_MAX);
}

void
span_client_write(struct buf *b, const struct span_exchange *x)
{
	char host[ADDR_TEXT_MAX], address[ADDR_TEXT_MAX], url[512 + ADDR_TEXT_MAX];
	size_t before = b->len;

	ASSERT(x->address != NULL && x->tried_usec <= x->ended_usec);
	addr_host_text(x->address, host);
	snprintf(url, sizeof url, "%s://%s%s", x->task_scheme, addr_text(x->address, address), x->target);
	put_head(b, x, x->context.span, x->own, KIND_CLIENT, x->tried_usec);
	put_text(b, "url.full", str_of(url), PATH_SHOWN);
	put_text(b, "server.address", str_of(host), ADDR_TEXT_MAX);
	put_number(b, "server.port", addr_port(x->address));
	if (x->tried > 0)
		put_number(b, "http.request.resend_count", x->tried);
	put_result(b, x, x->task_status, 400);
	put_own(b, x);
	put_end(b, x, is_error(x, x->task_status, 400));
	ASSERT(b->full || b->len - before <= SPAN_LINE_MAX);
}
