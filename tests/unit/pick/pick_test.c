/*
 * Policies, on a table of services with tasks on nodes, with counters and node states set by hand.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/clock.h"
#include "pick/pick.c"
#include "pick/candidates.c"
#include "../between.h"

static struct live *live;
static struct phys *phys;
static struct pick *picker;
static struct table *table;
static int64_t now;
static enum load_reports loads;
static unsigned panic;
static enum all_down all_down;
static int64_t slow_start;
static enum check_mode checks;

/* A service of `ntasks` tasks; task i stands on node i % nnodes. Slots are indexes. */
static struct table *
make(enum policy policy, unsigned nnodes, unsigned ntasks, unsigned ndraining)
{
	struct table_maker *m = table_maker_new(1);
	struct table_service s = { .policy = policy, .connect_usec = 1, .response_usec = 1, .idle_usec = 1, .tunnel_usec = 1,
	    .load = loads, .panic = panic, .health_all_down = all_down, .slow_start_usec = slow_start,
	    .health_mode = checks, .health_interval_usec = 1, .health_timeout_usec = 1, .health_rise = 1, .health_fall = 1 };
	struct table *t;
	char name[16];
	int fd;

	for (unsigned i = 0; i < nnodes; i++) {
		snprintf(name, sizeof name, "n%u", i);
		table_maker_node(m, &(struct table_node){ .name = table_maker_text(m, str_of(name)), .slot = i });
	}
	s.name = table_maker_text(m, STR("web"));
	table_maker_service(m, &s);
	for (unsigned i = 0; i < ntasks; i++) {
		struct table_task task = { .node = i % nnodes, .slot = i, .draining = i < ndraining };
		assert_null(addr_parse(STR("127.0.0.1:80"), &task.addr));
		snprintf(name, sizeof name, "web.%u", i);
		task.name = table_maker_text(m, str_of(name));
		table_maker_task(m, &task);
	}
	assert_null(table_maker_seal(m, &fd));
	table_maker_free(&m);
	assert_null(table_open(fd, &t));
	return t;
}

static void
node_is(unsigned slot, double cores, double others)
{
	phys_write(phys, slot, &(struct phys_row){ .law = { .cores = cores, .others = others, .neutral = others,
	    .sampled_usec = now, .period_usec = 1000000000, .balancers = 1, .unusual = 1 }, .score = 50 });
}

static void
open_table(enum policy policy, unsigned nnodes, unsigned ntasks, unsigned ndraining)
{
	now = 1000000;
	live = live_init(must_zalloc(live_bytes()), 2);
	phys = phys_init(must_zalloc(phys_bytes()));
	for (unsigned i = 0; i < nnodes; i++)
		node_is(i, 4, 0);
	picker = pick_new(live, phys, 7);
	table = make(policy, nnodes, ntasks, ndraining);
	pick_set_table(picker, table);
}

static void
close_table(void)
{
	pick_free(&picker);
	table_unref(&table);
	free(live);
	free(phys);
}

static const struct why *
pick_avoiding(const struct pick_avoid *a, unsigned *slot)
{
	const struct table_task *t;
	const struct why *why = pick_task(picker, table, table_services(table, &(uint32_t){ 0 }), a, now, &t);

	if (why == NULL)
		*slot = t->slot;
	return why;
}

static unsigned
pick(void)
{
	unsigned slot;

	assert_null(pick_avoiding(&(struct pick_avoid){ .n = 0 }, &slot));
	return slot;
}

static const struct why *
pick_why(void)
{
	unsigned slot;

	return pick_avoiding(&(struct pick_avoid){ .n = 0 }, &slot);
}

static void
later(void)
{
	now += 20 * REFRESH_USEC;
}

static void
fly(unsigned worker, unsigned node, unsigned task, int n)
{
	for (; n > 0; n--)
		live_take(live, worker, node, task);
}

/* ---- marginal ---- */

static void
test_marginal_prefers_room(void **state)
{
	(void)state;
	open_table(POLICY_MARGINAL, 3, 3, 0);
	node_is(0, 1, 0);
	node_is(1, 8, 7);
	node_is(2, 8, 1);
	for (int i = 0; i < 10; i++)
		assert_int_equal(pick(), 2);
	close_table();
}

/* Requests fill the emptier node first, whoever sent them, whatever service they are for. */
static void
test_marginal_sees_everybody(void **state)
{
	(void)state;
	open_table(POLICY_MARGINAL, 2, 2, 0);
	node_is(0, 4, 1);
	node_is(1, 4, 0);
	assert_int_equal(pick(), 1);
	fly(1, 1, TASKS_MAX - 1, 2);
	assert_int_equal(pick(), 0);
	live_give(live, 1, 1, TASKS_MAX - 1);
	live_give(live, 1, 1, TASKS_MAX - 1);
	assert_int_equal(pick(), 1);
	close_table();
}

