/*
 * traefik: a plan as YAML. A plan's names are plain words; hosts and paths come from labels, so
 * every text is quoted, and braces are escaped: the file provider runs what it reads through a
 * template.
 */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "drive/traefik_priv.h"

#define PATH_BYTES	2048		/* paths are shorter (form_path) */

static void
put_text(struct buf *out, const char *s)
{
	buf_adds(out, STR("\""));
	for (; *s != '\0'; s++)
		if (*s == '"' || *s == '\\')
			buf_printf(out, "\\%c", *s);
		else if ((unsigned char)*s < ' ' || *s == '{' || *s == '}' || *s == 0x7f)
			buf_printf(out, "\\x%02X", (unsigned char)*s);
		else
			buf_add(out, s, 1);
	buf_adds(out, STR("\""));
}

/* ---- rules ---- */

/* Traefik's rules are Go expressions: a string is in back quotes, or in double quotes with Go's
 * escapes. */
static void
rule_text(struct buf *rule, const char *before, const char *s, const char *after)
{
	if (strchr(s, '`') == NULL) {
		buf_printf(rule, "%s`%s%s`)", before, s, after);
		return;
	}
	buf_printf(rule, "%s\"", before);
	for (; *s != '\0'; s++)
		buf_printf(rule, "%s%c", *s == '"' || *s == '\\' ? "\\" : "", *s);
	buf_printf(rule, "%s\")", after);
}

static void
rule_host(struct buf *rule, const char *host)
{
	size_t len = strlen(host);

	if (host[0] == '[' && host[len - 1] == ']') {	/* IPv6: Traefik compares without the brackets */
		buf_printf(rule, "Host(`%.*s`)", (int)len - 2, host + 1);
		return;
	}
	if (strncmp(host, "*.", 2) != 0 && strncmp(host, "+.", 2) != 0) {
		rule_text(rule, "Host(", host, "");
		return;
	}
	buf_adds(rule, host[0] == '+' ? STR("HostRegexp(`^[^.]+") : STR("HostRegexp(`^.+"));
	for (const char *c = host + 1; *c != '\0'; c++)
		buf_printf(rule, "%s%c", *c == '.' ? "\\" : "", *c);
	buf_adds(rule, STR("$`)"));
}

static int
hex_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Decodes each %XX that is printable and not reserved; those above ASCII only if `all`. */
static void
path_decode(const char *path, bool all, char out[PATH_BYTES])
{
	size_t n = 0;

	for (; *path != '\0' && n + 1 < PATH_BYTES; path++) {
		int high = *path == '%' ? hex_of(path[1]) : -1;
		int low = high < 0 ? -1 : hex_of(path[2]), c = high * 16 + low;
		if (low < 0 || c < ' ' || c == 0x7f || (c > 0x7f && !all) ||
		    strchr("%/?#[]@:!$&'()*+,;=", c) != NULL)
			out[n++] = *path;
		else {
			out[n++] = (char)c;
			path += 2;
		}
	}
	out[n] = '\0';
}

/* Is it UTF-8, without a character that ends a line in YAML? */
static bool
is_text(const char *s)
{
	json_t *j = json_string(s);
	bool text = j != NULL && strstr(s, "\xc2\x85") == NULL && strstr(s, "\xe2\x80\xa8") == NULL &&
	    strstr(s, "\xe2\x80\xa9") == NULL;

	json_decref(j);
	return text;
}

/* Traefik decodes a request's path, except what is reserved, before it compares: a rule that is
 * not decoded would never match. */
static void
path_plain(const char *path, char out[PATH_BYTES])
{
	path_decode(path, true, out);
	if (!is_text(out))
		path_decode(path, false, out);
}

void
traefik_rule(const struct route_conf *r, struct buf *rule)
{
	size_t len = strlen(r->path);
	bool whole = len > 0 && r->path[len - 1] == '/';
	char path[PATH_BYTES];

	if (*r->host != '\0') {
		rule_host(rule, r->host);
		if (len == 1)
			return;
		buf_adds(rule, STR(" && "));
	}
	path_plain(r->path, path);
	if (whole) {
		rule_text(rule, "PathPrefix(", path, "");
		return;
	}
	rule_text(rule, *r->host != '\0' ? "(Path(" : "Path(", path, "");
	rule_text(rule, " || PathPrefix(", path, "/");
	if (*r->host != '\0')
		buf_adds(rule, STR(")"));
}

/*
 * All are negative: Traefik gives a router without a priority the length of its rule, so a
 * request that another router matches, with or without a priority of its own, goes to that
 * router.
 */
