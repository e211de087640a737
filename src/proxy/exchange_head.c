/*
 * The request's head: reads it, notes what later states must know of it, finds its service. How
 * long a client may take for it, and for all of the request, is here, too.
 */
#include "base/bug.h"
#include "base/clock.h"
#include "http/h1_write.h"
#include "proxy/exchange_priv.h"
#include "proxy/listener.h"
#include "proxy/relief.h"
#include "proxy/request_view.h"
#include "proxy/rewrite.h"

#define IN_ROW	16	/* pipelined exchanges before others get their turn */

/* ---- how long it may take ---- */

/* What `bytes` may take at the least rate. */
static int64_t
rate_usec(const struct exchange *x, uint64_t bytes)
{
	const struct proxy_conf *conf = &x->proxy->conf;

	ASSERT(conf->client_min_rate > 0);
	return conf->client_grace_usec + (int64_t)(bytes * USEC_PER_SEC / conf->client_min_rate);
}

struct wait
head_rate_wait(const struct exchange *x, const struct flow *f, uint64_t bytes,
    const struct why *why)
{
	if (x->proxy->conf.client_min_rate == 0 || bytes > UINT64_MAX / USEC_PER_SEC / 2)
		return (struct wait){ INT64_MAX, why };
	return (struct wait){ flow_waits_until(f, rate_usec(x, bytes)), why };
}

struct wait
head_whole_wait(const struct exchange *x)
{
	return (struct wait){ x->began_usec + x->proxy->conf.client_request_usec,
	    WHY_CLIENT_LONG_REQUEST };
}

struct wait
head_wait(const struct exchange *x)
{
	struct wait w = { x->began_usec + x->proxy->conf.client_head_usec, WHY_CLIENT_SLOW_HEAD };

	if (x->proxy->conf.client_min_rate > 0)
		w = sooner(w, (struct wait){ x->began_usec + rate_usec(x, x->up.scanned), WHY_CLIENT_SLOW_RATE });
	return sooner(w, head_whole_wait(x));
}

/* ---- reading it ---- */

/* What the client connected to; needed only when an HTTP/1.0 request does not name a host. */
static struct str
here(struct exchange *x, const struct message *h)
{
	struct addr a;

	if (h->h1.minor == 1 || message_find(h, FIELD_HOST) != NULL)
		return STR("");
	if (!stream_local_addr(x->up.source, &a))
		return STR("localhost");
	return str_of(addr_text(&a, x->here));
}

/* A request that its filters refuse does not count, as behind Traefik's. One that has waited there
 * while its table was replaced has no copies: the groups are others now. */
static void
copies_begin(struct exchange *x, const struct message *m, const struct edits *edits)
{
	struct group_mirrors mirrors;

	ASSERT(x->mirroring == NULL);
	if (x->attempt.table == x->proxy->table) {
		mirrors.later = NULL;
		mirrors.n = 0;
		groups_mirror(x->proxy->groups, &x->mirrored_by, &mirrors);
		if (mirrors.n > 0)
			x->mirroring = mirroring_new(x->proxy, &mirrors, m, edits);
	}
	x->mirrored_by.n = 0;
	if (x->mirroring != NULL)
		mirroring_copy_body(x->mirroring, &x->up);
}

bool
head_write(struct exchange *x, const struct message *m, const struct edits *edits,
    enum h1_connection c)
{
	struct edits named;

	if (x->mirrored_by.n > 0)
		copies_begin(x, m, edits);
	x->names_task = !x->attempt.service->pass_host;
	if (!x->names_task)
		return h1_write_request(&x->up.head, m, edits, c);
	named = *edits;
	named.authority = STR("task");
	return h1_write_request(&x->up.head, m, &named, c);
}

void
head_send_copies(struct exchange *x)
{
	const struct h1_body *b = &x->up.body;

	if (x->mirroring == NULL)
		return;
	x->up.tap = NULL;
	if (b->done && x->why->blame != BLAME_CLIENT && x->why != WHY_STOPPING)
		mirroring_send(&x->mirroring, &(struct mirroring_facts){ .client = x->from,
		    .is_head = x->is_head, .idempotent = x->idempotent,
		    .body_bytes = b->kind == BODY_CHUNKED ? b->data : x->up.body_bytes });
	else
		mirroring_drop(&x->mirroring);
}

bool
head_name_task(struct exchange *x)
{
	ASSERT(x->attempt.taken);
	return !x->names_task || gather_set_slot(&x->up.head,
	    str_of(addr_text(&x->attempt.task->addr, x->task_host)));
}

const struct table_service *
head_service(struct exchange *x, const struct table_service *s, const struct message *m)
{
	struct group_mirrors mirrors;
	bool copied = m != NULL && !m->upgrade;

	x->mirrored_by.n = 0;
	if (s->group == 0)
		return s;
	group_cookies_free(&x->group_cookies);
	mirrors.later = &x->mirrored_by;
	mirrors.n = 0;
	return groups_resolve(x->proxy->groups, s, m, &x->group_cookies, copied ? &mirrors : NULL);
}

