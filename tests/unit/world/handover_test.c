/* What a Mola passes on to the next: all of it arrives, or nothing. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "world/handover_take.c"
#include "world/live_priv.h"

struct mola {
	struct live	*live;
	struct phys	*phys;
	struct world	*world;
};

static struct mola
mola_new(void)
{
	struct mola m = { .phys = phys_init(must_zalloc(phys_bytes())) };
	void *memory = NULL;

	assert_int_equal(posix_memalign(&memory, 64, live_bytes()), 0);
	memset(memory, 0, live_bytes());
	m.live = live_init(memory, 2);
	m.world = world_new(m.live, m.phys);
	return m;
}

static void
mola_free(struct mola *m)
{
	world_free(&m->world);
	free(m->live);
	free(m->phys);
}

/* Later than all that a test does. */
static int64_t
soon(void)
{
	return clock_mono_usec() + USEC_PER_SEC;
}

/* Two nodes, a service, two tasks. */
static void
pass(struct mola *m)
{
	static const struct service_conf conf = { .connect_usec = 1, .response_usec = 1, .idle_usec = 1,
	    .tunnel_usec = 1 };
	struct route_conf route = { .host = (char *)(uintptr_t)"", .path = (char *)(uintptr_t)"/" };
	struct world_service *s;
	struct addr a;

	world_pass_begin(m->world);
	assert_non_null(world_pass_node(m->world, &(struct world_node){ .name = (char *)(uintptr_t)"n1" }));
	assert_non_null(world_pass_node(m->world, &(struct world_node){ .name = (char *)(uintptr_t)"n2" }));
	s = world_pass_service(m->world, "web", &conf, &route, 1);
	assert_null(addr_parse(STR("10.0.0.1:80"), &a));
	assert_non_null(world_pass_task(m->world, s, "web.1", "n1", &a, false));
	assert_null(addr_parse(STR("10.0.0.2:80"), &a));
	assert_non_null(world_pass_task(m->world, s, "web.2", "n2", &a, false));
	world_pass_end(m->world);
}

static unsigned
task(const struct mola *m, const char *name)
{
	return world_task(m->world, str_of(name))->slot;
}

static struct buf
text_of(struct mola *m, int64_t now)
{
	struct table *t;
	struct buf text;
	int fd;

	assert_null(world_table(m->world, &fd));
	assert_null(table_open(fd, &t));
	buf_init(&text, HANDOVER_BYTES);
	handover_write(m->live, m->phys, t, now, &text);
	assert_false(text.full);
	table_unref(&t);
	return text;
}

static struct mola
busy(int64_t now)
{
	struct outlier_failure f = { .weight = OUTLIER_HEAVY, .cost = 8 };
	struct mola m = mola_new();
	unsigned one, two, web;

	pass(&m);
	one = task(&m, "web.1"), two = task(&m, "web.2");
	web = world_service(m.world, STR("web"))->slot;
	live_take(m.live, 0, 0, one);
	live_give(m.live, 0, 0, one);
	live_take(m.live, 1, 0, one);
	live_count_response(m.live, one, 500, 3000);
	live_count_retry(m.live, one, web, RETRY_RESET);
	live_count_hedge(m.live, web);
	live_count_hedge(m.live, web);
	live_failed(m.live, one, &f, now);
	live_count_failure(m.live, one, (struct live_cause){ WHY_CONNECT_REFUSED, 0 }, now);
	live_eject(m.live, one, (struct live_cause){ WHY_CONNECT_REFUSED, 0 }, now);
	live_set_health_cause(m.live, two, (struct live_cause){ WHY_HEALTH_CHECK, 503 });
	live_set_health(m.live, two, HEALTH_DOWN);
	live_count_why(m.live, 0, WHY_COMPLETE);
	live_count_why(m.live, 1, WHY_COMPLETE);
	live_observe(m.live, 1, 3000);
	live_observe_service(m.live, 1, web, 3000);
	live_count_service_error(m.live, web, (struct live_cause){ WHY_CONNECT_REFUSED, 502 });
	live_started(m.live, LIVE_BRAIN, 7);
	live_log_dropped(m.live, LIVE_PARENT, 12);
	phys_set_available(m.phys, two, 1.5);
	world_node(m.world, STR("n1"))->steering.row.law.cores = 3;
	world_node(m.world, STR("n1"))->steering.row.law.others = -2.25;
	world_node(m.world, STR("n1"))->steering.row.ramp_usec = 77;
	phys_write(m.phys, world_node(m.world, STR("n1"))->slot, &world_node(m.world, STR("n1"))->steering.row);
	world_drain(m.world, world_node(m.world, STR("n2")), true);
	world_drain_task(m.world, world_task(m.world, STR("web.1")), true);
	return m;
}