/* Node 0 has cores free, and many containers that want them: the one of its task gets half of one. */
static void
test_marginal_sees_what_a_container_could_have(void **state)
{
	(void)state;
	open_table(POLICY_MARGINAL, 2, 2, 0);
	node_is(0, 8, 0);
	node_is(1, 4, 1);
	assert_int_equal(pick(), 0);
	phys_set_available(phys, 0, 0.5);
	later();
	assert_int_equal(pick(), 1);
	fly(0, 1, 1, 8);
	assert_int_equal(pick(), 0);		/* 2 against (9 + 1 + .75 * 8) / 4 */
	fly(0, 0, 0, 2);
	assert_int_equal(pick(), 1);		/* 9 against 4 */
	phys_set_available(phys, 0, NAN);	/* not known any more */
	later();
	assert_int_equal(pick(), 0);
	close_table();
}

/* It does not for the law before. */
static void
test_marginal_1_sees_threads_alone(void **state)
{
	(void)state;
	open_table(POLICY_MARGINAL_1, 2, 2, 0);
	node_is(0, 8, 0);
	node_is(1, 4, 1);
	phys_set_available(phys, 0, 0.5);
	assert_int_equal(pick(), 0);
	fly(0, 0, 0, 8);
	assert_int_equal(pick(), 1);
	close_table();
}

/* Of two tasks on a node the one with the quota gets what it could do. */
static void
test_tasks_of_a_node_share_by_what_they_could_have(void **state)
{
	unsigned got[2] = { 0, 0 };

	(void)state;
	open_table(POLICY_MARGINAL, 1, 2, 0);
	phys_set_available(phys, 0, 1);
	phys_set_available(phys, 1, 3);
	for (int i = 0; i < 40; i++) {
		unsigned t = pick();
		got[t]++;
		live_take(live, 0, 0, t);
	}
	assert_true(got[0] >= 9 && got[0] <= 11);
	close_table();
}

/* A request of another service ends on the node as one comes to the task: it is seen. */
static void
test_marginal_sees_a_task_fill_on_a_node_that_does_not(void **state)
{
	(void)state;
	open_table(POLICY_MARGINAL, 2, 2, 0);
	phys_set_available(phys, 0, 1);
	phys_set_available(phys, 1, 1);
	fly(0, 0, TASKS_MAX - 1, 3);
	fly(0, 1, TASKS_MAX - 1, 3);
	(void)pick();
	for (int i = 0; i < 3; i++) {
		live_give(live, 0, 0, TASKS_MAX - 1);
		live_take(live, 0, 0, 0);
	}
	assert_int_equal(pick(), 1);
	close_table();
}

static double
true_cost(unsigned node)
{
	struct phys_row row;

	phys_read(phys, node, &row);
	return law_cost(&row.law, law_others(&row.law, now), live_node_inflight(live, node));
}

static void
against_brute_force(unsigned nnodes, int picks, bool refreshed)
{
	struct rng rng;

	rng_seed(&rng, nnodes);
	open_table(POLICY_MARGINAL, nnodes, nnodes * 2, 0);
	for (unsigned i = 0; i < nnodes; i++)
		node_is(i, 1 + rng_below(&rng, 8), 8 * rng_double(&rng));
	for (int k = 0; k < picks; k++) {
		unsigned chosen = pick() % nnodes, other = rng_below(&rng, nnodes);
		double best = INFINITY;
		for (unsigned i = 0; i < nnodes; i++)
			best = fmin(best, true_cost(i));
		assert_true(true_cost(chosen) <= best * SAME);
		live_take(live, 0, chosen, chosen);
		if (live_node_inflight(live, other) > 0)
			live_give(live, 0, other, other);
		if (refreshed)
			later();
		else
			now += 1010;
	}
	live_forget_worker(live, 0);
	close_table();
}

/* Small services are exact at every pick; large ones after each refresh. */
static void
test_marginal_is_the_minimum(void **state)
{
	(void)state;
	against_brute_force(2, 200, false);
	against_brute_force(WINDOW, 500, false);
	against_brute_force(300, 300, true);
}

/* Many requests within one refresh: each choice is counted before the next, and ends are noticed before long. */
static void
test_marginal_large_spreads(void **state)
{
	(void)state;
	open_table(POLICY_MARGINAL, 1000, 1000, 0);
	for (int i = 0; i < 3000; i++) {
		unsigned t = pick();
		live_take(live, 0, t, t);
	}
	for (unsigned i = 0; i < 1000; i++)
		assert_int_equal(live_node_inflight(live, i), 3);
	for (int i = 0; i < 3; i++)
		live_give(live, 0, 500, 500);
	later();
	assert_int_equal(pick(), 500);
	close_table();
}

