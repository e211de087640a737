/*
 * haproxy_state: what HAProxy reports on its socket: `show info`, `show servers state`, `show
 * stat`. All of it is foreign bytes; columns are found by name, because their order differs
 * between versions. Pure.
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
	unsigned	 weight;	/* in force, at most 0xffff */
	unsigned	 configured;	/* the weight of its configuration */
	unsigned	 admin;		/* bits of srv_admin_state */
	unsigned	 check;		/* bits of srv_check_state */
	const char	*status;	/* as in `show stat`: "UP", "DRAIN (agent)"; "" when not known */
	long		 inflight;	/* its requests under way; -1: not known */
};

struct haproxy_state {
	struct haproxy_server *server;	/* sorted by backend, then by name */
	unsigned	 n;
	const struct haproxy_server **at;	/* the same servers, sorted by backend, address, name */
	struct arena	*arena;		/* private: holds everything above */
};

struct haproxy_info {
	uint64_t	 pid;
	uint64_t	 uptime_sec;
	char		 version[48];
};

/* WHY_PROXY_SYNTAX: this is not what HAProxy writes. *out is then untouched. */
const struct why	*haproxy_info_parse(struct str, struct haproxy_info *out);
const struct why	*haproxy_state_parse(struct str, struct haproxy_state **out);
/* Adds status and inflight to servers of the state; rows of others are skipped. */
const struct why	*haproxy_stat_parse(struct str, struct haproxy_state *);
void			 haproxy_state_free(struct haproxy_state **);

/* NULL: there is none of this name. */
const struct haproxy_server *haproxy_find_server(const struct haproxy_state *, const char *backend,
			    const char *server);
/* All servers of a backend, which are adjacent: the first of them, and how many; 0: none. */
unsigned		 haproxy_backend_servers(const struct haproxy_state *, const char *backend,
			    const struct haproxy_server **first);
/* The same for those with this address. */
unsigned		 haproxy_servers_at(const struct haproxy_state *, const char *backend,
			    const struct addr *, const struct haproxy_server *const **first);

#endif
