/*
 * brain: the process that knows: discovery, signals, score, tables, admin. It may die at any
 * moment; workers go on with what it last published, and its successor begins with the table in
 * force.
 */
#ifndef MAIN_BRAIN_H
#define MAIN_BRAIN_H

#include "conf/conf.h"
#include "main/channel.h"
#include "world/live.h"

struct brain_conf {
	struct conf	*conf;			/* the one in force; the brain's own from here on */
	struct live	*live;
	struct phys	*phys;
	int		 channel_fd;
	int		 table_fd, secrets_fd;	/* those in force, -1: none yet */
	int		 handover_fd;		/* text of the Mola before this one, -1: none */
	bool		 counts_only;		/* of that */
	bool		 on_trial;		/* no table of this Mola is in force: it is to take over */
	int		 admin_tcp_fd, admin_unix_fd;	/* listening, -1: none */
};

/* The brain without its process: it has begun, and does something in the turns of its loop only.
 * The configuration is its own from here on; `boot` outlives it. */
struct brain;
struct brain	*brain_new(const struct brain_conf *boot);
struct loop	*brain_loop(struct brain *);
void		 brain_free(struct brain **);

/* The whole process. Runs until the parent is gone or closes the channel. Returns the exit
 * status. */
int	brain_run(const struct brain_conf *);

#endif
