/*
 * The middlewares that Mola has, and their options, one row each. From them come the structs of
 * world/filter.h, the reader of labels (world/filter_read.c), and the table in doc/middlewares.md.
 * Those of Traefik's that are not here are in middlewares.h alone, and refuse the router that names
 * one.
 *
 * FILTER(KIND, name, "label", guards): guards as in middlewares.h.
 * KIND_OPTION(type, field, "label", fallback, least, most, help): the label is the option's path
 * below the middleware, compared without case; numbers count for COUNT alone.
 *
 * A row without code does not compile. Types:
 *	TEXT	one line		TEXTS	several, separated by commas
 *	PAIRS	a name to a value	SWITCH	as Go's ParseBool reads it
 *	COUNT	a whole number		NETS	addresses and networks, separated by commas
 *	PATTERNS	regular expressions, separated by commas
 *	DURATION	as Go's ParseDuration reads it, without a sign, or a number of seconds; usec
 *	BREAKER	when a circuit breaker opens (world/breaker_rule.h)
 *	PATTERN	one		TEMPLATE	what replaces its matches: $1, ${name}
 */
#ifndef FILTER
#define FILTER(...)
#endif
#ifdef OPTION
#define HEADERS_OPTION(...)	OPTION(HEADERS, __VA_ARGS__)
#define STRIP_PREFIX_OPTION(...) OPTION(STRIP_PREFIX, __VA_ARGS__)
#define ADD_PREFIX_OPTION(...) OPTION(ADD_PREFIX, __VA_ARGS__)
#define REPLACE_PATH_OPTION(...) OPTION(REPLACE_PATH, __VA_ARGS__)
#define REDIRECT_SCHEME_OPTION(...) OPTION(REDIRECT_SCHEME, __VA_ARGS__)
#define STRIP_PREFIX_REGEX_OPTION(...) OPTION(STRIP_PREFIX_REGEX, __VA_ARGS__)
#define REPLACE_PATH_REGEX_OPTION(...) OPTION(REPLACE_PATH_REGEX, __VA_ARGS__)
#define REDIRECT_REGEX_OPTION(...) OPTION(REDIRECT_REGEX, __VA_ARGS__)
#define IP_ALLOW_LIST_OPTION(...) OPTION(IP_ALLOW_LIST, __VA_ARGS__)
#define IP_WHITE_LIST_OPTION(...) OPTION(IP_WHITE_LIST, __VA_ARGS__)
#define COMPRESS_OPTION(...) OPTION(COMPRESS, __VA_ARGS__)
#define BUFFERING_OPTION(...) OPTION(BUFFERING, __VA_ARGS__)
#define ERRORS_OPTION(...) OPTION(ERRORS, __VA_ARGS__)
#define BASIC_AUTH_OPTION(...) OPTION(BASIC_AUTH, __VA_ARGS__)
#define DIGEST_AUTH_OPTION(...) OPTION(DIGEST_AUTH, __VA_ARGS__)
#define IN_FLIGHT_REQ_OPTION(...) OPTION(IN_FLIGHT_REQ, __VA_ARGS__)
#define RATE_LIMIT_OPTION(...) OPTION(RATE_LIMIT, __VA_ARGS__)
#define FORWARD_AUTH_OPTION(...) OPTION(FORWARD_AUTH, __VA_ARGS__)
#define RETRY_OPTION(...) OPTION(RETRY, __VA_ARGS__)
#define CIRCUIT_BREAKER_OPTION(...) OPTION(CIRCUIT_BREAKER, __VA_ARGS__)
#endif
#ifndef HEADERS_OPTION
#define HEADERS_OPTION(...)
#endif
#ifndef STRIP_PREFIX_OPTION
#define STRIP_PREFIX_OPTION(...)
#endif
#ifndef ADD_PREFIX_OPTION
#define ADD_PREFIX_OPTION(...)
#endif
#ifndef REPLACE_PATH_OPTION
#define REPLACE_PATH_OPTION(...)
#endif
#ifndef REDIRECT_SCHEME_OPTION
#define REDIRECT_SCHEME_OPTION(...)
#endif
#ifndef STRIP_PREFIX_REGEX_OPTION
#define STRIP_PREFIX_REGEX_OPTION(...)
#endif
#ifndef REPLACE_PATH_REGEX_OPTION
#define REPLACE_PATH_REGEX_OPTION(...)
#endif
#ifndef REDIRECT_REGEX_OPTION
#define REDIRECT_REGEX_OPTION(...)
#endif
#ifndef IP_ALLOW_LIST_OPTION
#define IP_ALLOW_LIST_OPTION(...)
#endif
#ifndef IP_WHITE_LIST_OPTION
#define IP_WHITE_LIST_OPTION(...)
#endif
#ifndef COMPRESS_OPTION
#define COMPRESS_OPTION(...)
#endif
#ifndef BUFFERING_OPTION
#define BUFFERING_OPTION(...)
#endif
#ifndef ERRORS_OPTION
#define ERRORS_OPTION(...)
#endif
#ifndef BASIC_AUTH_OPTION
#define BASIC_AUTH_OPTION(...)
#endif
#ifndef FORWARD_AUTH_OPTION
#define FORWARD_AUTH_OPTION(...)
#endif
#ifndef DIGEST_AUTH_OPTION
#define DIGEST_AUTH_OPTION(...)
#endif
#ifndef IN_FLIGHT_REQ_OPTION
#define IN_FLIGHT_REQ_OPTION(...)
#endif
#ifndef RATE_LIMIT_OPTION
#define RATE_LIMIT_OPTION(...)
#endif
#ifndef RETRY_OPTION
#define RETRY_OPTION(...)
#endif
#ifndef CIRCUIT_BREAKER_OPTION
#define CIRCUIT_BREAKER_OPTION(...)
#endif

