/* target: when a target is published and when not, and what the API shows of it. A driver of the test stands for the proxy. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <sys/mman.h>
#include <cmocka.h>

#define target_driver_traefik_file fake_driver
#include "targets/target.c"
#include "targets/target_publish.c"
#include "../between.h"

#define T	(100 * USEC_PER_SEC)
#define MSEC	USEC_PER_MSEC

static struct proxy {
	struct target	*target;
	unsigned	 publications, opened, closed, withdrawn;
	enum { ANSWERS, REFUSES, SILENT } mood;
	char		 last[256];		/* "web.1 100, web.2 drain" */
} proxy;

static void *
fake_open(struct target *t)
{
	proxy.target = t;
	proxy.opened++;
	return &proxy;
}

static void
fake_close(void *arg)
{
	(void)arg;
	proxy.closed++;
}

static void
fake_publish(void *arg, const struct plan *p)
{
	(void)arg;
	proxy.publications++;
	proxy.last[0] = '\0';
	for (unsigned i = 0; i < p->nservices; i++)
		for (unsigned k = 0; k < p->service[i].nservers; k++) {
			const struct plan_server *s = &p->service[i].server[k];
			char word[64];
			snprintf(word, sizeof word, s->draining ? "%s drain," : "%s %u,", s->name, s->weight);
			strcat(proxy.last, word);
		}
	if (proxy.mood == ANSWERS)
		target_published(proxy.target);
	else if (proxy.mood == REFUSES)
		target_failed(proxy.target, WHY_PROXY_FILE, "no room");
}

static void
fake_withdraw(void *arg)
{
	(void)arg;
	proxy.withdrawn++;
	if (proxy.mood == ANSWERS)
		target_withdrawn(proxy.target);
	else if (proxy.mood == REFUSES)
		target_failed(proxy.target, WHY_PROXY_FILE, "no room");
}

static void
fake_describe_withdraw(const void *arg, json_t *sentences)
{
	(void)arg;
	json_array_append_new(sentences, json_string("empty it"));
}

const struct target_driver fake_driver = { .open = fake_open, .close = fake_close, .publish = fake_publish, .withdraw = fake_withdraw,
	.describe_withdraw = fake_describe_withdraw };

static struct loop *loop;
static struct live *live;
static struct phys *phys;
static struct world *world;
static struct targets *all;
static struct conf *conf;
static void *live_memory, *phys_memory;

static void
conf_set(const char *more)
{
	char text[2000];
	struct buf errors;

	buf_init(&errors, CONF_ERRORS_MAX);
	snprintf(text, sizeof text, "nodes: [ { name: a, cores: 1 }, { name: b, cores: 3 } ]\n"
	    "services:\n  - name: web\n    tasks: [ { node: a, address: '10.0.0.1:80' }, { node: b, address: '10.0.0.2:80' } ]\n"
	    "targets:\n  - { name: edge, kind: traefik-file, file: /a.yml%s }\n", more);
	conf_free(&conf);
	conf = conf_parse(str_of(text), "m", &errors);
	if (conf == NULL)
		print_error("%.*s", STR_ARG(buf_str(&errors)));
	assert_non_null(conf);
	buf_fini(&errors);
	targets_reconf(all, conf);
}

static void
pass(unsigned tasks)
{
	static const struct service_conf sc;
	static const struct route_conf route = { .host = (char *)"", .path = (char *)"/" };
	static const char *const names[] = { "web.1", "web.2" }, *const nodes[] = { "a", "b" };
	struct world_service *s;
	struct addr a;

	assert_null(addr_parse(STR("10.0.0.1:80"), &a));
	world_pass_begin(world);
	for (unsigned i = 0; i < 2; i++)
		world_pass_node(world, &(struct world_node){ .name = (char *)nodes[i], .cores_declared = i == 0 ? 1 : 3 });
	s = tasks == 0 ? NULL : world_pass_service(world, "web", &sc, &route, 1);
	for (unsigned i = 0; i < tasks; i++)
		assert_non_null(world_pass_task(world, s, names[i], nodes[i], &a, false));
	world_pass_end(world);
}

