/* world: who keeps a slot and who gets one, what a pass changes, what a second brain knows. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <math.h>
#include <stdint.h>
#include <cmocka.h>
#include <unistd.h>

#include "world/slots.c"
#include "world/world.c"
#include "world/world_pass.c"

struct stage {
	struct live	*live;
	struct phys	*phys;
	struct world	*world;
};

static int
setup(void **state)
{
	struct stage *s = must_zalloc(sizeof *s);

	s->live = live_init(memset(aligned_alloc(64, live_bytes()), 0, live_bytes()), 1);
	s->phys = phys_init(must_zalloc(phys_bytes()));
	s->world = world_new(s->live, s->phys);
	*state = s;
	return 0;
}

static int
teardown(void **state)
{
	struct stage *s = *state;

	world_free(&s->world);
	free(s->live);
	free(s->phys);
	free(s);
	return 0;
}

static const struct service_conf plain = { .connect_usec = 1, .response_usec = 1, .idle_usec = 1, .tunnel_usec = 1 };

static struct world_node *
pass_node(struct world *w, const char *name)
{
	return world_pass_node(w, &(struct world_node){ .name = (char *)(uintptr_t)name, .address = (char *)(uintptr_t)"10.0.0.1" });
}

static struct world_service *
pass_service(struct world *w, const char *name)
{
	struct route_conf r = { .host = (char *)(uintptr_t)"", .path = (char *)(uintptr_t)"/" };

	return world_pass_service(w, name, &plain, &r, 1);
}

static struct world_task *
pass_task(struct world *w, struct world_service *s, const char *name, const char *node, const char *addr)
{
	struct addr a;

	assert_null(addr_parse(str_of(addr), &a));
	return world_pass_task(w, s, name, node, &a, false);
}

/* Two nodes, a service, two tasks. */
static bool
pass_all(struct world *w)
{
	struct world_service *s;

	world_pass_begin(w);
	pass_node(w, "alpha");
	pass_node(w, "beta");
	s = pass_service(w, "web");
	pass_task(w, s, "web.1", "alpha", "10.0.0.1:80");
	pass_task(w, s, "web.2", "beta", "10.0.0.2:80");
	return world_pass_end(w);
}

static struct table *
table_of(struct world *w)
{
	struct table *t = NULL;
	int fd;

	assert_null(world_table(w, &fd));
	assert_null(table_open(fd, &t));
	return t;
}

static void
a_new_node_has_no_value_of_any_query(void **state)
{
	struct world *w = ((struct stage *)*state)->world;

	pass_all(w);
	for (unsigned i = 0; i < QUERIES_MAX; i++)
		assert_true(isnan(world_node(w, STR("alpha"))->observed.user_metric[i].effective));
}

static void
a_pass_that_says_the_same_changes_nothing(void **state)
{
	struct world *w = ((struct stage *)*state)->world;
	struct world_node *alpha;
	char *address;

	assert_true(pass_all(w));
	alpha = world_node(w, STR("alpha"));
	address = alpha->address;
	assert_false(pass_all(w));
	assert_ptr_equal(world_node(w, STR("alpha")), alpha);
	assert_ptr_equal(alpha->address, address);
	assert_int_equal(w->nnodes, 2);
	assert_int_equal(w->ntasks, 2);
	assert_string_equal(LIST_FIRST(&w->nodes)->name, "alpha");
	assert_string_equal(LIST_FIRST(&world_service(w, STR("web"))->tasks)->name, "web.1");
}

static void
what_is_not_named_is_gone(void **state)
{
	struct world *w = ((struct stage *)*state)->world;
	struct world_service *s;

	pass_all(w);
	world_pass_begin(w);
	pass_node(w, "beta");
	s = pass_service(w, "web");
	pass_task(w, s, "web.2", "beta", "10.0.0.2:80");
	assert_true(world_pass_end(w));
	assert_null(world_node(w, STR("alpha")));
	assert_null(world_task(w, STR("web.1")));
	assert_non_null(world_task(w, STR("web.2")));
	pass_all(w);
	assert_string_equal(LIST_FIRST(&w->nodes)->name, "beta");	/* the order of first naming */
	assert_string_equal(LIST_NEXT(LIST_FIRST(&w->nodes), link)->name, "alpha");
}

