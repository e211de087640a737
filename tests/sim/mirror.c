#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/bug.h"
#include "chain.h"
#include "deadline.h"
#include "front.h"
#include "memory.h"
#include "mirror.h"
#include "world/table.h"

/* What its task does with a copy, by its exchange's number. */
enum { STAYS_SILENT, BREAKS, FAILS, OTHERS = 8 };
#define COPIES_MOST	3		/* of one exchange: a connection that broke may have had the first one */

struct visit {
	struct end	*end;
	struct reading	 in;
	char		 out[700];
	size_t		 len, sent;
	bool		 silent;
	int64_t		 whole_usec;		/* when all of the copy was there */
};

static struct {
	const struct plan *plan;
	struct port	 port[MIRROR_TASKS];
	struct host	 nowhere;
	unsigned	 copies[EXCHANGES];
	uint64_t	 whole, answered;
} m;

void
mirror_draw(struct plan *p, struct rng r)
{
	for (unsigned i = 0; i < SERVICES; i++)
		p->service[i].mirrored = may(&r, 6);
	p->mirror.half = rng_below(&r, 2);
	p->mirror.bodiless = rng_below(&r, 4) == 0;
	p->mirror.body_most = rng_below(&r, 2) ? 1 << 20 : 2000;
	p->mirror.swallows = rng_below(&r, 3) == 0 ? 1 + rng_below(&r, (1 << MIRROR_TASKS) - 1) : 0;
	p->mirror.response_usec = rng_below(&r, 2) ? RESPONSE_USEC : USEC_PER_SEC / 2;	/* longer and shorter than the others */
	for (unsigned i = 0; i < SERVICES && (p->brain.there || p->storm || p->flood || p->rush || p->crowd); i++)
		p->service[i].mirrored = false;
}

bool
mirror_is_needed(const struct plan *p)
{
	for (unsigned i = 0; i < SERVICES; i++)
		if (p->service[i].mirrored)
			return true;
	return false;
}

/* ---- its tasks ---- */

/* Each task that copies go to is there all the time: else one may fail that never came. */
static bool
tasks_are_there(void)
{
	for (unsigned i = 0; i < MIRROR_TASKS; i++)
		if (m.plan->node[i].cut_usec > 0)
			return false;
	return m.plan->mirror.swallows == 0;
}

static void
copy_came(struct visit *v)
{
	const struct call *l;
	struct entry *e = ledger_of(v->in.exchange);
	uint64_t due;

	m.whole++;
	if (e == NULL || e->fate == UNSENT || !m.plan->service[e->call->service].mirrored) {
		broken("a mirror got a request that is no copy: x%u", v->in.exchange);
		return;
	}
	l = e->call;
	due = m.plan->mirror.bodiless ? 0 : l->body;
	if (v->in.body != due)
		broken("the copy of x%u has %llu bytes of %llu", l->id, (unsigned long long)v->in.body, (unsigned long long)due);
	if (due > m.plan->mirror.body_most)
		broken("x%u was copied, and has %llu bytes", l->id, (unsigned long long)due);
	if (strcmp(v->in.method, l->method) != 0 || v->in.expects)
		broken("the copy of x%u came as %s", l->id, v->in.method);
	if (v->in.added != ((m.plan->service[l->service].filters & FILTER_BIT_FIELDS) != 0))
		broken("the copy of x%u has %s field of its middleware", l->id, v->in.added ? "the" : "no");
	chain_check_request(m.plan, l, v->in.target, &v->in.seen);
	front_request(m.plan, l, &v->in.seen);
	if (++m.copies[l->id] > COPIES_MOST)
		broken("x%u was copied %u times", l->id, m.copies[l->id]);
	wire_note("copy", l->id, m.copies[l->id]);
}

static void
visit_end(struct visit *v, bool reset)
{
	end_close(v->end, reset);
	v->end = NULL;
}

