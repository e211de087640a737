#include <time.h>

#include "base/bug.h"
#include "base/clock.h"

static int64_t
read_usec(clockid_t id)
{
	struct timespec t;
	int failed = clock_gettime(id, &t);

	ASSERT(!failed);
	return (int64_t)t.tv_sec * USEC_PER_SEC + t.tv_nsec / 1000;
}

int64_t
clock_mono_usec(void)
{
	return read_usec(CLOCK_MONOTONIC);
}

int64_t
clock_thread_usec(void)
{
	return read_usec(CLOCK_THREAD_CPUTIME_ID);
}

int64_t
clock_wall_usec(void)
{
	return read_usec(CLOCK_REALTIME);
}
