#include <stdio.h>
#include <string.h>

#include "base/bug.h"
#include "auth.h"
#include "chain.h"
#include "front.h"
#include "mirror.h"
#include "odd.h"
#include "patient.h"
#include "pings.h"
#include "plan_priv.h"
#include "resets.h"
#include "rpc.h"
#include "rush.h"
#include "world/table.h"

static const unsigned char *masked;
static unsigned choices;

struct rng
plan_stream(uint64_t seed, enum plan_stream what, uint64_t which)
{
	struct rng r;

	/* twice: numbers of a generator that begins near another one are the other's, some places further on */
	rng_seed(&r, seed);
	rng_seed(&r, rng_u64(&r) ^ (uint64_t)what << 32 ^ which);
	rng_seed(&r, rng_u64(&r));
	return r;
}

bool
allowed(void)
{
	ASSERT(choices < CHOICES);
	return masked[choices++] == 0;
}

struct rng own;

bool
may(struct rng *r, unsigned percent)
{
	bool yes = rng_below(r, 100) < percent;

	rng_seed(&own, rng_u64(r));
	return yes && allowed();
}

int64_t
between(struct rng *r, int64_t least, int64_t most)
{
	ASSERT(most >= least);
	return least + (int64_t)(rng_double(r) * (double)(most - least));
}

uint64_t
size(struct rng *r, uint64_t most)
{
	switch (rng_below(r, 8)) {
	case 0:
		return 0;
	case 1:
		return 1 + rng_below(r, (uint32_t)most);
	case 2: case 3:
		return 1 + rng_below(r, 40000 < most ? 40000 : (uint32_t)most);
	default:
		return 1 + rng_below(r, 600);
	}
}

/* ---- a client ---- */

/* What it does that may end its exchange. */
static void
draw_faults(struct call *c, struct rng *r)
{
	if (may(r, 6))
		c->bad = (enum bad)(1 + rng_below(&own, BADS - 1));
	if (may(r, 12)) {
		c->piece = 1 + rng_below(&own, rng_below(&own, 2) ? 30 : 3000);
		c->piece_usec = between(&own, 10, c->piece < 30 ? 3000 : 400000);
	}
	if (may(r, 8)) {
		c->stall_at = rng_below(&own, rng_below(&own, 2) ? 60 : 4000);
		c->stall_usec = rng_below(&own, 2) ? between(&own, 0, USEC_PER_SEC) : between(&own, 3 * USEC_PER_SEC, 12 * USEC_PER_SEC);
	}
	if (may(r, 5))
		c->leave_at = rng_below(&own, rng_below(&own, 2) ? 80 : 6000);
	if (may(r, 5))
		c->leave_read = rng_below(&own, rng_below(&own, 2) ? 200 : 20000);
	if (may(r, 5))
		c->leave_usec = between(&own, 0, 2 * USEC_PER_SEC);
	c->leaves_by_reset = rng_below(r, 2);
	if (may(r, 8)) {
		c->read_piece = 1 + rng_below(&own, rng_below(&own, 2) ? 500 : 20000);
		c->read_usec = rng_below(&own, 3) ? between(&own, 10, 20000) : between(&own, WRITE_USEC + 200000, IDLE_USEC - 300000);
	}
	if (may(r, 4))
		c->shuts = true;
	c->stays = may(r, 8);
	c->full = may(r, 4);
	c->odd = may(r, 10);
}

