/* spec: what is not to change stays as it was sent, to the byte; what became of it is found by path. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "discovery/spec.c"

static json_t *
read_text(const char *text)
{
	json_t *j = spec_read(str_of(text));

	assert_non_null(j);
	return j;
}

static void
numbers_are_read_without_rounding(void **state)
{
	json_t *j = read_text("{\"a\": 123456789012345678, \"b\": 18446744073709551615, \"c\": -0.10, \"d\": [1e400, -7], \"e\": \"1.5\\\"2.5\"}");

	(void)state;
	assert_true(json_integer_value(json_object_get(j, "a")) == 123456789012345678);
	assert_string_equal(json_string_value(json_object_get(j, "b")), "18446744073709551615");
	assert_string_equal(json_string_value(json_object_get(j, "c")), "-0.10");
	assert_string_equal(json_string_value(json_array_get(json_object_get(j, "d"), 0)), "1e400");
	assert_true(json_integer_value(json_array_get(json_object_get(j, "d"), 1)) == -7);
	assert_string_equal(json_string_value(json_object_get(j, "e")), "1.5\"2.5");
	json_decref(j);
}

static void
what_is_no_json_is_refused(void **state)
{
	static const char *const texts[] = { "", "{", "{\"a\": 01}", "{\"a\": 1.}", "{\"a\": -}", "{\"a\": 1e}", "{\"a\": .5}", "{\"a\": 1 2}",
	    "{\"a\": \"}", "{\"a\"}", "{\"a\": 1.5.5}", "{\"a\": 1.5\"x\"}", "[1.5 2.5]", "{1.5: 2}",
	    "{\"a\": 1, 1234567890123456789 : 2}" };

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		if (spec_read(str_of(texts[i])) != NULL)
			fail_msg("read: %s", texts[i]);
}

/* Reads `service`, lets `edit` change the specification, and expects `want` for it. */
static void
edited(const char *service, void (*edit)(json_t *), const char *want)
{
	json_t *j = read_text(service), *spec = json_object_get(j, "Spec"), *before = json_deep_copy(spec);
	struct buf out;

	edit(spec);
	buf_init(&out, 4096);
	assert_true(spec_write(str_of(service), before, spec, &out));
	buf_add(&out, "", 1);
	assert_string_equal(out.p, want);
	buf_fini(&out);
	json_decref(before);
	json_decref(j);
}

static void
nothing(json_t *spec)
{
	(void)spec;
}

static void
scale(json_t *spec)
{
	json_object_set_new(json_object_get(json_object_get(spec, "Mode"), "Replicated"), "Replicas", json_integer(2));
}

static void
add_and_take(json_t *spec)
{
	json_object_set_new(json_object_get(spec, "Labels"), "mola.moving", json_string("{\"by\":1}"));
	json_object_del(json_object_get(spec, "Labels"), "b");
	json_object_set_new(spec, "UpdateConfig", json_pack("{s:s}", "Order", "start-first"));
}

static void
what_is_not_edited_stays_to_the_byte(void **state)
{
	(void)state;
	edited("{\"ID\":\"x\", \"Spec\": {\"A\" : 1.50, \"B\":\"\\u003c\"} }", nothing, "{\"A\" : 1.50, \"B\":\"\\u003c\"}");
	edited("{\"Spec\":{\"New\":{\"Big\":18446744073709551615,\"F\":0.1},\"Mode\":{\"Replicated\":{\"Max\":9223372036854775808,\"Replicas\":1}},"
	    "\"Z\":[1,{\"n\":null}]}}", scale, "{\"New\":{\"Big\":18446744073709551615,\"F\":0.1},\"Mode\":{\"Replicated\":{\"Max\":"
	    "9223372036854775808,\"Replicas\":2}},\"Z\":[1,{\"n\":null}]}");
	edited("{\"Spec\":{\"Labels\":{\"a\":\"\\u0026\",\"b\":\"2\",\"\\u0063\":\"\\u0000\"},\"X\":1e+2}}", add_and_take,
	    "{\"Labels\":{\"a\":\"\\u0026\",\"\\u0063\":\"\\u0000\",\"mola.moving\":\"{\\\"by\\\":1}\"},\"X\":1e+2,"
	    "\"UpdateConfig\":{\"Order\":\"start-first\"}}");
	edited("{\"Spec\":{\"Labels\":{\"b\":\"2\"}}}", add_and_take, "{\"Labels\":{\"mola.moving\":\"{\\\"by\\\":1}\"},"
	    "\"UpdateConfig\":{\"Order\":\"start-first\"}}");
}

static void
without_a_specification_nothing_is_written(void **state)
{
	json_t *empty = json_object();
	struct buf out;

	(void)state;
	buf_init(&out, 4);
	assert_false(spec_write(STR("{\"Spek\":{}}"), empty, empty, &out));
	assert_false(spec_write(STR("[]"), empty, empty, &out));
	assert_false(spec_write(STR("{\"Spec\":{\"A\":12345}}"), empty, empty, &out));	/* no room */
	buf_fini(&out);
	json_decref(empty);
}

static void
differs(const char *before, const char *sent, const char *now, const char *paths)
{
	json_t *b = read_text(before), *s = read_text(sent), *n = read_text(now);
	struct buf out;

	buf_init(&out, 200);
	assert_int_equal(spec_differ(b, s, n, &out) > 0, paths[0] != '\0');
	buf_add(&out, "", 1);
	assert_string_equal(out.p, paths);
	buf_fini(&out);
	json_decref(b);
	json_decref(s);
	json_decref(n);
}

static void
what_was_lost_is_named_by_its_path(void **state)
{
	static const char whole[] = "{\"T\":{\"R\":{\"Swap\":33554432,\"X\":1}},\"M\":[{\"a\":0.1},{\"b\":1}]}";

	(void)state;
	differs(whole, whole, whole, "");
	differs(whole, whole, "{\"T\":{\"R\":{\"X\":1}},\"M\":[{\"a\":0.1},{\"b\":2}]}", "T.R.Swap, M[1].b");
	differs(whole, whole, "{\"T\":{\"R\":{\"X\":1,\"Swap\":33554432,\"New\":1}},\"M\":[{\"a\":0.1}]}", "T.R.New, M");
	/* large numbers that a double takes for the same */
	differs("{\"A\":18446744073709551615}", "{\"A\":18446744073709551615}", "{\"A\":18446744073709551614}", "A");
	/* what is empty, or an object that we added and the Engine filled up */
	differs("{\"P\":{}}", "{\"P\":{},\"C\":[]}", "{\"P\":null}", "");
	differs("{}", "{\"U\":{\"Order\":\"x\"}}", "{\"U\":{\"Order\":\"x\",\"FailureAction\":\"pause\"}}", "");
	differs("{}", "{\"U\":{\"Order\":\"x\"}}", "{\"U\":{\"Order\":\"y\"}}", "U.Order");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_read_without_rounding),
		cmocka_unit_test(what_is_no_json_is_refused),
		cmocka_unit_test(what_is_not_edited_stays_to_the_byte),
		cmocka_unit_test(without_a_specification_nothing_is_written),
		cmocka_unit_test(what_was_lost_is_named_by_its_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
