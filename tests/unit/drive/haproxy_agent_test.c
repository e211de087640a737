#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "drive/haproxy_agent.c"
#include "many.h"

static struct plan_server web[] = { { .name = "web.1", .node = "a", .weight = 100 },
	{ .name = "web.2", .node = "b", .weight = 40 }, { .name = "web.3", .node = "b", .weight = 30 },
	{ .name = "web.4", .node = "c", .draining = true } };
static struct plan_server api[] = { { .name = "api.1", .node = "b", .weight = 90 } };
static struct plan_server old[] = { { .name = "old.1", .node = "a", .draining = true } };
static struct plan_server last[] = { { .name = "last.1", .node = "d", .draining = true } };
static struct plan_service services[] = { { .name = "api", .server = api, .nservers = 1, .nserving = 1 },
	{ .name = "last", .server = last, .nservers = 1, .nserving = 0 }, { .name = "none" },
	{ .name = "old", .server = old, .nservers = 1, .nserving = 0 },
	{ .name = "web", .server = web, .nservers = 4, .nserving = 3 } };
static const struct plan plan = { .service = services, .nservices = 5 };

static void
answers(const char *question, const char *expected)
{
	char out[HAPROXY_AGENT_RESPONSE_MAX];

	haproxy_agent_respond(&plan, str_of(question), out);
	assert_string_equal(out, expected);
}

static int
setup(void **unused)
{
	(void)unused;
	for (unsigned i = 0; i < 4; i++)
		assert_null(addr_parse(STR("10.0.0.9:80"), &web[i].addr));
	assert_null(addr_parse(STR("10.0.0.1:80"), &web[0].addr));
	assert_null(addr_parse(STR("10.0.0.9:80"), &api[0].addr));
	assert_null(addr_parse(STR("10.0.0.8:80"), &old[0].addr));
	return 0;
}

static void
test_of_a_service(void **unused)
{
	(void)unused;
	answers("web/web.1\n", "up ready 100%\n");
	answers("web/web.2\r\n", "up ready 40%\n");
	answers("web/b", "up ready 70%\n");		/* both tasks there */
	answers("web/10.0.0.1:80\n", "up ready 100%\n");
	answers("web/10.0.0.1\n", "up ready 100%\n");
	answers("web/web.4\n", "up drain\n");
	answers("web/web.9\n", "down #no healthy task\n");
	answers("web/nowhere\n", "down #no healthy task\n");
}

/* Three on one node, one on another: percents stay percents, and a third is a third. */
static void
test_of_many_on_a_node(void **unused)
{
	struct plan_server v[] = { { .name = "x.1", .node = "a", .weight = 100 }, { .name = "x.2", .node = "a", .weight = 100 },
	    { .name = "x.3", .node = "a", .weight = 100 }, { .name = "x.4", .node = "b", .weight = 100 } };
	struct plan_service s = { .name = "x", .server = v, .nservers = 4, .nserving = 4 };
	struct plan p = { .service = &s, .nservices = 1 };
	char out[HAPROXY_AGENT_RESPONSE_MAX];

	(void)unused;
	haproxy_agent_respond(&p, STR("x/a"), out);
	assert_string_equal(out, "up ready 100%\n");
	haproxy_agent_respond(&p, STR("x/b"), out);
	assert_string_equal(out, "up ready 33%\n");
	haproxy_agent_respond(&p, STR("x/x.4"), out);
	assert_string_equal(out, "up ready 100%\n");
}

static void
test_of_a_node(void **unused)
{
	(void)unused;
	answers("b\n", "up ready 90%\n");
	answers("c\n", "up drain\n");
	answers("nowhere\n", "\n");
}

/* Then nobody does: one that was told to before would otherwise stay so. */
static void
test_all_drain(void **unused)
{
	(void)unused;
	answers("old/old.1\n", "up ready 100%\n");
	answers("old/old.2\n", "down #no healthy task\n");
	answers("a\n", "up ready 100%\n");
	answers("d\n", "up ready 100%\n");
}

/* What is not known changes nothing. */
static void
test_silence(void **unused)
{
	char out[HAPROXY_AGENT_RESPONSE_MAX];

	(void)unused;
	answers("", "\n");
	answers("\n", "\n");
	answers("/", "\n");
	answers("web/\n", "\n");
	answers("nobody/web.1\n", "\n");
	answers("none/none.1\n", "\n");			/* a service without tasks */
	haproxy_agent_respond(NULL, STR("web/web.1"), out);
	assert_string_equal(out, "\n");
}

/* Each of them has a check of its own. */
static void
test_many(void **unused)
{
	struct many m;
	char question[64], addr[ADDR_TEXT_MAX], out[HAPROXY_AGENT_RESPONSE_MAX];
	double begun;

	(void)unused;
	many_init(&m);
	begun = many_cpu();
	for (unsigned i = 0; i < MANY; i += 20) {
		snprintf(question, sizeof question, "web/%s", i % 40 == 0 ? addr_text(&m.server[i].addr, addr) : m.name[i]);
		haproxy_agent_respond(&m.plan, str_of(question), out);
		assert_string_equal(out, "up ready 100%\n");
	}
	assert_true(many_cpu() - begun < MANY_SECONDS);
	many_fini(&m);
}

static void
test_addresses(void **unused)
{
	static struct plan_server v[] = { { .name = "s.1", .node = "a", .weight = 100 }, { .name = "s.2", .node = "b", .weight = 50 } };
	static struct plan_service six = { .name = "six", .server = v, .nservers = 2, .nserving = 2 };
	struct plan p = { .service = &six, .nservices = 1 };
	static const struct { const char *question, *expected; } said[] = {
		{ "six/[fd00::1]:80", "up ready 100%\n" }, { "six/[fd00:0::2]:80", "up ready 50%\n" }, { "six/fd00::2", "up ready 50%\n" },
		{ "six/[fd00::1]:81", "down #no healthy task\n" }, { "six/:80", "down #no healthy task\n" },
		{ "fd00::1", "up ready 100%\n" }, { "six/unix:/x", "down #no healthy task\n" } };
	char out[HAPROXY_AGENT_RESPONSE_MAX];

	(void)unused;
	assert_null(addr_parse(STR("[fd00::1]:80"), &v[0].addr));
	assert_null(addr_parse(STR("[fd00::2]:80"), &v[1].addr));
	for (size_t i = 0; i < sizeof said / sizeof *said; i++) {
		haproxy_agent_respond(&p, str_of(said[i].question), out);
		assert_string_equal(out, said[i].expected);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_of_a_service),
		cmocka_unit_test(test_of_many_on_a_node),
		cmocka_unit_test(test_of_a_node),
		cmocka_unit_test(test_all_drain),
		cmocka_unit_test(test_silence),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_addresses),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
