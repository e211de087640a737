/*
 * nginx_proxy: variables of the environment of a service, as nginx-proxy reads them. Passwords and
 * rules of nginx-proxy are in files beside it: where the stack has any, nothing is said of what
 * they may protect.
 * Must not know what labels of Mola's look like.
 */
#include <string.h>
#include <strings.h>

#include "base/bug.h"
#include "stack/foreign_priv.h"

#define OWN_LABELS "com.github.nginx-proxy.nginx-proxy."

enum how { HOW_OWN, HOW_LEFT, HOW_NOT };

static const struct row {
	const char	*name;
	enum how	 how;
	const char	*what;
} rows[] = {
#define NGINX_PROXY(name, how, what) { name, HOW_##how, what },
#include "tbl/nginx_proxy.h"
#undef NGINX_PROXY
};

static const struct row *
row_of(const char *name)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		size_t n = strlen(rows[i].name);
		if (strcmp(rows[i].name, name) == 0 || (rows[i].name[n - 1] == '_' &&
		    strncmp(rows[i].name, name, n) == 0))
			return &rows[i];
	}
	return NULL;
}

static const struct stack_pair *
find(const struct foreign_reading *r, const char *name)
{
	for (unsigned i = 0; i < r->v->environment.n; i++)
		if (strcmp(r->v->environment.item[i].name, name) == 0)
			return &r->v->environment.item[i];
	return NULL;
}

static const char *
value(const struct foreign_reading *r, const char *name, const char *otherwise)
{
	const struct stack_pair *p = find(r, name);

	return p == NULL || *p->value == '\0' ? otherwise : p->value;
}

/* ---- where ---- */

/* One of VIRTUAL_HOST: a name, *.name, name.*, or ~expression. */
static const char *
host_term(struct foreign_reading *r, struct str host, const struct stack_at *at)
{
	if (memchr(host.p, '`', host.len) != NULL) {
		foreign_refuse(r, at, "VIRTUAL_HOST: a backquote");
		return NULL;
	}
	if (host.p[0] == '~')
		return arena_printf(r->a, "HostRegexp(`%.*s`)", (int)host.len - 1, host.p + 1);
	if (str_starts(host, STR("*.")))		/* all below it, however deep */
		return arena_printf(r->a, "HostRegexp(`^.+%s$`)",
		    foreign_quoted(r->a, (struct str){ host.p + 1, host.len - 1 }));
	if (str_ends(host, STR(".*")))
		return arena_printf(r->a, "HostRegexp(`^%s.+$`)",
		    foreign_quoted(r->a, (struct str){ host.p, host.len - 1 }));
	return arena_printf(r->a, "Host(`%.*s`)", STR_ARG(host));
}

/* As of location in nginx: a prefix, an expression behind ~, or a whole path behind =. */
static const char *
path_term(struct foreign_reading *r, const struct stack_pair *p)
{
	struct str path = str_trim(str_of(p->value));
	const char *matcher = "PathPrefix";

	if (str_starts(path, STR("= "))) {
		matcher = "Path";
		path = str_trim((struct str){ path.p + 1, path.len - 1 });
	} else if (str_starts(path, STR("~"))) {
		matcher = "PathRegexp";
		path = str_trim((struct str){ path.p + 1, path.len - 1 });
		if (str_starts(path, STR("*")))
			foreign_refuse(r, &p->at, "%s: an expression in any case", p->name);
	} else if (path.p[0] != '/')
		foreign_refuse(r, &p->at, "%s: expected a path", p->name);
	if (memchr(path.p, '`', path.len) != NULL)
		foreign_refuse(r, &p->at, "%s: a backquote", p->name);
	return arena_printf(r->a, "%s(`%.*s`)", matcher, STR_ARG(path));
}

static void
read_where(struct foreign_reading *r, struct foreign_route *route)
{
	const struct stack_pair *host = find(r, "VIRTUAL_HOST"), *path = find(r, "VIRTUAL_PATH");
	struct str rest = str_of(host->value), one;
	const char *rule = NULL, *hosts = "", *term;
	bool plain = true;
	unsigned n = 0;

	while (str_split(&rest, ',', &one)) {
		if ((one = str_trim(one)).len == 0)
			continue;
		if ((term = host_term(r, one, &host->at)) == NULL)
			return;
		plain &= strncmp(term, "Host(", 5) == 0;
		hosts = arena_printf(r->a, "%s%s%.*s", hosts, n == 0 ? "" : ",", STR_ARG(one));
		rule = n++ == 0 ? term : arena_printf(r->a, "%s || %s", rule, term);
	}
	if (n == 0) {
		foreign_refuse(r, &host->at, "VIRTUAL_HOST: expected a host");
		return;
	}
	route->rule = rule;
	if (path == NULL || *path->value == '\0' || strcmp(path->value, "/") == 0)
		route->hosts = plain ? hosts : NULL;
	else
		route->rule = arena_printf(r->a, n == 1 ? "%s && %s" : "(%s) && %s", rule, path_term(r, path));
}