/* What its task does. */
static void
draw_answer(struct call *c, struct rng *r)
{
	static const int statuses[] = { 200, 200, 200, 200, 204, 304, 404, 500 };

	c->status = may(r, 30) ? statuses[rng_below(&own, 8)] : 200;
	c->answer = size(r, 300000);
	c->framing = may(r, 40) ? BY_CHUNKS : BY_LENGTH;
	if (may(r, 8))
		c->framing = BY_END;
	c->delay_usec = may(r, 20) ? between(&own, 0, 800000) : between(&own, 0, 3000);
	c->interims = may(r, 6) ? 1 + rng_below(&own, 3) : 0;
	c->early = may(r, 6);
	c->last = may(r, 8);
	c->old = may(r, 6);
	if (may(r, 10)) {
		c->answer_piece = 1 + rng_below(&own, rng_below(&own, 2) ? 40 : 4000);
		c->answer_usec = between(&own, 10, c->answer_piece < 40 ? 2000 : 200000);
	}
	c->answer_piece += c->answer_piece > 0 ? (uint32_t)(c->answer / 50) : 0;	/* none takes more than some seconds */
	c->read_piece += c->read_piece > 0 ? (uint32_t)(c->answer / 200) : 0;
	if (may(r, 15)) {
		c->slip = (enum slip)(1 + rng_below(&own, SLIPS - 1));
		c->slips = rng_below(&own, 3) ? 1 : 1 + rng_below(&own, 4);
		c->slip_at = rng_below(&own, 3000);
	}
}

static void
draw_call(struct call *c, struct rng *r, uint32_t id)
{
	static const struct { const char *name; bool idempotent, body; } methods[] = {
		{ "GET", true, false }, { "GET", true, false }, { "GET", true, false }, { "HEAD", true, false },
		{ "POST", false, true }, { "POST", false, true }, { "PUT", true, true }, { "DELETE", true, false },
	};
	unsigned m = rng_below(r, 8);

	*c = (struct call){ .id = id, .service = rng_below(r, SERVICES), .method = methods[m].name,
	    .idempotent = methods[m].idempotent, .minor = 1, .stall_at = -1, .leave_at = -1, .leave_read = -1, .leave_usec = -1 };
	if (methods[m].body) {
		c->body = size(r, 200000);
		c->chunked = may(r, 40);
		c->expects = may(r, 10);
	}
	if (may(r, 8))
		c->minor = 0;
	if (c->minor == 0)
		c->chunked = c->expects = false;
	c->closes = may(r, 8);
	c->pipelined = may(r, 12);
	c->think_usec = may(r, 4) ? between(&own, IDLE_USEC + USEC_PER_SEC, IDLE_USEC + 2 * USEC_PER_SEC) : between(&own, 0, 150000);
	draw_faults(c, r);
	draw_answer(c, r);
	if (c->bad == BAD_CHUNK && (!c->chunked || c->body < 2000))
		c->bad = WELL;
}

struct weather
draw_weather(struct rng *r)
{
	struct weather w = { .delay_usec = between(r, 20, 400), .jitter_usec = between(r, 0, 300), .window = 65536, .room = 65536 };

	if (may(r, 15))
		w.delay_usec = between(&own, 1000, 60000);
	if (may(r, 10))
		w.jitter_usec = between(&own, 1000, 60000);
	if (may(r, 20))
		w.piece_most = 1 + rng_below(&own, rng_below(&own, 2) ? 20 : 2000);
	if (may(r, 20))
		w.window = 1000 + rng_below(&own, 20000);
	if (may(r, 20))
		w.room = 1000 + rng_below(&own, 20000);
	w.seed = rng_u64(r);
	return w;
}

/* In a storm, all of its requests. */
static void
draw_client(struct plan_client *c, struct rng r, unsigned number, bool storm)
{
	c->there = allowed();
	c->starts_usec = between(&r, 0, 3 * USEC_PER_SEC);
	c->ncalls = 1 + rng_below(&r, CALLS_USUAL);
	if (storm)
		c->ncalls = CALLS_USUAL;
	c->weather = draw_weather(&r);
	for (unsigned i = 0; i < c->ncalls; i++)
		draw_call(&c->call[i], &r, number * CALLS + i);
}

/* ---- the others ---- */

