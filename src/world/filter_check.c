/*
 * filter_check: what must hold for a whole middleware: what it cannot do without, names and values
 * that HTTP can carry, and fields that are not its own to change.
 * Must not know how a worker applies it.
 */
#include <ctype.h>
#include <curl/curl.h>
#include <string.h>

#include "base/bug.h"
#include "base/password.h"
#include "world/filter_priv.h"

/* ---- words of HTTP ---- */

bool
filter_is_token(struct str s)
{
	static const char others[] = "!#$%&'*+-.^_`|~";

	for (size_t i = 0; i < s.len; i++) {
		char c = s.p[i];
		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))
		    && memchr(others, c, sizeof others - 1) == NULL)
			return false;
	}
	return s.len > 0;
}

static bool
is_host(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] <= ' ' || s.p[i] >= 0x7f || strchr("/?#@\\\"<>", s.p[i]) != NULL)
			return false;
	return s.len > 0 && s.len <= 255;
}

/* X_User is X-User to tasks that make CGI variables of names. */
static bool
is_spelling_of(struct str s, const char *name)
{
	for (size_t i = 0; i < s.len; i++) {
		char c = s.p[i] == '_' ? '-' : s.p[i];
		if (name[i] == '\0' || !bytes_eq_nocase(&c, &name[i], 1))
			return false;
	}
	return name[s.len] == '\0';
}

bool
filter_is_framing(struct str name)
{
	static const char *const names[] = { "connection", "content-length", "keep-alive",
	    "proxy-connection", "proxy-authenticate", "proxy-authorization", "te", "trailer",
	    "transfer-encoding", "upgrade", "expect" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (is_spelling_of(name, names[i]))
			return true;
	return false;
}

/* A field of a request whose value is somebody else's. */
static bool
may_be_told(struct str name)
{
	return filter_is_token(name) && !filter_is_framing(name) && !str_eq_nocase(name, STR("host"));
}

static bool
check_names(const char *option, const struct filter_pairs *p, bool request,
    char problem[FILTER_PROBLEM])
{
	for (unsigned i = 0; i < p->n; i++) {
		struct filter_pair *f = &p->item[i];
		f->value = str_trim(f->value);
		if (!filter_is_token(f->name))
			return filter_wrong(problem, "%s.%.*s is no name of a field", option, STR_ARG(f->name));
		if (filter_is_framing(f->name))
			return filter_wrong(problem, "%s.%.*s: the field belongs to the connection, and "
			    "cannot be changed", option, STR_ARG(f->name));
		if (request && str_eq_nocase(f->name, STR("host")) && f->value.len > 0 && !is_host(f->value))
			return filter_wrong(problem, "%s.Host is no host", option);
	}
	return true;
}

/* ---- kinds ---- */

static bool
check_headers(struct arena *a, struct filter_headers *h, char problem[FILTER_PROBLEM])
{
	static const struct filter_headers none;

	(void)a;
	if (memcmp(h, &none, sizeof none) == 0)
		return filter_wrong(problem, "it has no option");
	return check_names("customRequestHeaders", &h->request, true, problem)
	    && check_names("customResponseHeaders", &h->response, false, problem)
	    && check_names("sslProxyHeaders", &h->ssl_proxy, false, problem);
}

static bool
check_strip_prefix(struct arena *a, struct filter_strip_prefix *s, char problem[FILTER_PROBLEM])
{
	(void)a;
	return s->prefixes.n > 0 || filter_wrong(problem, "it has no prefixes");
}

/* Escapes that are whole: the path can be decoded. */
static bool
is_spelled_path(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] == '%' && (i + 2 >= s.len || !isxdigit((unsigned char)s.p[i + 1])
		    || !isxdigit((unsigned char)s.p[i + 2])))
			return false;
	return s.len > 0 && s.p[0] == '/';
}

static bool
check_add_prefix(struct arena *a, struct filter_add_prefix *p, char problem[FILTER_PROBLEM])
{
	(void)a;
	return (p->prefix.len > 0 && p->prefix.p[0] == '/')
	    || filter_wrong(problem, "expected a prefix that begins with a slash");
}

