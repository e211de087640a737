/*
 * envoy_admin: parses what Envoy reports of itself, and compares it with the plan.
 * Must not know how it is fetched, nor what a difference leads to.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/bug.h"
#include "drive/envoy_admin.h"

#define CLUSTERS_MAX	2000
#define HOSTS_MAX	10000		/* of one cluster */

static const char *
text_of(const json_t *j, const char *key)
{
	const char *s = json_string_value(json_object_get(j, key));

	return s != NULL && envoy_is_clean(s) ? s : NULL;
}

/* 64-bit numbers are strings here, and those that are 0 are missing. */
static double
number_of(const json_t *v)
{
	double x = 0;

	if (json_is_number(v))
		x = json_number_value(v);
	else if (json_is_string(v) && !str_to_double(str_of(json_string_value(v)), &x))
		x = 0;
	return isfinite(x) && x > 0 ? x : 0;
}

/* ---- clusters ---- */

/* False: not an IP address and port; Mola never configures a pipe. */
static bool
addr_read(const json_t *j, struct addr *out)
{
	const json_t *socket = json_object_get(json_object_get(j, "address"), "socket_address");
	const char *ip = text_of(socket, "address");
	double port = number_of(json_object_get(socket, "port_value"));
	char text[ADDR_TEXT_MAX];

	if (ip == NULL || *ip == '\0' || port < 1 || port > 65535)
		return false;
	snprintf(text, sizeof text, strchr(ip, ':') != NULL ? "[%.64s]:%u" : "%.64s:%u", ip,
	    (unsigned)port);
	return addr_parse(str_of(text), out) == NULL;
}

/* The first flag that is set. */
static const char *
unhealthy_flag(const json_t *health)
{
	static const char *const flag[] = {
		"failed_active_health_check", "failed_outlier_check", "excluded_via_immediate_hc_fail",
		"active_hc_timeout", "pending_active_hc", "pending_dynamic_removal",
		"failed_active_degraded_check"
	};

	for (size_t i = 0; i < sizeof flag / sizeof *flag; i++)
		if (json_is_true(json_object_get(health, flag[i])))
			return flag[i];
	return NULL;
}

static bool
host_read(const json_t *j, struct envoy_host *h)
{
	const json_t *health = json_object_get(j, "health_status");
	const char *eds = text_of(health, "eds_health_status");

	if (!addr_read(j, &h->addr))
		return false;
	h->weight = (unsigned)fmin(number_of(json_object_get(j, "weight")), UINT32_MAX);
	h->health = eds != NULL ? eds : "UNKNOWN";
	h->draining = strcmp(h->health, "DRAINING") == 0;
	h->unhealthy = unhealthy_flag(health);
	h->removed = json_is_true(json_object_get(health, "pending_dynamic_removal"));
	return true;
}

static int
by_addr(const void *ap, const void *bp)
{
	const struct envoy_host *a = ap, *b = bp;

	return addr_order(&a->addr, &b->addr);
}

static void
hosts_read(struct arena *a, const json_t *list, struct envoy_cluster *c)
{
	size_t n = json_array_size(list), i;
	const json_t *j;

	if (n > HOSTS_MAX)
		n = HOSTS_MAX;
	c->host = arena_zalloc(a, (n + 1) * sizeof *c->host);
	json_array_foreach(list, i, j)
		if (i < n && host_read(j, &c->host[c->nhosts]))
			c->nhosts++;
	ASSERT(c->nhosts <= n);
	qsort(c->host, c->nhosts, sizeof *c->host, by_addr);
}

static bool
cluster_read(struct arena *a, const json_t *j, struct envoy_cluster *c)
{
	const char *stat = text_of(j, "observability_name"), *eds = text_of(j, "eds_service_name");

	c->name = text_of(j, "name");
	if (c->name == NULL)
		return false;
	c->stat = stat != NULL && *stat != '\0' ? stat : c->name;
	c->eds = eds != NULL && *eds != '\0' ? eds : c->name;
	hosts_read(a, json_object_get(j, "host_statuses"), c);
	return true;
}

/* An Envoy without clusters sends an empty object. */
bool
envoy_admin_parse_clusters(struct str clusters, struct envoy_admin *out, char detail[ENVOY_DETAIL])
{
	struct envoy_admin a = {
		.json = json_loadb(clusters.len > 0 ? clusters.p : "", clusters.len, 0, NULL)
	};
	const json_t *list = json_object_get(a.json, "cluster_statuses"), *j;
	size_t n = json_array_size(list), i;

	if (!json_is_object(a.json) || (list != NULL && !json_is_array(list)) || n > CLUSTERS_MAX) {
		json_decref(a.json);
		return envoy_invalid(detail, "expected clusters in JSON: is this Envoy's admin address?");
	}
	a.arena = arena_new();
	a.cluster = arena_zalloc(a.arena, (n + 1) * sizeof *a.cluster);
	json_array_foreach(list, i, j)
		if (cluster_read(a.arena, j, &a.cluster[a.nclusters]))
			a.nclusters++;
	ASSERT(a.nclusters <= n);
	*out = a;
	return true;
}

void
envoy_admin_free(struct envoy_admin *a)
{
	ASSERT((a->json == NULL) == (a->arena == NULL));
	json_decref(a->json);
	if (a->arena != NULL)
		arena_free(&a->arena);
	*a = (struct envoy_admin){ 0 };
}

/* ---- counters ---- */