static void
draw_task(struct plan_task *t, struct rng *r)
{
	t->node = rng_below(r, NODES);
	if (may(r, 12)) {
		t->down_usec = between(&own, 0, 6 * USEC_PER_SEC) + 1;
		t->up_usec = t->down_usec + between(&own, 100000, 8 * USEC_PER_SEC);
		t->resets = rng_below(&own, 2);
	}
	if (may(r, 20))
		t->idle_usec = between(&own, 1000, 2 * USEC_PER_SEC);
	if (may(r, 8)) {
		t->sick_usec = between(&own, 0, 4 * USEC_PER_SEC) + 1;
		t->well_usec = t->sick_usec + between(&own, USEC_PER_SEC, 8 * USEC_PER_SEC);
	}
	if (may(r, 8)) {
		t->gone_usec = between(&own, USEC_PER_SEC, 5 * USEC_PER_SEC);
		t->back_usec = t->gone_usec + between(&own, 100000, 4 * USEC_PER_SEC);
		if (rng_below(&own, 2))
			t->drains_usec = t->gone_usec - between(&own, 0, USEC_PER_SEC);
	}
	if (may(r, 8))
		t->detour = rng_below(&own, 2) ? TURNS_AWAY : SWALLOWS_ALL;
	t->sick_says = may(r, 50);
	if (may(r, 10)) {
		t->announces = true;
		t->idle_usec = USEC_PER_SEC;
	}
}

static void
draw_service(struct plan_service *s, struct rng r)
{
	s->ntasks = 1 + rng_below(&r, TASKS);
	s->policy = may(&r, 50) ? rng_below(&own, POLICY_COUNT) : (unsigned)POLICY_MARGINAL;
	for (unsigned i = 0; i < TASKS; i++)
		draw_task(&s->task[i], &r);
	s->checked = may(&r, 40);
	s->overload = may(&r, 50);
	s->sticky = may(&r, 15);
	s->names_task = may(&r, 15);
	s->eject_failures = may(&r, 15) ? 1 + rng_below(&own, 4) : 0;
	s->fails = may(&r, 6);
	s->redirects = may(&r, 30);
}

static void
draw_rest(struct plan *p, struct rng r)
{
	for (unsigned i = 0; i < NODES; i++)
		if (may(&r, 6)) {
			p->node[i].cut_usec = between(&own, 0, 6 * USEC_PER_SEC) + 1;
			p->node[i].heals_usec = p->node[i].cut_usec + between(&own, 100000, 15 * USEC_PER_SEC);
		}
	p->clients_max = may(&r, 8) ? 2 + rng_below(&own, 6) : 64;
	p->per_address = may(&r, 8) ? 1 + rng_below(&own, 2) : 0;
	p->idle_max = may(&r, 15) ? rng_below(&own, 2) : 4;
	p->abort_on_close = may(&r, 50);
	p->signals = may(&r, 20);
	p->min_rate = may(&r, 20);
	if (may(&r, 6)) {
		p->starved_usec = between(&own, 0, 5 * USEC_PER_SEC) + 1;
		p->fed_usec = p->starved_usec + between(&own, 100000, 3 * USEC_PER_SEC);
		p->descriptors = 8 + rng_below(&own, 12);
	}
	if (may(&r, 4)) {
		p->no_ports_usec = between(&own, 0, 5 * USEC_PER_SEC) + 1;
		p->ports_usec = p->no_ports_usec + between(&own, 1000, 2 * USEC_PER_SEC);
	}
	if (may(&r, 15))
		p->reconf_usec = between(&own, 0, 6 * USEC_PER_SEC) + 1;
	if (may(&r, 6))
		p->drain_usec = between(&own, USEC_PER_SEC, 8 * USEC_PER_SEC);
	p->weather = draw_weather(&r);
}

/* How requests are told from another, later. */
static void
draw_log(struct plan *p, struct rng r)
{
	if (may(&r, 8)) {
		p->log_trouble = 1 + rng_below(&own, 2);
		p->log_usec = between(&own, 0, 5 * USEC_PER_SEC) + 1;
		p->log_until_usec = p->log_usec + between(&own, 1000, 3 * USEC_PER_SEC);
	}
	p->traces = may(&r, 12);
}

