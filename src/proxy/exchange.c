/*
 * The life of an exchange is the table below: rows are states, columns are what may happen. A
 * step does what can be done now and names the next state, or STAY. Other retries, or another kind
 * of connection to the client are more rows; no step knows how it was reached.
 *
 *	HEAD --> FILTER --> PICK <--> CONNECT <--> AWAIT <--> INTERIM
 *	  ^ '----------------^                      | '--> TUNNEL --.
 *	  |                                         '----> RELAY ---+--> END --> HEAD, or over
 *	  PICK <--> QUEUE: while every node is full
 *	  PICK --> REPORT --> END: load reports, which are ours
 *	  CONNECT and AWAIT --> RETRY --> CONNECT: after a moment, where a middleware allows it
 *	  in trouble: ANSWER --> END while the client has received nothing, CUT when it has
 *
 * Streams are edge-triggered: a step that stops before it got IO_AGAIN must see to it that it is
 * called again (exchange_again, exchange_yield). Two flows carry the bytes: `up` from the client
 * to the task, `down` back.
 */
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "http/h2.h"
#include "proxy/exchange_priv.h"

static step_f answer_write, end_enter, cut_enter, nothing;

static const struct row {
	step_f	*enter, *client, *task;
	late_f	*late;
	wait_f	*wait;
} rows[] = {
/* enter client moved task moved time is up until when, and why */
[HEAD]    = { head_read,     head_read,     nothing,       exchange_fail,      head_wait },
[FILTER]  = { filters_enter, filters_watch, nothing,       filters_late,       filters_wait },
[PICK]    = { reach_pick,    NULL,          NULL,          NULL,               NULL },
[QUEUE]   = { nothing,       reach_watch,   nothing,       reach_queue_late,   reach_queue_wait },
[CONNECT] = { reach_check,   reach_watch,   reach_check,   reach_late,         reach_wait },
[RETRY]   = { nothing,       reach_watch,   nothing,       retry_late,         retry_wait },
[AWAIT]   = { relay_await,   relay_await,   relay_await,   relay_await_late,   relay_await_wait },
[INTERIM] = { relay_interim, relay_interim, nothing,       exchange_fail,      relay_write_wait },
[RELAY]   = { relay_both,    relay_both,    relay_both,    exchange_fail,      relay_wait },
[TUNNEL]  = { relay_tunnel,  relay_tunnel,  relay_tunnel,  relay_tunnel_late,  relay_tunnel_wait },
[REPORT]  = { orca_enter,    orca_watch,    nothing,       orca_late,          orca_wait },
[ANSWER]  = { answer_write,  answer_write,  nothing,       exchange_fail,      relay_write_wait },
[END]     = { end_enter,     NULL,          NULL,          NULL,               NULL },
[CUT]     = { cut_enter,     NULL,          NULL,          NULL,               NULL },
};

/* ---- turning the table ---- */

static void on_late(void *arg);

static void
run(struct exchange *x, enum state next)
{
	ASSERT(x->state != OVER);
	while (next != STAY) {
		x->state = next;
		if (next == OVER)
			return;
		next = rows[next].enter(x);
	}
	ASSERT(rows[x->state].wait != NULL);	/* nothing stays where nothing is waited for */
	timer_set(x->proxy->loop, x->timer, rows[x->state].wait(x).until_usec, on_late, x);
}

void
exchange_on_client(void *arg)
{
	struct exchange *x = arg;

	run(x, rows[x->state].client(x));
}

static void
on_task(void *arg)
{
	struct exchange *x = arg;

	run(x, rows[x->state].task(x));
}

/* Streams are edge-triggered: each of two tasks is asked only for what happened on its own. */
void
exchange_on_second(void *arg)
{
	struct exchange *x = arg;

	run(x, x->hedge != NULL ? hedge_turn(x) : rows[x->state].task(x));
}

/* Deadlines move on with every byte, and the timer is not set again for that: so it may not be
 * late yet. */
static void
on_late(void *arg)
{
	struct exchange *x = arg;
	struct wait w = rows[x->state].wait(x);

	run(x, w.until_usec > loop_now(x->proxy->loop) ? STAY : rows[x->state].late(x, w.why));
}

void
exchange_go_on(void *arg)
{
	struct exchange *x = arg;

	run(x, rows[x->state].enter(x));
}

void
exchange_pick(void *x)
{
	run(x, PICK);
}

enum state
exchange_again(struct exchange *x)
{
	timer_set(x->proxy->loop, &x->again, loop_now(x->proxy->loop) + 1, exchange_go_on, x);
	return STAY;
}

