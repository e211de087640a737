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
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <unistd.h>

#include "base/bug.h"
#include "base/clock.h"
#include "base/form.h"
#include "engine/engine.h"

#define MINOR_LEAST	40		/* of API version 1.x */
#define MINOR_TRIED	56		/* the newest that Mola was tried with (tests/swarm) */
#define TIMEOUT_USEC	(10 * USEC_PER_SEC)
#define PING_USEC	(3 * USEC_PER_SEC)
#define DETAIL_MAX	256

enum engine_state { UNKNOWN, PINGING, READY };

struct endpoint {
	char		*text;		/* as configured */
	char		*base;		/* "http://docker", "https://10.0.0.1:2376" */
	char		*socket;	/* path, NULL: TCP */
	bool		 newer_only;	/* it takes nothing as old as MINOR_TRIED */
};

TAILQ_HEAD(call_list, engine_call);

struct engine_call {
	TAILQ_ENTRY(engine_call) link;
	struct engine	*engine;
	struct call_list *in;		/* waiting or active; NULL: neither yet, or it has ended */
	char		*path;
	const char	*method;	/* NULL: GET */
	char		*body;		/* NULL: none */
	int64_t		 timeout_usec;	/* of each try */
	fetch_data_f	*on_data;	/* NULL: the response is wanted whole */
	engine_done_f	*done;
	void		*arg;
	struct fetch	*fetch;
	unsigned	 endpoint;	/* that it was last sent to */
	unsigned	 tries;
	unsigned	 round;		/* of negotiation, when it began to wait */
	bool		 own_version;	/* in the Engine's own version */
	unsigned	 required_minor;	/* and that must be this one; 0: any */
	unsigned	 minor;		/* of the version it was last sent in */
	struct timer	 timer;		/* for the callback of what cannot be sent */
};

struct engine {
	struct loop	*loop;
	struct fetcher	*fetcher;
	struct endpoint	 endpoint[ENGINE_ENDPOINTS_MAX];
	unsigned	 nendpoints;
	char		*ca, *cert, *key;
	int64_t		 timeout_usec;

	enum engine_state state;
	unsigned	 at;		/* the endpoint in use, or being pinged */
	unsigned	 pinged;	/* endpoints that failed in this round */
	unsigned	 round;
	struct fetch	*ping;
	unsigned	 minor;		/* of the Engine's own version */
	unsigned	 read_minor;
	char		 version[16];	/* of reads, as text */
	const struct why *why;		/* of the last failure, with `detail` */
	char		 detail[DETAIL_MAX];

	struct call_list waiting, active;
	bool		 closing;
	struct deferred	 deferred;
};

static void	engine_ping(struct engine *);
static void	call_start(struct engine_call *);

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

/* ---- details ---- */

/* On one line, without control characters. */
static void
copy_printable(char out[DETAIL_MAX], struct str text)
{
	size_t n = str_copy(out, DETAIL_MAX, str_trim(text));

	for (size_t i = 0; i < n; i++)
		if ((unsigned char)out[i] < ' ' || out[i] == 0x7f)
			out[i] = ' ';
	while (n > 0 && out[n - 1] == ' ')
		out[--n] = '\0';
}

/* The Engine refuses with {"message": "…"}; a proxy before it may respond otherwise. */
static void
describe_refusal(char out[DETAIL_MAX], const struct fetch_result *r)
{
	json_t *j = json_loadb(r->body.len > 0 ? r->body.p : "", r->body.len, 0, NULL);
	const char *message = json_string_value(json_object_get(j, "message"));

	if (message != NULL)
		copy_printable(out, str_of(message));
	else if (r->body.len > 0 && *str_trim(r->body).p != '<')
		copy_printable(out, r->body);
	else
		snprintf(out, DETAIL_MAX, "HTTP status %ld%s", r->status,
		    r->body.len > 0 ? ", and a page instead of the Engine's words" : "");
	json_decref(j);
}

/* libcurl has one sentence for all that can be wrong with a socket's path. */
static void
describe_unreachable(char out[DETAIL_MAX], const struct endpoint *ep, const struct fetch_result *r)
{
	if (ep->socket != NULL && access(ep->socket, F_OK) != 0)
		snprintf(out, DETAIL_MAX, "there is no %.180s", ep->socket);
	else if (ep->socket != NULL && !r->sent && access(ep->socket, R_OK | W_OK) != 0)
		snprintf(out, DETAIL_MAX, "%.180s may not be opened: only root and its group may", ep->socket);
	else
		copy_printable(out, str_of(r->detail));
}

/* Proxies before an Engine pass some paths on and refuse others. */
static void
add_path(char detail[DETAIL_MAX], const char *path)
{
	char rest[DETAIL_MAX];

	memcpy(rest, detail, sizeof rest);
	snprintf(detail, DETAIL_MAX, "GET %.*s: %.170s", (int)strcspn(path, "?") > 80 ? 80 :
	    (int)strcspn(path, "?"), path, rest);
}

