/*
 * live_priv: how live lies in shared memory, for the files that count in it: live.c has tasks and
 * nodes, live_totals.c what becomes a metric, live_traffic.c durations and errors of tasks and
 * services, live_process.c what processes report of themselves, live_handover.c what goes from one
 * Mola to the next.
 */
#ifndef WORLD_LIVE_PRIV_H
#define WORLD_LIVE_PRIV_H

#include <stdatomic.h>

#include "world/limits.h"
#include "world/live.h"
#include "world/utilization.h"

struct row {					/* one cache line: a column per worker */
	_Atomic uint32_t	inflight[WORKERS_MAX];
};

struct task_row {
	struct row		by_worker;
	_Atomic uint64_t	requests, failures, errors;
	_Atomic uint64_t	retries, retries_refused;
	_Atomic uint64_t	duration_usec, served_usec;
	_Atomic int64_t		failed;			/* the last time */
	_Atomic uint32_t	failure;
	_Atomic uint32_t	health, health_cause;
	_Atomic uint32_t	lives;
	_Atomic int64_t		since;			/* new, or healthy again */
	struct outlier		outlier;
};

struct worker_row {
	_Atomic uint64_t	why[WHY_COUNT];
	_Atomic uint64_t	bucket[LIVE_BUCKETS];
	_Atomic uint64_t	duration_usec;
	_Atomic uint64_t	handshakes[2];		/* resumed: 1 */
	_Atomic uint64_t	filter[FILTER_KINDS][FILTER_OUTCOMES];
	_Atomic uint64_t	copies[COPIES_OUTCOMES];
	_Atomic uint64_t	relayed, relayed_usec, relayed_received, relayed_sent;
	_Atomic int64_t		gauge[LIVE_GAUGES];
	_Atomic int64_t		beat;
	_Atomic uint32_t	bound;			/* in thousandths */
	_Atomic uint64_t	table;
	struct refused		refused;
	/* no task slot from here on was ever taken: its memory need not exist */
	_Atomic uint32_t	tasks_end;
} __attribute__((aligned(64)));

struct process_row {
	_Atomic int32_t		pid;
	_Atomic uint64_t	starts;
	_Atomic uint64_t	log_dropped, memory_short;
	_Atomic int64_t		beat;		/* the brain's; those of workers are in their own rows */
};

/* Causes take their places as they come, until all are taken; errors are rare enough to be counted
 * with locked instructions. */
struct error_row {
	_Atomic uint32_t	cause[LIVE_ERRORS - 1];	/* 0: free */
	_Atomic uint32_t	n[LIVE_ERRORS];
};

#define BLOCK_STEPS	16
#define TASK_BLOCKS	((LATENCY_STEPS + BLOCK_STEPS - 1) / BLOCK_STEPS)
#define BLOCKS_MAX	(TASKS_MAX * (TASK_BLOCKS + 1))

/* Durations of a task, by step of latency.h. They are within a few octaves: steps that lie side by
 * side take a block with the first one that is counted, which stays the slot's. Pages of blocks,
 * and of rows of errors, that were never used do not exist. */
struct task_traffic {
	_Atomic uint32_t	block[TASK_BLOCKS];	/* number in live.block; 0: none yet */
	_Atomic uint32_t	erred;			/* there is something in its row of errors */
} __attribute__((aligned(64)));

struct step_block {
	_Atomic uint32_t	n[BLOCK_STEPS];
} __attribute__((aligned(64)));

/* A cache line. */
struct load_row {
	struct utilization	said;
} __attribute__((aligned(64)));

struct service_row {
	_Atomic uint32_t	lives;
	struct error_row	errors;
	_Atomic uint32_t	before[LIVE_ERRORS];	/* of Molas before this one, by the same causes */
	_Atomic uint64_t	retries[RETRY_REASONS], retries_before[RETRY_REASONS];
};

/* A worker's column of a service, which no other one writes. */
struct service_column {
	_Atomic uint64_t	step[LATENCY_STEPS];
	_Atomic uint64_t	duration_usec;
} __attribute__((aligned(64)));

struct task_before {
	_Atomic uint64_t	n[LIVE_COUNTS];
};

struct live {
	unsigned		workers;
	struct process_row	process[LIVE_PARENT + 1];
	_Atomic int64_t		conf_read;
	_Atomic uint32_t	conf_good;
	_Atomic uint32_t	prober;
	_Atomic int64_t		ejected_until, penalty_until;	/* of any task, at the latest */
	_Atomic uint32_t	failure_serial, state_serial;
	_Atomic uint32_t	challenges_asked;
	_Atomic uint32_t	continued;
	_Atomic uint64_t	spans[SPANS_OUTCOMES];
	_Atomic uint64_t	paused[LIVE_PAUSED];	/* 0: free */
	struct worker_row	worker[WORKERS_MAX];
	struct row		node[NODES_MAX] __attribute__((aligned(64)));
	struct task_row		task[TASKS_MAX] __attribute__((aligned(64)));
	struct limits		limits __attribute__((aligned(64)));
	struct task_traffic	task_traffic[TASKS_MAX];
	struct error_row	task_errors[TASKS_MAX];
	_Atomic uint32_t	blocks;			/* that were taken */
	struct step_block	block[BLOCKS_MAX];	/* the first one is nobody's */
	struct load_row		load[TASKS_MAX];
	struct outlier_strikes	strikes[TASKS_MAX];
	struct service_row	service[LIVE_SERVICES];
	struct service_column	service_column[WORKERS_MAX][LIVE_SERVICES];
	/* what Molas before this one have counted: live_handover.c */
	struct process_row	process_before[LIVE_PARENT + 1];
	_Atomic uint64_t	spans_before[SPANS_OUTCOMES];
	struct worker_row	before;
	struct service_column	service_before[LIVE_SERVICES];
	struct task_before	task_before[TASKS_MAX];
};

/* A cause as a number, 0: none. */
uint32_t		live_cause_number(struct live_cause);
struct live_cause	live_cause_of(uint32_t number);
/* live_handover.c: the same slot in another life */
void			live_reset_task_before(struct live *, unsigned task);
void			live_reset_service_before(struct live *, unsigned service);
/* live_traffic.c: of a slot that begins a new life */
void			live_reset_traffic(struct live *, unsigned task);
void			live_count_duration(struct live *, unsigned task, int64_t usec);
/* The place of a cause in a row, which takes one when it has none yet. */
unsigned		live_error_place(struct error_row *, struct live_cause);

#define GET(x)		atomic_load_explicit(&(x), memory_order_relaxed)
#define SET(x, v)	atomic_store_explicit(&(x), (v), memory_order_relaxed)
#define ADD(x, v)	atomic_fetch_add_explicit(&(x), (v), memory_order_relaxed)

#endif
