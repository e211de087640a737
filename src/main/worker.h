/*
 * worker: the process that faces clients. It has its listeners, the table, two shared blocks and a
 * channel to the parent, and gives up every other right before it reads the first foreign byte.
 */
#ifndef MAIN_WORKER_H
#define MAIN_WORKER_H

#include "conf/conf.h"
#include "main/channel.h"
#include "main/sandbox.h"
#include "world/live.h"

struct worker_listener {
	struct addr	 addr;
	int		 fd;
};

struct worker_conf {
	unsigned	 index;
	struct live	*live;
	const struct phys *phys;
	int		 channel_fd, table_fd;
	int		 secrets_fd;	/* -1: none yet */
	int		 access_fd;	/* where the access log goes; becomes the worker's */
	struct worker_listener *listener;	/* descriptors become the worker's */
	unsigned	 nlisteners;
	struct proxy_conf limits;
	const struct sandbox_user *user;	/* NULL: no other user */
	int64_t		 stop_usec;
};

/* Runs until it is drained or the parent is gone. Never returns. */
void	worker_run(const struct worker_conf *) __attribute__((noreturn));

/* What of the configuration concerns workers; worker, live, phys and seed are left empty. */
void	worker_limits(const struct conf *, struct proxy_conf *);

#endif
