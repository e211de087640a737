/*
 * conf_group: services that lead to others instead of having tasks: what they may say beside it,
 * whether the others are there, and that no way leads back.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "base/map.h"
#include "base/word.h"
#include "conf/conf_check.h"

static const struct tree *
find(const struct tree *service, const char *key)
{
	return service == NULL || service->shape != TREE_MAP ? NULL : tree_find(service, NULL, key);
}

/* NULL: it has tasks. The first of several keys. */
static const struct tree *
find_group(const struct tree *service, enum group_kind *kind)
{
	const struct tree *t = NULL;

	for (unsigned k = 0; t == NULL && k < GROUP_KINDS; k++) {
		*kind = (enum group_kind)k;
		t = find(service, group_kind_name(*kind));
	}
	return t;
}

bool
is_group(const struct tree *service)
{
	enum group_kind kind;

	return find_group(service, &kind) != NULL;
}

bool
is_routeless(const struct tree *service)
{
	return service != NULL && find(service, "host") == NULL && find(service, "path") == NULL &&
	    find(service, "rule") == NULL && find(service, "listen") == NULL;
}

static void
child_add(struct map *m, const char *name)
{
	if (name != NULL)
		map_put(m, str_of(name), m);
}

struct map *
children_find(const struct conf *c)
{
	struct map *m = map_new();

	for (unsigned i = 0; i < c->nservices; i++) {
		const struct conf_service *s = &c->service[i];
		for (unsigned k = 0; k < s->nweighted; k++)
			child_add(m, s->weighted[k].name);
		child_add(m, s->failover_service);
		child_add(m, s->failover_fallback);
		child_add(m, s->mirroring_service);
		for (unsigned k = 0; k < s->nmirrors; k++)
			child_add(m, s->mirror[k].name);
	}
	return m;
}

/* ---- one group ---- */

static void
group_add(struct service_group *g, const char *name, unsigned weight)
{
	g->child[g->n++] = (struct group_child){ .service = must_strdup(name), .weight = weight };
}

static struct service_group *
group_make(enum group_kind kind, unsigned n)
{
	struct service_group *g = must_zalloc(sizeof *g);

	g->kind = kind;
	g->child = must_zalloc((n + 1) * sizeof *g->child);
	return g;
}

static void
weighted_make(struct conf_service *s, int line, struct faults *f)
{
	unsigned all = 0;

	if (s->nweighted == 0 || s->nweighted > GROUP_CHILDREN) {
		faults_add(f, line, "services.weighted", "%u services; expected 1 to %d", s->nweighted,
		    GROUP_CHILDREN);
		return;
	}
	s->group = group_make(GROUP_WEIGHTED, s->nweighted);
	for (unsigned i = 0; i < s->nweighted; i++) {
		struct conf_weighted *w = &s->weighted[i];
		if (w->name == NULL)		/* and that is said */
			continue;
		for (unsigned k = 0; k < i; k++)
			if (s->weighted[k].name != NULL && strcmp(s->weighted[k].name, w->name) == 0)
				faults_add(f, w->line, "services.weighted.service", "'%s' is there since line %d; "
				    "expected each service once", w->name, s->weighted[k].line);
		all |= w->weight;
		group_add(s->group, w->name, w->weight);
	}
	if (all == 0 && s->group->n == s->nweighted)
		faults_add(f, line, "services.weighted", "all weights are 0; expected one that is not");
}

static void
failover_make(struct conf_service *s, int line, struct faults *f)
{
	if (s->failover_service == NULL || s->failover_fallback == NULL) {
		faults_add(f, line, s->failover_service == NULL ? "services.failover.service" :
		    "services.failover.fallback", "missing; expected the name of a service");
		return;
	}
	if (strcmp(s->failover_service, s->failover_fallback) == 0)
		faults_add(f, line, "services.failover.fallback", "'%s' is the service itself; expected another "
		    "one", s->failover_fallback);
	s->group = group_make(GROUP_FAILOVER, 2);
	group_add(s->group, s->failover_service, 1);
	group_add(s->group, s->failover_fallback, 1);
}

