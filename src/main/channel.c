#include <errno.h>
#include <unistd.h>

#include "base/bug.h"
#include "main/channel.h"

bool
channel_pair(int fd[2])
{
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fd) == 0;
}

/* LEND may lose its descriptor on the way, when the receiver has none left. */
static bool
kind_has_fd(enum channel_kind kind)
{
	return kind == CHANNEL_TABLE || kind == CHANNEL_SECRETS || kind == CHANNEL_CONF ||
	    kind == CHANNEL_LISTEN || kind == CHANNEL_LEND;
}

static void
channel_read(void *arg, uint32_t events)
{
	struct channel *c = arg;
	struct channel_msg m;
	long n;
	int fd;

	(void)events;
	while (c->io.fd >= 0) {
		n = sock_recv_fd(c->io.fd, &m, sizeof m, &fd);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n != sizeof m) {
			if (fd >= 0)
				close(fd);
			channel_close(c);	/* reported once: a hang-up cannot be unwatched */
			c->fn(c->arg, NULL, -1);
			return;
		}
		c->fn(c->arg, &m, fd);
	}
}

void
channel_open(struct channel *c, struct loop *l, int fd, channel_f *fn, void *arg)
{
	ASSERT(fd >= 0);
	c->loop = l;
	c->fn = fn;
	c->arg = arg;
	loop_watch(l, &c->io, fd, LOOP_LEVEL, channel_read, c);
}

bool
channel_send(struct channel *c, const struct channel_msg *m, int fd)
{
	ASSERT(kind_has_fd(m->kind) == (fd >= 0));
	return c->io.fd >= 0 && sock_send_fd(c->io.fd, m, sizeof *m, fd);
}

void
channel_close(struct channel *c)
{
	int fd = c->io.fd;

	if (fd < 0)
		return;
	loop_unwatch(c->loop, &c->io);
	close(fd);
}
