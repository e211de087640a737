/*
 * envoy: a plan as Envoy's EDS (xDS version 3) in JSON. A service is one cluster's
 * ClusterLoadAssignment. Envoy reads it from a file of its own (an EDS file holds one
 * assignment), or requests it by POST. Pure.
 */
#ifndef DRIVE_ENVOY_H
#define DRIVE_ENVOY_H

#include <jansson.h>

#include "base/buf.h"
#include "drive/plan.h"

#define ENVOY_TYPE	"type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment"
#define ENVOY_VERSION	17		/* bytes of a version with its NUL: the hash of the resources' text */
#define ENVOY_DETAIL	200		/* bytes of a text about what is wrong */

/*
 * What Envoy gets of one server. A server that drains is listed as DRAINING, however many do:
 * hosts that are DRAINING do not count for Envoy's panic threshold, and one that is left out
 * keeps its share for as long as it passes the cluster's own health checks. When all servers
 * drain, all are listed as if none did, because there are no others.
 */
struct envoy_endpoint {
	const struct plan_server *server;
	unsigned	 weight;	/* >= 1; 0 is not valid */
	bool		 draining;
};

/* `out` has room for all servers. */
void		 envoy_endpoints_make(const struct plan_service *, struct envoy_endpoint *out);

/* Envoy drops endpoints that were not renewed for stale_usec; 0: never. The caller owns the
 * result, which is never NULL. */
json_t		*envoy_assignment(const struct plan_service *, const char *cluster, int64_t stale_usec);
/* An assignment without endpoints, which ends an earlier one. */
json_t		*envoy_assignment_empty(const char *cluster);
/* Is it a file that Mola wrote, about this cluster? */
bool		 envoy_is_from_mola(struct str text, const char *cluster);
/* A DiscoveryResponse with these resources (an array, borrowed), and its version. */
void		 envoy_response_write(const json_t *resources, struct buf *out, char version[ENVOY_VERSION]);

/* ---- over REST ---- */

/* A DiscoveryRequest. Its texts live as long as `json`, and have no control characters. */
struct envoy_request {
	json_t		*json;
	const char	*node;		/* node.id, "" if there is none */
	const char	*version;	/* of the last response that it accepted, "" at first */
	const json_t	*names;		/* array of strings: clusters; NULL or empty: all of them */
};

/* False: `detail` says what was expected, and the request is untouched. */
bool		 envoy_request_parse(struct str body, struct envoy_request *, char detail[ENVOY_DETAIL]);
void		 envoy_request_free(struct envoy_request *);

/* ---- for what Envoy says ---- */

/* It has no control characters. */
bool		 envoy_is_clean(const char *);
/* Writes `words` to `detail`; false, to be returned. */
bool		 envoy_invalid(char detail[ENVOY_DETAIL], const char *words);

#endif
