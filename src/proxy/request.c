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
 * (request_again, request_yield). Two flows carry the bytes: `up` from the client to the task, `down` back.
 */
#include <string.h>

#include "base/bug.h"
#include "base/clock.h"
#include "http/h1_parse.h"
#include "proxy/rewrite.h"
#include "proxy/steps.h"

#define IN_ROW	16	/* pipelined exchanges before others get their turn */

static step_f head_read, answer_write, end_enter, cut_enter, nothing;
static wait_f head_wait;

static const struct row {
	step_f	*enter, *client, *task;
	late_f	*late;
	wait_f	*wait;
} rows[] = {
/*		    entered,        client moved,     task moved,      time is up,         until when, and why then */
[HEAD]		= { head_read,      head_read,        nothing,         request_fail,       head_wait },
[PICK]		= { attempt_pick,   NULL,             NULL,            NULL,               NULL },
[CONNECT]	= { attempt_check,  attempt_watch,    attempt_check,   attempt_unreached,  attempt_wait },
[AWAIT]		= { relay_await,    relay_await,      relay_await,     attempt_failed,     relay_await_wait },
[INTERIM]	= { relay_interim,  relay_interim,    nothing,         request_fail,       relay_write_wait },
[RELAY]		= { relay_both,     relay_both,       relay_both,      request_fail,       relay_wait },
[TUNNEL]	= { relay_tunnel,   relay_tunnel,     relay_tunnel,    relay_tunnel_late,  relay_tunnel_wait },
[ANSWER]	= { answer_write,   answer_write,     nothing,         request_fail,       relay_write_wait },
[END]		= { end_enter,      NULL,             NULL,            NULL,               NULL },
[CUT]		= { cut_enter,      NULL,             NULL,            NULL,               NULL },
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

void
request_on_task(void *arg)
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
enum state
request_again(struct request *r)
{
	timer_set(r->proxy->loop, &r->again, loop_now(r->proxy->loop) + 1, on_again, r);
	return STAY;
}

static void
yield_end(struct request *r)
{
	if (!r->yields)
		return;
	r->yields = false;
	r->proxy->nyielded--;
	TAILQ_REMOVE(&r->proxy->yielded, r, link);
}

/* Each in its turn, as far as this turn's share goes. Who yields again is behind all of the others. */
static void
on_share(void *arg)
{
	struct proxy *p = arg;
	struct request *r;

	for (unsigned n = p->nyielded; n > 0 && share_has(&p->share) && (r = TAILQ_FIRST(&p->yielded)) != NULL; n--) {
		yield_end(r);
		run(r, rows[r->state].enter(r));
	}
	if (!TAILQ_EMPTY(&p->yielded))
		timer_set(p->loop, &p->yield_timer, loop_now(p->loop) + 1, on_share, p);
}

enum state
request_yield(struct request *r)
{
	struct proxy *p = r->proxy;

	if (r->yields)
		return STAY;
	r->yields = true;
	p->nyielded++;
	TAILQ_INSERT_TAIL(&p->yielded, r, link);
	timer_set(p->loop, &p->yield_timer, loop_now(p->loop) + 1, on_share, p);
	return STAY;
}

static enum state
nothing(struct request *r)
{
	(void)r;
	return STAY;
}

int64_t
request_now(const struct request *r)
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
	r->began_usec = request_now(r);
	r->scanned = 0;
	r->asked = r->is_head = r->idempotent = r->upgrade = r->expects_continue = r->keep = r->last = false;
	r->minor = 1;
	r->table = NULL;
	r->service = NULL;
	r->attempt = (struct attempt){ 0 };
	r->status = 0;
	r->from = r->client->sender.ip;
	r->bytes_before = stream_bytes_out(&r->client->stream);
	r->log.len = 0;
}

void
request_start(struct client *c)
{
	struct proxy *p = c->proxy;
	struct request *r = slab_take(p->requests);

	if (r == NULL) {
		client_refuse(c, WHY_NO_MEMORY);
		return;
	}
	r->client = c;
	r->proxy = p;
	memset(&r->again, 0, sizeof r->again);
	r->yields = false;
	flow_init(&r->up, p->pages, &p->share, &c->stream, NULL, loop_now(p->loop));
	flow_init(&r->down, p->pages, &p->share, NULL, &c->stream, loop_now(p->loop));
	r->in_row = 0;
	request_reset(r);
	client_busy(c, r, on_client);
	run(r, HEAD);
}

