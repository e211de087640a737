/*
 * world: lists of what exists, indexes by name, the slots by which shared memory is addressed,
 * and the table that is made of it all. How things come and go stands in world_pass.c. Must not
 * judge nodes (score/), nor communicate.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "base/clock.h"
#include "base/log.h"
#include "world/world_index.h"

/* ---- life ---- */

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

/* Workers do not say so. A request of 30 s that ends after the slot's rest is counted for the next
 * service there. */
static bool
service_busy(const void *live, unsigned slot)
{
	(void)live, (void)slot;
	return false;
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
	w->profile[0] = profile_all[PROFILE_BALANCED];
	w->profile_used[0] = true;
	w->index = x;
	world_queries_begin(w);
	x->nodes = map_new();
	x->services = map_new();
	x->tasks = map_new();
	x->node_slots = slots_new(NODES_MAX, node_busy, live);
	x->task_slots = slots_new(TASKS_MAX, task_busy, live);
	x->service_slots = slots_new(LIVE_SERVICES - 1, service_busy, live);
	return w;
}

void
world_task_free(struct world *w, struct world_task *t)
{
	ASSERT(world_task(w, str_of(t->name)) == t && w->ntasks > 0 && t->service->ntasks > 0);
	map_remove(w->index->tasks, str_of(t->name));
	slots_give(w->index->task_slots, t->slot, clock_mono_usec());
	LIST_REMOVE(t, link);
	t->service->ntasks--;
	w->ntasks--;
	free(t->name);
	free(t->container);
	free(t->other);
	free(t);
}

void
world_routes_free(struct route_conf *r, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		route_conf_clear(&r[i]);
	free(r);
}

void
world_listeners_free(struct world *w)
{
	while (w->nlisteners > 0)
		free(w->listener[--w->nlisteners].name);
	free(w->listener);
	w->listener = NULL;
}

void
world_service_free(struct world *w, struct world_service *s)
{
	while (!LIST_EMPTY(&s->tasks))
		world_task_free(w, LIST_FIRST(&s->tasks));
	ASSERT(world_service(w, str_of(s->name)) == s && w->nservices > 0 && s->ntasks == 0);
	map_remove(w->index->services, str_of(s->name));
	if (s->slot != 0)
		slots_give(w->index->service_slots, s->slot - 1, clock_mono_usec());
	LIST_REMOVE(s, link);
	w->nservices--;
	world_routes_free(s->route, s->nroutes);
	service_conf_clear(&s->conf);
	group_free(&s->group);
	free(s->requirements.entry_points);
	free(s->name);
	free(s);
}

void
world_node_free(struct world *w, struct world_node *n)
{
	ASSERT(world_node(w, str_of(n->name)) == n && w->nnodes > 0);
	map_remove(w->index->nodes, str_of(n->name));
	slots_give(w->index->node_slots, n->slot, clock_mono_usec());
	LIST_REMOVE(n, link);
	w->nnodes--;
	free(n->name);
	free(n->address);
	free(n->exporter_url);
	free(n->agent_url);
	free(n->swarm_id);
	world_values_end(w, n);
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
		world_service_free(w, LIST_FIRST(&w->services));
	while (!LIST_EMPTY(&w->nodes))
		world_node_free(w, LIST_FIRST(&w->nodes));
	ASSERT(w->nnodes == 0 && w->nservices == 0 && w->ntasks == 0);
	world_queries_free(w);
	world_routes_free(w->refused, w->nrefused);
	world_listeners_free(w);
	world_tls_free(w);
	map_free(&w->index->nodes);
	map_free(&w->index->services);
	map_free(&w->index->tasks);
	slots_free(&w->index->node_slots);
	slots_free(&w->index->task_slots);
	slots_free(&w->index->service_slots);
	free(w->index);
	free(w);
}

char *
world_task_key(struct str service, struct str name, const struct addr *a)
{
	char text[ADDR_TEXT_MAX];

	addr_text(a, text);
	return must_printf("%.*s/%.*s@%s", STR_ARG(service), STR_ARG(name), text);
}

void
world_inherit(struct world *w, const struct table *t)
{
	struct world_index *x = w->index;
	uint32_t nnodes, nservices, ntasks;
	const struct table_node *n = table_nodes(t, &nnodes);
	const struct table_task *k = table_tasks(t, &ntasks);
	const struct table_service *s = table_services(t, &nservices);
	int64_t now = clock_mono_usec();

	ASSERT(w->nnodes == 0 && w->nservices == 0);
	w->serial = table_serial(t);
	for (uint32_t i = 0; i < nnodes; i++)
		if (slots_recall(x->node_slots, table_text(t, n[i].name), n[i].slot, now))
			x->node_drained[n[i].slot] = n[i].drained;
	for (uint32_t i = 0; i < nservices; i++)
		if (s[i].slot != 0)
			slots_recall(x->service_slots, table_text(t, s[i].name), s[i].slot - 1, now);
	for (uint32_t i = 0; i < ntasks; i++) {
		char *key = world_task_key(table_text(t, s[k[i].service].name), table_text(t, k[i].name),
		    &k[i].addr);
		if (slots_recall(x->task_slots, str_of(key), k[i].slot, now))
			x->task_drained[k[i].slot] = k[i].drained;
		free(key);
	}
}

