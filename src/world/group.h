/*
 * group: a service that has no tasks of its own and leads to others: to each by its weight
 * (weighted), or to the second when the first has no usable task (failover).
 */
#ifndef WORLD_GROUP_H
#define WORLD_GROUP_H

#include <stdbool.h>
#include <stdint.h>

enum group_kind { GROUP_WEIGHTED, GROUP_FAILOVER, GROUP_KINDS };
const char	*group_kind_name(enum group_kind);

#define GROUP_CHILDREN	64		/* of one */
#define GROUP_DEPTH	4		/* groups that lead to groups, the first one included */
#define GROUP_WEIGHT_MOST 1000000

struct group_child {
	char		*service;	/* one of the world's; what is not there has no tasks */
	char		*name;		/* by which a cookie names it; NULL: as the service */
	unsigned	 weight;	/* of a weighted group; 0: it gets nothing */
};

struct service_group {
	enum group_kind	 kind;
	unsigned	 n;
	struct group_child *child;	/* of failover: the service, then the fallback */
};

/* Whose parts are all allocated. */
struct service_group	*group_copy(const struct service_group *);		/* NULL of NULL */
bool		 group_same(const struct service_group *, const struct service_group *);
void		 group_free(struct service_group **);

#endif
