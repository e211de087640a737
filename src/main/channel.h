/*
 * channel: short messages between the parent and one child, each with at most one descriptor,
 * over a SOCK_SEQPACKET pair. The end of a channel is the death of the other side.
 */
#ifndef MAIN_CHANNEL_H
#define MAIN_CHANNEL_H

#include "net/loop.h"
#include "net/sock.h"
#include "proxy/proxy.h"

enum channel_kind {
	CHANNEL_TABLE,		/* fd: a sealed table; brain to parent, parent to workers */
	CHANNEL_SECRETS,	/* fd: a sealed set of secrets; brain to parent, parent to workers */
	CHANNEL_CONF,		/* fd: a sealed configuration text; parent to brain */
	/* the brain has sent what workers need for a configuration: the one that it began with, or that
	 * of a CHANNEL_CONF; brain to parent */
	CHANNEL_READY,
	CHANNEL_KEEP,		/* the table that was handed over is in force; brain to parent */
	CHANNEL_COUNTS,		/* fd: text of the Mola before this one, at its end; parent to brain */
	CHANNEL_ACCESS,		/* fd: where the access log goes from now on; parent to workers */
	CHANNEL_LIMITS,		/* limits; parent to workers */
	CHANNEL_LIMITS_SECRETS,	/* both, fd as above, to take effect at once; parent to workers */
	CHANNEL_LISTEN,		/* fd, addr: one more listener; parent to workers */
	CHANNEL_UNLISTEN,	/* addr; parent to workers */
	/* fd, addr: a listener of another worker's, to accept from as well; parent to workers */
	CHANNEL_LEND,
	CHANNEL_TAKE_BACK,	/* worker: all that it has lent; parent to workers */
	CHANNEL_DRAIN,		/* patience_usec (proxy_set_patience): stop gracefully; parent to workers */
	CHANNEL_SPANS		/* spans; worker to parent, parent to brain; may be lost */
};

#define CHANNEL_SPANS_BYTES 7600

struct channel_spans {			/* lines of proxy/span.h */
	size_t		 bytes;
	unsigned	 count;
	char		 text[CHANNEL_SPANS_BYTES];
};

struct channel_msg {
	enum channel_kind	kind;
	struct addr		addr;
	unsigned		worker;		/* whose listener is lent */
	union {
		struct proxy_conf limits;	/* its pointers mean nothing on the other side */
		struct channel_spans spans;
		int64_t	 patience_usec;
	};
};

struct channel;
/*
 * `fd` belongs to the callee; -1: the kind has none, or a LEND lost it, as no descriptor was free.
 * A NULL message says that the other side is gone, does not speak as it should, or that a message
 * lost its descriptor. The channel is closed then, so that the child ends and is replaced by one
 * that has everything.
 */
typedef void	channel_f(void *arg, const struct channel_msg *, int fd);

/* Lives inside its owner. */
struct channel {
	struct loop	*loop;
	struct io	 io;		/* not watched while a message waits for a free descriptor */
	int		 fd;		/* -1: closed */
	int		 reserve;	/* makes room for the next message's descriptor; -1: none is free */
	bool		 waits;		/* and that is logged */
	struct timer	 retry;
	channel_f	*fn;
	void		*arg;
};

bool	channel_pair(int fd[2]);
void	channel_open(struct channel *, struct loop *, int fd, channel_f *, void *arg);
/* False: the other side is dead or has not read for a long time. `fd` stays the caller's. */
bool	channel_send(struct channel *, const struct channel_msg *, int fd);
/* The other side keeps up: what may be lost takes no room that other messages may need. */
bool	channel_has_room(const struct channel *);
void	channel_close(struct channel *);
/* For a child that was forked: closes its copies, and leaves the parent's loop alone. */
void	channel_shed(struct channel *);

#endif
