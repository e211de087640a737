/*
 * join_shared: routers and services of one name that the labels of several Swarm services define.
 * As in Traefik, equal ones are one: the tasks of all serve together, under the name of the oldest.
 * Different ones are none, and what would lead there is refused. Those of a service without tasks
 * do not count, as Traefik does not see them.
 * Must not know what a label means (definitions.c).
 */
#include <string.h>

#include "base/bug.h"
#include "discovery/join.h"
#include "discovery/middlewares.h"

struct part {
	struct join_service *js;
	const struct labels_definition *of;
	struct part	*next;
};

struct join_shared {
	enum definition_kind kind;
	struct part	*first, **end;		/* the oldest first */
	unsigned	 n;
	const char	*problem;		/* why nothing may lead there; NULL: it may */
};

static bool
is_service(enum definition_kind kind)
{
	return kind == DEFINES_SERVICE || kind == DEFINES_TCP_SERVICE;
}

/* The name is as routes have it: "web@swarm". */
static struct join_shared *
find(const struct join *j, enum definition_kind kind, const char *name)
{
	return name == NULL ? NULL : map_get(j->shared[kind], str_of(name));
}

/* Of the route of a router of Traefik's. */
static const char *
router_of(const struct labels_route *r)
{
	return r->at.listener != NULL ? r->tcp_name : r->at.rule == NULL ? NULL : r->at.rule->name;
}

static const char *
service_of(const struct labels_route *r)
{
	return r->at.listener != NULL ? r->tcp_to : r->at.rule == NULL ? NULL : r->at.rule->to;
}

static struct join_shared *
find_router(const struct join *j, const struct labels_route *r)
{
	return find(j, r->at.listener != NULL ? DEFINES_TCP_ROUTER : DEFINES_ROUTER, router_of(r));
}

static void
add(struct join *j, struct join_service *js, const struct labels_definition *d)
{
	struct join_shared *s = find(j, d->kind, d->name);
	struct part *p = arena_zalloc(j->arena, sizeof *p);

	if (s == NULL) {
		s = arena_zalloc(j->arena, sizeof *s);
		*s = (struct join_shared){ .kind = d->kind, .end = &s->first };
		map_put(j->shared[d->kind], str_of(d->name), s);
	}
	*p = (struct part){ .js = js, .of = d };
	*s->end = p;
	s->end = &p->next;
	s->n++;
}

/* ---- whether they are one ---- */

/* Certificates are for hosts; what changes a service in the Swarm is never that of several; and how
 * TLS to tasks is verified matters where there is some. */
static bool
same_settings(const struct labels_definition *a, const struct labels_definition *b)
{
	struct service_conf conf = b->conf;

	conf.tls = a->conf.tls;
	if (conf.scheme == SCHEME_HTTP || conf.scheme == SCHEME_H2C) {
		conf.tls_verify = a->conf.tls_verify;
		conf.tls_ca = a->conf.tls_ca;
		conf.tls_name = a->conf.tls_name;
		conf.tls_cert = a->conf.tls_cert;
	}
	return service_conf_same(&a->conf, &conf);
}

static bool
same_parts(const struct join_shared *a, const struct join_shared *b)
{
	const struct part *p = a->first, *q = b->first;

	for (; p != NULL && q != NULL && p->js == q->js && p->of->port == q->of->port; p = p->next)
		q = q->next;
	return p == NULL && q == NULL;
}

/* A port of a service is one in the world: two of Traefik's services that share it have the same
 * tasks, or their requests would get to others'. */
static const char *
crowded(const struct join *j, const struct join_shared *s)
{
	const struct labels *l = &s->first->js->labels;

	for (unsigned i = 0; i < l->ndefinitions; i++) {
		const struct labels_definition *d = &l->definition[i];
		const struct join_shared *other = is_service(d->kind) ? find(j, d->kind, d->name) : NULL;
		if (other != NULL && d->port == s->first->of->port && !same_parts(s, other))
			return arena_printf(j->arena, "%s has the service %s of the same port, whose tasks are "
			    "others", s->first->js->from->name, d->name);
	}
	return NULL;
}

