/*
 * upstream: connections to tasks, idle and busy. Idle ones stay registered with the loop, so that
 * their end is noticed at once. Knows nothing of weights: pick.c chooses the task, this the
 * connection.
 */
#ifndef PROXY_UPSTREAM_H
#define PROXY_UPSTREAM_H

#include "http/message.h"
#include "net/stream.h"
#include "world/live.h"
#include "world/table.h"

struct upstream;
struct upconn;
struct task_tls;

struct upstream	*upstream_new(struct loop *, struct live *, unsigned worker, struct task_tls *);
void		 upstream_free(struct upstream **);		/* busy connections must have come back */
void		 upstream_set_limits(struct upstream *, unsigned idle_max_per_task, int64_t idle_usec);
/* Of heads, on connections of HTTP/2. */
void		 upstream_set_heads(struct upstream *, struct head_limits request,
    struct head_limits response);
/* Connections to tasks that are not in this table are not kept any longer. */
void		 upstream_set_table(struct upstream *, const struct table *);

/* What a connection is needed for. */
enum upstream_need {
	UPSTREAM_CAREFUL = 1,	/* what cannot be sent twice: not one that the task may be about to close */
	UPSTREAM_HTTP1 = 2	/* what only HTTP/1.1 can say, where the task has the choice */
};

/*
 * A connection to the task of that table, the caller's until given or dropped: an idle one, a
 * stream of one that others share (HTTP/2), or one that is being opened: upconn_connected() is
 * next. `fn` is called when something of it changes. A failure touches nothing.
 */
const struct why *upstream_take(struct upstream *, const struct table *, const struct table_task *,
    unsigned need, stream_f *fn, void *arg, struct upconn **);
/* The same, but never an idle one. */
const struct why *upstream_open(struct upstream *, const struct table *, const struct table_task *,
    unsigned need, stream_f *fn, void *arg, struct upconn **);
/* IO_DONE: the task has accepted, and upconn_stream() is the stream. IO_AGAIN: not yet. IO_FAIL: it
 * did not, and *why says how. */
enum io_result	 upconn_connected(struct upconn *, const struct why **);
/* It was not connected in time: what for. */
const struct why *upconn_late(const struct upconn *);
/*
 * The address that the connection goes to cannot be reached: it is not tried again for a while.
 * True: the task has another one, and upstream_open will take it.
 */
bool		 upconn_unreachable(struct upconn *);
/* address, to be tried when this one does not accept */
bool		 upconn_has_other(const struct upconn *);
/* What the errno of a connect means: the task's failure, or ours when our side has run out of
 * something. */
const struct why *upstream_why(int error);
size_t		 upstream_tidy(struct upstream *);		/* slab_tidy */
struct stream	*upconn_stream(struct upconn *);
bool		 upconn_reused(const struct upconn *);		/* it was idle before: it may have died unnoticed */

/* It broke, and what was sent on it has not been processed. */
bool		 upconn_unprocessed(const struct upconn *);
/* The task has reset its stream, of HTTP/2: with this code. */
bool		 upconn_is_reset(const struct upconn *, uint32_t *code);
/* What is on its way to the task is not acknowledged: stream_is_cut_off() of its socket. */
bool		 upconn_is_cut_off(const struct upconn *);
/* It broke: why, as far as it is known; NULL: the connection ended. */
const struct why *upconn_why(const struct upconn *);
/* It was idle before and turned out to be dead: the task closes idle connections sooner than was
 * known. */
void		 upconn_died_idle(struct upconn *);

/*
 * The exchange is over and the connection is clean: keeps it for the next, if there is room.
 * `announced_usec`: for how long the task announced to keep it (Keep-Alive: timeout); negative: it
 * did not.
 */
void		 upstream_give(struct upconn **, int64_t announced_usec);
void		 upstream_drop(struct upconn **);		/* closes; NULL is fine */

#endif
