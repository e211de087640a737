/*
 * server: listening sockets and slots. A client too many costs the oldest idle connection its slot, or is
 * turned away when all others are at work. What a connection says is request.c's business.
 */
#include <stdlib.h>
#include <unistd.h>

#include "base/bug.h"
#include "base/clock.h"
#include "http/server_priv.h"
#include "net/acceptor.h"

struct server_listener {
	struct server_listener *next;
	struct server	*server;
	struct acceptor	 acceptor;
	void		*tag;
	struct deferred	 deferred;
};

struct server *
server_new(struct loop *l, const struct server_conf *conf, server_f *fn, void *arg)
{
	struct server *s = must_zalloc(sizeof *s);

	s->loop = l;
	s->fn = fn;
	s->arg = arg;
	if (conf != NULL)
		s->conf = *conf;
	if (s->conf.connections_max == 0)
		s->conf.connections_max = 256;
	if (s->conf.body_max == 0)
		s->conf.body_max = 65536;
	if (s->conf.idle_usec == 0)
		s->conf.idle_usec = 30 * USEC_PER_SEC;
	if (s->conf.stall_usec == 0)
		s->conf.stall_usec = 10 * USEC_PER_SEC;
	TAILQ_INIT(&s->requests);
	return s;
}

static void
on_accepted(void *arg, int fd, const struct addr *peer)
{
	struct server_listener *l = arg;
	struct server *s = l->server;

	if (s->count < s->conf.connections_max || request_make_room(s))
		request_open(s, fd, peer, l->tag);
	else
		close(fd);
}

static void
on_starved(void *arg)
{
	struct server_listener *l = arg;

	request_make_room(l->server);
}

void
server_listen(struct server *s, int fd, void *tag)
{
	struct server_listener *l = must_zalloc(sizeof *l);

	l->server = s;
	l->tag = tag;
	l->next = s->listeners;
	s->listeners = l;
	acceptor_open(&l->acceptor, s->loop, fd, false, on_accepted, on_starved, l);
}

void
server_free(struct server **sp)
{
	struct server *s = *sp;
	struct server_listener *l;
	struct request *req;

	*sp = NULL;
	if (s == NULL)
		return;
	while ((l = s->listeners) != NULL) {
		s->listeners = l->next;
		acceptor_close(&l->acceptor);
		loop_defer(s->loop, &l->deferred, free, l);
	}
	while ((req = TAILQ_FIRST(&s->requests)) != NULL)
		request_orphan(req);
	loop_defer(s->loop, &s->deferred, free, s);		/* a request may be on its way back to it */
}