/* What takes the place of VIRTUAL_PATH at the beginning of the path. */
static void
read_dest(struct foreign_reading *r, struct foreign_route *route)
{
	const struct stack_pair *dest = find(r, "VIRTUAL_DEST");
	const char *path = value(r, "VIRTUAL_PATH", "/");
	struct str from = str_of(path);

	if (dest == NULL || *dest->value == '\0' || strcmp(path, dest->value) == 0)
		return;
	if (*path != '/' || *dest->value != '/' || strchr(dest->value, '$') != NULL) {
		foreign_refuse(r, &dest->at, "%s: expected a path, and one in VIRTUAL_PATH", dest->name);
		return;
	}
	if (strcmp(dest->value, "/") == 0) {
		while (from.len > 1 && from.p[from.len - 1] == '/')
			from.len--;
		foreign_option(r, route, FOREIGN_stripprefix, "prefixes", arena_text(r->a, from), &dest->at);
		return;
	}
	foreign_option(r, route, FOREIGN_replacepathregex, "regex",
	    arena_printf(r->a, "^%s(.*)$", foreign_quoted(r->a, from)), &dest->at);
	foreign_option(r, route, FOREIGN_replacepathregex, "replacement",
	    arena_printf(r->a, "%s${1}", dest->value), &dest->at);
}

/* ---- how ---- */

static void
read_port(struct foreign_reading *r, struct foreign_route *route)
{
	const struct stack_pair *p = find(r, "VIRTUAL_PORT"), *protocol = find(r, "VIRTUAL_PROTO");
	const char *spoken = protocol == NULL ? "http" : protocol->value;
	uint64_t n;

	if (p != NULL && str_to_u64(str_trim(str_of(p->value)), &n) && n > 0 && n <= 65535)
		route->port = (unsigned)n;
	else if (p != NULL && *p->value != '\0')
		foreign_refuse(r, &p->at, "%s: expected a port", p->name);
	else {
		route->port = r->v->nports == 1 ? r->v->port[0].target : 80;
		foreign_note(r, "without VIRTUAL_PORT, nginx-proxy takes the only port that the image exposes, "
		    "or 80: put mola.port right");
	}
	if (*spoken == '\0' || strcmp(spoken, "http") == 0)
		return;
	route->scheme = strcmp(spoken, "https") == 0 ? "https" : strcmp(spoken, "grpc") == 0 ? "h2c" :
	    strcmp(spoken, "grpcs") == 0 ? "h2" : NULL;
	if (route->scheme == NULL)
		foreign_refuse(r, &protocol->at, "%s: expected http, https, grpc or grpcs", protocol->name);
	else if (strcmp(route->scheme, "h2c") != 0)
		foreign_set(r, "mola.task_tls.verify", "false");	/* nginx does not verify either */
}

/* Strict-Transport-Security is sent unless HSTS is off. */
static void
read_hsts(struct foreign_reading *r, struct foreign_route *route)
{
	const struct stack_pair *p = find(r, "HSTS");
	struct str rest = str_of(value(r, "HSTS", "max-age=31536000")), one;
	const struct stack_at *at = p == NULL ? &r->v->at : &p->at;

	if (str_eq(rest, STR("off")))
		return;
	while (str_split(&rest, ';', &one)) {
		one = str_trim(one);
		if (str_starts(one, STR("max-age=")))
			foreign_option(r, route, FOREIGN_headers, "stsseconds",
			    arena_text(r->a, (struct str){ one.p + 8, one.len - 8 }), at);
		else if (str_eq_nocase(one, STR("includeSubDomains")))
			foreign_option(r, route, FOREIGN_headers, "stsincludesubdomains", "true", at);
		else if (str_eq_nocase(one, STR("preload")))
			foreign_option(r, route, FOREIGN_headers, "stspreload", "true", at);
		else if (one.len > 0)
			foreign_refuse(r, at, "HSTS: %.*s", STR_ARG(one));
	}
}

static void
read_tls(struct foreign_reading *r, struct foreign_route *route)
{
	const struct stack_pair *p = find(r, "HTTPS_METHOD");
	const char *method = value(r, "HTTPS_METHOD", "redirect");
	bool cert = *value(r, "LETSENCRYPT_HOST", "") != '\0' || *value(r, "CERT_NAME", "") != '\0';

	route->acme = *value(r, "LETSENCRYPT_HOST", "") != '\0';
	if (strcmp(method, "nohttps") == 0)
		route->way = WAY_PLAIN;
	else if (strcmp(method, "nohttp") == 0)
		route->way = WAY_TLS;
	else if (strcmp(method, "redirect") == 0) {
		route->to_tls = route->to_tls_for_good = cert;
		if (!cert)
			foreign_note(r, "nginx-proxy redirects to https where it has a certificate for the host; "
			    "with one, name a redirectScheme in mola.middlewares, or redirect on the listener");
	} else if (strcmp(method, "noredirect") != 0)
		foreign_refuse(r, &p->at, "HTTPS_METHOD: expected redirect, noredirect, nohttp or nohttps");
	if (cert && strcmp(method, "nohttps") != 0 && strcmp(method, "noredirect") != 0)
		read_hsts(r, route);
}

