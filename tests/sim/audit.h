/*
 * audit: what the access log says, against what clients and tasks have seen, and against what is counted in live.
 */
#ifndef SIM_AUDIT_H
#define SIM_AUDIT_H

#include "ledger.h"
#include "world/live.h"

struct audit_line {
	char		 why[40];
	int		 service;		/* -1: it was not routed */
	bool		 has_head, has_task;
	int		 status, origin_status;
	int64_t		 usec;
	unsigned	 again;			/* it was sent to another task so many times */
};

void		 audit_begin(void);
int		 audit_status(const char *why);		/* that a response for this reason has; 0: there is none */
void		 audit_line(const struct audit_line *);
/* When all is over. */
void		 audit_exchange(const struct entry *);
void		 audit_live(const struct live *);

#endif