static void
respond(struct visit *v)
{
	unsigned how = v->in.exchange % OTHERS;
	bool to_head = strcmp(v->in.method, "HEAD") == 0;

	v->silent = how == STAYS_SILENT;
	v->whole_usec = end_came_usec(v->end);
	if (how == BREAKS)
		visit_end(v, true);
	if (v->silent || v->end == NULL)
		return;
	v->len = (size_t)snprintf(v->out, sizeof v->out, "HTTP/1.1 %d Copied\r\nX-Tag: 4000000000\r\nContent-Length: 300\r\n\r\n",
	    how == FAILS ? 500 : 200);
	if (!to_head) {
		memset(v->out + v->len, '#', 300);	/* which no response that anybody is to get has */
		v->len += 300;
	}
	v->sent = 0;
}

/* True: there may be more. */
static bool
receive(struct visit *v)
{
	char bytes[8192];
	ssize_t n = end_read(v->end, bytes, sizeof bytes, false);
	size_t used;

	if (n < 0 && errno == EAGAIN)
		return false;
	if (n <= 0) {
		visit_end(v, false);
		return false;
	}
	used = reading_eat(&v->in, bytes, (size_t)n);
	if (v->in.bad != NULL || used < (size_t)n)
		broken("a mirror got %s (x%u)", v->in.bad != NULL ? v->in.bad : "more than a request", v->in.exchange);
	if (v->in.done && v->len == 0) {
		copy_came(v);
		respond(v);
	}
	return v->end != NULL;
}

/* Mola has waited for the response to a copy for as long as its service is to, by when the last bytes moved. */
static void
given_up(const struct visit *v)
{
	const struct weather *w = &m.plan->weather;
	int64_t way = w->delay_usec + w->jitter_usec, usec = wire_now() - v->whole_usec - m.plan->mirror.response_usec;

	if (!ledger_is_calm() || !tasks_are_there() || w->piece_most > 0 || w->window < 65536 || w->room < 65536)
		return;
	if (usec < -way - DEADLINE_SLACK_USEC || usec > 2 * way + DEADLINE_SLACK_USEC)
		broken("the copy of x%u was given up %lld us too %s", v->in.exchange, (long long)(usec < 0 ? -usec : usec), usec < 0 ? "early" : "late");
}

static void
on_end(void *arg, unsigned what)
{
	struct visit *v = arg;
	ssize_t n;

	(void)what;
	while (v->end != NULL && broken_text() == NULL && !v->silent && receive(v))
		continue;
	if (v->end != NULL && v->silent && (end_is(v->end) & END_HUNG) != 0) {
		given_up(v);
		visit_end(v, false);
	}
	while (v->end != NULL && v->sent < v->len && (n = end_write(v->end, v->out + v->sent, v->len - v->sent)) > 0)
		v->sent += (size_t)n;
	if (v->end == NULL || v->len == 0 || v->sent < v->len)
		return;
	m.answered++;
	v->len = v->sent = 0;
	reading_begin(&v->in, UP);
}

static void
on_call(void *arg, struct end *e)
{
	struct visit *v = sim_alloc(sizeof *v);

	(void)arg;
	v->end = e;
	reading_begin(&v->in, UP);
	end_adopt(e, on_end, v);
}

static void
addr_of(unsigned task, struct addr *out)
{
	char name[24];

	snprintf(name, sizeof name, "10.0.5.%u:8100", task + 1);
	ASSERT(addr_parse(str_of(name), out) == NULL);
}

void
mirror_begin(const struct plan *p, struct host nodes[NODES])
{
	memset(&m, 0, sizeof m);
	m.plan = p;
	m.nowhere.heals_usec = INT64_MAX;
	for (unsigned i = 0; i < MIRROR_TASKS && mirror_is_needed(p); i++) {
		m.port[i] = (struct port){ .host = &nodes[i], .accept = on_call };
		if ((p->mirror.swallows & 1u << i) != 0)
			m.port[i] = (struct port){ .host = &m.nowhere };
		addr_of(i, &m.port[i].addr);
		port_open(&m.port[i]);
	}
}

/* ---- the table ---- */

