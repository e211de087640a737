/*
 * upgrade: SIGUSR2 to the parent: another Mola, of the program that lies at the path of this one
 * by now, takes over. They share the sockets of clients and of the admin API, and what the brain
 * published last; memory they do not share, so that its layout may differ: what is in it goes over
 * as text (world/handover.h), when the other begins and, of counts, once more when this one ends.
 * This one serves until the other says that it does, and goes on if it never does.
 */
#ifndef MAIN_UPGRADE_H
#define MAIN_UPGRADE_H

#include <sys/types.h>

#include "base/addr.h"
#include "conf/conf.h"

struct parent;

/* ---- the Mola that runs: upgrade.c ---- */

/* Where its program lies: before somebody puts another one there. */
void	upgrade_note_program(struct parent *);
void	upgrade_begin(struct parent *);
/* A reload is over: an upgrade that was asked for meanwhile begins. */
void	upgrade_reloaded(struct parent *);
/* Its brain has ended: a successor may begin. False: there is no upgrade. */
bool	upgrade_brain_ended(struct parent *);
/* False: it is another child. */
bool	upgrade_reap(struct parent *, pid_t, int status);
/* A signal for both; does nothing without a successor. */
void	upgrade_pass_signal(struct parent *, int signal);
/* This Mola has ended: what it has counted goes to its successor. */
void	upgrade_end(struct parent *);
/* This Mola stops: a successor that does not serve yet stops, too. */
void	upgrade_stop(struct parent *);
/* It has not yet: it has this Mola's sockets, and must not be left with them. */
bool	upgrade_stops(const struct parent *);

/* ---- its successor: upgrade_successor.c ---- */

/* What the environment says was handed over; false when that is not understood. */
bool	upgrade_inherit(struct parent *, struct conf *);
bool	upgrade_has(struct parent *, const struct addr *);
/* The next socket that is bound to the address; it is the caller's. -1: none is left. */
int	upgrade_take(struct parent *, const struct addr *);
/* Closes what the configuration has no use for. */
void	upgrade_close_rest(struct parent *);
/* The table that the Mola before it handed over, the caller's; -1: there is none, or no
 * descriptor. */
int	upgrade_table(const struct parent *);
/* A brain has begun: it has read what the Mola before passed on. */
void	upgrade_taken(struct parent *);
/* Tells the Mola before it, once there are a table, secrets and workers. */
void	upgrade_serves(struct parent *);
/* The Mola before it has the sockets, and goes on if this one ends now. */
bool	upgrade_is_on_trial(const struct parent *);
/* In a child. */
void	upgrade_shed(struct parent *);

#endif
