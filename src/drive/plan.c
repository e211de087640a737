/*
 * plan: the world as far as it concerns a proxy that is not ours.
 * Must not know of any proxy, nor how weights are found.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/bug.h"
#include "drive/plan.h"

#define SAME	1e-9		/* scores that differ by less are equal, and the first by name wins: rounding is no reason */

/* --- making one --- */

static bool
is_wanted(const struct plan_rules *r, const struct world_service *s)
{
	for (unsigned i = 0; i < r->nonly; i++)
		if (strcmp(r->only[i], s->name) == 0)
			return true;
	return r->nonly == 0;
}

static bool
takes_none(const struct world_task *t)
{
	return t->draining || t->drained || t->node->drained;
}

static int
by_name(const void *ap, const void *bp)
{
	const struct plan_server *a = ap, *b = bp;

	return strcmp(a->name, b->name);
}

static int
services_by_name(const void *ap, const void *bp)
{
	const struct plan_service *a = ap, *b = bp;

	return strcmp(a->name, b->name);
}

struct pick {				/* of one service */
	const struct world *world;
	const struct world_service *service;
	const struct plan_service *before;
	struct plan	*plan;
	struct plan_service *out;
	int64_t		 now_usec;
	uint32_t	 *tasks_on;	/* that take requests, by node slot */
};

static bool
must_wait(const struct pick *p, const struct world_task *t)
{
	struct live_task l;

	if (p->before == NULL || p->service->conf.health_path == NULL || plan_find_server(p->before, t->name) != NULL)
		return false;
	live_task_read(p->world->live, t->slot, &l);
	return l.health == HEALTH_UNKNOWN;
}

static void
servers_name(struct pick *p, bool also_down)
{
	struct plan_service *s = p->out;
	const struct world_task *t;
	struct live_census census = { 0 };

	s->nservers = s->nserving = 0;
	LIST_FOREACH(t, &p->service->tasks, link) {
		p->tasks_on[t->node->slot] = 0;
		if (!takes_none(t))
			live_census_add(p->world->live, t->slot, p->now_usec, &census);
	}
	LIST_FOREACH(t, &p->service->tasks, link) {
		bool drains = takes_none(t), usable = live_usable(p->world->live, t->slot, p->now_usec)
		    || (live_census_all(&census) && live_healthy(p->world->live, t->slot));
		if (!also_down && (!usable || must_wait(p, t)))
			continue;
		s->server[s->nservers++] = (struct plan_server){ .name = arena_text(p->plan->arena, str_of(t->name)),
		    .node = arena_text(p->plan->arena, str_of(t->node->name)), .addr = t->addr, .draining = drains };
		s->nserving += !drains;
		p->tasks_on[t->node->slot] += !drains;
	}
	qsort(s->server, s->nservers, sizeof *s->server, by_name);
}

/* All to one. Nodes are compared before they are shared by tasks. */
static void
best_choose(struct plan_service *s)
{
	struct plan_server *best = NULL;

	for (unsigned i = 0; i < s->nservers; i++)
		if (!s->server[i].draining && !isnan(s->server[i].share) && (best == NULL || s->server[i].share > best->share + SAME))
			best = &s->server[i];
	for (unsigned i = 0; i < s->nservers; i++) {
		s->server[i].draining = &s->server[i] != best;
		s->server[i].share = &s->server[i] == best;
	}
	s->nserving = best != NULL;
}

static void
shares_even(struct plan_service *s, const struct plan_rules *r)
{
	double sum = 0, most = 0;

	for (unsigned i = 0; i < s->nservers; i++) {
		sum += s->server[i].share;
		most = fmax(most, s->server[i].share);
	}
	for (unsigned i = 0; i < s->nservers; i++) {
		struct plan_server *v = &s->server[i];
		if (v->draining)
			continue;
		v->weight = (unsigned)fmax(r->least, round(pow(v->share / most, r->power > 0 ? r->power : 1) * r->most));
		v->share /= sum;
	}
}

