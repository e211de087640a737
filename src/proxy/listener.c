/*
 * Which addresses clients connect to. What becomes of a connection is client.c's.
 */
#include <stdlib.h>
#include <unistd.h>

#include "base/bug.h"
#include "net/acceptor.h"
#include "proxy/client.h"
#include "proxy/listener.h"

struct listener {
	LIST_ENTRY(listener) link;
	struct proxy	*proxy;
	struct acceptor	 acceptor;
	struct addr	 addr;
	struct proxy_listener modes;	/* for connections to come */
	unsigned	 owner;		/* the worker in whose name the kernel deals connections to it */
	struct deferred	 deferred;
};

static void
on_client(void *arg, int fd, const struct addr *peer)
{
	struct listener *l = arg;

	client_open(l->proxy, fd, peer, &l->modes);
}

/* One that is no longer in the configuration is about to be closed. Until then it stays as it was:
 * without its modes, a listener with TLS would be a plain one. */
static void
listener_conf(struct listener *l)
{
	const struct proxy_conf *conf = &l->proxy->conf;

	ASSERT(conf->nlisteners <= PROXY_LISTENERS_MAX);
	for (unsigned i = 0; i < conf->nlisteners; i++)
		if (conf->listener[i].port == l->modes.port && ip_eq(&conf->listener[i].ip, &l->modes.ip))
			l->modes = conf->listener[i];
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
	l->addr = *a;
	l->modes = proxy_listener_of(a);
	l->owner = owner;
	listener_conf(l);
	LIST_INSERT_HEAD(&p->listeners, l, link);
	/* several may have borrowed it: not all of them need to wake for a client */
	acceptor_open(&l->acceptor, p->loop, fd, owner != p->conf.worker, on_client, NULL, l);
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
	bool have = p->sessions.draining;

	LIST_FOREACH(l, &p->listeners, link)
		have |= l->owner == owner && addr_eq(&l->addr, a);
	if (have)
		close(fd);
	else
		listener_add(p, fd, a, owner);
}

static void
listener_end(struct listener *l)
{
	ASSERT(!LIST_EMPTY(&l->proxy->listeners));
	LIST_REMOVE(l, link);
	acceptor_close(&l->acceptor);
	loop_defer(l->proxy->loop, &l->deferred, free, l);
}

void
listener_close(struct proxy *p, const struct addr *a)
{
	struct listener *l, *next;

	for (l = LIST_FIRST(&p->listeners); l != NULL; l = next) {
		next = LIST_NEXT(l, link);
		if (addr_eq(&l->addr, a))
			listener_end(l);
	}
}

void
listener_give_back(struct proxy *p, unsigned owner)
{
	struct listener *l, *next;

	for (l = LIST_FIRST(&p->listeners); l != NULL; l = next) {
		next = LIST_NEXT(l, link);
		if (l->owner == owner && owner != p->conf.worker)
			listener_end(l);
	}
}

void
listener_close_all(struct proxy *p)
{
	while (!LIST_EMPTY(&p->listeners))
		listener_end(LIST_FIRST(&p->listeners));
}

void
listener_drain(struct proxy *p)
{
	struct listener *l;

	LIST_FOREACH(l, &p->listeners, link)
		acceptor_drain(&l->acceptor);
	listener_close_all(p);
}
