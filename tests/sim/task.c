/*
 * Each connection reads a request and writes the response to it that the exchange's plan has, or slips. What it reads has to be
 * what the client has sent.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/bug.h"
#include "chain.h"
#include "door.h"
#include "front.h"
#include "handshake.h"
#include "heads.h"
#include "ledger.h"
#include "memory.h"
#include "odd.h"
#include "operator.h"
#include "patient.h"
#include "retry_ledger.h"
#include "task.h"
#include "traced.h"

#define CHECKS_DOWN_USEC (3300 * USEC_PER_MSEC)	/* two that fail */

struct task {
	const struct plan *plan;
	const struct plan_task *how;
	unsigned	 service, number;
	struct door	 door;
	struct visit	*visits;
	int64_t		 checked_usec;		/* when a check came last */
	bool		 taught;		/* it has ended a connection without a word: it may look like a time-out of idle ones */
};

/* A connection. */
struct visit {
	struct visit	*next;
	struct task	*task;
	struct end	*end;			/* NULL: it is over */
	struct reading	 in;
	uint64_t	 idles;			/* how often it has become idle: timers of before mean nothing */
	int64_t		 wrote_usec;		/* when it has sent something last */
	const struct call *before;		/* that was responded to on it; NULL: none was */
	/* the response */
	const struct call *call;		/* NULL: of none, as of a check */
	bool		 responds, finished, silent, switched;	/* switched: the client may send what it likes */
	bool		 spent;			/* no other request may come on it */
	enum slip	 slip;
	int64_t		 due_usec, delay_usec;
	char		 head[5000];
	size_t		 head_len, head_sent;
	struct writing	 body;
	char		 out[4096];
	size_t		 out_len, out_sent;
	uint64_t	 sent;			/* of the body */
	bool		 last;
};

static void visit_turn(struct visit *);

static void
on_timer(void *arg, uint64_t n)
{
	(void)n;
	visit_turn(arg);
}

static void
on_end(void *arg, unsigned what)
{
	(void)what;
	visit_turn(arg);
}

static void
visit_end(struct visit *v, bool reset)
{
	if (v->end != NULL) {
		ledger_closed(v->task->service);
		end_close(v->end, reset);
	}
	v->end = NULL;
}

static void
on_idle(void *arg, uint64_t idles)
{
	struct visit *v = arg;

	if (v->end != NULL && v->idles == idles && !v->responds && v->in.len == 0 && !v->in.head)
		visit_end(v, false);
}

static void
visit_next(struct visit *v)
{
	v->responds = v->finished = v->silent = v->switched = v->last = false;
	v->slip = GOOD;
	v->before = v->call;
	v->call = NULL;
	v->due_usec = 0;
	v->head_len = v->head_sent = v->out_len = v->out_sent = 0;
	v->sent = 0;
	reading_begin(&v->in, UP);
	v->idles++;
	if (v->task->how->idle_usec > 0)
		wire_at(wire_now() + v->task->how->idle_usec, on_idle, v, v->idles);
}

/* ---- the response ---- */

static void
add(struct visit *v, const char *text)
{
	size_t n = strlen(text);

	ASSERT(v->head_len + n < sizeof v->head);
	memcpy(v->head + v->head_len, text, n + 1);
	v->head_len += n;
}

static bool
has_body(const struct call *l)
{
	return strcmp(l->method, "HEAD") != 0 && l->status != 204 && l->status != 304;
}

