/*
 * twin: names are made of numbers, addresses too: nothing is ever connected to. What is out of use
 * is marked down in live, as a health check would do it: why it was is not known here.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "replay/twin.h"
#include "score/guard.h"
#include "score/user_metric.h"

#define ALIGNED	((uintptr_t)64)		/* as cache lines are */

struct twin *
twin_new(uint32_t services, uint32_t nodes, uint32_t tasks, int policy, uint64_t seed)
{
	struct twin *s = must_zalloc(sizeof *s);

	ASSERT(services <= RECORDING_SERVICES && nodes <= NODES_MAX && tasks <= TASKS_MAX);
	s->policy = policy;
	s->seed = seed;
	s->nservices = services;
	s->nnodes = nodes;
	s->ntasks = tasks;
	s->service = must_zalloc((services + 1) * sizeof *s->service);
	s->terms = must_zalloc((services + 1) * sizeof *s->terms);
	s->row = must_zalloc((services + 1) * sizeof *s->row);
	s->node = must_zalloc((nodes + 1) * sizeof *s->node);
	s->was = must_zalloc((nodes + 1) * sizeof *s->was);
	s->world_node = must_zalloc((nodes + 1) * sizeof *s->world_node);
	s->task = must_zalloc((tasks + 1) * sizeof *s->task);
	s->state = must_zalloc((tasks + 1) * sizeof *s->state);
	s->since = must_zalloc((tasks + 1) * sizeof *s->since);
	s->available = must_zalloc((tasks + 1) * sizeof *s->available);
	s->world_task = must_zalloc((tasks + 1) * sizeof *s->world_task);
	return s;
}

static void
twin_clear(struct twin *s)
{
	if (s->world == NULL)
		return;
	pick_free(&s->pick);
	table_unref(&s->table);
	steer_free(&s->steer);
	world_free(&s->world);
	free(s->live_memory);
	free(s->phys);
	for (uint32_t i = 0; i < s->nservices; i++) {
		s->terms[i].n = 0;
		s->service[i] = NULL;
		s->row[i] = NULL;
	}
	for (uint32_t i = 0; i < s->nnodes; i++) {
		s->node[i] = NULL;
		s->was[i] = NULL;
		s->world_node[i] = NULL;
	}
	for (uint32_t i = 0; i < s->ntasks; i++) {
		s->task[i] = NULL;
		s->state[i] = RECORDED_USED;
		s->since[i] = 0;
		s->available[i] = 0;
		s->world_task[i] = NULL;
	}
}

void
twin_free(struct twin **sp)
{
	struct twin *s = *sp;

	*sp = NULL;
	if (s == NULL)
		return;
	twin_clear(s);
	free(s->service);
	free(s->terms);
	free(s->row);
	free(s->node);
	free(s->was);
	free(s->world_node);
	free(s->task);
	free(s->state);
	free(s->since);
	free(s->available);
	free(s->world_task);
	free(s);
}

void
twin_begin(struct twin *s)
{
	twin_clear(s);
	s->live_memory = must_zalloc(live_bytes() + ALIGNED);
	s->live = live_init((void *)(((uintptr_t)s->live_memory + ALIGNED - 1) & ~(ALIGNED - 1)), 1);
	s->phys = phys_init(must_zalloc(phys_bytes()));
	s->world = world_new(s->live, s->phys);
	s->steer = steer_new(s->world);
	s->pick = pick_new(s->live, s->phys, s->seed);
	s->changed = true;
	s->states = false;
}

/* ---- what exists ---- */

