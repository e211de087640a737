/*
 * A connection is in its caller's list until it is closed. A call under way is a stream; it ends
 * when nghttp2 says that the stream has, or with the connection. What a call does when it ends
 * may be another call on the same connection: nothing is sent before nghttp2 has returned.
 */
#include <nghttp2/nghttp2.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "caller_h2.h"
#include "net/tls.h"

struct h2_conn {
	LIST_ENTRY(h2_conn) link;
	struct stream	 stream;
	struct deferred	 deferred;
	struct h2_caller *caller;
	nghttp2_session	*session;
	bool		 receiving;	/* nghttp2 is at work, and calls us */
	unsigned	 count;
	LIST_HEAD(, h2_call) calls;
	const uint8_t	*unsent;	/* nghttp2's, until it is asked for more */
	size_t		 nunsent;
};

struct h2_call {
	LIST_ENTRY(h2_call) link;
	struct h2_conn	*conn;
	struct call	*call;
	int		 status;
	char		 node[32];
};

struct h2_caller {
	struct loop	*loop;
	struct caller_conf conf;
	nghttp2_session_callbacks *callbacks;
	unsigned	 count;
	uint64_t	 bytes, waited;
	LIST_HEAD(, h2_conn) conns;
	STAILQ_HEAD(, call) waiting;
};

static struct h2_conn *h2_conn_with_room(struct h2_caller *);

static void
h2_call_end(struct h2_call *h, enum call_end end)
{
	struct h2_caller *caller = h->conn->caller;
	struct h2_call was = *h;
	struct call *next;

	LIST_REMOVE(h, link);
	h->conn->count--;
	free(h);
	was.call->done(was.call, end, was.status, str_of(was.node));
	if ((next = STAILQ_FIRST(&caller->waiting)) != NULL && h2_conn_with_room(caller) != NULL) {
		STAILQ_REMOVE_HEAD(&caller->waiting, link);
		h2_caller_ask(caller, next);
	}
}

static void
h2_conn_free(void *arg)
{
	struct h2_conn *c = arg;

	nghttp2_session_del(c->session);
	free(c);
}

static void
h2_conn_close(struct h2_conn *c)
{
	if (!stream_is_open(&c->stream))
		return;
	LIST_REMOVE(c, link);
	stream_close(&c->stream);
	c->caller->count--;
	loop_defer(c->caller->loop, &c->deferred, h2_conn_free, c);
}

static void
h2_conn_fail(struct h2_conn *c, enum call_end end)
{
	struct h2_call *h;

	h2_conn_close(c);
	while ((h = LIST_FIRST(&c->calls)) != NULL)
		h2_call_end(h, end);
}

/* ---- what nghttp2 reports ---- */

static int
h2_on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name, size_t nname,
    const uint8_t *value, size_t nvalue, uint8_t flags, void *arg)
{
	struct h2_call *h = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
	struct str key = { (const char *)name, nname }, text = { (const char *)value, nvalue };
	uint64_t status;

	(void)flags, (void)arg;
	if (h == NULL)
		return 0;
	if (str_eq(key, STR(":status")) && str_to_u64(text, &status))
		h->status = (int)status;
	else if (str_eq(key, STR("x-node")))
		str_copy(h->node, sizeof h->node, text);
	return 0;
}

static int
h2_on_stream_close(nghttp2_session *session, int32_t stream, uint32_t error, void *arg)
{
	struct h2_call *h = nghttp2_session_get_stream_user_data(session, stream);

	(void)arg;
	if (h == NULL)
		return 0;
	if (error != NGHTTP2_NO_ERROR || h->status == 0)
		h2_call_end(h, CALL_CLOSED);
	else
		h2_call_end(h, h->status / 100 == 2 ? CALL_DONE : CALL_STATUS);
	return 0;
}

/* ---- the connection ---- */

/* False: it has failed. */
static bool
h2_conn_write(struct h2_conn *c)
{
	struct iovec iov;
	ssize_t n;
	size_t put;

	for (;;) {
		if (c->nunsent == 0) {
			n = nghttp2_session_mem_send(c->session, &c->unsent);
			if (n <= 0)
				return n == 0;
			c->nunsent = (size_t)n;
		}
		iov = (struct iovec){ (void *)(uintptr_t)c->unsent, c->nunsent };
		switch (stream_writev(&c->stream, &iov, 1, &put)) {
		case IO_DONE:
			c->unsent += put;
			c->nunsent -= put;
			break;
		case IO_AGAIN:
			return true;
		default:
			return false;
		}
	}
}

/* False: it has failed, or ended. */
static bool
h2_conn_read(struct h2_conn *c)
{
	uint8_t in[16384];
	size_t got;
	bool good;

	for (;;) {
		switch (stream_read(&c->stream, in, sizeof in, &got)) {
		case IO_DONE:
			c->caller->bytes += got;
			c->receiving = true;
			good = nghttp2_session_mem_recv(c->session, in, got) == (ssize_t)got;
			c->receiving = false;
			if (!good)
				return false;
			break;
		case IO_AGAIN:
			return true;
		default:
			return false;
		}
	}
}

