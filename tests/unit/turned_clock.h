/*
 * turned_clock: for tests of what waits for long. The clock is the machine's plus what the test has turned it by:
 * clock_turn turns it, and so does UNTIL after each turn of the loop, so that seconds pass in a few milliseconds. To be
 * included before all others: its functions take the place of those of base/clock.c. Other processes have real time
 * alone: a deadline for one must be an hour away.
 */
#ifndef TESTS_TURNED_CLOCK_H
#define TESTS_TURNED_CLOCK_H

#include <time.h>

#include "base/clock.h"

#define UNTIL_USEC (15 * 60 * USEC_PER_SEC)	/* of turned time: some twenty seconds */
#define UNTIL_TURN(loop) (loop_turn((loop), USEC_PER_MSEC), clock_turn(50 * USEC_PER_MSEC))

static int64_t turned_usec;

static inline void
clock_turn(int64_t usec)
{
	turned_usec += usec;
}

static inline int64_t
clock_real_usec(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (int64_t)t.tv_sec * USEC_PER_SEC + t.tv_nsec / 1000;
}

int64_t
clock_mono_usec(void)
{
	return clock_real_usec(CLOCK_MONOTONIC) + turned_usec;
}

int64_t
clock_wall_usec(void)
{
	return clock_real_usec(CLOCK_REALTIME) + turned_usec;
}

int64_t
clock_thread_usec(void)
{
	return clock_real_usec(CLOCK_THREAD_CPUTIME_ID);
}

#endif
