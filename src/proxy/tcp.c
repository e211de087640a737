/*
 * The client's TLS, where it ends here, is there before this begins. Its streams look alike but for
 * the end: one without close_notify is a break.
 *
 * Two states: connecting, while another task is tried if one fails, since nothing was sent yet;
 * then a tunnel. What the client sends meanwhile waits in its socket.
 *
 * The flows of a tunnel are laid down when all that came has gone out: what is left of them is
 * when bytes last moved, and which direction has ended.
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
#include "proxy/tcp_guard.h"
#include "proxy/tunnel.h"

struct tcp_flows {
	struct tcp_flows *unused;	/* the slab's, while they are laid down */
	struct flow	 up, down;
	char		 header[PROXY_SENT_MAX];
};

struct tcp {
	struct tcp	*unused;	/* the slab's, once this one is over */
	struct client	*client;
	struct proxy	*proxy;
	struct attempt	 attempt;
	bool		 relaying;	/* a task has accepted */
	int64_t		 began_usec, moved_usec;
	struct tcp_flows *flows;	/* NULL: laid down, or not there yet */
	bool		 up_over, down_over;
	struct share_waiter yielded;
	uint64_t	 received, sent;	/* bytes that are in live already */
	char		*name;		/* of the server, for the log; NULL: not needed */
	struct tcp_guard guard;
};

static void on_late(void *arg);
static void tcp_run(struct tcp *);

size_t
tcp_bytes(void)
{
	return sizeof(struct tcp);
}

size_t
tcp_flows_bytes(void)
{
	return sizeof(struct tcp_flows);
}

static int64_t
tcp_now(const struct tcp *t)
{
	return loop_now(t->proxy->loop);
}

/* ---- flows ---- */

/* False: there is no memory. */
static bool
flows_raise(struct tcp *t)
{
	struct stream *client = &t->client->session.stream, *task = upconn_stream(t->attempt.conn);
	struct proxy *p = t->proxy;
	struct tcp_flows *f;

	ASSERT(t->relaying);
	if (t->flows != NULL)
		return true;
	if ((f = slab_take(p->relay_flows)) == NULL)
		return false;
	flow_init(&f->up, p->pages, &p->share, client, task, t->moved_usec);
	flow_init(&f->down, p->pages, &p->share, task, client, t->moved_usec);
	tunnel_begin(&f->up, &f->down, 0);
	f->up.over = t->up_over;
	f->down.over = t->down_over;
	t->flows = f;
	return true;
}

static void
flows_drop(struct tcp *t)
{
	if (t->flows == NULL)
		return;
	flow_fini(&t->flows->up);
	flow_fini(&t->flows->down);
	slab_give(t->proxy->relay_flows, t->flows);
	t->flows = NULL;
}

static bool
flow_is_empty(const struct flow *f)
{
	return f->page == NULL && gather_done(&f->head);
}

static void
flows_lay(struct tcp *t)
{
	const struct flow *up = &t->flows->up, *down = &t->flows->down;

	t->moved_usec = up->moved_usec > down->moved_usec ? up->moved_usec : down->moved_usec;
	t->up_over = up->over;
	t->down_over = down->over;
	if (flow_is_empty(up) && flow_is_empty(down))
		flows_drop(t);
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
		.client = sender_peer(sender), .peer = sender_peer(sender), .port = t->client->port,
		.bytes = t->sent, .received = t->received,
		.took_usec = tcp_now(t) - t->began_usec, .why = why,
		.service = table_text(t->attempt.table, t->attempt.service->name),
		.task = task == NULL ? STR("") : table_text(t->attempt.table, task->name),
		.address = task == NULL ? NULL : &task->addr, .tried = t->attempt.avoid.n,
	};
	struct access_request request;

	access_note_connection(t->proxy->access, &request,
	    str_of(listener_modes(t->client->listener)->name), str_of(t->name == NULL ? "" : t->name));
	line.request = &request;
	access_log(t->proxy->access, &line);
	access_forget(t->proxy->access, &request);
}

