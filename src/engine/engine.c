/*
 * engine: calls wait until a version is negotiated (/_ping), then go to the endpoint in use. An
 * endpoint that does not respond, or is not a manager, is left for the next one, and calls to
 * it are sent there again if that can do no harm.
 *
 *	unknown --call--> pinging --good response--> ready --failure--> unknown
 *	                     `--every endpoint failed: what waits fails--> unknown
 *
 * Must not know what is requested. How soon to try again after a failure is the caller's
 * decision.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "base/clock.h"
#include "base/form.h"
#include "engine/engine_priv.h"

#define MINOR_TRIED	56		/* the newest that Mola was tried with (tests/swarm) */
#define TIMEOUT_USEC	(10 * USEC_PER_SEC)
#define PING_USEC	(3 * USEC_PER_SEC)

/* ---- endpoints ---- */

static void
endpoint_init(struct endpoint *ep, const char *text, bool tls)
{
	char base[400];

	ASSERT(form_endpoint(str_of(text)));
	ep->text = must_strdup(text);
	if (str_starts(str_of(text), STR("unix://"))) {
		ep->socket = must_strdup(text + 7);
		ep->base = must_strdup("http://docker");
		return;
	}
	snprintf(base, sizeof base, "%s://%s", tls ? "https" : "http", text + 6);
	ep->base = must_strdup(base);
}

static void
endpoint_fini(struct endpoint *ep)
{
	free(ep->text);
	free(ep->base);
	free(ep->socket);
}

/* ---- the one in use ---- */

void
engine_leave(struct engine *e, unsigned endpoint)
{
	ASSERT(endpoint < e->nendpoints && e->at < e->nendpoints);
	if (e->state != READY || e->at != endpoint)
		return;
	e->state = UNKNOWN;
	e->at = (e->at + 1) % e->nendpoints;
}

void
engine_set_version(struct engine *e)
{
	e->read_minor = e->minor <= MINOR_TRIED || e->endpoint[e->at].newer_only ? e->minor : MINOR_TRIED;
	ASSERT(e->state == READY && e->read_minor >= MINOR_LEAST && e->read_minor <= e->minor);
	snprintf(e->version, sizeof e->version, "1.%u", e->read_minor);
}

void
engine_fetch_conf(const struct engine *e, struct fetch_conf *fc, const char *url)
{
	*fc = (struct fetch_conf){ .url = url, .unix_socket = e->endpoint[e->at].socket,
	    .body_max = ENGINE_BODY_MAX,
	    .ca = e->ca, .cert = e->cert, .key = e->key };
}

/* ---- negotiation ---- */

static void
start_waiting(struct engine *e)
{
	struct engine_call *c;

	ASSERT(e->state == READY && e->minor >= MINOR_LEAST);
	while ((c = TAILQ_FIRST(&e->waiting)) != NULL)
		call_start(c);
}

/* Calls that wait fail; those that their callbacks make do not, they begin another round. */
static void
fail_waiting(struct engine *e)
{
	struct engine_response a = { .why = e->why };
	struct engine_call *c;
	char detail[DETAIL_MAX];

	ASSERT(e->state == PINGING && e->ping == NULL && e->pinged == e->nendpoints);
	memcpy(detail, e->detail, sizeof detail);
	a.detail = detail;
	e->state = UNKNOWN;
	e->round++;
	while (!e->closing && (c = TAILQ_FIRST(&e->waiting)) != NULL && c->round != e->round)
		call_end(c, &a);
}

/* "1.41" gives 41; anything that is not 1.x gives 0. */
static unsigned
parse_version(struct str version)
{
	struct str major;
	uint64_t minor;

	if (!str_split(&version, '.', &major) || !str_eq(major, STR("1")) ||
	    !str_to_u64(version, &minor) || minor > 10000)
		return 0;
	return (unsigned)minor;
}