FILTER(HEADERS, headers, "headers", true)
HEADERS_OPTION(PAIRS, request, "customRequestHeaders", 0, 0, 0,
    "Fields that the task gets, by name; an empty value takes the field away. Host sets the host.")
HEADERS_OPTION(PAIRS, response, "customResponseHeaders", 0, 0, 0,
    "Fields that the client gets, by name; an empty value takes the field away.")
HEADERS_OPTION(SWITCH, allow_credentials, "accessControlAllowCredentials", 0, 0, 0,
    "Access-Control-Allow-Credentials: true.")
HEADERS_OPTION(TEXTS, allow_headers, "accessControlAllowHeaders", 0, 0, 0,
    "Access-Control-Allow-Headers of a preflight's response.")
HEADERS_OPTION(TEXTS, allow_methods, "accessControlAllowMethods", 0, 0, 0,
    "Access-Control-Allow-Methods of a preflight's response.")
HEADERS_OPTION(TEXTS, allow_origins, "accessControlAllowOriginList", 0, 0, 0,
    "Origins for which Access-Control-Allow-Origin is sent; * is any.")
HEADERS_OPTION(PATTERNS, allow_patterns, "accessControlAllowOriginListRegex", 0, 0, 0,
    "The same as regular expressions.")
HEADERS_OPTION(TEXTS, expose_headers, "accessControlExposeHeaders", 0, 0, 0,
    "Access-Control-Expose-Headers.")
HEADERS_OPTION(COUNT, cors_max_age, "accessControlMaxAge", 0, 0, INT64_MAX,
    "Access-Control-Max-Age of a preflight's response, in seconds.")
HEADERS_OPTION(SWITCH, add_vary, "addVaryHeader", 0, 0, 0, "Adds Origin to Vary.")
HEADERS_OPTION(TEXTS, allowed_hosts, "allowedHosts", 0, 0, 0,
    "Hosts, as the client writes them, that are served; others get 500.")
