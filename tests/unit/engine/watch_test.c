#include "engine/watch.c"

#include "fake_engine.h"
#include "world/world.h"
#include "../between.h"

/* What the fake's Swarm holds: one node, one service with a host port, and as many tasks as the test wishes. */
static const char nodes[] = "[{\"ID\":\"n1\",\"Version\":{\"Index\":9},\"Spec\":{\"Role\":\"manager\",\"Availability\":\"active\"},"
    "\"Description\":{\"Hostname\":\"one\",\"Resources\":{\"NanoCPUs\":2000000000,\"MemoryBytes\":1073741824}},"
    "\"Status\":{\"State\":\"ready\",\"Addr\":\"10.0.0.1\"}}]";
static const char services[] = "[{\"ID\":\"s1\",\"Version\":{\"Index\":11},\"Spec\":{\"Name\":\"web\",\"Labels\":{\"mola.port\":\"80\",\"mola.host\":\"*\"},"
    "\"TaskTemplate\":{},\"Mode\":{\"Replicated\":{\"Replicas\":2}},\"EndpointSpec\":{\"Mode\":\"vip\"}},\"Endpoint\":{\"Spec\":{}}}]";
static const char networks[] = "[{\"Name\":\"front\",\"Id\":\"net1\",\"Scope\":\"swarm\",\"Driver\":\"overlay\"}]";

struct scene {
	struct loop	*loop;
	struct fetcher	*fetcher;
	struct watch	*watch;
	struct fake	*one, *two;
	struct world	*world;
	struct live	*live;
	struct phys	*phys;
	unsigned	 tasks;		/* in the world after the last pass, those that drain left out */
	int		 changes;
};

static void
task_text(char *out, size_t cap, int slot, const char *desired)
{
	snprintf(out, cap, "{\"ID\":\"t%d\",\"ServiceID\":\"s1\",\"Slot\":%d,\"NodeID\":\"n1\",\"DesiredState\":\"%s\","
	    "\"Spec\":{},\"Status\":{\"State\":\"running\",\"ContainerStatus\":{\"ContainerID\":\"c%d\"}},"
	    "\"NetworksAttachments\":[{\"Network\":{\"ID\":\"net1\",\"Spec\":{\"Name\":\"front\"}},\"Addresses\":[\"10.0.9.%d/24\"]}]}",
	    slot, slot, desired, slot, slot);
}

static void
run_tasks(struct fake *f, int n)
{
	char all[8192] = "[", one[1024];

	for (int i = 1; i <= n; i++) {
		task_text(one, sizeof one, i, "running");
		snprintf(all + strlen(all), sizeof all - strlen(all), "%s%s", i > 1 ? "," : "", one);
	}
	strcat(all, "]");
	fake_say(f, "/tasks", 200, all);
}

static void
swarm_of(struct fake *f, int tasks)
{
	fake_say(f, "/nodes", 200, nodes);
	fake_say(f, "/services", 200, services);
	fake_say(f, "/networks", 200, networks);
	run_tasks(f, tasks);
}

static void
on_change(void *arg)
{
	static const struct service_conf defaults = { .connect_usec = 1, .response_usec = 1, .idle_usec = 1, .tunnel_usec = 1,
	    .health_interval_usec = 1, .health_timeout_usec = 1, .health_rise = 1, .health_fall = 1 };
	struct swarm_conf sc = { .defaults = &defaults, .traefik = &traefik_rules_default };
	struct scene *s = arg;
	struct world_service *ws;
	struct world_task *t;

	s->changes++;
	world_pass_begin(s->world);
	swarm_pass(watch_swarm(s->watch), &sc, s->world, NULL);
	world_pass_end(s->world);
	s->tasks = 0;
	LIST_FOREACH(ws, &s->world->services, link)
		LIST_FOREACH(t, &ws->tasks, link)
			s->tasks += !t->draining;
}

static int
setup(void **state)
{
	struct scene *s = must_zalloc(sizeof *s);

	s->loop = loop_new();
	s->fetcher = fetcher_new(s->loop);
	s->one = fake_new(s->loop, false);
	s->two = fake_new(s->loop, true);
	s->live = live_init(must_zalloc(live_bytes()), 1);
	s->phys = phys_init(must_zalloc(phys_bytes()));
	s->world = world_new(s->live, s->phys);
	swarm_of(s->one, 2);
	swarm_of(s->two, 3);
	*state = s;
	return 0;
}

