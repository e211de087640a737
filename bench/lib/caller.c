/*
 * A connection is idle (in the caller's list, no call) or busy (it has a call); caller_next() gives it the next.
 * Answers are understood as far as balancers send them to a plain GET: Content-Length, or none and the end.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "base/clock.h"
#include "caller_h2.h"
#include "net/tls.h"

#define IDLE_MOST	(4 * USEC_PER_SEC)

struct conn {
	LIST_ENTRY(conn) link;		/* in one of the caller's lists; of the idle, the last used comes first */
	struct stream	 stream;
	struct deferred	 deferred;
	struct caller	*caller;
	struct call	*call;		/* NULL: idle */
	unsigned	 sent;
	int64_t		 idle_since;
	int		 status;	/* 0: the head is not whole yet */
	bool		 keep;
	uint64_t	 left;		/* of the body; UINT64_MAX: until the end */
	char		 node[32];
	size_t		 len;		/* of the head, as far as it has come */
	char		 in[16384];
};

struct caller {
	struct loop	*loop;
	struct caller_conf conf;
	struct h2_caller *h2;		/* NULL: HTTP/1.1; else all of it */
	unsigned	 count;
	uint64_t	 waited, bytes;
	LIST_HEAD(, conn) idle, busy;
	STAILQ_HEAD(, call) waiting;
};

static void	conn_go(void *arg);
static void	caller_next(struct caller *);

struct caller *
caller_new(struct loop *l, const struct caller_conf *conf)
{
	struct caller *c = must_zalloc(sizeof *c);

	c->loop = l;
	c->conf = *conf;
	c->h2 = conf->http2 ? h2_caller_new(l, conf) : NULL;
	LIST_INIT(&c->idle);
	LIST_INIT(&c->busy);
	STAILQ_INIT(&c->waiting);
	return c;
}

static void
conn_free(void *arg)
{
	free(arg);
}

static void
conn_close(struct conn *c)
{
	if (!stream_is_open(&c->stream))
		return;
	LIST_REMOVE(c, link);
	stream_close(&c->stream);
	c->caller->count--;
	loop_defer(c->caller->loop, &c->deferred, conn_free, c);
}

/* The one way in which a call ends. A connection that is kept goes on with the next call. */
static void
conn_end(struct conn *c, enum call_end end)
{
	struct caller *caller = c->caller;
	struct call *call = c->call;
	char node[sizeof c->node];
	int status = c->status;

	memcpy(node, c->node, sizeof node);
	call->conn = NULL;
	if (end > CALL_STATUS || !c->keep) {
		c->call = NULL;
		conn_close(c);
	} else {
		c->call = NULL;
		c->len = 0;
		c->idle_since = loop_now(caller->loop);
		LIST_REMOVE(c, link);
		LIST_INSERT_HEAD(&caller->idle, c, link);
	}
	call->done(call, end, status, str_of(node));
	caller_next(caller);
}

static struct str
field(struct str head, struct str name)
{
	struct str line;

	while (str_split(&head, '\n', &line))
		if (line.len > name.len && str_eq_nocase((struct str){ line.p, name.len }, name))
			return str_trim((struct str){ line.p + name.len, line.len - name.len - (line.p[line.len - 1] == '\r') });
	return str_of(NULL);
}

/* False: garbled. What came after the head is counted off the body. */
static bool
head_parse(struct conn *c, size_t n)
{
	struct str head = { c->in, n }, length = field(head, STR("content-length:")), connection = field(head, STR("connection:"));
	uint64_t status, body = c->len - n;

	if (n < 13 || !str_starts(head, STR("HTTP/1.")) || !str_to_u64((struct str){ c->in + 9, 3 }, &status))
		return false;
	c->keep = c->in[7] == '1' && !str_eq_nocase(connection, STR("close"));
	c->left = UINT64_MAX;
	if (length.len > 0 && !str_to_u64(length, &c->left))
		return false;
	if (field(head, STR("transfer-encoding:")).len > 0 || (c->left == UINT64_MAX && c->keep) || body > c->left)
		return false;
	if (c->left != UINT64_MAX)
		c->left -= body;
	str_copy(c->node, sizeof c->node, field(head, STR("x-node:")));
	c->status = (int)status;
	return true;
}

/* True: the call has ended. */
static bool
conn_got(struct conn *c, size_t got)
{
	char *end;

	if (c->status != 0) {
		if (c->left != UINT64_MAX && got > c->left) {
			conn_end(c, CALL_GARBLED);
			return true;
		}
		c->left -= c->left != UINT64_MAX ? got : 0;
	} else {
		c->len += got;
		end = memmem(c->in, c->len, "\r\n\r\n", 4);
		if (end == NULL && c->len < sizeof c->in)
			return false;
		if (end == NULL || !head_parse(c, (size_t)(end + 4 - c->in))) {
			conn_end(c, CALL_GARBLED);
			return true;
		}
	}
	if (c->left > 0 || c->call->until_end)
		return false;
	conn_end(c, c->status / 100 == 2 ? CALL_DONE : CALL_STATUS);
	return true;
}