/* ---- look-up ---- */

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

	ASSERT(n->drained == w->index->node_drained[n->slot]);
	n->drained = w->index->node_drained[n->slot] = drained;
	return differs;
}

bool
world_drain_task(struct world *w, struct world_task *t, bool drained)
{
	bool differs = t->drained != drained;

	ASSERT(t->drained == w->index->task_drained[t->slot]);
	t->drained = w->index->task_drained[t->slot] = drained;
	return differs;
}

/* ---- the table ---- */

/* A setting of a service as it stands in the table, by its type. */
#define SETTING_ROW_POLICY(m, value)	(value)
#define SETTING_ROW_KIND(m, value)	(value)
#define SETTING_ROW_PROXY_VERSION(m, value)	(value)
#define SETTING_ROW_DURATION(m, value)	(value)
#define SETTING_ROW_COUNT(m, value)	(value)
#define SETTING_ROW_ALL_DOWN(m, value)	(value)
#define SETTING_ROW_SWITCH(m, value)	(value)
#define SETTING_ROW_TENANTS(m, value)	(value)
#define SETTING_ROW_PRECEDENCE(m, value)	(value)
#define SETTING_ROW_LOAD(m, value)	(value)
#define SETTING_ROW_SCHEME(m, value)	(value)
#define SETTING_ROW_SAME_SITE(m, value)	(value)
#define SETTING_ROW_COOKIE_NAME(m, value) SETTING_ROW_PATH_OR_NONE(m, value)
#define SETTING_ROW_COOKIE_PATH(m, value) SETTING_ROW_PATH_OR_NONE(m, value)
#define SETTING_ROW_COOKIE_DOMAIN(m, value) SETTING_ROW_PATH_OR_NONE(m, value)
#define SETTING_ROW_ALPN(m, value)	SETTING_ROW_PATH_OR_NONE(m, value)
#define SETTING_ROW_TLS_CA(m, value)	SETTING_ROW_PATH_OR_NONE(m, value)
#define SETTING_ROW_TLS_NAME(m, value)	SETTING_ROW_PATH_OR_NONE(m, value)
#define SETTING_ROW_TLS_CERT(m, value)	SETTING_ROW_PATH_OR_NONE(m, value)
#define SETTING_ROW_METHOD(m, value)	SETTING_ROW_PATH_OR_NONE(m, value)
#define SETTING_ROW_CHECK_HOST(m, value) SETTING_ROW_PATH_OR_NONE(m, value)
#define SETTING_ROW_HEADERS(m, value)	SETTING_ROW_PATH_OR_NONE(m, value)
#define SETTING_ROW_CHECK_SERVICE(m, value) SETTING_ROW_PATH_OR_NONE(m, value)
#define SETTING_ROW_CHECK_BYTES(m, value) SETTING_ROW_PATH_OR_NONE(m, value)
#define SETTING_ROW_CHECK_MODE(m, value) (value)
#define SETTING_ROW_CHECK_SCHEME(m, value) (value)
#define SETTING_ROW_DURATION_OR_SAME(m, value) (value)
#define SETTING_ROW_PORT_OR_SAME(m, value) (value)
#define SETTING_ROW_RETRY_ON(m, value)	(value)
#define SETTING_ROW_RETRY_METHODS(m, value) (value)
#define SETTING_ROW_PERCENT(m, value)	(value)
#define SETTING_ROW_BYTES(m, value)	(value)
#define SETTING_ROW_DURATION_OR_NONE(m, value) (value)
#define SETTING_ROW_PATH_OR_NONE(m, value) \
	((value) == NULL ? (struct table_ref){ 0, 0 } : table_maker_text(m, str_of(value)))

/* Routes of one rule stand together, and have one condition. */
struct condition_writer {
	const struct world *world;
	const struct condition *last;
	uint32_t	 number;
	uint64_t	 nchainless;	/* routes that are refused, as their chains have no room */
};

static uint32_t
table_add_condition(struct table_maker *m, struct condition_writer *w, const struct condition *c)
{
	if (c == NULL)
		return 0;
	if (w->last == NULL || condition_bytes(w->last) != condition_bytes(c) ||
	    memcmp(w->last, c, condition_bytes(c)) != 0) {
		w->last = c;
		w->number = table_maker_condition(m, c);
	}
	return w->number;
}

static void
table_add_route(struct table_maker *m, const struct route_conf *r, uint32_t service,
    struct condition_writer *w)
{
	struct table_route row = { .service = service };
	struct table_ref host = table_maker_text(m, str_of(r->host));

