/*
 * target_agent: the port of HAProxy's agent checks. A check connects, sends the name of a server
 * (`agent-send`), and gets one line. Any client may connect: connections are few, short and
 * bounded.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "base/clock.h"
#include "drive/haproxy_agent.h"
#include "net/stream.h"
#include "targets/target.h"

#define CONNS_MAX	1024
#define ACCEPTS_PER_TURN 64
#define SILENCE_USEC	USEC_PER_SEC			/* for the first byte of the request */
#define PAUSE_USEC	(50 * USEC_PER_MSEC)		/* ends a request that has no newline */
#define GOODBYE_USEC	USEC_PER_SEC			/* for the client to close its end */
#define LISTEN_USEC	(2 * USEC_PER_SEC)		/* between two attempts to bind the port */
#define CHECKED_USEC	(10 * USEC_PER_SEC)		/* after so long without one, there are no checks */

struct agent_conn {
	LIST_ENTRY(agent_conn) link;
	struct agent_target *agent;
	struct stream	 stream;
	struct timer	 timer;
	struct deferred	 deferred;
	char		 request[HAPROXY_AGENT_REQUEST_MAX];
	size_t		 len;
	bool		 responded;
};

struct agent_target {
	struct target	*target;
	struct loop	*loop;
	struct io	 io;
	int		 fd;			/* listens; -1: the port could not be bound yet */
	int64_t		 listen_usec;		/* of the next attempt, then of the next look at checks */
	LIST_HEAD(, agent_conn) conns;
	unsigned	 nconns;
	struct deferred	 deferred;
	int64_t		 last_request_usec;	/* 0: there was none */
	bool		 withdrawn;		/* every check gets the weight of its configuration */
	uint64_t	 requests;
	uint64_t	 unknown;		/* of them, those that got an empty line */
};

static void
conn_end(struct agent_conn *c)
{
	ASSERT(c->agent->nconns > 0);
	LIST_REMOVE(c, link);
	c->agent->nconns--;
	timer_clear(c->agent->loop, &c->timer);
	stream_close(&c->stream);
	loop_defer(c->agent->loop, &c->deferred, free, c);
}

static void
on_goodbye_timeout(void *arg)
{
	conn_end(arg);
}

/* The socket is empty: the line fits, or the client is gone. Then the client closes first, so
 * that it does not get a reset. */
static void
conn_respond(struct agent_conn *c)
{
	struct agent_target *a = c->agent;
	char out[HAPROXY_AGENT_RESPONSE_MAX];
	struct iovec iov = { out, 0 };
	size_t put;

	ASSERT(!c->responded && c->len <= sizeof c->request);
	if (a->withdrawn)
		snprintf(out, sizeof out, "%s", HAPROXY_AGENT_NEUTRAL);
	else
		haproxy_agent_respond(target_plan(a->target), (struct str){ c->request, c->len }, out);
	a->requests++;
	a->unknown += out[0] == '\n';
	a->last_request_usec = loop_now(a->loop);
	c->responded = true;
	iov.iov_len = strlen(out);
	if (stream_writev(&c->stream, &iov, 1, &put) != IO_DONE) {
		conn_end(c);
		return;
	}
	stream_shut(&c->stream);
	timer_set(a->loop, &c->timer, loop_now(a->loop) + GOODBYE_USEC, on_goodbye_timeout, c);
}

static void
on_silence(void *arg)
{
	conn_respond(arg);
}

static void
on_conn(void *arg)
{
	struct agent_conn *c = arg;
	char rest[64];
	enum io_result r;
	size_t got;

	if (c->responded)
		stream_shut(&c->stream);	/* again, if the first call could not finish */
	do {
		bool full = c->responded || c->len == sizeof c->request;
		r = full ? stream_read(&c->stream, rest, sizeof rest, &got) :
		    stream_read(&c->stream, c->request + c->len, sizeof c->request - c->len, &got);
		if (r == IO_DONE && !full)
			c->len += got;
	} while (r == IO_DONE && stream_bytes_in(&c->stream) < 4 * HAPROXY_AGENT_REQUEST_MAX);
	/* DONE: it sends without end */
	if (r == IO_FAIL || r == IO_DONE || (r == IO_EOF && c->responded)) {
		conn_end(c);
		return;
	}
	if (c->responded)
		return;
	if (r == IO_EOF || c->len == sizeof c->request || memchr(c->request, '\n', c->len) != NULL)
		conn_respond(c);
	else if (c->len > 0)
		timer_set(c->agent->loop, &c->timer, loop_now(c->agent->loop) + PAUSE_USEC, on_silence, c);
}

