/*
 * Every kind of middleware that Traefik has, once. Mola has none of them: a router that names one is not served.
 *
 * MIDDLEWARE(name, guards): it guards when without it somebody could get in, or be taken for somebody, who would not with
 * it. What a guarded router stands for is kept from all other routers of the same or a lower priority.
 */
MIDDLEWARE("addprefix",         false)
MIDDLEWARE("basicauth",         true)
MIDDLEWARE("buffering",         false)
MIDDLEWARE("circuitbreaker",    false)
MIDDLEWARE("compress",          false)
MIDDLEWARE("contenttype",       false)
MIDDLEWARE("digestauth",        true)
MIDDLEWARE("encodedcharacters", true)
MIDDLEWARE("errors",            false)
MIDDLEWARE("forwardauth",       true)
MIDDLEWARE("grpcweb",           false)
MIDDLEWARE("headers",           true)
MIDDLEWARE("inflightreq",       true)
MIDDLEWARE("ipallowlist",       true)
MIDDLEWARE("ipwhitelist",       true)
MIDDLEWARE("passtlsclientcert", true)
MIDDLEWARE("plugin",            true)
MIDDLEWARE("ratelimit",         true)
MIDDLEWARE("redirectregex",     false)
MIDDLEWARE("redirectscheme",    false)
MIDDLEWARE("replacepath",       false)
MIDDLEWARE("replacepathregex",  false)
MIDDLEWARE("retry",             false)
MIDDLEWARE("stripprefix",       false)
MIDDLEWARE("stripprefixregex",  false)
