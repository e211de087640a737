/*
 * Every kind of external proxy that Mola can configure, one row each: `kind` of the configuration's
 * targets, and how each treats weights and drains.
 *
 * TARGET(constant, driver, name, least, most, interval, zero, drain, how)
 *   driver        target_driver_DRIVER configures it (targets/target.h)
 *   least, most   weights that a server that takes requests may have
 *   interval      least time between two publications, unless the configuration has another
 *   zero          what weight 0 would mean to it
 *   drain         how a server that is to take no new requests is published
 *   how           how it learns of a change
 */
TARGET(TRAEFIK_FILE, traefik_file, "traefik-file", 1, 1000, "5s",
    "the server is dropped, sticky clients too", "left out; requests in flight complete",
    "its file provider watches the file; your own routers refer to SERVICE@file")
TARGET(TRAEFIK_HTTP, traefik_http, "traefik-http", 1, 1000, "5s",
    "the server is dropped, sticky clients too", "left out; requests in flight complete",
    "its HTTP provider polls /traefik; your own routers refer to SERVICE@http")
TARGET(HAPROXY, haproxy, "haproxy", 1, 256, "1s", "drain",
    "state drain; deleted once its task is gone and its connections have ended; "
    "servers of your own get weight 0", "commands over its admin socket")
TARGET(HAPROXY_AGENT, haproxy_agent, "haproxy-agent", 1, 100, "1s", "drain",
    "agent response drain", "its agent checks poll Mola")
TARGET(ENVOY_FILE, envoy_file, "envoy-file", 1, 1000, "1s",
    "not valid: the whole assignment is refused", "health status DRAINING", "it watches the file")
TARGET(ENVOY_REST, envoy_rest, "envoy-rest", 1, 1000, "1s",
    "not valid: the whole assignment is refused", "health status DRAINING",
    "it polls /v3/discovery:endpoints")
