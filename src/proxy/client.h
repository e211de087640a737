/*
 * client: one connection of a client, from accept to close. Between requests it is idle and holds no buffer;
 * during an exchange its stream and its timer belong to the exchange.
 */
#ifndef PROXY_CLIENT_H
#define PROXY_CLIENT_H

#include "proxy/proxy_priv.h"
#include "proxy/sender.h"

/* FRESH: not a byte has come since it was accepted. READING: some of a request's head has. */
enum client_place { CLIENT_NEW, CLIENT_FRESH, CLIENT_IDLE, CLIENT_READING, CLIENT_BUSY, CLIENT_LINGERING, CLIENT_DEAD };

struct client {
	TAILQ_ENTRY(client) link;	/* first, as slab.c asks */
	struct proxy	*proxy;
	enum client_place place;
	struct stream	 stream;
	struct timer	 timer;
	struct exchange	*exchange;	/* while reading or busy */
	unsigned	 served;	/* exchanges that are over */
	bool		 counted;	/* in the tally */
	bool		 unnamed;	/* its PROXY header does not say whose it is: nothing that it says is believed */
	unsigned	 lingered;	/* bytes thrown away since we ended */
	int64_t		 ended_usec, quiet_usec;	/* when we ended; when the client last sent something */
	struct sender	 sender;
};

/* A connection was accepted; the descriptor is ours now. `proxied`: it begins with a PROXY protocol header. */
void		client_open(struct proxy *, int fd, const struct addr *peer, bool proxied);
/* clients.trusted has changed: it holds for connections that are there, too. */
void		client_trust(struct client *);

/* An exchange begins: the stream calls `fn` with the exchange from now on. */
void		client_busy(struct client *, struct exchange *, stream_f *fn);
/* There is no exchange, and none begins: says why. */
void		client_refuse(struct client *, const struct why *);
/* Its head comes bit by bit. */
void		client_reading(struct client *);
/* It is over, and the connection is kept. */
void		client_idle(struct client *);
/* It is over, and so is the connection: all that was written arrives before the end. */
void		client_linger(struct client *);
/* It is over, and the client has ended, too: nothing is waited for but our own end, should that not go at once. */
void		client_finish(struct client *);
/* Broken off: the client sees that something is missing. */
void		client_reset(struct client *);
void		client_close(struct client *);
/* An idle one, in a drain: goes now, or soon if it never said anything. */
void		client_drain(struct client *);

#endif
