/*
 * sticky: the cookie by which a client stays with a task. Its value is made of the task's address,
 * as Traefik 3 makes it, so that all workers, and other Molas, understand each other's, and those
 * that Traefik gave. Must not know whether the task can take the request.
 */
#ifndef PROXY_STICKY_H
#define PROXY_STICKY_H

#include "http/message.h"
#include "world/table.h"

struct sticky;

/* What a client's cookie says. */
struct sticky_claim {
	bool		 given;		/* it has one of that name */
	bool		 text;		/* it is no number, but has this hash */
	uint64_t	 value;
	uint64_t	 hash;		/* of it as a text, whatever it is */
};

struct sticky	*sticky_new(void);
void		 sticky_free(struct sticky **);
/* From now on requests come with this table; the caller keeps a reference while it is in force. */
void		 sticky_set_table(struct sticky *, const struct table *);

/* Of a request to the service. */
struct sticky_claim sticky_read(const struct table *, const struct table_service *,
		    const struct message *);
/*
 * The task that the claim names; NULL: there is none. *renew: the client should get the cookie
 * once more, since its form is an older one. The table is the one in force.
 */
const struct table_task *sticky_find(struct sticky *, const struct table *,
		    const struct table_service *, const struct sticky_claim *, bool *renew);
/* The same where the cookie is of a group, and the claim may name this service. */
bool		 sticky_claims(const struct sticky_claim *, struct str name, bool *renew);
/* The value of Set-Cookie that binds a client to the service; as sticky_cookie(). */
char		*sticky_cookie_named(const struct table *, const struct table_service *, struct str name);
/* The value of Set-Cookie that binds a client to the task; the caller frees it. NULL: no memory. */
char		*sticky_cookie(const struct table *, const struct table_service *,
		    const struct table_task *);

#endif
