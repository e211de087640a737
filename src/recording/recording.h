/*
 * recording: what a recorded period consists of (doc/recording.md has the format). The reader makes
 * this of a text, the replay runs it. All times are microseconds since the beginning of the part
 * that they stand in; a part begins with RECORDED_BEGIN, and there is more than one where the brain
 * was restarted meanwhile.
 */
#ifndef RECORDING_RECORDING_H
#define RECORDING_RECORDING_H

#include "world/latency.h"
#include "world/world.h"

#define RECORDING_VERSION	2		/* 1: without available, tenants, slow_start and since */
#define RECORDING_BYTES_MAX	(64u << 20)	/* that are read */
#define RECORDING_SERVICES	LIVE_SERVICES	/* those without a row in live are left out */
#define RECORDING_PARTS_MAX	100
#define RECORDING_NAME_MAX	64		/* bytes of a name */
#define RECORDING_USEC_MAX	(INT64_C(7) * 86400 * 1000000)	/* that a part may take */
#define RECORDING_PICKS_MAX	UINT64_C(20000000)	/* requests of a whole recording */
/* that a service may get in a tick, and a task may have in flight */
#define RECORDING_COUNT_MAX	UINT32_C(1000000)

enum recorded_kind {
	RECORDED_BEGIN,		/* usec: wall clock */
	RECORDED_LAW,
	RECORDED_SERVICE,	/* new, or changed */
	RECORDED_QUERY,		/* one more of the service before */
	RECORDED_NODE,		/* new, or changed */
	RECORDED_WAS,		/* what the brain knew of the node when the part began */
	RECORDED_TASK,		/* new, or changed */
	RECORDED_GONE_SERVICE, RECORDED_GONE_NODE, RECORDED_GONE_TASK,
	RECORDED_STATE,
	RECORDED_PENALTY,	/* amount: in requests */
	RECORDED_SINCE,		/* usec: the task is in use since then; while it is in a slow start */
	RECORDED_AVAILABLE,	/* amount: cores that the task's container could have; NAN: not known */
	RECORDED_SAMPLE,
	RECORDED_VALUE,		/* of a query */
	RECORDED_TICK,		/* usec: steer_tick was called */
	RECORDED_ARRIVED,	/* count: requests of the service since the tick before */
	RECORDED_DID,		/* what happened on a task in the last second */
	RECORDED_END,		/* usec: the part is whole */
};

enum recorded_state { RECORDED_USED, RECORDED_EJECTED, RECORDED_DOWN, RECORDED_DEGRADED };

struct recorded_law {			/* as struct steer_conf */
	int64_t	 period_usec, prometheus_period_usec, best_node_period_usec;
	double	 balancers, cpu_weight, ram_weight;
	int64_t	 scores_due_usec;	/* when scores are renewed next */
};

struct recorded_service {
	enum policy	 policy;
	struct profile	 profile;
	enum tenancy	 tenants;
	int64_t		 slow_start_usec;
	bool		 sticky, tcp;
	char		*name;		/* NULL: not recorded */
};

struct recorded_query {
	unsigned	 query;
	struct term	 term;		/* its texts are empty */
};

struct recorded_node {
	double		 cores_declared;
	bool		 drained;
	char		*name;		/* NULL: not recorded */
};

/* The parts of struct world_node that steering goes on from. Times of 0 are 0 here, too. */
struct recorded_was {
	unsigned	 samples, inflight_looks;
	struct sample	 last, smoothed;
	double		 inflight, inflight_sum, others, score;
	int64_t		 sampled_usec, period_usec, gap_usec, ramp_usec;
};

struct recorded_task {
	uint32_t	 service, node, inflight;
	uint32_t	 same;		/* the first task that is known to be in its container; itself, else */
	bool		 draining;
};

struct recorded_sample {
	int64_t		 at_usec;	/* when the brain had it */
	/* our requests there at that moment; and those that counted: these, or a mean (demand.h) */
	double		 inflight, counted;
	struct sample	 sample;
};

struct recorded_value {
	unsigned	 query;
	int64_t		 at_usec;
	double		 value;
};

struct recorded_did {
	uint64_t	 picks, ended, looks_sum;	/* of what was in flight at each look */
	uint32_t	 looks;
	int64_t		 duration_usec;			/* of all responses */
	unsigned	 nsteps;
	const struct recorded_step { uint16_t step; uint32_t count; } *step;
};

struct recorded {
	enum recorded_kind kind;
	uint32_t	 id;		/* of the node, service or task */
	union {
		int64_t		 usec;
		uint32_t	 count;
		double		 amount;
		enum recorded_state state;
		const struct recorded_law *law;
		const struct recorded_service *service;
		const struct recorded_query *query;
		const struct recorded_node *node;
		const struct recorded_was *was;
		const struct recorded_task *task;
		const struct recorded_sample *sample;
		const struct recorded_value *value;
		const struct recorded_did *did;
	};
};

#endif