static void
the_second_of_a_name_is_refused(void **state)
{
	struct world *w = ((struct stage *)*state)->world;
	struct world_service *s, *t;

	world_pass_begin(w);
	assert_non_null(pass_node(w, "alpha"));
	assert_null(pass_node(w, "alpha"));
	s = pass_service(w, "web");
	assert_null(pass_service(w, "web"));
	t = pass_service(w, "api");
	assert_non_null(pass_task(w, s, "web.1", "alpha", "10.0.0.1:80"));
	assert_null(pass_task(w, s, "web.1", "alpha", "10.0.0.1:81"));
	assert_null(pass_task(w, t, "web.1", "alpha", "10.0.0.1:82"));
	assert_null(pass_task(w, s, "web.2", "nobody", "10.0.0.1:83"));
	world_pass_end(w);
	assert_int_equal(w->ntasks, 1);
}

static void
slots_stay_with_their_names(void **state)
{
	struct world *w = ((struct stage *)*state)->world;
	unsigned alpha, web2;

	pass_all(w);
	alpha = world_node(w, STR("alpha"))->slot;
	web2 = world_task(w, STR("web.2"))->slot;
	world_pass_begin(w);
	pass_node(w, "gamma");
	world_pass_end(w);
	assert_int_not_equal(world_node(w, STR("gamma"))->slot, alpha);
	pass_all(w);				/* they come back within the rest */
	assert_int_equal(world_node(w, STR("alpha"))->slot, alpha);
	assert_int_equal(world_task(w, STR("web.2"))->slot, web2);
}

static void
another_address_is_another_slot_with_clean_counters(void **state)
{
	struct stage *st = *state;
	struct world *w = st->world;
	struct world_service *s;
	struct live_task l;
	unsigned was;

	pass_all(w);
	was = world_task(w, STR("web.1"))->slot;
	live_set_health(st->live, was, HEALTH_DOWN);
	for (unsigned slot = 0; slot < 16; slot++)		/* what earlier tenants could have */
		phys_set_available(st->phys, slot, 1.5);
	world_pass_begin(w);
	pass_node(w, "alpha");
	s = pass_service(w, "web");
	pass_task(w, s, "web.1", "alpha", "10.0.0.9:80");
	assert_true(world_pass_end(w));
	assert_int_not_equal(world_task(w, STR("web.1"))->slot, was);
	live_task_read(st->live, world_task(w, STR("web.1"))->slot, &l);
	assert_int_equal(l.health, HEALTH_UNKNOWN);
	assert_true(isnan(phys_available(st->phys, world_task(w, STR("web.1"))->slot)));
}

/* What a brain before this one knew of the container holds; what was known of another one does not. */
static void
another_container_could_have_other_cores(void **state)
{
	struct stage *st = *state;
	struct world *w = st->world;
	static const char *const ids[] = { "aaaaaaaaaaaa", "aaaaaaaaaaaa", "bbbbbbbbbbbb", NULL };
	struct world_task *t;

	pass_all(w);
	t = world_task(w, STR("web.1"));
	assert_true(isnan(t->available));
	world_task_set_available(w, t, 1.5, 7);
	for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
		world_pass_begin(w);
		pass_node(w, "alpha");
		t = pass_task(w, pass_service(w, "web"), "web.1", "alpha", "10.0.0.1:80");
		world_pass_task_container(w, t, ids[i]);
		world_pass_end(w);
		assert_true(ids[i] == NULL ? t->container == NULL : strcmp(t->container, ids[i]) == 0);
		assert_true(i < 2 ? t->available == 1.5 && t->available_usec == 7 : isnan(t->available));
		assert_true(i < 2 || isnan(phys_available(st->phys, t->slot)));
		if (i == 2)
			world_task_set_available(w, t, 1, 8);
	}
}

static void
a_task_may_change_its_service_and_its_node(void **state)
{
	struct world *w = ((struct stage *)*state)->world;
	struct world_service *s;

	pass_all(w);
	world_pass_begin(w);
	pass_node(w, "alpha");
	pass_node(w, "beta");
	pass_service(w, "web");
	s = pass_service(w, "api");
	assert_non_null(pass_task(w, s, "web.2", "alpha", "10.0.0.2:80"));
	assert_true(world_pass_end(w));
	assert_ptr_equal(world_task(w, STR("web.2"))->service, world_service(w, STR("api")));
	assert_int_equal(world_service(w, STR("web"))->ntasks, 0);
	assert_string_equal(world_task(w, STR("web.2"))->node->name, "alpha");
}

static bool
always_busy(const void *busy, unsigned slot)
{
	(void)slot;
	return *(const bool *)busy;
}

