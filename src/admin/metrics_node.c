/*
 * metrics_node: families of nodes. Values that are not known are left out.
 */
#include <math.h>
#include <string.h>

#include "admin/metrics_page.h"
#include "base/bug.h"
#include "base/clock.h"
#include "score/explain.h"
#include "score/guard.h"

/* ---- one value per node ---- */

typedef double	of_node_f(const struct admin_view *, const struct world_node *);

static double
node_seen(const struct admin_view *v, const struct world_node *n)
{
	return n->observed.sample.taken_usec != 0 && n->signal.why == NULL &&
	    guard_trust(n, v->now_usec) == 1;
}

static double
node_age(const struct admin_view *v, const struct world_node *n)
{
	int64_t age = guard_age_usec(n, v->now_usec);

	return age < 0 ? NAN : (double)age / (double)USEC_PER_SEC;
}

static double
node_cores(const struct admin_view *v, const struct world_node *n)
{
	double cores = n->observed.sample.taken_usec != 0 ? n->observed.sample.cores : n->cores_declared;

	(void)v;
	return cores > 0 ? cores : NAN;
}

static double
node_effective(const struct admin_view *v, const struct world_node *n)
{
	(void)v;
	return n->steering.row.law.cores > 0 ? n->steering.row.law.cores : NAN;
}

static double
node_busy(const struct admin_view *v, const struct world_node *n)
{
	(void)v;
	return n->observed.sample.taken_usec != 0 ? n->observed.sample.busy : NAN;
}

static double
node_others(const struct admin_view *v, const struct world_node *n)
{
	return n->steering.row.law.cores > 0 ? law_others(&n->steering.row.law, v->now_usec) : NAN;
}

static double
node_inflight(const struct admin_view *v, const struct world_node *n)
{
	return live_node_inflight(v->world->live, n->slot);
}

static double
node_cost(const struct admin_view *v, const struct world_node *n)
{
	return n->steering.row.law.cores > 0 ? explain_cost(v->world, n, v->now_usec) : NAN;
}

static double
node_score(const struct admin_view *v, const struct world_node *n)
{
	(void)v;
	return n->steering.row.law.cores > 0 ? n->steering.row.score : NAN;
}

static double
node_memory(const struct admin_view *v, const struct world_node *n)
{
	(void)v;
	return n->observed.sample.taken_usec != 0 ? n->observed.sample.memory_total_bytes : NAN;
}

static double
node_memory_free(const struct admin_view *v, const struct world_node *n)
{
	(void)v;
	return n->observed.sample.taken_usec != 0 ? n->observed.sample.memory_available_bytes : NAN;
}

static double
node_drained(const struct admin_view *v, const struct world_node *n)
{
	(void)v;
	return n->drained;
}

static double
node_disk(const struct admin_view *v, const struct world_node *n)
{
	(void)v;
	return n->observed.sample.taken_usec != 0 ? n->observed.sample.disk_busy : NAN;
}

static void
put_node(struct metrics_page *p, const struct world_node *n, const char *key, const char *of,
    double x)
{
	ASSERT(n->slot < NODES_MAX);
	if (isnan(x))
		return;
	page_open(p);
	page_label(p, "node", n->name);
	if (key != NULL)
		page_label(p, key, of);
	page_close(p, x);
}

/* ---- several ---- */

static void
put_pressure(struct metrics_page *p, const struct world_node *n)
{
	const struct sample *s = &n->observed.sample;

	if (s->taken_usec == 0)
		return;
	put_node(p, n, "of", "cpu", s->psi_cpu_waiting);
	put_node(p, n, "of", "memory", s->psi_memory_waiting);
	put_node(p, n, "of", "memory_stalled", s->psi_memory_stalled);
	put_node(p, n, "of", "io", s->psi_io_waiting);
	put_node(p, n, "of", "io_stalled", s->psi_io_stalled);
}

/* "http://10.0.0.1:9100/metrics" is 10.0.0.1:9100 to Prometheus, and so to dashboards of
 * node_exporter. */
static struct str
instance_of(const char *url)
{
	const char *host = url == NULL ? NULL : strstr(url, "://"), *user;
	size_t len;

	if (host == NULL)
		return STR("");
	host += 3;
	len = strcspn(host, "/?#");
	user = memrchr(host, '@', len);		/* without the user and password */
	if (user == NULL)
		return (struct str){ host, len };
	return (struct str){ user + 1, len - (size_t)(user + 1 - host) };
}

static void
put_info(struct metrics_page *p, const struct world_node *n)
{
	const struct sample *s = &n->observed.sample;
	char exporter[256];

	str_copy(exporter, sizeof exporter, instance_of(n->exporter_url));
	page_open(p);
	page_label(p, "node", n->name);
	page_label(p, "address", n->address == NULL ? "" : n->address);
	page_label(p, "exporter", exporter);
	page_label(p, "source", view_source_name(s->taken_usec == 0 ? SOURCE_NONE : s->source));
	page_close(p, 1);
}

void
metrics_nodes(struct metrics_page *p, enum family f)
{
	static of_node_f *const of_node[FAMILIES] = {
		[FAMILY_NODE_SEEN] = node_seen,
		[FAMILY_NODE_AGE] = node_age,
		[FAMILY_NODE_CORES] = node_cores,
		[FAMILY_NODE_EFFECTIVE] = node_effective,
		[FAMILY_NODE_BUSY] = node_busy,
		[FAMILY_NODE_OTHERS] = node_others,
		[FAMILY_NODE_INFLIGHT] = node_inflight,
		[FAMILY_NODE_COST] = node_cost,
		[FAMILY_NODE_SCORE] = node_score,
		[FAMILY_NODE_MEMORY] = node_memory,
		[FAMILY_NODE_MEMORY_FREE] = node_memory_free,
		[FAMILY_NODE_DISK] = node_disk,
		[FAMILY_NODE_DRAINED] = node_drained,
	};
	const struct world_node *n;

	_Static_assert(FAMILY_NODE_DRAINED - FAMILY_NODE_INFO == 14,
	    "tbl/metrics.h: a new row of nodes needs a function above");
	LIST_FOREACH(n, &p->v->world->nodes, link)
		if (f == FAMILY_NODE_INFO)
			put_info(p, n);
		else if (f == FAMILY_NODE_PRESSURE)
			put_pressure(p, n);
		else {
			ASSERT(of_node[f] != NULL);
			put_node(p, n, NULL, NULL, of_node[f](p->v, n));
		}
}