static void
test_marginal_tasks_of_a_node(void **state)
{
	(void)state;
	open_table(POLICY_MARGINAL, 2, 6, 0);		/* 0, 2, 4 on node 0 */
	node_is(1, 4, 100);
	fly(0, 0, 0, 1);
	fly(0, 0, 2, 2);
	assert_int_equal(pick(), 4);
	fly(0, 0, 4, 2);
	assert_int_equal(pick(), 0);
	close_table();
}

static void
ties(enum policy policy, unsigned n, int picks)
{
	int *hits = must_zalloc(n * sizeof *hits);

	open_table(policy, n, n, 0);
	for (int i = 0; i < picks; i++)
		hits[pick()]++;
	for (unsigned i = 0; i < n; i++)
		assert_between(hits[i], picks / (int)n / 2, picks / (int)n * 2);
	free(hits);
	close_table();
}

static void
test_ties_are_fair(void **state)
{
	(void)state;
	ties(POLICY_MARGINAL, 8, 8000);
	ties(POLICY_MARGINAL, 200, 100000);
	ties(POLICY_LEAST_CONN, 8, 8000);
	ties(POLICY_LEAST_CONN, 200, 100000);
	ties(POLICY_BEST_NODE, 8, 8000);
	ties(POLICY_RANDOM_TWO, 8, 8000);
}

static void
test_nobody_blind_suffers(void **state)
{
	int hits[3] = { 0 };

	(void)state;
	open_table(POLICY_MARGINAL, 3, 3, 0);
	phys_write(phys, 0, &(struct phys_row){ .law = { .cores = 4, .neutral = 2, .period_usec = 1, .balancers = 1 } });
	node_is(1, 4, 2);
	node_is(2, 4, 2);
	for (int i = 0; i < 3000; i++)
		hits[pick()]++;
	for (int i = 0; i < 3; i++)
		assert_between(hits[i], 800, 1200);
	close_table();
}

/* What a brain with a bug may publish: the node is still there. */
static void
test_nonsense_rows(void **state)
{
	static const enum policy policies[] = { POLICY_MARGINAL, POLICY_BEST_NODE };

	(void)state;
	for (int p = 0; p < 2; p++) {
		open_table(policies[p], 1, 1, 0);
		phys_write(phys, 0, &(struct phys_row){ .law = { .cores = 4, .others = NAN, .neutral = NAN, .sampled_usec = now,
		    .period_usec = 1, .balancers = 1 }, .score = p == 0 ? NAN : 1e9 });
		assert_int_equal(pick(), 0);
		close_table();
	}
}

/* ---- room ---- */

static struct pick_bound bound;

/* The slot of a task with room by four for each core; -1: there is none. */
static int
roomy(void)
{
	const struct table_service *s = table_services(table, &(uint32_t){ 0 });
	const struct pick_avoid nobody = { .n = 0 };
	const struct table_task *picked, *t;

	assert_null(pick_task(picker, table, s, &nobody, now, &picked));
	bound = (struct pick_bound){ .most = 4, .belief = 1 };
	t = pick_roomy(picker, table, s, &nobody, now, picked, &bound);
	return t == NULL ? -1 : (int)t->slot;
}

/* As at a sample that just came, with what is in flight wanting a core. */
static void
full_is(unsigned node, double cores, int inflight)
{
	fly(1, node, node, inflight);
	phys_write(phys, node, &(struct phys_row){ .wanted = inflight, .law = { .cores = cores, .sampled_usec = now,
	    .period_usec = 100000, .balancers = 1, .lasting = 1, .unusual = 1 }, .score = 50 });
}

static void
test_room_elsewhere(void **state)
{
	static const enum policy policies[] = { POLICY_MARGINAL, POLICY_ROUND_ROBIN };

	(void)state;
	for (size_t p = 0; p < sizeof policies / sizeof policies[0]; p++) {
		open_table(policies[p], 3, 3, 0);
		full_is(0, 1, 9);
		full_is(1, 1, 2);
		full_is(2, 1, 1);
		for (int i = 0; i < 9; i++) {
			int got = roomy();
			assert_true(got == 2 || (got == 1 && policies[p] == POLICY_ROUND_ROBIN));
			assert_true(got == 2 || bound.use <= 4);	/* it was its turn */
		}
		live_set_health(live, 2, HEALTH_DOWN);
		later();
		for (int i = 0; i < 9; i++)
			assert_int_equal(roomy(), 1);
		fly(1, 1, 1, 2);			/* four in flight: that is all */
		for (int i = 0; i < 9; i++)
			assert_int_equal(roomy(), -1);
		assert_true(bound.use > 1);
		live_give(live, 1, 1, 1);
		later();
		assert_int_equal(roomy(), 1);
		close_table();
	}
}

