#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#include "drive/haproxy.c"
#include "many.h"

#define HEAD	"1\n# be_name srv_name srv_addr srv_port srv_admin_state srv_uweight srv_check_state\n"

/* Two tasks of one service: a and b, on 10.0.0.1:80 and 10.0.0.2:80. */
struct scene {
	struct plan_server server[2];
	struct plan_service service;
	struct plan	 plan;
};

static void
scene_set(struct scene *s, unsigned weight_a, unsigned weight_b)
{
	*s = (struct scene){ .server = { { .name = "web.1", .node = "a", .weight = weight_a, .draining = weight_a == 0 },
	    { .name = "web.2", .node = "b", .weight = weight_b, .draining = weight_b == 0 } } };
	assert_null(addr_parse(STR("10.0.0.1:80"), &s->server[0].addr));
	assert_null(addr_parse(STR("10.0.0.2:80"), &s->server[1].addr));
	s->service = (struct plan_service){ .name = "web", .server = s->server, .nservers = 2,
	    .nserving = (weight_a > 0) + (weight_b > 0) };
	s->plan = (struct plan){ .service = &s->service, .nservices = 1 };
}

/* The orders, each in a line of its own. */
static void
leads_to(const struct scene *s, const char *rows, const char *options, const char *expected)
{
	struct haproxy_rules rules = { "be_{service}", options };
	struct haproxy_state *st = NULL;
	struct haproxy_commands *o;
	char text[4096], got[4096] = "";

	snprintf(text, sizeof text, HEAD "%s", rows);
	assert_null(haproxy_state_parse(str_of(text), &st));
	o = haproxy_commands_make(st, &s->plan, &rules);
	for (unsigned i = 0; i < o->n; i++)
		snprintf(got + strlen(got), sizeof got - strlen(got), "%s\n", o->command[i].line);
	assert_string_equal(got, expected);
	haproxy_commands_free(&o);
	haproxy_state_free(&st);
}

static void
test_add(void **unused)
{
	struct scene s;

	(void)unused;
	scene_set(&s, 256, 32);
	leads_to(&s, "", "check inter 1s",
	    "add server be_web/mola:web.1 10.0.0.1:80 weight 256 check inter 1s\n"
	    "add server be_web/mola:web.2 10.0.0.2:80 weight 32 check inter 1s\n"
	    "enable health be_web/mola:web.1\nenable health be_web/mola:web.2\n"
	    "set server be_web/mola:web.1 state ready\nset server be_web/mola:web.2 state ready\n");
	leads_to(&s, "be_web mola:web.1 10.0.0.1 80 0 256 0\n", "",
	    "add server be_web/mola:web.2 10.0.0.2:80 weight 32\nset server be_web/mola:web.2 state ready\n");
	assert_null(addr_parse(STR("[fd00::1]:80"), &s.server[1].addr));
	leads_to(&s, "be_web mola:web.1 10.0.0.1 80 0 256 0\n", "",
	    "add server be_web/mola:web.2 [fd00::1]:80 weight 32\nset server be_web/mola:web.2 state ready\n");
}

static void
withdraws(char *only, const struct map *filled, const char *rows, const char *expected)
{
	struct haproxy_rules rules = { "be_{service}", "check" };
	struct haproxy_state *st = NULL;
	struct haproxy_commands *o;
	char text[4096], got[4096] = "";

	snprintf(text, sizeof text, "1\n# be_name srv_name srv_addr srv_port srv_admin_state srv_uweight srv_iweight\n%s", rows);
	assert_null(haproxy_state_parse(str_of(text), &st));
	o = haproxy_commands_withdraw(st, &rules, &only, only == NULL ? 0 : 1, filled);
	for (unsigned i = 0; i < o->n; i++)
		snprintf(got + strlen(got), sizeof got - strlen(got), "%s\n", o->command[i].line);
	assert_string_equal(got, expected);
	haproxy_commands_free(&o);
	haproxy_state_free(&st);
}

