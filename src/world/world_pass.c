/*
 * world_pass: one discovery pass: what is named for the first time is created, what is not
 * named is removed at the end.
 *
 * A name that is seen again keeps its structure, its slot and what was sampled of it. A task's
 * slot belongs to service, name and address together: a task at another address begins with
 * clean counters. Must not know where the names come from.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "base/clock.h"
#include "world/world_index.h"

void
world_pass_begin(struct world *w)
{
	struct world_node *n;
	struct world_service *s;
	struct world_task *t;

	ASSERT(!w->index->passing);
	w->passes++;
	w->index->passing = true;
	w->index->changed = w->index->refused = false;
	LIST_FOREACH(n, &w->nodes, link)
		n->seen = false;
	LIST_FOREACH(s, &w->services, link) {
		s->seen = false;
		LIST_FOREACH(t, &s->tasks, link)
			t->seen = false;
	}
}

static bool
text_same(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* Leaves an equal string where it is: others may hold on to it. */
static bool
text_set(char **at, const char *to)
{
	if (text_same(*at, to))
		return false;
	free(*at);
	*at = to == NULL ? NULL : must_strdup(to);
	return true;
}

/* The row of a node of which nothing is known yet; score/ replaces it with the first tick. */
static void
row_init(struct world *w, struct world_node *n)
{
	ASSERT(n->slot < NODES_MAX);
	n->steering.row = (struct phys_row){ .law = {
		.cores = n->cores_declared > 0 ? n->cores_declared : 1,
		.period_usec = USEC_PER_SEC,
		.balancers = 1,
	} };
	phys_write(w->phys, n->slot, &n->steering.row);
}

static struct world_node *
node_new(struct world *w, const struct world_node *like)
{
	struct world_index *x = w->index;
	struct world_node *n;
	unsigned slot;
	bool fresh;

	if (!slots_take(x->node_slots, str_of(like->name), clock_mono_usec(), &slot, &fresh))
		return NULL;
	n = must_zalloc(sizeof *n);
	n->name = must_strdup(like->name);
	n->slot = slot;
	n->cores_declared = like->cores_declared;
	if (fresh) {
		x->node_drained[slot] = false;
		row_init(w, n);
	} else {
		phys_read(w->phys, slot, &n->steering.row);
		if (!x->began)		/* later it is one that comes back */
			n->steering.ramp_usec = n->steering.row.ramp_usec;
	}
	n->inherited = !fresh && !x->began;
	n->drained = x->node_drained[slot];
	world_values_begin(w, n);
	map_put_lent(x->nodes, str_of(n->name), n);
	if (x->last_node == NULL)
		LIST_INSERT_HEAD(&w->nodes, n, link);
	else
		LIST_INSERT_AFTER(x->last_node, n, link);
	x->last_node = n;
	w->nnodes++;
	x->changed = true;
	return n;
}

struct world_node *
world_pass_node(struct world *w, const struct world_node *like)
{
	struct world_node *n = world_node(w, str_of(like->name));

	ASSERT(w->index->passing && like->cores_declared >= 0 && like->memory_declared_bytes >= 0);
	if (n != NULL && n->seen)
		return NULL;
	if (n == NULL && (n = node_new(w, like)) == NULL)
		return NULL;
	n->seen = true;
	n->cores_declared = like->cores_declared;
	n->memory_declared_bytes = like->memory_declared_bytes;
	text_set(&n->address, like->address);
	text_set(&n->exporter_url, like->exporter_url);
	text_set(&n->agent_url, like->agent_url);
	text_set(&n->swarm_id, like->swarm_id);
	n->swarm_active = like->swarm_active;
	return n;
}

/* The row of a service in live; 0, which is nobody's, when none is left. */
static unsigned
service_slot_take(struct world *w, const char *name)
{
	unsigned slot;
	bool fresh;

	if (!slots_take(w->index->service_slots, str_of(name), clock_mono_usec(), &slot, &fresh))
		return 0;
	if (fresh)
		live_reset_service(w->live, slot + 1);
	return slot + 1;
}

static struct world_service *
service_new(struct world *w, const char *name)
{
	struct world_index *x = w->index;
	struct world_service *s = must_zalloc(sizeof *s);

	s->name = must_strdup(name);
	s->slot = service_slot_take(w, name);
	LIST_INIT(&s->tasks);
	map_put_lent(x->services, str_of(s->name), s);
	if (x->last_service == NULL)
		LIST_INSERT_HEAD(&w->services, s, link);
	else
		LIST_INSERT_AFTER(x->last_service, s, link);
	x->last_service = s;
	w->nservices++;
	x->changed = true;
	return s;
}

static bool
routes_same(const struct route_conf *a, const struct route_conf *b, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (!route_conf_same(&a[i], &b[i]))
			return false;
	return true;
}