HEADERS_OPTION(TEXTS, hosts_proxy, "hostsProxyHeaders", 0, 0, 0,
    "Fields in which allowedHosts looks for the host first.")
HEADERS_OPTION(PAIRS, ssl_proxy, "sslProxyHeaders", 0, 0, 0,
    "Fields that mean, with this value, that the client came by TLS.")
HEADERS_OPTION(COUNT, sts_seconds, "stsSeconds", 0, 0, INT64_MAX,
    "max-age of Strict-Transport-Security; 0: none.")
HEADERS_OPTION(SWITCH, sts_subdomains, "stsIncludeSubdomains", 0, 0, 0, "Its includeSubDomains.")
HEADERS_OPTION(SWITCH, sts_preload, "stsPreload", 0, 0, 0, "Its preload.")
HEADERS_OPTION(SWITCH, sts_force, "forceSTSHeader", 0, 0, 0, "Sent without TLS, too.")
HEADERS_OPTION(SWITCH, frame_deny, "frameDeny", 0, 0, 0, "X-Frame-Options: DENY.")
HEADERS_OPTION(TEXT, frame_options, "customFrameOptionsValue", 0, 0, 0, "X-Frame-Options.")
HEADERS_OPTION(SWITCH, nosniff, "contentTypeNosniff", 0, 0, 0, "X-Content-Type-Options: nosniff.")
HEADERS_OPTION(SWITCH, xss_filter, "browserXssFilter", 0, 0, 0, "X-XSS-Protection: 1; mode=block.")
HEADERS_OPTION(TEXT, xss_value, "customBrowserXSSValue", 0, 0, 0, "X-XSS-Protection.")
HEADERS_OPTION(TEXT, csp, "contentSecurityPolicy", 0, 0, 0,
    "Content-Security-Policy; $NONCE becomes another one for each request.")
HEADERS_OPTION(TEXT, csp_report, "contentSecurityPolicyReportOnly", 0, 0, 0,
    "Content-Security-Policy-Report-Only.")
HEADERS_OPTION(TEXT, public_key, "publicKey", 0, 0, 0, "Public-Key-Pins, over TLS.")
HEADERS_OPTION(TEXT, referrer_policy, "referrerPolicy", 0, 0, 0, "Referrer-Policy.")
HEADERS_OPTION(TEXT, permissions_policy, "permissionsPolicy", 0, 0, 0, "Permissions-Policy.")
HEADERS_OPTION(SWITCH, is_development, "isDevelopment", 0, 0, 0,
    "Leaves allowedHosts, publicKey and Strict-Transport-Security out.")
HEADERS_OPTION(TEXT, feature_policy, "featurePolicy", 0, 0, 0, "Without effect, as in Traefik 3.")
HEADERS_OPTION(SWITCH, ssl_redirect, "sslRedirect", 0, 0, 0, "Without effect, as in Traefik 3.")
HEADERS_OPTION(SWITCH, ssl_temporary, "sslTemporaryRedirect", 0, 0, 0,
    "Without effect, as in Traefik 3.")
HEADERS_OPTION(TEXT, ssl_host, "sslHost", 0, 0, 0, "Without effect, as in Traefik 3.")
HEADERS_OPTION(SWITCH, ssl_force_host, "sslForceHost", 0, 0, 0, "Without effect, as in Traefik 3.")

FILTER(STRIP_PREFIX, strip_prefix, "stripprefix", false)
STRIP_PREFIX_OPTION(TEXTS, prefixes, "prefixes", 0, 0, 0,
    "The first of them that the path begins with is taken away; X-Forwarded-Prefix names it.")
STRIP_PREFIX_OPTION(SWITCH, force_slash, "forceSlash", 0, 0, 0,
    "What is left begins with exactly one slash.")

FILTER(ADD_PREFIX, add_prefix, "addprefix", false)
ADD_PREFIX_OPTION(TEXT, prefix, "prefix", 0, 0, 0, "What the path begins with then.")

