/*
 * envoy_admin: what Envoy's own admin interface says it has: /clusters?format=json, and the counters of /stats. Pure.
 */
#ifndef DRIVE_ENVOY_ADMIN_H
#define DRIVE_ENVOY_ADMIN_H

#include "drive/envoy.h"

#define ENVOY_CONFIG	"/config_dump?resource=static_clusters&mask=cluster.name,cluster.health_checks,cluster.ignore_health_on_host_removal"
#define ENVOY_STATS	"/stats?format=json&filter=%5C.(update_rejected%7Cupdate_success%7Cassignment_stale)$"

struct envoy_host {
	struct addr	 addr;
	unsigned	 weight;
	const char	*health;	/* what EDS said: HEALTHY, DRAINING, …; Envoy's own word */
	const char	*trouble;	/* why Envoy itself thinks that it is not healthy, NULL: it does not */
	bool		 draining;
	bool		 leaving;	/* EDS names it no longer, and Envoy keeps it because it passes its health checks */
};

struct envoy_cluster {
	const char	*name;
	const char	*stat;		/* what its counters are called */
	const char	*eds;		/* the name that it asks EDS for */
	struct envoy_host *host;	/* in order of addresses */
	unsigned	 nhosts;
	bool		 counted;	/* what follows is known */
	double		 success, rejected, stale;	/* updates of EDS; times that they grew too old */
	bool		 keeps;		/* it has health checks, and no ignore_health_on_host_removal */
};

struct envoy_admin {
	json_t		*json;		/* the names above lie there */
	struct arena	*arena;
	struct envoy_cluster *cluster;
	unsigned	 nclusters;
};

/* False: `detail` says what was expected, and nothing was read. */
bool	envoy_admin_parse_clusters(struct str clusters, struct envoy_admin *, char detail[ENVOY_DETAIL]);
/* Adds the counters to the clusters that are known. False: none were changed. */
bool	envoy_admin_parse_stats(struct str stats, struct envoy_admin *, char detail[ENVOY_DETAIL]);
/* What /config_dump says of clusters: `keeps` of those that are known. False: as above. */
bool	envoy_admin_parse_config(struct str dump, struct envoy_admin *, char detail[ENVOY_DETAIL]);
void	envoy_admin_free(struct envoy_admin *);

const struct envoy_host *envoy_find_host(const struct envoy_cluster *, const struct addr *);
/* Has the cluster just what it was told of the service? False: `detail` names the first difference. */
bool	envoy_cluster_matches(const struct envoy_cluster *, const struct plan_service *, char detail[ENVOY_DETAIL]);

#endif
