#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/alloc.h"
#include "signals/node.h"
#include "signals/proc.c"
#include "signals/proc_page.h"

#define NEAR(a, b) assert_true(fabs((a) - (b)) < 1e-9)

static struct proc_view *
view(void)
{
	struct proc_view *v = must_zalloc(sizeof *v);

	proc_clear(v);
	return v;
}

static const char stat_text[] =
	"cpu  2933 0 2941 304016 775 0 91 26 7 0\n"
	"cpu0 916 1 1167 153148 111 2 16 9 7 0\n"
	"cpu2 2017 0 1773 150868 663 0 75 16 0 0\n"
	"intr 245550 0 0\nctxt 507943\nbtime 1795360161\nprocesses 6497\nprocs_running 2\nprocs_blocked 1\n";

static void
test_stat(void **state)
{
	struct proc_view *v = view();

	(void)state;
	assert_true(proc_stat(STR(stat_text), v));
	assert_int_equal(v->ncpus, 2);
	assert_int_equal(v->cpu[1].number, 2);
	NEAR(v->cpu[0].seconds[MODE_USER], 9.16);
	NEAR(v->cpu[0].seconds[MODE_NICE], 0.01);
	NEAR(v->cpu[0].seconds[MODE_IRQ], 0.02);
	NEAR(v->cpu[0].seconds[MODE_STEAL], 0.09);
	NEAR(v->cpu[1].seconds[MODE_IDLE], 1508.68);
	NEAR(v->value[FACT_RUNNING], 2);
	NEAR(v->value[FACT_BLOCKED], 1);
	NEAR(v->value[FACT_BOOTED], 1795360161);
	proc_clear(v);
	assert_true(proc_stat(STR("cpu0 1 2 3 4"), v));		/* an old kernel, and no newline */
	NEAR(v->cpu[0].seconds[MODE_IDLE], 0.04);
	NEAR(v->cpu[0].seconds[MODE_STEAL], 0);
	free(v);
}

static void
test_counters_do_not_slip_back(void **state)
{
	struct proc_view *a = view(), *b = view();

	(void)state;
	proc_stat(STR("cpu0 10 0 0 1000 50\ncpu1 10 0 0 1000 50\ncpu3 10 0 0 1000\n"), a);
	proc_stat(STR("cpu0 11 0 0 1001 48\ncpu2 5 0 0 5\ncpu3 1 0 0 1\n"), b);
	proc_steady(b, a);
	NEAR(b->cpu[0].seconds[MODE_USER], 0.11);
	NEAR(b->cpu[0].seconds[MODE_IOWAIT], 0.5);
	NEAR(b->cpu[1].seconds[MODE_IDLE], 0.05);
	NEAR(b->cpu[2].seconds[MODE_IDLE], 0.01);		/* was away, began anew */
	free(a);
	free(b);
}

static void
test_memory_and_load(void **state)
{
	struct proc_view *v = view();

	(void)state;
	assert_true(proc_meminfo(STR("MemTotal:       24683  kB\nMemFree: 3 kB\nSwapCached:   9 kB\nCached:\t7 kB\nHugePages_Total:  0\n"), v));
	NEAR(v->value[FACT_MEM_TOTAL], 24683 * 1024.0);
	NEAR(v->value[FACT_MEM_CACHED], 7 * 1024.0);
	assert_true(isnan(v->value[FACT_MEM_AVAILABLE]));
	assert_true(proc_loadavg(STR("0.06 0.10 2.01 2/345 6789\n"), v));
	NEAR(v->value[FACT_LOAD1], 0.06);
	NEAR(v->value[FACT_LOAD15], 2.01);
	assert_false(proc_loadavg(STR("nan inf 1\n"), v));
	free(v);
}