static void
assert_counts(const struct mola *m, uint64_t requests)
{
	unsigned web = world_service(m->world, STR("web"))->slot;
	struct live_traffic traffic;
	struct live_task one;

	live_task_read(m->live, task(m, "web.1"), &one);
	assert_int_equal(one.requests, requests);
	assert_int_equal(one.errors, 1);
	assert_int_equal(one.retries, 1);
	assert_int_equal(one.failures, 1);
	assert_int_equal(one.ejections, 1);
	assert_int_equal(one.duration_usec, 3000);
	assert_int_equal(one.inflight, 0);
	assert_int_equal(live_why_total(m->live, WHY_ID_COMPLETE), requests);
	assert_int_equal(live_service_step_total(m->live, web, latency_step(3000)), 1);
	assert_int_equal(live_service_duration_usec(m->live, web), 3000);
	assert_int_equal(live_retries_total(m->live, web, RETRY_RESET), 1);
	assert_int_equal(live_retries_total(m->live, web, RETRY_HEDGE), 2);
	assert_int_equal(live_retries_total(m->live, web, RETRY_STATUS), 0);
	live_service_traffic(m->live, web, &traffic);
	assert_int_equal(traffic.error[0], 1);
	assert_int_equal(traffic.cause[0].status, 502);
	assert_int_equal(live_process(m->live, LIVE_BRAIN).starts, 1);
	assert_int_equal(live_log_dropped_total(m->live, LIVE_PARENT), 12);
}

static void
what_was_counted_and_learnt_arrives(void **state)
{
	int64_t now = soon();
	struct mola old = busy(now), new = mola_new();
	struct buf text = text_of(&old, now);
	struct world_node *n1;
	struct live_task t;

	(void)state;
	assert_null(handover_take(new.world, buf_str(&text), now));
	pass(&new);
	assert_counts(&new, 2);
	assert_false(live_is_usable(new.live, task(&new, "web.1"), now));
	assert_true(live_is_usable(new.live, task(&new, "web.1"), now + 2 * USEC_PER_SEC));
	assert_true(live_has_ejected(new.live, now));
	assert_true(live_penalty(new.live, task(&new, "web.1"), now) > 7);
	live_task_read(new.live, task(&new, "web.1"), &t);
	assert_int_equal(t.failed_usec, now);
	assert_ptr_equal(t.failure.why, WHY_CONNECT_REFUSED);
	live_task_read(new.live, task(&new, "web.2"), &t);
	assert_int_equal(t.health, HEALTH_DOWN);
	assert_int_equal(t.health_cause.status, 503);
	assert_true(phys_available(new.phys, task(&new, "web.2")) == 1.5);
	n1 = world_node(new.world, STR("n1"));
	assert_true(n1->steering.row.law.cores == 3 && n1->steering.row.law.others == -2.25);
	assert_int_equal(n1->steering.ramp_usec, 77);
	assert_true(n1->inherited && !n1->drained);
	assert_true(world_node(new.world, STR("n2"))->drained);
	assert_true(world_task(new.world, STR("web.1"))->drained);
	assert_false(world_task(new.world, STR("web.2"))->drained);
	buf_fini(&text);
	mola_free(&old);
	mola_free(&new);
}

