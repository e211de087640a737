/*
 * Weights are kept as Traefik keeps them: each service has a deadline, the earliest is next, and
 * is due again after a time of 1 / its weight. What has no usable task is passed over, and gathers
 * no credit meanwhile; where nothing has one, the first in turn gets the request, and its reason.
 * Copies are counted as Traefik counts them: a mirror gets one when it has had less than its part
 * of all requests, this one included.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "base/clock.h"
#include "base/map.h"
#include "base/rng.h"
#include "proxy/groups.h"
#include "proxy/sticky.h"

#define LOOKS_MOST	1024	/* at services, for one request: beyond that, one counts as usable */
#define PHASES		64	/* turns that workers may be apart */

struct groups {
	const struct live *live;
	struct table	*table;		/* our reference; NULL: there is none yet */
	double		*due;		/* by child; of a mirror: copies that it has had */
	double		*now;		/* by group: when its last one was due; of mirroring: requests */
	struct rng	 rng;
};

struct groups *
groups_new(const struct live *live, uint64_t seed)
{
	struct groups *g = must_zalloc(sizeof *g);

	g->live = live;
	rng_seed(&g->rng, seed);
	return g;
}

void
groups_free(struct groups **gp)
{
	struct groups *g = *gp;

	*gp = NULL;
	if (g == NULL)
		return;
	table_unref(&g->table);
	free(g->due);
	free(g->now);
	free(g);
}

void
group_cookies_free(struct group_cookies *c)
{
	for (unsigned i = 0; i < c->n; i++)
		free(c->text[i]);
	c->n = 0;
}

/* ---- may it have requests? ---- */

static bool	service_usable(const struct groups *, uint32_t service, unsigned depth,
    unsigned *looks);

static bool
group_usable(const struct groups *g, const struct table_group *group, unsigned depth,
    unsigned *looks)
{
	const struct table_child *c = table_children(g->table, &(uint32_t){ 0 }) + group->first;
	uint32_t n = group->kind == GROUP_MIRRORING ? 1 : group->n;

	for (uint32_t i = 0; i < n; i++)
		if ((group->kind != GROUP_WEIGHTED || c[i].weight > 0) &&
		    service_usable(g, c[i].service, depth + 1, looks))
			return true;
	return false;
}

/* What Mola's own rule ejects comes back when nothing else is left, and so is usable (pick.c). */
static bool
service_usable(const struct groups *g, uint32_t service, unsigned depth, unsigned *looks)
{
	const struct table_service *s = table_services(g->table, &(uint32_t){ 0 });
	const struct table_task *task = table_tasks(g->table, &(uint32_t){ 0 });

	if (service == TABLE_REFUSED || depth >= GROUP_DEPTH + 1)
		return false;
	if (++*looks > LOOKS_MOST)
		return true;
	s += service;
	if (s->group != 0)
		return group_usable(g, &table_groups(g->table, &(uint32_t){ 0 })[s->group - 1], depth, looks);
	for (uint32_t i = s->first_task; i < s->first_task + s->ntasks; i++)
		if (!task[i].draining && live_is_healthy(g->live, task[i].slot, clock_mono_usec()))
			return true;
	return false;
}

/* ---- the next one by weight ---- */

/* The child that is due first among those that may have it; UINT32_MAX: none. */
static uint32_t
earliest(const struct groups *g, const struct table_group *group, bool usable, unsigned depth,
    unsigned *looks)
{
	const struct table_child *c = table_children(g->table, &(uint32_t){ 0 });
	uint32_t best = UINT32_MAX;

	for (uint32_t i = group->first; i < group->first + group->n; i++)
		if (c[i].weight > 0 && (best == UINT32_MAX || g->due[i] < g->due[best]) &&
		    (!usable || service_usable(g, c[i].service, depth + 1, looks)))
			best = i;
	return best;
}

static uint32_t
weighted_next(struct groups *g, uint32_t number, unsigned depth, unsigned *looks)
{
	const struct table_group *group = &table_groups(g->table, &(uint32_t){ 0 })[number];
	const struct table_child *c = table_children(g->table, &(uint32_t){ 0 });
	uint32_t best = earliest(g, group, true, depth, looks);

	if (best == UINT32_MAX && (best = earliest(g, group, false, depth, looks)) == UINT32_MAX)
		return group->first;
	g->now[number] = g->due[best];
	g->due[best] += 1. / c[best].weight;
	for (uint32_t i = group->first; i < group->first + group->n; i++)
		if (c[i].weight > 0 && g->due[i] < g->now[number])	/* it was passed over */
			g->due[i] = g->now[number] + 1. / c[i].weight;
	return best;
}

/* ---- by cookie ---- */

