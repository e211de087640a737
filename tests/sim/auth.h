/*
 * auth: the server of a middleware that asks for each request whether it may pass (forwardAuth): it lets pass, with the name of a
 * user or without, denies with a response of its own, cannot be reached, or breaks off.
 */
#ifndef SIM_AUTH_H
#define SIM_AUTH_H

#include "chain.h"

void		 auth_draw(struct plan *, struct rng);
void		 auth_settle(struct plan *);	/* what clients do at those that show bodies */
void		 auth_begin(const struct plan *);
void		 auth_write(struct arena *, char **text, bool shows);

/* What is due for a call by what the server responds. True: that is what its client gets. */
bool		 auth_judges(const struct plan *, const struct call *, struct chain_fate *);
/* The challenge that comes with it; empty: none. */
void		 auth_challenge(const struct plan *, const struct call *, char *out, size_t cap);
/* It has come to a task, as one of that user: the server has let it pass. */
void		 auth_check_request(const struct plan *, const struct call *, const char *user);

#endif
