#include <stdio.h>

#include "plan_priv.h"
#include "world/table.h"

static void
draw_side(struct plan_side *s, struct rng *r)
{
	s->bytes = size(r, 300000);
	s->ending = SIDE_WAITS;
	if (may(r, 20))
		s->ending = (enum side_ending)rng_below(&own, SIDE_ENDINGS);
	if (may(r, 15)) {
		s->piece = 1 + rng_below(&own, rng_below(&own, 2) ? 40 : 4000) + (uint32_t)(s->bytes / 50);
		s->piece_usec = between(&own, 10, s->piece < 40 ? 2000 : 200000);
	}
	if (may(r, 12)) {
		s->pauses = true;
		s->pause_at = rng_below(&own, (uint32_t)s->bytes + 1);
		s->pause_usec = rng_below(&own, 3) ? between(&own, 0, USEC_PER_SEC) : between(&own, TUNNEL_USEC / 2, 2 * TUNNEL_USEC);
	}
	if (may(r, 12)) {
		s->read_piece = 1 + rng_below(&own, rng_below(&own, 2) ? 500 : 20000);
		s->read_usec = between(&own, 10, 20000);
	}
}

/* One of the two ends it, as a rule when it has said all. */
void
draw_relay(struct plan_relay *p, struct rng r)
{
	p->there = may(&r, 50);
	p->service = SERVICES + rng_below(&r, TCP_SERVICES);
	p->starts_usec = between(&r, 0, 5 * USEC_PER_SEC);
	p->weather = draw_weather(&r);
	draw_side(&p->side[UP], &r);
	draw_side(&p->side[DOWN], &r);
	for (int i = 0; i < 2; i++)			/* none takes more than some seconds */
		if (p->side[i].read_piece > 0)
			p->side[i].read_piece += (uint32_t)(p->side[1 - i].bytes / 200);
	if (p->side[UP].ending == SIDE_WAITS && (p->side[DOWN].ending == SIDE_WAITS || rng_below(&r, 2)))
		p->side[UP].ending = SIDE_SHUTS;
	else if (p->side[DOWN].ending == SIDE_WAITS && rng_below(&r, 2))
		p->side[DOWN].ending = SIDE_SHUTS;
}

void
draw_tcp(struct plan_service *s, struct rng r)
{
	s->proxy_version = may(&r, 50) ? 1 + rng_below(&own, PROXY_VERSIONS - 1) : (unsigned)PROXY_NONE;
	s->greets = may(&r, 30);
}

bool
relay_is_sound(const struct plan_relay *p)
{
	bool sound = true;

	for (int i = 0; i < 2; i++) {
		const struct plan_side *s = &p->side[i];
		int64_t reading = s->read_piece > 0 ? (int64_t)(p->side[1 - i].bytes / s->read_piece) * s->read_usec : 0;
		sound &= (s->ending == SIDE_SHUTS || s->ending == SIDE_WAITS) && s->pause_usec < USEC_PER_SEC && reading < USEC_PER_SEC;
	}
	return sound;
}

/* What only HTTP/1 can do wrong goes. */
void
h2_settle(struct plan_client *c, struct rng *r)
{
	c->h2 = true;
	for (unsigned i = 0; i < c->ncalls; i++) {
		struct call *l = &c->call[i];
		l->bad = WELL;
		l->minor = 1;
		l->closes = l->expects = l->pipelined = l->shuts = false;
		if (l->stall_at >= (int64_t)l->body)
			l->stall_at = -1;
		if (l->leave_at >= (int64_t)l->body)
			l->leave_at = -1;
		if (c->h2_streams > 1 && l->think_usec < IDLE_USEC)
			l->think_usec /= 1 + rng_below(r, 100);
	}
}

void
draw_h2(struct plan_client *c, struct rng r)
{
	c->h2 = may(&r, 25);
	c->h2_streams = 1 + rng_below(&r, CALLS_USUAL);
	c->h2_window = may(&r, 40) ? 1000 + rng_below(&own, 40000) : 0;
	if (c->h2)
		h2_settle(c, &r);
}

bool
plan_service_is_plain(const struct plan_service *s)
{
	return !s->h2c && (s->filters & ~(unsigned)FILTER_BIT_FIELDS) == 0;
}

bool
plan_is_plain(const struct plan *p, const struct call *l)
{
	return !l->upgrades && !p->client[l->id / CALLS].h2 && plan_service_is_plain(&p->service[l->service]);
}

bool
plan_is_all_plain(const struct plan *p)
{
	for (unsigned i = 0; i < RELAYS; i++)
		if (p->relay[i].there)
			return false;
	if (p->tls.there)
		return false;
	for (unsigned i = 0; i < CLIENTS; i++)
		if (p->client[i].there && p->client[i].h2)
			return false;
	for (unsigned i = 0; i < SERVICES; i++)
		if (p->service[i].h2c || p->service[i].mirrored || p->service[i].asks || p->service[i].filters != 0)
			return false;
	return true;
}

static void
print_side(const char *whose, const struct plan_side *s)
{
	static const char *const names[SIDE_ENDINGS] = { "shuts", "waits", "closes", "resets", "stays" };

	printf("#   %s: %llu bytes, then %s; piece %u/%lld us, pause %lld us at %llu, reads %u/%lld us\n", whose,
	    (unsigned long long)s->bytes, names[s->ending], s->piece, (long long)s->piece_usec, (long long)s->pause_usec,
	    (unsigned long long)s->pause_at, s->read_piece, (long long)s->read_usec);
}

void
print_relay(unsigned number, const struct plan_relay *p)
{
	printf("# relay r%u to s%u from %lld us\n", number, p->service, (long long)p->starts_usec);
	print_side("client", &p->side[UP]);
	print_side("task", &p->side[DOWN]);
}
