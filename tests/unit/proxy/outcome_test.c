/*
 * What ends of attempts mean for a task, beside the other tasks of its service.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "proxy/outcome.c"
#include "../between.h"

#define TASKS 4

static struct live *live;
static struct table *table;
static int64_t now;
static struct table_service rule;		/* settings of ejection and checks */

/* One service of TASKS tasks, on one node. */
static void
table_make(void)
{
	struct table_maker *m = table_maker_new(1);
	struct table_service s = { .policy = POLICY_ROUND_ROBIN, .connect_usec = 1, .response_usec = 1, .idle_usec = 1, .tunnel_usec = 1,
	    .eject_failures = rule.eject_failures, .eject_window_usec = rule.eject_window_usec,
	    .health_mode = rule.health_mode, .health_interval_usec = rule.health_interval_usec,
	    .health_timeout_usec = rule.health_timeout_usec, .health_rise = 1, .health_fall = 1 };
	char name[16];
	int fd;

	table_maker_node(m, &(struct table_node){ .name = table_maker_text(m, STR("n")) });
	s.name = table_maker_text(m, STR("web"));
	table_maker_service(m, &s);
	for (unsigned i = 0; i < TASKS; i++) {
		struct table_task t = { .slot = i };
		snprintf(name, sizeof name, "web.%u", i);
		t.name = table_maker_text(m, str_of(name));
		assert_null(addr_parse(STR("127.0.0.1:80"), &t.addr));
		table_maker_task(m, &t);
	}
	assert_null(table_maker_seal(m, &fd));
	table_maker_free(&m);
	assert_null(table_open(fd, &table));
}

static int
setup(void **state)
{
	(void)state;
	live = live_init(must_zalloc(live_bytes()), 1);
	now = 50 * USEC_PER_SEC;
	table_make();
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	table_unref(&table);
	free(live);
	return 0;
}

/* A request of client 10.0.0.`client` on a task. */
static void
ends(unsigned task, const struct why *why, int status, int client)
{
	char text[32];
	struct ip ip;

	snprintf(text, sizeof text, "10.0.0.%d", client);
	assert_true(ip_parse(str_of(text), &ip));
	live_take(live, 0, 0, task);
	outcome_note(live, &(struct outcome){ .table = table, .service = table_services(table, &(uint32_t){ 0 }),
	    .task = table_tasks(table, &(uint32_t){ 0 }) + task, .why = why, .status = status, .client = &ip }, now);
	live_give(live, 0, 0, task);
}

static void
many(unsigned task, int n, const struct why *why, int status)
{
	for (int i = 0; i < n; i++)
		ends(task, why, status, i % 5);
}

static bool
ejected(unsigned task)
{
	return !live_is_usable(live, task, now);
}

