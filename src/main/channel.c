/*
 * A process that has run out of descriptors loses, without an error, the one that comes with a
 * message. So each channel holds one in reserve, which makes room for it; while there is neither
 * the reserve nor another free one, a message that brings one stays in the socket's queue.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/bug.h"
#include "base/clock.h"
#include "base/log.h"
#include "main/channel.h"

#define RETRY_USEC	(100 * USEC_PER_MSEC)
#define QUEUE_BYTES	(80 * 1024)	/* less than half of what a socket has room for by default */

bool
channel_pair(int fd[2])
{
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fd) == 0;
}

static bool
kind_has_fd(enum channel_kind kind)
{
	return kind == CHANNEL_TABLE || kind == CHANNEL_SECRETS || kind == CHANNEL_CONF ||
	    kind == CHANNEL_COUNTS ||
	    kind == CHANNEL_ACCESS || kind == CHANNEL_LIMITS_SECRETS || kind == CHANNEL_LISTEN ||
	    kind == CHANNEL_LEND;
}

/* What is lent helps for a while, and a process without descriptors has enough to do: it is not
 * waited for, and may arrive without its descriptor. */
static bool
kind_needs_fd(enum channel_kind kind)
{
	return kind_has_fd(kind) && kind != CHANNEL_LEND;
}

/* Which file it is open on does not matter: this one is there, and is inherited anyway. */
static void
reserve_fill(struct channel *c)
{
	if (c->reserve < 0)
		c->reserve = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0);
}

static void
reserve_close(struct channel *c)
{
	if (c->reserve >= 0)
		close(c->reserve);
	c->reserve = -1;
}

/* The next message would lose its descriptor. */
static bool
must_wait(struct channel *c)
{
	struct channel_msg m;

	reserve_fill(c);
	return c->reserve < 0 && errno == EMFILE &&
	    recv(c->io.fd, &m, sizeof m, MSG_PEEK) == (ssize_t)sizeof m && kind_needs_fd(m.kind);
}

/* Reported once: a hang-up cannot be unwatched. */
static void
channel_end(struct channel *c)
{
	channel_close(c);
	c->fn(c->arg, NULL, -1);
}

static void	channel_watch(void *);

static void
channel_read(void *arg, uint32_t events)
{
	struct channel *c = arg;
	struct channel_msg m;
	long n;
	int fd;

	(void)events;
	while (c->io.fd >= 0) {
		if (must_wait(c)) {
			if (!c->waits)
				log_event(LOG_ERROR, "channel.waits", "text",
				    "no descriptor is free for what comes with a message; it is read later", NULL);
			c->waits = true;
			loop_unwatch(c->loop, &c->io);
			timer_set(c->loop, &c->retry, loop_now(c->loop) + RETRY_USEC, channel_watch, c);
			return;
		}
		reserve_close(c);
		n = sock_recv_fd(c->fd, &m, sizeof m, &fd);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN) {
			reserve_fill(c);
			return;
		}
		if (n != sizeof m) {
			if (fd >= 0)
				close(fd);
			channel_end(c);
			return;
		}
		if (kind_needs_fd(m.kind) && fd < 0) {		/* another thread took the place of the reserve */
			log_event(LOG_ERROR, "channel.lost", "text",
			    "a message came without its descriptor; the child on this channel is replaced", NULL);
			channel_end(c);
			return;
		}
		c->waits = false;
		c->fn(c->arg, &m, fd);
	}
}

static void
channel_watch(void *arg)
{
	struct channel *c = arg;

	ASSERT(c->fd >= 0 && c->io.fd < 0);
	loop_watch(c->loop, &c->io, c->fd, LOOP_LEVEL, channel_read, c);
}

void
channel_open(struct channel *c, struct loop *l, int fd, channel_f *fn, void *arg)
{
	ASSERT(fd >= 0);
	*c = (struct channel){ .loop = l, .fn = fn, .arg = arg, .io.fd = -1, .fd = fd, .reserve = -1 };
	reserve_fill(c);
	channel_watch(c);
}

bool
channel_send(struct channel *c, const struct channel_msg *m, int fd)
{
	ASSERT(kind_has_fd(m->kind) == (fd >= 0));
	return c->fd >= 0 && sock_send_fd(c->fd, m, sizeof *m, fd);
}

bool
channel_has_room(const struct channel *c)
{
	int queued;

	return c->fd >= 0 && ioctl(c->fd, SIOCOUTQ, &queued) == 0 && queued < QUEUE_BYTES;
}

void
channel_close(struct channel *c)
{
	if (c->fd < 0)
		return;
	timer_clear(c->loop, &c->retry);
	if (c->io.fd >= 0)
		loop_unwatch(c->loop, &c->io);
	channel_shed(c);
}

void
channel_shed(struct channel *c)
{
	reserve_close(c);
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
}
