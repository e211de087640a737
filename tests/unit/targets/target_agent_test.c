/* The port of agent checks, asked well and badly. */
#include "../until.h"
#include "targets/target_agent.c"
#include "fake_target.h"

static struct plan_server server = { .name = "web.1", .node = "a", .weight = 73 };
static struct plan_service service = { .name = "web", .server = &server, .nservers = 1, .nserving = 1 };
static const struct plan plan = { .service = &service, .nservices = 1 };

struct scene {
	struct target	 target;
	struct agent_target	*agent;
};

static int
begin(void **state)
{
	struct scene *s = must_zalloc(sizeof *s);
	int fd = listen_anywhere(&s->target.conf.listen);

	close(fd);
	s->target.loop = loop_new();
	s->target.conf.name = "ha";
	s->agent = target_driver_haproxy_agent.open(&s->target);
	s->target.plan = &plan;
	target_driver_haproxy_agent.publish(s->agent, &plan);
	assert_int_equal(s->target.published, 1);
	*state = s;
	return 0;
}

static int
finish(void **state)
{
	struct scene *s = *state;

	target_driver_haproxy_agent.close(s->agent);
	loop_turn(s->target.loop, 0);
	loop_free(&s->target.loop);
	free(s);
	return 0;
}

/* Says it, piece by piece, and waits for the end. */
static void
asked(struct scene *s, const char *one, const char *two, const char *expected)
{
	int fd = dial(&s->target.conf.listen), end = 1;
	char heard[512] = "";

	say(fd, one, strlen(one));
	if (two != NULL) {
		UNTIL(s->target.loop, s->agent->nconns == 1 && LIST_FIRST(&s->agent->conns)->len == strlen(one));
		say(fd, two, strlen(two));
	}
	UNTIL(s->target.loop, (end = hear(fd, heard, sizeof heard)) <= 0);
	assert_string_equal(heard, expected);
	close(fd);
	UNTIL(s->target.loop, s->agent->nconns == 0);
}

static void
test_asked(void **state)
{
	asked(*state, "web/web.1\n", NULL, "up ready 73%\n");
	asked(*state, "web/web.1", NULL, "up ready 73%\n");	/* without an end: nothing more comes */
	asked(*state, "web/", "a\n", "up ready 73%\n");
	asked(*state, "what?\n", NULL, "\n");
	asked(*state, "\n\n\n", NULL, "\n");
}

/* HAProxy without agent-send says nothing. */
static void
test_silent(void **state)
{
	asked(*state, "", NULL, "\n");
}

static void
test_long(void **state)
{
	char text[HAPROXY_AGENT_REQUEST_MAX + 1];

	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	asked(*state, text, NULL, "\n");
}

static void
test_gone_again(void **state)
{
	struct scene *s = *state;
	int fd = dial(&s->target.conf.listen);
	struct linger none = { .l_onoff = 1, .l_linger = 0 };

	UNTIL(s->target.loop, s->agent->nconns == 1);
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
	close(fd);
	UNTIL(s->target.loop, s->agent->nconns == 0);
	asked(s, "web/a\n", NULL, "up ready 73%\n");
}

static void
test_a_port_in_use_is_named(void **state)
{
	struct scene *s = *state, other = { .target = { .loop = s->target.loop, .conf = s->target.conf, .plan = &plan } };

	other.agent = target_driver_haproxy_agent.open(&other.target);
	target_driver_haproxy_agent.publish(other.agent, &plan);
	assert_int_equal(other.target.failed, 1);
	assert_ptr_equal(strstr(other.target.detail, "cannot listen on 127.0.0.1:"), other.target.detail);
	assert_non_null(strstr(other.target.detail, ": Address already in use"));
	target_driver_haproxy_agent.close(other.agent);
}

static void
test_withdrawn(void **state)
{
	struct scene *s = *state;

	target_driver_haproxy_agent.withdraw(s->agent);
	assert_int_equal(s->target.withdrawn, 1);
	asked(s, "web/a\n", NULL, "up ready 100%\n");
	asked(s, "nobody\n", NULL, "up ready 100%\n");
	target_driver_haproxy_agent.publish(s->agent, &plan);
	asked(s, "web/a\n", NULL, "up ready 73%\n");
}

static void
test_is_asked(void **state)
{
	struct scene *s = *state;
	int64_t later = loop_now(s->target.loop) + LISTEN_USEC;

	target_driver_haproxy_agent.tick(s->agent, later);
	assert_ptr_equal(s->target.why, WHY_PROXY_GONE);
	asked(s, "web/a\n", NULL, "up ready 73%\n");
	target_driver_haproxy_agent.tick(s->agent, later + LISTEN_USEC);
	assert_int_equal(s->target.applied, 1);
}

static void
test_port_taken(void **state)
{
	struct scene *s = *state;
	struct target other = { .loop = s->target.loop, .conf = s->target.conf, .plan = &plan };
	struct agent_target *h = target_driver_haproxy_agent.open(&other);

	target_driver_haproxy_agent.publish(h, &plan);
	assert_int_equal(other.failed, 1);
	assert_int_equal(other.published, 0);
	target_driver_haproxy_agent.close(h);
}

int
main(void)
{
#define SCENE(name) cmocka_unit_test_setup_teardown(name, begin, finish)
	const struct CMUnitTest tests[] = {
		SCENE(test_asked),
		SCENE(test_silent),
		SCENE(test_long),
		SCENE(test_gone_again),
		SCENE(test_a_port_in_use_is_named),
		SCENE(test_withdrawn), SCENE(test_is_asked),
		SCENE(test_port_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
