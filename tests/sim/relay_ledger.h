/*
 * relay_ledger: what both sides of each relayed connection, and the access log, have seen of it, and what must be true of it.
 */
#ifndef SIM_RELAY_LEDGER_H
#define SIM_RELAY_LEDGER_H

#include "plan.h"

#define VISITS	1024			/* connections that tasks have accepted, at most */

/* How a connection ended, for one side of it. */
enum parting {
	NOT_YET,
	PARTED_WELL,		/* the other side's end came, or it ended its own without leaving anything unread */
	PARTED_ROUGH		/* it broke off, or was broken off */
};

/* A side: UP is the client's, DOWN that of a task. */
struct relay_side {
	uint64_t	 sent, received;	/* bytes, with those that say whose they are */
	bool		 shut, saw_end;		/* its own end is behind what it sent; the other one's has come */
	enum parting	 parting;
};

struct relay_entry {
	const struct plan_relay *how;
	struct relay_side side;
	const struct end *end;			/* of the client */
	unsigned	 port;			/* and that, by which the log names it; 0: it has not called */
	int		 visit;			/* -1: it has not come to a task */
	int		 heard;			/* whose bytes the client got; -1: nobody's */
	bool		 lost;			/* its worker was killed */
	unsigned	 lines;
	char		 why[40];
	uint64_t	 logged_received, logged_sent;
	int64_t		 took_usec;
};

struct relay_visit {
	struct relay_side side;
	int		 relay;			/* -1: not known: a check, or one that said nothing */
};

void			 relay_ledger_begin(const struct plan *);
struct relay_entry	*relay_entry(unsigned number);
unsigned		 relay_visit_new(void);
struct relay_visit	*relay_visit(unsigned number);
void			 relay_ledger_lost(const struct end *other);
void			 relay_ledger_line(const char *line);	/* of the access log, of no request */
void			 relay_ledger_check(void);

#endif
