/*
 * stack_judge: how Mola would serve the services of stacks in one Swarm: by the readers that serve
 * those of any Swarm.
 */
#ifndef STACK_STACK_JUDGE_H
#define STACK_STACK_JUDGE_H

#include "conf/conf.h"
#include "discovery/report.h"
#include "stack/stack.h"
#include "world/world.h"

enum stack_verdict {
	STACK_NOT_ASKED,	/* nothing asks for it to be served */
	STACK_AS_MEANT,
	STACK_PARTLY,		/* it is served, and something of it is not, or differs */
	STACK_REFUSED,
	STACK_VERDICTS
};

struct stack_judgement;

/* The configuration says what it says of a Swarm; all live as long as what is made of them. Stacks
 * have different names, if there are several. Files that labels name are taken to be there. */
struct stack_judgement	*stack_judge(struct stack *const *, unsigned nstacks, const struct conf *);
void			 stack_judgement_free(struct stack_judgement **);

enum stack_verdict	 stack_verdict(const struct stack_judgement *, const struct stack_service *);
const char		*stack_verdict_name(enum stack_verdict);	/* "as meant" */
const struct report_service *stack_report(const struct stack_judgement *,
			    const struct stack_service *);
/* Under its own name, or that of one of its ports ("web:9000"): in the order of the world, after
 * that one (NULL: from the first on). NULL: there are no more. */
const struct world_service *stack_world_next(const struct stack_judgement *,
			    const struct stack_service *, const struct world_service *after);
/* What is of no service in particular. */
const struct swarm_report *stack_whole_report(const struct stack_judgement *);
/* A label of this name, or NULL: where it stands. */
const struct stack_pair	*stack_label_find(const struct stack *, const struct stack_service *,
			    const char *name);

#endif