/* The request is done with; the caller decides about the client. */
static enum state
over(struct request *r)
{
	ASSERT(!r->attempt.taken && r->attempt.conn == NULL);
	flow_fini(&r->up);
	flow_fini(&r->down);
	timer_clear(r->proxy->loop, &r->again);
	yield_end(r);
	table_unref(&r->table);
	slab_give_later(r->proxy->requests, r);
	return OVER;
}

static void
request_log(struct request *r)
{
	char from[IP_TEXT_MAX];
	struct access_line line = {
		.client = ip_eq(&r->from, &r->client->sender.ip) ? sender_peer(&r->client->sender) : ip_text(&r->from, from),
		.asked = &r->log, .status = r->status,
		.bytes = stream_bytes_out(&r->client->stream) - r->bytes_before, .took_usec = request_now(r) - r->began_usec, .why = r->why,
	};

	if (r->service != NULL)
		line.service = table_text(r->table, r->service->name);
	if (r->attempt.task != NULL)
		line.task = table_text(r->table, r->attempt.task->name);
	access_log(r->proxy->access, &line);
}

static void
request_observe(struct request *r, int64_t usec)
{
	struct live *live = r->proxy->conf.live;

	live_observe(live, r->proxy->conf.worker, usec);
	if (r->attempt.task != NULL)
		live_answered(live, r->attempt.task->slot, r->status, usec);
}

/* The books of an exchange that is over. */
static void
request_close(struct request *r, bool conn_clean)
{
	attempt_leave(r, r->why, conn_clean);
	r->client->served++;
	proxy_count(r->proxy, r->why);
	if (r->asked && r->status != 101)	/* a tunnel's life is no duration of a request */
		request_observe(r, request_now(r) - r->began_usec);
	request_log(r);
}

/* The client's connection goes on only if all of the request is here: what follows would be read as the next. */
static void
answer_begin(struct request *r)
{
	r->keep = r->keep && r->up.body.done && !r->proxy->draining;
	r->status = r->why->status;
	flow_fini(&r->down);
	r->down.moved_usec = request_now(r);
	gather_add(&r->down.head, answer_make(r->answer, r->why, r->keep, r->is_head));
}

