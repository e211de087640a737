/*
 * Knows what the files of a real machine would say.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "signals/available.h"
#include "signals/proc_page.h"
#include "agent.h"
#include "plan.h"

#define TEXT_MAX	(8u << 20)
#define TEXT_TYPE	"Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"
#define APART_USEC	(80 * USEC_PER_MSEC)	/* looks that are closer give no rates */

struct agent_stream {
	struct timer	 timer;
	struct emu	*emu;
	struct loop	*loop;
	struct serve_request *request;
	int64_t		 period_usec, due_usec;
};

/* What the machine's files say. */

static void
view_cpus(struct proc_view *v, const struct emu *e)
{
	double n = ceil(e->conf.cores), up = (double)(e->cpu.now_usec - e->born) / 1e6;
	double busy = e->cpu.busy_usec / n / 1e6, iowait = e->ram.iowait_usec / n / 1e6;

	v->ncpus = (unsigned)n;
	for (unsigned i = 0; i < v->ncpus; i++) {
		v->cpu[i] = (struct proc_cpu){ .number = i };
		v->cpu[i].seconds[MODE_USER] = busy;
		v->cpu[i].seconds[MODE_IOWAIT] = iowait;
		v->cpu[i].seconds[MODE_IDLE] = up * e->conf.cores / n - busy - iowait;
	}
}

/* As the real agent reckons it: by what each container has used since the last look. */
static void
look_at_rates(struct emu *e)
{
	static struct available_group group[AVAILABLE_GROUPS_MAX];
	static double cores[AVAILABLE_GROUPS_MAX];
	double span = (double)(e->cpu.now_usec - e->looked_usec);
	struct emu_box *b;
	unsigned n = 1;

	if (span < APART_USEC)
		return;
	group[0] = (struct available_group){ .weight = AVAILABLE_WEIGHT, .quota = INFINITY };
	LIST_FOREACH(b, &e->boxes, link) {
		if (n == AVAILABLE_GROUPS_MAX)
			break;
		group[n] = (struct available_group){ .weight = b->limits.weight, .quota = b->limits.quota, .used = cores_group_meter(b->group) / span };
		group[0].used += group[n++].used;
	}
	available_find(group, n, e->conf.cores, NAN, cores);
	n = 1;
	LIST_FOREACH(b, &e->boxes, link) {
		b->used = n < AVAILABLE_GROUPS_MAX ? group[n].used : NAN;
		b->available = n < AVAILABLE_GROUPS_MAX ? cores[n++] : NAN;
	}
	e->looked_usec = e->cpu.now_usec;
}

static void
view_containers(struct proc_view *v, struct emu *e)
{
	const struct emu_box *b;

	look_at_rates(e);
	LIST_FOREACH(b, &e->boxes, link) {
		struct proc_container *c = &v->container[v->ncontainers];
		if (v->ncontainers == PROC_CONTAINERS_MAX)
			return;
		*c = (struct proc_container){ .cpu_seconds = cores_group_used_usec(b->group) / 1e6, .available = b->available, .used = b->used,
			.throttled_seconds = cores_group_throttled_usec(b->group) / 1e6, .weight = b->limits.weight, .quota = b->limits.quota };
		plan_container(e->set, e->number, b->number, c->id);
		v->ncontainers++;
	}
}

/* Kept for the next look: large, and only what is used is touched. */
static const struct proc_view *
view_of(struct emu *e)
{
	static struct proc_view *v;

	if (v == NULL)
		v = must_zalloc(sizeof *v);
	proc_clear(v);
	view_cpus(v, e);
	v->value[FACT_RUNNING] = round(cores_runnable(&e->cpu)) + 1;	/* and the agent's own */
	v->value[FACT_BLOCKED] = 0;
	v->value[FACT_LOAD1] = e->cpu.load1;
	v->value[FACT_BOOTED] = (double)(clock_wall_usec() - (e->cpu.now_usec - e->born)) / 1e6;
	v->value[FACT_MEM_TOTAL] = e->ram.total;
	v->value[FACT_MEM_AVAILABLE] = ram_available(&e->ram);
	v->value[FACT_PSI_CPU] = e->cpu.waiting_usec / 1e6;
	v->value[FACT_PSI_MEM] = v->value[FACT_PSI_IO] = e->ram.some_usec / 1e6;	/* pages come from a disk */
	v->value[FACT_PSI_MEM_FULL] = v->value[FACT_PSI_IO_FULL] = e->ram.full_usec / 1e6;
	view_containers(v, e);
	return v;
}

static void
page(struct emu *e, struct serve_request *r)
{
	struct buf b;

	buf_init(&b, TEXT_MAX);
	proc_page(&b, view_of(e));
	serve_respond(r, 200, TEXT_TYPE, buf_str(&b));
	buf_fini(&b);
}

static void
stream_due(void *arg)
{
	struct agent_stream *s = arg;
	int64_t now = clock_mono_usec();
	struct buf b;
	bool there;

	s->due_usec += s->period_usec;
	if (s->due_usec <= now)
		s->due_usec = now + s->period_usec;
	emu_catch_up(s->emu, now);
	buf_init(&b, TEXT_MAX);
	proc_block(&b, view_of(s->emu));
	there = serve_piece(s->request, buf_str(&b));
	buf_fini(&b);
	if (there)
		timer_set(s->loop, &s->timer, s->due_usec, stream_due, s);
	else
		free(s);
}

/* "100ms" or "2s"; 0: neither. */
static int64_t
period_of(struct str text)
{
	char copy[16], unit[4];
	double n;

	if (text.len == 0)
		return USEC_PER_SEC;
	str_copy(copy, sizeof copy, text);
	if (sscanf(copy, "%lf%3[ms]", &n, unit) != 2 || !(n > 0 && n <= 60000))
		return 0;
	return strcmp(unit, "ms") == 0 ? (int64_t)(n * 1e3) : strcmp(unit, "s") == 0 ? (int64_t)(n * 1e6) : 0;
}

void
agent_take(struct emu *e, struct loop *l, struct serve_request *r, int64_t now)
{
	struct agent_stream *s;
	int64_t period = period_of(serve_value(r, "period"));

	emu_catch_up(e, now);
	if (str_eq(serve_path(r), STR("/metrics"))) {
		page(e, r);
	} else if (!str_eq(serve_path(r), STR("/stream")) || period < USEC_PER_MSEC) {
		serve_respond(r, 404, NULL, STR("there are /metrics and /stream?period=100ms\n"));
	} else if (serve_stream(r, TEXT_TYPE)) {
		s = must_zalloc(sizeof *s);
		*s = (struct agent_stream){ .emu = e, .loop = l, .request = r, .period_usec = period, .due_usec = now };
		stream_due(s);
	}
}
