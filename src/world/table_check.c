/*
 * table_check: whether foreign bytes are a table.
 *
 * A table comes from another process, so nothing in it is trusted before table_view has checked
 * every number: after that no reader can step outside of it. An unsorted table would only match
 * wrongly.
 */
#include <string.h>

#include "base/bug.h"
#include "world/live.h"
#include "world/table_block.h"

static bool
head_ok(const struct table_head *h, size_t size)
{
	if (size < sizeof *h || h->magic != TABLE_MAGIC || h->shape != TABLE_SHAPE || h->size != size)
		return false;
	for (int p = 0; p < PARTS; p++) {
		uint64_t at = h->part[p].at, n = h->part[p].n;
		if (at % 8 != 0 || at < sizeof *h || n > table_parts[p].most ||
		    at + n * table_parts[p].width > size)
			return false;
	}
	return true;
}

/* A bool of foreign bytes may not be read as one before it is known to be 0 or 1. */
static bool
bool_ok(const bool *b)
{
	return *(const unsigned char *)b <= 1;
}

static bool
bool_is_false(const bool *b)
{
	return *(const unsigned char *)b == 0;
}

static bool
text_ok(const struct table *t, struct table_ref r)
{
	return (uint64_t)r.at + r.len <= t->head->part[PART_TEXT].n;
}

static bool
path_ok(const struct table *t, struct table_ref r)
{
	return text_ok(t, r) && r.len > 0 && *table_text(t, r).p == '/';
}

static bool
addr_ok(const struct addr *a)
{
	if (a->len < sizeof a->sa.any.sa_family || a->len > sizeof a->sa)
		return false;
	switch (a->sa.any.sa_family) {
	case AF_INET:
		return a->len == sizeof a->sa.v4;
	case AF_INET6:
		return a->len == sizeof a->sa.v6;
	case AF_UNIX:
		return memchr(a->sa.un.sun_path, '\0', sizeof a->sa.un.sun_path) != NULL;
	}
	return false;
}

/* Settings, by their type. Numbers may be 0 where their least value is. */
static bool
may_be_0(const char *least)
{
	return *least == '0';
}

#define SETTING_OK_POLICY(t, value, least)	((unsigned)(value) < POLICY_COUNT)
#define SETTING_OK_KIND(t, value, least)	((unsigned)(value) <= SERVICE_TCP)
#define SETTING_OK_PROXY_VERSION(t, value, least)	((unsigned)(value) < PROXY_VERSIONS)
#define SETTING_OK_DURATION(t, value, least) \
	((value) >= !may_be_0(least) && (value) <= TABLE_USEC_MOST)
#define SETTING_OK_COUNT(t, value, least)	((value) > 0 || may_be_0(least))
#define SETTING_OK_ALL_DOWN(t, value, least)	((unsigned)(value) < ALL_DOWNS)
#define SETTING_OK_SWITCH(t, value, least)	bool_ok(&(value))
#define SETTING_OK_PATH_OR_NONE(t, value, least) ((value).len == 0 || path_ok(t, value))

#define SETTING_OK_PRECEDENCE(t, value, least)	((unsigned)(value) < PRECEDENCES)
#define SETTING_OK_TENANTS(t, value, least)	((unsigned)(value) < TENANTS_COUNT)
#define SETTING_OK_LOAD(t, value, least)	((unsigned)(value) < LOAD_REPORTS)
#define SETTING_OK_SCHEME(t, value, least)	((unsigned)(value) < SCHEME_COUNT)
#define SETTING_OK_TLS_CA(t, value, least)	text_ok(t, value)
#define SETTING_OK_TLS_NAME(t, value, least)	text_ok(t, value)
#define SETTING_OK_TLS_CERT(t, value, least)	text_ok(t, value)
#define SETTING_OK_COOKIE_NAME(t, value, least)	text_ok(t, value)
#define SETTING_OK_COOKIE_PATH(t, value, least)	text_ok(t, value)
#define SETTING_OK_COOKIE_DOMAIN(t, value, least) text_ok(t, value)
#define SETTING_OK_SAME_SITE(t, value, least)	((unsigned)(value) < SAME_SITES)
#define SETTING_OK_ALPN(t, value, least)	text_ok(t, value)
#define SETTING_OK_METHOD(t, value, least)	text_ok(t, value)
#define SETTING_OK_CHECK_HOST(t, value, least)	text_ok(t, value)
#define SETTING_OK_HEADERS(t, value, least)	text_ok(t, value)
#define SETTING_OK_CHECK_MODE(t, value, least)	((unsigned)(value) < CHECK_MODES)
#define SETTING_OK_CHECK_SERVICE(t, value, least) text_ok(t, value)
#define SETTING_OK_CHECK_BYTES(t, value, least)	text_ok(t, value)
#define SETTING_OK_CHECK_SCHEME(t, value, least) ((unsigned)(value) < CHECK_SCHEMES)
#define SETTING_OK_DURATION_OR_SAME(t, value, least) ((value) >= 0 && (value) <= TABLE_USEC_MOST)
#define SETTING_OK_PORT_OR_SAME(t, value, least) ((value) <= 65535)
#define SETTING_OK_RETRY_ON(t, value, least)	retry_on_sound(&(value))
#define SETTING_OK_RETRY_METHODS(t, value, least) ((unsigned)(value) < RETRY_METHODS)
#define SETTING_OK_PERCENT(t, value, least)	((value) <= 100)
#define SETTING_OK_BYTES(t, value, least)	((value) > 0 || may_be_0(least))
#define SETTING_OK_DURATION_OR_NONE(t, value, least) ((value) >= 0 && (value) <= TABLE_USEC_MOST)

