/*
 * One probe per task that is checked: by a request where its service has a health path, by a
 * connection alone where it is one of kind tcp. A small state machine on a timer and a stream of
 * its own. Each check opens a new connection, as a client that has just come would. Knows nothing
 * of clients' requests and of picks.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/rng.h"
#include "http/h1_read.h"
#include "http/h2_up.h"
#include "http/slab.h"
#include "net/stream.h"
#include "proxy/health.h"
#include "proxy/proxy_header.h"
#include "proxy/task_tls.h"
#include "proxy/upstream.h"

#define REQUEST_MAX	1024
#define RESPONSE_BYTES	16384		/* the head; of the body only what comes along with it */
#define FIELDS_MAX	256

struct probe {
	struct health	*health;
	struct deferred	 deferred;
	bool		 kept;			/* mark while a new table is compared */
	/* what is sent, as the table has it */
	unsigned	 slot;
	struct addr	 addr, other[TASK_ADDRS - 1];
	unsigned	 nothers;
	unsigned	 at;			/* which address is next: 0 `addr`, 1 the first of `other` */
	unsigned	 tried;			/* that could not be reached, in this round */
	int64_t		 interval_usec, timeout_usec;
	uint32_t	 rise, fall;
	const struct table_service *service;	/* of the health's table */
	bool		 connects;		/* that it accepts is all that is asked */
	size_t		 request_len;
	char		 request[REQUEST_MAX];
	/* what is known */
	enum live_health state;
	uint32_t	 in_row;		/* results in a row that are against the state */
	struct live_cause cause;		/* of the last bad one */
	/* the check under way */
	size_t		 sent, got;
	struct stream	 stream;
	struct h2_up_conn *h2;			/* on it, where it speaks HTTP/2 */
	struct stream	 exchange;		/* of that */
	struct timer	 look;			/* at it, outside of the calls of h2 */
	bool		 ready;			/* all that lies below the request is there */
	struct timer	 timer;			/* until the next check, or until a response is too late */
	char		*response;		/* RESPONSE_BYTES, during a check */
};

struct health {
	struct loop	*loop;
	struct live	*live;
	unsigned	 worker;		/* that we run in */
	struct rng	 rng;
	struct slab	*responses;
	struct task_tls	*tls;
	struct h2_up	*h2;
	struct table	*table;			/* our reference; NULL: none yet */
	struct message	 head;			/* of the response being read: used at once */
	struct field	 field[FIELDS_MAX];	/* the head's */
	struct probe	*probe[TASKS_MAX];	/* by task slot */
};

static void probe_start(void *arg);
static const struct h2_up_ops h2_ops;

struct health *
health_new(struct loop *l, struct live *live, uint64_t seed, unsigned worker, struct task_tls *tls)
{
	struct health *h = must_zalloc(sizeof *h);

	h->loop = l;
	h->live = live;
	h->worker = worker;
	h->head.limits = (struct head_limits){ RESPONSE_BYTES, FIELDS_MAX };
	h->head.field = h->field;
	rng_seed(&h->rng, seed);
	h->tls = tls;
	h->h2 = h2_up_new(l, &h2_ops);
	h2_up_set_limits(h->h2, (struct head_limits){ REQUEST_MAX, FIELDS_MAX }, h->head.limits);
	h->responses = slab_new(l, RESPONSE_BYTES, 1);
	return h;
}

/* A worker that hung does not know yet that another one probes; what it has missed means nothing
 * for a task. */
static void
slot_set(const struct health *h, unsigned slot, enum live_health state)
{
	if (live_prober(h->live) == h->worker)
		live_set_health(h->live, slot, state);
}

/* ---- one probe ---- */

static void
probe_set_state(struct probe *p, enum live_health state)
{
	ASSERT(p->health->probe[p->slot] == p);
	p->state = state;
	p->in_row = 0;
	if (state == HEALTH_DOWN && live_prober(p->health->live) == p->health->worker)
		live_set_health_cause(p->health->live, p->slot, p->cause);
	slot_set(p->health, p->slot, state);
}

/* The first good result counts at once: an unknown task gets requests anyway. */
static void
probe_count(struct probe *p, bool well)
{
	if (p->state == HEALTH_UNKNOWN && well)
		probe_set_state(p, HEALTH_UP);
	else if (well == (p->state != HEALTH_DOWN))
		p->in_row = 0;
	else if (++p->in_row >= (well ? p->rise : p->fall))
		probe_set_state(p, well ? HEALTH_UP : HEALTH_DOWN);
}

