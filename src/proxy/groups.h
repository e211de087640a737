/*
 * groups: which service has a request whose route leads to a group (world/group.h): by weights, by
 * a cookie, or as a fallback; and which services get a copy of it. Each worker counts for itself.
 * Must not know how a task is chosen.
 */
#ifndef PROXY_GROUPS_H
#define PROXY_GROUPS_H

#include "http/message.h"
#include "world/live.h"
#include "world/table.h"

struct groups;

/* Values of Set-Cookie that bind a client to the services that it got; one for each group that has
 * a cookie, none where the client has it already. */
struct group_cookies {
	unsigned	 n;
	char		*text[GROUP_DEPTH];
};
void		 group_cookies_free(struct group_cookies *);

/* Groups of mirroring that a request's way leads through, of the table in force. */
struct group_passed {
	unsigned	 n;
	uint32_t	 number[GROUP_DEPTH];
};

/* Services of the table in force that get a copy. */
struct group_mirrors {
	struct group_passed *later;	/* gets the groups, and nothing is counted; NULL: now */
	unsigned	 n;
	struct group_mirror {
		const struct table_service *service;	/* which is no group */
		bool		 bodiless;
		uint32_t	 body_most;	/* bytes */
	} of[GROUP_CHILDREN];
};

struct groups	*groups_new(const struct live *, uint64_t seed);
void		 groups_free(struct groups **);
/* From now on requests come with this table; takes a reference. Groups that were there go on where
 * they are. */
void		 groups_set_table(struct groups *, struct table *);
/*
 * The service with tasks for a request to this one, which is a group of the table in force. The
 * message, whose cookies are looked at, may be NULL: then there are none, and none are given.
 * NULL: there is none, as far as GROUP_DEPTH goes, or there is no memory. `mirrors`, zeroed, gets
 * those whose turn it is with this request; NULL: nobody gets a copy, and none counts.
 */
const struct table_service *groups_resolve(struct groups *, const struct table_service *,
    const struct message *, struct group_cookies *, struct group_mirrors *mirrors);
/* The request has come as far as its service: now it counts. `mirrors`, zeroed, as above. */
void		 groups_mirror(struct groups *, const struct group_passed *, struct group_mirrors *mirrors);

#endif
