/*
 * session: one client's connection to a server of ours (the proxy, the admin API, an agent), from
 * accept to close. It does what does not depend on what is served: which connections there are
 * and how many, how long one may be idle, which of them makes room for a new one, and an end by
 * which the client still gets all that was written.
 *
 * What is served is the owner's. The stream and the timer belong to its exchange (a request and
 * its response) from session_busy() to session_idle(), session_linger(), session_close() or
 * session_reset(). Between exchanges a session is idle, and holds no buffer.
 */
#ifndef HTTP_SESSION_H
#define HTTP_SESSION_H

#include <sys/queue.h>

#include "base/why.h"
#include "net/stream.h"

/* Each is a list, in the order of arrival, but for NEW and CLOSED. */
enum session_place {
	SESSION_NEW,
	SESSION_FRESH,		/* not a byte has come since it was accepted */
	SESSION_IDLE,		/* between exchanges */
	SESSION_READING,	/* a part of a request has come */
	SESSION_BUSY,
	SESSION_LINGERING,	/* our direction has ended; what the client still sends is thrown away */
	SESSION_CLOSED
};

TAILQ_HEAD(session_list, session);

/* Lives at the beginning of its owner's struct, zeroed before it is opened. */
struct session {
	TAILQ_ENTRY(session) link;	/* first, as slab.c requires */
	struct sessions	*home;
	enum session_place place;
	unsigned	 served;	/* exchanges that are over */
	void		*exchange;	/* the one under way, NULL: none */
	struct stream	 stream;
	struct timer	 timer;		/* the exchange's while there is one */
	int64_t		 since_usec;	/* in its place since, but for BUSY */
	int64_t		 active_usec;	/* lingering: when the client last sent something */
	unsigned	 lingered;	/* bytes thrown away */
};

struct session_limits {
	unsigned	 most;			/* sessions at a time */
	int64_t		 first_usec;		/* in which one has to send its first request, whoever needs its place */
	int64_t		 idle_usec;		/* without a byte of a request */
	int64_t		 linger_usec;		/* for a client that is silent after our end */
	int64_t		 linger_most_usec;	/* and for one that is not */
	unsigned	 linger_bytes;		/* that are thrown away, */
	unsigned	 linger_turn_bytes;	/* and in one turn of the loop */
};

/* What the owner does. None but `leave` may be missing; `end` is the last, and called exactly once
 * for every session. */
struct session_ops {
	/* Bytes came on an idle session, or its end: leads to session_busy, or to one of the ends. */
	void	(*begin)(struct session *);
	/* Another needs its place, or its memory: the exchange, which is still reading, ends at once,
	 * and the session with it. */
	void	(*evict)(struct session *, const struct why *);
	/* All end: so does the exchange, and the session with it. */
	void	(*abort)(struct session *);
	/* One between exchanges is about to end, and the client has not asked for it: last words, as
	 * far as they go without waiting. NULL: there are none. */
	void	(*leave)(struct session *);
	/* It is closed; its memory is looked at until the end of this turn. `why`: what ended it
	 * between exchanges, NULL when its owner did. */
	void	(*end)(struct session *, const struct why *);
};

struct sessions {
	struct loop	*loop;
	const struct session_ops *ops;
	struct session_limits limits;	/* may change at any time */
	void		*owner;
	unsigned	 count, nbusy;		/* of all; of those that are being served */
	bool		 draining;
	/* how long a drain waits for one more request on a kept connection: another process has its
	 * next ones, and a client that sends one as we end cannot know */
	int64_t		 patience_usec;
	struct session_list fresh, idle, reading, busy, lingering;
};

void		sessions_init(struct sessions *, struct loop *, const struct session_ops *, void *owner);
/* Closes all, those with an exchange by way of `abort`. */
void		sessions_end(struct sessions *);
/* There is room for one more, if need be because the one that matters least has made it. */
bool		sessions_have_room(struct sessions *);
/* Ends the one that matters least: one that lingers, else the one that has kept us waiting for a
 * request longest. False: all are busy. */
bool		sessions_evict(struct sessions *);
/* From now on sessions end with their exchange, and those without one end soon. */
void		sessions_drain(struct sessions *);

/* Takes over an accepted connection; there must be room. It is FRESH. */
void		session_open(struct session *, struct sessions *, int fd);
/* The same, when its stream was opened by the caller, with any function. */
void		session_open_stream(struct session *, struct sessions *);
/* An exchange begins, or goes on after session_reading: the stream calls `fn` with it from now
 * on. */
void		session_busy(struct session *, void *exchange, stream_f *fn);
/* A part of the exchange's request is here, and more is waited for: it may have to make room. */
void		session_reading(struct session *);
/* The exchange is over, and the connection is kept. */
void		session_idle(struct session *);
/* The exchange is over, and so is the connection: all that was written arrives before its end. */
void		session_linger(struct session *);
/* The same when the client has ended, too: nothing is waited for but our own end, should that not
 * go at once. */
void		session_finish(struct session *);
/* Between requests, and no byte of one has come, also none of which an event has yet to tell. */
bool		session_is_silent(struct session *);
/* Nothing of a request is here, whether it is between requests or has yet to send its first one and
 * has had the time for that. */
bool		session_keeps_waiting(struct session *);
/* One that is not busy gives way, and here is why. */
void		session_evict(struct session *, const struct why *);
void		session_close(struct session *);
/* Broken off: the client sees that something is missing. */
void		session_reset(struct session *);

/* An exchange is over, whether the session goes on or not. */
static inline void
session_served(struct session *s)
{
	s->served++;
}

/* No exchange follows the one under way. */
static inline bool
session_is_draining(const struct session *s)
{
	return s->home->draining;
}

static inline struct loop *
session_loop(const struct session *s)
{
	return s->home->loop;
}

#endif
