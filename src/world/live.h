/*
 * live: counters in memory that all workers share, so that one worker's choice sees the others'
 * requests. Each worker writes only its own column of the in-flight matrix; when it dies the
 * parent clears the column. Addressed by node slot and task slot (table.h). The brain reads it,
 * and owns nothing in it.
 */
#ifndef WORLD_LIVE_H
#define WORLD_LIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/why.h"
#include "world/filter.h"
#include "world/latency.h"
#include "world/outlier.h"
#include "world/phys.h"
#include "world/refused.h"
#include "world/retry_on.h"
#include "world/utilization.h"

#define WORKERS_MAX	16
#define LIVE_SERVICES	512		/* rows of services; 0 is for all that have none of their own */

struct live;
struct limits;

/* Unknown counts as up. */
enum live_health { HEALTH_UNKNOWN, HEALTH_UP, HEALTH_DOWN, HEALTH_DEGRADED, HEALTHS };

struct live_cause {			/* why a task is out of use; NULL: it never was */
	const struct why *why;
	int		 status;	/* that it responded with, 0: it did not */
};

struct live_task {			/* a snapshot of one task */
	uint32_t	 inflight;
	uint64_t	 requests;	/* picks, ever */
	uint64_t	 failures;	/* ended with a reason that blames the task, ever */
	struct live_cause failure;	/* the last of these */
	int64_t		 failed_usec;	/* when that was; monotonic, 0: never */
	uint64_t	 errors;	/* responses of 500 and more, ever */
	uint64_t	 retries;	/* requests that failed here and went to another task, ever */
	uint64_t	 retries_refused;	/* and those that did not, for the budget was spent */
	/* of all that ended there, from the request's first byte to the response's last */
	int64_t		 duration_usec;
	enum live_health health;
	struct live_cause health_cause;	/* of the last time that it went down */
	int64_t		 ejected_until_usec;	/* passive: it failed too often; monotonic, 0 or past: no */
	uint32_t	 ejections;	/* ever */
	struct live_cause ejected_cause;
	int64_t		 since_usec;	/* it is in use: new, healthy again or no longer ejected */
	uint32_t	 lives;		/* of the slot: another tenant, another number */
};

struct live_load {			/* what a task says of its own load (utilization.h) */
	int64_t		 noted_usec;	/* of the last report with a utilization; monotonic, 0: never */
	double		 utilization;	/* smoothed */
	double		 memory, rps, eps;	/* of the last report; 0: not said */
	uint64_t	 reports, nonsense;	/* ever */
};

size_t		live_bytes(void);
struct live	*live_init(void *zeroed_shared_memory, unsigned workers);
unsigned	live_workers(const struct live *);
struct limits	*live_limits(struct live *);	/* what middlewares count (limits.h) */

/* workers: a request begins and ends on a task of a node */
void		live_take(struct live *, unsigned worker, unsigned node_slot, unsigned task_slot);
void		live_give(struct live *, unsigned worker, unsigned node_slot, unsigned task_slot);
uint32_t	live_node_inflight(const struct live *, unsigned node_slot);	/* all workers */
uint32_t	live_task_inflight(const struct live *, unsigned task_slot);
/* not down, not ejected */
bool		live_is_usable(const struct live *, unsigned task_slot, int64_t now_usec);
/* not down, nor ejected by the rule of its service (live_strike) */
bool		live_is_healthy(const struct live *, unsigned task_slot, int64_t now_usec);

/* What an attempt on a task came to (outlier.h). A failure makes it look busier for a while,
 * for all workers. */
void		live_succeeded(struct live *, unsigned task_slot);
void		live_erred(struct live *, unsigned task_slot, int64_t now_usec);
void		live_failed(struct live *, unsigned task_slot, const struct outlier_failure *,
    int64_t now_usec);
/* Nothing says that the next request would fail there, too (outlier_is_worth_a_try). */
bool		live_is_worth_a_try(const struct live *, unsigned task_slot, int64_t now_usec);
void		live_count_failure(struct live *, unsigned task_slot, struct live_cause, int64_t now_usec);
struct outlier_rate live_rate(struct live *, unsigned task_slot, int64_t now_usec);
bool		live_is_suspect(struct live *, unsigned task_slot, int64_t now_usec, bool *certain);
bool		live_eject(struct live *, unsigned task_slot, struct live_cause, int64_t now_usec);
/* A failure by the rule of a service itself; true: the task is ejected for it now. */
bool		live_strike(struct live *, unsigned task_slot, const struct outlier_rule *,
    struct live_cause, int64_t now_usec);
