/*
 * join_files: services that Traefik's files define: their servers are tasks, each on a node of its
 * host, which may be one of the Swarm's. And the routers that lead from the labels of one service,
 * or from a file, to another one.
 */
#include <string.h>

#include "base/bug.h"
#include "discovery/files.h"
#include "discovery/join.h"
#include "world/filter.h"

/* ---- servers ---- */

static bool
server_address(const struct join *j, const struct labels_server *s, struct addr *out)
{
	const char *host = arena_text(j->arena, s->host);

	return join_address(host, s->port, out) ||
	    (j->conf->host != NULL && j->conf->host(j->conf->file_arg, host, s->port, out));
}

/* The node that has this address, or a new one. */
static const char *
node_of(struct join *j, const struct addr *at)
{
	char text[ADDR_TEXT_MAX];
	const char *host = arena_text(j->arena, str_of(addr_host_text(at, text)));
	struct world_node *n;

	LIST_FOREACH(n, &j->world->nodes, link)
		if (n->seen && (strcmp(n->name, host) == 0 || (n->address != NULL &&
		    strcmp(n->address, host) == 0)))
			return n->name;
	n = world_pass_node(j->world, &(struct world_node){ .name = (char *)(uintptr_t)host,
	    .address = (char *)(uintptr_t)host });
	return n == NULL ? NULL : n->name;
}

static bool
is_repeated(const struct labels *l, unsigned at)
{
	for (unsigned i = 0; i < at; i++)
		if (str_eq(l->server[i].host, l->server[at].host) && l->server[i].port == l->server[at].port)
			return true;
	return false;
}

void
join_servers(struct join *j, const struct labels *l, struct world_service *ws)
{
	for (unsigned i = 0; i < l->nservers; i++) {
		const struct labels_server *s = &l->server[i];
		char *name = arena_printf(j->arena, "%s.%.*s:%u", ws->name, STR_ARG(s->host), s->port);
		const char *node;
		struct addr at;
		if (is_repeated(l, i))
			continue;
		l->report->ntasks++;
		if (!server_address(j, s, &at))
			join_add_trouble(j, l->report, WHY_SERVICE_UNREACHABLE, arena_printf(j->arena,
			    "server %.*s: no address of this name is known", STR_ARG(s->host)));
		else if ((node = node_of(j, &at)) == NULL ||
		    world_pass_task(j->world, ws, name, node, &at, false) == NULL)
			join_add_trouble(j, l->report, WHY_TABLE_LARGE, arena_printf(j->arena,
			    "server %s: no place is left for it", name));
		else
			l->report->nserving++;
	}
}

/* ---- routes that lead elsewhere ---- */

bool
join_has_port(const struct labels *l, unsigned port)
{
	return labels_port_conf((struct labels *)(uintptr_t)l, port) != NULL;
}

void
join_refuse_route(struct join *j, struct join_service *js, const struct labels_route *r,
    const struct why *why, char *text)
{
	const struct report_service *report = js->labels.report;

	/* one of several routes of a router */
	if (report->ntroubles == 0 || strcmp(report->trouble[report->ntroubles - 1].text, text) != 0)
		join_add_trouble(j, js->labels.report, why, text);
	if (r->at.listener == NULL)
		labels_add_claim(&js->labels, &(struct labels_claim){ r->at, r->priority, true,
		    r->at.rule->name, r->entry, false });
	else if (*r->at.host != '\0')
		labels_add_refused(&js->labels, r->at.listener, r->at.host);
}

static void
refuse_route(struct join *j, struct join_service *js, const struct labels_route *r)
{
	const char *name = r->at.rule != NULL ? r->at.rule->name : join_route_text(j->arena, &r->at);

	join_refuse_route(j, js, r, WHY_ROUTER_SERVICE, arena_printf(j->arena,
	    "router %s is not served: it leads to %s, which is not served", name,
	    r->to == NULL ? js->from->name : r->to->name));
}

static bool
is_served(const struct join *j, struct join_service *js, const struct labels_route *r)
{
	struct join_service *to = r->to == NULL ? js : map_get(j->services, str_of(r->to->id));
	const struct service_conf *conf;

	if (r->to == NULL || to == NULL)
		return to != NULL && !js->labels.broken;
	conf = labels_port_conf(&to->labels, r->port);
	return to->labels.enabled && !to->labels.broken && conf != NULL &&
	    conf->kind == (r->at.listener != NULL ? SERVICE_TCP : SERVICE_HTTP);
}

/* Behind all that the router has. False: there is no room for one more. */
static bool
add_prefix(struct join *j, const struct join_service *js, struct labels_route *r)
{
	const struct join_service *to = r->to == NULL ? js : map_get(j->services, str_of(r->to->id));
	struct filter_setting s = { STR("prefix"), to->labels.prefix };

	if (s.value.len > 0)
		r->at.chain = filter_chain_add(j->arena, r->at.chain == NULL ? "" : r->at.chain,
		    STR("preservePath"), FILTER_ADD_PREFIX, &s, 1);
	return s.value.len == 0 || r->at.chain != NULL;
}

/* What a router wants of TLS, its service gets. */
static void
lend_tls(const struct join *j, const struct labels_route *r)
{
	struct join_service *to = map_get(j->services, str_of(r->to->id));
	struct service_conf *conf = labels_port_conf(&to->labels, r->port);

	ASSERT(conf != NULL && conf->kind == SERVICE_TCP);
	if (conf->tls == SERVICE_TLS_NONE)
		conf->tls = r->tls;
}

void
join_lend(struct join *j, struct join_service *js, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		struct labels *l = &js[i].labels;
		unsigned kept = 0;
		for (unsigned k = 0; k < l->nroutes; k++)
			if (!is_served(j, &js[i], &l->route[k]) || !add_prefix(j, &js[i], &l->route[k]))
				refuse_route(j, &js[i], &l->route[k]);
			else {
				if (l->route[k].to != NULL && l->route[k].at.listener != NULL)
					lend_tls(j, &l->route[k]);
				l->route[kept++] = l->route[k];
			}
		l->nroutes = kept;
	}
}

/* Adds those that others lend to this port of a service to `route`, which has room. */
unsigned
join_lent(const struct join_service *js, unsigned port, bool first, struct route_conf *route,
    unsigned n)
{
	for (unsigned i = 0; i < js->nlent; i++) {
		const struct labels_route *r = js->lent[i];
		if (r->port == port || (first && r->port == 0))
			route[n++] = r->at;
	}
	return n;
}

static struct join_service *
lent_to(const struct join *j, const struct labels_route *r)
{
	return r->to == NULL ? NULL : map_get(j->services, str_of(r->to->id));
}

void
join_find_lent(struct join *j, struct join_service *js, unsigned n)
{
	struct join_service *to;

	for (unsigned i = 0; i < n; i++)
		for (unsigned k = 0; k < js[i].labels.nroutes; k++)
			if ((to = lent_to(j, &js[i].labels.route[k])) != NULL)
				to->nlent++;
	for (unsigned i = 0; i < n; i++) {
		js[i].lent = arena_zalloc(j->arena, (js[i].nlent + 1) * sizeof *js[i].lent);
		js[i].nlent = 0;
	}
	for (unsigned i = 0; i < n; i++)
		for (unsigned k = 0; k < js[i].labels.nroutes; k++)
			if ((to = lent_to(j, &js[i].labels.route[k])) != NULL)
				to->lent[to->nlent++] = &js[i].labels.route[k];
}
