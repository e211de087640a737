/*
 * ram: a node's memory, in arithmetic only: what others have parked there for good, and what requests hold while they
 * run (their working sets). When more is wanted than there is, every thread faults: it waits for pages most of the time and
 * wants no core meanwhile. A tenth too much leaves a quarter of the speed, and the longer requests then take the more of
 * them are there to want memory: that is thrashing.
 */
#ifndef BENCH_RAM_H
#define BENCH_RAM_H

struct ram {
	double	 total, parked, held;		/* bytes */
	double	 some_usec, full_usec;		/* time in which some thread waited for pages, or all that had anything to do; ever */
	double	 thrash_usec;			/* time in which more was wanted than there is, ever */
	double	 iowait_usec;			/* core-microseconds idle while somebody waited, ever */
};

#define RAM_FAULT_COST	30		/* slowness per excess: 1 + 30 * (wanted / total - 1) */
#define RAM_RESERVE	0.01		/* of all, what is available even then */

double	ram_stall(const struct ram *);		/* the part of its time that a thread waits for pages, 0 to below 1 */
/* So much time has passed with so many threads at work, others that wait for something else than a core, and idle cores. */
void	ram_pass(struct ram *, double span_usec, unsigned working, unsigned waiting, double idle_cores);
double	ram_available(const struct ram *);	/* bytes */

#endif
