/*
 * events: the last thousand lines of this process's log, for /api/v1/events.
 */
#ifndef ADMIN_EVENTS_H
#define ADMIN_EVENTS_H

#include "base/log.h"

#define EVENTS_KEPT	1000

struct events;

struct event {
	uint64_t	 id;		/* from 1 on, without gaps */
	int64_t		 time_usec;	/* wall clock */
	enum log_level	 level;
	char		*name;
	char		*text;		/* key=value pairs */
};

struct events	*events_new(void);	/* records the log from now on (log_tap) */
void		 events_free(struct events **);
uint64_t	 events_last(const struct events *);	/* id, 0 when there was none */
uint64_t	 events_count(const struct events *, enum log_level);	/* ever */
/* The first kept event after `id`; NULL: there is none. Valid until the next line is logged. */
const struct event *events_after(const struct events *, uint64_t id);

#endif
