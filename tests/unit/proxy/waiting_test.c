/* waiting: who is called when there may be room, and how full nodes may be. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

#include "base/clock.h"
#include "proxy/waiting.c"

#define MOST 8

static struct loop *loop;
static struct live *live;
static struct waiting waiting;
static unsigned room[4];			/* by service */
static struct table_service of[4], its;

struct one {
	struct waiter	 waiter;
	unsigned	 service;
	int		 got;			/* 1: room; -1: its time was over */
} one[MOST];
static unsigned order[MOST], ngot;

static void
go_on(void *arg)
{
	struct one *o = arg;

	if (room[o->service] > 0) {
		room[o->service]--;
		o->got = 1;
	} else if (waiting_is_over(&waiting, &o->waiter))
		o->got = -1;
	else
		return;
	order[ngot++] = (unsigned)(o - one);
	waiting_leave(&waiting, &o->waiter);
}

static void
enter(unsigned i, unsigned service)
{
	one[i] = (struct one){ .service = service };
	waiting_enter(&waiting, &one[i].waiter, service, &of[service], go_on, &one[i]);
	waiting_is_for(&waiting, &one[i].waiter, true);
}

/* One turn of the loop, in which timers that are due run. */
static void
turn(void)
{
	waiting_room_made(&waiting);
	loop_turn(loop, 0);
	loop_turn(loop, 0);
}

static int
setup(void **state)
{
	(void)state;
	loop = loop_new();
	live = live_init(calloc(1, live_bytes()), 1);
	waiting_init(&waiting, loop, live, 0);
	ngot = 0;
	for (unsigned i = 0; i < 4; i++) {
		room[i] = 0;
		of[i] = (struct table_service){ .slot = i, .overload_bound = 4, .overload_wait_usec = 250000 };
	}
	its = of[0];
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	for (unsigned i = 0; i < MOST; i++)
		waiting_leave(&waiting, &one[i].waiter);
	waiting_fini(&waiting);
	loop_free(&loop);
	free(live);
	return 0;
}

static void
the_oldest_of_a_burst_gets_room_first(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 3; i++)
		enter(i, 0);
	assert_int_equal(live_gauge_total(live, LIVE_WAITING), 3);
	room[0] = 2;
	turn();
	assert_int_equal(ngot, 2);
	assert_int_equal(order[0], 0);
	assert_int_equal(order[1], 1);
	assert_int_equal(one[2].got, 0);
	assert_int_equal(live_gauge_total(live, LIVE_WAITING), 1);
}

/* Until nobody waits any more: then the next burst is one. */
static void
once_one_was_refused_the_newest_gets_room_first(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 4; i++)
		enter(i, 0);
	one[0].waiter.until_usec = 0;
	turn();
	assert_int_equal(one[0].got, -1);
	room[0] = 2;
	turn();
	assert_true(ngot == 3 && order[1] == 3 && order[2] == 2);
	room[0] = 1;
	turn();
	assert_int_equal(one[1].got, 1);
	for (unsigned i = 4; i < 6; i++)
		enter(i, 0);
	room[0] = 1;
	turn();
	assert_true(one[4].got == 1 && one[5].got == 0);
}

static void
a_service_without_room_keeps_no_other_from_its_own(void **state)
{
	(void)state;
	enter(0, 1);
	enter(1, 2);
	enter(2, 2);
	room[1] = 1;
	turn();
	assert_int_equal(ngot, 1);
	assert_int_equal(order[0], 0);
}

static void
who_has_precedence_gets_room_first(void **state)
{
	(void)state;
	of[1].overload_priority = PRECEDENCE_HIGH;
	of[2].overload_priority = PRECEDENCE_LOW;
	enter(0, 1);
	enter(1, 0);
	enter(2, 2);
	enter(3, 0);
	room[0] = room[1] = room[2] = 2;
	turn();
	assert_int_equal(ngot, 4);
	assert_true(order[0] == 0 && order[1] == 1 && order[2] == 3 && order[3] == 2);
}

static void
a_service_has_a_bound_of_its_own(void **state)
{
	(void)state;
	its.overload_bound = 8;
	assert_true(waiting_bound(&waiting, &its).most == 8);
	assert_true(waiting_bound(&waiting, &of[0]).most == 4 && !waiting_bound(&waiting, &of[0]).shared);
	its.overload_priority = PRECEDENCE_LOW;		/* and all requests on the node count for it */
	assert_true(waiting_bound(&waiting, &its).most == 4 && waiting_bound(&waiting, &its).shared);
	its.overload_priority = PRECEDENCE_HIGH;
	assert_true(waiting_bound(&waiting, &its).most == 16);
	waiting.bound = BOUND_LEAST;
	its.overload_priority = PRECEDENCE_NORMAL;
	assert_true(waiting_bound(&waiting, &its).most == 2 && waiting_bound(&waiting, &of[0]).most == 1);
}

static void
more_than_may_wait_end_the_oldest(void **state)
{
	(void)state;
	static struct one many[WAITING_MOST + 2];

	for (unsigned i = 0; i < WAITING_MOST + 2; i++)		/* two more, in one turn */
		waiting_enter(&waiting, &many[i].waiter, 0, &of[0], go_on, &many[i]);
	assert_false(waiting_is_over(&waiting, &many[2].waiter));
	assert_true(waiting_is_over(&waiting, &many[1].waiter));
	assert_true(waiting_is_over(&waiting, &many[0].waiter));
	for (unsigned i = 0; i < WAITING_MOST + 2; i++)
		waiting_leave(&waiting, &many[i].waiter);
}