static void
test_withdraw(void **unused)
{
	struct map *filled = map_new();

	(void)unused;
	withdraws(NULL, NULL, "be_web mola:web.1 10.0.0.1 80 0 256 256\nbe_api mola:api.1 10.0.0.1 81 1 9 9\nbe_web own 10.0.0.2 80 0 7 100\n"
	    "be_web same 10.0.0.3 80 0 100 100\nother mola:x 10.0.0.1 80 0 7 7\nbe_ own 10.0.0.4 80 0 3 9\n",
	    "set server be_web/own weight 100%\nset server be_web/mola:web.1 state maint\n"
	    "del server be_api/mola:api.1\ndel server be_web/mola:web.1\n");
	withdraws((char *)"api", NULL, "be_web mola:web.1 10.0.0.1 80 0 256 256\nbe_api mola:api.1 10.0.0.1 81 1 9 9\n", "del server be_api/mola:api.1\n");
	withdraws(NULL, NULL, "be_web own 10.0.0.2 80 0 100 100\n", "");
	map_put(filled, STR("be_api"), filled);
	withdraws(NULL, filled, "be_web mola:web.1 10.0.0.1 80 1 9 9\nbe_web own 10.0.0.2 80 0 7 100\nbe_api own 10.0.0.2 81 0 7 100\n",
	    "set server be_api/own weight 100%\ndel server be_web/mola:web.1\n");
	map_free(&filled);
}

static void
test_nothing_to_do(void **unused)
{
	struct scene s;

	(void)unused;
	scene_set(&s, 256, 32);
	leads_to(&s, "be_web mola:web.1 10.0.0.1 80 0 256 6\nbe_web mola:web.2 10.0.0.2 80 0 32 6\n"
	    "be_web theirs 10.0.0.9 80 1 5 6\nother mola:web.1 10.0.0.1 80 1 7 0\n", "check", "");
}

static void
test_mend(void **unused)
{
	struct scene s;

	(void)unused;
	scene_set(&s, 256, 32);
	leads_to(&s, "be_web mola:web.1 10.0.0.7 81 1 256 2\nbe_web mola:web.2 10.0.0.2 80 8 5 6\n", "check",
	    "enable health be_web/mola:web.1\nset server be_web/mola:web.1 addr 10.0.0.1 port 80\n"
	    "set server be_web/mola:web.2 weight 32\n"
	    "set server be_web/mola:web.1 state ready\nset server be_web/mola:web.2 state ready\n");
}

/* Those who take over are there before anyone drains; who drains keeps its weight. */
static void
test_drain(void **unused)
{
	struct scene s;

	(void)unused;
	scene_set(&s, 0, 256);
	leads_to(&s, "be_web mola:web.1 10.0.0.1 80 0 99 0\n", "",
	    "add server be_web/mola:web.2 10.0.0.2:80 weight 256\nset server be_web/mola:web.2 state ready\n"
	    "set server be_web/mola:web.1 state drain\n");
	leads_to(&s, "be_web mola:web.1 10.0.0.1 80 8 99 0\nbe_web mola:web.2 10.0.0.2 80 0 256 0\n", "", "");
	leads_to(&s, "be_web mola:web.2 10.0.0.2 80 0 256 0\n", "", "");	/* too late for it */
}

static void
test_all_drain(void **unused)
{
	struct scene s;

	(void)unused;
	scene_set(&s, 0, 0);
	leads_to(&s, "be_web mola:web.1 10.0.0.1 80 0 99 0\nbe_web mola:web.2 10.0.0.2 80 0 7 0\n", "", "");
	leads_to(&s, "be_web mine 10.0.0.1 80 0 99 0\n", "",
	    "add server be_web/mola:web.2 10.0.0.2:80 weight 1\nset server be_web/mola:web.2 state ready\n");
	/* who drained already is needed again, however it was told */
	leads_to(&s, "be_web mine 10.0.0.1 80 0 0 0\nbe_web mola:web.2 10.0.0.2 80 8 7 0\n", "",
	    "set server be_web/mine weight 1\nset server be_web/mola:web.2 state ready\n");
}

static void
test_remove(void **unused)
{
	struct scene s;

	(void)unused;
	scene_set(&s, 256, 256);
	leads_to(&s, "be_web mola:web.1 10.0.0.1 80 0 256 0\nbe_web mola:web.2 10.0.0.2 80 0 256 0\n"
	    "be_web mola:web.3 10.0.0.3 80 0 256 0\nbe_web mola:web.4 10.0.0.4 80 1 256 0\n", "",
	    "set server be_web/mola:web.3 state maint\ndel server be_web/mola:web.3\ndel server be_web/mola:web.4\n");
}

static void
test_users_own(void **unused)
{
	struct scene s;

	(void)unused;
	scene_set(&s, 256, 0);
	leads_to(&s, "be_web mine 10.0.0.1 80 0 1 6\nbe_web old 10.0.0.2 80 1 9 6\nbe_web far 10.0.0.9 80 0 1 6\n", "check",
	    "set server be_web/mine weight 256\nset server be_web/old weight 0\n");
	/* one of ours beside it is not needed any more */
	leads_to(&s, "be_web mine 10.0.0.1 80 0 256 6\nbe_web mola:web.1 10.0.0.1 80 0 256 6\nbe_web mola:web.2 10.0.0.2 80 8 1 0\n", "",
	    "set server be_web/mola:web.1 state maint\ndel server be_web/mola:web.1\n");
}

