/*
 * A block that doubles. Bytes move to its front only when there is no room behind them.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "http/queue.h"

#define LEAST	512

void
queue_fini(struct queue *q)
{
	free(q->p);
	*q = (struct queue){ 0 };
}

char *
queue_room(struct queue *q, size_t n)
{
	size_t have = q->len - q->at, cap = q->cap > LEAST ? q->cap : LEAST;
	char *p;

	ASSERT(q->at <= q->len && q->len <= q->cap && n < SIZE_MAX / 4);
	if (n <= q->cap - q->len)
		return q->p + q->len;
	if (have + n <= q->cap / 2) {		/* so that each byte moves rarely */
		memmove(q->p, q->p + q->at, have);
		q->at = 0;
		q->len = have;
		return q->p + q->len;
	}
	while (cap < have + n)
		cap *= 2;
	if ((p = try_alloc(cap)) == NULL)
		return NULL;
	if (have > 0)
		memcpy(p, q->p + q->at, have);
	free(q->p);
	*q = (struct queue){ p, 0, have, cap };
	return p + have;
}

void
queue_added(struct queue *q, size_t n)
{
	ASSERT(n <= q->cap - q->len);
	q->len += n;
}

void
queue_take(struct queue *q, size_t n)
{
	ASSERT(n <= q->len - q->at);
	q->at += n;
	if (q->at == q->len)
		q->at = q->len = 0;
}
