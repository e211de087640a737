/*
 * group: a service that has no tasks of its own and leads to others: to each by its weight
 * (weighted), to the second when the first has no usable task (failover), or to the first with
 * copies to the others, whose responses nobody gets (mirroring).
 */
#ifndef WORLD_GROUP_H
#define WORLD_GROUP_H

#include <stdbool.h>
#include <stdint.h>

enum group_kind { GROUP_WEIGHTED, GROUP_FAILOVER, GROUP_MIRRORING, GROUP_KINDS };
const char	*group_kind_name(enum group_kind);

#define GROUP_CHILDREN	64		/* of one */
#define GROUP_DEPTH	4		/* groups that lead to groups, the first one included */
#define GROUP_WEIGHT_MOST 1000000
#define GROUP_BODY_MOST	(64u << 20)	/* bytes of a body that is copied */

struct group_child {
	char		*service;	/* one of the world's; what is not there has no tasks */
	char		*name;		/* by which a cookie names it; NULL: as the service */
	/* of a weighted group; 0: it gets nothing. Of a mirror: percent of the requests */
	unsigned	 weight;
};

struct service_group {
	enum group_kind	 kind;
	unsigned	 n;
	/* of failover: the service, then the fallback; of mirroring: the service, then its mirrors */
	struct group_child *child;
	bool		 bodiless;	/* copies have no body */
	uint32_t	 body_most;	/* bytes; of a request with a larger body there is no copy */
};

/* Whose parts are all allocated. */
struct service_group	*group_copy(const struct service_group *);		/* NULL of NULL */
bool		 group_same(const struct service_group *, const struct service_group *);
void		 group_free(struct service_group **);

#endif
