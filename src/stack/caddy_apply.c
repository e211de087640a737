/*
 * caddy_apply: what directives of a Caddyfile do to requests, as middlewares; and where
 * reverse_proxy leads to.
 */
#include <string.h>
#include <strings.h>

#include "base/base64.h"
#include "base/bug.h"
#include "stack/caddy_priv.h"

#define HASH_MAX 512

enum does {
	DO_LEFT, DO_BLOCK, DO_BASIC_AUTH, DO_FORWARD_AUTH, DO_HEADER, DO_ENCODE, DO_REDIR, DO_REWRITE,
	DO_URI, DO_TLS, DO_TRANSPORT, DO_HEADER_UP, DO_HEADER_DOWN, DO_HEALTH_URI, DO_HEALTH_INTERVAL,
	DO_HEALTH_TIMEOUT, DO_UNKNOWN
};

struct row {
	const char	*name;
	enum does	 how;
};
static const struct row directives[] = {
#define CADDY(name, how) { name, DO_##how },
#include "tbl/caddy.h"
	{ NULL, DO_UNKNOWN }
};
static const struct row below_proxy[] = {
#define CADDY_PROXY(name, how) { name, DO_##how },
#include "tbl/caddy.h"
	{ NULL, DO_UNKNOWN }
};

static enum does
find(const struct row *rows, const char *name)
{
	while (rows->name != NULL && strcmp(rows->name, name) != 0)
		rows++;
	return rows->how;
}

static const char *
arg(const struct caddy_directive *d, unsigned i)
{
	return i < d->nargs ? d->arg[i] : "";
}

static void
refuse(struct foreign_reading *r, const struct caddy_directive *d)
{
	foreign_refuse(r, &d->at, "%s: Mola has nothing that is the same for sure", d->prefix);
}

bool
caddy_knows(struct foreign_reading *r, const struct caddy_directive *d)
{
	if (find(directives, d->name) != DO_UNKNOWN)
		return true;
	foreign_refuse(r, &d->at, "%s is not understood; it may be meant to restrict access", d->prefix);
	return false;
}

/* ---- passwords ---- */

/* Old Caddys had hashes in base64. */
static const char *
hash_of(struct foreign_reading *r, const char *text)
{
	char out[HASH_MAX];
	size_t n;

	if (*text != '$' && strlen(text) < HASH_MAX && base64_read(str_of(text), out, &n) && n > 0 &&
	    *out == '$')
		return arena_text(r->a, (struct str){ out, n });
	return text;
}

static void
do_basic_auth(struct foreign_reading *r, struct foreign_route *route, struct caddy_directive *d)
{
	struct caddy_directive user;
	const char *users = "";
	struct stack_at at = d->at;
	unsigned n = 0;

	if (d->nargs > 0 && strcmp(d->arg[0], "bcrypt") != 0)
		refuse(r, d);
	for (unsigned i = 0; caddy_next(r, d->prefix, &i, &user); n++) {
		if (user.nargs != 1)
			foreign_refuse(r, &user.at, "%s: expected a user with a hash of bcrypt", d->prefix);
		if (n == 0)
			at = user.at;
		users = arena_printf(r->a, "%s%s%s:%s", users, n == 0 ? "" : ",", user.name,
		    hash_of(r, arg(&user, 0)));
	}
	if (n == 0)
		foreign_refuse(r, &d->at, "%s: expected users", d->prefix);
	foreign_option(r, route, FOREIGN_basicauth, "users", users, &at);
	if (d->nargs > 1)
		foreign_option(r, route, FOREIGN_basicauth, "realm", d->arg[1], &d->at);
}

