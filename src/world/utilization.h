/*
 * utilization: what a task last said of its own load (http/orca.h), and how much more a request
 * costs for it. Lies in shared memory and is written by all workers at once without a lock: of two
 * reports at the same moment one may be lost, and nothing depends on that.
 *
 * A task that says it is at u of what it can do makes a request wait as often as all of its workers
 * are busy. That is about u^4 for a task with a dozen of them (Sakasegawa 1977), and one that
 * waits takes about twice as long. So the cost of one more request is multiplied by
 *     1 + min(u^4, 3)
 * which is 1.06 at a half, 1.7 at 0.9, 2 at 1: as for a node whose cores have all just got busy.
 * Never more than 4: what a task says of itself may weigh as much as a few requests do, and never
 * as much as what was seen of it. doc/why/0042-what-tasks-report-of-themselves.md has the reasons.
 */
#ifndef WORLD_UTILIZATION_H
#define WORLD_UTILIZATION_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct utilization {
	_Atomic int64_t	 noted_usec;		/* 0: there was none with a utilization */
	_Atomic double	 smooth;		/* the utilization, smoothed */
	_Atomic double	 memory, rps, eps;	/* of the last report */
	_Atomic uint64_t reports, nonsense;	/* ever */
};

struct utilization_report {	/* as a task says; 0: it does not */
	double	 utilization, memory, rps, eps;
};

/*
 * A report counts whole for FRESH, less and less from there on, and not at all at GONE: a task that
 * gets no requests, for it has said that it is full, says nothing any more. gRPC waits three
 * minutes, but its tasks report without requests, too.
 */
#define UTILIZATION_FRESH_USEC	INT64_C(2000000)
#define UTILIZATION_GONE_USEC	INT64_C(6000000)
#define UTILIZATION_SMOOTH_USEC	INT64_C(1000000)	/* time constant */

void	utilization_note(struct utilization *, const struct utilization_report *,
    int64_t now_usec);
void	utilization_note_nonsense(struct utilization *);
/* What the cost is multiplied by, and how far that can be relied on: from 1 to 0. */
double	utilization_factor(const struct utilization *, int64_t now_usec, double *trust);
void	utilization_reset(struct utilization *);

/*
 * Of several tasks those that have said nothing count as the mean of those that have: begin zeroed,
 * add all, and utilization_of() is what one counts as. Where all are the same, so are all of these.
 */
struct utilization_mean {
	double	 sum, trust;
};

static inline void
utilization_mean_add(struct utilization_mean *m, double factor, double trust)
{
	m->sum += factor * trust;
	m->trust += trust;
}

static inline double
utilization_of(const struct utilization_mean *m, double factor, double trust)
{
	return m->trust > 0 ? trust * factor + (1 - trust) * m->sum / m->trust : 1;
}

#endif