static void
a_slot_rests_and_waits_until_nothing_is_in_flight(void **state)
{
	bool busy = false, fresh;
	struct slots *s = slots_new(2, always_busy, &busy);
	int64_t t = 1000;
	unsigned a, b, c;

	(void)state;
	assert_true(slots_take(s, STR("a"), t, &a, &fresh));
	assert_true(slots_take(s, STR("b"), t, &b, &fresh));
	assert_false(slots_take(s, STR("c"), t, &c, &fresh));
	assert_false(slots_take(s, STR("a"), t, &c, &fresh));		/* held already */
	slots_give(s, a, t);
	assert_false(slots_take(s, STR("c"), t + SLOTS_REST_USEC - 1, &c, &fresh));
	busy = true;
	assert_false(slots_take(s, STR("c"), t + SLOTS_REST_USEC, &c, &fresh));
	busy = false;
	assert_true(slots_take(s, STR("c"), t + SLOTS_REST_USEC, &c, &fresh));
	assert_int_equal(c, a);
	assert_true(fresh);
	slots_give(s, c, t);
	assert_true(slots_take(s, STR("c"), t, &c, &fresh));		/* its own, at once */
	assert_false(fresh);
	slots_free(&s);
}

static void
no_slot_left_is_an_answer(void **state)
{
	struct world *w = ((struct stage *)*state)->world;
	char name[16];

	world_pass_begin(w);
	for (unsigned i = 0; i < NODES_MAX; i++) {
		snprintf(name, sizeof name, "n%u", i);
		assert_non_null(pass_node(w, name));
	}
	assert_null(pass_node(w, "one too many"));
	world_pass_end(w);
	assert_int_equal(w->nnodes, NODES_MAX);
	table_unref(&(struct table *){ table_of(w) });
}

static void
the_table_says_what_the_world_is(void **state)
{
	struct world *w = ((struct stage *)*state)->world;
	const struct why *why;
	const struct table_task *k;
	struct table *t;
	uint32_t n;

	pass_all(w);
	assert_true(world_drain(w, world_node(w, STR("beta")), true));
	assert_false(world_drain(w, world_node(w, STR("beta")), true));
	t = table_of(w);
	assert_int_equal(table_serial(t), w->serial);
	k = table_tasks(t, &n);
	assert_int_equal(n, 2);
	assert_false(k[0].draining);
	assert_true(k[1].draining);
	assert_false(k[1].drained);
	assert_int_equal(k[1].slot, world_task(w, STR("web.2"))->slot);
	assert_true(table_nodes(t, &n)[1].drained);
	assert_non_null(table_match(t, &(struct request_view){ .host = STR("any"), .path = STR("/x") }, &why));
	table_unref(&t);
	t = table_of(w);
	assert_int_equal(table_serial(t), w->serial);
	table_unref(&t);
}

static bool
pass_refused(struct world *w, const char *path)
{
	struct route_conf r[] = { { .host = (char *)"b.org", .path = (char *)"/" }, { .host = (char *)"any", .path = (char *)(uintptr_t)path } };

	world_pass_begin(w);
	pass_node(w, "alpha");
	pass_service(w, "web");
	world_pass_refuse(w, r, 2);
	return world_pass_end(w);
}

static void
what_is_refused_stands_in_the_table(void **state)
{
	struct world *w = ((struct stage *)*state)->world;
	const struct why *why;
	struct table *t;

	assert_true(pass_refused(w, "/x"));
	assert_false(pass_refused(w, "/x"));
	assert_true(pass_refused(w, "/y"));
	t = table_of(w);
	assert_null(table_match(t, &(struct request_view){ .host = STR("any"), .path = STR("/y") }, &why));
	assert_ptr_equal(why, WHY_ROUTE_REFUSED);
	assert_non_null(table_match(t, &(struct request_view){ .host = STR("any"), .path = STR("/x") }, &why));
	table_unref(&t);
	assert_true(pass_all(w));
	assert_int_equal(w->nrefused, 0);
}