/* As many as a task may have in flight. */
static void
test_room_by_number(void **state)
{
	const struct table_service *s;
	const struct pick_avoid nobody = { .n = 0 };
	const struct table_task *picked, *t;

	(void)state;
	open_table(POLICY_ROUND_ROBIN, 2, 2, 0);
	s = table_services(table, &(uint32_t){ 0 });
	full_is(0, 4, 3);
	full_is(1, 4, 2);
	assert_int_equal(pick_inflight(picker, s), 5);
	for (int i = 0; i < 4; i++) {
		assert_null(pick_task(picker, table, s, &nobody, now, &picked));
		bound = (struct pick_bound){ .most = PICK_ANY, .task_most = 3 };
		t = pick_roomy(picker, table, s, &nobody, now, picked, &bound);
		assert_true(t != NULL && t->slot == 1);
	}
	fly(1, 1, 1, 1);
	bound = (struct pick_bound){ .most = PICK_ANY, .task_most = 3 };
	assert_null(pick_roomy(picker, table, s, &nobody, now, picked, &bound));
	assert_true(isinf(bound.use));
	close_table();
}

/* A container that is hardly used, on a node that others of ours fill. */
static void
test_room_beside_other_services(void **state)
{
	const struct table_task *t;

	(void)state;
	open_table(POLICY_MARGINAL, 1, 1, 0);
	t = table_tasks(table, &(uint32_t){ 0 });
	phys_set_available(phys, 0, 2);
	fly(1, 0, TASKS_MAX - 1, 12);
	full_is(0, 4, 1);
	assert_true(pick_use(picker, t, &(struct pick_bound){ .belief = 1 }, now) == 1);
	assert_true(pick_use(picker, t, &(struct pick_bound){ .belief = 1, .shared = true }, now) == 14. / 4);
	close_table();
}

/* Of two with room, one has failed, and looks busier for a while. */
static void
test_room_beside_failures(void **state)
{
	(void)state;
	open_table(POLICY_ROUND_ROBIN, 3, 3, 0);
	full_is(0, 1, 9);
	full_is(1, 4, 1);
	full_is(2, 4, 3);
	live_failed(live, 1, &(struct outlier_failure){ .weight = OUTLIER_LIGHT, .cost = 20 }, now);
	assert_true(live_penalty(live, 1, now) > 4);
	for (int i = 0; i < 30; i++) {
		int got = roomy();
		assert_true(got == 2 || (got == 1 && bound.use <= 4));
	}
	close_table();
}

/* Of two with room, the emptier one is degraded: four times as dear, and chosen where that is less. */
static void
test_room_beside_degraded(void **state)
{
	int degraded = 0;

	(void)state;
	checks = CHECK_TCP;
	open_table(POLICY_ROUND_ROBIN, 3, 3, 0);
	full_is(0, 1, 9);
	full_is(1, 4, 2);
	full_is(2, 4, 3);
	live_set_health(live, 1, HEALTH_DEGRADED);
	for (int i = 0; i < 9; i++) {
		int got = roomy();
		assert_true(got == 2 || (got == 1 && bound.use <= 4));	/* it was its turn */
		degraded += got == 1;
	}
	assert_true(degraded <= 4);		/* of the turns that the full one lost, none came here */
	close_table();
	checks = CHECK_HTTP;
}

/* ---- who may be chosen ---- */

static void
test_unusable(void **state)
{
	static const enum policy policies[] = { POLICY_MARGINAL, POLICY_LEAST_CONN, POLICY_ROUND_ROBIN, POLICY_RANDOM_TWO,
		POLICY_BEST_NODE };

	(void)state;
	for (size_t p = 0; p < sizeof policies / sizeof policies[0]; p++) {
		open_table(policies[p], 4, 4, 1);	/* 0 drains */
		live_set_health(live, 1, HEALTH_DOWN);
		live_eject(live, 2, (struct live_cause){ WHY_CONNECT_REFUSED, 0 }, now);
		for (int i = 0; i < 20; i++)
			assert_int_equal(pick(), 3);
		live_set_health(live, 3, HEALTH_DOWN);	/* noticed at once: all who are left would be ejected */
		assert_int_equal(pick(), 2);
		live_set_health(live, 2, HEALTH_DOWN);
		assert_ptr_equal(pick_why(), WHY_NO_LIVE_TASK);
		live_set_health(live, 2, HEALTH_UP);
		live_set_health(live, 1, HEALTH_UP);
		now += USEC_PER_SEC / 100;
		assert_int_equal(pick(), 1);
		live_set_health(live, 1, HEALTH_DOWN);
		now += 2 * USEC_PER_SEC;		/* 2's ejection is over */
		assert_int_equal(pick(), 2);
		close_table();
	}
}

