/*
 * What the filters of a route do to an exchange: its request passes them before a task is chosen,
 * and what goes back to the client passes them on the way, whoever it is from.
 * Must not know what kinds of filters there are.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/bug.h"
#include "proxy/exchange_priv.h"

#define ANSWER_FIELDS	128

static void
on_count(void *arg, enum filter_kind kind, enum filter_outcome outcome)
{
	const struct proxy *p = arg;

	live_count_filter(p->conf.live, p->conf.worker, kind, outcome);
}

bool
filters_begin(struct exchange *x, const struct table_route *route, const struct filter_chain *chain,
    const struct message *h, const struct edits *edits)
{
	const struct sender *s = &x->client->sender;
	const struct client_secure *secure = x->client->secure;
	struct filter_facts facts = { .ip = s->ip.b, .peer = sender_peer(s), .tls = s->tls,
	    .certs = secure != NULL ? secure->certs : (struct str){ NULL, 0 },
	    .means = x->proxy->means, .wake = exchange_go_on, .wake_arg = x, .count = on_count,
	    .count_arg = x->proxy, .limits = live_limits(x->proxy->conf.live),
	    .worker = x->proxy->conf.worker, .router = table_text(x->proxy->table, route->name),
	    .service = table_text(x->proxy->table,
	    table_services(x->proxy->table, NULL)[route->service].name) };

	ASSERT(x->filters == NULL && x->filters_of == NULL);
	flow_drop_trailers(&x->up);		/* what filters set or take away is in the head alone */
	x->filters_of = table_ref(x->proxy->table);	/* what is tried again may go by another one */
	return (x->filters = filter_run_new(chain, &facts, h, edits)) != NULL;
}

/* ---- the body, for a filter that wants it ---- */

/* Without the framing of chunks, which stays for the task. */
bool
filters_unchunk(struct str raw, struct buf *out)
{
	char *copy = try_alloc(raw.len + 1);
	enum parse res = PARSE_MORE;
	struct h1_body body;
	size_t used, data;

	if (copy == NULL)
		return false;
	memcpy(copy, raw.p, raw.len);	/* the last chunk, at least */
	h1_body_init(&body, BODY_CHUNKED, 0);
	for (size_t at = 0; at < raw.len && res == PARSE_MORE; at += used) {
		res = h1_body_bare(&body, copy + at, raw.len - at, &used, &data);
		if (res == PARSE_BAD || used == 0)
			break;
		buf_add(out, copy + at, data);
	}
	free(copy);
	return res == PARSE_DONE && !out->full;
}

static bool
body_give(struct exchange *x, bool large)
{
	struct str raw = flow_body(&x->up);
	struct buf data;
	bool good;

	if (large || x->up.body.kind != BODY_CHUNKED)
		return filter_run_body(x->filters, raw, large);
	buf_init(&data, raw.len + 1);
	good = filters_unchunk(raw, &data) && filter_run_body(x->filters, buf_str(&data), false);
	buf_fini(&data);
	return good;
}

#define FRAMING(most)	((most) / 4 + 65536)	/* bytes, of chunks */
#define COLLECT_BYTES	((size_t)128 << 20)	/* of a worker, for bodies that filters wait for */
#define COPIES		3	/* of a body: in the page, for its filter, for the server that gets it */

/* Room for a body of this size, as long as the exchange has filters. False: those of others that
 * wait have all that there is. */
static bool
room_take(struct exchange *x, size_t most)
{
	size_t length = flow_body(&x->up).len + (size_t)x->up.body.left;

	if (x->up.body.kind == BODY_LENGTH && length < most)
		most = length;
	if (x->collects > 0)
		return true;
	if (x->proxy->collected + COPIES * most > COLLECT_BYTES)
		return false;
	x->collects = COPIES * most;
	x->proxy->collected += x->collects;
	return true;
}

/* All of it is read into the page, where it stays for the task; a larger page takes the place of
 * one that is full. */
static enum state
collect(struct exchange *x, size_t most)
{
	const char *page = x->up.page;
	enum flow_result res;
	size_t cap = x->up.cap;

	if (x->expects_continue && !x->up.body.done)
		return exchange_fail(x, WHY_BAD_EXPECT);
	if (!room_take(x, most))
		return exchange_fail(x, WHY_BODIES_FULL);
	if (x->up.body.kind == BODY_CHUNKED)
		most += FRAMING(most);
	res = flow_read_body(&x->up, most, exchange_now(x));
	if (x->up.page != page)
		filter_run_moved(x->filters, page, cap, x->up.page);
	switch (res) {
	case FLOW_DONE:
	case FLOW_LARGE:
		return body_give(x, res == FLOW_LARGE) ? filters_enter(x) :
		    exchange_fail(x, WHY_NO_MEMORY);
	case FLOW_MORE:
		return STAY;
	case FLOW_STARVED:
		return exchange_fail(x, WHY_NO_MEMORY);
	case FLOW_BAD:
		return exchange_fail(x, WHY_BAD_CHUNK);
	default:
		return exchange_fail(x, WHY_CLIENT_GONE);
	}
}

