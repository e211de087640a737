/*
 * haproxy_agent: the requests of HAProxy's agent checks (the text of `agent-send`) and the
 * responses: one line each. Pure.
 */
#ifndef DRIVE_HAPROXY_AGENT_H
#define DRIVE_HAPROXY_AGENT_H

#include "drive/plan.h"

#define HAPROXY_AGENT_REQUEST_MAX	256
#define HAPROXY_AGENT_RESPONSE_MAX	64
/* To any request: the weight of HAProxy's own configuration. */
#define HAPROXY_AGENT_NEUTRAL		"up ready 100%\n"

/*
 * The request is SERVICE/NAME, where NAME is a task, a node, or an address with or without a port;
 * or a node alone, for what all services have there. The response, with its newline, is
 * "up ready 73%" (of the weight in HAProxy's configuration), "up drain", "down" with a reason when
 * the service has no such server (any more), or an empty line, which changes nothing: when there
 * is no plan (NULL), when the request is not understood, and when nothing matches a node. When all
 * servers of a service drain, they are up.
 */
void	haproxy_agent_respond(const struct plan *, struct str request,
	    char out[HAPROXY_AGENT_RESPONSE_MAX]);

#endif
