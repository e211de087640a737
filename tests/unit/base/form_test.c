/* form: what people may write, and what they may not. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/form.c"

static int64_t
usec_of(const char *s)
{
	int64_t usec = -1;

	return form_duration(str_of(s), &usec) ? usec : -1;
}

static void
durations_have_units(void **state)
{
	(void)state;
	assert_int_equal(usec_of("100ms"), 100000);
	assert_int_equal(usec_of("1.5s"), 1500000);
	assert_int_equal(usec_of("5m"), 300000000);
	assert_int_equal(usec_of("1h"), 3600000000);
	assert_int_equal(usec_of("0s"), 0);
	for (const char *const *s = (const char *const[]){ "", "5", "s", "-1s", "+1s", "1 s", "1S", "1e3s", "0x1s", ".5s", "1.s", "1d", "1ms ", "1.2.3s", NULL }; *s != NULL; s++)
		assert_int_equal(usec_of(*s), -1);
}

static void
hosts_have_no_port(void **state)
{
	(void)state;
	assert_true(form_host(STR("www.example.org"), false));
	assert_true(form_host(STR("10.0.0.1"), false));
	assert_true(form_host(STR("[::1]"), false));
	assert_true(form_host(STR("*.example.org"), true));
	assert_false(form_host(STR("*.example.org"), false));
	for (const char *const *s = (const char *const[]){ "", "*", "*.", "a b", "a:80", "http://a", "a/b", "a,b", "\xc3\xa9", NULL }; *s != NULL; s++)
		assert_false(form_host(str_of(*s), true));
}

static void
paths_begin_with_a_slash(void **state)
{
	(void)state;
	assert_true(form_path(STR("/")));
	assert_true(form_path(STR("/a/b?c")));
	for (const char *const *s = (const char *const[]){ "", "a", "/a b", "/a#b", "/\xc3\xa9", NULL }; *s != NULL; s++)
		assert_false(form_path(str_of(*s)));
	assert_false(form_path((struct str){ "/a\0b", 4 }));
}

static void
names_are_short_and_plain(void **state)
{
	(void)state;
	assert_true(form_name(STR("node-1.example_org")));
	assert_true(form_name(STR("123456789012345678901234567890123456789012345678901234567890123")));
	assert_false(form_name(STR("1234567890123456789012345678901234567890123456789012345678901234")));
	assert_false(form_name(STR("")));
	assert_false(form_name(STR("a b")));
	assert_false(form_name((struct str){ "a\0b", 3 }));
}

static void
queries_close_what_they_open(void **state)
{
	static const char *const good[] = { "up", "1", "rate(x{a=\"}])\"}[5m])", "'(\\'('", "`\\`", "a # (\n+ b", "  up\n", NULL };
	static const char *const bad[] = { "", " \n", "# nothing", "(", "rate(x[5m)", "x]", "\"a", "\"a\nb\"", "'\\'", "`", "a\001", NULL };
	char deep[100];

	(void)state;
	for (const char *const *s = good; *s != NULL; s++)
		assert_true(form_promql(str_of(*s)));
	for (const char *const *s = bad; *s != NULL; s++)
		assert_false(form_promql(str_of(*s)));
	memset(deep, '(', sizeof deep);
	assert_false(form_promql((struct str){ deep, sizeof deep }));
	assert_false(form_promql((struct str){ "a\0b", 3 }));
}

static void
endpoints_have_two_forms(void **state)
{
	(void)state;
	assert_true(form_endpoint(STR("unix:///var/run/docker.sock")));
	assert_true(form_endpoint(STR("tcp://10.0.0.1:2375")));
	assert_true(form_endpoint(STR("tcp://manager.example.org:2376")));
	assert_true(form_endpoint(STR("tcp://[::1]:2376")));
	assert_false(form_endpoint(STR("unix://docker.sock")));
	assert_false(form_endpoint(STR("tcp://10.0.0.1")));
	assert_false(form_endpoint(STR("tcp://:2375")));
	assert_false(form_endpoint(STR("tcp://a:0")));
	assert_false(form_endpoint(STR("tcp://user@a:1")));
	assert_false(form_endpoint(STR("http://a:1")));
	assert_false(form_endpoint(STR("")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(durations_have_units),
		cmocka_unit_test(hosts_have_no_port),
		cmocka_unit_test(paths_begin_with_a_slash),
		cmocka_unit_test(names_are_short_and_plain),
		cmocka_unit_test(queries_close_what_they_open),
		cmocka_unit_test(endpoints_have_two_forms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
