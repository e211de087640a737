/*
 * sse: reads server-sent events (text/event-stream, WHATWG HTML 9.2) from pieces of any size.
 */
#ifndef CLI_SSE_H
#define CLI_SSE_H

#include "base/buf.h"

#define SSE_NAME_MAX	64

/* `event` is "message" where the stream names none; `id` is that of the last event that had one.
 * The data may be of several lines. All are valid until the call returns. */
typedef void	sse_event_f(void *arg, const char *event, const char *id, struct str data);

struct sse {
	struct buf	 line;			/* one that has not come whole */
	struct buf	 data;
	char		 event[SSE_NAME_MAX], id[SSE_NAME_MAX];
	bool		 any;			/* there is data, and may it be empty */
	bool		 cut;			/* the event is too large: nothing of it counts */
	bool		 after_cr;		/* a line feed would belong to the line's end before */
	bool		 begun;			/* past where a byte order mark may stand */
	sse_event_f	*fn;
	void		*arg;
};

/* An event of more than `most` bytes is left out. */
void	sse_init(struct sse *, size_t most, sse_event_f *, void *arg);
void	sse_feed(struct sse *, const char *bytes, size_t);
void	sse_restart(struct sse *);	/* another connection begins; keeps the id */
void	sse_fini(struct sse *);

#endif
