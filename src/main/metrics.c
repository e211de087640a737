/*
 * metrics: one function per family of series; the table says which comes when. Counters are those that the
 * workers keep in shared memory, so they outlive a brain.
 */
#include <inttypes.h>
#include <math.h>

#include "base/clock.h"
#include "main/discover.h"
#include "main/metrics.h"
#include "score/explain.h"
#include "score/guard.h"

struct page {
	const struct view *v;
	struct buf	*out;
	const char	*name;		/* of the family that is being written */
};

/* As label values are to be escaped. */
static void
put_label(struct page *p, const char *key, const char *value)
{
	buf_printf(p->out, "%s=\"", key);
	for (; *value != '\0'; value++)
		if (*value == '\n')
			buf_adds(p->out, STR("\\n"));
		else
			buf_printf(p->out, "%s%c", *value == '"' || *value == '\\' ? "\\" : "", *value);
	buf_adds(p->out, STR("\""));
}

static void
put_plain(struct page *p, double x)
{
	buf_printf(p->out, "%s %.15g\n", p->name, x);
}

/* --- families of nodes: values that are not known are left out --- */

typedef double	of_node_f(const struct view *, const struct world_node *);

static void
put_nodes(struct page *p, of_node_f *value)
{
	const struct world_node *n;

	LIST_FOREACH(n, &p->v->world->nodes, link) {
		double x = value(p->v, n);
		if (isnan(x))
			continue;
		buf_printf(p->out, "%s{", p->name);
		put_label(p, "node", n->name);
		buf_printf(p->out, "} %.15g\n", x);
	}
}

static double
node_seen(const struct view *v, const struct world_node *n)
{
	return n->sample.taken_usec != 0 && n->signal_why == NULL && guard_trust(n, v->now_usec) == 1;
}

static double
node_age(const struct view *v, const struct world_node *n)
{
	return n->sample.taken_usec == 0 ? NAN : (double)(v->now_usec - n->sample.taken_usec) / (double)USEC_PER_SEC;
}

static double
node_cores(const struct view *v, const struct world_node *n)
{
	double cores = n->sample.taken_usec != 0 ? n->sample.cores : n->cores_declared;

	(void)v;
	return cores > 0 ? cores : NAN;
}

static double
node_effective(const struct view *v, const struct world_node *n)
{
	(void)v;
	return n->row.law.cores > 0 ? n->row.law.cores : NAN;
}

static double
node_busy(const struct view *v, const struct world_node *n)
{
	(void)v;
	return n->sample.taken_usec != 0 ? n->sample.busy : NAN;
}

static double
node_others(const struct view *v, const struct world_node *n)
{
	return n->row.law.cores > 0 ? law_others(&n->row.law, v->now_usec) : NAN;
}

static double
node_inflight(const struct view *v, const struct world_node *n)
{
	return live_node_inflight(v->world->live, n->slot);
}

static double
node_cost(const struct view *v, const struct world_node *n)
{
	return n->row.law.cores > 0 ? explain_cost(v->world, n, v->now_usec) : NAN;
}

static double
node_score(const struct view *v, const struct world_node *n)
{
	(void)v;
	return n->row.law.cores > 0 ? n->row.score : NAN;
}

static double
node_memory(const struct view *v, const struct world_node *n)
{
	(void)v;
	return n->sample.taken_usec != 0 ? n->sample.memory_total_bytes : NAN;
}

static double
node_memory_free(const struct view *v, const struct world_node *n)
{
	(void)v;
	return n->sample.taken_usec != 0 ? n->sample.memory_available_bytes : NAN;
}

static double
node_drained(const struct view *v, const struct world_node *n)
{
	(void)v;
	return n->drained;
}

/* --- families of tasks --- */

typedef uint64_t of_task_f(const struct view *, const struct world_task *);

static void
put_tasks(struct page *p, of_task_f *value)
{
	const struct world_service *s;
	const struct world_task *t;

	LIST_FOREACH(s, &p->v->world->services, link)
		LIST_FOREACH(t, &s->tasks, link) {
			buf_printf(p->out, "%s{", p->name);
			put_label(p, "service", s->name);
			put_label(p, ",task", t->name);
			put_label(p, ",node", t->node->name);
			buf_printf(p->out, "} %" PRIu64 "\n", value(p->v, t));
		}
}

static struct live_task
live_of(const struct view *v, const struct world_task *t)
{
	struct live_task l;

	live_task_read(v->world->live, t->slot, &l);
	return l;
}

static uint64_t
task_requests(const struct view *v, const struct world_task *t)
{
	return live_of(v, t).requests;
}

static uint64_t
task_failures(const struct view *v, const struct world_task *t)
{
	return live_of(v, t).failures;
}

static uint64_t
task_inflight(const struct view *v, const struct world_task *t)
{
	return live_of(v, t).inflight;
}

static uint64_t
task_up(const struct view *v, const struct world_task *t)
{
	enum task_state s = task_state(v->world, t, v->now_usec);

	return s == TASK_UP || s == TASK_UNKNOWN;
}

/* --- families of Mola itself --- */

