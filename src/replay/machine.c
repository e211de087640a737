#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "replay/machine.h"
#include "score/demand.h"
#include "score/guard.h"

#define HEAVY_LEAST	1e-3	/* of a usual weight: a group has one */
#define HEAVY_MOST	1e6
#define TOLD_USEC	1500000	/* longer ago than the last second */
#define LEAST		1e-3	/* cores that are as good as none */

void
machine_init(struct machine *m, double cores, double on_core, bool containers, int64_t now)
{
	*m = (struct machine){ .containers = containers, .on_core = on_core, .heavy = 1, .idle = NAN,
	    .sampled_usec = now };
	cores_init(&m->cores, cores, now);
	m->others = cores_group_new(&m->cores, CORES_WEIGHT, INFINITY);
}

void
machine_fini(struct machine *m)
{
	for (unsigned i = 0; i < m->ntasks; i++)
		free(m->task[i]);
	for (unsigned i = 0; i < m->ncontainers; i++)
		free(m->container[i]);
	free(m->task);
	free(m->container);
	cores_fini(&m->cores);
	*m = (struct machine){ .task = NULL };
}

/* ---- tasks and containers ---- */

static struct machine_container *
container_new(struct machine *m)
{
	struct machine_container *c = must_zalloc(sizeof *c);

	*c = (struct machine_container){ .available = NAN, .group =
	    m->containers ? cores_group_new(&m->cores, CORES_WEIGHT, INFINITY) : m->others };
	if (m->ncontainers == m->container_cap) {
		m->container_cap = m->container_cap * 2 + 4;
		m->container = must_realloc(m->container,
		    m->container_cap * sizeof(struct machine_container *));
	}
	return m->container[m->ncontainers++] = c;
}

/* Its group stays as long as the node: requests may still be in it. */
static void
container_leave(struct machine *m, struct machine_container *c)
{
	unsigned i = 0;

	if (--c->tasks > 0)
		return;
	while (m->container[i] != c)
		i++;
	m->container[i] = m->container[--m->ncontainers];
	free(c);
}

struct machine_task *
machine_task_new(struct machine *m, uint32_t number, const struct machine_task *beside)
{
	struct machine_task *t = must_zalloc(sizeof *t);

	*t = (struct machine_task){ .in = m, .number = number,
	    .container = beside != NULL ? beside->container : container_new(m) };
	t->container->tasks++;
	if (m->ntasks == m->task_cap) {
		m->task_cap = m->task_cap * 2 + 4;
		m->task = must_realloc(m->task, m->task_cap * sizeof(struct machine_task *));
	}
	return m->task[m->ntasks++] = t;
}

void
machine_task_gone(struct machine_task *t)
{
	struct machine *m = t->in;
	unsigned i = 0;

	while (m->task[i] != t)
		i++;
	m->task[i] = m->task[--m->ntasks];
	container_leave(m, t->container);
	m->changed = true;
	free(t);
}

/* ---- what was recorded ---- */

/* What the node does beside our requests: the threads that it had, less those of ours. */
void
machine_observe(struct machine *m, const struct recorded_sample *r)
{
	struct sample s = r->sample;

	s.taken_usec = 1;
	if (guard_check_sample(&s, 0, 1) != NULL)
		return;
	m->threads = fmax(0, demand_of(&s).threads - m->on_core * r->counted);
	m->idle = isnan(s.running) ? NAN : s.cores - fmax(0, s.running - r->inflight);
	m->observed = true;
	cores_set_cores(&m->cores, s.cores);
	cores_set_held(&m->cores, m->others, m->threads);
}

void
machine_available(struct machine_task *t, double cores)
{
	t->container->available = cores > 0 ? fmin(cores, t->in->cores.cores) : NAN;
	t->in->changed = true;
}

void
machine_wanting(struct machine_task *t, double threads)
{
	t->wanting = threads;
	t->told_usec = t->in->cores.now_usec;
}

/* ---- who shares with whom ---- */

/* A second without a request has no line. */
static void
sum_wanting(struct machine *m)
{
	for (unsigned i = 0; i < m->ncontainers; i++)
		m->container[i]->wanting = 0;
	for (unsigned i = 0; i < m->ntasks; i++)
		if (m->cores.now_usec - m->task[i]->told_usec < TOLD_USEC)
			m->task[i]->container->wanting += m->task[i]->wanting;
}

