/* machine: what was recorded of containers makes nodes on which containers have just that. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "replay/machine.c"

#define SEC	INT64_C(1000000)

static void
near_by(double got, double want, double by)
{
	if (!(fabs(got - want) <= by))
		fail_msg("%g, and not %g", got, want);
}

/* A node of four cores, with so many threads of others, and none of ours in flight. */
static void
observe(struct machine *m, double threads)
{
	struct recorded_sample r = { .sample = { .span_usec = SEC, .source = SOURCE_AGENT, .cores = 4,
	    .busy = fmin(threads, 4), .running = threads, .load1 = NAN, .memory_total_bytes = NAN,
	    .memory_available_bytes = NAN, .psi_cpu_waiting = NAN, .psi_memory_waiting = NAN,
	    .psi_memory_stalled = NAN, .psi_io_waiting = NAN, .psi_io_stalled = NAN, .disk_busy = NAN,
	    .net_receive = NAN, .net_transmit = NAN } };

	machine_observe(m, &r);
}

static double
most(const struct machine *m, const struct machine_task *t)
{
	return cores_group_most(&m->cores, t->container->group);
}

static void
a_container_has_what_was_recorded(void **state)
{
	/* ten containers of a thread each; one of ten threads; two of one thread; nobody */
	static const struct { double threads, available; } node[] = { { 10, 4.0 / 11 }, { 10, 2 }, { 2, 2 }, { 0, 4 } };
	struct machine m;

	(void)state;
	for (unsigned i = 0; i < sizeof node / sizeof *node; i++) {
		machine_init(&m, 4, 1, true, 0);
		struct machine_task *t = machine_task_new(&m, 7, NULL);
		observe(&m, node[i].threads);
		machine_available(t, node[i].available);
		machine_settle(&m);
		near_by(most(&m, t), node[i].available, 1e-6);
		near_by(machine_task_available(t), node[i].available, 0);
		machine_fini(&m);
	}
}

static void
less_than_what_is_idle_is_a_quota(void **state)
{
	struct machine m;
	struct machine_task *t;

	(void)state;
	machine_init(&m, 4, 1, true, 0);
	t = machine_task_new(&m, 7, NULL);
	observe(&m, 1);
	machine_available(t, 0.5);
	machine_settle(&m);
	near_by(most(&m, t), 0.5, 0);
	near_by(m.heavy, 1, 0);			/* and it does not make others lighter or heavier */
	observe(&m, 8);
	machine_available(t, 2);		/* it has been lifted */
	machine_settle(&m);
	near_by(most(&m, t), 2, 1e-6);
	machine_fini(&m);
}

/* Three containers of ours and four threads of others in one: each alone with what the others used. */
static void
containers_of_ours_count_as_they_were_used(void **state)
{
	struct machine m;
	struct machine_task *a, *b, *c;

	(void)state;
	machine_init(&m, 4, 1, true, 0);
	a = machine_task_new(&m, 1, NULL);
	b = machine_task_new(&m, 2, NULL);
	c = machine_task_new(&m, 3, b);		/* in the container of b */
	observe(&m, 4);
	machine_wanting(b, 0.5);
	machine_wanting(c, 0.5);
	machine_available(a, 1.5);		/* 4 - 1 of b and c, shared with one of usual weight */
	machine_available(b, 2);		/* shared with it, and a used nothing */
	machine_settle(&m);
	near_by(m.heavy, 1, 1e-9);
	near_by(machine_task_available(b), machine_task_available(c), 0);
	near_by(b->container->wanting, 1, 0);
	/* here b and c have nothing to do: a could have as much as they */
	near_by(machine_task_available(a), 2, 0.001);
	/* and a second without a word of them is one without requests */
	assert_null(cores_done(&m.cores, 2 * SEC));
	machine_available(a, 2);
	machine_settle(&m);
	near_by(b->container->wanting, 0, 0);
	near_by(machine_task_available(a), 2, 0.001);
	machine_task_gone(b);
	assert_int_equal(m.ncontainers, 2);
	machine_task_gone(c);
	assert_int_equal(m.ncontainers, 1);
	machine_fini(&m);
}

static void
without_what_containers_could_have_threads_share(void **state)
{
	struct machine m;
	struct machine_task *a, *b;
	struct cores_job job[3] = { { .node = { .at = 0 } } };

	(void)state;
	machine_init(&m, 4, 1, false, 0);
	a = machine_task_new(&m, 1, NULL);
	b = machine_task_new(&m, 2, NULL);
	observe(&m, 5);
	machine_settle(&m);
	cores_add(&m.cores, a->container->group, &job[0], 1000);
	cores_add(&m.cores, b->container->group, &job[1], 1000);
	cores_add(&m.cores, b->container->group, &job[2], 1000);
	near_by((double)cores_next_usec(&m.cores), 2000, 1);		/* each thread has half of a core */
	machine_fini(&m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_container_has_what_was_recorded),
		cmocka_unit_test(less_than_what_is_idle_is_a_quota),
		cmocka_unit_test(containers_of_ours_count_as_they_were_used),
		cmocka_unit_test(without_what_containers_could_have_threads_share),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
