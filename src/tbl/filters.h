/*
 * The middlewares that Mola has, and their options, one row each. From them come the structs of
 * world/filter.h, the reader of labels (world/filter_read.c), and the table in doc/middlewares.md.
 * Those of Traefik's that are not here are in middlewares.h alone, and refuse the router that names
 * one.
 *
 * FILTER(KIND, name, "label", guards): guards as in middlewares.h. Its options follow, up to
 * FILTER_END(name). One whose label ends with @internal is no middleware: it is what a router of
 * that service of Traefik's leads to, behind all of its middlewares.
 * OPTION(type, field, "label", fallback, least, most, help): the label is the option's path
 * below the middleware, compared without case; numbers count for COUNT alone, but for the fallback,
 * which durations and switches have, too.
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
#ifndef OPTION
#define OPTION(...)
#endif
#ifndef FILTER_END
#define FILTER_END(...)
#endif

FILTER(HEADERS, headers, "headers", true)
OPTION(PAIRS, request, "customRequestHeaders", 0, 0, 0,
    "Fields that the task gets, by name; an empty value takes the field away. Host sets the host.")
OPTION(PAIRS, response, "customResponseHeaders", 0, 0, 0,
    "Fields that the client gets, by name; an empty value takes the field away.")
OPTION(SWITCH, allow_credentials, "accessControlAllowCredentials", 0, 0, 0,
    "Access-Control-Allow-Credentials: true.")
OPTION(TEXTS, allow_headers, "accessControlAllowHeaders", 0, 0, 0,
    "Access-Control-Allow-Headers of a preflight's response.")
OPTION(TEXTS, allow_methods, "accessControlAllowMethods", 0, 0, 0,
    "Access-Control-Allow-Methods of a preflight's response.")
OPTION(TEXTS, allow_origins, "accessControlAllowOriginList", 0, 0, 0,
    "Origins for which Access-Control-Allow-Origin is sent; * is any.")
OPTION(PATTERNS, allow_patterns, "accessControlAllowOriginListRegex", 0, 0, 0,
    "The same as regular expressions.")
OPTION(TEXTS, expose_headers, "accessControlExposeHeaders", 0, 0, 0,
    "Access-Control-Expose-Headers.")
OPTION(COUNT, cors_max_age, "accessControlMaxAge", 0, 0, INT64_MAX,
    "Access-Control-Max-Age of a preflight's response, in seconds.")
OPTION(SWITCH, add_vary, "addVaryHeader", 0, 0, 0, "Adds Origin to Vary.")
OPTION(TEXTS, allowed_hosts, "allowedHosts", 0, 0, 0,
    "Hosts, as the client writes them, that are served; others get 500.")
OPTION(TEXTS, hosts_proxy, "hostsProxyHeaders", 0, 0, 0,
    "Fields in which allowedHosts looks for the host first.")
OPTION(PAIRS, ssl_proxy, "sslProxyHeaders", 0, 0, 0,
    "Fields that mean, with this value, that the client came by TLS.")
OPTION(COUNT, sts_seconds, "stsSeconds", 0, 0, INT64_MAX,
    "max-age of Strict-Transport-Security; 0: none.")
OPTION(SWITCH, sts_subdomains, "stsIncludeSubdomains", 0, 0, 0, "Its includeSubDomains.")
OPTION(SWITCH, sts_preload, "stsPreload", 0, 0, 0, "Its preload.")
OPTION(SWITCH, sts_force, "forceSTSHeader", 0, 0, 0, "Sent without TLS, too.")
OPTION(SWITCH, frame_deny, "frameDeny", 0, 0, 0, "X-Frame-Options: DENY.")
OPTION(TEXT, frame_options, "customFrameOptionsValue", 0, 0, 0, "X-Frame-Options.")
OPTION(SWITCH, nosniff, "contentTypeNosniff", 0, 0, 0, "X-Content-Type-Options: nosniff.")
OPTION(SWITCH, xss_filter, "browserXssFilter", 0, 0, 0, "X-XSS-Protection: 1; mode=block.")
OPTION(TEXT, xss_value, "customBrowserXSSValue", 0, 0, 0, "X-XSS-Protection.")
OPTION(TEXT, csp, "contentSecurityPolicy", 0, 0, 0,
    "Content-Security-Policy; $NONCE becomes another one for each request.")
OPTION(TEXT, csp_report, "contentSecurityPolicyReportOnly", 0, 0, 0,
    "Content-Security-Policy-Report-Only.")
OPTION(TEXT, public_key, "publicKey", 0, 0, 0, "Public-Key-Pins, over TLS.")
OPTION(TEXT, referrer_policy, "referrerPolicy", 0, 0, 0, "Referrer-Policy.")
OPTION(TEXT, permissions_policy, "permissionsPolicy", 0, 0, 0, "Permissions-Policy.")
OPTION(SWITCH, is_development, "isDevelopment", 0, 0, 0,
    "Leaves allowedHosts, publicKey and Strict-Transport-Security out.")
OPTION(TEXT, feature_policy, "featurePolicy", 0, 0, 0, "Without effect, as in Traefik 3.")
OPTION(SWITCH, ssl_redirect, "sslRedirect", 0, 0, 0, "Without effect, as in Traefik 3.")
OPTION(SWITCH, ssl_temporary, "sslTemporaryRedirect", 0, 0, 0,
    "Without effect, as in Traefik 3.")
OPTION(TEXT, ssl_host, "sslHost", 0, 0, 0, "Without effect, as in Traefik 3.")
OPTION(SWITCH, ssl_force_host, "sslForceHost", 0, 0, 0, "Without effect, as in Traefik 3.")
FILTER_END(headers)

FILTER(STRIP_PREFIX, strip_prefix, "stripprefix", false)
OPTION(TEXTS, prefixes, "prefixes", 0, 0, 0,
    "The first of them that the path begins with is taken away; X-Forwarded-Prefix names it.")
OPTION(SWITCH, force_slash, "forceSlash", 0, 0, 0,
    "What is left begins with exactly one slash.")
FILTER_END(strip_prefix)

FILTER(ADD_PREFIX, add_prefix, "addprefix", false)
OPTION(TEXT, prefix, "prefix", 0, 0, 0, "What the path begins with then.")
FILTER_END(add_prefix)

FILTER(REPLACE_PATH, replace_path, "replacepath", false)
OPTION(TEXT, path, "path", 0, 0, 0,
    "What the path becomes; X-Replaced-Path has the one before.")
FILTER_END(replace_path)

FILTER(STRIP_PREFIX_REGEX, strip_prefix_regex, "stripprefixregex", false)
OPTION(PATTERNS, prefixes, "regex", 0, 0, 0,
    "The first of them that matches the path at its beginning takes away what it matches; "
    "X-Forwarded-Prefix has it.")
FILTER_END(strip_prefix_regex)

FILTER(REPLACE_PATH_REGEX, replace_path_regex, "replacepathregex", false)
OPTION(PATTERN, regex, "regex", 0, 0, 0,
    "What is replaced in the path; X-Replaced-Path has the one before.")
OPTION(TEMPLATE, replacement, "replacement", 0, 0, 0, "By what.")
FILTER_END(replace_path_regex)

FILTER(REDIRECT_SCHEME, redirect_scheme, "redirectscheme", false)
OPTION(TEXT, scheme, "scheme", 0, 0, 0, "The scheme of the URL to go to.")
OPTION(TEXT, port, "port", 0, 0, 0, "Its port; none: that of the scheme.")
OPTION(SWITCH, permanent, "permanent", 0, 0, 0,
    "Status 301, or 308 where the method is not GET, instead of 302 and 307.")
FILTER_END(redirect_scheme)

FILTER(REDIRECT_REGEX, redirect_regex, "redirectregex", false)
OPTION(PATTERN, regex, "regex", 0, 0, 0,
    "What is replaced in the URL that the client requested; one without a match passes.")
OPTION(TEMPLATE, replacement, "replacement", 0, 0, 0, "By what.")
OPTION(SWITCH, permanent, "permanent", 0, 0, 0, "As of redirectScheme.")
FILTER_END(redirect_regex)

FILTER(COMPRESS, compress, "compress", false)
OPTION(TEXTS, encodings, "encodings", 0, 0, 0,
    "Codings that may be used, the preferred first; gzip, br and zstd are all there are.")
OPTION(TEXT, usual, "defaultEncoding", 0, 0, 0,
    "Which of them, for clients that accept any, or send no Accept-Encoding.")
OPTION(TEXTS, excluded, "excludedContentTypes", 0, 0, 0,
    "Media types that are left as they are; application/grpc always is.")
OPTION(TEXTS, included, "includedContentTypes", 0, 0, 0,
    "Media types that are compressed, and no others.")
OPTION(COUNT, least, "minResponseBodyBytes", 0, 0, INT64_MAX,
    "Bytes from which on a body of known length is compressed; 0: 1024.")
FILTER_END(compress)

FILTER(CONTENT_TYPE, content_type, "contenttype", false)
OPTION(SWITCH, guesses, "autoDetect", 1, 0, 0,
    "false: without effect. By itself the middleware guesses the type of a body that has none.")
FILTER_END(content_type)

FILTER(BUFFERING, buffering, "buffering", false)
OPTION(COUNT, request, "maxRequestBodyBytes", 0, 0, INT64_MAX,
    "Bytes that the body of a request may have; 0: any. Others get 413.")
OPTION(COUNT, request_memory, "memRequestBodyBytes", 0, 0, INT64_MAX,
    "Without effect: bodies are not collected.")
OPTION(COUNT, response, "maxResponseBodyBytes", 0, 0, INT64_MAX,
    "Bytes that the body of a response may have; 0: any. Others become 500.")
OPTION(COUNT, response_memory, "memResponseBodyBytes", 0, 0, INT64_MAX,
    "Without effect: bodies are not collected.")
OPTION(TEXT, retry, "retryExpression", 0, 0, 0,
    "IsNetworkError() && Attempts() < N: as Mola does by itself, within its own limits.")
FILTER_END(buffering)

FILTER(ERRORS, errors, "errors", false)
OPTION(TEXTS, status, "status", 0, 0, 0,
    "Statuses, or ranges such as 500-599, of responses that a page takes the place of.")
OPTION(TEXT, service, "service", 0, 0, 0, "The service that has the page.")
OPTION(TEXT, query, "query", 0, 0, 0,
    "Its path; {status}, {originalStatus} and {url} are those of the response and its request.")
OPTION(PAIRS, rewrites, "statusRewrites", 0, 0, 0,
    "Another status for one or a range of them, such as statusRewrites.500-599=503.")
FILTER_END(errors)

FILTER(IP_ALLOW_LIST, ip_allow_list, "ipallowlist", true)
OPTION(NETS, nets, "sourceRange", 0, 0, 0,
    "Addresses and networks whose requests pass; others get 403.")
OPTION(COUNT, depth, "ipStrategy.depth", 0, 0, 1000,
    "Which address of X-Forwarded-For is the client's, from the right; 0: the connection's.")
OPTION(NETS, excluded, "ipStrategy.excludedIPs", 0, 0, 0,
    "Proxies: the client is the last address of X-Forwarded-For that is none of them.")
OPTION(COUNT, subnet, "ipStrategy.ipv6Subnet", 0, 1, 128,
    "Bits of an IPv6 address that are looked at.")
OPTION(COUNT, status, "rejectStatusCode", 403, 200, 999,
    "Another status than 403.")
FILTER_END(ip_allow_list)

FILTER(IP_WHITE_LIST, ip_white_list, "ipwhitelist", true)
OPTION(NETS, nets, "sourceRange", 0, 0, 0, "As ipAllowList.")
OPTION(COUNT, depth, "ipStrategy.depth", 0, 0, 1000, "As ipAllowList.")
OPTION(NETS, excluded, "ipStrategy.excludedIPs", 0, 0, 0, "As ipAllowList.")
OPTION(COUNT, subnet, "ipStrategy.ipv6Subnet", 0, 1, 128, "As ipAllowList.")
FILTER_END(ip_white_list)

FILTER(BASIC_AUTH, basic_auth, "basicauth", true)
OPTION(TEXTS, users, "users", 0, 0, 0,
    "Users that pass, each as htpasswd writes it: NAME:HASH, of bcrypt, MD5 (apr1) or SHA.")
OPTION(TEXT, users_file, "usersFile", 0, 0, 0,
    "A file of htpasswd with more users, where Mola runs. For labels.")
OPTION(TEXT, realm, "realm", 0, 0, 0, "What browsers show; none: traefik.")
OPTION(TEXT, header_field, "headerField", 0, 0, 0,
    "A field in which the task gets the user's name.")
OPTION(SWITCH, remove_header, "removeHeader", 0, 0, 0,
    "The task does not get Authorization.")
FILTER_END(basic_auth)

FILTER(DIGEST_AUTH, digest_auth, "digestauth", true)
OPTION(TEXTS, users, "users", 0, 0, 0,
    "Users that pass, each as htdigest writes it: NAME:REALM:DIGEST.")
OPTION(TEXT, users_file, "usersFile", 0, 0, 0,
    "A file of htdigest with more users, where Mola runs. For labels.")
OPTION(TEXT, realm, "realm", 0, 0, 0, "As basicAuth.")
OPTION(TEXT, header_field, "headerField", 0, 0, 0, "As basicAuth.")
OPTION(SWITCH, remove_header, "removeHeader", 0, 0, 0, "As basicAuth.")
FILTER_END(digest_auth)

FILTER(IN_FLIGHT_REQ, in_flight_req, "inflightreq", true)
OPTION(COUNT, amount, "amount", 0, 0, INT64_MAX,
    "Requests of one source that may be in flight at a time; more get 429.")
OPTION(COUNT, depth, "sourceCriterion.ipStrategy.depth", -1, 0, 1000,
    "The source is the client, found as ipAllowList does.")
OPTION(NETS, excluded, "sourceCriterion.ipStrategy.excludedIPs", 0, 0, 0,
    "As ipAllowList.")
OPTION(COUNT, subnet, "sourceCriterion.ipStrategy.ipv6Subnet", 0, 1, 128,
    "As ipAllowList.")
OPTION(TEXT, by_field, "sourceCriterion.requestHeaderName", 0, 0, 0,
    "The source is the value of this field.")
OPTION(SWITCH, by_host, "sourceCriterion.requestHost", 0, 0, 0,
    "The source is the host that the request names, which is the usual one.")
FILTER_END(in_flight_req)

FILTER(RATE_LIMIT, rate_limit, "ratelimit", true)
OPTION(COUNT, average, "average", 0, 0, INT64_MAX,
    "Requests of one source in each period, on average; 0: any number. More get 429.")
OPTION(DURATION, period, "period", 1000000, 0, 0, "The period; 0 is a second.")
OPTION(COUNT, burst, "burst", 1, 0, INT64_MAX,
    "Requests that may come at once, after a time without any.")
OPTION(COUNT, depth, "sourceCriterion.ipStrategy.depth", -1, 0, 1000,
    "As inFlightReq; the usual source is the other end of the connection.")
OPTION(NETS, excluded, "sourceCriterion.ipStrategy.excludedIPs", 0, 0, 0,
    "As ipAllowList.")
OPTION(COUNT, subnet, "sourceCriterion.ipStrategy.ipv6Subnet", 0, 1, 128,
    "As ipAllowList.")
OPTION(TEXT, by_field, "sourceCriterion.requestHeaderName", 0, 0, 0, "As inFlightReq.")
OPTION(SWITCH, by_host, "sourceCriterion.requestHost", 0, 0, 0, "As inFlightReq.")
FILTER_END(rate_limit)

FILTER(FORWARD_AUTH, forward_auth, "forwardauth", true)
OPTION(TEXT, address, "address", 0, 0, 0,
    "URL of the server that decides whether a request passes.")
OPTION(SWITCH, trust, "trustForwardHeader", 0, 0, 0,
    "X-Forwarded-... of proxies in clients.trusted are passed to it, instead of Mola's own.")
OPTION(TEXTS, response_headers, "authResponseHeaders", 0, 0, 0,
    "Fields of its response that the task gets, in place of the client's.")
OPTION(PATTERN, response_pattern, "authResponseHeadersRegex", 0, 0, 0,
    "The same for all fields whose names match.")
OPTION(TEXTS, request_headers, "authRequestHeaders", 0, 0, 0,
    "Fields of the request that it gets; none: all.")
OPTION(TEXTS, cookies, "addAuthCookiesToResponse", 0, 0, 0,
    "Cookies of its response that the client gets.")
OPTION(TEXT, header_field, "headerField", 0, 0, 0,
    "The field of its response with the user, for the access log.")
OPTION(SWITCH, forward_body, "forwardBody", 0, 0, 0,
    "It gets the request's body, too.")
OPTION(COUNT, body_max, "maxBodySize", -1, -1, INT64_MAX,
    "Bytes of that body at most; more: 401.")
OPTION(COUNT, response_max, "maxResponseBodySize", -1, -1, INT64_MAX,
    "Bytes of its response's body at most; more: 401.")
OPTION(SWITCH, preserve_location, "preserveLocationHeader", 0, 0, 0,
    "Location stays as it is, and is not seen from the server's address.")
OPTION(SWITCH, preserve_method, "preserveRequestMethod", 0, 0, 0,
    "It gets the request's method instead of GET.")
OPTION(TEXT, ca, "tls.ca", 0, 0, 0, "Not there: workers read no files.")
OPTION(TEXT, cert, "tls.cert", 0, 0, 0, "Not there.")
OPTION(TEXT, key, "tls.key", 0, 0, 0, "Not there.")
OPTION(SWITCH, insecure, "tls.insecureSkipVerify", 0, 0, 0,
    "Its certificate is not verified.")
OPTION(SWITCH, ca_optional, "tls.caOptional", 0, 0, 0,
    "Without effect, as in Traefik 3.")
FILTER_END(forward_auth)

FILTER(RETRY, retry, "retry", false)
OPTION(COUNT, attempts, "attempts", 0, 0, 1000,
    "How often a request is tried at most, the first time included.")
OPTION(DURATION, interval, "initialInterval", 0, 0, 0,
    "Time before a task is tried once more, twice as long at the end; other tasks are tried at "
    "once.")
FILTER_END(retry)

FILTER(CIRCUIT_BREAKER, circuit_breaker, "circuitbreaker", false)
OPTION(BREAKER, rule, "expression", 0, 0, 0,
    "When it opens, and requests get responseCode: LatencyAtQuantileMS(50.0) > 100, "
    "NetworkErrorRatio() > 0.3, ResponseCodeRatio(500, 600, 0, 600) > 0.25, joined by && and ||.")
OPTION(DURATION, check, "checkPeriod", 100000, 0, 0,
    "Time between two looks at that.")
OPTION(DURATION, open, "fallbackDuration", 10000000, 0, 0,
    "For how long no request passes.")
OPTION(DURATION, recover, "recoveryDuration", 10000000, 0, 0,
    "For how long after that a part passes, and more and more.")
OPTION(COUNT, status, "responseCode", 503, 200, 999,
    "The status of those that do not pass.")
FILTER_END(circuit_breaker)

FILTER(PASS_CLIENT_CERT, pass_client_cert, "passtlsclientcert", true)
OPTION(SWITCH, pem, "pem", 0, 0, 0,
    "X-Forwarded-Tls-Client-Cert: the certificate that the client has shown, in base64, and with "
    "commas between them those that came with it.")
OPTION(SWITCH, not_after, "info.notAfter", 0, 0, 0,
    "NA in X-Forwarded-Tls-Client-Cert-Info: when it expires, in seconds since 1970.")
OPTION(SWITCH, not_before, "info.notBefore", 0, 0, 0, "NB there: from when on it is valid.")
OPTION(SWITCH, sans, "info.sans", 0, 0, 0, "SAN there: the names that it is for.")
OPTION(SWITCH, serial, "info.serialNumber", 0, 0, 0, "SerialNumber there, a decimal number.")
OPTION(SWITCH, subject_domain_component, "info.subject.domainComponent", 0, 0, 0,
    "DC of its subject there.")
OPTION(SWITCH, subject_country, "info.subject.country", 0, 0, 0, "C of its subject there.")
OPTION(SWITCH, subject_province, "info.subject.province", 0, 0, 0, "ST of its subject there.")
OPTION(SWITCH, subject_locality, "info.subject.locality", 0, 0, 0, "L of its subject there.")
OPTION(SWITCH, subject_organization, "info.subject.organization", 0, 0, 0,
    "O of its subject there.")
OPTION(SWITCH, subject_unit, "info.subject.organizationalUnit", 0, 0, 0, "OU of its subject there.")
OPTION(SWITCH, subject_serial_number, "info.subject.serialNumber", 0, 0, 0,
    "SN of its subject there.")
OPTION(SWITCH, subject_common_name, "info.subject.commonName", 0, 0, 0, "CN of its subject there.")
OPTION(SWITCH, issuer_domain_component, "info.issuer.domainComponent", 0, 0, 0,
    "DC of its issuer there.")
OPTION(SWITCH, issuer_country, "info.issuer.country", 0, 0, 0, "C of its issuer there.")
OPTION(SWITCH, issuer_province, "info.issuer.province", 0, 0, 0, "ST of its issuer there.")
OPTION(SWITCH, issuer_locality, "info.issuer.locality", 0, 0, 0, "L of its issuer there.")
OPTION(SWITCH, issuer_organization, "info.issuer.organization", 0, 0, 0, "O of its issuer there.")
OPTION(SWITCH, issuer_serial_number, "info.issuer.serialNumber", 0, 0, 0, "SN of its issuer there.")
OPTION(SWITCH, issuer_common_name, "info.issuer.commonName", 0, 0, 0, "CN of its issuer there.")
FILTER_END(pass_client_cert)

FILTER(NOOP, noop, "noop@internal", false)
FILTER_END(noop)

#undef FILTER
#undef OPTION
#undef FILTER_END
