/*
 * retry_ledger: how often requests were tried again, when and what for: what the settings of their service allow, and no less.
 */
#ifndef SIM_RETRY_LEDGER_H
#define SIM_RETRY_LEDGER_H

#include "ledger.h"
#include "world/live.h"

/* A task has got the head of it, which was all there at that time, and does this to it. */
void	retry_note_head(struct entry *, int64_t came_usec, enum slip);
/* How long the task that got its head as the last one takes. */
int64_t	retry_delay(const struct entry *);

/* When all is over: one exchange; and all of a service's by what is counted. */
void	retry_check(const struct entry *);
void	retry_check_service(const struct live *, unsigned service);

#endif
