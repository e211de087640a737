/*
 * What a rule can ask of a request, once: Traefik's matchers. MATCHER(constant, name, fewest texts,
 * most texts, names): the names that Traefik 2 has for the same beside that of Traefik 3, or NULL.
 * A row needs code in world/condition.c (how it is tested) and in discovery/rule.c (what its texts
 * are): without it, it does not compile.
 */
MATCHER(HOST,          "Host",         1, 1, "HostHeader")
MATCHER(HOST_REGEXP,   "HostRegexp",   1, 1, NULL)
MATCHER(PATH,          "Path",         1, 1, NULL)
MATCHER(PATH_PREFIX,   "PathPrefix",   1, 1, NULL)
MATCHER(PATH_REGEXP,   "PathRegexp",   1, 1, NULL)
MATCHER(METHOD,        "Method",       1, 1, NULL)
MATCHER(HEADER,        "Header",       2, 2, "Headers")
MATCHER(HEADER_REGEXP, "HeaderRegexp", 2, 2, "HeadersRegexp")
MATCHER(QUERY,         "Query",        1, 2, NULL)
MATCHER(QUERY_REGEXP,  "QueryRegexp",  1, 2, NULL)
MATCHER(CLIENT_IP,     "ClientIP",     1, 1, NULL)
