/*
 * envoy: a plan in Envoy's words: EDS, xDS version 3, in JSON. A service is one cluster's ClusterLoadAssignment; Envoy
 * reads it from a file of its own (an EDS file holds one assignment), or asks for it by POST. Pure.
 */
#ifndef DRIVE_ENVOY_H
#define DRIVE_ENVOY_H

#include <jansson.h>

#include "base/buf.h"
#include "drive/plan.h"

#define ENVOY_TYPE	"type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment"
#define ENVOY_VERSION	17		/* bytes of a version: what it says, hashed; the same words have the same one */
#define ENVOY_DETAIL	200		/* bytes of words about what is wrong */

/*
 * What Envoy is told of one server. One that drains is named with DRAINING, however many do: hosts that are DRAINING do not
 * count for Envoy's panic threshold, and one that is left out keeps its share for as long as it passes the cluster's own
 * health checks. When all drain, all are named as if none did: nobody else is there.
 */
struct envoy_endpoint {
	const struct plan_server *server;
	unsigned	 weight;	/* >= 1; 0 is not valid */
	bool		 draining;
};

/* `out` has room for all servers. */
void		 envoy_endpoints_make(const struct plan_service *, struct envoy_endpoint *out);

/* stale_usec 0: believed for ever. The caller owns what comes. */
json_t		*envoy_assignment(const struct plan_service *, const char *cluster, int64_t stale_usec);
/* An assignment of nobody, which puts an end to an earlier one. */
json_t		*envoy_assignment_empty(const char *cluster);
/* A file of ours, about this cluster. */
bool		 envoy_is_from_mola(struct str text, const char *cluster);
/* A DiscoveryResponse with these resources (an array, borrowed). */
void		 envoy_response_write(const json_t *resources, struct buf *out, char version[ENVOY_VERSION]);

/* --- over REST --- */

struct envoy_request {			/* a DiscoveryRequest; texts live as long as `json`, and are clean */
	json_t		*json;
	const char	*node;		/* node.id, "" if there is none */
	const char	*version;	/* of what it took last, "" at first */
	const json_t	*names;		/* array of strings: clusters; NULL or empty: all of them */
};

/* False: `detail` says what was expected. */
bool		 envoy_request_parse(struct str body, struct envoy_request *, char detail[ENVOY_DETAIL]);
void		 envoy_request_free(struct envoy_request *);

#endif
