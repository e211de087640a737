/*
 * The life of an exchange is the table below: rows are states, columns are what may happen. A step does what can be
 * done now and names the next state, or STAY. Whoever wants retries with more wit, a queue in front of
 * PICK, or another kind of client connection adds rows; no step knows how it was reached.
 *
 * Streams are edge-triggered: a step that stops before it got IO_AGAIN must see to it that somebody comes back
 * (request_again). Two flows carry the bytes: `up` from the client to the task, `down` back.
 * A task is taken at PICK and given back exactly once, in task_leave().
 */
#include <errno.h>
#include <string.h>

#include "base/bug.h"
#include "http/h1_parse.h"
#include "proxy/answer.h"
#include "proxy/flow.h"
#include "proxy/request.h"
#include "proxy/rewrite.h"
#include "proxy/tunnel.h"

enum state {
	HEAD,		/* the request head arrives */
	PICK,		/* which task, which connection? (never waits) */
	CONNECT,	/* to the task */
	AWAIT,		/* the request goes up; the response head has not come yet */
	INTERIM,	/* a 1xx goes down before the final response */
	RELAY,		/* the response goes down, the request's rest goes up */
	TUNNEL,		/* 101: both ways, until both sides end */
	ANSWER,		/* we answer ourselves */
	END,		/* the exchange is over, the connection may go on (never waits) */
	CUT,		/* the client must see that something is missing (never waits) */
	OVER,		/* nobody is here any more */
	STAY
};

struct request {
	struct request	*unused;	/* the slab's, once we are dead */
	struct client	*client;
	struct proxy	*proxy;
	enum state	 state;
	const struct why *why;		/* what ended it */
	int64_t		 began_usec;

	/* what was asked; its head is parsed in place and lies in up.page until all of it is sent */
	size_t		 scanned;	/* of a head that trickles in, either way */
	bool		 asked;		/* there was a whole head */
	bool		 is_head, idempotent, upgrade, expects_continue;
	int		 minor;
	bool		 keep;		/* the client's connection may live on */

	/* where it goes */
	struct table	*table;		/* our reference */
	const struct table_service *service;
	const struct table_task *task;	/* the one tried last */
	bool		 taken;		/* it is counted in live */
	struct upconn	*conn;
	int64_t		 connect_usec;
	bool		 connected;	/* the task accepted, now or earlier */
	bool		 up_broken;	/* it reads no more of the request */
	bool		 continued;	/* it sent a 1xx */
	bool		 reopened;	/* a connection had died idle; once is enough */
	struct pick_avoid avoid;

	/* what goes back */
	int		 status;	/* 0 until a final response, ours or theirs, begins to go down */
	bool		 task_keeps;	/* the task's connection outlives its response */
	uint64_t	 bytes_before;	/* of the client's stream, before this exchange */
	struct flow	 up, down;
	struct timer	 again;
	char		 answer[ANSWER_MAX];
	struct access_asked log;
};

/* Until when does a state wait, and what has gone wrong if nothing came? */
struct wait {
	int64_t		 until_usec;
	const struct why *why;
};

typedef enum state	step_f(struct request *);
typedef enum state	late_f(struct request *, const struct why *);
typedef struct wait	wait_f(const struct request *);

static step_f head_read, pick_try, connect_check, connect_watch, await_both, interim_write, relay_both, tunnel_both,
    answer_write, end_enter, cut_enter, nothing;
static late_f fail, connect_failed, tunnel_late;
static wait_f head_wait, connect_wait, await_wait, relay_wait, tunnel_wait, write_wait;

