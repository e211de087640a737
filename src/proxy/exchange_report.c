/*
 * What an exchange leaves behind: its reason is counted, its duration observed, its line logged.
 */
#include "base/bug.h"
#include "base/clock.h"
#include "proxy/exchange_priv.h"
#include "proxy/listener.h"

static enum access_version
version(const struct exchange *x)
{
	if (x->client->is_stream)
		return ACCESS_HTTP_2;
	if (!x->has_head)
		return ACCESS_UNKNOWN;
	return x->minor == 0 ? ACCESS_HTTP_1_0 : ACCESS_HTTP_1_1;
}

/* Bytes of a body that came, and that `rest` of its page is to come of, without framing. */
static uint64_t
body_bytes(const struct flow *f, size_t rest)
{
	uint64_t moved = f->body_bytes - rest;

	return f->body.kind == BODY_CHUNKED && f->body.data < moved ? f->body.data : moved;
}

/* Whether a task's response began, and none of ours stands in its place. */
static bool
is_of_task(const struct exchange *x)
{
	return x->attempt.status != 0 && x->own_content == 0
	    && x->down.body_bytes >= x->down.end - x->down.at;
}

/* Of the response's body, that the client was sent. */
static uint64_t
content(const struct exchange *x)
{
	const struct flow *down = &x->down;

	if (down->stage != NULL)
		return flow_stage_bytes(down->stage);
	if (!is_of_task(x))
		return x->status == 0 ? 0 : x->own_content;
	return body_bytes(down, down->end - down->at);
}

/* What came of the task, or was sent in its place. */
static void
add_origin(const struct exchange *x, struct access_line *line)
{
	const struct attempt *a = &x->attempt;
	int64_t usec = exchange_now(x) - a->began_usec;

	line->origin_status = a->status != 0 ? a->status : x->status;
	line->origin_content = x->down.stage != NULL ? body_bytes(&x->down, 0) : line->content;
	if (a->began_usec > 0)
		line->origin_usec = usec < line->took_usec ? usec : line->took_usec;
	line->address = &a->task->addr;
	line->scheme = scheme_name(a->service->scheme);
	line->task = table_text(a->table, a->task->name);
}

/* Tasks that failed; the last of them, too, where no other could be taken. */
static unsigned
tried(const struct attempt *a)
{
	return a->tries > a->avoid.n ? a->tries : a->avoid.n;
}

static struct str
responder(const struct filter_run *r)
{
	const struct filter *f = filter_run_responder(r);

	return f == NULL ? STR("") : f->name;
}

static void
add_trace(struct access_line *line, const struct trace *t, char trace[2 * TRACE_BYTES + 1],
    char span[2 * TRACE_SPAN_BYTES + 1])
{
	line->id = str_of(t->id);
	if (!t->spans)
		return;
	trace_hex(t->context.trace, TRACE_BYTES, trace);
	trace_hex(t->own, TRACE_SPAN_BYTES, span);
	line->trace = str_of(trace);
	line->span = str_of(span);
}

/* In a trace, with what its line in the access log has. */
static void
record(struct exchange *x, const struct access_line *line)
{
	static const char *const versions[] = { [ACCESS_UNKNOWN] = NULL, [ACCESS_HTTP_1_0] = "1.0",
	    [ACCESS_HTTP_1_1] = "1.1", [ACCESS_HTTP_2] = "2" };
	const struct attempt *a = &x->attempt;
	int64_t now = exchange_now(x), wall = clock_wall_usec();
	struct span_exchange s = { .began_usec = wall - (now - x->began_usec), .ended_usec = wall,
	    .tried_usec = wall - (now - a->began_usec), .version = versions[line->version],
	    .tls = x->client->sender.tls, .client = line->client, .peer = sender_peer(&x->client->sender),
	    .status = x->status, .task_status = a->status, .service = line->service,
	    .task = line->task, .address = line->address, .tried = line->tried,
	    .middleware = line->middleware, .why = x->why };

	if (a->task != NULL) {
		s.node = table_text(a->table, table_nodes(a->table, NULL)[a->task->node].name);
		s.task_scheme = a->service->scheme == SCHEME_HTTP || a->service->scheme == SCHEME_H2C ?
		    "http" : "https";
	}
	trace_record(x->trace, &x->proxy->tracer, &s);
}

