/*
 * metrics: one function for each family of series; the table gives their order. Counters are
 * those that the workers keep in shared memory, so they outlive a brain.
 */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "admin/metrics_page.h"
#include "base/bug.h"
#include "base/clock.h"
#include "engine/discover.h"

/* ---- families of Mola itself ---- */

static void
put_build(struct metrics_page *p)
{
	page_open(p);
	page_label(p, "version", MOLA_VERSION);
	page_close(p, 1);
}

static bool
ends_requests(const struct why *w)
{
	return w->blame != BLAME_EXPORTER && w->blame != BLAME_ENGINE && w->blame != BLAME_SWARM &&
	    w->blame != BLAME_PROXY;
}

static void
put_ends(struct metrics_page *p)
{
	for (unsigned id = 0; id < WHY_COUNT; id++) {
		if (!ends_requests(&why_all[id]))
			continue;
		page_open(p);
		page_label(p, "why", why_all[id].name);
		page_label(p, "blame", why_blame_name(why_all[id].blame));
		page_close(p, (double)live_why_total(p->v->world->live, id));
	}
}

static void
put_durations(struct metrics_page *p)
{
	const struct live *l = p->v->world->live;
	double bound, before = 0;
	uint64_t n = 0;

	for (unsigned b = 0; b < LIVE_BUCKETS; b++) {
		n += live_bucket_total(l, b);
		bound = live_bucket_bound_seconds(b);
		ASSERT(bound > before);
		before = bound;
		page_open_of(p, "_bucket");
		page_bound(p, bound);
		page_close(p, (double)n);
	}
	buf_printf(p->out, "%s_sum %.6f\n", p->name, live_duration_sum_seconds(l));
	buf_printf(p->out, "%s_count %" PRIu64 "\n", p->name, n);
}

static void
put_pause(struct metrics_page *p)
{
	page_open(p);
	page_label(p, "clock", "wall");
	page_close(p, (double)p->v->pause.wall_usec / (double)USEC_PER_SEC);
	page_open(p);
	page_label(p, "clock", "cpu");
	page_close(p, (double)p->v->pause.cpu_usec / (double)USEC_PER_SEC);
}

/* ---- the Swarm: no series if there is none ---- */

static void
put_swarm(struct metrics_page *p, bool age)
{
	struct watch *w = p->v->discover == NULL ? NULL : discover_watch(p->v->discover);
	struct watch_status st;

	if (w == NULL)
		return;
	st = watch_status(w);
	if (!age)
		page_plain(p, st.state == WATCH_GOOD);
	else if (st.good_usec != 0)
		page_plain(p, (double)(p->v->now_usec - st.good_usec) / (double)USEC_PER_SEC);
}

static void
put_events(struct metrics_page *p)
{
	static const char *const names[] = { "debug", "info", "warn", "error" };

	for (unsigned level = LOG_DEBUG; level <= LOG_ERROR; level++) {
		page_open(p);
		page_label(p, "level", names[level]);
		page_close(p, (double)events_count(p->v->events, level));
	}
}

static void
put_relayed(struct metrics_page *p, enum family f)
{
	struct live_relayed r = live_relayed_total(p->v->world->live);

	page_plain(p, f == FAMILY_TCP_CONNECTIONS ? (double)r.connections :
	    f == FAMILY_TCP_SECONDS ? (double)r.usec / (double)USEC_PER_SEC :
	    f == FAMILY_TCP_RECEIVED ? (double)r.received : (double)r.sent);
}

static void
put_middlewares(struct metrics_page *p)
{
	static const char *const outcomes[FILTER_OUTCOMES] = { [FILTER_PASSED] = "passed",
	    [FILTER_RESPONDED] = "responded", [FILTER_REFUSED] = "refused", [FILTER_WAITED] = "waited" };

	for (unsigned k = 0; k < FILTER_KINDS; k++)
		for (unsigned o = 0; o < FILTER_OUTCOMES; o++) {
			page_open(p);
			page_label(p, "kind", filter_kind_name(k));
			page_label(p, "outcome", outcomes[o]);
			page_close(p, (double)live_filter_total(p->v->world->live, k, o));
		}
}

static void
put_copies(struct metrics_page *p)
{
	static const char *const outcomes[COPIES_OUTCOMES] = { [COPIES_SENT] = "sent",
	    [COPIES_FAILED] = "failed", [COPIES_SKIPPED] = "skipped" };

	for (unsigned o = 0; o < COPIES_OUTCOMES; o++) {
		page_open(p);
		page_label(p, "outcome", outcomes[o]);
		page_close(p, (double)live_copies_total(p->v->world->live, o));
	}
}

static void
put_spans(struct metrics_page *p)
{
	static const char *const outcomes[SPANS_OUTCOMES] = { [SPANS_SENT] = "sent",
	    [SPANS_REJECTED] = "rejected", [SPANS_FAILED] = "failed", [SPANS_LOST] = "lost" };

	for (unsigned o = 0; o < SPANS_OUTCOMES; o++) {
		page_open(p);
		page_label(p, "outcome", outcomes[o]);
		page_close(p, (double)live_spans_total(p->v->world->live, o));
	}
}

static void
put_handshakes(struct metrics_page *p)
{
	for (int resumed = 0; resumed < 2; resumed++) {
		page_open(p);
		page_label(p, "kind", resumed ? "resumed" : "full");
		page_close(p, (double)live_handshakes_total(p->v->world->live, resumed));
	}
}