FILTER(REPLACE_PATH, replace_path, "replacepath", false)
REPLACE_PATH_OPTION(TEXT, path, "path", 0, 0, 0,
    "What the path becomes; X-Replaced-Path has the one before.")

FILTER(STRIP_PREFIX_REGEX, strip_prefix_regex, "stripprefixregex", false)
STRIP_PREFIX_REGEX_OPTION(PATTERNS, prefixes, "regex", 0, 0, 0,
    "The first of them that matches the path at its beginning takes away what it matches; "
    "X-Forwarded-Prefix has it.")

FILTER(REPLACE_PATH_REGEX, replace_path_regex, "replacepathregex", false)
REPLACE_PATH_REGEX_OPTION(PATTERN, regex, "regex", 0, 0, 0,
    "What is replaced in the path; X-Replaced-Path has the one before.")
REPLACE_PATH_REGEX_OPTION(TEMPLATE, replacement, "replacement", 0, 0, 0, "By what.")

FILTER(REDIRECT_SCHEME, redirect_scheme, "redirectscheme", false)
REDIRECT_SCHEME_OPTION(TEXT, scheme, "scheme", 0, 0, 0, "The scheme of the URL to go to.")
REDIRECT_SCHEME_OPTION(TEXT, port, "port", 0, 0, 0, "Its port; none: that of the scheme.")
REDIRECT_SCHEME_OPTION(SWITCH, permanent, "permanent", 0, 0, 0,
    "Status 301, or 308 where the method is not GET, instead of 302 and 307.")

FILTER(REDIRECT_REGEX, redirect_regex, "redirectregex", false)
REDIRECT_REGEX_OPTION(PATTERN, regex, "regex", 0, 0, 0,
    "What is replaced in the URL that the client requested; one without a match passes.")
REDIRECT_REGEX_OPTION(TEMPLATE, replacement, "replacement", 0, 0, 0, "By what.")
REDIRECT_REGEX_OPTION(SWITCH, permanent, "permanent", 0, 0, 0, "As of redirectScheme.")

FILTER(COMPRESS, compress, "compress", false)
COMPRESS_OPTION(TEXTS, encodings, "encodings", 0, 0, 0,
    "Codings that may be used, the preferred first; gzip, br and zstd are all there are.")
COMPRESS_OPTION(TEXT, usual, "defaultEncoding", 0, 0, 0,
    "Which of them, for clients that accept any, or send no Accept-Encoding.")
COMPRESS_OPTION(TEXTS, excluded, "excludedContentTypes", 0, 0, 0,
    "Media types that are left as they are; application/grpc always is.")
COMPRESS_OPTION(TEXTS, included, "includedContentTypes", 0, 0, 0,
    "Media types that are compressed, and no others.")
COMPRESS_OPTION(COUNT, least, "minResponseBodyBytes", 0, 0, INT64_MAX,
    "Bytes from which on a body of known length is compressed; 0: 1024.")

FILTER(BUFFERING, buffering, "buffering", false)
BUFFERING_OPTION(COUNT, request, "maxRequestBodyBytes", 0, 0, INT64_MAX,
    "Bytes that the body of a request may have; 0: any. Others get 413.")
BUFFERING_OPTION(COUNT, request_memory, "memRequestBodyBytes", 0, 0, INT64_MAX,
    "Without effect: bodies are not collected.")
BUFFERING_OPTION(COUNT, response, "maxResponseBodyBytes", 0, 0, INT64_MAX,
    "Bytes that the body of a response may have; 0: any. Others become 500.")
BUFFERING_OPTION(COUNT, response_memory, "memResponseBodyBytes", 0, 0, INT64_MAX,
    "Without effect: bodies are not collected.")
BUFFERING_OPTION(TEXT, retry, "retryExpression", 0, 0, 0,
    "IsNetworkError() && Attempts() < N: as Mola does by itself, within its own limits.")

