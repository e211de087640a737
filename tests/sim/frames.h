/* frames: what nghttp2 has to send, to an end that takes a part of it at a time. */
#ifndef SIM_FRAMES_H
#define SIM_FRAMES_H

#include <nghttp2/nghttp2.h>

#include "plan.h"

struct frames_part {
	int64_t		 began_usec;	/* 0: there is none */
	int64_t		 until_usec;	/* its rest does not go before */
};

struct frames {				/* begins zeroed, but for `how`; frames_again: for another session */
	const struct plan_parts *how;	/* NULL: heads are whole */
	const uint8_t	*left;		/* in the session's memory, or in `bytes` */
	size_t		 len;
	size_t		 first;		/* of `len`: what goes before the pause */
	unsigned	 heads;		/* that there were */
	struct frames_part last, before; /* of those in parts: the one that is under way, or was last, and the one before */
	uint8_t		 bytes[20000];
};

/* As much as the end takes now. */
void	frames_send(struct frames *, nghttp2_session *, struct end *);
/* When that is to be called again because of what was kept back; 0: nothing was. */
int64_t	frames_due(const struct frames *);
void	frames_again(struct frames *);
/* Although it was in time, a worker may have found a head late, as it hung when the rest came; after `way_usec`, at most. */
bool	frames_seem_late(const struct frames *, int64_t way_usec);

/* What comes, for who has no session: byte by byte, as far as it matters. */
struct frames_in {			/* begins zeroed */
	uint8_t		 head[9 + 8];	/* of the frame that comes, with the first bytes of its payload */
	size_t		 len, rest;	/* so much of it; so much of its payload is to come */
};
bool	 frames_in_take(struct frames_in *, uint8_t byte);	/* true: a frame is whole */
uint32_t frames_in_code(const struct frames_in *);		/* of GOAWAY */

#endif
