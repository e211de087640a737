/*
 * gather: the pieces of a message head, to be written in one go: slices of the buffer it was
 * read from and constants between them. Heads of many pieces are copied together.
 */
#ifndef HTTP_GATHER_H
#define HTTP_GATHER_H

#include "net/stream.h"

#define GATHER_MAX	63	/* one less than stream_writev takes: body bytes ride along */

struct gather {
	struct iovec	v[GATHER_MAX + 1];
	int		n, first;	/* pieces, and the first that is not written yet */
	size_t		offset;		/* written bytes of v[first] */
	char		*copy;		/* ours, NULL for few pieces: they are all in it, and it is the only one */
	size_t		copy_cap;
	/* a piece that may be replaced: its number, or where it is in the copy; slot_len 0: none */
	size_t		slot, slot_len;
	bool		full;		/* a piece did not fit, for want of memory: look once, at the end */
};

void		gather_init(struct gather *);
void		gather_clear(struct gather *);		/* it may be filled again, or forgotten */
/* A piece whose text is not final yet: gather_set_slot replaces it, once or more often, while
 * nothing is written, or after gather_rewind. At most one; never empty. */
void		gather_add_slot(struct gather *, struct str);
bool		gather_set_slot(struct gather *, struct str);	/* false: there is no memory */
/* `text` takes the place of the last `cut` bytes. As gather_set_slot, which may come before or
 * after it, if they are not of the slot. */
bool		gather_set_end(struct gather *, size_t cut, struct str text);
/* What the pieces point at has moved: what was `len` bytes at `old`. */
void		gather_moved(struct gather *, const char *old, size_t len, char *now);
void		gather_add_copied(struct gather *, struct str);	/* gather_add, when the pieces are many */
bool		gather_done(const struct gather *);		/* all is written */
void		gather_rewind(struct gather *);			/* to be written again, on another connection */

/*
 * Writes what is left of the head, then `tail`, until all is out (IO_DONE), the socket is full
 * (IO_AGAIN) or broken (IO_FAIL). *tail_put counts the bytes of `tail` that went; it is added
 * to, also when the rest did not go.
 */
enum io_result	gather_write(struct gather *, struct stream *, struct str tail, size_t *tail_put);

/* Joins the piece before when they touch. */
static inline void
gather_add(struct gather *g, struct str s)
{
	struct iovec *last = g->n > 0 ? &g->v[g->n - 1] : NULL;

	if (s.len == 0)
		return;
	if (g->copy == NULL && last != NULL && (const char *)last->iov_base + last->iov_len == s.p)
		last->iov_len += s.len;
	else if (g->copy == NULL && g->n < GATHER_MAX)
		g->v[g->n++] = (struct iovec){ (void *)(uintptr_t)s.p, s.len };
	else
		gather_add_copied(g, s);
}

#endif