/* For the access log, and for a trace. */
static void
describe(struct exchange *x, int64_t took_usec, uint64_t count)
{
	const struct proxy *p = x->proxy;
	const struct sender *sender = &x->client->sender;
	char from[IP_TEXT_MAX], trace[2 * TRACE_BYTES + 1], span[2 * TRACE_SPAN_BYTES + 1];
	struct access_line line = {
		.client = ip_eq(&x->from, &sender->ip) ? sender_peer(sender) : ip_text(&x->from, from),
		.request = &x->log, .version = version(x), .status = x->status,
		.bytes = stream_bytes_out(x->down.sink) - x->bytes_before,
		.peer = sender_peer(sender), .port = x->client->port,
		.listener = listener_name(p, x->client->came_by),
		.content = content(x), .received = body_bytes(&x->up, 0),
		.took_usec = took_usec, .why = x->why, .tried = tried(&x->attempt),
		.again = x->attempt.tries, .count = count,
		.tls = x->client->secure != NULL ? &x->client->secure->facts : NULL,
	};

	if (x->attempt.service != NULL)
		line.service = table_text(x->attempt.table, x->attempt.service->name);
	if (x->attempt.task != NULL)
		add_origin(x, &line);
	if (x->filters != NULL)
		line.middleware = responder(x->filters);
	if (x->trace != NULL)
		add_trace(&line, x->trace, trace, span);
	access_log(p->access, &line);
	if (x->trace != NULL && trace_is_recorded(x->trace))
		record(x, &line);
}

/* For the service: what the client saw is an error when it has such a status, or when its task is
 * at fault for how it ended. */
static void
count_error(const struct exchange *x)
{
	bool of_task = x->attempt.status >= 500 && x->status == x->attempt.status;

	if (x->status < 500 && (x->why->blame != BLAME_UPSTREAM || x->why == WHY_UPSTREAM_CANCELLED))
		return;
	live_count_service_error(x->proxy->conf.live, x->attempt.service->slot,
	    (struct live_cause){ of_task && x->why == WHY_COMPLETE ? WHY_UPSTREAM_STATUS : x->why,
	    x->status });
}

/* Its node was full when it was sent there, or is when its client leaves; or none was found. */
static bool
was_full(const struct exchange *x, bool left)
{
	const struct table_task *task = x->attempt.task;

	if (task == NULL || x->attempt.full)
		return true;
	return left && pick_use(x->proxy->pick, task, &(struct pick_bound){ 0 },
	    exchange_now(x)) > 1;
}

/* For the bound: did its client wait for the response? */
static void
note_patience(struct exchange *x)
{
	bool left = x->why == WHY_CLIENT_GONE && x->status == 0;

	waiting_note_end(&x->proxy->waiting, was_full(x, left), left);
}

void
exchange_report(struct exchange *x)
{
	struct proxy *p = x->proxy;
	const struct table_task *task = x->attempt.task;
	int64_t took_usec = exchange_now(x) - x->began_usec;
	uint64_t count = access_count(p->access);

	ASSERT(x->why != NULL && took_usec >= 0 && !x->attempt.taken);
	ASSERT(task == NULL || x->attempt.service != NULL);
	live_count_why(p->conf.live, p->conf.worker, x->why);
	/* the life of a tunnel, or of a subscription, is no duration of a request */
	if (x->has_head && x->status != 101 && !(x->subscribes && x->status == 200)) {
		live_observe(p->conf.live, p->conf.worker, took_usec);
		if (task != NULL) {
			live_count_response(p->conf.live, task->slot, x->status, took_usec);
			live_count_served(p->conf.live, task->slot, exchange_now(x) - x->attempt.began_usec);
		}
		if (x->attempt.service != NULL)
			live_observe_service(p->conf.live, p->conf.worker, x->attempt.service->slot, took_usec);
	}
	if (x->waited || (task != NULL && x->attempt.service->overload))
		note_patience(x);
	if (x->attempt.service != NULL)
		count_error(x);
	if (access_is_on(p->access) || x->trace != NULL)
		describe(x, took_usec, count);
	if (x->log.text != NULL || x->log.fields != NULL)
		access_forget(p->access, &x->log);
	if (x->trace != NULL)
		trace_free(&x->trace);
}
