/*
 * world: what the brain knows: nodes with their last samples, services, tasks. Filled by
 * discovery (what exists) and by signals (its state), read by score, explain and the admin
 * API. Names are unique: nodes among nodes, services among services, tasks among all tasks.
 */
#ifndef WORLD_WORLD_H
#define WORLD_WORLD_H

#include <sys/queue.h>

#include "world/live.h"
#include "world/phys.h"
#include "world/profile.h"
#include "world/sample.h"
#include "world/setting.h"
#include "world/table.h"
#include "world/term.h"

/* What makes a route one of a rule (struct table_route). */
struct route_rule {
	int64_t		 priority;
	uint64_t	 ways;
	bool		 whole;
	bool		 gives_way;		/* of those that are refused */
	char		*text;			/* the rule, for people */
	char		*name;			/* of its router, as Traefik has it: "web@swarm"; NULL: it has none */
	char		*to;			/* the same of the service */
	enum route_by	 by;
	const struct condition *condition;	/* NULL: host and path are all of it */
};

struct route_conf {
	char	*host;			/* lower case, "*.org" for all below, "+.org" for one label more, "" for any */
	char	*path;			/* begins with '/' */
	/* NULL: of requests. Else of connections to the listener of this name, whose TLS clients name the
	 * host; "" is all of them, and the path is "/". */
	char	*listener;
	bool	 ends_tls;		/* of connections: their TLS ends here, and tasks get what was in it */
	char	*tls;			/* by these options of world.tls; NULL, or not there: by none */
	struct route_rule *rule;	/* NULL: a plain one */
	char	*chain;			/* of filters that its requests pass (world/filter.h); NULL: none */
	bool	 guards;		/* they do */
	uint64_t on;			/* of requests: bits of world.listener that it is for; 0: all of them */
};

/* Whose parts are all allocated. */
void			 route_conf_clear(struct route_conf *);
struct route_rule	*route_rule_copy(const struct route_rule *);	/* NULL of NULL */
bool			 route_rule_same(const struct route_rule *, const struct route_rule *);
struct route_conf	 route_conf_copy(const struct route_conf *);
bool			 route_conf_same(const struct route_conf *, const struct route_conf *);

#define QUERIES_MAX	((PROFILE_SLOTS - 1) * TERMS_MAX)

struct world_query {			/* equal ones of several services are one */
	char		*text;			/* NULL: the slot is free */
	int64_t		 period_usec;		/* the shortest that anybody wants */
	double		 full;			/* the largest of those that it is measured by */
	double		 mean;			/* over nodes, at the last refresh (score/user_metric.h); NAN: not known */
};

struct world_user_metric {		/* the value of a user's query on a node */
	double		 value, smoothed;	/* the last one, and a mean over the last ones */
	int64_t		 at_usec;		/* of the last one, monotonic; 0: none yet */
	/* at the last refresh: smoothed, or the mean of all nodes as it ages; NAN: not known */
	double		 effective;
};

/*
 * Each part has one room that writes it; all rooms read all parts. The fields before the parts are
 * written by world/, which also initializes the parts: a new node takes the row that is published
 * for its slot, and a slot of world.query that is reused loses the values of the query before.
 */
struct world_node {
	LIST_ENTRY(world_node) link;
	/* from discovery's passes */
	char		*name;
	char		*address;		/* host or IP for people and for joining, may be NULL */
	double		 cores_declared;	/* until a sample has them; 0: not declared */
	double		 memory_declared_bytes;	/* 0: not declared */
	char		*exporter_url;		/* http://…/metrics or NULL */
	char		*agent_url;		/* http://…/stream or NULL */
	char		*swarm_id;		/* NULL: not a node of the Swarm */
	bool		 swarm_active;		/* ready and active: Swarm may place tasks there */
	unsigned	 slot;
	bool		 inherited;		/* stood in the table that was in force when this brain began */
	bool		 drained;		/* by an operator's command */
	bool		 seen;			/* mark of the discovery pass under way */

	struct {				/* state of its sources; written by collect/ */
		const struct why *why;		/* what is wrong with its signal, NULL when nothing */
		char		 detail[160];
		int64_t		 wrong_usec;	/* since when, monotonic */
		/* what is wrong with Prometheus' samples of it, NULL: nothing, or no Prometheus */
		const struct why *prom_why;
		char		 prom_detail[160];
		int64_t		 prom_until_usec;	/* its samples count for the node until then, monotonic */
		/* cores that the containers of our tasks there may use together by quotas of their own;
		 * 0: one of them has none, or it is not known */
		double		 allowed;
		/* tasks there have limits, and no agent reports what they could have: then this many requests
		 * of ours are held back as of the last page, and not among the threads that run
		 * (score/throttle.h) */
		bool		 limits;
		double		 held_back;
	} signal;

