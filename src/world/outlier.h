/*
 * outlier: what failed on one task lately, for which clients, and whether the task is set aside
 * for it (ejected). Lies in shared memory and is written by all workers at once without a lock:
 * a count may be off by one, and nothing depends on that.
 *
 * A task is a suspect when failures follow each other, or when an eighth of what it does fails.
 * Failures that a request provokes must come from several client addresses; a connection that
 * could not be opened was provoked by no request. doc/why/0011-a-task-that-fails.md has the
 * reasons for the numbers.
 */
#ifndef WORLD_OUTLIER_H
#define WORLD_OUTLIER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define OUTLIER_STRIKES	64	/* of a service's own rule, at most */
#define OUTLIER_ADDRESSES 8	/* client addresses that are counted apart */

struct outlier {
	/* one after another, without a success in between */
	_Atomic uint32_t row, row_unprovoked;	/* weights: of all, and of those that no request provoked */
	_Atomic uint32_t row_from;		/* address of the first one that a request provoked */
	_Atomic uint32_t row_others;		/* there was one of another address */
	/* over time; every OUTLIER_HALF_USEC all counts are halved */
	_Atomic int64_t	 halved_usec;
	_Atomic uint64_t ended_then;		/* requests that had ended at that time */
	_Atomic uint32_t ended, failed, errors;
	_Atomic uint64_t from[OUTLIER_ADDRESSES];	/* address << 32 | failures */
	/* set aside */
	_Atomic int64_t	 until_usec;
	_Atomic uint32_t level;			/* how often it was, of late */
	_Atomic uint32_t ejections;		/* ever */
	_Atomic uint32_t cause;			/* of the last one, the caller's number */
	/* by a service's own rule: failures without a success in between (their times: outlier_strikes) */
	_Atomic uint32_t strikes;
	_Atomic uint32_t by_rule;		/* so it was set aside: it is out, even if it is the last one */
	/* what failures cost: as many requests as if in flight, fading */
	_Atomic uint64_t penalty;		/* when (msec) << 24 | how much */
};

/* When the last failures were that count by a service's own rule. Apart from the rest, as few
 * services have one. */
struct outlier_strikes {
	_Atomic uint32_t msec[OUTLIER_STRIKES];
};

#define OUTLIER_HALF_USEC	INT64_C(5000000)
#define OUTLIER_PENALTY_USEC	INT64_C(700000)		/* in which a penalty fades to its half */
#define OUTLIER_FADED_USEC	(20 * OUTLIER_PENALTY_USEC)	/* nothing of it is left then */

#define OUTLIER_TRIED_USEC	INT64_C(100000)

/* Numbers of the last seconds. */
struct outlier_rate {
	double	 good, failed, errors;	/* errors: statuses of 500, whether they count as failures or not */
};

/* `ended`: requests that have ended on the task since the beginning of time, failures among
 * them. */
struct outlier_failure {
	uint32_t	 from;		/* the client's address, 0: no request provoked it */
	uint32_t	 weight;	/* OUTLIER_LIGHT, or OUTLIER_HEAVY for what took its time to fail */
	double		 cost;		/* requests that it shall look like */
};
#define OUTLIER_LIGHT	1
#define OUTLIER_HEAVY	2

/* By which a service itself says when a task is set aside. */
struct outlier_rule {
	uint32_t	 failures;	/* so many, one after another: 1 to OUTLIER_STRIKES */
	int64_t		 window_usec;	/* within this time */
	int64_t		 span_usec;	/* it is set aside for so long */
};

void	outlier_succeeded(struct outlier *);
void	outlier_erred(struct outlier *, uint64_t ended, int64_t now_usec);	/* a 500 */
void	outlier_failed(struct outlier *, const struct outlier_failure *, uint64_t ended,
    int64_t now_usec);
struct outlier_rate outlier_rate(struct outlier *, uint64_t ended, int64_t now_usec);

/* Enough has failed that it may be the task. *certain: it needs no comparison with other tasks. */
bool	outlier_is_suspect(struct outlier *, uint64_t ended, int64_t now_usec, bool *certain);
/* Sets it aside, longer each time; the counts start again. False: another worker has done so
 * already. */
bool	outlier_eject(struct outlier *, uint32_t cause, int64_t now_usec);
/* It served the last request that ended there, or has not failed for OUTLIER_TRIED_USEC. */
bool	outlier_is_worth_a_try(const struct outlier *, int64_t now_usec);
/* A failure by the rule; true: it was the last one, and the task is set aside now. */
bool	outlier_strike(struct outlier *, struct outlier_strikes *, const struct outlier_rule *,
    uint32_t cause, int64_t now_usec);
/* Ends what a rule has begun. False: there was nothing to end. */
bool	outlier_readmit(struct outlier *, int64_t now_usec);
bool	outlier_is_out(const struct outlier *, int64_t now_usec);	/* by a rule */
bool	outlier_is_ejected(const struct outlier *, int64_t now_usec);
double	outlier_penalty(const struct outlier *, int64_t now_usec);
void	outlier_reset(struct outlier *);
/* What outlasts a Mola: not what only the last seconds are judged by. */
struct outlier_kept {
	uint32_t	 row, row_unprovoked, level, strikes;
	bool		 by_rule;
	double		 penalty;		/* now */
};
void	outlier_keep(const struct outlier *, int64_t now_usec, struct outlier_kept *);
/* Into a reset one; until_usec: as its last ejection ended, or will. */
void	outlier_restore(struct outlier *, const struct outlier_kept *, int64_t until_usec,
    uint32_t cause, int64_t now_usec);

#endif
