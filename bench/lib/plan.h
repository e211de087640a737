/*
 * plan: the shape of an emulated cluster, shared by those who run it, load it and show it: how many nodes
 * with how many cores, how many clones ("sets") of the whole, and where everything listens.
 *
 * Node i (from 1) of set k (from 0) has the address A.B.(C+k).i, one port for its task, one for its
 * node_exporter and one for its agent. On A.B.(C+k).250 a set has its oracle: a task that places each request by the true state.
 * On A.B.C.254 the cluster is controlled.
 */
#ifndef BENCH_PLAN_H
#define BENCH_PLAN_H

#include <stdbool.h>
#include <stdio.h>

#include "net/sock.h"

#define PLAN_NODES_MAX	64
#define PLAN_SETS_MAX	16
#define PLAN_ORACLE	250
#define PLAN_CONTROL	254

struct plan {
	unsigned	 nnodes, nsets;
	double		 cores[PLAN_NODES_MAX];
	double		 ram[PLAN_NODES_MAX];		/* GiB; 0: four for each core */
	double		 parked[PLAN_NODES_MAX];	/* of it, by others and for good, 0..1 */
	double		 quota[PLAN_NODES_MAX];		/* of its task, cores; 0: none */
	unsigned	 net[3];		/* A.B.C of set 0 */
	unsigned	 task_port, exporter_port, agent_port;
};

void		plan_default(struct plan *);		/* 8 nodes of 1 to 8 cores, one set, 127.0.10 */
bool		plan_cores(struct plan *, const char *list);	/* "1 2 4" or "1,2,4" */
bool		plan_ram(struct plan *, const char *list);	/* as many as there are nodes, or one for all; so is parked */
bool		plan_parked(struct plan *, const char *list);
bool		plan_quota(struct plan *, const char *list);	/* the same */
bool		plan_net(struct plan *, const char *three_octets);
double		plan_total_cores(const struct plan *);

#define PLAN_TEXT_MAX	32
/* "127.0.10.3:20080" */
const char	*plan_address(const struct plan *, unsigned set, unsigned node, unsigned port, char out[PLAN_TEXT_MAX]);
void		 plan_addr(const struct plan *, unsigned set, unsigned node, unsigned port, struct addr *);

#define PLAN_CONTAINER_BYTES	65
#define PLAN_TASK		1		/* the number of a task's container on its node */
/* The ID of a container of a node, as Docker's: 64 hexadecimal digits. The first 12 say which it is: printf %02x%02x%08x. */
const char	*plan_container(unsigned set, unsigned node, unsigned number, char id[PLAN_CONTAINER_BYTES]);

#endif
