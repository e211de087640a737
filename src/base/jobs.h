/*
 * jobs: work that takes a processor for longer than a loop may be away: a thread of its own, of
 * low priority, does one after the other. The queue is bounded, and nobody gets more than a
 * quarter of it.
 *
 * All functions are for one thread, that of the loop; only `work` runs in the other.
 */
#ifndef BASE_JOBS_H
#define BASE_JOBS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

struct jobs;

/* Lives inside of what it is about; zeroed but for the functions. */
struct job {
	TAILQ_ENTRY(job) link;
	void		(*work)(struct job *);	/* in the thread: touches nothing but its job */
	void		(*done)(struct job *);	/* in the loop; the job is its owner's again */
	void		(*free)(struct job *);	/* in place of `done`, when it was dropped */
	uint64_t	 whose;			/* who has caused it */
	int		 state;			/* of jobs.c */
	bool		 dropped;
};

/* The thread begins with the first job. */
struct jobs	*jobs_new(unsigned most);
/* Waits for the job under way. What is left is freed; nothing is done any more. */
void		 jobs_free(struct jobs **);
int		 jobs_fd(const struct jobs *);	/* readable: jobs_turn is to be called; -1: never */
void		 jobs_turn(struct jobs *);
/* False: there is no room for it, nothing has changed. */
bool		 jobs_add(struct jobs *, struct job *);
/* Its owner is gone: it is freed now, or when the thread is through with it. */
void		 jobs_drop(struct jobs *, struct job *);

#endif