static void
test_clear(void **unused)
{
	struct haproxy_rules rules = { "{service}", "" };
	struct plan none = { 0 };
	struct haproxy_state *st = NULL;
	struct haproxy_commands *o;

	(void)unused;
	assert_null(haproxy_state_parse(STR(HEAD "web mola:web.1 10.0.0.1 80 0 9 0\nweb mine 10.0.0.2 80 0 9 0\n"
	    "api mola:api.1 10.0.0.1 80 0 9 0\n"), &st));
	o = haproxy_commands_make(st, &none, &rules);
	assert_int_equal(o->n, 0);		/* other backends are somebody else's */
	haproxy_commands_clear_backend(o, st, "web");
	assert_int_equal(o->n, 2);
	assert_int_equal(o->ndelete, 1);
	assert_string_equal(o->command[0].line, "set server web/mola:web.1 state maint");
	assert_string_equal(o->command[1].line, "del server web/mola:web.1");
	haproxy_commands_free(&o);
	haproxy_state_free(&st);
}

/* Half of them the user's own, and one of ours has moved. */
static void
test_many(void **unused)
{
	struct haproxy_rules rules = { "{service}", "" };
	struct haproxy_state *st = NULL;
	struct haproxy_commands *o;
	struct many m;
	struct buf text;
	double begun;

	(void)unused;
	many_init(&m);
	buf_init(&text, 4 << 20);
	buf_adds(&text, STR(HEAD));
	for (unsigned i = 0; i < MANY; i++)
		buf_printf(&text, "web %s%s 10.0.%u.%u %u 0 100 0\n", i % 2 == 0 ? "mola:" : "mine-", m.name[i], i / 250, i % 250 + 1,
		    i == 4000 ? 81 : 80);
	begun = many_cpu();
	assert_null(haproxy_state_parse(buf_str(&text), &st));
	o = haproxy_commands_make(st, &m.plan, &rules);
	for (unsigned i = 0; i < MANY; i++)
		assert_non_null(haproxy_task_server(st, "web", &m.server[i]));
	assert_true(many_cpu() - begun < MANY_SECONDS);
	assert_int_equal(o->n, 1);
	assert_string_equal(o->command[0].line, "set server web/mola:web.04000 addr 10.0.16.1 port 80");
	haproxy_commands_free(&o);
	haproxy_state_free(&st);
	buf_fini(&text);
	many_fini(&m);
}

static void
test_judge(void **unused)
{
	(void)unused;
	assert_int_equal(haproxy_response_verdict(HAPROXY_ADD, STR("New server registered.\n\n")), HAPROXY_DONE);
	assert_int_equal(haproxy_response_verdict(HAPROXY_ADD, STR("No such backend.\n")), HAPROXY_REFUSED);
	assert_int_equal(haproxy_response_verdict(HAPROXY_WEIGHT, STR("\n")), HAPROXY_DONE);
	assert_int_equal(haproxy_response_verdict(HAPROXY_WEIGHT, STR("Permission denied\n\n")), HAPROXY_REFUSED);
	assert_int_equal(haproxy_response_verdict(HAPROXY_DELETE, STR("Server deleted.\n")), HAPROXY_DONE);
	assert_int_equal(haproxy_response_verdict(HAPROXY_DELETE, STR("Server still has connections attached to it, cannot remove it.\n")), HAPROXY_BUSY);
	assert_int_equal(haproxy_response_verdict(HAPROXY_DELETE, STR("\n")), HAPROXY_REFUSED);
	assert_int_equal(haproxy_response_verdict(HAPROXY_ADDRESS, STR("IP changed from '1' to '2', port changed\n\n")), HAPROXY_DONE);
	assert_int_equal(haproxy_response_verdict(HAPROXY_READY, (struct str){ NULL, 0 }), HAPROXY_DONE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_add),
		cmocka_unit_test(test_withdraw),
		cmocka_unit_test(test_nothing_to_do),
		cmocka_unit_test(test_mend),
		cmocka_unit_test(test_drain),
		cmocka_unit_test(test_all_drain),
		cmocka_unit_test(test_remove),
		cmocka_unit_test(test_users_own),
		cmocka_unit_test(test_clear),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_judge),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
