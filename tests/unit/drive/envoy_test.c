/* envoy: a plan becomes what Envoy accepts, and never what it refuses or what would send requests to those that go. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "drive/envoy.c"

#define SERVERS_MAX	8

struct stage {
	struct plan_server server[SERVERS_MAX];
	struct plan_service service;
	char	 name[SERVERS_MAX][16];
};

static void
server_add(struct stage *st, const char *addr, unsigned weight)
{
	unsigned n = st->service.nservers++;
	struct plan_server *v = &st->server[n];

	snprintf(st->name[n], sizeof st->name[n], "web.%u", n + 1);
	*v = (struct plan_server){ .name = st->name[n], .node = "a", .weight = weight, .draining = weight == 0 };
	assert_null(addr_parse(str_of(addr), &v->addr));
	st->service.nserving += weight > 0;
	st->service.server = st->server;
	st->service.name = "web";
}

static const json_t *
told(const json_t *assignment, unsigned i)
{
	const json_t *place = json_array_get(json_object_get(assignment, "endpoints"), 0);

	return json_array_get(json_object_get(place, "lb_endpoints"), i);
}

static const char *
health(const json_t *assignment, unsigned i)
{
	return json_string_value(json_object_get(told(assignment, i), "health_status"));
}

static long long
weight(const json_t *assignment, unsigned i)
{
	return json_integer_value(json_object_get(told(assignment, i), "load_balancing_weight"));
}

static void
a_server_is_an_endpoint(void **state)
{
	struct stage st = { 0 };
	const json_t *socket;
	json_t *j;

	(void)state;
	server_add(&st, "10.0.0.1:8080", 1000);
	server_add(&st, "[fd00::1]:81", 7);
	j = envoy_assignment(&st.service, "edge-web", 0);
	assert_string_equal(json_string_value(json_object_get(j, "cluster_name")), "edge-web");
	assert_string_equal(json_string_value(json_object_get(j, "@type")), ENVOY_TYPE);
	assert_null(json_object_get(j, "policy"));
	assert_int_equal(weight(j, 0), 1000);
	assert_string_equal(health(j, 0), "HEALTHY");
	socket = json_object_get(json_object_get(json_object_get(told(j, 1), "endpoint"), "address"), "socket_address");
	assert_string_equal(json_string_value(json_object_get(socket, "address")), "fd00::1");
	assert_int_equal(json_integer_value(json_object_get(socket, "port_value")), 81);
	assert_null(told(j, 2));
	json_decref(j);
}

static void
those_that_drain_are_named(void **state)
{
	struct stage st = { 0 };
	json_t *j;

	(void)state;
	server_add(&st, "10.0.0.1:80", 5);
	server_add(&st, "10.0.0.2:80", 0);
	j = envoy_assignment(&st.service, "web", 0);
	assert_string_equal(health(j, 1), "DRAINING");
	assert_int_equal(weight(j, 1), 1);		/* 0 is not valid */
	json_decref(j);

	server_add(&st, "10.0.0.3:80", 0);		/* more than half: left out they would keep their share where checks pass */
	j = envoy_assignment(&st.service, "web", 0);
	assert_string_equal(health(j, 0), "HEALTHY");
	assert_string_equal(health(j, 1), "DRAINING");
	assert_string_equal(health(j, 2), "DRAINING");
	json_decref(j);
}

static bool
ours(json_t *assignment, const char *cluster)
{
	json_t *all = json_pack("[o]", assignment);
	char version[ENVOY_VERSION];
	struct buf out;
	bool is;

	buf_init(&out, 1 << 20);
	envoy_response_write(all, &out, version);
	is = envoy_is_from_mola(buf_str(&out), cluster);
	buf_fini(&out);
	json_decref(all);
	return is;
}

static void
what_is_ours_to_take_away(void **state)
{
	struct stage st = { 0 };
	json_t *none = envoy_assignment_empty("web");

	(void)state;
	server_add(&st, "10.0.0.1:80", 5);
	assert_true(ours(envoy_assignment(&st.service, "web", 0), "web"));
	assert_false(ours(envoy_assignment(&st.service, "web", 0), "api"));
	assert_int_equal(json_array_size(json_object_get(none, "endpoints")), 0);
	assert_false(ours(none, "web"));
	assert_false(envoy_is_from_mola(STR("{\"resources\":[{\"cluster_name\":\"web\",\"endpoints\":[{\"lb_endpoints\":[{}]}]}]}"), "web"));
	assert_false(envoy_is_from_mola(STR(""), "web"));
}

