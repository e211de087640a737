/*
 * join_nodes: every machine once, however it is known: to Swarm by id, hostname and address, to
 * the configuration file by a name of its own.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/form.h"
#include "discovery/join.h"

/* Of two nodes of one hostname, the one that is up is the machine; the other is what a
 * rejoin left behind. */
static int
node_order(const void *a, const void *b)
{
	const struct swarm_node *x = ((const struct join_node *)a)->node,
	    *y = ((const struct join_node *)b)->node;
	int c = strcmp(x->hostname, y->hostname);

	if (c == 0)
		c = (int)x->state - (int)y->state;
	return c != 0 ? c : strcmp(x->id, y->id);
}

/* ---- templates ---- */

static struct str
template_value(const struct swarm_node *n, struct str name, char bracketed[64])
{
	if (str_eq(name, STR("hostname")))
		return str_of(n->hostname);
	if (str_eq(name, STR("id")))
		return str_of(n->id);
	if (!str_eq(name, STR("address")) || strlen(n->address) > 60)
		return STR("");
	if (strchr(n->address, ':') == NULL)
		return str_of(n->address);
	snprintf(bracketed, 64, "[%s]", n->address);
	return str_of(bracketed);
}

/* False: the node lacks what the template asks for, or the whole is too long. */
static bool
template_expand(const char *template, const struct swarm_node *n, char out[SWARM_URL_MAX])
{
	struct str rest = str_of(template), part;
	char bracketed[64];
	size_t len = 0;

	while (rest.len > 0) {
		const char *close = *rest.p == '{' ? memchr(rest.p, '}', rest.len) : NULL;
		size_t take = close == NULL ? 1 : (size_t)(close - rest.p) + 1;
		part = close == NULL ? (struct str){ rest.p, 1 } :
		    template_value(n, (struct str){ rest.p + 1, take - 2 }, bracketed);
		if (part.len == 0 || len + part.len >= SWARM_URL_MAX)
			return false;
		memcpy(out + len, part.p, part.len);
		len += part.len;
		rest = (struct str){ rest.p + take, rest.len - take };
	}
	ASSERT(len < SWARM_URL_MAX);
	out[len] = '\0';
	return len > 0;
}

/* Completed as URLs of nodes in the configuration file are: with http:// and a path, unless
 * they are there. */
static char *
template_url(const char *template, const struct swarm_node *n, const char *path,
    char out[SWARM_URL_MAX])
{
	char text[SWARM_URL_MAX];
	const char *host;
	bool whole;

	if (template == NULL || n->state == NODE_DOWN || !template_expand(template, n, text))
		return NULL;
	host = strstr(text, "://");
	whole = host != NULL;
	host = whole ? host + 3 : text;
	if (snprintf(out, SWARM_URL_MAX, "%s%s%s", whole ? "" : "http://", text,
	    strchr(host, '/') != NULL ? "" : path) >= SWARM_URL_MAX)
		return NULL;
	return out;
}

static void
fill_node(const struct swarm_node *n, const struct swarm_conf *conf, struct world_node *like,
    struct swarm_urls *urls)
{
	if (like->address == NULL && *n->address != '\0')
		like->address = (char *)(uintptr_t)n->address;
	if (like->cores_declared <= 0)
		like->cores_declared = n->cores;
	if (like->memory_declared_bytes <= 0)
		like->memory_declared_bytes = n->memory_bytes;
	if (like->agent_url == NULL)
		like->agent_url = template_url(conf->agent_template, n, "/stream", urls->agent);
	if (like->exporter_url == NULL)
		like->exporter_url = template_url(conf->exporter_template, n, "/metrics", urls->exporter);
	like->swarm_id = (char *)(uintptr_t)n->id;
	like->swarm_active = n->state == NODE_READY && n->use == NODE_ACTIVE;
}

/* ---- nodes that the configuration file names ---- */

