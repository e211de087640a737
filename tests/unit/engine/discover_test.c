#include "engine/discover.c"

#include "fake_engine.h"
#include "admin/view.h"

static const char nodes[] = "[{\"ID\":\"n1\",\"Spec\":{\"Role\":\"manager\",\"Availability\":\"active\"},"
    "\"Description\":{\"Hostname\":\"one\",\"Resources\":{\"NanoCPUs\":2000000000,\"MemoryBytes\":1073741824}},"
    "\"Status\":{\"State\":\"ready\",\"Addr\":\"10.0.0.1\"}}]";

#define SERVICE(id, name, labels) "{\"ID\":\"" id "\",\"CreatedAt\":\"2024-01-0" id "T00:00:00.000000000Z\",\"Spec\":{\"Name\":\"" name \
    "\",\"Labels\":{" labels "},\"TaskTemplate\":{},\"Mode\":{\"Replicated\":{\"Replicas\":1}}}}"
#define TASK(id, service) "{\"ID\":\"t" id "\",\"ServiceID\":\"" service "\",\"Slot\":1,\"NodeID\":\"n1\",\"DesiredState\":\"running\",\"Spec\":{}," \
    "\"Status\":{\"State\":\"running\"},\"NetworksAttachments\":[{\"Network\":{\"ID\":\"net1\",\"Spec\":{\"Name\":\"front\"}}," \
    "\"Addresses\":[\"10.0.9." id "/24\"]}]}"

static const char services[] = "[" SERVICE("1", "shop", "\"mola.host\":\"shop.test\",\"mola.port\":\"80\",\"mola.idle\":\"soon\"") ","
    SERVICE("2", "second", "\"mola.host\":\"shop.test\",\"mola.port\":\"80\"") ","
    SERVICE("3", "balancer", "\"mola.self\":\"true\"") "," SERVICE("4", "quiet", "") ","
    SERVICE("5", "admin", "\"traefik.http.routers.a.rule\":\"Host(`admin.test`)\",\"traefik.http.routers.a.middlewares\":\"auth\"") "]";

struct stage {
	struct loop	*loop;
	struct fetcher	*fetcher;
	struct fake	*fake;
	struct live	*live;
	struct phys	*phys;
	struct world	*world;
	struct conf	*conf;
	struct discover	*discover;
	int		 passes;
};

static char logged[8192];

static void
tap(void *arg, enum log_level level, const char *event, const char *pairs)
{
	size_t n = strlen(logged);

	(void)arg;
	if (level >= LOG_INFO)
		snprintf(logged + n, sizeof logged - n, "%s %s\n", event, pairs);
}

static unsigned
times_logged(const char *words)
{
	unsigned n = 0;

	for (const char *p = logged; (p = strstr(p, words)) != NULL; p++)
		n++;
	return n;
}

static void
on_pass(void *arg)
{
	struct stage *s = arg;

	s->passes++;
	discover_pass(s->discover);
}

static struct conf *
conf_with(struct stage *s, const char *swarm)
{
	char text[1024];
	struct conf *c;
	struct buf errors;

	snprintf(text, sizeof text, "listen: 127.0.0.1:1\nnodes: [ { name: here } ]\nservices:\n- name: old\n  host: old.test\n"
	    "  tasks: [ { node: here, address: '127.0.0.1:81' } ]\n%s", swarm);
	if (strstr(text, "ENDPOINT") != NULL)
		snprintf(strstr(text, "ENDPOINT"), 400, "%s, poll: 100ms, network: front }\n", s->fake->endpoint);
	buf_init(&errors, 4096);
	c = conf_parse(str_of(text), "m", &errors);
	if (c == NULL)
		fail_msg("%.*s", (int)errors.len, errors.p);
	buf_fini(&errors);
	return c;
}

static int
setup(void **state)
{
	struct stage *s = must_zalloc(sizeof *s);

	s->loop = loop_new();
	s->fetcher = fetcher_new(s->loop);
	s->fake = fake_new(s->loop, false);
	s->live = live_init(must_zalloc(live_bytes()), 1);
	s->phys = phys_init(must_zalloc(phys_bytes()));
	s->world = world_new(s->live, s->phys);
	fake_say(s->fake, "/nodes", 200, nodes);
	fake_say(s->fake, "/services", 200, services);
	fake_say(s->fake, "/tasks", 200, "[" TASK("1", "1") "," TASK("2", "2") "," TASK("3", "3") "," TASK("4", "3") "]");
	fake_say(s->fake, "/networks", 200, "[{\"Name\":\"front\",\"Id\":\"net1\",\"Scope\":\"swarm\",\"Driver\":\"overlay\"}]");
	s->conf = conf_with(s, "swarm: { endpoint: ENDPOINT");
	logged[0] = '\0';
	log_tap(tap, NULL);
	s->discover = discover_new(s->loop, s->fetcher, s->world, on_pass, s);
	*state = s;
	return 0;
}