/* More than half of a service's tasks are never out of use for failing: then all are used. */
static void
test_most_ejected(void **state)
{
	static const enum policy policies[] = { POLICY_MARGINAL, POLICY_LEAST_CONN, POLICY_ROUND_ROBIN, POLICY_RANDOM_TWO };

	(void)state;
	for (size_t p = 0; p < sizeof policies / sizeof policies[0]; p++) {
		bool seen[4] = { false };

		open_table(policies[p], 4, 4, 0);
		live_eject(live, 0, (struct live_cause){ WHY_UPSTREAM_GONE, 0 }, now);
		live_eject(live, 1, (struct live_cause){ WHY_UPSTREAM_GONE, 0 }, now);
		for (int i = 0; i < 40; i++)
			assert_between(pick(), 2, 3);
		live_eject(live, 2, (struct live_cause){ WHY_UPSTREAM_GONE, 0 }, now);
		now += USEC_PER_SEC / 100;
		for (int i = 0; i < 200; i++)
			seen[pick()] = true;
		assert_true(seen[0] && seen[1] && seen[2] && seen[3]);
		now += 2 * USEC_PER_SEC;
		close_table();
	}
}

/* How many are too many is the service's to say. */
static void
test_panic(void **state)
{
	(void)state;
	for (enum policy p = 0; p < POLICY_COUNT; p++) {
		bool seen[4] = { false };

		panic = 25;
		open_table(p, 4, 4, 0);
		live_eject(live, 0, (struct live_cause){ WHY_UPSTREAM_GONE, 0 }, now);
		for (int i = 0; i < 40; i++)
			assert_true(pick() != 0);
		live_eject(live, 1, (struct live_cause){ WHY_UPSTREAM_GONE, 0 }, now);
		now += USEC_PER_SEC / 100;
		for (int i = 0; i < 200; i++)
			seen[pick()] = true;
		assert_true(seen[0] && seen[1]);
		close_table();
		panic = 100;
		open_table(p, 4, 4, 0);
		for (unsigned i = 0; i < 3; i++)
			live_eject(live, i, (struct live_cause){ WHY_UPSTREAM_GONE, 0 }, now);
		for (int i = 0; i < 40; i++)
			assert_int_equal(pick(), 3);
		close_table();
		panic = 0;
	}
}

/* Tasks that are down get requests only where that is wanted, and no other task is left. */
static void
test_all_down(void **state)
{
	struct pick_avoid two = { .slot = { 2 }, .n = 1 };
	unsigned slot;

	(void)state;
	for (enum policy p = 0; p < POLICY_COUNT; p++) {
		all_down = ALL_DOWN_USE;
		open_table(p, 4, 4, 1);			/* 0 drains */
		live_set_health(live, 1, HEALTH_DOWN);
		live_set_health(live, 3, HEALTH_DOWN);
		for (int i = 0; i < 20; i++)
			assert_int_equal(pick(), 2);
		assert_null(pick_avoiding(&two, &slot));
		assert_true(slot == 1 || slot == 3);
		live_set_health(live, 2, HEALTH_DOWN);
		for (int i = 0; i < 20; i++)
			assert_true(pick() != 0);
		close_table();
		all_down = ALL_DOWN_REFUSE;
		open_table(p, 4, 4, 0);
		for (unsigned i = 0; i < 4; i++)
			live_set_health(live, i, HEALTH_DOWN);
		assert_ptr_equal(pick_why(), WHY_NO_LIVE_TASK);
		close_table();
	}
}

/* How many of so many requests, one after another, the task gets. */
static unsigned
share_of(unsigned slot, unsigned picks)
{
	unsigned n = 0;

	for (unsigned i = 0; i < picks; i++)
		n += pick() == slot;
	return n;
}

/* A task that is back gets less at first, and then what the others get. */
static void
test_slow_start(void **state)
{
	(void)state;
	slow_start = 2 * USEC_PER_SEC;
	for (enum policy p = 0; p < POLICY_COUNT; p++) {
		open_table(p, 3, 3, 0);
		now = 100 * USEC_PER_SEC;
		for (unsigned i = 0; i < 3; i++)
			node_is(i, 4, 0);
		live_eject(live, 0, (struct live_cause){ WHY_CONNECT_REFUSED, 0 }, now);
		now += USEC_PER_SEC * 12 / 10;
		assert_true(share_of(0, 300) < 40);
		now += USEC_PER_SEC;
		if (p == POLICY_ROUND_ROBIN)
			assert_between(share_of(0, 300), 40, 80);	/* 0.6 of its turns */
		now += USEC_PER_SEC;
		assert_between(share_of(0, 300), 60, 140);
		close_table();
	}
	slow_start = 0;
}

