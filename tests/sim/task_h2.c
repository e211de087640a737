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
#include "task_h2.h"
#include "traced.h"

struct task_h2 {
	const struct plan *plan;
	const struct plan_task *how;
	unsigned	 service, number;
	struct door	 door;
	struct conn_h2	*conns;
};

struct conn_h2 {
	struct conn_h2	*next;
	struct task_h2	*task;
	struct end	*end;			/* NULL: it is over */
	nghttp2_session	*session;
	struct served_h2 *served;
	unsigned	 open;
	uint64_t	 idles;
	struct frames	 out;
};

/* An exchange on it. */
struct served_h2 {
	struct served_h2 *next;
	struct conn_h2	*conn;
	int32_t		 id;			/* 0: its stream is closed */
	char		 target[40];
	struct chain_seen seen;
	uint32_t	 exchange;		/* NOBODY: a check */
	const struct call *call;
	struct entry	*entry;
	char		 method[12];
	struct head_text head;
	bool		 added, headed, responds, begun, deferred;
	enum slip	 slip;
	bool		 has_length;
	uint64_t	 body, sent, length;
	int64_t		 due_usec, delay_usec;
};

static void conn_turn(struct conn_h2 *);

static void
on_timer(void *arg, uint64_t n)
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

/* ---- the response ---- */

static nghttp2_nv
field(const char *name, const char *value)
{
	return (nghttp2_nv){ (uint8_t *)(uintptr_t)name, (uint8_t *)(uintptr_t)value, strlen(name), strlen(value), 0 };
}

static uint64_t
body_bytes(const struct served_h2 *v)
{
	const struct call *l = v->call;

	return l == NULL || strcmp(l->method, "HEAD") == 0 || l->status == 204 || l->status == 304 ? 0 : l->answer;
}

static bool
slips_in_body(const struct served_h2 *v)
{
	return v->slip == RESETS_IN_BODY || v->slip == CLOSES_IN_BODY || v->slip == STALLS_IN_BODY || v->slip == BAD_BODY;
}

static ssize_t
on_body(nghttp2_session *s, int32_t id, uint8_t *p, size_t cap, uint32_t *flags, nghttp2_data_source *source, void *arg)
{
	struct served_h2 *v = source->ptr;
	uint64_t n = body_bytes(v) - v->sent, most = v->call->answer_piece;

	(void)arg;
	if (slips_in_body(v) && n > v->call->slip_at - v->sent)
		n = v->call->slip_at - v->sent;
	if (n == 0 && v->slip == RESETS_IN_BODY)
		nghttp2_submit_rst_stream(s, NGHTTP2_FLAG_NONE, id, NGHTTP2_INTERNAL_ERROR);
	v->deferred = wire_now() < v->due_usec || (n == 0 && v->slip != CLOSES_IN_BODY && v->slip != BAD_BODY);
	if (v->deferred)
		return NGHTTP2_ERR_DEFERRED;
	n = n < cap ? n : cap;
	n = most > 0 && n > most ? most : n;
	for (uint64_t i = 0; i < n; i++)
		p[i] = (uint8_t)pattern(v->exchange, DOWN, v->sent + i);
	v->sent += n;
	if (v->sent == body_bytes(v) || n == 0)
		*flags |= NGHTTP2_DATA_FLAG_EOF;
	else if (most > 0) {
		v->due_usec = wire_now() + v->call->answer_usec;
		wire_at(v->due_usec, on_timer, v->conn, 0);
	}
	return (ssize_t)n;
}

static void
respond(struct served_h2 *v)
{
	const struct call *l = v->call;
	nghttp2_data_provider body = { .source.ptr = v, .read_callback = on_body };
	nghttp2_session *s = v->conn->session;
	nghttp2_nv nv[4], early[2] = { field(":status", "103"), field("link", "x") };
	char status[8], tag[16], by[16], length[24];
	struct head_text head = { .len = 0 };
	uint64_t n = body_bytes(v);
	size_t fields = 3;

	snprintf(status, sizeof status, "%d", l == NULL ? 200 : v->slip == STATUS_503 ? 503 : l->status);
	snprintf(tag, sizeof tag, "%u", v->exchange);
	snprintf(by, sizeof by, "s%u.%u", v->conn->task->service, v->conn->task->number);
	snprintf(length, sizeof length, "%llu", (unsigned long long)n);
	nv[0] = field(v->slip == BAD_HEAD ? "Bad Name" : ":status", status);
	nv[1] = field("x-tag", tag);
	nv[2] = field("x-by", by);
	/* where it is to end too early, that is what shows it */
	if (n > 0 && (l->framing == BY_LENGTH || slips_in_body(v)))
		nv[fields++] = field("content-length", length);
	for (size_t i = 0; i < fields; i++)
		head_text_add(&head, (char *)nv[i].name, (char *)nv[i].value);
	if (l != NULL)
		v->entry->answered[v->conn->task->number] = head_text_keep(&head);
	for (unsigned i = 0; l != NULL && i < l->interims; i++)
		nghttp2_submit_headers(s, NGHTTP2_FLAG_NONE, v->id, NULL, early, 2, NULL);
	nghttp2_submit_response(s, v->id, nv, fields, n > 0 ? &body : NULL);
}

static void
respond_later(struct served_h2 *v)
{
	v->responds = true;
	v->due_usec = wire_now() + (v->call == NULL ? 0 : v->delay_usec);
	wire_at(v->due_usec, on_timer, v->conn, 0);
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
		v->slip = is_between(t->how->sick_usec, t->how->well_usec) ? SILENT : GOOD;
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
	heads_check_request(e, head_text_keep(&v->head), t->number, true);
	wire_note("head", v->exchange, t->service * 10 + t->number);
	if (e->heads < e->call->slips)
		v->slip = e->call->slip;
	retry_note_head(e, v->slip);
	v->delay_usec = retry_delay(e);
	if (e->call->early)
		respond_later(v);
}

static void
whole_came(struct served_h2 *v)
{
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
		if (p[i] != (uint8_t)pattern(v->exchange, UP, v->body + i)) {
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

static void
served_turn(struct served_h2 *v)
{
	if (v->id == 0 || !v->responds || v->slip == SILENT || wire_now() < v->due_usec)
		return;
	if (!v->begun && (v->slip == RESETS || v->slip == CLOSES))
		nghttp2_submit_rst_stream(v->conn->session, NGHTTP2_FLAG_NONE, v->id, NGHTTP2_INTERNAL_ERROR);
	else if (!v->begun)
		respond(v);
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
	wire_at(wire_now(), on_timer, c, 0);
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