static void
head_make(struct visit *v)
{
	const struct call *l = v->call;
	size_t begins = v->head_len;
	char line[200];

	snprintf(line, sizeof line, "HTTP/1.%d %d Some\r\nX-Tag: %u\r\nX-By: s%u.%u\r\n",
	    !l->old, v->slip == STATUS_503 ? 503 : l->status, l->id, v->task->service, v->task->number);
	add(v, line);
	if (v->switched)
		add(v, "Connection: upgrade\r\nUpgrade: websocket\r\n");
	else if (v->last)
		add(v, "Connection: close\r\n");
	else if (v->task->how->announces)
		add(v, "Keep-Alive: timeout=1, max=100\r\n");
	if (!v->last && l->old)
		add(v, "Connection: keep-alive\r\n");
	if (l->status == 204)
		snprintf(line, sizeof line, "\r\n");
	else if (l->framing == BY_CHUNKS && v->in.minor == 1) {
		snprintf(line, sizeof line, "Transfer-Encoding: chunked\r\n\r\n");
		v->spent = l->old && has_body(l);
	}
	else if (l->framing == BY_END || v->switched)
		snprintf(line, sizeof line, "Server: end\r\n\r\n");
	else
		snprintf(line, sizeof line, "Content-Length: %llu\r\n\r\n", (unsigned long long)l->answer);
	add(v, line);
	v->head_len = begins + odd_answer(l, v->head + begins, v->head_len - begins, sizeof v->head - begins);
	ledger_of(l->id)->answered[v->task->number] = heads_keep(v->head + begins, v->head_len - begins);
	if (v->slip == BAD_HEAD)
		memcpy(v->head, "HTTX", 4);
}

/* A location that is too long is none. */
static void
check_redirect(struct visit *v)
{
	add(v, "HTTP/1.1 302 Found\r\nLocation: /there");
	if (v->slip == STATUS_503)
		for (unsigned i = 0; i < 4100 / 10; i++)
			add(v, "/elsewhere");
	add(v, "\r\nContent-Length: 0\r\n\r\n");
}

/* The check before was on its way when the task's node could be reached again, and came late. */
static bool
check_was_late(const struct task *t)
{
	int64_t at = t->checked_usec - 1000 * USEC_PER_SEC, heals = t->plan->node[t->how->node].heals_usec;

	return heals > 0 && at >= heals && at < heals + CHECK_USEC;
}

/* One second lies between two, by a twentieth more or less; who comes back is checked at once, and another worker that
 * checks does not know of those before. */
static void
check_note(struct task *t)
{
	int64_t gap = wire_now() - t->checked_usec, way = t->plan->weather.delay_usec + t->plan->weather.jitter_usec;

	if (t->checked_usec > 0 && !check_was_late(t) && t->how->gone_usec == 0 && ledger_is_calm() && !t->plan->brain.there && gap < USEC_PER_SEC / 20 * 19 - way - USEC_PER_MSEC)
		broken("a check came to s%u.%u %lld us after the one before", t->service, t->number, (long long)gap);
	t->checked_usec = wire_now();
}

int64_t
task_checked_usec(const struct task *t)
{
	return t->checked_usec;
}

