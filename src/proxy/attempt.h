/*
 * attempt: a request on its way to one task: which, over which connection, and what became of those before it. Part of
 * whoever asks for a task; today that is a request (exchange_priv.h).
 */
#ifndef PROXY_ATTEMPT_H
#define PROXY_ATTEMPT_H

#include "proxy/pick.h"
#include "proxy/upstream.h"

struct attempt {
	/* of all attempts of a request */
	struct pick_avoid avoid;	/* tasks that failed it */
	const struct why *why;		/* how the last of them failed, NULL: none did */
	/* of the one under way */
	const struct table_task *task;	/* stays when it is over */
	struct upconn	*conn;
	int64_t		 began_usec;	/* of its connection */
	bool		 taken;		/* it is counted in live */
	bool		 connected;	/* the task accepted */
	bool		 reopened;	/* an idle connection had died; once is enough */
	bool		 deaf;		/* the task reads no more of the request */
	bool		 keeps;		/* the connection outlives the response */
	int64_t		 keeps_usec;	/* and for how long, as the task says; negative: it does not */
	int		 status;	/* of its response, 0: there is none yet */
	unsigned	 interims;	/* 1xx responses so far */
};

#endif
