/*
 * traefik1: labels of Traefik 1 (1.7): those of a service, or of segments of it, each with a rule
 * and a port of its own, for which the service's are defaults.
 * Must not know what labels of Mola's look like.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/bug.h"
#include "base/go.h"
#include "stack/foreign_priv.h"
#include "world/filter.h"

#define SEGMENTS_MAX	FOREIGN_ROUTES_MAX
#define PREFIX		"traefik."

enum how {		/* kinds of middlewares, and: */
	HOW_OWN = FOREIGN_KIND_COUNT, HOW_LEFT, HOW_NOT, HOW_SWITCH, HOW_PAIRS
};

static const struct row {
	const char	*label;
	unsigned	 how;
	const char	*what;
} rows[] = {
#define FOREIGN_OWN	HOW_OWN
#define FOREIGN_LEFT	HOW_LEFT
#define FOREIGN_NOT	HOW_NOT
#define FOREIGN_SWITCH	HOW_SWITCH
#define FOREIGN_PAIRS	HOW_PAIRS
#define TRAEFIK1(label, how, what) { label, FOREIGN_##how, what },
#include "tbl/traefik1.h"
#undef TRAEFIK1
};

static const struct row *
row_of(const char *label)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		size_t n = strlen(rows[i].label);
		if (strcasecmp(rows[i].label, label) == 0 || (rows[i].label[n - 1] == '.' &&
		    strncasecmp(rows[i].label, label, n) == 0))
			return &rows[i];
	}
	return NULL;
}

/* ---- segments ---- */

static bool
starts(const char *s, const char *with)
{
	return strncasecmp(s, with, strlen(with)) == 0;
}

/* What follows "traefik.", or "traefik.SEGMENT." with the segment's name in `segment`; NULL: it is
 * no label of Traefik's, or one of 2 and 3. */
static const char *
own_part(const char *name, struct str *segment)
{
	static const char *const in_segments[] = { "port", "portIndex", "weight", "protocol", "backend",
		"domain" };
	const char *rest = name + strlen(PREFIX), *dot;

	*segment = (struct str){ NULL, 0 };
	if (!starts(name, PREFIX) || starts(rest, "http.") || starts(rest, "tcp.") || starts(rest, "udp.")
	    || starts(rest, "swarm.") || starts(rest, "tls."))
		return NULL;
	if (row_of(rest) != NULL || starts(rest, "frontend.") || starts(rest, "backend."))
		return rest;
	for (dot = strchr(rest, '.'); dot != NULL; dot = strchr(dot + 1, '.')) {
		bool is = starts(dot + 1, "frontend.");
		for (size_t i = 0; !is && i < sizeof in_segments / sizeof *in_segments; i++)
			is = strcasecmp(dot + 1, in_segments[i]) == 0;
		if (is) {
			*segment = (struct str){ rest, (size_t)(dot - rest) };
			return dot + 1;
		}
	}
	return rest;
}

struct segment {
	struct foreign_reading *r;
	struct str	 name;			/* p NULL: the service */
	struct foreign_route *route;
};

/* The segment's own label, or the service's; NULL: neither is there. */
static const struct stack_pair *
find(const struct segment *g, const char *label)
{
	const struct stack_pairs *p = stack_labels(g->r->s, g->r->v);
	const struct stack_pair *found = NULL;
	struct str of;

	for (unsigned i = 0; i < p->n; i++) {
		const char *part = own_part(p->item[i].name, &of);
		if (part == NULL || strcasecmp(part, label) != 0)
			continue;
		if (of.p == NULL && found == NULL)
			found = &p->item[i];
		else if (of.p != NULL && g->name.p != NULL && str_eq(of, g->name))
			return &p->item[i];
	}
	return found;
}

static bool
is_true(const struct segment *g, const char *label)
{
	const struct stack_pair *p = find(g, label);
	bool on = false;

	return p != NULL && go_bool(str_of(p->value), &on) && on;
}

/* ---- what labels say that are no options of middlewares ---- */