/* Spread by a tenth, so that many probes do not keep step. */
static void
probe_wait(struct probe *p)
{
	double spread = 0.95 + 0.1 * rng_double(&p->health->rng);

	timer_set(p->health->loop, &p->timer,
	    loop_now(p->health->loop) + (int64_t)(spread * (double)p->interval_usec), probe_start, p);
}

/* Ends the check under way, if there is one. */
static void
probe_stop(struct probe *p)
{
	stream_close(&p->exchange);
	h2_up_conn_free(&p->h2);
	stream_close(&p->stream);
	p->ready = false;
	timer_clear(p->health->loop, &p->look);
	timer_clear(p->health->loop, &p->timer);
	if (p->response != NULL)
		slab_give(p->health->responses, p->response);
	p->response = NULL;
}

static void
probe_done(struct probe *p, bool well)
{
	probe_stop(p);
	probe_count(p, well);
	probe_wait(p);
}

static void
probe_fails(struct probe *p, const struct why *why, int status)
{
	ASSERT(why != NULL && (status == 0) == (why != WHY_UPSTREAM_STATUS));
	p->cause = (struct live_cause){ why, status };
	probe_done(p, false);
}

/* The task's next address is tried at once; when none was reached, that is the task's failure. */
static void
probe_unreached(struct probe *p, const struct why *why)
{
	ASSERT(p->at <= p->nothers);
	p->at = (p->at + 1) % (1 + p->nothers);
	if (++p->tried > p->nothers) {
		p->tried = 0;
		probe_fails(p, why, 0);
		return;
	}
	probe_stop(p);
	timer_set(p->health->loop, &p->timer, loop_now(p->health->loop), probe_start, p);
}

static void
on_late(void *arg)
{
	struct probe *p = arg;

	if (stream_is_connecting(&p->stream))
		probe_unreached(p, stream_is_handshaking(&p->stream) ? WHY_UPSTREAM_TLS_SLOW
		    : WHY_CONNECT_TIMEOUT);
	else
		probe_fails(p, WHY_UPSTREAM_SLOW_HEAD, 0);
}

static struct stream *
probe_io(struct probe *p)
{
	return p->h2 != NULL ? &p->exchange : &p->stream;
}

/* IO_AGAIN: more is to come. IO_DONE: a whole head, and h->head holds it. IO_FAIL, IO_EOF: no
 * response. */
static enum io_result
probe_read(struct probe *p)
{
	const struct why *why;
	size_t scanned = 0, used, got;
	enum io_result res;

	ASSERT(p->response != NULL && p->got < RESPONSE_BYTES);
	while ((res = stream_read(probe_io(p), p->response + p->got, RESPONSE_BYTES - p->got,
	    &got)) == IO_DONE) {
		struct str in = { p->response, p->got += got };
		switch (h1_read_response(&p->health->head, in, false, &scanned, &used, &why)) {
		case PARSE_DONE:
			return IO_DONE;
		case PARSE_BAD:		/* also when it does not fit */
			return IO_FAIL;
		case PARSE_MORE:
			break;
		}
	}
	return res;
}

static enum io_result
probe_write(struct probe *p)
{
	while (p->sent < p->request_len) {
		struct iovec v = { p->request + p->sent, p->request_len - p->sent };
		size_t put;
		enum io_result res = stream_writev(probe_io(p), &v, 1, &put);
		if (res != IO_DONE)
			return res;
		p->sent += put;
	}
	return IO_DONE;
}

static void on_exchange(void *arg);

/* The connection may be ended then, which it may not in a call of its own. */
static void
on_exchange_event(void *arg)
{
	struct probe *p = arg;

	timer_set(p->health->loop, &p->look, loop_now(p->health->loop), on_exchange, p);
}

static void
on_nothing(void *arg)
{
	(void)arg;
}

/* The task speaks HTTP/2: the request gets a stream of its own. False: the check is over. */
static bool
probe_begin_h2(struct probe *p)
{
	struct health *h = p->health;

	p->h2 = h2_up_conn_new(h->h2, &p->stream, scheme_is_tls(p->service->scheme), p);
	if (p->h2 != NULL && h2_up_open(p->h2, &p->exchange, on_exchange_event, p)) {
		stream_adopt(&p->stream, h2_up_conn_run, p->h2);
		return true;
	}
	probe_stop(p);			/* our own shortage */
	probe_wait(p);
	return false;
}

