/*
 * The life of an exchange is the table below: rows are states, columns are what may happen. A step does what can be
 * done now and names the next state, or STAY. Whoever wants a queue in front of PICK, cleverer retries, or another
 * kind of client connection adds rows; no step knows how it was reached.
 *
 *	HEAD --> PICK <--> CONNECT <--> AWAIT <--> INTERIM
 *	  ^                              | '--> TUNNEL --.
 *	  |                              '----> RELAY ---+--> END --> HEAD, or over
 *	  in trouble: ANSWER --> END while the client has heard nothing, CUT when it has
 *
 * Streams are edge-triggered: a step that stops before it got IO_AGAIN must see to it that somebody comes back
 * (exchange_again, exchange_yield). Two flows carry the bytes: `up` from the client to the task, `down` back.
 */
#include <string.h>

#include "base/bug.h"
#include "base/clock.h"
#include "http/h1_read.h"
#include "proxy/exchange_priv.h"
#include "proxy/rewrite.h"

#define IN_ROW	16	/* pipelined exchanges before others get their turn */

static step_f head_read, answer_write, end_enter, cut_enter, nothing;
static wait_f head_wait;

static const struct row {
	step_f	*enter, *client, *task;
	late_f	*late;
	wait_f	*wait;
} rows[] = {
/*		    entered,        client moved,     task moved,      time is up,         until when, and why then */
[HEAD]		= { head_read,      head_read,        nothing,         exchange_fail,       head_wait },
[PICK]		= { attempt_pick,   NULL,             NULL,            NULL,               NULL },
[CONNECT]	= { attempt_check,  attempt_watch,    attempt_check,   attempt_unreached,  attempt_wait },
[AWAIT]		= { relay_await,    relay_await,      relay_await,     attempt_failed,     relay_await_wait },
[INTERIM]	= { relay_interim,  relay_interim,    nothing,         exchange_fail,       relay_write_wait },
[RELAY]		= { relay_both,     relay_both,       relay_both,      exchange_fail,       relay_wait },
[TUNNEL]	= { relay_tunnel,   relay_tunnel,     relay_tunnel,    relay_tunnel_late,  relay_tunnel_wait },
[ANSWER]	= { answer_write,   answer_write,     nothing,         exchange_fail,       relay_write_wait },
[END]		= { end_enter,      NULL,             NULL,            NULL,               NULL },
[CUT]		= { cut_enter,      NULL,             NULL,            NULL,               NULL },
};

/* ---- turning the table ---- */

static void on_late(void *arg);

static void
run(struct exchange *x, enum state next)
{
	while (next != STAY) {
		x->state = next;
		if (next == OVER)
			return;
		next = rows[next].enter(x);
	}
	timer_set(x->proxy->loop, x->timer, rows[x->state].wait(x).until_usec, on_late, x);
}

static void
on_client(void *arg)
{
	struct exchange *x = arg;

	run(x, rows[x->state].client(x));
}

void
exchange_on_task(void *arg)
{
	struct exchange *x = arg;

	run(x, rows[x->state].task(x));
}

/* Deadlines move on with every byte, without a word to the timer: so look again who is late. */
static void
on_late(void *arg)
{
	struct exchange *x = arg;
	struct wait w = rows[x->state].wait(x);

	run(x, w.until_usec > loop_now(x->proxy->loop) ? STAY : rows[x->state].late(x, w.why));
}

static void
on_again(void *arg)
{
	struct exchange *x = arg;

	run(x, rows[x->state].enter(x));
}

/* There is more to do, but others want a turn: comes back in the next one. */
enum state
exchange_again(struct exchange *x)
{
	timer_set(x->proxy->loop, &x->again, loop_now(x->proxy->loop) + 1, on_again, x);
	return STAY;
}

enum state
exchange_yield(struct exchange *x)
{
	share_wait(&x->proxy->share, &x->yielded, on_again, x);
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

/* ---- beginning and end ---- */

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
	x->scanned = 0;
	x->asked = x->is_head = x->idempotent = x->upgrade = x->expects_continue = x->keep = x->last = false;
	x->minor = 1;
	x->table = NULL;
	x->service = NULL;
	x->attempt = (struct attempt){ 0 };
	x->status = 0;
	x->from = x->client->sender.ip;
	x->bytes_before = stream_bytes_out(&x->client->session.stream);
	x->log.len = 0;
}

