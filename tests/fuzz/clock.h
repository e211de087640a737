/*
 * clock: of targets that let time pass by themselves, in place of base/clock.c.
 */
#ifndef FUZZ_CLOCK_H
#define FUZZ_CLOCK_H

#include "base/clock.h"

static int64_t now_usec = 1000 * USEC_PER_SEC;
static int64_t look_usec;		/* so long takes each look at the clock: 0 or little */

int64_t
clock_mono_usec(void)
{
	return now_usec += look_usec;
}

int64_t
clock_wall_usec(void)
{
	return now_usec + INT64_C(1700000000) * USEC_PER_SEC;
}

int64_t
clock_thread_usec(void)
{
	return now_usec;
}

#endif