static void
servers_weigh(struct pick *p, const struct plan_rules *r, plan_weigh_f *weigh, void *arg)
{
	struct plan_service *s = p->out;
	const struct world_task *t;

	for (unsigned i = 0; i < s->nservers; i++) {
		struct plan_server *v = &s->server[i];
		if (v->draining)
			continue;
		t = world_task(p->world, str_of(v->name));
		v->share = weigh(arg, p->service, t->node);
		if (!r->best)
			v->share = (v->share > 0 && isfinite(v->share) ? v->share : 1e-6) / p->tasks_on[t->node->slot];
	}
	if (r->best)
		best_choose(s);
	shares_even(s, r);
}

static bool
ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);

	return n >= m && strcmp(s + n - m, end) == 0;
}

static bool
is_wild(const char *host)
{
	return host[0] == '\0' || host[0] == '*' || host[0] == '+';
}

/* Whether a host that one stands for may be one that the other does: "*.example.org" and "+.example.org" are taken for the same. */
static bool
hosts_meet(const char *a, const char *b)
{
	const char *x = a[0] == '\0' || !is_wild(a) ? a : a + 1, *y = b[0] == '\0' || !is_wild(b) ? b : b + 1;

	return (is_wild(a) && ends_with(y, x)) || (is_wild(b) && ends_with(x, y)) || strcmp(a, b) == 0;
}

static bool
routes_meet(const struct route_conf *a, const struct route_conf *b)
{
	size_t n = strlen(a->path), m = strlen(b->path);

	return hosts_meet(a->host, b->host) && strncmp(a->path, b->path, n < m ? n : m) == 0;
}

/* Mola ends those requests itself. A proxy that is driven does not know of that: it would take the service's routes for all of it. */
static bool
meets_refused(const struct world *w, const struct world_service *s)
{
	for (unsigned i = 0; i < s->nroutes; i++)
		for (unsigned k = 0; k < w->nrefused; k++)
			if (routes_meet(&s->route[i], &w->refused[k]))
				return true;
	return false;
}

static void
service_make(struct pick *p, const struct plan_rules *r, plan_weigh_f *weigh, void *arg)
{
	const struct world_service *w = p->service;
	struct plan_service *s = p->out;
	struct arena *a = p->plan->arena;

	s->name = arena_text(a, str_of(w->name));
	s->conf = w->conf;
	if (w->conf.health_path != NULL)
		s->conf.health_path = arena_text(a, str_of(w->conf.health_path));
	s->nroutes = w->nroutes;
	s->route = arena_zalloc(a, (w->nroutes + 1) * sizeof *s->route);
	for (unsigned i = 0; i < w->nroutes; i++)
		s->route[i] = (struct route_conf){ arena_text(a, str_of(w->route[i].host)), arena_text(a, str_of(w->route[i].path)) };
	s->requirements = w->requirements;
	s->requirements.refused = meets_refused(p->world, w);
	if (w->requirements.entry_points != NULL)
		s->requirements.entry_points = arena_text(a, str_of(w->requirements.entry_points));
	s->server = arena_zalloc(a, (w->ntasks + 1) * sizeof *s->server);
	servers_name(p, false);
	if (s->nservers == 0)		/* not nserving: of one that drains and one that is down, the first serves better */
		servers_name(p, true);
	servers_weigh(p, r, weigh, arg);
}

struct plan *
plan_make(const struct world *w, const struct plan_rules *r, plan_weigh_f *weigh, void *arg, int64_t now_usec)
{
	struct plan *plan = must_zalloc(sizeof *plan);
	uint32_t *tasks_on = must_zalloc(NODES_MAX * sizeof *tasks_on);
	struct world_service *s;

	ASSERT(r->least > 0 && r->least <= r->most);
	plan->arena = arena_new();
	plan->service = arena_zalloc(plan->arena, (w->nservices + 1) * sizeof *plan->service);
	LIST_FOREACH(s, &w->services, link)
		if (is_wanted(r, s)) {
			struct pick p = { w, s, r->before == NULL ? NULL : plan_find_service(r->before, s->name), plan,
			    &plan->service[plan->nservices++], now_usec, tasks_on };
			service_make(&p, r, weigh, arg);
		}
	free(tasks_on);
	qsort(plan->service, plan->nservices, sizeof *plan->service, services_by_name);
	return plan;
}

void
plan_free(struct plan **pp)
{
	struct plan *p = *pp;

	*pp = NULL;
	if (p == NULL)
		return;
	arena_free(&p->arena);
	free(p);
}