static void
h2_conn_go(void *arg)
{
	struct h2_conn *c = arg;

	switch (stream_connected(&c->stream)) {
	case IO_DONE:
		break;
	case IO_AGAIN:
		return;
	default:
		h2_conn_fail(c, CALL_CONNECT);
		return;
	}
	if (!h2_conn_write(c) || !h2_conn_read(c) || !h2_conn_write(c))
		h2_conn_fail(c, CALL_CLOSED);
	else if (c->count == 0 && !nghttp2_session_check_request_allowed(c->session))
		h2_conn_close(c);
}

static void
h2_settings_submit(nghttp2_session *session)
{
	const nghttp2_settings_entry settings[] = { { NGHTTP2_SETTINGS_ENABLE_PUSH, 0 },
		{ NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 1 << 20 } };

	if (nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, settings, 2) != 0
	    || nghttp2_session_set_local_window_size(session, NGHTTP2_FLAG_NONE, 0, 1 << 24) != 0)
		BUG("nghttp2 takes no settings");
}

/* NULL: none can be made. */
static struct h2_conn *
h2_conn_new(struct h2_caller *caller)
{
	struct h2_conn *c = must_zalloc(sizeof *c);

	c->caller = caller;
	LIST_INIT(&c->calls);
	if (stream_connect(&c->stream, caller->loop, &caller->conf.addr, h2_conn_go, c) != NULL) {
		free(c);
		return NULL;
	}
	if (caller->conf.tls != NULL)
		stream_set_transport(&c->stream, tls_connect(caller->conf.tls, str_of(caller->conf.host), NULL));
	if (nghttp2_session_client_new(&c->session, caller->callbacks, c) != 0)
		BUG("no memory for a session");
	h2_settings_submit(c->session);
	LIST_INSERT_HEAD(&caller->conns, c, link);
	caller->count++;
	return c;
}

/* ---- calls ---- */

static nghttp2_nv
h2_field(const char *name, struct str value)
{
	return (nghttp2_nv){ (uint8_t *)(uintptr_t)name, (uint8_t *)(uintptr_t)value.p, strlen(name),
		value.len, NGHTTP2_NV_FLAG_NONE };
}

/* The call's text is a GET of HTTP/1.1. */
static void
h2_request_submit(struct h2_conn *c, struct call *call)
{
	struct h2_call *h = must_zalloc(sizeof *h);
	struct str rest = { call->text, call->len }, method, path;
	nghttp2_nv fields[4];

	ASSERT(str_split(&rest, ' ', &method) && str_split(&rest, ' ', &path));
	h->conn = c;
	h->call = call;
	LIST_INSERT_HEAD(&c->calls, h, link);
	c->count++;
	fields[0] = h2_field(":method", method);
	fields[1] = h2_field(":scheme", str_of(c->caller->conf.tls != NULL ? "https" : "http"));
	fields[2] = h2_field(":authority", str_of(c->caller->conf.host));
	fields[3] = h2_field(":path", path);
	if (nghttp2_submit_request(c->session, NULL, fields, 4, NULL, h) < 0)
		BUG("nghttp2 takes no request");
}

static struct h2_conn *
h2_conn_with_room(struct h2_caller *caller)
{
	struct h2_conn *c;

	LIST_FOREACH(c, &caller->conns, link)
		if (c->count < CALLER_STREAMS_MAX && nghttp2_session_check_request_allowed(c->session))
			break;
	return c;
}

void
h2_caller_ask(struct h2_caller *caller, struct call *call)
{
	struct h2_conn *c = h2_conn_with_room(caller);

	if (c == NULL && caller->count >= caller->conf.connections_max) {
		caller->waited++;
		STAILQ_INSERT_TAIL(&caller->waiting, call, link);
		return;
	}
	if (c == NULL && (c = h2_conn_new(caller)) == NULL) {
		call->done(call, CALL_CONNECT, 0, str_of(NULL));
		return;
	}
	h2_request_submit(c, call);
	if (!c->receiving && !stream_is_connecting(&c->stream) && !h2_conn_write(c))
		h2_conn_fail(c, CALL_CLOSED);
}

/* ---- life ---- */

struct h2_caller *
h2_caller_new(struct loop *l, const struct caller_conf *conf)
{
	struct h2_caller *c = must_zalloc(sizeof *c);

	c->loop = l;
	c->conf = *conf;
	LIST_INIT(&c->conns);
	STAILQ_INIT(&c->waiting);
	if (nghttp2_session_callbacks_new(&c->callbacks) != 0)
		BUG("no memory for callbacks");
	nghttp2_session_callbacks_set_on_header_callback(c->callbacks, h2_on_header);
	nghttp2_session_callbacks_set_on_stream_close_callback(c->callbacks, h2_on_stream_close);
	return c;
}

void
h2_caller_free(struct h2_caller **cp)
{
	struct h2_caller *c = *cp;
	struct h2_conn *conn;
	struct h2_call *h;

	*cp = NULL;
	while ((conn = LIST_FIRST(&c->conns)) != NULL) {
		while ((h = LIST_FIRST(&conn->calls)) != NULL) {
			LIST_REMOVE(h, link);
			free(h);
		}
		h2_conn_close(conn);
	}
	nghttp2_session_callbacks_del(c->callbacks);
	free(c);
}

unsigned
h2_caller_connections(const struct h2_caller *c)
{
	return c->count;
}

uint64_t
h2_caller_bytes(const struct h2_caller *c)
{
	return c->bytes;
}

uint64_t
h2_caller_waited(const struct h2_caller *c)
{
	return c->waited;
}