static bool
check_replace_path(struct arena *a, struct filter_replace_path *p, char problem[FILTER_PROBLEM])
{
	(void)a;
	return is_spelled_path(p->path)
	    || filter_wrong(problem, "expected a path that begins with a slash, and whole escapes");
}

static bool
check_strip_prefix_regex(struct arena *a, struct filter_strip_prefix_regex *s,
    char problem[FILTER_PROBLEM])
{
	(void)a;
	return s->prefixes.n > 0 || filter_wrong(problem, "it has no regex");
}

static bool
check_replacement(const struct filter_pattern *regex, struct str replacement,
    char problem[FILTER_PROBLEM])
{
	if (regex->of == NULL)
		return filter_wrong(problem, "it has no regex");
	return replacement.len > 0 || filter_wrong(problem, "it has no replacement");
}

static bool
check_replace_path_regex(struct arena *a, struct filter_replace_path_regex *p,
    char problem[FILTER_PROBLEM])
{
	(void)a;
	return check_replacement(&p->regex, p->replacement, problem);
}

static bool
check_redirect_regex(struct arena *a, struct filter_redirect_regex *p, char problem[FILTER_PROBLEM])
{
	(void)a;
	return check_replacement(&p->regex, p->replacement, problem);
}

static bool
check_redirect_scheme(struct arena *a, struct filter_redirect_scheme *s,
    char problem[FILTER_PROBLEM])
{
	uint64_t port;

	(void)a;
	for (size_t i = 0; i < s->scheme.len; i++)
		if (!isalnum((unsigned char)s->scheme.p[i]) || !isalpha((unsigned char)s->scheme.p[0]))
			return filter_wrong(problem, "expected a scheme such as https");
	if (s->scheme.len == 0)
		return filter_wrong(problem, "it has no scheme");
	if (s->port.len > 0 && (s->port.len > 5 || !str_to_u64(s->port, &port) || port == 0 ||
	    port > 65535))
		return filter_wrong(problem, "expected a port from 1 to 65535");
	return true;
}

bool
filter_is_status(int64_t status)
{
	static const int known[] = {
#define STATUS(code, reason) code,
#include "tbl/status.h"
#undef STATUS
	};

	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (known[i] == status)
			return true;
	return false;
}

static bool
check_ip_allow_list(struct arena *a, struct filter_ip_allow_list *l, char problem[FILTER_PROBLEM])
{
	(void)a;
	if (l->nets.n == 0)
		return filter_wrong(problem, "it has no sourceRange");
	return filter_is_status(l->status)
	    || filter_wrong(problem, "rejectStatusCode is no status of HTTP");
}

static bool
check_ip_white_list(struct arena *a, struct filter_ip_white_list *l, char problem[FILTER_PROBLEM])
{
	(void)a;
	return l->nets.n > 0 || filter_wrong(problem, "it has no sourceRange");
}

/* ---- users ---- */

static bool
check_user_field(struct str field, char problem[FILTER_PROBLEM])
{
	if (field.len == 0)
		return true;
	if (!may_be_told(field))
		return filter_wrong(problem, "headerField is no name of a field that a middleware may set");
	return true;
}

static bool
check_users(const struct filter_texts *users, struct str file, char problem[FILTER_PROBLEM])
{
	if (file.len > 0)
		return filter_wrong(problem, "usersFile is read where labels name it; here, users belong in "
		    "users");
	return users->n > 0 || filter_wrong(problem, "it has no users");
}

/* Nothing of a user is shown: the label may be wrong in that its name is the password. */
static bool
check_basic_auth(struct arena *a, struct filter_basic_auth *b, char problem[FILTER_PROBLEM])
{
	struct str hash, name;

	(void)a;
	if (!check_users(&b->users, b->users_file, problem))
		return false;
	for (unsigned i = 0; i < b->users.n; i++) {
		hash = b->users.item[i];
		if (!str_split(&hash, ':', &name) || name.len == 0 || hash.len == 0)
			return filter_wrong(problem, "users: expected NAME:HASH for user %u", i + 1);
		if (str_starts(hash, STR("$$")))
			return filter_wrong(problem, "users: the hash of user %u begins with $$, which is how files "
			    "of stacks write $; a label has it once", i + 1);
		if (password_usec(hash) == 0)
			return filter_wrong(problem, "users: the hash of user %u is not one of bcrypt (up to cost "
			    "15), MD5 (apr1) or SHA, as htpasswd writes them", i + 1);
	}
	return check_user_field(b->header_field, problem);
}

