/*
 * Pages of constants are let go and come back as they were; what was written to stays.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/pages.c"

#define PAGES	64
#define BYTES	(PAGES * 65536)	/* pages are of 64 KB at most */

static const char constants[BYTES] = { [0] = 'a', [BYTES / 2] = 'b', [BYTES - 1] = 'c' };
static char written[BYTES] = "before";
static const char *const relocated[] = { constants, written };

/* How many pages of `p` this process has mapped. */
static unsigned
present(const char *p, size_t bytes)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	unsigned n = 0;
	uint64_t entry;

	assert_true(fd >= 0);
	for (uintptr_t at = (uintptr_t)p / page; at < ((uintptr_t)p + bytes) / page; at++) {
		assert_int_equal(pread(fd, &entry, sizeof entry, (off_t)(at * sizeof entry)), sizeof entry);
		n += entry >> 63;
	}
	close(fd);
	return n;
}

static void
constants_are_let_go_and_come_back(void **state)
{
	const volatile char *c = constants;
	unsigned all, some;
	int sum = 0;

	(void)state;
	for (size_t i = 0; i < BYTES; i += 512)
		sum += c[i];
	assert_int_equal(sum, 'a' + 'b');
	all = present(constants, BYTES);
	assert_true(all >= PAGES - 1);
	pages_let_go();
	some = present(constants, BYTES);
	assert_true(some < all / 4);	/* but for the page at either end, and what a fault beside them maps */
	assert_true(c[0] == 'a' && c[BYTES / 2] == 'b' && c[BYTES - 1] == 'c');
}

static void
what_was_written_stays(void **state)
{
	const char *const volatile *r = relocated;
	char *kept;

	(void)state;
	strcpy(written, "after");
	memset(written + BYTES / 2, 7, BYTES / 2);
	kept = strdup("kept");
	pages_let_go();
	assert_string_equal(written, "after");
	assert_true(written[BYTES - 1] == 7);
	assert_ptr_equal(r[0], constants);
	assert_ptr_equal(r[1], written);
	assert_string_equal(kept, "kept");
	free(kept);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(constants_are_let_go_and_come_back),
		cmocka_unit_test(what_was_written_stays),
	};

	return cmocka_run_group_tests_name("pages", tests, NULL, NULL);
}
