/*
 * tickets: the keys of session tickets. Those of this replica alone are made here and change every
 * 12 hours; while a store has keys that all replicas share, those encrypt, and our own ones still
 * open the tickets that clients have from before.
 */
#ifndef CERTS_TICKETS_H
#define CERTS_TICKETS_H

#include "certs/certs.h"

#define TICKETS_OWN	3
#define TICKETS_EVERY_USEC	(INT64_C(12) * 3600 * USEC_PER_SEC)

struct tickets {
	unsigned char	 own[TICKETS_OWN][CERTS_TICKET_BYTES];	/* the newest first */
	unsigned char	 shared[CERTS_TICKETS_MAX][CERTS_TICKET_BYTES];
	unsigned	 nown, nshared;
	int64_t		 made_usec;	/* the newest of our own; wall clock, so that the next brain knows it */
};

/* Takes over those of a brain before, if there are any; others that it cannot read are not
 * taken. */
void	tickets_inherit(struct tickets *, const struct secrets *);
/* Makes the first key, or the next one if it is time. True: something changed. */
bool	tickets_turn(struct tickets *, int64_t wall_usec);
/* False: they are what is there already. */
bool	tickets_share(struct tickets *, const unsigned char (*keys)[CERTS_TICKET_BYTES], unsigned n);
void	tickets_write(const struct tickets *, struct secrets_maker *);
void	tickets_wipe(struct tickets *);

#endif
