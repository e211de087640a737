/* What an HTTP/2 client may do for nothing, and how long it lasts. */
#include "http/h2_guard.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static unsigned
resets(struct h2_guard *g, int64_t now)
{
	unsigned n = 0;

	while (h2_guard_reset(g, now))
		n++;
	return n;
}

static unsigned
frames(struct h2_guard *g, int64_t now)
{
	unsigned n = 0;

	while (h2_guard_frame(g, now))
		n++;
	return n;
}

static void
a_burst_and_then_a_rate(void **state)
{
	struct h2_guard g;

	(void)state;
	h2_guard_init(&g, 0);
	assert_int_equal(resets(&g, 0), H2_RESETS_BURST);
	assert_int_equal(frames(&g, 0), H2_FRAMES_BURST);	/* each has its own */
	h2_guard_init(&g, 0);
	resets(&g, 0);
	frames(&g, 0);
	assert_true(resets(&g, 2 * USEC_PER_SEC) >= 2 * H2_RESETS_PER_SEC - 2);
	assert_true(frames(&g, 4 * USEC_PER_SEC) >= 2 * H2_FRAMES_PER_SEC - 2);
	assert_int_equal(resets(&g, INT64_MAX / 2), H2_RESETS_BURST);	/* no more than it began with */
}

static void
use_pays_for_frames(void **state)
{
	struct h2_guard g;

	(void)state;
	h2_guard_init(&g, 0);
	frames(&g, 0);			/* which leaves a debt of one */
	h2_guard_head(&g);
	assert_int_equal(frames(&g, 0), H2_FRAMES_PER_HEAD - 1);
	h2_guard_data(&g, 1);			/* of a stream of gRPC: a WINDOW_UPDATE and a PING may follow */
	assert_int_equal(frames(&g, 0), H2_FRAMES_PER_DATA - 1);
	for (int i = 0; i < 3 * H2_BYTES_PER_FRAME; i++)
		h2_guard_data(&g, 1);
	assert_int_equal(frames(&g, 0), 3 * H2_BYTES_PER_FRAME * H2_FRAMES_PER_DATA + 2);
	h2_guard_data(&g, SIZE_MAX / 4);
	assert_int_equal(frames(&g, 0), H2_FRAMES_BURST);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_burst_and_then_a_rate),
		cmocka_unit_test(use_pays_for_frames),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
