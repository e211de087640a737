#include <stdlib.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "base/heap.h"

void
heap_init(struct heap *h)
{
	*h = (struct heap){ 0 };
}

void
heap_fini(struct heap *h)
{
	free(h->node);
	*h = (struct heap){ 0 };
}

static void
heap_place(struct heap *h, struct heap_node *n, size_t at)
{
	h->node[at] = n;
	n->at = at;
}

static void
heap_up(struct heap *h, struct heap_node *n, size_t at)
{
	for (; at > 1 && h->node[at / 2]->key > n->key; at /= 2)
		heap_place(h, h->node[at / 2], at);
	heap_place(h, n, at);
}

static void
heap_down(struct heap *h, struct heap_node *n, size_t at)
{
	size_t kid;

	for (; (kid = at * 2) <= h->count; at = kid) {
		if (kid < h->count && h->node[kid + 1]->key < h->node[kid]->key)
			kid++;
		if (h->node[kid]->key >= n->key)
			break;
		heap_place(h, h->node[kid], at);
	}
	heap_place(h, n, at);
}

void
heap_reserve(struct heap *h, size_t nodes)
{
	if (nodes + 1 <= h->cap)
		return;
	h->cap = nodes + 1;
	h->node = must_realloc(h->node, h->cap * sizeof *h->node);
}

void
heap_push(struct heap *h, struct heap_node *n, int64_t key)
{
	ASSERT(n->at == 0);
	if (h->count + 1 >= h->cap)
		heap_reserve(h, h->cap ? h->cap * 2 : 64);
	ASSERT(h->count + 1 < h->cap);
	n->key = key;
	h->count++;
	heap_up(h, n, h->count);
}

void
heap_remove(struct heap *h, struct heap_node *n)
{
	size_t at = n->at;
	struct heap_node *last;

	ASSERT(at != 0 && at <= h->count && h->node[at] == n);
	last = h->node[h->count];
	ASSERT(last->at == h->count);
	n->at = 0;
	h->count--;
	if (last == n)
		return;
	if (at > 1 && h->node[at / 2]->key > last->key)
		heap_up(h, last, at);
	else
		heap_down(h, last, at);
}

struct heap_node *
heap_min(const struct heap *h)
{
	ASSERT(h->count == 0 || h->node[1]->at == 1);
	return h->count == 0 ? NULL : h->node[1];
}