int
traefik_priority(const struct route_conf *r)
{
	size_t path = strlen(r->path), host = strlen(r->host);
	int p = (int)(path < 900 ? path : 900), h = (int)(host < 255 ? host : 255);

	ASSERT(r->path[0] == '/');
	if (host == 0)
		p += 14;
	else if (r->host[0] == '*' || r->host[0] == '+')
		p += 1000 + h * 1024;
	else
		p += 1000000;
	ASSERT(p > 0 && p < TRAEFIK_PRIORITIES);	/* 0 is the router to the API */
	return TRAEFIK_PRIORITY + p;
}

/* ---- names ---- */

void
traefik_name(const struct traefik_options *o, const char *service, char out[TRAEFIK_NAME_MAX])
{
	const char *hole = strstr(o->backend, "{service}");
	int len;

	ASSERT(hole != NULL);
	len = snprintf(out, TRAEFIK_NAME_MAX, "%.*s%s%s", (int)(hole - o->backend), o->backend, service,
	    hole + strlen("{service}"));
	ASSERT(len > 0 && len < TRAEFIK_NAME_MAX);	/* or two services could have one name */
}

void
traefik_router_name(const struct traefik_options *o, const struct plan_service *s, unsigned route,
    char out[TRAEFIK_NAME_MAX])
{
	ASSERT(route < s->nroutes);
	traefik_name(o, s->name, out);
	str_copy(out + strlen(out), TRAEFIK_NAME_MAX - strlen(out), STR(TRAEFIK_MARK));
	if (route > 0)
		snprintf(out + strlen(out), TRAEFIK_NAME_MAX - strlen(out), "~%u", route + 1);
}

void
traefik_old_name(const struct traefik_options *o, const struct plan_service *s, unsigned route,
    char out[TRAEFIK_NAME_MAX])
{
	traefik_name(o, s->name, out);
	if (route > 0)
		snprintf(out + strlen(out), TRAEFIK_NAME_MAX - strlen(out), "~%u", route + 1);
}

/* Does a list such as "web, websecure" contain it? */
static bool
list_contains(struct str list, const char *point)
{
	struct str one;

	while (str_split(&list, ',', &one))
		if (str_eq(str_trim(one), str_of(point)))
			return true;
	return false;
}

/* Mola's router has its entry points for each of the service's routes: each list has to contain
 * all of them. */
static bool
entry_points_allowed(const struct traefik_options *o, const char *lists)
{
	struct str rest = str_of(lists), list;

	if (o->nentry_points == 0)
		return false;
	while (str_split(&rest, ';', &list))
		for (unsigned i = 0; i < o->nentry_points; i++)
			if (!list_contains(list, o->entry_point[i]))
				return false;
	return true;
}

const char *
traefik_withheld_reason(const struct traefik_options *o, const struct plan_service *s)
{
	if (!o->routers)
		return NULL;
	if (s->conf.kind == SERVICE_TCP)
		return "it is of kind tcp";
	if (s->requirements.middlewares)
		return "its labels demand middlewares";
	if (s->requirements.tls)
		return "its labels demand TLS";
	if (s->requirements.refused)
		return "its routes take in requests for a router that is not served";
	if (s->requirements.entry_points != NULL && !entry_points_allowed(o, s->requirements.entry_points))
		return "its labels demand other entry points";
	return NULL;
}

unsigned
traefik_routers(const struct traefik_options *o, const struct plan_service *s)
{
	return o->routers && traefik_withheld_reason(o, s) == NULL ? s->nroutes : 0;
}

/* Servers that drain are written when there are no others. */
bool
traefik_is_listed(const struct plan_service *s, const struct plan_server *v)
{
	return !v->draining || s->nserving == 0;
}

bool
traefik_uses_fallback(const struct traefik_options *o, const struct plan_service *s)
{
	return o->fallback != NULL && s->nserving == 0;
}

/* What its certificate is verified with is Traefik's own affair, by its default servers
 * transport. */
void
traefik_url(const struct plan_service *s, const struct plan_server *v, char out[TRAEFIK_NAME_MAX])
{
	enum scheme scheme = s->conf.scheme == SCHEME_H2 ? SCHEME_HTTPS : s->conf.scheme;
	char addr[ADDR_TEXT_MAX];

	snprintf(out, TRAEFIK_NAME_MAX, "%s://%s", scheme_name(scheme), addr_text(&v->addr, addr));
}

/* ---- the file ---- */