	if (r->listener != NULL) {
		struct table_tcp tcp = { .listener = table_maker_text(m, str_of(r->listener)), .host = host,
		    .service = service, .ends_tls = r->ends_tls, .tls = world_tls_number(w->world, r->tls) };
		if (!table_maker_chain(m, r->chain, &tcp.chain)) {
			tcp.service = TABLE_REFUSED;
			w->nchainless++;
		}
		table_maker_tcp(m, &tcp);
	} else {
		row.host = host;
		row.path = table_maker_text(m, str_of(r->path));
		row.guards = r->guards;
		row.on = r->on;
		/* one service's middlewares must not keep the others from having a table */
		if (!table_maker_chain(m, r->chain, &row.chain)) {
			row.service = TABLE_REFUSED;
			w->nchainless++;
		}
		if (r->rule != NULL) {
			row.by_rule = true;
			row.whole = r->rule->whole;
			row.gives_way = r->rule->gives_way && service == TABLE_REFUSED;
			row.priority = r->rule->priority;
			row.ways = r->rule->ways;
			if (r->rule->name != NULL)
				row.name = table_maker_text(m, str_of(r->rule->name));
			if (r->rule->to != NULL)
				row.to = table_maker_text(m, str_of(r->rule->to));
			row.by = r->rule->by;
			row.condition = table_add_condition(m, w, r->rule->condition);
		}
		table_maker_route(m, &row);
	}
}

static void
table_add_group(struct table_maker *m, const struct world *w, const struct world_service *s)
{
	const struct service_group *g = s->group;
	struct table_child child[GROUP_CHILDREN];

	ASSERT(g->n <= GROUP_CHILDREN);
	for (unsigned i = 0; i < g->n; i++) {
		const struct group_child *c = &g->child[i];
		const struct world_service *to = world_service(w, str_of(c->service));
		child[i] = (struct table_child){ .weight = c->weight,
		    .service = to == NULL || to->conf.kind != s->conf.kind ? TABLE_REFUSED : to->number,
		    .name = table_maker_text(m, str_of(c->name != NULL ? c->name : c->service)) };
	}
	table_maker_group(m, s->number, &(struct table_group){ .kind = g->kind, .n = g->n,
	    .bodiless = g->bodiless, .body_most = g->body_most }, child);
}

static void
table_add_service(struct table_maker *m, struct world_service *s, const uint32_t *node_at,
    struct condition_writer *w)
{
	uint32_t at = table_maker_service(m, &(struct table_service){
		.name = table_maker_text(m, str_of(s->name)),
		.profile = s->profile,
		.slot = s->slot,
#define SETTING(type, field, reach, ...) \
		IN_ROW_##reach(.field = SETTING_ROW_##type(m, s->conf.field),)
#include "tbl/service.h"
#undef SETTING
	});
	struct world_task *t;
	unsigned ntasks = 0;

	LIST_FOREACH(t, &s->tasks, link) {
		ASSERT(t->service == s && t->slot < TASKS_MAX && t->node->slot < NODES_MAX);
		ntasks++;
		struct table_task k = {
			.name = table_maker_text(m, str_of(t->name)),
			.addr = addr_of_ip(&t->addr),
			.nothers = t->nothers,
			.node = node_at[t->node->slot],
			.slot = t->slot,
			.draining = t->draining || t->drained || t->node->drained,
			.drained = t->drained,
		};
		for (unsigned i = 0; i < t->nothers; i++)
			k.other[i] = addr_of_ip(&t->other[i]);
		table_maker_task(m, &k);
	}
	ASSERT(ntasks == s->ntasks);
	s->number = at;
	for (unsigned i = 0; i < s->nroutes; i++)
		table_add_route(m, &s->route[i], at, w);
}

const struct why *
world_table(struct world *w, int *fd)
{
	struct table_maker *m = table_maker_new(w->serial + 1);
	uint32_t node_at[NODES_MAX];		/* by slot */
	struct condition_writer writer = { .world = w };
	struct world_service *s;
	const struct world_node *n;
	const struct why *y;

	LIST_FOREACH(n, &w->nodes, link)
		node_at[n->slot] = table_maker_node(m, &(struct table_node){
			.name = table_maker_text(m, str_of(n->name)), .slot = n->slot, .drained = n->drained });
	LIST_FOREACH(s, &w->services, link)
		table_add_service(m, s, node_at, &writer);
	LIST_FOREACH(s, &w->services, link)
		if (s->group != NULL)
			table_add_group(m, w, s);
	for (unsigned i = 0; i < w->nlisteners; i++)
		table_maker_listener(m, &(struct table_listener){
			.name = table_maker_text(m, str_of(w->listener[i].name)),
			.redirect_port = w->listener[i].redirect_port,
			.redirect_temporary = w->listener[i].redirect_temporary });
	world_tls_table(w, m);
	for (unsigned i = 0; i < w->nrefused; i++)
		table_add_route(m, &w->refused[i], TABLE_REFUSED, &writer);
	if (writer.nchainless > 0)
		log_event(LOG_ERROR, "table.full", "refused", "middlewares", "routes",
		    LOG_N(writer.nchainless), "text", "the middlewares of all routers are more than 4 MB", NULL);
	y = table_maker_seal(m, fd);
	if (y == NULL)
		w->serial++;
	table_maker_free(&m);
	return y;
}
