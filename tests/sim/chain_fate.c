/*
 * A call goes through the middlewares of its service one after the other, as a request does: what is due is known from the plan alone.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "audit.h"
#include "auth.h"
#include "chain.h"
#include "coded.h"

#define LEAST_ENCODED	1024
#define GUESS_BYTES	512		/* of a body, by which its type is guessed */
#define GUESS		"text/plain; charset=utf-8"

/* ---- what becomes of a call ---- */

static bool
is_answered(struct chain_fate *f, const char *middleware, const char *why, int status)
{
	f->passes = false;
	f->middleware = middleware;
	f->why = why;
	f->status = status;
	return true;
}

/* Only what came without TLS. */
static bool
redirects(struct chain_fate *f, const struct plan *p, const struct plan_chain *c, const struct call *l)
{
	bool get = strcmp(l->method, "GET") == 0;
	char last = f->target[strlen(f->target) - 1];

	if (p->client[l->id / CALLS].secure.on)
		return false;
	if (c->by_scheme)
		snprintf(f->location, sizeof f->location, "https://s%u%s", l->service, f->target);
	else if (last >= '0' && last <= '9' && last % 2 == 1)
		snprintf(f->location, sizeof f->location, "http://there.example/%s?from=s%u", f->target + 1, l->service);
	else
		return false;
	return is_answered(f, c->by_scheme ? "redirectscheme" : "redirectregex", "middleware_redirect",
	    c->permanent ? (get ? 301 : 308) : get ? 302 : 307);
}

static void
path_becomes(struct chain_fate *f, enum path_change c, uint32_t id)
{
	static const char *const to[PATH_CHANGES] = { "/in/x%u", "/%u", "/%u", "/fixed", "/y/%u" };

	if (c == PATH_REPLACED)
		snprintf(f->target, sizeof f->target, "/fixed");
	else
		snprintf(f->target, sizeof f->target, to[c], id);
}

static bool
has_no_body(const struct call *l)
{
	return strcmp(l->method, "HEAD") == 0 || l->status == 204 || l->status == 304;
}

/* Its task says how long its body is. */
static bool
says_length(const struct plan *p, const struct call *l)
{
	bool in_body = l->slip == RESETS_IN_BODY || l->slip == CLOSES_IN_BODY || l->slip == STALLS_IN_BODY || l->slip == BAD_BODY;

	return l->framing == BY_LENGTH || (p->service[l->service].h2c && in_body);
}

static bool
buffers(struct chain_fate *f, const struct plan *p, const struct call *l)
{
	const struct plan_chain *c = &p->service[l->service].chain;
	bool large = c->request_most > 0 && l->body > c->request_most;

	if (large && !l->chunked)
		return is_answered(f, "buffering", "body_too_large", 413);
	f->may_be_large = large;
	if (c->response_most > 0 && l->answer > c->response_most && !has_no_body(l)) {
		f->response_large = says_length(p, l);
		f->response_cut = !f->response_large;
	}
	return false;
}

/* True: that is what responds. */
static bool
kind_judges(struct chain_fate *f, const struct plan *p, const struct call *l, enum chain_kind k)
{
	const struct plan_chain *c = &p->service[l->service].chain;

	switch (k) {
	case CHAIN_ALLOWS:
		return (c->addresses & 1u << l->id / CALLS / 2) == 0 && is_answered(f, "ipallowlist", "address_not_allowed", 403);
	case CHAIN_LOGIN:
		f->knows_user = l->login != LOGIN_NONE;
		return l->login != LOGIN_GOOD && is_answered(f, "basicauth", "auth_required", 401);
	case CHAIN_REDIRECT:
		return redirects(f, p, c, l);
	case CHAIN_CORS:
		return l->preflight && is_answered(f, "headers", "cors_preflight", 200);
	case CHAIN_BUFFERS:
		return buffers(f, p, l);
	case CHAIN_PATH:
		path_becomes(f, c->path, l->id);
		return false;
	case CHAIN_ENCODES: case CHAIN_GUESSES: case CHAIN_KINDS:
		return false;
	}
	return false;
}

struct chain_fate
chain_fate(const struct plan *p, const struct call *l)
{
	struct chain_fate f = { .passes = true };
	enum chain_kind k;

	snprintf(f.target, sizeof f.target, "/x%u", l->id);
	if (auth_judges(p, l, &f))
		return f;
	for (unsigned at = 0; chain_next(&p->service[l->service], &at, &k); )
		if (kind_judges(&f, p, l, k))
			break;
	return f;
}

/* ---- what is seen ---- */

static void
take(char *out, size_t cap, const char *value)
{
	size_t n = strlen(out);

	snprintf(out + n, cap - n, "%s%s", n > 0 ? "," : "", value);
}

