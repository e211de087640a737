/*
 * Sessions without anything served on them: which one makes room, and how each ends.
 */
#include "http/session.c"

#include "../until.h"

#define CLIENTS 4

struct visit {				/* a session of this test's owner */
	struct session	 session;
	int		 begun, evicted, aborted, ended;
	const struct why *why;
};

static struct loop *loop;
static struct sessions all;
static struct visit visit[CLIENTS];
static int client[CLIENTS];

static void
on_stream(void *arg)
{
	(void)arg;
}

static void
on_begin(struct session *s)
{
	struct visit *v = (struct visit *)s;

	v->begun++;
	session_busy(s, v, on_stream);
}

static void
on_evict(struct session *s, const struct why *why)
{
	(void)why;
	((struct visit *)s)->evicted++;
	session_reset(s);
}

static void
on_abort(struct session *s)
{
	((struct visit *)s)->aborted++;
	session_reset(s);
}

static void
on_end(struct session *s, const struct why *why)
{
	struct visit *v = (struct visit *)s;

	v->ended++;
	v->why = why;
}

static const struct session_ops ops = { .begin = on_begin, .evict = on_evict, .abort = on_abort,
	.end = on_end };

static int
begin(void **state)
{
	(void)state;
	loop = loop_new();
	memset(visit, 0, sizeof visit);
	sessions_init(&all, loop, &ops, NULL);
	all.limits = (struct session_limits){ .most = CLIENTS, .idle_usec = UNTIL_USEC,
		.linger_usec = UNTIL_USEC, .linger_most_usec = UNTIL_USEC,
		.linger_bytes = 1000000, .linger_turn_bytes = 1000000 };
	for (int i = 0; i < CLIENTS; i++)
		client[i] = -1;
	return 0;
}

static int
end(void **state)
{
	(void)state;
	sessions_end(&all);
	for (int i = 0; i < CLIENTS; i++)
		if (client[i] >= 0)
			close(client[i]);
	loop_free(&loop);
	return 0;
}

/* Opens session `i`; its client's end is client[i]. */
static struct session *
arrive(int i)
{
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
	client[i] = pair[0];
	session_open(&visit[i].session, &all, pair[1]);
	return &visit[i].session;
}

/* The session has had an exchange, and is idle. */
static void
serve(int i)
{
	struct session *s = &visit[i].session;

	session_busy(s, &visit[i], on_stream);
	s->served++;
	session_idle(s);
}

static void
what_matters_least_makes_room(void **state)
{
	(void)state;
	session_busy(arrive(0), &visit[0], on_stream);
	session_reading(&visit[0].session);
	arrive(1);
	serve(1);
	arrive(2);
	session_linger(&visit[2].session);
	session_busy(arrive(3), &visit[3], on_stream);

	assert_true(sessions_have_room(&all));		/* lingers */
	assert_int_equal(visit[2].ended, 1);
	assert_null(visit[2].why);
	assert_true(sessions_have_room(&all));		/* there is room */
	assert_int_equal(all.count, 3);
	assert_true(sessions_evict(&all));		/* is idle */
	assert_ptr_equal(visit[1].why, WHY_CLIENT_IDLE);
	assert_true(sessions_evict(&all));		/* reads */
	assert_int_equal(visit[0].evicted, 1);
	assert_int_equal(visit[0].ended, 1);
	assert_false(sessions_evict(&all));		/* is busy */
	assert_int_equal(all.count, 1);
}

/* One that has sent nothing is no better off than one that drips: it may have come long ago. */
static void
the_one_that_came_first_goes_first(void **state)
{
	(void)state;
	arrive(0);
	session_busy(arrive(1), &visit[1], on_stream);
	session_reading(&visit[1].session);
	assert_true(sessions_evict(&all));
	assert_ptr_equal(visit[0].why, WHY_HEAD_GAVE_WAY);
	assert_int_equal(visit[1].ended, 0);
}

/* A connection that was used a moment ago may be used again in a moment. */
static void
the_silent_go_before_those_that_are_used(void **state)
{
	(void)state;
	arrive(0);
	loop_turn(loop, USEC_PER_MSEC);
	arrive(1);
	serve(1);
	assert_true(sessions_evict(&all));
	assert_ptr_equal(visit[0].why, WHY_HEAD_GAVE_WAY);
	assert_int_equal(visit[1].ended, 0);
	loop_turn(loop, USEC_PER_MSEC);
	arrive(2);
	assert_true(sessions_evict(&all));
	assert_ptr_equal(visit[1].why, WHY_CLIENT_IDLE);
	assert_int_equal(visit[2].ended, 0);
}