static void
check(struct join *j, struct join_shared *s)
{
	const struct part *a = s->first;

	ASSERT(s->n > 0);
	for (const struct part *b = a->next; b != NULL && s->problem == NULL; b = b->next)
		if (strcmp(a->of->text, b->of->text) != 0)
			s->problem = arena_printf(j->arena, "%s and %s define it differently", a->js->from->name,
			    b->js->from->name);
		else if (is_service(s->kind) && !same_settings(a->of, b->of))
			s->problem = arena_printf(j->arena, "%s and %s define it together, and their scheme or their "
			    "mola labels differ", a->js->from->name, b->js->from->name);
	if (s->problem == NULL && is_service(s->kind) && s->n > 1)
		s->problem = crowded(j, s);
}

/* ---- routes ---- */

/* Requests to this port of a service may come from others' routers. */
static void
open_port(struct join_service *js, const struct labels_definition *d)
{
	struct labels *l = &js->labels;
	struct service_conf *conf;

	if (!l->enabled && l->enable == ENABLE_ABSENT)
		l->enabled = l->report->enabled = true;
	l->broken |= d->broken && l->nroutes == 0;
	if (l->port == 0)
		l->port = l->report->port = d->port;
	if (!join_has_port(l, d->port) && (conf = labels_add_port(l, d->port)) != NULL)
		*conf = d->conf;
	report_drop_trouble(l->report, WHY_SERVICE_NO_ROUTE);
}

/* Certificates for the hosts of a router that leads elsewhere. */
static void
lend_acme(struct join_service *to, unsigned port, const struct labels *from)
{
	struct service_conf *conf = labels_port_conf(&to->labels, port);

	if (conf != NULL && conf->kind == SERVICE_HTTP && from->conf.tls == SERVICE_TLS_ACME)
		conf->tls = SERVICE_TLS_ACME;
}

static void
refuse(struct join *j, struct join_service *js, const struct labels_route *r, const char *text)
{
	join_refuse_route(j, js, r, WHY_DEFINED_TWICE, arena_printf(j->arena,
	    "router %s is not served: %s", router_of(r), text));
}

/* False: the service is not to have the route. */
static bool
keep_router(struct join *j, struct join_service *js, const struct labels_route *r)
{
	const struct join_shared *s = find_router(j, r);

	if (s == NULL || js->from->provided)
		return true;
	if (!join_is_read(j, js)) {		/* Traefik has the others' alone */
		js->labels.report->with = arena_text(j->arena,
		    str_of(s->first->js->from->name));
		return false;
	}
	if (s->problem != NULL) {
		refuse(j, js, r, s->problem);
		return false;
	}
	return true;
}

/* Whether the oldest has the router, too. */
static bool
is_repeated(const struct join *j, const struct join_service *js, const struct labels_route *r)
{
	const struct join_shared *s = find_router(j, r);
	const struct labels *l = s == NULL ? NULL : &s->first->js->labels;

	if (s == NULL || js->from->provided || s->first->js == js)
		return false;
	for (unsigned i = 0; i < l->nroutes; i++)
		if ((l->route[i].at.listener == NULL) == (r->at.listener == NULL) &&
		    router_of(&l->route[i]) != NULL && strcmp(router_of(&l->route[i]), router_of(r)) == 0)
			return true;
	return false;
}

static bool
keep_service(struct join *j, struct join_service *js, struct labels_route *r)
{
	const struct join_shared *s = find(j, r->at.listener != NULL ? DEFINES_TCP_SERVICE :
	    DEFINES_SERVICE, service_of(r));
	const struct part *p = s == NULL ? NULL : s->first;
	struct str name = str_of(service_of(r));
	struct join_service *to;
	unsigned port;

	if (s == NULL && r->at.listener == NULL && r->to != NULL && !r->to->provided &&
	    (!js->from->provided ||
	    middlewares_page(j->middlewares, middlewares_name(name), &port) == NULL)) {
		refuse(j, js, r, arena_printf(j->arena, "nothing that Traefik would read defines %.*s",
		    STR_ARG(name)));
		return false;
	}
	if (s != NULL && s->problem != NULL) {
		refuse(j, js, r, arena_printf(j->arena, "it leads to %.*s: %s", STR_ARG(name), s->problem));
		return false;
	}
	if (s != NULL && (p->js != js || r->to != NULL)) {
		r->to = p->js->from;
		r->port = p->of->port;
		open_port(p->js, p->of);
		if (p->js != js && !js->from->provided)
			js->labels.report->with = arena_text(j->arena, str_of(p->js->from->name));
	}
	to = r->to == NULL ? NULL : map_get(j->services, str_of(r->to->id));
	if (to != NULL)
		lend_acme(to, r->port, &js->labels);
	return true;
}

