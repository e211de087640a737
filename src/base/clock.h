/*
 * clock: the time, in microseconds. Deadlines and ages use `mono`, which is the same for all
 * processes of the machine; `wall` is for people.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

#define USEC_PER_MSEC	INT64_C(1000)
#define USEC_PER_SEC	INT64_C(1000000)

int64_t	clock_mono_usec(void);
int64_t	clock_wall_usec(void);
int64_t	clock_thread_usec(void);	/* CPU time of this thread */

#endif
