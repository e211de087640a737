/*
 * recorder_world: what exists, written when it is new or has changed, and fields that several lines
 * have. Numbers of nodes and tasks are their slots, those of services their rows in live.
 */
#include <ctype.h>
#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/map.h"
#include "recording/recorder_priv.h"

#define LINE_MAX_BYTES	4096

/* ---- fields ---- */

void
put_number(struct buf *out, double v)
{
	if (isnan(v))
		buf_adds(out, STR(" -"));
	else
		buf_printf(out, " %.6g", v);
}

/* 0 is "never". */
void
put_time(const struct recorder *r, struct buf *out, int64_t usec)
{
	if (usec == 0)
		buf_adds(out, STR(" -"));
	else
		buf_printf(out, " %lld", (long long)(usec - r->began_usec));
}

/* Nothing but letters, digits, '.', '_' and '-'. */
static void
put_name(const struct recorder *r, struct buf *out, const char *name)
{
	char safe[RECORDING_NAME_MAX + 1];

	if (!r->names)
		return;
	str_copy(safe, sizeof safe, str_of(name));
	for (char *p = safe; *p != '\0'; p++)
		if (!isascii(*p) || (!isalnum(*p) && strchr("._-", *p) == NULL))
			*p = '_';
	buf_printf(out, " %s", safe);
}

void
put_sample(const struct recorder *r, struct buf *out, const struct sample *s)
{
	const double value[] = { s->cores, s->busy, s->running, s->load1, s->memory_total_bytes,
	    s->memory_available_bytes, s->psi_cpu_waiting, s->psi_memory_waiting, s->psi_memory_stalled,
	    s->psi_io_waiting, s->psi_io_stalled, s->disk_busy, s->net_receive, s->net_transmit };

	put_time(r, out, s->taken_usec);
	buf_printf(out, " %lld %d", (long long)s->span_usec, (int)s->source);
	for (size_t i = 0; i < sizeof value / sizeof *value; i++)
		put_number(out, value[i]);
}

/* ---- what exists ---- */

void
write_law(struct recorder *r, const struct recorded_law *law, struct buf *out)
{
	int64_t due = law->scores_due_usec - r->began_usec;

	r->law = *law;
	buf_printf(out, "law %lld %lld %.6g %lld %.6g %.6g %lld\n", (long long)law->period_usec,
	    (long long)law->prometheus_period_usec, law->balancers,
	    (long long)law->best_node_period_usec, law->cpu_weight, law->ram_weight,
	    (long long)(due > 0 ? due : 0));
}

bool
law_differs(const struct recorded_law *a, const struct recorded_law *b)
{
	return a->period_usec != b->period_usec || a->balancers != b->balancers ||
	    a->prometheus_period_usec != b->prometheus_period_usec ||
	    a->best_node_period_usec != b->best_node_period_usec ||
	    a->cpu_weight != b->cpu_weight || a->ram_weight != b->ram_weight;
}

/* The slot of the term's query in the world; QUERIES_MAX: it has none. */
static unsigned
query_slot(const struct world *w, const struct term *t)
{
	for (unsigned q = 0; q < QUERIES_MAX; q++)
		if (w->query[q].text != NULL && strcmp(w->query[q].text, t->query) == 0)
			return q;
	return QUERIES_MAX;
}