static const struct row {
	step_f	*enter, *client, *task;
	late_f	*late;
	wait_f	*wait;
} rows[] = {
/*		   entered	   client moved    task moved	  time is up	    until when, for what */
	[HEAD]	 = { head_read,	   head_read,	   nothing,	  fail,		    head_wait },
	[PICK]	 = { pick_try,	   NULL,	   NULL,	  NULL,		    NULL },
	[CONNECT] = { connect_check, connect_watch, connect_check, connect_failed,  connect_wait },
	[AWAIT]	 = { await_both,   await_both,	   await_both,	  fail,		    await_wait },
	[INTERIM] = { interim_write, interim_write, nothing,	  fail,		    write_wait },
	[RELAY]	 = { relay_both,   relay_both,	   relay_both,	  fail,		    relay_wait },
	[TUNNEL] = { tunnel_both,  tunnel_both,	   tunnel_both,	  tunnel_late,	    tunnel_wait },
	[ANSWER] = { answer_write, answer_write,   nothing,	  fail,		    write_wait },
	[END]	 = { end_enter,	   NULL,	   NULL,	  NULL,		    NULL },
	[CUT]	 = { cut_enter,	   NULL,	   NULL,	  NULL,		    NULL },
};

/* ---- turning the table ---- */

static void on_late(void *arg);

static void
run(struct request *r, enum state next)
{
	while (next != STAY) {
		r->state = next;
		if (next == OVER)
			return;
		next = rows[next].enter(r);
	}
	timer_set(r->proxy->loop, &r->client->timer, rows[r->state].wait(r).until_usec, on_late, r);
}

static void
on_client(void *arg)
{
	struct request *r = arg;

	run(r, rows[r->state].client(r));
}

static void
on_task(void *arg)
{
	struct request *r = arg;

	run(r, rows[r->state].task(r));
}

/* Deadlines move on with every byte, without a word to the timer: so look again who is late. */
static void
on_late(void *arg)
{
	struct request *r = arg;
	struct wait w = rows[r->state].wait(r);

	run(r, w.until_usec > loop_now(r->proxy->loop) ? STAY : rows[r->state].late(r, w.why));
}

static void
on_again(void *arg)
{
	struct request *r = arg;

	run(r, rows[r->state].enter(r));
}

/* There is more to do, but others want a turn: comes back in the next one. */
static enum state
request_again(struct request *r)
{
	timer_set(r->proxy->loop, &r->again, loop_now(r->proxy->loop) + 1, on_again, r);
	return STAY;
}

static enum state
nothing(struct request *r)
{
	(void)r;
	return STAY;
}

static int64_t
now(const struct request *r)
{
	return loop_now(r->proxy->loop);
}

/* ---- beginning and end ---- */

size_t
request_bytes(void)
{
	return sizeof(struct request);
}

/* What a new exchange on the same connection begins with; the flows keep what has come already. */
static void
request_reset(struct request *r)
{
	r->why = NULL;
	r->began_usec = now(r);
	r->scanned = 0;
	r->asked = r->is_head = r->idempotent = r->upgrade = r->expects_continue = r->keep = false;
	r->minor = 1;
	r->table = NULL;
	r->service = NULL;
	r->task = NULL;
	r->conn = NULL;
	r->taken = r->connected = r->up_broken = r->continued = r->reopened = r->task_keeps = false;
	r->avoid.n = 0;
	r->status = 0;
	r->bytes_before = r->client->stream.bytes_out;
	r->log.len = 0;
}

void
request_start(struct client *c)
{
	struct proxy *p = c->proxy;
	struct request *r = slab_take(p->requests);

	r->client = c;
	r->proxy = p;
	memset(&r->again, 0, sizeof r->again);
	flow_init(&r->up, p->pages, &c->stream, NULL, loop_now(p->loop));
	flow_init(&r->down, p->pages, NULL, &c->stream, loop_now(p->loop));
	request_reset(r);
	client_busy(c, r, on_client);
	run(r, HEAD);
}

/* The request is done with; the caller decides about the client. */
static enum state
over(struct request *r)
{
	ASSERT(!r->taken && r->conn == NULL);
	flow_fini(&r->up);
	flow_fini(&r->down);
	timer_clear(r->proxy->loop, &r->again);
	table_unref(&r->table);
	slab_bury(r->proxy->requests, r);
	return OVER;
}

/* A taken task is given back, here and nowhere else. A client's fault before the task accepted says nothing of it. */
static void
task_leave(struct request *r, const struct why *why, bool conn_clean)
{
	struct proxy *p = r->proxy;

	if (r->conn != NULL && conn_clean)
		upstream_give(&r->conn);
	else
		upstream_drop(&r->conn);
	if (!r->taken)
		return;
	r->taken = false;
	if (r->connected || why->blame == BLAME_UPSTREAM)
		live_ended(p->conf.live, r->task->slot, why, now(r));
	live_give(p->conf.live, p->conf.worker, r->task->node_slot, r->task->slot);
}

