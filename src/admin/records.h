/*
 * records: recordings under way (GET /api/v1/record): each a recorder of its own, whose lines go to
 * the client that requested it. Nothing is made while there is none, and none waits for its client:
 * one that falls behind too far is cut off.
 */
#ifndef ADMIN_RECORDS_H
#define ADMIN_RECORDS_H

#include "http/server.h"
#include "recording/recorder.h"

#define RECORDS_MAX	4		/* at once */
#define RECORDS_SECONDS_MOST	86400

struct records;

struct records	*records_new(struct loop *, const struct world *);
void		 records_free(struct records **);	/* all are gone */
/* Responds, with a recording or an error. */
void		 records_open(struct records *, struct request *);
/* Cuts all off: clients come back, and are checked again. */
void		 records_end(struct records *);
/* After steer_sample and steer_tick. `law` has times of this process. */
void		 records_sample(struct records *, const struct world_node *, const struct sample *,
    double inflight);
void		 records_tick(struct records *, const struct recorded_law *law);

#endif