static void
put_family(struct metrics_page *p, enum family f)
{
	const struct live *live = p->v->world->live;

	switch (f) {
	case FAMILY_BUILD_INFO:		put_build(p); break;
	case FAMILY_CONF_GOOD:		page_plain(p, live_conf(live).good); break;
	case FAMILY_CONF_READ:
		page_plain(p, (double)live_conf(live).read_usec / (double)USEC_PER_SEC);
		break;
	case FAMILY_LOG_DROPPED:
	case FAMILY_WORKER_TABLE:
	case FAMILY_STARTS:
	case FAMILY_PROCESS_CPU:
	case FAMILY_PROCESS_MEMORY:	metrics_processes(p, f); break;
	case FAMILY_PAUSE:		put_pause(p); break;
	case FAMILY_TABLE_SERIAL:	page_plain(p, (double)p->v->world->serial); break;
	case FAMILY_WORKERS:		page_plain(p, live_workers(live)); break;
	case FAMILY_CLIENTS:
		page_plain(p, (double)live_gauge_total(live, LIVE_CLIENTS));
		break;
	case FAMILY_WAITING:
		page_plain(p, (double)live_gauge_total(live, LIVE_WAITING));
		break;
	case FAMILY_OVERLOAD_BOUND:	page_plain(p, live_bound(live)); break;
	case FAMILY_IDLE_UPSTREAMS:
		page_plain(p, (double)live_gauge_total(live, LIVE_IDLE_UPSTREAMS));
		break;
	case FAMILY_ENDED:		put_ends(p); break;
	case FAMILY_DURATION:		put_durations(p); break;
	case FAMILY_MIDDLEWARES:	put_middlewares(p); break;
	case FAMILY_MIRRORED:		put_copies(p); break;
	case FAMILY_TRACING:		put_spans(p); break;
	case FAMILY_TLS_HANDSHAKES:	put_handshakes(p); break;
	case FAMILY_TCP_CONNECTIONS ... FAMILY_TCP_SENT: put_relayed(p, f); break;
	case FAMILY_REQUESTS ... FAMILY_SERVICE_UP:	metrics_tasks(p, f); break;
	case FAMILY_SERVICE_DURATION:
	case FAMILY_SERVICE_ERRORS:
	case FAMILY_SERVICE_RETRIES:	metrics_services(p, f); break;
	case FAMILY_NODE_INFO ... FAMILY_NODE_DRAINED:	metrics_nodes(p, f); break;
	case FAMILY_SWARM_UP:		put_swarm(p, false); break;
	case FAMILY_SWARM_AGE:		put_swarm(p, true); break;
	case FAMILY_PROM_UP ... FAMILY_PROM_FAILURES:	metrics_prometheus(p, f); break;
	case FAMILY_QUERY_UP ... FAMILY_QUERY_USED:	metrics_queries(p, f); break;
	case FAMILY_TARGET_UP ... FAMILY_TARGET_SHARE:	metrics_targets(p, f); break;
	case FAMILY_CERT_EXPIRY ... FAMILY_CERT_FAILURES:	metrics_certs(p, f); break;
	case FAMILY_EVENTS:		put_events(p); break;
	case FAMILIES:			break;
	}
}

/* In OpenMetrics a family of counters or of information has its name without this ending. */
static int
name_len(const char *name, const char *type)
{
	size_t len = strlen(name);

	if (strcmp(type, "counter") == 0 && len > 6 && strcmp(name + len - 6, "_total") == 0)
		return (int)len - 6;
	if (strcmp(type, "info") == 0 && len > 5 && strcmp(name + len - 5, "_info") == 0)
		return (int)len - 5;
	return (int)len;
}

/* Units that names end with. */
static const char *
unit_of(const char *name, int len)
{
	static const char *const units[] = { "_seconds", "_bytes", "_ratio" };

	for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
		int n = (int)strlen(units[i]);
		if (len > n && strncmp(name + len - n, units[i], (size_t)n) == 0)
			return units[i] + 1;
	}
	return NULL;
}

static void
put_open_head(struct buf *out, const char *name, const char *type, const char *help)
{
	const char *kind = strcmp(type, "gauge") == 0 && strcmp(name + strlen(name) - 5, "_info") == 0 ?
	    "info" : type;
	int len = name_len(name, kind);
	const char *unit = unit_of(name, len);

	ASSERT(strpbrk(help, "\"\\\n") == NULL);		/* they would have to be escaped */
	buf_printf(out, "# HELP %.*s %s\n# TYPE %.*s %s\n", len, name, help, len, name, kind);
	if (unit != NULL)
		buf_printf(out, "# UNIT %.*s %s\n", len, name, unit);
}

bool
metrics_write(const struct admin_view *v, unsigned f, bool openmetrics, struct buf *out)
{
	static const struct {
		const char	*name, *type, *help;
	} families[] = {
#define METRIC(id, name, type, help) { #name, #type, help },
#include "tbl/metrics.h"
#undef METRIC
	};
	struct metrics_page p;

	ASSERT(f <= FAMILIES);
	if (f == FAMILIES) {
		if (openmetrics)
			buf_adds(out, STR("# EOF\n"));
		return false;
	}
	p = (struct metrics_page){ .v = v, .out = out, .name = families[f].name,
	    .openmetrics = openmetrics };
	if (openmetrics)
		put_open_head(out, p.name, families[f].type, families[f].help);
	else
		buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", p.name, families[f].help, p.name,
		    families[f].type);
	put_family(&p, f);
	ASSERT(!p.open);
	return true;
}
