/* room: how full a node is with our requests, and when that is not known well enough to keep any waiting. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>

#include "world/room.c"

#define SEC 1000000

/* Four cores, all of them busy at its last sample, with 10 of ours in flight that all wanted one. */
static const struct phys_row row = { .wanted = 10, .law = { .cores = 4, .others = 0, .neutral = 0,
    .sampled_usec = 50 * SEC, .period_usec = SEC, .balancers = 1, .lasting = 1, .unusual = 1 } };
static const int64_t now = 50 * SEC + 100000;

static void
near(double a, double b)
{
	if (fabs(a - b) > 1e-9)
		fail_msg("%.12g is not %.12g", a, b);
}

static double
use(const struct phys_row *r, double available, double inflight, double on_task, int64_t at)
{
	return room_use(r, &(struct room_load){ .available = available, .inflight = inflight, .on_task = on_task }, at);
}

static void
requests_share_the_cores_of_the_node_or_of_the_container(void **state)
{
	(void)state;
	near(use(&row, NAN, 11, 11, now), 3);		/* (11 + 1) / 4 */
	near(use(&row, 2, 11, 11, now), 6);		/* the container could have two cores */
	near(use(&row, 2, 11, 3, now), 2);			/* and others of ours run beside it */
}

static void
requests_that_wait_for_something_else_take_no_room(void **state)
{
	(void)state;
	struct phys_row r = row;

	r.law.others = -90;		/* 100 in flight, of which 10 wanted a core; by chance, it may be 4 fewer */
	near(use(&r, NAN, 100, 100, now), 7.0 / 4);
	near(use(&r, 4, 100, 100, now), 7.0 / 4);
	r.law.others = -4;					/* of 14, 4 wait: 2 more may do */
	near(use(&r, NAN, 14, 14, now), 9.0 / 4);
	r.law.others = -90;
	near(use(&r, NAN, 50, 50, now), 1.0 / 4);		/* those that are left may all be waiting */
}

static void
threads_of_others_are_not_ours(void **state)
{
	(void)state;
	struct phys_row r = row;

	r.law.others = 100;
	near(use(&r, NAN, 3, 3, now), 1);
	near(use(&r, 1, 3, 3, now), 4);
	near(use(&r, 0.2, 3, 3, now), 4);			/* a quota of a fifth of a core */
}

static void
a_node_without_our_requests_gets_one(void **state)
{
	(void)state;
	near(use(&row, 0.01, 0, 0, now), 0);
	near(use(&row, .1, 5, 0, now), 1);			/* none on this task: by any bound, too */
}

static void
nobody_waits_for_a_node_of_which_too_little_is_known(void **state)
{
	(void)state;
	struct phys_row r = row;

	near(use(&row, NAN, 1000, 1000, 60 * SEC), 0);	/* it has fallen silent */
	r.law.sampled_usec = 0;
	near(use(&r, NAN, 1000, 1000, now), 0);
}

static void
what_came_since_cores_were_idle_counts_less_until_the_next_sample(void **state)
{
	(void)state;
	struct phys_row r = row;

	r.wanted = 1;
	near(use(&r, NAN, 79, 79, now), 20.0 / 8);		/* a sample each second: eight times the room */
	r.law.period_usec = 100000;				/* each tenth: they are seen soon */
	near(use(&r, NAN, 79, 79, now), 20);
}

/* A node whose cores others want all the time: 100 of ours are there, of which 2 have wanted a core of the 4. */
static void
requests_that_wait_beside_others_take_no_room(void **state)
{
	(void)state;
	struct phys_row r = row;
	struct room_load l = { .available = 4, .inflight = 100, .on_task = 100 };

	r.law.others = 60;
	near(room_use(&r, &l, now), 101. / 4);
	l.waited = room_waited(100, 1, 2, 4);
	near(room_use(&r, &l, now), 1. / 4);			/* less 4 by chance */
	l.on_task = l.inflight = 107;				/* what has come since counts */
	near(room_use(&r, &l, now), 6. / 4);
	l.on_task = l.inflight = 50;
	near(room_use(&r, &l, now), 1. / 4);
	near(room_waited(100, 2, 2, 4), 99);			/* half of the threads are another balancer's */
	near(room_waited(100, 1, 3.7, 4), 0);			/* it may have wanted more than it had */
	near(room_waited(100, 1, NAN, 4), 0);
	near(room_waited(100, 1, 2, NAN), 0);
	near(room_waited(1, 1, 2, 4), 0);
}

static void
they_are_believed_less_while_clients_leave(void **state)
{
	(void)state;
	near(room_belief(ROOM_BOUND), 1);
	near(room_belief(2), 1);
	near(room_belief(1.5), .5);
	near(room_belief(1), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_share_the_cores_of_the_node_or_of_the_container),
		cmocka_unit_test(requests_that_wait_for_something_else_take_no_room),
		cmocka_unit_test(threads_of_others_are_not_ours),
		cmocka_unit_test(requests_that_wait_beside_others_take_no_room),
		cmocka_unit_test(they_are_believed_less_while_clients_leave),
		cmocka_unit_test(a_node_without_our_requests_gets_one),
		cmocka_unit_test(nobody_waits_for_a_node_of_which_too_little_is_known),
		cmocka_unit_test(what_came_since_cores_were_idle_counts_less_until_the_next_sample),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
