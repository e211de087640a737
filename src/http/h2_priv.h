/*
 * h2_priv: what the files of HTTP/2 share. h2.c is what all connections have in common; h2_conn.c
 * moves bytes between the socket and nghttp2, and ends connections; h2_frames.c is what nghttp2
 * calls when frames come; h2_stream.c is a stream as its owner sees it, h2_in.c its request,
 * h2_out.c its response. With HTTP/2 to tasks (h2_up_priv.h) they share h2_body.c and h2_chunk.c:
 * bodies that go and that come.
 */
#ifndef HTTP_H2_PRIV_H
#define HTTP_H2_PRIV_H

#include <sys/queue.h>

#include "http/h2.h"
#include "http/h2_body.h"
#include "http/h2_chunk.h"
#include "http/h2_fields.h"
#include "http/h2_guard.h"
#include "http/h2_memory.h"
#include "http/h2_request.h"
#include "http/slab.h"

TAILQ_HEAD(h2_ready_list, h2_stream);
LIST_HEAD(h2_stream_list, h2_stream);

struct h2 {
	struct loop	*loop;
	struct slab	*streams;
	const struct h2_ops *ops;
	struct h2_conf	 conf;
	nghttp2_session_callbacks *callbacks;
	nghttp2_option	*option;
	struct message	 head;		/* of whatever response is being parsed: used within one step */
	struct h2_fields fields;	/* the same */
	unsigned	 nconns;
};

/* What an owner writes is parsed as the response that it is. */
enum h2_out {
	H2_HEAD,		/* a head is to come, interim ones included */
	H2_BODY,
	H2_TUNNEL,		/* after 101: bytes as they are */
	H2_SENT			/* all that belongs to the response was written */
};

struct h2_stream {
	struct inner	 inner;		/* first */
	struct h2_conn	*conn;		/* NULL: it is gone */
	struct slab	*slab;		/* that it came from */
	LIST_ENTRY(h2_stream) link;
	TAILQ_ENTRY(h2_stream) ready;
	int32_t		 id;
	bool		 is_ready;	/* in the connection's list */
	bool		 offered;	/* its owner was asked to take it */
	bool		 closed;	/* for nghttp2 */
	bool		 in_ended;	/* no more of the request comes */
	bool		 in_trailers;	/* its trailers have begun */
	bool		 waits;		/* a write of its owner's waits for room */
	bool		 deferred;	/* nghttp2 waits for more of the body */
	bool		 shut;		/* its owner has ended its direction */
	enum h2_out	 out_state;
	struct h2_request request;	/* its `head` holds all that is to be read of the request */
	size_t		 chunk;		/* h2_chunk_add's */
	size_t		 owed;		/* bytes of DATA in it: the client's window has not got them back */
	struct h2_body	 out;		/* the response */
	size_t		 scanned;
	struct queue	 in_trailer;	/* lines of the trailers */
	size_t		 counted;	/* bytes of `out` in the connection's `held` */
	uint32_t	 code;		/* of RST_STREAM, should its owner break it off */
	int64_t		 moved_usec;	/* when the client last took something */
	int64_t		 left_usec;	/* when its owner left, 0: it has not */
};

struct h2_conn {
	struct h2	*h2;
	void		*owner;
	struct stream	*stream;	/* what it lies on */
	nghttp2_session	*session;
	void		*frames;	/* the session's buffer for frames, on pages of its own */
	bool		 rests;		/* which were given back */
	struct h2_guard	 guard;
	struct timer	 flush, deadline;
	struct queue	 out;		/* frames for the socket */
	size_t		 held;		/* bytes in `out` of its streams */
	struct h2_stream_list streams;
	struct h2_ready_list ready;	/* whose owners have something to learn */
	unsigned	 nstreams;
	int32_t		 last_id;	/* the highest that has come, */
	uint64_t	 known, done;	/* it and the 63 before: which have come, and which the client has ended */
	int32_t		 head_id;	/* the stream whose head is incomplete, 0: none */
	unsigned	 pieces;	/* CONTINUATIONs of it */
	int64_t		 head_usec;	/* since when */
	int64_t		 moved_usec;	/* when the socket last took something, or `out` began to wait */
	int64_t		 drain_usec;	/* since when, 0: it does not drain */
	bool		 left;		/* the client has sent a GOAWAY */
	bool		 starved;	/* streams wait for `held` to go down */
	bool		 asked;		/* the client was asked to open no more streams */
	bool		 ended;		/* the client has ended, or the socket broke */
	bool		 running;	/* in one of our calls: what happens meanwhile is looked at behind it */
	const struct why *why;		/* it must end for this, */
	uint32_t	 code;		/* and says so */
};

/* h2.c */
#define H2_FRAMES_BYTES	16384
nghttp2_mem	h2_memory_of(struct h2_conn *);

/* h2_conn.c */
void	h2_conn_soon(struct h2_conn *);		/* something is to be sent, or looked at */
/* It ends for this reason, the first that is given, with this code of GOAWAY. */
void	h2_conn_fail(struct h2_conn *, const struct why *, uint32_t code);

/* h2_frames.c */
void	h2_frames_init(nghttp2_session_callbacks *);

/* h2_stream.c */
/* NULL: there is no memory. */
struct h2_stream *h2_stream_new(struct h2_conn *, int32_t id);
/* nghttp2 has closed it, or the connection is over: `whole` when nothing is missing. */
void	h2_stream_closed(struct h2_stream *, bool whole);
/* The connection is going, and its owner has not closed it. */
void	h2_stream_detach(struct h2_stream *);
void	h2_stream_wake(struct h2_stream *);		/* its owner is to be called */
void	h2_stream_call(struct h2_stream *);		/* it is called: the stream may be gone then */
/* Ends a stream, with or without an owner, and counts why. */
void	h2_stream_fail(struct h2_stream *, const struct why *, uint32_t code);
/* Until when the client may take nothing of it; only of one whose owner has left. */
int64_t	h2_stream_until(const struct h2_stream *);

/* h2_in.c */
/* Of the request: a piece of its body, its end, with the trailers that came. False: no memory. */
bool	h2_in_data(struct h2_stream *, const uint8_t *, size_t);
bool	h2_in_end(struct h2_stream *);
/* The head is complete, and the request with it if `ended`. */
void	h2_in_head(struct h2_stream *, bool ended);
/* Its owner will read no more. */
void	h2_in_forget(struct h2_stream *);
enum io_result h2_in_read(struct inner *, void *, size_t cap, size_t *got);
enum io_result h2_in_peek(struct inner *, void *, size_t cap, size_t *got);

/* h2_out.c */
enum io_result h2_out_writev(struct inner *, const struct iovec *, int n, size_t *put);
void	h2_out_end(struct h2_stream *);		/* its owner has ended its direction */
/* For nghttp2: body bytes that may be sent; when some of them have gone, h2_out_taken is next. */
ssize_t	h2_out_source(nghttp2_session *, int32_t id, uint8_t *, size_t cap, uint32_t *flags,
	    nghttp2_data_source *, void *conn);
void	h2_out_taken(struct h2_stream *);

#endif