/* True: the request may go. */
static bool
probe_is_ready(struct probe *p)
{
	bool chosen = str_eq(stream_protocol(&p->stream), STR("h2"));

	p->ready = true;
	if (p->connects)
		return true;
	if (p->service->scheme == SCHEME_H2 && !chosen) {
		probe_fails(p, WHY_UPSTREAM_NOT_HTTP2, 0);
		return false;
	}
	return p->service->scheme == SCHEME_H2C || chosen ? probe_begin_h2(p) : true;
}

/* The connection has gone, and the exchange on it is broken: that is noticed there. */
static void
on_h2_over(void *owner, const struct why *why)
{
	struct probe *p = owner;

	(void)why;
	stream_adopt(&p->stream, on_nothing, p);
}

static void
on_h2_changed(void *owner)
{
	(void)owner;
}

static const struct h2_up_ops h2_ops = { .changed = on_h2_changed, .over = on_h2_over };

static void
on_stream(void *arg)
{
	struct probe *p = arg;
	enum io_result res = stream_connected(&p->stream);
	const struct why *why;

	if (res == IO_FAIL) {
		why = task_tls_why(&p->stream);
		probe_unreached(p, why != NULL ? why : upstream_why(stream_error(&p->stream)));
	} else if (res == IO_DONE && (p->ready || probe_is_ready(p)))
		on_exchange(p);
}

static void
on_exchange(void *arg)
{
	struct probe *p = arg;
	enum io_result res = IO_DONE;
	int status;

	if (res == IO_DONE)
		p->tried = 0;
	if (res == IO_DONE && (res = probe_write(p)) == IO_DONE && !p->connects)
		res = probe_read(p);
	if (res == IO_AGAIN)
		return;
	if (res != IO_DONE) {
		probe_fails(p, p->got > 0 ? WHY_UPSTREAM_BAD_HEAD : WHY_UPSTREAM_GONE, 0);
		return;
	}
	status = p->connects ? 200 : p->health->head.status;
	if (status >= 200 && status < 400)
		probe_done(p, true);
	else
		probe_fails(p, WHY_UPSTREAM_STATUS, status);
}

/* A check that is a connection alone does not ask for TLS: services of kind tcp have none. */
static const struct why *
probe_secure(struct probe *p)
{
	struct task_tls_how how = task_tls_how(p->health->table, p->service);

	return task_tls_start(p->health->tls, &how, p->at == 0 ? &p->addr : &p->other[p->at - 1],
	    &p->stream);
}

static void
probe_start(void *arg)
{
	struct probe *p = arg;
	struct loop *l = p->health->loop;
	const struct why *why;

	ASSERT(p->response == NULL && !stream_is_open(&p->stream) && p->at <= p->nothers);
	ASSERT((p->request_len > 0 || p->connects) && p->request_len < sizeof p->request);
	p->sent = p->got = 0;
	if (stream_connect(&p->stream, l, p->at == 0 ? &p->addr : &p->other[p->at - 1], on_stream,
	    p) != NULL) {
		if (upstream_why(errno)->blame == BLAME_US)	/* our own shortage is not the task's failure */
			probe_wait(p);
		else
			probe_unreached(p, upstream_why(errno));
		return;
	}
	if ((why = probe_secure(p)) != NULL) {
		probe_fails(p, why, 0);
		return;
	}
	if ((p->response = slab_take(p->health->responses)) == NULL) {	/* nor is this */
		probe_stop(p);
		probe_wait(p);
		return;
	}
	timer_set(l, &p->timer, loop_now(l) + p->timeout_usec, on_late, p);
}

/* ---- all probes ---- */

/* The health path with the task's address as Host. */
static size_t
request_write(const struct probe *p, struct str path, char text[REQUEST_MAX])
{
	char host[ADDR_TEXT_MAX];

	return (size_t)snprintf(text, REQUEST_MAX,
	    "GET %.*s HTTP/1.1\r\nHost: %s\r\nUser-Agent: mola-health\r\n"
	    "Connection: close\r\n\r\n", STR_ARG(path),
	    p->addr.sa.any.sa_family == AF_UNIX ? "localhost" : addr_text(&p->addr, host));
}