/* NULL: *why is said. */
static const struct table_route *
find_route(const struct exchange *x, const struct message *h, const struct edits *edits,
    const struct filter_chain **chain, const struct why **why)
{
	const struct request_fields fields = { h, edits };
	struct request_view view = request_view(&fields, &x->from);

	*why = WHY_NO_TABLE;
	if (x->proxy->table == NULL)
		return NULL;
	view.tls = x->client->sender.tls;
	view.tls_said = !view.tls && front_came_by_https(x, h);
	view.listener = listener_name(x->proxy, x->client->came_by);
	return table_find(x->proxy->table, &view, chain, why);
}

/* What the exchange keeps of it. */
static void
head_note(struct exchange *x, struct message *h)
{
	struct proxy *p = x->proxy;
	const struct sender *sender = &x->client->sender;

	x->has_head = true;
	x->is_head = h->is_head;
	x->idempotent = h->idempotent;
	x->upgrade = h->upgrade;
	x->streams = h->event_stream;
	x->expects_continue = h->expect_continue;
	x->minor = h->h1.minor;
	x->keep = h->h1.keep_alive;
	x->last = !h->h1.keep_alive;
	x->from = sender_client(sender, h, p->conf.trusted, p->conf.ntrusted);
	if (access_is_on(p->access))
		access_note_request(p->access, &x->log, h);
	if (p->tracer.on)
		x->trace = trace_begin(&p->tracer, h, sender->trusted);
}

/* It goes where its route leads. False: to no service. */
static bool
take_route(struct exchange *x, const struct table_route *route, const struct message *h)
{
	struct table *t = x->proxy->table;
	const struct table_service *service =
	    head_service(x, &table_services(t, NULL)[route->service], h);

	if (x->trace != NULL)
		trace_set_route(x->trace, table_text(t, route->name), table_text(t, route->path));
	access_note_router(&x->log, table_text(t, route->name), table_text(t, route->to));
	if (service == NULL)
		return false;
	attempt_route(&x->attempt, t, service);
	if ((x->subscribes = orca_is_asked(x, service, h)))
		x->mirrored_by.n = 0;
	if (service->sticky_cookie.len > 0)
		x->attempt.claim = sticky_read(t, service, h);
	retry_keep(x, h);
	x->attempt.needs_http1 = h->upgrade;
	return true;
}

/* A whole head of `used` bytes. Its slices are used here or not at all. */
static enum state
head_done(struct exchange *x, struct message *h, size_t used)
{
	const struct filter_chain *chain = NULL;
	const struct table_route *route;
	const struct why *why;
	struct edits edits;

	ASSERT(!x->has_head && x->attempt.table == NULL && x->status == 0);
	session_busy(&x->client->session, x, exchange_on_client);
	head_note(x, h);
	if (!flow_begin(&x->up, used, h->body, h->length)) {
		x->keep = false;
		return exchange_fail(x, WHY_BAD_CHUNK);
	}
	if ((why = front_judge(x, h)) != NULL)
		return exchange_fail(x, why);
	rewrite_request(&edits, h, &x->client->sender, &x->from, x->from_text, here(x, h));
	if (x->trace != NULL)
		trace_edit(x->trace, &x->proxy->tracer, &edits);
	if ((route = find_route(x, h, &edits, &chain, &why)) == NULL)
		return exchange_fail(x, why);
	if (!take_route(x, route, h))
		return exchange_fail(x, WHY_NO_TASK);
	if (chain != NULL)
		return filters_begin(x, route, chain, h, &edits) ? FILTER : exchange_fail(x, WHY_NO_MEMORY);
	if (!head_write(x, h, &edits, h->upgrade ? H1_UPGRADE : H1_UNSAID))
		return exchange_fail(x, WHY_NO_MEMORY);
	return PICK;
}

enum state
head_read(struct exchange *x)
{
	struct message *h = &x->proxy->head;
	const struct why *why;
	size_t used;

	if (x->hold.keys != NULL)
		return STAY;
	relief(x->proxy, &x->client->session);
	if (x->in_row > IN_ROW) {
		x->in_row = 0;
		return exchange_again(x);
	}
	h->limits = x->proxy->conf.request_head;
	switch (flow_read_head(&x->up, FLOW_REQUEST, h, &used, &why, exchange_now(x))) {
	case FLOW_DONE:
		return front_holds(x, h) ? STAY : head_done(x, h, used);
	case FLOW_BAD:
		return exchange_fail(x, why);
	case FLOW_STARVED:
		return exchange_fail(x, WHY_NO_MEMORY);
	case FLOW_MORE:
		if (x->up.end == 0)
			return exchange_leave(x, IO_AGAIN);
		session_reading(&x->client->session);
		return STAY;
	case FLOW_SOURCE_END:
		return x->up.end == 0 ? exchange_leave(x, IO_EOF) : exchange_fail(x, WHY_CLIENT_GONE);
	case FLOW_SOURCE_BROKEN:
		return x->up.end == 0 ? exchange_leave(x, IO_FAIL) : exchange_fail(x, WHY_CLIENT_GONE);
	case FLOW_YIELD:
	case FLOW_SINK_BROKEN:
	case FLOW_LARGE:
		break;
	}
	BUG("reading a head ends otherwise");
}
