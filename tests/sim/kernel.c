/*
 * What the product does not use of a call is a bug here, not EINVAL. process.c has the descriptors.
 */
#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/bug.h"
#include "kernel_priv.h"
#include "ledger.h"
#include "manners.h"
#include "memory.h"
#include "net/stream.h"

#define LOOKED_AT_USEC	(2900 * USEC_PER_MSEC)	/* of silence, before it is asked whether a connection is cut off */

struct kernel k;

void
kernel_begin(struct host *h, uint64_t seed)
{
	memset(k.file, 0, (size_t)k.top * sizeof *k.file);	/* the others were never used, and are many pages */
	memset((char *)&k + sizeof k.file, 0, sizeof k - sizeof k.file);
	log_begin();
	k.host = h;
	k.most = FILES;
	rng_seed(&k.rng, seed);
	rng_seed(&k.random, seed + 1);
}

void
kernel_set_weather(kernel_weather_f *f)
{
	k.weather = f;
}

void
kernel_set_most(unsigned n)
{
	k.most = n;
}

void
kernel_set_no_ports(bool on)
{
	k.no_ports = on;
}

void
kernel_set_shares(bool on)
{
	k.shares = on;
}

void
kernel_set_signals(bool on)
{
	k.signals = on;
}

/* ---- what happens to sockets ---- */

/* All who wait for it exclusively are woken by one connection in turn, the others by each. */
static void
listening_wake(struct listening *l)
{
	struct file *one = NULL;

	for (int i = 0; i < k.top; i++) {
		struct file *f = &k.file[i];
		if (f->kind != LISTENER || f->listening != l)
			continue;
		if ((f->watch.events & EPOLLEXCLUSIVE) == 0)
			file_wake(f, EPOLLIN);
		else if (f->watch.epoll != 0 && f->watch.ready == 0 && (one == NULL || rng_below(&k.rng, 2) == 0))
			one = f;
	}
	if (one != NULL)
		file_wake(one, EPOLLIN);
}

static void
on_end(void *arg, unsigned what)
{
	struct file *f = arg;

	(void)what;
	manners_end(arg);
	f->dry = f->stuffed = false;
	/* as the kernel has it: whatever happened, all that is so is told */
	file_wake(f, file_mask(f));
}

static void
on_connection(void *arg, struct end *e)
{
	struct listening *l = arg;

	ASSERT(l->refs > 0 && l->queued < 256);
	l->queue[l->queued++] = e;
	listening_wake(l);
}

/* ---- sockets ---- */

int	__wrap_socket(int, int, int);
int	__wrap_bind(int, const struct sockaddr *, socklen_t);
int	__wrap_listen(int, int);
int	__wrap_accept4(int, struct sockaddr *, socklen_t *, int);
int	__wrap_connect(int, const struct sockaddr *, socklen_t);
int	__wrap_shutdown(int, int);
int	__wrap_close(int);
int	__real_close(int);
int	__wrap_setsockopt(int, int, int, const void *, socklen_t);
int	__wrap_getsockopt(int, int, int, void *, socklen_t *);
int	__wrap_getsockname(int, struct sockaddr *, socklen_t *);

int
__wrap_socket(int family, int type, int protocol)
{
	struct file *f;

	ASSERT((family == AF_INET || family == AF_INET6) && (type & SOCK_NONBLOCK) != 0 && protocol == 0);
	f = file_new(SOCKET);
	return f == NULL ? -1 : fd_of(f);
}

int
__wrap_bind(int fd, const struct sockaddr *a, socklen_t len)
{
	struct file *f = file_of(fd);

	ASSERT(f->kind == SOCKET && len <= sizeof f->addr.sa);
	memcpy(&f->addr.sa, a, len);
	f->addr.len = len;
	return 0;
}

int
__wrap_listen(int fd, int backlog)
{
	struct file *f = file_of(fd);

	ASSERT(f->kind == SOCKET && backlog > 0);
	f->kind = LISTENER;
	f->listening = sim_alloc(sizeof *f->listening);
	f->listening->refs = 1;
	f->listening->port = (struct port){ .addr = f->addr, .host = k.host, .accept = on_connection, .arg = f->listening };
	port_open(&f->listening->port);
	return 0;
}