static void
test_pressure(void **state)
{
	static const struct str both = { "some avg10=0.00 avg60=0.05 avg300=0.28 total=7573105\n"
	    "full avg10=0.00 avg60=0.00 avg300=0.00 total=12\n", 102 };
	struct proc_view *v = view();

	(void)state;
	assert_true(proc_pressure_cpu(both, v));
	assert_true(proc_pressure_memory(both, v));
	assert_true(proc_pressure_io(STR("some avg10=0.00 total=5000000"), v));
	NEAR(v->value[FACT_PSI_CPU], 7.573105);
	NEAR(v->value[FACT_PSI_MEM_FULL], 12e-6);
	NEAR(v->value[FACT_PSI_IO], 5);
	assert_true(isnan(v->value[FACT_PSI_IO_FULL]));
	assert_false(proc_pressure_cpu(STR("some total=-1\n"), v));
	free(v);
}

static void
test_disks(void **state)
{
	static const char text[] =
		"   7       0 loop0 1 2 3 4 5 6 7 8 9 1000 11\n"
		" 254       0 vda 1 2 3 4 5 6 7 8 9 1500 11 12 13\n"
		" 254       1 vda1 1 2 3 4 5 6 7 8 9 1500 11\n"
		" 254      16 vdaa 1 2 3 4 5 6 7 8 9 2000 11\n"
		" 259       0 nvme0n1 1 2 3 4 5 6 7 8 9 10 11\n"
		" 259       1 nvme0n1p2 1 2 3 4 5 6 7 8 9 10 11\n"
		" 259       2 nvme0n10 1 2 3 4 5 6 7 8 9 10 11\n"
		" 259       3 short 1 2\n";
	struct proc_view *v = view();

	(void)state;
	assert_true(proc_diskstats(STR(text), v));
	assert_int_equal(v->ndisks, 4);
	assert_string_equal(v->disk[0].name, "vda");
	NEAR(v->disk[0].io_seconds, 1.5);
	assert_string_equal(v->disk[1].name, "vdaa");
	assert_string_equal(v->disk[2].name, "nvme0n1");
	assert_string_equal(v->disk[3].name, "nvme0n10");
	free(v);
}

static void
test_nets(void **state)
{
	static const char text[] =
		"Inter-|   Receive                                                |  Transmit\n"
		" face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed\n"
		"    lo:   63100      66    0    0    0     0          0         0    63100      66    0    0    0     0       0          0\n"
		"  eth0:83386044    1851    0    0    0     0          0         0    90173    1045    0    0    0     0       0          0\n"
		"veth12:       1    1851    0    0    0     0          0         0    90173    1045    0    0    0     0       0          0\n"
		"  eth1: 5\n";
	struct proc_view *v = view();

	(void)state;
	assert_true(proc_net_dev(STR(text), v));
	assert_int_equal(v->nnets, 1);
	assert_string_equal(v->net[0].name, "eth0");
	NEAR(v->net[0].received, 83386044);
	NEAR(v->net[0].sent, 90173);
	free(v);
}

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void
test_containers(void **state)
{
	char id[PROC_ID_BYTES] = "untouched";
	double s = -1;

	(void)state;
	assert_true(proc_cpuacct_usage(STR("1500000000\n"), &s));
	NEAR(s, 1.5);
	assert_true(proc_cpu_stat(STR("nr_periods 1\nusage_usec 2500000\nuser_usec 1\n"), &s));
	NEAR(s, 2.5);
	assert_false(proc_cpuacct_usage(STR(""), &s));
	assert_false(proc_cpu_stat(STR("usage_usec x\n"), &s));
	NEAR(s, 2.5);
	assert_true(proc_container_id(STR(ID), id));
	assert_string_equal(id, ID);
	assert_true(proc_container_id(STR("docker-" ID ".scope"), id));
	assert_string_equal(id, ID);
	assert_false(proc_container_id(STR("docker"), id));
	assert_false(proc_container_id(STR("docker-" ID), id));
	assert_false(proc_container_id(STR(ID "0"), id));
	assert_false(proc_container_id(STR("docker-" ID ".slice"), id));
	assert_false(proc_container_id(STR("Z123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"), id));
}

