/*
 * handover: what a Mola passes on to the one that takes over from it (main/upgrade.h), as text:
 * what it counted, what it learnt of nodes and tasks, and what an operator drained. By names, so
 * that it outlasts another layout of tables and shared memory. doc/upgrade.md has the format.
 *
 * A line is a kind and its fields. The first has the version: a reader takes no other. Within a
 * version lines of kinds that a reader does not know are left out, and so are names of counts.
 */
#ifndef WORLD_HANDOVER_H
#define WORLD_HANDOVER_H

#include "base/buf.h"
#include "world/table.h"
#include "world/world.h"

#define HANDOVER_VERSION	1
#define HANDOVER_BYTES		(64 << 20)	/* at most */

/* `full` of the buffer: it is not whole. */
void	handover_write(struct live *, const struct phys *, const struct table *, int64_t now_usec,
    struct buf *out);

/*
 * Text of a Mola on this machine, since it was booted. All of it or, when something in it cannot be
 * read, nothing. Before the first pass, and before workers have the slots of a table.
 */
const struct why	*handover_take(struct world *, struct str text, int64_t now_usec);
/* A later text of the Mola whose first one was taken: only what it has counted by then, of tasks
 * and services that are there. */
const struct why	*handover_take_counts(struct world *, struct str text, int64_t now_usec);

#endif
