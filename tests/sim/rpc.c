#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit.h"
#include "base/bug.h"
#include "rpc.h"

#define MESSAGES_MOST	12
#define KEPT_ANYWAY	1000			/* bytes of a body that are kept for another task, whatever else comes */

/* ---- the plan ---- */

void
rpc_draw(struct plan *p, struct rng r)
{
	bool there = may(&r, 25) && !p->brain.there && !p->storm && !p->flood && !p->crowd && !p->rush;
	unsigned service = rng_below(&own, SERVICES), on = rng_below(&own, 4);
	struct plan_service *s = &p->service[service];

	for (unsigned i = 0; i < CLIENTS; i++) {
		struct rng of = r;
		rng_seed(&of, rng_u64(&r));
		if (there && rng_below(&of, 2))
			h2_settle(&p->client[i], &of);
	}
	if (!there)
		return;
	s->rpc = s->h2c = true;
	s->redirects = s->asks = false;
	s->chain.kinds = 0;
	if (on < 2)
		s->retry.on = RETRY_UNAVAILABLE_FIRST + on;
}

static void
messages_draw(struct call *c, struct rng *r)
{
	struct plan_rpc *g = &c->rpc;
	bool asks = rng_below(r, 3) == 0, says = rng_below(r, 3) == 0;

	g->in_turn = asks && says;
	for (unsigned way = UP; way <= DOWN; way++) {
		g->messages[way] = (way == UP ? asks : says) ? 1 + rng_below(r, MESSAGES_MOST) : 1;
		g->bytes[way] = RPC_PREFIX + (uint32_t)(rng_below(r, 6) == 0 ? rng_below(r, 60000) : rng_below(r, 400));
	}
	if (g->in_turn)
		g->messages[DOWN] = g->messages[UP];
	g->status = rng_below(r, 4) == 0 ? (int)rng_below(r, 17) : 0;
	g->alone = g->status != 0 && rng_below(r, 2) && !g->in_turn;
	if (g->status != 0 && !g->in_turn && rng_below(r, 2))
		g->messages[DOWN] = 0;
	c->body = (uint64_t)g->messages[UP] * g->bytes[UP];
	c->answer = g->alone ? 0 : (uint64_t)g->messages[DOWN] * g->bytes[DOWN];
}

/* The client's clock ends it, or the task's. */
static void
deadline_draw(struct call *c, struct rng *r)
{
	c->rpc.deadline_usec = between(r, 20 * USEC_PER_MSEC, USEC_PER_SEC);
	c->rpc.deadline = (enum rpc_deadline)(1 + rng_below(r, RPC_DEADLINES - 1));
	if (c->rpc.deadline == RPC_CLIENT_LEAVES) {
		c->leave_usec = c->rpc.deadline_usec;
		c->leaves_by_reset = false;
	}
	if (rng_below(r, 3) > 0)
		c->delay_usec = c->rpc.deadline_usec + between(r, 0, USEC_PER_SEC);
}

static void
call_settle(struct call *c, struct rng *r)
{
	c->rpc.on = true;
	c->method = "POST";
	c->idempotent = c->preflight = false;
	c->status = 200;
	c->framing = BY_CHUNKS;
	c->chunked = rng_below(r, 8) > 0;
	c->interims = 0;
	messages_draw(c, r);
	c->early = c->rpc.in_turn || (c->early && !c->rpc.alone);
	c->answer_piece += c->answer_piece > 0 ? (uint32_t)(c->answer / 50) : 0;
	c->read_piece += c->read_piece > 0 ? (uint32_t)(c->answer / 200) : 0;
	c->stall_at = c->stall_at < (int64_t)c->body ? c->stall_at : -1;
	c->leave_at = c->leave_at < (int64_t)c->body ? c->leave_at : -1;
	c->slip_at = c->slip_at < c->answer ? c->slip_at : c->answer / 2;
	if (may(r, 12))
		deadline_draw(c, &own);
}

