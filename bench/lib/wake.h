/*
 * wake: one alarm with the precision of the kernel's timers, where the loop's own count milliseconds.
 * Whoever counts microseconds of latency needs it.
 */
#ifndef BENCH_WAKE_H
#define BENCH_WAKE_H

#include "net/loop.h"

struct wake {
	struct io	 io;
	int64_t		 armed;		/* usec, INT64_MAX: not */
	timer_f		*fn;
	void		*arg;
};

void	wake_open(struct wake *, struct loop *, timer_f *, void *arg);
/* Sees to it that `fn` is called at `deadline` or earlier: check again then. Setting it later is free. */
void	wake_by(struct wake *, int64_t deadline_usec);

#endif
