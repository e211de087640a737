#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "auth.h"
#include "base/bug.h"
#include "fetch.h"
#include "memory.h"
#include "message.h"

#define AT		"10.0.6.1:9000"
#define BODY		"{\"error\":\"nobody knows you here\"}"

/* By the number of the exchange: more than half pass. */
enum verdict { NAMES, PASSES, DENIES, FORBIDS, SENDS_AWAY, IS_GONE, BREAKS };
static const enum verdict verdicts[] = { NAMES, PASSES, NAMES, DENIES, PASSES, FORBIDS, NAMES, SENDS_AWAY, NAMES, IS_GONE, PASSES, BREAKS,
    NAMES };

static struct {
	const struct plan *plan;
	struct host	 host;
	struct server	 server;
	unsigned	 asked[EXCHANGES];
} a;

static enum verdict
verdict_of(const struct call *l)
{
	return verdicts[l->id % (sizeof verdicts / sizeof *verdicts)];
}

void
auth_draw(struct plan *p, struct rng r)
{
	for (unsigned i = 0; i < SERVICES; i++) {
		bool asks = may(&r, 7) && !p->brain.there && !p->storm && !p->flood && !p->crowd;
		p->service[i].asks = asks;
		if (asks)
			p->service[i].chain.kinds = 0;
		p->service[i].shows = asks && may(&r, 50);
	}
}

void
auth_settle(struct plan *p)
{
	for (unsigned i = 0; i < EXCHANGES; i++) {
		struct call *l = &p->client[i / CALLS].call[i % CALLS];
		if (p->service[l->service].shows)
			l->expects = l->insists = false;
	}
}

/* ---- the server ---- */

/* The value of a field of what it is asked; empty: it does not come, or twice. */
static void
value_of(const struct query *q, const char *name, char *out, size_t cap)
{
	size_t n = strlen(name);
	unsigned seen = 0;

	out[0] = '\0';
	for (unsigned i = 0; i < q->nfields; i++)
		if (strncasecmp(q->fields[i], name, n) == 0 && q->fields[i][n] == ':' && seen++ == 0)
			snprintf(out, cap, "%s", q->fields[i] + n + 2);
	if (seen > 1)
		out[0] = '\0';
}

static void
check_asked(const struct query *q, const struct call *l)
{
	static const struct { const char *name; } ours[] = { { "X-Forwarded-Method" }, { "X-Forwarded-Host" }, { "X-Forwarded-Proto" } };
	char due[3][16], is[64];

	snprintf(due[0], sizeof due[0], "%s", l->method);
	snprintf(due[1], sizeof due[1], "s%u", l->service);
	snprintf(due[2], sizeof due[2], "%s", a.plan->client[l->id / CALLS].secure.on ? "https" : "http");
	for (unsigned i = 0; i < 3; i++) {
		value_of(q, ours[i].name, is, sizeof is);
		if (strcmp(is, due[i]) != 0 && !a.plan->proxied && !a.plan->trusts)
			broken("x%u was asked for with %s %s in place of %s", l->id, ours[i].name, is, due[i]);
	}
	if (strcmp(q->method, "GET") != 0 || q->body.len != (a.plan->service[l->service].shows ? l->body : 0))
		broken("x%u was asked for by %s, with %zu bytes", l->id, q->method, q->body.len);
	for (size_t i = 0; i < q->body.len; i++)
		if (q->body.p[i] != pattern(l->id, UP, i)) {
			broken("x%u was asked for with another body, from byte %zu on", l->id, i);
			return;
		}
	if (++a.asked[l->id] > 1)
		broken("x%u was asked for %u times", l->id, a.asked[l->id]);
}

static void
on_query(void *arg, const struct query *q, struct reply *r)
{
	char uri[64], *fields;
	const struct entry *e;
	const struct call *l;

	(void)arg;
	value_of(q, "X-Forwarded-Uri", uri, sizeof uri);
	e = strncmp(uri, "/x", 2) == 0 ? ledger_of((uint32_t)strtoul(uri + 2, NULL, 10)) : NULL;
	if (e == NULL || e->fate == UNSENT || !a.plan->service[e->call->service].asks) {
		broken("somebody is asked whether %s may pass", uri);
		return;
	}
	l = e->call;
	check_asked(q, l);
	fields = sim_alloc(160);
	r->delay_usec = l->delay_usec;
	r->fields = fields;
	switch (verdict_of(l)) {
	case NAMES:
		snprintf(fields, 160, "X-User: u%u\nX-Other: 1\n", l->id);
		break;
	case PASSES:
		break;
	case DENIES: case FORBIDS:
		r->status = verdict_of(l) == DENIES ? 401 : 403;
		r->body = STR(BODY);
		snprintf(fields, 160, "Content-Type: application/json\nWWW-Authenticate: Sim x%u\n", l->id);
		break;
	case SENDS_AWAY:
		r->status = 302;
		snprintf(fields, 160, "Location: http://login.example/x%u\n", l->id);
		break;
	case IS_GONE:
		r->ending = REFUSES;
		break;
	case BREAKS:
		r->ending = BREAKS_OFF;
		r->body = STR(BODY);
	}
}

void
auth_begin(const struct plan *p)
{
	memset(&a, 0, sizeof a);
	a.plan = p;
	a.server = (struct server){ .at = AT, .host = &a.host, .fn = on_query };
	server_open(&a.server);
}

void
auth_write(struct arena *arena, char **text, bool shows)
{
	const struct filter_setting s[] = { { STR("address"), STR("http://" AT "/check") }, { STR("authresponseheaders"), STR("X-User") },
		{ STR("forwardbody"), STR("true") } };

	*text = filter_chain_add(arena, *text, str_of(filter_kind_name(FILTER_FORWARD_AUTH)), FILTER_FORWARD_AUTH, s, shows ? 3 : 2);
	ASSERT(*text != NULL);
}

/* ---- what is due ---- */

bool
auth_judges(const struct plan *p, const struct call *l, struct chain_fate *f)
{
	enum verdict v = verdict_of(l);

	if (!p->service[l->service].asks || v == NAMES || v == PASSES)
		return false;
	f->passes = false;
	f->middleware = "forwardauth";
	f->why = v == IS_GONE || v == BREAKS ? "forward_auth_failed" : "forward_auth_refused";
	f->status = v == DENIES ? 401 : v == FORBIDS ? 403 : v == SENDS_AWAY ? 302 : 500;
	if (v == SENDS_AWAY)
		snprintf(f->location, sizeof f->location, "http://login.example/x%u", l->id);
	return true;
}

void
auth_challenge(const struct plan *p, const struct call *l, char *out, size_t cap)
{
	enum verdict v = verdict_of(l);

	out[0] = '\0';
	if (p->service[l->service].asks && (v == DENIES || v == FORBIDS))
		snprintf(out, cap, "Sim x%u", l->id);
}

/* Its user is the server's, or none: never the client's own. */
void
auth_check_request(const struct plan *p, const struct call *l, const char *user)
{
	char due[16] = "";

	if (!p->service[l->service].asks)
		return;
	if (a.asked[l->id] == 0)
		broken("x%u came to a task, and nobody was asked whether it may", l->id);
	if (verdict_of(l) == NAMES)
		snprintf(due, sizeof due, "u%u", l->id);
	if (strcmp(user, due) != 0)
		broken("x%u came as one of \"%s\" in place of \"%s\"", l->id, user, due);
}
