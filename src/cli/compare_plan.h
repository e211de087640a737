/*
 * compare_plan: from the routes of a running Mola the addresses that `mola compare` asks for, and
 * what it cannot compare.
 */
#ifndef CLI_COMPARE_PLAN_H
#define CLI_COMPARE_PLAN_H

#include <jansson.h>

#include "base/map.h"
#include "cli/compare_fetch.h"

struct compare_plan {
	/* what there is to ask for, set before: by requests without TLS [0] and by TLS [1] */
	bool		 way[2];
	const char	*no_way[2];		/* why not, where it is false */
	const char	*listener[2];		/* name of Mola's that takes them; NULL: not known */
	const char	*any_host;		/* for routes of any host */
	unsigned	 most;

	struct compare_address *address;	/* each once */
	unsigned	 n;
	unsigned	 left_out;		/* addresses beyond `most` */
	json_t		*skipped;		/* [{"service", "router", "route", "why"}, ...] */
	struct map	*known;			/* private: texts of addresses */
};

/* `services` is what /api/v1/services responds. */
void	compare_plan_init(struct compare_plan *, const json_t *services);
void	compare_plan_fini(struct compare_plan *);

#endif