static void
do_forward_auth(struct foreign_reading *r, struct foreign_route *route, struct caddy_directive *d)
{
	struct caddy_directive part;
	const char *uri = "", *headers = NULL;

	if (d->nargs != 1 || strpbrk(d->arg[0], "{}") != NULL)
		refuse(r, d);
	for (unsigned i = 0; caddy_next(r, d->prefix, &i, &part); ) {
		if (strcmp(part.name, "uri") == 0 && part.nargs == 1)
			uri = part.arg[0];
		else if (strcmp(part.name, "copy_headers") == 0)
			for (unsigned k = 0; k < part.nargs; k++)
				headers = headers == NULL ? part.arg[k] : arena_printf(r->a, "%s,%s", headers, part.arg[k]);
		else if (strcmp(part.name, "trusted_proxies") != 0)
			refuse(r, &part);
		for (unsigned k = 0; k < part.nargs; k++)
			if (strpbrk(part.arg[k], "{}>") != NULL)	/* a placeholder, or another name */
				refuse(r, &part);
	}
	foreign_option(r, route, FOREIGN_forwardauth, "address", arena_printf(r->a, "%s%s%s",
	    strstr(arg(d, 0), "://") == NULL ? "http://" : "", arg(d, 0), uri), &d->at);
	if (headers != NULL)
		foreign_option(r, route, FOREIGN_forwardauth, "authresponseheaders", headers, &d->at);
}

/* ---- fields ---- */

static void
set_field(struct foreign_reading *r, struct foreign_route *route, const struct caddy_directive *d,
    const char *which, const char *name, const char *value)
{
	bool away = *name == '-';

	name += away;
	if (*name == '\0' || strpbrk(name, "+?>{}*.") != NULL || strpbrk(value, "{}") != NULL ||
	    d->nargs > 3 || (!away && *value == '\0')) {
		refuse(r, d);
		return;
	}
	foreign_option(r, route, FOREIGN_headers, arena_printf(r->a, "%s.%s", which, name), value, &d->at);
}

static void
do_header(struct foreign_reading *r, struct foreign_route *route, struct caddy_directive *d)
{
	struct caddy_directive field;

	if (d->nargs > 2)
		refuse(r, d);
	else if (d->nargs > 0)
		set_field(r, route, d, "customresponseheaders", d->arg[0], arg(d, 1));
	for (unsigned i = 0; caddy_next(r, d->prefix, &i, &field); )
		if (strcmp(field.name, "defer") != 0)
			set_field(r, route, &field, "customresponseheaders", field.name, arg(&field, 0));
}

/* Those of proxies are Mola's to set, whoever else says what is in them. */
static void
do_header_up(struct foreign_reading *r, struct foreign_route *route,
    const struct caddy_directive *d)
{
	static const char *const usual[] = { "Host", "X-Real-IP", "X-Forwarded-For", "X-Forwarded-Proto",
		"X-Forwarded-Host", "X-Forwarded-Port" };
	static const char *const same[] = { "{host}", "{hostport}", "{http.request.host}",
		"{http.request.hostport}", "{remote_host}", "{http.request.remote.host}", "{remote}", "{scheme}",
		"{http.request.scheme}", "{server_port}", "{port}", "{client_ip}" };
	const char *name = arg(d, 0), *value = arg(d, 1);
	unsigned found = 0;

	for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
		found |= strcasecmp(usual[i], name) == 0;
	for (size_t i = 0; i < sizeof same / sizeof *same; i++)
		found |= strcmp(same[i], value) == 0 ? 2 : 0;
	if (found != 3)
		set_field(r, route, d, "customrequestheaders", name, value);
}

/* ---- where it goes ---- */

static void
do_redir(struct foreign_reading *r, struct foreign_route *route, struct caddy_directive *d)
{
	const char *to = arg(d, 0), *code = arg(d, 1);
	size_t n = strlen(to);
	bool rest = n > 5 && strcmp(to + n - 5, "{uri}") == 0;
	const char *end = arena_text(r->a, (struct str){ to, rest ? n - 5 : n });
	bool good = strncmp(to, "http://", 7) == 0 || strncmp(to, "https://", 8) == 0;

	if (!good || strpbrk(end, "{}$") != NULL || d->nargs > 2 || strcmp(code, "html") == 0) {
		refuse(r, d);
		return;
	}
	foreign_option(r, route, FOREIGN_redirectregex, "regex",
	    rest ? "^https?://[^/]+(.*)$" : "^.*$", &d->at);
	foreign_option(r, route, FOREIGN_redirectregex, "replacement",
	    rest ? arena_printf(r->a, "%s${1}", end) : end, &d->at);
	if (strcmp(code, "permanent") == 0 || strcmp(code, "301") == 0 || strcmp(code, "308") == 0)
		foreign_option(r, route, FOREIGN_redirectregex, "permanent", "true", &d->at);
}

