/*
 * beat: what each process reports of itself several times a second.
 */
#ifndef MAIN_BEAT_H
#define MAIN_BEAT_H

#include "world/live.h"

/* What the parent and the brain set aside for when an allocation fails (alloc_reserve). */
#define BEAT_RESERVE_BYTES	(64u << 10)

/* Lines of the log that waited, and how many were dropped; that memory was short. `process` is
 * LIVE_PARENT, LIVE_BRAIN or the number of a worker. */
void	beat_report(struct live *, unsigned process);

#endif