/* A node with so many effective cores, seen just now. */
static void
seen_now(const char *name, double cores, double busy, int64_t now)
{
	struct world_node *n = world_node(world, str_of(name));

	n->observed.samples = 5;
	n->observed.sample = (struct sample){ .taken_usec = now, .span_usec = USEC_PER_SEC, .source = SOURCE_AGENT, .cores = cores, .busy = busy,
	    .running = busy, .memory_total_bytes = 100, .memory_available_bytes = 50 };
	n->observed.smoothed = n->observed.sample;
	n->steering.row.law.cores = cores;
	n->steering.row.law.sampled_usec = now;
	n->steering.row.law.period_usec = USEC_PER_SEC;
}

static int
setup(void **state)
{
	(void)state;
	log_setup("test", LOG_ERROR, false);
	proxy = (struct proxy){ 0 };
	live_memory = mmap(NULL, live_bytes(), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	phys_memory = mmap(NULL, phys_bytes(), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(live_memory != MAP_FAILED && phys_memory != MAP_FAILED);
	loop = loop_new();
	live = live_init(live_memory, 1);
	phys = phys_init(phys_memory);
	world = world_new(live, phys);
	all = targets_new(loop, NULL, world);
	pass(2);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	targets_free(&all);
	assert_int_equal(proxy.opened, proxy.closed);
	conf_free(&conf);
	world_free(&world);
	loop_free(&loop);
	munmap(live_memory, live_bytes());
	munmap(phys_memory, phys_bytes());
	return 0;
}

static unsigned
published_at(int64_t now)
{
	all->due_usec = 0;
	targets_tick(all, now, true);
	return proxy.publications;
}

static void
told_once_and_again_when_it_matters(void **state)
{
	(void)state;
	conf_set("");
	seen_now("a", 1, 0, T), seen_now("b", 3, 0, T);
	assert_int_equal(published_at(T), 1);
	assert_string_equal(proxy.last, "web.1 333,web.2 1000,");
	assert_int_equal(published_at(T + 10 * USEC_PER_SEC), 1);		/* nothing has changed */
	seen_now("b", 3.1, 0, T);
	assert_int_equal(published_at(T + 11 * USEC_PER_SEC), 1);		/* not worth it */
	seen_now("b", 6, 0, T);
	assert_int_equal(published_at(T + 12 * USEC_PER_SEC), 2);
	assert_string_equal(proxy.last, "web.1 167,web.2 1000,");
	seen_now("b", 3, 0, T);
	assert_int_equal(published_at(T + 13 * USEC_PER_SEC), 2);		/* too soon for weights */
	world_drain(world, world_node(world, STR("b")), true);
	assert_int_equal(published_at(T + 13 * USEC_PER_SEC + 1), 3);	/* but not for members */
	assert_string_equal(proxy.last, "web.1 1000,web.2 drain,");
	world_drain(world, world_node(world, STR("b")), false);
	assert_int_equal(published_at(T + 13 * USEC_PER_SEC + 500 * MSEC), 3);	/* members are published once a second */
	assert_int_equal(published_at(T + 15 * USEC_PER_SEC), 4);
}

static void
nothing_is_never_said(void **state)
{
	(void)state;
	conf_set("");
	pass(0);
	assert_int_equal(published_at(T), 0);
	assert_ptr_equal(proxy.target->fault.why, WHY_PROXY_NOTHING);
	pass(2);
	assert_int_equal(published_at(T + 10 * USEC_PER_SEC), 1);
	assert_null(proxy.target->fault.why);
	pass(0);
	assert_int_equal(published_at(T + 20 * USEC_PER_SEC), 1);
	assert_ptr_equal(proxy.target->fault.why, WHY_PROXY_NOTHING);
	pass(2);							/* as published: nothing to do, and nothing wrong */
	assert_int_equal(published_at(T + 30 * USEC_PER_SEC), 1);
	assert_null(proxy.target->fault.why);
}

/* What people read of the one target, at this time. */
static bool
says(int64_t now, const char *state, const char *why)
{
	json_t *list = targets_view(all, now), *t = json_array_get(json_object_get(list, "targets"), 0);
	const char *is = json_string_value(json_object_get(t, "state")), *for_ = json_string_value(json_object_get(t, "why"));
	bool so = strcmp(is, state) == 0 && strcmp(for_ == NULL ? "" : for_, why) == 0;

	json_decref(list);
	return so;
}

static void
the_first_word_waits_for_samples_but_not_for_ever(void **state)
{
	struct world_node *n;

	(void)state;
	conf_set("");
	n = world_node(world, STR("b"));
	n->exporter_url = must_strdup("http://b:9100/metrics");
	assert_int_equal(published_at(T), 0);
	assert_int_equal(published_at(T + 2 * USEC_PER_SEC), 0);
	assert_true(says(T, "waiting", "proxy_samples"));
	assert_int_equal(published_at(T + 4 * USEC_PER_SEC), 1);
}

static void
failures_are_tried_again_ever_more_seldom(void **state)
{
	unsigned tries = 0, last = 0;

	(void)state;
	conf_set("");
	proxy.mood = REFUSES;
	for (int64_t now = T; now < T + 120 * USEC_PER_SEC; now += USEC_PER_SEC / 2)
		if (published_at(now) != last) {
			last = proxy.publications;
			tries++;
		}
	assert_between(tries, 6, 9);			/* after 1, 2, 4, 8, 16, 30, 30 s */
	assert_ptr_equal(proxy.target->fault.why, WHY_PROXY_FILE);
	assert_string_equal(proxy.target->fault.detail, "no room");
	proxy.mood = ANSWERS;
	published_at(T + 200 * USEC_PER_SEC);
	assert_null(proxy.target->fault.why);
	assert_int_equal(proxy.target->publications, 1);
	last = proxy.publications;
	assert_int_equal(published_at(T + 300 * USEC_PER_SEC), last);
}

static void
after_a_failure_what_is_new_does_not_wait_for_the_next_try(void **state)
{
	(void)state;
	conf_set("");
	proxy.mood = REFUSES;
	for (int64_t now = T; now < T + 60 * USEC_PER_SEC; now += USEC_PER_SEC)
		published_at(now);
	proxy.publications = 0;
	published_at(T + 61 * USEC_PER_SEC);
	world_drain(world, world_node(world, STR("b")), true);
	published_at(T + 63 * USEC_PER_SEC);
	assert_between(proxy.publications, 1, 2);
	assert_string_equal(proxy.last, "web.1 1000,web.2 drain,");
	world_drain(world, world_node(world, STR("b")), false);
}

static void
silence_is_a_failure_in_the_end(void **state)
{
	(void)state;
	conf_set("");
	proxy.mood = SILENT;
	assert_int_equal(published_at(T), 1);
	assert_int_equal(published_at(T + 20 * USEC_PER_SEC), 1);
	assert_null(proxy.target->fault.why);
	published_at(T + 31 * USEC_PER_SEC);
	assert_ptr_equal(proxy.target->fault.why, WHY_PROXY_GONE);
}

static void
best_node_goes_by_rounds(void **state)
{
	int64_t now = loop_now(loop);

	(void)state;
	conf_set(", policy: best-node");
	assert_int_equal(published_at(now), 0);				/* nobody is seen: no choice, and nothing is said */
	assert_ptr_equal(proxy.target->fault.why, WHY_PROXY_CHOICE);
	seen_now("a", 1, 0.1, now), seen_now("b", 3, 2.5, now);
	assert_int_equal(published_at(now + 5 * USEC_PER_SEC), 1);
	assert_string_equal(proxy.last, "web.1 1000,web.2 drain,");
	seen_now("a", 1, 0.9, now), seen_now("b", 3, 0.1, now);
	assert_int_equal(published_at(now + 9 * USEC_PER_SEC), 1);		/* not before the next round */
	assert_int_equal(published_at(now + 10 * USEC_PER_SEC), 2);
	assert_string_equal(proxy.last, "web.1 drain,web.2 1000,");
	assert_int_equal(published_at(now + 15 * USEC_PER_SEC), 3);		/* the file is written each round */
}

static void
who_is_seen_by_half_is_not_chosen(void **state)
{
	int64_t now = loop_now(loop);

	(void)state;
	conf_set(", policy: best-node, fallback: 'http://localhost:8020'");
	seen_now("a", 1, 0, now), seen_now("b", 3, 2.5, now);
	world_node(world, STR("a"))->observed.sample.memory_available_bytes = NAN;
	assert_int_equal(published_at(now), 1);
	assert_string_equal(proxy.last, "web.1 drain,web.2 1000,");
	world_node(world, STR("b"))->observed.sample.memory_available_bytes = NAN;
	assert_int_equal(published_at(now + 5 * USEC_PER_SEC), 2);		/* the query has failed: the fallback */
	assert_string_equal(proxy.last, "web.1 drain,web.2 drain,");
}

static void
a_choice_that_is_gone_is_not_kept(void **state)
{
	int64_t now = loop_now(loop);

	(void)state;
	conf_set(", policy: best-node");
	seen_now("a", 1, 0.9, now), seen_now("b", 3, 0.1, now);
	assert_int_equal(published_at(now), 1);
	assert_string_equal(proxy.last, "web.1 drain,web.2 1000,");
	world_node(world, STR("a"))->steering.row.law.sampled_usec = world_node(world, STR("b"))->steering.row.law.sampled_usec = 0;
	assert_int_equal(published_at(now + 5 * USEC_PER_SEC), 1);		/* nobody is seen any more: it stays */
	assert_ptr_equal(proxy.target->fault.why, WHY_PROXY_CHOICE);
	pass(1);							/* and dies */
	assert_int_equal(published_at(now + 10 * USEC_PER_SEC), 2);
	assert_string_equal(proxy.last, "web.1 drain,");		/* alone, so it serves */
	assert_int_equal(published_at(now + 15 * USEC_PER_SEC), 2);
	assert_ptr_equal(proxy.target->fault.why, WHY_PROXY_CHOICE);
}

static void
nobody_is_told_of_half_a_world(void **state)
{
	(void)state;
	conf_set("");
	targets_tick(all, T, false);
	assert_int_equal(proxy.publications, 0);
	assert_true(says(T, "waiting", "proxy_swarm"));
	assert_int_equal(published_at(T + USEC_PER_SEC), 1);
}

static void
with_a_fallback_no_choice_is_said(void **state)
{
	(void)state;
	conf_set(", policy: best-node, fallback: 'http://localhost:8020'");
	assert_int_equal(published_at(T), 1);
	assert_string_equal(proxy.last, "web.1 drain,web.2 drain,");
}

static void
what_the_proxy_has_is_remembered(void **state)
{
	json_t *j, *t;

	(void)state;
	conf_set("");
	published_at(T);
	target_server_reported(proxy.target, "web.2", 7, "UP");
	target_not_applied(proxy.target, WHY_PROXY_DIFFERS, "weight 7");
	j = targets_view(all, T);
	t = json_array_get(json_object_get(j, "targets"), 0);
	assert_string_equal(json_string_value(json_object_get(t, "state")), "refused");
	assert_true(json_is_false(json_object_get(t, "taken")));
	t = json_array_get(json_object_get(json_array_get(json_object_get(t, "services"), 0), "servers"), 1);
	assert_int_equal(json_integer_value(json_object_get(t, "has_weight")), 7);
	assert_string_equal(json_string_value(json_object_get(t, "has_state")), "UP");
	json_decref(j);
	target_not_applied(proxy.target, WHY_PROXY_GONE, "no route");
	assert_int_equal(proxy.target->applied, APPLIED_UNKNOWN);
	target_applied(proxy.target);
	assert_int_equal(proxy.target->applied, APPLIED_YES);
}

/* A task of a service in global mode has the ids of its node and of itself in its name. */
static void
servers_with_long_names_are_told_apart(void **state)
{
	char service[64], one[128], two[128];

	(void)state;
	conf_set("");
	published_at(T);
	memset(service, 's', sizeof service - 1);
	service[sizeof service - 1] = '\0';
	snprintf(one, sizeof one, "%s.nnnnnnnnnnnnnnnnnnnnnnnnn.aaaaaaaaaaaaaaaaaaaaaaaa1", service);
	snprintf(two, sizeof two, "%s.nnnnnnnnnnnnnnnnnnnnnnnnn.aaaaaaaaaaaaaaaaaaaaaaaa2", service);
	target_server_reported(proxy.target, one, 1, "UP");
	target_server_reported(proxy.target, two, 2, "DRAIN");
	assert_int_equal(target_find_reported(proxy.target, one)->weight, 1);
	assert_int_equal(target_find_reported(proxy.target, two)->weight, 2);
}

static const char *
shown(unsigned i, char name[64])
{
	json_t *list = targets_view(all, T);

	snprintf(name, 64, "%s", json_string_value(json_object_get(json_array_get(json_object_get(list, "targets"), i), "name")));
	json_decref(list);
	return name;
}

static void
they_are_shown_in_the_order_of_the_file(void **state)
{
	char name[64];

	(void)state;
	conf_set(" }\n  - { name: ant, kind: traefik-file, file: /ant.yml }\n  - { name: zoo, kind: traefik-file, file: /zoo.yml");
	conf_set(" }\n  - { name: ant, kind: traefik-file, file: /another.yml }\n  - { name: zoo, kind: traefik-file, file: /zoo.yml");
	assert_string_equal(shown(0, name), "edge");
	assert_string_equal(shown(1, name), "ant");
	assert_string_equal(shown(2, name), "zoo");
}

static void
who_is_the_same_lives_on(void **state)
{
	(void)state;
	conf_set("");
	published_at(T);
	conf_set("");
	assert_int_equal(proxy.opened, 1);
	assert_int_equal(published_at(T + 10 * USEC_PER_SEC), 1);
	conf_set(", hysteresis: 0.2");
	assert_int_equal(proxy.opened, 2);
	assert_int_equal(proxy.closed, 1);
	assert_int_equal(published_at(T + 20 * USEC_PER_SEC), 2);
}

/* ---- withdrawn ---- */

/* The state that the API shows. */
static void
change(json_t *done, const char *state)
{
	assert_string_equal(json_string_value(json_object_get(done, "state")), state);
	json_decref(done);
}

static void
what_is_withdrawn_stays_so_until_it_resumes(void **state)
{
	json_t *done;

	(void)state;
	conf_set("");
	assert_int_equal(published_at(T), 1);
	assert_null(targets_withdraw(all, "nobody", false));
	done = targets_withdraw(all, "edge", true);
	assert_string_equal(json_string_value(json_array_get(json_object_get(done, "does"), 0)), "empty it");
	change(done, "published");
	assert_int_equal(proxy.withdrawn, 0);
	change(targets_withdraw(all, "edge", false), "withdrawn");
	assert_int_equal(proxy.withdrawn, 1);
	pass(1);
	assert_int_equal(published_at(T + 20 * USEC_PER_SEC), 1);
	change(targets_withdraw(all, "edge", false), "withdrawn");	/* it is */
	assert_int_equal(proxy.withdrawn, 1);
	conf_set("");							/* nothing of it has changed */
	assert_int_equal(published_at(T + 30 * USEC_PER_SEC), 1);
	pass(2);
	assert_null(targets_resume(all, "nobody"));
	change(targets_resume(all, "edge"), "published");
	assert_int_equal(published_at(T + 40 * USEC_PER_SEC), 2);
	assert_int_equal(published_at(T + 50 * USEC_PER_SEC), 2);
}

static void
a_withdrawal_that_fails_is_tried_again(void **state)
{
	(void)state;
	conf_set("");
	proxy.mood = REFUSES;
	change(targets_withdraw(all, "edge", false), "failed");
	targets_tick(all, loop_now(loop) + 60 * USEC_PER_SEC, false);
	assert_int_equal(proxy.withdrawn, 2);
	proxy.mood = ANSWERS;
	targets_tick(all, loop_now(loop) + 200 * USEC_PER_SEC, false);
	assert_int_equal(proxy.withdrawn, 3);
	change(targets_withdraw(all, "edge", true), "withdrawn");
}

/* One that takes its time may end when nobody wants it any more. */
static void
resumed_before_it_was_withdrawn(void **state)
{
	(void)state;
	conf_set("");
	assert_int_equal(published_at(T), 1);
	proxy.mood = SILENT;
	change(targets_withdraw(all, "edge", false), "withdrawing");
	change(targets_resume(all, "edge"), "published");
	target_withdrawn(proxy.target);
	proxy.mood = ANSWERS;
	assert_int_equal(published_at(T + 10 * USEC_PER_SEC), 2);
	change(targets_resume(all, "edge"), "published");
}

static void
a_brain_that_comes_back_leaves_it_so(void **state)
{
	(void)state;
	conf_set("");
	change(targets_withdraw(all, "edge", false), "withdrawn");
	targets_free(&all);
	all = targets_new(loop, NULL, world);
	targets_reconf(all, conf);
	assert_int_equal(published_at(T + 5 * USEC_PER_SEC), 0);
	assert_int_equal(proxy.withdrawn, 2);
	change(targets_withdraw(all, "edge", true), "withdrawn");
	conf_set(", interval: 3s");					/* a reload that changes it */
	assert_int_equal(published_at(T + 20 * USEC_PER_SEC), 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(told_once_and_again_when_it_matters, setup, teardown),
		cmocka_unit_test_setup_teardown(nothing_is_never_said, setup, teardown),
		cmocka_unit_test_setup_teardown(the_first_word_waits_for_samples_but_not_for_ever, setup, teardown),
		cmocka_unit_test_setup_teardown(failures_are_tried_again_ever_more_seldom, setup, teardown),
		cmocka_unit_test_setup_teardown(after_a_failure_what_is_new_does_not_wait_for_the_next_try, setup, teardown),
		cmocka_unit_test_setup_teardown(silence_is_a_failure_in_the_end, setup, teardown),
		cmocka_unit_test_setup_teardown(best_node_goes_by_rounds, setup, teardown),
		cmocka_unit_test_setup_teardown(who_is_seen_by_half_is_not_chosen, setup, teardown),
		cmocka_unit_test_setup_teardown(a_choice_that_is_gone_is_not_kept, setup, teardown),
		cmocka_unit_test_setup_teardown(nobody_is_told_of_half_a_world, setup, teardown),
		cmocka_unit_test_setup_teardown(with_a_fallback_no_choice_is_said, setup, teardown),
		cmocka_unit_test_setup_teardown(what_the_proxy_has_is_remembered, setup, teardown),
		cmocka_unit_test_setup_teardown(servers_with_long_names_are_told_apart, setup, teardown),
		cmocka_unit_test_setup_teardown(they_are_shown_in_the_order_of_the_file, setup, teardown),
		cmocka_unit_test_setup_teardown(who_is_the_same_lives_on, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_withdrawn_stays_so_until_it_resumes, setup, teardown),
		cmocka_unit_test_setup_teardown(a_withdrawal_that_fails_is_tried_again, setup, teardown),
		cmocka_unit_test_setup_teardown(resumed_before_it_was_withdrawn, setup, teardown),
		cmocka_unit_test_setup_teardown(a_brain_that_comes_back_leaves_it_so, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