void		live_readmit(struct live *, unsigned task_slot, int64_t now_usec);	/* ends that */
/*
 * What the cost of the task is multiplied by, at least 1: for being degraded, and for being new,
 * healthy again or no longer ejected for less than `slow_start_usec`.
 */
#define LIVE_DEGRADED	4.0
#define LIVE_NEW	10.0	/* at first */
double		live_handicap(const struct live *, unsigned task_slot, int64_t slow_start_usec,
    int64_t now_usec);
double		live_penalty(const struct live *, unsigned task_slot, int64_t now_usec);	/* in requests */
/* Cheap checks that save the expensive ones: is any task ejected, has any a penalty, did any
 * fail since the last time? */
bool		live_has_ejected(const struct live *, int64_t now_usec);
bool		live_has_penalty(const struct live *, int64_t now_usec);
uint32_t	live_failure_serial(const struct live *);
/* of ejections, health and tenants; not of the end of an ejection */
uint32_t	live_state_serial(const struct live *);

/* Of a service: when more than a part of the tasks that are not down are ejected, ejections do
 * not count. Begin zeroed. */
#define LIVE_PANIC	50	/* percent, where a service has no setting */
struct live_census {
	unsigned	 healthy, ejected;
};
void		live_census_add(const struct live *, unsigned task_slot, int64_t now_usec,
    struct live_census *);
static inline bool
live_census_all(const struct live_census *c, unsigned panic_percent)
{
	return 100 * c->ejected > (panic_percent == 0 ? LIVE_PANIC : panic_percent) * c->healthy;
}

/* A response of the task had a report on its load; NULL: it had one that cannot be read. */
void		live_note_load(struct live *, unsigned task_slot, const struct utilization_report *,
    int64_t now_usec);
double		live_load_factor(const struct live *, unsigned task_slot, int64_t now_usec,
    double *trust);		/* utilization_factor() */
void		live_load_read(const struct live *, unsigned task_slot, struct live_load *);

/* A client got a response from this task, or in the place of one. */
void		live_count_response(struct live *, unsigned task_slot, int status, int64_t duration_usec);
/* Of that, the time that the task itself had it, without what it waited in Mola. Sums of this Mola
 * alone; `requests`: picks. */
void		live_count_served(struct live *, unsigned task_slot, int64_t usec);
uint64_t	live_served_usec(const struct live *, unsigned task_slot, uint64_t *requests);
/* A request of the service that failed there was sent again; or it would have been, but the budget
 * was spent. */
void		live_count_retry(struct live *, unsigned task_slot, unsigned service_slot,
    enum retry_reason);
void		live_count_hedge(struct live *, unsigned service_slot);
void		live_count_retry_refused(struct live *, unsigned task_slot);
uint64_t	live_retries_total(const struct live *, unsigned service_slot, enum retry_reason);
void		live_set_health(struct live *, unsigned task_slot, enum live_health);	/* the prober alone */
/* before it goes down */
void		live_set_health_cause(struct live *, unsigned task_slot, struct live_cause);
/* for a replay: since when it is in use, whatever the clock says */
void		 live_set_since(struct live *, unsigned task_slot, int64_t usec);
/* Signs of life of workers and of LIVE_BRAIN, monotonic time, and the worker that probes health;
 * the parent reads the one and writes the other. */
void		live_beat(struct live *, unsigned process, int64_t now_usec);
int64_t		live_last_beat(const struct live *, unsigned process);
void		live_set_prober(struct live *, unsigned worker);
unsigned	live_prober(const struct live *);		/* at first 0 */
/*
 * The table that a worker has in force, by its serial; 0: none. Whoever must know that a table is
 * in force goes by this: between its publication and a worker there are two sockets, and a worker
 * may be busy or hang.
 */
void		live_set_table(struct live *, unsigned worker, uint64_t serial);
uint64_t	live_table(const struct live *, unsigned worker);
/* At least one worker runs, and all that do have this table or a later one. */
bool		live_table_reached_all(const struct live *, uint64_t serial);
bool		live_table_reached_any(const struct live *);	/* whichever table */

