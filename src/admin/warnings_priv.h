/*
 * warnings_priv: what lasts or comes to an end, recorded by warnings_past.c for warnings.c.
 */
#ifndef ADMIN_WARNINGS_PRIV_H
#define ADMIN_WARNINGS_PRIV_H

#include "admin/warnings.h"

#define PROCESSES	(LIVE_PARENT + 1)

struct warnings {
	int64_t		 looked_usec;
	uint64_t	 dropped[PROCESSES], spent[PROCESSES], spans;	/* at the last look */
	/* more since; 0: not while this brain runs */
	int64_t		 dropped_usec[PROCESSES], spent_usec[PROCESSES], spans_usec;
	int64_t		 behind_usec[WORKERS_MAX], down_usec[WORKERS_MAX];	/* since; 0: it is not */
};

#endif
