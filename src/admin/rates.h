/*
 * rates: what tasks and services did lately, for the API: requests of the last five seconds, and
 * durations and errors of the last 20 to 30 s.
 */
#ifndef ADMIN_RATES_H
#define ADMIN_RATES_H

#include "world/world.h"

struct rates;

struct rates	*rates_new(void);
void		 rates_free(struct rates **);
/* May be called at any rate: records the counters once a second. */
void		 rates_tick(struct rates *, const struct world *, int64_t now_usec);
/* Requests of a task since the start of the window; 0 while there is no window. */
uint64_t	 rates_task(const struct rates *, const struct world *, unsigned task_slot);
/* Length of the window now; 0: there is none yet. */
double		 rates_seconds(const struct rates *, int64_t now_usec);

/* Durations and errors within a window of their own. */
struct rates_state {
	double		 seconds;	/* length of the window, 0: there is none yet, nor anything else */
	uint64_t	 requests;	/* that ended, and whose duration is known */
	double		 p50, p99;	/* in seconds, within 6.3 %; NAN without a request */
	uint64_t	 errors;
	unsigned	 ncauses;	/* that there were ever, the most frequent first */
	struct rates_cause {
		struct live_cause cause;	/* why NULL: all that have no place of their own */
		uint64_t	 count;		/* in the window */
		uint64_t	 ever;		/* since the task or service has been there */
	} by_cause[LIVE_ERRORS];
};
void		 rates_of_task(const struct rates *, const struct world *, unsigned task_slot,
    int64_t now_usec, struct rates_state *);
void		 rates_of_service(const struct rates *, const struct world *, unsigned service_slot,
    int64_t now_usec, struct rates_state *);

/*
 * The same of services over steps of five seconds, each of which ends in some rates_tick: how many
 * have ended, and what a service did in the last of them; seconds is 0 if it was not there all the
 * time. A service without a slot of its own (0) has neither.
 */
#define RATES_STEP_SECONDS	5
uint64_t	 rates_steps(const struct rates *);
void		 rates_step_of_service(const struct rates *, unsigned service_slot,
    struct rates_state *);

#endif