static void
a_new_brain_inherits_slots_rows_and_drains(void **state)
{
	struct stage *s = *state;
	struct phys_row row;
	struct table *t;
	unsigned alpha, web, web2;
	uint64_t serial;

	pass_all(s->world);
	alpha = world_node(s->world, STR("alpha"))->slot;
	web2 = world_task(s->world, STR("web.2"))->slot;
	web = world_service(s->world, STR("web"))->slot;
	assert_true(web > 0);
	live_observe_service(s->live, 0, web, 1000);
	world_drain(s->world, world_node(s->world, STR("alpha")), true);
	world_drain_task(s->world, world_task(s->world, STR("web.2")), true);
	row = (struct phys_row){ .law = { 8, 3, 1, 77, 99, 1, 0, 1 }, .score = 42 };
	phys_write(s->phys, alpha, &row);
	live_take(s->live, 0, alpha, web2);
	t = table_of(s->world);
	serial = s->world->serial;

	world_free(&s->world);
	s->world = world_new(s->live, s->phys);
	world_inherit(s->world, t);
	table_unref(&t);
	world_pass_begin(s->world);
	struct world_node *gamma = pass_node(s->world, "gamma");	/* named first, and takes nobody's place */
	assert_int_not_equal(pass_service(s->world, "first")->slot, web);
	world_pass_end(s->world);
	assert_int_not_equal(gamma->slot, alpha);
	assert_false(gamma->drained);
	s->world->index->began = false;
	pass_all(s->world);
	assert_int_equal(world_node(s->world, STR("alpha"))->slot, alpha);
	assert_int_equal(world_task(s->world, STR("web.2"))->slot, web2);
	assert_int_equal(world_service(s->world, STR("web"))->slot, web);
	assert_int_equal(live_service_step_total(s->live, web, latency_step(1000)), 1);
	assert_true(world_node(s->world, STR("alpha"))->drained);
	assert_true(world_node(s->world, STR("alpha"))->inherited);
	assert_true(world_task(s->world, STR("web.2"))->drained);
	assert_true(world_node(s->world, STR("alpha"))->steering.row.law.cores == 8);
	assert_int_equal(s->world->serial, serial);
	assert_int_equal(live_node_inflight(s->live, alpha), 1);
	live_give(s->live, 0, alpha, web2);
}

static void
services_beyond_the_rows_share_one(void **state)
{
	struct stage *s = *state;
	char name[32];

	world_pass_begin(s->world);
	for (unsigned i = 0; i < LIVE_SERVICES + 10; i++) {
		snprintf(name, sizeof name, "s%u", i);
		assert_int_equal(pass_service(s->world, name)->slot, i < LIVE_SERVICES - 1 ? i + 1 : 0);
	}
	world_pass_end(s->world);
	table_unref(&(struct table *){ table_of(s->world) });
}

static void
settings_that_change_are_noticed(void **state)
{
	struct world *w = ((struct stage *)*state)->world;
	struct route_conf r[2] = { { .host = (char *)(uintptr_t)"", .path = (char *)(uintptr_t)"/" }, { .host = (char *)(uintptr_t)"h", .path = (char *)(uintptr_t)"/" } };
	struct service_conf c = plain;

	world_pass_begin(w);
	world_pass_service(w, "web", &c, r, 1);
	assert_true(world_pass_end(w));
	world_pass_begin(w);
	world_pass_service(w, "web", &c, r, 2);
	assert_true(world_pass_end(w));
	c.health_path = (char *)(uintptr_t)"/h";
	c.health_interval_usec = c.health_timeout_usec = c.health_rise = c.health_fall = 1;
	world_pass_begin(w);
	world_pass_service(w, "web", &c, r, 2);
	assert_true(world_pass_end(w));
	world_pass_begin(w);
	world_pass_service(w, "web", &c, r, 2);
	assert_false(world_pass_end(w));
	assert_string_equal(world_service(w, STR("web"))->conf.health_path, "/h");
	table_unref(&(struct table *){ table_of(w) });
}

/* Services s0, s1 ... with memory limits that begin at so many percent; 0 is the balanced profile. */
static bool
pass_profiles(struct world *w, const unsigned *percent, unsigned n)
{
	struct service_conf c = { .connect_usec = 1, .response_usec = 1, .idle_usec = 1, .tunnel_usec = 1 };
	char name[16];

	world_pass_begin(w);
	for (unsigned i = 0; i < n; i++) {
		snprintf(name, sizeof name, "s%u", i);
		c.profile = profile_all[PROFILE_BALANCED];
		if (percent[i] > 0)
			c.profile.limit[RESOURCE_RAM].soft = percent[i] / 100.0;
		assert_non_null(world_pass_service(w, name, &c, NULL, 0));
	}
	return world_pass_end(w);
}

static unsigned
slot_of(struct world *w, const char *service)
{
	return world_service(w, str_of(service))->profile;
}

