/*
 * share: groups of threads on one machine, as a line of tests/sharing/constellations describes them: what the emulation
 * (sharing/cores.h) says that each has of the cores, and what the kernel gives to real ones.
 */
#ifndef TESTS_SHARING_SHARE_H
#define TESTS_SHARING_SHARE_H

#include <stdbool.h>

#define SHARE_NAME	32
#define SHARE_MAX	64
#define BURST_USEC	10000.0		/* what a thread that is busy a part of the time does at once */

struct group {				/* a control group */
	char		 name[SHARE_NAME];
	int		 parent;	/* its number; -1: none */
	double		 weight;	/* cpu.shares */
	double		 quota;		/* cores; INFINITY: none */
};

struct part {				/* threads that are counted together: a process */
	char		 name[SHARE_NAME];
	int		 group;
	unsigned	 threads;
	double		 busy;		/* part of the time that each would be, had it a core for itself; 1: it never sleeps */
};

struct constellation {
	char		 name[SHARE_NAME];
	struct group	 group[SHARE_MAX];
	struct part	 part[SHARE_MAX];
	int		 ngroups, nparts;
};

struct round {				/* what the machine did in some time, in cores */
	double		 cores[SHARE_MAX];		/* of each part */
	double		 total, outside, idle, stolen;
	int		 cpus;
};

/* Comments and empty lines are not for it. False: `problem` says what is wrong, and with which word. */
bool	constellation_read(struct constellation *, char *line, char problem[160]);
bool	constellation_is_outer(const struct constellation *, int group);	/* it holds groups */

/* The cores that each part has on a machine of so many. */
void	expected(const struct constellation *, double cores, double out[SHARE_MAX]);

/* NULL, or why there can be no control groups here. After it, real_close. */
const char *real_open(void);
const char *real_version(void);
void	real_close(void);
/* Makes the groups, waits until they have settled, counts for so long, and removes them. False: perror has said why. */
bool	real_round(const struct constellation *, double seconds, struct round *);

#endif
