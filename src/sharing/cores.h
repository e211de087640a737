/*
 * cores: the cores of one machine, shared as Linux's scheduler shares them: by groups (containers)
 * in the proportion of their weights, within a group equally by its threads; no thread gets more
 * than one core, no group more than its quota. What a group cannot use, the others get. Where
 * everything is in one group, threads are shared equally. Virtual time: the caller says what time
 * it is, and no real core is used.
 *
 * A thread is a job, which leaves when its work is done, or it is held, and leaves when the caller
 * says so. Threads may also wait for something else (pages) for a part of their time, `stall`: then
 * none of them gets more than 1 - stall of a core, and the machine looks idle.
 *
 * The rates are fluid: level L such that the sum of min(what it can use, L * weight) over all
 * groups is what there is. A job costs O(log n) of its group's jobs, a change of rates O(groups).
 */
#ifndef SHARING_CORES_H
#define SHARING_CORES_H

#include "base/heap.h"

#define CORES_WEIGHT	1024.0		/* of a container, unless it says otherwise */

struct cores_job {			/* lives inside its owner */
	struct heap_node node;
};

struct cores_group;

struct cores {				/* fields are for reading */
	double		 cores, stall;
	int64_t		 now_usec;	/* how far it has been advanced */
	double		 busy_usec;	/* core-microseconds used, ever */
	double		 waiting_usec;	/* time in which somebody waited for a core (PSI "some"), ever */
	double		 load1;
	double		 threads, busy;	/* that want a core; cores in use */
	bool		 scarce;	/* somebody gets less than it could use for others want it, too */
	struct cores_group **group;	/* those with threads come first */
	unsigned	 ngroups, nactive, group_cap;
};

void		 cores_init(struct cores *, double cores, int64_t now_usec);
void		 cores_fini(struct cores *);		/* groups, too; the jobs are their owners' */
/* quota: cores; INFINITY: none. */
struct cores_group *cores_group_new(struct cores *, double weight, double quota);
void		 cores_group_free(struct cores *, struct cores_group **);	/* without job or thread */

/* Before anything changes at `now`, take the jobs that were done by then: each call advances to the
 * next one's end, or to `now` and returns NULL. now_usec is the exact end of the job returned. */
struct cores_job *cores_done(struct cores *, int64_t now_usec);
int64_t		 cores_next_usec(const struct cores *);	/* when the next job is done; INT64_MAX: none */

/* From now on: */
void		 cores_add(struct cores *, struct cores_group *, struct cores_job *, double work_usec);
void		 cores_remove(struct cores *, struct cores_group *, struct cores_job *);	/* undone */
struct cores_job *cores_any(const struct cores_group *);	/* a job that is not done; NULL: none */
void		 cores_hold(struct cores *, struct cores_group *, int threads_more);
void		 cores_set_held(struct cores *, struct cores_group *, double threads);	/* in the mean */
void		 cores_set_cores(struct cores *, double cores);
void		 cores_set_stall(struct cores *, double part);		/* 0 to below 1 */
void		 cores_set_limits(struct cores *, struct cores_group *, double weight, double quota);

double		 cores_threads(const struct cores *);	/* that have work, whatever holds them up */
/* Threads that run or wait for a core at an instant, in the mean: a group at its quota has none
 * that do for the rest of each of the scheduler's periods. */
double		 cores_runnable(const struct cores *);
double		 cores_group_threads(const struct cores_group *);
double		 cores_group_jobs(const struct cores_group *);		/* of those, jobs */
double		 cores_group_rate(const struct cores_group *);		/* cores it has now */
double		 cores_group_used_usec(const struct cores_group *);	/* of a core, ever */
double		 cores_group_jobs_usec(const struct cores_group *);	/* of that, by its jobs */
/* What was used since this was asked last, as one reads a counter at each sample. */
double		 cores_group_meter(struct cores_group *);
double		 cores_group_weight(const struct cores_group *);
double		 cores_group_quota(const struct cores_group *);
double		 cores_group_throttled_usec(const struct cores_group *); /* held up by its quota, ever */
/* What it would have if it asked for all there is and the others did what they do. */
double		 cores_group_most(const struct cores *, const struct cores_group *);

#endif