/* Which settings count: those of health checks only where there are some. */
#define COUNTS_DEFAULTS(s)	true
#define COUNTS_TASK_TLS(s)	true
#define COUNTS_STICKY(s)	true
#define COUNTS_OVERLOAD(s)	(!bool_is_false(&(s)->overload))
#define COUNTS_EJECT(s)		((s)->eject_failures > 0)
#define COUNTS_RETRY(s)		((s)->retry_attempts > 0)
#define COUNTS_HEALTH(s)	((s)->health_path.len > 0 || (s)->health_mode != CHECK_HTTP || \
	!bool_is_false(&(s)->health_connect))

static bool
settings_ok(const struct table *t, const struct table_service *s)
{
#define SETTING(type, field, reach, ways, section, key, fallback, least, ...) \
	IN_ROW_##reach(if (COUNTS_##section(s) && !SETTING_OK_##type(t, s->field, least)) return false;)
#include "tbl/service.h"
#undef SETTING
	return true;
}

static bool
service_ok(const struct table *t, const struct table_service *s)
{
	return text_ok(t, s->name) && s->profile < PROFILE_SLOTS &&
	    s->slot < LIVE_SERVICES && (unsigned)s->overload_priority < PRECEDENCES &&
	    s->group <= t->head->part[PART_GROUPS].n &&
	    (uint64_t)s->first_task + s->ntasks <= t->head->part[PART_TASKS].n && settings_ok(t, s);
}

static bool
others_ok(const struct table_task *k)
{
	if (k->nothers >= TASK_ADDRS)
		return false;
	for (uint32_t i = 0; i < k->nothers; i++)
		if (!addr_ok(&k->other[i]))
			return false;
	return true;
}

static bool
task_ok(const struct table *t, const struct table_task *k, uint32_t at)
{
	uint32_t nnodes, nservices;
	const struct table_node *node = table_nodes(t, &nnodes);
	const struct table_service *service = table_services(t, &nservices);

	return text_ok(t, k->name) && addr_ok(&k->addr) && others_ok(k) && k->slot < TASKS_MAX &&
	    bool_ok(&k->draining) && bool_ok(&k->drained) &&
	    k->node < nnodes && k->node_slot == node[k->node].slot &&
	    k->service < nservices && at >= service[k->service].first_task &&
	    at - service[k->service].first_task < service[k->service].ntasks;
}

static bool
nodes_ok(const struct table *t)
{
	uint32_t nnodes;
	const struct table_node *n = table_nodes(t, &nnodes);

	for (uint32_t i = 0; i < nnodes; i++)
		if (!text_ok(t, n[i].name) || n[i].slot >= NODES_MAX || !bool_ok(&n[i].drained))
			return false;
	return true;
}

/* Every task belongs to the service whose span it stands in, and spans do not overlap: services
 * in order, each beginning where the last one ended. */
static bool
services_and_tasks_ok(const struct table *t)
{
	uint32_t ntasks, nservices, next = 0;
	const struct table_task *k = table_tasks(t, &ntasks);
	const struct table_service *s = table_services(t, &nservices);

	for (uint32_t i = 0; i < nservices; i++) {
		if (!service_ok(t, &s[i]) || s[i].first_task != next)
			return false;
		next += s[i].ntasks;
	}
	for (uint32_t i = 0; i < ntasks; i++)
		if (!task_ok(t, &k[i], i))
			return false;
	return next == ntasks;
}

static bool
conditions_ok(const struct table *t)
{
	uint32_t n, nwords;
	const struct table_code *c = part_of(t, PART_CONDITIONS, &n);
	const uint32_t *word = part_of(t, PART_CODE, &nwords);

	for (uint32_t i = 0; i < n; i++)
		if (c[i].at + (uint64_t)c[i].bytes / 4 > nwords || c[i].bytes % 4 != 0 ||
		    !condition_valid(word + c[i].at, c[i].bytes))
			return false;
	return true;
}