static bool
is_digest(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!isxdigit((unsigned char)s.p[i]))
			return false;
	return s.len == 32;
}

static bool
check_digest_auth(struct arena *a, struct filter_digest_auth *d, char problem[FILTER_PROBLEM])
{
	struct str digest, name, realm;

	(void)a;
	if (!check_users(&d->users, d->users_file, problem))
		return false;
	for (unsigned i = 0; i < d->users.n; i++) {
		digest = d->users.item[i];
		if (!str_split(&digest, ':', &name) || !str_split(&digest, ':', &realm) || name.len == 0 ||
		    !is_digest(digest))
			return filter_wrong(problem, "users: expected NAME:REALM:DIGEST, as htdigest writes it, for "
			    "user %u", i + 1);
	}
	return check_user_field(d->header_field, problem);
}

/* ---- forwardAuth ---- */

/* An address of http or https with a host. */
static bool
is_url(struct arena *a, struct str text)
{
	CURLU *u = curl_url();
	char *host = NULL, *scheme = NULL;
	bool good = u != NULL
	    && curl_url_set(u, CURLUPART_URL, arena_text(a, text), 0) == CURLUE_OK
	    && curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK
	    && (strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0)
	    && curl_url_get(u, CURLUPART_HOST, &host, 0) == CURLUE_OK && *host != '\0';

	curl_free(scheme);
	curl_free(host);
	curl_url_cleanup(u);
	return good;
}

/* The address is not shown: it may have a password in it. */
static bool
check_forward_auth(struct arena *a, struct filter_forward_auth *f, char problem[FILTER_PROBLEM])
{
	if (f->address.len == 0)
		return filter_wrong(problem, "it has no address");
	if (!is_url(a, f->address))
		return filter_wrong(problem, "address: expected a URL such as http://auth:8080/verify");
	if (f->ca.len > 0 || f->cert.len > 0 || f->key.len > 0)
		return filter_wrong(problem, "tls.ca, tls.cert and tls.key are files of Traefik's, which Mola "
		    "does not read; https trusts the CAs of the system that Mola runs on");
	for (unsigned i = 0; i < f->response_headers.n; i++)
		if (!may_be_told(f->response_headers.item[i]))
			return filter_wrong(problem, "authResponseHeaders: %.*s is no name of a field that a "
			    "middleware may set", STR_ARG(f->response_headers.item[i]));
	return true;
}

static bool
check_pass_client_cert(struct arena *a, struct filter_pass_client_cert *p,
    char problem[FILTER_PROBLEM])
{
	static const struct filter_pass_client_cert none;

	(void)a;
	return memcmp(p, &none, sizeof none) != 0 || filter_wrong(problem, "it has no option");
}

static bool
check_content_type(struct arena *a, struct filter_content_type *c, char problem[FILTER_PROBLEM])
{
	(void)a;
	(void)c;
	(void)problem;
	return true;
}

static bool
check_noop(struct arena *a, struct filter_noop *n, char problem[FILTER_PROBLEM])
{
	(void)a;
	(void)n;
	(void)problem;
	return true;
}

#define check_compress	filter_check_compress
#define check_buffering	filter_check_buffering
#define check_errors	filter_check_errors

bool
filter_check(struct arena *a, struct filter *f, char problem[FILTER_PROBLEM])
{
	switch (f->kind) {
#define FILTER(kind, field, ...) case FILTER_##kind: return check_##field(a, &f->of.field, problem);
#include "tbl/filters.h"
	case FILTER_KINDS:
		break;
	}
	BUG("no kind of filter");
}