/* ---- the request ---- */

/* What the head was read from stays where it is as long as that of a head that is being sent. */
enum state
filters_enter(struct exchange *x)
{
	struct filter_tries tries;
	const struct why *why;
	enum filter_verdict verdict = filter_run_request(x->filters, exchange_now(x), &why);
	size_t wanted;
	uint64_t most;

	if (filter_run_user(x->filters).len > 0)
		access_note_user(&x->log, filter_run_user(x->filters));
	switch (verdict) {
	case FILTER_WAIT:
		if (exchange_client_left(x))
			return exchange_fail(x, WHY_CLIENT_GONE);
		return filter_run_wants_body(x->filters, &wanted) ? collect(x, wanted) : STAY;
	case FILTER_RESPOND:
		return exchange_fail(x, why);
	case FILTER_PASS:
		break;
	}
	tries = filter_run_tries(x->filters);
	x->attempt.most = tries.most;
	x->attempt.interval_usec = tries.interval_usec;
	most = filter_run_bodies(x->filters)->request_most;
	if (most > 0 && !flow_limit(&x->up, most)) {
		filter_run_too_large(x->filters, false);
		return exchange_fail(x, WHY_BODY_TOO_LARGE);
	}
	if (x->trace != NULL)
		trace_set_target(x->trace, filter_run_message(x->filters)->target);
	if (!head_write(x, filter_run_message(x->filters), &edits_none,
	    x->upgrade ? H1_UPGRADE : H1_UNSAID))
		return exchange_fail(x, WHY_NO_MEMORY);
	return PICK;
}

enum state
filters_watch(struct exchange *x)
{
	size_t most;

	if (exchange_client_left(x))
		return exchange_fail(x, WHY_CLIENT_GONE);
	return filter_run_wants_body(x->filters, &most) ? collect(x, most) : STAY;
}

/* Its filter knows whether that is what it has waited for. */
enum state
filters_late(struct exchange *x, const struct why *why)
{
	size_t most;

	(void)why;
	if (filter_run_wants_body(x->filters, &most))
		return exchange_fail(x, WHY_CLIENT_SLOW_BODY);
	return filters_enter(x);
}

struct wait
filters_wait(const struct exchange *x)
{
	return (struct wait){ filter_run_until(x->filters), NULL };
}

/* Of a body whose length is not known, Traefik sends the head at once, and so do we. */
bool
filters_see_start(struct exchange *x, const struct message *h, size_t used)
{
	struct str here = flow_unread(&x->down);
	size_t most;

	if (h->body != BODY_LENGTH || !filter_run_wants_start(x->filters, h, &most))
		return true;
	if (h->length < most)
		most = h->length;
	if (here.len - used < most)
		return false;
	filter_run_start(x->filters, (struct str){ here.p + used, most });
	return true;
}

const struct message *
filters_head(struct exchange *x, const struct message *h, const struct edits *edits)
{
	if (encode_budget_has(&x->proxy->encoders))
		filter_run_may_encode(x->filters);
	return filter_run_response(x->filters, h, edits);
}

static bool
filters_response(struct exchange *x, const struct message *h, const struct edits *edits,
    enum h1_connection c)
{
	const struct message *m = filter_run_response(x->filters, h, edits);

	return m != NULL && h1_write_response(&x->down.head, m, &edits_none, c);
}

/* A response of ours is read as one of a task's is, so that filters see it alike. */
static bool
answer_read(struct message *m, struct field field[ANSWER_FIELDS], struct str all, struct str *rest)
{
	const struct why *why;
	size_t scanned = 0, used;

	*m = (struct message){ .limits = { all.len + 1, ANSWER_FIELDS }, .field = field };
	if (h1_read_response(m, all, false, &scanned, &used, &why) != PARSE_DONE)
		return false;
	*rest = (struct str){ all.p + used, all.len - used };
	return true;
}

bool
filters_begin_answer(struct exchange *x, struct str head)
{
	struct field field[ANSWER_FIELDS];
	struct edits edits;
	struct message m;
	struct str rest;

	edits_init(&edits);
	if (x->client->sender.tls && x->proxy->hsts != NULL)
		edits_add(&edits, EDIT_NAME("Strict-Transport-Security"), str_of(x->proxy->hsts));
	if (!answer_read(&m, field, head, &rest))
		return false;
	return x->filters != NULL ? filters_response(x, &m, &edits, H1_UNSAID) :
	    h1_write_response(&x->down.head, &m, &edits, H1_UNSAID);
}

