/*
 * attempt: one task after another is offered something, until one responds: which task, which
 * connection to it, did it accept, and how did it end? Knows nothing of what is offered, nor of
 * its client: the owner passes the facts that matter and decides what follows from a failure.
 *
 *	attempt_route -> attempt_pick -> attempt_connect -> attempt_check ... -> attempt_leave
 *	                      ^-------- attempt_repeat <--- (it failed) <--'
 *
 * What is tried again goes by the table that is in force then: its tasks, and the service's
 * settings there.
 *
 * A task is counted in live from attempt_pick() or attempt_repeat() to attempt_leave(), whatever
 * happens between.
 */
#ifndef PROXY_ATTEMPT_H
#define PROXY_ATTEMPT_H

#include "pick/pick.h"
#include "proxy/sticky.h"
#include "proxy/upstream.h"

struct proxy;

struct attempt {
	/* what for; the owner's, and valid as long as this is used */
	struct proxy	*proxy;
	stream_f	*fn;		/* something happened on the task's stream */
	void		*arg;
	const struct ip	*client;	/* for which it is done */

	/* where it goes */
	struct table	*table;		/* our reference; NULL: it has no route */
	const struct table_service *service;
	struct pick_avoid avoid;	/* tasks that have failed */
	const struct table_task *task;	/* the one under way; stays when that is over */
	struct upconn	*conn;
	int64_t		 began_usec;	/* of its connection */
	bool		 taken;		/* it is counted in live */
	bool		 connected;	/* the task accepted */
	bool		 reopened;	/* an idle connection had died; once is enough */

	/* how often it may be tried: the owner's, after attempt_route */
	unsigned	 most;		/* tries in all; 0: as the service says */
	int64_t		 interval_usec;	/* before a task is tried once more */
	unsigned	 tries;		/* that have failed, and another one has followed */
	int64_t		 picked_usec;	/* when the first one began */
	int64_t		 again_usec;	/* when the next one is due */

	bool		 can_wait;	/* the owner's, before attempt_pick: for room on some node */
	uint32_t	 lane;		/* what it waits for, after WHY_OVERLOADED (waiting.h) */
	bool		 full;		/* the node of the one under way was full when it was taken */
	bool		 needs_http1;	/* the owner's, before attempt_connect: nothing else will do */
	struct sticky_claim claim;	/* the owner's, before attempt_pick: the task that its client had */
	bool		 bound;		/* the client's cookie names the one under way */

	/* the owner's notes, of the one under way */
	bool		 deaf;		/* the task reads no more of the request */
	bool		 keeps;		/* the connection outlives the response */
	int64_t		 keeps_usec;	/* for how long, as the task announces; negative: it does not */
	int		 status;	/* of its response, 0: there is none yet */
	bool		 served;	/* it has sent something that has no status */
	unsigned	 interims;	/* 1xx responses so far */
	bool		 headed;	/* its head is here, and waits for the start of the body */
	int64_t		 taken_usec;	/* when it was taken */
	int64_t		 asked_usec;	/* since when it has had what its client has sent so far */
	bool		 patient;	/* it may take as long as responses may take */
	bool		 unavailable;	/* it is a call of gRPC that ended at once, with UNAVAILABLE */
	int64_t		 look_usec;	/* when it is looked again whether the task's node is cut off */
};

void		 attempt_init(struct attempt *, struct proxy *, stream_f *, void *arg);
void		 attempt_fini(struct attempt *);
void		 attempt_reset(struct attempt *);	/* it has no route any more, and can be used again */
/* A service of the table, which is in force. Takes a reference. */
void		 attempt_route(struct attempt *, struct table *, const struct table_service *);
/* What has waited goes by the table that is in force now. False: its service is not in it. */
bool		 attempt_follow(struct attempt *);
/* Takes a task of the service. NULL: attempt_connect is next. Else no task can be had: with
 * WHY_OVERLOADED, of one that can wait, not now, and it may be called again. */
const struct why *attempt_pick(struct attempt *, const struct ip *client);
/*
 * A connection to the task, idle or new. `careful`: not one that the task may be about to close,
 * for what cannot be sent a second time. NULL: attempt_check finds out when it is there. Else the
 * attempt has failed.
 */
const struct why *attempt_connect(struct attempt *, bool careful);
/* The same for what needs a connection that carried nothing before. */
const struct why *attempt_connect_new(struct attempt *);
/*
 * IO_DONE: the task has accepted. IO_AGAIN: not yet, `fn` is called. IO_FAIL: it did not, at any
 * of its addresses, and *why says how.
 */
enum io_result	 attempt_check(struct attempt *, const struct why **);
/* Until when an address may take to accept. */
int64_t		 attempt_connect_until(const struct attempt *);
/* It did not, or not in time. NULL: the task's next address is tried. Else the attempt has
 * failed. */
const struct why *attempt_unreached(struct attempt *, const struct why *);

/* The time is over, whatever it was that was waited for: as attempt_unreached(). */
const struct why *attempt_late(struct attempt *);

/* Its connection broke, and the task has not processed what was sent. */
bool		 attempt_unprocessed(const struct attempt *);
/* May it be done a second time? Its client has received nothing, and all of it can be sent: no
 * task can have processed it (UNSENT), or a second time does no harm. */
enum attempt_repeats { ATTEMPT_ONCE, ATTEMPT_REPEATABLE, ATTEMPT_UNSENT };
/*
 * The attempt failed. True: another task is taken instead, and attempt_connect is next. False:
 * nothing has changed.
 */
bool		 attempt_repeat(struct attempt *, const struct why *, enum attempt_repeats);
/*
 * The same where no other task could be taken, and `most` allows for one more try, of any task:
 * it is left, and attempt_pick_again is next, at again_usec.
 */
bool		 attempt_again(struct attempt *, const struct why *, enum attempt_repeats);
const struct why *attempt_pick_again(struct attempt *);
/*
 * While the attempt is under way, another task is to have the same: `second` begins zeroed and is
 * an attempt of its own, with an `fn` of its own, whose task is taken; attempt_connect is next.
 * False: no other task is to be had, or the budget is spent, and `second` is nothing.
 */
bool		 attempt_hedge(struct attempt *second, const struct attempt *, stream_f *fn);
/*
 * The task closed before it sent anything (`silent`). An idle connection may have died while the
 * request was on its way: that is nobody's fault, and a new one to the same task is opened, if
 * the request is repeatable, the task is still there, and once. NULL: it is. Else the attempt has
 * failed. What was sent counts as repeated: tasks that close after they have read are no idle ones.
 */
const struct why *attempt_lost(struct attempt *, bool silent, enum attempt_repeats);
/* The task's connection broke: why. */
const struct why *attempt_broken(const struct attempt *);
/* The task has reset its stream, of HTTP/2, with this code. */
bool		 attempt_is_reset(const struct attempt *, uint32_t *code);

/* The end. `clean`: neither side has anything left to send on the connection, and it may be used
 * again. */
void		 attempt_leave(struct attempt *, const struct why *, bool clean);

#endif
