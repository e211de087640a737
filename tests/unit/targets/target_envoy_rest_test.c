/* target_envoy_rest: what Envoys are answered at the door, and what their questions tell of what they took. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "targets/target_envoy_rest.c"

/* ---- around it: a target that records what is reported, and a request of the test ---- */

static struct envoy_resource said[2];
static struct envoy_target envoy;
static struct loop *loop;
static const struct why *refused_why;
static char refused_detail[ENVOY_DETAIL];
static unsigned taken;
static char question[1000], replied[4000];
static int replied_status;
static struct addr peer;

struct loop *
target_loop(const struct target *t)
{
	(void)t;
	return loop;
}

void
target_applied(struct target *t)
{
	(void)t;
	taken++;
}

void
target_not_applied(struct target *t, const struct why *why, const char *detail)
{
	(void)t;
	refused_why = why;
	snprintf(refused_detail, sizeof refused_detail, "%s", detail);
}

struct envoy_resource *
envoy_find_resource(const struct envoy_target *e, const char *cluster)
{
	for (unsigned i = 0; i < e->nresources; i++)
		if (strcmp(e->resource[i].cluster, cluster) == 0)
			return &e->resource[i];
	return NULL;
}

struct str
request_body(const struct request *x)
{
	(void)x;
	return str_of(question);
}

const struct addr *
request_peer(const struct request *x)
{
	(void)x;
	return &peer;
}

void
request_reply(struct request *x, int status, const char *type, struct str body, const char *fields)
{
	(void)x;
	(void)type;
	(void)fields;
	replied_status = status;
	str_copy(replied, sizeof replied, body);
}

/* ---- the tests' words ---- */

static void
say(unsigned i, const char *cluster, const char *version)
{
	struct envoy_resource *s = &said[i];

	s->cluster = (char *)(uintptr_t)cluster;
	s->current = true;
	snprintf(s->version, sizeof s->version, "%s", version);
	json_decref(s->assignment);
	s->assignment = json_pack("{s:s}", "cluster_name", cluster);
	buf_clear(&s->text);
	buf_printf(&s->text, "%s in version %s", cluster, version);
	envoy.published_usec = loop_now(loop);
}

static int
setup(void **state)
{
	(void)state;
	loop = loop_new();
	envoy = (struct envoy_target){ .resource = said, .nresources = 2, .subscribers = envoy_subscribers_new() };
	for (int i = 0; i < 2; i++)
		buf_init(&said[i].text, 1000);
	assert_null(addr_parse(STR("10.0.0.7:1234"), &peer));
	refused_why = NULL;
	taken = 0;
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		json_decref(said[i].assignment);
		buf_fini(&said[i].text);
		said[i] = (struct envoy_resource){ 0 };
	}
	envoy_subscribers_free(&envoy.subscribers);
	loop_free(&loop);
	return 0;
}

static void
ask(const char *node, const char *cluster, const char *has)
{
	snprintf(question, sizeof question, "{\"node\":{\"id\":\"%s\"},\"resource_names\":[\"%s\"],\"version_info\":\"%s\"}", node, cluster, has);
	envoy_respond(&envoy, NULL);
}

static void
judge(void)
{
	taken = 0;
	refused_why = NULL;
	envoy_subscribers_check(&envoy, loop_now(loop));
}

static void
before_anything_is_known_nothing_is_said(void **state)
{
	(void)state;
	ask("edge-1", "web", "");
	assert_int_equal(replied_status, 503);
	say(0, "web", "a");
	ask("edge-1", "web", "");
	assert_int_equal(replied_status, 200);
	assert_string_equal(replied, "web in version a");
}

