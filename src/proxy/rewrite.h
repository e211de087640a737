/*
 * rewrite: heads as they leave us. Lines that stay are sent from where they were read; what was meant for
 * our connection alone is left out, what the next one must know is added. Framing is never touched.
 */
#ifndef PROXY_REWRITE_H
#define PROXY_REWRITE_H

#include "http/gather.h"
#include "http/message.h"
#include "proxy/sender.h"

/* What we say of the connection in a head that we pass on. */
enum rewrite_connection { CONNECTION_UNSAID, CONNECTION_CLOSE, CONNECTION_KEEP_ALIVE, CONNECTION_UPGRADE };

/*
 * For the task. From a sender that is not trusted, what it says of itself (X-Forwarded-..., X-Real-IP, Forwarded) is left out and
 * said anew: X-Forwarded-For, -Proto, -Host, -Port and X-Real-IP. A trusted one is believed: its X-Forwarded-For is continued,
 * only what is missing is added. Names that differ from one of these, or from a field that we go by, in '_' alone never pass.
 * An absolute-form target goes out in origin-form with the Host that it named. The version is ours, HTTP/1.1; `here`, what the
 * client connected to, is the Host of an HTTP/1.0 request that names none.
 * The sender and `here` must live as long as the gather; `client` is that of sender_client, and its text is kept in `text`, which
 * must, too.
 * False: there is no memory.
 */
bool	rewrite_request(struct gather *, const struct message *, const struct sender *, const struct ip *client, char text[IP_TEXT_MAX],
	    struct str here);
/* For the client, always as HTTP/1.1, and tidily: lines end in CRLF, one Content-Length. Nothing is added but Connection. Upgrade passes with 101 alone. */
bool	rewrite_response(struct gather *, const struct message *, enum rewrite_connection);

#endif
