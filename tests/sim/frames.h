/* frames: what nghttp2 has to send, to an end that takes a part of it at a time. */
#ifndef SIM_FRAMES_H
#define SIM_FRAMES_H

#include <nghttp2/nghttp2.h>

#include "plan.h"

struct frames {				/* begins zeroed, but for `how`; frames_again: for another session */
	const struct plan_parts *how;	/* NULL: heads are whole */
	const uint8_t	*left;		/* in the session's memory, or in `bytes` */
	size_t		 len;
	size_t		 first;		/* of `len`: what goes before the pause */
	unsigned	 heads;		/* that there were */
	int64_t		 began_usec;	/* the one in parts that is under way, or was last; 0: none */
	int64_t		 until_usec;	/* nothing goes before */
	uint8_t		 bytes[20000];
};

/* As much as the end takes now. */
void	frames_send(struct frames *, nghttp2_session *, struct end *);
/* When that is to be called again because of what was kept back; 0: nothing was. */
int64_t	frames_due(const struct frames *);
void	frames_again(struct frames *);

#endif
