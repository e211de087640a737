/*
 * h2_guard: how much the other side of an HTTP/2 connection, a client or a task, may do that costs
 * us work and brings neither a message nor data: two allowances per connection, which fill up again
 * with time and, for frames, with what the connection is used for. Pure: time is passed in.
 */
#ifndef HTTP_H2_GUARD_H
#define HTTP_H2_GUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Requests that are cancelled while they are being served: each may have cost a task its work,
 * and us a connection to it. A client whose calls have deadlines cancels a whole round of them
 * at once, so the burst is ten times as many as may be open.
 */
#define H2_RESETS_BURST		1000
#define H2_RESETS_PER_SEC	100

/*
 * All frames but HEADERS and DATA, and DATA that carries nothing. A head pays for
 * H2_FRAMES_PER_HEAD of them, H2_BYTES_PER_FRAME of data either way for one: so windows may be
 * opened as often as one likes while something goes through them. Each DATA frame with data pays
 * for some, too: gRPC sends WINDOW_UPDATE and PING with each message that has come, however small,
 * to measure what the connection can carry.
 */
#define H2_FRAMES_BURST		4000
#define H2_FRAMES_PER_SEC	200
#define H2_FRAMES_PER_HEAD	8
#define H2_FRAMES_PER_DATA	4
#define H2_BYTES_PER_FRAME	256

struct h2_guard {
	int64_t		 since_usec;
	int64_t		 resets, frames;	/* left, in millionths: what a microsecond adds is whole */
	size_t		 bytes;			/* that have not paid for a frame yet */
};

void	h2_guard_init(struct h2_guard *, int64_t now_usec);
/* False: that was one too many. */
bool	h2_guard_reset(struct h2_guard *, int64_t now_usec);
bool	h2_guard_frame(struct h2_guard *, int64_t now_usec);
/* Something useful: a head came, a DATA frame came or went. */
void	h2_guard_head(struct h2_guard *);
void	h2_guard_data(struct h2_guard *, size_t bytes);

#endif
