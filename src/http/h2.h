/*
 * h2: HTTP/2 connections of clients (RFC 9113), on nghttp2. Each of a connection's streams is
 * offered to its owner as a struct stream whose bytes are the HTTP/1.1 message that it means:
 * the request can be read from it, the response is written to it. So whatever serves HTTP/1.1
 * serves HTTP/2. What goes wrong on a stream's other side ends that stream alone.
 *
 * A connection lies on a stream of its owner's, which may be plain or not, and reads and writes
 * it only in calls of its owner's and on timers of its own. What is written during a turn of the
 * loop goes out together at the beginning of the next.
 *
 * Ceilings of memory, per connection: what clients have sent and nobody has read yet is at most
 * H2_WINDOW, of one stream H2_STREAM_WINDOW, and a few bytes of framing; what owners have written
 * and the client has not taken H2_HELD_MOST and one write more, of one stream H2_STREAM_HELD; and
 * H2_STREAMS_MOST streams, with one head each.
 */
#ifndef HTTP_H2_H
#define HTTP_H2_H

#include "base/why.h"
#include "http/message.h"
#include "net/inner.h"

#define H2_STREAMS_MOST		100
#define H2_STREAM_WINDOW	(128 * 1024)
#define H2_WINDOW		(512 * 1024)
#define H2_STREAM_HELD		(64 * 1024)
#define H2_HELD_MOST		(1024 * 1024)

/* What a connection begins with, when that was not agreed upon before (RFC 9113, 3.4). */
#define H2_PREFACE	"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
#define H2_PREFACE_LEN	24

struct h2;
struct h2_conn;
struct h2_stream;

struct h2_conf {
	int64_t		 head_usec;	/* for a request head, once it has begun */
	int64_t		 write_usec;	/* for a client that takes nothing of what waits for it */
	struct head_limits request, response;
};

struct h2_ops {
	/*
	 * A request's head is here. h2_stream_open() and true; or false: there is no place for
	 * it, and the client may send it again elsewhere.
	 */
	bool	(*begin)(void *owner, struct h2_stream *);
	/*
	 * A stream ended, or one never began, for a reason that no owner of a stream has seen.
	 * `status` is what the client got, 0: no response.
	 */
	void	(*ended)(void *owner, const struct why *, int status);
	/* No stream is open, and nothing waits to be sent: it may lie until the stream has bytes. */
	void	(*idle)(void *owner);
	/*
	 * The connection is over, no stream is open any more, and nothing of it will be called
	 * after this: h2_conn_free() and an end for what it lay on are the owner's. NULL: the
	 * client ended it.
	 */
	void	(*over)(void *owner, const struct why *);
};

/* What the connections of a loop have in common. */
struct h2	*h2_new(struct loop *, const struct h2_ops *);
void		 h2_free(struct h2 **);		/* all connections have gone */
size_t		 h2_tidy(struct h2 *);		/* as slab_tidy() */
void		 h2_set_conf(struct h2 *, const struct h2_conf *);

/* On an open stream whose first bytes are the preface. NULL: there is no memory. */
struct h2_conn	*h2_conn_new(struct h2 *, struct stream *, void *owner);
/* Frees it, in none of its calls but `over` and `idle`; streams that are open are broken first. */
void		 h2_conn_free(struct h2_conn **);
/* Its stream has an event, or had one before it was looked at. */
stream_f	 h2_conn_run;		/* with the h2_conn */
/*
 * From now on it is over when its last stream has ended, with a GOAWAY; clients that go on opening
 * streams are asked not to after some time.
 */
void		 h2_conn_drain(struct h2_conn *);
/* The last words before the owner closes what it lies on: as far as that goes without waiting. */
void		 h2_conn_goaway(struct h2_conn *);
/* It has been idle for some time: gives back memory that the next bytes will need again. */
void		 h2_conn_rest(struct h2_conn *);

/* The stream's owner has it from here on. */
void		 h2_stream_open(struct h2_stream *, struct stream *, stream_f *, void *arg);
/*
 * If it is broken off, then because the task has reset its own stream with this code: the client
 * gets a code that means the same to it. Nothing for streams of other kinds.
 */
void		 h2_stream_set_reset(struct stream *, uint32_t code);
/* What an owner wants to know beyond the bytes. */
bool		 h2_stream_is_grpc(const struct h2_stream *);
bool		 h2_stream_is_tunnel(const struct h2_stream *);

#endif
