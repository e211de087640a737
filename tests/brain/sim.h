/*
 * sim: a small cluster on a hand-cranked clock: nodes under processor sharing, tenants, requests, exporters, and one
 * or more Molas made of the real parts (world, score, steer, table, pick, law). The same seed gives the same
 * run, to the last request.
 */
#ifndef BRAIN_SIM_H
#define BRAIN_SIM_H

#include "base/rng.h"
#include "score/steer.h"
#include "pick/pick.h"
#include "score/move.h"
#include "sharing/cores.h"
#include "world/world.h"

#define SIM_NODES	64
#define SIM_TASKS	128
#define SIM_SERVICES	8
#define SIM_MOLAS	4
#define SIM_QUERIES	4

enum sim_lie { LIE_NONE, LIE_PAST, LIE_FUTURE, LIE_NONSENSE, LIE_IDLE };

struct sim_node {
	char	 name[32];
	bool	 present, silent, told;		/* told: the configuration declares its cores */
	double	 cores;
	double	 busy;				/* threads of others that want a core; may exceed the cores */
	double	 memory_used, stalled;		/* ratios; < 0: not told */
	double	 io_stalled, disk_busy, net;	/* ratios, bytes per second; NAN: not told */
	double	 answer[SIM_QUERIES];		/* of the users' queries; NAN: none */
	enum sim_lie lie;
	/* running */
	struct cores cpu;
	struct cores_group *all;		/* requests and others: shared by threads */
	double	 busy_usec;			/* core time used, at the last sample */
	int64_t	 sample_due, sampled;
	unsigned inflight;			/* requests on it */
};

struct sim_driven;

struct sim_service {
	char	 name[32];
	struct service_conf conf;
	double	 load;				/* cores' worth of work asked for; < 0: a quarter of all cores */
	double	 work_usec, wait_usec;		/* of a core, exponential mean; then of something else */
	int64_t	 arrival_due;
	int64_t	 changed;			/* moved or scaled */
	struct sim_driven *driven;		/* served by a proxy that is not ours; NULL: by Mola */
	/* over the window */
	uint64_t requests;
	double	*latency;
	size_t	 nlatency, latency_cap;
};

struct sim_task {
	char	 name[32];
	struct sim_service *service;
	struct sim_node *node;
	bool	 gone;				/* stopped by the scaler */
	unsigned inflight;
	uint64_t requests;			/* over the window */
};

struct sim_mola {
	struct live	*live;
	struct phys	*phys;
	struct world	*world;
	struct steer	*steer;
	struct pick	*pick;
	struct table	*table;
	int		 table_fd;
};

struct sim {
	int64_t		 now, period;
	double		 balancers;		/* what each Mola takes L to be */
	unsigned	 nmolas;
	unsigned	 nnodes, nservices, ntasks, nqueries;
	struct { char text[32]; bool hushed; } query[SIM_QUERIES];
	struct sim_node	 node[SIM_NODES];
	struct sim_service service[SIM_SERVICES];
	struct sim_task	 task[SIM_TASKS];
	struct sim_mola	 mola[SIM_MOLAS];
	struct heap	 waits;			/* requests whose work is done */
	uint64_t	 refused;		/* requests that found no task, ever */
	int64_t		 tick_due, mover_due;
	struct heat	*heat;			/* the first Mola's */
	unsigned	 moves;			/* ever */
	bool		 changed;		/* something that discovery would notice */
	struct rng	 rng;
};

struct sim	*sim_new(uint64_t seed);
void		 sim_free(struct sim **);

/* NULL when there is none of that name; sim_*_add never fails but for a full scene, which is a bug in the scene. */
struct sim_node	*sim_node(struct sim *, const char *name);
struct sim_node	*sim_node_add(struct sim *, const char *name);
struct sim_service *sim_service(struct sim *, const char *name);
struct sim_service *sim_service_add(struct sim *, const char *name);
struct sim_task	*sim_task(struct sim *, const char *name);
struct sim_task	*sim_task_add(struct sim *, const char *name, struct sim_service *, struct sim_node *);

int		 sim_query(struct sim *, const char *text);	/* its number; -1: there is no room for another */

/* Runs whole periods; the window in which shares and latencies are counted begins at `window_from` periods. */
void		 sim_tick(struct sim *, unsigned periods, unsigned window_from);
void		 sim_discover(struct sim *);		/* what has changed reaches every Mola now, as it does with the next tick */
void		 sim_restart(struct sim *);		/* every brain dies and comes back */
void		 sim_drain_node(struct sim *, const char *name, bool);
void		 sim_drain_task(struct sim *, const char *name, bool);
void		 sim_health(struct sim *, const char *task, enum live_health);
void		 sim_report(struct sim *, const char *task, double utilization);	/* of itself, once, to every Mola */
void		 sim_retry(struct sim *, const char *task, enum retry_reason);	/* a request of it, once, in every Mola */
/* The cores that the container of a task could have, as an agent reports it. */
void		 sim_available(struct sim *, const char *task, double cores);
double		 sim_latency(struct sim_service *, double quantile);	/* usec; 0 when nothing ended */

/* sim_mover.c */
void		 sim_mover_tick(struct sim *);		/* every half a second */
const char	*sim_mover_word(struct sim *, const char *service, bool scaling);	/* why it stays as it is */
unsigned	 sim_mover_tasks(const struct sim *, const struct sim_service *);

/* sim_driven.c */
void		 sim_driven_new(struct sim_service *, bool turns, int64_t interval_usec);
void		 sim_driven_free(struct sim_driven **);
void		 sim_driven_restart(struct sim_driven *);
void		 sim_driven_tick(struct sim *, struct sim_service *);	/* every tenth of a second */
struct sim_task	*sim_driven_pick(struct sim *, struct sim_service *);	/* NULL: nobody is known */
unsigned	 sim_driven_publications(const struct sim_service *);

#endif
