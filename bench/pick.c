/*
 * pick: what one choice of the default policy costs, among 8 tasks and among 1000, each on a node of its own; or, for each
 * TASKS,NODES that is given, among so many tasks on so many nodes; and, as pick-full-..., what it costs while every node is full,
 * with the search for another one that is not. CPU time of this thread.
 * Time goes by as at 50 000 requests per second, node state changes every 100 ms, a few requests per node are in flight, and
 * another worker's come and go. Taking and giving are replayed without choosing, and subtracted.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "base/clock.h"
#include "base/rng.h"
#include "pick/pick.h"

#define PICKS		200000
#define ROUNDS		9
#define STEP_USEC	20
#define SAMPLE_USEC	100000

struct bench {
	unsigned	 tasks, nodes;		/* task i is on node i % nodes */
	struct live	*live;
	struct phys	*phys;
	struct table	*table;
	struct pick	*pick;
	struct rng	 rng;
	int64_t		 now;
	uint32_t	*chosen;		/* task slot of each pick */
	unsigned	 none;			/* picks for which no task had room */
};

static struct table *
table_make(unsigned tasks, unsigned nodes)
{
	struct table_maker *m = table_maker_new(1);
	struct table_service s = { .name = table_maker_text(m, STR("web")), .policy = POLICY_MARGINAL, .connect_usec = 1,
		.response_usec = 1, .idle_usec = 1, .tunnel_usec = 1 };
	struct table *t;
	char name[32];
	int fd;

	for (unsigned i = 0; i < nodes; i++) {
		snprintf(name, sizeof name, "n%u", i);
		table_maker_node(m, &(struct table_node){ .name = table_maker_text(m, str_of(name)), .slot = i });
	}
	table_maker_service(m, &s);
	for (unsigned i = 0; i < tasks; i++) {
		struct table_task task = { .node = i % nodes, .slot = i };
		ASSERT(addr_parse(STR("127.0.0.1:80"), &task.addr) == NULL);
		snprintf(name, sizeof name, "web.%u", i);
		task.name = table_maker_text(m, str_of(name));
		table_maker_task(m, &task);
	}
	ASSERT(table_maker_seal(m, &fd) == NULL);
	table_maker_free(&m);
	ASSERT(table_open(fd, &t) == NULL);
	return t;
}

static void
sample(struct bench *b)
{
	for (unsigned i = 0; i < b->nodes; i++)
		phys_write(b->phys, i, &(struct phys_row){ .law = { .cores = 1 + i % 8, .others = 4 * rng_double(&b->rng),
		    .neutral = 1, .sampled_usec = b->now, .period_usec = SAMPLE_USEC, .balancers = 1, .unusual = 1 }, .score = 50 });
}

static void
take(struct bench *b, unsigned worker, uint32_t task)
{
	live_take(b->live, worker, task % b->nodes, task);
}

static void
give(struct bench *b, unsigned worker, uint32_t task)
{
	live_give(b->live, worker, task % b->nodes, task);
}

/* Each request is in flight until as many as four per node have come after it. */
static int64_t
run(struct bench *b, bool choose, bool full)
{
	const struct table_service *s = table_services(b->table, &(uint32_t){ 0 });
	const struct table_task *task;
	const struct pick_avoid nobody = { .n = 0 };
	unsigned flying = (full ? 40 : 4) * b->nodes;	/* of 4.5 cores in the mean */
	struct pick_bound bound = { .most = 4, .belief = 1 };
	int64_t began = clock_thread_usec();

	for (unsigned i = 0; i < PICKS; i++) {
		b->now += STEP_USEC;
		if (i % (SAMPLE_USEC / STEP_USEC) == 0)
			sample(b);
		if (choose) {
			ASSERT(pick_task(b->pick, b->table, s, &nobody, b->now, &task) == NULL);
			b->chosen[i] = task->slot;
			if (full && i >= flying)
				b->none += pick_roomy(b->pick, b->table, s, &nobody, b->now, task, &bound) == NULL;
		}
		take(b, 0, b->chosen[i]);
		take(b, 1, i * 7 % b->tasks);
		if (i >= flying) {
			give(b, 0, b->chosen[i - flying]);
			give(b, 1, (i - flying) * 7 % b->tasks);
		}
	}
	live_forget_worker(b->live, 0);
	live_forget_worker(b->live, 1);
	return clock_thread_usec() - began;
}

static int
ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* The median of several rounds, in nanoseconds. */
static double
measure(unsigned tasks, unsigned nodes, bool full)
{
	struct bench b = { .tasks = tasks, .nodes = nodes, .now = SAMPLE_USEC };
	double nsec[ROUNDS];

	b.live = live_init(must_zalloc(live_bytes()), 2);
	b.phys = phys_init(must_zalloc(phys_bytes()));
	b.chosen = must_zalloc(PICKS * sizeof *b.chosen);
	b.table = table_make(tasks, nodes);
	b.pick = pick_new(b.live, b.phys, 1);
	pick_set_table(b.pick, b.table);
	rng_seed(&b.rng, 1);
	for (int i = 0; i < ROUNDS; i++) {
		int64_t with = run(&b, true, full);
		nsec[i] = (double)(with - run(&b, false, full)) * 1000 / PICKS;
	}
	ASSERT(!full || b.none > ROUNDS * PICKS / 2);
	qsort(nsec, ROUNDS, sizeof nsec[0], ascending);
	pick_free(&b.pick);
	table_unref(&b.table);
	free(b.chosen);
	free(b.live);
	free(b.phys);
	return nsec[ROUNDS / 2];
}

int
main(int argc, char **argv)
{
	unsigned tasks, nodes;

	if (argc == 1) {
		printf("bench pick-8 %.1f ns\n", measure(8, 8, false));
		printf("bench pick-1000 %.0f ns\n", measure(1000, 1000, false));
		printf("bench pick-full-8 %.1f ns\n", measure(8, 8, true));
		printf("bench pick-full-1000 %.0f ns\n", measure(1000, 1000, true));
	}
	for (int i = 1; i < argc; i++) {
		if (sscanf(argv[i], "%u,%u", &tasks, &nodes) != 2 || nodes < 1 || nodes > NODES_MAX ||
		    tasks < nodes || tasks > TASKS_MAX) {
			fprintf(stderr, "usage: pick [TASKS,NODES ...]\n");
			return 2;
		}
		printf("bench scale-pick-%u-%u %.1f ns\n", tasks, nodes, measure(tasks, nodes, false));
	}
	return 0;
}
