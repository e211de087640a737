/*
 * rewrite: heads as they leave us. Lines that stay are sent from where they were read; what was meant for
 * our connection alone is left out, what the next one must know is added. Framing is never touched.
 */
#ifndef PROXY_REWRITE_H
#define PROXY_REWRITE_H

#include "http/msg.h"
#include "proxy/gather.h"

/* What we say of the connection in a head that we pass on. */
enum rewrite_connection { CONNECTION_UNSAID, CONNECTION_CLOSE, CONNECTION_KEEP_ALIVE, CONNECTION_UPGRADE };

/*
 * For the task: X-Forwarded-For with `peer` at the end of what was there; X-Forwarded-Proto and -Host when absent;
 * an absolute-form target in origin-form with the Host that it named. An HTTP/1.0 request stays one, without
 * keep-alive, so that no chunked answer comes to a client that cannot read it.
 * `peer` must live as long as the gather. False: more pieces than a gather holds.
 */
bool	rewrite_request(struct gather *, const struct head *, struct str peer);
/* For the client, always as HTTP/1.1. Nothing is added but Connection. */
bool	rewrite_response(struct gather *, const struct head *, enum rewrite_connection);

#endif
