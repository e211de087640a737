/*
 * machine: a node of a replay, with the cores that it had. What shares them with our requests is
 * not recorded, only how many threads others had there (T), and what the container of each of our
 * tasks could have (E) where an agent reported it. From these follows who shares with whom:
 *
 * - No E on the node in all of the recording: one group, threads share equally.
 * - Else each of our tasks is in a container of the usual weight, and all others are one more, of g
 *   times that weight, with T threads. At a level of x cores for each usual weight others have
 *   min(T, g * x), and that is the same whether they are one heavy container or many usual ones:
 *   it is all that our containers notice of them. A container of ours that wants all it can get has
 *       x + sum over our others of min(u, x) + min(T, g * x) = C
 *   where u is what they used, and x is the E that the agent reported. So
 *       g = (C - E - sum of min(u, E)) / E
 *   over several containers of ours on the node: the sum of the numerators by the sum of the E.
 *   u is not recorded, but how many requests its tasks had in flight is, and so is what it could
 *   have: u = min(those of them that want a core, its E).
 *
 * What is handed on as E is min(quota, max(E of the agent, what was idle)), with idle = C - (R -
 * n_s) at the instant of the sample (demand.h). That tells which of the three it was:
 *       E < idle: the quota of the container. Of others it tells nothing.
 *       E = idle: others had all they wanted at this level, g >= (C - E) / E.
 *       E > idle: the agent's, and the formula holds.
 * Between two samples all that stays. What is learned of g at one sample holds until another one
 * tells more.
 */
#ifndef REPLAY_MACHINE_H
#define REPLAY_MACHINE_H

#include "recording/recording.h"
#include "sharing/cores.h"

struct machine;

struct machine_container {
	struct cores_group *group;
	unsigned	 tasks;		/* of ours, in it */
	double		 available;	/* E, as recorded; NAN: not known */
	double		 wanting;	/* of our requests, cores: in the mean of a second, as recorded */
	double		 used;		/* cores, here, between the last two samples */
	double		 used_usec;	/* at the last sample */
};

struct machine_task {			/* a task of ours on the node */
	struct machine	*in;
	struct machine_container *container;
	uint32_t	 number;
	double		 wanting;
	int64_t		 told_usec;	/* when that was recorded */
};

struct machine {				/* fields are for reading */
	struct cores	 cores;
	struct cores_group *others;	/* without containers: ours as well */
	bool		 containers;
	/* since machine_settle: a sample has come, of which the next tick has the rest; all has */
	bool		 observed, changed;
	double		 heavy;		/* g */
	double		 on_core;	/* of our requests in flight, those that want a core */
	double		 threads;	/* T */
	double		 ours, ours_usec; /* cores that our requests use here, as `used` of a task */
	int64_t		 sampled_usec;
	double		 idle;		/* cores, at the instant of the last sample; NAN: not known */
	struct machine_task **task;
	struct machine_container **container;	/* with tasks */
	unsigned	 ntasks, task_cap, ncontainers, container_cap;
};

void	machine_init(struct machine *, double cores, double on_core, bool containers,
    int64_t now_usec);
void	machine_fini(struct machine *);		/* its tasks, too; jobs must have been taken */
/* beside: a task in the same container; NULL: it has one of its own. */
struct machine_task *machine_task_new(struct machine *, uint32_t number,
    const struct machine_task *beside);
/* It has gone: its jobs go on, but it is not reckoned with. The pointer is not valid after that. */
void	machine_task_gone(struct machine_task *);

/* At a sample: what was used since the last one; what it says of others. The cores must have been
 * brought to now. */
void	machine_meter(struct machine *);
void	machine_observe(struct machine *, const struct recorded_sample *);
/* The sample as it would have been with our requests where they are here. */
void	machine_move(const struct machine *, const struct recorded_sample *, struct sample *);
void	machine_available(struct machine_task *, double cores);
void	machine_wanting(struct machine_task *, double threads);
/* What has been recorded since holds from now on. The cores must have been brought to now. */
void	machine_settle(struct machine *);

/* E of its container, with what our others on the node have used here instead of what they used
 * then. */
double	machine_task_available(const struct machine_task *);

#endif
