/*
 * history_priv: what history.c keeps, for history_view.c, which writes it.
 */
#ifndef ADMIN_HISTORY_PRIV_H
#define ADMIN_HISTORY_PRIV_H

#include "admin/history.h"

/* Columns of a ring. */
enum { NODE_OURS, NODE_OTHERS, NODE_MEMORY, NODE_PRESSURE, NODE_COLUMNS };
enum { SERVICE_RATE, SERVICE_ERRORS, SERVICE_INFLIGHT, SERVICE_P50, SERVICE_P99, SERVICE_COLUMNS };
enum { TASK_RATE, TASK_SHARE, TASK_COLUMNS };

struct history_ring {
	char		*name;		/* of its tenant */
	int64_t		 last;		/* the step of the newest point; 0: there is none */
	unsigned	 columns;
	float		 point[][HISTORY_POINTS];	/* by column and step */
};

/* NULL: there is none yet. */
const struct history_ring *history_of_node(const struct history *, const struct world_node *);
const struct history_ring *history_of_service(const struct history *, const struct world_service *);
const struct history_ring *history_of_task(const struct history *, const struct world_task *);
/* NAN: not known. The ring may be NULL. */
float		 history_at(const struct history_ring *, unsigned column, int64_t step);
/* The last step, and when it ended, in seconds since the epoch. */
int64_t		 history_last(const struct history *, int64_t *end_wall);

#endif
