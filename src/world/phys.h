/*
 * phys: the small shared block that changes with every sample, written by the brain alone and read by
 * every worker. Rows are addressed by node slot (table.h). A row is read under a sequence lock; when the brain
 * dies the rows stay and grow old, and the law knows what age means.
 */
#ifndef WORLD_PHYS_H
#define WORLD_PHYS_H

#include <stddef.h>

#include "world/law.h"

#define NODES_MAX	2048		/* node slots */

struct phys;

struct phys_row {
	struct law_node	law;
	double		score;		/* 0..100 for `policy: best-node`; renewed at its own pace */
};

size_t		 phys_bytes(void);
struct phys	*phys_init(void *zeroed_shared_memory);		/* once, by the parent */
void		 phys_write(struct phys *, unsigned slot, const struct phys_row *);	/* brain only */
void		 phys_read(const struct phys *, unsigned slot, struct phys_row *);

#endif
