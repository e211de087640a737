/*
 * Knows descriptors, deadlines and deferred calls; knows nothing of bytes or protocols.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "base/clock.h"
#include "base/fd.h"
#include "net/loop.h"

#define BATCH 256
#define LATE_USEC (100 * USEC_PER_MSEC)		/* between tries to watch what the kernel would not */

struct late {
	struct io	*io;
	uint32_t	 events;
};

struct loop {
	int		 epoll;
	bool		 stopping;
	bool		 in_timers;
	int64_t		 now;
	uint64_t	 turns;
	int64_t		 polled;	/* when epoll_wait returned last */
	bool		 complete;	/* with all that there was */
	struct epoll_event *ready, *ready_end;	/* of this turn, not yet run */
	struct heap	 timers;
	struct deferred	*deferred;
	struct late	*late;		/* not watched yet */
	unsigned	 nlate, late_room;
	struct timer	 watch_again;
	bool		 measured;
	struct loop_pause woke;			/* the clocks when the last wait ended */
	struct loop_pause longest[2];		/* of this minute and of the one before */
	int64_t		 minute_usec;		/* when this one began */
};

struct loop *
loop_new(void)
{
	struct loop *l = must_zalloc(sizeof *l);

	l->epoll = must_fd(epoll_create1(EPOLL_CLOEXEC), "no event loop");
	l->now = clock_mono_usec();
	heap_init(&l->timers);
	return l;
}

static void
deferred_run(struct loop *l)
{
	while (l->deferred != NULL) {
		struct deferred *d = l->deferred;
		deferred_f *fn = d->fn;
		l->deferred = d->next;
		d->fn = NULL;
		fn(d->arg);
	}
}

void
loop_free(struct loop **lp)
{
	struct loop *l = *lp;

	*lp = NULL;
	if (l == NULL)
		return;
	deferred_run(l);
	loop_drop(&l);
}

void
loop_drop(struct loop **lp)
{
	struct loop *l = *lp;

	*lp = NULL;
	heap_fini(&l->timers);
	free(l->late);
	close(l->epoll);
	free(l);
}

void
loop_reserve(struct loop *l, unsigned timers)
{
	heap_reserve(&l->timers, timers);
}

/* A timer whose deadline moved later since it was put into the heap goes back in; others run. */
static void
timers_run(struct loop *l)
{
	struct heap_node *n;

	l->in_timers = true;
	while ((n = heap_min(&l->timers)) != NULL && n->key <= l->now) {
		struct timer *t = (struct timer *)n;	/* node is its first member */
		ASSERT(t->fn != NULL && t->deadline >= n->key);
		heap_remove(&l->timers, n);
		if (t->deadline > l->now)
			heap_push(&l->timers, n, t->deadline);
		else
			t->fn(t->arg);
	}
	l->in_timers = false;
}

static int
timers_wait_msec(const struct loop *l, int64_t most_usec)
{
	const struct heap_node *n = heap_min(&l->timers);
	int64_t wait = most_usec;

	if (n != NULL && (wait < 0 || n->key - l->now < wait))
		wait = n->key > l->now ? n->key - l->now : 0;
	if (wait < 0)
		return -1;
	if (wait <= 1)		/* the next turn: the kernel's sleep would be a thousand times longer */
		return 0;
	wait = (wait + USEC_PER_MSEC - 1) / USEC_PER_MSEC;
	return wait > 60000 ? 60000 : (int)wait;
}

/* ---- how long nothing else had a turn ---- */

static struct loop_pause
clocks_read(void)
{
	return (struct loop_pause){ clock_mono_usec(), clock_thread_usec() };
}

