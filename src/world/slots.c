/*
 * slots: three kinds: never used by us (at or above `next`, or below it without a name), held,
 * and resting, which stand in a queue, the longest rested first. Names are remembered until
 * their number is taken away. Must not know what the numbers stand for.
 */
#include <stdlib.h>
#include <sys/queue.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "base/map.h"
#include "world/slots.h"

struct slot {
	TAILQ_ENTRY(slot) link;		/* while resting */
	char		*name;		/* NULL: never used */
	bool		 held;
	int64_t		 given_usec;
};

struct slots {
	struct slot	*slot;
	unsigned	 max, next;
	struct map	*by_name;
	TAILQ_HEAD(rest, slot) resting;
	slots_busy_f	*busy;
	const void	*arg;
};

struct slots *
slots_new(unsigned max, slots_busy_f *busy, const void *arg)
{
	struct slots *s = must_zalloc(sizeof *s);

	ASSERT(max > 0);
	s->slot = must_zalloc(max * sizeof *s->slot);
	s->max = max;
	s->by_name = map_new();
	s->busy = busy;
	s->arg = arg;
	TAILQ_INIT(&s->resting);
	return s;
}

void
slots_free(struct slots **sp)
{
	struct slots *s = *sp;

	*sp = NULL;
	if (s == NULL)
		return;
	for (unsigned i = 0; i < s->max; i++)
		free(s->slot[i].name);
	free(s->slot);
	map_free(&s->by_name);
	free(s);
}

static unsigned
slot_number(const struct slots *s, const struct slot *t)
{
	ASSERT(t >= s->slot && t < s->slot + s->max);
	return (unsigned)(t - s->slot);
}

static void
name_slot(struct slots *s, struct slot *t, struct str name)
{
	ASSERT(!t->held && map_get(s->by_name, name) == NULL);	/* one slot for a name */
	if (t->name != NULL) {
		map_remove(s->by_name, str_of(t->name));
		free(t->name);
	}
	t->name = str_dup(name);
	map_put_lent(s->by_name, str_of(t->name), t);
}

static bool
is_rested(const struct slots *s, const struct slot *t, int64_t now)
{
	ASSERT(!t->held && t->name != NULL);	/* only those rest that were held */
	return now - t->given_usec >= SLOTS_REST_USEC && !s->busy(s->arg, slot_number(s, t));
}

/* Numbers that an earlier brain used, unknown to this one, may still be busy. */
static struct slot *
find_unused(struct slots *s)
{
	while (s->next < s->max && s->slot[s->next].name != NULL)
		s->next++;
	for (unsigned i = s->next; i < s->max; i++)
		if (s->slot[i].name == NULL && !s->busy(s->arg, i))
			return &s->slot[i];
	return NULL;
}

/* One that has rested before a new one, so that a changing swarm does not touch ever more
 * shared memory. */
static struct slot *
find_vacant(struct slots *s, int64_t now)
{
	struct slot *t = TAILQ_FIRST(&s->resting), *new;

	if (t != NULL && is_rested(s, t, now))
		return t;
	new = find_unused(s);
	if (new != NULL)
		return new;
	while (t != NULL && !is_rested(s, t, now))
		t = TAILQ_NEXT(t, link);
	return t;
}

bool
slots_take(struct slots *s, struct str name, int64_t now, unsigned *slot, bool *fresh)
{
	struct slot *t = map_get(s->by_name, name);
	bool is_new = t == NULL;

	if (t != NULL && t->held)
		return false;
	if (t == NULL && (t = find_vacant(s, now)) == NULL)
		return false;
	ASSERT(!t->held);
	if (t->name != NULL)
		TAILQ_REMOVE(&s->resting, t, link);
	if (is_new)
		name_slot(s, t, name);
	t->held = true;
	*slot = slot_number(s, t);
	*fresh = is_new;
	return true;
}

void
slots_give(struct slots *s, unsigned slot, int64_t now)
{
	struct slot *t = &s->slot[slot];

	ASSERT(slot < s->max && t->held && t->name != NULL && map_get(s->by_name, str_of(t->name)) == t);
	t->held = false;
	t->given_usec = now;
	TAILQ_INSERT_TAIL(&s->resting, t, link);
}

bool
slots_find(const struct slots *s, struct str name, unsigned *slot)
{
	const struct slot *t = map_get(s->by_name, name);

	if (t != NULL)
		*slot = slot_number(s, t);
	return t != NULL;
}

bool
slots_recall(struct slots *s, struct str name, unsigned slot, int64_t now)
{
	struct slot *t = &s->slot[slot];

	ASSERT(slot < s->max);
	if (t->name != NULL || map_get(s->by_name, name) != NULL)
		return false;
	name_slot(s, t, name);
	t->given_usec = now;
	TAILQ_INSERT_TAIL(&s->resting, t, link);
	return true;
}
