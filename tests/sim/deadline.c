/*
 * What ends an exchange is a time after something: after its beginning, which its line tells; after the last byte that moved, which
 * was on its way for as long as the network takes. A byte that was on its way when the time was over does not count.
 */
#include <string.h>

#include "deadline.h"

static bool
is(const struct entry *e, const char *why)
{
	return strcmp(e->logged_why, why) == 0;
}

static int64_t
way_of(const struct weather *w)
{
	return w->delay_usec + w->jitter_usec;
}

static bool
is_even(const struct weather *w)
{
	return w->piece_most == 0 && w->window == 65536 && w->room == 65536;
}

static void
late(const struct entry *e, int64_t usec)
{
	broken("x%u: %s, %lld us too late", e->call->id, e->logged_why, (long long)usec);
}

/* The time that its line has from the beginning of one thing to the end. */
static void
exactly(const struct entry *e, const char *why, int64_t usec, int64_t due)
{
	if (!is(e, why))
		return;
	if (usec < due)
		broken("x%u: %s, %lld us too early", e->call->id, e->logged_why, (long long)(due - usec));
	if (usec > due + DEADLINE_SLACK_USEC)
		late(e, usec - due);
}

/* `moved`: the last that was seen of it, at the most so long after Mola had it or before. */
static void
after(const struct entry *e, const char *why, int64_t moved, int64_t way, int64_t due)
{
	int64_t usec = e->logged_usec - moved;

	if (!is(e, why) || moved == 0)
		return;
	if (usec > 2 * way && usec < due - way)
		broken("x%u: %s, %lld us too early", e->call->id, e->logged_why, (long long)(due - way - usec));
	if (usec > due + way + DEADLINE_SLACK_USEC)
		late(e, usec - due - way);
}

static int64_t
later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static bool
is_any_cut(void)
{
	for (unsigned i = 0; i < NODES; i++)
		if (ledger_plan()->node[i].cut_usec > 0)
			return true;
	return false;
}

/* One task has had it, and nothing but its last bytes is between what both sides see and what Mola does. */
static void
moved_check(const struct entry *e)
{
	const struct plan *p = ledger_plan();
	const struct weather *theirs = &p->client[e->call->id / CALLS].weather;
	int64_t way = way_of(&p->weather), client_way = way_of(theirs), both = later(way, client_way);
	const struct call *c = e->call;

	if (e->tried > 0 || e->heads > 1 || !is_even(&p->weather) || !is_even(theirs) || is_any_cut() || c->interims > 0 || c->expects)
		return;
	if (c->body == 0)
		after(e, "upstream_slow_head", e->whole_usec, way, RESPONSE_USEC);
	if (c->read_piece == 0)
		after(e, "upstream_slow_body", later(e->wrote_usec, later(e->put_usec, e->got_usec)), both, PIECE_USEC);
	after(e, "client_slow_body", later(e->put_usec, e->read_usec), both, BODY_USEC);
}

void
deadline_check(const struct entry *e)
{
	const struct plan *p = ledger_plan();

	if (e->lines == 0 || !ledger_is_calm() || !plan_is_plain(p, e->call))
		return;
	exactly(e, "client_slow_head", e->took_usec, HEAD_USEC);
	exactly(e, "client_long_request", e->took_usec, REQUEST_USEC);
	exactly(e, "connect_timeout", e->line.origin_usec, CONNECT_USEC);
	if (is(e, "upstream_slow_head") && e->line.origin_usec < RESPONSE_USEC)
		broken("x%u: %s after %lld us", e->call->id, e->logged_why, (long long)e->line.origin_usec);
	moved_check(e);
}
