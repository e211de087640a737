/*
 * swarm_priv: the snapshot of a Swarm: what the Engine's last good responses had, for the rest
 * of this room. Each part has an arena of its own and is replaced as a whole. Texts are never
 * NULL.
 */
#ifndef DISCOVERY_SWARM_PRIV_H
#define DISCOVERY_SWARM_PRIV_H

#include "base/arena.h"
#include "base/map.h"
#include "discovery/swarm.h"
#include "discovery/traefik_static.h"

struct swarm_node {
	const char	*id, *hostname;
	const char	*address;		/* "" when none is known */
	enum node_state { NODE_READY, NODE_UNKNOWN, NODE_DOWN } state;
	enum node_use { NODE_ACTIVE, NODE_PAUSED, NODE_DRAINED } use;
	double		 cores, memory_bytes;
};

struct swarm_label {
	const char	*name, *value;
	const char	*file;			/* that says the same, NULL: it is a label */
	unsigned	 line;			/* in the file */
};

struct swarm_port {
	unsigned	 target, published;	/* published 0: not known */
	bool		 host;			/* on the node itself, not through the routing mesh */
};

struct swarm_service {
	const char	*id, *name;
	char		 created[32];		/* compares as text: RFC 3339 with nine digits of fraction */
	struct swarm_label *label;		/* mola.* and traefik.* alone, in order of name */
	unsigned	 nlabels;
	struct swarm_label *all;		/* all labels, in order of name */
	unsigned	 nall;
	const char	*misplaced;		/* a label of its containers that should be its own; NULL: none */
	bool		 virtual_host;		/* its environment has a VIRTUAL_HOST */
	struct swarm_port *port;		/* TCP alone */
	unsigned	 nports;
	struct traefik_spec *traefik;		/* NULL: it is not a Traefik */
	bool		 provided;		/* none of the Swarm's: Traefik's file provider has it (files.h) */
};

struct swarm_attachment {
	const char	*network;		/* id */
	const char	*name;
	const char	*address;		/* without a prefix length, "" for none */
	bool		 ingress;
};

struct swarm_task {
	const char	*id, *service, *node;	/* ids */
	const char	*container;		/* its id, "": not known */
	unsigned	 slot;			/* 0: of a global service */
	double		 limit;			/* cores that its container may use; 0: no limit */
	bool		 wanted;		/* its desired state is running */
	bool		 gone;			/* it was in the snapshot before, and is not in the response */
	struct swarm_attachment *attachment;
	unsigned	 nattachments;
	struct swarm_port *port;		/* host mode, TCP */
	unsigned	 nports;
};

struct swarm_network {
	const char	*id, *name;
	bool		 ingress;
};

/* An element of a list, so that the same bytes in the next response need not be read again. */
struct swarm_fingerprint {
	uint64_t	 hash;
	size_t		 len;
	unsigned	 item;			/* that it became, from 1; 0: none */
};

/* One list of the Engine's. `item` are of the part's type. */
struct swarm_part {
	struct arena	*arena;			/* NULL: never read */
	void		*item;
	unsigned	 n;
	struct swarm_fingerprint *fingerprint;	/* in the list's order; of tasks alone */
	unsigned	 nfingerprints;
	const char	*skipped;		/* elements that were left out, for people; NULL: none */
	unsigned	 nskipped;
};

/* One of Swarm's configs, which never change. Either it has been read, or it is known why it
 * cannot be. */
struct swarm_config {
	char		*id;
	char		*text;			/* NULL: not there */
	size_t		 len;
	char		*unreadable;		/* why, for people; NULL: `text` is there */
};

struct swarm {
	struct swarm_part nodes, services, tasks, networks;	/* tasks: those that run */
	struct swarm_config *config;
	unsigned	 nconfigs;
	char		**attached;
	unsigned	 nattached;
};

/* swarm_configs.c. NULL: it was not asked for yet, or the response is not there. */
const struct swarm_config *swarm_config_find(const struct swarm *, const char *id);

#define SWARM_NODES(s)		((const struct swarm_node *)(s)->nodes.item)
#define SWARM_SERVICES(s)	((const struct swarm_service *)(s)->services.item)
#define SWARM_TASKS(s)		((const struct swarm_task *)(s)->tasks.item)
#define SWARM_NETWORKS(s)	((const struct swarm_network *)(s)->networks.item)

#endif
