/*
 * child: one process under the parent's care: its pid, its channel, and when it may be started
 * again.
 */
#ifndef MAIN_CHILD_H
#define MAIN_CHILD_H

#include <sys/types.h>

#include "main/channel.h"

struct child {
	char		 name[16];
	unsigned	 index;
	pid_t		 pid;		/* 0: not running */
	struct channel	 channel;
	int64_t		 born_usec;
	int64_t		 pause_usec;	/* before the next start, after a life that was too short */
	struct timer	 again;
	bool		 dismissed;	/* the parent has closed its channel, so that it leaves */
	bool		 silent;	/* watchdog.c: a worker's queues are lent */
	bool		 silence_logged;
	int64_t		 silent_usec;	/* its last sign of life then */
	/* watchdog.c, since it fell silent: it was asked where it is; it was ended; the processor time
	 * that it had taken, -1: not known */
	bool		 asked, ended;
	int64_t		 silent_cpu_usec;
};

/*
 * Forks. In the child returns 0 with *fd the child's end of a new channel; in the parent returns
 * the pid. -1: no process could be made (errno).
 */
pid_t	child_fork(struct child *, struct loop *, channel_f *, void *arg, int *fd);
/* Closes its channel, the sign for it to leave: its end is no fault then. */
void	child_dismiss(struct child *);
/* It died: how long to wait before the next start. 0 after a life of at least 2 s; else doubling
 * from 0.1 s to 5 s. */
int64_t	child_pause(struct child *, int64_t now_usec);

#define CHILD_END_TEXT	48
/* How a process ended, by its status from waitpid(2). */
const char *child_end_text(int status, char out[CHILD_END_TEXT]);

#endif
