/*
 * queue: bytes in the order of their arrival, added at the end and taken from the front. Its
 * memory is that of clients (try_alloc), so adding may fail; an empty queue holds none once it
 * was told so.
 */
#ifndef HTTP_QUEUE_H
#define HTTP_QUEUE_H

#include <string.h>

#include "base/str.h"

/* Zeroed memory is an empty queue. */
struct queue {
	char	*p;
	size_t	 at, len, cap;		/* what waits is p[at..len) */
};

void		queue_fini(struct queue *);	/* it is empty, and may be used again */
/* Room for n more bytes behind the last; queue_added says how many came. NULL: no memory. */
char		*queue_room(struct queue *, size_t n);
void		queue_added(struct queue *, size_t n);
void		queue_take(struct queue *, size_t n);

/* False: there is no memory, and nothing was added. */
static inline bool
queue_add(struct queue *q, const void *from, size_t n)
{
	char *to;

	if (n == 0)
		return true;
	if ((to = n <= q->cap - q->len ? q->p + q->len : queue_room(q, n)) == NULL)
		return false;
	memcpy(to, from, n);
	q->len += n;
	return true;
}

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
