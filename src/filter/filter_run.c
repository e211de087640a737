/*
 * filter_run: the filters of a chain, one after the other, and back.
 * Must not know what any of them does, nor how its messages travel.
 */

#include "base/bug.h"
#include "filter/filter_priv.h"
#include "filter/means_priv.h"
#include "world/table_path.h"
#include "filter/url.h"

/* False: its path has a malformed escape. */
static bool
split_target(struct filter_run *r, const struct message *m)
{
	r->pathless = m->target.p[0] != '/';
	if (r->pathless)
		return true;
	r->query = (struct str){ m->target.p + m->path.len, m->target.len - m->path.len };
	return url_set(r, &r->url, url_clean(r, m->path));
}

struct filter_run *
filter_run_new(const struct filter_chain *chain, const struct filter_facts *facts,
    const struct message *m, const struct edits *e)
{
	struct arena *a = means_take_arena(facts->means);
	struct filter_run *r = a == NULL ? NULL : arena_try_zalloc(a, sizeof *r);

	if (r == NULL) {
		arena_free(&a);
		return NULL;
	}
	ASSERT(chain->n > 0 && chain->n <= FILTERS_MAX);
	ASSERT(m->status == 0 && m->target.len > 0);
	r->arena = a;
	r->chain = chain;
	r->facts = *facts;
	buf_init(&r->fields, TEXTS_MOST);
	fields_begin(r, &r->request, m, e);
	r->bad_target = !split_target(r, m);
	return r;
}

/* What filters count of the request until it is over: nothing, for most. */
static void
filter_over(const struct filter_run *r, unsigned i)
{
	switch (r->chain->filter[i].kind) {
	case FILTER_IN_FLIGHT_REQ:
		in_flight_req_over(r, &r->mark[i]);
		return;
	case FILTER_CIRCUIT_BREAKER:
		circuit_breaker_over(r, &r->chain->filter[i].of.circuit_breaker, &r->mark[i]);
		return;
	default:
		return;
	}
}

void
filter_run_end(struct filter_run *r, const struct filter_end *end)
{
	ASSERT(r->end.usec == 0 && end->usec > 0);
	r->end = *end;
}

bool
filter_run_counts(const struct filter_run *r, bool tunnel)
{
	for (unsigned i = 0; i < r->passed; i++) {
		enum filter_kind kind = r->chain->filter[i].kind;
		if (kind == FILTER_IN_FLIGHT_REQ || (kind == FILTER_CIRCUIT_BREAKER && !tunnel))
			return true;
	}
	return false;
}

void
filter_run_free(struct filter_run **rp)
{
	struct filter_run *r = *rp;

	*rp = NULL;
	if (r == NULL)
		return;
	if (r->held != NULL)
		r->drop(r->held);
	for (unsigned i = 0; i < r->passed; i++)
		filter_over(r, i);
	buf_fini(&r->fields);
	buf_fini(&r->body_kept);
	buf_fini(&r->request_body);
	means_give_arena(r->facts.means, r->arena);
}

/* ---- the request ---- */

static enum filter_verdict
filter_request(struct filter_run *r, const struct filter *f, uint8_t *note)
{
	switch (f->kind) {
#define FILTER(kind, field, ...) case FILTER_##kind: return field##_request(r, &f->of.field, note);
#include "tbl/filters.h"
	case FILTER_KINDS:
		break;
	}
	BUG("no kind of filter");
}

/* Our part of it, as every proxy adds its own. */
static void
add_forwarded_for(struct filter_run *r)
{
	struct str name = STR("X-Forwarded-For"), list;
	struct message *m = &r->request;

	if (r->unforwarded)
		return;
	list = fields_get(m, name);
	fields_set(r, m, name, list.len == 0 ? r->facts.peer :
	    run_text(r, "%.*s, %.*s", STR_ARG(list), STR_ARG(r->facts.peer)));
}

struct str
run_target(struct filter_run *r)
{
	struct str path;

	if (r->pathless)
		return r->request.target;
	path = url_spelled(r, &r->url);
	return run_join(r, path.len == 0 ? STR("/") : path, r->query);
}

void
run_finish(struct filter_run *r)
{
	struct message *m = &r->request;

	ASSERT(!r->finished);
	r->finished = true;
	m->target = run_target(r);
	if (r->catches)
		r->page_forwarded = run_text(r, "%.*s", STR_ARG(fields_get(m, STR("X-Forwarded-For"))));
	add_forwarded_for(r);
	r->origin = run_text(r, "%.*s", STR_ARG(fields_get(m, STR("Origin"))));
	if (r->catches)
		errors_keep(r);
}

enum filter_verdict
run_wait(struct filter_run *r, int64_t until_usec)
{
	ASSERT(until_usec > r->now_usec && r->status == 0);
	r->until_usec = until_usec;
	return FILTER_WAIT;
}

union filter_mark *
run_mark(struct filter_run *r)
{
	ASSERT(r->done < r->chain->n);
	return &r->mark[r->done];
}

uint64_t
run_limiter(const struct filter_run *r, const union filter_mark *mark)
{
	unsigned n = (unsigned)(mark - r->mark);

	ASSERT(n < r->chain->n && r->facts.limits != NULL);
	return limits_limiter(r->facts.limits, &(struct limits_owner){ r->facts.service, r->facts.router,
	    r->chain->filter[n].name, n });
}

enum filter_verdict
run_want_body(struct filter_run *r, size_t most, int64_t until_usec)
{
	ASSERT(r->body_state == BODY_UNSEEN || r->body_state == BODY_WANTED);
	r->body_state = BODY_WANTED;
	r->body_most = most;
	return run_wait(r, until_usec);
}

