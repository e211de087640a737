/*
 * Which addresses clients connect to. What becomes of a connection is client.c's.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "net/acceptor.h"
#include "proxy/client.h"
#include "proxy/listener.h"

struct listener {
	LIST_ENTRY(listener) link;
	struct proxy	*proxy;
	struct acceptor	 acceptor;
	struct addr	 addr;
	unsigned	 refs;
	struct proxy_listener modes;	/* for connections to come */
	enum table_relays relays;	/* the same */
	uint8_t		 number;	/* of its name */
	unsigned	 owner;		/* the worker in whose name the kernel deals connections to it */
	struct deferred	 deferred;
};

static void
on_client(void *arg, int fd, const struct addr *peer)
{
	struct listener *l = arg;

	client_open(l->proxy, fd, peer, l);
}

/* A client outlives the listener that it came by. With more names than that, after many reloads,
 * the new ones are not known: their requests have the routes that are for all listeners. */
static uint8_t
name_number(struct proxy *p, const char *name)
{
	for (unsigned i = 1; i < PROXY_NAMES_MAX && *name != '\0'; i++) {
		if (p->listener_names[i].p == NULL)
			p->listener_names[i] = str_of(must_strdup(name));
		if (str_eq(p->listener_names[i], str_of(name)))
			return (uint8_t)i;
	}
	return 0;
}

uint8_t
listener_number(const struct listener *l)
{
	return l->number;
}

struct str
listener_name(const struct proxy *p, uint8_t number)
{
	return p->listener_names[number];
}

void
listener_names_free(struct proxy *p)
{
	for (unsigned i = 0; i < PROXY_NAMES_MAX; i++)
		free((char *)(uintptr_t)p->listener_names[i].p);
}

static void
listener_route(struct listener *l)
{
	const struct table *t = l->proxy->table;

	l->relays = t == NULL ? RELAYS_NONE : table_relays(t, str_of(l->modes.name));
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
	l->number = name_number(l->proxy, l->modes.name);
	listener_route(l);
}

void
listener_reconf(struct proxy *p)
{
	struct listener *l;

	LIST_FOREACH(l, &p->listeners, link)
		listener_conf(l);
}

void
listener_set_table(struct proxy *p)
{
	struct listener *l;

	LIST_FOREACH(l, &p->listeners, link)
		listener_route(l);
}

static void
listener_add(struct proxy *p, int fd, const struct addr *a, unsigned owner)
{
	struct listener *l = must_zalloc(sizeof *l);

	l->refs = 1;
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

struct listener *
listener_ref(struct listener *l)
{
	ASSERT(l->refs > 0);
	l->refs++;
	return l;
}

void
listener_unref(struct listener **lp)
{
	struct listener *l = *lp;

	*lp = NULL;
	if (l == NULL)
		return;
	ASSERT(l->refs > 0);
	if (--l->refs == 0)
		loop_defer(l->proxy->loop, &l->deferred, free, l);
}

const struct proxy_listener *
listener_modes(const struct listener *l)
{
	return &l->modes;
}

bool
listener_speaks_http(const struct listener *l)
{
	return !l->modes.tls && l->relays == RELAYS_NONE;
}

bool
listener_is_plain(const struct listener *l)
{
	return listener_speaks_http(l) && !l->modes.proxy_protocol;
}

enum table_relays
listener_relays(const struct listener *l)
{
	return l->relays;
}

static void
listener_end(struct listener *l)
{
	ASSERT(!LIST_EMPTY(&l->proxy->listeners));
	LIST_REMOVE(l, link);
	acceptor_close(&l->acceptor);
	listener_unref(&l);
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
