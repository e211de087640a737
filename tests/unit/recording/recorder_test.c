/* recorder: what it writes, the reader reads: counts since it began, changes only, and no name unless wished. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "recording/reader.h"
#include "recording/recorder.c"
#include "score/steer.h"

#define MSEC	INT64_C(1000)

struct scene {
	struct live	*live;
	struct phys	*phys;
	struct world	*world;
	struct steer	*steer;
	struct recorder	*recorder;
	struct recorded_law law;
	const char	*container;	/* of shop.1 and another service's task; NULL: there is no such */
	int64_t		 slow_start_usec;
	struct buf	 text;
	int64_t		 now;
};

/* `second`: whether the service's second task is there. */
static void
discover(struct scene *s, bool second, bool draining)
{
	struct service_conf conf = { .tenants = TENANTS_POLITE, .slow_start_usec = s->slow_start_usec, .connect_usec = 1, .response_usec = 1, .idle_usec = 1, .tunnel_usec = 1 };
	struct route_conf route = { .host = (char *)"secret.example.org", .path = (char *)"/hidden" };
	struct world_service *w;
	struct world_task *t;
	struct addr a;

	assert_null(addr_parse(STR("10.9.8.7:80"), &a));
	world_pass_begin(s->world);
	assert_non_null(world_pass_node(s->world, &(struct world_node){ .name = (char *)"alpha" }));
	assert_non_null(world_pass_node(s->world, &(struct world_node){ .name = (char *)"be ta" }));
	w = world_pass_service(s->world, "shop", &conf, &route, 1);
	t = world_pass_task(s->world, w, "shop.1", "alpha", &a, draining);
	assert_non_null(t);
	world_pass_task_container(s->world, t, s->container);
	if (s->container != NULL) {
		t = world_pass_task(s->world, world_pass_service(s->world, "stall", &conf, &route, 1), "stall.1", "alpha", &a, false);
		assert_non_null(t);
		world_pass_task_container(s->world, t, s->container);
	}
	if (second)
		assert_non_null(world_pass_task(s->world, w, "shop.2", "be ta", &a, false));
	world_pass_end(s->world);
}

static int
set_up(void **state)
{
	struct scene *s = must_zalloc(sizeof *s);

	s->live = live_init(memset(aligned_alloc(64, live_bytes()), 0, live_bytes()), 2);
	s->phys = phys_init(must_zalloc(phys_bytes()));
	s->world = world_new(s->live, s->phys);
	s->steer = steer_new(s->world);
	s->now = 1000 * USEC_PER_SEC;
	s->law = (struct recorded_law){ .period_usec = USEC_PER_SEC, .balancers = 1, .best_node_period_usec = 5 * USEC_PER_SEC,
	    .cpu_weight = 0.8, .ram_weight = 0.2, .scores_due_usec = s->now + 7 };
	buf_init(&s->text, 1 << 20);
	discover(s, true, false);
	steer_tick(s->steer, s->now);
	*state = s;
	return 0;
}

static int
tear_down(void **state)
{
	struct scene *s = *state;

	recorder_free(&s->recorder);
	steer_free(&s->steer);
	world_free(&s->world);
	buf_fini(&s->text);
	free(s->live);
	free(s->phys);
	free(s);
	return 0;
}

static void
begin(struct scene *s, bool names)
{
	s->recorder = recorder_new(s->world, &s->law, names, s->now, 1, &s->text);
}

static void
tick(struct scene *s)
{
	s->now += 100 * MSEC;
	steer_tick(s->steer, s->now);
	recorder_tick(s->recorder, &s->law, s->now, &s->text);
}

static struct recording *
read_back(struct scene *s)
{
	char error[READER_ERROR_MAX];
	struct recording *r = reader_read(buf_str(&s->text), error);

	assert_string_equal(error, "");
	return r;
}

static const struct recorded *
find(const struct recording *r, enum recorded_kind kind, unsigned nth)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->event[i].kind == kind && nth-- == 0)
			return &r->event[i];
	return NULL;
}

static bool
has(const struct scene *s, const char *word)
{
	return memmem(s->text.p, s->text.len, word, strlen(word)) != NULL;
}