/*
 * False when it is too long to send. A task that expects a PROXY header gets one, of a connection
 * of our own. A check under way begins again when it differs from what was sent.
 */
static bool
request_make(struct probe *p, const struct table *t, const struct table_service *s)
{
	bool connects = s->kind == SERVICE_TCP;
	char text[REQUEST_MAX];
	size_t len = connects ? proxy_header_write(text, s->proxy_version, NULL)
	    : request_write(p, table_text(t, s->health_path), text);

	if (len >= sizeof text)
		return false;
	if (connects == p->connects && len == p->request_len && memcmp(text, p->request, len) == 0)
		return true;
	p->connects = connects;
	if (p->response != NULL) {
		probe_stop(p);
		timer_set(p->health->loop, &p->timer, loop_now(p->health->loop), probe_start, p);
	}
	memcpy(p->request, text, len);
	p->request_len = len;
	return true;
}

static void
probe_free(struct probe *p)
{
	ASSERT(p->health->probe[p->slot] == p);
	p->health->probe[p->slot] = NULL;
	probe_stop(p);
	loop_defer(p->health->loop, &p->deferred, free, p);
}

/* The state of a task that is no longer checked is unknown. */
static void
probe_forget(struct probe *p)
{
	slot_set(p->health, p->slot, HEALTH_UNKNOWN);
	probe_free(p);
}

/* The first check comes soon: within a tenth of the interval. */
static struct probe *
probe_new(struct health *h, const struct table_task *t, int64_t interval_usec)
{
	struct probe *p = must_zalloc(sizeof *p);
	struct live_task known;
	int64_t soon = (int64_t)(rng_double(&h->rng) * (double)interval_usec / 10);

	ASSERT(h->probe[t->slot] == NULL);
	h->probe[t->slot] = p;
	p->health = h;
	p->slot = t->slot;
	p->addr = t->addr;
	live_task_read(h->live, t->slot, &known);
	p->state = known.health;
	timer_set(h->loop, &p->timer, loop_now(h->loop) + soon, probe_start, p);
	return p;
}

/* A task that keeps its slot and its address keeps what is known of it. */
static void
probe_table(struct health *h, const struct table *t, const struct table_task *task,
    const struct table_service *s)
{
	struct probe *p = h->probe[task->slot];

	if (p != NULL && !addr_eq(&p->addr, &task->addr)) {
		probe_forget(p);
		p = NULL;
	}
	if (p == NULL)
		p = probe_new(h, task, s->health_interval_usec);
	ASSERT(task->nothers < TASK_ADDRS && s->health_interval_usec > 0);
	p->nothers = task->nothers;
	memcpy(p->other, task->other, task->nothers * sizeof *task->other);
	if (p->at > p->nothers)
		p->at = 0;
	p->service = s;
	p->kept = request_make(p, t, s);
	p->interval_usec = s->health_interval_usec;
	p->timeout_usec = s->health_timeout_usec;
	p->rise = s->health_rise;
	p->fall = s->health_fall;
}

static bool
is_checked(const struct table_service *s)
{
	return s->kind == SERVICE_TCP ? s->health_connect : s->health_path.len > 0;
}

void
health_set_table(struct health *h, struct table *t)
{
	uint32_t n;
	const struct table_task *task = table_tasks(t, &n);
	const struct table_service *service = table_services(t, &(uint32_t){ 0 });
	struct table *old = h->table;

	h->table = table_ref(t);
	for (uint32_t i = 0; i < n; i++)
		if (is_checked(&service[task[i].service]))
			probe_table(h, t, &task[i], &service[task[i].service]);
		else if (h->probe[task[i].slot] == NULL)	/* what a prober that died may have left */
			slot_set(h, task[i].slot, HEALTH_UNKNOWN);
	for (unsigned slot = 0; slot < TASKS_MAX; slot++) {
		struct probe *p = h->probe[slot];
		if (p != NULL && !p->kept)
			probe_forget(p);
		else if (p != NULL)
			p->kept = false;
	}
	table_unref(&old);
}

void
health_free(struct health **hp)
{
	struct health *h = *hp;

	*hp = NULL;
	if (h == NULL)
		return;
	for (unsigned slot = 0; slot < TASKS_MAX; slot++)
		if (h->probe[slot] != NULL)
			probe_free(h->probe[slot]);
	slab_free(&h->responses);
	h2_up_free(&h->h2);
	table_unref(&h->table);
	free(h);
}