static void
draw_workers(struct plan *p, struct rng r)
{
	p->nworkers = may(&r, 60) ? 2 + rng_below(&own, WORKERS - 1) : 1;
	for (unsigned i = 0; i < WORKERS; i++) {
		struct plan_worker *w = &p->worker[i];
		if (may(&r, 5)) {
			w->kill_usec = between(&own, 0, 6 * USEC_PER_SEC) + 1;
			w->again_usec = rng_below(&own, 3) ? between(&own, 1000, 20000) : between(&own, 20000, 2 * USEC_PER_SEC);
		}
		if (may(&r, 5)) {
			w->hang_usec = between(&own, 0, 6 * USEC_PER_SEC) + 1;
			w->wakes_usec = w->hang_usec + between(&own, 1000, 2 * USEC_PER_SEC);
		}
	}
}

static void
draw_limits(struct plan_service *s, struct rng r)
{
	s->max_inflight = may(&r, 8) ? 1 + rng_below(&own, 6) : 0;
	s->task_max_inflight = may(&r, 8) ? 1 + rng_below(&own, 3) : 0;
	for (unsigned bit = FILTER_BIT_FIELDS; bit <= FILTER_BIT_BREAKER; bit <<= 1)
		s->filters |= may(&r, bit == FILTER_BIT_FIELDS ? 20 : 5) ? bit : 0;
	s->inflight_amount = 1 + rng_below(&r, 3);
	s->rate = 1 + rng_below(&r, 10);
	s->h2c = may(&r, 20);
}

/* A task waits for the first request of a connection for as long as that needs to come, also behind a handshake. */
static void
idle_settle(struct plan *p)
{
	for (unsigned i = 0; i < SERVICES * TASKS; i++) {
		const struct plan_service *s = &p->service[i / TASKS];
		struct plan_task *t = &p->service[i / TASKS].task[i % TASKS];
		int64_t least = plan_trips(p, s) * 2 * (p->weather.delay_usec + p->weather.jitter_usec);
		if (t->idle_usec > 0 && t->idle_usec < least)
			t->idle_usec = least;
		t->announces = t->announces && t->idle_usec == USEC_PER_SEC;
	}
}

static void
draw_storms(struct plan *p, struct rng r)
{
	p->storm = may(&r, 6);
	p->flood = may(&r, 2);
	p->crowd = may(&r, 6);
	p->task_idle_usec = TASK_IDLE_USEC;
}

static void
flood_settle(struct plan *p)
{
	static const struct weather wide = { .delay_usec = 100, .window = 2 << 20, .room = 2 << 20 };

	p->weather = wide;
	p->nworkers = 1;
	p->worker[0] = (struct plan_worker){ .hang_usec = USEC_PER_SEC + 700, .wakes_usec = USEC_PER_SEC + 200 * USEC_PER_MSEC };
	for (unsigned i = 0; i < CLIENTS; i++) {
		struct plan_client *c = &p->client[i];
		c->starts_usec = USEC_PER_SEC;
		c->weather = wide;
		c->ncalls = 1;
		c->call[0] = (struct call){ .id = i * CALLS, .service = c->call[0].service, .method = "GET", .idempotent = true, .minor = 1,
		    .stall_at = -1, .leave_at = -1, .leave_read = -1, .leave_usec = -1, .status = 200, .answer = 500000 + i * 10000 };
	}
}

static void
storm_settle(struct plan *p, struct rng r)
{
	p->brain.there = false;		/* and one worker: the ledger knows its budget */
	p->nworkers = 1;
	p->service[0].fails = true;
	p->service[0].ntasks = TASKS;
	if (may(&r, 60))
		calm_settle(p);
	plan_repeat_calls(p);
	for (unsigned i = 0; i < EXCHANGES; i++)
		p->client[i / CALLS].call[i % CALLS].service = 0;
}