static void
request_log(struct request *r)
{
	struct access_line line = {
		.client = client_peer(r->client), .asked = &r->log, .status = r->status,
		.bytes = r->client->stream.bytes_out - r->bytes_before, .took_usec = now(r) - r->began_usec, .why = r->why,
	};

	if (r->service != NULL)
		line.service = table_text(r->table, r->service->name);
	if (r->task != NULL)
		line.task = table_text(r->table, r->task->name);
	access_log(r->proxy->access, &line);
}

/* The books of an exchange that is over. */
static void
request_close(struct request *r, bool conn_clean)
{
	task_leave(r, r->why, conn_clean);
	r->client->served++;
	proxy_count(r->proxy, r->why);
	if (r->asked)
		live_observe(r->proxy->conf.live, r->proxy->conf.worker, now(r) - r->began_usec);
	request_log(r);
}

/* The client's connection goes on only if all of the request is here: what follows would be read as the next. */
static void
answer_begin(struct request *r)
{
	r->keep = r->keep && r->up.body.done && !r->proxy->draining;
	r->status = r->why->status;
	flow_fini(&r->down);
	gather_add(&r->down.head, answer_make(r->answer, r->why, r->keep, r->is_head));
}

/* Nothing was said yet: we answer. Otherwise the client must not take what it has for the whole. */
static enum state
fail(struct request *r, const struct why *why)
{
	r->why = why;
	if (r->status != 0 || why->status == 0)
		return CUT;
	task_leave(r, why, false);
	answer_begin(r);
	return ANSWER;
}

static enum state
cut_enter(struct request *r)
{
	struct client *c = r->client;

	request_close(r, false);
	over(r);
	client_reset(c);
	return OVER;
}

/*
 * The next request may be in the page already, or in the socket: HEAD finds out, and lets the client go idle when
 * there is none. The task's connection is clean when neither side has anything left to say on it.
 */
static enum state
end_enter(struct request *r)
{
	struct client *c = r->client;

	request_close(r, r->task_keeps && r->up.over && r->down.good == r->down.end);
	if (!r->keep) {
		over(r);
		client_linger(c);
		return OVER;
	}
	table_unref(&r->table);
	flow_next(&r->up, now(r));
	flow_fini(&r->down);
	request_reset(r);
	return HEAD;
}

void
request_abort(struct request *r)
{
	r->why = WHY_STOPPING;
	run(r, CUT);
}

/* ---- HEAD ---- */

static struct wait
head_wait(const struct request *r)
{
	return (struct wait){ r->began_usec + r->proxy->conf.client_head_usec, WHY_CLIENT_SLOW_HEAD };
}

/* What later states must know of the head; its slices are used at once or not at all. */
static void
head_note(struct request *r, const struct head *h)
{
	r->asked = true;
	r->is_head = h->is_head;
	r->idempotent = h->idempotent;
	r->upgrade = h->upgrade;
	r->expects_continue = h->expect_continue;
	r->minor = h->minor;
	r->keep = h->keep_alive;
	access_ask(r->proxy->access, &r->log, h);
}

static const struct why *
route(struct request *r, const struct head *h)
{
	if (r->proxy->table == NULL)
		return WHY_NO_TABLE;
	r->table = table_ref(r->proxy->table);
	r->service = table_match(r->table, h->host, h->path);
	return r->service == NULL ? WHY_NO_ROUTE : NULL;
}

static enum state
head_done(struct request *r, size_t used)
{
	const struct head *h = &r->proxy->head;
	const struct why *why;

	head_note(r, h);
	if (!flow_begin(&r->up, used, h->body, h->length)) {
		r->keep = false;
		return fail(r, WHY_BAD_CHUNK);
	}
	if ((why = route(r, h)) != NULL)
		return fail(r, why);
	if (!rewrite_request(&r->up.head, h, client_peer(r->client)))
		return fail(r, WHY_TOO_MANY_FIELDS);
	return PICK;
}

