/*
 * span: how an exchange looks to those who read traces: what Mola did as a server, and what as a
 * client of the task, each as one line of JSON in OTLP's words (trace/v1/trace.proto), with
 * attributes by OpenTelemetry's conventions for HTTP. Pure.
 */
#ifndef PROXY_SPAN_H
#define PROXY_SPAN_H

#include "base/addr.h"
#include "base/buf.h"
#include "base/why.h"
#include "http/trace_context.h"

#define SPAN_LINE_MAX	4096		/* of one span, with its end */

/* What is kept of a request from its head on. Empty: there is none. Queries are not: they may hold
 * secrets. */
struct span_request {
	char		 method[24], host[256], path[512], agent[200];
	char		 router[128], route[128];	/* that it has: name, and path */
	unsigned	 port;			/* that the client named; 0: none */
};

struct span_exchange {
	/* which trace; the span of this is the one with the task */
	struct trace_context context;
	uint8_t		 own[TRACE_SPAN_BYTES];	/* the span with the client */
	uint8_t		 parent[TRACE_SPAN_BYTES];	/* of that; all zeros: it has none */
	const struct span_request *request;
	const char	*target;		/* what the task was sent, without its query */
	int64_t		 began_usec, tried_usec, ended_usec;	/* wall clock */
	const char	*version;		/* of HTTP: "1.1"; NULL: there was no whole head */
	bool		 tls;
	struct str	 client, peer;		/* addresses: the client, the other end of the connection */
	int		 status, task_status;	/* 0: none was sent */
	struct str	 listener, service, task, node, middleware;	/* empty: none */
	const struct addr *address;		/* of the task that was tried last; NULL: none was */
	const char	*task_scheme;
	unsigned	 tried;			/* tasks that had failed before */
	const struct why *why;
};

void	span_server_write(struct buf *, const struct span_exchange *);
void	span_client_write(struct buf *, const struct span_exchange *);	/* `address` is there */

#endif