static void
do_rewrite(struct foreign_reading *r, struct foreign_route *route, struct caddy_directive *d)
{
	const char *to = arg(d, 0), *open = strchr(to, '{');

	if (d->nargs != 1 || *to != '/' || open == NULL || open == to ||
	    (strcmp(open, "{uri}") != 0 && strcmp(open, "{path}") != 0))
		refuse(r, d);
	else
		foreign_option(r, route, FOREIGN_addprefix, "prefix",
		    arena_text(r->a, (struct str){ to, (size_t)(open - to) }), &d->at);
}

static void
do_uri(struct foreign_reading *r, struct foreign_route *route, struct caddy_directive *d)
{
	if (d->nargs != 2 || strcmp(d->arg[0], "strip_prefix") != 0 || d->arg[1][0] != '/')
		refuse(r, d);
	else
		foreign_option(r, route, FOREIGN_stripprefix, "prefixes", d->arg[1], &d->at);
}

/* ---- TLS ---- */

static void
do_tls(struct foreign_reading *r, struct foreign_route *route, struct caddy_directive *d)
{
	static const char *const open[] = { "dns", "resolvers", "issuer", "on_demand", "ca", "protocols",
		"ciphers", "curves", "alpn", "key_type" };
	struct caddy_directive part;

	for (unsigned i = 0; caddy_next(r, d->prefix, &i, &part); ) {
		bool good = false;
		for (size_t k = 0; k < sizeof open / sizeof *open; k++)
			good |= strcmp(open[k], part.name) == 0;
		if (!good)
			refuse(r, &part);
		else
			foreign_note(r, "left out: tls %s; acme in mola.yaml has the like", part.name);
	}
	if (d->nargs > 0 && (d->nargs > 1 || strcmp(d->arg[0], "internal") == 0)) {
		route->acme = false;
		foreign_note(r, "its certificate is Caddy's own or a file: Mola needs it in tls.certs");
	}
}

/* ---- a block ---- */

/* Of two around each other Caddy has both, and a middleware of Mola's says one. */
static bool
is_twice(const struct foreign_route *route, enum does how)
{
	static const struct { enum does how; enum foreign_kind kind; } once[] = {
		{ DO_BASIC_AUTH, FOREIGN_basicauth }, { DO_FORWARD_AUTH, FOREIGN_forwardauth },
		{ DO_REDIR, FOREIGN_redirectregex }, { DO_REWRITE, FOREIGN_addprefix },
		{ DO_URI, FOREIGN_stripprefix },
	};

	for (size_t i = 0; i < sizeof once / sizeof *once; i++)
		if (once[i].how == how && (route->kinds & 1u << once[i].kind) != 0)
			return true;
	return false;
}

static void
apply_one(struct foreign_reading *r, struct foreign_route *route, struct caddy_directive *d,
    enum does how)
{
	const char *path = NULL;
	bool tls = how == DO_TLS;

	if (!tls && !caddy_matcher(r, d, &path))
		return;
	if (path != NULL || is_twice(route, how)) {
		foreign_refuse(r, &d->at, path != NULL ? "%s is for a part of the paths; expected a handle "
		    "around it" : "%s: there is another one around it", d->prefix);
		return;
	}
	switch (how) {
	case DO_BASIC_AUTH: do_basic_auth(r, route, d); break;
	case DO_FORWARD_AUTH: do_forward_auth(r, route, d); break;
	case DO_HEADER: do_header(r, route, d); break;
	case DO_ENCODE: foreign_option(r, route, FOREIGN_compress, "", "true", &d->at); break;
	case DO_REDIR: do_redir(r, route, d); break;
	case DO_REWRITE: do_rewrite(r, route, d); break;
	case DO_URI: do_uri(r, route, d); break;
	case DO_TLS: do_tls(r, route, d); break;
	default: refuse(r, d); break;
	}
}

