/*
 * speed: how fast threads ran in a recording, 1 where each had a core.
 *
 * Where an agent reported what the container of a task could have, E, that of the task's threads is
 * known. A container with m of them in the mean of a second is at work for m / (1 + m) of it, as
 * far as requests come by chance, and what it works then is what all of them get together. So each
 * of them had a speed of E / (1 + m), and never more than 1.
 */
#ifndef REPLAY_SPEED_H
#define REPLAY_SPEED_H

#include <stddef.h>
#include <stdint.h>

/* As it went: `run` is how far a thread had come at a time. */
struct speed {
	int64_t		*usec;
	double		*run;
	size_t		 n, cap;
	double		 now;		/* from the last entry on */
};

void	speed_add(struct speed *, int64_t usec, double now);	/* from then on */
double	speed_run(const struct speed *, int64_t usec);		/* how far a thread had come by then */
void	speed_fini(struct speed *);

/* Of tasks, by their numbers. */
struct speeds;

struct speeds	*speeds_new(uint32_t tasks);
void		 speeds_free(struct speeds **);
void		 speeds_same(struct speeds *, uint32_t task, uint32_t same);	/* in one container */
void		 speeds_available(struct speeds *, uint32_t task, double cores);	/* NAN: not known */
/* In the second before now so many of its threads wanted a core. NULL: its speed is not known. */
const struct speed *speeds_did(struct speeds *, uint32_t task, double wanting, int64_t now_usec);

#endif