static bool
same_machine(const struct swarm_node *n, const struct world_node *w)
{
	bool by_address = *n->address != '\0' && (strcmp(w->name, n->address) == 0 ||
	    (w->address != NULL && strcmp(w->address, n->address) == 0));

	return by_address || strcmp(w->name, n->id) == 0 || strcmp(w->name, n->hostname) == 0 ||
	    (w->address != NULL && strcmp(w->address, n->hostname) == 0);
}

void
swarm_fill_node(const struct swarm *s, const struct swarm_conf *conf, struct world_node *like,
    struct swarm_urls *urls)
{
	const struct swarm_node *n = SWARM_NODES(s), *best = NULL;

	for (unsigned i = 0; i < s->nodes.n; i++)
		if (same_machine(&n[i], like) && (best == NULL || n[i].state < best->state))
			best = &n[i];
	if (best != NULL)
		fill_node(best, conf, like, urls);
}

/* Nodes that were published earlier in this pass, by each name that they may be known under. */
static struct map *
known_nodes(const struct world *w)
{
	struct map *known = map_new();
	struct world_node *n;

	LIST_FOREACH(n, &w->nodes, link)
		if (n->seen) {
			if (n->address != NULL)
				map_put(known, str_of(n->address), n);
			map_put(known, str_of(n->name), n);
		}
	return known;
}

static const struct world_node *
known_node(const struct map *known, const struct swarm_node *n)
{
	const char *const keys[] = { n->id, n->hostname, n->address };
	const struct world_node *w;

	for (unsigned i = 0; i < 3; i++)
		if (*keys[i] != '\0' && (w = map_get(known, str_of(keys[i]))) != NULL)
			return w;
	return NULL;
}

/* ---- names ---- */

static bool
name_is_taken(const struct join *j, const char *name)
{
	const struct world_node *n = world_node(j->world, str_of(name));

	return n != NULL && n->seen;
}

static void
publish_node(struct join *j, struct join_node *jn, const char *name)
{
	struct world_node like = { .name = (char *)(uintptr_t)name };
	struct swarm_urls urls;

	ASSERT(jn->name == NULL && !name_is_taken(j, name));
	fill_node(jn->node, j->conf, &like, &urls);
	if (world_pass_node(j->world, &like) != NULL)
		jn->name = name;
	else
		join_add_trouble(j, NULL, WHY_TABLE_LARGE,
		    arena_printf(j->arena, "node %s: no place is left for it", name));
}

static void
join_node(struct join *j, struct join_node *jn)
{
	const struct swarm_node *n = jn->node;
	const char *name = form_host(str_of(n->hostname), false) ? n->hostname : n->id;

	if (name_is_taken(j, name)) {
		if (n->state == NODE_DOWN)
			return;
		name = arena_printf(j->arena, "%s-%.8s", name, n->id);
		join_add_trouble(j, NULL, WHY_NODE_NAME, arena_printf(j->arena,
		    "node %s: another one has the same hostname; this one is called %s", n->id, name));
		if (name_is_taken(j, name))
			return;
	}
	publish_node(j, jn, name);
}

void
join_nodes(struct join *j)
{
	const struct swarm_node *n = SWARM_NODES(j->swarm);
	struct map *known = known_nodes(j->world);
	const struct world_node *w;

	j->node = arena_zalloc(j->arena, (j->swarm->nodes.n + 1) * sizeof *j->node);
	for (unsigned i = 0; i < j->swarm->nodes.n; i++)
		j->node[i].node = &n[i];
	qsort(j->node, j->swarm->nodes.n, sizeof *j->node, node_order);
	for (unsigned i = 0; i < j->swarm->nodes.n; i++) {
		struct join_node *jn = &j->node[i];
		map_put(j->nodes, str_of(jn->node->id), jn);
		if ((w = known_node(known, jn->node)) != NULL)
			jn->name = w->name;
		else
			join_node(j, jn);
	}
	map_free(&known);
}
