/*
 * server: listening sockets and slots. A client too many costs the oldest idle connection its slot, or is
 * turned away when all others are at work. What a connection says is request.c's business.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/bug.h"
#include "base/clock.h"
#include "http/server_priv.h"

#define ACCEPTS_PER_TURN	64
#define ACCEPT_PAUSE_USEC	(100 * USEC_PER_MSEC)

struct listener {
	struct listener	*next;
	struct server	*server;
	struct io	 io;
	int		 fd;
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

static void listener_ready(void *, uint32_t);

static void
accept_again(void *arg)
{
	struct server *s = arg;

	for (struct listener *l = s->listeners; l != NULL; l = l->next)
		if (l->io.fd < 0)
			loop_watch(s->loop, &l->io, l->fd, LOOP_LEVEL, listener_ready, l);
}

/* Out of descriptors: a level-triggered listener would spin, so it rests until some are free again. */
static void
accept_pause(struct listener *l)
{
	struct server *s = l->server;

	loop_unwatch(s->loop, &l->io);
	timer_set(s->loop, &s->accept_again, loop_now(s->loop) + ACCEPT_PAUSE_USEC, accept_again, s);
}

static void
listener_ready(void *arg, uint32_t events)
{
	struct listener *l = arg;
	struct server *s = l->server;

	(void)events;
	for (int i = 0; i < ACCEPTS_PER_TURN; i++) {
		struct addr peer;
		int fd = sock_accept(l->fd, &peer);
		if (fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)) {
			request_make_room(s);
			accept_pause(l);
			return;
		}
		if (fd < 0 && errno == EAGAIN)
			return;
		if (fd < 0)
			continue;	/* that client is gone already */
		if (s->count < s->conf.connections_max || request_make_room(s))
			request_open(s, fd, &peer, l->tag);
		else
			close(fd);
	}
}

void
server_listen(struct server *s, int fd, void *tag)
{
	struct listener *l = must_zalloc(sizeof *l);

	l->server = s;
	l->fd = fd;
	l->tag = tag;
	l->next = s->listeners;
	s->listeners = l;
	loop_watch(s->loop, &l->io, fd, LOOP_LEVEL, listener_ready, l);
}

void
server_free(struct server **sp)
{
	struct server *s = *sp;
	struct listener *l;
	struct request *req;

	*sp = NULL;
	if (s == NULL)
		return;
	while ((l = s->listeners) != NULL) {
		s->listeners = l->next;
		loop_unwatch(s->loop, &l->io);
		close(l->fd);
		loop_defer(s->loop, &l->deferred, free, l);
	}
	while ((req = TAILQ_FIRST(&s->requests)) != NULL)
		request_orphan(req);
	timer_clear(s->loop, &s->accept_again);
	loop_defer(s->loop, &s->deferred, free, s);		/* a request may be on its way back to it */
}