static int
teardown(void **state)
{
	struct stage *s = *state;

	discover_free(&s->discover);
	fetcher_free(&s->fetcher);
	fake_free(s->fake);
	loop_turn(s->loop, 0);
	world_free(&s->world);
	loop_free(&s->loop);
	conf_free(&s->conf);
	log_tap(NULL, NULL);
	free(s->live);
	free(s->phys);
	free(s);
	return 0;
}

static void
the_files_and_the_swarms_stand_side_by_side(void **state)
{
	struct stage *s = *state;

	discover_reconf(s->discover, s->conf);
	assert_false(discover_is_ready(s->discover));
	discover_pass(s->discover);
	assert_int_equal(s->world->nservices, 1);
	UNTIL(s->loop, s->passes > 0);
	assert_true(discover_is_ready(s->discover));
	assert_non_null(world_service(s->world, STR("old")));
	assert_non_null(world_service(s->world, STR("shop")));
	assert_null(world_service(s->world, STR("second")));
	assert_null(world_service(s->world, STR("quiet")));
	assert_non_null(world_node(s->world, STR("one")));
	assert_true(discover_balancers(s->discover) == 2);
}

/* What is known of a Traefik without its file is not enough to go by. */
static void
the_swarm_is_seen_when_the_files_of_traefiks_are(void **state)
{
	struct stage *s = *state;

	fake_say(s->fake, "/services", 200, "[" SERVICE("1", "shop", "\"mola.host\":\"shop.test\",\"mola.port\":\"80\"") ",{\"ID\":\"2\",\"Spec\":{"
	    "\"Name\":\"edge\",\"TaskTemplate\":{\"ContainerSpec\":{\"Image\":\"traefik\",\"Configs\":[{\"File\":{\"Name\":"
	    "\"/etc/traefik/traefik.yml\"},\"ConfigID\":\"cfg1\"}]}}}}]");
	fake_say(s->fake, "/configs/cfg1", 404, "{}");
	discover_reconf(s->discover, s->conf);
	while (fake_asked(s->fake, "/configs/cfg1") == 0) {
		assert_false(discover_is_ready(s->discover));
		loop_turn(s->loop, 10 * USEC_PER_MSEC);
	}
	UNTIL(s->loop, discover_is_ready(s->discover));
}

static void
what_is_wrong_is_said_once(void **state)
{
	struct stage *s = *state;
	int asked;

	discover_reconf(s->discover, s->conf);
	UNTIL(s->loop, s->passes > 0);
	asked = fake_asked(s->fake, "/tasks");
	for (int i = 0; i < 3; i++)
		discover_pass(s->discover);
	UNTIL(s->loop, fake_asked(s->fake, "/tasks") >= asked + 2);
	assert_int_equal(times_logged("label.refused service=shop label=mola.idle"), 1);
	assert_int_equal(times_logged("service.unserved service=second why=route_taken"), 1);
	assert_int_equal(times_logged("service=quiet"), 0);
	assert_int_equal(times_logged("upgrade.unserved services=admin"), 1);
}

static const json_t *
named(const json_t *all, const char *name)
{
	const json_t *j;
	size_t i;

	json_array_foreach(json_object_get(all, "services"), i, j)
		if (strcmp(json_string_value(json_object_get(j, "name")), name) == 0)
			return j;
	return NULL;
}

static const char *
text_at(const json_t *service, const char *list, size_t i, const char *key)
{
	return json_string_value(json_object_get(json_array_get(json_object_get(service, list), i), key));
}

/* /api/v1/services, written in slices, as a client parses it */
static json_t *
services_of(const struct admin_view *v)
{
	struct view_walk walk = { 0 };
	struct buf out;
	json_t *all;

	buf_init(&out, 1 << 20);
	view_services_start(&walk, v, &out);
	while (view_services_next(&walk, v, &out))
		;
	view_walk_end(&walk);
	all = json_loadb(out.p, out.len, 0, NULL);
	assert_non_null(all);
	buf_fini(&out);
	return all;
}

