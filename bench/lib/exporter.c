/*
 * Prometheus text with the metric names and the quirks of node_exporter: CPU time in steps of 10 ms, the
 * exporter's own thread among the running ones. Who waits for pages is not among those, and counts as iowait.
 */
#include <math.h>
#include <stdio.h>

#include "base/clock.h"
#include "exporter.h"

static void
family(struct buf *b, const char *name, const char *type, const char *help)
{
	buf_printf(b, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void
one(struct buf *b, const char *name, const char *type, const char *help, double value)
{
	family(b, name, type, help);
	buf_printf(b, "%s %.10g\n", name, value);
}

static void
cpu_seconds(struct buf *b, const struct cores *v, const struct ram *r, double up_usec)
{
	static const char *const nothing[] = { "irq", "nice", "softirq", "steal", "system" };
	int n = (int)ceil(v->cores);
	double busy = v->busy_usec / n / 1e6, iowait = r->iowait_usec / n / 1e6, idle = up_usec / 1e6 * v->cores / n - busy - iowait;

	family(b, "node_cpu_seconds_total", "counter", "Time of each CPU by mode.");
	for (int cpu = 0; cpu < n; cpu++) {
		buf_printf(b, "node_cpu_seconds_total{cpu=\"%d\",mode=\"idle\"} %.2f\n", cpu, idle);
		buf_printf(b, "node_cpu_seconds_total{cpu=\"%d\",mode=\"iowait\"} %.2f\n", cpu, iowait);
		for (unsigned m = 0; m < sizeof nothing / sizeof *nothing; m++)
			buf_printf(b, "node_cpu_seconds_total{cpu=\"%d\",mode=\"%s\"} 0\n", cpu, nothing[m]);
		buf_printf(b, "node_cpu_seconds_total{cpu=\"%d\",mode=\"user\"} %.2f\n", cpu, busy);
	}
}

static void
memory(struct buf *b, const struct ram *r)
{
	one(b, "node_memory_MemTotal_bytes", "gauge", "All memory.", r->total);
	one(b, "node_memory_MemAvailable_bytes", "gauge", "Memory that could be had without swapping.", ram_available(r));
}

static void
pressure(struct buf *b, const struct cores *v, const struct ram *r)
{
	static const char *const swapping[] = { "memory", "io" };	/* pages come from a disk: the same time shows in both */
	char name[64];

	one(b, "node_pressure_cpu_waiting_seconds_total", "counter", "Time in which somebody waited for a core.",
	    v->waiting_usec / 1e6);
	for (unsigned i = 0; i < sizeof swapping / sizeof *swapping; i++) {
		snprintf(name, sizeof name, "node_pressure_%s_stalled_seconds_total", swapping[i]);
		one(b, name, "counter", "Time in which everybody waited.", r->full_usec / 1e6);
		snprintf(name, sizeof name, "node_pressure_%s_waiting_seconds_total", swapping[i]);
		one(b, name, "counter", "Time in which somebody waited.", r->some_usec / 1e6);
	}
}

void
exporter_text(struct buf *b, const struct cores *v, const struct ram *r, int64_t booted, const char *nodename)
{
	double up = (double)(v->now_usec - booted);

	one(b, "node_boot_time_seconds", "gauge", "When it started, Unix time.", (double)clock_wall_usec() / 1e6 - up / 1e6);
	cpu_seconds(b, v, r, up);
	one(b, "node_load1", "gauge", "Load average over a minute.", v->load1);
	memory(b, r);
	pressure(b, v, r);
	one(b, "node_procs_running", "gauge", "Threads running or waiting for a core.", round(cores_runnable(v)) + 1);
	family(b, "node_uname_info", "gauge", "The machine.");
	buf_printf(b, "node_uname_info{machine=\"emulated\",nodename=\"%s\",sysname=\"Linux\"} 1\n", nodename);
}