void
exchange_start(struct client *c)
{
	struct proxy *p = client_proxy(c);
	struct exchange *x = slab_take(p->exchanges);

	if (x == NULL) {
		client_refuse(c, WHY_NO_MEMORY);
		return;
	}
	x->client = c;
	x->proxy = p;
	x->timer = &c->session.timer;
	memset(&x->again, 0, sizeof x->again);
	memset(&x->yielded, 0, sizeof x->yielded);
	flow_init(&x->up, p->pages, &p->share, &c->session.stream, NULL, loop_now(p->loop));
	flow_init(&x->down, p->pages, &p->share, NULL, &c->session.stream, loop_now(p->loop));
	x->in_row = 0;
	exchange_reset(x);
	session_busy(&c->session, x, on_client);
	run(x, HEAD);
}

/* The request is done with; the caller decides about the client. */
static enum state
over(struct exchange *x)
{
	ASSERT(!x->attempt.taken && x->attempt.conn == NULL);
	flow_fini(&x->up);
	flow_fini(&x->down);
	timer_clear(x->proxy->loop, &x->again);
	share_unwait(&x->proxy->share, &x->yielded);
	table_unref(&x->table);
	slab_give_later(x->proxy->exchanges, x);
	return OVER;
}

static void
exchange_log(struct exchange *x)
{
	char from[IP_TEXT_MAX];
	struct access_line line = {
		.client = ip_eq(&x->from, &x->client->sender.ip) ? sender_peer(&x->client->sender) : ip_text(&x->from, from),
		.asked = &x->log, .status = x->status,
		.bytes = stream_bytes_out(&x->client->session.stream) - x->bytes_before, .took_usec = exchange_now(x) - x->began_usec, .why = x->why,
	};

	if (x->service != NULL)
		line.service = table_text(x->table, x->service->name);
	if (x->attempt.task != NULL)
		line.task = table_text(x->table, x->attempt.task->name);
	access_log(x->proxy->access, &line);
}

static void
exchange_observe(struct exchange *x, int64_t usec)
{
	struct live *live = x->proxy->conf.live;

	live_observe(live, x->proxy->conf.worker, usec);
	if (x->attempt.task != NULL)
		live_answered(live, x->attempt.task->slot, x->status, usec);
}

/* The books of an exchange that is over. */
static void
exchange_close(struct exchange *x, bool conn_clean)
{
	attempt_leave(x, x->why, conn_clean);
	x->client->session.served++;
	proxy_count(x->proxy, x->why);
	if (x->asked && x->status != 101)	/* a tunnel's life is no duration of a request */
		exchange_observe(x, exchange_now(x) - x->began_usec);
	exchange_log(x);
}

/* The client's connection goes on only if all of the request is here: what follows would be read as the next. */
static void
answer_begin(struct exchange *x)
{
	x->keep = x->keep && x->up.body.done && !x->proxy->sessions.draining;
	x->status = x->why->status;
	flow_fini(&x->down);
	x->down.moved_usec = exchange_now(x);
	gather_add(&x->down.head, answer_make(x->answer, x->why, x->keep, x->is_head));
}

/* Nothing was said yet: we answer. Otherwise the client must not take what it has for the whole. */
enum state
exchange_fail(struct exchange *x, const struct why *why)
{
	x->why = why;
	if (x->status != 0 || why->status == 0)
		return CUT;
	attempt_leave(x, why, false);
	answer_begin(x);
	return ANSWER;
}

static enum state
cut_enter(struct exchange *x)
{
	struct client *c = x->client;

	exchange_close(x, false);
	over(x);
	session_reset(&c->session);
	return OVER;
}

/* The client has said that nothing follows, all that it has sent is read: no byte can come that would break its response. */
static bool
client_is_done(const struct exchange *x)
{
	return x->last && x->up.body.done && !stream_can_read(&x->client->session.stream);
}

/*
 * The next request may be in the page already, or in the socket: HEAD finds out, and lets the client go idle when
 * there is none. The task's connection is clean when neither side has anything left to say on it.
 */