static void
each_is_told_of_what_it_asked_for(void **state)
{
	json_t *j;

	(void)state;
	say(0, "web", "a");
	say(1, "api", "b");
	ask("edge-1", "nobody", "");
	assert_non_null(strstr(replied, "\"resources\": []"));
	strcpy(question, "{}");
	envoy_respond(&envoy, NULL);
	j = json_loads(replied, 0, NULL);
	assert_int_equal(json_array_size(json_object_get(j, "resources")), 2);
	json_decref(j);
	said[0].current = false;		/* it has no tasks now: what Envoy has is not taken back, nor renewed */
	ask("edge-1", "web", "a");
	assert_non_null(strstr(replied, "\"resources\": []"));
	strcpy(question, "what?");
	envoy_respond(&envoy, NULL);
	assert_int_equal(replied_status, 400);
	assert_non_null(strstr(replied, "DiscoveryRequest"));
}

static void
it_is_taken_when_all_have_it(void **state)
{
	(void)state;
	say(0, "web", "a");
	ask("edge-1", "web", "");
	ask("edge-2", "web", "");
	ask("edge-1", "web", "a");
	judge();
	assert_int_equal(taken, 0);		/* edge-2 has not said so yet */
	assert_null(refused_why);
	ask("edge-2", "web", "a");
	judge();
	assert_int_equal(taken, 1);
	say(0, "web", "b");
	judge();
	assert_int_equal(taken, 0);
}

static void
who_keeps_something_else_has_refused_it(void **state)
{
	(void)state;
	say(0, "web", "a");
	ask("edge-1", "web", "");
	ask("edge-1", "web", "a");
	say(0, "web", "b");
	ask("edge-1", "web", "a");		/* it could not know */
	ask("edge-1", "web", "a");		/* it could; but another of the same name may have asked in between */
	judge();
	assert_null(refused_why);
	ask("edge-1", "web", "a");
	judge();
	assert_ptr_equal(refused_why, WHY_PROXY_REFUSED);
	assert_non_null(strstr(refused_detail, "edge-1 at 10.0.0.7"));
	assert_non_null(strstr(refused_detail, "cluster web"));
	ask("edge-1", "web", "b");
	judge();
	assert_int_equal(taken, 1);
}

static void
one_that_starts_anew_has_refused_nothing(void **state)
{
	(void)state;
	say(0, "web", "a");
	ask("edge-1", "web", "");
	ask("edge-1", "web", "a");
	ask("edge-1", "web", "");		/* it was started anew */
	judge();
	assert_null(refused_why);
	assert_int_equal(taken, 0);
	ask("edge-1", "web", "");		/* and does not want it any more */
	judge();
	assert_ptr_equal(refused_why, WHY_PROXY_REFUSED);
	assert_non_null(strstr(refused_detail, "has nothing of cluster web"));
}

static void
silence_is_told(void **state)
{
	(void)state;
	say(0, "web", "a");
	envoy_subscribers_check(&envoy, loop_now(loop) + IDLE_USEC);
	assert_null(refused_why);
	envoy_subscribers_check(&envoy, loop_now(loop) + IDLE_USEC + 1);
	assert_ptr_equal(refused_why, WHY_PROXY_GONE);
	refused_why = NULL;
	ask("edge-1", "web", "a");
	envoy_subscribers_check(&envoy, loop_now(loop) + IDLE_USEC);
	assert_null(refused_why);
	assert_int_equal(taken, 1);
}

static void
a_crowd_is_bounded(void **state)
{
	char name[32];

	(void)state;
	say(0, "web", "a");
	for (unsigned i = 0; i < 2 * SUBSCRIBERS_MAX; i++) {
		snprintf(name, sizeof name, "edge-%u", i);
		ask(name, "web", "a");
	}
	assert_int_equal(envoy.subscribers->n, SUBSCRIBERS_MAX);
	judge();
	assert_int_equal(taken, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(before_anything_is_known_nothing_is_said, setup, teardown),
		cmocka_unit_test_setup_teardown(each_is_told_of_what_it_asked_for, setup, teardown),
		cmocka_unit_test_setup_teardown(it_is_taken_when_all_have_it, setup, teardown),
		cmocka_unit_test_setup_teardown(who_keeps_something_else_has_refused_it, setup, teardown),
		cmocka_unit_test_setup_teardown(one_that_starts_anew_has_refused_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(silence_is_told, setup, teardown),
		cmocka_unit_test_setup_teardown(a_crowd_is_bounded, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
