/* target_envoy_readback: what Envoy has is reported, unless nothing is published any more. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "targets/target_envoy_readback.c"
#include "fake_target.h"

static const struct plan plan = { .nservices = 0 };

static void
nothing_is_reported_after_a_withdrawal(void **state)
{
	struct target t = { .loop = loop_new(), .plan = &plan };
	struct envoy_target e = { .target = &t, .published_usec = 1 };
	struct envoy_readback *l = envoy_readback_new(&e);
	struct fetch_result gone = { .why = WHY_METRICS_FETCH, .detail = "no route" };
	struct fetch_result stats = { .body = STR("{\"stats\":[]}") };
	char detail[ENVOY_DETAIL];

	(void)state;
	assert_true(envoy_admin_parse_clusters(STR("{}"), &l->admin, detail));
	l->began_usec = 2;
	l->config_usec = INT64_MAX;
	on_stats(l, &stats);
	assert_int_equal(t.applied, 1);
	on_clusters(l, &gone);
	assert_int_equal(t.not_applied, 1);
	e.withdrawn = true;		/* while a fetch was under way */
	on_stats(l, &stats);
	assert_int_equal(t.applied, 1);
	on_clusters(l, &gone);
	assert_int_equal(t.not_applied, 1);
	envoy_readback_free(&l);
	loop_free(&t.loop);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_reported_after_a_withdrawal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
