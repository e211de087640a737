/*
 * haproxy_request: one command for HAProxy's admin socket, or several, and everything that it
 * sends until it closes the connection. Each request has a connection of its own: after a reload
 * the socket's path leads to the new process, and an open connection to the old one.
 */
#ifndef TARGETS_HAPROXY_REQUEST_H
#define TARGETS_HAPROXY_REQUEST_H

#include "base/buf.h"
#include "net/stream.h"

#define HAPROXY_RESPONSE_BYTES_MAX	(16u << 20)

/* PROXY_GONE with what went wrong, or NULL with the response, which is not empty and lives until
 * the callback returns. */
typedef void	haproxy_response_f(void *arg, const struct why *, const char *detail,
    struct str response);

/* Lives inside its owner; zeroed memory is idle. */
struct haproxy_request {
	struct loop	*loop;
	struct stream	 stream;
	struct timer	 timer;
	struct buf	 command, response;
	bool		 busy, batch;
	int		 connect_errno;	/* of a connection that could not even start; 0: none */
	haproxy_response_f *on_response;
	void		*arg;
};

/* Calls on_response once, in a later turn, unless it is cancelled first. The callback may start
 * the next request. `command` has no newline. */
void	haproxy_request_start(struct haproxy_request *, struct loop *, const struct addr *to,
	    const char *command, int64_t timeout_usec, haproxy_response_f *, void *arg);
/* The same with several commands on one connection, which are carried out in their order. The
 * response is for haproxy_batch_next. */
void	haproxy_request_start_batch(struct haproxy_request *, struct loop *, const struct addr *to,
    const char *const *command, unsigned n, int64_t timeout_usec, haproxy_response_f *, void *arg);
/* The response to the next command of a batch. False: there is no whole one any more. */
bool	haproxy_batch_next(struct str *rest, struct str *one);
/* Does nothing when none is in progress. */
void	haproxy_request_cancel(struct haproxy_request *);

#endif
