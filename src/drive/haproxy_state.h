/*
 * haproxy_state: what HAProxy contains of itself on its socket: `show info`, `show servers state`, `show stat`. All of it
 * is foreign bytes; columns are found by their names, because their places differ between versions. Pure.
 */
#ifndef DRIVE_HAPROXY_STATE_H
#define DRIVE_HAPROXY_STATE_H

#include "base/why.h"
#include "world/table.h"	/* struct addr */

#define HAPROXY_SERVERS_MAX	65536

/* Bits of srv_admin_state and srv_check_state, as HAProxy writes them. */
enum {
	HAPROXY_MAINT = 0x01, HAPROXY_MAINT_ANY = 0x01 | 0x02 | 0x04 | 0x20 | 0x40,
	HAPROXY_DRAIN = 0x08, HAPROXY_DRAIN_ANY = 0x08 | 0x10,
	HAPROXY_CHECK_HAS = 0x02, HAPROXY_CHECK_ON = 0x04
};

struct haproxy_server {
	const char	*backend, *name;
	struct addr	 addr;		/* len 0: no IP address */
	unsigned	 weight;	/* in force */
	unsigned	 configured;	/* weight */
	unsigned	 admin;		/* bits */
	unsigned	 check;		/* bits */
	const char	*status;	/* `show stat`'s own word, "UP", "DRAIN (agent)"; "" when not known */
	long		 inflight;	/* of its requests; -1: not known */
};

struct haproxy_state {
	struct haproxy_server *server;	/* in order of backends' names, then their own */
	unsigned	 n;
	const struct haproxy_server **at;	/* the same in order of backends' names, then addresses */
	struct arena	*arena;		/* private: all of it lies there */
};

struct haproxy_info {
	uint64_t	 pid;
	uint64_t	 uptime_sec;
	char		 version[48];
};

/* WHY_PROXY_SYNTAX: it is none of HAProxy's. *out is then untouched. */
const struct why	*haproxy_info_parse(struct str, struct haproxy_info *out);
const struct why	*haproxy_state_parse(struct str, struct haproxy_state **out);
/* Adds status and inflight. Rows about what is not among the servers are passed over. */
const struct why	*haproxy_stat_parse(struct str, struct haproxy_state *);
void			 haproxy_state_free(struct haproxy_state **);

const struct haproxy_server *haproxy_find_server(const struct haproxy_state *, const char *backend, const char *server);
/* The servers of a backend stand together: the first of them, and how many; 0: none. */
unsigned		 haproxy_backend_servers(const struct haproxy_state *, const char *backend,
			    const struct haproxy_server **first);
/* The same of those with this address. */
unsigned		 haproxy_servers_at(const struct haproxy_state *, const char *backend, const struct addr *,
			    const struct haproxy_server *const **first);

#endif