static const struct why *
classify_ping(struct engine *e, const struct fetch_result *r)
{
	const struct endpoint *ep = &e->endpoint[e->at];

	e->minor = parse_version(r->wanted);
	e->detail[0] = '\0';
	if (r->status == 0) {
		describe_unreachable(e->detail, ep, r);
		return WHY_ENGINE_GONE;
	}
	if (r->why == WHY_METRICS_STATUS) {
		describe_refusal(e->detail, r);
		describe_path(e->detail, "/_ping");
		return WHY_ENGINE_REFUSED;
	}
	if (r->wanted.len == 0)
		snprintf(e->detail, DETAIL_MAX, "it names no API version: is this Docker?");
	else
		snprintf(e->detail, DETAIL_MAX, "it supports %.20s at most", r->wanted.p);
	return e->minor < MINOR_LEAST ? WHY_ENGINE_OLD : NULL;
}

static void
ping_complete(void *arg, const struct fetch_result *r)
{
	struct engine *e = arg;
	const struct why *why = classify_ping(e, r);

	ASSERT(e->state == PINGING && !e->closing);
	e->ping = NULL;
	if (why == NULL) {
		e->state = READY;
		engine_set_version(e);
		start_waiting(e);
		return;
	}
	e->why = why;
	e->at = (e->at + 1) % e->nendpoints;
	if (++e->pinged < e->nendpoints)
		engine_ping(e);
	else
		fail_waiting(e);
}

void
engine_ping(struct engine *e)
{
	struct fetch_conf fc;
	char url[420];

	ASSERT(e->state != READY && e->ping == NULL && e->at < e->nendpoints);
	if (e->state == UNKNOWN)
		e->pinged = 0;
	e->state = PINGING;
	snprintf(url, sizeof url, "%s/_ping", e->endpoint[e->at].base);
	engine_fetch_conf(e, &fc, url);
	fc.timeout_usec = e->timeout_usec < PING_USEC ? e->timeout_usec : PING_USEC;
	fc.wanted = "Api-Version";
	e->ping = fetch_start(e->fetcher, &fc, NULL, ping_complete, e);
}

/* ---- life ---- */

static char *
dup_or_null(const char *s)
{
	return s == NULL ? NULL : must_strdup(s);
}

struct engine *
engine_new(struct loop *l, struct fetcher *f, const struct engine_conf *c)
{
	struct engine *e = must_zalloc(sizeof *e);
	bool tls = c->ca != NULL || c->cert != NULL || c->key != NULL;

	ASSERT(c->nendpoints > 0 && c->nendpoints <= ENGINE_ENDPOINTS_MAX);
	e->loop = l;
	e->fetcher = f;
	for (unsigned i = 0; i < c->nendpoints; i++)
		endpoint_init(&e->endpoint[i], c->endpoint[i], tls);
	e->nendpoints = c->nendpoints;
	e->ca = dup_or_null(c->ca);
	e->cert = dup_or_null(c->cert);
	e->key = dup_or_null(c->key);
	e->timeout_usec = c->timeout_usec > 0 ? c->timeout_usec : TIMEOUT_USEC;
	TAILQ_INIT(&e->waiting);
	TAILQ_INIT(&e->active);
	return e;
}

static void
engine_destroy(void *arg)
{
	struct engine *e = arg;

	ASSERT(e->closing && TAILQ_EMPTY(&e->waiting) && TAILQ_EMPTY(&e->active));
	for (unsigned i = 0; i < e->nendpoints; i++)
		endpoint_fini(&e->endpoint[i]);
	free(e->ca);
	free(e->cert);
	free(e->key);
	free(e);
}

void
engine_free(struct engine **ep)
{
	struct engine *e = *ep;
	struct engine_call *c;

	*ep = NULL;
	if (e == NULL)
		return;
	e->closing = true;
	while ((c = TAILQ_FIRST(&e->waiting)) != NULL || (c = TAILQ_FIRST(&e->active)) != NULL)
		engine_cancel(c);
	if (e->ping != NULL)
		fetch_cancel(e->ping);
	loop_defer(e->loop, &e->deferred, engine_destroy, e);
}

const char *
engine_endpoint(const struct engine *e)
{
	return e->version[0] == '\0' ? "" : e->endpoint[e->at].text;
}

const char *
engine_version(const struct engine *e)
{
	return e->version;
}

bool
engine_is_untried(const struct engine *e)
{
	return e->read_minor > MINOR_TRIED;
}
