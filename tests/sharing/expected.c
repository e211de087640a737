/*
 * The emulation knows groups, not groups in groups: each level is a machine of its own, whose cores are what the group
 * above it has. Threads that sleep now and then are jobs that come again, on a clock that jumps.
 */
#include <math.h>
#include <stdlib.h>

#include "base/bug.h"
#include "sharing/cores.h"
#include "share.h"

#define SPAN_USEC	20e6

struct sleeper {			/* a thread that is busy a part of the time */
	struct cores_job job;		/* first */
	int		 part;
	int64_t		 wakes;		/* INT64_MAX: it is awake */
};

struct level {
	const struct constellation *c;
	struct cores	 cores;
	struct cores_group *group[SHARE_MAX];
	struct sleeper	 sleeper[4 * SHARE_MAX];
	int		 nsleepers;
};

/* What those in it could use at most, and how many threads they have. */
static double
demand(const struct constellation *c, int group, unsigned *threads)
{
	double sum = 0;

	for (int i = 0; i < c->nparts; i++)
		if (c->part[i].group == group) {
			sum += c->part[i].threads;
			*threads += c->part[i].threads;
		}
	for (int i = 0; i < c->ngroups; i++)
		if (c->group[i].parent == group)
			sum += demand(c, i, threads);
	return fmin(sum, c->group[group].quota);
}

static void
level_add(struct level *l, int g)
{
	const struct constellation *c = l->c;
	unsigned threads = 0;
	double most = demand(c, g, &threads);

	l->group[g] = cores_group_new(&l->cores, c->group[g].weight, constellation_is_outer(c, g) ? most : c->group[g].quota);
	for (int i = 0; i < c->nparts; i++) {
		if (c->part[i].group != g || c->part[i].busy == 1)
			continue;
		for (unsigned t = 0; t < c->part[i].threads; t++) {
			ASSERT(l->nsleepers < 4 * SHARE_MAX);
			/* not all at once */
			l->sleeper[l->nsleepers] = (struct sleeper){ .part = i, .wakes = 7919 * (l->nsleepers + 1) % 100000 };
			l->nsleepers++;
		}
		threads -= c->part[i].threads;
	}
	cores_hold(&l->cores, l->group[g], (int)threads);
}

static struct sleeper *
next_to_wake(struct level *l)
{
	struct sleeper *first = NULL;

	for (int i = 0; i < l->nsleepers; i++)
		if (first == NULL || l->sleeper[i].wakes < first->wakes)
			first = &l->sleeper[i];
	return first;
}

static void
level_run(struct level *l, int64_t to)
{
	for (;;) {
		struct sleeper *s = next_to_wake(l);
		int64_t at = s != NULL && s->wakes < to ? s->wakes : to;
		struct cores_job *j = cores_done(&l->cores, at);
		if (j != NULL) {
			s = (struct sleeper *)j;
			s->wakes = l->cores.now_usec + (int64_t)(BURST_USEC / l->c->part[s->part].busy - BURST_USEC);
		} else if (at == to) {
			return;
		} else {
			s->wakes = INT64_MAX;
			cores_add(&l->cores, l->group[l->c->part[s->part].group], &s->job, BURST_USEC);
		}
	}
}

/* Some are not over. */
static void
level_end(struct level *l)
{
	while (cores_next_usec(&l->cores) != INT64_MAX)
		cores_done(&l->cores, cores_next_usec(&l->cores));
	for (int g = 0; g < l->c->ngroups; g++) {
		unsigned threads = 0;
		if (l->group[g] == NULL)
			continue;
		demand(l->c, g, &threads);
		for (int i = 0; i < l->c->nparts; i++)
			if (l->c->part[i].group == g && l->c->part[i].busy < 1)
				threads -= l->c->part[i].threads;
		cores_hold(&l->cores, l->group[g], -(int)threads);
		cores_group_free(&l->cores, &l->group[g]);
	}
	cores_fini(&l->cores);
}

static void
fill(const struct constellation *c, int parent, double cores, double out[SHARE_MAX])
{
	struct level *l = calloc(1, sizeof *l);
	double has[SHARE_MAX] = { 0 };

	ASSERT(l != NULL);
	l->c = c;
	cores_init(&l->cores, cores, 0);
	for (int g = 0; g < c->ngroups; g++)
		if (c->group[g].parent == parent)
			level_add(l, g);
	level_run(l, (int64_t)SPAN_USEC);
	for (int g = 0; g < c->ngroups; g++)
		if (l->group[g] != NULL)
			has[g] = cores_group_used_usec(l->group[g]) / SPAN_USEC;
	level_end(l);
	free(l);
	for (int i = 0; i < c->nparts; i++) {
		unsigned threads = 0;
		if (c->group[c->part[i].group].parent != parent)
			continue;
		demand(c, c->part[i].group, &threads);
		out[i] = has[c->part[i].group] * c->part[i].threads / threads;
	}
	for (int g = 0; g < c->ngroups; g++)
		if (has[g] > 0 && constellation_is_outer(c, g))
			fill(c, g, has[g], out);
}

void
expected(const struct constellation *c, double cores, double out[SHARE_MAX])
{
	fill(c, -1, cores, out);
}
