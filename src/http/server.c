/*
 * server: listening sockets and the sessions that come of them. What comes on a session is
 * request.c's.
 */
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "http/server_priv.h"
#include "net/acceptor.h"

/* After the last response. */
#define LINGER_USEC		USEC_PER_SEC
#define LINGER_BYTES		(256u << 10)
#define LINGER_TURN_BYTES	(64u << 10)

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
	sessions_init(&s->sessions, l, &request_ops, s);
	s->sessions.limits = (struct session_limits){
		.most = (unsigned)s->conf.connections_max, .idle_usec = s->conf.idle_usec,
		.linger_usec = LINGER_USEC, .linger_most_usec = LINGER_USEC,
		.linger_bytes = LINGER_BYTES, .linger_turn_bytes = LINGER_TURN_BYTES,
	};
	return s;
}

static void
on_accepted(void *arg, int fd, const struct addr *peer)
{
	struct server_listener *l = arg;
	struct server *s = l->server;

	if (sessions_have_room(&s->sessions))
		request_open(s, fd, peer, l->tag);
	else
		close(fd);
}

static void
on_starved(void *arg)
{
	struct server_listener *l = arg;

	sessions_evict(&l->server->sessions);
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

	*sp = NULL;
	if (s == NULL)
		return;
	while ((l = s->listeners) != NULL) {
		s->listeners = l->next;
		acceptor_close(&l->acceptor);
		loop_defer(s->loop, &l->deferred, free, l);
	}
	sessions_end(&s->sessions);
	loop_defer(s->loop, &s->deferred, free, s);		/* a request may be on its way back to it */
}