/* The child that the client has a cookie of, if it may have requests; UINT32_MAX: none. */
static uint32_t
claimed(const struct groups *g, const struct table_service *s, const struct table_group *group,
    const struct message *m, unsigned depth, unsigned *looks, bool *renew)
{
	const struct table_child *c = table_children(g->table, &(uint32_t){ 0 });
	struct sticky_claim claim = sticky_read(g->table, s, m);

	for (uint32_t i = group->first; claim.given && i < group->first + group->n; i++)
		if (c[i].weight > 0 && sticky_claims(&claim, table_text(g->table, c[i].name), renew))
			return service_usable(g, c[i].service, depth + 1, looks) ? i : UINT32_MAX;
	return UINT32_MAX;
}

/* A child of a weighted group; false: there is no memory. */
static bool
weighted_child(struct groups *g, const struct table_service *s, const struct message *m,
    unsigned depth, unsigned *looks, struct group_cookies *cookies, uint32_t *child)
{
	const struct table_group *group = &table_groups(g->table, &(uint32_t){ 0 })[s->group - 1];
	const struct table_child *c = table_children(g->table, &(uint32_t){ 0 });
	bool renew = false;

	if (m == NULL || s->sticky_cookie.len == 0) {
		*child = weighted_next(g, s->group - 1, depth, looks);
		return true;
	}
	*child = claimed(g, s, group, m, depth, looks, &renew);
	if (*child != UINT32_MAX && !renew)
		return true;
	if (*child == UINT32_MAX)
		*child = weighted_next(g, s->group - 1, depth, looks);
	ASSERT(cookies->n < GROUP_DEPTH);
	cookies->text[cookies->n] = sticky_cookie_named(g->table, s, table_text(g->table, c[*child].name));
	return cookies->text[cookies->n] != NULL && ++cookies->n > 0;
}

/* ---- copies ---- */

static void
mirrors_add(struct groups *g, uint32_t number, struct group_mirrors *mirrors)
{
	const struct table_group *group = &table_groups(g->table, &(uint32_t){ 0 })[number];
	const struct table_service *all = table_services(g->table, &(uint32_t){ 0 });
	const struct table_child *c = table_children(g->table, &(uint32_t){ 0 });

	g->now[number]++;
	for (uint32_t i = group->first + 1; i < group->first + group->n; i++) {
		if (g->due[i] * 100 >= g->now[number] * c[i].weight)
			continue;
		g->due[i]++;
		if (c[i].service != TABLE_REFUSED && mirrors->n < GROUP_CHILDREN)
			mirrors->of[mirrors->n++] = (struct group_mirror){ &all[c[i].service],
			    group->bodiless != 0, group->body_most };
	}
}

static const struct table_service *	resolve(struct groups *, const struct table_service *,
    const struct message *, struct group_cookies *, struct group_mirrors *);

/* A mirror may be a group, too, and one of mirroring again: there are GROUP_CHILDREN in all. */
static void
mirrors_resolve(struct groups *g, struct group_mirrors *mirrors)
{
	struct group_cookies none = { 0 };
	unsigned good = 0;

	for (unsigned i = 0; i < mirrors->n; i++) {
		struct group_mirror m = mirrors->of[i];
		if (m.service->group != 0)
			m.service = resolve(g, m.service, NULL, &none, mirrors);
		if (m.service != NULL)
			mirrors->of[good++] = m;
	}
	mirrors->n = good;
}

static const struct table_service *
resolve(struct groups *g, const struct table_service *s, const struct message *m,
    struct group_cookies *cookies, struct group_mirrors *mirrors)
{
	const struct table_service *all = table_services(g->table, &(uint32_t){ 0 });
	const struct table_child *c = table_children(g->table, &(uint32_t){ 0 });
	unsigned looks = 0;

	for (unsigned depth = 0; s->group != 0; depth++) {
		const struct table_group *group = &table_groups(g->table, &(uint32_t){ 0 })[s->group - 1];
		uint32_t child = group->first;
		if (depth == GROUP_DEPTH)
			return NULL;
		if (group->kind == GROUP_WEIGHTED) {
			if (!weighted_child(g, s, m, depth, &looks, cookies, &child))
				return NULL;
		} else if (group->kind == GROUP_MIRRORING) {
			if (mirrors != NULL && mirrors->later != NULL)
				mirrors->later->number[mirrors->later->n++] = s->group - 1;
			else if (mirrors != NULL)
				mirrors_add(g, s->group - 1, mirrors);
		} else if (!service_usable(g, c[child].service, depth + 1, &looks) &&
		    service_usable(g, c[child + 1].service, depth + 1, &looks))
			child++;
		if (c[child].service == TABLE_REFUSED)
			return NULL;
		s = &all[c[child].service];
	}
	return s;
}

