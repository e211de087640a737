/*
 * Counts bytes by turn; who waits for the next one, and in which order, its owner decides.
 */
#include "http/share.h"

#define TURN_BYTES	(512 * 1024)	/* about half a millisecond of copying */

void
share_init(struct share *s, struct loop *l)
{
	s->loop = l;
	s->turn = loop_turns(l);
	s->left = TURN_BYTES;
}

bool
share_has(struct share *s)
{
	if (s->turn != loop_turns(s->loop))
		share_init(s, s->loop);
	return s->left > 0;
}

void
share_use(struct share *s, size_t bytes)
{
	if (share_has(s))
		s->left -= bytes < s->left ? bytes : s->left;
}
