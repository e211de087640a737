/*
 * h2_body: the body of a message that an owner writes as HTTP/1.1, on its way to nghttp2. In front
 * of the queue are bytes that may go as DATA, behind them what is not parsed yet: the head, at
 * first, which is the caller's to take out.
 */
#ifndef HTTP_H2_BODY_H
#define HTTP_H2_BODY_H

#include "http/h1_body.h"
#include "http/h2_fields.h"
#include "http/queue.h"

/* Zeroed memory is empty. */
struct h2_body {
	struct queue	 q;
	size_t		 good;		/* bytes in front that may go */
	struct h1_body	 framing;	/* of the rest: the caller's to begin */
	struct queue	 trailer;	/* lines of the trailers */
	bool		 ended;		/* nothing follows what is in the queue */
	bool		 starved;	/* there was no memory for a trailer */
};

void	h2_body_fini(struct h2_body *);
/* Of what was added. PARSE_DONE: that was all of it. */
enum parse h2_body_parse(struct h2_body *);
void	h2_body_all_good(struct h2_body *);	/* a tunnel's: bytes as they are */
/* What comes behind the bytes that may go is no part of it. */
void	h2_body_finish(struct h2_body *);

/* For nghttp2's callback that reads data: `n` bytes are there to go, or it has ended. */
ssize_t	h2_body_offer(struct h2_body *, nghttp2_session *, int32_t id, size_t n, uint32_t *flags,
	    struct h2_fields *);
/* For the one that sends it: moves a frame of `len` bytes behind its head to `out`. */
int	h2_body_send(struct h2_body *, struct queue *out, size_t out_most, const uint8_t head[9],
	    size_t len);

#endif