static int
teardown(void **state)
{
	struct scene *s = *state;

	watch_free(&s->watch);
	fetcher_free(&s->fetcher);
	fake_free(s->one);
	fake_free(s->two);
	loop_turn(s->loop, 0);
	world_free(&s->world);
	loop_free(&s->loop);
	free(s->live);
	free(s->phys);
	free(s);
	return 0;
}

static char front[] = "front", *front_alone[] = { front };

static struct watch_conf
conf_of(struct scene *s, char **endpoint, unsigned n, int64_t poll)
{
	endpoint[0] = s->one->endpoint;
	endpoint[1] = s->two->endpoint;
	return (struct watch_conf){ .engine = { .endpoint = endpoint, .nendpoints = n }, .poll_usec = poll, .network = front_alone,
	    .nnetworks = 1 };
}

static void
begin(struct scene *s, unsigned n, int64_t poll)
{
	char *endpoint[2];
	struct watch_conf c = conf_of(s, endpoint, n, poll);

	s->watch = watch_new(s->loop, s->fetcher, &c, on_change, s);
	assert_false(swarm_is_complete(watch_swarm(s->watch)));
}

#define STATE(s) watch_status((s)->watch).state
#define OFTEN	(20 * USEC_PER_MSEC)

static const char with_traefik[] = "[{\"ID\":\"s1\",\"Spec\":{\"Name\":\"web\",\"Labels\":{"
    "\"traefik.http.routers.a.rule\":\"Host(`a.org`)\",\"traefik.http.services.a.loadbalancer.server.port\":\"80\"}}},"
    "{\"ID\":\"s2\",\"Spec\":{\"Name\":\"edge\",\"TaskTemplate\":{\"ContainerSpec\":{\"Image\":\"traefik:v3\",\"Configs\":[{"
    "\"File\":{\"Name\":\"/etc/traefik/traefik.yml\"},\"ConfigID\":\"cfg1\"}]}}}}]";
/* printf 'providers:\n  swarm: {}\nentryPoints:\n  web:\n    address: ":80"\n' | base64 */
static const char its_config[] = "{\"ID\":\"cfg1\",\"Spec\":{\"Name\":\"c\",\"Data\":\"cHJvdmlkZXJzOgogIHN3YXJtOiB7fQplbnRyeVBvaW50czoKICB3ZWI6CiAgICBhZGRyZXNzOiAiOjgwIgo=\"}}";

static void
the_first_picture_comes_at_once(void **state)
{
	struct scene *s = *state;
	struct watch_status st;

	begin(s, 1, 60 * USEC_PER_SEC);
	assert_int_equal(STATE(s), WATCH_WAITING);
	UNTIL(s->loop, s->tasks == 2);
	assert_true(swarm_is_complete(watch_swarm(s->watch)));
	st = watch_status(s->watch);
	assert_int_equal(st.state, WATCH_GOOD);
	assert_null(st.why);
	assert_string_equal(st.version, "1.41");
	assert_true(st.good_usec > 0);
}

/* Before the first pass, so that nothing goes off the air when Mola starts; and never again. */
static void
the_file_of_a_traefik_is_read_before_anybody_goes_by_the_picture(void **state)
{
	struct scene *s = *state;

	fake_say(s->one, "/services", 200, with_traefik);
	fake_say(s->one, "/configs/cfg1", 200, its_config);
	begin(s, 1, OFTEN);
	UNTIL(s->loop, s->changes > 0);
	assert_int_equal(s->tasks, 2);
	run_tasks(s->one, 3);
	UNTIL(s->loop, s->tasks == 3);
	assert_int_equal(fake_asked(s->one, "/configs/cfg1"), 1);
}

static void
a_file_that_is_not_there_serves_nobody(void **state)
{
	struct scene *s = *state;

	fake_say(s->one, "/services", 200, with_traefik);
	fake_say(s->one, "/configs/cfg1", 404, "{\"message\":\"config cfg1 not found\"}");
	begin(s, 1, OFTEN);
	UNTIL(s->loop, s->changes > 0);
	assert_int_equal(s->tasks, 0);
	assert_int_equal(STATE(s), WATCH_GOOD);
}