/* Parents stand before their children, so that every walk ends. */
static bool
route_ok(const struct table *t, uint32_t at)
{
	const struct table_route *r = &t->route[at];

	return text_ok(t, r->host) && path_ok(t, r->path) && bool_ok(&r->by_rule) && bool_ok(&r->whole) &&
	    bool_ok(&r->gives_way) && (r->service < t->head->part[PART_SERVICES].n ||
	    r->service == TABLE_REFUSED) && r->condition <= t->head->part[PART_CONDITIONS].n &&
	    (unsigned)r->by < ROUTE_BYS && bool_ok(&r->guards) &&
	    r->chain <= t->head->part[PART_CHAINS].n && text_ok(t, r->name) && text_ok(t, r->to) &&
	    r->first <= at && (r->parent == NO_PARENT || r->parent < r->first);
}

static bool
routes_ok(struct table *t)
{
	uint32_t n;
	int kind = 0;

	t->route = table_routes(t, &n);
	t->exact_end = t->wild_end = 0;
	t->refuses = t->rules = t->gives_way = t->by_ways = t->unsaid = t->on = false;
	for (uint32_t i = 0; i < n; i++) {
		const struct table_route *r = &t->route[i];
		if (!route_ok(t, i) || host_kind(table_text(t, r->host)) < kind)
			return false;
		t->refuses |= r->service == TABLE_REFUSED || route_guards(t, r);
		t->rules |= r->by_rule;
		t->by_ways |= r->by != BY_ANY;
		t->unsaid |= r->by == BY_UNSAID;
		t->on |= r->on != 0;
		t->gives_way |= r->gives_way;
		kind = host_kind(table_text(t, r->host));
		t->exact_end += kind == 0;
		t->wild_end += kind <= 1;
	}
	return true;
}

static bool
children_ok(const struct table *t, const struct table_group *g, enum service_kind kind)
{
	const struct table_service *s = table_services(t, &(uint32_t){ 0 });
	const struct table_child *c = table_children(t, &(uint32_t){ 0 }) + g->first;

	for (uint32_t i = 0; i < g->n; i++)
		if (c[i].service != TABLE_REFUSED && s[c[i].service].kind != kind)
			return false;
	return true;
}

/* That a group leads to itself, its readers bear (proxy/groups.c). */
static bool
groups_ok(const struct table *t)
{
	uint32_t ngroups, nchildren, nservices;
	const struct table_group *g = table_groups(t, &ngroups);
	const struct table_child *c = table_children(t, &nchildren);
	const struct table_service *s = table_services(t, &nservices);

	for (uint32_t i = 0; i < ngroups; i++)
		if ((unsigned)g[i].kind >= GROUP_KINDS || g[i].n == 0 || g[i].n > GROUP_CHILDREN ||
		    (uint64_t)g[i].first + g[i].n > nchildren ||
		    (g[i].kind == GROUP_FAILOVER && g[i].n != 2) ||
		    (g[i].kind == GROUP_MIRRORING && (g[i].bodiless > 1 || g[i].body_most > GROUP_BODY_MOST)))
			return false;
	for (uint32_t i = 0; i < nchildren; i++)
		if (!text_ok(t, c[i].name) || c[i].weight > GROUP_WEIGHT_MOST ||
		    (c[i].service != TABLE_REFUSED && c[i].service >= nservices))
			return false;
	for (uint32_t i = 0; i < nservices; i++)
		if (s[i].group != 0 && !children_ok(t, &g[s[i].group - 1], s[i].kind))
			return false;
	return true;
}

static bool
tcp_ok(const struct table *t)
{
	uint32_t n, nservices;
	const struct table_tcp *r = table_tcp(t, &n);

	table_services(t, &nservices);
	for (uint32_t i = 0; i < n; i++)
		if (!text_ok(t, r[i].listener) || !text_ok(t, r[i].host) || !bool_ok(&r[i].ends_tls) ||
		    r[i].tls > t->head->part[PART_TLS].n ||
		    !tcp_chain_ok(t, &r[i]) ||
		    (r[i].service >= nservices && r[i].service != TABLE_REFUSED))
			return false;
	return true;
}

static bool
listeners_ok(struct table *t)
{
	uint32_t n;
	const struct table_listener *l = table_listeners(t, &n);

	t->redirects = false;
	for (uint32_t i = 0; i < n; i++) {
		if (!text_ok(t, l[i].name) || l[i].redirect_port > 65535 || !bool_ok(&l[i].redirect_temporary))
			return false;
		t->redirects |= l[i].redirect_port != 0;
	}
	return true;
}

bool
table_view(struct table *t, const void *base, size_t size)
{
	t->base = base;
	t->head = base;
	if (head_ok(t->head, size) && nodes_ok(t) && services_and_tasks_ok(t) &&
	    conditions_ok(t) && groups_ok(t) && chains_open(t) && routes_ok(t) && tcp_ok(t) &&
	    listeners_ok(t) && table_tls_ok(t))
		return true;
	chains_close(t);
	return false;
}
