/*
 * traefik_spec: the part of a Swarm service's specification that makes it a Traefik.
 */
#ifndef DISCOVERY_TRAEFIK_SPEC_H
#define DISCOVERY_TRAEFIK_SPEC_H

#include "discovery/json_reader.h"
#include "discovery/traefik_static.h"

/* NULL: the service is not a Traefik. */
struct traefik_spec	*traefik_spec_read(struct arena *, struct json_reader *, const json_t *service);

#endif
