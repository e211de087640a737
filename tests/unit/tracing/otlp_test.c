/* OTLP: the body is JSON whatever the names are; what a collector responds means what the protocol says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tracing/otlp.c"

static void
the_body_is_json(void **state)
{
	const struct otlp_resource r = { "a\"b\n", "host", "1" };
	struct buf b;
	json_t *j, *root;

	(void)state;
	buf_init(&b, 4096);
	assert_true(otlp_write(&b, &r, STR("{\"name\":\"1\"}\n{\"name\":\"2\"}\n")));
	assert_non_null(root = json_loadb(b.p, b.len, 0, NULL));
	j = json_object_get(json_array_get(json_object_get(root, "resourceSpans"), 0), "scopeSpans");
	assert_int_equal(json_array_size(json_object_get(json_array_get(j, 0), "spans")), 2);
	json_decref(root);
	buf_fini(&b);
}

static void
statuses_and_rejections(void **state)
{
	char text[OTLP_TEXT_MAX];

	(void)state;
	assert_int_equal(otlp_judge(200), OTLP_TAKEN);
	assert_int_equal(otlp_judge(0), OTLP_AGAIN);
	assert_int_equal(otlp_judge(429), OTLP_AGAIN);
	assert_int_equal(otlp_judge(503), OTLP_AGAIN);
	assert_int_equal(otlp_judge(400), OTLP_REFUSED);
	assert_int_equal(otlp_judge(500), OTLP_REFUSED);
	assert_int_equal(otlp_retry_after(STR(" 3 "), 60), 3);
	assert_int_equal(otlp_retry_after(STR("900"), 60), 60);
	assert_int_equal(otlp_retry_after(STR("soon"), 60), -1);
	assert_int_equal(otlp_rejected(STR("{\"partialSuccess\":{\"rejectedSpans\":\"3\",\"errorMessage\":\"no\"}}"), text), 3);
	assert_string_equal(text, "no");
	assert_int_equal(otlp_rejected(STR("{}"), text), 0);
	assert_int_equal(otlp_rejected(STR("<html>"), text), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(the_body_is_json), cmocka_unit_test(statuses_and_rejections) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
