/*
 * hook: runs a program of the operator's for dns-01 challenges, without waiting for it: in an
 * environment of its own, without descriptors of ours, ended after a time.
 */
#ifndef ACME_HOOK_H
#define ACME_HOOK_H

#include "base/why.h"
#include "net/loop.h"

#define HOOK_SAID_MAX	200

struct hook;

/*
 * NULL: it ended with 0. ACME_HOOK: it did not; `said` is the last line that it wrote, or what
 * is wrong.
 */
typedef void	hook_done_f(void *arg, const struct why *, const char *said);

/*
 * PROGRAM VERB NAME RECORD VALUE. `done` is called exactly once, in a later turn, unless
 * hook_free comes first.
 */
struct hook	*hook_new(struct loop *, const char *const argv[5], int64_t timeout_usec, hook_done_f *,
		    void *arg);
void		 hook_free(struct hook **);	/* kills it, if it still runs */

#endif