/* The request has come, and the loop has not yet. */
static void
one_whose_request_waits_is_not_idle(void **state)
{
	(void)state;
	arrive(0);
	serve(0);
	loop_turn(loop, USEC_PER_MSEC);
	arrive(1);
	serve(1);
	say(client[0], "x", 1);
	assert_true(sessions_evict(&all));
	assert_ptr_equal(visit[1].why, WHY_CLIENT_IDLE);
	assert_int_equal(visit[0].ended, 0);
}

/* Nor has one that has just come: many are accepted at once, and those that come last would end
 * those before them, before the loop has read what they want. */
static void
one_that_comes_does_not_end_those_that_came_with_it(void **state)
{
	(void)state;
	for (int i = 0; i < CLIENTS; i++) {
		arrive(i);
		say(client[i], "x", 1);
	}
	assert_false(sessions_have_room(&all));
	for (int i = 0; i < CLIENTS; i++)
		assert_int_equal(visit[i].ended, 0);
	loop_turn(loop, USEC_PER_MSEC);
	for (int i = 0; i < CLIENTS; i++)
		assert_int_equal(visit[i].begun, 1);
}

/* Else, where most are being served, each new client would end the one before it, whose request is
 * on its way. Half a head is worth less than that. */
static void
one_that_has_just_come_makes_no_room(void **state)
{
	(void)state;
	all.limits.first_usec = 20 * USEC_PER_MSEC;
	arrive(0);
	for (int i = 1; i < CLIENTS; i++)
		session_busy(arrive(i), &visit[i], on_stream);
	assert_false(sessions_evict(&all));
	UNTIL(loop, loop_now(loop) - visit[0].session.since_usec >= 20 * USEC_PER_MSEC);
	assert_true(sessions_evict(&all));
	assert_int_equal(visit[0].ended, 1);
	all.limits.first_usec = 20 * USEC_PER_SEC;
	session_reading(&visit[1].session);
	assert_true(sessions_evict(&all));
	assert_int_equal(visit[1].ended, 1);
}

/* A silent crowd that has come at once does not keep all others away for a while. */
static void
among_many_that_are_silent_the_oldest_makes_room_at_once(void **state)
{
	(void)state;
	all.limits.first_usec = 20 * USEC_PER_MSEC;
	session_busy(arrive(0), &visit[0], on_stream);
	for (int i = 1; i < CLIENTS; i++)
		arrive(i);
	assert_false(loop_now(loop) - visit[1].session.since_usec >= 20 * USEC_PER_MSEC);
	assert_true(sessions_evict(&all));
	assert_int_equal(visit[1].ended, 1);
}

static void
bytes_begin_an_exchange_and_silence_ends_the_session(void **state)
{
	(void)state;
	all.limits.idle_usec = 20 * USEC_PER_MSEC;
	arrive(0);
	arrive(1);
	say(client[0], "x", 1);
	UNTIL(loop, visit[0].begun == 1 && visit[1].ended == 1);
	assert_ptr_equal(visit[1].why, WHY_CLIENT_IDLE);
	assert_int_equal(visit[0].ended, 0);
	assert_int_equal(visit[0].session.place, SESSION_BUSY);
}

/* The loop comes to the timer before it comes to the event. */
static void
a_request_that_waits_when_the_idle_time_ends_is_served(void **state)
{
	int64_t late;

	(void)state;
	all.limits.idle_usec = USEC_PER_MSEC;
	arrive(0);
	say(client[0], "x", 1);
	for (late = clock_mono_usec() + 2 * USEC_PER_MSEC; clock_mono_usec() < late;)
		;
	loop_turn(loop, 0);
	assert_int_equal(visit[0].begun, 1);
	assert_int_equal(visit[0].ended, 0);
}

/* What came before the session was idle again causes no event. */
static void
a_request_that_is_there_already_begins_at_once(void **state)
{
	struct session *s = arrive(0);

	(void)state;
	say(client[0], "ab", 2);
	UNTIL(loop, visit[0].begun == 1);
	s->served++;
	session_idle(s);
	assert_int_equal(visit[0].begun, 2);
}

