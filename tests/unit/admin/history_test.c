/* history: what a point says, what a gap is, and that nothing of a slot's earlier tenant is shown. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "admin/history.c"
#include "admin/history_counts.c"
#include "admin/history_view.c"

#define NODE_CORES 4.

struct stage {
	struct live	*live;
	struct phys	*phys;
	struct world	*world;
	struct rates	*rates;
	struct history	*history;
	int64_t		 now;
	bool		 silent;		/* no sample comes */
	json_t		*json;
};

static const struct service_conf plain = { .connect_usec = 1, .response_usec = 1, .idle_usec = 1, .tunnel_usec = 1 };

static void
pass(struct stage *s, const char *node, const char *task)
{
	struct route_conf r = { .host = (char *)(uintptr_t)"", .path = (char *)(uintptr_t)"/" };
	struct world_service *ws;
	struct addr a;

	world_pass_begin(s->world);
	world_pass_node(s->world, &(struct world_node){ .name = (char *)(uintptr_t)node });
	ws = world_pass_service(s->world, "web", &plain, &r, 1);
	assert_null(addr_parse(STR("127.0.0.1:80"), &a));
	world_pass_task(s->world, ws, task, node, &a, false);
	world_pass_end(s->world);
}

static int
setup(void **state)
{
	struct stage *s = must_zalloc(sizeof *s);
	void *memory = aligned_alloc(64, live_bytes());

	s->live = live_init(memset(memory, 0, live_bytes()), 1);
	s->phys = phys_init(must_zalloc(phys_bytes()));
	s->world = world_new(s->live, s->phys);
	s->rates = rates_new();
	s->history = history_new();
	s->now = 1000 * USEC_PER_SEC;
	pass(s, "alpha", "web.1");
	*state = s;
	return 0;
}

static int
teardown(void **state)
{
	struct stage *s = *state;

	json_decref(s->json);
	history_free(&s->history);
	rates_free(&s->rates);
	world_free(&s->world);
	free(s->live);
	free(s->phys);
	free(s);
	return 0;
}

static void
tick(struct stage *s)
{
	rates_tick(s->rates, s->world, s->now);
	history_tick(s->history, s->world, s->rates, s->now);
}

/* So many seconds, in each of which the node was sampled like this, and its task got `n` requests. */
static void
seconds(struct stage *s, unsigned length, double busy, double others, unsigned n)
{
	struct world_node *w = LIST_FIRST(&s->world->nodes);
	struct world_service *web = world_service(s->world, STR("web"));
	unsigned slot = LIST_FIRST(&web->tasks)->slot;

	for (unsigned i = 0; i < length; i++) {
		for (unsigned k = 0; k < n; k++) {
			live_take(s->live, 0, w->slot, slot);
			live_give(s->live, 0, w->slot, slot);
		}
		s->now += USEC_PER_SEC;
		if (!s->silent) {
			w->observed.samples++;
			w->observed.sample = (struct sample){ .taken_usec = s->now, .cores = NODE_CORES, .busy = busy,
			    .running = NAN, .memory_total_bytes = 8e9, .memory_available_bytes = 6e9,
			    .psi_cpu_waiting = .125, .psi_memory_waiting = NAN, .psi_io_waiting = .25 };
			w->steering.row.law = (struct law_node){ .cores = NODE_CORES, .others = others,
			    .sampled_usec = s->now, .period_usec = USEC_PER_SEC, .balancers = 1 };
		}
		tick(s);
	}
}

static void
look(struct stage *s, const struct world_node *n, const struct world_service *of)
{
	struct admin_view v = { .world = s->world, .history = s->history, .brain = "7", .now_usec = s->now };
	struct view_walk w;
	struct buf out;

	buf_init(&out, 1 << 20);
	history_start(&w, &v, n, of, &out);
	while (history_next(&w, &v, &out))
		;
	json_decref(s->json);
	s->json = json_loadb(out.p, out.len, 0, NULL);
	assert_non_null(s->json);
	buf_fini(&out);
}

/* A point counted from the newest, 0; NAN: null. */
static double
point(struct stage *s, const char *list, const char *key, unsigned back)
{
	const json_t *all = json_object_get(json_array_get(json_object_get(s->json, list), 0), key), *one;

	assert_int_equal(json_array_size(all), HISTORY_POINTS);
	one = json_array_get(all, HISTORY_POINTS - 1 - back);
	if (json_is_null(one))
		return NAN;
	assert_true(json_is_number(one));
	return json_number_value(one);
}

