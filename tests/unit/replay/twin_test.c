/* twin: what a recording says of containers is what workers would have known. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "replay/twin.c"

static const struct recorded_node node = { .cores_declared = 4 };
static const struct recorded_service service = { .policy = POLICY_MARGINAL };
static const struct recorded_task task = { .service = 1 }, elsewhere = { .service = 1, .draining = true };

static void
apply(struct twin *s, struct recorded e)
{
	twin_apply(s, &e, TWIN_BEGIN_USEC);
}

static double
available(const struct twin *s)
{
	return phys_available(s->phys, s->world_task[2]->slot);
}

static void
what_a_container_could_have_is_known_as_it_was(void **state)
{
	struct twin *s = twin_new(2, 1, 3, -1, 1);

	(void)state;
	apply(s, (struct recorded){ .kind = RECORDED_BEGIN });
	apply(s, (struct recorded){ .kind = RECORDED_NODE, .node = &node });
	apply(s, (struct recorded){ .kind = RECORDED_SERVICE, .id = 1, .service = &service });
	apply(s, (struct recorded){ .kind = RECORDED_TASK, .id = 2, .task = &task });
	apply(s, (struct recorded){ .kind = RECORDED_AVAILABLE, .id = 2, .amount = 0.25 });
	assert_true(twin_settle(s));
	assert_true(available(s) == 0.25);			/* it was told before it was in the table */
	apply(s, (struct recorded){ .kind = RECORDED_AVAILABLE, .id = 2, .amount = 0.5 });
	assert_true(available(s) == 0.5);
	apply(s, (struct recorded){ .kind = RECORDED_TASK, .id = 2, .task = &elsewhere });
	assert_true(twin_settle(s));
	assert_true(available(s) == 0.5);			/* another pass does not forget it */
	apply(s, (struct recorded){ .kind = RECORDED_AVAILABLE, .id = 2, .amount = NAN });
	assert_true(isnan(available(s)));
	apply(s, (struct recorded){ .kind = RECORDED_AVAILABLE, .id = 2, .amount = 1 });
	apply(s, (struct recorded){ .kind = RECORDED_GONE_TASK, .id = 2 });
	assert_true(twin_settle(s));
	apply(s, (struct recorded){ .kind = RECORDED_TASK, .id = 2, .task = &task });
	assert_true(twin_settle(s));
	assert_true(isnan(available(s)));			/* another one by the same number */
	twin_free(&s);
}

static double
handicap(const struct twin *s, uint32_t of, int64_t at_usec)
{
	const struct recorded_service *r = s->service[1];

	return live_handicap(s->live, s->world_task[of]->slot, r->slow_start_usec, TWIN_BEGIN_USEC + at_usec);
}

/* A quarter of the slow start is over, and one of the two is degraded: workers chose by just that. */
static void
what_is_new_or_degraded_gets_as_little_as_it_did(void **state)
{
	static const struct recorded_service slow = { .policy = POLICY_MARGINAL, .slow_start_usec = 40 * 1000 * 1000 };
	struct twin *s = twin_new(2, 1, 4, -1, 1);

	(void)state;
	apply(s, (struct recorded){ .kind = RECORDED_BEGIN });
	apply(s, (struct recorded){ .kind = RECORDED_NODE, .node = &node });
	apply(s, (struct recorded){ .kind = RECORDED_SERVICE, .id = 1, .service = &slow });
	for (uint32_t i = 1; i < 4; i++)
		apply(s, (struct recorded){ .kind = RECORDED_TASK, .id = i, .task = &task });
	apply(s, (struct recorded){ .kind = RECORDED_STATE, .id = 2, .state = RECORDED_DEGRADED });
	apply(s, (struct recorded){ .kind = RECORDED_SINCE, .id = 3, .usec = -10 * 1000 * 1000 });
	assert_true(twin_settle(s));
	twin_settle_states(s);
	assert_true(handicap(s, 1, 0) == 1);			/* nothing says that it is new */
	assert_true(handicap(s, 2, 0) == LIVE_DEGRADED);
	assert_true(handicap(s, 3, 0) == 4);
	assert_true(handicap(s, 3, 10 * 1000 * 1000) == 2);
	assert_true(handicap(s, 3, 30 * 1000 * 1000) == 1);
	for (unsigned i = 0, n[4] = { 0 }; i < 400; i++) {	/* and so choose the replay's */
		const struct table_task *t = twin_take(s, 1, TWIN_BEGIN_USEC);
		n[s->task_of[t->slot]]++;
		if (i == 399)
			assert_true(n[1] > 2 * n[2] && n[1] > 2 * n[3] && n[2] > 0 && n[3] > 0);
	}
	apply(s, (struct recorded){ .kind = RECORDED_STATE, .id = 2, .state = RECORDED_DOWN });
	apply(s, (struct recorded){ .kind = RECORDED_STATE, .id = 3, .state = RECORDED_DOWN });
	twin_settle_states(s);
	apply(s, (struct recorded){ .kind = RECORDED_STATE, .id = 2, .state = RECORDED_USED });
	twin_settle_states(s);
	assert_true(handicap(s, 2, 0) == 1);			/* this machine's clock means nothing here */
	twin_free(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_container_could_have_is_known_as_it_was),
		cmocka_unit_test(what_is_new_or_degraded_gets_as_little_as_it_did),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