static bool
keep(struct join *j, struct join_service *js, struct labels_route *r)
{
	if (router_of(r) == NULL || service_of(r) == NULL)
		return true;
	if (!keep_router(j, js, r) || (strcmp(service_of(r), NOOP_SERVICE) != 0 &&
	    !keep_service(j, js, r)))
		return false;
	return !is_repeated(j, js, r);
}

/* What several services are changed by in the Swarm would have to be one of them. */
static void
settle_together(struct join *j, struct join_shared *s)
{
	bool together = s->n > 1 && s->problem == NULL && is_service(s->kind);

	for (const struct part *p = s->first; p != NULL && together; p = p->next) {
		struct labels *l = &p->js->labels;
		l->conf.migrate = false;
		l->conf.scale_min = l->conf.scale_max = 0;
		lend_acme(s->first->js, s->first->of->port, l);
		for (unsigned i = 0; i < l->report->nlabels; i++) {
			struct report_label *label = &l->report->label[i];
			if (label->state == LABEL_VALID && (strcmp(label->name, "mola.migrate") == 0 ||
			    strncmp(label->name, "mola.scale.", 11) == 0)) {
				label->state = LABEL_UNUSED;
				label->text = arena_text(j->arena, STR("its tasks serve together with those of others"));
			}
		}
	}
}

static void
each_shared(struct join *j, void (*f)(struct join *, struct join_shared *))
{
	struct str key;
	void *value;

	for (size_t kind = 0; kind < DEFINITION_KINDS; kind++)
		for (size_t at = 0; map_next(j->shared[kind], &at, &key, &value); )
			f(j, value);
}

void
join_share(struct join *j, struct join_service **old, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		for (unsigned k = 0; k < old[i]->labels.ndefinitions && join_is_read(j, old[i]); k++)
			add(j, old[i], &old[i]->labels.definition[k]);
	each_shared(j, check);
	for (unsigned i = 0; i < n; i++) {
		struct labels *l = &old[i]->labels;
		unsigned kept = 0;
		for (unsigned k = 0; k < l->nroutes; k++)
			if (keep(j, old[i], &l->route[k]))
				l->route[kept++] = l->route[k];
		l->nroutes = kept;
	}
	each_shared(j, settle_together);
}

/* ---- what is made of it ---- */

struct join_service *
join_shared_service(const struct join *j, struct str name, unsigned *port)
{
	const struct join_shared *s = find(j, DEFINES_SERVICE, arena_printf(j->arena, "%.*s@swarm",
	    STR_ARG(name)));

	if (s == NULL || s->problem != NULL)
		return NULL;
	*port = s->first->of->port;
	return s->first->js;
}

/* The one whose first part is this port; of several with the same tasks any. */
static const struct join_shared *
shared_at(const struct join *j, const struct join_service *js, unsigned port)
{
	for (unsigned i = 0; i < js->labels.ndefinitions; i++) {
		const struct labels_definition *d = &js->labels.definition[i];
		const struct join_shared *s = is_service(d->kind) && d->port == port ?
		    find(j, d->kind, d->name) : NULL;
		if (s != NULL && s->problem == NULL && s->first->js == js)
			return s;
	}
	return NULL;
}

unsigned
join_parts(const struct join *j, struct join_service *js, unsigned port, struct join_part **out)
{
	const struct join_shared *s = shared_at(j, js, port);
	const struct part *p = s == NULL ? NULL : s->first->next;
	struct join_part *part = arena_zalloc(j->arena, (s == NULL ? 1 : s->n) * sizeof *part);
	unsigned n = 0;

	part[n++] = (struct join_part){ js, port };
	for (; p != NULL; p = p->next)
		part[n++] = (struct join_part){ p->js, p->of->port };
	*out = part;
	return n;
}
