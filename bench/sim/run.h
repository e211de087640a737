/*
 * run: one policy on one scenario, in virtual time: machines with containers (sharing/cores), requests, tenants,
 * samples, and balancers that choose: Molas of the real parts (world, score, pick, law), or other people's rules. All
 * random numbers but those of the choice come from the seed alone, so that each policy meets the same requests and
 * the same tenants.
 */
#ifndef BENCH_RUN_H
#define BENCH_RUN_H

#include "pick/pick.h"
#include "scenario.h"
#include "score/steer.h"
#include "score/weigh.h"
#include "sharing/cores.h"
#include "world/world.h"

#define RUN_BEGIN_USEC	INT64_C(1000000000)
#define RUN_TRIES	3			/* tasks that a request is offered to */

enum thread_kind { THREAD_REQUEST, THREAD_MESSAGE, THREAD_AFTER, THREAD_TENANT };

struct socket;
struct machine;

struct thread {					/* of ours, or of a tenant */
	struct cores_job job;			/* first */
	struct heap_node wait;
	enum thread_kind kind;
	bool		 counts;
	struct machine	*machine;
	struct cores_group *group;
	unsigned	 task, lb;
	int64_t		 began;
	double		 piece, asked;		/* work between two waits; all of it; usec of a core */
	double		 wait_usec, after;
	unsigned	 rounds;		/* waits left */
	struct socket	*socket;
	LIST_ENTRY(thread) link;		/* of its task, while a client waits for it */
};

struct socket {					/* a WebSocket: in flight until it ends, now and then with work */
	struct heap_node wait;			/* for its next message, or its end */
	struct machine	*machine;
	unsigned	 task, lb;
	int64_t		 ends;
	double		 every;			/* usec between messages */
	unsigned	 busy;			/* messages under way */
	bool		 closed;
	struct rng	 rng;
	LIST_ENTRY(socket) link;
};

struct rhythm {				/* of what comes and goes by itself */
	int64_t		 next;			/* INT64_MAX: never */
	unsigned	 phase;
	struct rng	 rng;
};

struct task {
	struct cores_group *group;
	struct machine	*machine;
	bool		 down;
	unsigned	 working;		/* threads of ours that want a core */
	double		 available;		/* as an agent last told; NAN: it did not */
	LIST_HEAD(, thread) threads;
	LIST_HEAD(, socket) sockets;
};

struct others_state {				/* one line of the scenario, on one machine */
	const struct others *conf;
	struct rhythm	 r;
	unsigned	 threads;		/* of one tenant, one hog */
	struct cores_group *shared;		/* of all of them; NULL: each makes its own */
	struct cores_group **held;		/* by the hog that is there */
	unsigned	 nheld;
};

struct machine {
	struct heap_node due;			/* first */
	struct run	*run;
	unsigned	 number;
	struct cores	 cores;
	double		 declared, speed, stolen;
	unsigned	 first_task;		/* of run->task */
	struct heap	 waits, sockets;
	struct others_state tenants[SCENARIO_KINDS], hog[SCENARIO_KINDS], permanent[SCENARIO_KINDS];
	struct rhythm	 steal, fail;
	struct rng	 noise;			/* of samples */
	int64_t		 sample_due, sampled;
	double		 busy_usec;		/* at the last sample */
	double		 ours_usec;		/* that our threads have used, of those that are done */
};

struct balancer {
	struct run	*run;
	unsigned	 number;
	/* as any balancer has it, by task */
	unsigned	*inflight;
	bool		*down;			/* it knows */
	unsigned	 turn;
	double		*weight, *due, *credit;	/* driven, by turns */
	double		*mean_usec;		/* of responses, an exponential mean; NAN: none yet */
	int64_t		*tried;			/* least time: when it was chosen, to some seconds */
	uint64_t	*moved, moves;		/* the order in which tasks were last taken or given back */
	int64_t		 published;
	struct weigh	*weigh;
	struct rng	 rng;
	unsigned	 avoid[RUN_TRIES], navoid;	/* of the request under way */
	/* a Mola */
	void		*live_memory;
	struct live	*live;
	struct phys	*phys;
	struct world	*world;
	struct steer	*steer;
	struct pick	*pick;
	struct table	*table;
	const struct table_service *service;
	struct world_node **node;		/* by machine */
	struct world_task **task;
	unsigned	*node_slot, *task_slot;	/* by machine, by task */
	uint32_t	*task_of;		/* by slot */
};

