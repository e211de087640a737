#include "http/message.c"
#include "http/query.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static void
lists_are_searched_by_token(void **state)
{
	(void)state;
	assert_true(list_has(STR("close"), STR("close")));
	assert_true(list_has(STR("keep-alive , UPGRADE"), STR("upgrade")));
	assert_true(list_has(STR(",,\tclose,"), STR("close")));
	assert_false(list_has(STR("closed, not-close"), STR("close")));
	assert_false(list_has(STR(""), STR("close")));
	assert_false(list_has((struct str){ NULL, 0 }, STR("close")));
}

static void
the_first_field_is_found(void **state)
{
	static struct field field[] = { { .id = FIELD_OTHER }, { .id = FIELD_COOKIE }, { .id = FIELD_COOKIE } };
	static struct message h = { .nfields = 3, .field = field };

	(void)state;
	assert_ptr_equal(message_find(&h, FIELD_COOKIE), &h.field[1]);
	assert_null(message_find(&h, FIELD_HOST));
}

static void
reasons(void **state)
{
	(void)state;
	assert_string_equal(status_reason(404), "Not Found");
	assert_string_equal(status_reason(299), "Status");
}

static void
queries_are_decoded(void **state)
{
	struct str q = STR("a=1&na%6De=x%20y+z&empty=&flag&a=2&bad=%4&worse=%zz&nul=%00");
	char out[6];

	(void)state;
	assert_true(query_get(q, "a", out, sizeof out));
	assert_string_equal(out, "1");
	assert_true(query_get(q, "name", out, sizeof out));
	assert_string_equal(out, "x y z");
	assert_true(query_get(q, "empty", out, sizeof out));
	assert_string_equal(out, "");
	assert_true(query_get(q, "flag", out, sizeof out));
	assert_string_equal(out, "");
	assert_false(query_get(q, "b", out, sizeof out));
	assert_false(query_get(q, "", out, sizeof out));
	assert_false(query_get(q, "bad", out, sizeof out));
	assert_false(query_get(q, "worse", out, sizeof out));
	assert_false(query_get(q, "nul", out, sizeof out));
	assert_false(query_get(STR("name=123456"), "name", out, sizeof out));
	assert_false(query_get((struct str){ NULL, 0 }, "a", out, sizeof out));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_are_searched_by_token),
		cmocka_unit_test(the_first_field_is_found),
		cmocka_unit_test(reasons),
		cmocka_unit_test(queries_are_decoded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
