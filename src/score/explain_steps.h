/*
 * explain_steps: why a task gets what it gets, step by step, from its node's sample to what would
 * change its share; in words, and as the values that the words are made of.
 */
#ifndef SCORE_EXPLAIN_STEPS_H
#define SCORE_EXPLAIN_STEPS_H

#include "score/explain.h"

enum step_id {
#define STEP(id, name, values, help) STEP_##id,
#include "tbl/steps.h"
#undef STEP
	STEP_COUNT
};
const char	*step_name(enum step_id);

#define STEP_VALUES	5
#define STEPS_MAX	STEP_COUNT

struct explain_step {
	enum step_id	 step;
	struct {
		const char	*name;
		double		 number;	/* NAN: not known */
		const char	*text;		/* NULL: it is a number; of the world, or constant */
	} value[STEP_VALUES];
	unsigned	 nvalues;
	char		 text[320];		/* a sentence without a full stop */
};

struct explain_steps {
	struct explain_step step[STEPS_MAX];
	unsigned	 n;
};

/* The cheapest node among those of a service's tasks that take requests, and the cost of the next
 * one; once for all tasks of the service. Valid until the next pass. */
struct explain_field {
	const struct world_task *best;		/* NULL: none takes requests */
	double		 least, next;		/* next: INFINITY when there is no other node */
};
struct explain_field explain_field(const struct world *, const struct world_service *,
	    int64_t now_usec);

/* `rank` of `of`: as of explain_ranks. `share`, `per_second`: what it got lately; NAN: not
 * known. */
struct explain_got {
	unsigned	 rank, of;
	double		 share, per_second;
};
void	explain_steps(const struct world *, const struct world_task *, const struct explain_field *,
	    const struct explain_got *, int64_t now_usec, struct explain_steps *);

#endif
