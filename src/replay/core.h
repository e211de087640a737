/*
 * core: the cores of one node in the model: processor sharing. Our requests and the threads of
 * others get equal parts of the cores, and no thread more than one core. Times are virtual: the
 * caller says what time it is.
 */
#ifndef REPLAY_CORE_H
#define REPLAY_CORE_H

#include "base/heap.h"

struct core {
	double		 cores, others;		/* threads that want a core and are not ours */
	double		 served;		/* what each thread has got so far, usec of a core */
	double		 ours_usec;		/* what ours have got together */
	int64_t		 now_usec;
	struct heap	 jobs;			/* ours, by what `served` is when they are done */
};

struct core_job {
	struct heap_node node;
};

void		 core_init(struct core *, double cores, int64_t now_usec);
void		 core_fini(struct core *);		/* the jobs are their owners' */
/* Brings it to this time; what became of others and cores since then counts from here. */
void		 core_advance(struct core *, int64_t now_usec);
void		 core_add(struct core *, struct core_job *, double work_usec);
/* One that is done by now; NULL: none is. */
struct core_job	*core_done(struct core *);
int64_t		 core_next_usec(const struct core *);	/* when the next one is done; INT64_MAX: none */

#endif