/* The caller decides about the session. */
static void
tcp_end(struct tcp *t, const struct why *why)
{
	struct proxy *p = t->proxy;

	tcp_count(t, 1, (uint64_t)(tcp_now(t) - t->began_usec));
	attempt_leave(&t->attempt, why, false);
	live_count_why(p->conf.live, p->conf.worker, why);
	if (why->status >= 500 && why->blame != BLAME_CLIENT && why != WHY_UPSTREAM_CANCELLED)
		live_count_service_error(p->conf.live, t->attempt.service->slot,
		    (struct live_cause){ why, 0 });
	tcp_log(t, why);
	session_served(&t->client->session);
	flows_drop(t);
	share_unwait(&p->share, &t->yielded);
	attempt_fini(&t->attempt);
	tcp_guard_leave(&t->guard, p);
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

/* Or it would take what it has for the whole. */
static void
task_break(struct tcp *t)
{
	if (t->relaying)
		stream_reset(upconn_stream(t->attempt.conn));
}

/* Both sides are to see that something went wrong. */
static void
tcp_break(struct tcp *t, const struct why *why)
{
	struct session *s = &t->client->session;

	task_break(t);
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
	while (why != NULL && attempt_repeat(&t->attempt, why, ATTEMPT_UNSENT))
		why = attempt_connect_new(&t->attempt);
	if (why != NULL)
		tcp_break(t, why);
	else
		tcp_run(t);
}

/* The bytes that the client has sent follow it. */
static void
header_add(struct tcp *t)
{
	struct client *c = t->client;
	struct proxy_ends e = { .source = c->sender.ip, .source_port = c->port };
	struct proxy_listener here = { 0 };
	struct addr local;
	size_t len;

	if (stream_local_addr(&c->session.stream, &local))
		here = proxy_listener_of(&local);
	e.here = here.ip;
	e.here_port = here.port;
	len = proxy_header_write(t->flows->header, t->attempt.service->proxy_version,
	    c->unnamed ? NULL : &e);
	gather_add(&t->flows->up.head, (struct str){ t->flows->header, len });
}

/* False: the connection is over, for want of memory. */
static bool
tcp_accepted(struct tcp *t)
{
	t->relaying = true;
	t->moved_usec = tcp_now(t);
	if (!flows_raise(t)) {
		tcp_break(t, WHY_NO_MEMORY);
		return false;
	}
	if (t->attempt.service->proxy_version != PROXY_NONE)
		header_add(t);
	return true;
}

/* True: a task has accepted. */
static bool
tcp_check(struct tcp *t)
{
	const struct why *why;

	switch (attempt_check(&t->attempt, &why)) {
	case IO_AGAIN:
		timer_set(t->proxy->loop, &t->client->session.timer,
		    attempt_connect_until(&t->attempt), on_late, t);
		return false;
	case IO_DONE:
		return tcp_accepted(t);
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
	return t->moved_usec + t->attempt.service->tunnel_usec;
}

/* Which side it was, if it was not for want of memory, shows in what is left of the connections. */
static const struct why *
broken_why(const struct tcp *t)
{
	const struct stream *client = &t->client->session.stream;

	if (t->flows->up.starved || t->flows->down.starved)
		return WHY_NO_MEMORY;
	if (stream_is_broken(client) || stream_was_cut(client) || tls_fault(client) != TLS_NO_FAULT)
		return WHY_CLIENT_GONE;
	return t->attempt.served ? WHY_TUNNEL_CLOSED : WHY_UPSTREAM_GONE;
}

/* Many clients respond to the end of TLS with that of their socket. Then nothing is missing but to
 * a task that ended its own direction alone, and that one sees a break. */
static void
tcp_broken(struct tcp *t)
{
	bool cut = stream_was_cut(&t->client->session.stream);

	if (!cut || !t->flows->down.over)
		tcp_break(t, broken_why(t));
	else {
		task_break(t);
		tcp_finish(t, WHY_TUNNEL_CLOSED);
	}
}

static void
tcp_relay(struct tcp *t)
{
	enum tunnel_result res;

	if (!flows_raise(t)) {
		tcp_break(t, WHY_NO_MEMORY);
		return;
	}
	res = tunnel_run(&t->flows->up, &t->flows->down, tcp_now(t));
	t->attempt.served = stream_bytes_in(t->flows->down.source) > 0;
	tcp_count(t, 0, 0);
	switch (res) {
	case TUNNEL_YIELD:
		share_wait(&t->proxy->share, &t->yielded, on_share, t);
		/* fall through */
	case TUNNEL_OPEN:
		flows_lay(t);
		timer_set(t->proxy->loop, &t->client->session.timer, idle_until(t), on_late, t);
		return;
	case TUNNEL_ENDED:
		tcp_finish(t, WHY_TUNNEL_CLOSED);
		return;
	case TUNNEL_BROKEN:
		tcp_broken(t);
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

/* Of a group, the one whose turn it is; where none can be had, the group has no task. */
static const struct table_service *
service_of(const struct proxy *p, const struct table_tcp *row)
{
	const struct table_service *s = &table_services(p->table, NULL)[row->service], *to = NULL;
	struct group_cookies cookies = { 0 };

	if (s->group != 0)
		to = groups_resolve(p->groups, s, NULL, &cookies, NULL);
	return to == NULL ? s : to;
}

/* The session is the exchange's from here on, so that it can end as one, whatever happens. */
void
tcp_start(struct client *c, const struct table_tcp *row, struct str name)
{
	struct proxy *p = client_proxy(c);
	const struct table_service *service = service_of(p, row);
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
	t->began_usec = tcp_now(t);
	t->name = p->conf.access.format != ACCESS_FORMAT_OFF && name.len > 0 ? str_dup(name) : NULL;
	attempt_init(&t->attempt, p, on_task, t);
	attempt_route(&t->attempt, p->table, service);
	c->relayed = true;
	session_busy(&c->session, t, on_client);
	if ((why = tcp_guard_enter(&t->guard, c, table_tcp_chain(p->table, row),
	    table_text(p->table, table_services(p->table, NULL)[row->service].name))) != NULL ||
	    (why = attempt_pick(&t->attempt, &c->sender.ip)) != NULL)
		tcp_break(t, why);
	else
		tcp_connect(t, attempt_connect_new(&t->attempt));
}
