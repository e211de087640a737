/*
 * client_tls: the handshake of a client's connection on a listener with TLS.
 */
#ifndef PROXY_CLIENT_TLS_H
#define PROXY_CLIENT_TLS_H

#include "proxy/client.h"

/* Nothing of TLS was read, and client.listener says how: it leads to a session that waits for its
 * first request, or to its end. */
void	client_tls_begin(struct client *);
/* The same for a connection whose first message is all there, names this host, and that is relayed
 * by this row of the table in force: it leads to hello_secured. */
void	client_tls_relay(struct client *, const struct table_tcp *, struct str host);
void	client_tls_resume(struct client *);	/* while client.handshaking: something came */
/* Another client's requests come over the same connection. */
void	client_tls_share(struct client *, const struct client *connection);
void	client_tls_end(struct client *);	/* for any client: its session has ended */

extern tls_choose_f client_tls_choose;		/* arg: the proxy */

#endif
