/*
 * client: whose connection a session is, and whether it may have one more: the PROXY protocol,
 * trust, the limits of all and of each address.
 */
#ifndef PROXY_CLIENT_H
#define PROXY_CLIENT_H

#include "http/session.h"
#include "net/tls.h"
#include "proxy/proxy_priv.h"
#include "proxy/sender.h"

struct listener;
struct h2_conn;

/* What came of a connection's handshake: valid as long as the connection's stream is open. */
struct client_secure {
	unsigned	 refs;
	struct tls_facts facts;
	char		*cert_info;	/* NULL: no certificate of the client's was verified */
	struct str	 certs;		/* that one, and what came with it: tls_peer_certs */
};

struct client {
	struct session	 session;	/* first, as session.h requires */
	bool		 counted;	/* in the tally */
	uint8_t		 came_by;	/* the name of its listener: listener_name */
	bool		 relayed : 1;	/* its exchange is a struct tcp */
	bool		 unnamed : 1;	/* its PROXY header does not say whose it is: nothing it says is believed */
	bool		 may_preface : 1;	/* it may begin with the preface of HTTP/2 */
	bool		 preface_waits : 1;	/* a part of that has come */
	bool		 is_stream : 1;	/* not a connection: a request on the HTTP/2 connection of another client */
	bool		 is_grpc : 1;	/* the request of that is for gRPC */
	bool		 is_tunnel : 1;	/* it is a CONNECT: any 2xx means that the tunnel is open */
	bool		 handshaking : 1;	/* TLS is not there yet */
	bool		 ends_tls : 1;	/* it will be relayed when it is */
	uint16_t	 port;		/* of its address, as far as it is known */
	uint16_t	 redirect_port;	/* of https, where its requests are redirected to; 0: they are not */
	struct sender	 sender;
	/* our reference, until it is decided what becomes of the connection, and while it is relayed */
	struct listener	*listener;
	struct h2_conn	*h2;		/* ours; NULL: the connection speaks HTTP/1, or nothing yet */
	union {
		struct client_secure *secure;	/* our reference; NULL: plain */
		struct keys_wait *wait;		/* handshaking, for a challenge; NULL: it did not come to that */
	};
};

/* What an idle connection costs; malloc has 296 and 312. */
_Static_assert(sizeof(struct client) <= 296, "an idle connection is small");

extern const struct session_ops client_ops;

/* A connection was accepted by a listener; the descriptor is ours now, the listener is not. */
void		client_open(struct proxy *, int fd, const struct addr *peer, struct listener *);
/* The connection is none that is relayed: it is served as its listener says. */
void		client_speak(struct client *);
/* What has come of it, which stays in the socket. 0: nothing yet, or it has ended and is closed. */
size_t		client_peek(struct client *, void *to, size_t cap);
/* No exchange is possible: responds with the reason, as far as that goes without waiting, and
 * lingers. */
void		client_refuse(struct client *, const struct why *);
/* A stream of the connection has begun: the session of a new client, or NULL: there is no place. */
struct client	*client_stream_new(struct client *connection);
/* A drain has begun; sessions_drain sees to those between exchanges. */
void		clients_drain(struct proxy *);
/* Those that have been idle for `usec` give back memory. */
void		clients_rest(struct proxy *, int64_t usec);
/* clients.trusted has changed: it holds for connections that are there, too. */
void		clients_trust(struct proxy *);

static inline struct proxy *
client_proxy(const struct client *c)
{
	return c->session.home->owner;
}

#endif
