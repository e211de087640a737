/*
 * tcp: a client's connection that is relayed to a task, in both directions, until both sides have
 * ended: as it is, or what its TLS carries. It is the session's exchange from its beginning to its
 * end.
 */
#ifndef PROXY_TCP_H
#define PROXY_TCP_H

#include "proxy/client.h"

struct tcp;

size_t	tcp_bytes(void);		/* that one takes, */
size_t	tcp_flows_bytes(void);		/* and while bytes of it are under way */
/* The connection goes to a task of this row's service, for good, if the row lets it pass; nothing
 * of it was read so far. `name`: the server that the client names, empty: none. */
void	tcp_start(struct client *, const struct table_tcp *, struct str name);
void	tcp_abort(struct tcp *);		/* breaks off, and the session with it */

#endif
