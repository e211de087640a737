/*
 * cores: in each group one number, what a thread has got since the group was last empty, stands for
 * all of its threads: a job is done when that number passes its mark. It is brought up to date only
 * when the group's rate changes.
 */
#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "sharing/cores.h"

#define NSEC		1000.0		/* the heap's keys are nanoseconds of a core */
#define FAR_USEC	1e15		/* later than this is never */
#define LOAD1_USEC	60e6

struct cores_group {
	struct cores	*in;
	unsigned	 at;		/* its place in `group` */
	double		 weight, quota;
	struct heap	 jobs;		/* by what `got` is when they are done */
	double		 held;
	/* as of since_usec */
	int64_t		 since_usec;
	double		 got_nsec;	/* by each thread */
	double		 used_usec, jobs_usec, throttled_usec;
	double		 metered_usec;	/* of used_usec, when it was asked last */
	double		 rate, runnable;
	bool		 full;		/* it has all it can use */
	int64_t		 next_usec;	/* when its next job is done */
};

void
cores_init(struct cores *c, double cores, int64_t now)
{
	ASSERT(cores > 0);
	*c = (struct cores){ .cores = cores, .now_usec = now };
}

void
cores_fini(struct cores *c)
{
	for (unsigned i = 0; i < c->ngroups; i++) {
		heap_fini(&c->group[i]->jobs);
		free(c->group[i]);
	}
	free(c->group);
	c->group = NULL;
	c->ngroups = c->nactive = c->group_cap = 0;
}

/* ---- groups: those with threads come first, so that idle ones cost nothing ---- */

double
cores_group_threads(const struct cores_group *g)
{
	return g->held + (double)g->jobs.count;
}

static void
group_place(struct cores *c, unsigned at, struct cores_group *g)
{
	c->group[at] = g;
	g->at = at;
}

static void
group_swap(struct cores *c, unsigned a, unsigned b)
{
	struct cores_group *g = c->group[a];

	group_place(c, a, c->group[b]);
	group_place(c, b, g);
}

struct cores_group *
cores_group_new(struct cores *c, double weight, double quota)
{
	struct cores_group *g = must_zalloc(sizeof *g);

	ASSERT(weight > 0 && quota > 0);
	if (c->ngroups == c->group_cap) {
		c->group_cap = c->group_cap * 2 + 8;
		c->group = must_realloc(c->group, c->group_cap * sizeof(struct cores_group *));
	}
	*g = (struct cores_group){ .in = c, .weight = weight, .quota = quota,
	    .since_usec = c->now_usec };
	heap_init(&g->jobs);
	group_place(c, c->ngroups++, g);
	return g;
}

void
cores_group_free(struct cores *c, struct cores_group **gp)
{
	struct cores_group *g = *gp;

	*gp = NULL;
	if (g == NULL)
		return;
	ASSERT(g->in == c && cores_group_threads(g) == 0);
	group_swap(c, g->at, c->ngroups - 1);
	c->ngroups--;
	heap_fini(&g->jobs);
	free(g);
}

/* ---- rates ---- */

/* What it could use if it were alone on a machine without end. */
static double
group_most(const struct cores *c, const struct cores_group *g)
{
	return fmin(cores_group_threads(g) * (1 - c->stall), g->quota);
}

/* Everything up to now at the rate so far. */
static void
group_settle(struct cores_group *g)
{
	double span = (double)(g->in->now_usec - g->since_usec), threads = cores_group_threads(g);

	g->since_usec = g->in->now_usec;
	if (span <= 0 || threads <= 0)
		return;
	g->got_nsec += span * NSEC * g->rate / threads;
	g->used_usec += span * g->rate;
	g->jobs_usec += span * g->rate * (double)g->jobs.count / threads;
	if (g->full && g->quota < threads * (1 - g->in->stall))
		g->throttled_usec += span;
}

