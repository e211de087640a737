/*
 * engine_call: a call waits until a version is negotiated, then goes to the endpoint in use; what
 * its response means for that endpoint, and whether it may be sent to another one. Must not know
 * what is requested.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "engine/engine_priv.h"

/* ---- where it is ---- */

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

void
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

/* ---- what responses mean ---- */

static bool
contains(const char *text, const char *words)
{
	return strcasestr(text, words) != NULL;
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
		describe_path(v.detail, c->path);
	return v;
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

void
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
	engine_fetch_conf(e, &fc, url);
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

/* ---- what others ask for ---- */

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
