/*
 * haproxy_agent: what HAProxy's agent checks ask (the words of `agent-send`) and what they are told: one line. Pure.
 */
#ifndef DRIVE_HAPROXY_AGENT_H
#define DRIVE_HAPROXY_AGENT_H

#include "drive/plan.h"

#define HAPROXY_AGENT_REQUEST_MAX	256
#define HAPROXY_AGENT_RESPONSE_MAX	64

/*
 * The question is SERVICE/NAME, where NAME is a task, a node, an address with or without a port; or a node alone, for
 * what all services have there. The answer, with its end, is "up ready 73%" (of the weight in HAProxy's configuration),
 * "up drain", "down" with a reason for what a service does not have (any more), or an empty line, which changes nothing:
 * without a plan, when the question is not understood, and when nobody is there. When all drain, they are up.
 */
#define HAPROXY_AGENT_NEUTRAL	"up ready 100%\n"	/* to anybody: as its configuration has it */
void	haproxy_agent_respond(const struct plan *, struct str question, char out[HAPROXY_AGENT_RESPONSE_MAX]);

#endif
