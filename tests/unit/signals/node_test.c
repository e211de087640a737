#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/buf.h"
#include "signals/node.c"

#define SEC USEC_PER_SEC
#define NEAR(a, b) assert_true(fabs((a) - (b)) < 1e-6)

/* A page in the making: CPUs whose user and idle seconds are given. */
struct page {
	struct buf	b;
};

static struct page
page(void)
{
	struct page p;

	buf_init(&p.b, 1 << 20);
	return p;
}

static void
add_cpu(struct page *p, int cpu, double user, double idle)
{
	buf_printf(&p->b, "node_cpu_seconds_total{cpu=\"%d\",mode=\"user\"} %g\n", cpu, user);
	buf_printf(&p->b, "node_cpu_seconds_total{cpu=\"%d\",mode=\"idle\"} %g\n", cpu, idle);
}

static void
add(struct page *p, const char *lines)
{
	buf_adds(&p->b, str_of(lines));
}

static const struct why *
give(struct node_counters *n, struct page *p, int64_t at, bool *sampled, struct sample *out)
{
	const struct why *why = node_page(n, buf_str(&p->b), at, sampled, out);

	buf_fini(&p->b);
	return why;
}

/* A first page with two idle CPUs at t = 10 s. */
static struct node_counters *
begun(void)
{
	struct node_counters *n = node_new(SOURCE_NODE_EXPORTER);
	struct page p = page();
	struct sample s;
	bool sampled = true;

	add_cpu(&p, 0, 100, 1000);
	add_cpu(&p, 1, 100, 1000);
	assert_null(give(n, &p, 10 * SEC, &sampled, &s));
	assert_false(sampled);
	return n;
}

static void
test_busy_cores(void **state)
{
	struct node_counters *n = begun();
	struct page p = page();
	struct sample s;
	bool sampled;

	(void)state;
	add_cpu(&p, 0, 101, 1000);
	add_cpu(&p, 1, 100.25, 1000.75);
	assert_null(give(n, &p, 11 * SEC, &sampled, &s));
	assert_true(sampled);
	NEAR(s.cores, 2);
	NEAR(s.busy, 1.25);
	assert_int_equal(s.span_usec, SEC);
	assert_int_equal(s.taken_usec, 11 * SEC);
	assert_int_equal(s.source, SOURCE_NODE_EXPORTER);
	assert_true(isnan(s.running) && isnan(s.load1) && isnan(s.memory_total_bytes) && isnan(s.disk_busy) &&
	    isnan(s.net_receive) && isnan(s.psi_cpu_waiting));
	node_free(&n);
}

