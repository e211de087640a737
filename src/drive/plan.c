/*
 * plan: the part of the world that an external proxy has to know.
 * Must not know of any proxy, nor how weights are computed.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/bug.h"
#include "base/str.h"
#include "drive/plan.h"

/* Scores that differ by less are equal: the first by name is chosen, rounding decides nothing. */
#define SCORES_EQUAL	1e-9
/* Of a node whose worth is not known or not positive: a server that takes requests has a share. */
#define WORTH_LEAST	1e-6

/* ---- making one ---- */

/* Names of the Swarm are what its Engine sends, and here they become commands and documents: only
 * those that an Engine itself accepts are safe in all of them. */
static bool
is_name(const char *s)
{
	size_t len = strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:-");

	return len > 0 && len <= PLAN_NAME_MAX && s[len] == '\0';
}

static bool
is_wanted(const struct plan_rules *r, const struct world_service *s)
{
	if (!is_name(s->name))
		return false;
	for (unsigned i = 0; i < r->nonly; i++)
		if (strcmp(r->only[i], s->name) == 0)
			return true;
	return r->nonly == 0;
}

static bool
is_draining(const struct world_task *t)
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

struct plan_builder {			/* of one service of a plan */
	const struct world *world;
	const struct world_service *service;
	const struct plan_service *before;
	struct plan	*plan;
	struct plan_service *out;
	int64_t		 now_usec;
	uint32_t	 *tasks_on;	/* serving tasks of this service, by node slot */
};

static bool
awaits_first_check(const struct plan_builder *p, const struct world_task *t)
{
	struct live_task l;

	if (p->before == NULL || p->service->conf.health_path == NULL ||
	    plan_find_server(p->before, t->name) != NULL)
		return false;
	live_task_read(p->world->live, t->slot, &l);
	return l.health == HEALTH_UNKNOWN;
}

static bool
is_degraded(const struct plan_builder *p, const struct world_task *t)
{
	struct live_task l;

	live_task_read(p->world->live, t->slot, &l);
	return l.health == HEALTH_DEGRADED;
}

/* Those that are degraded drain while the others are enough: as many as must be left of tasks that
 * are not ejected. Then their weights are less (live_handicap). */
static void
degraded_drain(struct plan_builder *p)
{
	struct plan_service *s = p->out;
	struct live_census census = { .healthy = s->nserving };

	for (unsigned i = 0; i < s->nservers; i++)
		census.ejected += !s->server[i].draining &&
		    is_degraded(p, world_task(p->world, str_of(s->server[i].name)));
	if (census.ejected == s->nserving || live_census_all(&census, p->service->conf.panic))
		return;
	for (unsigned i = 0; i < s->nservers; i++) {
		const struct world_task *t = world_task(p->world, str_of(s->server[i].name));
		if (s->server[i].draining || !is_degraded(p, t))
			continue;
		s->server[i].draining = true;
		s->nserving--;
		p->tasks_on[t->node->slot]--;
	}
}

static void
servers_list(struct plan_builder *p, bool also_down)
{
	struct plan_service *s = p->out;
	const struct world_task *t;
	struct live_census census = { 0 };

	s->nservers = s->nserving = 0;
	LIST_FOREACH(t, &p->service->tasks, link) {
		ASSERT(t->service == p->service && t->node->slot < NODES_MAX);
		p->tasks_on[t->node->slot] = 0;
		if (!is_draining(t))
			live_census_add(p->world->live, t->slot, p->now_usec, &census);
	}
	LIST_FOREACH(t, &p->service->tasks, link) {
		bool drains = is_draining(t);
		bool usable = live_is_usable(p->world->live, t->slot, p->now_usec) ||
		    (live_census_all(&census, p->service->conf.panic) &&
		    live_is_healthy(p->world->live, t->slot, p->now_usec));
		if (!is_name(t->name) || (!also_down && (!usable || awaits_first_check(p, t))))
			continue;
		ASSERT(s->nservers < p->service->ntasks);
		s->server[s->nservers++] = (struct plan_server){
			.name = arena_text(p->plan->arena, str_of(t->name)),
			.node = arena_text(p->plan->arena, str_of(t->node->name)),
			.addr = addr_of_ip(&t->addr), .draining = drains
		};
		s->nserving += !drains;
		p->tasks_on[t->node->slot] += !drains;
	}
	degraded_drain(p);
	qsort(s->server, s->nservers, sizeof *s->server, by_name);
}