/* No byte of a request is here, and none comes: the client is between requests. */
static enum state
head_absent(struct request *r, enum io_result res)
{
	struct client *c = r->client;

	over(r);
	if (res == IO_AGAIN)
		client_idle(c);
	else
		client_close(c);
	return OVER;
}

static enum state
head_read(struct request *r)
{
	const struct why *why;
	enum io_result res;
	size_t used;

	for (;;) {
		switch (h1_parse_request(&r->proxy->head, flow_unread(&r->up), &r->scanned, &used, &why)) {
		case PARSE_DONE:
			return head_done(r, used);
		case PARSE_BAD:
			return fail(r, why);
		case PARSE_MORE:
			break;
		}
		if ((res = flow_fill(&r->up, now(r))) == IO_DONE)
			continue;
		if (r->up.end == 0)
			return head_absent(r, res);
		return res == IO_AGAIN ? STAY : fail(r, WHY_CLIENT_GONE);
	}
}

/* ---- PICK and CONNECT ---- */

static enum state
pick_try(struct request *r)
{
	struct proxy *p = r->proxy;
	const struct why *why = pick_task(p->pick, r->table, r->service, &r->avoid, now(r), &r->task);

	if (why != NULL)
		return fail(r, r->avoid.n > 0 ? r->why : why);	/* what ended the last try says more */
	r->taken = true;
	r->connected = false;
	r->connect_usec = now(r);
	live_take(p->conf.live, p->conf.worker, r->task->node_slot, r->task->slot);
	if (upstream_take(p->upstream, r->task, on_task, r, &r->conn) != NULL)
		return connect_failed(r, errno == ECONNREFUSED ? WHY_CONNECT_REFUSED : WHY_CONNECT_FAILED);
	return CONNECT;
}

/* Nothing of the request was sent: another task may take it. */
static enum state
connect_failed(struct request *r, const struct why *why)
{
	r->why = why;
	r->avoid.task[r->avoid.n++] = r->task;
	if (r->avoid.n == PICK_TRIES)
		return fail(r, why);
	task_leave(r, why, false);
	return PICK;
}

static struct wait
connect_wait(const struct request *r)
{
	return (struct wait){ r->connect_usec + r->service->connect_usec, WHY_CONNECT_TIMEOUT };
}

static enum state
connect_check(struct request *r)
{
	struct stream *s = upconn_stream(r->conn);

	switch (stream_connected(s)) {
	case IO_AGAIN:
		return STAY;
	case IO_DONE:
		break;
	default:
		return connect_failed(r, s->error == ECONNREFUSED ? WHY_CONNECT_REFUSED : WHY_CONNECT_FAILED);
	}
	r->connected = true;
	r->up.sink = s;
	r->down.source = s;
	r->up.moved_usec = r->down.moved_usec = now(r);
	return AWAIT;
}

/* A client that ended its direction may still read; one that is broken will not. */
static enum state
connect_watch(struct request *r)
{
	return r->client->stream.hup ? fail(r, WHY_CLIENT_GONE) : STAY;
}

/* ---- the way up ---- */

static const struct wait forever = { INT64_MAX, NULL };

static struct wait
sooner(struct wait a, struct wait b)
{
	return a.until_usec <= b.until_usec ? a : b;
}

/*
 * STAY: as much as possible has gone up. A task that no longer reads may have answered already: what it has to
 * say, or that it is gone, is found on the way down.
 */
static enum state
send_up(struct request *r)
{
	if (r->up.over)
		return STAY;
	switch (flow_run(&r->up, now(r))) {
	case FLOW_MORE:
		return STAY;
	case FLOW_TIRED:
		return request_again(r);
	case FLOW_DONE:
		r->up.over = true;
		return STAY;
	case FLOW_SINK_BROKEN:
		r->up_broken = r->up.over = true;
		return STAY;
	case FLOW_BAD:
		r->keep = false;
		return fail(r, WHY_BAD_CHUNK);
	default:
		return fail(r, WHY_CLIENT_GONE);
	}
}

