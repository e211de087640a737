/*
 * balancer: what any balancer counts, and a Mola made of its real parts beside it: brain (world, steer, phys) and
 * worker (live, table, pick). Also of other people's rules: those that are driven get their weights from it.
 */
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "base/clock.h"
#include "run.h"
#include "score/demand.h"

#define ALIGNED		64
#define FAIL_COST	8.0			/* requests that a failure makes a task look like; the worker has the like */
#define HYSTERESIS	0.1			/* of proxies that are driven: less is not published */
#define MEAN_PART	0.05			/* of a new response in the mean of all */

static enum policy
policy_of(const struct way *w)
{
	enum policy p = POLICY_MARGINAL;

	if (w->policy != NULL)
		ASSERT(policy_parse(str_of(w->policy), &p));
	return p;
}

static void
discover(struct balancer *b)
{
	struct run *u = b->run;
	struct service_conf conf = { .connect_usec = 1, .response_usec = 1, .idle_usec = 1, .tunnel_usec = 1,
	    .policy = policy_of(u->way) };
	struct route_conf route = { .host = (char *)"", .path = (char *)"/" };
	struct world_service *v;

	world_pass_begin(b->world);
	for (unsigned i = 0; i < u->nmachines; i++) {
		char name[32];
		struct world_node like = { .name = name, .exporter_url = (char *)"http://127.0.0.1:1/metrics" };
		snprintf(name, sizeof name, "n%u", i);
		b->node[i] = world_pass_node(b->world, &like);
		ASSERT(b->node[i] != NULL);
		b->node_slot[i] = b->node[i]->slot;
	}
	v = world_pass_service(b->world, "web", &conf, &route, 1);
	for (unsigned i = 0; i < u->ntasks; i++) {
		char name[32], node[32], text[32];
		struct world_task *t;
		struct addr a;
		snprintf(name, sizeof name, "web.%u", i);
		snprintf(node, sizeof node, "n%u", u->task[i].machine->number);
		snprintf(text, sizeof text, "127.0.0.1:%u", 10000 + i);
		ASSERT(addr_parse(str_of(text), &a) == NULL);
		t = world_pass_task(b->world, v, name, node, &a, false);
		ASSERT(t != NULL);
		b->task[i] = t;
		b->task_slot[i] = t->slot;
		b->task_of[t->slot] = i;
	}
	world_pass_end(b->world);
}

static void
publish_table(struct balancer *b)
{
	uint32_t n;
	int fd;

	ASSERT(world_table(b->world, &fd) == NULL);
	ASSERT(table_open(fd, &b->table) == NULL);
	pick_set_table(b->pick, b->table);
	b->service = table_services(b->table, &n);
	ASSERT(n == 1);
}

void
balancer_init(struct run *u, struct balancer *b, unsigned number, uint64_t seed)
{
	size_t tasks = u->ntasks;
	struct steer_conf c = { .period_usec = (int64_t)(u->s->period * 1e6), .balancers = u->nlb,
	    .best_node_period_usec = 5 * USEC_PER_SEC, .cpu_weight = 0.8, .ram_weight = 0.2 };
	char *memory = must_zalloc(live_bytes() + ALIGNED);	/* fresh pages: only what is used is touched */

	*b = (struct balancer){ .run = u, .number = number, .live_memory = memory };
	rng_seed(&b->rng, seed);
	b->inflight = must_zalloc(tasks * sizeof *b->inflight);
	b->down = must_zalloc(tasks * sizeof *b->down);
	b->weight = must_zalloc(tasks * sizeof *b->weight);
	b->due = must_zalloc(tasks * sizeof *b->due);
	b->credit = must_zalloc(tasks * sizeof *b->credit);
	b->mean_usec = must_zalloc(tasks * sizeof *b->mean_usec);
	b->tried = must_zalloc(tasks * sizeof *b->tried);
	b->moved = must_zalloc(tasks * sizeof *b->moved);
	b->node = must_zalloc(u->nmachines * sizeof(struct world_node *));
	b->task = must_zalloc(tasks * sizeof(struct world_task *));
	b->node_slot = must_zalloc(u->nmachines * sizeof *b->node_slot);
	b->task_slot = must_zalloc(tasks * sizeof *b->task_slot);
	b->task_of = must_zalloc(TASKS_MAX * sizeof *b->task_of);
	b->live = live_init(memory + (ALIGNED - (uintptr_t)memory % ALIGNED) % ALIGNED, 1);
	b->phys = phys_init(must_zalloc(phys_bytes()));
	b->world = world_new(b->live, b->phys);
	b->steer = steer_new(b->world);
	b->pick = pick_new(b->live, b->phys, rng_u64(&b->rng));
	discover(b);
	steer_conf(b->steer, &c);
	publish_table(b);
	b->weigh = weigh_new();
	for (unsigned i = 0; i < tasks; i++) {
		b->weight[i] = weigh_node(b->weigh, 0, b->node[u->task[i].machine->number]);
		b->due[i] = rng_double(&b->rng) / b->weight[i];
		b->mean_usec[i] = NAN;
	}
}

