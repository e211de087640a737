/*
 * world: lists of what exists, indexes by name, and the slots by which shared memory is addressed.
 *
 * A name that is seen again keeps its structure, its slot and what was sampled of it. A task's slot belongs to
 * service, name and address together: whoever answers at another address begins with clean counters.
 * Must not judge (score/) nor talk to anybody.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/clock.h"
#include "base/map.h"
#include "world/slots.h"
#include "world/world.h"

struct world_index {
	struct map	*nodes, *services, *tasks;
	struct slots	*node_slots, *task_slots;
	bool		 node_drained[NODES_MAX];	/* by slot, so that it outlives a node that blinks */
	bool		 task_drained[TASKS_MAX];
	struct world_node *last_node;
	struct world_service *last_service;
	bool		 changed;			/* by the pass under way */
	bool		 began;				/* the first pass is over */
};

/* Life */

static bool
node_busy(const void *live, unsigned slot)
{
	return live_node_inflight(live, slot) != 0;
}

static bool
task_busy(const void *live, unsigned slot)
{
	return live_task_inflight(live, slot) != 0;
}

struct world *
world_new(struct live *live, struct phys *phys)
{
	struct world *w = must_zalloc(sizeof *w);
	struct world_index *x = must_zalloc(sizeof *x);

	LIST_INIT(&w->nodes);
	LIST_INIT(&w->services);
	w->live = live;
	w->phys = phys;
	w->index = x;
	x->nodes = map_new();
	x->services = map_new();
	x->tasks = map_new();
	x->node_slots = slots_new(NODES_MAX, node_busy, live);
	x->task_slots = slots_new(TASKS_MAX, task_busy, live);
	return w;
}

static void
task_free(struct world *w, struct world_task *t)
{
	map_remove(w->index->tasks, str_of(t->name));
	slots_give(w->index->task_slots, t->slot, clock_mono_usec());
	LIST_REMOVE(t, link);
	t->service->ntasks--;
	w->ntasks--;
	free(t->name);
	free(t);
}

static void
routes_free(struct route_conf *r, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		free(r[i].host);
		free(r[i].path);
	}
	free(r);
}

static void
service_free(struct world *w, struct world_service *s)
{
	while (!LIST_EMPTY(&s->tasks))
		task_free(w, LIST_FIRST(&s->tasks));
	map_remove(w->index->services, str_of(s->name));
	LIST_REMOVE(s, link);
	w->nservices--;
	routes_free(s->route, s->nroutes);
	free(s->conf.health_path);
	free(s->name);
	free(s);
}

static void
node_free(struct world *w, struct world_node *n)
{
	map_remove(w->index->nodes, str_of(n->name));
	slots_give(w->index->node_slots, n->slot, clock_mono_usec());
	LIST_REMOVE(n, link);
	w->nnodes--;
	free(n->name);
	free(n->address);
	free(n->exporter_url);
	free(n->agent_url);
	free(n);
}

void
world_free(struct world **wp)
{
	struct world *w = *wp;

	*wp = NULL;
	if (w == NULL)
		return;
	while (!LIST_EMPTY(&w->services))
		service_free(w, LIST_FIRST(&w->services));
	while (!LIST_EMPTY(&w->nodes))
		node_free(w, LIST_FIRST(&w->nodes));
	map_free(&w->index->nodes);
	map_free(&w->index->services);
	map_free(&w->index->tasks);
	slots_free(&w->index->node_slots);
	slots_free(&w->index->task_slots);
	free(w->index);
	free(w);
}

/* The name under which a task holds its slot. */
static char *
task_key(struct str service, struct str name, const struct addr *a)
{
	char text[ADDR_TEXT_MAX], *key;

	addr_text(a, text);
	if (asprintf(&key, "%.*s/%.*s@%s", STR_ARG(service), STR_ARG(name), text) == -1)
		BUG("out of memory");
	return key;
}

