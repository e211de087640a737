/*
 * The copy grows by doubling; its room is taken before the memory is.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "http/tap.h"

#define LEAST	4096

void
tap_init(struct tap *t, struct tap_room *room, uint64_t most)
{
	*t = (struct tap){ .room = room, .most = most };
}

void
tap_fini(struct tap *t)
{
	ASSERT(t->cap <= t->room->used);
	t->room->used -= t->cap;
	free(t->p);
	t->p = NULL;
	t->len = t->cap = 0;
}

/* False: there is no room, or no memory. */
static bool
grow(struct tap *t, size_t need)
{
	size_t cap = t->cap > 0 ? t->cap : LEAST;
	char *p;

	while (cap < need)
		cap *= 2;
	if (t->room->used + (cap - t->cap) > t->room->most || (p = try_alloc(cap)) == NULL)
		return false;
	if (t->len > 0)
		memcpy(p, t->p, t->len);
	free(t->p);
	t->room->used += cap - t->cap;
	t->p = p;
	t->cap = cap;
	return true;
}

void
tap_add(struct tap *t, struct str s, uint64_t so_far)
{
	if (t->lost || s.len == 0)
		return;
	if (so_far > t->most || (s.len > t->cap - t->len && !grow(t, t->len + s.len))) {
		tap_fini(t);
		t->lost = true;
		return;
	}
	memcpy(t->p + t->len, s.p, s.len);
	t->len += s.len;
}
