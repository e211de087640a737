#include <string.h>

#include "base/bug.h"
#include "chain.h"
#include "coded.h"
#include "odd.h"
#include "response.h"
#include "rpc.h"

/* A response of another task than the one that its client is bound to binds it to that one. */
static void
bound_note(bool sticky, const struct call *l, const struct entry *e, const struct response *r, struct bound *b)
{
	if (!sticky && r->cookie[0] != '\0')
		broken("x%u got a cookie", l->id);
	if (sticky && r->cookie[0] == '\0' && strcmp(e->bound, r->by) != 0)
		broken("x%u was bound to %s, and is to %s, without a cookie", l->id, e->bound, r->by);
	if (r->cookie[0] == '\0')
		return;
	memcpy(b->cookie, r->cookie, sizeof b->cookie);
	memcpy(b->by, r->by, sizeof b->by);
}

/* Where its task says how long its body is, the client is told, unless it has become another one. */
static void
length_check(const struct plan *p, const struct call *l, const struct entry *e, const struct response *r)
{
	uint64_t due = e->rpc.said ? 0 : l->answer;		/* a head that is all */
	bool knows = l->framing == BY_LENGTH && !p->service[l->service].h2c && l->status != 204;

	if (r->status != l->status || r->seen.coding[0] != '\0')
		return;
	if (knows && (!r->has_length || r->length != l->answer))
		broken("x%u is said to have %llu bytes, of %llu", l->id, (unsigned long long)r->length, (unsigned long long)l->answer);
	if (!knows && r->has_length && r->length != due)
		broken("x%u is said to have %llu bytes, and has %llu", l->id, (unsigned long long)r->length, (unsigned long long)due);
}

void
response_head(const struct plan *p, const struct call *l, struct entry *e, const struct response *r, struct bound bound[SERVICES])
{
	odd_check(l, r);
	e->status = rpc_logged_status(l, r->ours, r->status, r->why);
	memcpy(e->by, r->by, sizeof e->by);
	if (!r->ours) {
		bound_note(p->service[l->service].sticky, l, e, r, &bound[l->service]);
		length_check(p, l, e, r);
	}
	memcpy(e->why, r->why, sizeof e->why);
	chain_check_response(p, l, r->ours, r->status, r->why, &r->seen);
	if (!r->ours && r->exchange != l->id)
		broken("x%u got the response of x%u", l->id, r->exchange);
	if (!r->ours && r->added != ((p->service[l->service].filters & FILTER_BIT_FIELDS) != 0))
		broken("x%u got %s field of its middleware", l->id, r->added ? "the" : "no");
	if (!r->ours && r->status != l->status && !(l->slip == STATUS_503 && r->status == 503))
		broken("x%u got status %d in place of %d", l->id, r->status, l->status);
}

/* When nothing has moved for a while, Mola ends both directions. */
static bool
upgrade_may_end(const struct entry *e)
{
	return e->call->upgrades && (strcmp(e->logged_why, "tunnel_idle") == 0 || strcmp(e->logged_why, "stopping") == 0);
}

void
response_whole(const struct call *l, struct entry *e, const struct response *r, bool ends_so)
{
	bool none = strcmp(l->method, "HEAD") == 0 || l->status == 204 || l->status == 304;
	uint64_t due = none ? 0 : r->ours ? l->answer : rpc_due(e, r->body);

	uint64_t body = r->coded == NULL ? r->body : coded_bytes(r->coded, true);

	e->data = r->coded == NULL ? e->data : body;
	e->coded = r->body;
	/* of a body until the end of its task's connection, nobody sees that it is cut */
	if (!r->ours && r->status != 503 && body != due && !ends_so && !upgrade_may_end(e) && !(l->framing == BY_END && l->slip == CLOSES_IN_BODY))
		broken("x%u got %llu bytes of %llu, as if they were all", l->id, (unsigned long long)body, (unsigned long long)due);
	entry_end(e, r->ours ? REFUSED : ANSWERED);
}

void
entry_end(struct entry *e, enum fate f)
{
	ASSERT(e->fate == UNSENT || e->fate == WAITING);
	e->fate = f;
	e->ended_usec = wire_now();
	wire_note("fate", e->call->id, (uint64_t)f);
}