static void
test_limits(void **state)
{
	double x = -1;

	(void)state;
	assert_true(proc_cpu_shares(STR("512\n"), &x));
	NEAR(x, 512);
	assert_true(proc_cpu_weight(STR("100\n"), &x));
	NEAR(x, 1024);
	assert_true(proc_cpu_weight(STR("0\n"), &x));
	NEAR(x, 3);
	assert_true(proc_cpu_max(STR("150000 100000\n"), &x));
	NEAR(x, 1.5);
	assert_true(proc_cfs_quota(STR("25000\n"), STR("50000\n"), &x));
	NEAR(x, .5);
	assert_true(proc_cpu_list(STR("0-3,7,9-9\n"), &x));
	NEAR(x, 6);
	assert_true(proc_throttled(STR("nr_periods 0\nthrottled_usec 1500000\n"), &x));
	NEAR(x, 1.5);
	assert_true(proc_throttled(STR("nr_throttled 3\nthrottled_time 2500000000"), &x));
	NEAR(x, 2.5);
	assert_false(proc_cpu_shares(STR("0\n"), &x) || proc_cpu_shares(STR("262145\n"), &x));
	assert_false(proc_cpu_weight(STR("10001\n"), &x) || proc_cpu_weight(STR("max\n"), &x));
	assert_false(proc_cpu_max(STR("0 100000\n"), &x) || proc_cpu_max(STR("5\n"), &x) || proc_cpu_max(STR(""), &x));
	assert_false(proc_cfs_quota(STR("5\n"), STR("0\n"), &x) || proc_cfs_quota(STR("-2\n"), STR("1\n"), &x));
	assert_false(proc_cpu_list(STR("\n"), &x) || proc_cpu_list(STR("3-1"), &x) || proc_cpu_list(STR("0-4096"), &x));
	assert_false(proc_cpu_list(STR("1-2-3"), &x) || proc_cpu_list(STR("a"), &x) || proc_throttled(STR("x 1"), &x));
	NEAR(x, 2.5);
	assert_true(proc_cpu_max(STR("max 100000\n"), &x) && isinf(x));
	x = 0;
	assert_true(proc_cfs_quota(STR("-1\n"), STR("100000\n"), &x) && isinf(x));
}

static void
test_garbage(void **state)
{
	static const char *const texts[] = { "", "\n\n\n", "cpu", "cpu\n", "cpux 1\n", "cpu0", "some", ":", "::::\n", " : ",
	    "cpu99999999999999999999 1 2 3\n", "cpu0 99999999999999999999999 -1 0x10\n", "MemTotal: kB\n", "a b c\n" };
	static proc_text_f *const readers[] = { proc_stat, proc_meminfo, proc_loadavg, proc_diskstats, proc_net_dev,
	    proc_pressure_cpu, proc_pressure_memory, proc_pressure_io };
	struct proc_view *v = view();

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		for (size_t r = 0; r < sizeof readers / sizeof *readers; r++)
			readers[r](str_of(texts[i]), v);
	assert_int_equal(v->ndisks + v->nnets, 0);
	free(v);
}

static void
test_more_than_there_is_room_for(void **state)
{
	struct proc_view *v = view();
	struct buf b;

	(void)state;
	buf_init(&b, 1 << 20);
	for (int i = 0; i < 2 * PROC_CPUS_MAX; i++)
		buf_printf(&b, "cpu%d 1 0 0 1\n", i % PROC_CPUS_MAX);
	proc_stat(buf_str(&b), v);
	assert_int_equal(v->ncpus, PROC_CPUS_MAX);
	buf_clear(&b);
	for (int i = 0; i < 2 * PROC_DEVICES_MAX; i++)
		buf_printf(&b, "e%d: 1 0 0 0 0 0 0 0 1 0\n", i);
	proc_net_dev(buf_str(&b), v);
	assert_int_equal(v->nnets, PROC_DEVICES_MAX);
	buf_fini(&b);
	free(v);
}