static bool
contains(const char *text, const char *words)
{
	return strcasestr(text, words) != NULL;
}

/* ---- calls ---- */

static void
call_move(struct engine_call *c, struct call_list *to)
{
	ASSERT(to == NULL || to == &c->engine->waiting || to == &c->engine->active);
	if (c->in != NULL)
		TAILQ_REMOVE(c->in, c, link);
	c->in = to;
	if (to != NULL)
		TAILQ_INSERT_TAIL(to, c, link);
}

static void
call_free(struct engine_call *c)
{
	ASSERT(c->in == NULL && c->fetch == NULL);
	free(c->path);
	free(c->body);
	free(c);
}

static void
call_end(struct engine_call *c, const struct engine_response *a)
{
	ASSERT(c->in != NULL && c->fetch == NULL);		/* `done` is called once */
	call_move(c, NULL);
	c->done(c->arg, a);
	call_free(c);
}

static void
call_wait(struct engine_call *c)
{
	ASSERT(c->fetch == NULL && !c->engine->closing);
	c->round = c->engine->round;
	call_move(c, &c->engine->waiting);
	if (c->engine->state == UNKNOWN)
		engine_ping(c->engine);
}

/* Leaves the endpoint, unless another call has already done so. */
static void
engine_leave(struct engine *e, unsigned endpoint)
{
	ASSERT(endpoint < e->nendpoints && e->at < e->nendpoints);
	if (e->state != READY || e->at != endpoint)
		return;
	e->state = UNKNOWN;
	e->at = (e->at + 1) % e->nendpoints;
}

/* What a response means for its endpoint, and whether another endpoint may be tried. */
struct call_outcome {
	const struct why *why;
	bool		 leave;		/* the endpoint is not usable, or not any more */
	bool		 again;		/* trying another does no harm */
	char		 detail[DETAIL_MAX];
};

static struct call_outcome
classify(const struct engine_call *c, const struct fetch_result *r)
{
	struct call_outcome v = { 0 };
	bool old;

	if (r->why == NULL)
		return v;
	if (r->why == WHY_METRICS_LARGE) {
		v.why = WHY_ENGINE_LARGE;
		return v;
	}
	if (r->why != WHY_METRICS_STATUS) {
		v.why = WHY_ENGINE_GONE;
		v.leave = true;
		v.again = c->method == NULL || !r->sent;
		describe_unreachable(v.detail, &c->engine->endpoint[c->endpoint], r);
		return v;
	}
	describe_refusal(v.detail, r);
	if (contains(v.detail, "not a swarm manager") || contains(v.detail, "not part of a swarm")) {
		v.why = WHY_ENGINE_CLIENT;
		v.leave = v.again = true;
		return v;
	}
	old = r->status == 400 && contains(v.detail, "client version");
	v.why = WHY_ENGINE_REFUSED;
	v.leave = old || (r->status >= 500 && c->engine->nendpoints > 1);
	v.again = old || (r->status >= 500 && c->method == NULL);
	if (c->method == NULL)
		add_path(v.detail, c->path);
	return v;
}

/* Of reads from the endpoint in use. */
static void
engine_set_version(struct engine *e)
{
	e->read_minor = e->minor <= MINOR_TRIED || e->endpoint[e->at].newer_only ? e->minor : MINOR_TRIED;
	ASSERT(e->state == READY && e->read_minor >= MINOR_LEAST && e->read_minor <= e->minor);
	snprintf(e->version, sizeof e->version, "1.%u", e->read_minor);
}

/* An Engine may be configured, or built, to take nothing as old as MINOR_TRIED: then its own
 * version is used, and reading its responses will show whether that works. */
static bool
call_retry_newer(struct engine_call *c, const struct call_outcome *v)
{
	struct engine *e = c->engine;

	if (c->own_version || e->state != READY || e->at != c->endpoint || c->minor >= e->minor ||
	    !contains(v->detail, "client version") || !contains(v->detail, "too old"))
		return false;
	e->endpoint[e->at].newer_only = true;
	engine_set_version(e);
	call_start(c);
	return true;
}

/* A stream that has begun cannot begin elsewhere: its reader must know of the gap. */
static void
call_complete(void *arg, const struct fetch_result *r)
{
	struct engine_call *c = arg;
	struct engine *e = c->engine;
	struct call_outcome v = classify(c, r);
	bool begun = c->on_data != NULL && r->status >= 200 && r->status < 300;

	ASSERT(c->in == &e->active && !e->closing);
	c->fetch = NULL;
	if (call_retry_newer(c, &v))
		return;
	if (v.leave && !begun)
		engine_leave(e, c->endpoint);
	if (v.again && !begun && c->tries < e->nendpoints) {
		e->why = v.why;
		memcpy(e->detail, v.detail, sizeof e->detail);
		call_wait(c);
		return;
	}
	call_end(c, &(struct engine_response){ .why = v.why, .detail = v.detail,
	    .status = r->status, .minor = c->minor, .body = r->body });
}

