/*
 * tally: how many connections each address has. An IPv6 client has a /64 to itself, so that
 * counts as one address.
 */
#ifndef PROXY_TALLY_H
#define PROXY_TALLY_H

#include "net/ip.h"

struct tally;

struct tally	*tally_new(void);
void		 tally_free(struct tally **);		/* all have been taken away */
/* One more; false: there is no memory. */
bool		 tally_add(struct tally *, const struct ip *);
void		 tally_take(struct tally *, const struct ip *);
unsigned	 tally_count(const struct tally *, const struct ip *);
/* Do both count as one? */
bool		 tally_same(const struct ip *, const struct ip *);

#endif