static void
the_api_tells_of_labels_and_of_who_is_not_served(void **state)
{
	struct stage *s = *state;
	struct rates *rates = rates_new();
	struct admin_view v = { .world = s->world, .rates = rates, .discover = s->discover };
	json_t *all;

	discover_reconf(s->discover, s->conf);
	UNTIL(s->loop, s->passes > 0);
	v.now_usec = loop_now(s->loop);
	all = services_of(&v);
	assert_string_equal(json_string_value(json_object_get(named(all, "old"), "origin")), "file");
	assert_int_equal(json_array_size(json_object_get(named(all, "old"), "labels")), 0);
	assert_string_equal(json_string_value(json_object_get(named(all, "shop"), "origin")), "swarm");
	assert_true(json_is_true(json_object_get(named(all, "shop"), "served")));
	assert_string_equal(text_at(named(all, "shop"), "labels", 0, "state"), "understood");
	assert_string_equal(text_at(named(all, "shop"), "labels", 1, "label"), "mola.idle");
	assert_string_equal(text_at(named(all, "shop"), "labels", 1, "state"), "wrong");
	assert_non_null(strstr(text_at(named(all, "shop"), "labels", 1, "text"), "expected"));
	assert_true(json_is_false(json_object_get(named(all, "second"), "served")));
	assert_string_equal(text_at(named(all, "second"), "troubles", 0, "why"), "route_taken");
	assert_null(named(all, "quiet"));
	json_decref(all);

	all = view_swarm(&v);
	assert_string_equal(json_string_value(json_object_get(all, "state")), "good");
	assert_string_equal(json_string_value(json_object_get(all, "endpoint")), s->fake->endpoint);
	assert_true(json_number_value(json_object_get(all, "balancers")) == 2);
	json_decref(all);
	rates_free(&rates);
}

static const char *
summary_of(const struct stage *s, const char *name, json_t **answer)
{
	*answer = view_why_unserved(swarm_report_find(discover_report(s->discover), str_of(name)));
	assert_true(json_is_false(json_object_get(*answer, "served")));
	return json_string_value(json_object_get(*answer, "summary"));
}

static void
why_tells_of_services_that_are_not_served(void **state)
{
	struct stage *s = *state;
	json_t *answer;

	discover_reconf(s->discover, s->conf);
	UNTIL(s->loop, s->passes > 0);
	assert_non_null(strstr(summary_of(s, "second", &answer), "second is not served: shop.test/ belongs to shop"));
	assert_string_equal(text_at(answer, "troubles", 0, "why"), "route_taken");
	json_decref(answer);
	assert_non_null(strstr(summary_of(s, "quiet", &answer), "quiet is not served: it has no label"));
	json_decref(answer);
	assert_non_null(strstr(summary_of(s, "balancer", &answer), "balancer is not served: its labels do not request it"));
	json_decref(answer);
}

static void
without_the_section_there_is_no_swarm(void **state)
{
	struct stage *s = *state;
	struct admin_view v = { .world = s->world, .discover = s->discover };
	struct conf *none = conf_with(s, "");
	json_t *j;

	discover_reconf(s->discover, s->conf);
	UNTIL(s->loop, s->passes > 0);
	assert_true(discover_keeps_engine(s->discover, s->conf));
	assert_false(discover_keeps_engine(s->discover, none));
	discover_reconf(s->discover, none);
	assert_true(discover_is_ready(s->discover));
	discover_pass(s->discover);
	assert_int_equal(s->world->nservices, 1);
	assert_null(discover_watch(s->discover));
	assert_true(discover_balancers(s->discover) == 1);
	j = view_swarm(&v);
	assert_string_equal(json_string_value(json_object_get(j, "state")), "off");
	json_decref(j);
	conf_free(&none);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_files_and_the_swarms_stand_side_by_side),
		TEST(the_swarm_is_seen_when_the_files_of_traefiks_are),
		TEST(what_is_wrong_is_said_once),
		TEST(the_api_tells_of_labels_and_of_who_is_not_served),
		TEST(why_tells_of_services_that_are_not_served),
		TEST(without_the_section_there_is_no_swarm),
	};

	log_setup("test", LOG_INFO, false);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
