/*
 * Two states: connecting, while another task is tried if one fails, since nothing was sent yet; then
 * a tunnel. What the client sends meanwhile waits in its socket.
 *
 * A task counts as failed when it does not accept, or breaks off before it has sent anything: how
 * a protocol that nobody reads should end is not known here.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "proxy/attempt.h"
#include "proxy/listener.h"
#include "proxy/proxy_header.h"
#include "proxy/tcp.h"
#include "proxy/tunnel.h"

struct tcp {
	struct tcp	*unused;	/* the slab's, once this one is over */
	struct client	*client;
	struct proxy	*proxy;
	struct table	*table;		/* our reference */
	const struct table_service *service;
	struct attempt	 attempt;
	bool		 relaying;	/* a task has accepted */
	int64_t		 began_usec;
	struct flow	 up, down;
	struct share_waiter yielded;
	uint64_t	 received, sent;	/* bytes that are in live already */
	char		*name;		/* of the server, for the log; NULL: not needed */
	char		 header[PROXY_SENT_MAX];
};

static void on_late(void *arg);
static void tcp_run(struct tcp *);

size_t
tcp_bytes(void)
{
	return sizeof(struct tcp);
}

static int64_t
tcp_now(const struct tcp *t)
{
	return loop_now(t->proxy->loop);
}

/* ---- the end ---- */

/* What was moved since the last time. */
static void
tcp_count(struct tcp *t, uint64_t connections, uint64_t usec)
{
	struct stream *s = &t->client->session.stream;
	struct live_relayed more = { .connections = connections, .usec = usec,
	    .received = stream_bytes_in(s) - t->received, .sent = stream_bytes_out(s) - t->sent };

	t->received += more.received;
	t->sent += more.sent;
	live_add_relayed(t->proxy->conf.live, t->proxy->conf.worker, &more);
}

static void
tcp_log(const struct tcp *t, const struct why *why)
{
	const struct sender *sender = &t->client->sender;
	const struct table_task *task = t->attempt.task;
	struct access_line line = {
		.client = sender_peer(sender), .bytes = t->sent, .received = t->received,
		.took_usec = tcp_now(t) - t->began_usec, .why = why,
		.service = table_text(t->table, t->service->name),
		.task = task == NULL ? STR("") : table_text(t->table, task->name),
	};
	struct access_request request;

	access_note_connection(t->proxy->access, &request,
	    str_of(listener_modes(t->client->listener)->name), str_of(t->name == NULL ? "" : t->name));
	line.request = &request;
	access_log(t->proxy->access, &line);
}

/* The caller decides about the session. */
static void
tcp_end(struct tcp *t, const struct why *why)
{
	struct proxy *p = t->proxy;

	tcp_count(t, 1, (uint64_t)(tcp_now(t) - t->began_usec));
	attempt_leave(&t->attempt, why, false);
	live_count_why(p->conf.live, p->conf.worker, why);
	tcp_log(t, why);
	session_served(&t->client->session);
	flow_fini(&t->up);
	flow_fini(&t->down);
	share_unwait(&p->share, &t->yielded);
	table_unref(&t->table);
	free(t->name);
	slab_give_later(p->relays, t);
}

static void
tcp_finish(struct tcp *t, const struct why *why)
{
	struct session *s = &t->client->session;

	tcp_end(t, why);
	session_finish(s);
}

/* The client is to see that something went wrong. */
static void
tcp_break(struct tcp *t, const struct why *why)
{
	struct session *s = &t->client->session;

	tcp_end(t, why);
	session_reset(s);
}

void
tcp_abort(struct tcp *t)
{
	tcp_break(t, WHY_STOPPING);
}

/* ---- a task ---- */

/* Another one, as long as there is one that may be tried. */
static void
tcp_connect(struct tcp *t, const struct why *why)
{
	while (why != NULL && attempt_repeat(&t->attempt, why, true))
		why = attempt_connect_new(&t->attempt);
	if (why != NULL)
		tcp_break(t, why);
	else
		tcp_run(t);
}

/* The bytes that the client has sent follow the header. */
static void
tcp_accepted(struct tcp *t)
{
	struct client *c = t->client;
	struct proxy_ends e = { .source = c->sender.ip, .source_port = c->port };
	struct proxy_listener here = { 0 };
	struct addr local;
	size_t len;

	if (t->service->proxy_version != PROXY_NONE) {
		if (stream_local_addr(&c->session.stream, &local))
			here = proxy_listener_of(&local);
		e.here = here.ip;
		e.here_port = here.port;
		len = proxy_header_write(t->header, t->service->proxy_version, c->unnamed ? NULL : &e);
		gather_add(&t->up.head, (struct str){ t->header, len });
	}
	t->relaying = true;
	t->up.sink = t->down.source = upconn_stream(t->attempt.conn);
	t->up.moved_usec = t->down.moved_usec = tcp_now(t);
	tunnel_begin(&t->up, &t->down, 0);
}

