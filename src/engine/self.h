/*
 * self: what Mola is in a Swarm: the container it runs in, the service that container belongs
 * to, the networks it is on. Bytes in, values out.
 */
#ifndef ENGINE_SELF_H
#define ENGINE_SELF_H

#include "base/str.h"

#define SELF_ID_MAX	65		/* of a container: 64 digits */
#define SELF_NETWORKS_MAX 64

struct self {
	char		 container[SELF_ID_MAX];	/* "": not in a container of Docker's */
	char		 service[SELF_ID_MAX];		/* id, "": not a task of a service, or not known yet */
	char		*network[SELF_NETWORKS_MAX];	/* ids */
	unsigned	 nnetworks;
	bool		 known;				/* service and networks were read */
};

void	self_init(struct self *);		/* reads /proc */
void	self_fini(struct self *);
/* The id of the container to which a process with these mounts (/proc/self/mountinfo) belongs. */
bool	self_container_in(struct str mountinfo, char id[SELF_ID_MAX]);
/* From GET /containers/ID/json, or, where that Engine is another machine's, from GET /tasks:
 * false when it is not there. */
bool	self_read_container(struct self *, struct str json);
bool	self_read_tasks(struct self *, struct str json);

#endif
