/*
 * queue: bytes in the order of their arrival, added at the end and taken from the front. Its
 * memory is that of clients (try_alloc), so adding may fail; an empty queue holds none once it
 * was told so.
 */
#ifndef HTTP_QUEUE_H
#define HTTP_QUEUE_H

#include "base/str.h"

/* Zeroed memory is an empty queue. */
struct queue {
	char	*p;
	size_t	 at, len, cap;		/* what waits is p[at..len) */
};

void		queue_fini(struct queue *);	/* it is empty, and may be used again */
/* False: there is no memory, and nothing was added. */
bool		queue_add(struct queue *, const void *, size_t);
/* Room for n more bytes behind the last; queue_added says how many came. NULL: no memory. */
char		*queue_room(struct queue *, size_t n);
void		queue_added(struct queue *, size_t n);
void		queue_take(struct queue *, size_t n);

static inline size_t
queue_len(const struct queue *q)
{
	return q->len - q->at;
}

static inline struct str
queue_str(const struct queue *q)
{
	return (struct str){ q->p == NULL ? "" : q->p + q->at, q->len - q->at };
}

#endif
