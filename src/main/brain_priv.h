/*
 * brain_priv: what the brain is made of, for brain.c, which connects it, brain_publish.c, which
 * sends what comes of it, and brain_inherit.c, which begins with what was there before.
 */
#ifndef MAIN_BRAIN_PRIV_H
#define MAIN_BRAIN_PRIV_H

#include "admin/admin.h"
#include "admin/events.h"
#include "certs/certs.h"
#include "collect/prom_nodes.h"
#include "collect/scrape.h"
#include "collect/user_queries.h"
#include "engine/discover.h"
#include "engine/mover.h"
#include "main/brain.h"
#include "main/brain_acme.h"
#include "main/outages.h"
#include "score/steer.h"
#include "targets/target.h"
#include "tracing/exporter.h"

struct brain {
	const struct brain_conf *boot;
	struct loop	*loop;
	struct conf	*conf;
	struct world	*world;
	struct fetcher	*fetcher;
	struct exporter	*exporter;
	struct scrape	*scrape;
	struct prometheus *prometheus;
	struct prom_nodes *prom_nodes;
	struct user_queries	*user_queries;
	struct steer	*steer;
	struct steer_conf steered;
	struct discover	*discover;
	struct mover	*mover;
	struct targets	*targets;
	struct certs	*certs;
	struct brain_acme *acme;
	struct events	*events;
	struct outages	*outages;
	struct admin	*admin;
	struct channel	 channel;
	struct timer	 tick;
	int64_t		 born_usec;
	uint64_t	 secrets_serial;	/* of the set that was published last */
	bool		 secrets_due;	/* it did not reach the parent */
	unsigned	 ready;		/* configurations, of which the parent has not been told yet */
	bool		 inherited;	/* a table was in force at the start */
	bool		 began;		/* the first pass was made */
	bool		 kept;		/* the parent knows that the inherited table is in force */
	bool		 changed;	/* since the last table that was sent */
	int64_t		 retry_usec, secrets_retry_usec;	/* of a table, and of secrets, that failed */
	int64_t		 tidy_usec;		/* when memory is given back next */
};

/* brain_publish.c: to the parent, and by it to the workers. What fails stays due, and is logged. */
/* A table of this brain's world may take the place of the one in force. */
bool	brain_knows_better(const struct brain *);
void	brain_keep_table(struct brain *);	/* the inherited one stays in force, for now */
void	brain_publish(struct brain *);		/* a table; only of what brain_knows_better() */
void	brain_publish_secrets(struct brain *);
void	brain_tell_ready(struct brain *);	/* for the configurations that it has got since */

/* brain_inherit.c: nothing where there was none, or where it cannot be read, which is logged. */
void	brain_inherit_table(struct brain *);	/* before the world's first pass */
/* After certs, before the first set is published: serials go on. */
void	brain_inherit_secrets(struct brain *);
/* What the Mola before this one has counted and learnt; at its end, what it has counted. `fd` stays
 * the caller's. */
void	brain_take_over(struct brain *, int fd, bool counts_only);

#endif
