/*
 * config: a configuration of Mola for an emulated cluster: one service per policy, policy k on set k, chosen
 * by the Host header, which is the policy's name.
 */
#ifndef BENCH_CONFIG_H
#define BENCH_CONFIG_H

#include <stdio.h>

#include "plan.h"

struct config {
	const struct plan	*plan;
	const char		*policy[PLAN_SETS_MAX];
	unsigned		 npolicies;		/* at most plan->nsets */
	const char		*listen, *admin, *socket;
	const char		*token;			/* of the admin interface; NULL: none */
	const char		*period;		/* of samples */
	unsigned		 workers;		/* 0: auto */
	bool			 agents;		/* nodes have agents in place of node_exporters, tasks are containers */
};

void	config_write(const struct config *, FILE *);

#endif
