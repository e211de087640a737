/*
 * deadline: each time-out comes when its time is over, neither sooner nor later than a turn: by what the exchange's client and its
 * task have last seen of it.
 */
#ifndef SIM_DEADLINE_H
#define SIM_DEADLINE_H

#include "ledger.h"

/* So much later a timer may be noticed: the wait for events has milliseconds, and other workers have their turns. */
#define DEADLINE_SLACK_USEC	(3 * USEC_PER_MSEC)

void	deadline_check(const struct entry *);

#endif
