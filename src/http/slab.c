/*
 * Lists of unused pieces, linked through the pieces themselves. One deferred call per slab and
 * turn, however many pieces come back in it. Knows sizes, not what the pieces are.
 */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "http/slab.h"

/* The sanitizer sees a use after free, though the memory stays with us. */
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#define CLOSE(piece, bytes)	ASAN_POISON_MEMORY_REGION(piece, bytes)
#define OPEN(piece, bytes)	ASAN_UNPOISON_MEMORY_REGION(piece, bytes)
#else
#define CLOSE(piece, bytes)	(void)0
#define OPEN(piece, bytes)	(void)0
#endif

#define SHORT_KEEP	16	/* unused pieces, while memory is short */

struct piece {
	struct piece	*next;
};

struct slab {
	struct loop	*loop;
	size_t		 bytes;
	unsigned	 keep, nunused, out;
	unsigned	 spare;		/* least that were unused since slab_tidy */
	size_t		 gone;		/* bytes freed since then */
	struct piece	*unused;
	struct piece	*later;		/* given back at the end of this turn */
	struct deferred	 deferred;
	bool		 ordered;	/* the call at the end of this turn is */
	bool		 ending;	/* slab_free was called meanwhile */
};

struct slab *
slab_new(struct loop *l, size_t bytes, unsigned keep)
{
	struct slab *s = must_zalloc(sizeof *s);

	ASSERT(bytes >= sizeof(struct piece));
	s->loop = l;
	s->bytes = bytes;
	s->keep = keep;
	return s;
}

static void
destroy(struct slab *s)
{
	ASSERT(s->out == 0);
	while (s->unused != NULL) {
		struct piece *p = s->unused;
		OPEN(p, s->bytes);
		s->unused = p->next;
		free(p);
	}
	free(s);
}

void
slab_free(struct slab **sp)
{
	struct slab *s = *sp;

	*sp = NULL;
	if (s == NULL)
		return;
	if (s->ordered)
		s->ending = true;
	else
		destroy(s);
}

void *
slab_take(struct slab *s)
{
	struct piece *p = s->unused;

	if (p == NULL) {
		ASSERT(s->nunused == 0);
		if ((p = try_alloc(s->bytes)) != NULL)
			s->out++;
		return p;
	}
	ASSERT(s->nunused > 0);
	OPEN(p, s->bytes);
	s->unused = p->next;
	if (--s->nunused < s->spare)
		s->spare = s->nunused;
	s->out++;
	return p;
}

void
slab_give(struct slab *s, void *memory)
{
	struct piece *p = memory;

	ASSERT(s->out > 0);
	s->out--;
	if (s->nunused >= s->keep || (alloc_short && s->nunused >= SHORT_KEEP)) {
		s->gone += s->bytes;
		free(p);
		return;
	}
	p->next = s->unused;
	s->unused = p;
	s->nunused++;
	CLOSE(p, s->bytes);
}

size_t
slab_tidy(struct slab *s)
{
	size_t gone;

	ASSERT(s->spare <= s->nunused);
	for (; s->spare > 0; s->spare--) {
		struct piece *p = s->unused;
		OPEN(p, s->bytes);
		s->unused = p->next;
		s->nunused--;
		s->gone += s->bytes;
		free(p);
	}
	s->spare = s->nunused;
	gone = s->gone;
	s->gone = 0;
	return gone;
}

static void
give_all(void *arg)
{
	struct slab *s = arg;

	ASSERT(s->ordered && s->later != NULL);
	s->ordered = false;
	while (s->later != NULL) {
		struct piece *p = s->later;
		s->later = p->next;
		slab_give(s, p);
	}
	if (s->ending)
		destroy(s);
}

/*
 * The piece's first word becomes the link at once, so the first member of what dies must be
 * something that no late event reads: owners put their list links there.
 */
void
slab_give_later(struct slab *s, void *memory)
{
	struct piece *p = memory;

	ASSERT(s->out > 0 && !s->ending && p != s->later);
	p->next = s->later;
	s->later = p;
	if (!s->ordered) {
		s->ordered = true;
		loop_defer(s->loop, &s->deferred, give_all, s);
	}
}