static bool
routes_set(struct route_conf **at, unsigned *nat, const struct route_conf *r, unsigned n)
{
	if (*nat == n && routes_same(*at, r, n))
		return false;
	world_routes_free(*at, *nat);
	*at = n == 0 ? NULL : must_zalloc(n * sizeof **at);
	*nat = n;
	for (unsigned i = 0; i < n; i++)
		(*at)[i] = route_conf_copy(&r[i]);
	return true;
}

struct world_service *
world_pass_service(struct world *w, const char *name, const struct service_conf *conf,
    const struct route_conf *route, unsigned nroutes)
{
	struct world_service *s = world_service(w, str_of(name));

	ASSERT(w->index->passing);
	if (s != NULL && s->seen)
		return NULL;
	if (s == NULL)
		s = service_new(w, name);
	s->seen = true;
	w->index->changed |= service_conf_set(&s->conf, conf);
	w->index->changed |= routes_set(&s->route, &s->nroutes, route, nroutes);
	world_pass_requirements(s, &(struct route_requirements){ 0 });
	s->grouped = false;
	return s;
}

void
world_pass_group(struct world *w, struct world_service *s, const struct service_group *g)
{
	ASSERT(w->index->passing && s->seen && !s->grouped && g->n > 0);
	s->grouped = true;
	if (group_same(s->group, g))
		return;
	group_free(&s->group);
	s->group = group_copy(g);
	w->index->changed = true;
}

/* Of no concern to the table. */
void
world_pass_requirements(struct world_service *s, const struct route_requirements *d)
{
	s->requirements.middlewares = d->middlewares;
	s->requirements.tls = d->tls;
	text_set(&s->requirements.entry_points, d->entry_points);
}

void
world_pass_refuse(struct world *w, const struct route_conf *route, unsigned n)
{
	ASSERT(w->index->passing && !w->index->refused);
	w->index->refused = true;
	w->index->changed |= routes_set(&w->refused, &w->nrefused, route, n);
}

static bool
listeners_same(const struct world *w, const struct world_listener *l, unsigned n)
{
	bool same = w->nlisteners == n;

	for (unsigned i = 0; i < n && same; i++)
		same = strcmp(w->listener[i].name, l[i].name) == 0 &&
		    w->listener[i].redirect_port == l[i].redirect_port &&
		    w->listener[i].redirect_temporary == l[i].redirect_temporary;
	return same;
}

void
world_pass_listeners(struct world *w, const struct world_listener *l, unsigned n)
{
	ASSERT(w->index->passing && n <= TABLE_LISTENERS);
	if (listeners_same(w, l, n))
		return;
	world_listeners_free(w);
	w->listener = must_zalloc((n + 1) * sizeof *w->listener);
	for (unsigned i = 0; i < n; i++) {
		w->listener[i] = l[i];
		w->listener[i].name = must_strdup(l[i].name);
	}
	w->nlisteners = n;
	w->index->changed = true;
}

static bool
task_slot_take(struct world *w, struct world_service *s, const char *name, const struct addr *a,
    unsigned *slot)
{
	char *key = world_task_key(str_of(s->name), str_of(name), a);
	bool fresh, ok = slots_take(w->index->task_slots, str_of(key), clock_mono_usec(), slot, &fresh);

	free(key);
	if (ok && fresh) {
		live_reset_task(w->live, *slot);
		phys_set_available(w->phys, *slot, NAN);
		w->index->task_drained[*slot] = false;
	}
	return ok;
}

static struct world_task *
task_new(struct world *w, struct world_service *s, const char *name, const struct addr *a)
{
	struct world_task *t;
	unsigned slot;

	if (!task_slot_take(w, s, name, a, &slot))
		return NULL;
	t = must_zalloc(sizeof *t);
	t->name = must_strdup(name);
	t->service = s;
	t->addr = addr_to_ip(a);
	t->slot = slot;
	t->available = phys_available(w->phys, slot);
	t->drained = w->index->task_drained[slot];
	map_put_lent(w->index->tasks, str_of(t->name), t);
	if (s->last_task == NULL)
		LIST_INSERT_HEAD(&s->tasks, t, link);
	else
		LIST_INSERT_AFTER(s->last_task, t, link);
	s->last_task = t;
	s->ntasks++;
	w->ntasks++;
	w->index->changed = true;
	return t;
}

static void
last_task_find(struct world_service *s)
{
	struct world_task *t;

	s->last_task = NULL;
	LIST_FOREACH(t, &s->tasks, link)
		s->last_task = t;
}

