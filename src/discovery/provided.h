/*
 * provided: the certificates and CAs that Traefik's files name (struct swarm_file): for clients,
 * and for TLS to servers. Those of servers are known under PROVIDED_PREFIX and their path, as names
 * of task_tls settings.
 */
#ifndef DISCOVERY_PROVIDED_H
#define DISCOVERY_PROVIDED_H

#include "base/arena.h"
#include "discovery/swarm.h"

#define PROVIDED_PREFIX	"file:"		/* no name in mola.yaml has a colon */

enum provided_kind { PROVIDED_CERT, PROVIDED_TASK_CA, PROVIDED_TASK_CERT };

struct provided_cert {
	enum provided_kind kind;
	const char	*cert, *key;	/* absolute paths; key NULL: in that of cert, or none */
};

/* All is the arena's. */
unsigned	provided_certs(struct arena *, const struct swarm_file *, unsigned n,
    const struct provided_cert **list);
/* A path of keys in one spelling: Traefik takes each. */
struct str	provided_lower(struct arena *, struct str);

#endif