void
balancer_fini(struct balancer *b)
{
	weigh_free(&b->weigh);
	pick_free(&b->pick);
	table_unref(&b->table);
	steer_free(&b->steer);
	world_free(&b->world);
	free(b->live_memory);
	free(b->phys);
	free(b->inflight);
	free(b->down);
	free(b->weight);
	free(b->due);
	free(b->credit);
	free(b->mean_usec);
	free(b->tried);
	free(b->moved);
	free(b->node);
	free(b->task);
	free(b->node_slot);
	free(b->task_slot);
	free(b->task_of);
}

/* ---- requests ---- */

unsigned
balancer_choose(struct balancer *b)
{
	struct pick_avoid avoid = { .n = 0 };
	const struct table_task *t;

	if (b->run->way->pick != NULL)
		return b->run->way->pick(b);
	for (; avoid.n < b->navoid; avoid.n++)
		avoid.slot[avoid.n] = b->task_slot[b->avoid[avoid.n]];
	if (pick_task(b->pick, b->table, b->service, &avoid, b->run->now, &t) != NULL)
		return UINT_MAX;
	return b->task_of[t->slot];
}

static unsigned
machine_of(const struct balancer *b, unsigned task)
{
	return b->run->task[task].machine->number;
}

void
balancer_take(struct balancer *b, unsigned task)
{
	b->inflight[task]++;
	b->moved[task] = ++b->moves;
	live_take(b->live, 0, b->node_slot[machine_of(b, task)], b->task_slot[task]);
}

void
balancer_give(struct balancer *b, unsigned task, int64_t took, bool failed)
{
	struct outlier_failure f = { .weight = OUTLIER_LIGHT, .cost = FAIL_COST };

	ASSERT(b->inflight[task] > 0);
	b->inflight[task]--;
	b->moved[task] = ++b->moves;
	live_give(b->live, 0, b->node_slot[machine_of(b, task)], b->task_slot[task]);
	if (failed) {
		live_failed(b->live, b->task_slot[task], &f, b->run->now);
		return;
	}
	live_succeeded(b->live, b->task_slot[task]);
	b->mean_usec[task] = isnan(b->mean_usec[task]) ? (double)took :
	    b->mean_usec[task] + MEAN_PART * ((double)took - b->mean_usec[task]);
}

/* The task took no connection. */
void
balancer_refused(struct balancer *b, unsigned task)
{
	struct outlier_failure f = { .weight = OUTLIER_LIGHT, .cost = FAIL_COST };

	live_failed(b->live, b->task_slot[task], &f, b->run->now);
	b->avoid[b->navoid++] = task;
}

/* By its health checks. */
void
balancer_notice(struct balancer *b, unsigned task, bool down)
{
	b->down[task] = down;
	live_set_health(b->live, b->task_slot[task], down ? HEALTH_DOWN : HEALTH_UP);
}

/* ---- samples ---- */

void
balancer_sample(struct balancer *b, struct machine *m, const struct sample *s)
{
	double inflight = live_node_inflight(b->live, b->node_slot[m->number]), allowed = 0;

	steer_sample(b->steer, b->node[m->number], s, inflight);
	for (unsigned i = m->first_task; i < m->first_task + b->run->s->tasks; i++) {
		const struct task *t = &b->run->task[i];
		world_task_set_available(b->world, b->task[i],
		    demand_available(s, inflight, t->available, cores_group_quota(t->group)), s->taken_usec);
		allowed += isnan(t->available) ? INFINITY : cores_group_quota(t->group);
	}
	b->node[m->number]->signal.allowed = isinf(allowed) ? 0 : allowed;
}

static void
publish_weights(struct balancer *b)
{
	struct run *u = b->run;
	bool moved = false;

	for (unsigned i = 0; i < u->ntasks; i++)
		moved |= fabs(weigh_node(b->weigh, 0, b->node[machine_of(b, i)]) / b->weight[i] - 1) > HYSTERESIS;
	if (!moved || u->now - b->published < u->way->every_usec)
		return;
	for (unsigned i = 0; i < u->ntasks; i++)
		b->weight[i] = weigh_node(b->weigh, 0, b->node[machine_of(b, i)]);
	b->published = u->now;
}

void
balancer_tick(struct balancer *b)
{
	const struct weigh_rules rules = WEIGH_RULES_DEFAULT;

	steer_tick(b->steer, b->run->now);
	if (b->run->way->every_usec == 0)
		return;
	weigh_update(b->weigh, b->world, &rules, b->run->now);
	publish_weights(b);
}
