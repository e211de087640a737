/*
 * attempt_priv: what attempt.c, which takes, connects and leaves a task, has for attempt_retry.c,
 * which decides whether there is another try.
 */
#ifndef PROXY_ATTEMPT_PRIV_H
#define PROXY_ATTEMPT_PRIV_H

#include "proxy/attempt.h"

int64_t		 attempt_now(const struct attempt *);	/* usec, of the loop's turn */
/* Its service in the table in force; NULL: it is no longer there. */
const struct table_service *attempt_service(const struct attempt *);
/* The task counts in live from here to attempt_leave(). None may be taken before. */
void		 attempt_take(struct attempt *, const struct table_task *);
/*
 * Instead of *task one that has room, where it has none. What may not wait for a core goes to *task
 * all the same when none has. Else why there is none, and `lane` says what has to be waited for.
 */
const struct why *attempt_find_room(struct attempt *, const struct table_service *, bool may_wait,
    const struct table_task **task);
/* The service has as many in flight as it may, and `lane` says so. */
bool		 attempt_is_at_most(struct attempt *, const struct table_service *);

#endif