/* It is still new, or not well, for the next one. */
static void
slow_starts_and_degraded_tasks_go_on(void **state)
{
	int64_t now = clock_mono_usec(), slow = 60 * USEC_PER_SEC;
	struct mola old = mola_new(), new = mola_new();
	struct buf text;
	struct live_task t;

	(void)state;
	pass(&old);
	live_set_health(old.live, task(&old, "web.2"), HEALTH_DEGRADED);
	now = clock_mono_usec();
	text = text_of(&old, now);
	assert_null(handover_take(new.world, buf_str(&text), now));
	pass(&new);
	now += slow / 2;
	assert_true(live_handicap(old.live, task(&old, "web.1"), slow, now) > 1.5);
	assert_true(live_handicap(new.live, task(&new, "web.1"), slow, now) ==
	    live_handicap(old.live, task(&old, "web.1"), slow, now));
	live_task_read(new.live, task(&new, "web.2"), &t);
	assert_int_equal(t.health, HEALTH_DEGRADED);
	assert_true(live_is_usable(new.live, task(&new, "web.2"), now));
	assert_true(live_handicap(new.live, task(&new, "web.2"), slow, now + slow) == LIVE_DEGRADED);
	buf_fini(&text);
	mola_free(&old);
	mola_free(&new);
}

/* The one before goes on for a while: its last counts take the place of those that it began with. */
static void
counts_are_set_again_at_the_end(void **state)
{
	int64_t now = soon();
	struct mola old = busy(now), new = mola_new(), third = mola_new();
	struct buf text = text_of(&old, now);

	(void)state;
	assert_null(handover_take(new.world, buf_str(&text), now));
	buf_fini(&text);
	pass(&new);
	live_take(old.live, 0, 0, task(&old, "web.1"));
	live_count_why(old.live, 0, WHY_COMPLETE);
	live_set_health(new.live, task(&new, "web.2"), HEALTH_UP);
	world_drain(new.world, world_node(new.world, STR("n2")), false);
	text = text_of(&old, now);
	assert_null(handover_take_counts(new.world, buf_str(&text), now));
	assert_counts(&new, 3);
	assert_null(handover_take_counts(new.world, buf_str(&text), now));
	assert_counts(&new, 3);
	assert_true(live_is_usable(new.live, task(&new, "web.2"), now));
	assert_false(world_node(new.world, STR("n2"))->drained);
	buf_fini(&text);
	/* its own come to them, for the next one */
	live_take(new.live, 0, 0, task(&new, "web.1"));
	live_give(new.live, 0, 0, task(&new, "web.1"));
	live_count_why(new.live, 1, WHY_COMPLETE);
	text = text_of(&new, now);
	assert_null(handover_take(third.world, buf_str(&text), now));
	pass(&third);
	assert_counts(&third, 4);
	buf_fini(&text);
	mola_free(&old);
	mola_free(&new);
	mola_free(&third);
}

static void
a_task_elsewhere_begins_anew(void **state)
{
	int64_t now = soon();
	struct mola old = busy(now), new = mola_new();
	struct buf text = text_of(&old, now);
	struct live_task t;
	struct addr a;

	(void)state;
	assert_null(handover_take(new.world, buf_str(&text), now));
	pass(&new);
	world_pass_begin(new.world);
	world_pass_node(new.world, &(struct world_node){ .name = (char *)(uintptr_t)"n1" });
	assert_null(addr_parse(STR("10.0.0.9:80"), &a));
	assert_non_null(world_pass_task(new.world, world_pass_service(new.world, "web",
	    &(struct service_conf){ 0 }, NULL, 0), "web.1", "n1", &a, false));
	world_pass_end(new.world);
	live_task_read(new.live, task(&new, "web.1"), &t);
	assert_int_equal(t.requests, 0);
	buf_fini(&text);
	mola_free(&old);
	mola_free(&new);
}