/* When its next job is done; INT64_MAX: none is. */
static int64_t
group_next(const struct cores_group *g)
{
	const struct heap_node *n = heap_min(&g->jobs);
	double left;

	if (n == NULL)
		return INT64_MAX;
	left = ((double)n->key - g->got_nsec) * cores_group_threads(g) / (NSEC * g->rate);
	return left > FAR_USEC ? INT64_MAX : g->since_usec + (left > 0 ? (int64_t)ceil(left) : 0);
}

static void
group_set(struct cores *c, struct cores_group *g, double rate, bool full, double level)
{
	double threads = cores_group_threads(g) * (1 - c->stall);
	double unbound = fmin(threads, level * g->weight);	/* what it would have without quota */

	group_settle(g);
	g->rate = rate;
	g->full = full;
	g->runnable = full && g->quota < unbound ? threads * g->quota / unbound : threads;
	g->next_usec = group_next(g);
}

/*
 * The level at which all is given out: whoever can use no more than its part at a level is full,
 * and what it leaves raises the level for the rest, until nobody else becomes full. `but` is taken
 * as one that wants everything. INFINITY: there is enough for all.
 */
static double
level_of(const struct cores *c, const struct cores_group *but)
{
	double level = 0;

	for (int before = -1;;) {
		double left = c->cores, weight = but != NULL ? but->weight : 0;
		int full = 0;
		for (unsigned i = 0; i < c->nactive; i++) {
			const struct cores_group *g = c->group[i];
			double most = group_most(c, g);
			if (g == but)
				continue;
			if (most <= level * g->weight) {
				left -= most;
				full++;
			} else
				weight += g->weight;
		}
		if (weight == 0)
			return INFINITY;
		if (full <= before)
			return level;
		before = full;
		level = fmax(level, left / weight);	/* it only rises, whatever is rounded */
	}
}

/* All rates anew, from now on. */
static void
level_set(struct cores *c)
{
	double level = level_of(c, NULL);

	c->busy = c->threads = 0;
	c->scarce = level < INFINITY;
	for (unsigned i = 0; i < c->nactive; i++) {
		struct cores_group *g = c->group[i];
		double most = group_most(c, g), part = level * g->weight;
		group_set(c, g, fmin(most, part), most <= part, level);
		c->busy += g->rate;
		c->threads += cores_group_threads(g);
	}
}

/* The threads of g have changed: `was` is what it could use before. Where there is more than all
 * can use before and after, nobody else's rate changes. */
static void
group_changed(struct cores *c, struct cores_group *g, double was, double threads_were)
{
	bool active = cores_group_threads(g) > 0;
	double most = group_most(c, g);

	if (active && g->at >= c->nactive)
		group_swap(c, g->at, c->nactive++);
	else if (!active && g->at < c->nactive)
		group_swap(c, g->at, --c->nactive);
	if (!active) {
		g->got_nsec = g->rate = g->runnable = 0;
		g->full = true;
	}
	if (c->scarce || c->busy - was + most > c->cores || c->nactive == 0) {
		level_set(c);
		return;
	}
	if (active)
		group_set(c, g, most, true, INFINITY);
	c->busy += most - was;
	c->threads += cores_group_threads(g) - threads_were;
}

/* ---- time ---- */

static void
advance(struct cores *c, int64_t to)
{
	double span = (double)(to - c->now_usec);

	if (span <= 0)
		return;
	c->busy_usec += span * c->busy;
	if (c->scarce)
		c->waiting_usec += span;
	c->load1 = c->threads + (c->load1 - c->threads) * exp(-span / LOAD1_USEC);
	c->now_usec = to;
}

static struct cores_group *
group_first(const struct cores *c)
{
	struct cores_group *first = NULL;

	for (unsigned i = 0; i < c->nactive; i++)
		if (first == NULL || c->group[i]->next_usec < first->next_usec)
			first = c->group[i];
	return first;
}

int64_t
cores_next_usec(const struct cores *c)
{
	const struct cores_group *g = group_first(c);

	return g != NULL ? g->next_usec : INT64_MAX;
}

struct cores_job *
cores_any(const struct cores_group *g)
{
	return (struct cores_job *)heap_min(&g->jobs);		/* node is its first member */
}