FILTER(ERRORS, errors, "errors", false)
ERRORS_OPTION(TEXTS, status, "status", 0, 0, 0,
    "Statuses, or ranges such as 500-599, of responses that a page takes the place of.")
ERRORS_OPTION(TEXT, service, "service", 0, 0, 0, "The service that has the page.")
ERRORS_OPTION(TEXT, query, "query", 0, 0, 0,
    "Its path; {status}, {originalStatus} and {url} are those of the response and its request.")
ERRORS_OPTION(PAIRS, rewrites, "statusRewrites", 0, 0, 0,
    "Another status for one or a range of them, such as statusRewrites.500-599=503.")

FILTER(IP_ALLOW_LIST, ip_allow_list, "ipallowlist", true)
IP_ALLOW_LIST_OPTION(NETS, nets, "sourceRange", 0, 0, 0,
    "Addresses and networks whose requests pass; others get 403.")
IP_ALLOW_LIST_OPTION(COUNT, depth, "ipStrategy.depth", 0, 0, 1000,
    "Which address of X-Forwarded-For is the client's, from the right; 0: the connection's.")
IP_ALLOW_LIST_OPTION(NETS, excluded, "ipStrategy.excludedIPs", 0, 0, 0,
    "Proxies: the client is the last address of X-Forwarded-For that is none of them.")
IP_ALLOW_LIST_OPTION(COUNT, subnet, "ipStrategy.ipv6Subnet", 0, 1, 128,
    "Bits of an IPv6 address that are looked at.")
IP_ALLOW_LIST_OPTION(COUNT, status, "rejectStatusCode", 403, 200, 999,
    "Another status than 403.")

FILTER(IP_WHITE_LIST, ip_white_list, "ipwhitelist", true)
IP_WHITE_LIST_OPTION(NETS, nets, "sourceRange", 0, 0, 0, "As ipAllowList.")
IP_WHITE_LIST_OPTION(COUNT, depth, "ipStrategy.depth", 0, 0, 1000, "As ipAllowList.")
IP_WHITE_LIST_OPTION(NETS, excluded, "ipStrategy.excludedIPs", 0, 0, 0, "As ipAllowList.")
IP_WHITE_LIST_OPTION(COUNT, subnet, "ipStrategy.ipv6Subnet", 0, 1, 128, "As ipAllowList.")

FILTER(BASIC_AUTH, basic_auth, "basicauth", true)
BASIC_AUTH_OPTION(TEXTS, users, "users", 0, 0, 0,
    "Users that pass, each as htpasswd writes it: NAME:HASH, of bcrypt, MD5 (apr1) or SHA.")
BASIC_AUTH_OPTION(TEXT, users_file, "usersFile", 0, 0, 0,
    "A file of htpasswd with more users, where Mola runs. For labels.")
BASIC_AUTH_OPTION(TEXT, realm, "realm", 0, 0, 0, "What browsers show; none: traefik.")
BASIC_AUTH_OPTION(TEXT, header_field, "headerField", 0, 0, 0,
    "A field in which the task gets the user's name.")
BASIC_AUTH_OPTION(SWITCH, remove_header, "removeHeader", 0, 0, 0,
    "The task does not get Authorization.")

FILTER(DIGEST_AUTH, digest_auth, "digestauth", true)
DIGEST_AUTH_OPTION(TEXTS, users, "users", 0, 0, 0,
    "Users that pass, each as htdigest writes it: NAME:REALM:DIGEST.")
DIGEST_AUTH_OPTION(TEXT, users_file, "usersFile", 0, 0, 0,
    "A file of htdigest with more users, where Mola runs. For labels.")
DIGEST_AUTH_OPTION(TEXT, realm, "realm", 0, 0, 0, "As basicAuth.")
DIGEST_AUTH_OPTION(TEXT, header_field, "headerField", 0, 0, 0, "As basicAuth.")
DIGEST_AUTH_OPTION(SWITCH, remove_header, "removeHeader", 0, 0, 0, "As basicAuth.")

