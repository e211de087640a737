/* A loop without descriptors: the time is a variable, and the test itself calls what is due. */
#ifndef TESTS_UNIT_COLLECT_FAKE_LOOP_H
#define TESTS_UNIT_COLLECT_FAKE_LOOP_H

#include "net/loop.h"

#define FAKE_TIMERS 32

static int64_t now_usec;
static struct timer *timers[FAKE_TIMERS];	/* that are set, in no order; the rest NULL */

int64_t
loop_now(const struct loop *l)
{
	(void)l;
	return now_usec;
}

void
timer_clear(struct loop *l, struct timer *t)
{
	(void)l;
	for (int i = 0; i < FAKE_TIMERS; i++)
		if (timers[i] == t)
			timers[i] = NULL;
}

void
timer_set(struct loop *l, struct timer *t, int64_t deadline, timer_f *fn, void *arg)
{
	int i = 0;

	timer_clear(l, t);
	t->deadline = deadline, t->fn = fn, t->arg = arg;
	while (timers[i] != NULL)
		i++;
	timers[i] = t;
}

/* So much time passes; what falls due in it is called, each at its moment. */
static inline void
run(int64_t usec)
{
	int64_t until = now_usec + usec;

	for (;;) {
		struct timer *next = NULL;
		for (int i = 0; i < FAKE_TIMERS; i++)
			if (timers[i] != NULL && timers[i]->deadline <= until &&
			    (next == NULL || timers[i]->deadline < next->deadline))
				next = timers[i];
		if (next == NULL)
			break;
		if (next->deadline > now_usec)
			now_usec = next->deadline;
		timer_clear(NULL, next);
		next->fn(next->arg);
	}
	now_usec = until;
}

#endif
