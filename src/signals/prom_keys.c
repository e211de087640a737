/*
 * prom_keys: an index of the world by everything that a label may call a node. A key that two
 * nodes share leads to neither: to take the wrong one's load for a node's own is worse than to
 * know nothing. Must not know what the series' values are.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "base/map.h"
#include "signals/prom_keys.h"

#define KEY_MAX 256

struct prom_keys {
	struct map	*ids, *endpoints, *hosts, *names;
};

static struct world_node shared;	/* stands for more than one */

/* Names of machines have no case. */
static struct str
lower(struct str s, char out[KEY_MAX])
{
	size_t n = str_copy(out, KEY_MAX, s);

	for (size_t i = 0; i < n; i++)
		out[i] = (char)tolower((unsigned char)out[i]);
	return (struct str){ out, s.len < KEY_MAX ? n : 0 };
}

static void
add(struct map *m, struct str key, struct world_node *n)
{
	char small[KEY_MAX];
	struct str k = lower(key, small);
	struct world_node *before;

	ASSERT(n != NULL && n != &shared);
	if (k.len == 0)
		return;
	before = map_get(m, k);
	map_put(m, k, before == NULL || before == n ? n : &shared);
}

static struct world_node *
find(const struct map *m, struct str key)
{
	char small[KEY_MAX];
	struct str k = lower(key, small);
	struct world_node *n = k.len == 0 ? NULL : map_get(m, k);

	return n == &shared ? NULL : n;
}

/* "http://user@host:port/path" has "host:port" in it. */
static struct str
authority(const char *url)
{
	const char *p = strstr(url, "://"), *at;
	size_t n;

	p = p == NULL ? url : p + 3;
	n = strcspn(p, "/?#");
	at = memchr(p, '@', n);
	return at == NULL ? (struct str){ p, n } : (struct str){ at + 1, n - (size_t)(at + 1 - p) };
}

/* "host:port" without its port, "[v6]:port" without the brackets, too. */
static struct str
host_of(struct str s)
{
	size_t n;

	if (s.len > 0 && s.p[0] == '[') {
		const char *end = memchr(s.p, ']', s.len);
		return end == NULL ? s : (struct str){ s.p + 1, (size_t)(end - s.p) - 1 };
	}
	for (n = s.len; n > 0 && isdigit((unsigned char)s.p[n - 1]); n--)
		;
	/* no port, or a bare v6 address */
	if (n == 0 || s.p[n - 1] != ':' || memchr(s.p, ':', n - 1) != NULL)
		return s;
	return (struct str){ s.p, n - 1 };
}

static void
add_url(struct prom_keys *k, const char *url, struct world_node *n)
{
	if (url == NULL)
		return;
	add(k->endpoints, authority(url), n);
	add(k->hosts, host_of(authority(url)), n);
}

struct prom_keys *
prom_keys_new(const struct world *w)
{
	struct prom_keys *k = must_zalloc(sizeof *k);
	struct world_node *n;

	k->ids = map_new();
	k->endpoints = map_new();
	k->hosts = map_new();
	k->names = map_new();
	LIST_FOREACH(n, &w->nodes, link) {
		add(k->ids, str_of(n->swarm_id), n);
		add(k->names, str_of(n->name), n);
		add(k->hosts, host_of(str_of(n->address)), n);
		add_url(k, n->exporter_url, n);
		add_url(k, n->agent_url, n);
	}
	return k;
}

void
prom_keys_free(struct prom_keys **kp)
{
	struct prom_keys *k = *kp;

	*kp = NULL;
	if (k == NULL)
		return;
	map_free(&k->ids);
	map_free(&k->endpoints);
	map_free(&k->hosts);
	map_free(&k->names);
	free(k);
}

static struct world_node *
by_instance(const struct prom_keys *k, struct str instance)
{
	struct world_node *n = find(k->endpoints, instance);

	if (n == NULL)
		n = find(k->hosts, host_of(instance));
	return n != NULL ? n : find(k->names, host_of(instance));
}

struct world_node *
prom_keys_node(const struct prom_keys *k, const struct prom_series *s)
{
	static const char *const names[] = { "node", "nodename", "hostname" };
	struct world_node *n = find(k->ids, str_of(prom_series_label(s, "node_id")));
	const char *value;

	if (n == NULL)
		n = by_instance(k, str_of(prom_series_label(s, "instance")));
	for (size_t i = 0; n == NULL && i < sizeof names / sizeof *names; i++) {
		value = prom_series_label(s, names[i]);
		n = find(k->names, str_of(value));
		if (n == NULL)
			n = find(k->hosts, str_of(value));
	}
	return n;
}
