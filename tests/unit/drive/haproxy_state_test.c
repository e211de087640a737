#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "drive/haproxy_state.c"

#define HEAD	"1\n# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight " \
		"srv_time_since_last_change srv_check_status srv_check_result srv_check_health srv_check_state " \
		"srv_agent_state bk_f_forced_id srv_f_forced_id srv_fqdn srv_port srvrecord\n"

static struct haproxy_state *
state_of(const char *text)
{
	struct haproxy_state *st = NULL;

	assert_null(haproxy_state_parse(str_of(text), &st));
	return st;
}

static void
test_state(void **unused)
{
	struct haproxy_state *st = state_of(HEAD
	    "3 web 1 mine 10.0.0.1 0 0 10 10 203 8 2 0 6 0 0 0 - 80 -\n"
	    "4 api 2 mola:api.1 ::1 2 8 50 40 0 1 0 2 2 0 0 0 - 8080 -\n"
	    "3 web 2 mola:web.1 - 2 1 50 50 0 1 0 2 6 0 0 0 - 0 -\n\n");
	const struct haproxy_server *h;
	char text[ADDR_TEXT_MAX];

	(void)unused;
	assert_int_equal(st->n, 3);
	h = haproxy_find_server(st, "api", "mola:api.1");
	assert_non_null(h);
	assert_string_equal(addr_text(&h->addr, text), "[::1]:8080");
	assert_int_equal(h->weight, 50);
	assert_int_equal(h->admin, HAPROXY_DRAIN);
	assert_int_equal(h->check, HAPROXY_CHECK_HAS);
	assert_int_equal(h->inflight, -1);
	assert_string_equal(h->status, "");
	assert_int_equal(haproxy_backend_servers(st, "web", &h), 2);
	assert_string_equal(h[0].name, "mine");
	assert_string_equal(addr_text(&h[0].addr, text), "10.0.0.1:80");
	assert_int_equal(h[1].addr.len, 0);
	assert_int_equal(haproxy_backend_servers(st, "nobody", &h), 0);
	assert_null(haproxy_find_server(st, "web", "api"));
	haproxy_state_free(&st);
	assert_null(st);
}

static void
test_other_places(void **unused)
{
	struct haproxy_state *st = state_of("9\n# srv_port srv_uweight new srv_admin_state srv_addr srv_name be_name\n"
	    "81 7 x 1 10.0.0.2 s b\n");
	const struct haproxy_server *h = haproxy_find_server(st, "b", "s");

	(void)unused;
	assert_non_null(h);
	assert_int_equal(h->weight, 7);
	assert_int_equal(h->admin, HAPROXY_MAINT);
	haproxy_state_free(&st);
}

static void
test_foreign(void **unused)
{
	static const char *const wrong[] = { "", "\n", "Permission denied\n\n", "1\n# be_name srv_name\n", "# \n" };
	struct haproxy_state *st = NULL;

	(void)unused;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		assert_ptr_equal(haproxy_state_parse(str_of(wrong[i]), &st), WHY_PROXY_SYNTAX);
	assert_null(st);
	st = state_of(HEAD "3 web 1 a;b 10.0.0.1 0 0 10 10 203 8 2 0 6 0 0 0 - 80 -\n" "3 web\n" "4 web 1 a 1.1.1.1 0 x 10\n"
	    "3 web 1 b 10.0.0.1 0 0 10 10 203 8 2 0 6 0 0 0 - 99999 -\n");
	assert_int_equal(st->n, 1);		/* names that could be commands, rows cut short, numbers that are none */
	assert_int_equal(st->server[0].addr.len, 0);
	haproxy_state_free(&st);
	st = state_of(HEAD);
	assert_int_equal(st->n, 0);
	assert_null(haproxy_find_server(st, "a", "b"));
	haproxy_state_free(&st);
}

static void
test_stat(void **unused)
{
	struct haproxy_state *st = state_of(HEAD "3 web 1 mine 10.0.0.1 0 0 10 10 203 8 2 0 6 0 0 0 - 80 -\n"
	    "3 web 2 other 10.0.0.2 0 0 10 10 203 8 2 0 6 0 0 0 - 80 -\n");

	(void)unused;
	assert_null(haproxy_stat_parse(STR("# pxname,svname,qcur,scur,last_chk,status,weight,\n"
	    "web,FRONTEND,,3,,OPEN,,\nweb,mine,0,12,\"a, \"\"b\"\", c\",DRAIN (agent),10,\nweb,other,0,,,\"UP 1/2\",5,\n"), st));
	assert_string_equal(haproxy_find_server(st, "web", "mine")->status, "DRAIN (agent)");
	assert_int_equal(haproxy_find_server(st, "web", "mine")->inflight, 12);
	assert_string_equal(haproxy_find_server(st, "web", "other")->status, "UP 1/2");
	assert_int_equal(haproxy_find_server(st, "web", "other")->inflight, -1);
	assert_ptr_equal(haproxy_stat_parse(STR("Unknown command\n"), st), WHY_PROXY_SYNTAX);
	haproxy_state_free(&st);
}

static void
test_info(void **unused)
{
	struct haproxy_info i = { .pid = 7 };

	(void)unused;
	assert_ptr_equal(haproxy_info_parse(STR("Name: HAProxy\nVersion: 1\n"), &i), WHY_PROXY_SYNTAX);
	assert_int_equal(i.pid, 7);
	assert_null(haproxy_info_parse(STR("Name: HAProxy\nVersion: 2.6.12-1\nPid: 21259\nUptime: 0d 0h03m22s\nUptime_sec: 202\n\n"), &i));
	assert_int_equal(i.pid, 21259);
	assert_int_equal(i.uptime_sec, 202);
	assert_string_equal(i.version, "2.6.12-1");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_state),
		cmocka_unit_test(test_other_places),
		cmocka_unit_test(test_foreign),
		cmocka_unit_test(test_stat),
		cmocka_unit_test(test_info),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
