/*
 * load: requests are known by their durations, not by what they did. A duration becomes work by the
 * speed at which a thread ran on that node at that time: its cores by the threads that wanted one,
 * as sampled. Which part of a request's time was spent on a core follows from the threads that a
 * node had beside the requests in flight there: where fewer threads wanted a core than requests
 * were in flight, some of these waited for something else (doc/why/0039-what-a-replay-knows.md).
 * Where an agent reported what containers could have, it is the speed of threads of the task
 * (speed.h). How many of them want a core has to be known for that, so all is read twice, the
 * first time by the nodes' speeds.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "base/clock.h"
#include "base/rng.h"
#include "replay/load.h"
#include "replay/speed.h"

#define ROUNDS		30	/* of fitting on_core */
#define ON_CORE_LEAST	0.02
#define SLOPE_LINES	10	/* that a line through durations needs */
#define SLOPE_SIGMA	2	/* errors that make it certain */

struct fit {
	double		 threads, seconds;	/* of a node: sums of its samples */
	double		*inflight;		/* by service: sums */
};

/* Mean durations of a service, by how much slower than alone its threads ran: weighted sums. */
struct slope {
	double		 n, x, y, xx, xy, yy;
	uint32_t	 lines;
};

struct reading {
	struct load	*load;
	struct slope	 slope[RECORDING_SERVICES];
	struct speed	*speed;		/* by node */
	struct speeds	*tasks;		/* NULL: by nodes alone */
	struct fit	*fit;		/* by node */
	uint32_t	 task_service[TASKS_MAX], task_node[TASKS_MAX];
	bool		 tcp[RECORDING_SERVICES];
	double		 area[RECORDING_SERVICES], ended[RECORDING_SERVICES];
	size_t		 shuffled[RECORDING_SERVICES];
	int64_t		 offset_usec, tick_usec;	/* of the part; of its last tick */
	uint64_t	 ticks;
	struct rng	 rng;
};

/* ---- the speed of threads ---- */

static void
read_sample(struct reading *g, const struct recorded *e)
{
	const struct sample *s = &e->sample->sample;
	double threads = isnan(s->running) ? s->busy : s->running;

	if (!(s->cores > 0 && s->cores <= 65536) || !(threads >= 0 && threads < 1e7))
		return;
	g->load->cores[e->id] = s->cores;
	g->fit[e->id].threads += threads;
	g->fit[e->id].seconds++;
	speed_add(&g->speed[e->id], g->offset_usec + s->taken_usec,
	    threads <= s->cores ? 1 : s->cores / threads);
}

/* ---- what became of requests ---- */

static void
work_add(struct load_service *s, double cpu, double wait)
{
	if (s->n == s->cap) {
		s->cap = s->cap * 2 + 256;
		s->work = must_realloc(s->work, s->cap * sizeof *s->work);
	}
	s->work[s->n++] = (struct load_work){ (float)cpu, (float)wait };
}

static double
step_usec(unsigned step)
{
	if (step == LATENCY_STEPS - 1)
		return (double)latency_begin_usec(step);
	return (double)(latency_begin_usec(step) + latency_begin_usec(step + 1)) / 2;
}

static void
slope_add(struct slope *l, const struct recorded_did *d, double exact, const struct speed *speed,
    int64_t now)
{
	double n = 0, usec = 0, run = 0, x, y;

	for (unsigned i = 0; i < d->nsteps; i++) {
		double each = step_usec(d->step[i].step) * exact;
		n += d->step[i].count;
		usec += d->step[i].count * each;
		run += d->step[i].count * (speed_run(speed, now) - speed_run(speed, now - (int64_t)each));
	}
	if (n == 0 || !(run > 0))
		return;
	x = usec / run;
	y = usec / n;
	*l = (struct slope){ l->n + n, l->x + n * x, l->y + n * y, l->xx + n * x * x, l->xy + n * x * y,
	    l->yy + n * y * y, l->lines + 1 };
}

