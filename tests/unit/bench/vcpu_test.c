#include "../../../bench/lib/ram.c"
#include "../../../bench/lib/vcpu.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define MS 1000

/* When the next job ends, asked at `now`; -1: none has ended by then. */
static int64_t
end_by(struct vcpu *v, int64_t now, struct job *expected)
{
	struct job *j = vcpu_done(v, now);

	if (j == NULL)
		return -1;
	assert_ptr_equal(j, expected);
	return v->now;
}

static void
near(double got, double want)
{
	assert_true(got > want - 3 && got < want + 3);		/* usec */
}

static void
alone_a_job_takes_its_work(void **state)
{
	struct job a = { 0 };
	struct vcpu v;

	(void)state;
	vcpu_init(&v, 4, 0);
	vcpu_add(&v, &a, 20 * MS);
	assert_int_equal(end_by(&v, 19 * MS, NULL), -1);
	near((double)end_by(&v, 50 * MS, &a), 20 * MS);
	assert_int_equal(vcpu_next(&v), INT64_MAX);
	vcpu_fini(&v);
}

static void
two_on_one_core_take_turns(void **state)
{
	struct job a = { 0 }, b = { 0 };
	struct vcpu v;

	(void)state;
	vcpu_init(&v, 1, 0);
	vcpu_add(&v, &a, 10 * MS);
	vcpu_add(&v, &b, 30 * MS);
	near((double)end_by(&v, 100 * MS, &a), 20 * MS);	/* half a core each */
	near((double)end_by(&v, 100 * MS, &b), 40 * MS);	/* then a whole one */
	assert_null(vcpu_done(&v, 100 * MS));
	near(v.busy_usec, 40 * MS);
	near(v.waiting_usec, 20 * MS);
	vcpu_fini(&v);
}

static void
foreign_threads_take_their_share(void **state)
{
	struct job a = { 0 };
	struct vcpu v;

	(void)state;
	vcpu_init(&v, 2, 0);
	vcpu_foreign(&v, 5);
	vcpu_add(&v, &a, 20 * MS);			/* 6 threads on 2 cores: a third each */
	assert_int_equal(end_by(&v, 30 * MS, NULL), -1);
	vcpu_foreign(&v, -5);				/* half of the work is left, now at full speed */
	near((double)end_by(&v, 100 * MS, &a), 40 * MS);
	assert_int_equal(vcpu_threads(&v), 0);
	vcpu_fini(&v);
}

/* Whoever asks late gets the same history. */
static void
being_late_changes_nothing(void **state)
{
	struct job early[50] = { 0 }, late[50] = { 0 };
	struct vcpu a, b;
	unsigned ended = 0;

	(void)state;
	vcpu_init(&a, 3, 0);
	vcpu_init(&b, 3, 0);
	for (int i = 0; i < 50; i++) {
		vcpu_add(&a, &early[i], (i * 7 % 13 + 1) * MS);
		vcpu_add(&b, &late[i], (i * 7 % 13 + 1) * MS);
	}
	for (int64_t now = 0; now < 400 * MS; now += 100)
		while (vcpu_done(&a, now) != NULL)
			near((double)(vcpu_done(&b, 400 * MS), b.now), (double)a.now), ended++;
	assert_int_equal(ended, 50);
	assert_null(vcpu_done(&b, 400 * MS));
	near(a.busy_usec, b.busy_usec);
	vcpu_fini(&a);
	vcpu_fini(&b);
}

static void
cores_are_never_used_twice(void **state)
{
	struct job j[20] = { 0 };
	struct vcpu v;
	double work = 0;

	(void)state;
	vcpu_init(&v, 4, 0);
	for (int i = 0; i < 20; i++) {
		vcpu_add(&v, &j[i], (i + 1) * MS);
		work += (i + 1) * MS;
	}
	while (vcpu_done(&v, 1000 * MS) != NULL)
		;
	assert_true(v.busy_usec > work - 100 && v.busy_usec < work + 100);
	vcpu_fini(&v);
}

static void
who_waits_for_pages_wants_no_core(void **state)
{
	struct job a = { 0 }, b = { 0 };
	struct vcpu v;

	(void)state;
	vcpu_init(&v, 1, 0);
	vcpu_stall(&v, 0.75);
	vcpu_add(&v, &a, 10 * MS);
	vcpu_add(&v, &b, 20 * MS);
	assert_true(vcpu_runnable(&v) == 0.5 && vcpu_busy(&v) == 0.5);	/* of one core: the CPU is half idle */
	near((double)end_by(&v, 100 * MS, &a), 40 * MS);
	vcpu_stall(&v, 0);						/* there is memory again */
	near((double)end_by(&v, 100 * MS, &b), 50 * MS);
	near(v.busy_usec, 30 * MS);
	vcpu_fini(&v);
}

static void
memory_that_is_short_slows_and_shows(void **state)
{
	struct ram r = { .total = 100, .parked = 50, .held = 50 };
	double last = 0;

	(void)state;
	assert_true(ram_stall(&r) == 0);				/* full is not too full */
	ram_pass(&r, 1000, 2, 3, 1);
	assert_true(r.some_usec == 0 && r.thrash_usec == 0);
	for (r.held = 51; r.held < 200; r.held++) {
		assert_true(ram_stall(&r) > last && ram_stall(&r) < 1);
		assert_true(ram_available(&r) == 1);
		last = ram_stall(&r);
	}
	ram_pass(&r, 1000, 0, 0, 1);					/* nobody is there to wait */
	assert_true(r.some_usec == 0 && r.thrash_usec == 1000);
	ram_pass(&r, 1000, 1, 3, 0.5);
	assert_true(r.some_usec > r.full_usec && r.full_usec > 900 && r.iowait_usec > 400);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(alone_a_job_takes_its_work),
		cmocka_unit_test(two_on_one_core_take_turns),
		cmocka_unit_test(foreign_threads_take_their_share),
		cmocka_unit_test(being_late_changes_nothing),
		cmocka_unit_test(cores_are_never_used_twice),
		cmocka_unit_test(who_waits_for_pages_wants_no_core),
		cmocka_unit_test(memory_that_is_short_slows_and_shows),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