	struct {				/* accepted samples; written by score/ */
		unsigned	 samples;	/* good ones since it joined or came back */
		/* the last good one; a part that it lacked is as in the last one that had it, while that
		 * is fresh */
		struct sample	 sample;
		struct sample_origin origin[SAMPLE_PARTS];
		struct sample	 smoothed;	/* with memory, disks and links as means over the last ones */
		double		 inflight;	/* n_s: our requests there, all workers, that the sample met */
		/* by slot of world.query; all nodes have the same empty ones until there is a query */
		struct world_user_metric *user_metric;
	} observed;

	struct {				/* computed from all this; written by score/ */
		struct phys_row	 row;		/* as last published */
		int64_t		 ramp_usec;	/* slow start counts from here, monotonic; 0: not looked at yet */
		int64_t		 gap_usec;	/* between the last two samples */
		double		 inflight_sum;	/* of what each tick saw in flight since the last sample */
		unsigned	 inflight_looks;
	} steering;

	struct {				/* what was logged of others' work there; written by main/ */
		int64_t		 looked_usec;	/* the sample that was looked at last */
		int64_t		 calm_usec;	/* the last sample with much work of others */
		unsigned	 samples;	/* one after another in which they want all cores */
		bool		 reported;
	} crowd;
};

struct world_task {
	LIST_ENTRY(world_task) link;		/* of its service */
	char		*name;
	struct world_service *service;
	struct world_node *node;
	struct addr_ip	 addr;
	unsigned	 nothers;
	struct addr_ip	*other;			/* where it can be reached, too; NULL: nowhere */
	unsigned	 slot;
	char		*container;		/* its id, or the first digits of it; NULL: not known */
	double		 limit;			/* cores that its container may use at most; 0: no limit is known */
	/* cores that its container could have, and when that was reported, monotonic; NAN: not known.
	 * Written by collect/ through world_task_set_available(). Where no agent reports it but there is a
	 * limit, it is that, of no time (0). */
	double		 available;
	int64_t		 available_usec;
	bool		 draining;		/* discovery reports that it is being stopped */
	bool		 drained;		/* by an operator's command */
	bool		 seen;
};

/* What another proxy's labels require of each of its own routers to a service, beside hosts and
 * paths. */
struct route_requirements {
	bool		 middlewares, tls;
	/* "web,websecure;internal": the list of each router that has one; NULL: none has */
	char		*entry_points;
	/* found by plan.c: requests that the service's routes match end on a route that is refused */
	bool		 refused;
};

/* Requests of a service that are refused: because all nodes are full, it has as many in flight as
 * its own settings allow, or a circuit breaker of one of its routes is open. */
enum refusals { REFUSALS_OVERLOADED, REFUSALS_MAX_INFLIGHT, REFUSALS_BREAKER, REFUSALS };
struct world_refusals {
	bool		 looked, reported;
	uint32_t	 refused;		/* ever, as of the last look */
	uint32_t	 refused_before;	/* that, when it was reported */
	int64_t		 since_usec, last_usec;
};

struct world_service {
	LIST_ENTRY(world_service) link;
	char		*name;
	struct service_conf conf;
	struct service_group	*group;			/* what it leads to instead of tasks; NULL: it has tasks */
	uint32_t	 number;		/* in the table that is being built */
	unsigned	 slot;			/* its row in live; 0: none was left */
	struct route_requirements requirements;
	unsigned	 profile;		/* slot of conf.profile with conf.terms in it */
	bool		 profile_crowded;	/* no slot was left for it: taken for balanced */
	/* Written by main/: profile_crowded was reported; and so was that more of its tasks
	 * are ejected than may be. */
	bool		 profile_reported, all_used_reported;
	struct world_refusals refusals[REFUSALS];	/* likewise */
	struct route_conf *route;
	unsigned	 nroutes;
	LIST_HEAD(, world_task) tasks;
	struct world_task *last_task;
	unsigned	 ntasks;
	bool		 seen, grouped;		/* by the pass under way */
};

