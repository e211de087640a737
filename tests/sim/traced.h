/*
 * traced: what joins a request's line in the log to what its task got: its ID and its trace.
 */
#ifndef SIM_TRACED_H
#define SIM_TRACED_H

#include "ledger.h"

#define FORGED_ID	"forged"	/* by a client that is not trusted */

/* It has come to a task with these. */
void	traced_request(const struct plan *, struct entry *, const struct chain_seen *);
void	traced_line(const struct plan *, const struct entry *, const char *line);

#endif
