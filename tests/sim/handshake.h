/*
 * handshake: the TLS of a client's connections, one after the other, and what must be true of each handshake that it means well.
 */
#ifndef SIM_HANDSHAKE_H
#define SIM_HANDSHAKE_H

#include "ledger.h"
#include "secure.h"

struct handshake {
	const struct plan *plan;
	unsigned	 number;		/* the client's */
	struct secure_session session;
	bool		 offered, resumed;
	int64_t		 began_usec;
};

void	handshake_begin(struct handshake *, const struct plan *, unsigned client, struct end *);	/* nothing, for who has no TLS */
void	handshake_done(struct handshake *, struct end *);
void	handshake_failed(struct handshake *, struct end *);
/* The call goes over its connection. */
void	handshake_note(const struct handshake *, struct entry *);
/* What comes to a task, whose TLS begins if it has any. */
void	handshake_accept(const struct plan *, unsigned service, unsigned task, struct end *);
/* What Mola responds to it alone: the name that its connection is for does not go with its host. */
bool	handshake_misdirects(const struct call *);
/* Its response lasts until its task's connection ends, and that says nothing before: it is cut, whatever came. */
bool	handshake_cuts(const struct call *);
void	handshake_check(const struct entry *);
void	handshake_check_tasks(void);	/* when all is over */
/* And a line of the log says so. */
void	handshake_check_line(const struct entry *, const char *line);

#endif
