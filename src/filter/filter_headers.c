/*
 * headers: fields of requests and responses by name, CORS, and fields that make browsers careful.
 * As in Traefik it is two filters in one: fields and CORS outside, the careful ones inside, so that
 * on the way back a field of customResponseHeaders has the last word.
 */
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "base/bug.h"
#include "filter/filter_priv.h"

/* ---- CORS ---- */

static bool
has_cors(const struct filter_headers *h)
{
	return h->allow_credentials || h->allow_headers.n > 0 || h->allow_methods.n > 0
	    || h->allow_origins.n > 0 || h->allow_patterns.n > 0 || h->expose_headers.n > 0
	    || h->cors_max_age != 0 || h->add_vary;
}

static struct str
joined(struct filter_run *r, const struct filter_texts *t)
{
	size_t len = 0, at = 0;
	char *all;

	for (unsigned i = 0; i < t->n; i++)
		len += t->item[i].len + 1;
	if ((all = run_room(r, len)) == NULL)
		return (struct str){ "", 0 };
	for (unsigned i = 0; i < t->n; i++) {
		if (i > 0)
			all[at++] = ',';
		memcpy(all + at, t->item[i].p, t->item[i].len);	/* none is empty */
		at += t->item[i].len;
	}
	ASSERT(at <= len);
	return (struct str){ all, at };
}

/* What Access-Control-Allow-Origin says of this origin. False: nothing. */
static bool
origin_allowed(const struct filter_headers *h, struct str origin, struct str *match)
{
	for (unsigned i = 0; i < h->allow_origins.n; i++) {
		*match = h->allow_origins.item[i];
		if (str_eq(*match, STR("*")) || str_eq(*match, origin))
			return true;
	}
	*match = origin;
	for (unsigned i = 0; i < h->allow_patterns.n; i++)
		if (pattern_match(h->allow_patterns.item[i], origin))
			return true;
	return false;
}

static bool
is_preflight(const struct filter_run *r)
{
	const struct message *m = &r->request;

	return str_eq(m->method, STR("OPTIONS")) && fields_get(m, STR("Origin")).len > 0
	    && fields_get(m, STR("Access-Control-Request-Method")).len > 0;
}

static void
answer_preflight(struct filter_run *r, const struct filter_headers *h)
{
	struct str match;

	run_answer(r, WHY_CORS_PREFLIGHT, 200);
	if (h->allow_credentials)
		run_answer_field(r, STR("Access-Control-Allow-Credentials"), STR("true"));
	if (h->allow_headers.n > 0)
		run_answer_field(r, STR("Access-Control-Allow-Headers"), joined(r, &h->allow_headers));
	if (h->allow_methods.n > 0)
		run_answer_field(r, STR("Access-Control-Allow-Methods"), joined(r, &h->allow_methods));
	if (origin_allowed(h, fields_get(&r->request, STR("Origin")), &match))
		run_answer_field(r, STR("Access-Control-Allow-Origin"), match);
	run_answer_field(r, STR("Access-Control-Max-Age"),
	    run_text(r, "%lld", (long long)h->cors_max_age));
}

/* The origin may be empty: an expression may match that, too. */
static void
cors_response(struct filter_run *r, const struct filter_headers *h)
{
	struct message *m = &r->response;
	struct str match, vary;

	if (origin_allowed(h, r->origin, &match))
		fields_set(r, m, STR("Access-Control-Allow-Origin"), match);
	if (h->allow_credentials)
		fields_set(r, m, STR("Access-Control-Allow-Credentials"), STR("true"));
	if (h->expose_headers.n > 0)
		fields_set(r, m, STR("Access-Control-Expose-Headers"), joined(r, &h->expose_headers));
	if (!h->add_vary)
		return;
	vary = fields_get(m, STR("Vary"));
	if (!str_eq(vary, STR("Origin")))
		fields_set(r, m, STR("Vary"),
		    vary.len == 0 ? STR("Origin") : run_text(r, "%.*s,Origin", STR_ARG(vary)));
}

/* ---- fields by name ---- */

static void
change_request(struct filter_run *r, const struct filter_headers *h)
{
	struct message *m = &r->request;

	for (unsigned i = 0; i < h->request.n; i++) {
		const struct filter_pair *f = &h->request.item[i];
		if (str_eq_nocase(f->name, STR("Host"))) {
			if (f->value.len > 0)
				m->authority = f->value;
		} else if (f->value.len == 0) {
			fields_remove(m, f->name);
			r->unforwarded |= str_eq_nocase(f->name, STR("X-Forwarded-For"));
		} else {
			fields_set(r, m, f->name, f->value);
			if (str_eq_nocase(f->name, STR("X-Forwarded-For")))
				r->unforwarded = false;
		}
	}
}

static void
change_response(struct filter_run *r, const struct filter_headers *h)
{
	for (unsigned i = 0; i < h->response.n; i++) {
		const struct filter_pair *f = &h->response.item[i];
		if (f->value.len == 0)
			fields_remove(&r->response, f->name);
		else
			fields_set(r, &r->response, f->name, f->value);
	}
}

/* ---- careful browsers ---- */

/* Of the request, for its response. */
#define NOTE_TLS	1
#define NOTE_REFUSED	2	/* by the inner filter: the response passes the outer one alone */

