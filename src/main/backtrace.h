/*
 * backtrace: where a child is, for one that hangs. The parent sends it a signal; its handler
 * notes the return addresses in shared memory, and nothing else. The parent has the same program
 * at the same addresses and finds the names. doc/why/0047 says why it is done so.
 */
#ifndef MAIN_BACKTRACE_H
#define MAIN_BACKTRACE_H

#include <stdbool.h>
#include <sys/types.h>

#define BACKTRACE_TEXT_MAX	512

/* Processes are numbered as in live.h: workers by their index, LIVE_BRAIN. */
void	backtrace_share(void);			/* in the parent, once, before it forks */
void	backtrace_answer(unsigned process);	/* in a child, before it does anything else */
void	backtrace_forget(void);			/* in the parent, when all children are gone */
/* The kernel delivers it when the process runs next: not while it is stopped. */
void	backtrace_ask(unsigned process, pid_t);
/* Functions from the innermost one, `f < g < h`; empty: it has not answered since it was asked. */
const char *backtrace_text(unsigned process, char out[BACKTRACE_TEXT_MAX]);

#endif
