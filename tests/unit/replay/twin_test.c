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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_container_could_have_is_known_as_it_was),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
