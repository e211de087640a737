/*
 * clock_back: a wall clock that is set while a program runs: to be preloaded into it. How many seconds it is behind the real one
 * stands in the file CLOCK_BACK, as eight bytes, which the program and its children have mapped: no call is made for it, as they
 * may make few. The monotonic clock, which no setting of the clock moves, is the real one.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static volatile int64_t *behind;

__attribute__((constructor)) static void
clock_map(void)
{
	const char *path = getenv("CLOCK_BACK");
	int fd = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
	void *at = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof *behind, PROT_READ, MAP_SHARED, fd, 0);

	if (fd >= 0)
		close(fd);
	behind = at == MAP_FAILED ? NULL : at;
}

int
clock_gettime(clockid_t id, struct timespec *t)
{
	int status = (int)syscall(SYS_clock_gettime, id, t);

	if (status == 0 && behind != NULL && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE))
		t->tv_sec -= *behind;
	return status;
}

int
gettimeofday(struct timeval *t, void *zone)
{
	struct timespec now;

	(void)zone;
	clock_gettime(CLOCK_REALTIME, &now);
	*t = (struct timeval){ now.tv_sec, now.tv_nsec / 1000 };
	return 0;
}

time_t
time(time_t *out)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	if (out != NULL)
		*out = now.tv_sec;
	return now.tv_sec;
}
