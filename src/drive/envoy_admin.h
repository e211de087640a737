/*
 * envoy_admin: what Envoy's own admin interface reports: /clusters?format=json, and the counters
 * of /stats. Pure.
 */
#ifndef DRIVE_ENVOY_ADMIN_H
#define DRIVE_ENVOY_ADMIN_H

#include "drive/envoy.h"

/* Paths of Envoy's admin interface, besides /clusters?format=json. */
#define ENVOY_CONFIG	"/config_dump?resource=static_clusters&mask=cluster.name," \
			"cluster.health_checks,cluster.ignore_health_on_host_removal"
#define ENVOY_STATS	"/stats?format=json&filter=" \
			"%5C.(update_rejected%7Cupdate_success%7Cassignment_stale)$"

struct envoy_host {
	struct addr	 addr;
	unsigned	 weight;
	const char	*health;	/* of EDS, in Envoy's words: HEALTHY, DRAINING, ... */
	const char	*unhealthy;	/* the flag by which Envoy itself finds it unhealthy; NULL: none */
	bool		 draining;
	/* EDS no longer lists it, and Envoy keeps it because it passes its health checks */
	bool		 removed;
};

struct envoy_cluster {
	const char	*name;
	const char	*stat;		/* its name in counters */
	const char	*eds;		/* its name in EDS requests */
	struct envoy_host *host;	/* sorted by address */
	unsigned	 nhosts;
	bool		 has_stats;	/* the counters are known: */
	double		 success, rejected;	/* updates of EDS */
	double		 stale;		/* times that an assignment grew too old */
	bool		 keeps_removed;	/* it has health checks, and no ignore_health_on_host_removal */
};

struct envoy_admin {
	json_t		*json;		/* owns the texts above */
	struct arena	*arena;
	struct envoy_cluster *cluster;
	unsigned	 nclusters;
};

/* False: `detail` says what was expected, and *out is untouched. The caller frees what was read. */
bool	envoy_admin_parse_clusters(struct str clusters, struct envoy_admin *,
    char detail[ENVOY_DETAIL]);
/* Adds the counters to the clusters that are known. False: none were changed. */
bool	envoy_admin_parse_stats(struct str stats, struct envoy_admin *, char detail[ENVOY_DETAIL]);
/* keeps_removed of the clusters that are known, from /config_dump. False: as above. */
bool	envoy_admin_parse_config(struct str dump, struct envoy_admin *, char detail[ENVOY_DETAIL]);
void	envoy_admin_free(struct envoy_admin *);

const struct envoy_host *envoy_find_host(const struct envoy_cluster *, const struct addr *);
/* Has the cluster exactly the endpoints of the service? False: `detail` names the first
 * difference. */
bool	envoy_cluster_matches(const struct envoy_cluster *, const struct plan_service *,
    char detail[ENVOY_DETAIL]);

#endif