static void
lingering_ends_when_the_client_does(void **state)
{
	char heard[8] = "";

	(void)state;
	session_linger(arrive(0));
	say(client[0], "what nobody reads", 17);
	UNTIL(loop, visit[0].session.lingered == 17);
	assert_int_equal(hear(client[0], heard, sizeof heard), 0);	/* our end came */
	assert_int_equal(visit[0].ended, 0);
	shutdown(client[0], SHUT_WR);
	UNTIL(loop, visit[0].ended == 1);
}

static void
lingering_has_limits(void **state)
{
	static char some[65536];

	(void)state;
	all.limits.linger_usec = 20 * USEC_PER_MSEC;
	session_linger(arrive(0));		/* is silent */
	UNTIL(loop, visit[0].ended == 1);

	all.limits.linger_usec = UNTIL_USEC;
	all.limits.linger_bytes = 100000;
	all.limits.linger_turn_bytes = 20000;
	session_linger(arrive(1));		/* sends all the time */
	while (visit[1].ended == 0) {
		unsigned before = visit[1].session.lingered;
		if (send(client[1], some, sizeof some, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
			assert_int_equal(errno, EAGAIN);
		loop_turn(loop, 0);
		/* once by the timer, once for an event */
		assert_true(visit[1].session.lingered - before <= 2 * (20000 + WASTE_BYTES));
	}
	assert_true(visit[1].session.lingered > 100000);
}

static void
a_drain_waits_for_those_that_have_just_come(void **state)
{
	(void)state;
	arrive(0);
	serve(0);
	arrive(1);
	session_busy(arrive(2), &visit[2], on_stream);
	all.limits.linger_usec = 50 * USEC_PER_MSEC;
	sessions_drain(&all);
	assert_int_equal(visit[0].session.place, SESSION_LINGERING);
	assert_int_equal(visit[1].session.place, SESSION_FRESH);
	assert_int_equal(visit[2].session.place, SESSION_BUSY);
	say(client[1], "x", 1);
	UNTIL(loop, visit[1].begun == 1);
	visit[1].session.served++;
	session_idle(&visit[1].session);	/* is kept no longer */
	assert_int_equal(visit[1].session.place, SESSION_LINGERING);
	UNTIL(loop, visit[0].ended == 1 && visit[1].ended == 1);
	assert_int_equal(visit[2].ended, 0);
}

/* Another process serves the next connections: a request that is on its way gets its response. */
static void
a_patient_drain_waits_for_one_more_request(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		arrive(i);
		serve(i);
	}
	all.limits.linger_usec = all.patience_usec = 50 * USEC_PER_MSEC;
	sessions_drain(&all);
	assert_int_equal(visit[0].session.place, SESSION_IDLE);
	say(client[0], "x", 1);
	UNTIL(loop, visit[0].begun == 1);
	visit[0].session.served++;
	session_idle(&visit[0].session);	/* is kept no longer */
	assert_int_equal(visit[0].session.place, SESSION_LINGERING);
	UNTIL(loop, visit[1].session.place == SESSION_LINGERING);
	UNTIL(loop, visit[0].ended == 1 && visit[1].ended == 1);
}

static void
all_end_and_exchanges_are_aborted(void **state)
{
	(void)state;
	arrive(0);
	arrive(1);
	serve(1);
	session_busy(arrive(2), &visit[2], on_stream);
	session_linger(arrive(3));
	sessions_end(&all);
	for (int i = 0; i < CLIENTS; i++) {
		assert_int_equal(visit[i].ended, 1);
		assert_int_equal(visit[i].aborted, i == 2);
	}
	assert_int_equal(all.count, 0);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(what_matters_least_makes_room),
		TEST(the_one_that_came_first_goes_first),
		TEST(the_silent_go_before_those_that_are_used),
		TEST(one_whose_request_waits_is_not_idle),
		TEST(one_that_comes_does_not_end_those_that_came_with_it),
		TEST(one_that_has_just_come_makes_no_room),
		TEST(among_many_that_are_silent_the_oldest_makes_room_at_once),
		TEST(bytes_begin_an_exchange_and_silence_ends_the_session),
		TEST(a_request_that_waits_when_the_idle_time_ends_is_served),
		TEST(a_request_that_is_there_already_begins_at_once),
		TEST(lingering_ends_when_the_client_does),
		TEST(lingering_has_limits),
		TEST(a_drain_waits_for_those_that_have_just_come),
		TEST(a_patient_drain_waits_for_one_more_request),
		TEST(all_end_and_exchanges_are_aborted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