/*
 * Durations as works: what a thread would have come to in that time, on a core throughout. How much
 * of it was waiting is not known before all has been read.
 */
static void
read_durations(struct reading *g, const struct recorded_did *d, struct load_service *s,
    const struct speed *speed)
{
	int64_t now = g->offset_usec + g->tick_usec;
	double sum = 0, exact;

	for (unsigned i = 0; i < d->nsteps; i++)
		sum += step_usec(d->step[i].step) * d->step[i].count;
	exact = sum > 0 ? (double)d->duration_usec / sum : 1;
	exact = fmin(fmax(exact, 0.8), 1.25);	/* a sum of others than these, at most */
	slope_add(&g->slope[s - g->load->service], d, exact, speed, now);
	for (unsigned i = 0; i < d->nsteps; i++) {
		double usec = step_usec(d->step[i].step) * exact;
		double run = speed_run(speed, now) - speed_run(speed, now - (int64_t)usec);
		for (uint32_t k = 0; k < d->step[i].count && s->n < RECORDING_PICKS_MAX; k++)
			work_add(s, fmin(run, usec), usec);
		s->step[d->step[i].step] += d->step[i].count;
		s->responses += d->step[i].count;
		s->duration_usec += usec * d->step[i].count;
	}
}

/* Of the task in the second that this line is of; where it is not known, its node's. */
static const struct speed *
speed_of(struct reading *g, uint32_t task, const struct recorded_did *d, double on_core)
{
	const struct speed *s = NULL;

	if (g->tasks != NULL && d->looks > 0)
		s = speeds_did(g->tasks, task, on_core * (double)d->looks_sum / d->looks,
		    g->offset_usec + g->tick_usec);
	return s != NULL ? s : &g->speed[g->task_node[task]];
}

static void
read_did(struct reading *g, const struct recorded *e)
{
	const struct recorded_did *d = e->did;
	uint32_t service = g->task_service[e->id], node = g->task_node[e->id];
	struct load_service *s = &g->load->service[service];

	s->picks += d->picks;
	g->load->picks[(size_t)service * g->load->nodes + node] += d->picks;
	g->area[service] += (double)d->looks_sum;
	g->ended[service] += (double)d->ended;
	if (d->looks > 0)
		g->fit[node].inflight[service] += (double)d->looks_sum;
	read_durations(g, d, s, speed_of(g, e->id, d, s->on_core));
}

/* Those that ended in the same second, in any order: lines have them by task and duration. */
static void
shuffle(struct reading *g, uint32_t service)
{
	struct load_service *s = &g->load->service[service];
	size_t from = g->shuffled[service], n = s->n - from;

	for (size_t i = n; i > 1; i--) {
		size_t k = from + rng_below(&g->rng, (uint32_t)i);
		struct load_work w = s->work[from + i - 1];
		s->work[from + i - 1] = s->work[k];
		s->work[k] = w;
	}
	g->shuffled[service] = s->n;
}

static void
read_event(struct reading *g, const struct recorded *e)
{
	switch (e->kind) {
	case RECORDED_BEGIN:
		g->offset_usec += g->tick_usec + USEC_PER_SEC;
		g->tick_usec = 0;
		break;
	case RECORDED_SERVICE:
		g->tcp[e->id] = e->service->tcp;
		break;
	case RECORDED_AVAILABLE:
		g->load->containers[g->task_node[e->id]] |= e->amount > 0;
		if (g->tasks != NULL)
			speeds_available(g->tasks, e->id, e->amount);
		break;
	case RECORDED_GONE_TASK:
		if (g->tasks != NULL)
			speeds_available(g->tasks, e->id, NAN);
		break;
	case RECORDED_TASK:
		g->task_service[e->id] = e->task->service;
		g->task_node[e->id] = e->task->node;
		if (g->tasks != NULL)
			speeds_same(g->tasks, e->id, e->task->same);
		break;
	case RECORDED_SAMPLE:
		read_sample(g, e);
		break;
	case RECORDED_DID:
		read_did(g, e);
		break;
	case RECORDED_TICK:
		g->tick_usec = e->usec;
		g->ticks++;
		for (uint32_t i = 0; i < g->load->services; i++)
			if (g->load->service[i].n > g->shuffled[i])
				shuffle(g, i);
		break;
	default:
		break;
	}
}

