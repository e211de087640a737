/*
 * target_agent: the port that HAProxy's agent checks ask. A check connects, says whom it means (`agent-send`), and
 * is told one line. Nothing is known of who asks; connections are few, short and bounded.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <unistd.h>

#include "base/bug.h"
#include "base/clock.h"
#include "drive/haproxy_agent.h"
#include "net/stream.h"
#include "targets/target.h"

#define CALLERS_MAX	1024
#define ACCEPTS_PER_TURN 64
#define SILENCE_USEC	USEC_PER_SEC			/* for the first byte of the question */
#define PAUSE_USEC	(50 * USEC_PER_MSEC)		/* a question without an end of line has ended by then */
#define GOODBYE_USEC	USEC_PER_SEC			/* for the caller to hang up */
#define LISTEN_USEC	(2 * USEC_PER_SEC)		/* between two attempts to have the port */
#define ASKED_USEC	(10 * USEC_PER_SEC)		/* longer without a check, and nobody asks */

struct caller {
	LIST_ENTRY(caller) link;
	struct hands	*hands;
	struct stream	 stream;
	struct timer	 timer;
	struct deferred	 deferred;
	char		 question[HAPROXY_AGENT_REQUEST_MAX];
	size_t		 len;
	bool		 answered;
};

struct hands {
	struct target	*target;
	struct loop	*loop;
	struct io	 io;
	int		 fd;			/* -1: we could not have it yet */
	int64_t		 listen_usec;		/* of the next attempt */
	LIST_HEAD(, caller) callers;
	unsigned	 ncallers;
	struct deferred	 deferred;
	int64_t		 asked_usec;		/* last, 0: never */
	bool		 withdrawn;		/* all are told the same: as their configuration has them */
	uint64_t	 questions, unknown;	/* of them, those that were told nothing */
};

static void
caller_end(struct caller *c)
{
	LIST_REMOVE(c, link);
	c->hands->ncallers--;
	timer_clear(c->hands->loop, &c->timer);
	stream_close(&c->stream);
	loop_defer(c->hands->loop, &c->deferred, free, c);
}

static void
caller_bored(void *arg)
{
	caller_end(arg);
}

/* Into an empty socket: it fits, or the caller is gone. Its own end is waited for, so that it does not meet a reset. */
static void
caller_answer(struct caller *c)
{
	struct hands *h = c->hands;
	char out[HAPROXY_AGENT_RESPONSE_MAX];
	struct iovec iov = { out, 0 };
	size_t put;

	if (h->withdrawn)
		snprintf(out, sizeof out, "%s", HAPROXY_AGENT_NEUTRAL);
	else
		haproxy_agent_respond(target_plan(h->target), (struct str){ c->question, c->len }, out);
	h->questions++;
	h->unknown += out[0] == '\n';
	h->asked_usec = loop_now(h->loop);
	c->answered = true;
	iov.iov_len = strlen(out);
	if (stream_writev(&c->stream, &iov, 1, &put) != IO_DONE) {
		caller_end(c);
		return;
	}
	stream_shut(&c->stream);
	timer_set(h->loop, &c->timer, loop_now(h->loop) + GOODBYE_USEC, caller_bored, c);
}

static void
caller_silent(void *arg)
{
	caller_answer(arg);
}

static void
on_caller(void *arg)
{
	struct caller *c = arg;
	char rest[64];
	enum io_result r;
	size_t got;

	if (c->answered)
		stream_shut(&c->stream);	/* again, when our end had to wait */
	do {
		bool full = c->answered || c->len == sizeof c->question;
		r = full ? stream_read(&c->stream, rest, sizeof rest, &got) :
		    stream_read(&c->stream, c->question + c->len, sizeof c->question - c->len, &got);
		if (r == IO_DONE && !full)
			c->len += got;
	} while (r == IO_DONE && stream_bytes_in(&c->stream) < 4 * HAPROXY_AGENT_REQUEST_MAX);
	if (r == IO_FAIL || r == IO_DONE || (r == IO_EOF && c->answered)) {	/* DONE: it goes on and on */
		caller_end(c);
		return;
	}
	if (c->answered)
		return;
	if (r == IO_EOF || c->len == sizeof c->question || memchr(c->question, '\n', c->len) != NULL)
		caller_answer(c);
	else if (c->len > 0)
		timer_set(c->hands->loop, &c->timer, loop_now(c->hands->loop) + PAUSE_USEC, caller_silent, c);
}

