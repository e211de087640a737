/*
 * discover: publishes what exists: from the configuration, and from a Swarm if one is
 * configured, in one pass over the world.
 */
#ifndef ENGINE_DISCOVER_H
#define ENGINE_DISCOVER_H

#include "conf/conf.h"
#include "engine/watch.h"

struct discover;

typedef void	discover_change_f(void *arg);	/* the Swarm has changed: a pass is due */

struct discover	*discover_new(struct loop *, struct fetcher *, struct world *, discover_change_f *,
	    void *arg);
void		 discover_free(struct discover **);
/* Before the first pass, and when it has changed; kept by reference. */
void		 discover_reconf(struct discover *, const struct conf *);
/* Whether that would keep the engine. */
bool		 discover_keeps_engine(const struct discover *, const struct conf *);

/* False: the Swarm, or the configuration of a Traefik in it, has not been read yet, so that
 * a pass would publish the configuration's nodes and services alone. A caller that has a
 * table in force should rather keep it. */
bool		 discover_is_ready(const struct discover *);
/* Publishes what exists and removes what no longer does. True: the table must be rebuilt. */
bool		 discover_pass(struct discover *);

/* The files of Traefik's that the configuration names, as they are in this moment. */
const struct swarm_file *discover_provided(const struct discover *, unsigned *n);
/* Of the last pass; NULL: there is no Swarm, or no pass yet. */
const struct swarm_report *discover_report(const struct discover *);
/* How many tasks of the Swarm are balancers like this one; 1 when none is known. */
double		 discover_balancers(const struct discover *);
struct watch	*discover_watch(const struct discover *);	/* NULL: no Swarm is configured */

/* What it says of a Swarm's services; points into both. The caller adds what reads files. */
struct swarm_conf discover_conf(struct arena *, const struct conf *);

#endif
