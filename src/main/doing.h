/*
 * doing: what a process does, as the kernel says: of its first thread.
 */
#ifndef MAIN_DOING_H
#define MAIN_DOING_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct doing {
	char	state;		/* of proc(5): R, S, D, T ... */
	int64_t	cpu_usec;	/* since it began */
};

/* The text of /proc/PID/task/PID/stat. False: it is none. */
bool		doing_parse(const char *text, long ticks_per_sec, struct doing *);
bool		doing_read(pid_t, struct doing *);
const char	*doing_word(char state);

#endif
