/*
 * warnings: what tasks, services and nodes, external proxies and certificates, the Swarm,
 * Prometheus and Mola's own processes look like to whoever has to do something about it.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/warnings_priv.h"
#include "base/bug.h"
#include "base/clock.h"
#include "certs/certs.h"
#include "collect/prometheus.h"
#include "collect/prom_nodes.h"
#include "collect/user_queries.h"
#include "engine/discover.h"
#include "engine/watch.h"
#include "score/explain.h"
#include "score/guard.h"
#include "targets/target.h"

#define TEXT_MAX	700
#define LATELY_USEC	(10 * 60 * USEC_PER_SEC)	/* lines of the log, spans */
#define PATIENCE_USEC	(5 * USEC_PER_SEC)	/* with what mends itself within a moment */
#define ERRORS_MOST	8

enum warning {
#define WARNING(id, code, severity, about, meaning, remedy) WARN_##id,
#include "tbl/warnings.h"
#undef WARNING
};

static const struct {
	const char	*code, *severity, *about, *remedy;
} kinds[] = {
#define WARNING(id, code, severity, about, meaning, remedy) { code, severity, about, remedy },
#include "tbl/warnings.h"
#undef WARNING
};

/* ---- one warning ---- */

struct page {
	const struct admin_view *v;
	struct buf	*out;
	unsigned	*n;		/* that were written */
};

