/*
 * child: programs that we start and that must not outlive us, however we end.
 */
#ifndef BENCH_CHILD_H
#define BENCH_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

struct child {			/* zeroed memory is none */
	pid_t	 pid;
};

/* fd[0..n-1] become the child's descriptors 1, 2, 3 ...; -1: as ours. Its group is its own, so that Ctrl-C is ours alone. */
bool	child_start(struct child *, char *const argv[], const int *fd, int n);
bool	child_ended(struct child *, int *status);	/* does not wait; true once and for all */
void	child_tell(const struct child *, int sig);
void	child_stop(struct child *, int most_msec);	/* SIGTERM, and SIGKILL when that does not help */

#endif