static void
conn_read(struct conn *c)
{
	size_t got, at;

	for (;;) {
		at = c->status == 0 ? c->len : 0;		/* bodies are not looked at */
		switch (stream_read(&c->stream, c->in + at, sizeof c->in - at, &got)) {
		case IO_DONE:
			c->caller->bytes += got;
			if (conn_got(c, got))
				return;
			break;
		case IO_AGAIN:
			return;
		case IO_EOF:
			if (c->status != 0 && (c->left == UINT64_MAX || c->left == 0))
				conn_end(c, c->status / 100 == 2 ? CALL_DONE : CALL_STATUS);
			else
				conn_end(c, CALL_CLOSED);
			return;
		case IO_FAIL:
			conn_end(c, CALL_CLOSED);
			return;
		}
	}
}

static bool
conn_write(struct conn *c)
{
	struct iovec iov;
	size_t put;

	while (c->sent < c->call->len) {
		iov = (struct iovec){ c->call->text + c->sent, c->call->len - c->sent };
		switch (stream_writev(&c->stream, &iov, 1, &put)) {
		case IO_DONE:
			c->sent += (unsigned)put;
			break;
		case IO_AGAIN:
			return true;
		default:
			conn_end(c, CALL_CLOSED);
			return false;
		}
	}
	return true;
}

static void
conn_go(void *arg)
{
	struct conn *c = arg;

	if (c->call == NULL) {				/* idle: nothing but its end can be news */
		if (stream_peer_ended(&c->stream) || stream_is_broken(&c->stream))
			conn_close(c);
		return;
	}
	switch (stream_connected(&c->stream)) {
	case IO_DONE:
		if (conn_write(c))
			conn_read(c);
		break;
	case IO_AGAIN:
		break;
	default:
		conn_end(c, CALL_CONNECT);
	}
}

static void
conn_start(struct conn *c, struct call *call)
{
	c->call = call;
	call->conn = c;
	c->sent = 0;
	c->status = 0;
	c->len = 0;
	c->keep = false;
	c->node[0] = '\0';
	if (!stream_is_connecting(&c->stream))
		conn_write(c);
}

static void
caller_connect(struct caller *c, struct call *call)
{
	struct conn *n = must_alloc(sizeof *n);

	memset(n, 0, offsetof(struct conn, in));
	n->caller = c;
	if (stream_connect(&n->stream, c->loop, &c->conf.addr, conn_go, n) != NULL) {
		free(n);
		call->done(call, CALL_CONNECT, 0, str_of(NULL));
		return;
	}
	if (c->conf.tls != NULL)
		stream_set_transport(&n->stream, tls_connect(c->conf.tls, str_of(c->conf.host), NULL));
	c->count++;
	LIST_INSERT_HEAD(&c->busy, n, link);
	conn_start(n, call);
}

static void
caller_next(struct caller *c)
{
	struct call *call = STAILQ_FIRST(&c->waiting);

	if (call == NULL || (LIST_EMPTY(&c->idle) && c->count >= c->conf.connections_max))
		return;
	STAILQ_REMOVE_HEAD(&c->waiting, link);
	caller_ask(c, call);
}

void
caller_ask(struct caller *c, struct call *call)
{
	struct conn *n = LIST_FIRST(&c->idle);

	if (c->h2 != NULL) {
		h2_caller_ask(c->h2, call);
	} else if (n != NULL) {
		LIST_REMOVE(n, link);
		LIST_INSERT_HEAD(&c->busy, n, link);
		conn_start(n, call);
	} else if (c->count < c->conf.connections_max) {
		caller_connect(c, call);
	} else {
		c->waited++;
		STAILQ_INSERT_TAIL(&c->waiting, call, link);
	}
}

void
caller_leave(struct caller *c, struct call *call)
{
	ASSERT(c->h2 == NULL);
	if (call->conn != NULL) {
		conn_end(call->conn, CALL_LEFT);
		return;
	}
	STAILQ_REMOVE(&c->waiting, call, call, link);
	call->done(call, CALL_LEFT, 0, str_of(NULL));
}

void
caller_free(struct caller **cp)
{
	struct caller *c = *cp;
	struct conn *n;

	*cp = NULL;
	while ((n = LIST_FIRST(&c->idle)) != NULL || (n = LIST_FIRST(&c->busy)) != NULL)
		conn_close(n);
	if (c->h2 != NULL)
		h2_caller_free(&c->h2);
	free(c);
}

void
caller_tidy(struct caller *c)
{
	struct conn *n, *next;

	for (n = LIST_FIRST(&c->idle); n != NULL; n = next) {
		next = LIST_NEXT(n, link);
		if (loop_now(c->loop) - n->idle_since > IDLE_MOST)
			conn_close(n);
	}
}

unsigned
caller_connections(const struct caller *c)
{
	return c->h2 != NULL ? h2_caller_connections(c->h2) : c->count;
}

uint64_t
caller_bytes(const struct caller *c)
{
	return c->h2 != NULL ? h2_caller_bytes(c->h2) : c->bytes;
}

uint64_t
caller_waited(const struct caller *c)
{
	return c->h2 != NULL ? h2_caller_waited(c->h2) : c->waited;
}

const char *
call_end_name(enum call_end end)
{
	static const char *const name[CALL_ENDS] = { "done", "status", "connect", "closed", "garbled", "left" };

	return name[end];
}
