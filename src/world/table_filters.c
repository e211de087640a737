/*
 * table_filters: the chains of a table. Their texts are read once, when the table is opened, into
 * what a worker runs: options as values, expressions compiled.
 * Must not know which route a request takes.
 */
#include "base/bug.h"
#include "world/table_block.h"

bool
chains_open(struct table *t)
{
	const struct table_ref *ref = (const void *)(t->base + t->head->part[PART_CHAINS].at);
	uint32_t n = t->head->part[PART_CHAINS].n;
	uint64_t bytes = 0;

	if (n == 0)
		return true;
	t->arena = arena_new();
	t->chain = arena_zalloc(t->arena, n * sizeof(void *));
	for (uint32_t i = 0; i < n; i++) {
		if ((uint64_t)ref[i].at + ref[i].len > t->head->part[PART_TEXT].n
		    || (bytes += ref[i].len) > CHAIN_BYTES_MOST)
			return false;
		t->chain[i] = filter_chain_parse(t->arena, table_text(t, ref[i]));
		if (t->chain[i] == NULL)
			return false;
	}
	return true;
}

void
chains_close(struct table *t)
{
	arena_free(&t->arena);
	t->chain = NULL;
}

bool
route_guards(const struct table *t, const struct table_route *r)
{
	ASSERT(r->chain <= t->head->part[PART_CHAINS].n);
	return r->chain != 0 && t->chain[r->chain - 1]->guards;
}
