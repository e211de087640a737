/*
 * mirroring: copies of a request for other services, whose responses are read and dropped
 * (world/group.h). They are sent when the exchange is over, so that its client waits for nothing
 * and a task of a mirror that is slow, or fails, is of no concern to it. Must not know the
 * exchange.
 */
#ifndef PROXY_MIRRORING_H
#define PROXY_MIRRORING_H

#include "http/flow.h"
#include "http/message.h"
#include "net/ip.h"
#include "proxy/groups.h"

struct proxy;

struct mirroring;

/* The copies of one request, with its head as the service's own task gets it; their tasks are
 * chosen later. NULL: there is no memory, or too many copies are under way, which is counted. */
struct mirroring	*mirroring_new(struct proxy *, const struct group_mirrors *,
			    const struct message *, const struct edits *);
/* Copies the body, none of which has been written. */
void			 mirroring_copy_body(struct mirroring *, struct flow *);

struct mirroring_facts {
	struct ip	 client;
	bool		 is_head, idempotent;
	uint64_t	 body_bytes;	/* without framing */
};
/* Sends them; those whose bodies are too large are dropped. The flow has
 * been given another tap, or none. */
void			 mirroring_send(struct mirroring **, const struct mirroring_facts *);
void			 mirroring_drop(struct mirroring **);	/* which may be NULL */
void			 mirroring_end(struct proxy *);		/* of all that are under way */

#endif
