/*
 * hello: what becomes of a connection on a listener of which some, or all, are relayed to tasks as
 * they are: that may depend on the server that a TLS client names, which it does in its first
 * message.
 */
#ifndef PROXY_HELLO_H
#define PROXY_HELLO_H

#include "proxy/client.h"

/* Not a byte was read. It leads to tcp_start, to client_speak, or to the session's end. */
void	hello_begin(struct client *);
/* The TLS of a connection that is relayed is there: it leads to tcp_start, or to the end. */
void	hello_secured(struct client *);

#endif
