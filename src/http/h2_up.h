/*
 * h2_up: HTTP/2 connections to tasks (RFC 9113), on nghttp2; the mirror of h2.h. Each exchange has
 * a stream of a connection that several share, and sees it as a struct stream: it writes the
 * request to it as HTTP/1.1, and reads the response from it as such.
 *
 * A connection lies on an open stream of its owner's, plain or not, and reads and writes it only in
 * calls of its owner's and on timers of its own. Streams may be opened, read, written and closed at
 * any time; what is written goes out at the beginning of the next turn.
 *
 * Ceilings of memory, per connection: what the task has sent and nobody has read yet is at most
 * H2_UP_WINDOW, of one stream H2_UP_STREAM_WINDOW; what owners have written and the task has not
 * taken is at most H2_UP_HELD of each stream, beside its head; and H2_UP_STREAMS streams.
 */
#ifndef HTTP_H2_UP_H
#define HTTP_H2_UP_H

#include "base/why.h"
#include "http/message.h"
#include "net/inner.h"

#define H2_UP_STREAMS		256
#define H2_UP_STREAM_WINDOW	(64 * 1024)
#define H2_UP_WINDOW		(2 * 1024 * 1024)
#define H2_UP_HELD		(32 * 1024)

struct h2_up;
struct h2_up_conn;

struct h2_up_ops {
	/*
	 * A stream has ended, or the task allows more, or no more, of them: see h2_up_room() and
	 * h2_up_streams().
	 */
	void	(*changed)(void *owner);
	/*
	 * The connection is over, and the streams that were open are broken; owners of those are
	 * called before. Nothing of it is called after this: h2_up_conn_free() and an end for what
	 * it lay on are the owner's. NULL: the task ended it.
	 */
	void	(*over)(void *owner, const struct why *);
};

/* What the connections of a loop have in common. `response`: limits of a response's head. */
struct h2_up	*h2_up_new(struct loop *, const struct h2_up_ops *);
void		 h2_up_free(struct h2_up **);		/* all connections have gone */
size_t		 h2_up_tidy(struct h2_up *);		/* as slab_tidy() */
void		 h2_up_set_limits(struct h2_up *, struct head_limits request,
		    struct head_limits response);

/* `secure`: it lies on TLS; requests say so in :scheme. NULL: there is no memory. */
struct h2_up_conn *h2_up_conn_new(struct h2_up *, struct stream *, bool secure, void *owner);
void		 h2_up_conn_free(struct h2_up_conn **);	/* with the last words, as far as they go */
/* Its stream has an event, or had one before it was looked at. */
stream_f	 h2_up_conn_run;			/* with the h2_up_conn */
/* Another stream may be opened. */
bool		 h2_up_room(const struct h2_up_conn *);
/* How many there are, those included whose owner has left and whose end is under way. */
unsigned	 h2_up_streams(const struct h2_up_conn *);
/* No more streams; it is over when the last one has ended. */
void		 h2_up_retire(struct h2_up_conn *);
/* When the task last sent anything. */
int64_t		 h2_up_heard_usec(const struct h2_up_conn *);

/* There must be room. False: there is no memory. */
bool		 h2_up_open(struct h2_up_conn *, struct stream *, stream_f *, void *arg);
bool		 h2_up_has_head(const struct stream *);	/* of its response, interim ones aside */
bool		 h2_up_is_stream(const struct stream *);
/* The stream broke: why, unless the task has merely ended it; NULL also for other streams. */
const struct why *h2_up_why(const struct stream *);
/* The task has reset the stream: with this code of RST_STREAM. */
bool		 h2_up_is_reset(const struct stream *, uint32_t *code);
/* The stream broke, and the task says, or it is plain, that it has not processed the request. */
bool		 h2_up_is_unprocessed(const struct stream *);

#endif