static void
mirroring_make(struct conf_service *s, int line, struct faults *f)
{
	if (s->mirroring_service == NULL) {
		faults_add(f, line, "services.mirroring.service", "missing; expected the name of a service");
		return;
	}
	if (s->nmirrors == 0 || s->nmirrors >= GROUP_CHILDREN) {
		faults_add(f, line, "services.mirroring.mirrors", "%u services; expected 1 to %d", s->nmirrors,
		    GROUP_CHILDREN - 1);
		return;
	}
	s->group = group_make(GROUP_MIRRORING, s->nmirrors + 1);
	s->group->bodiless = !s->mirroring_body;
	s->group->body_most = (uint32_t)s->mirroring_body_max;
	group_add(s->group, s->mirroring_service, 0);
	for (unsigned i = 0; i < s->nmirrors; i++)
		if (s->mirror[i].name != NULL)		/* else that is said */
			group_add(s->group, s->mirror[i].name, s->mirror[i].percent);
}

bool
conf_group_has(const char *key, enum group_kind kind)
{
	static const char *const of_groups[] = { "name", "host", "path", "rule", "priority",
		"middlewares", "tls" };
	bool has = strcmp(key, group_kind_name(kind)) == 0 ||
	    (kind == GROUP_WEIGHTED && strcmp(key, "sticky") == 0);

	for (size_t i = 0; i < sizeof of_groups / sizeof *of_groups; i++)
		has |= strcmp(key, of_groups[i]) == 0;
	return has;
}

/* What else a service has is for its tasks, and would do nothing. */
static void
keys_check(const struct tree *service, enum group_kind kind, struct faults *f)
{
	char where[128];
	bool is_other;

	for (const struct tree *t = service->first; t != NULL; t = t->next) {
		snprintf(where, sizeof where, "services.%.100s", t->key);
		is_other = false;
		for (unsigned k = 0; k < GROUP_KINDS; k++)
			is_other |= k != kind && strcmp(t->key, group_kind_name((enum group_kind)k)) == 0;
		if (is_other)
			faults_add(f, t->line, where, "set together with %s; expected one of them, and the other one "
			    "in a service that it leads to", group_kind_name(kind));
		else if (!conf_group_has(t->key, kind))
			faults_add(f, t->line, where, "a service that leads to others has no tasks for it; expected "
			    "it in these%s", strcmp(t->key, "sticky") == 0 ? ", or weighted" : "");
	}
}

static void
group_check(struct conf_service *s, const struct tree *service, struct faults *f)
{
	enum group_kind kind;
	const struct tree *t = find_group(service, &kind);

	keys_check(service, kind, f);
	switch (kind) {
	case GROUP_WEIGHTED:	weighted_make(s, t->line, f); break;
	case GROUP_FAILOVER:	failover_make(s, t->line, f); break;
	case GROUP_MIRRORING:	mirroring_make(s, t->line, f); break;
	case GROUP_KINDS:	BUG("a service that leads to nothing");
	}
	/* that of defaults is for tasks */
	if (find(service, "sticky") == NULL) {
		free(s->conf.sticky_cookie);
		s->conf.sticky_cookie = NULL;
	}
}

/* ---- what it leads to ---- */

static void
unknown_child(const struct conf *c, const struct conf_service *s, const char *where,
    const char *name, int line, struct faults *f)
{
	const char **words = must_zalloc((c->nservices + 1) * sizeof *words), *near;
	unsigned n = 0;

	for (unsigned i = 0; i < c->nservices; i++)
		if (c->service[i].name != NULL && &c->service[i] != s)
			words[n++] = c->service[i].name;
	near = word_near(str_of(name), words);
	faults_add(f, line, where, "there is no service '%s'; %s%s%s", name,
	    near != NULL ? "did you mean " : "expected the name of one", near != NULL ? near : "",
	    near != NULL ? "?" : "");
	free(words);
}

/* Of a Swarm, services may come and go. */
static void
children_check(const struct conf *c, const struct map *all, const struct conf_service *s, int line,
    struct faults *f)
{
	bool weighted = s->group->kind == GROUP_WEIGHTED;
	char where[64];

