/*
 * response: what a client may get in response to a call, in whichever version of HTTP.
 */
#ifndef SIM_RESPONSE_H
#define SIM_RESPONSE_H

#include "ledger.h"

struct response {
	int		 status;
	bool		 ours;			/* Mola's own, with its reason */
	bool		 added;			/* it has the field that a middleware adds, once */
	char		 why[40], by[8], cookie[24];
	bool		 has_length;
	uint64_t	 length;
	uint32_t	 exchange;		/* that it says it is of */
	uint64_t	 body;			/* bytes of it so far, as they come */
	struct coded	*coded;			/* NULL: they are as its task has them */
	struct chain_seen seen;
};

/* The tasks that a client is bound to by its cookies. */
struct bound {
	char		 cookie[24], by[8];
};

/* Its head has come. */
void	response_head(const struct plan *, const struct call *, struct entry *, const struct response *, struct bound[SERVICES]);
/* All of it has, as it seems. `ends_so`: with the connection, which may have been cut there. */
void	response_whole(const struct call *, struct entry *, const struct response *, bool ends_so);
/* How the call ended, for its client. */
void	entry_end(struct entry *, enum fate);

#endif