/* Those of the block, and of those around it: of two that set the same, the inner one. */
void
caddy_apply(const struct caddy_block *b, struct foreign_route *route)
{
	struct foreign_reading *r = b->r;
	struct caddy_directive d;

	ASSERT(route->rule != NULL);
	if (b->in != NULL)
		caddy_apply(b->in, route);
	if (b->strip != NULL && is_twice(route, DO_URI))
		foreign_refuse(r, &r->v->at, "%s: another block takes off a prefix, too", b->prefix);
	else if (b->strip != NULL)
		foreign_option(r, route, FOREIGN_stripprefix, "prefixes", b->strip, &r->v->at);
	for (unsigned i = 0; caddy_next(r, b->prefix, &i, &d); ) {
		enum does how = find(directives, d.name);
		if (how != DO_BLOCK && how != DO_LEFT && how != DO_UNKNOWN)
			apply_one(r, route, &d, how);
	}
}

/* ---- reverse_proxy ---- */

/* "{{upstreams http 8080}}", or "http://NAME:8080" with the service's own name. */
static bool
read_upstream(struct foreign_reading *r, const char *text, struct foreign_route *route)
{
	const char *rest = text, *scheme = "http";
	struct str s = str_of(text), one;
	uint64_t port = 0;
	bool self = false;

	if (strncmp(rest, "{{", 2) == 0) {
		s = str_trim((struct str){ rest + 2, s.len < 4 ? 0 : s.len - 4 });
		self = str_split(&s, ' ', &one) && str_eq(one, STR("upstreams"));
		while (self && str_split(&s, ' ', &one))
			if (one.len > 0 && !str_to_u64(one, &port))
				scheme = arena_text(r->a, one);
	} else {
		const char *colons = strstr(rest, "://");
		if (colons != NULL) {
			scheme = arena_text(r->a, (struct str){ rest, (size_t)(colons - rest) });
			s = str_of(colons + 3);
		}
		self = str_split(&s, ':', &one) && str_eq(one, str_of(r->v->name)) &&
		    (s.p == NULL || str_to_u64(s, &port));
	}
	if (strcmp(scheme, "http") != 0 && strcmp(scheme, "https") != 0 && strcmp(scheme, "h2c") != 0)
		return false;
	route->scheme = strcmp(scheme, "http") == 0 ? NULL : scheme;
	route->port = port > 0 ? (unsigned)port : strcmp(scheme, "https") == 0 ? 443 : 80;
	return self && port <= 65535;
}

static void
do_transport(struct foreign_reading *r, struct foreign_route *route,
    const struct caddy_directive *d)
{
	struct caddy_directive part;

	if (strcmp(arg(d, 0), "http") != 0)
		refuse(r, d);
	for (unsigned i = 0; caddy_next(r, d->prefix, &i, &part); ) {
		bool tls = strcmp(part.name, "tls") == 0;
		if (strcmp(part.name, "tls_insecure_skip_verify") == 0) {
			foreign_set(r, "mola.task_tls.verify", "false");
			tls = true;
		} else if (!tls && strcmp(part.name, "versions") != 0)
			refuse(r, &part);
		if (tls)
			route->scheme = "https";
	}
}

static void
proxy_part(struct foreign_reading *r, struct foreign_route *route, struct caddy_directive *d)
{
	switch (find(below_proxy, d->name)) {
	case DO_LEFT: break;
	case DO_TRANSPORT: do_transport(r, route, d); break;
	case DO_HEADER_UP: do_header_up(r, route, d); break;
	case DO_HEADER_DOWN: set_field(r, route, d, "customresponseheaders", arg(d, 0), arg(d, 1)); break;
	case DO_HEALTH_URI: foreign_set(r, "mola.health.path", arg(d, 0)); break;
	case DO_HEALTH_INTERVAL: foreign_set(r, "mola.health.interval", arg(d, 0)); break;
	case DO_HEALTH_TIMEOUT: foreign_set(r, "mola.health.timeout", arg(d, 0)); break;
	default: refuse(r, d); break;
	}
}

bool
caddy_proxy(struct foreign_reading *r, struct caddy_directive *d, struct foreign_route *route)
{
	struct caddy_directive part;

	if (d->nargs != 1 || !read_upstream(r, d->arg[0], route)) {
		foreign_refuse(r, &d->at, "%s: expected {{upstreams PORT}}, this service alone", d->prefix);
		return false;
	}
	for (unsigned i = 0; caddy_next(r, d->prefix, &i, &part); )
		proxy_part(r, route, &part);
	return true;
}