static void
when_all_drain_nobody_does(void **state)
{
	struct stage st = { 0 };
	json_t *j;

	(void)state;
	server_add(&st, "10.0.0.1:80", 0);
	server_add(&st, "10.0.0.2:80", 0);
	j = envoy_assignment(&st.service, "web", 0);
	for (unsigned i = 0; i < 2; i++) {
		assert_string_equal(health(j, i), "HEALTHY");
		assert_int_equal(weight(j, i), 1);
	}
	json_decref(j);
}

static void
endpoints_may_grow_stale(void **state)
{
	struct stage st = { 0 };
	const char *after;
	json_t *j;

	(void)state;
	server_add(&st, "10.0.0.1:80", 5);
	j = envoy_assignment(&st.service, "web", 1500000);
	after = json_string_value(json_object_get(json_object_get(j, "policy"), "endpoint_stale_after"));
	assert_string_equal(after, "1.500000s");
	json_decref(j);
}

/* The version in `out` of a response with what the stage's service has now. */
static void
version_now(struct stage *st, char out[ENVOY_VERSION])
{
	json_t *all = json_pack("[o]", envoy_assignment(&st->service, "web", 0)), *back;
	struct buf text;

	buf_init(&text, 1 << 20);
	envoy_response_write(all, &text, out);
	back = json_loadb(text.p, text.len, JSON_REJECT_DUPLICATES, NULL);
	assert_string_equal(json_string_value(json_object_get(back, "version_info")), out);
	assert_true(json_equal(json_object_get(back, "resources"), all));
	json_decref(back);
	json_decref(all);
	buf_fini(&text);
}

static void
the_same_words_have_the_same_version(void **state)
{
	char first[ENVOY_VERSION], again[ENVOY_VERSION], other[ENVOY_VERSION];
	struct stage st = { 0 };

	(void)state;
	server_add(&st, "10.0.0.1:80", 5);
	version_now(&st, first);
	version_now(&st, again);
	st.server[0].weight = 6;
	version_now(&st, other);
	assert_string_equal(first, again);
	assert_string_not_equal(first, other);
}

/* --- questions --- */

static void
a_question_of_envoy_is_understood(void **state)
{
	struct envoy_request q;
	char detail[ENVOY_DETAIL];

	(void)state;
	assert_true(envoy_request_parse(STR("{\"version_info\":\"00ab\",\"node\":{\"id\":\"edge-1\",\"cluster\":\"edge\",\"extensions\":[{}]},"
	    "\"resource_names\":[\"web\"],\"type_url\":\"" ENVOY_TYPE "\"}"), &q, detail));
	assert_string_equal(q.node, "edge-1");
	assert_string_equal(q.version, "00ab");
	assert_string_equal(json_string_value(json_array_get(q.names, 0)), "web");
	envoy_request_free(&q);

	assert_true(envoy_request_parse(STR("{}"), &q, detail));		/* a curious human being */
	assert_string_equal(q.version, "");
	assert_null(q.names);
	envoy_request_free(&q);
}

static void
other_questions_are_refused_in_words(void **state)
{
	static const struct { const char *body, *says; } bad[] = {
		{ "", "not JSON" }, { "{", "not JSON" }, { "[]", "not an object" }, { "{\"node\":1}", "node" },
		{ "{\"node\":{\"id\":1}}", "node" }, { "{\"node\":{\"id\":\"\\u0007\"}}", "node" },
		{ "{\"version_info\":1}", "version_info" }, { "{\"resource_names\":\"web\"}", "resource_names" },
		{ "{\"resource_names\":[1]}", "resource_names" },
		{ "{\"type_url\":\"type.googleapis.com/envoy.config.cluster.v3.Cluster\"}", "type_url" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct envoy_request q = { .json = NULL };
		char detail[ENVOY_DETAIL] = "";
		assert_false(envoy_request_parse(str_of(bad[i].body), &q, detail));
		assert_null(q.json);
		if (strstr(detail, bad[i].says) == NULL)
			fail_msg("%s: %s", bad[i].body, detail);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_server_is_an_endpoint),
		cmocka_unit_test(those_that_drain_are_named),
		cmocka_unit_test(what_is_ours_to_take_away),
		cmocka_unit_test(when_all_drain_nobody_does),
		cmocka_unit_test(endpoints_may_grow_stale),
		cmocka_unit_test(the_same_words_have_the_same_version),
		cmocka_unit_test(a_question_of_envoy_is_understood),
		cmocka_unit_test(other_questions_are_refused_in_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