static void
put_entry_points(struct buf *out, char *const *point, unsigned n)
{
	if (n == 0)
		return;
	buf_adds(out, STR("      entryPoints:\n"));
	for (unsigned i = 0; i < n; i++) {
		buf_adds(out, STR("        - "));
		put_text(out, point[i]);
		buf_adds(out, STR("\n"));
	}
}

static void
put_router(struct buf *out, const struct traefik_options *o, const struct plan_service *s,
    unsigned route)
{
	char name[TRAEFIK_NAME_MAX], service[TRAEFIK_NAME_MAX];
	struct buf rule;

	traefik_router_name(o, s, route, name);
	traefik_name(o, s->name, service);
	buf_init(&rule, 64 << 10);
	traefik_rule(&s->route[route], &rule);
	buf_add(&rule, "", 1);
	buf_adds(out, STR("    "));
	put_text(out, name);
	buf_adds(out, STR(":\n"));
	put_entry_points(out, o->entry_point, o->nentry_points);
	buf_adds(out, STR("      rule: "));
	put_text(out, rule.p);
	buf_printf(out, "\n      priority: %d\n      service: ", traefik_priority(&s->route[route]));
	put_text(out, service);
	buf_adds(out, STR("\n"));
	buf_fini(&rule);
}

static void
put_api_router(struct buf *out, const struct traefik_options *o)
{
	char *point[1] = { (char *)o->api_entry_point };

	buf_adds(out, STR("    \"" TRAEFIK_API_ROUTER "\":\n"));
	put_entry_points(out, point, 1);
	buf_adds(out, STR("      rule: \"PathPrefix(`/`)\"\n"));
	buf_printf(out, "      priority: %d\n      service: \"api@internal\"\n", TRAEFIK_PRIORITY);
}

static void
put_health(struct buf *out, const struct service_conf *c)
{
	if (c->health_path == NULL)
		return;
	buf_adds(out, STR("        healthCheck:\n          path: "));
	put_text(out, c->health_path);
	buf_printf(out, "\n          interval: %" PRId64 "ms\n          timeout: %" PRId64 "ms\n",
	    c->health_interval_usec / USEC_PER_MSEC, c->health_timeout_usec / USEC_PER_MSEC);
}

static void
put_server(struct buf *out, const char *url, unsigned weight)
{
	buf_adds(out, STR("          - url: "));
	put_text(out, url);
	buf_printf(out, "\n            weight: %u\n", weight);
}

static void
put_service(struct buf *out, const struct traefik_options *o, const struct plan_service *s)
{
	char name[TRAEFIK_NAME_MAX], url[TRAEFIK_NAME_MAX];

	traefik_name(o, s->name, name);
	buf_adds(out, STR("    "));
	put_text(out, name);
	buf_adds(out, STR(":\n      loadBalancer:\n"));
	if (s->nservers == 0 && !traefik_uses_fallback(o, s)) {
		buf_adds(out, STR("        servers: []\n"));
		return;
	}
	buf_adds(out, STR("        servers:\n"));
	if (traefik_uses_fallback(o, s)) {
		put_server(out, o->fallback, 1);
		return;
	}
	for (unsigned i = 0; i < s->nservers; i++)
		if (traefik_is_listed(s, &s->server[i])) {
			traefik_url(s, &s->server[i], url);
			put_server(out, url, traefik_weight(o, &s->server[i]));
		}
	if (o->strategy != NULL) {
		buf_adds(out, STR("        strategy: "));
		put_text(out, o->strategy);
		buf_adds(out, STR("\n"));
	}
	if (!s->conf.pass_host)
		buf_adds(out, STR("        passHostHeader: false\n"));
	put_health(out, &s->conf);
}

void
traefik_write(const struct plan *p, const struct traefik_options *o, struct buf *out)
{
	bool routers = o->api_entry_point != NULL;

	for (unsigned i = 0; i < p->nservices; i++)
		routers |= traefik_routers(o, &p->service[i]) > 0;
	buf_adds(out, STR(TRAEFIK_HEAD "http:\n"));
	if (routers)
		buf_adds(out, STR("  routers:\n"));
	for (unsigned i = 0; i < p->nservices; i++)
		for (unsigned r = 0; r < traefik_routers(o, &p->service[i]); r++)
			put_router(out, o, &p->service[i], r);
	if (o->api_entry_point != NULL)
		put_api_router(out, o);
	if (p->nservices > 0)
		buf_adds(out, STR("  services:\n"));
	for (unsigned i = 0; i < p->nservices; i++)
		put_service(out, o, &p->service[i]);
}
