#include <errno.h>
#include <nghttp2/nghttp2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "chain.h"
#include "door.h"
#include "frames.h"
#include "front.h"
#include "handshake.h"
#include "heads.h"
#include "ledger.h"
#include "memory.h"
#include "retry_ledger.h"
#include "rpc.h"
#include "task_h2_priv.h"
#include "traced.h"

static void conn_turn(struct conn_h2 *);

void
task_h2_on_timer(void *arg, uint64_t n)
{
	(void)n;
	conn_turn(arg);
}

static void
on_end(void *arg, unsigned what)
{
	(void)what;
	conn_turn(arg);
}

static void
conn_end(struct conn_h2 *c, bool reset)
{
	if (c->end == NULL)
		return;
	end_close(c->end, reset);
	c->end = NULL;
	nghttp2_session_del(c->session);
	c->session = NULL;
	for (struct served_h2 *v = c->served; v != NULL; v = v->next)
		v->id = 0;
}

/* As long as nothing comes, GOAWAY ends it. */
static void
on_idle(void *arg, uint64_t idles)
{
	struct conn_h2 *c = arg;

	if (c->end == NULL || c->idles != idles || c->open > 0)
		return;
	nghttp2_session_terminate_session(c->session, NGHTTP2_NO_ERROR);
	conn_turn(c);
}

static void
idle_begin(struct conn_h2 *c)
{
	c->idles++;
	if (c->task->how->idle_usec > 0 && c->open == 0)
		wire_at(wire_now() + c->task->how->idle_usec, on_idle, c, c->idles);
}

/* ---- when it responds ---- */

static void
respond_later(struct served_h2 *v)
{
	v->responds = true;
	v->due_usec = wire_now() + (v->call == NULL ? 0 : v->delay_usec);
	wire_at(v->due_usec, task_h2_on_timer, v->conn, 0);
}

/* ---- what nghttp2 calls: the request ---- */

static int
on_begin(nghttp2_session *s, const nghttp2_frame *f, void *arg)
{
	struct conn_h2 *c = arg;
	struct served_h2 *v;

	if (f->hd.type != NGHTTP2_HEADERS || f->headers.cat != NGHTTP2_HCAT_REQUEST)
		return 0;
	v = sim_alloc(sizeof *v);
	*v = (struct served_h2){ .next = c->served, .conn = c, .id = f->hd.stream_id, .exchange = NOBODY };
	c->served = v;
	c->open++;
	nghttp2_session_set_stream_user_data(s, v->id, v);
	return 0;
}

static int
on_header(nghttp2_session *s, const nghttp2_frame *f, const uint8_t *name, size_t nlen, const uint8_t *value, size_t len,
    uint8_t flags, void *arg)
{
	struct served_h2 *v = nghttp2_session_get_stream_user_data(s, f->hd.stream_id);
	const char *n = (const char *)name;

	(void)nlen;
	(void)flags;
	(void)arg;
	if (v == NULL)
		return 0;
	if (n[0] != ':')
		chain_see(&v->seen, n, (const char *)value);
	if (strcmp(n, ":method") == 0)
		snprintf(v->method, sizeof v->method, "%.*s", (int)len, (const char *)value);
	else if (strcmp(n, ":path") == 0)
		snprintf(v->target, sizeof v->target, "%.*s", (int)len, (const char *)value);
	else if (strcmp(n, "content-length") == 0) {
		v->has_length = true;
		v->length = strtoull((const char *)value, NULL, 10);
	} else if (strcmp(n, "x-added") == 0)
		v->added = !v->added;
	else if (strcmp(n, "grpc-previous-rpc-attempts") == 0)
		snprintf(v->tries, sizeof v->tries, "%.*s", (int)len, (const char *)value);
	if (!v->headed)
		head_text_add(&v->head, n, (const char *)value);
	return 0;
}

static bool
is_between(int64_t from, int64_t until)
{
	int64_t t = wire_now() - 1000 * USEC_PER_SEC;

	return from > 0 && t >= from && t < until;
}

static bool
is_rpc(const struct served_h2 *v)
{
	const struct task_h2 *t = v->conn->task;

	return t->plan->service[t->service].rpc;
}