/* One server takes all requests. Its node's worth is compared undivided: it does not matter how
 * many tasks are on it. */
static void
best_choose(struct plan_service *s)
{
	struct plan_server *best = NULL;

	for (unsigned i = 0; i < s->nservers; i++)
		if (!s->server[i].draining && !isnan(s->server[i].share) &&
		    (best == NULL || s->server[i].share > best->share + SCORES_EQUAL))
			best = &s->server[i];
	for (unsigned i = 0; i < s->nservers; i++) {
		s->server[i].draining = &s->server[i] != best;
		s->server[i].share = &s->server[i] == best;
	}
	s->nserving = best != NULL;
}

/* From worths of any scale to shares of 1, and to weights of the proxy's scale. */
static void
shares_normalize(struct plan_service *s, const struct plan_rules *r)
{
	double sum = 0, most = 0;

	for (unsigned i = 0; i < s->nservers; i++) {
		sum += s->server[i].share;
		most = fmax(most, s->server[i].share);
	}
	ASSERT(s->nserving == 0 || most > 0);
	for (unsigned i = 0; i < s->nservers; i++) {
		struct plan_server *v = &s->server[i];
		if (v->draining)
			continue;
		v->weight = (unsigned)fmax(r->least,
		    round(pow(v->share / most, r->power > 0 ? r->power : 1) * r->most));
		v->share /= sum;
		ASSERT(v->weight >= r->least && v->weight <= r->most && v->share >= 0 && v->share <= 1);
	}
}

static void
servers_weigh(struct plan_builder *p, const struct plan_rules *r, plan_weigh_f *weigh, void *arg)
{
	struct plan_service *s = p->out;
	const struct world_task *t;

	for (unsigned i = 0; i < s->nservers; i++) {
		struct plan_server *v = &s->server[i];
		if (v->draining)
			continue;
		t = world_task(p->world, str_of(v->name));
		v->share = weigh(arg, p->service, t->node);
		if (r->best)
			continue;
		ASSERT(p->tasks_on[t->node->slot] > 0);		/* it has at least this one */
		if (!isfinite(v->share) || v->share <= 0)
			v->share = WORTH_LEAST;
		v->share /= p->tasks_on[t->node->slot] *
		    live_handicap(p->world->live, t->slot, t->service->conf.slow_start_usec, p->now_usec);
	}
	if (r->best)
		best_choose(s);
	shares_normalize(s, r);
}

static bool
is_wild(const char *host)
{
	return host[0] == '\0' || host[0] == '*' || host[0] == '+';
}

/* Whether both patterns match some host; "*.example.org" and "+.example.org" are treated alike. */
static bool
hosts_overlap(const char *a, const char *b)
{
	const char *x = a[0] == '\0' || !is_wild(a) ? a : a + 1;
	const char *y = b[0] == '\0' || !is_wild(b) ? b : b + 1;

	return (is_wild(a) && str_ends(str_of(y), str_of(x))) ||
	    (is_wild(b) && str_ends(str_of(x), str_of(y))) || strcmp(a, b) == 0;
}

static bool
routes_overlap(const struct route_conf *a, const struct route_conf *b)
{
	size_t n = strlen(a->path), m = strlen(b->path);

	return hosts_overlap(a->host, b->host) && strncmp(a->path, b->path, n < m ? n : m) == 0;
}

/* One that takes only what nobody else has, or whose routes discovery has dropped. */
static bool
is_everything(const struct route_conf *r)
{
	return r->host[0] == '\0' && strcmp(r->path, "/") == 0 && r->rule != NULL &&
	    (r->rule->gives_way || r->rule->condition == NULL);
}

