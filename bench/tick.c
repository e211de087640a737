/*
 * tick: what the brain's work costs with 1000 nodes and 10 000 tasks, or with NODES and TASKS: a tick in which every node has
 * just been sampled, a tick alone, and a discovery pass with the table that comes of it. CPU time, medians.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "base/clock.h"
#include "base/rng.h"
#include "score/steer.h"

#define TASKS_EACH	100
#define ROUNDS		201

struct stage {
	unsigned	 nodes, tasks;
	struct live	*live;
	struct world	*world;
	struct steer	*steer;
	struct rng	 rng;
	int64_t		 now;
};

static void
pass_nodes(struct world *w, unsigned nodes)
{
	char name[32];

	for (unsigned i = 0; i < nodes; i++) {
		snprintf(name, sizeof name, "node-%u", i);
		world_pass_node(w, &(struct world_node){ .name = name });
	}
}

static void
pass_tasks(struct world *w, const struct stage *s)
{
	struct service_conf conf = { .connect_usec = 1, .response_usec = 1, .idle_usec = 1, .tunnel_usec = 1 };
	char name[32], host[48], node[32], path[] = "/";
	struct world_service *in = NULL;
	struct addr a;

	ASSERT(addr_parse(STR("10.0.0.1:8080"), &a) == NULL);
	for (unsigned i = 0; i < s->tasks; i++) {
		if (i % TASKS_EACH == 0) {
			snprintf(name, sizeof name, "service-%u", i / TASKS_EACH);
			snprintf(host, sizeof host, "%s.example.org", name);
			in = world_pass_service(w, name, &conf, &(struct route_conf){ .host = host, .path = path }, 1);
		}
		snprintf(name, sizeof name, "service-%u.%u", i / TASKS_EACH, i % TASKS_EACH);
		snprintf(node, sizeof node, "node-%u", i % s->nodes);
		a.sa.v4.sin_addr.s_addr = htonl(0x0a000000 + i);
		ASSERT(world_pass_task(w, in, name, node, &a, false) != NULL);
	}
}

static void
discover(struct stage *s)
{
	struct table *t;
	int fd;

	world_pass_begin(s->world);
	pass_nodes(s->world, s->nodes);
	pass_tasks(s->world, s);
	world_pass_end(s->world);
	ASSERT(world_table(s->world, &fd) == NULL);
	ASSERT(table_open(fd, &t) == NULL);
	table_unref(&t);
}

static void
sample_and_tick(struct stage *s)
{
	struct world_node *n;

	s->now += 100 * USEC_PER_MSEC;
	LIST_FOREACH(n, &s->world->nodes, link) {
		struct sample m = { .taken_usec = s->now, .span_usec = 1, .cores = 8, .busy = 8 * rng_double(&s->rng),
		    .running = 4, .memory_total_bytes = 100, .memory_available_bytes = 50 };
		steer_sample(s->steer, n, &m, live_node_inflight(s->live, n->slot));
	}
	steer_tick(s->steer, s->now);
}

static void
tick(struct stage *s)
{
	s->now += 100 * USEC_PER_MSEC;
	steer_tick(s->steer, s->now);
}

static int
order(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double
spent_msec(void)
{
	struct timespec t;

	ASSERT(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t) == 0);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static double
median_msec(struct stage *s, void (*work)(struct stage *), unsigned rounds)
{
	double took[ROUNDS];

	for (unsigned i = 0; i < rounds; i++) {
		double from = spent_msec();
		work(s);
		took[i] = spent_msec() - from;
	}
	qsort(took, rounds, sizeof *took, order);
	return took[rounds / 2];
}

static void
stage_open(struct stage *s)
{
	struct phys *phys = phys_init(must_zalloc(phys_bytes()));
	void *memory;

	ASSERT(posix_memalign(&memory, 64, live_bytes()) == 0);
	memset(memory, 0, live_bytes());
	s->now = 1000 * USEC_PER_SEC;
	s->live = live_init(memory, WORKERS_MAX);
	s->world = world_new(s->live, phys);
	s->steer = steer_new(s->world);
	rng_seed(&s->rng, 1);
	discover(s);
}

int
main(int argc, char **argv)
{
	struct stage s = { .nodes = 1000, .tasks = 10000 };
	char of[64] = "brain", to[2][32] = { "-10000", "-1000" };

	if (argc == 3) {
		s.nodes = (unsigned)atoi(argv[1]);
		s.tasks = (unsigned)atoi(argv[2]);
		snprintf(of, sizeof of, "scale-%u-%u", s.nodes, s.tasks);
		to[0][0] = to[1][0] = '\0';
	}
	if ((argc != 1 && argc != 3) || s.nodes < 1 || s.nodes > NODES_MAX || s.tasks > TASKS_MAX) {
		fprintf(stderr, "usage: tick [NODES TASKS]\n");
		return 2;
	}
	stage_open(&s);
	printf("bench %s-table%s %.2f ms\n", of, to[0], median_msec(&s, discover, 11));
	printf("bench %s-tick%s %.3f ms\n", of, to[1], median_msec(&s, sample_and_tick, ROUNDS));
	printf("bench %s-tick-alone%s %.3f ms\n", of, to[1], median_msec(&s, tick, ROUNDS));
	return 0;		/* what it made lasts as long as the process */
}