static void
addr_out(const struct addr *from, struct sockaddr *a, socklen_t *len)
{
	memcpy(a, &from->sa, *len < from->len ? *len : from->len);
	*len = from->len;
}

static void
file_connect(struct file *f, struct end *e)
{
	f->kind = CONNECTED;
	f->end = e;
	end_adopt(e, on_end, f);
}

int
__wrap_accept4(int fd, struct sockaddr *a, socklen_t *len, int flags)
{
	struct file *f = file_of(fd), *to;
	struct listening *l = f->listening;

	ASSERT(f->kind == LISTENER && (flags & SOCK_NONBLOCK) != 0);
	if (kernel_interrupted())
		return kernel_fail(EINTR);
	if (kernel_is_full())
		return kernel_fail(EMFILE);
	if (l->queued == 0)
		return kernel_fail(EAGAIN);
	if ((to = file_new(CONNECTED)) == NULL)
		return -1;
	to->was_accepted = true;
	file_connect(to, l->queue[0]);
	memmove(l->queue, l->queue + 1, --l->queued * sizeof *l->queue);
	addr_out(end_peer_addr(to->end), a, len);
	return fd_of(to);
}

int
__wrap_connect(int fd, const struct sockaddr *a, socklen_t len)
{
	struct file *f = file_of(fd);
	struct addr to = { .len = len };
	struct weather w;

	ASSERT(f->kind == SOCKET && len <= sizeof to.sa);
	if (k.no_ports)
		return kernel_fail(EADDRNOTAVAIL);
	memcpy(&to.sa, a, len);
	w = k.weather(&to);
	file_connect(f, end_connect(k.host, &to, &w, on_end, f));
	return kernel_fail(EINPROGRESS);
}

/* epoll says when there is something to read again, or room: who asks before that asks in vain. (To look, before something is done
 * that cannot be undone, is not that: what came meanwhile was not reported yet; with TLS, a look reads records. Nor is a call for a
 * report of this turn, when another one of the same turn has had what it was of.) */
static int
give(struct file *f, ssize_t n, bool *vain, const char *what)
{
	k.count.calls++;
	if (n < 0 && errno == EAGAIN) {
		if (*vain && what != NULL && f->told != k.count.waits)
			broken("%s was called again, and nothing had happened", what);
		*vain = true;
	}
	return (int)n;
}

enum io_result	__wrap_stream_look(struct stream *);
enum io_result	__real_stream_look(struct stream *);
ssize_t	__wrap_recv(int, void *, size_t, int);
ssize_t	__wrap_send(int, const void *, size_t, int);
ssize_t	__wrap_sendmsg(int, const struct msghdr *, int);

enum io_result
__wrap_stream_look(struct stream *s)
{
	enum io_result res;

	k.looks = true;
	res = __real_stream_look(s);
	k.looks = false;
	return res;
}

ssize_t
__wrap_recv(int fd, void *p, size_t cap, int flags)
{
	struct file *f = file_of(fd);
	ssize_t n;

	if (f->kind == PAIR)
		return pair_peek(f->pair, p, cap);
	ASSERT(f->kind == CONNECTED && (flags & ~MSG_PEEK) == 0);
	if (kernel_interrupted())
		return kernel_fail(EINTR);
	n = end_read(f->end, p, cap, (flags & MSG_PEEK) != 0);
	if ((flags & MSG_PEEK) == 0 || cap > 1)		/* else it looks whether there is something */
		manners_recv(f, (flags & MSG_PEEK) != 0, p, n);
	k.count.bytes += n > 0 ? (uint64_t)n : 0;
	return give(f, n, &f->dry, k.looks || (flags & MSG_PEEK) != 0 ? NULL : "recv");
}

ssize_t
__wrap_send(int fd, const void *p, size_t n, int flags)
{
	struct file *f = file_of(fd);

	ASSERT(f->kind == CONNECTED && (flags & MSG_NOSIGNAL) != 0);
	f->sent_usec = wire_now();
	if (kernel_interrupted())
		return kernel_fail(EINTR);
	return give(f, end_write(f->end, p, n), &f->stuffed, "send");
}

