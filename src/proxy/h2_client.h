/*
 * h2_client: a client's connection that speaks HTTP/2. Each of its streams is a client of its own
 * with a session in proxy.streams: what happens there is an exchange as any other. The connection
 * is the client that counts for limits, and lives in proxy.sessions: busy while a stream is open,
 * idle between.
 */
#ifndef PROXY_H2_CLIENT_H
#define PROXY_H2_CLIENT_H

#include "http/h2.h"
#include "proxy/client.h"

extern const struct h2_ops h2_client_ops;

/* Both sides have agreed on HTTP/2 before its first byte. */
void	h2_client_start(struct client *);
/*
 * Bytes have come on a connection that may begin with the preface. True: it does, or may still;
 * false: it speaks HTTP/1, or has ended.
 */
bool	h2_client_preface(struct client *);
/* Bytes have come on an idle one. */
void	h2_client_resume(struct client *);
void	h2_client_abort(struct client *);

/* For any client, also one that is none of ours. */
void	h2_client_drain(struct client *);
void	h2_client_leave(struct client *);
void	h2_client_rest(struct client *);	/* it is idle since a while */
void	h2_client_end(struct client *);		/* its session has ended */

#endif
