/* What a Mola gets from the one before it by the environment: read as it was meant, or refused whole. */
#include "main/upgrade.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "net/sock.h"

static struct parent p;

static int
begin(void **state)
{
	(void)state;
	p = (struct parent){ .loop = NULL };
	return 0;
}

static int
descriptor(void)
{
	return fcntl(STDERR_FILENO, F_DUPFD, 3);
}

static bool
inherit(const char *text, unsigned *workers)
{
	struct conf c = { .workers = 4 };
	bool good;

	assert_int_equal(setenv(HANDED, text, 1), 0);
	good = upgrade_inherit(&p, &c);
	assert_null(getenv(HANDED));		/* no program that Mola starts sees it */
	*workers = c.workers;
	return good;
}

static void
sockets_are_found_by_their_address(void **state)
{
	int tell = descriptor(), table = descriptor(), fd[2];
	struct addr any, bound = { .len = sizeof bound.sa }, other;
	unsigned workers;
	char text[100];

	(void)state;
	assert_null(addr_parse(STR("127.0.0.1:0"), &any));
	assert_null(addr_parse(STR("127.0.0.1:9"), &other));
	assert_null(sock_listen(&any, true, &fd[0]));
	assert_int_equal(getsockname(fd[0], &bound.sa.any, &bound.len), 0);
	assert_null(sock_listen(&bound, true, &fd[1]));
	snprintf(text, sizeof text, "2 %d %d -1 -1 -1 %d %d", tell, table, fd[0], fd[1]);
	assert_true(inherit(text, &workers));
	assert_int_equal(workers, 2);
	assert_int_equal(p.upgrade.tell, tell);
	assert_int_equal(p.upgrade.table, table);
	assert_int_equal(p.upgrade.secrets, -1);
	assert_true(upgrade_is_on_trial(&p));
	assert_int_equal(fcntl(fd[1], F_GETFD), FD_CLOEXEC);
	assert_false(upgrade_has(&p, &other));
	assert_true(upgrade_has(&p, &bound));
	/* in the order of the workers: each has its queue again */
	assert_int_equal(upgrade_take(&p, &bound), fd[0]);
	assert_true(upgrade_has(&p, &bound));
	upgrade_close_rest(&p);
	assert_int_equal(fcntl(fd[1], F_GETFD), -1);
	assert_int_equal(upgrade_take(&p, &bound), -1);
	close(fd[0]);
	close(table);
	upgrade_shed(&p);
	assert_int_equal(fcntl(tell, F_GETFD), -1);
}

static void
nothing_is_inherited_without_a_word(void **state)
{
	struct conf c = { .workers = 4 };

	(void)state;
	unsetenv(HANDED);
	assert_true(upgrade_inherit(&p, &c));
	assert_int_equal(c.workers, 4);
	assert_false(upgrade_is_on_trial(&p));
}

static void
what_is_not_understood_is_refused(void **state)
{
	static const char *const wrong[] = { "", "x", "0 2 -1 -1", "-1 2 -1 -1", "1000000 2 -1 -1",
	    "2", "2 2", "2 2 -1", "2 -1 -1 -1", "2 2 -1 -1 x", "2 2 -1 -1 2x", "2 2 -1 -1 99999",
	    "2 2 -1 -1 -2", "2 2 -1 -1 99999999999999999999", "2 2 -1 -1 2", "2 2 -1 -1 " };
	unsigned workers;

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		begin(NULL);
		assert_false(inherit(wrong[i], &workers));
		fcntl(STDERR_FILENO, F_SETFD, 0);
		free(p.upgrade.socket);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(sockets_are_found_by_their_address, begin),
		cmocka_unit_test_setup(nothing_is_inherited_without_a_word, begin),
		cmocka_unit_test_setup(what_is_not_understood_is_refused, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
