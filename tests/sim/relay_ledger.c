#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "ledger.h"
#include "relay_ledger.h"

static struct relay_entry entries[RELAYS];
static struct relay_visit visits[VISITS];
static unsigned nvisits;
static const struct plan *plan;

void
relay_ledger_begin(const struct plan *p)
{
	plan = p;
	nvisits = 0;
	memset(entries, 0, sizeof entries);
	for (unsigned i = 0; i < RELAYS; i++)
		entries[i] = (struct relay_entry){ .how = &p->relay[i], .visit = -1, .heard = -1 };
}

struct relay_entry *
relay_entry(unsigned number)
{
	ASSERT(number < RELAYS);
	return &entries[number];
}

unsigned
relay_visit_new(void)
{
	ASSERT(nvisits < VISITS);
	visits[nvisits] = (struct relay_visit){ .relay = -1 };
	return nvisits++;
}

struct relay_visit *
relay_visit(unsigned number)
{
	ASSERT(number < nvisits);
	return &visits[number];
}

void
relay_ledger_lost(const struct end *other)
{
	for (unsigned i = 0; i < RELAYS; i++)
		if (entries[i].end != NULL && end_is_between(entries[i].end, other))
			entries[i].lost = true;
}

void
relay_ledger_line(const char *line)
{
	const char *listener = line_value(line, "entryPointName"), *why = line_value(line, "why");
	const char *quoted = line_value(line, "ClientPort");
	unsigned port = quoted == NULL ? 0 : (unsigned)strtoul(quoted + 1, NULL, 10);

	if (listener == NULL || listener[1] != 't')
		return;
	for (unsigned i = 0; i < RELAYS; i++) {
		struct relay_entry *e = &entries[i];
		if (e->port != port)
			continue;
		e->lines++;
		e->logged_received = line_number(line, "received");
		e->logged_sent = line_number(line, "bytes");
		e->took_usec = (int64_t)line_number(line, "Duration") / 1000;
		snprintf(e->why, sizeof e->why, "%.*s", (int)strcspn(why + 1, "\""), why + 1);
		wire_note("relay line", i, e->logged_sent);
		return;
	}
	broken("a connection is logged that nobody has: %s", line);
}

/* ---- what must be true ---- */

static bool
is(const struct relay_entry *e, const char *why)
{
	return strcmp(e->why, why) == 0;
}

static const struct relay_visit *
visit_of(const struct relay_entry *e)
{
	return e->visit < 0 ? NULL : &visits[e->visit];
}

/* Whatever happened. */
static void
check_one_end(unsigned i, const struct relay_entry *e)
{
	if (e->lines > 1)
		broken("r%u ended %u times", i, e->lines);
	if (e->side.parting == NOT_YET)
		broken("r%u was never over", i);
	if (e->visit >= 0 && e->lines == 0 && !e->lost)
		broken("r%u came to a task, and never ended", i);
	if (e->visit >= 0 && visit_of(e)->side.parting == NOT_YET)
		broken("r%u is still at its task", i);
	if (e->heard >= 0 && e->visit >= 0 && e->heard != e->visit)
		broken("r%u got the bytes of visit %d, and is at %d", i, e->heard, e->visit);
	if (e->heard >= 0 && visits[e->heard].relay >= 0 && visits[e->heard].relay != (int)i)
		broken("r%u got the bytes of r%d", i, visits[e->heard].relay);
}

/* An end that came clean comes behind all that the other side has sent. */
static void
check_clean(unsigned i, const struct relay_entry *e, const char *whose, const struct relay_side *me, const struct relay_side *other)
{
	if (!me->saw_end || e->lost || is(e, "tunnel_idle") || e->lines == 0)
		return;
	if (other == NULL || !other->shut)
		broken("r%u: its %s saw an end that nobody made (%s)", i, whose, e->why);
	else if (me->received != other->sent)
		broken("r%u: its %s got %llu bytes of %llu, as if they were all", i, whose, (unsigned long long)me->received,
		    (unsigned long long)other->sent);
}

static void
check_counts(unsigned i, const struct relay_entry *e)
{
	const struct relay_visit *v = visit_of(e);

	if (e->lines == 0)
		return;
	if (e->logged_received > e->side.sent || (v != NULL && v->side.received > e->logged_received))
		broken("r%u: %llu bytes were sent, %llu are logged, and %llu have arrived", i, (unsigned long long)e->side.sent,
		    (unsigned long long)e->logged_received, (unsigned long long)(v == NULL ? 0 : v->side.received));
	if (e->logged_sent < e->side.received)
		broken("r%u: its client got %llu bytes, and %llu are logged", i, (unsigned long long)e->side.received,
		    (unsigned long long)e->logged_sent);
	if (is(e, "tunnel_idle") && e->took_usec < TUNNEL_USEC - 1000)
		broken("r%u was idle after %lld us", i, (long long)e->took_usec);
	if (is(e, "connect_timeout") && e->took_usec < CONNECT_USEC - 1000)
		broken("r%u: no task had accepted after %lld us", i, (long long)e->took_usec);
}

/* Where neither side nor anything between them does wrong, both have all. */
static void
check_served(unsigned i, const struct relay_entry *e)
{
	const struct plan_service *s = &plan->service[e->how->service];
	const struct relay_visit *v = visit_of(e);

	if (!relay_is_sound(e->how) || !ledger_is_calm_for(s) || s->eject_failures > 0 ||
	    s->fails)
		return;
	if (v == NULL || !is(e, "tunnel_closed") || !e->side.saw_end || !v->side.saw_end)
		broken("r%u should have been served: %s", i, e->why);
	else if (e->logged_received != e->side.sent || e->logged_sent != v->side.sent)
		broken("r%u: %llu and %llu bytes are logged, of %llu and %llu", i, (unsigned long long)e->logged_received,
		    (unsigned long long)e->logged_sent, (unsigned long long)e->side.sent, (unsigned long long)v->side.sent);
}

void
relay_ledger_check(void)
{
	for (unsigned i = 0; i < RELAYS; i++) {
		const struct relay_entry *e = &entries[i];
		const struct relay_visit *v = visit_of(e);
		if (!e->how->there)
			continue;
		check_one_end(i, e);
		check_clean(i, e, "client", &e->side, e->heard < 0 ? NULL : &visits[e->heard].side);
		if (v != NULL)
			check_clean(i, e, "task", &v->side, &e->side);
		check_counts(i, e);
		check_served(i, e);
	}
}