static void
put_build(struct page *p)
{
	buf_printf(p->out, "%s{", p->name);
	put_label(p, "version", MOLA_VERSION);
	buf_printf(p->out, "} 1\n");
}

static bool
ends_requests(const struct why *w)
{
	return w->blame != BLAME_EXPORTER && w->blame != BLAME_ENGINE && w->blame != BLAME_SWARM && w->blame != BLAME_PROXY;
}

static void
put_ends(struct page *p)
{
	for (unsigned id = 0; id < WHY_COUNT; id++) {
		if (!ends_requests(&why_all[id]))
			continue;
		buf_printf(p->out, "%s{", p->name);
		put_label(p, "why", why_all[id].name);
		put_label(p, ",blame", why_blame_name(why_all[id].blame));
		buf_printf(p->out, "} %" PRIu64 "\n", live_why_total(p->v->world->live, id));
	}
}

static void
put_durations(struct page *p)
{
	const struct live *l = p->v->world->live;
	uint64_t n = 0;

	for (unsigned b = 0; b < LIVE_BUCKETS - 1; b++) {
		n += live_bucket_total(l, b);
		buf_printf(p->out, "%s_bucket{le=\"%g\"} %" PRIu64 "\n", p->name, live_bucket_bound_seconds(b), n);
	}
	n += live_bucket_total(l, LIVE_BUCKETS - 1);
	buf_printf(p->out, "%s_bucket{le=\"+Inf\"} %" PRIu64 "\n%s_sum %.6f\n%s_count %" PRIu64 "\n", p->name, n, p->name,
	    live_duration_sum_seconds(l), p->name, n);
}

/* --- the Swarm: nothing is said of one that is not there --- */

static void
put_swarm(struct page *p, bool age)
{
	struct watch *w = p->v->discover == NULL ? NULL : discover_watch(p->v->discover);
	struct watch_status st;

	if (w == NULL)
		return;
	st = watch_status(w);
	if (!age)
		put_plain(p, st.state == WATCH_GOOD);
	else if (st.good_usec != 0)
		put_plain(p, (double)(p->v->now_usec - st.good_usec) / (double)USEC_PER_SEC);
}

enum family {
#define METRIC(id, name, type, help) FAMILY_##id,
#include "tbl/metrics.h"
#undef METRIC
};

static void
put_family(struct page *p, enum family f)
{
	const struct live *live = p->v->world->live;

	switch (f) {
	case FAMILY_BUILD_INFO:		put_build(p); break;
	case FAMILY_TABLE_SERIAL:	put_plain(p, (double)p->v->world->serial); break;
	case FAMILY_WORKERS:		put_plain(p, live_workers(live)); break;
	case FAMILY_CLIENTS:		put_plain(p, (double)live_gauge_total(live, LIVE_CLIENTS)); break;
	case FAMILY_IDLE_UPSTREAMS:	put_plain(p, (double)live_gauge_total(live, LIVE_IDLE_UPSTREAMS)); break;
	case FAMILY_ENDED:		put_ends(p); break;
	case FAMILY_DURATION:		put_durations(p); break;
	case FAMILY_REQUESTS:		put_tasks(p, task_requests); break;
	case FAMILY_FAILURES:		put_tasks(p, task_failures); break;
	case FAMILY_TASK_INFLIGHT:	put_tasks(p, task_inflight); break;
	case FAMILY_TASK_UP:		put_tasks(p, task_up); break;
	case FAMILY_NODE_SEEN:		put_nodes(p, node_seen); break;
	case FAMILY_NODE_AGE:		put_nodes(p, node_age); break;
	case FAMILY_NODE_CORES:		put_nodes(p, node_cores); break;
	case FAMILY_NODE_EFFECTIVE:	put_nodes(p, node_effective); break;
	case FAMILY_NODE_BUSY:		put_nodes(p, node_busy); break;
	case FAMILY_NODE_OTHERS:	put_nodes(p, node_others); break;
	case FAMILY_NODE_INFLIGHT:	put_nodes(p, node_inflight); break;
	case FAMILY_NODE_COST:		put_nodes(p, node_cost); break;
	case FAMILY_NODE_SCORE:		put_nodes(p, node_score); break;
	case FAMILY_NODE_MEMORY:	put_nodes(p, node_memory); break;
	case FAMILY_NODE_MEMORY_FREE:	put_nodes(p, node_memory_free); break;
	case FAMILY_NODE_DRAINED:	put_nodes(p, node_drained); break;
	case FAMILY_SWARM_UP:		put_swarm(p, false); break;
	case FAMILY_SWARM_AGE:		put_swarm(p, true); break;
	case FAMILY_EVENTS:		put_plain(p, (double)events_last(p->v->events)); break;
	}
}

void
metrics_write(const struct view *v, struct buf *out)
{
	static const struct {
		const char	*name, *type, *help;
	} families[] = {
#define METRIC(id, name, type, help) { name, type, help },
#include "tbl/metrics.h"
#undef METRIC
	};

	for (unsigned f = 0; f < sizeof families / sizeof *families; f++) {
		struct page p = { v, out, families[f].name };
		buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", p.name, families[f].help, p.name, families[f].type);
		put_family(&p, f);
	}
}
