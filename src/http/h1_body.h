/*
 * h1_body: how many of the bytes that arrive belong to this message. Looks at framing, keeps no bytes;
 * chunked framing is checked strictly and passed on as it came.
 */
#ifndef HTTP_H1_BODY_H
#define HTTP_H1_BODY_H

#include "base/why.h"
#include "http/h1_parse.h"

struct h1_body {
	enum body_kind	kind;
	uint64_t	left;		/* bytes left of the length, or of this chunk's data */
	uint8_t		state;		/* place within chunked framing: private to h1_body.c */
	uint16_t	line;		/* bytes of the present size, extension or trailer line */
	uint32_t	trailer;	/* bytes of all trailer lines */
	bool		done;
};

void		h1_body_init(struct h1_body *, enum body_kind, uint64_t length);
/*
 * DONE: the body ends after *used bytes (0 <= *used <= len). MORE: all bytes belong to it, *used == len, more
 * follow. BAD: the framing is broken at or before *used... nothing of this piece may be passed on.
 * BODY_UNTIL_CLOSE never ends here: the connection's end is the body's.
 */
enum parse	h1_body_eat(struct h1_body *, const char *p, size_t len, size_t *used);

#endif
