/* frames: what nghttp2 has to send, to an end that takes a part of it at a time. */
#ifndef SIM_FRAMES_H
#define SIM_FRAMES_H

#include <nghttp2/nghttp2.h>

#include "wire.h"

struct frames {				/* begins zeroed, and again with another session */
	const uint8_t	*left;		/* in the session's memory */
	size_t		 len;
};

/* As much as the end takes now. */
void	frames_send(struct frames *, nghttp2_session *, struct end *);

#endif