/* What it is to say, and until when. */
static void
rpc_begin(struct served_h2 *v)
{
	const struct plan_rpc *g = &v->call->rpc;
	bool slips = v->slip == STATUS_503;

	v->status = slips ? RPC_UNAVAILABLE : g->status;
	v->alone = g->on && (slips || g->alone);
	if (g->deadline != RPC_TASK_CANCELS && g->deadline != RPC_TASK_SAYS)
		return;
	v->deadline_usec = wire_now() + g->deadline_usec;
	wire_at(v->deadline_usec, task_h2_on_timer, v->conn, 0);
}

static void
head_came(struct served_h2 *v)
{
	const struct task_h2 *t = v->conn->task;
	bool adds = (t->plan->service[t->service].filters & FILTER_BIT_FIELDS) != 0;
	struct entry *e;

	v->exchange = exchange_of(v->target, &v->seen);
	e = ledger_of(v->exchange);
	v->headed = true;
	if (v->exchange == NOBODY) {
		v->sick = is_between(t->how->sick_usec, t->how->well_usec);
		v->slip = v->sick && !(is_rpc(v) && t->how->sick_says) ? SILENT : GOOD;
		return;
	}
	if (e == NULL || e->fate == UNSENT) {
		broken("a task got a request that nobody sent: x%u", v->exchange);
		return;
	}
	v->call = e->call;
	v->entry = e;
	if (e->call->service != t->service)
		broken("x%u came to a task of service s%u", v->exchange, t->service);
	if (strcmp(v->method, e->call->method) != 0)
		broken("x%u came as %s", v->exchange, v->method);
	if (e->call->body > 0 && !e->call->chunked && (!v->has_length || v->length != e->call->body))
		broken("x%u came as one of %llu bytes, of %llu", v->exchange, (unsigned long long)v->length,
		    (unsigned long long)e->call->body);
	if (v->added != adds)
		broken("x%u came with %s field of its middleware", v->exchange, v->added ? "the" : "no");
	chain_check_request(t->plan, e->call, v->target, &v->seen);
	front_request(t->plan, e->call, &v->seen);
	traced_request(t->plan, e, &v->seen);
	rpc_note_tries(e, v->tries);
	heads_check_request(e, head_text_keep(&v->head), t->number, true);
	wire_note("head", v->exchange, t->service * 10 + t->number);
	if (e->heads < e->call->slips)
		v->slip = e->call->slip;
	rpc_begin(v);
	retry_note_head(e, end_came_usec(v->conn->end), v->slip);
	v->delay_usec = retry_delay(e);
	if (e->call->early)
		respond_later(v);
}

static void
whole_came(struct served_h2 *v)
{
	if (v->exchange == NOBODY && is_rpc(v) &&
	    (strcmp(v->target, "/grpc.health.v1.Health/Check") != 0 || strcmp(v->method, "POST") != 0 || v->body != RPC_PREFIX))
		broken("a check of gRPC is %s %s of %llu bytes", v->method, v->target, (unsigned long long)v->body);
	if (v->entry != NULL) {
		v->entry->wholes++;
		if (v->body != v->call->body)
			broken("x%u came with %llu bytes of %llu", v->exchange, (unsigned long long)v->body,
			    (unsigned long long)v->call->body);
	}
	if (!v->responds)
		respond_later(v);
}