void
cores_remove(struct cores *c, struct cores_group *g, struct cores_job *j)
{
	double was = group_most(c, g), threads = cores_group_threads(g);

	ASSERT(g->in == c);
	group_settle(g);
	heap_remove(&g->jobs, &j->node);
	group_changed(c, g, was, threads);
}

struct cores_job *
cores_done(struct cores *c, int64_t now)
{
	struct cores_group *g = group_first(c);
	struct cores_job *j;

	if (g == NULL || g->next_usec > now) {
		advance(c, now);
		return NULL;
	}
	advance(c, g->next_usec);
	j = cores_any(g);
	cores_remove(c, g, j);
	return j;
}

/* ---- what changes ---- */

void
cores_add(struct cores *c, struct cores_group *g, struct cores_job *j, double work_usec)
{
	double was = group_most(c, g), threads = cores_group_threads(g);

	ASSERT(g->in == c && work_usec >= 0);
	group_settle(g);
	heap_push(&g->jobs, &j->node, (int64_t)(g->got_nsec + work_usec * NSEC));
	group_changed(c, g, was, threads);
}

void
cores_set_held(struct cores *c, struct cores_group *g, double held)
{
	double was = group_most(c, g), threads = cores_group_threads(g);

	ASSERT(g->in == c && held >= 0);
	group_settle(g);
	g->held = held;
	group_changed(c, g, was, threads);
}

void
cores_hold(struct cores *c, struct cores_group *g, int more)
{
	cores_set_held(c, g, g->held + more);
}

void
cores_set_cores(struct cores *c, double cores)
{
	ASSERT(cores > 0);
	c->cores = cores;
	level_set(c);
}

void
cores_set_stall(struct cores *c, double part)
{
	ASSERT(part >= 0 && part < 1);
	if (part == c->stall)
		return;
	for (unsigned i = 0; i < c->nactive; i++)
		group_settle(c->group[i]);
	c->stall = part;
	level_set(c);
}

void
cores_set_limits(struct cores *c, struct cores_group *g, double weight, double quota)
{
	ASSERT(g->in == c && weight > 0 && quota > 0);
	group_settle(g);
	g->weight = weight;
	g->quota = quota;
	level_set(c);
}

/* ---- questions ---- */

double
cores_threads(const struct cores *c)
{
	return c->threads;
}

double
cores_runnable(const struct cores *c)
{
	double sum = 0;

	for (unsigned i = 0; i < c->nactive; i++)
		sum += c->group[i]->runnable;
	return sum;
}

double
cores_group_jobs(const struct cores_group *g)
{
	return (double)g->jobs.count;
}

double
cores_group_rate(const struct cores_group *g)
{
	return g->rate;
}

double
cores_group_used_usec(const struct cores_group *g)
{
	return g->used_usec + g->rate * (double)(g->in->now_usec - g->since_usec);
}

double
cores_group_jobs_usec(const struct cores_group *g)
{
	double threads = cores_group_threads(g);

	return g->jobs_usec + (threads > 0 ? g->rate * (double)g->jobs.count / threads *
	    (double)(g->in->now_usec - g->since_usec) : 0);
}

double
cores_group_meter(struct cores_group *g)
{
	double used = cores_group_used_usec(g), since = used - g->metered_usec;

	g->metered_usec = used;
	return since;
}

double
cores_group_weight(const struct cores_group *g)
{
	return g->weight;
}

double
cores_group_quota(const struct cores_group *g)
{
	return g->quota;
}

double
cores_group_throttled_usec(const struct cores_group *g)
{
	bool throttled = g->full && g->quota < cores_group_threads(g) * (1 - g->in->stall);

	return g->throttled_usec + (throttled ? (double)(g->in->now_usec - g->since_usec) : 0);
}

double
cores_group_most(const struct cores *c, const struct cores_group *g)
{
	return fmin(fmin(level_of(c, g) * g->weight, c->cores), g->quota);
}