static void
read_port(struct segment *g)
{
	const struct stack_pair *p = find(g, "port"), *protocol = find(g, "protocol");
	uint64_t n;

	if (p != NULL && str_to_u64(str_trim(str_of(p->value)), &n) && n > 0 && n <= 65535)
		g->route->port = (unsigned)n;
	else if (p != NULL)
		foreign_refuse(g->r, &p->at, "%s: expected a port", p->name);
	else if (g->r->v->nports == 1)
		g->route->port = g->r->v->port[0].target;
	if (protocol == NULL || *protocol->value == '\0' || strcasecmp(protocol->value, "http") == 0)
		return;
	if (strcasecmp(protocol->value, "https") == 0) {
		g->route->scheme = "https";
		foreign_set(g->r, "mola.task_tls.name", "address");
	} else if (strcasecmp(protocol->value, "h2c") == 0)
		g->route->scheme = "h2c";
	else
		foreign_refuse(g->r, &protocol->at, "%s: expected http, https or h2c", protocol->name);
}

static bool
is_tls_name(struct str name)
{
	return str_eq_nocase(name, STR("https")) || str_eq_nocase(name, STR("websecure"));
}

static void
read_entry_points(struct segment *g)
{
	const struct stack_pair *p = find(g, "frontend.entryPoints");
	struct str rest, one;
	bool plain = false, tls = false;

	if (p == NULL) {
		foreign_note(g->r, "its entry points are Traefik's default ones: where those redirect to https, "
		    "have the same of a listener in mola.yaml");
		return;
	}
	for (rest = str_of(p->value); str_split(&rest, ',', &one); ) {
		one = str_trim(one);
		if (is_tls_name(one))
			tls = true;
		else if (str_eq_nocase(one, STR("http")) || str_eq_nocase(one, STR("web")))
			plain = true;
		else
			foreign_refuse(g->r, &p->at, "entry point %.*s: what it lets in is not known; expected http "
			    "and https", STR_ARG(one));
	}
	g->route->way = !tls ? WAY_PLAIN : !plain ? WAY_TLS : WAY_BOTH;
	if (tls)
		foreign_note(g->r, "mola.tls: acme is what orders certificates for its hosts");
}

/* SSLHost changes nothing where it is the only host. */
static void
read_ssl_host(struct segment *g)
{
	const struct stack_pair *p = find(g, "frontend.headers.SSLHost");

	if (p != NULL && *p->value != '\0' && (g->route->hosts == NULL ||
	    strcasecmp(g->route->hosts, p->value) != 0))
		foreign_refuse(g->r, &p->at, "%s: it redirects to a host that is not the rule's only one",
		    p->name);
}

static void
read_redirect(struct segment *g)
{
	const struct stack_pair *to = find(g, "frontend.redirect.entryPoint");

	if (to != NULL && !is_tls_name(str_of(to->value)))
		foreign_refuse(g->r, &to->at, "%s: expected https", to->name);
	g->route->to_tls = to != NULL || is_true(g, "frontend.headers.SSLRedirect") ||
	    is_true(g, "frontend.headers.SSLTemporaryRedirect");
	g->route->to_tls_for_good = to != NULL ? is_true(g, "frontend.redirect.permanent") :
	    !is_true(g, "frontend.headers.SSLTemporaryRedirect");
	if ((to = find(g, "frontend.redirect.regex")) != NULL && is_true(g, "frontend.redirect.permanent"))
		foreign_option(g->r, g->route, FOREIGN_redirectregex, "permanent", "true", &to->at);
	read_ssl_host(g);
}

/* Of requests that are counted: whose they are. */
static void
read_source(struct segment *g, const char *label, enum foreign_kind kind)
{
	const struct stack_pair *p = find(g, label);
	const char *of = p == NULL ? "" : p->value;

	if (p == NULL || *of == '\0')
		of = kind == FOREIGN_inflightreq ? "request.host" : "client.ip";
	if (strcasecmp(of, "request.host") == 0)
		foreign_option(g->r, g->route, kind, "sourcecriterion.requesthost", "true", &g->r->v->at);
	else if (starts(of, "request.header.") && of[15] != '\0')
		foreign_option(g->r, g->route, kind, "sourcecriterion.requestheadername", of + 15, &p->at);
	else if (strcasecmp(of, "client.ip") != 0)
		foreign_refuse(g->r, &p->at, "%s: expected client.ip, request.host or request.header.NAME",
		    p->name);
	else if (kind == FOREIGN_inflightreq)
		foreign_option(g->r, g->route, kind, "sourcecriterion.ipstrategy.depth", "0", &g->r->v->at);
}