static struct wait
up_wait(const struct request *r)
{
	if (r->up.over)
		return forever;
	if (r->up.wait == FLOW_SINK)
		return (struct wait){ r->up.moved_usec + r->service->idle_usec, WHY_UPSTREAM_SLOW_READ };
	return (struct wait){ r->up.moved_usec + r->proxy->conf.client_body_usec, WHY_CLIENT_SLOW_BODY };
}

/* ---- AWAIT and INTERIM ---- */

/* The response is due when the task has all of the request, or all that it will get before it says 100. */
static struct wait
await_wait(const struct request *r)
{
	if (r->up.over || (r->expects_continue && r->up.body_bytes == 0 && r->up.wait == FLOW_SOURCE))
		return (struct wait){ r->up.moved_usec + r->service->response_usec, WHY_UPSTREAM_SLOW_HEAD };
	return up_wait(r);
}

/*
 * The task closed before it said anything. An idle connection may have died while our request was on its
 * way: that is nobody's fault, and the request may be sent again if it does no harm twice.
 */
static enum state
task_lost(struct request *r)
{
	bool unsent = r->up.head.first == 0 && r->up.head.offset == 0;
	bool harmless = r->idempotent && r->up.body.kind == BODY_NONE;

	if (!upconn_reused(r->conn) || r->reopened || r->down.end > 0 || r->continued || !(unsent || harmless))
		return fail(r, WHY_UPSTREAM_GONE);
	r->reopened = true;
	upstream_drop(&r->conn);
	gather_rewind(&r->up.head);
	r->up.over = r->up_broken = false;
	r->connect_usec = now(r);
	if (upstream_open(r->proxy->upstream, r->task, on_task, r, &r->conn) != NULL)
		return connect_failed(r, WHY_CONNECT_FAILED);
	return CONNECT;
}

/* A 1xx: an HTTP/1.0 client would not understand it. */
static enum state
interim_begin(struct request *r, size_t used)
{
	r->expects_continue = false;
	r->continued = true;
	r->scanned = 0;
	flow_begin(&r->down, used, BODY_NONE, 0);
	if (r->minor == 1 && !rewrite_response(&r->down.head, &r->proxy->head, CONNECTION_UNSAID))
		return fail(r, WHY_UPSTREAM_HEAD_LARGE);
	return INTERIM;
}

static enum state
interim_write(struct request *r)
{
	switch (flow_write(&r->down, now(r))) {
	case IO_DONE:
		flow_next(&r->down, now(r));
		return AWAIT;
	case IO_AGAIN:
		return STAY;
	default:
		return fail(r, WHY_CLIENT_GONE);
	}
}

static struct wait
write_wait(const struct request *r)
{
	return (struct wait){ r->down.moved_usec + r->proxy->conf.client_write_usec, WHY_CLIENT_SLOW_READ };
}

static enum state
tunnel_enter(struct request *r, size_t used)
{
	if (!r->upgrade || !r->up.over || r->up_broken)
		return fail(r, WHY_UPSTREAM_BAD_HEAD);
	if (!rewrite_response(&r->down.head, &r->proxy->head, CONNECTION_UPGRADE))
		return fail(r, WHY_UPSTREAM_HEAD_LARGE);
	r->status = 101;
	r->keep = false;
	tunnel_begin(&r->up, &r->down, used);
	return TUNNEL;
}

/* What the client hears of its connection. An HTTP/1.0 client expects its end unless told otherwise. */
static enum rewrite_connection
connection_said(const struct request *r)
{
	if (!r->keep)
		return CONNECTION_CLOSE;
	return r->minor == 0 ? CONNECTION_KEEP_ALIVE : CONNECTION_UNSAID;
}