static bool
choice_keep(struct plan_service *s, const struct plan_service *before)
{
	if (s->nservers == 0 || s->nserving > 0)
		return false;
	for (unsigned i = 0; before != NULL && i < s->nservers; i++) {
		struct plan_server *v = &s->server[i];
		const struct plan_server *was = plan_find_server(before, v->name);
		if (was == NULL || was->draining)
			continue;
		v->draining = false;
		v->share = was->share;
		v->weight = was->weight;
		s->nserving++;
	}
	return true;
}

bool
plan_keep_choices(struct plan *p, const struct plan *before)
{
	bool any = false;

	for (unsigned i = 0; i < p->nservices; i++) {
		struct plan_service *s = &p->service[i];
		any |= choice_keep(s, before == NULL ? NULL : plan_find_service(before, s->name));
	}
	return any;
}

/* --- looking at one --- */

const struct plan_service *
plan_find_service(const struct plan *p, const char *name)
{
	struct plan_service key = { .name = name };

	return bsearch(&key, p->service, p->nservices, sizeof key, services_by_name);
}

const struct plan_server *
plan_find_server(const struct plan_service *s, const char *name)
{
	struct plan_server key = { .name = name };

	return bsearch(&key, s->server, s->nservers, sizeof key, by_name);
}

/* --- comparing two --- */

const char *
plan_change_name(enum plan_change c)
{
	return c == PLAN_SAME ? "same" : c == PLAN_WEIGHT ? "weight" : "members";
}

static bool
same_text(const char *a, const char *b)
{
	return (a == NULL) == (b == NULL) && (a == NULL || strcmp(a, b) == 0);
}

static bool
same_routes(const struct plan_service *a, const struct plan_service *b)
{
	if (a->nroutes != b->nroutes)
		return false;
	for (unsigned i = 0; i < a->nroutes; i++)
		if (strcmp(a->route[i].host, b->route[i].host) != 0 || strcmp(a->route[i].path, b->route[i].path) != 0)
			return false;
	return true;
}

static bool
same_requirements(const struct route_requirements *a, const struct route_requirements *b)
{
	return a->middlewares == b->middlewares && a->tls == b->tls && a->refused == b->refused && same_text(a->entry_points, b->entry_points);
}

static bool
same_members(const struct plan_service *a, const struct plan_service *b)
{
	if (strcmp(a->name, b->name) != 0 || a->nservers != b->nservers || !same_routes(a, b) || !same_requirements(&a->requirements, &b->requirements)
	    || !same_text(a->conf.health_path, b->conf.health_path) || a->conf.health_interval_usec != b->conf.health_interval_usec
	    || a->conf.health_timeout_usec != b->conf.health_timeout_usec)
		return false;
	for (unsigned i = 0; i < a->nservers; i++)
		if (strcmp(a->server[i].name, b->server[i].name) != 0 || a->server[i].draining != b->server[i].draining
		    || !addr_eq(&a->server[i].addr, &b->server[i].addr))
			return false;
	return true;
}

static bool
same_shares(const struct plan_service *a, const struct plan_service *b, double hysteresis)
{
	for (unsigned i = 0; i < a->nservers; i++)
		if (fabs(b->server[i].share - a->server[i].share) > hysteresis * a->server[i].share)
			return false;
	return true;
}

bool
plan_adds_server(const struct plan *old, const struct plan *new)
{
	for (unsigned i = 0; i < new->nservices; i++) {
		const struct plan_service *s = &new->service[i], *was = old == NULL ? NULL : plan_find_service(old, s->name);
		for (unsigned k = 0; k < s->nservers; k++) {
			const struct plan_server *v = was == NULL ? NULL : plan_find_server(was, s->server[k].name);
			if (!s->server[k].draining && (v == NULL || v->draining || !addr_eq(&v->addr, &s->server[k].addr)))
				return true;
		}
	}
	return false;
}

enum plan_change
plan_compare(const struct plan *old, const struct plan *new, double hysteresis)
{
	enum plan_change change = PLAN_SAME;

	if (old == NULL || old->nservices != new->nservices)
		return PLAN_MEMBERS;
	for (unsigned i = 0; i < old->nservices; i++) {
		if (!same_members(&old->service[i], &new->service[i]))
			return PLAN_MEMBERS;
		if (!same_shares(&old->service[i], &new->service[i], hysteresis))
			change = PLAN_WEIGHT;
	}
	return change;
}