static void
test_meanings(void **state)
{
	static const struct {
		const struct why *const *why;
		int status;
		enum meaning meaning;
	} cases[] = {
		{ &WHY_COMPLETE, 200, MEANS_WELL }, { &WHY_COMPLETE, 404, MEANS_WELL }, { &WHY_COMPLETE, 501, MEANS_WELL },
		{ &WHY_COMPLETE, 500, MEANS_ERROR }, { &WHY_COMPLETE, 502, MEANS_FAILED }, { &WHY_COMPLETE, 503, MEANS_FAILED },
		{ &WHY_COMPLETE, 504, MEANS_FAILED }, { &WHY_UPSTREAM_STATUS, 503, MEANS_FAILED },
		{ &WHY_UPSTREAM_GONE, 0, MEANS_FAILED }, { &WHY_UPSTREAM_GONE, 200, MEANS_FAILED },
		{ &WHY_UPSTREAM_SLOW_HEAD, 0, MEANS_FAILED }, { &WHY_CONNECT_REFUSED, 0, MEANS_FAILED },
		{ &WHY_CLIENT_GONE, 0, MEANS_NOTHING }, { &WHY_CLIENT_GONE, 200, MEANS_WELL }, { &WHY_CLIENT_SLOW_BODY, 0, MEANS_NOTHING },
		{ &WHY_NO_PORTS, 0, MEANS_NOTHING }, { &WHY_NO_DESCRIPTORS, 0, MEANS_NOTHING }, { &WHY_TUNNEL_CLOSED, 101, MEANS_WELL },
		{ &WHY_STOPPING, 0, MEANS_NOTHING },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_int_equal(meaning_of(&(struct outcome){ .why = *cases[i].why, .status = cases[i].status }), cases[i].meaning);
}

static void
test_failing_task(void **state)
{
	static const struct {
		const struct why *const *why;
		int status, enough;
	} cases[] = {
		{ &WHY_COMPLETE, 503, 5 }, { &WHY_UPSTREAM_STATUS, 502, 5 }, { &WHY_UPSTREAM_GONE, 0, 5 }, { &WHY_UPSTREAM_BAD_HEAD, 0, 5 },
		{ &WHY_UPSTREAM_SLOW_BODY, 200, 5 }, { &WHY_UPSTREAM_SLOW_HEAD, 0, 3 }, { &WHY_CONNECT_REFUSED, 0, 3 },
		{ &WHY_CONNECT_TIMEOUT, 0, 3 },
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct live_task t;
		many(1, 20, WHY_COMPLETE, 200);
		many(0, cases[i].enough - 1, *cases[i].why, cases[i].status);
		assert_false(ejected(0));
		ends(0, *cases[i].why, cases[i].status, 9);
		assert_true(ejected(0));
		live_task_read(live, 0, &t);
		assert_ptr_equal(t.ejected_cause.why, *cases[i].why == WHY_COMPLETE ? WHY_UPSTREAM_STATUS : *cases[i].why);
		assert_int_equal(t.ejected_cause.status, t.ejected_cause.why == WHY_UPSTREAM_STATUS ? cases[i].status : 0);
		teardown(state);
		setup(state);
	}
}

/* One client address alone ejects nobody by what its requests provoke, however many. */
static void
test_one_client(void **state)
{
	(void)state;
	many(1, 100, WHY_COMPLETE, 200);
	for (int i = 0; i < 1000; i++)
		ends(0, i % 2 == 0 ? WHY_UPSTREAM_GONE : WHY_UPSTREAM_SLOW_HEAD, 0, 1);
	assert_false(ejected(0));
	assert_true(live_penalty(live, 0, now) > 100);	/* but it does not attract, either */
	for (int i = 0; i < 3; i++)
		ends(0, WHY_CONNECT_REFUSED, 0, 1);	/* that is nobody's request */
	assert_true(ejected(0));
}

/* What all tasks suffer from is not one task's fault. */
static void
test_all_fail(void **state)
{
	(void)state;
	for (int i = 0; i < 100; i++)
		ends((unsigned)i % TASKS, WHY_COMPLETE, 503, i % 7);
	for (unsigned i = 0; i < TASKS; i++) {
		struct live_task t;
		live_task_read(live, i, &t);
		assert_between(t.ejections, 0, i == 0);	/* the first may have looked worse when it was alone */
	}
}

static void
test_500_of_all(void **state)
{
	(void)state;
	for (int i = 0; i < 400; i++)
		ends((unsigned)i % TASKS, WHY_COMPLETE, i / TASKS % 4 == 0 ? 500 : 200, i % 7);
	for (unsigned i = 0; i < TASKS; i++)
		assert_false(ejected(i));
}

static void
test_500_of_one(void **state)
{
	(void)state;
	for (int i = 0; i < 100; i++)
		ends((unsigned)i % TASKS, WHY_COMPLETE, i % TASKS == 0 ? 500 : 200, i % 7);
	assert_true(ejected(0));
	for (unsigned i = 1; i < TASKS; i++)
		assert_false(ejected(i));
}

/* A failure costs at least as much as what the others take for a response. */
static void
test_cost(void **state)
{
	(void)state;
	many(1, 10, WHY_COMPLETE, 200);
	for (int i = 0; i < 10; i++)
		live_count_response(live, 1, 200, 3 * USEC_PER_SEC);
	ends(0, WHY_UPSTREAM_GONE, 0, 1);
	assert_true(live_penalty(live, 0, now) >= 30 - 1);
	ends(2, WHY_COMPLETE, 200, 1);
	assert_true(live_penalty(live, 2, now) == 0);
}

/* One client is enough, all statuses of 500 and more count, and the last task goes, too. */
static void
test_rule_of_the_service(void **state)
{
	teardown(state);
	rule = (struct table_service){ .eject_failures = 2, .eject_window_usec = USEC_PER_SEC };
	setup(state);
	for (unsigned task = 0; task < TASKS; task++) {
		ends(task, WHY_COMPLETE, 501, 1);
		ends(task, WHY_COMPLETE, 499, 1);
		ends(task, WHY_COMPLETE, 500, 1);
		assert_false(ejected(task));
		ends(task, task == 0 ? WHY_CONNECT_REFUSED : WHY_COMPLETE, task == 0 ? 0 : 500, 1);
		assert_true(ejected(task));
		assert_false(live_is_healthy(live, task, now));
	}
	now += USEC_PER_SEC;
	for (unsigned task = 0; task < TASKS; task++)
		assert_false(ejected(task));
	many(0, 20, WHY_COMPLETE, 200);
	many(1, 1, WHY_COMPLETE, 200);
	for (int i = 0; i < 40; i++) {			/* Mola's own rule does not count beside it */
		ends(1, WHY_COMPLETE, 503, i);
		now += USEC_PER_SEC;
	}
	assert_false(ejected(1));
	/* one with checks is out until one passes, though not for ever */
	teardown(state);
	rule.health_mode = CHECK_GRPC;
	rule.health_interval_usec = 30 * USEC_PER_SEC;
	rule.health_timeout_usec = 5 * USEC_PER_SEC;
	setup(state);
	many(0, 2, WHY_COMPLETE, 503);
	now += 65 * USEC_PER_SEC;
	assert_true(ejected(0));
	now += USEC_PER_SEC;
	assert_false(ejected(0));
	many(0, 2, WHY_COMPLETE, 503);
	assert_true(ejected(0));
	live_readmit(live, 0, now);
	assert_false(ejected(0));
	rule = (struct table_service){ 0 };
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_meanings, setup, teardown),
		cmocka_unit_test_setup_teardown(test_failing_task, setup, teardown),
		cmocka_unit_test_setup_teardown(test_one_client, setup, teardown),
		cmocka_unit_test_setup_teardown(test_all_fail, setup, teardown),
		cmocka_unit_test_setup_teardown(test_500_of_all, setup, teardown),
		cmocka_unit_test_setup_teardown(test_500_of_one, setup, teardown),
		cmocka_unit_test_setup_teardown(test_rule_of_the_service, setup, teardown),
		cmocka_unit_test_setup_teardown(test_cost, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