FILTER(IN_FLIGHT_REQ, in_flight_req, "inflightreq", true)
IN_FLIGHT_REQ_OPTION(COUNT, amount, "amount", 0, 0, INT64_MAX,
    "Requests of one source that may be in flight at a time; more get 429.")
IN_FLIGHT_REQ_OPTION(COUNT, depth, "sourceCriterion.ipStrategy.depth", -1, 0, 1000,
    "The source is the client, found as ipAllowList does.")
IN_FLIGHT_REQ_OPTION(NETS, excluded, "sourceCriterion.ipStrategy.excludedIPs", 0, 0, 0,
    "As ipAllowList.")
IN_FLIGHT_REQ_OPTION(COUNT, subnet, "sourceCriterion.ipStrategy.ipv6Subnet", 0, 1, 128,
    "As ipAllowList.")
IN_FLIGHT_REQ_OPTION(TEXT, by_field, "sourceCriterion.requestHeaderName", 0, 0, 0,
    "The source is the value of this field.")
IN_FLIGHT_REQ_OPTION(SWITCH, by_host, "sourceCriterion.requestHost", 0, 0, 0,
    "The source is the host that the request names, which is the usual one.")

FILTER(RATE_LIMIT, rate_limit, "ratelimit", true)
RATE_LIMIT_OPTION(COUNT, average, "average", 0, 0, INT64_MAX,
    "Requests of one source in each period, on average; 0: any number. More get 429.")
RATE_LIMIT_OPTION(DURATION, period, "period", 1000000, 0, 0, "The period; 0 is a second.")
RATE_LIMIT_OPTION(COUNT, burst, "burst", 1, 0, INT64_MAX,
    "Requests that may come at once, after a time without any.")
RATE_LIMIT_OPTION(COUNT, depth, "sourceCriterion.ipStrategy.depth", -1, 0, 1000,
    "As inFlightReq; the usual source is the other end of the connection.")
RATE_LIMIT_OPTION(NETS, excluded, "sourceCriterion.ipStrategy.excludedIPs", 0, 0, 0,
    "As ipAllowList.")
RATE_LIMIT_OPTION(COUNT, subnet, "sourceCriterion.ipStrategy.ipv6Subnet", 0, 1, 128,
    "As ipAllowList.")
RATE_LIMIT_OPTION(TEXT, by_field, "sourceCriterion.requestHeaderName", 0, 0, 0, "As inFlightReq.")
RATE_LIMIT_OPTION(SWITCH, by_host, "sourceCriterion.requestHost", 0, 0, 0, "As inFlightReq.")

FILTER(FORWARD_AUTH, forward_auth, "forwardauth", true)
FORWARD_AUTH_OPTION(TEXT, address, "address", 0, 0, 0,
    "URL of the server that decides whether a request passes.")
FORWARD_AUTH_OPTION(SWITCH, trust, "trustForwardHeader", 0, 0, 0,
    "X-Forwarded-... of proxies in clients.trusted are passed to it, instead of Mola's own.")
FORWARD_AUTH_OPTION(TEXTS, response_headers, "authResponseHeaders", 0, 0, 0,
    "Fields of its response that the task gets, in place of the client's.")
FORWARD_AUTH_OPTION(PATTERN, response_pattern, "authResponseHeadersRegex", 0, 0, 0,
    "The same for all fields whose names match.")
FORWARD_AUTH_OPTION(TEXTS, request_headers, "authRequestHeaders", 0, 0, 0,
    "Fields of the request that it gets; none: all.")
FORWARD_AUTH_OPTION(TEXTS, cookies, "addAuthCookiesToResponse", 0, 0, 0,
    "Cookies of its response that the client gets.")
FORWARD_AUTH_OPTION(TEXT, header_field, "headerField", 0, 0, 0,
    "The field of its response with the user, for the access log.")