void
chain_see(struct chain_seen *s, const char *name, const char *value)
{
	const struct {
		const char *name;
		char	*at;
		size_t	 cap;
	} all[] = {
#define SEEN(name, field) { name, s->field, sizeof s->field }
		SEEN("X-Forwarded-Prefix", prefix), SEEN("X-Replaced-Path", replaced), SEEN("X-User", user), SEEN("X_User", user), SEEN("Authorization", login),
		SEEN("Content-Encoding", coding), SEEN("Location", location), SEEN("Access-Control-Allow-Origin", origin),
		SEEN("Vary", vary), SEEN("Content-Type", type), SEEN("X-Content-Type-Options", nosniff), SEEN("X-Frame-Options", frames),
		SEEN("WWW-Authenticate", challenge), SEEN("X-Request-Id", id), SEEN("traceparent", trace),
		SEEN("X-Forwarded-For", forwarded), SEEN("X-Real-IP", real_ip), SEEN("X-Forwarded-Proto", proto), SEEN("X-Forwarded-Host", host),
		SEEN("X-Forwarded-Port", port),
#undef SEEN
	};

	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		if (strcasecmp(all[i].name, name) == 0)
			take(all[i].at, all[i].cap, value);
}

uint32_t
exchange_of(const char *target, const struct chain_seen *s)
{
	const char *from = s->replaced[0] != '\0' ? s->replaced : target, *p = from + strlen(from);
	uint32_t n;

	while (p > from && p[-1] >= '0' && p[-1] <= '9')
		p--;
	return sscanf(p, "%u", &n) == 1 ? n : NOBODY;
}

static void
expect(const struct call *l, const char *what, const char *seen, const char *due)
{
	if (strcmp(seen, due) != 0)
		broken("x%u has %s \"%s\" in place of \"%s\"", l->id, what, seen, due);
}

void
chain_check_request(const struct plan *p, const struct call *l, const char *target, const struct chain_seen *s)
{
	const struct plan_service *of = &p->service[l->service];
	struct chain_fate f = chain_fate(p, l);
	bool path = chain_has(of, CHAIN_PATH), login = chain_has(of, CHAIN_LOGIN);
	enum path_change c = of->chain.path;
	char replaced[24];

	if (!f.passes)
		broken("x%u came to a task, and %s is to respond to it", l->id, f.middleware);
	auth_check_request(p, l, s->user);
	if (of->chain.kinds == 0)
		return;
	snprintf(replaced, sizeof replaced, "/x%u", l->id);
	expect(l, "the target", target, f.target);
	expect(l, "as its prefix", s->prefix, path && (c == PATH_STRIPPED || c == PATH_STRIPPED_REGEX) ? "/x" : "");
	expect(l, "as the path before", s->replaced, path && (c == PATH_REPLACED || c == PATH_REPLACED_REGEX) ? replaced : "");
	expect(l, "as its user", s->user, login ? "ann" : "");
	expect(l, "as its password", s->login, l->login == LOGIN_NONE || (login && of->chain.hides) ? "" :
	    l->login == LOGIN_GOOD ? GOOD_LOGIN : WRONG_LOGIN);
}

static bool
is_encoded(const struct plan *p, const struct call *l)
{
	return chain_encodes(&p->service[l->service]) && l->accepts != PLAIN && !has_no_body(l) &&
	    (!says_length(p, l) || l->answer >= LEAST_ENCODED);
}

/* Buffering gives what is behind it a response of its own, whose type nobody guesses. */
static bool
is_guessed(const struct plan *p, const struct call *l)
{
	enum chain_kind k;

	for (unsigned at = 0; chain_next(&p->service[l->service], &at, &k); ) {
		if (k == CHAIN_BUFFERS)
			return false;
		if (k == CHAIN_GUESSES)
			return !has_no_body(l) && says_length(p, l) && l->answer > 0 && !is_encoded(p, l);
	}
	return false;
}

static void
check_served(const struct plan *p, const struct call *l, const struct chain_seen *s)
{
	const struct plan_service *of = &p->service[l->service];
	bool cors = chain_has(of, CHAIN_CORS), unsure = l->rpc.on || l->slip == STATUS_503 || (of->h2c && l->answer == 0);

	expect(l, "as its origin", s->origin, cors && l->origin ? ORIGIN : "");
	expect(l, "of types", s->nosniff, cors ? "nosniff" : "");
	expect(l, "of frames", s->frames, cors ? "SAMEORIGIN" : "");
	if ((strstr(s->vary, "Origin") != NULL) != cors)
		broken("x%u varies by %s", l->id, s->vary);
	if ((strstr(s->vary, "Accept-Encoding") != NULL) !=
	    (chain_encodes(of) && l->accepts != PLAIN && strcmp(l->method, "HEAD") != 0))
		broken("x%u varies by %s", l->id, s->vary);
	if (!unsure)
		expect(l, "the coding", s->coding, is_encoded(p, l) ? coding_name(l->accepts) : "");
	if (!unsure && (!is_guessed(p, l) || s->type[0] != '\0'))
		expect(l, "the type", s->type, is_guessed(p, l) ? GUESS : "");
	if (!unsure)
		ledger_of(l->id)->untyped = is_guessed(p, l) && s->type[0] == '\0';
}