static void
what_changes_is_seen_by_the_next_poll(void **state)
{
	struct scene *s = *state;

	begin(s, 1, OFTEN);
	UNTIL(s->loop, s->tasks == 2);
	run_tasks(s->one, 5);
	UNTIL(s->loop, s->tasks == 5);
	run_tasks(s->one, 1);
	UNTIL(s->loop, s->tasks == 1);
	UNTIL(s->loop, s->world->ntasks == 1);	/* those that left are not only draining but gone */
}

static void
what_does_not_change_makes_no_pass(void **state)
{
	struct scene *s = *state;
	int asked, changes;

	begin(s, 1, OFTEN);
	UNTIL(s->loop, fake_asked(s->one, "/tasks") >= 3);
	changes = s->changes;
	assert_between(changes, 1, 2);
	asked = fake_asked(s->one, "/tasks");
	UNTIL(s->loop, fake_asked(s->one, "/tasks") >= asked + 5);
	assert_int_equal(s->changes, changes);
}

static void
an_event_wakes(void **state)
{
	struct scene *s = *state;
	int64_t began;

	begin(s, 1, 60 * USEC_PER_SEC);
	UNTIL(s->loop, s->one->events != NULL && s->tasks == 2);
	run_tasks(s->one, 4);
	began = clock_mono_usec();
	request_write(s->one->events, STR("{\"Type\":\"service\",\"Action\":\"upd"));
	request_write(s->one->events, STR("ate\"}\n"));
	UNTIL(s->loop, s->tasks == 4);
	assert_true(clock_mono_usec() - began < 5 * USEC_PER_SEC);
	run_tasks(s->one, 1);			/* what follows an event is looked for without another */
	UNTIL(s->loop, s->tasks == 1);
}

static void
count(void *arg)
{
	++*(unsigned *)arg;
}

/* Mola itself changes one every 15 seconds. */
static void
an_event_of_a_config_is_passed_on_and_polls_nothing(void **state)
{
	struct scene *s = *state;
	unsigned configs = 0;
	int asked;

	begin(s, 1, 60 * USEC_PER_SEC);
	watch_on_configs(s->watch, count, &configs);
	UNTIL(s->loop, s->one->events != NULL && s->tasks == 2);
	assert_int_equal(configs, 1);		/* what happened before the stream began is unknown */
	UNTIL(s->loop, s->watch->burst_usec < clock_mono_usec());
	asked = fake_asked(s->one, "/tasks");
	request_write(s->one->events, STR("{\"Type\":\"config\",\"Action\":\"update\"}\n"));
	UNTIL(s->loop, configs == 2);
	assert_true(s->watch->burst_usec < clock_mono_usec());
	assert_int_equal(fake_asked(s->one, "/tasks"), asked);
	request_end(s->one->events);
	s->one->events = NULL;
	UNTIL(s->loop, configs >= 4);		/* it ended, and another began */
}

static void
many_events_make_few_rounds(void **state)
{
	struct scene *s = *state;
	int64_t began;
	int before;

	begin(s, 1, 60 * USEC_PER_SEC);
	UNTIL(s->loop, s->one->events != NULL && s->tasks == 2);
	before = fake_asked(s->one, "/tasks");
	began = clock_mono_usec();
	while (clock_mono_usec() - began < 350 * USEC_PER_MSEC) {
		request_write(s->one->events, STR("{\"Type\":\"container\"}\n{}\nnonsense\n\x1e{}\n\n"));
		loop_turn(s->loop, 5 * USEC_PER_MSEC);
	}
	assert_between(fake_asked(s->one, "/tasks") - before, 1, 6);
}

static void
a_socket_that_vanishes_leaves_the_picture_in_force(void **state)
{
	struct scene *s = *state;
	struct watch_status st;
	int64_t good;

	begin(s, 1, OFTEN);
	UNTIL(s->loop, s->tasks == 2 && s->one->events != NULL);
	fake_down(s->one);
	UNTIL(s->loop, STATE(s) == WATCH_LOST);
	st = watch_status(s->watch);
	assert_ptr_equal(st.why, WHY_ENGINE_GONE);
	assert_non_null(strstr(st.detail, s->one->socket));
	good = st.good_usec;
	assert_int_equal(s->tasks, 2);
	assert_true(swarm_is_complete(watch_swarm(s->watch)));
	run_tasks(s->one, 3);
	fake_up(s->one);
	UNTIL(s->loop, STATE(s) == WATCH_GOOD && s->tasks == 3);
	assert_true(watch_status(s->watch).good_usec > good);
	UNTIL(s->loop, s->one->streams == 2);	/* events are heard again */
}

