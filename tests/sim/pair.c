/*
 * What is no socket of the network: a pair of sockets within the machine that keeps messages apart (SOCK_SEQPACKET) and passes
 * descriptors, as a brain and its parent have it; and an event, by which a simulated library tells its caller's loop that there is
 * something to do.
 */
#include <errno.h>
#include <linux/sockios.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/bug.h"
#include "kernel_priv.h"
#include "memory.h"

struct message {
	struct message	*next;
	size_t		 len;
	int		 fd;			/* -1: none */
	char		 bytes[];
};

struct pair {
	struct pair	*peer;
	struct file	*file;			/* NULL: closed */
	struct message	*first, **last;
	size_t		 queued;		/* bytes */
};

int	__wrap_socketpair(int, int, int, int fd[2]);
ssize_t	__wrap_recvmsg(int, struct msghdr *, int);
int	__wrap_ioctl(int, unsigned long, ...);

static struct pair *
pair_new(struct file *f)
{
	struct pair *p = sim_alloc(sizeof *p);

	p->file = f;
	p->last = &p->first;
	f->pair = p;
	return p;
}

int
__wrap_socketpair(int family, int type, int protocol, int fd[2])
{
	struct file *a = file_new(PAIR), *b = a == NULL ? NULL : file_new(PAIR);
	struct pair *p, *q;

	ASSERT(family == AF_UNIX && (type & SOCK_SEQPACKET) == SOCK_SEQPACKET && (type & SOCK_NONBLOCK) != 0 && protocol == 0);
	if (b == NULL)
		return -1;
	p = pair_new(a);
	q = pair_new(b);
	p->peer = q;
	q->peer = p;
	fd[0] = fd_of(a);
	fd[1] = fd_of(b);
	return 0;
}

uint32_t
pair_mask(const struct pair *p)
{
	bool over = p->peer->file == NULL;

	return (p->first != NULL || over ? EPOLLIN : 0) | EPOLLOUT | (over ? EPOLLHUP | EPOLLRDHUP : 0);
}

/* Descriptors that are passed are those of the real kernel: a table, a set of secrets. */
ssize_t
pair_send(struct pair *p, const struct msghdr *m)
{
	const struct cmsghdr *c = CMSG_FIRSTHDR((struct msghdr *)(uintptr_t)m);
	struct message *one = sim_alloc(sizeof *one + m->msg_iov->iov_len);
	int fd;

	ASSERT(m->msg_iovlen == 1);
	if (p->peer->file == NULL)
		return kernel_fail(EPIPE);
	*one = (struct message){ .len = m->msg_iov->iov_len, .fd = -1 };
	memcpy(one->bytes, m->msg_iov->iov_base, one->len);
	if (c != NULL) {
		memcpy(&fd, CMSG_DATA(c), sizeof fd);
		ASSERT(!kernel_has(fd) && (one->fd = dup(fd)) >= 0);
	}
	*p->peer->last = one;
	p->peer->last = &one->next;
	p->peer->queued += one->len;
	file_wake(p->peer->file, EPOLLIN);
	return (ssize_t)one->len;
}

ssize_t
pair_peek(const struct pair *p, void *to, size_t cap)
{
	if (p->first == NULL)
		return p->peer->file == NULL ? 0 : kernel_fail(EAGAIN);
	memcpy(to, p->first->bytes, p->first->len < cap ? p->first->len : cap);
	return (ssize_t)(p->first->len < cap ? p->first->len : cap);
}

ssize_t
__wrap_recvmsg(int fd, struct msghdr *m, int flags)
{
	struct pair *p = file_of(fd)->pair;
	struct cmsghdr *c = CMSG_FIRSTHDR(m);
	struct message *one;
	ssize_t n;

	ASSERT(file_of(fd)->kind == PAIR && (flags & MSG_PEEK) == 0 && m->msg_iovlen == 1);
	n = pair_peek(p, m->msg_iov->iov_base, m->msg_iov->iov_len);
	if ((one = p->first) == NULL) {
		m->msg_controllen = 0;
		return n;
	}
	p->first = one->next;
	p->last = one->next == NULL ? &p->first : p->last;
	p->queued -= one->len;
	if (one->fd < 0)
		m->msg_controllen = 0;
	else {
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof one->fd);
		memcpy(CMSG_DATA(c), &one->fd, sizeof one->fd);
	}
	return n;
}

int
__wrap_ioctl(int fd, unsigned long what, ...)
{
	va_list args;

	ASSERT(what == SIOCOUTQ && file_of(fd)->kind == PAIR);
	va_start(args, what);
	*va_arg(args, int *) = (int)file_of(fd)->pair->peer->queued;
	va_end(args);
	return 0;
}

void
pair_close(struct pair *p)
{
	for (; p->first != NULL; p->first = p->first->next)
		if (p->first->fd >= 0)
			close(p->first->fd);
	p->file = NULL;
	if (p->peer->file != NULL)
		file_wake(p->peer->file, EPOLLIN | EPOLLHUP | EPOLLRDHUP);
}

/* ---- events ---- */

int
kernel_event(void)
{
	struct file *f = file_new(EVENT);

	ASSERT(f != NULL);
	return fd_of(f);
}

void
kernel_event_set(int fd, bool on)
{
	struct file *f = file_of(fd);

	ASSERT(f->kind == EVENT);
	f->is_set = on;
	if (on)
		file_wake(f, EPOLLIN);
}