/* The same task at another address: its place in the list stays, its slot does not. */
static bool
task_move(struct world *w, struct world_task *t, const struct addr *a)
{
	unsigned slot;

	if (addr_is_ip(a, &t->addr))
		return true;
	if (!task_slot_take(w, t->service, t->name, a, &slot))
		return false;
	slots_give(w->index->task_slots, t->slot, clock_mono_usec());
	t->slot = slot;
	t->available = phys_available(w->phys, slot);
	t->addr = addr_to_ip(a);
	w->index->task_drained[slot] = t->drained;
	w->index->changed = true;
	return true;
}

struct world_task *
world_pass_task(struct world *w, struct world_service *s, const char *name, const char *node_name,
    const struct addr *a, bool draining)
{
	struct world_node *node = world_node(w, str_of(node_name));
	struct world_task *t = world_task(w, str_of(name));

	ASSERT(w->index->passing && s->seen && a->len > 0);
	if (node == NULL || !node->seen || (t != NULL && t->seen))
		return NULL;
	if (t != NULL && t->service != s) {
		struct world_service *from = t->service;
		world_task_free(w, t);
		last_task_find(from);
		t = NULL;
	}
	if (t == NULL && (t = task_new(w, s, name, a)) == NULL)
		return NULL;
	if (!task_move(w, t, a))
		return NULL;
	w->index->changed |= t->node != node || t->draining != draining;
	t->node = node;
	t->draining = draining;
	t->seen = true;
	return t;
}

void
world_pass_task_others(struct world *w, struct world_task *t, const struct addr *other, unsigned n)
{
	bool same = t->nothers == n;

	ASSERT(w->index->passing && t->seen && n < TASK_ADDRS);
	for (unsigned i = 0; same && i < n; i++)
		same = addr_is_ip(&other[i], &t->other[i]);
	if (same)
		return;
	free(t->other);
	t->other = n == 0 ? NULL : must_zalloc(n * sizeof *t->other);
	t->nothers = n;
	for (unsigned i = 0; i < n; i++)
		t->other[i] = addr_to_ip(&other[i]);
	w->index->changed = true;
}

void
world_task_set_available(struct world *w, struct world_task *t, double cores, int64_t at_usec)
{
	t->available = cores > 0 ? cores : NAN;
	t->available_usec = isnan(t->available) ? 0 : at_usec;
	phys_set_available(w->phys, t->slot, t->available);
}

void
world_pass_task_limit(struct world *w, struct world_task *t, double cores)
{
	ASSERT(w->index->passing && t->seen && cores >= 0);
	t->limit = cores;
}

/* Another container: what was known of the one before is not so of it. What a brain before this
 * one knew stays. */
void
world_pass_task_container(struct world *w, struct world_task *t, const char *id)
{
	ASSERT(w->index->passing && t->seen);
	if (id == t->container || (id != NULL && t->container != NULL && strcmp(id, t->container) == 0))
		return;
	if (t->container != NULL)
		world_task_set_available(w, t, NAN, 0);
	free(t->container);
	t->container = id == NULL ? NULL : must_strdup(id);
}

static void
tasks_sweep(struct world *w, struct world_service *s)
{
	struct world_task *t, *next;

	s->last_task = NULL;
	for (t = LIST_FIRST(&s->tasks); t != NULL; t = next) {
		next = LIST_NEXT(t, link);
		ASSERT(t->service == s && (!t->seen || t->node->seen));
		if (t->seen)
			s->last_task = t;
		else
			world_task_free(w, t), w->index->changed = true;
	}
	ASSERT((s->last_task == NULL) == (s->ntasks == 0));
}

static void
services_sweep(struct world *w)
{
	struct world_service *s, *next;

	w->index->last_service = NULL;
	for (s = LIST_FIRST(&w->services); s != NULL; s = next) {
		next = LIST_NEXT(s, link);
		if (s->seen) {
			w->index->last_service = s;
			if (!s->grouped && s->group != NULL) {
				group_free(&s->group);
				w->index->changed = true;
			}
			tasks_sweep(w, s);
		} else
			world_service_free(w, s), w->index->changed = true;
	}
}

static void
nodes_sweep(struct world *w)
{
	struct world_node *n, *next;

	w->index->last_node = NULL;
	for (n = LIST_FIRST(&w->nodes); n != NULL; n = next) {
		next = LIST_NEXT(n, link);
		if (n->seen)
			w->index->last_node = n;
		else
			world_node_free(w, n), w->index->changed = true;
	}
}

/* Tasks go before nodes: a task that was seen stands on a node that was seen. */
bool
world_pass_end(struct world *w)
{
	ASSERT(w->index->passing);
	if (!w->index->refused)
		world_pass_refuse(w, NULL, 0);
	w->index->passing = false;
	services_sweep(w);
	nodes_sweep(w);
	world_profiles_settle(w);
	w->index->began = true;
	ASSERT((w->index->last_node == NULL) == (w->nnodes == 0));
	ASSERT((w->index->last_service == NULL) == (w->nservices == 0));
	return w->index->changed;
}
