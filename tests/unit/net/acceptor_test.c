/*
 * Connections that come in while there are descriptors, and while there are none.
 */
#include "net/acceptor.c"

#include <sys/resource.h>

#include "../until.h"

#define CLIENTS 3

static struct loop *loop;
static struct acceptor acceptor;
static struct addr at;
static int accepted, starved;
static bool closes;		/* the callback closes the acceptor */

static void
on_accepted(void *arg, int fd, const struct addr *peer)
{
	(void)arg;
	assert_int_equal(peer->sa.any.sa_family, AF_INET);
	close(fd);
	accepted++;
	if (closes)
		acceptor_close(&acceptor);
}

static void
on_starved(void *arg)
{
	(void)arg;
	starved++;
}

static int
begin(void **state)
{
	(void)state;
	loop = loop_new();
	accepted = starved = 0;
	closes = false;
	acceptor_open(&acceptor, loop, listen_anywhere(&at), false, on_accepted, on_starved, NULL);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	if (acceptor.fd >= 0)
		acceptor_close(&acceptor);
	loop_free(&loop);
	return 0;
}

static void
connections_are_handed_over(void **state)
{
	int fd[CLIENTS];

	(void)state;
	for (int i = 0; i < CLIENTS; i++)
		fd[i] = dial(&at);
	UNTIL(loop, accepted == CLIENTS);
	for (int i = 0; i < CLIENTS; i++)
		close(fd[i]);
	assert_int_equal(starved, 0);
}

/* It rests, and does not spin: the loop may wait although a connection is there. */
static void
without_descriptors_it_rests(void **state)
{
	struct rlimit before, tight;
	uint64_t turns;
	int64_t until;
	int fd = dial(&at);

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	tight = (struct rlimit){ .rlim_cur = (rlim_t)fd + 1, .rlim_max = before.rlim_max };
	for (int i = 0; i <= fd; i++)			/* every descriptor below the limit is in use */
		if (fcntl(i, F_GETFD) < 0)
			assert_true(dup2(fd, i) == i);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &tight), 0);
	UNTIL(loop, starved > 0);
	assert_int_equal(accepted, 0);
	turns = loop_turns(loop);
	for (until = clock_mono_usec() + REST_USEC / 2; clock_mono_usec() < until;)
		loop_turn(loop, 10 * USEC_PER_MSEC);
	assert_true(loop_turns(loop) - turns < 20);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	UNTIL(loop, accepted == 1);
	close(fd);
}

static void
what_waits_is_taken_before_it_closes(void **state)
{
	int fd[CLIENTS];

	(void)state;
	for (int i = 0; i < CLIENTS; i++)
		fd[i] = dial(&at);
	acceptor_drain(&acceptor);
	assert_int_equal(accepted, CLIENTS);
	for (int i = 0; i < CLIENTS; i++)
		close(fd[i]);
}

static void
the_callback_may_close_it(void **state)
{
	int fd[CLIENTS];

	(void)state;
	closes = true;
	for (int i = 0; i < CLIENTS; i++)
		fd[i] = dial(&at);
	UNTIL(loop, acceptor.fd < 0);
	assert_int_equal(accepted, 1);
	for (int i = 0; i < CLIENTS; i++)
		close(fd[i]);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(connections_are_handed_over),
		TEST(without_descriptors_it_rests),
		TEST(what_waits_is_taken_before_it_closes),
		TEST(the_callback_may_close_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
