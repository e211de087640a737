/*
 * outages: logs when a task goes out of use, why, and when it is back; each once.
 * Workers and the prober see it happen and write it to live; the brain, which knows names and
 * has the events that people read, reads it there.
 */
#ifndef MAIN_OUTAGES_H
#define MAIN_OUTAGES_H

#include "world/world.h"

struct outages;

struct outages	*outages_new(void);
void		 outages_free(struct outages **);
void		 outages_tick(struct outages *, struct world *, int64_t now_usec);

#endif