enum state
exchange_yield(struct exchange *x)
{
	share_wait(&x->proxy->share, &x->yielded, exchange_go_on, x);
	return STAY;
}

static enum state
nothing(struct exchange *x)
{
	(void)x;
	return STAY;
}

int64_t
exchange_now(const struct exchange *x)
{
	return loop_now(x->proxy->loop);
}

/* ---- the beginning ---- */

size_t
exchange_bytes(void)
{
	return sizeof(struct exchange);
}

/* What a new exchange on the same connection begins with; the flows keep what has come already. */
static void
exchange_reset(struct exchange *x)
{
	x->why = NULL;
	x->began_usec = exchange_now(x);
	x->has_head = x->is_head = x->idempotent = x->upgrade = x->expects_continue = x->keep =
	    x->streams = x->last = x->paged = x->names_task = x->subscribes = false;
	x->minor = 1;
	x->filters = NULL;
	x->filters_of = NULL;
	x->collects = 0;
	attempt_init(&x->attempt, x->proxy, on_task, x);
	x->status = 0;
	x->from = x->client->sender.ip;
	x->bytes_before = stream_bytes_out(x->down.sink);
	x->own_content = 0;
	x->cookie = NULL;
	x->group_cookies.n = 0;
	x->mirroring = NULL;
	x->mirrored_by.n = 0;
	x->log = (struct access_request){ .connection = false };
	x->trace = NULL;
	keys_unwait(&x->hold);
	x->hold.over = false;
	x->waited = x->is_counted = x->hedged = x->no_room = false;
	x->counted = 0;
	x->keeps_body = 0;
}

void
exchange_start(struct client *c)
{
	struct proxy *p = client_proxy(c);
	struct exchange *x = slab_take(p->exchanges);
	int64_t now = loop_now(p->loop);

	if (x == NULL) {
		client_refuse(c, WHY_NO_MEMORY);
		return;
	}
	x->client = c;
	x->proxy = p;
	x->timer = &c->session.timer;
	x->state = HEAD;
	memset(&x->again, 0, sizeof x->again);
	memset(&x->yielded, 0, sizeof x->yielded);
	memset(&x->hold, 0, sizeof x->hold);
	memset(&x->waiter, 0, sizeof x->waiter);
	flow_init(&x->up, p->pages, &p->share, &c->session.stream, NULL, now);
	flow_init(&x->down, p->pages, &p->share, NULL, &c->session.stream, now);
	x->in_row = 0;
	x->hedge = NULL;
	exchange_reset(x);
	session_busy(&c->session, x, exchange_on_client);
	run(x, HEAD);
}

/*
 * A client that ended its direction may still be reading, and on the wire nothing distinguishes
 * it from one that has left. If it could send another request on this connection, it is taken to
 * have left; if it cannot, its end may only mean that its request is whole.
 */
bool
exchange_client_left(const struct exchange *x)
{
	const struct stream *s = x->up.source;

	if (stream_is_broken(s))
		return true;
	return stream_peer_ended(s) && x->proxy->conf.client_abort_on_close && (x->minor == 1 || x->keep);
}

/* ---- ANSWER ---- */

/* The client's connection goes on only if all of the request is here: what follows would be read
 * as the next. */
static void
answer_begin(struct exchange *x)
{
	ASSERT(x->status == 0 && x->why->status != 0);
	x->keep = x->keep && x->up.body.done && !session_is_draining(&x->client->session);
	x->status = x->why->status;
	flow_fini(&x->down);
	x->down.moved_usec = exchange_now(x);
	front_answer(x);
}

static enum state
answer_write(struct exchange *x)
{
	switch (flow_write(&x->down, exchange_now(x))) {
	case IO_DONE:
		return END;
	case IO_AGAIN:
		return STAY;
	default:
		return CUT;
	}
}

/*
 * The client's stream is to be reset as the task's was. Clients of gRPC know what that means, as
 * they know it of a server: that their deadline has passed, for one.
 */
static bool
is_reset_alike(struct exchange *x)
{
	uint32_t code;

	if (!attempt_is_reset(&x->attempt, &code))
		return false;
	h2_stream_set_reset(x->down.sink, code);
	return x->client->is_grpc && !attempt_unprocessed(&x->attempt);
}

/* The status of a response of ours that filters may catch: one of theirs, or that the service did
 * not respond. 0: it is none. */
static int
caught_status(const struct exchange *x, const struct why *why)
{
	if (why == WHY_NO_MEMORY)
		return 0;
	if (filter_run_responder(x->filters) != NULL)
		return filter_run_status(x->filters);
	return why->blame == BLAME_CLIENT ? 0 : why->status;
}