static void
who_has_waited_long_enough_is_told_so(void **state)
{
	(void)state;
	int64_t began = clock_mono_usec();

	enter(0, 0);
	while (one[0].got == 0 && clock_mono_usec() - began < 20 * 1000000)
		loop_turn(loop, 100000);
	assert_int_equal(one[0].got, -1);
	assert_true(clock_mono_usec() - began >= 250000 - 1000);
}

static void
room_in_another_worker_is_found(void **state)
{
	(void)state;
	int64_t began = clock_mono_usec();

	enter(0, 0);
	room[0] = 1;				/* and nothing has ended here */
	while (one[0].got == 0 && clock_mono_usec() - began < 20 * 1000000)
		loop_turn(loop, 100000);
	assert_int_equal(one[0].got, 1);
}

/* A period, in which so many end, and so many of them are left by their clients. */
static void
end_many(bool full, unsigned ended, unsigned left)
{
	waiting.period_usec = loop_now(loop);
	for (unsigned i = 1; i < ended; i++)
		waiting_note_end(&waiting, full, i <= left);
	waiting.period_usec = loop_now(loop) - PERIOD_USEC;
	waiting_note_end(&waiting, full, ended <= left);
}

static double
bound(void)
{
	assert_true(fabs(live_bound(live) - waiting.bound) < .001);
	return waiting_bound(&waiting, &its).most;
}

static void
nodes_are_full_sooner_while_clients_leave(void **state)
{
	(void)state;
	assert_true(bound() == ROOM_BOUND);
	end_many(true, 1000, 10);		/* one of a hundred: as usual */
	assert_true(bound() == ROOM_BOUND);
	end_many(true, 1000, 30);
	assert_true(bound() < ROOM_BOUND);
	for (int i = 0; i < 100; i++)
		end_many(true, 100, 50);
	assert_true(bound() == BOUND_LEAST && waiting_bound(&waiting, &its).belief == 0);
	for (int i = 0; i < 150; i++)
		end_many(true, 100, 0);
	assert_true(bound() == ROOM_BOUND && waiting_bound(&waiting, &its).belief == 1);
}

static void
a_few_clients_that_leave_may_be_chance(void **state)
{
	(void)state;
	for (int i = 0; i < 20; i++)
		end_many(true, 20, i % 8 == 0);	/* 80 in a second, of which one leaves every other */
	assert_true(bound() == ROOM_BOUND);
	for (int i = 0; i < 3; i++)		/* but not when so many do */
		end_many(true, 20, 10);
	assert_true(bound() < ROOM_BOUND);
}

/* One of 25 leaves wherever it is, such as of a page that people scroll through. */
static void
who_leaves_in_any_case_does_not_count(void **state)
{
	(void)state;
	for (int i = 0; i < 40; i++)
		end_many(false, 500, 20);
	for (int i = 0; i < 40; i++)
		end_many(true, 500, 20);
	assert_true(bound() == ROOM_BOUND);
	for (int i = 0; i < 4; i++)
		end_many(true, 500, 50);
	assert_true(bound() < ROOM_BOUND);
}

static void
a_queue_that_never_empties_makes_nodes_full_sooner(void **state)
{
	(void)state;
	enter(0, 0);
	end_many(true, 100, 0);			/* nobody waited when the period began */
	assert_true(bound() == ROOM_BOUND);
	for (int i = 0; i < 20; i++)
		end_many(true, 100, 0);
	assert_true(bound() == BOUND_LASTING);
	for (int i = 0; i < 5; i++) {		/* empty for a moment of each period */
		waiting_leave(&waiting, &one[0].waiter);
		enter(0, 0);
		end_many(true, 100, 0);
	}
	assert_true(bound() == ROOM_BOUND);
}

static void
who_waits_for_a_limit_of_its_service_makes_no_node_full(void **state)
{
	(void)state;
	enter(0, 0);
	waiting_is_for(&waiting, &one[0].waiter, false);
	for (int i = 0; i < 20; i++)
		end_many(true, 100, 0);
	assert_true(bound() == ROOM_BOUND);
}

static void
the_newest_gets_room_before_one_whose_time_is_over(void **state)
{
	(void)state;
	enter(0, 0);
	enter(1, 0);
	one[0].waiter.until_usec = loop_now(loop);
	room[0] = 1;
	turn();
	assert_int_equal(one[1].got, 1);
	assert_int_equal(one[0].got, -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_oldest_of_a_burst_gets_room_first, setup, teardown),
		cmocka_unit_test_setup_teardown(once_one_was_refused_the_newest_gets_room_first, setup, teardown),
		cmocka_unit_test_setup_teardown(a_service_without_room_keeps_no_other_from_its_own, setup, teardown),
		cmocka_unit_test_setup_teardown(who_has_precedence_gets_room_first, setup, teardown),
		cmocka_unit_test_setup_teardown(a_service_has_a_bound_of_its_own, setup, teardown),
		cmocka_unit_test_setup_teardown(more_than_may_wait_end_the_oldest, setup, teardown),
		cmocka_unit_test_setup_teardown(who_has_waited_long_enough_is_told_so, setup, teardown),
		cmocka_unit_test_setup_teardown(room_in_another_worker_is_found, setup, teardown),
		cmocka_unit_test_setup_teardown(a_few_clients_that_leave_may_be_chance, setup, teardown),
		cmocka_unit_test_setup_teardown(who_leaves_in_any_case_does_not_count, setup, teardown),
		cmocka_unit_test_setup_teardown(nodes_are_full_sooner_while_clients_leave, setup, teardown),
		cmocka_unit_test_setup_teardown(a_queue_that_never_empties_makes_nodes_full_sooner, setup, teardown),
		cmocka_unit_test_setup_teardown(who_waits_for_a_limit_of_its_service_makes_no_node_full, setup, teardown),
		cmocka_unit_test_setup_teardown(the_newest_gets_room_before_one_whose_time_is_over, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