/* all processes */
void		live_task_read(const struct live *, unsigned task_slot, struct live_task *);
/* COMPLETE and all others */
void		live_count_why(struct live *, unsigned worker, const struct why *);
uint64_t	live_why_total(const struct live *, enum why_id);
/* per worker, now */
enum live_gauge { LIVE_CLIENTS, LIVE_IDLE_UPSTREAMS, LIVE_WAITING, LIVE_GAUGES };
void		live_gauge_add(struct live *, unsigned worker, enum live_gauge, int by);
int64_t		live_gauge_total(const struct live *, enum live_gauge);
/* How full nodes may be (room.h), as each worker has learnt it. */
void		live_set_bound(struct live *, unsigned worker, double);
double		live_bound(const struct live *);	/* the lowest; 0: no worker runs */
/* request durations: a histogram per worker, buckets as in live_bucket_bound_seconds */
#define LIVE_BUCKETS	16
double		live_bucket_bound_seconds(unsigned bucket);	/* upper bound; the last is +Inf */
void		live_observe(struct live *, unsigned worker, int64_t duration_usec);
uint64_t	live_bucket_total(const struct live *, unsigned bucket);	/* not cumulative */
double		live_duration_sum_seconds(const struct live *);
uint64_t	live_duration_usec(const struct live *);
/* The same by service, in finer steps, and what failed: live_traffic.c. What ends on a task is in
 * live_count_response. Numbers wrap: only differences of two looks mean something. */
#define LIVE_ERRORS	16		/* causes that are counted apart; the last is all others */
struct live_traffic {
	uint32_t	 lives;		/* another tenant of the row, another number */
	uint32_t	 step[LATENCY_STEPS];	/* durations */
	uint32_t	 error[LIVE_ERRORS];
	struct live_cause cause[LIVE_ERRORS];	/* why NULL: none yet, and of the last one */
};
void		live_observe_service(struct live *, unsigned worker, unsigned service_slot,
    int64_t duration_usec);
void		live_count_task_error(struct live *, unsigned task_slot, struct live_cause);
void		live_count_service_error(struct live *, unsigned service_slot, struct live_cause);
void		live_task_traffic(const struct live *, unsigned task_slot, struct live_traffic *);
void		live_service_traffic(const struct live *, unsigned service_slot, struct live_traffic *);
/* Of the causes that are counted apart, those with this reason. */
uint32_t	live_service_errors(const struct live *, unsigned service_slot, const struct why *);
/* These do not wrap. */
uint64_t	live_service_step_total(const struct live *, unsigned service_slot, unsigned step);
double		live_service_duration_sum_seconds(const struct live *, unsigned service_slot);
/* handshakes of TLS with clients that succeeded, per worker, ever */
void		live_count_handshake(struct live *, unsigned worker, bool resumed);
uint64_t	live_handshakes_total(const struct live *, bool resumed);
/* those that failed lately, of a worker */
void		live_count_filter(struct live *, unsigned worker, enum filter_kind, enum filter_outcome);
uint64_t	live_filter_total(const struct live *, enum filter_kind, enum filter_outcome);
/* spans of traces, in any process */
enum live_spans {
	SPANS_SENT,		/* the collector has them */
	SPANS_REJECTED,		/* it did not take them, for what they are */
	SPANS_FAILED,		/* it could not be reached, or was busy for too long */
	SPANS_LOST,		/* there was no room for them on their way there */
	SPANS_OUTCOMES
};
/* copies of requests for mirrors, by outcome, per worker */
enum live_copies {
	COPIES_SENT,		/* its response was read to the end */
	COPIES_FAILED,		/* it was not, or no task could be had */
	COPIES_SKIPPED,		/* it was not sent: too large, its request not whole, or no room for it */
	COPIES_OUTCOMES
};
void		live_count_copies(struct live *, unsigned worker, enum live_copies, unsigned n);
uint64_t	live_copies_total(const struct live *, enum live_copies);
void		live_count_spans(struct live *, enum live_spans, uint64_t);
uint64_t	live_spans_total(const struct live *, enum live_spans);
struct refused	*live_refuse(struct live *, unsigned worker);		/* to write */
const struct refused *live_refused(const struct live *, unsigned worker);
/* connections of tcp services, per worker, ever; each is added once and in parts */
struct live_relayed {
	uint64_t	 connections;	/* that ended */
	uint64_t	 usec;		/* that those took */
	uint64_t	 received, sent;	/* bytes, from clients and to them */
};
void		live_add_relayed(struct live *, unsigned worker, const struct live_relayed *);
struct live_relayed live_relayed_total(const struct live *);