ssize_t
__wrap_sendmsg(int fd, const struct msghdr *m, int flags)
{
	struct file *f = file_of(fd);
	ssize_t sum = 0, put;

	if (f->kind == PAIR)
		return pair_send(f->pair, m);
	ASSERT(f->kind == CONNECTED && (flags & MSG_NOSIGNAL) != 0 && m->msg_control == NULL);
	f->sent_usec = wire_now();
	if (kernel_interrupted())
		return kernel_fail(EINTR);
	manners_send(f, m->msg_iov[0].iov_base, m->msg_iov[0].iov_len);
	for (size_t i = 0; i < m->msg_iovlen; i++) {
		if (m->msg_iov[i].iov_len == 0)
			continue;
		put = end_write(f->end, m->msg_iov[i].iov_base, m->msg_iov[i].iov_len);
		if (put < 0)
			return sum > 0 ? sum : give(f, put, &f->stuffed, "sendmsg");
		sum += put;
		if ((size_t)put < m->msg_iov[i].iov_len)
			break;
	}
	return give(f, sum, &f->stuffed, "sendmsg");
}

int
__wrap_shutdown(int fd, int how)
{
	struct file *f = file_of(fd);

	ASSERT(f->kind == CONNECTED && how == SHUT_WR);
	if ((end_is(f->end) & END_OVER) != 0)
		return kernel_fail(ENOTCONN);
	end_shut(f->end);
	file_wake(f, file_mask(f));	/* Linux tells of that, too */
	return 0;
}

int
__wrap_close(int fd)
{
	if (!kernel_has(fd))
		return __real_close(fd);
	ASSERT(file_of(fd)->process == k.process);
	file_close(file_of(fd));
	return 0;
}

int
__wrap_setsockopt(int fd, int level, int name, const void *p, socklen_t len)
{
	struct file *f = file_of(fd);

	ASSERT(len > 0);
	if (level == SOL_SOCKET && name == SO_LINGER)
		f->resets = ((const struct linger *)p)->l_onoff && ((const struct linger *)p)->l_linger == 0;
	return 0;
}

/* When Linux sends again what was not acknowledged, on a network as fast as this. */
static unsigned
retransmits(int64_t usec)
{
	int64_t next = USEC_PER_SEC / 5, at = next;
	unsigned n = 0;

	while (at <= usec) {
		n++;
		next *= 2;
		at += next;
	}
	return n;
}

int
__wrap_getsockopt(int fd, int level, int name, void *p, socklen_t *len)
{
	struct file *f = file_of(fd);
	struct tcp_info info;
	int64_t since;
	int error;

	ASSERT(f->kind == CONNECTED);
	if (level == SOL_SOCKET) {
		ASSERT(name == SO_ERROR && *len == sizeof error);
		error = end_error(f->end);
		memcpy(p, &error, sizeof error);
		return 0;
	}
	ASSERT(level == IPPROTO_TCP && name == TCP_INFO && *len == sizeof info);
	ASSERT(k.shares || wire_now() - f->sent_usec >= LOOKED_AT_USEC);
	memset(&info, 0, sizeof info);
	if (end_unacknowledged(f->end, &since)) {
		info.tcpi_unacked = 1;
		info.tcpi_retransmits = (uint8_t)retransmits(wire_now() - since);
	}
	memcpy(p, &info, sizeof info);
	return 0;
}

int
__wrap_getsockname(int fd, struct sockaddr *a, socklen_t *len)
{
	struct file *f = file_of(fd);

	addr_out(f->kind == CONNECTED ? end_addr(f->end) : &f->addr, a, len);
	return 0;
}

void
kernel_set_wall(int64_t usec)
{
	k.wall = usec;
}

/* ---- what else ---- */

ssize_t	__wrap_getrandom(void *, size_t, unsigned);

ssize_t
__wrap_getrandom(void *p, size_t n, unsigned flags)
{
	(void)flags;
	for (size_t i = 0; i < n; i++)
		((unsigned char *)p)[i] = (unsigned char)rng_u64(&k.random);
	return (ssize_t)n;
}

/* in place of base/clock.c */

int64_t
clock_mono_usec(void)
{
	return wire_now();
}

int64_t
clock_thread_usec(void)
{
	return wire_now();
}

int64_t
clock_wall_usec(void)
{
	return wire_now() + INT64_C(1800000000) * USEC_PER_SEC + k.wall;
}
