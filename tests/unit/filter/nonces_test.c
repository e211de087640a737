/* Nonces: each counts once, in all processes; what had to give way does not become new again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "filter/nonces.h"

#define SEC	INT64_C(1000000)

static struct nonces *nonces;

static int
setup(void **state)
{
	(void)state;
	nonces = nonces_new();
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	nonces_free(&nonces);
	return 0;
}

static enum nonce_verdict
use(const char *nonce, uint64_t count, int64_t now)
{
	return nonce_use(nonces, str_of(nonce), count, now);
}

static void
counts_go_up(void **state)
{
	char n[NONCE_TEXT + 1], other[NONCE_TEXT + 1];

	(void)state;
	nonce_make(nonces, 100 * SEC, n);
	nonce_make(nonces, 100 * SEC, other);
	assert_string_not_equal(n, other);
	assert_int_equal(use(n, 1, 100 * SEC), NONCE_GOOD);
	assert_int_equal(use(n, 1, 100 * SEC), NONCE_REPLAYED);
	assert_int_equal(use(n, 5, 101 * SEC), NONCE_GOOD);
	assert_int_equal(use(n, 4, 101 * SEC), NONCE_STALE);
	assert_int_equal(use(other, 1, 101 * SEC), NONCE_GOOD);
	assert_int_equal(use(n, 0, 101 * SEC), NONCE_STALE);
	assert_int_equal(use(n, UINT64_MAX, 101 * SEC), NONCE_STALE);
	assert_int_equal(use(n, 6, 399 * SEC), NONCE_GOOD);
	assert_int_equal(use(n, 7, 400 * SEC), NONCE_STALE);
	assert_int_equal(use(n, 7, 99 * SEC), NONCE_STALE);
}

static void
others_are_not_ours(void **state)
{
	char n[NONCE_TEXT + 1];

	(void)state;
	for (size_t i = 0; i < NONCE_TEXT; i++) {
		nonce_make(nonces, 100 * SEC, n);
		n[i] = n[i] == '0' ? '1' : '0';
		assert_int_equal(use(n, 1, 100 * SEC), NONCE_STALE);
	}
	assert_int_equal(use("", 1, 100 * SEC), NONCE_STALE);
	nonce_make(nonces, 100 * SEC, n);
	n[NONCE_TEXT - 1] = '\0';
	assert_int_equal(use(n, 1, 100 * SEC), NONCE_STALE);
}

static void
another_process_has_seen_it(void **state)
{
	char n[NONCE_TEXT + 1];
	int status;
	pid_t pid;

	(void)state;
	nonce_make(nonces, 100 * SEC, n);
	if ((pid = fork()) == 0)
		_exit(use(n, 3, 100 * SEC) == NONCE_GOOD ? 0 : 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(use(n, 3, 100 * SEC), NONCE_REPLAYED);
	assert_int_equal(use(n, 4, 100 * SEC), NONCE_GOOD);
}

/* Far more than there is room for: none of them can be used a second time, and new ones can always be had. */
static void
no_flood_makes_one_new_again(void **state)
{
	enum { MANY = 20000 };
	static char n[MANY][NONCE_TEXT + 1];
	int good = 0;

	(void)state;
	for (int i = 0; i < MANY; i++) {
		nonce_make(nonces, (100 + i / 100) * SEC, n[i]);
		good += use(n[i], 1, (100 + i / 100) * SEC) == NONCE_GOOD;
	}
	assert_true(good > MANY * 9 / 10);
	for (int i = 0; i < MANY; i++)
		assert_int_not_equal(use(n[i], 1, 300 * SEC), NONCE_GOOD);
	nonce_make(nonces, 301 * SEC, n[0]);
	assert_int_equal(use(n[0], 1, 301 * SEC), NONCE_GOOD);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = { T(counts_go_up), T(others_are_not_ours), T(another_process_has_seen_it), T(no_flood_makes_one_new_again) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