static enum state
end_enter(struct exchange *x)
{
	struct client *c = x->client;

	exchange_close(x, x->attempt.keeps && x->up.over && x->down.good == x->down.end);
	if (!x->keep) {
		bool done = client_is_done(x);
		over(x);
		done ? session_finish(&c->session) : session_linger(&c->session);
		return OVER;
	}
	table_unref(&x->table);
	flow_next(&x->up, exchange_now(x));
	flow_fini(&x->down);
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

/* As far as that goes without waiting: the slot is needed now. */
void
exchange_give_way(struct exchange *x)
{
	x->why = WHY_HEAD_GAVE_WAY;
	if (x->status == 0) {
		answer_begin(x);
		flow_write(&x->down, exchange_now(x));
	}
	run(x, CUT);
}

/* ---- HEAD ---- */

/* What `bytes` may take at the least rate. */
static int64_t
rate_usec(const struct exchange *x, uint64_t bytes)
{
	return x->proxy->conf.client_grace_usec + (int64_t)(bytes * USEC_PER_SEC / x->proxy->conf.client_min_rate);
}

struct wait
exchange_rate_wait(const struct exchange *x, const struct flow *f, uint64_t bytes, const struct why *why)
{
	if (x->proxy->conf.client_min_rate == 0 || bytes > UINT64_MAX / USEC_PER_SEC / 2)
		return (struct wait){ INT64_MAX, why };
	return (struct wait){ flow_waits_until(f, rate_usec(x, bytes)), why };
}

struct wait
exchange_whole_wait(const struct exchange *x)
{
	return (struct wait){ x->began_usec + x->proxy->conf.client_request_usec, WHY_CLIENT_LONG_REQUEST };
}

static struct wait
head_wait(const struct exchange *x)
{
	struct wait w = { x->began_usec + x->proxy->conf.client_head_usec, WHY_CLIENT_SLOW_HEAD };

	if (x->proxy->conf.client_min_rate > 0)
		w = sooner(w, (struct wait){ x->began_usec + rate_usec(x, x->scanned), WHY_CLIENT_SLOW_RATE });
	return sooner(w, exchange_whole_wait(x));
}

/* What later states must know of the head; its slices are used at once or not at all. */
static void
head_note(struct exchange *x, const struct message *h)
{
	x->asked = true;
	x->is_head = h->is_head;
	x->idempotent = h->idempotent;
	x->upgrade = h->upgrade;
	x->expects_continue = h->expect_continue;
	x->minor = h->h1.minor;
	x->keep = h->h1.keep_alive;
	x->last = !h->h1.keep_alive;
	access_ask(x->proxy->access, &x->log, h);
}

static const struct why *
route(struct exchange *x, const struct message *h)
{
	const struct why *why = NULL;

	if (x->proxy->table == NULL)
		return WHY_NO_TABLE;
	x->table = table_ref(x->proxy->table);
	x->service = table_match(x->table, h->host, h->path, &why);
	return why;
}

/* What the client connected to; only who does not say whom it wants (HTTP/1.0) needs it. */
static struct str
here(struct exchange *x, const struct message *h)
{
	struct addr a;

	if (h->h1.minor == 1 || message_find(h, FIELD_HOST) != NULL)
		return STR("");
	if (!stream_local_addr(&x->client->session.stream, &a))
		return STR("localhost");
	return str_of(addr_text(&a, x->here));
}

static enum state
head_done(struct exchange *x, size_t used)
{
	const struct message *h = &x->proxy->head;
	const struct sender *sender = &x->client->sender;
	const struct why *why;

	session_busy(&x->client->session, x, on_client);
	head_note(x, h);
	x->from = sender_client(sender, h, x->proxy->conf.trusted, x->proxy->conf.ntrusted);
	x->scanned = 0;
	if (!flow_begin(&x->up, used, h->body, h->length)) {
		x->keep = false;
		return exchange_fail(x, WHY_BAD_CHUNK);
	}
	if ((why = route(x, h)) != NULL)
		return exchange_fail(x, why);
	if (!rewrite_request(&x->up.head, h, sender, &x->from, x->from_text, here(x, h)))
		return exchange_fail(x, WHY_NO_MEMORY);
	x->up.keep = x->idempotent;
	return PICK;
}

/* No byte of a request is here, and none comes: the client is between requests. */
static enum state
head_absent(struct exchange *x, enum io_result res)
{
	struct client *c = x->client;

	over(x);
	if (res == IO_AGAIN)
		session_idle(&c->session);
	else if (res == IO_EOF)
		session_finish(&c->session);
	else
		session_close(&c->session);
	return OVER;
}

static enum state
head_read(struct exchange *x)
{
	struct message *h = &x->proxy->head;
	const struct why *why;
	enum io_result res;
	size_t used;

	if (x->in_row > IN_ROW) {
		x->in_row = 0;
		return exchange_again(x);
	}
	h->limits = x->proxy->conf.request_head;
	for (;;) {
		switch (h1_read_request(h, flow_unread(&x->up), &x->scanned, &used, &why)) {
		case PARSE_DONE:
			return head_done(x, used);
		case PARSE_BAD:
			return exchange_fail(x, why);
		case PARSE_MORE:
			break;
		}
		if (!flow_widen(&x->up, h->limits.bytes))
			return exchange_fail(x, WHY_NO_MEMORY);
		if ((res = flow_fill(&x->up, exchange_now(x))) == IO_DONE)
			continue;
		if (x->up.starved)
			return exchange_fail(x, WHY_NO_MEMORY);
		if (x->up.end == 0)
			return head_absent(x, res);
		if (res != IO_AGAIN)
			return exchange_fail(x, WHY_CLIENT_GONE);
		session_reading(&x->client->session);
		return STAY;
	}
}

/* ---- ANSWER ---- */

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
