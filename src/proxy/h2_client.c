/*
 * Connects http/h2 with sessions. Knows neither frames nor exchanges.
 */
#include <string.h>

#include "base/bug.h"
#include "proxy/h2_client.h"

/* ---- the beginning ---- */

void
h2_client_start(struct client *c)
{
	struct proxy *p = client_proxy(c);

	ASSERT(c->h2 == NULL && c->session.exchange == NULL);
	c->may_preface = false;
	timer_clear(p->loop, &c->session.timer);	/* it may wait for the preface */
	if ((c->h2 = h2_conn_new(p->h2, &c->session.stream, c)) == NULL) {
		proxy_count(p, WHY_NO_MEMORY);
		session_close(&c->session);
		return;
	}
	h2_client_resume(c);
}

void
h2_client_resume(struct client *c)
{
	session_busy(&c->session, c->h2, h2_conn_run);
	if (session_is_draining(&c->session))
		h2_conn_drain(c->h2);
	h2_conn_run(c->h2);
}

static void
on_preface_late(void *arg)
{
	struct client *c = arg;

	ASSERT(c->h2 == NULL && c->session.exchange == NULL);
	proxy_count(client_proxy(c), WHY_CLIENT_SLOW_HEAD);
	session_close(&c->session);
}

/* It is looked at where it lies, in the socket, until all of it is there. */
bool
h2_client_preface(struct client *c)
{
	struct proxy *p = client_proxy(c);
	struct stream *s = &c->session.stream;
	char bytes[H2_PREFACE_LEN];
	size_t got = 0;
	enum io_result res = stream_peek(s, bytes, sizeof bytes, &got);

	if (res == IO_AGAIN)		/* nothing is there yet: a PROXY header has come alone */
		return true;
	if (res != IO_DONE || memcmp(bytes, H2_PREFACE, got) != 0
	    || (got < sizeof bytes && stream_peer_ended(s))) {
		c->may_preface = false;
		return false;
	}
	if (got == sizeof bytes)
		h2_client_start(c);
	else if (!c->preface_waits) {
		c->preface_waits = true;
		timer_set(p->loop, &c->session.timer, loop_now(p->loop) + p->conf.client_head_usec,
		    on_preface_late, c);
	}
	return true;
}

/* ---- what the connection calls ---- */

static void
on_nothing(void *arg)
{
	(void)arg;
}

static bool
on_begin(void *owner, struct h2_stream *st)
{
	struct client *c = owner, *of;
	struct proxy *p = client_proxy(c);

	session_served(&c->session);
	if ((of = client_stream_new(c)) == NULL)
		return false;
	of->is_grpc = h2_stream_is_grpc(st);
	of->is_tunnel = h2_stream_is_tunnel(st);
	h2_stream_open(st, &of->session.stream, on_nothing, of);
	session_open_stream(&of->session, &p->streams);
	return true;
}

/* No exchange has seen it, so its line is written here. */
static void
on_ended(void *owner, const struct why *why, int status)
{
	struct client *c = owner;
	struct proxy *p = client_proxy(c);
	struct access_request none = { 0 };

	proxy_count(p, why);
	access_log(p->access, &(struct access_line){ .client = sender_peer(&c->sender),
	    .peer = sender_peer(&c->sender), .port = c->port, .request = &none,
	    .version = ACCESS_HTTP_2, .status = status, .why = why });
}

static void
on_idle(void *owner)
{
	struct client *c = owner;

	session_idle(&c->session);
}

/* What was written last, GOAWAY and its reason, is to reach the client. */
static void
on_over(void *owner, const struct why *why)
{
	struct client *c = owner;

	if (why != NULL)
		proxy_count(client_proxy(c), why);
	h2_conn_free(&c->h2);
	if (stream_is_broken(&c->session.stream))
		session_close(&c->session);
	else
		session_linger(&c->session);
}

const struct h2_ops h2_client_ops = { .begin = on_begin, .ended = on_ended, .idle = on_idle,
    .over = on_over };

/* ---- ends ---- */

void
h2_client_abort(struct client *c)
{
	ASSERT(c->h2 != NULL);
	h2_conn_goaway(c->h2);
	h2_conn_free(&c->h2);
	session_close(&c->session);
}

void
h2_client_drain(struct client *c)
{
	if (c->h2 != NULL)
		h2_conn_drain(c->h2);
}

void
h2_client_leave(struct client *c)
{
	if (c->h2 != NULL)
		h2_conn_goaway(c->h2);
}

void
h2_client_rest(struct client *c)
{
	if (c->h2 != NULL)
		h2_conn_rest(c->h2);
}

void
h2_client_end(struct client *c)
{
	h2_conn_free(&c->h2);
}
