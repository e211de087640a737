/*
 * Facts in the order of their table; each has its own lines. Must not know what reads them.
 */
#include <math.h>

#include "base/bug.h"
#include "base/escape.h"
#include "signals/proc_page.h"

/* Fifteen digits: a tenth stays a tenth, and microseconds of a year are still seen. */
#define NUMBER "%.15g"

static void
add_label(struct buf *b, const char *value)
{
	char text[PROC_NAME_BYTES * ESCAPE_MOST];

	buf_add(b, text, escape_text(text, sizeof text, str_of(value), ESCAPE_LABEL, NULL));
}

static void
add_device(struct buf *b, enum fact_id f, const char *device, double value)
{
	buf_adds(b, fact_all[f].name);
	buf_adds(b, STR("{device=\""));
	add_label(b, device);
	buf_printf(b, "\"} " NUMBER "\n", value);
}

/* A mode in which the CPU never was needs no line in a stream: absent is zero. */
static void
add_cpus(struct buf *b, const struct proc_view *v, bool zeros)
{
	ASSERT(v->ncpus <= PROC_CPUS_MAX);
	for (unsigned i = 0; i < v->ncpus; i++)
		for (int m = 0; m < MODE_COUNT; m++)
			if (zeros || v->cpu[i].seconds[m] > 0 || m == MODE_IDLE)
				buf_printf(b, "%s{cpu=\"%u\",mode=\"%s\"} " NUMBER "\n", fact_all[FACT_CPU].name.p,
				    v->cpu[i].number, mode_all[m].name.p, v->cpu[i].seconds[m]);
}

static bool
is_there(const struct proc_view *v, enum fact_id f)
{
	switch (f) {
	case FACT_CPU:		return v->ncpus > 0;
	case FACT_DISK_IO_TIME:	return v->ndisks > 0;
	case FACT_NET_RECEIVE:
	case FACT_NET_TRANSMIT:	return v->nnets > 0;
	case FACT_QUOTA:	/* of the cgroup */
	case FACT_RUNNING:	/* what proc.c reads as one value */
	case FACT_BLOCKED:
	case FACT_LOAD1:
	case FACT_LOAD5:
	case FACT_LOAD15:
	case FACT_BOOTED:
	case FACT_MEM_TOTAL:
	case FACT_MEM_AVAILABLE:
	case FACT_MEM_FREE:
	case FACT_MEM_BUFFERS:
	case FACT_MEM_CACHED:
	case FACT_MEM_SLAB:
	case FACT_PSI_CPU:
	case FACT_PSI_MEM:
	case FACT_PSI_MEM_FULL:
	case FACT_PSI_IO:
	case FACT_PSI_IO_FULL:	return !isnan(v->value[f]);
	case FACT_COUNT:	break;
	}
	BUG("no such fact");
}

static void
add_fact(struct buf *b, const struct proc_view *v, enum fact_id f, bool zeros)
{
	ASSERT(f < FACT_COUNT && v->ndisks <= PROC_DEVICES_MAX && v->nnets <= PROC_DEVICES_MAX);
	switch (f) {
	case FACT_CPU:
		add_cpus(b, v, zeros);
		break;
	case FACT_DISK_IO_TIME:
		for (unsigned i = 0; i < v->ndisks; i++)
			add_device(b, f, v->disk[i].name, v->disk[i].io_seconds);
		break;
	case FACT_NET_RECEIVE:
	case FACT_NET_TRANSMIT:
		for (unsigned i = 0; i < v->nnets; i++)
			add_device(b, f, v->net[i].name, f == FACT_NET_RECEIVE ? v->net[i].received : v->net[i].sent);
		break;
	default:
		buf_printf(b, "%s " NUMBER "\n", fact_all[f].name.p, v->value[f]);
	}
}

static void
add_head(struct buf *b, const char *name, const char *type, const char *help)
{
	buf_printf(b, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void
add_container(struct buf *b, enum container_fact f, const struct proc_container *c)
{
	double value = NAN;

	switch (f) {
	case CONTAINER_SECONDS:		value = c->cpu_seconds; break;
	case CONTAINER_THROTTLED:	value = c->throttled_seconds; break;
	case CONTAINER_AVAILABLE:	value = rint(c->available * 1e4) / 1e4; break;
	case CONTAINER_USED:		value = rint(c->used * 1e4) / 1e4; break;
	case CONTAINER_QUOTA:		value = c->quota; break;
	case CONTAINER_WEIGHT:		value = c->weight; break;
	case CONTAINER_COUNT:		BUG("no such fact");
	}
	if (!isfinite(value))		/* not known, or no quota */
		return;
	buf_printf(b, "%s{id=\"%s\"} " NUMBER "\n", container_all[f].name.p, c->id, value);
}

static void
add_containers(struct buf *b, const struct proc_view *v)
{
	ASSERT(v->ncontainers <= PROC_CONTAINERS_MAX);
	for (int f = 0; f < CONTAINER_COUNT; f++) {
		const struct fact *fact = &container_all[f];
		if (v->ncontainers > 0)
			add_head(b, fact->name.p, fact->type, fact->help);
		for (unsigned i = 0; i < v->ncontainers; i++)
			add_container(b, (enum container_fact)f, &v->container[i]);
	}
}

void
proc_page(struct buf *b, const struct proc_view *v)
{
	for (int f = 0; f < FACT_COUNT; f++)
		if (is_there(v, (enum fact_id)f)) {
			add_head(b, fact_all[f].name.p, fact_all[f].type, fact_all[f].help);
			add_fact(b, v, (enum fact_id)f, true);
		}
	add_containers(b, v);
	add_head(b, "mola_agent_build_info", "gauge", "The version of this agent; always 1.");
	buf_adds(b, STR("mola_agent_build_info{version=\"" MOLA_VERSION "\"} 1\n"));
}

void
proc_block(struct buf *b, const struct proc_view *v)
{
	for (int f = 0; f < FACT_COUNT; f++)
		if (fact_all[f].sampled && is_there(v, (enum fact_id)f))
			add_fact(b, v, (enum fact_id)f, false);
	for (int f = 0; f < CONTAINER_COUNT; f++)
		for (unsigned i = 0; container_all[f].sampled && i < v->ncontainers; i++)
			add_container(b, (enum container_fact)f, &v->container[i]);
	buf_adds(b, STR("# EOF\n"));
}