/* What the rules of an external proxy's routers here do not say: they have hosts and prefixes. */
static bool
is_more_than_prefix(const struct route_conf *r)
{
	bool limited = r->on != 0 && (r->rule == NULL || r->rule->name == NULL);

	/* what routers of Traefik's are limited to are their entry points, which are requirements here */
	return limited || (r->rule != NULL && (r->rule->whole || r->rule->condition != NULL));
}

/* Mola itself ends requests for a route that is refused. An external proxy does not know of it,
 * and would match the service's routes for them. */
static bool
overlaps_refused(const struct world *w, const struct world_service *s)
{
	for (unsigned i = 0; i < s->nroutes; i++)
		for (unsigned k = 0; k < w->nrefused; k++)
			if (s->route[i].listener == NULL && w->refused[k].listener == NULL &&
			    !is_everything(&w->refused[k]) && routes_overlap(&s->route[i], &w->refused[k]))
				return true;
	for (unsigned i = 0; i < s->nroutes; i++)
		if (is_more_than_prefix(&s->route[i]))
			return true;
	return false;
}

static void
service_make(struct plan_builder *p, const struct plan_rules *r, plan_weigh_f *weigh, void *arg)
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
		s->route[i] = (struct route_conf){ .host = arena_text(a, str_of(w->route[i].host)),
		    .path = arena_text(a, str_of(w->route[i].path)) };
	s->requirements = w->requirements;
	s->requirements.refused = overlaps_refused(p->world, w);
	if (w->requirements.entry_points != NULL)
		s->requirements.entry_points = arena_text(a, str_of(w->requirements.entry_points));
	s->server = arena_zalloc(a, (w->ntasks + 1) * sizeof *s->server);
	servers_list(p, false);
	if (s->nservers == 0)		/* not nserving: a server that drains serves better than one that is down */
		servers_list(p, true);
	servers_weigh(p, r, weigh, arg);
}

/* Lookups are binary searches, and a proxy that is given one name twice refuses everything: names
 * are unique and sorted. */
static void
plan_check(const struct plan *p)
{
	for (unsigned i = 0; i < p->nservices; i++) {
		const struct plan_service *s = &p->service[i];
		unsigned serving = 0;
		ASSERT(i == 0 || strcmp(p->service[i - 1].name, s->name) < 0);
		for (unsigned k = 0; k < s->nservers; k++) {
			const struct plan_server *v = &s->server[k];
			ASSERT(k == 0 || strcmp(s->server[k - 1].name, v->name) < 0);
			ASSERT(!v->draining ? v->weight > 0 : v->weight == 0 && v->share == 0);
			serving += !v->draining;
		}
		ASSERT(serving == s->nserving);
	}
}

struct plan *
plan_make(const struct world *w, const struct plan_rules *r, plan_weigh_f *weigh, void *arg,
    int64_t now_usec)
{
	struct plan *plan = must_zalloc(sizeof *plan);
	uint32_t *tasks_on = must_zalloc(NODES_MAX * sizeof *tasks_on);
	struct world_service *s;

	ASSERT(r->least > 0 && r->least <= r->most);
	plan->arena = arena_new();
	plan->service = arena_zalloc(plan->arena, (w->nservices + 1) * sizeof *plan->service);
	LIST_FOREACH(s, &w->services, link)
		if (s->group == NULL && is_wanted(r, s)) {
			struct plan_builder p = {
				.world = w, .service = s, .plan = plan, .out = &plan->service[plan->nservices++],
				.before = r->before == NULL ? NULL : plan_find_service(r->before, s->name),
				.now_usec = now_usec, .tasks_on = tasks_on
			};
			service_make(&p, r, weigh, arg);
		}
	ASSERT(plan->nservices <= w->nservices);
	free(tasks_on);
	qsort(plan->service, plan->nservices, sizeof *plan->service, services_by_name);
	plan_check(plan);
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
		ASSERT(v->weight == 0 && was->weight > 0);
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

	ASSERT(p != before);
	for (unsigned i = 0; i < p->nservices; i++) {
		struct plan_service *s = &p->service[i];
		any |= choice_keep(s, before == NULL ? NULL : plan_find_service(before, s->name));
	}
	return any;
}

/* ---- finding ---- */

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
