/*
 * What a rule can ask of a request, once: Traefik's matchers. MATCHER(constant, name, fewest texts,
 * most texts, most in Traefik 2, name in Traefik 2): where Traefik 2 takes more, any of them will
 * do.
 * A row needs code in world/condition.c (how it is tested) and in discovery/rule_leaf.c (what its
 * texts are): without it, it does not compile.
 */
MATCHER(HOST,          "Host",         1, 1, 32, "HostHeader")
MATCHER(HOST_REGEXP,   "HostRegexp",   1, 1, 32, NULL)
MATCHER(PATH,          "Path",         1, 1, 32, NULL)
MATCHER(PATH_PREFIX,   "PathPrefix",   1, 1, 32, NULL)
MATCHER(PATH_REGEXP,   "PathRegexp",   1, 1, 1,  NULL)
MATCHER(METHOD,        "Method",       1, 1, 32, NULL)
MATCHER(HEADER,        "Header",       2, 2, 2,  "Headers")
MATCHER(HEADER_REGEXP, "HeaderRegexp", 2, 2, 2,  "HeadersRegexp")
MATCHER(QUERY,         "Query",        1, 2, 2,  NULL)
MATCHER(QUERY_REGEXP,  "QueryRegexp",  1, 2, 2,  NULL)
MATCHER(CLIENT_IP,     "ClientIP",     1, 1, 32, NULL)