FORWARD_AUTH_OPTION(SWITCH, forward_body, "forwardBody", 0, 0, 0,
    "It gets the request's body, too.")
FORWARD_AUTH_OPTION(COUNT, body_max, "maxBodySize", -1, -1, INT64_MAX,
    "Bytes of that body at most; more: 401.")
FORWARD_AUTH_OPTION(COUNT, response_max, "maxResponseBodySize", -1, -1, INT64_MAX,
    "Bytes of its response's body at most; more: 401.")
FORWARD_AUTH_OPTION(SWITCH, preserve_location, "preserveLocationHeader", 0, 0, 0,
    "Location stays as it is, and is not seen from the server's address.")
FORWARD_AUTH_OPTION(SWITCH, preserve_method, "preserveRequestMethod", 0, 0, 0,
    "It gets the request's method instead of GET.")
FORWARD_AUTH_OPTION(TEXT, ca, "tls.ca", 0, 0, 0, "Not there: workers read no files.")
FORWARD_AUTH_OPTION(TEXT, cert, "tls.cert", 0, 0, 0, "Not there.")
FORWARD_AUTH_OPTION(TEXT, key, "tls.key", 0, 0, 0, "Not there.")
FORWARD_AUTH_OPTION(SWITCH, insecure, "tls.insecureSkipVerify", 0, 0, 0,
    "Its certificate is not verified.")
FORWARD_AUTH_OPTION(SWITCH, ca_optional, "tls.caOptional", 0, 0, 0,
    "Without effect, as in Traefik 3.")

FILTER(RETRY, retry, "retry", false)
RETRY_OPTION(COUNT, attempts, "attempts", 0, 0, 1000,
    "How often a request is tried at most, the first time included.")
RETRY_OPTION(DURATION, interval, "initialInterval", 0, 0, 0,
    "Time before a task is tried once more, twice as long at the end; other tasks are tried at "
    "once.")

FILTER(CIRCUIT_BREAKER, circuit_breaker, "circuitbreaker", false)
CIRCUIT_BREAKER_OPTION(BREAKER, rule, "expression", 0, 0, 0,
    "When it opens, and requests get responseCode: LatencyAtQuantileMS(50.0) > 100, "
    "NetworkErrorRatio() > 0.3, ResponseCodeRatio(500, 600, 0, 600) > 0.25, joined by && and ||.")
CIRCUIT_BREAKER_OPTION(DURATION, check, "checkPeriod", 100000, 0, 0,
    "Time between two looks at that.")
CIRCUIT_BREAKER_OPTION(DURATION, open, "fallbackDuration", 10000000, 0, 0,
    "For how long no request passes.")
CIRCUIT_BREAKER_OPTION(DURATION, recover, "recoveryDuration", 10000000, 0, 0,
    "For how long after that a part passes, and more and more.")
CIRCUIT_BREAKER_OPTION(COUNT, status, "responseCode", 503, 200, 999,
    "The status of those that do not pass.")

#undef FILTER
#undef OPTION
#undef HEADERS_OPTION
#undef STRIP_PREFIX_OPTION
#undef ADD_PREFIX_OPTION
#undef REPLACE_PATH_OPTION
#undef REDIRECT_SCHEME_OPTION
#undef STRIP_PREFIX_REGEX_OPTION
#undef REPLACE_PATH_REGEX_OPTION
#undef REDIRECT_REGEX_OPTION
#undef IP_ALLOW_LIST_OPTION
#undef IP_WHITE_LIST_OPTION
#undef COMPRESS_OPTION
#undef BUFFERING_OPTION
#undef ERRORS_OPTION
#undef BASIC_AUTH_OPTION
#undef DIGEST_AUTH_OPTION
#undef IN_FLIGHT_REQ_OPTION
#undef RATE_LIMIT_OPTION
#undef FORWARD_AUTH_OPTION
#undef RETRY_OPTION
#undef CIRCUIT_BREAKER_OPTION
