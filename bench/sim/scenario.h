/*
 * scenario: a cluster, its tenants and its load for bench/model, read from a file: one `key value...`
 * a line, words in between `name value`, # begins a comment. What is not known is an error that names file and
 * line. doc/benchmarks.md lists the keys.
 */
#ifndef BENCH_SCENARIO_H
#define BENCH_SCENARIO_H

#include <stdbool.h>
#include <stdio.h>

#include "base/rng.h"

#define SCENARIO_NODES	2000
#define SCENARIO_KINDS	4		/* lines of tenants, of permanent ones, of hogs */
#define SCENARIO_TASKS	8		/* of ours on one node */

/* A random size, by its mean. */
struct dist {
	enum dist_kind { DIST_CONST, DIST_EXP, DIST_BIMODAL, DIST_PARETO } kind;
	double	 mean;			/* of bimodal: of the small ones */
	double	 large, part;		/* bimodal: the large ones, and how many of all are large */
	double	 shape;			/* pareto: the smaller, the heavier its tail; > 1 */
};

double	dist_mean(const struct dist *);
double	dist_draw(const struct dist *, struct rng *);

/* How the threads of others are containers. */
enum containers {
	CONTAINERS_ONE,			/* all of a node's are in one container */
	CONTAINERS_MANY,		/* each thread is a container */
	CONTAINERS_EACH,		/* each tenant that comes is one, with all its threads */
	CONTAINERS_OWN			/* they are in ours */
};

struct others {				/* of one line */
	enum containers	 as;
	double		 load;		/* tenants: their work per second, as a fraction of the cores */
	double		 size;		/* threads of one, as a fraction of the cores; at least one thread */
	double		 work;		/* tenants: seconds of a core, mean of a thread's */
	double		 every, lasts;	/* hogs: seconds from start to start, and how long one is there */
	double		 part;		/* of the nodes */
	double		 weight, quota;	/* of each container; quota: cores, INFINITY: none */
};

struct scenario {
	char		 name[64], world[32];
	unsigned	 nnodes;
	double		 cores[SCENARIO_NODES];
	double		 load, ours;	/* of all cores: the whole; ours alone, 0: what the tenants leave of it */
	struct dist	 work, after, wait;	/* seconds */
	unsigned	 rounds;	/* waits of a request, between equal parts of its work */
	bool		 waits_last;	/* all work comes before the one wait */
	bool		 by_threads;	/* one group for all: as if there were no containers */
	struct others	 tenants[SCENARIO_KINDS], permanent[SCENARIO_KINDS], hog[SCENARIO_KINDS];
	unsigned	 ntenants, npermanent, nhogs;
	/* our containers */
	unsigned	 tasks;		/* on each node */
	double		 task_weight, task_quota;	/* quota: of the node's cores, INFINITY: none */
	/* nodes that are slower, whose cores are stolen, whose tasks fail */
	double		 slow_part, slow_speed;
	double		 steal_part, steal_mean, steal_every;
	double		 fail_part, fail_every, fail_lasts, fail_notice;
	/* long requests: part of all that arrive are WebSockets, each with messages */
	double		 socket_part, socket_lasts, socket_every, socket_work, socket_spread;
	bool		 agent;		/* else node_exporter */
	double		 period;	/* between samples, seconds */
	unsigned	 balancers;
	double		 seconds, warmup;
	double		 alone;		/* as the emulated cluster has it: seconds of tenants alone before; < 0: not so */
	unsigned	 seeds;
};

void	scenario_default(struct scenario *);
/* False: it was reported to stderr. */
bool	scenario_read(struct scenario *, const char *path);
/* The same from text; an error is put into `error`. */
bool	scenario_parse(struct scenario *, const char *text, const char *path, char *error, size_t size);

/* One of every 1 / part nodes, the same ones each time. */
bool	scenario_chosen(double part, unsigned node);
double	scenario_cores(const struct scenario *);	/* of all nodes, as fast ones */
double	scenario_rate(const struct scenario *);		/* of our requests, per second; <= 0: tenants leave nothing */

#endif
