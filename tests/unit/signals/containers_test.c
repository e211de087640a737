#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/buf.h"
#include "signals/containers.c"

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void
take(void *arg, const struct prom_value *v)
{
	containers_take(arg, v);
}

static void
read_lines(struct containers *c, struct str lines)
{
	struct prom_text t;
	size_t used;

	prom_text_init(&t, take, c);
	assert_null(prom_text_read(&t, lines, true, &used));
}

static const struct container *
find(const struct containers *c, const char *id)
{
	unsigned at = 1;		/* which is wrong for most */

	return containers_find(c, id, &at);
}

static void
test_lines(void **state)
{
	struct containers c = { .n = 0 };

	(void)state;
	read_lines(&c, STR("mola_container_cpu_available_cores{id=\"" ID "\"} 0.5\n"
	    "mola_container_cpu_available_cores{id=\"f" ID "\"} 0.5\n"
	    "mola_container_cpu_available_cores{id=\"\"} 0.5\n"
	    "mola_container_cpu_available_cores 0.5\n"
	    "mola_container_cpu_available_cores{id=\"ffffffffffff0000ffffffffffff0000ffffffffffff0000ffffffffffff0000\"} 2\n"
	    "mola_container_cpu_available_cores{id=\"F123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\"} 2\n"
	    "mola_container_cpu_available_cores{id=\"00000000000000000000000000000000000000000000000000000000000000ff\"} NaN\n"
	    "mola_container_cpu_available_cores{id=\"00000000000000000000000000000000000000000000000000000000000001ff\"} -1\n"
	    "mola_container_cpu_available_cores{id=\"00000000000000000000000000000000000000000000000000000000000002ff\"} 1e300\n"
	    "mola_container_cpu_quota_cores{id=\"" ID "\"} 1.5\n"
	    "mola_container_cpu_weight{id=\"0000000000000000000000000000000000000000000000000000000000000aff\"} 2\n"));
	assert_int_equal(c.n, 2);
	assert_true(find(&c, ID)->available == .5 && find(&c, ID)->quota == 1.5);
	assert_true(find(&c, "ffffffffffff")->available == 2 && isinf(find(&c, "ffffffffffff")->quota));
	assert_null(find(&c, "ffffffffffff1"));
	read_lines(&c, STR("mola_container_cpu_quota_cores{id=\"ffffffffffff1000ffffffffffff0000ffffffffffff0000ffffffffffff0000\"} 1\n"));
	assert_null(find(&c, "ffffffffffff"));		/* which of the two? */
	assert_true(isnan(find(&c, "ffffffffffff1")->available));
	containers_clear(&c);
	assert_null(find(&c, ID));
	containers_fini(&c);
}

static void
test_more_than_there_is_room_for(void **state)
{
	struct containers c = { .n = 0 };
	struct buf b;

	(void)state;
	buf_init(&b, 1 << 20);
	for (int i = 0; i < CONTAINERS_MAX + 5; i++)
		buf_printf(&b, "mola_container_cpu_available_cores{id=\"%064x\"} %d\n", i, i);
	read_lines(&c, buf_str(&b));
	read_lines(&c, buf_str(&b));
	assert_int_equal(c.n, CONTAINERS_MAX);
	containers_fini(&c);
	buf_fini(&b);
}

/* Lines of each container in order, and then 511 times in the order in which they are found
 * latest. */
static void
test_a_page_that_is_made_to_cost_time(void **state)
{
	struct containers c = { .n = 0 };
	struct buf b;

	(void)state;
	buf_init(&b, 64 << 20);
	for (int i = 0; i < 512 * CONTAINERS_MAX; i++)
		buf_printf(&b, "mola_container_cpu_available_cores{id=\"%064x\"} %d\n",
		    i < CONTAINERS_MAX ? i : (CONTAINERS_MAX - 1) - i % CONTAINERS_MAX, i / CONTAINERS_MAX);
	read_lines(&c, buf_str(&b));
	assert_int_equal(c.n, CONTAINERS_MAX);
	assert_true(c.searched < CONTAINERS_SEARCH_MOST + 512 * CONTAINERS_MAX);
	assert_true(c.of[1].available >= 1 && c.of[1].available < 511);	/* a few of its lines were read */
	containers_clear(&c);
	read_lines(&c, STR("mola_container_cpu_available_cores{id=\"" ID "\"} 2\n"));
	assert_true(find(&c, ID)->available == 2);
	containers_fini(&c);
	buf_fini(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_more_than_there_is_room_for),
		cmocka_unit_test(test_a_page_that_is_made_to_cost_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
