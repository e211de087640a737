/*
 * Every kind of proxy that Mola can drive, once: `kind` of the configuration's targets, and what the same words mean to
 * each. TARGET(constant, driver, name, least, most, interval, zero, drain, how)
 *   driver        target_driver_DRIVER speaks to it (targets/target.h)
 *   least, most   weights that a server that takes requests may have
 *   interval      least time between two publications, unless the configuration says otherwise
 *   zero          what weight 0 would mean to it
 *   drain         how a server that shall take no new requests is told
 *   how           how it learns of a change
 */
TARGET(TRAEFIK_FILE,  traefik_file,  "traefik-file",  1, 1000, "5s", "the server is dropped, sticky clients too",
    "left out: requests under way end in peace", "its file provider watches the file; routers of your own lead to SERVICE@file")
TARGET(TRAEFIK_HTTP,  traefik_http,  "traefik-http",  1, 1000, "5s", "the server is dropped, sticky clients too",
    "left out: requests under way end in peace", "its HTTP provider asks /traefik; routers of your own lead to SERVICE@http")
TARGET(HAPROXY,       haproxy,       "haproxy",       1, 256,  "1s", "drain",
    "state drain; deleted when it is gone and has no connections; servers of the user's own: weight 0", "commands over its admin socket")
TARGET(HAPROXY_AGENT, haproxy_agent, "haproxy-agent", 1, 100,  "1s", "drain",
    "the word drain", "its agent checks ask")
TARGET(ENVOY_FILE,    envoy_file,    "envoy-file",    1, 1000, "1s", "not valid: the whole assignment is refused",
    "health status DRAINING", "it watches the file")
TARGET(ENVOY_REST,    envoy_rest,    "envoy-rest",    1, 1000, "1s", "not valid: the whole assignment is refused",
    "health status DRAINING", "it asks /v3/discovery:endpoints")