static void
on_listener(void *arg, uint32_t events)
{
	struct hands *h = arg;

	(void)events;
	for (int i = 0; i < ACCEPTS_PER_TURN; i++) {
		struct addr peer;
		struct caller *c;
		int fd = sock_accept(h->fd, &peer);
		if (fd < 0 && errno == EAGAIN)
			return;
		if (fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)) {
			loop_unwatch(h->loop, &h->io);		/* the next tick watches again */
			return;
		}
		if (fd < 0)
			continue;
		if (h->ncallers == CALLERS_MAX) {
			close(fd);
			continue;
		}
		c = must_zalloc(sizeof *c);
		c->hands = h;
		LIST_INSERT_HEAD(&h->callers, c, link);
		h->ncallers++;
		stream_open(&c->stream, h->loop, fd, on_caller, c);
		timer_set(h->loop, &c->timer, loop_now(h->loop) + SILENCE_USEC, caller_silent, c);
	}
}

/* --- as a target --- */

/* The port may be busy for a moment: our predecessor's, or of a target that was just closed. */
static const struct why *
port_take(struct hands *h)
{
	const struct why *why = sock_listen(&target_conf(h->target)->listen, false, &h->fd);

	h->listen_usec = loop_now(h->loop) + LISTEN_USEC;
	if (why != NULL)
		h->fd = -1;
	return why;
}

static void *
agent_open(struct target *t)
{
	struct hands *h = must_zalloc(sizeof *h);

	h->target = t;
	h->loop = target_loop(t);
	h->io.fd = -1;
	h->fd = -1;
	LIST_INIT(&h->callers);
	return h;
}

static void
agent_close(void *arg)
{
	struct hands *h = arg;

	while (!LIST_EMPTY(&h->callers))
		caller_end(LIST_FIRST(&h->callers));
	if (h->io.fd >= 0)
		loop_unwatch(h->loop, &h->io);
	if (h->fd >= 0)
		close(h->fd);
	loop_defer(h->loop, &h->deferred, free, h);
}

/* False: told. */
static bool
port_open(struct hands *h)
{
	const struct why *why = h->fd < 0 ? port_take(h) : NULL;
	char listen[ADDR_TEXT_MAX], detail[ADDR_TEXT_MAX + 100];
	int error = errno;

	if (why != NULL) {
		snprintf(detail, sizeof detail, "cannot listen on %s: %s", addr_text(&target_conf(h->target)->listen, listen), strerror(error));
		target_failed(h->target, why, detail);
		return false;
	}
	if (h->io.fd < 0)
		loop_watch(h->loop, &h->io, h->fd, LOOP_LEVEL, on_listener, h);
	return true;
}

/* What is asked from now on is answered by it. Until there is something to say, nobody is let in. */
static void
agent_publish(void *arg, const struct plan *p)
{
	struct hands *h = arg;

	(void)p;
	h->withdrawn = false;
	if (port_open(h))
		target_published(h->target);
}

static void
agent_withdraw(void *arg)
{
	struct hands *h = arg;

	h->withdrawn = true;
	if (port_open(h))
		target_withdrawn(h->target);
}

static void
agent_would(const void *arg, json_t *sentences)
{
	(void)arg;
	json_array_append_new(sentences, json_string("respond to every agent check with \"up ready 100%\": the weight of HAProxy's own configuration"));
}

static void
agent_tick(void *arg, int64_t now_usec)
{
	struct hands *h = arg;

	if (h->fd >= 0 && h->io.fd < 0)
		loop_watch(h->loop, &h->io, h->fd, LOOP_LEVEL, on_listener, h);
	if (h->fd < 0 || h->withdrawn || now_usec < h->listen_usec)
		return;
	h->listen_usec = now_usec + LISTEN_USEC;
	if (h->asked_usec != 0 && now_usec - h->asked_usec < ASKED_USEC)
		target_applied(h->target);
	else
		target_not_applied(h->target, WHY_PROXY_GONE, "no agent check has come for a while");
}

static void
agent_show(const void *arg, json_t *target)
{
	const struct hands *h = arg;

	json_object_set_new(target, "agent", json_pack("{s:I, s:I, s:i}", "questions", (json_int_t)h->questions, "unknown",
	    (json_int_t)h->unknown, "callers", (int)h->ncallers));
}

const struct target_driver target_driver_haproxy_agent = {
	.open = agent_open, .close = agent_close, .publish = agent_publish, .withdraw = agent_withdraw, .describe_withdraw = agent_would,
	.online_only = "HAProxy keeps its weights until it is reloaded, or until others are set over its socket", .tick = agent_tick, .view = agent_show
};