/* ---- on a core, or waiting ---- */

/* Requests that want a core on this node at a time, by what is assumed of the services. */
static double
fit_wanting(const struct reading *g, const struct fit *f)
{
	double n = 0;

	for (uint32_t s = 0; s < g->load->services; s++)
		n += g->load->service[s].on_core * f->inflight[s] / (double)g->ticks;
	return n;
}

/*
 * The part of its time that a service is on cores, as the line through its durations has it: what
 * does not grow as threads become slower is waiting. Speeds are known from samples only, and this
 * noise makes all lines flatter, so the parts are only good in comparison with each other. False:
 * there are too few lines, or too small differences, to know.
 */
static bool
slope_part(const struct slope *l, double *part, double *error)
{
	double x = l->x / l->n, y = l->y / l->n, var = l->xx / l->n - x * x, by, rest;

	if (l->lines < SLOPE_LINES || !(var > 1e-6) || !(y > 0))
		return false;
	by = (l->xy / l->n - x * y) / var;
	rest = fmax(0, l->yy / l->n - y * y - by * by * var);
	*part = fmin(fmax(by * x / y, 0), 1);
	*error = sqrt(rest / (var * (double)l->lines)) * x / y;
	return true;
}

/* The one that is most on cores is there throughout, as far as lines show; and so are all of which
 * it is not certain that they are less. */
static void
fit_begin(struct reading *g)
{
	double part[RECORDING_SERVICES], error[RECORDING_SERVICES], most = 0, least_most = 0;
	bool known[RECORDING_SERVICES];

	for (uint32_t s = 0; s < g->load->services; s++) {
		known[s] = slope_part(&g->slope[s], &part[s], &error[s]);
		if (known[s] && part[s] - SLOPE_SIGMA * error[s] > least_most) {
			least_most = part[s] - SLOPE_SIGMA * error[s];
			most = part[s];
		}
	}
	for (uint32_t s = 0; s < g->load->services; s++)
		g->load->service[s].on_core = known[s] && part[s] + SLOPE_SIGMA * error[s] < least_most ?
		    fmax(part[s] / most, ON_CORE_LEAST) : 1;
}

/* Where a node had fewer threads than that, those that it had. */
static void
fit_round(struct reading *g)
{
	struct load *l = g->load;
	double *part = must_zalloc((l->services + 1) * sizeof *part);
	double *all = must_zalloc((l->services + 1) * sizeof *all);

	for (uint32_t n = 0; n < l->nodes; n++) {
		const struct fit *f = &g->fit[n];
		double wanting = fit_wanting(g, f), threads = f->threads / f->seconds;
		if (f->seconds == 0 || wanting <= 0)
			continue;
		for (uint32_t s = 0; s < l->services; s++) {
			part[s] += f->inflight[s] * fmin(1, threads / wanting);
			all[s] += f->inflight[s];
		}
	}
	for (uint32_t s = 0; s < l->services; s++)
		if (all[s] > 0)
			l->service[s].on_core *= part[s] / all[s];
	free(part);
	free(all);
}

/* Of a node, by how many of each service it had in flight. */
static double
fit_node(const struct reading *g, uint32_t node)
{
	double all = 0;

	for (uint32_t s = 0; s < g->load->services; s++)
		all += g->fit[node].inflight[s];
	return all > 0 ? fit_wanting(g, &g->fit[node]) * (double)g->ticks / all : 1;
}

/* Work and duration become work on a core, and waiting. */
static void
split(struct load_service *s)
{
	for (size_t i = 0; i < s->n; i++) {
		double run = s->work[i].cpu_usec, usec = s->work[i].wait_usec;
		s->work[i] = (struct load_work){ (float)(run * s->on_core), (float)(usec * (1 - s->on_core)) };
	}
}