void
plan_draw(struct plan *p, uint64_t seed, const unsigned char mask[CHOICES])
{
	memset(p, 0, sizeof *p);
	masked = mask;
	choices = 0;
	p->seed = seed;
	draw_storms(p, plan_stream(seed, OF_STORMS, 0));
	for (unsigned i = 0; i < CLIENTS; i++)
		draw_client(&p->client[i], plan_stream(seed, OF_CLIENTS, i), i, p->storm || p->crowd);
	for (unsigned i = 0; i < SERVICES; i++)
		draw_service(&p->service[i], plan_stream(seed, OF_SERVICES, i));
	for (unsigned i = SERVICES; i < ALL_SERVICES; i++) {
		draw_service(&p->service[i], plan_stream(seed, OF_SERVICES, i));
		draw_tcp(&p->service[i], plan_stream(seed, OF_TCP, i));
	}
	for (unsigned i = 0; i < EXCHANGES; i++)
		odd_draw(&p->client[i / CALLS].call[i % CALLS], plan_stream(seed, OF_ODD, i));
	for (unsigned i = 0; i < CLIENTS; i++)
		draw_h2(&p->client[i], plan_stream(seed, OF_H2, i));
	for (unsigned i = 0; i < RELAYS; i++)
		draw_relay(&p->relay[i], plan_stream(seed, OF_RELAYS, i));
	draw_rest(p, plan_stream(seed, OF_REST, 0));
	brain_draw(&p->brain, plan_stream(seed, OF_BRAIN, 0));
	tls_draw(p, plan_stream(seed, OF_TLS, 0));
	draw_workers(p, plan_stream(seed, OF_WORKERS, 0));
	draw_log(p, plan_stream(seed, OF_LOG, 0));
	front_draw(p, plan_stream(seed, OF_FRONT, 0));
	for (unsigned i = 0; i < ALL_SERVICES; i++)
		draw_limits(&p->service[i], plan_stream(seed, OF_LIMITS, i));
	for (unsigned i = 0; i < ALL_SERVICES; i++)
		draw_retry(&p->service[i].retry, plan_stream(seed, OF_RETRY, i), i >= SERVICES);
	idle_settle(p);
	for (unsigned i = 0; i < SERVICES; i++)
		chain_draw(&p->service[i], plan_stream(seed, OF_CHAIN, i));
	for (unsigned i = 0; i < EXCHANGES; i++)
		chain_draw_call(&p->client[i / CALLS].call[i % CALLS], plan_stream(seed, OF_CHAIN_CALLS, i));
	if (p->storm)
		storm_settle(p, plan_stream(seed, OF_STORM, 0));
	else if (p->flood)
		flood_settle(p);
	else if (p->crowd)
		crowd_settle(p, plan_stream(seed, OF_CROWD, 0));
	for (unsigned i = 0; i < ALL_SERVICES; i++)
		if (p->brain.there || i >= SERVICES)
			p->service[i].filters = p->service[i].h2c = 0;
	for (unsigned i = 0; i < ALL_SERVICES; i++) {
		p->service[i].redirects &= i < SERVICES && !p->service[i].h2c;
		for (unsigned k = 0; k < TASKS && i >= SERVICES; k++)
			p->service[i].task[k].detour = NO_DETOUR;
	}
	for (unsigned i = 0; i < RELAYS; i++)		/* a brain has no services of TCP */
		p->relay[i].there &= !p->brain.there;
	auth_draw(p, plan_stream(seed, OF_AUTH, 0));
	chain_settle(p);
	rush_settle(p, plan_stream(seed, OF_RUSH, 0));
	pings_draw(p, plan_stream(seed, OF_PINGS, 0));
	rpc_draw(p, plan_stream(seed, OF_RPC, 0));
	checks_settle(p);
	mirror_draw(p, plan_stream(seed, OF_MIRROR, 0));
	upgrades_settle(p, plan_stream(seed, OF_UPGRADES, 0));
	odd_settle(p);
	patient_settle(p, plan_stream(seed, OF_PATIENCE, 0));
	rpc_settle(p, plan_stream(seed, OF_RPC_CALLS, 0));
	auth_settle(p);
	resets_draw(p, plan_stream(seed, OF_RESETS, 0));
	parts_settle(p, seed);		/* not those of gRPC */
	p->choices = choices;
	for (unsigned i = 0; i < EXCHANGES; i++) {
		struct call *c = &p->client[i / CALLS].call[i % CALLS];
		if (p->service[c->service].fails) {
			c->slip = RESETS;
			c->slips = UINT32_MAX;
		}
	}
}

/* ---- to look at ---- */