static void
half_an_answer_is_none(void **state)
{
	struct scene *s = *state;

	begin(s, 1, OFTEN);
	UNTIL(s->loop, s->tasks == 2);
	run_tasks(s->one, 7);
	fake_say(s->one, "/services", 500, "{\"message\":\"rpc error: code = DeadlineExceeded\"}");
	UNTIL(s->loop, STATE(s) == WATCH_LOST);
	assert_ptr_equal(watch_status(s->watch).why, WHY_ENGINE_REFUSED);
	assert_string_equal(watch_status(s->watch).detail, "GET /services: rpc error: code = DeadlineExceeded");
	assert_int_equal(s->tasks, 2);
	fake_say(s->one, "/services", 200, services);
	UNTIL(s->loop, s->tasks == 7 && STATE(s) == WATCH_GOOD);
}

/* A proxy before the Engine that knows fewer paths than we ask for. */
static void
what_is_not_needed_may_be_refused(void **state)
{
	struct scene *s = *state;

	fake_say(s->one, "/networks", 403, "<html><body><h1>403 Forbidden</h1></body></html>");
	begin(s, 1, OFTEN);
	UNTIL(s->loop, s->tasks == 2 && STATE(s) == WATCH_GOOD);
	run_tasks(s->one, 7);
	UNTIL(s->loop, s->tasks == 7);
	assert_null(watch_status(s->watch).why);
}

static void
garbage_is_no_picture(void **state)
{
	static const char *const garbage[] = { "", "[{\"ID\":", "{}", "<html>", "[1,2]", "\"x\"" };
	struct scene *s = *state;

	begin(s, 1, OFTEN);
	UNTIL(s->loop, s->tasks == 2);
	for (unsigned i = 0; i < sizeof garbage / sizeof *garbage; i++) {
		fake_say(s->one, "/tasks", 200, garbage[i]);
		UNTIL(s->loop, STATE(s) == WATCH_LOST);
		assert_int_equal(s->tasks, 2);
		run_tasks(s->one, 2);
		UNTIL(s->loop, STATE(s) == WATCH_GOOD);
	}
}

static void
an_old_engine_is_said_to_be_so(void **state)
{
	struct scene *s = *state;

	snprintf(s->one->version, sizeof s->one->version, "1.39");
	begin(s, 1, OFTEN);
	UNTIL(s->loop, watch_status(s->watch).why == WHY_ENGINE_OLD);
	assert_int_equal(STATE(s), WATCH_WAITING);
	assert_int_equal(s->changes, 0);
}

static int untried_said;

static void
on_line(void *arg, enum log_level level, const char *event, const char *pairs)
{
	(void)arg;
	(void)level;
	untried_said += strcmp(event, "swarm.untried") == 0 && strstr(pairs, "1.99") != NULL;
}

/* An Engine that takes nothing as old as what Mola knows: seen and said, not waited for. */
static void
an_engine_newer_than_any_that_is_known_is_said_to_be_so_once(void **state)
{
	struct scene *s = *state;

	snprintf(s->one->version, sizeof s->one->version, "1.99");
	s->one->least = 70;
	untried_said = 0;
	log_setup("test", LOG_WARN, false);
	log_tap(on_line, NULL);
	begin(s, 1, OFTEN);
	UNTIL(s->loop, s->changes > 0);
	assert_true(STATE(s) == WATCH_GOOD && watch_status(s->watch).untried);
	assert_string_equal(watch_status(s->watch).version, "1.99");
	run_tasks(s->one, 3);
	UNTIL(s->loop, s->tasks == 3);
	assert_int_equal(untried_said, 1);
	log_tap(NULL, NULL);
	log_setup("test", LOG_ERROR, false);
}

static void
the_next_manager_takes_over(void **state)
{
	struct scene *s = *state;

	begin(s, 2, OFTEN);
	UNTIL(s->loop, s->tasks == 2 && s->one->events != NULL);
	fake_down(s->one);
	UNTIL(s->loop, s->tasks == 3 && s->two->events != NULL);
	assert_int_equal(STATE(s), WATCH_GOOD);
	assert_string_equal(watch_status(s->watch).endpoint, s->two->endpoint);
}