void
world_inherit(struct world *w, const struct table *t)
{
	struct world_index *x = w->index;
	uint32_t nnodes, ntasks;
	const struct table_node *n = table_nodes(t, &nnodes);
	const struct table_task *k = table_tasks(t, &ntasks);
	const struct table_service *s = table_services(t, NULL);
	int64_t now = clock_mono_usec();

	ASSERT(w->nnodes == 0 && w->nservices == 0);
	w->serial = table_serial(t);
	for (uint32_t i = 0; i < nnodes; i++)
		if (slots_recall(x->node_slots, table_text(t, n[i].name), n[i].slot, now))
			x->node_drained[n[i].slot] = n[i].drained;
	for (uint32_t i = 0; i < ntasks; i++) {
		char *key = task_key(table_text(t, s[k[i].service].name), table_text(t, k[i].name), &k[i].addr);
		if (slots_recall(x->task_slots, str_of(key), k[i].slot, now))
			x->task_drained[k[i].slot] = k[i].drained;
		free(key);
	}
}

/* A discovery pass */

void
world_pass_begin(struct world *w)
{
	struct world_node *n;
	struct world_service *s;
	struct world_task *t;

	w->index->changed = false;
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

/* What a row says of a node of which nothing is known yet; score/ makes more of it with the first tick. */
static void
row_init(struct world *w, struct world_node *n)
{
	n->row = (struct phys_row){ .law = {
		.cores = n->cores_declared > 0 ? n->cores_declared : 1,
		.period_usec = USEC_PER_SEC,
		.balancers = 1,
	} };
	phys_write(w->phys, n->slot, &n->row);
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
		phys_read(w->phys, slot, &n->row);
		phys_write(w->phys, slot, &n->row);	/* heals a row that a dying brain left half-written */
	}
	n->inherited = !fresh && !x->began;
	n->drained = x->node_drained[slot];
	map_put(x->nodes, str_of(n->name), n);
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
	return n;
}