/* Of a machine that is a cgroup with a quota: its CPUs are busy when the quota is used up. */
static void
test_quota(void **state)
{
	static const struct { const char *line; double cores, busy; } of[] = {
		{ "mola_node_quota_cores 0.5\n", .5, .25 }, { "mola_node_quota_cores 4\n", 2, 1 },
		{ "mola_node_quota_cores 0\n", 2, 1 }, { "mola_node_quota_cores 1e-300\n", 2, 1 },
		{ "mola_node_quota_cores NaN\n", 2, 1 }, { "mola_node_quota_cores{cpu=\"0\"} 0.5\n", 2, 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof of / sizeof of[0]; i++) {
		struct node_counters *n = begun();
		struct page p = page();
		struct sample s;
		bool sampled;
		add_cpu(&p, 0, 101, 1000);
		add_cpu(&p, 1, 100, 1001);
		add(&p, of[i].line);
		assert_null(give(n, &p, 11 * SEC, &sampled, &s));
		NEAR(s.cores, of[i].cores);
		NEAR(s.busy, of[i].busy);
		node_free(&n);
	}
}

static void
test_modes(void **state)
{
	struct node_counters *n = begun();
	struct page p = page();
	struct sample s;
	bool sampled;

	(void)state;
	add_cpu(&p, 0, 100, 1000);
	add(&p, "node_cpu_seconds_total{cpu=\"0\",mode=\"iowait\"} 0.5\n"
	    "node_cpu_seconds_total{cpu=\"0\",mode=\"steal\"} 0.25\n"
	    "node_cpu_seconds_total{mode=\"softirq\",cpu=\"0\"} 0.25\n"
	    "node_cpu_guest_seconds_total{cpu=\"0\",mode=\"user\"} 50\n"
	    "node_cpu_seconds_total{cpu=\"0\",mode=\"dream\"} 50\n");
	add_cpu(&p, 1, 100, 1001);
	assert_null(give(n, &p, 11 * SEC, &sampled, &s));
	NEAR(s.busy, 0.5);
	node_free(&n);
}

static void
test_everything_else(void **state)
{
	static const char *const pages[] = {
		"node_procs_running 1\nnode_load1 0.1\n"
		"node_memory_MemTotal_bytes 8e+09\nnode_memory_MemAvailable_bytes 6e+09\n"
		"node_pressure_cpu_waiting_seconds_total 1\nnode_pressure_memory_waiting_seconds_total 1\n"
		"node_pressure_memory_stalled_seconds_total 1\nnode_pressure_io_waiting_seconds_total 1\n"
		"node_pressure_io_stalled_seconds_total 1\n"
		"node_disk_io_time_seconds_total{device=\"sda\"} 1\nnode_disk_io_time_seconds_total{device=\"sdb\"} 1\n"
		"node_disk_io_time_seconds_total{device=\"loop0\"} 1\n"
		"node_network_receive_bytes_total{device=\"eth0\"} 1000\nnode_network_receive_bytes_total{device=\"lo\"} 1000\n"
		"node_network_transmit_bytes_total{device=\"eth0\"} 1000\nnode_network_transmit_bytes_total{device=\"eth1\"} 1000\n"
		"node_network_transmit_bytes_total{device=\"veth12\"} 1000\nnode_network_transmit_bytes_total{device=\"br-x\"} 1000\n",
		"node_procs_running 7\nnode_load1 0.2\n"
		"node_memory_MemTotal_bytes 8e+09\nnode_memory_MemAvailable_bytes 5e+09\n"
		"node_pressure_cpu_waiting_seconds_total 2\nnode_pressure_memory_waiting_seconds_total 1.2\n"
		"node_pressure_memory_stalled_seconds_total 0.5\nnode_pressure_io_waiting_seconds_total 9\n"
		"node_pressure_io_stalled_seconds_total NaN\n"
		"node_disk_io_time_seconds_total{device=\"sda\"} 1.2\nnode_disk_io_time_seconds_total{device=\"sdb\"} 1.8\n"
		"node_disk_io_time_seconds_total{device=\"loop0\"} 3\n"
		"node_network_receive_bytes_total{device=\"eth0\"} 3000\nnode_network_receive_bytes_total{device=\"lo\"} 9000\n"
		"node_network_transmit_bytes_total{device=\"eth0\"} 2000\nnode_network_transmit_bytes_total{device=\"eth1\"} 500\n"
		"node_network_transmit_bytes_total{device=\"veth12\"} 9000\nnode_network_transmit_bytes_total{device=\"br-x\"} 9000\n",
	};
	struct node_counters *n = node_new(SOURCE_AGENT);
	struct sample s;
	bool sampled;

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct page p = page();
		add_cpu(&p, 0, 1, 10 + 2 * i);
		add(&p, pages[i]);
		assert_null(give(n, &p, (10 + 2 * i) * SEC, &sampled, &s));
	}
	assert_true(sampled);
	NEAR(s.running, 6);
	NEAR(s.load1, 0.2);
	NEAR(s.memory_total_bytes, 8e9);
	NEAR(s.memory_available_bytes, 5e9);
	NEAR(s.psi_cpu_waiting, 0.5);
	NEAR(s.psi_memory_waiting, 0.1);
	NEAR(s.psi_memory_stalled, 0);
	NEAR(s.psi_io_waiting, 1);
	assert_true(isnan(s.psi_io_stalled));
	NEAR(s.disk_busy, 0.4);
	NEAR(s.net_receive, 1000);
	NEAR(s.net_transmit, 500);
	node_free(&n);
}

static void
test_memory_of_old_kernels(void **state)
{
	struct node_counters *n = begun();
	struct page p = page();
	struct sample s;
	bool sampled;

	(void)state;
	add_cpu(&p, 0, 101, 1000);
	add(&p, "node_memory_MemTotal_bytes 100\nnode_memory_MemFree_bytes 10\nnode_memory_Buffers_bytes 5\n"
	    "node_memory_Cached_bytes 20\nnode_memory_Slab_bytes 1\n");
	assert_null(give(n, &p, 11 * SEC, &sampled, &s));
	NEAR(s.memory_available_bytes, 36);
	node_free(&n);
}

