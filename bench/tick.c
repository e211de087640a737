/*
 * tick: what the brain's work costs with 1000 nodes and 10 000 tasks: a tick in which every node has just been
 * sampled, and a discovery pass with the table that comes of it. Medians.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bug.h"
#include "base/clock.h"
#include "base/rng.h"
#include "score/steer.h"

#define NODES		1000
#define SERVICES	100
#define TASKS_EACH	100
#define ROUNDS		51

struct stage {
	struct live	*live;
	struct world	*world;
	struct steer	*steer;
	struct rng	 rng;
	int64_t		 now;
};

static void
pass_nodes(struct world *w)
{
	char name[32];

	for (unsigned i = 0; i < NODES; i++) {
		snprintf(name, sizeof name, "node-%u", i);
		world_pass_node(w, &(struct world_node){ .name = name });
	}
}

static void
pass_services(struct world *w)
{
	struct service_conf conf = { .connect_usec = 1, .response_usec = 1, .idle_usec = 1, .tunnel_usec = 1 };
	char name[32], host[48], node[32], path[] = "/";
	struct addr a;

	ASSERT(addr_parse(STR("10.0.0.1:8080"), &a) == NULL);
	for (unsigned i = 0; i < SERVICES; i++) {
		snprintf(name, sizeof name, "service-%u", i);
		snprintf(host, sizeof host, "%s.example.org", name);
		struct world_service *s = world_pass_service(w, name, &conf, &(struct route_conf){ .host = host, .path = path }, 1);
		for (unsigned k = 0; k < TASKS_EACH; k++) {
			snprintf(name, sizeof name, "service-%u.%u", i, k);
			snprintf(node, sizeof node, "node-%u", (i * TASKS_EACH + k) % NODES);
			a.sa.v4.sin_addr.s_addr = htonl(0x0a000000 + i * TASKS_EACH + k);
			ASSERT(world_pass_task(w, s, name, node, &a, false) != NULL);
		}
	}
}

static void
discover(struct stage *s)
{
	struct table *t;
	int fd;

	world_pass_begin(s->world);
	pass_nodes(s->world);
	pass_services(s->world);
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

static int
order(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static double
median_msec(struct stage *s, void (*work)(struct stage *), unsigned rounds)
{
	int64_t took[ROUNDS];

	for (unsigned i = 0; i < rounds; i++) {
		int64_t from = clock_mono_usec();
		work(s);
		took[i] = clock_mono_usec() - from;
	}
	qsort(took, rounds, sizeof *took, order);
	return (double)took[rounds / 2] / 1e3;
}

int
main(void)
{
	struct phys *phys = phys_init(must_zalloc(phys_bytes()));
	struct stage s = { .now = 1000 * USEC_PER_SEC };
	void *memory;

	ASSERT(posix_memalign(&memory, 64, live_bytes()) == 0);
	memset(memory, 0, live_bytes());
	s.live = live_init(memory, WORKERS_MAX);
	s.world = world_new(s.live, phys);
	s.steer = steer_new(s.world);
	rng_seed(&s.rng, 1);
	discover(&s);
	printf("bench brain-table-10000 %.2f ms\n", median_msec(&s, discover, 11));
	printf("bench brain-tick-1000 %.3f ms\n", median_msec(&s, sample_and_tick, ROUNDS));
	steer_free(&s.steer);
	world_free(&s.world);
	free(phys);
	free(memory);
	return 0;
}