	snprintf(where, sizeof where, "services.%s%s", group_kind_name(s->group->kind),
	    weighted ? ".service" : "");
	for (unsigned i = 0; i < s->group->n; i++) {
		const char *name = s->group->child[i].service;
		const struct conf_service *to = map_get(all, str_of(name));
		int at = weighted && s->group->n == s->nweighted ? s->weighted[i].line : line;
		if (to == NULL && c->swarm_endpoints.n == 0)
			unknown_child(c, s, where, name, at, f);
		if (to != NULL && to->conf.kind != SERVICE_HTTP)
			faults_add(f, at, where, "'%s' is of kind tcp; expected a service of kind http", name);
		if (to != NULL && to->conf.sticky_cookie != NULL && s->conf.sticky_cookie != NULL &&
		    strcmp(to->conf.sticky_cookie, s->conf.sticky_cookie) == 0)
			faults_add(f, at, where, "'%s' has the same sticky.cookie, '%s'; expected another one",
			    name, s->conf.sticky_cookie);
	}
}

/* How many groups follow each other from this one on; a way back is longer than any may be. */
static unsigned
depth_of(const struct map *all, const struct conf_service *s, unsigned above)
{
	unsigned most = 0, d;

	if (s->group == NULL || above > GROUP_DEPTH)
		return above;
	for (unsigned i = 0; i < s->group->n && above + most <= GROUP_DEPTH; i++) {
		const struct conf_service *to = map_get(all, str_of(s->group->child[i].service));
		d = to == NULL ? above + 1 : depth_of(all, to, above + 1);
		most = d - above > most ? d - above : most;
	}
	return above + most;
}

/* Whether a way from `from` leads to `to`, within as many steps as there are services. */
static bool
leads_to(const struct map *all, const struct conf_service *from, const struct conf_service *to,
    struct map *seen)
{
	for (unsigned i = 0; from->group != NULL && i < from->group->n; i++) {
		const struct conf_service *s = map_get(all, str_of(from->group->child[i].service));
		if (s == NULL || map_get(seen, str_of(s->name)) != NULL)
			continue;
		map_put(seen, str_of(s->name), seen);
		if (s == to || leads_to(all, s, to, seen))
			return true;
	}
	return false;
}

static void
ways_check(const struct map *all, const struct conf_service *s, int line, struct faults *f)
{
	struct map *seen = map_new();
	char where[64];

	snprintf(where, sizeof where, "services.%s", group_kind_name(s->group->kind));
	if (leads_to(all, s, s, seen))
		faults_add(f, line, where, "'%s' leads to itself; expected services that do not lead back",
		    s->name);
	else if (depth_of(all, s, 0) > GROUP_DEPTH)
		faults_add(f, line, where, "more than %d services lead to each other in a row; expected fewer",
		    GROUP_DEPTH);
	map_free(&seen);
}

void
groups_check(struct conf *c, const struct tree *list, struct faults *f)
{
	const struct tree *t = list == NULL ? NULL : list->first;
	struct map *children = children_find(c), *all = map_new();

	for (unsigned i = 0; i < c->nservices; i++)
		if (c->service[i].name != NULL)
			map_put(all, str_of(c->service[i].name), &c->service[i]);
	for (unsigned i = 0; i < c->nservices; i++, t = t != NULL ? t->next : NULL) {
		struct conf_service *s = &c->service[i];
		if (is_group(t))
			group_check(s, t, f);
		if (t != NULL && find(t, "middlewares") != NULL && is_routeless(t) && s->name != NULL &&
		    map_get(children, str_of(s->name)) != NULL)
			faults_add(f, find(t, "middlewares")->line, "services.middlewares", "requests come to '%s' "
			    "by other services alone; expected its middlewares there", s->name);
	}
	for (unsigned i = 0; f->beyond == 0 && i < c->nservices; i++)
		if (c->service[i].group != NULL && c->service[i].name != NULL) {
			children_check(c, all, &c->service[i], c->service[i].line, f);
			ways_check(all, &c->service[i], c->service[i].line, f);
		}
	map_free(&children);
	map_free(&all);
}
