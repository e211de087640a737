/*
 * Counts bytes by turn, and keeps those that wait for the next one in order.
 */
#include "base/bug.h"
#include "http/share.h"

#define TURN_BYTES	(512 * 1024)	/* about half a millisecond of copying */

void
share_init(struct share *s, struct loop *l)
{
	*s = (struct share){ .loop = l, .turn = loop_turns(l), .left = TURN_BYTES };
	TAILQ_INIT(&s->queue);
}

void
share_fini(struct share *s)
{
	ASSERT(s->nwaiting == 0 && TAILQ_EMPTY(&s->queue));
	timer_clear(s->loop, &s->timer);
}

bool
share_has(struct share *s)
{
	ASSERT(s->left <= TURN_BYTES);
	if (s->turn != loop_turns(s->loop)) {
		s->turn = loop_turns(s->loop);
		s->left = TURN_BYTES;
	}
	return s->left > 0;
}

void
share_use(struct share *s, size_t bytes)
{
	if (share_has(s))
		s->left -= bytes < s->left ? bytes : s->left;
}

/* Each in its turn, as far as this turn's share goes. One that waits again is behind all of the
 * others. */
static void
on_share(void *arg)
{
	struct share *s = arg;
	struct share_waiter *w;

	for (unsigned n = s->nwaiting; n > 0 && share_has(s)
	    && (w = TAILQ_FIRST(&s->queue)) != NULL; n--) {
		share_f *fn = w->fn;
		share_unwait(s, w);
		fn(w->arg);
	}
	if (s->nwaiting > 0)
		timer_set(s->loop, &s->timer, loop_now(s->loop) + 1, on_share, s);
}

void
share_wait(struct share *s, struct share_waiter *w, share_f *fn, void *arg)
{
	ASSERT(fn != NULL && (w->fn == NULL || (w->fn == fn && w->arg == arg)));
	if (w->fn != NULL)
		return;
	w->fn = fn;
	w->arg = arg;
	s->nwaiting++;
	TAILQ_INSERT_TAIL(&s->queue, w, link);
	timer_set(s->loop, &s->timer, loop_now(s->loop) + 1, on_share, s);
}

void
share_unwait(struct share *s, struct share_waiter *w)
{
	if (w->fn == NULL)
		return;
	ASSERT(s->nwaiting > 0 && !TAILQ_EMPTY(&s->queue));
	w->fn = NULL;
	s->nwaiting--;
	TAILQ_REMOVE(&s->queue, w, link);
}
