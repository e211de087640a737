/*
 * heap: the smallest key first. Nodes are inside their owners and hold their place, so that
 * taking one out of the middle is cheap. Keys are whatever grows: microseconds, virtual time.
 */
#ifndef BASE_HEAP_H
#define BASE_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct heap_node {
	int64_t	 key;
	size_t	 at;		/* place in the heap, from 1; 0: not in it */
};

struct heap {
	struct heap_node	**node;
	size_t			 count, cap;
};

void			 heap_init(struct heap *);
void			 heap_fini(struct heap *);	/* the nodes are their owners' */
void			 heap_reserve(struct heap *, size_t nodes);	/* as many will fit without more memory */
void			 heap_push(struct heap *, struct heap_node *, int64_t key);
void			 heap_remove(struct heap *, struct heap_node *);
struct heap_node	*heap_min(const struct heap *);	/* NULL when empty */

#endif
