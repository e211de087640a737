/*
 * haproxy_ask: one command for HAProxy's admin socket, and all that it answers until it hangs up. A connection of its
 * own for each: after a reload the socket's path leads to the new process, and an open connection to the old one.
 */
#ifndef TARGETS_HAPROXY_ASK_H
#define TARGETS_HAPROXY_ASK_H

#include "base/buf.h"
#include "net/stream.h"

#define HAPROXY_ANSWER_BYTES	(16u << 20)

/* PROXY_GONE with what went wrong, or NULL with the answer, which lives until the callback returns. */
typedef void	haproxy_answered_f(void *arg, const struct why *, const char *detail, struct str answer);

/* Lives inside its owner; zeroed memory asks nothing. */
struct haproxy_ask {
	struct loop	*loop;
	struct stream	 stream;
	struct timer	 timer;
	struct buf	 line, answer;
	bool		 busy;
	int		 failed;	/* errno of a connection that did not even begin */
	haproxy_answered_f *fn;
	void		*arg;
};

/* `fn` is called once, in a later turn, unless haproxy_ask_stop comes first. It may ask the next. */
void	haproxy_ask(struct haproxy_ask *, struct loop *, const struct addr *, const char *line, int64_t timeout_usec,
	    haproxy_answered_f *, void *arg);
void	haproxy_ask_stop(struct haproxy_ask *);

#endif