/* A worker holds a request for a challenge (ACME) that it does not have: the brain looks for it at
 * once. It reads how often that was, ever. */
void		live_ask_challenges(struct live *);
uint32_t	live_challenges_asked(const struct live *);

/* what the parent reports of itself and its children; LIVE_BRAIN in place of a worker's number is
 * the brain */
#define LIVE_BRAIN	WORKERS_MAX
#define LIVE_PARENT	(WORKERS_MAX + 1)
struct live_process {
	int		 pid;		/* 0: not running */
	uint64_t	 starts;
};
struct live_conf {			/* the last reading of the configuration */
	int64_t		 read_usec;	/* wall clock */
	bool		 good;		/* it was taken */
};
void		live_started(struct live *, unsigned process, int pid);
void		live_stopped(struct live *, unsigned process);
struct live_process live_process(const struct live *, unsigned process);
void		live_log_dropped(struct live *, unsigned process, uint64_t lines);	/* so many more */
uint64_t	live_log_dropped_total(const struct live *, unsigned process);
void		live_memory_short(struct live *, unsigned process, uint64_t times);	/* so many more */
uint64_t	live_memory_short_total(const struct live *, unsigned process);
void		live_set_conf(struct live *, struct live_conf);
struct live_conf live_conf(const struct live *);
/* Targets that people have withdrawn, by a mark of each (not 0), so that a brain that comes
 * back leaves them so. No more than LIVE_PAUSED are kept. */
#define LIVE_PAUSED	64
void		live_set_paused(struct live *, uint64_t mark, bool on);
bool		live_is_paused(const struct live *, uint64_t mark);

/*
 * What a Mola passes on to the one that takes over (handover.h), live_handover.c. Counts of Molas
 * before this one are apart from its own: the brain sets them, again and again to the last that is
 * known, and all totals have them in.
 */
enum live_count { LIVE_REQUESTS, LIVE_FAILURES, LIVE_TASK_ERRORS, LIVE_RETRIES,
    LIVE_RETRIES_REFUSED, LIVE_DURATION_USEC, LIVE_EJECTIONS, LIVE_REPORTS, LIVE_NONSENSE,
    LIVE_COUNTS };
void		live_counts(const struct live *, unsigned task_slot, uint64_t out[LIVE_COUNTS]);
void		live_set_counts_before(struct live *, unsigned task_slot, const uint64_t[LIVE_COUNTS]);
struct live_kept {		/* what was learnt of a task; times are monotonic */
	int64_t		 failed_usec;			/* and why; 0: never */
	struct live_cause failure;
	enum live_health health;
	struct live_cause health_cause;
	int64_t		 since_usec;			/* it is in use; 0: always */
	int64_t		 ejected_until_usec;		/* 0: never */
	struct live_cause ejected_cause;
	struct outlier_kept outlier;
	struct live_load load;				/* its counts are not looked at */
};
void		live_keep(const struct live *, unsigned task_slot, int64_t now_usec, struct live_kept *);
/* Of a slot that no worker has used. */
void		live_restore(struct live *, unsigned task_slot, const struct live_kept *, int64_t now_usec);
/* All that is counted for all of Mola, by name, the same in each version. What Molas before this
 * one had is `before`, for live_set_before. */
#define LIVE_TOTAL_NAME	96
typedef void	live_total_f(void *arg, const char *name, uint64_t n, _Atomic uint64_t *before);
void		live_totals(struct live *, live_total_f *, void *arg);
void		live_set_before(_Atomic uint64_t *before, uint64_t n);
/* Counts of a Mola before this one were there from the beginning: they may be set again. */
void		live_set_continued(struct live *);
bool		live_is_continued(const struct live *);
/* Of a service. `step` and `usec` of its durations; an error is found by its cause (why NULL: all
 * that are not counted apart). */
void		live_set_service_before(struct live *, unsigned service_slot,
    const uint64_t step[LATENCY_STEPS], uint64_t usec);
void		live_set_service_error_before(struct live *, unsigned service_slot, struct live_cause,
    uint32_t n);
void		live_set_retries_before(struct live *, unsigned service_slot,
    const uint64_t[RETRY_REASONS]);
uint64_t	live_service_duration_usec(const struct live *, unsigned service_slot);

/* parent: worker died; brain: a slot begins a new life */
void		live_forget_worker(struct live *, unsigned worker);
void		live_reset_task(struct live *, unsigned task_slot);
void		live_reset_service(struct live *, unsigned service_slot);

#endif