static bool
came_by_tls(const struct filter_run *r, const struct filter_headers *h)
{
	if (r->facts.tls)
		return true;
	for (unsigned i = 0; i < h->ssl_proxy.n; i++) {
		struct str value = fields_get(&r->request, h->ssl_proxy.item[i].name);
		if (str_eq(value, h->ssl_proxy.item[i].value))
			return true;
	}
	return false;
}

static bool
host_allowed(const struct filter_run *r, const struct filter_headers *h)
{
	struct str host = r->request.authority;

	for (unsigned i = 0; i < h->hosts_proxy.n; i++) {
		struct str value = fields_get(&r->request, h->hosts_proxy.item[i]);
		if (value.len > 0) {
			host = value;
			break;
		}
	}
	for (unsigned i = 0; i < h->allowed_hosts.n; i++)
		if (str_eq_nocase(h->allowed_hosts.item[i], host))
			return true;
	return h->allowed_hosts.n == 0 || h->is_development;
}

/* base64 without padding, of 16 bytes, as script-src wants it. */
static void
nonce_make(char out[23])
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	unsigned char b[18] = { 0 };

	if (getrandom(b, 16, 0) != 16)
		BUG("no random bytes");
	for (int i = 0; i < 22; i++) {
		int bit = i * 6, at = bit / 8;
		unsigned two = (unsigned)b[at] << 8 | b[at + 1];
		out[i] = digits[two >> (10 - bit % 8) & 63];
	}
	out[22] = '\0';
}

/* Each "$NONCE" becomes 'nonce-...'. */
static struct str
policy_text(struct filter_run *r, struct str policy, const char *nonce)
{
	static const struct str word = { "$NONCE", 6 };
	struct str out = { "", 0 };
	const char *at;

	while (policy.len > 0 && (at = memmem(policy.p, policy.len, word.p, word.len)) != NULL) {
		size_t n = (size_t)(at - policy.p);
		out = run_text(r, "%.*s%.*s'nonce-%s'", STR_ARG(out), (int)n, policy.p, nonce);
		policy = (struct str){ at + word.len, policy.len - n - word.len };
	}
	return out.len == 0 ? policy : run_text(r, "%.*s%.*s", STR_ARG(out), STR_ARG(policy));
}

static void
set_if(struct filter_run *r, struct str name, struct str value)
{
	if (value.len > 0)
		fields_set(r, &r->response, name, value);
}

static void
secure_response(struct filter_run *r, const struct filter_headers *h, bool tls)
{
	bool strict = h->sts_seconds != 0 && (tls || h->sts_force) && !h->is_development;
	char nonce[23];

	if (strict)
		set_if(r, STR("Strict-Transport-Security"), run_text(r, "max-age=%lld%s%s",
		    (long long)h->sts_seconds, h->sts_subdomains ? "; includeSubDomains" : "",
		    h->sts_preload ? "; preload" : ""));
	set_if(r, STR("X-Frame-Options"), h->frame_options.len > 0 ? h->frame_options :
	    h->frame_deny ? STR("DENY") : STR(""));
	set_if(r, STR("X-Content-Type-Options"), h->nosniff ? STR("nosniff") : STR(""));
	set_if(r, STR("X-XSS-Protection"), h->xss_value.len > 0 ? h->xss_value :
	    h->xss_filter ? STR("1; mode=block") : STR(""));
	if (tls && !h->is_development)
		set_if(r, STR("Public-Key-Pins"), h->public_key);
	if (h->csp.len > 0 || h->csp_report.len > 0) {
		nonce_make(nonce);
		set_if(r, STR("Content-Security-Policy"), policy_text(r, h->csp, nonce));
		set_if(r, STR("Content-Security-Policy-Report-Only"), policy_text(r, h->csp_report, nonce));
	}
	set_if(r, STR("Referrer-Policy"), h->referrer_policy);
	set_if(r, STR("Permissions-Policy"), h->permissions_policy);
}

/* ---- both ways ---- */

enum filter_verdict
headers_request(struct filter_run *r, const struct filter_headers *h, uint8_t *note)
{
	ASSERT(*note == 0);
	if (has_cors(h) && is_preflight(r)) {
		answer_preflight(r, h);
		return FILTER_RESPOND;
	}
	change_request(r, h);
	if (!host_allowed(r, h)) {
		*note = NOTE_REFUSED;
		r->inside = true;
		run_answer(r, WHY_HOST_NOT_ALLOWED, 500);
		run_answer_field(r, STR("Content-Type"), STR("text/plain; charset=utf-8"));
		run_answer_field(r, STR("X-Content-Type-Options"), STR("nosniff"));
		run_answer_body(r, STR("Bad Host\n"));
		return FILTER_RESPOND;
	}
	*note = came_by_tls(r, h) ? NOTE_TLS : 0;
	return FILTER_PASS;
}

void
headers_response(struct filter_run *r, const struct filter_headers *h, uint8_t note)
{
	if (note != NOTE_REFUSED)
		secure_response(r, h, (note & NOTE_TLS) != 0);
	change_response(r, h);
	if (has_cors(h) || h->request.n > 0 || h->response.n > 0)
		cors_response(r, h);
}