struct way;

struct result {
	uint64_t	 requests, failed, events;
	double		 mean, p50, p99, p999;		/* msec */
	double		 tenants, slowed;	/* cores that others used; how many times as long as alone they took */
	double		 least;			/* the smallest share of a task, of what its part of the cores that are there makes fair */
	double		 virtual_seconds, real_seconds;
};

struct run {
	const struct scenario *s;
	const struct way *way;
	int64_t		 now, begin, stop, end;	/* stop: the last arrival is before it */
	struct heap	 due;			/* machines */
	struct machine	*machine;
	struct task	*task;
	unsigned	 nmachines, ntasks, nlb;
	struct balancer	*lb;
	int64_t		 arrival, tick;
	uint64_t	 seed;
	double		 gap_usec;		/* between two arrivals, in the mean */
	struct rng	 rng, spread;		/* of arrivals; of the balancers they go to, where that is apart */
	struct thread	*spare;
	/* what came of it */
	float		*usec;
	size_t		 nusec, usec_cap;
	uint64_t	 requests, failed, events;
	double		 tenants_took, tenants_asked;	/* usec, of threads that are done */
	double		 tenants_usec;		/* of cores, at `begin` */
	uint64_t	*chosen, counted;	/* by task; all */
	double		*fair;			/* what its part of the cores that were there would have made it, where tasks fail */
};

/* run.c */
void		 run_play(const struct scenario *, const struct way *, uint64_t seed, struct result *);

/* machine.c */
void		 machine_init(struct run *, struct machine *, unsigned number, uint64_t seed);
void		 machine_fini(struct machine *);
void		 machine_step(struct machine *);	/* everything that is due at run->now */
void		 machine_catch_up(struct machine *);	/* what its threads have done by now; before they get more to do */
void		 machine_due(struct machine *);		/* after something has changed there */
double		 machine_tenants_usec(const struct machine *);	/* of cores, ever */
void		 machine_work(struct thread *, double work_usec);	/* it wants a core for that long */

/* requests.c: ours, from the arrival to the last work after the response */
void		 request_arrive(struct run *);
void		 request_done(struct thread *);		/* a piece of work is done */
void		 request_waited(struct thread *);
void		 socket_step(struct socket *);
void		 task_fail(struct run *, unsigned task);	/* whoever waits for it gets an error */
struct thread	*thread_new(struct run *);
void		 thread_free(struct run *, struct thread *);

/* balancer.c */
void		 balancer_init(struct run *, struct balancer *, unsigned number, uint64_t seed);
void		 balancer_fini(struct balancer *);
unsigned	 balancer_choose(struct balancer *);	/* a task; UINT_MAX: none is left */
void		 balancer_take(struct balancer *, unsigned task);
void		 balancer_give(struct balancer *, unsigned task, int64_t took_usec, bool failed);
void		 balancer_refused(struct balancer *, unsigned task);
void		 balancer_notice(struct balancer *, unsigned task, bool down);
void		 balancer_sample(struct balancer *, struct machine *, const struct sample *);
void		 balancer_tick(struct balancer *);

/* ways.c: the policies. A row each; `pick` is a function there, NULL: a policy of Mola's own by this name. */
typedef unsigned way_pick(struct balancer *);

struct way {
	const char	*name;
	const char	*policy;		/* Mola's; NULL: marginal, and `pick` chooses */
	way_pick	*pick;
	int64_t		 every_usec;		/* driven by weights: least time between two publications; 0: not driven */
	bool		 slow;			/* only when asked for by name */
};

extern const struct way ways[];
extern const unsigned ways_count;
const struct way *way_named(const char *name);		/* NULL: there is none */
bool		 way_exists(const struct way *);	/* this Mola has that policy */

#endif
