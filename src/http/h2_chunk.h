/*
 * h2_chunk: the data of an HTTP/2 body, added to a queue as chunks of HTTP/1.1. What comes while
 * the last chunk still lies there makes that longer: framing stays small, however small the frames
 * are that the data came in, and so the window bounds what a queue holds.
 */
#ifndef HTTP_H2_CHUNK_H
#define HTTP_H2_CHUNK_H

#include "http/queue.h"

/* `last`: for the caller to keep, 0 at first. False: there is no memory, and nothing was added. */
bool	h2_chunk_add(struct queue *, size_t *last, const void *, size_t len);
/* The last chunk, and trailers: lines that end in CRLF. */
bool	h2_chunk_end(struct queue *, struct str trailers);

#endif
