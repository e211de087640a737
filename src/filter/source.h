/*
 * source: of whom a request is, for filters that tell clients apart: the client's address, as
 * Traefik's ipStrategy finds it, or what a field says.
 */
#ifndef FILTER_SOURCE_H
#define FILTER_SOURCE_H

#include "filter/filter_priv.h"

struct source_ip {
	const struct filter_nets *excluded;
	int64_t		 depth, subnet;
};

/* False: nobody knows, or what is known is no address. */
bool		source_ip(const struct filter_run *, const struct source_ip *, uint8_t ip[16]);

struct source {
	struct source_ip ip;
	struct str	 field;		/* the source is its value; empty: no field's */
	bool		 host;		/* it is the host; else the address */
};

/* What is the same for requests of the same source. It may be empty, and is one then, too. */
struct str	source_of(struct filter_run *, const struct source *);

#endif