static struct world_service *
service_new(struct world *w, const char *name)
{
	struct world_index *x = w->index;
	struct world_service *s = must_zalloc(sizeof *s);

	s->name = must_strdup(name);
	LIST_INIT(&s->tasks);
	map_put(x->services, str_of(name), s);
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
conf_same(const struct service_conf *a, const struct service_conf *b)
{
	return a->policy == b->policy && a->connect_usec == b->connect_usec && a->response_usec == b->response_usec &&
	    a->idle_usec == b->idle_usec && a->tunnel_usec == b->tunnel_usec &&
	    a->health_interval_usec == b->health_interval_usec && a->health_timeout_usec == b->health_timeout_usec &&
	    a->health_rise == b->health_rise && a->health_fall == b->health_fall && text_same(a->health_path, b->health_path);
}

static bool
conf_set(struct service_conf *at, const struct service_conf *to)
{
	char *path = at->health_path;

	if (conf_same(at, to))
		return false;
	text_set(&path, to->health_path);
	*at = *to;
	at->health_path = path;
	return true;
}

static bool
routes_same(const struct world_service *s, const struct route_conf *r, unsigned n)
{
	if (s->nroutes != n)
		return false;
	for (unsigned i = 0; i < n; i++)
		if (strcmp(s->route[i].host, r[i].host) != 0 || strcmp(s->route[i].path, r[i].path) != 0)
			return false;
	return true;
}

static bool
routes_set(struct world_service *s, const struct route_conf *r, unsigned n)
{
	if (routes_same(s, r, n))
		return false;
	routes_free(s->route, s->nroutes);
	s->route = must_zalloc(n * sizeof *s->route);
	s->nroutes = n;
	for (unsigned i = 0; i < n; i++)
		s->route[i] = (struct route_conf){ must_strdup(r[i].host), must_strdup(r[i].path) };
	return true;
}

struct world_service *
world_pass_service(struct world *w, const char *name, const struct service_conf *conf, const struct route_conf *route,
    unsigned nroutes)
{
	struct world_service *s = world_service(w, str_of(name));

	if (s != NULL && s->seen)
		return NULL;
	if (s == NULL)
		s = service_new(w, name);
	s->seen = true;
	w->index->changed |= conf_set(&s->conf, conf);
	w->index->changed |= routes_set(s, route, nroutes);
	return s;
}

static bool
task_slot_take(struct world *w, struct world_service *s, const char *name, const struct addr *a, unsigned *slot)
{
	char *key = task_key(str_of(s->name), str_of(name), a);
	bool fresh, ok = slots_take(w->index->task_slots, str_of(key), clock_mono_usec(), slot, &fresh);

	free(key);
	if (ok && fresh) {
		live_reset_task(w->live, *slot);
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
	t->addr = *a;
	t->slot = slot;
	t->drained = w->index->task_drained[slot];
	map_put(w->index->tasks, str_of(name), t);
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

	if (addr_eq(&t->addr, a))
		return true;
	if (!task_slot_take(w, t->service, t->name, a, &slot))
		return false;
	slots_give(w->index->task_slots, t->slot, clock_mono_usec());
	t->slot = slot;
	t->addr = *a;
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

	ASSERT(s->seen);
	if (node == NULL || !node->seen || (t != NULL && t->seen))
		return NULL;
	if (t != NULL && t->service != s) {
		struct world_service *from = t->service;
		task_free(w, t);
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

static void
tasks_sweep(struct world *w, struct world_service *s)
{
	struct world_task *t, *next;

	s->last_task = NULL;
	for (t = LIST_FIRST(&s->tasks); t != NULL; t = next) {
		next = LIST_NEXT(t, link);
		if (t->seen)
			s->last_task = t;
		else
			task_free(w, t), w->index->changed = true;
	}
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
			tasks_sweep(w, s);
		} else
			service_free(w, s), w->index->changed = true;
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
			node_free(w, n), w->index->changed = true;
	}
}

/* Tasks go before nodes: a task that was seen stands on a node that was seen. */
bool
world_pass_end(struct world *w)
{
	services_sweep(w);
	nodes_sweep(w);
	w->index->began = true;
	return w->index->changed;
}

/* Asking */

struct world_node *
world_node(const struct world *w, struct str name)
{
	return map_get(w->index->nodes, name);
}

struct world_service *
world_service(const struct world *w, struct str name)
{
	return map_get(w->index->services, name);
}

struct world_task *
world_task(const struct world *w, struct str name)
{
	return map_get(w->index->tasks, name);
}

bool
world_drain(struct world *w, struct world_node *n, bool drained)
{
	bool differs = n->drained != drained;

	n->drained = w->index->node_drained[n->slot] = drained;
	return differs;
}

bool
world_drain_task(struct world *w, struct world_task *t, bool drained)
{
	bool differs = t->drained != drained;

	t->drained = w->index->task_drained[t->slot] = drained;
	return differs;
}

/* The table */

static void
table_add_service(struct table_maker *m, const struct world_service *s, const uint32_t *node_at)
{
	const struct service_conf *c = &s->conf;
	struct table_ref none = { 0, 0 };
	uint32_t at = table_maker_service(m, &(struct table_service){
		.name = table_maker_text(m, str_of(s->name)),
		.policy = c->policy,
		.connect_usec = c->connect_usec,
		.response_usec = c->response_usec,
		.idle_usec = c->idle_usec,
		.tunnel_usec = c->tunnel_usec,
		.health_path = c->health_path == NULL ? none : table_maker_text(m, str_of(c->health_path)),
		.health_interval_usec = c->health_interval_usec,
		.health_timeout_usec = c->health_timeout_usec,
		.health_rise = c->health_rise,
		.health_fall = c->health_fall,
	});
	struct world_task *t;

	LIST_FOREACH(t, &s->tasks, link)
		table_maker_task(m, &(struct table_task){
			.name = table_maker_text(m, str_of(t->name)),
			.addr = t->addr,
			.node = node_at[t->node->slot],
			.slot = t->slot,
			.draining = t->draining || t->drained || t->node->drained,
			.drained = t->drained,
		});
	for (unsigned i = 0; i < s->nroutes; i++)
		table_maker_route(m, &(struct table_route){
			.host = table_maker_text(m, str_of(s->route[i].host)),
			.path = table_maker_text(m, str_of(s->route[i].path)),
			.service = at,
		});
}

const struct why *
world_table(struct world *w, const struct table_listener *listener, unsigned nlisteners, int *fd)
{
	struct table_maker *m = table_maker_new(w->serial + 1);
	uint32_t node_at[NODES_MAX];		/* by slot */
	const struct world_service *s;
	const struct world_node *n;
	const struct why *y;

	for (unsigned i = 0; i < nlisteners; i++)
		table_maker_listener(m, &listener[i]);
	LIST_FOREACH(n, &w->nodes, link)
		node_at[n->slot] = table_maker_node(m, &(struct table_node){
			.name = table_maker_text(m, str_of(n->name)), .slot = n->slot, .drained = n->drained });
	LIST_FOREACH(s, &w->services, link)
		table_add_service(m, s, node_at);
	y = table_maker_seal(m, fd);
	if (y == NULL)
		w->serial++;
	table_maker_free(&m);
	return y;
}