#define NEAR(a, b) assert_true(fabs((a) - (b)) < 0.01 * (double)(b) + 1e-6)

static void
points(void **state)
{
	struct stage *s = *state;

	seconds(s, 12, 3, 2, 10);
	look(s, NULL, NULL);
	assert_string_equal(json_string_value(json_object_get(s->json, "brain")), "7");
	assert_int_equal(json_integer_value(json_object_get(s->json, "step_seconds")), 5);
	assert_int_equal(json_array_size(json_object_get(s->json, "tasks")), 0);
	NEAR(point(s, "nodes", "others", 0), 2);
	NEAR(point(s, "nodes", "ours", 0), 1);
	NEAR(point(s, "nodes", "memory", 0), .25);
	NEAR(point(s, "nodes", "pressure", 0), .25);
	NEAR(point(s, "services", "rate", 0), 10);
	NEAR(point(s, "services", "inflight", 0) + 1, 1);
	assert_true(isnan(point(s, "services", "p99", 0)));
	assert_true(isnan(point(s, "nodes", "ours", 2)) && isnan(point(s, "services", "rate", 2)));
	look(s, NULL, world_service(s->world, STR("web")));
	assert_int_equal(json_array_size(json_object_get(s->json, "nodes")), 0);
	NEAR(point(s, "tasks", "rate", 0), 10);
	NEAR(point(s, "tasks", "share", 0), 1);
	assert_true(isnan(point(s, "tasks", "share", 2)));	/* when nothing was known */
	look(s, world_node(s->world, STR("alpha")), NULL);
	assert_int_equal(json_array_size(json_object_get(s->json, "nodes")), 1);
	assert_int_equal(json_array_size(json_object_get(s->json, "services")), 0);
}

/* A node that is silent has no points of that time, and a loop that stood still leaves a gap. */
static void
gaps(void **state)
{
	struct stage *s = *state;

	seconds(s, 20, 3, 2, 10);
	s->silent = true;
	seconds(s, 20, 0, 0, 10);
	s->silent = false;
	seconds(s, 5, 1, 0, 10);
	look(s, NULL, NULL);
	NEAR(point(s, "nodes", "ours", 0), 1);
	assert_true(isnan(point(s, "nodes", "ours", 2)));
	assert_false(isnan(point(s, "services", "rate", 2)));
	NEAR(point(s, "nodes", "others", 5), 2);
	s->now += 24 * USEC_PER_SEC;
	seconds(s, 1, 1, 0, 0);
	look(s, NULL, NULL);
	assert_true(isnan(point(s, "services", "rate", 1)) && isnan(point(s, "nodes", "ours", 4)));
	assert_false(isnan(point(s, "services", "rate", 5)));
	s->now += 3600 * USEC_PER_SEC;
	seconds(s, 1, 1, 0, 0);
	look(s, NULL, NULL);
	for (unsigned i = 1; i < HISTORY_POINTS; i++)
		assert_true(isnan(point(s, "services", "rate", i)) && isnan(point(s, "nodes", "others", i)));
}

/* Half an hour: the ring goes round. */
static void
old_points_go(void **state)
{
	struct stage *s = *state;

	seconds(s, 900, 3, 2, 1);
	seconds(s, 905, 1, 0, 1);
	look(s, NULL, NULL);
	for (unsigned i = 0; i < HISTORY_POINTS - 1; i++)
		NEAR(point(s, "nodes", "ours", i), 1);
}

static void
a_slot_s_next_tenant(void **state)
{
	struct stage *s = *state;
	struct world_node *w = LIST_FIRST(&s->world->nodes);
	char *was = w->name;

	seconds(s, 30, 3, 2, 10);
	w->name = must_strdup("beta");		/* the slot is the same: only the name tells them apart */
	seconds(s, 1, 3, 2, 10);
	look(s, NULL, NULL);
	for (unsigned i = 1; i < HISTORY_POINTS; i++)
		assert_true(isnan(point(s, "nodes", "ours", i)));
	assert_null(history_recent(s->history, w).trend);
	free(w->name);
	w->name = was;
	look(s, NULL, NULL);
	assert_true(isnan(point(s, "nodes", "ours", 0)));
}

/* Requests of a task that has just come say nothing of the whole step. */
static void
tasks_come_and_go(void **state)
{
	struct stage *s = *state;

	seconds(s, 10, 3, 2, 10);
	pass(s, "alpha", "web.2");
	seconds(s, 5, 3, 2, 10);
	look(s, NULL, world_service(s->world, STR("web")));
	assert_true(isnan(point(s, "tasks", "rate", 0)));
	seconds(s, 5, 3, 2, 10);
	look(s, NULL, world_service(s->world, STR("web")));
	NEAR(point(s, "tasks", "rate", 0), 10);
	for (unsigned i = 0, n = 0; i < TASKS_MAX; i++) {
		n += s->history->task[i].counts.of.narrow != NULL;
		assert_true(n <= 1);
	}
}

