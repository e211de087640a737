/*
 * rewrite: what the proxy changes in the head of a request that it passes on, as edits.
 */
#ifndef PROXY_REWRITE_H
#define PROXY_REWRITE_H

#include "http/message.h"
#include "proxy/sender.h"

/*
 * What a sender that is not trusted sends about itself (X-Forwarded-..., X-Real-IP, Forwarded) is
 * left out, and what we know of it is added: X-Forwarded-For, -Proto, -Host, -Port and
 * X-Real-IP. A trusted one is believed: its X-Forwarded-For is continued, and only what is
 * missing is added. Names that differ from one of these, or from a field that we go by, in '_'
 * alone never pass. `here`, what the client connected to, is the authority of a request that
 * names none and has to (HTTP/1.0); else it is empty.
 *
 * The sender and `here` must live as long as what is written with the edits; `client` is that
 * of sender_client, and its text is kept in `text`, which must, too.
 */
void	rewrite_request(struct edits *, const struct message *, const struct sender *,
	    const struct ip *client, char text[IP_TEXT_MAX], struct str here);

#endif