/* frontend.rateLimit.rateSet.NAME.period */
static void
read_rates(struct segment *g)
{
	const struct stack_pairs *p = stack_labels(g->r->s, g->r->v);
	const struct stack_pair *first = NULL;
	const char *set = "frontend.rateLimit.rateSet.", *name = NULL;
	struct str of;

	for (unsigned i = 0; i < p->n; i++) {
		const char *part = own_part(p->item[i].name, &of), *option;
		if (part == NULL || !starts(part, set) || (of.p != NULL && !str_eq(of, g->name)) ||
		    (option = strrchr(part, '.')) < part + strlen(set))
			continue;
		if (name != NULL && strncasecmp(name, part, (size_t)(option - part)) != 0)
			foreign_refuse(g->r, &p->item[i].at, "%s: several rate sets", p->item[i].name);
		name = part;
		first = &p->item[i];
		foreign_option(g->r, g->route, FOREIGN_ratelimit, arena_printf(g->r->a, "%s", option + 1),
		    p->item[i].value, &p->item[i].at);
	}
	if (first != NULL)
		read_source(g, "frontend.rateLimit.extractorFunc", FOREIGN_ratelimit);
}

static void
read_service(struct segment *g)
{
	const struct stack_pair *path = find(g, "backend.healthcheck.path");
	const struct stack_pair *every = find(g, "backend.healthcheck.interval");
	const struct stack_pair *cookie = find(g, "backend.loadbalancer.stickiness.cookieName");
	uint64_t seconds;

	if (path != NULL && (find(g, "backend.healthcheck.port") != NULL ||
	    find(g, "backend.healthcheck.scheme") != NULL))
		foreign_note(g->r, "its health check is of another port or scheme: it is left out");
	else if (path != NULL) {
		foreign_set(g->r, "mola.health.path", path->value);
		foreign_set(g->r, "mola.health.interval", every == NULL ? "30s" :
		    str_to_u64(str_of(every->value), &seconds) ? arena_printf(g->r->a, "%ss", every->value) :
		    every->value);
	}
	if (is_true(g, "backend.loadbalancer.stickiness") || is_true(g, "backend.loadbalancer.sticky"))
		foreign_set(g->r, "mola.sticky.cookie", cookie == NULL ? "_task" : cookie->value);
}

static void
read_rest(struct segment *g)
{
	const struct stack_pair *pass = find(g, "frontend.passHostHeader");
	const struct stack_pair *field = find(g, "frontend.auth.headerField"), *priority;
	bool on = true;

	if (pass != NULL && (!go_bool(str_of(pass->value), &on) || !on))
		foreign_refuse(g->r, &pass->at, "%s: tasks get the host of the request; expected true",
		    pass->name);
	if ((priority = find(g, "frontend.priority")) != NULL)
		g->route->priority = priority->value;
	for (enum foreign_kind k = FOREIGN_basicauth; field != NULL && k <= FOREIGN_forwardauth; k++)
		if ((g->route->kinds & 1u << k) != 0)
			foreign_option(g->r, g->route, k, "headerfield", field->value, &field->at);
	if ((g->route->kinds & 1u << FOREIGN_inflightreq) != 0)
		read_source(g, "backend.maxconn.extractorfunc", FOREIGN_inflightreq);
}

/* ---- options ---- */

/* NAME:VALUE||NAME:VALUE */
static void
read_pairs(struct segment *g, const struct row *row, const struct stack_pair *p)
{
	const char *at = p->value, *end, *colon;

	for (; *at != '\0'; at = *end == '\0' ? end : end + 2) {
		if ((end = strstr(at, "||")) == NULL)
			end = at + strlen(at);
		colon = memchr(at, ':', (size_t)(end - at));
		if (colon == NULL) {
			foreign_refuse(g->r, &p->at, "%s: expected NAME:VALUE", p->name);
			return;
		}
		struct str name = str_trim((struct str){ at, (size_t)(colon - at) });
		foreign_option(g->r, g->route, FOREIGN_headers, arena_printf(g->r->a, "%s.%.*s", row->what,
		    STR_ARG(name)), arena_text(g->r->a, str_trim((struct str){ colon + 1,
		    (size_t)(end - colon) - 1 })), &p->at);
	}
}