/* The response to a check: where it is answered, or how the task is. */
static void
check_answer(struct visit *v)
{
	bool elsewhere = v->task->plan->service[v->task->service].redirects;

	if (strcmp(v->in.target, "/up") == 0)
		check_note(v->task);
	if (strcmp(v->in.method, "GET") != 0 || (strcmp(v->in.target, "/up") != 0 && strcmp(v->in.target, "/there") != 0))
		broken("a check is %s %s", v->in.method, v->in.target);
	else if (elsewhere && strcmp(v->in.target, "/up") == 0)
		check_redirect(v);
	else if (v->slip == STATUS_503)
		add(v, "HTTP/1.1 503 Sick\r\nContent-Length: 0\r\n\r\n");
	else {
		if (elsewhere)
			add(v, "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n");
		add(v, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
	}
}

static void
response_begin(struct visit *v)
{
	const struct call *l = v->call;

	v->responds = true;
	v->due_usec = wire_now() + (l == NULL ? 0 : v->delay_usec);
	if (v->due_usec > wire_now())
		wire_at(v->due_usec, on_timer, v, 0);
	if (l == NULL) {
		check_answer(v);
		return;
	}
	v->last = l->last || (l->framing == BY_END && l->status != 204) || !v->in.keeps || l->early;
	for (unsigned i = 0; i < l->interims; i++)
		add(v, "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n");
	head_make(v);
	v->body = (struct writing){ .exchange = l->id, .side = DOWN, .length = has_body(l) ? l->answer : 0, .chunk = 700,
	    .chunked = has_body(l) && l->framing == BY_CHUNKS, .wrong = v->slip == BAD_BODY };
}

static bool
slips_in_body(const struct visit *v)
{
	return v->slip == RESETS_IN_BODY || v->slip == CLOSES_IN_BODY || v->slip == STALLS_IN_BODY;
}

/* True: it slips here and now. */
static bool
slip_now(struct visit *v)
{
	bool in_body = slips_in_body(v);

	if (v->slip == RESETS || v->slip == CLOSES) {
		v->task->taught = true;
		visit_end(v, v->slip == RESETS);
		return true;
	}
	if (v->slip == SILENT || (in_body && v->slip == STALLS_IN_BODY && v->sent >= v->call->slip_at)) {
		v->silent = true;
		return true;
	}
	if (in_body && v->sent >= v->call->slip_at) {
		v->task->taught |= !v->last;
		visit_end(v, v->slip == RESETS_IN_BODY);
		return true;
	}
	return false;
}

static void
out_fill(struct visit *v)
{
	const struct call *l = v->call;
	size_t n = sizeof v->out;

	v->out_len = v->out_sent = 0;
	if (l != NULL && l->answer_piece > 0 && l->answer_piece < n)
		n = l->answer_piece;
	if (v->head_sent < v->head_len) {
		n = n < v->head_len - v->head_sent ? n : v->head_len - v->head_sent;
		memcpy(v->out, v->head + v->head_sent, n);
		v->head_sent += n;
		v->out_len = n;
	} else if (l != NULL) {
		if (slips_in_body(v) && n > l->slip_at - v->sent)	/* or all would be there, and nothing wrong with it */
			n = l->slip_at - v->sent;
		v->out_len = writing_take(&v->body, v->out, n);
		v->sent += v->out_len;
	}
}

/* True: some of it was sent, and more may be. */
static bool
respond(struct visit *v)
{
	ssize_t n;

	if (v->silent || wire_now() < v->due_usec || (v->call != NULL && slip_now(v)))
		return false;
	if (v->out_sent == v->out_len)
		out_fill(v);
	if (v->out_len == 0) {
		if (v->slip == GOOD && v->last && !v->in.done) {	/* closing now would reset it */
			v->finished = true;
			if (v->call->framing == BY_END)
				end_shut(v->end);
			return false;
		}
		if (v->slip == BAD_HEAD || v->slip == BAD_BODY || v->last) {
			v->task->taught |= !v->last;
			visit_end(v, false);
		} else if (v->in.done)
			visit_next(v);
		return v->end != NULL && !v->responds;
	}
	n = end_write(v->end, v->out + v->out_sent, v->out_len - v->out_sent);
	if (n < 0)
		return false;
	v->out_sent += (size_t)n;
	v->wrote_usec = wire_now();
	if (v->call != NULL)
		ledger_of(v->call->id)->wrote_usec = wire_now();
	if (v->call != NULL && v->call->answer_piece > 0) {
		v->due_usec = wire_now() + v->call->answer_usec;
		wire_at(v->due_usec, on_timer, v, 0);
	}
	return true;
}

/* ---- the request ---- */

static bool
is_between(int64_t from, int64_t until)
{
	int64_t t = wire_now() - 1000 * USEC_PER_SEC;

	return from > 0 && t >= from && t < until;
}

/* Since some time before Mola chose it, it was not to get any. */
static void
check_chosen(const struct visit *v)
{
	const struct plan *p = v->task->plan;
	const struct plan_service *s = &p->service[v->task->service];
	const struct plan_task *t = v->task->how;
	int64_t ago = USEC_PER_SEC / 2 + 4 * (p->weather.delay_usec + p->weather.jitter_usec);
	int64_t down = t->sick_usec + CHECKS_DOWN_USEC;

	if (p->brain.there)		/* it learns of that later */
		return;
	for (unsigned i = 0; i < p->nworkers; i++) {
		if (p->worker[i].hang_usec > 0)		/* so does one that hangs */
			return;
		if (p->worker[i].kill_usec > 0)		/* whoever checks in its place counts anew */
			down += CHECKS_DOWN_USEC;
	}
	for (unsigned i = 0; i < NODES; i++)
		if (p->node[i].cut_usec > 0)
			return;
	if (t->detour == SWALLOWS_ALL)
		ago += 2 * USEC_PER_SEC;
	if (is_between(t->gone_usec > 0 ? t->gone_usec + ago : 0, t->back_usec))
		broken("x%u came to a task that is gone", v->in.exchange);
	if (!s->sticky && is_between(t->drains_usec > 0 ? t->drains_usec + ago : 0, t->gone_usec))
		broken("x%u came to a task that is draining", v->in.exchange);
	if (s->checked && t->gone_usec == 0 && t->down_usec == 0 && is_between(t->sick_usec > 0 ? down + ago : 0, t->well_usec))
		broken("x%u came to a task whose checks fail", v->in.exchange);
}

static void
head_came(struct visit *v)
{
	struct entry *e = ledger_of(v->in.exchange);
	const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";

	if (v->in.exchange == NOBODY) {
		v->slip = !is_between(v->task->how->sick_usec, v->task->how->well_usec) ? GOOD :
		    v->task->how->sick_says ? STATUS_503 : SILENT;
		return;
	}
	if (e == NULL || e->fate == UNSENT) {
		broken("a task got a request that nobody sent: x%u", v->in.exchange);
		return;
	}
	v->call = e->call;
	if (e->call->service != v->task->service)
		broken("x%u came to a task of service s%u", v->in.exchange, v->task->service);
	if (strcmp(v->in.method, e->call->method) != 0)
		broken("x%u came as %s", v->in.exchange, v->in.method);
	if (operator_drains(v->task->how->node, e->began_usec))
		broken("x%u came to node %u, which was drained before", e->call->id, v->task->how->node);
	if (e->call->body > 0 && !e->call->chunked && (!v->in.has_length || v->in.length != e->call->body))
		broken("x%u came as one of %llu bytes, of %llu", v->in.exchange, (unsigned long long)v->in.length,
		    (unsigned long long)e->call->body);
	if (v->in.added != ((v->task->plan->service[v->task->service].filters & FILTER_BIT_FIELDS) != 0))
		broken("x%u came with %s field of its middleware", v->in.exchange, v->in.added ? "the" : "no");
	chain_check_request(v->task->plan, e->call, v->in.target, &v->in.seen);
	front_request(v->task->plan, e->call, &v->in.seen);
	traced_request(v->task->plan, e, &v->in.seen);
	check_chosen(v);
	heads_check_request(e, v->in.whole, v->task->number, false);
	if (plan_task_is_refused(&v->task->plan->service[v->task->service], v->task->how))
		broken("x%u came to a task whose certificate does not verify", v->in.exchange);
	wire_note("head", v->in.exchange, v->task->service * 10 + v->task->number);
	if (e->heads < e->call->slips)
		v->slip = e->call->slip;
	retry_note_head(e, end_came_usec(v->end), v->slip);
	v->delay_usec = retry_delay(e);
	if (v->in.expects && !patient_is_ignored(e->call, v->slip != GOOD))
		end_write(v->end, go_on, sizeof go_on - 1);
	if (e->call->early)
		response_begin(v);
}

static void
whole_came(struct visit *v)
{
	struct entry *e = ledger_of(v->in.exchange);

	if (e != NULL) {
		e->wholes++;
		e->whole_usec = end_came_usec(v->end);
		if (v->in.body != e->call->body)
			broken("x%u came with %llu bytes of %llu", v->in.exchange, (unsigned long long)v->in.body,
			    (unsigned long long)e->call->body);
	}
	if (v->finished)
		visit_end(v, false);
	else if (v->slip == SILENT)
		v->silent = true;
	else if (!v->responds)
		response_begin(v);
}

/* Mola has closed it. */
static void
left_note(const struct visit *v)
{
	const struct plan_task *how = v->task->how;
	struct entry *e = v->before == NULL ? NULL : ledger_of(v->before->id);

	if (e == NULL || v->in.len > 0 || v->in.head)
		return;
	e->left_usec = wire_now();
	e->left_idle_usec = wire_now() - v->wrote_usec;
	e->may_leave = v->before->old || v->task->taught || how->idle_usec > 0 || how->gone_usec > 0 || how->down_usec > 0 ||
	    task_connections(v->task) > v->task->plan->idle_max;
}

/* The client has ended its direction of what was upgraded: all of it is there, unless it left, or Mola ended both. (A task that was
 * left for another one may learn that late.) */
static void
upgrade_ended(struct visit *v)
{
	struct entry *e = ledger_of(v->call->id);
	char by[16];

	v->in.done = true;
	snprintf(by, sizeof by, "s%u.%u", v->task->service, v->task->number);
	if (e->status == 101 && strcmp(e->by, by) == 0 && e->fate != LEFT && !e->lost && e->sent_usec > 0 && strcmp(e->logged_why, "tunnel_idle") != 0 && v->in.body != v->call->tunnel)
		broken("x%u ended with %llu bytes of %llu behind its 101", v->call->id, (unsigned long long)v->in.body,
		    (unsigned long long)v->call->tunnel);
	if (v->finished)
		visit_end(v, false);
}

/* True: there may be more. */
static bool
receive(struct visit *v)
{
	char bytes[16384];
	bool head = v->in.head;
	int64_t came;
	ssize_t n;
	size_t used;

	if (v->in.done) {		/* its next request is left where it is, but an end is seen */
		if ((end_is(v->end) & (v->switched ? END_BROKEN : END_HUNG)) != 0)
			visit_end(v, false);
		return false;
	}
	came = end_came_usec(v->end);
	n = end_read(v->end, bytes, sizeof bytes, false);
	if (n < 0 && errno == EAGAIN)
		return false;
	if (n == 0 && v->switched) {
		upgrade_ended(v);
		return false;
	}
	if (n <= 0) {
		left_note(v);
		visit_end(v, false);
		return false;
	}
	if (v->spent && !v->responds)
		broken("a request came behind a response of HTTP/1.0 with chunks");
	used = reading_eat(&v->in, bytes, (size_t)n);
	if (v->in.bad != NULL)
		broken("a task got %s (x%u)", v->in.bad, v->in.exchange);
	else if (used < (size_t)n)
		broken("a task got bytes behind its request (x%u)", v->in.exchange);
	if (!head && v->in.head)
		head_came(v);
	if (!head && v->call != NULL && v->call->upgrades && v->end != NULL && v->slip != STATUS_503 && v->slip != SILENT) {
		v->switched = true;
		reading_switch(&v->in);
		response_begin(v);
	}
	if (v->call != NULL)
		ledger_of(v->call->id)->read_usec = came;
	if (v->end != NULL && v->in.done)
		whole_came(v);
	return v->end != NULL;
}

static void
visit_turn(struct visit *v)
{
	if (v->end == NULL || broken_text() != NULL)
		return;
	while (v->end != NULL && (receive(v) || (v->end != NULL && v->responds && !v->finished && respond(v))))
		continue;
}

/* ---- the task ---- */

static void
on_call(void *arg, struct end *e)
{
	struct task *t = arg;
	struct visit *v = sim_alloc(sizeof *v);

	v->task = t;
	v->end = e;
	v->next = t->visits;
	t->visits = v;
	visit_next(v);
	handshake_accept(t->plan, t->service, t->number, e);
	end_adopt(e, on_end, v);
}

unsigned
task_connections(const struct task *t)
{
	unsigned n = 0;

	for (const struct visit *v = t->visits; v != NULL; v = v->next)
		n += v->end != NULL;
	return n;
}

unsigned
task_busy(const struct task *t)
{
	unsigned n = 0;

	for (const struct visit *v = t->visits; v != NULL; v = v->next)
		n += v->end != NULL && v->call != NULL && !v->silent && !v->finished;
	return n;
}

void
task_stop(struct task *t)
{
	for (struct visit *v = t->visits; v != NULL; v = v->next)
		visit_end(v, true);
}

static void
on_breaks(void *arg)
{
	task_stop(arg);
}

struct task *
task_new(const struct plan *p, unsigned service, unsigned number, struct host *h, const struct addr *at)
{
	struct task *t = sim_alloc(sizeof *t);

	t->plan = p;
	t->how = &p->service[service].task[number];
	t->service = service;
	t->number = number;
	door_open(&t->door, p, service, number, h, at, on_call, on_breaks, t);
	return t;
}