/* idle falls by 0.3 s and comes back: neither negative nor counted twice */
static void
test_jitter(void **state)
{
	static const double idle[] = { 999.7, 1000.5 };
	struct node_counters *n = begun();
	struct sample s;
	bool sampled;

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct page p = page();
		add_cpu(&p, 0, 100.5 * (i == 0) + 101 * (i == 1), idle[i]);
		assert_null(give(n, &p, (11 + i) * SEC, &sampled, &s));
		assert_true(sampled);
		NEAR(s.busy, i == 0 ? 1 : 0.5);
	}
	node_free(&n);
}

static void
test_one_cpu_reset(void **state)
{
	struct node_counters *n = begun();
	struct page p = page();
	struct sample s;
	bool sampled;

	(void)state;
	add_cpu(&p, 0, 0, 1);			/* came back online with fresh counters */
	add_cpu(&p, 1, 101, 1000);
	assert_null(give(n, &p, 11 * SEC, &sampled, &s));
	assert_true(sampled);
	NEAR(s.cores, 2);
	NEAR(s.busy, 2);			/* the mean of those that can be judged */
	p = page();
	add_cpu(&p, 0, 0, 2);
	add_cpu(&p, 1, 102, 1000);
	assert_null(give(n, &p, 12 * SEC, &sampled, &s));
	NEAR(s.busy, 1);
	node_free(&n);
}

static void
test_reboot(void **state)
{
	struct node_counters *n = begun();
	struct page p = page();
	struct sample s;
	bool sampled;

	(void)state;
	add_cpu(&p, 0, 1, 5);
	add_cpu(&p, 1, 1, 5);
	assert_ptr_equal(give(n, &p, 11 * SEC, &sampled, &s), WHY_METRICS_BACKWARDS);
	assert_string_equal(node_detail(n), "counters of 2 of 2 CPUs fell by more than 3 s");
	p = page();
	add_cpu(&p, 0, 2, 5);
	add_cpu(&p, 1, 1, 6);
	assert_null(give(n, &p, 12 * SEC, &sampled, &s));
	assert_true(sampled);
	NEAR(s.busy, 1);
	node_free(&n);
}

static void
test_cpus_come_and_go(void **state)
{
	struct node_counters *n = begun();
	struct page p = page();
	struct sample s;
	bool sampled;

	(void)state;
	add_cpu(&p, 0, 101, 1000);
	assert_null(give(n, &p, 11 * SEC, &sampled, &s));
	NEAR(s.cores, 1);
	NEAR(s.busy, 1);
	p = page();
	add_cpu(&p, 0, 101, 1001);
	add_cpu(&p, 1, 150, 1000);		/* was away: not 50 s of work */
	add_cpu(&p, 7, 1, 1);
	assert_null(give(n, &p, 12 * SEC, &sampled, &s));
	NEAR(s.cores, 3);
	NEAR(s.busy, 0);
	node_free(&n);
}

static void
test_too_close(void **state)
{
	struct node_counters *n = begun();
	struct page p = page();
	struct sample s;
	bool sampled = true;

	(void)state;
	add_cpu(&p, 0, 100.01, 1000);
	assert_null(give(n, &p, 10 * SEC + 19999, &sampled, &s));
	assert_false(sampled);
	p = page();
	add_cpu(&p, 0, 100.05, 1000);
	add_cpu(&p, 1, 100, 1000.05);
	assert_null(give(n, &p, 10 * SEC + 50000, &sampled, &s));
	assert_true(sampled);
	NEAR(s.busy, 1);
	assert_int_equal(s.span_usec, 50000);
	node_free(&n);
}

static void
test_stored_copy(void **state)
{
	struct node_counters *n = begun();
	struct sample s;
	bool sampled = true;

	(void)state;
	for (int i = 1; i <= 6; i++) {
		struct page p = page();
		add_cpu(&p, 0, 100, 1000);
		assert_ptr_equal(give(n, &p, (10 + i) * SEC, &sampled, &s), i < 6 ? NULL : WHY_METRICS_STUCK);
		assert_false(sampled);
	}
	node_free(&n);
}

