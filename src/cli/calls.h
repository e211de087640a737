/*
 * calls: requests to a running Mola that nobody waits for, several at a time. Nothing is printed:
 * whoever made a call gets its outcome.
 */
#ifndef CLI_CALLS_H
#define CLI_CALLS_H

#include "cli/api.h"

struct calls;
struct call;

struct call_end {
	long		 status;	/* 0: there was no response, or not all of it */
	const char	*problem;	/* NULL: the status is 2xx. What was wrong, printable */
	struct str	 body;
};

/* The call is gone when this is called. It may make others. */
typedef void	call_end_f(void *arg, const struct call_end *);
/* Pieces of a response with status 200, in place of its body. False: it is not wanted any more, and
 * ends. */
typedef bool	call_piece_f(void *arg, const char *bytes, size_t);

struct calls	*calls_new(const struct api *);		/* keeps it by reference */
void		 calls_free(struct calls **);		/* ends calls under way without a word */

/* GET, or POST of `body` where that is not NULL. NULL: the token cannot be read, and that was
 * printed. */
struct call	*calls_start(struct calls *, const char *path, const json_t *body, call_end_f *,
		    void *arg);
/* A response without an end, such as a stream of events; it may be silent for 40 s. `last_id` NULL:
 * none. */
struct call	*calls_stream(struct calls *, const char *path, const char *last_id, call_piece_f *,
		    call_end_f *, void *arg);
void		 calls_cancel(struct call **);		/* without a word; not from its own functions */

/* Waits until something has come, `fd` can be read (-1: none) or `msec` have passed, then calls the
 * functions of calls. True: `fd` can be read, or has ended. */
bool		 calls_turn(struct calls *, int fd, int msec);

#endif
