/*
 * outcome: what the end of an attempt means for its task: that it works, that it fails, or nothing.
 * Counts it in live (world/outlier.h), and ejects a task when it is worse than the
 * others of its service.
 */
#ifndef PROXY_OUTCOME_H
#define PROXY_OUTCOME_H

#include "net/ip.h"
#include "world/live.h"
#include "world/table.h"

struct outcome {
	const struct table *table;
	const struct table_service *service;
	const struct table_task *task;
	const struct why *why;		/* how the attempt ended */
	int		 status;	/* that the task responded with, 0: it did not */
	bool		 served;	/* it sent something that has no status */
	const struct ip	*client;
};

void	outcome_note(struct live *, const struct outcome *, int64_t now_usec);

#endif