/* Where clients connect to. */
struct world_listener {
	char		*name;
	unsigned	 redirect_port;		/* as in struct table_listener */
	bool		 redirect_temporary;
};

struct world {
	LIST_HEAD(, world_node) nodes;
	LIST_HEAD(, world_service) services;
	struct live	*live;
	struct phys	*phys;
	struct route_conf *refused;	/* routes on which requests end: nothing wider may serve them */
	unsigned	 nrefused;
	struct world_listener *listener;	/* at most TABLE_LISTENERS; a route's `on` counts them */
	unsigned	 nlisteners;
	struct tls_options *tls;	/* of handshakes; whose each is: */
	struct tls_host	*tls_host;
	unsigned	 ntls, ntls_hosts;
	uint64_t	 serial;	/* of the last table built */
	uint64_t	 passes;	/* begun: nodes, services and tasks live at least from one to the next */
	unsigned	 nnodes, nservices, ntasks;
	struct profile	 profile[PROFILE_SLOTS];	/* by slot; 0 is balanced */
	bool		 profile_used[PROFILE_SLOTS];	/* by a service, since the last pass */
	/* of the services that have a profile slot, since the last pass */
	struct world_query query[QUERIES_MAX];
	struct world_index *index;	/* private: names, and which of them holds which slot */
};

struct world	*world_new(struct live *, struct phys *);
void		 world_free(struct world **);
/* A brain that comes back takes the slots, the phys rows and the drains of the table that is in
 * force. Before the first pass. */
void		 world_inherit(struct world *, const struct table *);

/*
 * A discovery pass: begin, name everything that exists, nodes before their tasks, end. What was
 * not named is gone at the end. Strings are copied. NULL: the name was already used in this
 * pass, a task's node does not exist, or no slot is left (WHY_TABLE_LARGE); that one is then as
 * if it had not been named. The end says whether the table must be rebuilt. Order of the
 * world's lists is the order of first naming.
 */
void			 world_pass_begin(struct world *);
/* name, address, declared, urls */
struct world_node	*world_pass_node(struct world *, const struct world_node *like);
struct world_service	*world_pass_service(struct world *, const char *name,
    const struct service_conf *, const struct route_conf *, unsigned nroutes);
/* without it: none; it has no tasks then */
void			 world_pass_group(struct world *, struct world_service *, const struct service_group *);
/* without it: none */
void			 world_pass_requirements(struct world_service *, const struct route_requirements *);
struct world_task	*world_pass_task(struct world *, struct world_service *, const char *name,
    const char *node, const struct addr *, bool draining);
/* All routes that are refused; at most once in a pass, else there are none. No service may have
 * a plain one of them. */
void			 world_pass_refuse(struct world *, const struct route_conf *, unsigned n);
/* All listeners; at most once in a pass, else they stay. */
void			 world_pass_listeners(struct world *, const struct world_listener *, unsigned n);
/* TLS options, and whose handshakes have them; at most once in a pass, else they stay. */
void			 world_pass_tls(struct world *, const struct tls_options *, unsigned n,
    const struct tls_host *, unsigned nhosts);
/* Of a task that was just named: other addresses of it, at most TASK_ADDRS - 1. Not called: as
 * in the last pass. */
void			 world_pass_task_others(struct world *, struct world_task *, const struct addr *,
    unsigned n);
/* Of a task that was just named: the cores that it may use at most, 0: no limit is known. Not
 * called: as in the last pass. */
void			 world_pass_task_limit(struct world *, struct world_task *, double cores);
/* Of a task that was just named: the id of its container, NULL: not known. Not called: as in the
 * last pass. */
void			 world_pass_task_container(struct world *, struct world_task *, const char *id);
bool			 world_pass_end(struct world *);

struct world_node	*world_node(const struct world *, struct str name);
struct world_service	*world_service(const struct world *, struct str name);
struct world_task	*world_task(const struct world *, struct str name);
/* Workers see it, too. NAN or 0: not known. */
void			 world_task_set_available(struct world *, struct world_task *, double cores,
    int64_t at_usec);
/* true: table must be rebuilt */
bool			 world_drain(struct world *, struct world_node *, bool drained);
bool			 world_drain_task(struct world *, struct world_task *, bool drained);	/* the same */

/* Builds and seals a table of all this. Slots freed long enough ago (30 s) with nothing in
 * flight return. */
const struct why	*world_table(struct world *, int *fd);

#endif
