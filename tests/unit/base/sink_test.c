/* Whatever reads, or does not: a sink never waits. An alarm ends a test that does. */
#include "base/sink.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include "../between.h"

static char line[SINK_ATOMIC];
static int end[2];		/* to read, to write */

/* Lines of 100 bytes until no more are taken. */
static unsigned
fill(const struct sink *s)
{
	unsigned n = 0;

	memset(line, 'x', 99);
	line[99] = '\n';
	while (sink_write(s, line, 100) == 100)
		n++;
	return n;
}

static void
read_some(void)
{
	static char taken[8192];

	assert_int_equal(read(end[0], taken, sizeof taken), sizeof taken);
}

static void
takes_and_refuses(struct sink *s)
{
	alarm(20);
	assert_between(fill(s), 100, 100000);
	assert_int_equal(sink_write(s, line, 100), 0);
	read_some();
	assert_int_equal(sink_write(s, line, 100), 100);
	alarm(0);
}

/* Whoever started us writes to the same pipe, and did not ask for one that fails with EAGAIN. */
static void
pipe_that_is_shared_stays_as_it_is(void **state)
{
	struct sink s;
	int ours;

	(void)state;
	assert_int_equal(pipe(end), 0);
	ours = dup(end[1]);
	sink_unblock(ours);
	sink_init(&s, ours);
	assert_int_equal(s.kind, SINK_PIPE);
	assert_false(fcntl(end[1], F_GETFL) & O_NONBLOCK);
	takes_and_refuses(&s);
	close(ours);
	close(end[0]);
	close(end[1]);
}

static void
pipe_that_cannot_be_opened_anew(void **state)
{
	struct sink s;

	(void)state;
	assert_int_equal(pipe(end), 0);
	sink_init(&s, end[1]);
	assert_int_equal(s.kind, SINK_POLLED);
	takes_and_refuses(&s);
	close(end[0]);
	close(end[1]);
}

static void
socket_of_a_journal(void **state)
{
	struct sink s;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, end), 0);
	sink_init(&s, end[1]);
	assert_int_equal(s.kind, SINK_SOCKET);
	alarm(20);
	assert_between(fill(&s), 100, 100000);
	close(end[0]);
	assert_int_equal(sink_write(&s, line, 100), -1);	/* and no SIGPIPE */
	alarm(0);
	close(end[1]);
}

static void
file_takes_all(void **state)
{
	FILE *f = tmpfile();
	struct sink s;

	(void)state;
	sink_unblock(fileno(f));
	sink_init(&s, fileno(f));
	assert_int_equal(s.kind, SINK_FILE);
	assert_int_equal(sink_write_lines(&s, "a\nb\n", 4), 4);
	fclose(f);
}

/* Two workers share the pipe of the access log: what does not fit is cut between lines. */
static void
pipe_gets_whole_lines(void **state)
{
	static char many[300 * 1000], got[SINK_ATOMIC * 64];
	struct sink s;
	long taken;

	(void)state;
	assert_int_equal(pipe(end), 0);
	sink_unblock(end[1]);
	sink_init(&s, end[1]);
	for (size_t i = 0; i < sizeof many; i++)
		many[i] = i % 300 == 299 ? '\n' : 'y';
	taken = sink_write_lines(&s, many, sizeof many);
	assert_between(taken, 4096, sizeof many - 1);
	assert_int_equal(taken % 300, 0);
	while (taken > 0) {
		ssize_t n = read(end[0], got, sizeof got);
		assert_true(n > 0 && got[n - 1] == '\n');
		taken -= n;
	}
	close(end[0]);
	close(end[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pipe_that_is_shared_stays_as_it_is),
		cmocka_unit_test(pipe_that_cannot_be_opened_anew),
		cmocka_unit_test(socket_of_a_journal),
		cmocka_unit_test(file_takes_all),
		cmocka_unit_test(pipe_gets_whole_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