bool
call_is_sound(const struct call *c)
{
	size_t head = c->piece == 0 ? 0 : c->full ? HEAD_BYTES : 400 + odd_bytes(c);
	int64_t sending = c->piece > 0 ? (int64_t)((c->body + c->tunnel + head) / c->piece) * c->piece_usec : 0;
	int64_t reading = c->read_piece > 0 ? (int64_t)((c->answer + 400) / c->read_piece) * c->read_usec : 0;
	bool slow = sending > USEC_PER_SEC || reading > USEC_PER_SEC || c->stall_usec > USEC_PER_SEC || c->read_usec > USEC_PER_SEC;

	return c->bad == WELL && c->rpc.deadline == RPC_ENDLESS && c->leave_at < 0 && c->leave_read < 0 && c->leave_usec < 0 && !c->shuts && !slow;
}

static void
print_call(const struct call *c)
{
	printf("#   x%u %s s%u HTTP/1.%d body %llu%s%s%s%s%s think %lld ms\n", c->id, c->method, c->service, c->minor,
	    (unsigned long long)c->body, c->chunked ? " chunked" : "", c->upgrades ? " upgrades" : c->insists ? " insists" : c->expects ? " expects" : "", c->closes ? " closes" : "",
	    c->pipelined ? " pipelined" : c->full ? " full" : c->odd ? " odd" : "", c->shuts ? " shuts" : c->stays ? " stays" : "", (long long)c->think_usec / 1000);
	if (c->bad != WELL || c->piece > 0 || c->stall_at >= 0 || c->leave_at >= 0 || c->leave_read >= 0 || c->leave_usec >= 0 ||
	    c->read_piece > 0)
		printf("#     client: bad %d piece %u/%lld us stall %lld/%lld us leave %lld read %lld after %lld us %s reads %u/%lld us\n",
		    c->bad, c->piece, (long long)c->piece_usec, (long long)c->stall_at, (long long)c->stall_usec,
		    (long long)c->leave_at, (long long)c->leave_read, (long long)c->leave_usec,
		    c->leaves_by_reset ? "reset" : "close", c->read_piece, (long long)c->read_usec);
	printf("#     task: %d body %llu framing %d after %lld us%s%s interims %u piece %u/%lld us slip %d times %u at %llu\n", c->status,
	    (unsigned long long)c->answer, c->framing, (long long)c->delay_usec, c->early ? " early" : c->old ? " old" : "", c->last ? " last" : "",
	    c->interims, c->answer_piece, (long long)c->answer_usec, c->slip, c->slips, (unsigned long long)c->slip_at);
	rpc_print(c);
}

static void
print_weather(const char *whose, const struct weather *w)
{
	printf("# %s: delay %lld+%lld us, pieces %u, window %u, room %u\n", whose, (long long)w->delay_usec,
	    (long long)w->jitter_usec, w->piece_most, w->window, w->room);
}

static void
print_service(const struct plan *p, unsigned i)
{
	const struct plan_service *s = &p->service[i];

	printf("# service s%u policy %u%s%s%s%s%s proxy %u%s eject %u at most %u, %u of each task\n", i, s->policy, s->fails ? " fails" : "", !s->checked ? "" : s->redirects ? " checked elsewhere" : " checked", s->overload ? " overload" : "",
	    s->sticky ? " sticky" : "", s->names_task ? " names-task" : "", s->proxy_version, s->greets ? " greets" : "", s->eject_failures, s->max_inflight,
	    s->task_max_inflight);
	if (s->h2c)
		printf("#   h2c%s\n", s->rpc ? " of gRPC" : "");
	if (i < SERVICES)
		print_retry(s);
	if (s->filters != 0)
		printf("#   middlewares %u: in flight %u, rate %u\n", s->filters, s->inflight_amount, s->rate);
	chain_print(s, i);
	if (s->asks)
		printf("#   asks whether requests may pass\n");
	if (s->mirrored)
		printf("#   mirrored%s%s, %u, within %lld us, swallowed %u\n", p->mirror.half ? " half" : "",
		    p->mirror.bodiless ? " without bodies" : "", p->mirror.body_most, (long long)p->mirror.response_usec, p->mirror.swallows);
	for (unsigned t = 0; t < s->ntasks; t++) {
		const struct plan_task *a = &s->task[t];
		printf("#   task %u.%u node %u down %lld-%lld%s%s%s idle %lld sick %lld-%lld drains %lld gone %lld-%lld\n", i, t, a->node,
		    (long long)a->down_usec, (long long)a->up_usec, a->resets ? " resets" : "",
		    a->detour == TURNS_AWAY ? " detour" : a->detour == SWALLOWS_ALL ? " long detour" : "", a->announces ? " announces" : "",
		    (long long)a->idle_usec,
		    (long long)a->sick_usec, (long long)a->well_usec, (long long)a->drains_usec, (long long)a->gone_usec,
		    (long long)a->back_usec);
	}
}

