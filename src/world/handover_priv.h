/*
 * handover_priv: words of the format, for the two files that write and read it.
 */
#ifndef WORLD_HANDOVER_PRIV_H
#define WORLD_HANDOVER_PRIV_H

#include "world/live.h"

#define HANDOVER_MAGIC	"mola-handover"
#define HANDOVER_OTHER	"(other)"	/* services without a row of their own in live, together */

/* Of a task's counts. */
static const char *const handover_counts[LIVE_COUNTS] = { [LIVE_REQUESTS] = "requests",
    [LIVE_FAILURES] = "failures", [LIVE_TASK_ERRORS] = "errors", [LIVE_RETRIES] = "retries",
    [LIVE_RETRIES_REFUSED] = "retries_refused", [LIVE_DURATION_USEC] = "usec",
    [LIVE_EJECTIONS] = "ejections", [LIVE_REPORTS] = "reports", [LIVE_NONSENSE] = "unreadable" };

#endif