static void
sudden_emptiness_must_be_said_again(void **state)
{
	struct scene *s = *state;
	int asked;

	begin(s, 1, OFTEN);
	UNTIL(s->loop, s->tasks == 2);
	fake_say(s->one, "/services", 200, "[]\n");
	fake_say(s->one, "/nodes", 200, "[]\n");
	fake_say(s->one, "/tasks", 200, "[]\n");
	asked = fake_asked(s->one, "/tasks");
	UNTIL(s->loop, fake_asked(s->one, "/tasks") >= asked + 3);
	assert_int_equal(s->tasks, 2);
	swarm_of(s->one, 4);			/* it had only just come up */
	UNTIL(s->loop, s->tasks == 4);
	fake_say(s->one, "/services", 200, "[]\n");
	UNTIL(s->loop, s->tasks == 0);		/* but if it insists */
}

/* A brain that begins with a table in force: the Engine may be the one that has only just come up. */
static void
emptiness_at_first_must_be_said_again_where_there_was_something(void **state)
{
	struct scene *s = *state;
	char *endpoint[2];
	struct watch_conf c = conf_of(s, endpoint, 1, OFTEN);

	c.expected = true;
	fake_say(s->one, "/services", 200, "[]\n");
	fake_say(s->one, "/nodes", 200, "[]\n");
	fake_say(s->one, "/tasks", 200, "[]\n");
	s->watch = watch_new(s->loop, s->fetcher, &c, on_change, s);
	UNTIL(s->loop, fake_asked(s->one, "/tasks") >= 3);
	assert_int_equal(s->changes, 0);
	assert_false(swarm_is_complete(watch_swarm(s->watch)));
	swarm_of(s->one, 4);
	UNTIL(s->loop, s->tasks == 4);
	watch_free(&s->watch);
	s->changes = 0;
	fake_say(s->one, "/nodes", 200, "[]\n");
	s->watch = watch_new(s->loop, s->fetcher, &c, on_change, s);
	UNTIL(s->loop, s->changes > 0);		/* if it insists */
}

static void
another_configuration_keeps_the_picture_until_it_has_one(void **state)
{
	struct scene *s = *state;
	char *endpoint[2];
	struct watch_conf c = conf_of(s, endpoint, 1, OFTEN);
	struct engine *engine;

	begin(s, 1, OFTEN);
	UNTIL(s->loop, s->tasks == 2);
	engine = watch_engine(s->watch);
	assert_true(watch_same(s->watch, &c));
	watch_reconf(s->watch, &c);
	assert_ptr_equal(watch_engine(s->watch), engine);
	endpoint[0] = s->two->endpoint;
	assert_false(watch_same(s->watch, &c));
	fake_down(s->two);
	watch_reconf(s->watch, &c);
	UNTIL(s->loop, STATE(s) == WATCH_LOST);
	assert_int_equal(s->tasks, 2);
	fake_up(s->two);
	UNTIL(s->loop, s->tasks == 3);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_first_picture_comes_at_once),
		TEST(what_changes_is_seen_by_the_next_poll),
		TEST(what_does_not_change_makes_no_pass),
		TEST(an_event_wakes),
		TEST(an_event_of_a_config_is_passed_on_and_polls_nothing),
		TEST(many_events_make_few_rounds),
		TEST(a_socket_that_vanishes_leaves_the_picture_in_force),
		TEST(half_an_answer_is_none),
		TEST(the_file_of_a_traefik_is_read_before_anybody_goes_by_the_picture),
		TEST(a_file_that_is_not_there_serves_nobody),
		TEST(what_is_not_needed_may_be_refused),
		TEST(garbage_is_no_picture),
		TEST(an_old_engine_is_said_to_be_so),
		TEST(an_engine_newer_than_any_that_is_known_is_said_to_be_so_once),
		TEST(the_next_manager_takes_over),
		TEST(sudden_emptiness_must_be_said_again),
		TEST(emptiness_at_first_must_be_said_again_where_there_was_something),
		TEST(another_configuration_keeps_the_picture_until_it_has_one),
	};

	log_setup("test", LOG_ERROR, false);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
