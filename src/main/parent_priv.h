/*
 * parent_priv: what the parent owns, for parent.c, parent_children.c, parent_open.c, reload.c,
 * upgrade.c and watchdog.c alone.
 */
#ifndef MAIN_PARENT_PRIV_H
#define MAIN_PARENT_PRIV_H

#include "main/child.h"
#include "main/listeners.h"
#include "main/parent.h"
#include "main/sandbox.h"

#define UPGRADE_SOCKETS	1024		/* of clients and the admin API, that one Mola hands to the next */
/* upgrade.c */
struct upgrade {
	char		 program[4096];
	bool		 running, served;	/* it was begun; the successor serves */
	bool		 reload;		/* was asked for meanwhile */
	bool		 after_reload;		/* it begins then */
	pid_t		 pid;			/* of the successor, 0: none */
	char		 cause[120];		/* why it could not be executed; "": it was */
	/* its other end is `tell` of the successor, which says that it serves, and gets the last counts;
	 * fd -1: there is none */
	struct io	 ready;
	struct timer	 late;
	/* in a successor: where it says so, -1: it has, or is none; what the brain before published */
	int		 tell, table, secrets;
	int		 handover;		/* text of the Mola before it that no brain has read; -1: none */
	bool		 counts_only;		/* of that */
	struct io	 before;		/* where it gets the last one; fd -1: it will not */
	struct inherited { int fd; struct addr addr; } *socket;		/* NULL: none */
	unsigned	 nsockets;
};

struct parent {
	struct loop	*loop;
	struct conf	*conf;			/* in force: what a brain that is started now begins with */
	struct proxy_conf limits;		/* in force in workers */
	struct live	*live;
	struct phys	*phys;
	struct listeners listeners;
	int		 admin_tcp, admin_unix;	/* -1: none */
	/* for the next brain, at the latest: one is still to be opened, or could not be */
	bool		 admin_due;
	int		 table, secrets;	/* what the brain published last, for workers to come; -1: nothing yet */
	/* reload.c: workers have not taken `conf` yet */
	bool		 reloading;
	unsigned	 unready;		/* configurations that the brain has, and is not ready for */
	int		 next_secrets;		/* published meanwhile, -1: none */
	struct timer	 reload_late;
	int		 access;		/* the file of the access log; -1: standard output */
	struct io	 signals;
	struct child	 brain, worker[WORKERS_MAX];
	unsigned	 nworkers;
	struct sandbox_user user;
	bool		 other_user;
	bool		 stopping;
	bool		 serves;	/* systemd knows */
	int64_t		 stop_usec;		/* when it was first asked to */
	int		 status;
	struct timer	 last_call, beat;
	struct upgrade	 upgrade;
	int64_t		 looked_usec, trust_until_usec;	/* watchdog.c */
};

/* parent_open.c */
/* All that is configured, or what a Mola before this one handed over. */
bool	parent_open(struct parent *);
/* What opens logs what went wrong. A unix socket that cannot be made is no failure. */
bool	parent_open_admin(struct parent *);
void	parent_close_admin(struct parent *);
/* The file of the access log as configured, also one that was open: it may have been renamed.
 * False: it stays as it was, and that is logged. */
bool	parent_open_access(struct parent *);
/* No other process listens there, or it is configured as shared. */
bool	parent_may_listen(struct parent *, const struct conf_listen *);
bool	parent_open_listener(struct parent *, const struct addr *);
/* How long a stop waits for one more request on a kept connection. Where another Mola has the same
 * addresses, clients find it with their next connection, and the next response tells them so. */
int64_t	parent_patience(const struct parent *);
/* parent_children.c */
/* `fd` (-1: none) stays the parent's. A worker that does not read its channel is killed, and
 * replaced. */
void	parent_send_workers(struct parent *, const struct channel_msg *, int fd);
void	parent_start_brain(struct parent *);	/* workers start with its first table */
void	parent_reap(struct parent *);		/* buries those that have died, and starts others */
/* parent.c */
void	parent_stop(struct parent *);
/* A child, or a successor, has ended since: the brain goes last, and this process after it. */
void	parent_stop_go_on(struct parent *);

#endif