const struct table_service *
groups_resolve(struct groups *g, const struct table_service *s, const struct message *m,
    struct group_cookies *cookies, struct group_mirrors *mirrors)
{
	ASSERT(s->group != 0 && cookies->n == 0 && (mirrors == NULL || mirrors->n == 0));
	ASSERT(mirrors == NULL || mirrors->later == NULL || mirrors->later->n == 0);
	s = resolve(g, s, m, cookies, mirrors);
	if (s != NULL && mirrors != NULL && mirrors->later == NULL)
		mirrors_resolve(g, mirrors);
	return s;
}

void
groups_mirror(struct groups *g, const struct group_passed *passed, struct group_mirrors *mirrors)
{
	ASSERT(mirrors->later == NULL && mirrors->n == 0);
	for (unsigned i = 0; i < passed->n; i++)
		mirrors_add(g, passed->number[i], mirrors);
	mirrors_resolve(g, mirrors);
}

/* ---- another table ---- */

/* Not all workers begin with the heaviest. */
static void
group_begin(struct groups *g, uint32_t number)
{
	const struct table_group *group = &table_groups(g->table, &(uint32_t){ 0 })[number];
	const struct table_child *c = table_children(g->table, &(uint32_t){ 0 });
	uint32_t best;

	if (group->kind != GROUP_WEIGHTED)
		return;
	for (uint32_t i = group->first; i < group->first + group->n; i++)
		g->due[i] = c[i].weight > 0 ? 1. / c[i].weight : 0;
	for (uint32_t turns = rng_below(&g->rng, PHASES); turns > 0; turns--) {
		if ((best = earliest(g, group, false, 0, &(unsigned){ 0 })) == UINT32_MAX)
			return;
		g->now[number] = g->due[best];
		g->due[best] += 1. / c[best].weight;
	}
}

/* From where its children stood in the table before; a new one begins as if it had had its turn. */
static void
group_go_on(struct groups *g, uint32_t number, const struct groups *old, uint32_t before)
{
	const struct table_group *group = &table_groups(g->table, &(uint32_t){ 0 })[number],
	    *was = &table_groups(old->table, &(uint32_t){ 0 })[before];
	const struct table_child *c = table_children(g->table, &(uint32_t){ 0 }),
	    *o = table_children(old->table, &(uint32_t){ 0 });

	g->now[number] = old->now[before];
	for (uint32_t i = group->first; i < group->first + group->n; i++) {
		g->due[i] = group->kind == GROUP_MIRRORING ? floor(g->now[number] * c[i].weight / 100) :
		    g->now[number] + (c[i].weight > 0 ? 1. / c[i].weight : 0);
		for (uint32_t k = was->first; k < was->first + was->n; k++)
			if (o[k].weight == c[i].weight &&
			    str_eq(table_text(old->table, o[k].name), table_text(g->table, c[i].name)))
				g->due[i] = old->due[k];
	}
}

/* By the name of its service: the number of its group, plus 1. */
static struct map *
groups_by_name(const struct table *t)
{
	struct map *m = map_new();
	uint32_t n;
	const struct table_service *s = table_services(t, &n);

	for (uint32_t i = 0; i < n; i++)
		if (s[i].group != 0)
			map_put(m, table_text(t, s[i].name), (void *)(uintptr_t)s[i].group);
	return m;
}

static bool
same_kind(const struct groups *g, uint32_t number, const struct groups *old, uint32_t before)
{
	return table_groups(g->table, &(uint32_t){ 0 })[number].kind ==
	    table_groups(old->table, &(uint32_t){ 0 })[before].kind;
}

static void
groups_go_on(struct groups *g, const struct groups *old)
{
	struct map *before = old->table == NULL ? map_new() : groups_by_name(old->table);
	uint32_t n;
	const struct table_service *s = table_services(g->table, &n);

	for (uint32_t i = 0; i < n; i++) {
		uintptr_t was;
		if (s[i].group == 0)
			continue;
		was = (uintptr_t)map_get(before, table_text(g->table, s[i].name));
		if (was == 0 || !same_kind(g, s[i].group - 1, old, (uint32_t)was - 1))
			group_begin(g, s[i].group - 1);
		else
			group_go_on(g, s[i].group - 1, old, (uint32_t)was - 1);
	}
	map_free(&before);
}

void
groups_set_table(struct groups *g, struct table *t)
{
	struct groups old = *g;
	uint32_t ngroups, nchildren;

	table_groups(t, &ngroups);
	table_children(t, &nchildren);
	g->table = table_ref(t);
	g->due = must_zalloc((nchildren + 1) * sizeof *g->due);
	g->now = must_zalloc((ngroups + 1) * sizeof *g->now);
	if (ngroups > 0)
		groups_go_on(g, &old);
	table_unref(&old.table);
	free(old.due);
	free(old.now);
}
