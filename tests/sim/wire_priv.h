/*
 * wire_priv: ends as the network has them. What has TLS on it is called by secure.c, which is what wire.h's end_read() and the others are.
 */
#ifndef SIM_WIRE_PRIV_H
#define SIM_WIRE_PRIV_H

#include "wire.h"

void	wire_forget(void);		/* nothing listens, and no connection was made yet */

void	 raw_adopt(struct end *, end_f *, void *arg);
ssize_t	 raw_write(struct end *, const void *, size_t);
ssize_t	 raw_read(struct end *, void *, size_t, bool peek);
unsigned raw_is(const struct end *);
void	 raw_shut(struct end *);
void	 raw_close(struct end *, bool reset);

struct secure;
struct secure	**raw_secure(struct end *);	/* its TLS; NULL: none */

#endif
