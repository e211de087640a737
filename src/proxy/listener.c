/*
 * Accepts, and rests when the process has no descriptors left: a level-triggered listener that nobody can
 * serve would spin. What becomes of a connection is client.c's.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/bug.h"
#include "base/clock.h"
#include "proxy/client.h"
#include "proxy/listener.h"

#define PER_EVENT	64	/* others want a turn */
#define QUEUE_MOST	4096	/* who may wait in a listener's queue */
#define REST_USEC	(100 * USEC_PER_MSEC)

struct listener {
	LIST_ENTRY(listener) link;
	struct proxy	*proxy;
	struct io	 io;
	int		 fd;
	struct addr	 addr;
	bool		 proxied;	/* connections begin with a PROXY protocol header */
	unsigned	 owner;		/* the worker in whose name the kernel deals connections to it */
	struct timer	 rest;
	struct deferred	 deferred;
};

static void on_client(void *arg, uint32_t events);

/* Several may have borrowed a listener: not all of them need to wake for a client. */
static void
listener_watch(struct listener *l)
{
	bool ours = l->owner == l->proxy->conf.worker;

	loop_watch(l->proxy->loop, &l->io, l->fd, LOOP_LEVEL | (ours ? 0 : EPOLLEXCLUSIVE), on_client, l);
}

static void
rest_over(void *arg)
{
	listener_watch(arg);
}

static bool
out_of_room(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

/* False when nobody waits, or nobody can be taken now. Who left before we looked is passed over. */
static bool
accept_one(struct listener *l)
{
	struct addr peer;
	int fd = sock_accept(l->fd, &peer);

	if (fd >= 0) {
		client_open(l->proxy, fd, &peer, l->proxied);
		return true;
	}
	if (out_of_room(errno) && l->io.fd >= 0) {
		loop_unwatch(l->proxy->loop, &l->io);
		timer_set(l->proxy->loop, &l->rest, loop_now(l->proxy->loop) + REST_USEC, rest_over, l);
	}
	return errno == ECONNABORTED || errno == EINTR;
}

static void
on_client(void *arg, uint32_t events)
{
	struct listener *l = arg;

	(void)events;
	for (int i = 0; i < PER_EVENT && accept_one(l); i++)
		;
}

static void
listener_conf(struct listener *l)
{
	const struct proxy_conf *conf = &l->proxy->conf;
	struct proxy_listener here = proxy_listener_of(&l->addr);

	l->proxied = false;
	for (unsigned i = 0; i < conf->nproxied; i++)
		l->proxied |= conf->proxied[i].port == here.port && ip_eq(&conf->proxied[i].ip, &here.ip);
}

void
listener_reconf(struct proxy *p)
{
	struct listener *l;

	LIST_FOREACH(l, &p->listeners, link)
		listener_conf(l);
}

static void
listener_add(struct proxy *p, int fd, const struct addr *a, unsigned owner)
{
	struct listener *l = must_zalloc(sizeof *l);

	l->proxy = p;
	l->fd = fd;
	l->addr = *a;
	l->owner = owner;
	listener_conf(l);
	LIST_INSERT_HEAD(&p->listeners, l, link);
	listener_watch(l);
}

void
listener_open(struct proxy *p, int fd, const struct addr *a)
{
	listener_add(p, fd, a, p->conf.worker);
}

void
listener_borrow(struct proxy *p, int fd, const struct addr *a, unsigned owner)
{
	const struct listener *l;
	bool have = p->draining;

	LIST_FOREACH(l, &p->listeners, link)
		have |= l->owner == owner && addr_eq(&l->addr, a);
	if (have)
		close(fd);
	else
		listener_add(p, fd, a, owner);
}

static void
end(struct listener *l)
{
	LIST_REMOVE(l, link);
	timer_clear(l->proxy->loop, &l->rest);
	loop_unwatch(l->proxy->loop, &l->io);
	close(l->fd);
	loop_defer(l->proxy->loop, &l->deferred, free, l);
}

void
listener_close(struct proxy *p, const struct addr *a)
{
	struct listener *l, *next;

	for (l = LIST_FIRST(&p->listeners); l != NULL; l = next) {
		next = LIST_NEXT(l, link);
		if (addr_eq(&l->addr, a))
			end(l);
	}
}

void
listener_give_back(struct proxy *p, unsigned owner)
{
	struct listener *l, *next;

	for (l = LIST_FIRST(&p->listeners); l != NULL; l = next) {
		next = LIST_NEXT(l, link);
		if (l->owner == owner && owner != p->conf.worker)
			end(l);
	}
}

void
listener_close_all(struct proxy *p)
{
	while (!LIST_EMPTY(&p->listeners))
		end(LIST_FIRST(&p->listeners));
}

void
listener_drain(struct proxy *p)
{
	struct listener *l;

	LIST_FOREACH(l, &p->listeners, link)
		for (int i = 0; i < QUEUE_MOST && accept_one(l); i++)
			;
	listener_close_all(p);
}