void
plan_print(const struct plan *p)
{
	printf("# seed %llu: clients_max %u per_address %u idle_max %u%s%s%s%s starved %lld-%lld (%u) no ports %lld-%lld reconf %lld "
	    "drain %lld\n", (unsigned long long)p->seed, p->clients_max, p->per_address, p->idle_max,
	    p->storm ? " storm" : p->flood ? " flood" : p->crowd ? " crowd" : p->rush ? " rush" : "", p->abort_on_close ? " abort" : "", p->signals ? " signals" : "", p->min_rate ? " min_rate" : "",
	    (long long)p->starved_usec, (long long)p->fed_usec, p->descriptors, (long long)p->no_ports_usec,
	    (long long)p->ports_usec, (long long)p->reconf_usec, (long long)p->drain_usec);
	if (p->log_trouble != 0 || p->traces || p->proxied || p->trusts)
		printf("# log trouble %u %lld-%lld%s%s%s\n", p->log_trouble, (long long)p->log_usec, (long long)p->log_until_usec,
		    p->traces ? " traces" : "", p->proxied ? " proxied" : "", p->trusts ? " trusts" : "");
	for (unsigned i = 0; i < p->nworkers; i++)
		printf("# worker %u killed %lld for %lld hangs %lld-%lld\n", i, (long long)p->worker[i].kill_usec,
		    (long long)p->worker[i].again_usec, (long long)p->worker[i].hang_usec, (long long)p->worker[i].wakes_usec);
	print_weather("tasks", &p->weather);
	brain_print(&p->brain);
	tls_print(p);
	if (p->pings.there)
		printf("# %u PINGs from %lld us\n", p->pings.count, (long long)p->pings.starts_usec);
	if (p->resets.there)
		printf("# %u resets from %lld us, %u every %lld us, a pause of %lld us after %u\n", p->resets.count, (long long)p->resets.starts_usec,
		    p->resets.round, (long long)p->resets.gap_usec, (long long)p->resets.pause_usec, p->resets.before);
	for (unsigned i = 0; i < NODES; i++)
		if (p->node[i].cut_usec > 0)
			printf("# node %u cut %lld-%lld\n", i, (long long)p->node[i].cut_usec, (long long)p->node[i].heals_usec);
	for (unsigned i = 0; i < ALL_SERVICES; i++)
		print_service(p, i);
	for (unsigned i = 0; i < CLIENTS; i++) {
		const struct plan_client *c = &p->client[i];
		if (!c->there)
			continue;
		printf("# client %u from %lld us, front %u", i, (long long)c->starts_usec, c->front);
		if (c->h2)
			printf(", HTTP/2 with %u streams at once, window %u", c->h2_streams, c->h2_window);
		if (c->parts.heads > 0)
			printf(", heads %u+%u in parts: %zu bytes%s, %lld us", c->parts.from, c->parts.heads, c->parts.at,
			    c->parts.continued ? " and CONTINUATION" : "", (long long)c->parts.usec);
		secure_print(&c->secure);
		printf("\n");
		print_weather("  its network", &c->weather);
		for (unsigned k = 0; k < c->ncalls; k++)
			print_call(&c->call[k]);
	}
	for (unsigned i = 0; i < RELAYS; i++)
		if (p->relay[i].there)
			print_relay(i, &p->relay[i]);
}