static bool
is_a_middlewares(const char *why)
{
	static const char *const all[] = { "address_not_allowed", "auth_required", "middleware_redirect", "cors_preflight", "body_too_large",
	    "response_too_large", "forward_auth_refused", "forward_auth_failed" };

	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		if (strcmp(all[i], why) == 0)
			return true;
	return false;
}

void
chain_check_response(const struct plan *p, const struct call *l, bool ours, int status, const char *why,
    const struct chain_seen *s)
{
	struct chain_fate f = chain_fate(p, l);
	char challenge[24];
	bool due;

	if (!ours && f.passes && !f.response_large) {
		check_served(p, l, s);
		return;
	}
	if (!ours)
		broken("x%u was served, and %s is to respond", l->id, f.passes ? "buffering" : f.middleware);
	if (!ours || !is_a_middlewares(why))
		return;
	if (f.passes)
		due = strcmp(why, "body_too_large") == 0 ? f.may_be_large :
		    strcmp(why, "response_too_large") == 0 && (f.response_large || f.response_cut);
	else
		due = strcmp(why, f.why) == 0 && status == f.status;
	if (!due)
		broken("x%u got %d %s from its middlewares", l->id, status, why);
	expect(l, "the location", s->location, f.passes ? "" : f.location);
	auth_challenge(p, l, challenge, sizeof challenge);
	expect(l, "the challenge", s->challenge, strcmp(why, "auth_required") == 0 ? "Basic realm=\"the sim\"" : challenge);
}

bool
chain_should_serve(const struct plan *p, const struct entry *e)
{
	struct chain_fate f = chain_fate(p, e->call);

	if (!f.passes && e->fate != REFUSED)
		broken("x%u should have been responded to by %s: fate %d, %d %s", e->call->id, f.middleware, e->fate, e->logged_status,
		    e->logged_why);
	else if (!f.passes && strcmp(e->why, f.why) != 0)
		broken("x%u should have been responded to by %s, not with %s", e->call->id, f.middleware, e->why);
	else if (f.passes && f.response_large && !f.may_be_large && e->fate != REFUSED)
		broken("x%u should have been too large: fate %d, %d %s", e->call->id, e->fate, e->logged_status, e->logged_why);
	else if (f.passes && f.may_be_large && e->fate == ANSWERED && !e->call->early)
		broken("x%u has a body that is too large, and was served", e->call->id);
	else if (f.passes && f.response_cut && e->fate == ANSWERED)
		broken("x%u has all of a response that is too large", e->call->id);
	return f.passes && !f.response_large && !f.response_cut && !f.may_be_large;
}

void
chain_check_type(const struct entry *e)
{
	uint64_t due = e->call->answer < GUESS_BYTES ? e->call->answer : GUESS_BYTES;

	if (e->untyped && e->lines > 0 && e->line.origin_content >= due)
		broken("x%u has no type, and %llu bytes to guess it by", e->call->id, (unsigned long long)e->line.origin_content);
	if (e->untyped && e->fate == ANSWERED)
		broken("x%u has all of its body, and no type", e->call->id);
}

/* The line's value is this text; an empty one may be left out. */
static bool
says(const char *line, const char *key, const char *text)
{
	const char *v = line_value(line, key);
	size_t n = strlen(text);

	if (v == NULL || v[0] != '"')
		return n == 0;
	return (strncmp(v + 1, text, n) == 0 && v[1 + n] == '"') || (n == 0 && strncmp(v, "\"-\"", 3) == 0);
}

void
chain_check_line(const struct plan *p, const struct entry *e, const char *line)
{
	struct chain_fate f = chain_fate(p, e->call);
	bool by_one = is_a_middlewares(e->logged_why) && (!f.passes || e->logged_status == audit_status(e->logged_why));

	/* what is too large on its way ends in the middle, and nobody responds to that */
	if (by_one && !f.response_cut && !says(line, "middleware", f.passes ? "buffering" : f.middleware))
		broken("x%u was responded to by %s: %s", e->call->id, f.passes ? "buffering" : f.middleware, line);
	if (!by_one && strcmp(e->logged_why, "complete") == 0 && !says(line, "middleware", ""))
		broken("x%u was served: %s", e->call->id, line);
	if ((by_one || strcmp(e->logged_why, "complete") == 0) && !says(line, "ClientUsername", f.knows_user ? "ann" : ""))
		broken("x%u is of %s: %s", e->call->id, f.knows_user ? "ann" : "nobody", line);
}