static void
read_access(struct foreign_reading *r, struct foreign_route *route)
{
	const struct stack_pair *p = find(r, "NETWORK_ACCESS");

	if (p == NULL || *p->value == '\0' || strcmp(p->value, "external") == 0)
		return;
	if (strcmp(p->value, "internal") != 0) {
		foreign_refuse(r, &p->at, "%s: expected internal or external", p->name);
		return;
	}
	foreign_option(r, route, FOREIGN_ipallowlist, "sourcerange",
	    "127.0.0.0/8,10.0.0.0/8,192.168.0.0/16,172.16.0.0/12", &p->at);
	foreign_note(r, "NETWORK_ACCESS: the networks are nginx-proxy's own; a network_internal.conf "
	    "beside it may have others");
}

/* ---- what stands elsewhere ---- */

/* What has a place of its own is a folder or a file of the node, a config or a secret; a volume
 * that only has a name is filled by programs. */
static bool
is_placed(const struct stack_mount *m)
{
	return strcmp(m->type, "volume") != 0 || strchr(m->source, '/') != NULL;
}

static void
check_mounts(struct foreign_reading *r, const struct stack_service *v, const struct stack_mount *m,
    unsigned n)
{
	static const char *const rules[] = { "/etc/nginx/vhost.d", "/etc/nginx/conf.d",
	    "/etc/nginx/nginx.conf", "/app/nginx.tmpl" };

	for (unsigned i = 0; i < n; i++) {
		const char *to = m[i].target == NULL ? "" : m[i].target;
		size_t len = strlen(to);
		bool may = str_starts(str_of(to), STR("/etc/nginx/htpasswd"));
		while (len > 1 && to[len - 1] == '/')
			len--;
		may |= is_placed(&m[i]) && len == 10 && strncmp(to, "/etc/nginx", len) == 0;
		for (size_t k = 0; k < sizeof rules / sizeof *rules; k++)
			may |= is_placed(&m[i]) && str_starts(str_of(to), str_of(rules[k]));
		if (may)
			foreign_refuse(r, &v->at, "%s of %s may have passwords or rules for its hosts", to, v->name);
	}
}

/* A folder of nginx-proxy's whose files may keep people out. Volumes that have a name are the
 * companion's: it writes where challenges are found. */
static void
check_files(struct foreign_reading *r, const struct stack *s)
{
	for (unsigned i = 0; i < s->nservices; i++) {
		const struct stack_service *v = &s->service[i];
		check_mounts(r, v, v->mount, v->nmounts);
		check_mounts(r, v, v->config, v->nconfigs);
		check_mounts(r, v, v->secret, v->nsecrets);
	}
}

static void
check_labels(struct foreign_reading *r)
{
	static const char *const harmless[] = { "loadbalance", "keepalive", "http2.enable",
		"http3.enable" };
	const struct stack_pairs *all[] = { &r->v->container, &r->v->deploy };

	for (unsigned n = 0; n < 2; n++)
		for (unsigned i = 0; i < all[n]->n; i++) {
			const struct stack_pair *p = &all[n]->item[i];
			bool good = strncmp(p->name, OWN_LABELS, strlen(OWN_LABELS)) != 0;
			for (size_t k = 0; k < sizeof harmless / sizeof *harmless; k++)
				good |= !good && strcmp(p->name + strlen(OWN_LABELS), harmless[k]) == 0;
			if (!good)
				foreign_refuse(r, &p->at, "%s: Mola has nothing that is the same", p->name);
		}
}

static void
check_variables(struct foreign_reading *r)
{
	for (unsigned i = 0; i < r->v->environment.n; i++) {
		const struct stack_pair *p = &r->v->environment.item[i];
		const struct row *row = row_of(p->name);
		if (row != NULL && row->how == HOW_NOT)
			foreign_refuse(r, &p->at, "%s: Mola has nothing that is the same", p->name);
		else if (row != NULL && row->how == HOW_LEFT && *row->what != '\0')
			foreign_note(r, "left out: %s", row->what);
	}
}

bool
foreign_is_nginx(const struct stack *s, const struct stack_service *v, struct stack_at *mine)
{
	(void)s;
	for (unsigned i = 0; i < v->environment.n; i++)
		if (strncmp(v->environment.item[i].name, "VIRTUAL_HOST", 12) == 0) {
			*mine = v->environment.item[i].at;
			return true;
		}
	return false;
}

void
foreign_read_nginx(struct foreign_reading *r)
{
	struct foreign_route *route = foreign_route_add(r, "");

	check_variables(r);
	check_labels(r);
	for (unsigned i = 0; i < r->nstacks; i++)
		check_files(r, r->stack[i]);
	if (r->out->problem.n > 0)
		return;
	ASSERT(find(r, "VIRTUAL_HOST") != NULL);	/* VIRTUAL_HOST_... is NOT */
	foreign_note(r, "passwords and rules in files of nginx-proxy (htpasswd, vhost.d, certs/*.ca.crt) "
	    "are not seen here: look before you switch");
	read_where(r, route);
	read_dest(r, route);
	read_port(r, route);
	read_tls(r, route);
	read_access(r, route);
}