static void
profiles_have_slots_and_keep_them(void **state)
{
	struct world *w = ((struct stage *)*state)->world;
	struct table *t;

	assert_true(pass_profiles(w, (unsigned[]){ 0, 10, 20, 10 }, 4));
	assert_int_equal(slot_of(w, "s0"), 0);
	assert_int_equal(slot_of(w, "s1"), 1);
	assert_int_equal(slot_of(w, "s2"), 2);
	assert_int_equal(slot_of(w, "s3"), 1);
	t = table_of(w);
	assert_int_equal(table_services(t, NULL)[2].profile, 2);
	table_unref(&t);
	assert_false(pass_profiles(w, (unsigned[]){ 0, 10, 20, 10 }, 4));
	assert_true(pass_profiles(w, (unsigned[]){ 0, 30, 20, 20 }, 4));
	assert_int_equal(slot_of(w, "s2"), 2);		/* it stays, and what was left is taken */
	assert_int_equal(slot_of(w, "s3"), 2);
	assert_int_equal(slot_of(w, "s1"), 1);
	assert_true(w->profile[1].limit[RESOURCE_RAM].soft == 0.3);
}

static void
profiles_beyond_the_slots_are_balanced(void **state)
{
	struct world *w = ((struct stage *)*state)->world;
	unsigned percent[PROFILE_SLOTS + 1];

	for (unsigned i = 0; i <= PROFILE_SLOTS; i++)
		percent[i] = i + 1;
	pass_profiles(w, percent, PROFILE_SLOTS + 1);
	assert_false(world_service(w, STR("s6"))->profile_crowded);
	assert_int_equal(slot_of(w, "s6"), 7);
	assert_true(world_service(w, STR("s7"))->profile_crowded && world_service(w, STR("s8"))->profile_crowded);
	assert_int_equal(slot_of(w, "s7"), 0);
	percent[3] = 0;					/* one slot is free again */
	pass_profiles(w, percent, PROFILE_SLOTS + 1);
	assert_int_equal(slot_of(w, "s7"), 4);
	assert_false(world_service(w, STR("s7"))->profile_crowded);
	assert_true(world_service(w, STR("s8"))->profile_crowded);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

/* A pass that names no group takes it away; what a group leads to and is not there has no number. */
static void
groups_come_and_go(void **state)
{
	struct stage *s = *state;
	struct group_child child[] = { { (char *)"web", NULL, 3 }, { (char *)"gone", (char *)"as", 0 } };
	struct service_group g = { .kind = GROUP_WEIGHTED, .n = 2, .child = child };
	struct table *t;
	uint32_t n;
	int fd;

	for (int pass = 0; pass < 5; pass++) {
		world_pass_begin(s->world);
		struct world_service *group = pass_service(s->world, "group");
		world_pass_service(s->world, "web", &plain, NULL, 0);
		child[0].weight = pass == 2 ? 4 : 3;
		if (pass != 3 && pass != 4)
			world_pass_group(s->world, group, &g);
		assert_int_equal(world_pass_end(s->world), pass != 1 && pass != 4);
		assert_null(world_table(s->world, &fd));
		assert_null(table_open(fd, &t));
		assert_int_equal(table_services(t, &n)[0].group, pass < 3);
		assert_int_equal(table_services(t, &n)[1].group, 0);
		if (pass < 3) {
			const struct table_child *c = table_children(t, &n);
			assert_int_equal(n, 2);
			assert_int_equal(c[0].service, 1);
			assert_int_equal(c[0].weight, pass == 2 ? 4 : 3);
			assert_int_equal(c[1].service, TABLE_REFUSED);
			assert_true(str_eq(table_text(t, c[0].name), STR("web")));
			assert_true(str_eq(table_text(t, c[1].name), STR("as")));
		}
		table_unref(&t);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_new_node_has_no_value_of_any_query),
		TEST(a_pass_that_says_the_same_changes_nothing),
		TEST(what_is_not_named_is_gone),
		TEST(the_second_of_a_name_is_refused),
		TEST(slots_stay_with_their_names),
		TEST(another_address_is_another_slot_with_clean_counters),
		TEST(another_container_could_have_other_cores),
		TEST(a_task_may_change_its_service_and_its_node),
		TEST(a_slot_rests_and_waits_until_nothing_is_in_flight),
		TEST(no_slot_left_is_an_answer),
		TEST(the_table_says_what_the_world_is),
		TEST(what_is_refused_stands_in_the_table),
		TEST(a_new_brain_inherits_slots_rows_and_drains),
		TEST(services_beyond_the_rows_share_one),
		TEST(settings_that_change_are_noticed),
		TEST(profiles_have_slots_and_keep_them),
		TEST(profiles_beyond_the_slots_are_balanced),
		TEST(groups_come_and_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