static void
requests_are_counted_from_its_beginning(void **state)
{
	struct scene *s = *state;
	struct recording *r;

	for (int i = 0; i < 5; i++)
		live_take(s->live, 0, 0, 0);
	begin(s, false);
	tick(s);
	live_take(s->live, 1, 0, 0);
	live_take(s->live, 1, 1, 1);
	live_give(s->live, 0, 0, 0);
	live_count_response(s->live, 0, 200, 3000);
	for (int i = 0; i < 10; i++)
		tick(s);
	recorder_end(s->recorder, s->now, &s->text);
	r = read_back(s);
	assert_int_equal(find(r, RECORDED_TASK, 0)->task->inflight, 5);
	assert_int_equal(find(r, RECORDED_ARRIVED, 0)->count, 2);
	assert_null(find(r, RECORDED_ARRIVED, 1));
	assert_int_equal(find(r, RECORDED_DID, 0)->did->picks, 1);
	assert_int_equal(find(r, RECORDED_DID, 0)->did->ended, 1);
	assert_int_equal(find(r, RECORDED_DID, 0)->did->duration_usec, 3000);
	assert_int_equal(find(r, RECORDED_DID, 0)->did->step[0].step, latency_step(3000));
	assert_int_equal(find(r, RECORDED_DID, 1)->did->picks, 1);
	assert_int_equal(r->length_usec, 1100 * MSEC);
	assert_false(r->cut);
	recording_free(&r);
}

static void
what_exists_is_written_when_it_changes(void **state)
{
	struct scene *s = *state;
	struct recording *r;
	size_t after;

	begin(s, false);
	tick(s);
	discover(s, true, true);
	tick(s);
	after = s->text.len;
	discover(s, true, true);		/* nothing new */
	tick(s);
	assert_null(memmem(s->text.p + after, s->text.len - after, "task", 4));
	assert_null(memmem(s->text.p + after, s->text.len - after, "node", 4));
	discover(s, false, true);
	world_drain(s->world, world_node(s->world, STR("alpha")), true);
	tick(s);
	r = read_back(s);
	assert_true(find(r, RECORDED_TASK, 2)->task->draining);
	assert_null(find(r, RECORDED_TASK, 3));
	assert_int_equal(find(r, RECORDED_GONE_TASK, 0)->id, 1);
	assert_true(find(r, RECORDED_NODE, 2)->node->drained);
	assert_int_equal(find(r, RECORDED_SERVICE, 0)->service->tenants, TENANTS_POLITE);
	assert_int_equal(find(r, RECORDED_LAW, 0)->law->scores_due_usec, 7);
	assert_true(r->cut);
	recording_free(&r);
}

static void
states_and_penalties_are_written_as_they_come(void **state)
{
	struct scene *s = *state;
	struct outlier_failure f = { .weight = OUTLIER_LIGHT, .cost = 8 };
	struct recording *r;

	begin(s, false);
	tick(s);
	live_set_health(s->live, 1, HEALTH_DOWN);
	live_failed(s->live, 0, &f, s->now + 100 * MSEC);
	tick(s);
	tick(s);				/* it fades: no line */
	live_set_health(s->live, 1, HEALTH_UP);
	tick(s);
	r = read_back(s);
	assert_int_equal(find(r, RECORDED_STATE, 0)->state, RECORDED_DOWN);
	assert_int_equal(find(r, RECORDED_STATE, 1)->state, RECORDED_USED);
	assert_null(find(r, RECORDED_STATE, 2));
	assert_true(fabs(find(r, RECORDED_PENALTY, 0)->amount - 8) < 0.1);
	assert_null(find(r, RECORDED_PENALTY, 1));
	recording_free(&r);
}

/* Once each time that a task comes into use, and only while that matters. */
static void
what_is_new_or_degraded_is_written(void **state)
{
	struct scene *s = *state;
	struct recording *r;

	s->slow_start_usec = 30 * USEC_PER_SEC;
	discover(s, true, false);
	live_set_since(s->live, 0, s->now - 31 * USEC_PER_SEC);
	live_set_since(s->live, 1, s->now - 10 * USEC_PER_SEC);
	live_set_health(s->live, 0, HEALTH_DEGRADED);
	begin(s, false);
	tick(s);
	tick(s);
	live_set_health(s->live, 0, HEALTH_UP);
	live_set_since(s->live, 0, s->now);
	tick(s);
	r = read_back(s);
	assert_int_equal(find(r, RECORDED_SERVICE, 0)->service->slow_start_usec, 30 * USEC_PER_SEC);
	assert_int_equal(find(r, RECORDED_STATE, 0)->state, RECORDED_DEGRADED);
	assert_int_equal(find(r, RECORDED_STATE, 1)->state, RECORDED_USED);
	assert_int_equal(find(r, RECORDED_SINCE, 0)->id, 1);
	assert_int_equal(find(r, RECORDED_SINCE, 0)->usec, -10 * USEC_PER_SEC);
	assert_int_equal(find(r, RECORDED_SINCE, 1)->id, 0);
	assert_true(find(r, RECORDED_SINCE, 1)->usec > 0);
	assert_null(find(r, RECORDED_SINCE, 2));
	recording_free(&r);
}