/* Nothing was sent yet: the response is ours. Otherwise the client must not take what it has for
 * the whole. */
enum state
exchange_fail(struct exchange *x, const struct why *why)
{
	enum state next;
	int status;

	ASSERT(why != NULL);
	hedge_drop(x, WHY_HEDGED);
	x->why = why;
	x->no_room |= !x->paged && (why == WHY_OVERLOADED || why == WHY_MAX_INFLIGHT);
	waiting_leave(&x->proxy->waiting, &x->waiter);
	if (is_reset_alike(x) || x->status != 0 || why->status == 0)
		return CUT;
	if (x->filters != NULL && (status = caught_status(x, why)) != 0
	    && filters_catch(x, status, why, &next))
		return next;
	attempt_leave(&x->attempt, why, false);
	answer_begin(x);
	return ANSWER;
}

/* ---- the end ---- */

/* `clean`: the task's connection may be used again. */
static void
exchange_end(struct exchange *x, bool clean)
{
	hedge_drop(x, WHY_HEDGED);
	attempt_leave(&x->attempt, x->why, clean);
	head_send_copies(x);
	session_served(&x->client->session);
	exchange_report(x);
}

/* The caller decides about the client. */
static void
exchange_free(struct exchange *x)
{
	ASSERT(x->mirroring == NULL);
	waiting_leave(&x->proxy->waiting, &x->waiter);
	flow_fini(&x->up);
	flow_fini(&x->down);
	timer_clear(x->proxy->loop, &x->again);
	share_unwait(&x->proxy->share, &x->yielded);
	keys_unwait(&x->hold);
	filters_end(x);
	free(x->cookie);
	x->cookie = NULL;
	group_cookies_free(&x->group_cookies);
	attempt_fini(&x->attempt);
	retry_end(x);
	slab_give_later(x->proxy->exchanges, x);
}

enum state
exchange_leave(struct exchange *x, enum io_result res)
{
	struct session *s = &x->client->session;

	ASSERT(!x->has_head && x->up.end == 0);
	exchange_free(x);
	if (res == IO_AGAIN)
		session_idle(s);
	else if (res == IO_EOF || (stream_was_cut(&s->stream) && !stream_is_broken(&s->stream)))
		session_finish(s);	/* a response before may still wait in TLS */
	else
		session_close(s);
	return OVER;
}

/* A client that has ended its direction may still read the response before this one: a reset would
 * take from it what is on its way. */
static enum state
cut_enter(struct exchange *x)
{
	struct session *s = &x->client->session;
	bool gentle = x->why == WHY_CLIENT_GONE && x->status == 0 && x->in_row > 0;

	exchange_end(x, false);
	exchange_free(x);
	gentle ? session_linger(s) : session_reset(s);
	return OVER;
}

/*
 * The next request may be in the page already, or in the socket: HEAD finds out, and lets the
 * client go idle when there is none. The task's connection is clean when neither side has
 * anything left to send on it.
 */
static enum state
end_enter(struct exchange *x)
{
	struct session *s = &x->client->session;
	/* the client has announced that nothing follows, and all that it has sent is read: no
	 * byte can come that would break its response, but for its own end of TLS, with which it
	 * responds to ours when it has read the response */
	bool done = x->last && x->up.body.done && !stream_can_read(x->up.source);

	exchange_end(x, x->attempt.keeps && x->up.over && x->down.good == x->down.end);
	if (!x->keep) {
		exchange_free(x);
		done ? session_finish(s) : session_linger(s);
		return OVER;
	}
	flow_next(&x->up, exchange_now(x));
	flow_fini(&x->down);
	filters_end(x);
	free(x->cookie);
	x->cookie = NULL;
	group_cookies_free(&x->group_cookies);
	attempt_fini(&x->attempt);
	retry_end(x);
	exchange_reset(x);
	x->in_row++;
	return HEAD;
}

void
exchange_abort(struct exchange *x)
{
	x->why = WHY_STOPPING;
	run(x, CUT);
}

size_t
exchange_unread_bytes(const struct exchange *x)
{
	return x->state == HEAD && x->hold.keys == NULL && x->up.page != NULL ? x->up.cap : 0;
}

/* As far as that goes without waiting: the slot, or its memory, is needed now. */
void
exchange_give_way(struct exchange *x, const struct why *why)
{
	ASSERT(!x->has_head);
	x->why = why;
	if (x->status == 0) {
		answer_begin(x);
		flow_write(&x->down, exchange_now(x));
	}
	run(x, CUT);
}