/*
 * What is off need not be said: a switch, or a number that is 0. "false" as a user or an address is
 * none, and Traefik serves nobody then.
 */
static bool
is_off(const struct row *row, const char *value)
{
	enum filter_kind kind;
	bool on = true;

	if (row->how == HOW_SWITCH)
		return go_bool(str_of(value), &on) && !on;
	return row->how < FOREIGN_KIND_COUNT &&
	    filter_kind_parse(str_of(foreign_kind_name((enum foreign_kind)row->how)), &kind) &&
	    filter_option_is_off(kind, str_of(row->what), str_of(value));
}

static void
read_label(struct segment *g, const struct stack_pair *p, const char *part)
{
	const struct row *row = row_of(part);

	if (row == NULL)
		foreign_refuse(g->r, &p->at, "%s is no label of Traefik 1; it may have been meant to restrict "
		    "access", p->name);
	else if (is_off(row, p->value))
		return;
	else if (row->how == HOW_NOT || row->how == HOW_SWITCH)
		foreign_refuse(g->r, &p->at, "%s: Mola has nothing that is the same", p->name);
	else if (row->how == HOW_LEFT && *row->what != '\0')
		foreign_note(g->r, "left out: %s", row->what);
	else if (row->how == HOW_PAIRS)
		read_pairs(g, row, p);
	else if (row->how < FOREIGN_KIND_COUNT)
		foreign_option(g->r, g->route, (enum foreign_kind)row->how, row->what, p->value, &p->at);
}

/* ---- all of it ---- */

static void
read_segment(struct foreign_reading *r, struct str name)
{
	struct segment g = { .r = r, .name = name,
	    .route = foreign_route_add(r, arena_text(r->a, name.p == NULL ? STR("") : name)) };
	const struct stack_pairs *p = stack_labels(r->s, r->v);
	const struct stack_pair *rule;
	struct str of;

	if (g.route == NULL)
		return;
	for (unsigned i = 0; i < p->n; i++) {
		const char *part = own_part(p->item[i].name, &of);
		if (part != NULL && (of.p == NULL || str_eq(of, name)) && find(&g, part) == &p->item[i])
			read_label(&g, &p->item[i], part);
	}
	if ((rule = find(&g, "frontend.rule")) != NULL)
		foreign_rule_traefik1(r, g.route, rule);
	else
		foreign_refuse(r, NULL, "it has no traefik.frontend.rule: its host comes of Traefik's own "
		    "settings");
	read_port(&g);
	read_entry_points(&g);
	read_redirect(&g);
	read_rates(&g);
	read_service(&g);
	read_rest(&g);
}

bool
foreign_is_traefik1(const struct stack *s, const struct stack_service *v, struct stack_at *mine)
{
	const struct stack_pairs *p = stack_labels(s, v);
	struct str segment;

	for (unsigned i = 0; i < p->n; i++) {
		const char *part = own_part(p->item[i].name, &segment);
		if (part == NULL || strcasecmp(part, "enable") == 0 || starts(part, "docker.") ||
		    strcasecmp(part, "tags") == 0)
			continue;
		*mine = p->item[i].at;
		return true;
	}
	return false;
}

void
foreign_read_traefik1(struct foreign_reading *r)
{
	const struct stack_pairs *p = stack_labels(r->s, r->v);
	struct segment whole = { .r = r };
	const struct stack_pair *enable = find(&whole, "enable");
	struct str of, seen[SEGMENTS_MAX];
	unsigned n = 0, k;
	bool on = true;

	if (enable != NULL && (!go_bool(str_of(enable->value), &on) || !on)) {
		r->out->same = true;		/* nothing of it is served, here as there */
		return;
	}
	foreign_check_entries_traefik1(r);
	for (unsigned i = 0; i < p->n; i++) {
		if (own_part(p->item[i].name, &of) == NULL || of.p == NULL)
			continue;
		for (k = 0; k < n && !str_eq(seen[k], of); k++)
			;
		if (k == n && n < SEGMENTS_MAX) {
			seen[n++] = of;
			read_segment(r, of);
		} else if (k == n)
			foreign_refuse(r, &p->item[i].at, "it has more than %d segments", SEGMENTS_MAX);
	}
	if (n == 0)
		read_segment(r, (struct str){ NULL, 0 });
	foreign_names_differ(r);
}