bool
filter_run_wants_body(const struct filter_run *r, size_t *most)
{
	*most = r->body_most;
	return r->body_state == BODY_WANTED;
}

bool
filter_run_body(struct filter_run *r, struct str body, bool large)
{
	ASSERT(r->body_state == BODY_WANTED);
	large |= body.len > r->body_most;
	r->body_state = large ? BODY_LARGE : BODY_HERE;
	buf_init(&r->request_body, large ? 1 : body.len + 1);
	return large || buf_adds(&r->request_body, body);
}

static void
move(struct str *s, const char *old, size_t len, const char *now)
{
	uintptr_t at = (uintptr_t)s->p - (uintptr_t)old;

	if (s->p != NULL && at < len)
		s->p = now + at;
}

void
filter_run_moved(struct filter_run *r, const char *old, size_t len, const char *now)
{
	struct message *m = &r->request;
	struct str *all[] = { &m->method, &m->target, &m->path, &m->authority, &m->host,
	    &m->length_text, &r->url.path, &r->url.raw, &r->query, &r->user };

	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		move(all[i], old, len, now);
	for (int i = 0; i < m->nfields; i++) {
		move(&m->field[i].name, old, len, now);
		move(&m->field[i].value, old, len, now);
	}
}

static enum filter_verdict
run_end(struct filter_run *r, const struct why *why_not, const struct why **why)
{
	*why = r->full ? WHY_NO_MEMORY : why_not;
	return *why != NULL ? FILTER_RESPOND : FILTER_PASS;
}

static void
count(struct filter_run *r, enum filter_outcome o)
{
	if (r->facts.count != NULL)
		r->facts.count(r->facts.count_arg, r->chain->filter[r->done].kind, o);
}

/* What was looked at when the route was chosen is the path before its filters. One that they leave
 * may lead out of what it seems to be below, into what other filters are for. */
static bool
climbs(const struct filter_run *r)
{
	struct str rest = r->request.target, path;

	return !r->pathless && str_split(&rest, '?', &path) && path_climbs(path);
}

enum filter_verdict
filter_run_request(struct filter_run *r, int64_t now_usec, const struct why **why)
{
	ASSERT(r->done < r->chain->n && r->status == 0);
	r->now_usec = now_usec;
	if (r->full)
		return run_end(r, NULL, why);
	if (r->bad_target)
		return run_end(r, WHY_BAD_TARGET, why);
	for (; r->done < r->chain->n; r->done++)
		switch (filter_request(r, &r->chain->filter[r->done], &r->note[r->done])) {
		case FILTER_PASS:
			ASSERT(r->held == NULL && r->status == 0);
			count(r, FILTER_PASSED);
			r->passed = r->done + 1;
			r->waited = false;
			break;
		case FILTER_RESPOND:
			ASSERT(r->held == NULL && r->status != 0 && r->why != NULL);
			count(r, r->status < 400 ? FILTER_RESPONDED : FILTER_REFUSED);
			r->origin = run_text(r, "%.*s", STR_ARG(fields_get(&r->request, STR("Origin"))));
			return run_end(r, r->why, why);
		case FILTER_WAIT:
			if (!r->waited)
				count(r, FILTER_WAITED);
			r->waited = true;
			return FILTER_WAIT;
		}
	run_finish(r);
	return run_end(r, climbs(r) ? WHY_ROUTE_REFUSED : NULL, why);
}

int64_t
filter_run_until(const struct filter_run *r)
{
	ASSERT(r->until_usec > 0);
	return r->until_usec;
}

const struct message *
filter_run_message(const struct filter_run *r)
{
	ASSERT(r->done == r->chain->n);
	return &r->request;
}

struct filter_tries
filter_run_tries(const struct filter_run *r)
{
	ASSERT(r->done == r->chain->n);
	return r->tries;
}

/* ---- what is known of it ---- */

struct str
filter_run_user(const struct filter_run *r)
{
	return r->user;
}

const struct filter_body *
filter_run_bodies(const struct filter_run *r)
{
	return &r->bodies;
}

int
filter_run_status(const struct filter_run *r)
{
	return r->status;
}

const struct filter *
filter_run_responder(const struct filter_run *r)
{
	return r->status == 0 ? NULL : &r->chain->filter[r->done];
}

/* ---- the response ---- */

static void
filter_response(struct filter_run *r, const struct filter *f, uint8_t note)
{
	switch (f->kind) {
#define FILTER(kind, field, ...) \
	case FILTER_##kind: \
		field##_response(r, &f->of.field, note); \
		return;
#include "tbl/filters.h"
	case FILTER_KINDS:
		break;
	}
	BUG("no kind of filter");
}

void
filter_run_may_encode(struct filter_run *r)
{
	r->may_encode = true;
}

const struct message *
filter_run_response(struct filter_run *r, const struct message *m, const struct edits *e)
{
	ASSERT(m->status >= 200 && r->done <= r->chain->n);
	r->full = false;
	r->bodies.encoding = ENCODING_NONE;
	r->bodies.response_most = 0;
	fields_begin(r, &r->response, m, e);
	if (r->page_status != 0) {
		r->response.status = r->page_status;
		r->response.h1.reason = str_of(status_reason(r->page_status));
		r->response.h1.status_text = run_text(r, "%d %s", r->page_status, r->response.h1.reason.p);
	}
	for (unsigned i = r->done + r->inside; i-- > 0; )
		filter_response(r, &r->chain->filter[i], r->note[i]);
	r->may_encode = false;
	content_type_guess(r);
	return r->full ? NULL : &r->response;
}