void
rpc_settle(struct plan *p, struct rng r)
{
	unsigned service = SERVICES;

	for (unsigned i = 0; i < SERVICES; i++)
		if (p->service[i].rpc) {
			service = i;
			p->service[i].mirrored = false;
		}
	for (unsigned i = 0; i < EXCHANGES; i++) {
		struct call *c = &p->client[i / CALLS].call[i % CALLS];
		struct rng of = r;
		rng_seed(&of, rng_u64(&r));
		if (service == SERVICES || !p->client[i / CALLS].h2 || i % CALLS >= p->client[i / CALLS].ncalls)
			continue;
		if (rng_below(&of, 2))
			c->service = service;
		if (c->service == service)
			call_settle(c, &of);
	}
}

void
rpc_print(const struct call *c)
{
	const struct plan_rpc *g = &c->rpc;

	if (g->on)
		printf("#     gRPC: %u messages of %u bytes, %u of %u%s, status %d%s, deadline %d %lld us\n", g->messages[UP], g->bytes[UP],
		    g->messages[DOWN], g->bytes[DOWN], g->in_turn ? " in turn" : "", g->status, g->alone ? " alone" : "", g->deadline,
		    (long long)g->deadline_usec);
}

/* ---- bodies ---- */

uint8_t
rpc_byte(const struct call *c, enum side way, uint64_t at)
{
	uint32_t within, len = c->rpc.bytes[way] - RPC_PREFIX;

	if (!c->rpc.on)
		return (uint8_t)pattern(c->id, way, at);
	within = (uint32_t)(at % c->rpc.bytes[way]);
	if (within == 0)
		return 0;
	return within < RPC_PREFIX ? (uint8_t)(len >> 8 * (RPC_PREFIX - 1 - within)) : (uint8_t)pattern(c->id, way, at);
}

/* In turn: a client sends a message for each that has come, and one to begin with; its task one for each. */
uint64_t
rpc_may_send(const struct call *c, enum side way, uint64_t heard)
{
	const struct plan_rpc *g = &c->rpc;
	uint64_t all = way == UP ? c->body : c->answer, most;

	if (!g->in_turn)
		return all;
	most = (heard / g->bytes[1 - way] + (way == UP)) * g->bytes[way];
	return most < all ? most : all;
}

/* ---- what is said ---- */

static nghttp2_nv
field(const char *name, const char *value)
{
	return (nghttp2_nv){ (uint8_t *)(uintptr_t)name, (uint8_t *)(uintptr_t)value, strlen(name), strlen(value), 0 };
}

unsigned
rpc_asks(const struct call *c, nghttp2_nv out[RPC_FIELDS], char room[RPC_ROOM])
{
	unsigned n = 0;

	if (!c->rpc.on)
		return 0;
	out[n++] = field("content-type", c->id % 2 ? "application/grpc" : "application/grpc+proto");
	out[n++] = field("te", "trailers");
	out[n++] = field("user-agent", "grpc-sim/1");
	if (c->rpc.deadline_usec > 0) {
		snprintf(room, RPC_ROOM, "%lldu", (long long)c->rpc.deadline_usec);
		out[n++] = field("grpc-timeout", room);
	}
	return n;
}

unsigned
rpc_status_fields(int status, uint32_t exchange, nghttp2_nv out[RPC_FIELDS], char room[2][RPC_ROOM])
{
	snprintf(room[0], RPC_ROOM, "%d", status);
	snprintf(room[1], RPC_ROOM, "of x%u", exchange);
	out[0] = field("grpc-status", room[0]);
	out[1] = field("grpc-message", room[1]);
	return 2;
}

uint32_t
rpc_reset_code(struct entry *e)
{
	static const uint32_t codes[] = { NGHTTP2_INTERNAL_ERROR, NGHTTP2_CANCEL, NGHTTP2_ENHANCE_YOUR_CALM, NGHTTP2_REFUSED_STREAM };
	uint32_t code = e->call->rpc.on ? codes[e->call->id % 4] : (uint32_t)NGHTTP2_INTERNAL_ERROR;

	e->rpc.unprocessed += code == NGHTTP2_REFUSED_STREAM;
	return code;
}