static bool
call_data(void *arg, struct str piece)
{
	struct engine_call *c = arg;

	return c->on_data(c->arg, piece);
}

static void
call_fail_version(void *arg)
{
	struct engine_call *c = arg;
	char detail[DETAIL_MAX];

	snprintf(detail, sizeof detail, "the manager that responds has API 1.%u, and what was to "
	    "be sent was read in 1.%u", c->engine->minor, c->required_minor);
	call_end(c, &(struct engine_response){ .why = WHY_ENGINE_VERSION, .detail = detail });
}

static void
fetch_conf_init(const struct engine *e, struct fetch_conf *fc, const char *url)
{
	*fc = (struct fetch_conf){ .url = url, .unix_socket = e->endpoint[e->at].socket,
	    .body_max = ENGINE_BODY_MAX,
	    .ca = e->ca, .cert = e->cert, .key = e->key };
}

static void
call_start(struct engine_call *c)
{
	struct engine *e = c->engine;
	size_t cap = strlen(e->endpoint[e->at].base) + strlen(c->path) + 32;
	struct fetch_conf fc;
	char *url;

	ASSERT(e->state == READY && c->fetch == NULL);
	call_move(c, &e->active);
	if (c->required_minor != 0 && c->required_minor != e->minor) {
		timer_set(e->loop, &c->timer, loop_now(e->loop), call_fail_version, c);
		return;
	}
	url = must_alloc(cap);
	c->minor = c->own_version ? e->minor : e->read_minor;
	snprintf(url, cap, "%s/v1.%u%s", e->endpoint[e->at].base, c->minor, c->path);
	fetch_conf_init(e, &fc, url);
	if (c->on_data != NULL)
		fc.body_max = 0;
	else
		fc.timeout_usec = c->timeout_usec;
	fc.method = c->method;
	fc.body = str_of(c->body);
	c->endpoint = e->at;
	c->tries++;
	c->fetch = fetch_start(e->fetcher, &fc, c->on_data != NULL ? call_data : NULL, call_complete, c);
	free(url);
}

static struct engine_call *
call_new(struct engine *e, const char *path, engine_done_f *done, void *arg)
{
	struct engine_call *c = must_zalloc(sizeof *c);

	ASSERT(!e->closing && path[0] == '/' && done != NULL);
	c->engine = e;
	c->path = must_strdup(path);
	c->timeout_usec = e->timeout_usec;
	c->done = done;
	c->arg = arg;
	return c;
}

static struct engine_call *
call_begin(struct engine_call *c)
{
	if (c->engine->state == READY)
		call_start(c);
	else
		call_wait(c);
	return c;
}

struct engine_call *
engine_get(struct engine *e, const char *path, engine_done_f *done, void *arg)
{
	return call_begin(call_new(e, path, done, arg));
}

struct engine_call *
engine_get_own(struct engine *e, const char *path, engine_done_f *done, void *arg)
{
	struct engine_call *c = call_new(e, path, done, arg);

	c->own_version = true;
	return call_begin(c);
}

struct engine_call *
engine_post(struct engine *e, const char *path, unsigned minor, struct str json,
    engine_done_f *done, void *arg)
{
	struct engine_call *c = call_new(e, path, done, arg);

	ASSERT(minor >= MINOR_LEAST);
	c->method = "POST";
	c->body = str_dup(json);
	c->own_version = true;
	c->required_minor = minor;
	return call_begin(c);
}

struct engine_call *
engine_write(struct engine *e, const char *method, const char *path, struct str json,
    int64_t timeout_usec, engine_done_f *done, void *arg)
{
	struct engine_call *c = call_new(e, path, done, arg);

	ASSERT(method != NULL && timeout_usec > 0);
	c->method = method;
	c->body = json.len == 0 ? NULL : str_dup(json);
	c->timeout_usec = timeout_usec;
	return call_begin(c);
}

struct engine_call *
engine_stream(struct engine *e, const char *path, fetch_data_f *on_data, engine_done_f *done,
    void *arg)
{
	struct engine_call *c = call_new(e, path, done, arg);

	c->on_data = on_data;
	return call_begin(c);
}

void
engine_cancel(struct engine_call *c)
{
	ASSERT(c->in != NULL);			/* it has not ended */
	if (c->fetch != NULL)
		fetch_cancel(c->fetch);
	c->fetch = NULL;
	timer_clear(c->engine->loop, &c->timer);
	call_move(c, NULL);
	call_free(c);
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
		add_path(e->detail, "/_ping");
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

static void
engine_ping(struct engine *e)
{
	struct fetch_conf fc;
	char url[420];

	ASSERT(e->state != READY && e->ping == NULL && e->at < e->nendpoints);
	if (e->state == UNKNOWN)
		e->pinged = 0;
	e->state = PINGING;
	snprintf(url, sizeof url, "%s/_ping", e->endpoint[e->at].base);
	fetch_conf_init(e, &fc, url);
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
