/*
 * recorder_priv: what was written last, for recorder.c, which has what happens, and
 * recorder_world.c, which has what exists.
 */
#ifndef RECORDING_RECORDER_PRIV_H
#define RECORDING_RECORDER_PRIV_H

#include "recording/recorder.h"

struct service_mark {
	char		*line;		/* as written last; NULL: it is gone */
	int64_t		 slow_start_usec;
	bool		 seen;
	uint32_t	 arrived;	/* since the tick before */
};

struct node_mark {
	bool		 known, seen, drained;
	double		 cores;
	int64_t		 value_usec[QUERIES_MAX];	/* of the last values written */
};

struct task_mark {
	uint32_t	 service, node, lives;
	bool		 draining, seen;
	enum recorded_state state;
	int64_t		 since_usec;	/* as written last */
	double		 penalty, available;	/* available 0: not known */
	uint64_t	 requests;	/* at the last tick */
	/* at the last line */
	uint64_t	 requests_then, looks_sum;
	uint32_t	 inflight_then, looks;
	int64_t		 duration_usec;
	uint32_t	 step[LATENCY_STEPS];
};

struct recorder {
	const struct world *world;
	struct recorded_law law;
	bool		 names;
	int64_t		 began_usec, line_due;
	uint64_t	 passes, serial;	/* of the world, when it was last written */
	struct service_mark service[RECORDING_SERVICES];
	struct node_mark node[NODES_MAX];
	struct task_mark *task[TASKS_MAX];
};

/* recorder_world.c */
void	put_number(struct buf *, double);				/* "-": not known */
void	put_time(const struct recorder *, struct buf *, int64_t usec);	/* 0 is "never", "-" */
void	put_sample(const struct recorder *, struct buf *, const struct sample *);
void	write_law(struct recorder *, const struct recorded_law *, struct buf *);
bool	law_differs(const struct recorded_law *, const struct recorded_law *);
void	write_world(struct recorder *, struct buf *);

#endif