/* ---- what is seen ---- */

void
rpc_see(struct rpc_seen *s, bool headed, const char *name, const char *value)
{
	if (strcmp(name, ":status") == 0) {	/* of another head */
		s->said = s->trails = s->typed = s->waits = false;
		s->message[0] = '\0';
	} else if (strcmp(name, "content-type") == 0)
		s->typed = strncmp(value, "application/grpc", 16) == 0;
	else if (strcmp(name, "grpc-message") == 0)
		snprintf(s->message, sizeof s->message, "%s", value);
	else if (strcmp(name, "grpc-retry-pushback-ms") == 0)
		s->waits = true;
	else if (strcmp(name, "grpc-status") == 0) {
		s->said = true;
		s->trails = headed;
		s->status = atoi(value);
	}
}

/* By what went wrong, as doc/grpc.md has it. */
static int
status_of(const char *why)
{
	static const struct { const char *why; int status; } table[] = {
		{ "no_route", 12 }, { "method_refused", 12 }, { "bad_coding", 12 },
		{ "upstream_slow_head", 4 }, { "upstream_slow_read", 4 }, { "upstream_slow_body", 4 }, { "upstream_try_slow", 4 },
		{ "client_slow_head", 4 }, { "client_slow_body", 4 }, { "client_long_request", 4 }, { "client_slow_rate", 4 },
		{ "head_too_large", 8 }, { "too_many_fields", 8 }, { "body_too_large", 8 },
		{ "bad_field", 13 }, { "bad_host", 13 }, { "bad_length", 13 }, { "bad_target", 13 },
	};

	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if (strcmp(table[i].why, why) == 0)
			return table[i].status;
	return RPC_UNAVAILABLE;
}

static void
check_ours(const struct entry *e, const char *why, bool ends)
{
	const struct rpc_seen *s = &e->rpc;
	bool full = strcmp(why, "overloaded") == 0 || strcmp(why, "max_inflight") == 0;

	if (strcmp(why, "upstream_cancelled") == 0 || (strcmp(why, "upstream_reset") == 0 && s->sent_code != NGHTTP2_REFUSED_STREAM))
		broken("x%u has a response, and its task reset it with code %u", e->call->id, s->sent_code);
	if (!ends || !s->typed || !s->said)
		broken("x%u is a call of gRPC, and was refused with what is no response of it: %s", e->call->id, why);
	else if (s->status != status_of(why) || s->message[0] == '\0')
		broken("x%u was refused with status %d and \"%s\" of gRPC, for %s", e->call->id, s->status, s->message, why);
	if (s->waits != full)
		broken("x%u is %s to wait before it comes again: %s", e->call->id, s->waits ? "told" : "not told", why);
}

void
rpc_check_head(struct entry *e, bool ours, const char *why, bool ends)
{
	const struct rpc_seen *s = &e->rpc;

	if (!e->call->rpc.on)
		return;
	if (ours)
		check_ours(e, why, ends);
	else if (!s->typed)
		broken("x%u is a call of gRPC, and its response has lost its type", e->call->id);
	else if (s->said != ends)
		broken("x%u got %s, and its task did not send that", e->call->id, ends ? "a head that is all" : "its status before its end");
}

int
rpc_logged_status(const struct call *c, bool ours, int status, const char *why)
{
	if (!c->rpc.on || !ours)
		return status;
	if (status != 200)
		broken("x%u is a call of gRPC, and was refused with %d", c->id, status);
	return audit_status(why);
}

uint64_t
rpc_due(const struct entry *e, uint64_t body)
{
	const struct plan_rpc *g = &e->call->rpc;
	bool cut = e->call->slip == CLOSES_IN_BODY || e->call->slip == BAD_BODY;

	if (!g->on || (e->rpc.said && e->rpc.trails))
		return e->call->answer;
	if (e->rpc.said)
		return 0;
	/* it has no status: whoever reads it knows that something is missing */
	if (!cut)
		broken("x%u got a response without a status", e->call->id);
	return body;
}