static void
on_listener(void *arg, uint32_t events)
{
	struct agent_target *a = arg;

	(void)events;
	for (int i = 0; i < ACCEPTS_PER_TURN; i++) {
		struct addr peer;
		struct agent_conn *c;
		int fd = sock_accept(a->fd, &peer);
		if (fd < 0 && errno == EAGAIN)
			return;
		if (fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)) {
			loop_unwatch(a->loop, &a->io);		/* the next tick watches again */
			return;
		}
		if (fd < 0)
			continue;
		ASSERT(a->nconns <= CONNS_MAX);
		if (a->nconns == CONNS_MAX) {
			close(fd);
			continue;
		}
		c = must_zalloc(sizeof *c);
		c->agent = a;
		LIST_INSERT_HEAD(&a->conns, c, link);
		a->nconns++;
		stream_open(&c->stream, a->loop, fd, on_conn, c);
		timer_set(a->loop, &c->timer, loop_now(a->loop) + SILENCE_USEC, on_silence, c);
	}
}

/* ---- as a target ---- */

static void *
agent_open(struct target *t)
{
	struct agent_target *a = must_zalloc(sizeof *a);

	a->target = t;
	a->loop = target_loop(t);
	a->io.fd = -1;
	a->fd = -1;
	LIST_INIT(&a->conns);
	return a;
}

static void
agent_close(void *arg)
{
	struct agent_target *a = arg;

	while (!LIST_EMPTY(&a->conns))
		conn_end(LIST_FIRST(&a->conns));
	ASSERT(a->nconns == 0);
	if (a->io.fd >= 0)
		loop_unwatch(a->loop, &a->io);
	if (a->fd >= 0)
		close(a->fd);
	loop_defer(a->loop, &a->deferred, free, a);
}

/* The port may be busy for a moment: the process before this one has it, or a target that was
 * just closed. False: it is, and target_failed was called. */
static bool
port_open(struct agent_target *a)
{
	const struct addr *addr = &target_conf(a->target)->listen;
	char text[ADDR_TEXT_MAX], detail[ADDR_TEXT_MAX + 100];
	const struct why *why;

	if (a->fd < 0) {
		a->listen_usec = loop_now(a->loop) + LISTEN_USEC;
		why = sock_listen(addr, false, &a->fd);
		if (why != NULL) {
			snprintf(detail, sizeof detail, "cannot listen on %s: %s",
			    addr_text(addr, text), strerror(errno));
			a->fd = -1;
			target_failed(a->target, why, detail);
			return false;
		}
	}
	if (a->io.fd < 0)
		loop_watch(a->loop, &a->io, a->fd, LOOP_LEVEL, on_listener, a);
	return true;
}

/* Responses come from the plan from now on. Until the first plan the port is closed. */
static void
agent_publish(void *arg, const struct plan *p)
{
	struct agent_target *a = arg;

	(void)p;
	a->withdrawn = false;
	if (port_open(a))
		target_published(a->target);
}

static void
agent_withdraw(void *arg)
{
	struct agent_target *a = arg;

	a->withdrawn = true;
	if (port_open(a))
		target_withdrawn(a->target);
}

static void
agent_describe_withdraw(const void *arg, json_t *sentences)
{
	(void)arg;
	json_array_append_new(sentences,
	    json_string("respond to every agent check with \"up ready 100%\": "
	    "the weight of HAProxy's own configuration"));
}

static void
agent_tick(void *arg, int64_t now_usec)
{
	struct agent_target *a = arg;

	if (a->fd >= 0 && a->io.fd < 0)
		loop_watch(a->loop, &a->io, a->fd, LOOP_LEVEL, on_listener, a);
	if (a->fd < 0 || a->withdrawn || now_usec < a->listen_usec)
		return;
	a->listen_usec = now_usec + LISTEN_USEC;
	if (a->last_request_usec != 0 && now_usec - a->last_request_usec < CHECKED_USEC)
		target_applied(a->target);
	else
		target_not_applied(a->target, WHY_PROXY_GONE, "no agent check has come for a while");
}

static void
agent_view(const void *arg, json_t *target)
{
	const struct agent_target *a = arg;

	json_object_set_new(target, "agent",
	    json_pack("{s:I, s:I, s:i}", "questions", (json_int_t)a->requests, "unknown",
	    (json_int_t)a->unknown, "callers", (int)a->nconns));
}

const struct target_driver target_driver_haproxy_agent = {
	.open = agent_open, .close = agent_close,
	.publish = agent_publish, .withdraw = agent_withdraw, .describe_withdraw = agent_describe_withdraw,
	.online_only = "HAProxy keeps its weights until it is reloaded, "
	    "or until others are set over its socket",
	.tick = agent_tick, .view = agent_view
};