static void
service_line(struct recorder *r, const struct world_service *s, struct buf *out)
{
	const char *how = s->conf.kind == SERVICE_TCP ? "tcp" :
	    s->conf.sticky_cookie != NULL ? "sticky" : "http";

	buf_printf(out, "service %u %s ", s->slot, policy_name(s->conf.policy));
	profile_write(s->profile_crowded ? &profile_all[PROFILE_BALANCED] : &s->conf.profile, out);
	buf_printf(out, " %s", how);
	put_name(r, out, s->name);
	buf_adds(out, STR("\n"));
	if (s->conf.tenants != TENANTS_FAIR) {
		buf_printf(out, "tenants %u ", s->slot);
		setting_TENANTS.write(&s->conf.tenants, out);
		buf_adds(out, STR("\n"));
	}
	if (s->conf.slow_start_usec > 0)
		buf_printf(out, "slow_start %u %lld\n", s->slot, (long long)s->conf.slow_start_usec);
	for (unsigned i = 0; i < s->conf.terms.n && !s->profile_crowded; i++) {
		const struct term *t = &s->conf.terms.term[i];
		unsigned q = query_slot(r->world, t);
		if (q < QUERIES_MAX)
			buf_printf(out, "query %u %u %.6g %.6g %.6g %.6g %lld\n", s->slot, q, t->weight,
			    t->limit.soft, t->limit.hard, t->full, (long long)t->period_usec);
	}
}

static void
write_service(struct recorder *r, const struct world_service *s, struct buf *out)
{
	struct service_mark *m = &r->service[s->slot];
	struct buf line;

	buf_init(&line, LINE_MAX_BYTES);
	service_line(r, s, &line);
	m->seen = true;
	m->slow_start_usec = s->conf.slow_start_usec;
	buf_add(&line, "", 1);
	if (!line.full && (m->line == NULL || strcmp(m->line, line.p) != 0)) {
		buf_adds(out, str_of(line.p));
		free(m->line);
		m->line = str_dup(str_of(line.p));
	}
	buf_fini(&line);
}

/* What the brain knows of it already. */
static void
write_was(const struct recorder *r, const struct world_node *n, struct buf *out)
{
	const struct law_node *law = &n->steering.row.law;

	if (law->period_usec <= 0)		/* it was never looked at */
		return;
	buf_printf(out, "was %u %u", n->slot, n->observed.samples);
	put_number(out, law->others);
	put_time(r, out, law->sampled_usec);
	buf_printf(out, " %lld %lld", (long long)law->period_usec, (long long)n->steering.gap_usec);
	put_time(r, out, n->steering.ramp_usec);
	put_number(out, n->steering.row.score);
	put_number(out, n->observed.inflight);
	put_number(out, n->steering.inflight_sum);
	buf_printf(out, " %u\n", n->steering.inflight_looks);
	if (n->observed.sample.taken_usec == 0)
		return;
	buf_printf(out, "last %u", n->slot);
	put_sample(r, out, &n->observed.sample);
	buf_printf(out, "\nsmoothed %u", n->slot);
	put_sample(r, out, &n->observed.smoothed);
	buf_adds(out, STR("\n"));
}

static void
write_node(struct recorder *r, const struct world_node *n, struct buf *out)
{
	struct node_mark *m = &r->node[n->slot];
	bool is_new = !m->known;

	m->seen = true;
	if (!is_new && m->drained == n->drained && m->cores == n->cores_declared)
		return;
	buf_printf(out, "node %u %.6g %d", n->slot, n->cores_declared, n->drained);
	put_name(r, out, n->name);
	buf_adds(out, STR("\n"));
	if (is_new)
		write_was(r, n, out);
	m->known = true;
	m->drained = n->drained;
	m->cores = n->cores_declared;
}

/* Counts begin here. */
static void
mark_begin(struct recorder *r, struct task_mark *m, unsigned slot, const struct live_task *t)
{
	struct live_traffic traffic;

	live_task_traffic(r->world->live, slot, &traffic);
	m->lives = t->lives;
	m->requests = m->requests_then = t->requests;
	m->inflight_then = t->inflight;
	m->duration_usec = t->duration_usec;
	m->looks_sum = m->looks = 0;
	memcpy(m->step, traffic.step, sizeof m->step);
}