/* A degraded task gets less; and requests, when the others are busy enough, or are gone. */
static void
test_degraded(void **state)
{
	(void)state;
	checks = CHECK_TCP;
	for (enum policy p = 0; p < POLICY_COUNT; p++) {
		open_table(p, 2, 2, 0);
		live_set_health(live, 0, HEALTH_DEGRADED);
		assert_true(share_of(0, 200) < 60);
		if (p == POLICY_MARGINAL || p == POLICY_LEAST_CONN || p == POLICY_RANDOM_TWO) {
			fly(0, 1, 1, 20);
			assert_int_equal(share_of(0, 20), 20);
		}
		live_set_health(live, 1, HEALTH_DOWN);
		assert_int_equal(share_of(0, 20), 20);
		live_set_health(live, 1, HEALTH_UP);
		live_set_health(live, 0, HEALTH_UP);
		now += USEC_PER_SEC / 100;
		if (p == POLICY_ROUND_ROBIN)
			assert_int_equal(share_of(0, 200), 100);
		close_table();
	}
	checks = CHECK_HTTP;
}

/* What has just come back from a restart may still be ejected when the other one is restarted. */
static void
test_an_ejected_one_is_better_than_none(void **state)
{
	unsigned slot;

	(void)state;
	for (enum policy p = 0; p < POLICY_COUNT; p++) {
		open_table(p, 3, 3, 0);
		live_eject(live, 1, (struct live_cause){ WHY_CONNECT_REFUSED, 0 }, now);
		live_set_health(live, 2, HEALTH_DOWN);
		for (int i = 0; i < 10; i++)
			assert_int_equal(pick(), 0);
		assert_null(pick_avoiding(&(struct pick_avoid){ .slot = { 0 }, .n = 1 }, &slot));
		assert_int_equal(slot, 1);
		assert_ptr_equal(pick_avoiding(&(struct pick_avoid){ .slot = { 0, 1 }, .n = 2 }, &slot), WHY_NO_LIVE_TASK);
		close_table();
	}
}

static bool
may(unsigned slot)
{
	const struct table_task *t = table_tasks(table, &(uint32_t){ 0 }) + slot;

	return pick_may(picker, table, table_services(table, &(uint32_t){ 0 }), &(struct pick_avoid){ .n = 0 }, now, t);
}

/* A client that is bound to a task goes to it wherever requests would go to that one. */
static void
test_bound_to_one_that_is_better_than_none(void **state)
{
	(void)state;
	for (int use = 0; use < 2; use++) {
		all_down = use ? ALL_DOWN_USE : ALL_DOWN_REFUSE;
		open_table(POLICY_MARGINAL, 2, 2, 0);
		live_eject(live, 0, (struct live_cause){ WHY_CONNECT_REFUSED, 0 }, now);
		assert_true(!may(0) && may(1));
		live_set_health(live, 1, HEALTH_DOWN);
		assert_true(may(0) && !may(1));
		live_set_health(live, 0, HEALTH_DOWN);
		assert_true(may(0) == (use == 1) && may(1) == (use == 1));
		live_set_health(live, 1, HEALTH_UP);
		assert_true(!may(0) && may(1));
		close_table();
	}
	all_down = ALL_DOWN_REFUSE;
}

/* Of two tasks, one fails in no time: the share of one whose failures look like requests falls. */
static void
test_failures_cost(void **state)
{
	static const enum policy policies[] = { POLICY_MARGINAL, POLICY_LEAST_CONN, POLICY_ROUND_ROBIN, POLICY_RANDOM_TWO };
	const struct outlier_failure failure = { .from = 1, .weight = OUTLIER_LIGHT, .cost = 1 };

	(void)state;
	for (size_t p = 0; p < sizeof policies / sizeof policies[0]; p++) {
		int failed = 0;

		open_table(policies[p], 2, 2, 0);
		for (int i = 0; i < 1000; i++) {		/* 5 ms each, so ten at a time are in flight on the good one */
			if (pick() == 0) {
				failed++;
				live_failed(live, 0, &failure, now);
			}
			now += 5000;
		}
		assert_between(failed, 1, 100);
		now += 20 * USEC_PER_SEC;
		close_table();
	}
}

static void
test_nobody(void **state)
{
	(void)state;
	open_table(POLICY_MARGINAL, 1, 1, 0);
	live_set_health(live, 0, HEALTH_DOWN);
	assert_ptr_equal(pick_why(), WHY_NO_LIVE_TASK);
	live_set_health(live, 0, HEALTH_UP);
	assert_int_equal(pick(), 0);
	close_table();
	open_table(POLICY_MARGINAL, 1, 0, 0);
	assert_ptr_equal(pick_why(), WHY_NO_TASK);
	close_table();
	open_table(POLICY_MARGINAL, 2, 2, 2);
	assert_ptr_equal(pick_why(), WHY_NO_LIVE_TASK);
	close_table();
}