static void
term_add(struct twin *s, uint32_t service, const struct recorded_query *q)
{
	static const char *const texts[QUERIES_MAX] = { "q0", "q1", "q2", "q3", "q4", "q5", "q6", "q7",
	    "q8", "q9", "q10", "q11", "q12", "q13", "q14", "q15", "q16", "q17", "q18", "q19", "q20", "q21",
	    "q22", "q23", "q24", "q25", "q26", "q27" };
	struct terms *t = &s->terms[service];

	for (unsigned i = 0; i < t->n; i++)
		if (t->term[i].query == texts[q->query])
			return;
	if (t->n == TERMS_MAX)
		return;
	t->term[t->n] = q->term;
	t->term[t->n].name = t->term[t->n].query = (char *)(uintptr_t)texts[q->query];
	t->n++;
}

static void
law_apply(struct twin *s, const struct recorded_law *law, int64_t now)
{
	struct steer_conf c = { .period_usec = law->period_usec, .balancers = law->balancers,
	    .prometheus_period_usec = law->prometheus_period_usec,
	    .best_node_period_usec = law->best_node_period_usec,
	    .cpu_weight = law->cpu_weight, .ram_weight = law->ram_weight };

	steer_conf(s->steer, &c);
	if (now <= TWIN_BEGIN_USEC)
		steer_set_scores_due(s->steer, TWIN_BEGIN_USEC + law->scores_due_usec);
}

/* A penalty grew to this: failures that cost the difference. */
static void
penalty_apply(struct twin *s, uint32_t task, double amount, int64_t now)
{
	const struct world_task *t = s->world_task[task];
	struct outlier_failure f = { .weight = OUTLIER_LIGHT };

	if (t == NULL)
		return;
	f.cost = amount - live_penalty(s->live, t->slot, now);
	if (f.cost > 0)
		live_failed(s->live, t->slot, &f, now);
}

/* A task that is not in the table yet has it when it comes there. */
void
twin_set_available(struct twin *s, uint32_t task, double cores, int64_t now)
{
	s->available[task] = cores;
	if (s->world_task[task] != NULL)
		world_task_set_available(s->world, s->world_task[task], cores, now);
}

static void
value_apply(struct twin *s, uint32_t node, const struct recorded_value *v)
{
	char text[8];

	snprintf(text, sizeof text, "q%u", v->query);
	for (unsigned q = 0; q < QUERIES_MAX && s->world_node[node] != NULL; q++)
		if (s->world->query[q].text != NULL && strcmp(s->world->query[q].text, text) == 0)
			user_metric_update(s->world, s->world_node[node], q, v->value,
			    TWIN_BEGIN_USEC + v->at_usec);
}

void
twin_apply(struct twin *s, const struct recorded *e, int64_t now)
{
	s->changed |= e->kind >= RECORDED_SERVICE && e->kind < RECORDED_STATE;
	switch (e->kind) {
	case RECORDED_BEGIN:
		twin_begin(s);
		break;
	case RECORDED_LAW:
		law_apply(s, e->law, now);
		break;
	case RECORDED_SERVICE:
		s->service[e->id] = e->service;
		s->terms[e->id].n = 0;
		break;
	case RECORDED_QUERY:
		term_add(s, e->id, e->query);
		break;
	case RECORDED_NODE:
		s->node[e->id] = e->node;
		break;
	case RECORDED_WAS:
		s->was[e->id] = e->was;
		break;
	case RECORDED_TASK:
		s->task[e->id] = e->task;
		break;
	case RECORDED_GONE_SERVICE:
		s->service[e->id] = NULL;
		break;
	case RECORDED_GONE_NODE:
		s->node[e->id] = NULL;
		break;
	case RECORDED_GONE_TASK:
		s->task[e->id] = NULL;
		s->state[e->id] = RECORDED_USED;
		s->since[e->id] = 0;
		s->available[e->id] = 0;
		break;
	case RECORDED_STATE:
		s->state[e->id] = e->state;
		s->states = true;
		break;
	case RECORDED_PENALTY:
		penalty_apply(s, e->id, e->amount, now);
		break;
	case RECORDED_SINCE:
		s->since[e->id] = TWIN_BEGIN_USEC + e->usec;
		s->states = true;
		break;
	case RECORDED_AVAILABLE:
		twin_set_available(s, e->id, e->amount, now);
		break;
	case RECORDED_VALUE:
		value_apply(s, e->id, e->value);
		break;
	case RECORDED_SAMPLE:
	case RECORDED_TICK:
	case RECORDED_ARRIVED:
	case RECORDED_DID:
	case RECORDED_END:
		break;
	}
}

