/*
 * Every kind of middleware that Traefik has, one row each. Those that Mola has are in filters.h;
 * a router that names another is not served.
 *
 * MIDDLEWARE(name, guards): it guards when a client could get access, or another identity, without
 * it. No other router of the same or a lower priority serves the requests that match a guarded
 * router.
 */
MIDDLEWARE(addprefix,         false)
MIDDLEWARE(basicauth,         true)
MIDDLEWARE(buffering,         false)
MIDDLEWARE(circuitbreaker,    false)
MIDDLEWARE(compress,          false)
MIDDLEWARE(contenttype,       false)
MIDDLEWARE(digestauth,        true)
MIDDLEWARE(encodedcharacters, true)
MIDDLEWARE(errors,            false)
MIDDLEWARE(forwardauth,       true)
MIDDLEWARE(grpcweb,           false)
MIDDLEWARE(headers,           true)
MIDDLEWARE(inflightreq,       true)
MIDDLEWARE(ipallowlist,       true)
MIDDLEWARE(ipwhitelist,       true)
MIDDLEWARE(passtlsclientcert, true)
MIDDLEWARE(plugin,            true)
MIDDLEWARE(ratelimit,         true)
MIDDLEWARE(redirectregex,     false)
MIDDLEWARE(redirectscheme,    false)
MIDDLEWARE(replacepath,       false)
MIDDLEWARE(replacepathregex,  false)
MIDDLEWARE(retry,             false)
MIDDLEWARE(stripprefix,       false)
MIDDLEWARE(stripprefixregex,  false)
