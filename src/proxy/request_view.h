/*
 * request_view: a request as the routing table may look at it (world/condition.h): with the fields
 * about the client that a task would get, which are not those that a client made up.
 */
#ifndef PROXY_REQUEST_VIEW_H
#define PROXY_REQUEST_VIEW_H

#include "http/message.h"
#include "net/ip.h"
#include "world/condition.h"

struct request_fields {
	const struct message *message;
	const struct edits *edits;
};

/* All that it is made of must live as long as it does. */
struct request_view	request_view(const struct request_fields *, const struct ip *client);

#endif