/* A refusal for a client of gRPC, but for that of an auth server, who knows who asks: the status
 * that other clients get. 0: it is none. */
static int
refused_status(const struct exchange *x, struct str all)
{
	int status = all.len == 0 ? x->why->status : filter_run_status(x->filters);
	bool grpc = x->client->is_grpc && x->why != WHY_FORWARD_AUTH_REFUSED;

	return grpc && status >= 400 ? status : 0;
}

bool
filters_answer(struct exchange *x)
{
	struct str body, rest, all = filter_run_answer(x->filters, x->is_head, &body);
	int refused = refused_status(x, all);
	enum h1_connection c = x->keep ? H1_KEEP_ALIVE : H1_CLOSE;
	struct field field[ANSWER_FIELDS];
	struct edits edits;
	struct message m;
	size_t most;

	ASSERT(x->why->status != 0);
	if (refused != 0) {
		all = answer_make_grpc(x->answer, x->why, refused);
		body = STR("");
	} else if (all.len == 0)
		all = answer_make(x->answer, x->why, x->keep, x->is_head);
	edits_init(&edits);
	if (x->client->sender.tls && x->proxy->hsts != NULL)
		edits_add(&edits, EDIT_NAME("Strict-Transport-Security"), str_of(x->proxy->hsts));
	if (!answer_read(&m, field, all, &rest))
		return false;
	if (rest.len > 0)
		body = rest;		/* of one that is Mola's, and in one piece */
	if (filter_run_wants_start(x->filters, &m, &most))
		filter_run_start(x->filters, body);
	if (!filters_response(x, &m, &edits, c))
		return false;
	x->status = refused != 0 ? refused : m.status;
	gather_add(&x->down.head, body);
	x->own_content = body.len;
	return true;
}

/* "NAME:PORT" is the service NAME at that port, when no service has all of it as its name. */
static const struct table_service *
page_service(const struct table *t, struct str name)
{
	const struct table_service *s = table_service_named(t, name, SERVICE_HTTP);
	const struct table_task *task = table_tasks(t, &(uint32_t){ 0 });
	uint64_t port;
	size_t n;

	for (n = name.len; n > 0 && name.p[n - 1] != ':'; n--)
		;
	if (s != NULL || n == 0 || !str_to_u64((struct str){ name.p + n, name.len - n }, &port))
		return s;
	s = table_service_named(t, (struct str){ name.p, n - 1 }, SERVICE_HTTP);
	return s != NULL && s->ntasks > 0 && addr_port(&task[s->first_task].addr) == port ? s : NULL;
}

bool
filters_catch(struct exchange *x, int status, const struct why *why, enum state *next)
{
	struct table *t = x->proxy->table;
	const struct table_service *service;
	struct str name;

	ASSERT(x->status == 0);
	if (x->filters == NULL || !filter_run_catch(x->filters, status, &name))
		return false;
	x->paged = true;
	x->subscribes = false;
	attempt_leave(&x->attempt, why, false);
	x->why = why;
	head_send_copies(x);
	attempt_reset(&x->attempt);
	flow_fini(&x->down);
	if (!flow_replace(&x->up))
		x->keep = x->last = false;
	x->up.sink = x->down.source = NULL;
	x->up.keep = x->idempotent = true;
	x->upgrade = x->expects_continue = false;
	if ((service = page_service(t, name)) != NULL)
		service = head_service(x, service, NULL);
	if (service == NULL) {
		*next = exchange_fail(x, WHY_NO_PAGE);
		return true;
	}
	attempt_route(&x->attempt, t, service);
	*next = head_write(x, filter_run_page(x->filters), &edits_none, H1_UNSAID) ? PICK :
	    exchange_fail(x, WHY_NO_MEMORY);
	return true;
}

/* A client that left without a response has one of its own in logs, and in what filters count. */
static int
status_of(const struct exchange *x)
{
	if (x->status != 0 || x->why == NULL)
		return x->status;
	return x->why->status != 0 ? x->why->status : 499;
}

void
filters_end(struct exchange *x)
{
	if (x->filters != NULL)
		filter_run_end(x->filters, &(struct filter_end){ .status = status_of(x),
		    .usec = exchange_now(x), .no_room = x->no_room });
	filter_run_free(&x->filters);
	ASSERT(x->collects <= x->proxy->collected);
	x->proxy->collected -= x->collects;
	x->collects = 0;
	table_unref(&x->filters_of);
}