static void
what_containers_could_have_is_written_when_it_changes(void **state)
{
	static const double told[] = { NAN, 0.25, 0.25, NAN, 1.5 };
	struct scene *s = *state;
	struct world_task *t = world_task(s->world, STR("shop.2"));
	struct recording *r;

	phys_set_available(s->phys, world_task(s->world, STR("shop.1"))->slot, 2);	/* before it began */
	begin(s, false);
	for (unsigned i = 0; i < sizeof told / sizeof *told; i++) {
		world_task_set_available(s->world, t, told[i], s->now);
		tick(s);
	}
	r = read_back(s);
	assert_true(find(r, RECORDED_AVAILABLE, 0)->amount == 2);
	assert_true(find(r, RECORDED_AVAILABLE, 1)->amount == 0.25);
	assert_int_equal(find(r, RECORDED_AVAILABLE, 1)->id, t->slot);
	assert_true(isnan(find(r, RECORDED_AVAILABLE, 2)->amount));
	assert_true(find(r, RECORDED_AVAILABLE, 3)->amount == 1.5);
	assert_null(find(r, RECORDED_AVAILABLE, 4));
	recording_free(&r);
}

static void
tasks_in_one_container_are_known_as_such(void **state)
{
	struct scene *s = *state;
	struct recording *r;
	uint32_t first;

	s->container = "0123456789ab";
	discover(s, true, false);
	begin(s, false);
	tick(s);
	tick(s);
	r = read_back(s);
	first = world_task(s->world, STR("shop.1"))->slot;
	for (unsigned i = 0; i < 3; i++) {
		const struct recorded *e = find(r, RECORDED_TASK, i);
		bool both = e->id == first || e->id == world_task(s->world, STR("stall.1"))->slot;
		assert_int_equal(e->task->same, both ? find(r, RECORDED_TASK, 0)->id : e->id);
	}
	recording_free(&r);
}

static void
samples_have_what_steering_took_off_them(void **state)
{
	struct scene *s = *state;
	struct sample m = { .taken_usec = s->now - 1000, .span_usec = USEC_PER_SEC, .source = SOURCE_AGENT, .cores = 4, .busy = 4,
	    .running = 7, .load1 = NAN, .memory_total_bytes = 8e9, .memory_available_bytes = 4e9 };
	struct world_node *n = world_node(s->world, STR("alpha"));
	const struct recorded_sample *got;
	struct recording *r;

	begin(s, false);
	assert_null(steer_sample(s->steer, n, &m, 3));
	recorder_sample(s->recorder, n, &m, 3, s->now + 5, &s->text);
	tick(s);
	tick(s);
	r = read_back(s);
	got = find(r, RECORDED_SAMPLE, 0)->sample;
	assert_int_equal(got->at_usec, 5);
	assert_int_equal(got->sample.taken_usec, -1000);
	assert_true(got->inflight == 3 && got->counted == 3 && got->sample.running == 7);
	assert_true(isnan(got->sample.load1));
	recording_free(&r);
}

static void
nothing_in_it_is_private(void **state)
{
	static const char *const words[] = { "secret", "hidden", "10.9", "alpha", "shop" };
	struct scene *s = *state;
	struct recording *r;

	begin(s, false);
	tick(s);
	tick(s);
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		assert_false(has(s, words[i]));
	recorder_free(&s->recorder);
	buf_clear(&s->text);
	begin(s, true);
	tick(s);
	tick(s);
	for (size_t i = 0; i < 3; i++)
		assert_false(has(s, words[i]));
	r = read_back(s);
	assert_string_equal(find(r, RECORDED_NODE, 1)->node->name, "be_ta");
	assert_string_equal(find(r, RECORDED_SERVICE, 0)->service->name, "shop");
	recording_free(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(requests_are_counted_from_its_beginning, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_exists_is_written_when_it_changes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(states_and_penalties_are_written_as_they_come, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_new_or_degraded_is_written, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_containers_could_have_is_written_when_it_changes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(tasks_in_one_container_are_known_as_such, set_up, tear_down),
		cmocka_unit_test_setup_teardown(samples_have_what_steering_took_off_them, set_up, tear_down),
		cmocka_unit_test_setup_teardown(nothing_in_it_is_private, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