#define HEAD "mola-handover 1 5\n"

static void
what_cannot_be_read_changes_nothing(void **state)
{
	static const char *const wrong[] = { "", "end\n", "mola-handover 2 5\nend\n", "mola-handover 1\nend\n",
	    "mola-handover 1 99999999999999999\nend\n", HEAD, HEAD "end\nend\n",
	    HEAD "total ended.complete\nend\n", HEAD "total ended.complete -1\nend\n",
	    HEAD "node 2 n1\nend\n", HEAD "node 0\nend\n", HEAD "task 0 \nend\n", HEAD "service \nend\n",
	    HEAD "node 0 n1\nlaw 0 0 0 0 1 1 0 0 0\nend\n", HEAD "node 0 n1\nlaw nan 0 0 0 1 1 0 0 0\nend\n",
	    HEAD "node 0 n1\nlaw 1 0 0 9 1 1 0 0 0\nend\n", HEAD "node 0 n1\nlaw 1 0 0 0 0 1 0 0 0\nend\n",
	    HEAD "node 0 n1\nstate 101 0 0\nend\n", HEAD "ramp 9\nend\n", HEAD "durations 1 8\nend\n",
	    HEAD "durations 1 8:x\nend\n", HEAD "error 1 complete\nend\n", HEAD "error 1 complete 1000\nend\n",
	    HEAD "counts requests\nend\n", HEAD "failed 9 complete 0\nend\n", HEAD "health well complete 0\nend\n",
	    HEAD "retries reset\nend\n", HEAD "degraded 1\nend\n", HEAD "since 9\nend\n",
	    HEAD "ejected 1 1 2 complete 0\nend\n", HEAD "ejected 999999999999999 1 1 complete 0\nend\n",
	    HEAD "failing 1 1 1 inf\nend\n", HEAD "load 1 1 1 1\nend\n", HEAD "available -1\nend\n" };
	struct mola m = mola_new();
	char text[400];

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		bool headed = strncmp(wrong[i], HEAD, sizeof HEAD - 1) == 0;
		snprintf(text, sizeof text, "%s%s", headed ? HEAD "total ended.complete 3\n" : "",
		    wrong[i] + (headed ? sizeof HEAD - 1 : 0));
		assert_ptr_equal(handover_take(m.world, str_of(text), 8), WHY_HANDOVER_UNREADABLE);
		assert_int_equal(live_why_total(m.live, WHY_ID_COMPLETE), 0);
	}
	assert_ptr_equal(handover_take(m.world, STR(HEAD "service web\0\nservice web\0\nend\n"), 8), WHY_HANDOVER_UNREADABLE);
	assert_ptr_equal(handover_take(m.world, (struct str){ NULL, 0 }, 8), WHY_HANDOVER_UNREADABLE);
	assert_ptr_equal(handover_take_counts(m.world, STR(HEAD "end\n"), 8), WHY_HANDOVER_UNREADABLE);
	/* what a newer Mola of this version says more is left out */
	assert_null(handover_take(m.world, STR(HEAD "mood 1 2\ntotal ended.complete 3\ntotal ended.tired 4\n"
	    "task 0 web/web.1@10.0.0.1:80\ncounts requests:5 naps:6\nfailed 4 tired 0\nend\n"), 8));
	pass(&m);
	assert_int_equal(live_why_total(m.live, WHY_ID_COMPLETE), 3);
	mola_free(&m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_counted_and_learnt_arrives),
		cmocka_unit_test(slow_starts_and_degraded_tasks_go_on),
		cmocka_unit_test(counts_are_set_again_at_the_end),
		cmocka_unit_test(a_task_elsewhere_begins_anew),
		cmocka_unit_test(what_cannot_be_read_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
