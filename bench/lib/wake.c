/*
 * A timerfd on the loop. A deadline that moves later is not passed to the kernel: the early call that follows
 * is cheaper than a system call per change.
 */
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/bug.h"
#include "base/clock.h"
#include "wake.h"

static void
on_alarm(void *arg, uint32_t events)
{
	struct wake *w = arg;
	uint64_t times;

	(void)events;
	if (read(w->io.fd, &times, sizeof times) != sizeof times)
		return;
	w->armed = INT64_MAX;
	w->fn(w->arg);
}

void
wake_open(struct wake *w, struct loop *l, timer_f *fn, void *arg)
{
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);

	ASSERT(fd >= 0);
	w->armed = INT64_MAX;
	w->fn = fn;
	w->arg = arg;
	loop_watch(l, &w->io, fd, LOOP_LEVEL, on_alarm, w);
}

void
wake_by(struct wake *w, int64_t deadline)
{
	struct itimerspec at = { 0 };

	if (deadline >= w->armed)
		return;
	if (deadline < 1)
		deadline = 1;			/* 0 would disarm */
	w->armed = deadline;
	at.it_value.tv_sec = deadline / USEC_PER_SEC;
	at.it_value.tv_nsec = deadline % USEC_PER_SEC * 1000;
	if (timerfd_settime(w->io.fd, TFD_TIMER_ABSTIME, &at, NULL) != 0)
		BUG("timerfd_settime");
}