void
rpc_note_tries(struct entry *e, const char *value)
{
	unsigned most = ledger_plan()->service[e->call->service].retry.attempts;

	e->rpc.tries = value[0] == '\0' ? 0 : (unsigned)strtoul(value, NULL, 10);
	if (value[0] != '\0' && (!e->call->rpc.on || e->rpc.tries == 0 || e->rpc.tries >= most))
		broken("x%u came as one that was tried %s times before, of %u", e->call->id, value, most);
	snprintf(e->rpc.tries_text, sizeof e->rpc.tries_text, "%s", value);
}

/* ---- in the end ---- */

static bool
names_unavailable(const struct entry *e)
{
	return strstr(plan_retry_on(&ledger_plan()->service[e->call->service]), "unavailable") != NULL;
}

unsigned
rpc_heads_most(const struct entry *e)
{
	return 1 + e->rpc.unprocessed + (names_unavailable(e) ? e->rpc.unavailable : 0);
}

bool
rpc_is_undeserved(const struct entry *e)
{
	const struct plan_service *s = &ledger_plan()->service[e->call->service];
	const struct call *c = e->call;

	return c->rpc.on && e->fate == ANSWERED && c->slip == STATUS_503 && e->rpc.unavailable > 0 && e->rpc.unavailable == e->heads &&
	    names_unavailable(e) && !c->early && c->body <= KEPT_ANYWAY && c->body <= s->retry.body && s->ntasks >= 3 &&
	    s->eject_failures == 0 && call_is_sound(c) && ledger_is_calm_for(s) && e->tried + 1 < s->retry.attempts && e->tried + 1 < s->ntasks;
}

/* What its task said last is what its client has. */
static void
check_status(const struct entry *e)
{
	char due[RPC_ROOM];

	snprintf(due, sizeof due, "of x%u", e->call->id);
	if (!e->rpc.said)
		return;
	if (e->rpc.status != e->rpc.sent_status || strcmp(e->rpc.message, due) != 0)
		broken("x%u got status %d %s, and its task said %d", e->call->id, e->rpc.status, e->rpc.message, e->rpc.sent_status);
	if (e->rpc.tries != e->tried && e->lines > 0 && !ledger_plan()->service[e->call->service].retry.hedges)
		broken("x%u was tried %u times before, and its task got %u", e->call->id, e->tried, e->rpc.tries);
}

/* Its stream was reset: for what its task did, with the code that means the same; and without a response only for that. */
static void
check_reset(const struct entry *e)
{
	bool cancelled = strcmp(e->logged_why, "upstream_cancelled") == 0, reset = strcmp(e->logged_why, "upstream_reset") == 0;
	uint32_t due = cancelled ? NGHTTP2_CANCEL : NGHTTP2_INTERNAL_ERROR;

	if (reset && e->rpc.sent_code == NGHTTP2_ENHANCE_YOUR_CALM)
		due = NGHTTP2_ENHANCE_YOUR_CALM;
	if (e->fate == DROPPED && !cancelled && !reset)
		broken("x%u was reset, and %s is logged", e->call->id, e->logged_why);
	if ((cancelled || reset) && e->rpc.code != due)
		broken("x%u was reset with code %u for %s, and its task said %u", e->call->id, e->rpc.code, e->logged_why, e->rpc.sent_code);
	if (cancelled && e->rpc.sent_code != NGHTTP2_CANCEL)
		broken("x%u is logged as cancelled, and its task said %u", e->call->id, e->rpc.sent_code);
}

void
rpc_check(const struct entry *e)
{
	if (!e->call->rpc.on)
		return;
	if (e->fate == ANSWERED)
		check_status(e);
	if ((e->fate == DROPPED || e->fate == CUT) && e->rpc.reset && e->lines > 0 && !e->may_drop)
		check_reset(e);
}