/* Nothing was said yet: we answer. Otherwise the client must not take what it has for the whole. */
enum state
request_fail(struct request *r, const struct why *why)
{
	r->why = why;
	if (r->status != 0 || why->status == 0)
		return CUT;
	attempt_leave(r, why, false);
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

/* The client has said that nothing follows, all that it has sent is read: no byte can come that would break its response. */
static bool
client_is_done(const struct request *r)
{
	return r->last && r->up.body.done && !stream_can_read(&r->client->stream);
}

/*
 * The next request may be in the page already, or in the socket: HEAD finds out, and lets the client go idle when
 * there is none. The task's connection is clean when neither side has anything left to say on it.
 */
static enum state
end_enter(struct request *r)
{
	struct client *c = r->client;

	request_close(r, r->attempt.keeps && r->up.over && r->down.good == r->down.end);
	if (!r->keep) {
		bool done = client_is_done(r);
		over(r);
		done ? client_close(c) : client_linger(c);
		return OVER;
	}
	table_unref(&r->table);
	flow_next(&r->up, request_now(r));
	flow_fini(&r->down);
	request_reset(r);
	r->in_row++;
	return HEAD;
}

void
request_abort(struct request *r)
{
	r->why = WHY_STOPPING;
	run(r, CUT);
}

/* As far as that goes without waiting: the slot is needed now. */
void
request_give_way(struct request *r)
{
	r->why = WHY_HEAD_GAVE_WAY;
	if (r->status == 0) {
		answer_begin(r);
		flow_write(&r->down, request_now(r));
	}
	run(r, CUT);
}

/* ---- HEAD ---- */

/* What `bytes` may take at the least rate. */
static int64_t
rate_usec(const struct request *r, uint64_t bytes)
{
	return r->proxy->conf.client_grace_usec + (int64_t)(bytes * USEC_PER_SEC / r->proxy->conf.client_min_rate);
}

struct wait
request_rate_wait(const struct request *r, const struct flow *f, uint64_t bytes, const struct why *why)
{
	if (r->proxy->conf.client_min_rate == 0 || bytes > UINT64_MAX / USEC_PER_SEC / 2)
		return (struct wait){ INT64_MAX, why };
	return (struct wait){ flow_waits_until(f, rate_usec(r, bytes)), why };
}

struct wait
request_whole_wait(const struct request *r)
{
	return (struct wait){ r->began_usec + r->proxy->conf.client_request_usec, WHY_CLIENT_LONG_REQUEST };
}

static struct wait
head_wait(const struct request *r)
{
	struct wait w = { r->began_usec + r->proxy->conf.client_head_usec, WHY_CLIENT_SLOW_HEAD };

	if (r->proxy->conf.client_min_rate > 0)
		w = sooner(w, (struct wait){ r->began_usec + rate_usec(r, r->scanned), WHY_CLIENT_SLOW_RATE });
	return sooner(w, request_whole_wait(r));
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
	r->last = !h->keep_alive;
	access_ask(r->proxy->access, &r->log, h);
}

static const struct why *
route(struct request *r, const struct head *h)
{
	const struct why *why = NULL;

	if (r->proxy->table == NULL)
		return WHY_NO_TABLE;
	r->table = table_ref(r->proxy->table);
	r->service = table_match(r->table, h->host, h->path, &why);
	return why;
}

/* What the client connected to; only who does not say whom it wants (HTTP/1.0) needs it. */
static struct str
here(struct request *r, const struct head *h)
{
	struct addr a;

	if (h->minor == 1 || head_find(h, FIELD_HOST) != NULL)
		return STR("");
	if (!stream_local_addr(&r->client->stream, &a))
		return STR("localhost");
	return str_of(addr_text(&a, r->here));
}

static enum state
head_done(struct request *r, size_t used)
{
	const struct head *h = &r->proxy->head;
	const struct sender *sender = &r->client->sender;
	const struct why *why;

	client_busy(r->client, r, on_client);
	head_note(r, h);
	r->from = sender_client(sender, h, r->proxy->conf.trusted, r->proxy->conf.ntrusted);
	r->scanned = 0;
	if (!flow_begin(&r->up, used, h->body, h->length)) {
		r->keep = false;
		return request_fail(r, WHY_BAD_CHUNK);
	}
	if ((why = route(r, h)) != NULL)
		return request_fail(r, why);
	if (!rewrite_request(&r->up.head, h, sender, &r->from, r->from_text, here(r, h)))
		return request_fail(r, WHY_NO_MEMORY);
	r->up.keep = r->idempotent;
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
	struct head *h = &r->proxy->head;
	const struct why *why;
	enum io_result res;
	size_t used;

	if (r->in_row > IN_ROW) {
		r->in_row = 0;
		return request_again(r);
	}
	h->limits = r->proxy->conf.request_head;
	for (;;) {
		switch (h1_parse_request(h, flow_unread(&r->up), &r->scanned, &used, &why)) {
		case PARSE_DONE:
			return head_done(r, used);
		case PARSE_BAD:
			return request_fail(r, why);
		case PARSE_MORE:
			break;
		}
		if (!flow_widen(&r->up, h->limits.bytes))
			return request_fail(r, WHY_NO_MEMORY);
		if ((res = flow_fill(&r->up, request_now(r))) == IO_DONE)
			continue;
		if (r->up.starved)
			return request_fail(r, WHY_NO_MEMORY);
		if (r->up.end == 0)
			return head_absent(r, res);
		if (res != IO_AGAIN)
			return request_fail(r, WHY_CLIENT_GONE);
		client_reading(r->client);
		return STAY;
	}
}

/* ---- ANSWER ---- */

static enum state
answer_write(struct request *r)
{
	switch (flow_write(&r->down, request_now(r))) {
	case IO_DONE:
		return END;
	case IO_AGAIN:
		return STAY;
	default:
		return CUT;
	}
}