/* ---- a pass, and the table of it ---- */

static int64_t
time_of(int64_t usec)
{
	return usec == INT64_MIN ? 0 : TWIN_BEGIN_USEC + usec;
}

/* As the brain had it in this moment. */
static void
node_restore(struct twin *s, struct world_node *n, const struct recorded_was *was)
{
	struct sample last = was->last, smoothed = was->smoothed;
	struct phys_row *row = &n->steering.row;

	last.taken_usec = time_of(last.taken_usec);
	smoothed.taken_usec = last.taken_usec;
	if (last.taken_usec != 0 && guard_check_sample(&last, 0, TWIN_BEGIN_USEC) == NULL) {
		if (guard_check_sample(&smoothed, 0, TWIN_BEGIN_USEC) != NULL)
			smoothed = last;
		n->observed.sample = last;
		n->observed.smoothed = smoothed;
		n->observed.samples = was->samples;
		n->observed.inflight = was->inflight;
	}
	n->steering.ramp_usec = time_of(was->ramp_usec);
	if (n->steering.ramp_usec == 0)		/* it needed none */
		n->steering.ramp_usec = 1;
	n->steering.gap_usec = was->gap_usec;
	n->steering.inflight_sum = was->inflight_sum;
	n->steering.inflight_looks = was->inflight_looks;
	row->score = was->score;
	row->law.cores = last.taken_usec != 0 ? n->observed.sample.cores : 0;
	row->law.period_usec = was->period_usec;
	row->law.others = was->others;
	row->law.sampled_usec = time_of(was->sampled_usec);
	row->law.balancers = 1;			/* the first tick sets it */
	if (!(row->law.cores > 0))
		row->law.cores = 1;
	phys_write(s->phys, n->slot, row);
}

static void
pass_nodes(struct twin *s)
{
	char name[16];

	for (uint32_t i = 0; i < s->nnodes; i++) {
		struct world_node like = { .name = name };
		bool is_new = s->world_node[i] == NULL;
		s->world_node[i] = NULL;
		if (s->node[i] == NULL)
			continue;
		snprintf(name, sizeof name, "n%u", i);
		like.cores_declared = s->node[i]->cores_declared;
		s->world_node[i] = world_pass_node(s->world, &like);
		if (s->world_node[i] == NULL)
			continue;
		s->node_of[s->world_node[i]->slot] = i;
		if (is_new && s->was[i] != NULL)
			node_restore(s, s->world_node[i], s->was[i]);
		s->was[i] = NULL;
	}
}

static void
pass_task(struct twin *s, struct world_service *service, uint32_t task)
{
	char name[16], node[16], text[32];
	struct addr addr;

	snprintf(name, sizeof name, "t%u", task);
	snprintf(node, sizeof node, "n%u", s->task[task]->node);
	snprintf(text, sizeof text, "10.0.%u.%u:80", task / 256, task % 256);
	ASSERT(addr_parse(str_of(text), &addr) == NULL);
	s->world_task[task] = world_pass_task(s->world, service, name, node, &addr,
	    s->task[task]->draining);
	if (s->world_task[task] == NULL)
		return;
	s->task_of[s->world_task[task]->slot] = task;
	world_task_set_available(s->world, s->world_task[task], s->available[task], TWIN_BEGIN_USEC);
}