/* "cluster.NAME.COUNTER", where NAME may contain dots. */
static void
counter_read(struct envoy_cluster *c, const char *name, double value)
{
	size_t len = strlen(c->stat);
	const char *what;

	if (strncmp(name, "cluster.", 8) != 0 || strncmp(name + 8, c->stat, len) != 0 ||
	    name[8 + len] != '.')
		return;
	what = name + 8 + len + 1;
	if (strcmp(what, "update_success") == 0)
		c->success = value;
	else if (strcmp(what, "update_rejected") == 0)
		c->rejected = value;
	else if (strcmp(what, "assignment_stale") == 0)
		c->stale = value;
	else
		return;
	c->has_stats = true;
}

bool
envoy_admin_parse_stats(struct str stats, struct envoy_admin *a, char detail[ENVOY_DETAIL])
{
	json_t *json = json_loadb(stats.len > 0 ? stats.p : "", stats.len, 0, NULL);
	const json_t *list = json_object_get(json, "stats"), *one;
	size_t i;

	if (!json_is_array(list)) {
		json_decref(json);
		return envoy_invalid(detail, "expected stats in JSON: is this Envoy's admin address?");
	}
	json_array_foreach(list, i, one) {
		const char *name = text_of(one, "name");
		for (unsigned k = 0; name != NULL && k < a->nclusters; k++)
			counter_read(&a->cluster[k], name, number_of(json_object_get(one, "value")));
	}
	json_decref(json);
	return true;
}

/* ---- configuration ---- */

static void
config_read(const json_t *cluster, struct envoy_admin *a)
{
	const char *name = text_of(cluster, "name");
	bool checks = json_array_size(json_object_get(cluster, "health_checks")) > 0;

	for (unsigned k = 0; name != NULL && k < a->nclusters; k++)
		if (strcmp(a->cluster[k].name, name) == 0)
			a->cluster[k].keeps_removed = checks &&
			    !json_is_true(json_object_get(cluster, "ignore_health_on_host_removal"));
}

/* An Envoy without static clusters sends an empty object. */
bool
envoy_admin_parse_config(struct str dump, struct envoy_admin *a, char detail[ENVOY_DETAIL])
{
	json_t *json = json_loadb(dump.len > 0 ? dump.p : "", dump.len, 0, NULL);
	const json_t *list = json_object_get(json, "configs"), *one;
	bool sound = json_is_object(json) && (list == NULL || json_is_array(list));
	size_t i;

	json_array_foreach(list, i, one)
		config_read(json_object_get(one, "cluster"), a);
	json_decref(json);
	return sound ||
	    envoy_invalid(detail, "expected a config_dump in JSON: is this Envoy's admin address?");
}

/* ---- comparing ---- */

const struct envoy_host *
envoy_find_host(const struct envoy_cluster *c, const struct addr *addr)
{
	struct envoy_host key = { .addr = *addr };

	ASSERT(c->nhosts < 2 || by_addr(&c->host[0], &c->host[c->nhosts - 1]) <= 0);
	return bsearch(&key, c->host, c->nhosts, sizeof key, by_addr);
}

static bool
host_matches(const struct envoy_cluster *c, const struct envoy_endpoint *e,
    char detail[ENVOY_DETAIL])
{
	const struct envoy_host *h = envoy_find_host(c, &e->server->addr);
	char text[ADDR_TEXT_MAX];

	addr_text(&e->server->addr, text);
	if (h == NULL)
		snprintf(detail, ENVOY_DETAIL, "cluster %.60s does not have %.60s", c->name, text);
	else if (h->draining != e->draining)
		snprintf(detail, ENVOY_DETAIL, "cluster %.60s has %.60s as %.20s", c->name, text, h->health);
	else if (h->weight != e->weight)
		snprintf(detail, ENVOY_DETAIL, "cluster %.60s has %.60s with weight %u, not %u",
		    c->name, text, h->weight, e->weight);
	else
		return true;
	return false;
}

/* A host that EDS no longer lists and that still gets its share; NULL: none. One that fails its
 * checks gets none. */
static const struct envoy_host *
removed_host(const struct envoy_cluster *c)
{
	for (unsigned i = 0; i < c->nhosts; i++)
		if (c->host[i].removed && strcmp(c->host[i].unhealthy, "pending_dynamic_removal") == 0)
			return &c->host[i];
	return NULL;
}

static unsigned
hosts_listed(const struct envoy_cluster *c)
{
	unsigned n = 0;

	for (unsigned i = 0; i < c->nhosts; i++)
		n += !c->host[i].removed;
	return n;
}

bool
envoy_cluster_matches(const struct envoy_cluster *c, const struct plan_service *s,
    char detail[ENVOY_DETAIL])
{
	struct envoy_endpoint *end = must_alloc((s->nservers + 1) * sizeof *end);
	unsigned n = s->nservers, has = hosts_listed(c), i;
	const struct envoy_host *kept = removed_host(c);
	char text[ADDR_TEXT_MAX];

	ASSERT(c->nhosts <= HOSTS_MAX && hosts_listed(c) <= c->nhosts);
	envoy_endpoints_make(s, end);
	for (i = 0; i < n && host_matches(c, &end[i], detail); i++)
		;
	free(end);
	if (i < n)
		return false;
	if (kept != NULL)
		snprintf(detail, ENVOY_DETAIL, "cluster %.40s still uses %.48s (pending_dynamic_removal): "
		    "it passes its checks; set ignore_health_on_host_removal", c->name,
		    addr_text(&kept->addr, text));
	else if (has > n)
		snprintf(detail, ENVOY_DETAIL, "cluster %.60s has %u endpoints, not %u", c->name, has, n);
	return kept == NULL && has <= n;
}