static void
test_lies(void **state)
{
	static const char *const lies[] = {
		"", "up 1\n", "node_cpu_seconds_total 5\n",
		"node_cpu_seconds_total{cpu=\"99999\",mode=\"user\"} 5\n",
	};
	struct node_counters *n = begun();
	struct sample s = { .cores = 77 };
	struct page p;
	bool sampled;

	(void)state;
	for (unsigned i = 0; i < sizeof lies / sizeof *lies; i++) {
		p = page();
		add(&p, lies[i]);
		assert_ptr_equal(give(n, &p, 11 * SEC, &sampled, &s), WHY_METRICS_INCOMPLETE);
	}
	p = page();
	add(&p, "node_load1 1\n<p>\x1b[31m</p>\n");
	assert_ptr_equal(give(n, &p, 11 * SEC, &sampled, &s), WHY_METRICS_SYNTAX);
	assert_string_equal(node_detail(n), "line 2: expected the name of a metric, found: <p>?[31m</p>");
	NEAR(s.cores, 77);
	p = page();				/* and none of it left a trace */
	add_cpu(&p, 0, 101, 1000);
	add_cpu(&p, 1, 101, 1000);
	add(&p, "node_memory_MemTotal_bytes 10\nnode_memory_MemAvailable_bytes 11\nnode_procs_running 0\n");
	assert_null(give(n, &p, 11 * SEC, &sampled, &s));
	NEAR(s.busy, 2);
	NEAR(s.memory_available_bytes, 10);
	NEAR(s.running, 0);
	node_free(&n);
}

/* Times that cannot be have a reason of their own, which says where; a CPU without a sound idle time is no busy one. */
static void
test_odd_values(void **state)
{
#define CPU_LINE(n, mode, value) "node_cpu_seconds_total{cpu=\"" n "\",mode=\"" mode "\"} " value "\n"
	static const struct { const char *page, *detail; } odd[] = {
		{ CPU_LINE("0", "user", "NaN") CPU_LINE("0", "idle", "+Inf"), "CPU 0 has nan s of mode user" },
		{ CPU_LINE("0", "user", "-5"), "CPU 0 has -5 s of mode user" },
		{ CPU_LINE("0", "user", "1e300"), "CPU 0 has 1e+300 s of mode user" },
		{ CPU_LINE("0", "user", "109") CPU_LINE("0", "idle", "NaN") CPU_LINE("1", "idle", "-1"), "CPU 0 has nan s of mode idle" },
		/* neither stuck nor a stored copy */
		{ CPU_LINE("0", "user", "NaN") CPU_LINE("0", "idle", "1000") CPU_LINE("1", "user", "100") CPU_LINE("1", "idle", "1000"),
		    "CPU 0 has nan s of mode user" },
	};
	struct node_counters *n = begun();
	struct sample s = { .cores = 77 };
	struct page p;
	bool sampled;

	(void)state;
	for (unsigned i = 0; i < sizeof odd / sizeof *odd; i++) {
		p = page();
		add(&p, odd[i].page);
		assert_ptr_equal(give(n, &p, 20 * SEC, &sampled, &s), WHY_METRICS_VALUE);
		assert_string_equal(node_detail(n), odd[i].detail);
	}
	NEAR(s.cores, 77);
	p = page();			/* one of two: the other still tells of itself */
	add_cpu(&p, 0, 101, 1000);
	add(&p, CPU_LINE("1", "user", "900") CPU_LINE("1", "idle", "NaN"));
	assert_null(give(n, &p, 21 * SEC, &sampled, &s));
	assert_true(sampled);
	NEAR(s.cores, 1);
	node_free(&n);
}

static void
test_more_devices_than_room(void **state)
{
	struct node_counters *n = begun();
	struct sample s;
	bool sampled;

	(void)state;
	for (int round = 0; round < 3; round++) {
		struct page p = page();
		add_cpu(&p, 0, 101 + round, 1000);
		for (int i = 0; i < 3 * NODE_DEVICES_MAX; i++)
			buf_printf(&p.b, "node_network_receive_bytes_total{device=\"eth%d-%d\"} %d\n", round / 2, i, round);
		assert_null(give(n, &p, (11 + round) * SEC, &sampled, &s));
		if (round == 1)
			NEAR(s.net_receive, NODE_DEVICES_MAX);
	}
	node_free(&n);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_busy_cores),
		cmocka_unit_test(test_quota),
		cmocka_unit_test(test_modes),
		cmocka_unit_test(test_everything_else),
		cmocka_unit_test(test_memory_of_old_kernels),
		cmocka_unit_test(test_jitter),
		cmocka_unit_test(test_one_cpu_reset),
		cmocka_unit_test(test_reboot),
		cmocka_unit_test(test_cpus_come_and_go),
		cmocka_unit_test(test_too_close),
		cmocka_unit_test(test_stored_copy),
		cmocka_unit_test(test_lies),
		cmocka_unit_test(test_odd_values),
		cmocka_unit_test(test_more_devices_than_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
