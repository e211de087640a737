/* upgrade: whom a Mola 0.1.0 served and this one does not. */
#include "stage.h"

#include "discovery/upgrade.c"

#define PORT "\"traefik.http.services.a.loadbalancer.server.port\":\"80\""
#define RULE "\"traefik.http.routers.a.rule\":\"Host(`a.org`)\"," PORT

static bool
lost(struct stage *s, const char *labels)
{
	service(s, "web", "2026-01-01T00:00:00Z", labels, "");
	play(s);
	return upgrade_lost(reported(s, "web"));
}

static void
who_is_concerned(void **state)
{
	struct stage *s = *state;

	assert_true(lost(s, RULE ",\"traefik.http.routers.a.middlewares\":\"auth\""));
	assert_true(lost(s, RULE ",\"traefik.http.routers.a.entrypoints\":\"internal\""));
	assert_true(lost(s, RULE ",\"traefik.enable\":\"0\""));
	assert_true(lost(s, "\"mola.port\":\"80\""));
	assert_true(lost(s, "\"mola.port\":\"80\",\"mola.hots\":\"a.org\""));
	assert_true(lost(s, RULE ",\"traefik.http.routers.b.rule\":\"Host(`b.org`)\",\"traefik.http.routers.b.middlewares\":\"auth\""));
}

static void
who_is_not(void **state)
{
	struct stage *s = *state;

	assert_false(lost(s, RULE));
	assert_false(lost(s, RULE ",\"traefik.enable\":\"false\",\"traefik.http.routers.a.middlewares\":\"auth\""));
	assert_false(lost(s, RULE ",\"traefik.http.services.a.loadbalancer.server.scheme\":\"https\""));
	assert_false(lost(s, "\"mola.host\":\"a.org\",\"mola.port\":\"80\""));
	assert_false(lost(s, "\"mola.host\":\"a.org\""));
	assert_false(lost(s, "\"mola.enable\":\"false\",\"mola.port\":\"80\""));
	assert_false(lost(s, "\"traefik.http.routers.a.middlewares\":\"auth\""));
	assert_false(lost(s, "\"com.example\":\"x\""));
	assert_false(lost(s, ""));
	s->traefik.enable = false;
	assert_false(lost(s, RULE ",\"traefik.http.routers.a.middlewares\":\"auth\""));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(who_is_concerned, stage_setup, stage_teardown),
		cmocka_unit_test_setup_teardown(who_is_not, stage_setup, stage_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
