/*
 * haproxy_request: one command for HAProxy's admin socket, and all that it answers until it hangs up. A connection of its
 * own for each: after a reload the socket's path leads to the new process, and an open connection to the old one.
 */
#ifndef TARGETS_HAPROXY_REQUEST_H
#define TARGETS_HAPROXY_REQUEST_H

#include "base/buf.h"
#include "net/stream.h"

#define HAPROXY_RESPONSE_BYTES_MAX	(16u << 20)

/* PROXY_GONE with what went wrong, or NULL with the answer, which lives until the callback returns. */
typedef void	haproxy_response_f(void *arg, const struct why *, const char *detail, struct str answer);

/* Lives inside its owner; zeroed memory asks nothing. */
struct haproxy_request {
	struct loop	*loop;
	struct stream	 stream;
	struct timer	 timer;
	struct buf	 line, answer;
	bool		 busy;
	int		 failed;	/* errno of a connection that did not even begin */
	haproxy_response_f *fn;
	void		*arg;
};

/* `fn` is called once, in a later turn, unless haproxy_request_cancel comes first. It may ask the next. */
void	haproxy_request_start(struct haproxy_request *, struct loop *, const struct addr *, const char *line, int64_t timeout_usec,
	    haproxy_response_f *, void *arg);
void	haproxy_request_cancel(struct haproxy_request *);

#endif
