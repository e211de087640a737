/*
 * pick: what one choice of the default policy costs, among 8 tasks and among 1000, each on a node of its own.
 * Time goes by as at 50 000 requests per second, node state changes every 100 ms, a few requests per task are in flight, and
 * another worker's come and go. Taking and giving are replayed without choosing, and subtracted.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/bug.h"
#include "base/clock.h"
#include "base/rng.h"
#include "pick/pick.h"

#define PICKS		200000
#define ROUNDS		9
#define STEP_USEC	20
#define SAMPLE_USEC	100000

struct bench {
	unsigned	 n;
	struct live	*live;
	struct phys	*phys;
	struct table	*table;
	struct pick	*pick;
	struct rng	 rng;
	int64_t		 now;
	uint32_t	*chosen;	/* task slot of each pick: node slots are the same */
};

static struct table *
table_make(unsigned n)
{
	struct table_maker *m = table_maker_new(1);
	struct table_service s = { .name = table_maker_text(m, STR("web")), .policy = POLICY_MARGINAL, .connect_usec = 1,
		.response_usec = 1, .idle_usec = 1, .tunnel_usec = 1 };
	struct table *t;
	char name[32];
	int fd;

	for (unsigned i = 0; i < n; i++) {
		snprintf(name, sizeof name, "n%u", i);
		table_maker_node(m, &(struct table_node){ .name = table_maker_text(m, str_of(name)), .slot = i });
	}
	table_maker_service(m, &s);
	for (unsigned i = 0; i < n; i++) {
		struct table_task task = { .node = i, .slot = i };
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
	for (unsigned i = 0; i < b->n; i++)
		phys_write(b->phys, i, &(struct phys_row){ .law = { .cores = 1 + i % 8, .others = 4 * rng_double(&b->rng),
		    .neutral = 1, .sampled_usec = b->now, .period_usec = SAMPLE_USEC, .balancers = 1 }, .score = 50 });
}

/* Each request is in flight until as many as four per task have come after it. */
static int64_t
run(struct bench *b, bool choose)
{
	const struct table_service *s = table_services(b->table, &(uint32_t){ 0 });
	const struct table_task *task;
	const struct pick_avoid nobody = { .n = 0 };
	unsigned flying = 4 * b->n;
	int64_t began = clock_mono_usec();

	for (unsigned i = 0; i < PICKS; i++) {
		b->now += STEP_USEC;
		if (i % (SAMPLE_USEC / STEP_USEC) == 0)
			sample(b);
		if (choose) {
			ASSERT(pick_task(b->pick, b->table, s, &nobody, b->now, &task) == NULL);
			b->chosen[i] = task->slot;
		}
		live_take(b->live, 0, b->chosen[i], b->chosen[i]);
		live_take(b->live, 1, i * 7 % b->n, i * 7 % b->n);
		if (i >= flying) {
			live_give(b->live, 0, b->chosen[i - flying], b->chosen[i - flying]);
			live_give(b->live, 1, (i - flying) * 7 % b->n, (i - flying) * 7 % b->n);
		}
	}
	live_forget_worker(b->live, 0);
	live_forget_worker(b->live, 1);
	return clock_mono_usec() - began;
}

static int
ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* The median of several rounds, in nanoseconds. */
static double
measure(unsigned n)
{
	struct bench b = { .n = n, .now = SAMPLE_USEC };
	double nsec[ROUNDS];

	b.live = live_init(must_zalloc(live_bytes()), 2);
	b.phys = phys_init(must_zalloc(phys_bytes()));
	b.chosen = must_zalloc(PICKS * sizeof *b.chosen);
	b.table = table_make(n);
	b.pick = pick_new(b.live, b.phys, 1);
	pick_set_table(b.pick, b.table);
	rng_seed(&b.rng, 1);
	for (int i = 0; i < ROUNDS; i++) {
		int64_t with = run(&b, true);
		nsec[i] = (double)(with - run(&b, false)) * 1000 / PICKS;
	}
	qsort(nsec, ROUNDS, sizeof nsec[0], ascending);
	pick_free(&b.pick);
	table_unref(&b.table);
	free(b.chosen);
	free(b.live);
	free(b.phys);
	return nsec[ROUNDS / 2];
}

int
main(void)
{
	printf("bench pick-8 %.1f ns\n", measure(8));
	printf("bench pick-1000 %.0f ns\n", measure(1000));
	return 0;
}