static int64_t
longer(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static void
pause_end(struct loop *l)
{
	struct loop_pause now = clocks_read();

	if (now.wall_usec - l->minute_usec > 60 * USEC_PER_SEC) {
		l->longest[1] = l->longest[0];
		l->longest[0] = (struct loop_pause){ 0 };
		l->minute_usec = now.wall_usec;
	}
	l->longest[0].wall_usec = longer(l->longest[0].wall_usec, now.wall_usec - l->woke.wall_usec);
	l->longest[0].cpu_usec = longer(l->longest[0].cpu_usec, now.cpu_usec - l->woke.cpu_usec);
}

struct loop_pause
loop_longest_pause(struct loop *l)
{
	if (!l->measured) {
		l->measured = true;
		l->woke = clocks_read();
		l->minute_usec = l->woke.wall_usec;
	}
	return (struct loop_pause){ longer(l->longest[0].wall_usec, l->longest[1].wall_usec),
	    longer(l->longest[0].cpu_usec, l->longest[1].cpu_usec) };
}

/* ---- turns ---- */

static void
events_run(struct loop *l, int64_t wait_most_usec)
{
	struct epoll_event ev[BATCH];
	int n;

	if (l->measured)
		pause_end(l);
	n = epoll_wait(l->epoll, ev, BATCH, timers_wait_msec(l, wait_most_usec));
	ASSERT(n >= 0 || errno == EINTR);
	if (l->measured)
		l->woke = clocks_read();
	l->now = l->polled = clock_mono_usec();
	l->complete = n >= 0 && n < BATCH && l->nlate == 0;
	l->ready_end = ev + (n > 0 ? n : 0);
	for (l->ready = ev; l->ready < l->ready_end; l->ready++) {
		struct io *io = l->ready->data.ptr;
		ASSERT(io->fd >= 0 && !io->pending);
		io->pending = true;
	}
	for (l->ready = ev; l->ready < l->ready_end;) {
		struct epoll_event *e = l->ready++;
		struct io *io = e->data.ptr;
		if (io == NULL)			/* unwatched by an earlier one */
			continue;
		ASSERT(io->fd >= 0 && io->pending);
		io->pending = false;
		io->fn(io->arg, e->events);
	}
	l->ready = l->ready_end = NULL;
}

void
loop_turn(struct loop *l, int64_t wait_most_usec)
{
	ASSERT(l->ready == NULL && !l->in_timers);	/* turns do not nest */
	l->turns++;
	l->now = clock_mono_usec();
	timers_run(l);
	deferred_run(l);
	if (!l->stopping)
		events_run(l, wait_most_usec);
	deferred_run(l);
}

void
loop_run(struct loop *l)
{
	while (!l->stopping)
		loop_turn(l, -1);
}

void
loop_stop(struct loop *l)
{
	l->stopping = true;
}

uint64_t
loop_turns(const struct loop *l)
{
	return l->turns;
}

bool
loop_knows(const struct loop *l, int64_t usec)
{
	return l->complete && clock_mono_usec() - l->polled < usec;
}

int64_t
loop_now(const struct loop *l)
{
	return l->now;
}

/* ---- descriptors ---- */

/* False: the kernel has no memory for one more, or may not take it. */
static bool
kernel_watch(struct loop *l, struct io *io, uint32_t events)
{
	struct epoll_event ev = { .events = events, .data.ptr = io };

	ASSERT(io->fd >= 0);
	if (epoll_ctl(l->epoll, EPOLL_CTL_ADD, io->fd, &ev) == 0)
		return true;
	ASSERT(errno == ENOMEM || errno == ENOSPC);
	return false;
}

static void
late_watch(void *arg)
{
	struct loop *l = arg;

	while (l->nlate > 0 && kernel_watch(l, l->late[l->nlate - 1].io, l->late[l->nlate - 1].events))
		l->late[--l->nlate].io->late = false;
	if (l->nlate > 0)
		timer_set(l, &l->watch_again, l->now + LATE_USEC, late_watch, l);
}

static void
late_add(struct loop *l, struct io *io, uint32_t events)
{
	if (l->nlate == l->late_room) {
		l->late_room = l->late_room * 2 + 16;
		l->late = must_realloc(l->late, l->late_room * sizeof *l->late);
	}
	io->late = true;
	l->late[l->nlate++] = (struct late){ io, events };
	if (l->nlate == 1)
		timer_set(l, &l->watch_again, l->now + LATE_USEC, late_watch, l);
}

static struct late *
late_find(struct loop *l, const struct io *io)
{
	for (unsigned i = 0; i < l->nlate; i++)
		if (l->late[i].io == io)
			return &l->late[i];
	BUG("what is late is in the list");
}

static void
late_remove(struct loop *l, struct io *io)
{
	struct late *at = late_find(l, io);

	*at = l->late[--l->nlate];
	io->late = false;
}

void
loop_watch(struct loop *l, struct io *io, int fd, uint32_t events, io_f *fn, void *arg)
{
	ASSERT(fd >= 0 && fn != NULL);
	*io = (struct io){ .fd = fd, .fn = fn, .arg = arg };
	if (!kernel_watch(l, io, events))
		late_add(l, io, events);
}

void
loop_rewatch(struct loop *l, struct io *io, uint32_t events)
{
	struct epoll_event ev = { .events = events, .data.ptr = io };

	ASSERT(io->fd >= 0);
	if (io->late)
		late_find(l, io)->events = events;
	else if (epoll_ctl(l->epoll, EPOLL_CTL_MOD, io->fd, &ev) != 0)
		BUG("epoll_ctl mod");
}

void
loop_unwatch(struct loop *l, struct io *io)
{
	if (io->fd < 0)
		return;
	if (!io->late)
		epoll_ctl(l->epoll, EPOLL_CTL_DEL, io->fd, NULL);
	loop_forget(l, io);
}

void
loop_forget(struct loop *l, struct io *io)
{
	if (io->late)
		late_remove(l, io);
	io->fd = -1;
	io->pending = false;
	/* an event of the old descriptor must not be taken for one of the next */
	for (struct epoll_event *e = l->ready; e < l->ready_end; e++)
		if (e->data.ptr == io)
			e->data.ptr = NULL;
}

void
timer_set(struct loop *l, struct timer *t, int64_t deadline, timer_f *fn, void *arg)
{
	ASSERT(t->node.at == 0 || t->deadline >= t->node.key);
	if (l->in_timers && deadline <= l->now)		/* the next turn, else this one might not end */
		deadline = l->now + 1;
	t->fn = fn;
	t->arg = arg;
	t->deadline = deadline;
	if (t->node.at != 0) {
		if (deadline >= t->node.key)
			return;
		heap_remove(&l->timers, &t->node);
	}
	heap_push(&l->timers, &t->node, deadline);
}

void
timer_clear(struct loop *l, struct timer *t)
{
	if (t->node.at != 0)
		heap_remove(&l->timers, &t->node);
}

void
loop_defer(struct loop *l, struct deferred *d, deferred_f *fn, void *arg)
{
	ASSERT(fn != NULL && d->fn == NULL);	/* twice would free twice */
	d->fn = fn;
	d->arg = arg;
	d->next = l->deferred;
	l->deferred = d;
}