/* Connections have no durations, only how many there were and how many ended: all take the mean. */
static void
without_durations(struct reading *g, uint32_t service)
{
	struct load_service *s = &g->load->service[service];
	double every = (double)(g->offset_usec + g->tick_usec) / (double)g->ticks;

	if (s->n == 0 && g->ended[service] >= 1)
		work_add(s, g->area[service] * every / g->ended[service],
		    g->area[service] * every / g->ended[service]);
}

static void
finish(struct reading *g)
{
	fit_begin(g);
	for (int i = 0; i < ROUNDS; i++)
		fit_round(g);
	for (uint32_t n = 0; n < g->load->nodes; n++)
		g->load->on_core[n] = fit_node(g, n);
	for (uint32_t i = 0; i < g->load->services; i++) {
		without_durations(g, i);
		split(&g->load->service[i]);
	}
}

/* ---- life ---- */

static struct reading *
reading_new(struct load *l, uint32_t tasks, uint64_t seed)
{
	struct reading *g = must_zalloc(sizeof *g);

	g->load = l;
	g->speed = must_zalloc((l->nodes + 1) * sizeof *g->speed);
	g->fit = must_zalloc((l->nodes + 1) * sizeof *g->fit);
	for (uint32_t n = 0; n < l->nodes; n++)
		g->fit[n].inflight = must_zalloc((l->services + 1) * sizeof(double));
	if (tasks > 0)
		g->tasks = speeds_new(tasks);
	rng_seed(&g->rng, seed);
	return g;
}

static void
reading_free(struct reading *g)
{
	for (uint32_t n = 0; n < g->load->nodes; n++) {
		speed_fini(&g->speed[n]);
		free(g->fit[n].inflight);
	}
	speeds_free(&g->tasks);
	free(g->speed);
	free(g->fit);
	free(g);
}

/* tasks: by their speeds where they are known; 0: by those of nodes alone. */
static void
read_all(struct load *l, const struct recording *r, uint32_t tasks, uint64_t seed)
{
	struct reading *g = reading_new(l, tasks, seed);

	for (size_t i = 0; i < r->n; i++)
		read_event(g, &r->event[i]);
	ASSERT(g->ticks > 0);
	finish(g);
	reading_free(g);
}

/* All but what services have in works, and which nodes have containers. */
static void
forget_read(struct load *l)
{
	for (uint32_t i = 0; i < l->services; i++) {
		struct load_service *s = &l->service[i];
		*s = (struct load_service){ .work = s->work, .cap = s->cap, .on_core = s->on_core };
	}
	memset(l->picks, 0, (size_t)l->services * l->nodes * sizeof *l->picks);
}

struct load *
load_new(const struct recording *r, uint64_t seed)
{
	struct load *l = must_zalloc(sizeof *l);
	bool containers = false;

	l->services = r->services;
	l->nodes = r->nodes;
	l->service = must_zalloc((l->services + 1) * sizeof *l->service);
	l->picks = must_zalloc(((size_t)l->services * l->nodes + 1) * sizeof *l->picks);
	l->cores = must_zalloc((l->nodes + 1) * sizeof *l->cores);
	l->on_core = must_zalloc((l->nodes + 1) * sizeof *l->on_core);
	l->containers = must_zalloc((l->nodes + 1) * sizeof *l->containers);
	read_all(l, r, 0, seed);
	for (uint32_t n = 0; n < l->nodes; n++)
		containers |= l->containers[n];
	if (containers) {
		forget_read(l);
		read_all(l, r, r->tasks, seed);
	}
	return l;
}

void
load_free(struct load **lp)
{
	struct load *l = *lp;

	*lp = NULL;
	if (l == NULL)
		return;
	for (uint32_t i = 0; i < l->services; i++)
		free(l->service[i].work);
	free(l->service);
	free(l->picks);
	free(l->cores);
	free(l->on_core);
	free(l->containers);
	free(l);
}
