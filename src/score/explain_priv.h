/*
 * explain_priv: what the files of explain have in common.
 */
#ifndef SCORE_EXPLAIN_PRIV_H
#define SCORE_EXPLAIN_PRIV_H

#include "base/clock.h"
#include "score/explain_steps.h"
#include "score/pressure.h"

/* explain.c */
/* What limits the node most: one of its resources, or a user's metric. */
struct cores_factor	explain_limit(const struct profile *, const struct world_node *,
			    int64_t now_usec);

/* explain_steps.c: a step with its sentence, more of the sentence, its values */
__attribute__((format(printf, 3, 4)))
struct explain_step	*step_add(struct explain_steps *, enum step_id, const char *format, ...);
__attribute__((format(printf, 2, 3)))
void			step_more(struct explain_step *, const char *format, ...);
void			step_number(struct explain_step *, const char *name, double);
void			step_word(struct explain_step *, const char *name, const char *text);
const char		*explain_plural(double n);	/* "s", or nothing */

static inline double
explain_seconds(int64_t usec)
{
	return (double)usec / (double)USEC_PER_SEC;
}

/* explain_node.c */
void	explain_add_sample(const struct world_node *, int64_t now_usec, struct explain_steps *);
void	explain_add_guard(const struct world_node *, int64_t now_usec, struct explain_steps *);
void	explain_add_others(const struct world_node *, int64_t now_usec, struct explain_steps *);
void	explain_add_inflight(const struct world *, const struct world_task *,
	    struct explain_steps *);
void	explain_add_limit(const struct world *, const struct world_task *, int64_t now_usec,
	    struct explain_steps *);
void	explain_add_preference(const struct world_task *, struct explain_steps *);
void	explain_add_slow_start(const struct world *, const struct world_task *, int64_t now_usec,
	    struct explain_steps *);

/* explain_choice.c */
struct charge {				/* of one more request on a task, by the law of its policy */
	struct law_node	 law;
	double		 others, inflight;	/* of the node; failures count as requests */
	enum tenancy	 tenants;		/* as which others count */
	double		 on_task;		/* of those in flight, on the task */
	double		 available;	/* cores that its container could have; NAN: that does not count */
	double		 load;		/* that the cost is multiplied by, for its load and its handicap */
	double		 cost;
};
/* Whether tasks of services with this policy are chosen by the law. */
static inline bool
explain_is_marginal(enum policy p)
{
	return p == POLICY_MARGINAL || p == POLICY_MARGINAL_1;
}
struct charge	explain_charge(const struct world *, const struct world_task *, int64_t now_usec);
/* What the task reports of its own load, if it changes its cost by a number that can be seen. */
#define EXPLAIN_LOAD_LEAST 1.005
void	explain_add_load(const struct world *, const struct world_task *, int64_t now_usec,
    struct explain_steps *);
/* Nothing, where that does not count. */
void	explain_add_available(const struct world_task *, const struct charge *,
    struct explain_steps *);
/* Nothing while there is room for one more request. */
void	explain_add_full(const struct world *, const struct world_task *, int64_t now_usec,
    struct explain_steps *);
/* Nothing while fewer are in flight than max_inflight and task_max_inflight allow. */
void	explain_add_limits(const struct world *, const struct world_task *, struct explain_steps *);
void	explain_add_cost(const struct world *, const struct world_task *, const struct charge *,
	    int64_t now_usec, struct explain_steps *);
/* The next request goes to its node, until others cost less than `next`; INFINITY: never. */
void	explain_add_next(const struct world_task *, const struct charge *, double next,
	    struct explain_steps *);
/* Another node is cheaper: what would have to happen? */
void	explain_add_more(const struct world *, const struct world_task *, const struct charge *,
	    const struct explain_field *, int64_t now_usec, struct explain_steps *);

#endif
