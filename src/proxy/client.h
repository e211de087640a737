/*
 * client: whose connection a session is, and whether it may have one more: the PROXY protocol,
 * trust, the limits of all and of each address.
 */
#ifndef PROXY_CLIENT_H
#define PROXY_CLIENT_H

#include "http/session.h"
#include "proxy/proxy_priv.h"
#include "proxy/sender.h"

struct client {
	struct session	 session;	/* first, as session.h requires */
	bool		 counted;	/* in the tally */
	bool		 unnamed;	/* its PROXY header does not say whose it is: nothing that it says is believed */
	struct sender	 sender;
};

extern const struct session_ops client_ops;

/* A connection was accepted by a listener; the descriptor is ours now, the listener is not. */
void		client_open(struct proxy *, int fd, const struct addr *peer, const struct proxy_listener *);
/* No exchange is possible: responds with the reason, as far as that goes without waiting, and
 * lingers. */
void		client_refuse(struct client *, const struct why *);
/* clients.trusted has changed: it holds for connections that are there, too. */
void		clients_trust(struct proxy *);

static inline struct proxy *
client_proxy(const struct client *c)
{
	return c->session.home->owner;
}

#endif