static void
test_avoided(void **state)
{
	const struct table_task *task;
	struct pick_avoid avoid = { .n = 0 };
	unsigned slot;

	(void)state;
	for (enum policy p = 0; p < POLICY_COUNT; p++) {
		open_table(p, 3, 3, 0);
		task = table_tasks(table, &(uint32_t){ 0 });
		avoid = (struct pick_avoid){ .slot = { task[0].slot, task[2].slot }, .n = 2 };
		for (int i = 0; i < 10; i++) {
			assert_null(pick_avoiding(&avoid, &slot));
			assert_int_equal(slot, 1);
		}
		avoid = (struct pick_avoid){ .slot = { task[0].slot, task[2].slot, task[1].slot }, .n = 3 };
		assert_ptr_equal(pick_avoiding(&avoid, &slot), WHY_NO_LIVE_TASK);
		fly(0, 1, 1, 1);
		if (p != POLICY_RANDOM_TWO)
			assert_true(pick() != 1 || p == POLICY_ROUND_ROBIN || p == POLICY_BEST_NODE);
		close_table();
	}
}

/* ---- the other policies ---- */

static void
test_least_conn(void **state)
{
	(void)state;
	open_table(POLICY_LEAST_CONN, 1, 3, 0);		/* on one node: tasks are compared */
	fly(0, 0, 0, 2);
	fly(1, 0, 1, 1);
	fly(0, 0, 2, 3);
	assert_int_equal(pick(), 1);
	fly(0, 0, 1, 2);
	assert_int_equal(pick(), 0);
	close_table();
}

static void
test_round_robin(void **state)
{
	unsigned last, t;

	(void)state;
	open_table(POLICY_ROUND_ROBIN, 3, 5, 0);
	live_set_health(live, 2, HEALTH_DOWN);
	last = pick();
	for (int i = 0; i < 12; i++) {
		t = pick();
		assert_int_equal(t, last == 1 ? 3 : (last + 1) % 5);
		last = t;
	}
	close_table();
}

/* Never the busier one of two; the busiest of all never wins. */
static void
test_random_two(void **state)
{
	int hits[4] = { 0 };

	(void)state;
	open_table(POLICY_RANDOM_TWO, 4, 4, 0);
	for (unsigned i = 0; i < 4; i++)
		fly(0, i, i, (int)i);
	for (int i = 0; i < 1000; i++)
		hits[pick()]++;
	assert_true(hits[0] > hits[1] && hits[1] > hits[2] && hits[2] > 0 && hits[3] == 0);
	close_table();
}

static void
test_best_node(void **state)
{
	struct phys_row row;

	(void)state;
	open_table(POLICY_BEST_NODE, 3, 6, 0);
	phys_read(phys, 1, &row);
	row.score = 80;
	phys_write(phys, 1, &row);
	fly(0, 1, 1, 50);			/* however busy: that is what the reference did */
	fly(0, 1, 4, 49);
	assert_int_equal(pick(), 4);
	row.score = 10;
	phys_write(phys, 1, &row);
	later();
	assert_true(pick() % 3 != 1);
	close_table();
}

/* ---- what tasks say of their load ---- */

static void
says(unsigned task, double utilization)
{
	live_note_load(live, task, &(struct utilization_report){ .utilization = utilization }, now);
}

static void
test_a_full_task_costs_more(void **state)
{
	(void)state;
	loads = LOAD_ORCA;
	open_table(POLICY_MARGINAL, 2, 2, 0);
	says(0, 0.95);
	says(1, 0.2);
	for (int i = 0; i < 20; i++)
		assert_int_equal(pick(), 1);
	/* a node that is full all the same gets no more for it: cost 1.8 of an idle one with a task that is */
	node_is(1, 4, 8);
	later();
	assert_int_equal(pick(), 0);
	close_table();
	loads = LOAD_NONE;
	open_table(POLICY_MARGINAL, 2, 2, 0);		/* nobody asked */
	node_is(0, 4, 0);
	node_is(1, 4, 1);
	says(0, 0.95);
	assert_int_equal(pick(), 0);
	close_table();
}

/* The less loaded of several tasks on a node. */
static void
test_a_full_task_of_a_node(void **state)
{
	(void)state;
	loads = LOAD_ORCA;
	open_table(POLICY_MARGINAL, 1, 3, 0);
	says(0, 1);
	says(1, 0.3);
	says(2, 0.9);
	for (int i = 0; i < 10; i++)
		assert_int_equal(pick(), 1);
	loads = LOAD_NONE;
	close_table();
}

/* The choices of many requests, that come and go; every task says `utilization`, 0: it says nothing. */
static void
choices(enum policy policy, double utilization, unsigned out[300])
{
	loads = utilization > 0 ? LOAD_ORCA : LOAD_NONE;
	open_table(policy, 7, 14, 0);
	for (unsigned i = 0; i < 7; i++)
		node_is(i, 2 + i % 3, i % 4);
	for (unsigned i = 0; i < 300; i++) {
		if (i % 50 == 0)
			later();
		for (unsigned t = 0; utilization > 0 && t < 14; t++)
			says(t, utilization);
		out[i] = pick();
		fly(0, out[i] % 7, out[i], 1);
		if (i >= 20)
			live_give(live, 0, out[i - 20] % 7, out[i - 20]);
	}
	loads = LOAD_NONE;
	close_table();
}

