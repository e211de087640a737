/*
 * arena: memory that is freed all at once, for things that are made and freed together.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/str.h"

struct arena;

struct arena	*arena_new(void);
void		 arena_free(struct arena **);
void		*arena_zalloc(struct arena *, size_t bytes);		/* zeroed, aligned for anything; never NULL */
/*
 * For what others decide the amount of, such as clients (alloc.h): NULL when there is no memory.
 * What is asked for comes in pieces of `block` bytes, or in one of its own.
 */
struct arena	*arena_try_new(size_t block);
void		*arena_try_zalloc(struct arena *, size_t bytes);
/* What it handed out is free, as by arena_free; as many of its blocks are kept for what comes. */
void		 arena_reset(struct arena *, unsigned keep);
char		*arena_text(struct arena *, struct str);		/* a copy, NUL-terminated */
char		*arena_printf(struct arena *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