/* `first` is in the same container, and was written before; NULL: none is. */
static void
write_task(struct recorder *r, uint32_t service, const struct world_task *t,
    const struct world_task *first, struct buf *out)
{
	struct task_mark *m = r->task[t->slot];
	bool draining = t->draining || t->drained;
	struct live_task live;

	if (m != NULL && m->service == service && m->node == t->node->slot && m->draining == draining) {
		m->seen = true;
		return;
	}
	live_task_read(r->world->live, t->slot, &live);
	if (m == NULL) {
		m = r->task[t->slot] = must_zalloc(sizeof *m);
		mark_begin(r, m, t->slot, &live);
	}
	m->service = service;
	m->node = t->node->slot;
	m->draining = draining;
	m->seen = true;
	buf_printf(out, "task %u %u %u %u %d", t->slot, service, m->node,
	    live.inflight < RECORDING_COUNT_MAX ? live.inflight : RECORDING_COUNT_MAX, draining);
	if (first != NULL)
		buf_printf(out, " %u", first->slot);
	buf_adds(out, STR("\n"));
}

/* The first task in the container that this one is in, as far as is known; NULL: itself. */
static const struct world_task *
first_in(struct map *by_container, const struct world_task *t)
{
	const struct world_task *first;

	if (t->container == NULL)
		return NULL;
	first = map_get(by_container, str_of(t->container));
	if (first == NULL)
		map_put(by_container, str_of(t->container), (void *)(uintptr_t)t);
	return first != NULL && first->node == t->node ? first : NULL;
}

/* Before anything that may have taken their slots is written. */
static void
write_gone(struct recorder *r, struct buf *out)
{
	for (unsigned i = 0; i < TASKS_MAX; i++)
		if (r->task[i] != NULL && !r->task[i]->seen) {
			buf_printf(out, "gone task %u\n", i);
			free(r->task[i]);
			r->task[i] = NULL;
		}
	for (unsigned i = 1; i < RECORDING_SERVICES; i++)
		if (r->service[i].line != NULL && !r->service[i].seen) {
			buf_printf(out, "gone service %u\n", i);
			free(r->service[i].line);
			r->service[i].line = NULL;
		}
	for (unsigned i = 0; i < NODES_MAX; i++)
		if (r->node[i].known && !r->node[i].seen) {
			buf_printf(out, "gone node %u\n", i);
			r->node[i] = (struct node_mark){ .known = false };
		}
}

/* Names that have gone while others took their slots: seen is what still has its own. */
static void
mark_seen(struct recorder *r)
{
	const struct world *w = r->world;
	struct world_service *s;
	struct world_task *t;
	struct world_node *n;

	for (unsigned i = 0; i < RECORDING_SERVICES; i++)
		r->service[i].seen = false;
	for (unsigned i = 0; i < NODES_MAX; i++)
		r->node[i].seen = false;
	for (unsigned i = 0; i < TASKS_MAX; i++)
		if (r->task[i] != NULL)
			r->task[i]->seen = false;
	LIST_FOREACH(n, &w->nodes, link)
		r->node[n->slot].seen = true;
	LIST_FOREACH(s, &w->services, link) {
		r->service[s->slot].seen = true;
		LIST_FOREACH(t, &s->tasks, link)
			if (r->task[t->slot] != NULL && r->task[t->slot]->service == s->slot)
				r->task[t->slot]->seen = true;
	}
}

void
write_world(struct recorder *r, struct buf *out)
{
	const struct world *w = r->world;
	struct world_service *s;
	struct world_task *t;
	struct world_node *n;
	struct map *by_container;

	if (r->passes == w->passes && r->serial == w->serial)
		return;
	r->passes = w->passes;
	r->serial = w->serial;
	mark_seen(r);
	write_gone(r, out);
	LIST_FOREACH(n, &w->nodes, link)
		write_node(r, n, out);
	by_container = map_new();
	LIST_FOREACH(s, &w->services, link) {
		if (s->slot == 0)
			continue;
		write_service(r, s, out);
		LIST_FOREACH(t, &s->tasks, link)
			write_task(r, s->slot, t, first_in(by_container, t), out);
	}
	map_free(&by_container);
}
