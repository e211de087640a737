/*
 * ledger: what clients, tasks and the access log have seen of each exchange, and what must be true of it.
 */
#ifndef SIM_LEDGER_H
#define SIM_LEDGER_H

#include "message.h"
#include "plan.h"

/* What became of an exchange, for its client. */
enum fate {
	UNSENT,			/* nothing of it was sent */
	WAITING,		/* it was being sent, or its response was waited for, when all ended */
	ANSWERED,		/* a whole response of a task, */
	REFUSED,		/* or of Mola's own */
	CUT,			/* the connection ended in the middle of the response */
	DROPPED,		/* the connection ended before it */
	LEFT			/* the client itself went away */
};

struct entry {
	const struct call *call;
	enum fate	 fate;
	int		 status;
	char		 why[40];	/* Mola-Why */
	bool		 may_drop;	/* it was announced that the connection ends before this one */
	const struct end *end;		/* of its client's connection */
	bool		 lost;		/* the worker that had that was killed */
	int64_t		 began_usec, sent_usec, ended_usec;	/* first byte; all of it; 0: never */
	uint64_t	 sent;		/* bytes of it */
	/* by tasks */
	unsigned	 heads, wholes, slipped;
	/* by the log */
	unsigned	 lines, tried;
	int		 logged_status;
	char		 logged_why[40];
	int64_t		 took_usec;
};

void		 ledger_begin(const struct plan *);
struct entry	*ledger_of(uint32_t exchange);	/* NULL: there is none of this number */
void		 ledger_line(const char *line, size_t len);	/* of the access log */
void		 ledger_lost(const struct end *other);	/* the other end of a connection went with a worker */
void		 ledger_check(void);		/* when all is over */
uint64_t	 ledger_lines(void);

/* So many requests of a service went to another task, and so many would have, but its budget was spent; since its beginning. */
void		 ledger_check_retries(unsigned service, uint64_t retries, uint64_t refused, int64_t usec);

/* Something is not as it must be: the first time counts. */
void		 broken(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
const char	*broken_text(void);		/* NULL: nothing is */

#endif