static int
on_frame(nghttp2_session *s, const nghttp2_frame *f, void *arg)
{
	struct served_h2 *v = nghttp2_session_get_stream_user_data(s, f->hd.stream_id);

	(void)arg;
	if (v == NULL)
		return 0;
	if (f->hd.type == NGHTTP2_HEADERS && !v->headed)
		head_came(v);
	if ((f->hd.type == NGHTTP2_HEADERS || f->hd.type == NGHTTP2_DATA) && (f->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0)
		whole_came(v);
	return 0;
}

static int
on_data(nghttp2_session *s, uint8_t flags, int32_t id, const uint8_t *p, size_t n, void *arg)
{
	struct served_h2 *v = nghttp2_session_get_stream_user_data(s, id);

	(void)flags;
	(void)arg;
	for (size_t i = 0; v != NULL && v->call != NULL && i < n; i++)
		if (p[i] != rpc_byte(v->call, UP, v->body + i)) {
			broken("a task got a byte that is not of x%u", v->exchange);
			break;
		}
	if (v != NULL)
		v->body += n;
	return 0;
}

static int
on_close(nghttp2_session *s, int32_t id, uint32_t error, void *arg)
{
	struct served_h2 *v = nghttp2_session_get_stream_user_data(s, id);
	struct conn_h2 *c = arg;

	(void)error;
	if (v == NULL || v->id == 0)
		return 0;
	v->id = 0;
	c->open--;
	idle_begin(c);
	return 0;
}

/* ---- turns ---- */

/* True: the deadline has passed. */
static bool
deadline_turn(struct served_h2 *v)
{
	if (v->deadline_usec == 0 || v->id == 0 || wire_now() < v->deadline_usec)
		return false;
	v->deadline_usec = 0;
	v->alone = v->call->rpc.deadline == RPC_TASK_SAYS && !v->begun;
	v->status = RPC_DEADLINE_EXCEEDED;
	if (v->alone)
		task_h2_respond(v);
	else
		task_h2_reset(v, NGHTTP2_CANCEL);
	v->begun = v->responds = true;
	v->deferred = false;
	return true;
}

static void
served_turn(struct served_h2 *v)
{
	if (deadline_turn(v))
		return;
	if (v->id == 0 || !v->responds || v->slip == SILENT || wire_now() < v->due_usec)
		return;
	if (!v->begun && (v->slip == RESETS || v->slip == CLOSES))
		task_h2_reset(v, rpc_reset_code(v->entry));
	else if (!v->begun && v->call == NULL && is_rpc(v))
		task_h2_respond_health(v);
	else if (!v->begun)
		task_h2_respond(v);
	else if (v->deferred)
		nghttp2_session_resume_data(v->conn->session, v->id);
	v->begun = true;
	v->deferred = false;
}

/* True: there may be more. */
static bool
receive(struct conn_h2 *c)
{
	uint8_t bytes[16384];
	ssize_t n = end_read(c->end, bytes, sizeof bytes, false), used;

	if (n < 0 && errno == EAGAIN)
		return false;
	if (n <= 0) {
		conn_end(c, false);
		return false;
	}
	if ((used = nghttp2_session_mem_recv(c->session, bytes, (size_t)n)) != n)
		broken("a task got what is no HTTP/2: %s", used < 0 ? nghttp2_strerror((int)used) : "unread");
	return broken_text() == NULL;
}

static void
conn_turn(struct conn_h2 *c)
{
	if (c->end == NULL || broken_text() != NULL)
		return;
	while (c->end != NULL && receive(c))
		continue;
	if (c->end == NULL || broken_text() != NULL)
		return;
	for (struct served_h2 *v = c->served; v != NULL; v = v->next)
		served_turn(v);
	frames_send(&c->out, c->session, c->end);
	if (nghttp2_session_want_read(c->session) == 0 && nghttp2_session_want_write(c->session) == 0 && c->out.len == 0)
		conn_end(c, false);
}

/* ---- the task ---- */

static void
on_call(void *arg, struct end *e)
{
	struct task_h2 *t = arg;
	struct conn_h2 *c = sim_alloc(sizeof *c);
	nghttp2_session_callbacks *cb;

	c->task = t;
	c->end = e;
	c->next = t->conns;
	t->conns = c;
	ASSERT(nghttp2_session_callbacks_new(&cb) == 0);
	nghttp2_session_callbacks_set_on_begin_headers_callback(cb, on_begin);
	nghttp2_session_callbacks_set_on_header_callback(cb, on_header);
	nghttp2_session_callbacks_set_on_frame_recv_callback(cb, on_frame);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(cb, on_data);
	nghttp2_session_callbacks_set_on_stream_close_callback(cb, on_close);
	ASSERT(nghttp2_session_server_new(&c->session, cb, c) == 0);
	nghttp2_session_callbacks_del(cb);
	nghttp2_submit_settings(c->session, NGHTTP2_FLAG_NONE, NULL, 0);
	handshake_accept(t->plan, t->service, t->number, e);
	end_adopt(e, on_end, c);
	idle_begin(c);
	wire_at(wire_now(), task_h2_on_timer, c, 0);
}

void
task_h2_stop(struct task_h2 *t)
{
	for (struct conn_h2 *c = t->conns; c != NULL; c = c->next)
		conn_end(c, true);
}

static void
on_breaks(void *arg)
{
	task_h2_stop(arg);
}

struct task_h2 *
task_h2_new(const struct plan *p, unsigned service, unsigned number, struct host *h, const struct addr *at)
{
	struct task_h2 *t = sim_alloc(sizeof *t);

	t->plan = p;
	t->how = &p->service[service].task[number];
	t->service = service;
	t->number = number;
	door_open(&t->door, p, service, number, h, at, on_call, on_breaks, t);
	return t;
}