static double
used_then(const struct machine_container *c)
{
	return isnan(c->available) ? c->wanting : fmin(c->wanting, c->available);
}

static double
used_here(const struct machine_container *c)
{
	return c->used;
}

/* What our other containers have at a level, by what they used. */
static double
siblings(const struct machine *m, const struct machine_container *c, double level,
    double used(const struct machine_container *))
{
	double sum = 0;

	for (unsigned i = 0; i < m->ncontainers; i++)
		if (m->container[i] != c)
			sum += fmin(used(m->container[i]), level);
	return sum;
}

static bool
near(double a, double b)
{
	return fabs(a - b) < LEAST;
}

void
machine_settle(struct machine *m)
{
	double kept = 0, available = 0, least = 0;

	m->changed = m->observed = false;
	if (!m->containers)
		return;
	sum_wanting(m);
	for (unsigned i = 0; i < m->ncontainers; i++) {
		struct machine_container *c = m->container[i];
		double e = c->available;
		bool quota = e < m->idle && !near(e, m->idle);
		cores_set_limits(&m->cores, c->group, CORES_WEIGHT, quota ? e : INFINITY);
		if (isnan(e) || quota)
			continue;
		if (near(e, m->idle)) {
			least = fmax(least, (m->cores.cores - e) / e);
			continue;
		}
		kept += fmax(0, m->cores.cores - e - siblings(m, c, e, used_then));
		available += e;
	}
	m->heavy = available > 0 ? kept / available : fmax(m->heavy, least);
	m->heavy = fmin(fmax(m->heavy, HEAVY_LEAST), HEAVY_MOST);
	cores_set_limits(&m->cores, m->others, m->heavy * CORES_WEIGHT, INFINITY);
}

/* ---- what is handed on ---- */

/* The level at which a container that wants all it can get has all that is left for it. What is
 * given away only grows with the level, so it is found by halving. */
static double
level_of(const struct machine *m, const struct machine_container *c,
    double used(const struct machine_container *))
{
	double low = 0, high = m->cores.cores;

	while (high - low > LEAST / 10) {
		double x = (low + high) / 2;
		double given = x + siblings(m, c, x, used) + fmin(m->threads, m->heavy * x);
		*(given < m->cores.cores ? &low : &high) = x;
	}
	return (low + high) / 2;
}

double
machine_task_available(const struct machine_task *t)
{
	const struct machine_container *c = t->container;
	double moved;

	if (isnan(c->available) || t->in->ncontainers == 1 || cores_group_quota(c->group) < INFINITY)
		return c->available;
	moved = level_of(t->in, c, used_here) - level_of(t->in, c, used_then);
	return fmin(fmax(c->available + moved, LEAST), t->in->cores.cores);
}

/* ---- samples ---- */

void
machine_meter(struct machine *m)
{
	double span = (double)(m->cores.now_usec - m->sampled_usec), usec = 0;

	m->sampled_usec = m->cores.now_usec;
	for (unsigned i = 0; i < m->cores.ngroups; i++)
		usec += cores_group_jobs_usec(m->cores.group[i]);
	m->ours = span > 0 ? (usec - m->ours_usec) / span : 0;
	m->ours_usec = usec;
	for (unsigned i = 0; i < m->ncontainers; i++) {
		struct machine_container *c = m->container[i];
		usec = cores_group_used_usec(c->group);
		c->used = span > 0 ? (usec - c->used_usec) / span : 0;
		c->used_usec = usec;
	}
}

void
machine_move(const struct machine *m, const struct recorded_sample *r, struct sample *s)
{
	double then = 0, jobs = 0;

	for (unsigned i = 0; i < m->ncontainers; i++)
		then += used_then(m->container[i]);
	for (unsigned i = 0; i < m->cores.nactive; i++)
		jobs += cores_group_jobs(m->cores.group[i]);
	if (!m->containers)
		then = m->on_core * r->counted;
	if (s->running >= 0)
		s->running = fmax(0, s->running - m->on_core * r->inflight) + jobs;
	s->busy = fmin(s->cores, fmax(0, s->busy - then) + m->ours);
}