/* True: a task has accepted. */
static bool
tcp_check(struct tcp *t)
{
	const struct why *why;

	switch (attempt_check(&t->attempt, &why)) {
	case IO_AGAIN:
		timer_set(t->proxy->loop, &t->client->session.timer, attempt_connect_until(&t->attempt), on_late, t);
		return false;
	case IO_DONE:
		tcp_accepted(t);
		return true;
	default:
		tcp_connect(t, why);
		return false;
	}
}

/* ---- the tunnel ---- */

static void
on_share(void *arg)
{
	tcp_run(arg);
}

static int64_t
idle_until(const struct tcp *t)
{
	int64_t up = t->up.moved_usec, down = t->down.moved_usec;

	return (up > down ? up : down) + t->service->tunnel_usec;
}

/* Which side it was, if it was not for want of memory, shows in what is left of the connections. */
static const struct why *
broken_why(const struct tcp *t)
{
	if (t->up.starved || t->down.starved)
		return WHY_NO_MEMORY;
	if (stream_is_broken(&t->client->session.stream))
		return WHY_CLIENT_GONE;
	return t->attempt.served ? WHY_TUNNEL_CLOSED : WHY_UPSTREAM_GONE;
}

static void
tcp_relay(struct tcp *t)
{
	enum tunnel_result res = tunnel_run(&t->up, &t->down, tcp_now(t));

	t->attempt.served = stream_bytes_in(t->down.source) > 0;
	tcp_count(t, 0, 0);
	switch (res) {
	case TUNNEL_YIELD:
		share_wait(&t->proxy->share, &t->yielded, on_share, t);
		/* fall through */
	case TUNNEL_OPEN:
		timer_set(t->proxy->loop, &t->client->session.timer, idle_until(t), on_late, t);
		return;
	case TUNNEL_ENDED:
		tcp_finish(t, WHY_TUNNEL_CLOSED);
		return;
	case TUNNEL_BROKEN:
		tcp_break(t, broken_why(t));
		return;
	}
}

static void
tcp_run(struct tcp *t)
{
	if (t->relaying || tcp_check(t))
		tcp_relay(t);
}

static void
on_task(void *arg)
{
	tcp_run(arg);
}

/* One that has only ended its direction may have sent all that it has to say. */
static void
on_client(void *arg)
{
	struct tcp *t = arg;

	if (t->relaying)
		tcp_relay(t);
	else if (stream_is_broken(&t->client->session.stream))
		tcp_break(t, WHY_CLIENT_GONE);
}

/* Deadlines move on with every byte, and the timer is not always set again for that. */
static void
on_late(void *arg)
{
	struct tcp *t = arg;
	int64_t until = t->relaying ? idle_until(t) : attempt_connect_until(&t->attempt);

	if (until > tcp_now(t))
		timer_set(t->proxy->loop, &t->client->session.timer, until, on_late, t);
	else if (t->relaying)
		tcp_finish(t, WHY_TUNNEL_IDLE);
	else
		tcp_connect(t, attempt_unreached(&t->attempt, WHY_CONNECT_TIMEOUT));
}

/* ---- the beginning ---- */

/* The session is the exchange's from here on, so that it can end as one, whatever happens. */
void
tcp_start(struct client *c, const struct table_service *service, struct str name)
{
	struct proxy *p = client_proxy(c);
	struct tcp *t = slab_take(p->relays);
	const struct why *why;

	ASSERT(c->listener != NULL && !c->relayed);
	if (t == NULL) {
		proxy_count(p, WHY_NO_MEMORY);
		session_reset(&c->session);
		return;
	}
	memset(t, 0, sizeof *t);
	t->client = c;
	t->proxy = p;
	t->table = table_ref(p->table);
	t->service = service;
	t->began_usec = tcp_now(t);
	t->name = p->conf.access_log && name.len > 0 ? str_dup(name) : NULL;
	flow_init(&t->up, p->pages, &p->share, &c->session.stream, NULL, t->began_usec);
	flow_init(&t->down, p->pages, &p->share, NULL, &c->session.stream, t->began_usec);
	attempt_init(&t->attempt, p, on_task, t);
	c->relayed = true;
	session_busy(&c->session, t, on_client);
	if ((why = attempt_pick(&t->attempt, t->table, service, &c->sender.ip)) != NULL)
		tcp_break(t, why);
	else
		tcp_connect(t, attempt_connect_new(&t->attempt));
}
