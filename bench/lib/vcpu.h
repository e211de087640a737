/*
 * vcpu: a CPU that exists in arithmetic only: C cores shared fairly by jobs (requests, which leave when
 * their work is done) and by foreign threads (which leave when their script says so). Every thread gets
 * min(1, C / threads) of a core. No real CPU time is burned. Threads may also wait for pages a part of their time
 * (ram.h): then they want no core, and the CPU looks idle.
 *
 * Virtual time is the service one thread has had since the start; it grows at that common rate, so a job
 * is done when virtual time reaches its value at the job's start plus its work. One heap then holds all.
 */
#ifndef BENCH_VCPU_H
#define BENCH_VCPU_H

#include "base/heap.h"

struct job {				/* lives inside its owner */
	struct heap_node node;
};

struct vcpu {
	double		 cores;
	struct heap	 jobs;
	unsigned	 foreign;	/* threads of others */
	double		 stall;		/* part of the time that every thread waits for something else, 0 to below 1 */
	int64_t		 now;		/* usec: how far it has been advanced */
	double		 virtual_ns;
	double		 busy_usec;	/* core-microseconds used, ever */
	double		 waiting_usec;	/* time in which somebody waited for a core (PSI "some"), ever */
	double		 load1;
};

void		vcpu_init(struct vcpu *, double cores, int64_t now_usec);
void		vcpu_fini(struct vcpu *);
unsigned	vcpu_threads(const struct vcpu *);	/* that want a core: jobs and foreign */
/* Before anything changes at `now`, take the jobs that were done by then: each call advances to the next
 * one's end, or to `now` and returns NULL. vcpu->now is the exact end of the job returned. */
struct job	*vcpu_done(struct vcpu *, int64_t now_usec);
int64_t		vcpu_next(const struct vcpu *);		/* when the next job will be done; INT64_MAX: none */
void		vcpu_add(struct vcpu *, struct job *, double work_usec);
void		vcpu_foreign(struct vcpu *, int by);
void		vcpu_stall(struct vcpu *, double part);	/* from now on */
double		vcpu_runnable(const struct vcpu *);	/* threads that want a core at an instant, in the mean */
double		vcpu_busy(const struct vcpu *);		/* cores in use */

#endif
