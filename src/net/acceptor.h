/*
 * acceptor: a listening socket on a loop. Rests when the process has no descriptors or memory
 * left for another connection: a level-triggered socket that cannot be served would make the
 * loop spin.
 */
#ifndef NET_ACCEPTOR_H
#define NET_ACCEPTOR_H

#include "net/loop.h"
#include "net/sock.h"

/* A connection came in; the descriptor is the callback's from here on. */
typedef void	accepted_f(void *arg, int fd, const struct addr *peer);
/*
 * There is no descriptor or memory for a connection that waits: what the owner frees now is
 * used after the rest.
 */
typedef void	starved_f(void *arg);

/*
 * Lives inside its owner, whose memory must last until the end of the turn in which it is
 * closed.
 */
struct acceptor {
	struct io	 io;
	struct loop	*loop;
	int		 fd;		/* -1: closed */
	uint32_t	 events;
	struct timer	 rest;		/* set while it rests */
	accepted_f	*accepted;
	starved_f	*starved;	/* may be NULL */
	void		*arg;
};

/*
 * Takes over a listening descriptor. `shared`: other processes accept from it too, and need not
 * all wake for a client.
 */
void	acceptor_open(struct acceptor *, struct loop *, int fd, bool shared, accepted_f *, starved_f *,
	    void *arg);
/* Takes the connections that wait now. */
void	acceptor_drain(struct acceptor *);
void	acceptor_close(struct acceptor *);

#endif