/* An answer that comes before the request is whole ends the connection: the rest of the body has no reader. */
static enum state
response_begin(struct request *r, size_t used)
{
	const struct head *h = &r->proxy->head;

	if (h->body == BODY_CHUNKED && r->minor == 0)
		return fail(r, WHY_UPSTREAM_BAD_HEAD);
	if (!flow_begin(&r->down, used, h->body, h->length))
		return fail(r, WHY_UPSTREAM_BAD_BODY);
	r->task_keeps = h->keep_alive && !r->up_broken;
	r->keep = r->keep && r->up.over && !r->up_broken && h->body != BODY_UNTIL_CLOSE && !r->proxy->draining;
	if (!rewrite_response(&r->down.head, h, connection_said(r)))
		return fail(r, WHY_UPSTREAM_HEAD_LARGE);
	r->status = h->status;
	return RELAY;
}

static enum state
await_head(struct request *r)
{
	const struct head *h = &r->proxy->head;
	const struct why *why;
	size_t used;

	for (;;) {
		switch (h1_parse_response(&r->proxy->head, flow_unread(&r->down), r->is_head, &r->scanned, &used, &why)) {
		case PARSE_DONE:
			if (h->status == 101)
				return tunnel_enter(r, used);
			return h->status < 200 ? interim_begin(r, used) : response_begin(r, used);
		case PARSE_BAD:
			return fail(r, why);
		case PARSE_MORE:
			break;
		}
		switch (flow_fill(&r->down, now(r))) {
		case IO_DONE:
			break;
		case IO_AGAIN:
			return STAY;
		default:
			return task_lost(r);
		}
	}
}

static enum state
await_both(struct request *r)
{
	enum state next;

	if (r->client->stream.hup)
		return fail(r, WHY_CLIENT_GONE);
	if ((next = send_up(r)) != STAY)
		return next;
	return await_head(r);
}

/* ---- RELAY ---- */

static struct wait
relay_wait(const struct request *r)
{
	int64_t moved = r->up.moved_usec > r->down.moved_usec ? r->up.moved_usec : r->down.moved_usec;
	struct wait down = { moved + r->service->idle_usec, WHY_UPSTREAM_SLOW_BODY };

	return sooner(up_wait(r), r->down.wait == FLOW_SINK ? write_wait(r) : down);
}

static enum state
complete(struct request *r)
{
	r->why = WHY_COMPLETE;
	return END;
}

static enum state
send_down(struct request *r)
{
	switch (flow_run(&r->down, now(r))) {
	case FLOW_MORE:
		return STAY;
	case FLOW_TIRED:
		return request_again(r);
	case FLOW_DONE:
		return complete(r);
	case FLOW_SOURCE_END:
		return r->down.body.kind == BODY_UNTIL_CLOSE ? complete(r) : fail(r, WHY_UPSTREAM_GONE);
	case FLOW_SOURCE_BROKEN:
		return fail(r, WHY_UPSTREAM_GONE);
	case FLOW_BAD:
		return fail(r, WHY_UPSTREAM_BAD_BODY);
	default:
		return fail(r, WHY_CLIENT_GONE);
	}
}

static enum state
relay_both(struct request *r)
{
	enum state next;

	if (r->client->stream.hup)
		return fail(r, WHY_CLIENT_GONE);
	if ((next = send_up(r)) != STAY)
		return next;
	return send_down(r);
}

/* ---- TUNNEL ---- */

static struct wait
tunnel_wait(const struct request *r)
{
	int64_t moved = r->up.moved_usec > r->down.moved_usec ? r->up.moved_usec : r->down.moved_usec;

	return (struct wait){ moved + r->service->tunnel_usec, WHY_TUNNEL_IDLE };
}

static enum state
tunnel_both(struct request *r)
{
	switch (tunnel_run(&r->up, &r->down, now(r))) {
	case TUNNEL_OPEN:
		return STAY;
	case TUNNEL_TIRED:
		return request_again(r);
	case TUNNEL_ENDED:
		r->why = WHY_TUNNEL_CLOSED;
		return END;
	default:
		return fail(r, WHY_TUNNEL_CLOSED);
	}
}

static enum state
tunnel_late(struct request *r, const struct why *why)
{
	r->why = why;
	return END;
}

/* ---- ANSWER ---- */

static enum state
answer_write(struct request *r)
{
	switch (flow_write(&r->down, now(r))) {
	case IO_DONE:
		return END;
	case IO_AGAIN:
		return STAY;
	default:
		return CUT;
	}
}
