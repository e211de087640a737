/*
 * follow: topics of a running Mola, live: by /api/v1/stream, or by one request after the other
 * where Mola is older than that. A connection that ends is opened again.
 */
#ifndef CLI_FOLLOW_H
#define CLI_FOLLOW_H

#include <stdint.h>

#include "cli/calls.h"

#define FOLLOW_TOPICS_MAX 8

enum follow_state {
	FOLLOW_CONNECTING,	/* nothing has come yet */
	FOLLOW_STREAM,
	FOLLOW_POLLS,
	FOLLOW_LOST		/* what came is as old as follow_age_seconds() */
};

struct follow;

/* What is there now of a topic, as GET /api/v1/TOPIC responds; of events, those that are new. */
typedef void	follow_f(void *arg, const char *topic, const json_t *value);

/* `topics` ends with NULL. Events are those after `after`. */
struct follow	*follow_new(struct calls *, const char *const *topics, uint64_t after, follow_f *,
		    void *arg);
void		 follow_free(struct follow **);		/* before the calls */

/* To be called before each turn of the calls; returns the milliseconds that it may wait at most. */
int		 follow_step(struct follow *);

enum follow_state follow_state(const struct follow *);
const char	*follow_problem(const struct follow *);	/* "" when there is none */
double		 follow_age_seconds(const struct follow *);	/* since something came; negative: never */
double		 follow_period_seconds(const struct follow *);	/* between two states of one topic */
unsigned	 follow_restarts(const struct follow *);	/* of the brain, seen since the beginning */

#endif