/* What the agent writes, the brain reads: the same truth at both ends. */
static void
test_there_and_back(void **state)
{
	static const char *const stats[] = { "cpu0 100 0 0 1000\ncpu1 100 0 0 1000\nprocs_running 1\n",
	    "cpu0 200 0 0 1000\ncpu1 150 0 0 1050\nprocs_running 4\n" };
	struct node_counters *n = node_new(SOURCE_AGENT);
	struct sample s;
	bool sampled;

	(void)state;
	for (int whole = 0; whole < 2; whole++) {
		for (int i = 0; i < 2; i++) {
			struct proc_view *v = view();
			struct buf b;
			proc_stat(str_of(stats[i]), v);
			proc_meminfo(STR("MemTotal: 1000 kB\nMemAvailable: 250 kB\n"), v);
			proc_net_dev(i == 0 ? STR("e\"\\0: 0 0 0 0 0 0 0 0 0\n") : STR("e\"\\0: 500 0 0 0 0 0 0 0 250\n"), v);
			buf_init(&b, 1 << 20);
			(whole ? proc_page : proc_block)(&b, v);
			assert_null(node_page(n, buf_str(&b), 1000000 * (i + 1), &sampled, &s));
			buf_fini(&b);
			free(v);
		}
		assert_true(sampled);
		NEAR(s.cores, 2);
		NEAR(s.busy, 1.5);
		NEAR(s.running, 3);
		NEAR(s.memory_available_bytes, 256000);
		NEAR(s.net_receive, 500);
		NEAR(s.net_transmit, 250);
		assert_true(isnan(s.load1) && isnan(s.disk_busy) && isnan(s.psi_cpu_waiting));
		node_forget(n);
	}
	node_free(&n);
}

/* Pages tell all of a container, streams what it could have; what is not known has no line. */
static void
test_containers_told(void **state)
{
	struct proc_view *v = view();
	struct buf b;

	(void)state;
	v->ncontainers = 2;
	v->container[0] = (struct proc_container){ ID, 1.5, NAN, .123456, .05, INFINITY, 512 };
	v->container[1] = (struct proc_container){ "b", 2, .25, NAN, NAN, .5, 1024 };
	buf_init(&b, 1 << 20);
	proc_block(&b, v);
	assert_string_equal(strndupa(b.p, b.len), "mola_container_cpu_available_cores{id=\"" ID "\"} 0.1235\n"
	    "mola_container_cpu_used_cores{id=\"" ID "\"} 0.05\n"
	    "mola_container_cpu_quota_cores{id=\"b\"} 0.5\n# EOF\n");
	buf_clear(&b);
	proc_page(&b, v);
	buf_add(&b, "", 1);
	assert_non_null(strstr(b.p, "mola_container_cpu_seconds_total{id=\"" ID "\"} 1.5\n"));
	assert_non_null(strstr(b.p, "mola_container_cpu_throttled_seconds_total{id=\"b\"} 0.25\n"));
	assert_null(strstr(b.p, "mola_container_cpu_throttled_seconds_total{id=\"" ID "\"}"));
	assert_non_null(strstr(b.p, "mola_container_cpu_quota_cores{id=\"b\"} 0.5\n"));
	assert_null(strstr(b.p, "mola_container_cpu_quota_cores{id=\"" ID "\"}"));
	assert_null(strstr(b.p, "mola_container_cpu_available_cores{id=\"b\"}"));
	assert_non_null(strstr(b.p, "mola_container_cpu_weight{id=\"" ID "\"} 512\n"));
	buf_fini(&b);
	free(v);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stat),
		cmocka_unit_test(test_counters_do_not_slip_back),
		cmocka_unit_test(test_memory_and_load),
		cmocka_unit_test(test_pressure),
		cmocka_unit_test(test_disks),
		cmocka_unit_test(test_nets),
		cmocka_unit_test(test_containers),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_garbage),
		cmocka_unit_test(test_more_than_there_is_room_for),
		cmocka_unit_test(test_there_and_back),
		cmocka_unit_test(test_containers_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
