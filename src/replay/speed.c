#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "base/clock.h"
#include "replay/speed.h"

#define TOLD_USEC	1500000		/* longer ago than the line of a second before */

struct speed_task {
	struct speed	 speed;
	double		 available;	/* NAN: not known */
	double		 sum;		/* of what it was since the last line of what was done */
	unsigned	 n;
	uint32_t	 same;		/* another in its container, or itself */
	/* threads that want a core, by the last line; all in its container, by lines so far, and by
	 * those of the second before */
	double		 wanting, all, all_before;
	int64_t		 wanting_usec, all_usec;
};

struct speeds {
	uint32_t	 n;
	struct speed_task task[];
};

void
speed_add(struct speed *s, int64_t usec, double now)
{
	int64_t last = s->n == 0 ? usec : s->usec[s->n - 1];
	double run = s->n == 0 ? 0 : s->run[s->n - 1] + s->now * (double)(usec - last);

	if (usec < last)
		return;
	if (s->n == s->cap) {
		s->cap = s->cap * 2 + 64;
		s->usec = must_realloc(s->usec, s->cap * sizeof *s->usec);
		s->run = must_realloc(s->run, s->cap * sizeof *s->run);
	}
	s->usec[s->n] = usec;
	s->run[s->n++] = run;
	s->now = now;
}

double
speed_run(const struct speed *s, int64_t usec)
{
	size_t low = 0, high = s->n;
	double part;

	if (s->n == 0)
		return (double)usec;
	if (usec <= s->usec[0])
		return (double)(usec - s->usec[0]);
	if (usec >= s->usec[s->n - 1])
		return s->run[s->n - 1] + s->now * (double)(usec - s->usec[s->n - 1]);
	while (high - low > 1) {
		size_t middle = (low + high) / 2;
		if (s->usec[middle] <= usec)
			low = middle;
		else
			high = middle;
	}
	part = (double)(usec - s->usec[low]) / (double)(s->usec[low + 1] - s->usec[low]);
	return s->run[low] + part * (s->run[low + 1] - s->run[low]);
}

void
speed_fini(struct speed *s)
{
	free(s->usec);
	free(s->run);
	*s = (struct speed){ .n = 0 };
}

/* ---- of tasks ---- */

struct speeds *
speeds_new(uint32_t tasks)
{
	struct speeds *s = must_zalloc(sizeof *s + tasks * sizeof s->task[0]);

	s->n = tasks;
	for (uint32_t i = 0; i < tasks; i++)
		s->task[i] = (struct speed_task){ .available = NAN, .same = i, .wanting_usec = -TOLD_USEC,
		    .all_usec = -TOLD_USEC };
	return s;
}

void
speeds_free(struct speeds **sp)
{
	struct speeds *s = *sp;

	*sp = NULL;
	if (s == NULL)
		return;
	for (uint32_t i = 0; i < s->n; i++)
		speed_fini(&s->task[i].speed);
	free(s);
}

void
speeds_same(struct speeds *s, uint32_t task, uint32_t same)
{
	ASSERT(task < s->n && same < s->n);
	s->task[task].same = same;
}

void
speeds_available(struct speeds *s, uint32_t task, double cores)
{
	struct speed_task *t = &s->task[task];

	ASSERT(task < s->n);
	t->available = cores;
	if (isnan(cores)) {
		t->sum = t->n = 0;
		return;
	}
	t->sum += cores;
	t->n++;
}

/* The threads that want a core in its container: its own, and those of other tasks as they were a
 * second ago, as lines come one after the other. */
static double
wanting_all(struct speeds *s, struct speed_task *t, double own, int64_t now)
{
	struct speed_task *first = &s->task[t->same];
	double before = now - t->wanting_usec < TOLD_USEC ? t->wanting : 0;

	if (first->all_usec != now) {
		first->all_before = now - first->all_usec < TOLD_USEC ? first->all : 0;
		first->all = 0;
		first->all_usec = now;
	}
	first->all += own;
	t->wanting = own;
	t->wanting_usec = now;
	return own + fmax(0, first->all_before - before);
}

const struct speed *
speeds_did(struct speeds *s, uint32_t task, double wanting, int64_t now)
{
	struct speed_task *t = &s->task[task];
	double all = wanting_all(s, t, wanting, now), cores;

	ASSERT(task < s->n);
	if (isnan(t->available))
		return NULL;
	cores = t->n > 0 ? t->sum / t->n : t->available;
	speed_add(&t->speed, now - USEC_PER_SEC, fmin(1, cores / (1 + all)));
	t->sum = t->n = 0;
	return &t->speed;
}
