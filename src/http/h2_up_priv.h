/*
 * h2_up_priv: what the files of HTTP/2 to tasks share. h2_up.c moves bytes between the socket and
 * nghttp2, and ends connections; h2_up_frames.c is what nghttp2 calls; h2_up_stream.c is a stream
 * as its owner sees it, h2_up_out.c its request.
 */
#ifndef HTTP_H2_UP_PRIV_H
#define HTTP_H2_UP_PRIV_H

#include <sys/queue.h>

#include "http/h2_priv.h"
#include "http/h2_response.h"
#include "http/h2_up.h"

TAILQ_HEAD(up_ready_list, up_stream);
LIST_HEAD(up_stream_list, up_stream);

struct h2_up {
	struct loop	*loop;
	struct slab	*streams;
	const struct h2_up_ops *ops;
	struct head_limits request, response;
	nghttp2_session_callbacks *callbacks;
	nghttp2_option	*option;
	nghttp2_mem	 mem;
	struct message	 head;		/* of whatever request is being parsed: used within one step */
	struct h2_fields fields;	/* the same */
	unsigned	 nconns;
};

/* What an owner writes is parsed as the request that it is. */
enum up_out {
	UP_HEAD,		/* the head is to come */
	UP_BODY,
	UP_TUNNEL,		/* bytes as they are */
	UP_SENT			/* all that belongs to the request was written */
};

struct up_stream {
	struct inner	 inner;		/* first */
	struct h2_up_conn *conn;	/* NULL: it is gone */
	struct slab	*slab;		/* that it came from */
	LIST_ENTRY(up_stream) link;
	TAILQ_ENTRY(up_stream) ready;
	int32_t		 id;		/* 0: nothing was sent yet */
	bool		 is_ready;	/* in the connection's list */
	bool		 closed;	/* for nghttp2 */
	bool		 unprocessed;	/* as the task says */
	const struct why *why;		/* it is broken */
	bool		 reset;		/* by the task, with `code` */
	uint32_t	 code;
	bool		 left;		/* its owner has: the rest is passed over */
	bool		 asks;		/* its request depends on the task's first SETTINGS */
	bool		 waits;		/* a write of its owner's waits for room */
	bool		 deferred;	/* nghttp2 waits for more of the body */
	bool		 rests;		/* until others have had their turn */
	size_t		 turn_bytes;	/* of the body that went in this turn */
	bool		 is_head;	/* of the request: no body follows the response */
	bool		 in_ended;	/* no more of the response comes */
	bool		 in_trailers;	/* its trailers have begun */
	bool		 has_head;	/* the final one has come */
	enum up_out	 out_state;
	struct h2_body	 out;		/* the request */
	size_t		 scanned;
	struct h2_response response;
	struct queue	 in;		/* to be read */
	size_t		 chunk;		/* h2_chunk_add's */
	size_t		 owed;		/* bytes of DATA in it: the task's window has not got them back */
	struct queue	 in_trailer;	/* lines of the trailers */
	int64_t		 left_usec;
};

struct h2_up_conn {
	struct h2_up	*up;
	void		*owner;
	struct stream	*stream;	/* what it lies on */
	nghttp2_session	*session;
	struct timer	 flush, deadline;
	struct queue	 out;		/* frames for the socket */
	struct up_stream_list streams;
	struct up_ready_list ready;	/* whose owners have something to learn */
	unsigned	 nstreams;
	struct h2_guard	 guard;
	unsigned	 pieces;	/* CONTINUATIONs of a head */
	int64_t		 heard_usec, pinged_usec;	/* pinged: 0, no ping is under way */
	bool		 secure;
	bool		 settled;	/* the task's first SETTINGS are here */
	bool		 leaving;	/* the task has sent a GOAWAY */
	bool		 retired;	/* no more streams are to be opened */
	bool		 rest;		/* some streams do */
	bool		 changed;	/* the owner is to be told */
	bool		 ended;		/* the task has ended, or the socket broke */
	bool		 running;	/* in one of our calls: what happens meanwhile is looked at behind it */
	const struct why *why;		/* it must end for this, */
	uint32_t	 code;		/* and says so */
};

/* h2_up.c */
void	h2_up_soon(struct h2_up_conn *);		/* something is to be sent, or looked at */
/* It ends for this reason, the first that is given, with this code of GOAWAY. */
void	h2_up_fail(struct h2_up_conn *, const struct why *, uint32_t code);

/* h2_up_frames.c */
void	h2_up_frames_init(nghttp2_session_callbacks *);

/* h2_up_stream.c */
/* nghttp2 has closed it, or the connection is over: `whole` when nothing is missing. */
void	up_stream_closed(struct up_stream *, bool whole);
/* The connection is going. */
void	up_stream_detach(struct up_stream *);
void	up_stream_wake(struct up_stream *);		/* its owner is to be called */
/* Ends it: the task is told, and its owner finds it broken. */
void	up_stream_fail(struct up_stream *, const struct why *, uint32_t code);
/* Of the response. Not NULL: no memory, or what is wrong with it. */
const struct why *up_stream_head(struct up_stream *, bool ended);
const struct why *up_stream_data(struct up_stream *, const uint8_t *, size_t);
const struct why *up_stream_end(struct up_stream *);

/* h2_up_out.c */
enum io_result up_out_writev(struct inner *, const struct iovec *, int n, size_t *put);
void	up_out_end(struct up_stream *);			/* its owner has ended its direction */
void	up_out_settled(struct up_stream *);		/* the task's first SETTINGS are here */
void	up_out_refused(struct up_stream *);		/* it is no tunnel after all */
/* For nghttp2: body bytes that may be sent; when some have gone, up_stream_taken is next. */
ssize_t	up_stream_source(nghttp2_session *, int32_t id, uint8_t *, size_t cap, uint32_t *flags,
	    nghttp2_data_source *, void *conn);
void	up_stream_rested(struct up_stream *);		/* others have had their turn */
void	up_stream_taken(struct up_stream *, size_t n);

#endif