static void
pass_services(struct twin *s)
{
	struct world_service **at = must_zalloc((s->nservices + 1) * sizeof(struct world_service *));
	struct route_conf route = { .host = (char *)"", .path = (char *)"/" };
	char name[16];

	for (uint32_t i = 0; i < s->nservices; i++) {
		const struct recorded_service *r = s->service[i];
		struct service_conf conf = { .connect_usec = 1, .response_usec = 1, .idle_usec = 1,
		    .tunnel_usec = 1 };
		if (r == NULL)
			continue;
		conf.policy = s->policy >= 0 ? (enum policy)s->policy : r->policy;
		conf.profile = r->profile;
		conf.tenants = r->tenants;
		/* without one, or checks, no task would count as degraded */
		conf.slow_start_usec = r->slow_start_usec > 0 ? r->slow_start_usec : 1;
		conf.terms = s->terms[i];
		snprintf(name, sizeof name, "s%u", i);
		at[i] = world_pass_service(s->world, name, &conf, &route, 1);
	}
	for (uint32_t i = 0; i < s->ntasks; i++) {
		s->world_task[i] = NULL;
		if (s->task[i] != NULL && at[s->task[i]->service] != NULL)
			pass_task(s, at[s->task[i]->service], i);
	}
	free(at);
}

static bool
table_make(struct twin *s)
{
	uint32_t n;
	const struct table_service *row;
	struct table *t;
	int fd;

	if (world_table(s->world, &fd) != NULL || table_open(fd, &t) != NULL)
		return false;
	pick_set_table(s->pick, t);
	table_unref(&s->table);
	s->table = t;
	row = table_services(t, &n);
	for (uint32_t i = 0; i < s->nservices; i++)
		s->row[i] = NULL;
	for (uint32_t i = 0; i < n; i++) {
		struct str name = table_text(t, row[i].name);
		uint64_t number;
		if (str_to_u64((struct str){ name.p + 1, name.len - 1 }, &number) && number < s->nservices)
			s->row[number] = &row[i];
	}
	return true;
}

/* Ejections of too many of a service's tasks do not count: live.h. Its setting is not recorded. */
void
twin_settle_states(struct twin *s)
{
	struct live_census *census;

	if (!s->states)
		return;
	s->states = false;
	census = must_zalloc((s->nservices + 1) * sizeof *census);
	for (uint32_t i = 0; i < s->ntasks; i++)
		if (s->world_task[i] != NULL && s->task[i] != NULL && s->state[i] != RECORDED_DOWN &&
		    !s->task[i]->draining) {
			census[s->task[i]->service].healthy++;
			census[s->task[i]->service].ejected += s->state[i] == RECORDED_EJECTED;
		}
	for (uint32_t i = 0; i < s->ntasks; i++) {
		bool out;

		if (s->world_task[i] == NULL || s->task[i] == NULL)
			continue;
		out = s->state[i] == RECORDED_DOWN || (s->state[i] == RECORDED_EJECTED &&
		    !live_census_all(&census[s->task[i]->service], 0));
		live_set_health(s->live, s->world_task[i]->slot, out ? HEALTH_DOWN :
		    s->state[i] == RECORDED_DEGRADED ? HEALTH_DEGRADED : HEALTH_UP);
		live_set_since(s->live, s->world_task[i]->slot, s->since[i]);
	}
	free(census);
}

bool
twin_settle(struct twin *s)
{
	if (!s->changed)
		return true;
	s->changed = false;
	world_pass_begin(s->world);
	pass_nodes(s);
	pass_services(s);
	world_pass_end(s->world);
	for (uint32_t i = 0; i < s->nnodes; i++)
		if (s->world_node[i] != NULL)
			world_drain(s->world, s->world_node[i], s->node[i]->drained);
	s->states = true;
	return table_make(s);
}

/* ---- a request ---- */

const struct table_task *
twin_take(struct twin *s, uint32_t service, int64_t now)
{
	static const struct pick_avoid none = { .n = 0 };
	const struct table_task *t;

	if (s->row[service] == NULL ||
	    pick_task(s->pick, s->table, s->row[service], &none, now, &t) != NULL)
		return NULL;
	live_take(s->live, 0, t->node_slot, t->slot);
	return t;
}
