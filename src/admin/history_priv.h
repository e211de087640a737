/*
 * history_priv: what history.c keeps, for history_view.c, which writes it; and history_counts.c,
 * which keeps that of tasks.
 */
#ifndef ADMIN_HISTORY_PRIV_H
#define ADMIN_HISTORY_PRIV_H

#include "admin/history.h"

/* Columns of a ring. */
enum { NODE_OURS, NODE_OTHERS, NODE_MEMORY, NODE_PRESSURE, NODE_COLUMNS };
enum { SERVICE_RATE, SERVICE_ERRORS, SERVICE_INFLIGHT, SERVICE_P50, SERVICE_P99, SERVICE_COLUMNS };

struct history_ring {
	char		*name;		/* of its tenant */
	int64_t		 last;		/* the step of the newest point; 0: there is none */
	unsigned	 columns;
	uint16_t	 point[][HISTORY_POINTS];	/* by column and step; history_pack of the value */
};
/* Of a task, its requests by step. */
struct history_counts {
	union {
		uint8_t	 *narrow;
		uint16_t *wide;
	} of;				/* NULL: there is none yet */
	uint32_t	 last;		/* the step of the newest */
	bool		 is_wide;
};

/* Those that were missed since the step before are not known: NAN. */
void		 history_counts_put(struct history_counts *, int64_t step, double count);
double		 history_counts_at(const struct history_counts *, int64_t step);	/* NAN: not known */
void		 history_counts_clear(struct history_counts *);

/* NULL: there is none yet. */
const struct history_ring *history_of_node(const struct history *, const struct world_node *);
const struct history_ring *history_of_service(const struct history *, const struct world_service *);
/* Of the steps up to this one, requests per second; NAN: not known. */
void		 history_of_task(const struct history *, const struct live *, const struct world_task *,
    int64_t step, double rate[HISTORY_POINTS]);
/* A value, 0 or above, in 16 bits, to the third digit: from 2^-30 to 2^32; what is less becomes 0,
 * what is more the most. NAN: not known. */
uint16_t	 history_pack(double);
double		 history_unpack(uint16_t);
/* NAN: not known. The ring may be NULL. */
double		 history_at(const struct history_ring *, unsigned column, int64_t step);
/* The last step, and when it ended, in seconds since the epoch. */
int64_t		 history_last(const struct history *, int64_t *end_wall);

#endif