/* A byte has the requests of a step until there were more of them. */
static void
many_requests_of_a_task(void **state)
{
	struct stage *s = *state;
	const struct history_counts *c = &s->history->task[LIST_FIRST(&LIST_FIRST(&s->world->services)->tasks)->slot].counts;

	seconds(s, 15, 3, 2, 50);
	assert_false(c->is_wide);
	seconds(s, 5, 3, 2, 51);
	assert_true(c->is_wide);
	seconds(s, 5, 3, 2, 2000);
	look(s, NULL, world_service(s->world, STR("web")));
	NEAR(point(s, "tasks", "rate", 0), 2000);
	NEAR(point(s, "tasks", "rate", 1), 51);
	NEAR(point(s, "tasks", "rate", 2), 50);
	assert_true(isnan(point(s, "tasks", "rate", 4)));
	s->now += 24 * USEC_PER_SEC;
	seconds(s, 1, 3, 2, 1);
	look(s, NULL, world_service(s->world, STR("web")));
	assert_true(isnan(point(s, "tasks", "rate", 1)));
	NEAR(point(s, "tasks", "rate", 5), 2000);
	seconds(s, 910, 3, 2, 1);
	look(s, NULL, world_service(s->world, STR("web")));
	for (unsigned i = 0; i < HISTORY_POINTS; i++)
		NEAR(point(s, "tasks", "rate", i), 1);
}

/* Sixteen bits hold what a page shows: three digits. */
static void
points_are_rounded(void **state)
{
	static const double all[] = { 1e-6, .001234, .5, .99951, 1, 2, 123.4, 1023.7, 65535, 123456, 4e9 };

	(void)state;
	for (unsigned i = 0; i < sizeof all / sizeof *all; i++) {
		double x = history_unpack(history_pack(all[i]));
		assert_true(fabs(x - all[i]) <= .0005 * all[i]);
	}
	assert_true(isnan(history_unpack(history_pack(NAN))));
	assert_true(history_pack(0) == 0 && history_pack(-1) == 0 && history_pack(1e-12) == 0 && history_unpack(0) <= 0);
	assert_true(history_unpack(history_pack(1e30)) > 4e9 && history_unpack(history_pack(INFINITY)) > 4e9);
}

static void
whose_cores(void **state)
{
	struct stage *s = *state;
	struct world_node *w = LIST_FIRST(&s->world->nodes);
	struct history_recent r = history_recent(s->history, w);

	assert_true(isnan(r.ours) && isnan(r.others) && r.trend == NULL);
	seconds(s, 3, 2, -3, 10);	/* ours wait for something else */
	r = history_recent(s->history, w);
	NEAR(r.ours, 2);
	NEAR(r.others + 1, 1);
	seconds(s, 5, 4, 4, 10);	/* a hog: seen within two samples */
	r = history_recent(s->history, w);
	assert_true(r.others > 3.5 && r.ours >= 0 && r.ours + r.others <= 4.0001);
	w->observed.inflight = 0;
	seconds(s, 20, 0, 0, 0);
	seconds(s, 1, .2, 0, 0);
	r = history_recent(s->history, w);
	assert_true(r.others + r.ours <= .2001);
}

static void
trends(void **state)
{
	struct stage *s = *state;
	struct world_node *w = LIST_FIRST(&s->world->nodes);

	seconds(s, 10, 1, 1, 0);
	assert_null(history_recent(s->history, w).trend);
	seconds(s, 30, 1, 1, 0);
	assert_string_equal(history_recent(s->history, w).trend, "steady");
	seconds(s, 8, 3, 3, 0);
	assert_string_equal(history_recent(s->history, w).trend, "rising");
	seconds(s, 30, 3, 3, 0);
	assert_string_equal(history_recent(s->history, w).trend, "steady");
	seconds(s, 8, 1, 1, 0);
	assert_string_equal(history_recent(s->history, w).trend, "falling");
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(points), TEST(gaps), TEST(old_points_go), TEST(a_slot_s_next_tenant), TEST(tasks_come_and_go),
		TEST(whose_cores), TEST(many_requests_of_a_task), TEST(points_are_rounded), TEST(trends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
