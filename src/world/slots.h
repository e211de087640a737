/*
 * slots: small numbers for names, so that shared memory can be addressed by them. A name keeps
 * its number for life, and gets it back when it returns before another name needed it. A
 * number that was given back rests for 30 s, and for as long as it is busy: readers of an older
 * table may still be counting on it.
 */
#ifndef WORLD_SLOTS_H
#define WORLD_SLOTS_H

#include "base/str.h"

#define SLOTS_REST_USEC	INT64_C(30000000)

struct slots;

typedef bool	slots_busy_f(const void *arg, unsigned slot);	/* something is still in flight there */

struct slots	*slots_new(unsigned max, slots_busy_f *, const void *arg);
void		 slots_free(struct slots **);
/* False: the name holds one already, or none is free. *fresh: this name did not have it before. */
bool		 slots_take(struct slots *, struct str name, int64_t now_usec, unsigned *slot, bool *fresh);
void		 slots_give(struct slots *, unsigned slot, int64_t now_usec);
/* Held, or resting. False: it has none. */
bool		 slots_find(const struct slots *, struct str name, unsigned *slot);
/* As if `name` had held `slot` until now. Nothing happens when either is known already. */
bool		 slots_recall(struct slots *, struct str name, unsigned slot, int64_t now_usec);

#endif