static void put(const struct page *, enum warning, const char *name, double since_seconds,
    const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/* `since_seconds` below 0: not known. */
static void
put(const struct page *p, enum warning w, const char *name, double since_seconds,
    const char *fmt, ...)
{
	char text[TEXT_MAX];
	va_list ap;
	json_t *j;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	j = json_pack("{s:s, s:s, s:s, s:o, s:o, s:s, s:o}", "id", kinds[w].code, "severity",
	    kinds[w].severity, "kind", kinds[w].about, "name", view_text(name), "text", view_text(text),
	    "remedy", kinds[w].remedy, "since_seconds", view_number_if(since_seconds >= 0, since_seconds));
	buf_adds(p->out, (*p->n)++ > 0 ? STR(",") : STR(""));
	view_put(p->out, j);
}

static double
seconds_of(const struct page *p, int64_t then)
{
	return then == 0 ? -1 : (double)(p->v->now_usec - then) / (double)USEC_PER_SEC;
}

/* " (detail)", if there is one */
static const char *
in_brackets(char out[300], const char *detail)
{
	out[0] = '\0';
	if (detail != NULL && *detail != '\0')
		snprintf(out, 300, " (%.280s)", detail);
	return out;
}

/* ---- nodes ---- */

static void
put_node(const struct page *p, const struct world_node *n)
{
	enum guard_state state = guard_state(n, p->v->now_usec);
	const char *why = n->signal.why == NULL ? "it has no source of samples" : n->signal.why->text;
	double wrong = n->signal.why == NULL ? -1 : seconds_of(p, n->signal.wrong_usec);
	double age = (double)guard_age_usec(n, p->v->now_usec) / (double)USEC_PER_SEC;
	char detail[300];

	if (n->swarm_id != NULL && !n->swarm_active)
		return;			/* it runs nothing, and is not expected to */
	in_brackets(detail, n->signal.why == NULL ? NULL : n->signal.detail);
	if (state == GUARD_STALE)
		put(p, WARN_NODE_STALE, n->name, wrong >= 0 ? wrong : age,
		    "the last sample of node %s is old: %s%s", n->name,
		    n->signal.why == NULL ? "no other has come" : why, detail);
	else if (state == GUARD_BLIND && (n->signal.why == NULL || wrong * USEC_PER_SEC > PATIENCE_USEC))
		put(p, WARN_NODE_BLIND, n->name, wrong, "nothing is known of node %s: %s%s", n->name, why,
		    detail);
	else if (n->signal.why != NULL && wrong * USEC_PER_SEC > PATIENCE_USEC)
		put(p, WARN_NODE_SOURCE, n->name, wrong, "a source of node %s fails: %s%s", n->name, why,
		    detail);
	else if (n->signal.prom_why != NULL)
		put(p, WARN_NODE_SOURCE, n->name, -1, "Prometheus has no use for node %s: %s%s", n->name,
		    n->signal.prom_why->text, in_brackets(detail, n->signal.prom_detail));
}

static void
put_nodes(const struct page *p)
{
	const struct world_node *n;

	LIST_FOREACH(n, &p->v->world->nodes, link)
		put_node(p, n);
}

/* ---- services ---- */

static void
put_queries(const struct page *p, const struct world_service *s)
{
	struct user_query_facts f;

	for (unsigned i = 0; p->v->user_queries != NULL && i < s->conf.terms.n; i++) {
		user_queries_facts(p->v->user_queries, s, i, &f);
		if (f.tried && !f.good)
			put(p, WARN_SERVICE_QUERY, s->name, seconds_of(p, f.good_usec),
			    "query %u of service %s has a result for %u of %u nodes", i + 1, s->name, f.known,
			    p->v->world->nnodes);
	}
}

/* As the brain has found it lately (main/overloads.c). */
static void
put_overload(const struct page *p, const struct world_service *s)
{
	const struct world_refusals *full = &s->refusals[REFUSALS_OVERLOADED];
	const struct world_refusals *most = &s->refusals[REFUSALS_MAX_INFLIGHT];
	const struct world_refusals *open = &s->refusals[REFUSALS_BREAKER];

	if (full->reported)
		put(p, WARN_SERVICE_OVERLOADED, s->name, seconds_of(p, full->since_usec),
		    "every node of service %s is full: %u of its requests were refused", s->name,
		    full->refused - full->refused_before);
	if (most->reported)
		put(p, WARN_SERVICE_AT_LIMIT, s->name, seconds_of(p, most->since_usec),
		    "service %s has as many in flight as it may: %u of its requests were refused", s->name,
		    most->refused - most->refused_before);
	if (open->reported)
		put(p, WARN_SERVICE_BREAKER, s->name, seconds_of(p, open->since_usec),
		    "a circuit breaker of service %s is open: %u of its requests were refused", s->name,
		    open->refused - open->refused_before);
}

static void
put_service(const struct page *p, const struct world_service *s)
{
	unsigned usable = 0, draining = 0;
	const struct world_task *t;

	if (s->profile_crowded)
		put(p, WARN_SERVICE_PROFILE, s->name, -1, "service %s is balanced without its profile", s->name);
	put_queries(p, s);
	put_overload(p, s);
	if (s->group != NULL)
		return;
	LIST_FOREACH(t, &s->tasks, link) {
		enum task_state state = task_state(p->v->world, t, p->v->now_usec);
		usable += explain_takes_requests(p->v->world, t, p->v->now_usec);
		draining += state == TASK_DRAINING;
	}
	if (s->ntasks == 0 && s->nroutes > 0)
		put(p, WARN_SERVICE_EMPTY, s->name, -1, "service %s has no task", s->name);
	else if (usable == 0 && s->ntasks > 0)
		put(p, WARN_SERVICE_UNUSABLE, s->name, -1, "none of the %u tasks of service %s can be used",
		    s->ntasks, s->name);
	else if (s->ntasks > 0 && service_all_used(p->v->world, s, p->v->now_usec))
		put(p, WARN_SERVICE_ALL_USED, s->name, -1, "most of the %u tasks of service %s fail", s->ntasks,
		    s->name);
	else if (usable + draining < s->ntasks)
		put(p, WARN_SERVICE_TASKS_DOWN, s->name, -1, "%u of the %u tasks of service %s cannot be used",
		    s->ntasks - usable - draining, s->ntasks, s->name);
}

static void
put_services(const struct page *p)
{
	const struct world_service *s;

	LIST_FOREACH(s, &p->v->world->services, link)
		put_service(p, s);
}

static void
put_labels(const struct page *p, const struct report_service *r)
{
	const struct report_label *first = NULL;
	unsigned n = 0;

	for (unsigned i = 0; i < r->nlabels; i++)
		if (r->label[i].state != LABEL_VALID && r->label[i].state != LABEL_UNUSED) {
			first = first == NULL ? &r->label[i] : first;
			n++;
		}
	if (n > 0)
		put(p, WARN_LABELS_REFUSED, r->name, -1, n == 1 ? "a label of service %s is refused: %s: %s"
		    : "labels of service %s are refused, first %s: %s", r->name, first->name,
		    first->text != NULL ? first->text : label_state_name(first->state));
}

static void
put_report(const struct page *p, const struct swarm_report *r)
{
	for (unsigned i = 0; i < r->ntroubles; i++)
		put(p, WARN_SWARM_TROUBLE, NULL, -1, "%s", r->trouble[i].text);
	for (unsigned i = 0; i < r->nservices; i++) {
		const struct report_service *s = &r->service[i];
		if (s->enabled && !s->served && s->ntroubles > 0)
			put(p, WARN_SERVICE_UNSERVED, s->name, -1, "service %s is not served: %s", s->name,
			    s->trouble[0].text);
		else if (s->ntroubles > 0)
			put(p, WARN_SERVICE_TROUBLE, s->name, -1, "%s", s->trouble[0].text);
		put_labels(p, s);
	}
}

/* ---- the Swarm ---- */

static void
put_watch(const struct page *p, const struct watch_status *st, const char *left_out)
{
	char detail[300];

	in_brackets(detail, st->detail);
	if (st->why != NULL && st->state == WATCH_WAITING)
		put(p, WARN_SWARM_UNSEEN, NULL, seconds_of(p, st->since_usec),
		    "the Swarm has not been read yet: %s%s", st->why->text, detail);
	if (st->state == WATCH_LOST)
		put(p, WARN_SWARM_LOST, NULL, seconds_of(p, st->since_usec), "the Docker Engine is lost: %s%s",
		    st->why == NULL ? "it does not respond" : st->why->text, detail);
	if (st->untried)
		put(p, WARN_SWARM_UNTRIED, NULL, -1, "the Engine's API %s is newer than what was tested",
		    st->version);
	if (*left_out != '\0')
		put(p, WARN_SWARM_LEFT_OUT, NULL, -1, "not all of the Swarm can be read: %s", left_out);
}

static void
put_swarm(const struct page *p)
{
	const struct swarm_report *r = p->v->discover == NULL ? NULL : discover_report(p->v->discover);
	struct watch *w = p->v->discover == NULL ? NULL : discover_watch(p->v->discover);
	char odd[SWARM_SKIPPED_MAX];
	struct watch_status st;

	if (r != NULL)
		put_report(p, r);
	if (w == NULL)
		return;
	st = watch_status(w);
	swarm_skipped(watch_swarm(w), odd, sizeof odd);
	put_watch(p, &st, odd);
}

/* ---- external proxies, certificates, Prometheus ---- */

static void
put_target(const struct page *p, const struct target_facts *f)
{
	enum warning w;
	char detail[300];

	if (strcmp(f->state, "failed") == 0)
		w = WARN_TARGET_FAILED;
	else if (strcmp(f->state, "refused") == 0)
		w = WARN_TARGET_REFUSED;
	else if (strcmp(f->state, "withdrawn") == 0)
		w = WARN_TARGET_WITHDRAWN;
	else
		return;
	put(p, w, f->name, -1, "target %s is %s%s%s%s", f->name, f->state, f->why == NULL ? "" : ": ",
	    f->why == NULL ? "" : f->why->text, in_brackets(detail, f->detail));
}

static void
put_targets(const struct page *p)
{
	struct target_facts f;
	unsigned at = 0;

	while (p->v->targets != NULL && targets_next(p->v->targets, &at, &f))
		put_target(p, &f);
}

static void
put_cert(const struct page *p, const struct certs_status *s)
{
	static const struct { const char *state; enum warning is; } of[] = {
		{ "missing", WARN_CERT_MISSING }, { "expired", WARN_CERT_EXPIRED },
		{ "expiring", WARN_CERT_EXPIRING }, { "kept", WARN_CERT_KEPT },
		{ "not_yet_valid", WARN_CERT_NOT_YET_VALID }, { "warning", WARN_CERT_DOUBTFUL },
	};
	char detail[300];

	for (size_t i = 0; i < sizeof of / sizeof *of; i++)
		if (strcmp(s->state, of[i].state) == 0)
			put(p, of[i].is, s->id, -1, "certificate %s: %s%s%s%s", s->id, s->text,
			    s->why == NULL ? "" : ": ", s->why == NULL ? "" : s->why->text,
			    in_brackets(detail, s->detail));
}

static void
put_certs(const struct page *p)
{
	struct certs_status s;
	size_t at = 0;

	while (p->v->certs != NULL && certs_status(p->v->certs, &at, &s))
		put_cert(p, &s);
	if (p->v->certs != NULL && certs_clock_is_wrong())
		put(p, WARN_CLOCK_WRONG, NULL, -1, "this machine's clock is plainly wrong");
}

static const char *
text_in(const json_t *j, const char *key)
{
	const char *s = json_string_value(json_object_get(j, key));

	return s == NULL ? "" : s;
}

/* `list` has the state of each in "state", and is given up. */
static void
put_failed(const struct page *p, enum warning w, json_t *list, const char *what, const char *key)
{
	const json_t *one, *age;
	char detail[300];
	size_t i;

	json_array_foreach(list, i, one) {
		if (strcmp(text_in(one, "state"), "failed") != 0)
			continue;
		age = json_object_get(one, "since_seconds");
		put(p, w, text_in(one, key), age == NULL ? -1 : json_number_value(age), "%s %s fails: %s%s", what,
		    text_in(one, key), text_in(one, "why"), in_brackets(detail, text_in(one, "detail")));
	}
	json_decref(list);
}

static void
put_prometheus(const struct page *p)
{
	if (p->v->prometheus != NULL)
		put_failed(p, WARN_PROMETHEUS_FAILED, prometheus_view(p->v->prometheus),
		    "the Prometheus server", "url");
	if (p->v->prom_nodes != NULL)
		put_failed(p, WARN_PROMETHEUS_QUERY, prom_nodes_view(p->v->prom_nodes), "the query", "name");
}

/* ---- Mola itself ---- */

static const char *
process_name(char out[16], unsigned number)
{
	if (number == LIVE_BRAIN || number == LIVE_PARENT)
		return number == LIVE_BRAIN ? "brain" : "parent";
	snprintf(out, 16, "worker-%u", number & (WORKERS_MAX - 1));
	return out;
}

static void
put_workers(const struct page *p, const struct warnings *ws)
{
	const struct world *w = p->v->world;
	char name[16];

	for (unsigned i = 0; i < live_workers(w->live); i++) {
		process_name(name, i);
		if (ws->down_usec[i] != 0 && p->v->now_usec - ws->down_usec[i] > PATIENCE_USEC)
			put(p, WARN_WORKER_DOWN, name, seconds_of(p, ws->down_usec[i]), "%s does not run", name);
		if (ws->behind_usec[i] != 0 && p->v->now_usec - ws->behind_usec[i] > PATIENCE_USEC)
			put(p, WARN_TABLE_BEHIND, name, seconds_of(p, ws->behind_usec[i]),
			    "%s has table %llu in force, and %llu was published", name,
			    (unsigned long long)live_table(w->live, i), (unsigned long long)w->serial);
	}
}

/* It came to an end, and is of use while it is news. */
static bool
was_lately(const struct page *p, int64_t usec)
{
	return usec != 0 && p->v->now_usec - usec < LATELY_USEC;
}

static void
put_processes(const struct page *p, const struct warnings *ws)
{
	char name[16];

	for (unsigned i = 0; i < PROCESSES; i++) {
		if (was_lately(p, ws->dropped_usec[i]))
			put(p, WARN_LOG_DROPPED, process_name(name, i), seconds_of(p, ws->dropped_usec[i]),
			    "lines of the log of %s were dropped, %llu in all", process_name(name, i),
			    (unsigned long long)ws->dropped[i]);
		if (was_lately(p, ws->spent_usec[i]))
			put(p, WARN_MEMORY_SHORT, process_name(name, i), seconds_of(p, ws->spent_usec[i]),
			    "%s found no memory, %llu times in all", process_name(name, i),
			    (unsigned long long)ws->spent[i]);
	}
}

static void
put_mola(const struct page *p)
{
	const struct warnings *ws = p->v->warnings;
	struct live_conf c = live_conf(p->v->world->live);

	if (c.read_usec != 0 && !c.good)
		put(p, WARN_RELOAD_REFUSED, NULL,
		    (double)(clock_wall_usec() - c.read_usec) / (double)USEC_PER_SEC,
		    "the configuration that was read last has errors");
	if (ws == NULL)
		return;
	put_workers(p, ws);
	put_processes(p, ws);
	if (was_lately(p, ws->spans_usec))
		put(p, WARN_SPANS_LOST, NULL, seconds_of(p, ws->spans_usec),
		    "spans of traces were lost, %llu in all", (unsigned long long)ws->spans);
}

/* Events that begin so are of something that has a warning of its own. */
static bool
has_warning(const char *name)
{
	return strncmp(name, "certificate.", 12) == 0 || strcmp(name, "clock.wrong") == 0;
}

/* The last event of each name that was an error lately, the newest first. */
static unsigned
errors_find(const struct admin_view *v, int64_t wall, const struct event *found[ERRORS_MOST])
{
	const struct event *e;
	unsigned n = 0, i;

	for (e = events_after(v->events, 0); e != NULL; e = events_after(v->events, e->id)) {
		if (e->level != LOG_ERROR || wall - e->time_usec > LATELY_USEC || has_warning(e->name))
			continue;
		for (i = 0; i < n && strcmp(found[i]->name, e->name) != 0; )
			i++;
		if (i == ERRORS_MOST)
			i--;			/* the oldest makes room */
		n = i < n ? n : i + 1;
		memmove(found + 1, found, i * sizeof *found);
		found[0] = e;
	}
	return n;
}

static void
put_errors(const struct page *p)
{
	const struct event *found[ERRORS_MOST];
	int64_t wall = clock_wall_usec();
	unsigned n = p->v->events == NULL ? 0 : errors_find(p->v, wall, found);

	for (unsigned i = 0; i < n; i++)
		put(p, WARN_ERROR_LOGGED, found[i]->name,
		    (double)(wall - found[i]->time_usec) / (double)USEC_PER_SEC, "%s: %s", found[i]->name,
		    found[i]->text);
}

/* ---- all ---- */

static void	(*const parts[])(const struct page *) = {
	put_mola, put_errors, put_certs, put_targets, put_swarm, put_services, put_nodes, put_prometheus
};

void
warnings_start(struct view_walk *w, struct buf *out)
{
	*w = (struct view_walk){ 0 };
	buf_adds(out, STR("{\"warnings\":["));
}

bool
warnings_next(struct view_walk *w, const struct admin_view *v, struct buf *out)
{
	struct page p = { v, out, &w->at };

	ASSERT(w->of < sizeof parts / sizeof *parts);
	parts[w->of++](&p);
	if (w->of < sizeof parts / sizeof *parts)
		return true;
	buf_adds(out, STR("]}"));
	return false;
}