static void
test_what_all_say_changes_nothing(void **state)
{
	static const enum policy policies[] = { POLICY_MARGINAL, POLICY_LEAST_CONN, POLICY_BEST_NODE };
	static const double says_all[] = { 0.1, 0.9, 1.7 };
	unsigned without[300], with[300];

	(void)state;
	for (size_t p = 0; p < sizeof policies / sizeof *policies; p++) {
		choices(policies[p], 0, without);
		for (size_t u = 0; u < sizeof says_all / sizeof *says_all; u++) {
			choices(policies[p], says_all[u], with);
			assert_memory_equal(with, without, sizeof with);
		}
	}
}

/* One that says nothing is as the others are, neither better nor worse. */
static void
test_a_silent_task(void **state)
{
	struct candidates *set;

	(void)state;
	loads = LOAD_ORCA;
	open_table(POLICY_MARGINAL, 3, 3, 0);
	set = candidates_of(picker->sets, 0);
	candidates_begin(set, now);
	for (unsigned i = 0; i < 3; i++)
		assert_true(candidates_load(set, i) == 1);
	says(0, 1);
	says(1, 0.5);
	later();
	candidates_begin(set, now);
	assert_true(fabs(candidates_load(set, 0) - 2) < 1e-9);
	assert_true(fabs(candidates_load(set, 1) - 1.0625) < 1e-9);
	assert_true(fabs(candidates_load(set, 2) - 1.53125) < 1e-9);
	/* and gets as much: what differs in the last digit only is the same */
	now += UTILIZATION_GONE_USEC;
	says(1, 0.1);
	says(0, 0.1);
	now += UTILIZATION_FRESH_USEC + 1300000;
	for (unsigned i = 0, got = 0; i < 300; i++) {
		now += 1010;
		got += pick() == 2;
		assert_true(i < 299 || (got > 60 && got < 140));
	}
	says(0, 1);
	now += UTILIZATION_GONE_USEC;
	says(0, 1);
	says(1, 0.5);
	candidates_begin(set, now);
	/* what is old means less and less, and then nothing */
	now += UTILIZATION_GONE_USEC / 2;
	says(1, 0.5);
	candidates_begin(set, now);
	assert_true(candidates_load(set, 0) < 2 && candidates_load(set, 0) > candidates_load(set, 2));
	now += UTILIZATION_GONE_USEC / 2;
	says(1, 0.5);
	candidates_begin(set, now);
	assert_true(fabs(candidates_load(set, 0) - candidates_load(set, 1)) < 1e-9);
	loads = LOAD_NONE;
	close_table();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_marginal_prefers_room),
		cmocka_unit_test(test_marginal_sees_everybody),
		cmocka_unit_test(test_marginal_sees_what_a_container_could_have),
		cmocka_unit_test(test_marginal_1_sees_threads_alone),
		cmocka_unit_test(test_tasks_of_a_node_share_by_what_they_could_have),
		cmocka_unit_test(test_marginal_sees_a_task_fill_on_a_node_that_does_not),
		cmocka_unit_test(test_marginal_is_the_minimum),
		cmocka_unit_test(test_marginal_large_spreads),
		cmocka_unit_test(test_marginal_tasks_of_a_node),
		cmocka_unit_test(test_ties_are_fair),
		cmocka_unit_test(test_nobody_blind_suffers),
		cmocka_unit_test(test_nonsense_rows),
		cmocka_unit_test(test_unusable),
		cmocka_unit_test(test_room_elsewhere),
		cmocka_unit_test(test_room_by_number),
		cmocka_unit_test(test_room_beside_other_services),
		cmocka_unit_test(test_room_beside_failures),
		cmocka_unit_test(test_room_beside_degraded),
		cmocka_unit_test(test_most_ejected),
		cmocka_unit_test(test_an_ejected_one_is_better_than_none),
		cmocka_unit_test(test_slow_start),
		cmocka_unit_test(test_bound_to_one_that_is_better_than_none),
		cmocka_unit_test(test_degraded),
		cmocka_unit_test(test_panic),
		cmocka_unit_test(test_all_down),
		cmocka_unit_test(test_failures_cost),
		cmocka_unit_test(test_nobody),
		cmocka_unit_test(test_avoided),
		cmocka_unit_test(test_least_conn),
		cmocka_unit_test(test_round_robin),
		cmocka_unit_test(test_random_two),
		cmocka_unit_test(test_best_node),
		cmocka_unit_test(test_a_full_task_costs_more),
		cmocka_unit_test(test_a_full_task_of_a_node),
		cmocka_unit_test(test_what_all_say_changes_nothing),
		cmocka_unit_test(test_a_silent_task),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