static uint32_t
service_add(struct table_maker *t, const char *name, unsigned slot)
{
	return table_maker_service(t, &(struct table_service){ .name = table_maker_text(t, str_of(name)), .slot = slot, .pass_host = true,
	    .connect_usec = CONNECT_USEC, .response_usec = m.plan->mirror.response_usec, .idle_usec = PIECE_USEC, .tunnel_usec = TUNNEL_USEC,
	    .health_interval_usec = USEC_PER_SEC, .health_timeout_usec = USEC_PER_SEC / 2, .health_rise = 1, .health_fall = 2,
	    .eject_window_usec = USEC_PER_SEC, .panic = 50, .overload_bound = 4, .overload_wait_usec = WAIT_USEC, .retry_attempts = 1 });
}

uint32_t
mirror_add(struct table_maker *t)
{
	uint32_t number = service_add(t, "copies", MIRROR_SLOT);

	for (unsigned i = 0; i < MIRROR_TASKS; i++) {
		struct table_task row = { .name = table_maker_text(t, i == 0 ? STR("copies.0") : STR("copies.1")), .node = i,
			.slot = ALL_SERVICES * TASKS + i };
		addr_of(i, &row.addr);
		table_maker_task(t, &row);
	}
	return number;
}

uint32_t
mirror_group(struct table_maker *t, unsigned service)
{
	char name[8];

	snprintf(name, sizeof name, "m%u", service);
	return service_add(t, name, MIRROR_SLOT + 1 + service);
}

void
mirror_fill(struct table_maker *t, const struct plan *p, uint32_t group, uint32_t service, uint32_t mirror)
{
	struct table_child child[2] = { { .service = service, .weight = 1 }, { .service = mirror, .weight = p->mirror.half ? 50 : 100 } };

	table_maker_group(t, group, &(struct table_group){ .kind = GROUP_MIRRORING, .n = 2, .bodiless = p->mirror.bodiless,
	    .body_most = p->mirror.body_most }, child);
}

/* ---- what must be true ---- */

/* It came to its service, all of it was read, and nothing stood in the way of a copy. */
static bool
is_due(const struct entry *e)
{
	const struct plan *p = m.plan;

	return p->service[e->call->service].mirrored && !p->mirror.half && e->fate == ANSWERED && !e->call->early &&
	    (p->mirror.bodiless || e->call->body <= p->mirror.body_most) && ledger_is_calm() && strcmp(e->logged_why, "complete") == 0;
}

void
mirror_check(const struct live *live)
{
	uint64_t sent = live_copies_total(live, COPIES_SENT), failed = live_copies_total(live, COPIES_FAILED);
	uint64_t skipped = live_copies_total(live, COPIES_SKIPPED), least = 0, most = 0;

	for (unsigned i = 0; i < EXCHANGES; i++) {
		const struct entry *e = ledger_of(i);
		most += e->fate != UNSENT && m.plan->service[e->call->service].mirrored;
		least += e->fate != UNSENT && is_due(e);
		if (is_due(e) && m.copies[i] == 0 && tasks_are_there())
			broken("x%u was not copied", i);
	}
	if (sent > m.answered)
		broken("%llu copies are counted as sent, and %llu were responded to", (unsigned long long)sent, (unsigned long long)m.answered);
	if (ledger_is_calm() && tasks_are_there() && sent < m.answered)
		broken("%llu copies are counted as sent, and %llu were responded to", (unsigned long long)sent, (unsigned long long)m.answered);
	if (sent + failed + skipped < least)		/* each of them ends, whatever its task does */
		broken("%llu copies are counted, and %llu were due", (unsigned long long)(sent + failed + skipped), (unsigned long long)least);
	if (sent + failed + skipped > most)
		broken("%llu copies are counted, of %llu requests", (unsigned long long)(sent + failed + skipped), (unsigned long long)most);
	if (ledger_is_calm() && tasks_are_there() && sent + failed > m.whole)
		broken("%llu copies are counted, and %llu came", (unsigned long long)(sent + failed), (unsigned long long)m.whole);
}
