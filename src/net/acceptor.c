/*
 * Accepts in portions: what else lives on the loop gets its turn. What becomes of a connection
 * is the owner's.
 */
#include <errno.h>
#include <unistd.h>

#include "base/bug.h"
#include "base/clock.h"
#include "net/acceptor.h"

#define PER_EVENT	64	/* connections, before others get their turn */
#define QUEUE_MOST	4096	/* that may wait in a socket's queue */
#define REST_USEC	(100 * USEC_PER_MSEC)

static void on_connection(void *arg, uint32_t events);

static void
acceptor_watch(void *arg)
{
	struct acceptor *a = arg;

	ASSERT(a->fd >= 0 && a->io.fd < 0);
	loop_watch(a->loop, &a->io, a->fd, a->events, on_connection, a);
}

static bool
out_of_room(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

/*
 * False: no connection waits, or none can be taken now. One that its client has given up
 * already is passed over.
 */
static bool
accept_one(struct acceptor *a)
{
	struct addr peer;
	int fd, error;

	if (a->fd < 0)		/* the last callback closed it */
		return false;
	if ((fd = sock_accept(a->fd, &peer)) >= 0) {
		a->accepted(a->arg, fd, &peer);
		return true;
	}
	error = errno;
	if (out_of_room(error)) {
		if (a->starved != NULL)
			a->starved(a->arg);
		if (a->io.fd >= 0) {
			loop_unwatch(a->loop, &a->io);
			timer_set(a->loop, &a->rest, loop_now(a->loop) + REST_USEC, acceptor_watch, a);
		}
	}
	return error == ECONNABORTED || error == EINTR;
}

static void
on_connection(void *arg, uint32_t events)
{
	(void)events;
	for (int i = 0; i < PER_EVENT && accept_one(arg); i++)
		;
}

void
acceptor_open(struct acceptor *a, struct loop *l, int fd, bool shared, accepted_f *accepted,
    starved_f *starved, void *arg)
{
	ASSERT(fd >= 0 && accepted != NULL);
	*a = (struct acceptor){ .loop = l, .fd = fd, .events = LOOP_LEVEL | (shared ? EPOLLEXCLUSIVE : 0),
	    .accepted = accepted, .starved = starved, .arg = arg };
	a->io.fd = -1;
	acceptor_watch(a);
}

void
acceptor_drain(struct acceptor *a)
{
	for (int i = 0; i < QUEUE_MOST && accept_one(a); i++)
		;
}

void
acceptor_close(struct acceptor *a)
{
	ASSERT(a->fd >= 0);
	timer_clear(a->loop, &a->rest);
	loop_unwatch(a->loop, &a->io);
	close(a->fd);
	a->fd = -1;
}
