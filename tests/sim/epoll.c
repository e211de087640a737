/*
 * epoll, edge-triggered and level-triggered, as Linux has it: a descriptor is in the list of those that are ready from the moment
 * that something happens to it, and what is reported is all that is so when the list is read.
 */
#include <errno.h>

#include "base/bug.h"
#include "kernel_priv.h"

uint32_t
file_mask(const struct file *f)
{
	unsigned is;

	if (f->kind == LISTENER)
		return f->listening->queued > 0 ? EPOLLIN : 0;
	if (f->kind == PAIR)
		return pair_mask(f->pair);
	if (f->kind == EVENT)
		return f->is_set ? EPOLLIN : 0;
	if (f->kind != CONNECTED)
		return 0;
	is = end_is(f->end);
	return (is & END_IN ? EPOLLIN : 0) | (is & END_OUT ? EPOLLOUT : 0) | (is & END_HUNG ? EPOLLRDHUP : 0) |
	    (is & END_OVER ? EPOLLHUP : 0) | (is & END_BROKEN ? EPOLLERR : 0);
}

void
file_wake(struct file *f, uint32_t what)
{
	struct watch *w = &f->watch;

	if (w->epoll != 0 && w->ready == 0 && (what & (w->events | EPOLLERR | EPOLLHUP)) != 0)
		w->ready = ++k.order;
}

int	__wrap_epoll_create1(int);
int	__wrap_epoll_ctl(int, int, int, struct epoll_event *);
int	__wrap_epoll_wait(int, struct epoll_event *, int, int);

int
__wrap_epoll_create1(int flags)
{
	struct file *f = file_new(EPOLL);

	(void)flags;
	return f == NULL ? -1 : fd_of(f);
}

int
__wrap_epoll_ctl(int epoll, int op, int fd, struct epoll_event *ev)
{
	struct file *f;

	ASSERT(file_of(epoll)->kind == EPOLL);
	if (!kernel_has(fd))		/* of the thread for jobs: none comes */
		return 0;
	f = file_of(fd);
	ASSERT((f->watch.epoll == 0) == (op == EPOLL_CTL_ADD));
	if (op == EPOLL_CTL_DEL) {
		f->watch.epoll = 0;
		return 0;
	}
	f->watch = (struct watch){ epoll, ev->events, ev->data, 0 };
	file_wake(f, file_mask(f));
	return 0;
}

/* The one that has been ready longest, after `order`; NULL: there is none. */
static struct file *
ready_after(int epoll, uint64_t order)
{
	struct file *first = NULL;

	for (int i = 0; i < k.top; i++) {
		struct file *f = &k.file[i];
		if (f->kind != FREE && f->watch.epoll == epoll && f->watch.ready > order &&
		    (first == NULL || f->watch.ready < first->watch.ready))
			first = f;
	}
	return first;
}

/* The process's own; NULL: it has none. */
static struct file *
epoll_of(unsigned process)
{
	for (int i = 0; i < k.top; i++)
		if (k.file[i].kind == EPOLL && k.file[i].process == process)
			return &k.file[i];
	return NULL;
}

bool
kernel_is_ready(unsigned process)
{
	const struct file *e = epoll_of(process);

	return e != NULL && (e->reported || ready_after(fd_of(e), 0) != NULL);
}

int64_t
kernel_until(unsigned process)
{
	const struct file *e = epoll_of(process);

	return e == NULL ? INT64_MAX : e->until;
}

static void
shuffle(struct epoll_event *ev, int n)
{
	for (int i = n - 1; i > 0; i--) {
		int other = (int)rng_below(&k.rng, (uint32_t)i + 1);
		struct epoll_event e = ev[i];
		ev[i] = ev[other];
		ev[other] = e;
	}
}

int
__wrap_epoll_wait(int epoll, struct epoll_event *ev, int most, int msec)
{
	struct file *e = file_of(epoll), *f;
	uint64_t order = 0;
	int n = 0;

	k.count.waits++;
	e->until = msec < 0 ? INT64_MAX : wire_now() + msec * USEC_PER_MSEC;
	e->reported = true;
	if (kernel_interrupted())
		return kernel_fail(EINTR);
	while (n < most && (f = ready_after(epoll, order)) != NULL) {
		uint32_t mask = file_mask(f) & (f->watch.events | EPOLLERR | EPOLLHUP);
		order = f->watch.ready;
		if (mask == 0 || (f->watch.events & EPOLLET) != 0)
			f->watch.ready = 0;
		f->told = k.count.waits;
		if (mask != 0)
			ev[n++] = (struct epoll_event){ .events = mask, .data = f->watch.data };
	}
	e->reported = n > 0;
	if (n > 1 && rng_below(&k.rng, 4) == 0)
		shuffle(ev, n);
	return n;
}
