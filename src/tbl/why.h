/*
 * Every reason for which something ends or fails, one row each.
 * WHY(constant, status, blame, text): the HTTP status a client sees when the reason ends its
 * request (0: none is sent), the party at fault, and the sentence shown to people. The name is the
 * constant in lower case: in logs, in the Mola-Why header, in /metrics and in `mola why`.
 */

/* the client */
WHY(CLIENT_GONE,          0, CLIENT,   "the client closed the connection before the end")
WHY(CLIENT_IDLE,          0, CLIENT,   "the client sent nothing within the keep-alive time")
WHY(CLIENT_SLOW_HEAD,   408, CLIENT,   "the request head did not arrive in time")
WHY(CLIENT_SLOW_BODY,   408, CLIENT,   "the request body stalled")
WHY(CLIENT_SLOW_RATE,   408, CLIENT,   "the request arrived more slowly than the minimum rate")
WHY(CLIENT_LONG_REQUEST, 408, CLIENT,  "the whole request did not arrive in time")
WHY(HEAD_GAVE_WAY, 503, CLIENT,
    "all connection slots were in use, and this was the oldest unfinished request head")
WHY(MEMORY_GAVE_WAY, 503, CLIENT,
    "memory was short, and this connection held some without a whole request")
WHY(ADDRESS_LIMIT,      429, CLIENT,   "too many connections from this address")
WHY(CLIENT_SLOW_READ,     0, CLIENT,   "the client stopped reading the response")
WHY(HEAD_TOO_LARGE,     431, CLIENT,   "the request head is larger than the limit")
WHY(TOO_MANY_FIELDS,    431, CLIENT,   "the message head has more fields than the limit")
WHY(BAD_REQUEST_LINE,   400, CLIENT,   "the request line is malformed")
WHY(BAD_TARGET,         400, CLIENT,   "the request target is malformed")
WHY(BAD_VERSION,        505, CLIENT,   "the HTTP version is not 1.0 or 1.1")
WHY(BAD_FIELD,          400, CLIENT,   "a header field is malformed")
WHY(BAD_HOST,           400, CLIENT,   "the Host field is missing, repeated or malformed")
WHY(BAD_LENGTH, 400, CLIENT,
    "Content-Length is malformed, repeated or contradicts Transfer-Encoding")
WHY(BAD_CODING,         501, CLIENT,   "Transfer-Encoding is anything other than a single chunked")
WHY(BAD_CHUNK,          400, CLIENT,   "the chunked framing is malformed")
WHY(BAD_EXPECT,         417, CLIENT,   "Expect is anything other than 100-continue")
WHY(METHOD_REFUSED,     501, CLIENT,   "the method is not relayed (CONNECT)")
WHY(PROXY_HEADER_UNTRUSTED, 0, CLIENT,
    "only proxies in clients.trusted may connect to a listener with proxy_protocol")
WHY(PROXY_HEADER_BAD, 0, CLIENT,
    "the PROXY protocol header is missing, malformed or not for TCP")
WHY(PROXY_HEADER_SLOW,    0, CLIENT,   "the PROXY protocol header did not arrive in time")
WHY(HELLO_BAD,            0, CLIENT,   "the first message of a TLS client is malformed")
WHY(HELLO_SLOW, 0, CLIENT,
    "the first message of a TLS client did not arrive in time")
WHY(H2_PROTOCOL, 0, CLIENT,
    "an HTTP/2 client broke the protocol's rules, and its connection was ended")
WHY(H2_MALFORMED, 0, CLIENT,
    "a request over HTTP/2 is malformed: its pseudo-fields, a name, a value or a length")
WHY(H2_RESETS,            0, CLIENT,   "an HTTP/2 client cancelled requests faster than allowed")
WHY(H2_FLOOD, 0, CLIENT,
    "an HTTP/2 client sent more frames that carry no request and no data than allowed")
WHY(H2_HEAD_FLOOD, 0, CLIENT,
    "a request head over HTTP/2 was many times larger than the limit, or in too many pieces")
WHY(H2_TOO_MANY, 0, US,
    "a stream over HTTP/2 was refused, to be tried again: as many as may be are open")
WHY(NOT_UPGRADED, 502, CLIENT,
    "the client wanted a WebSocket over HTTP/2, and the task responded without one")
WHY(TLS_SLOW,             0, CLIENT,   "the TLS handshake did not end in time")
WHY(TLS_PLAIN, 400, CLIENT,
    "this listener uses TLS, and the request came without it: use https")
WHY(TLS_BROKEN,           0, CLIENT,   "what the client sent is not TLS, or breaks its rules")
WHY(TLS_VERSION,          0, CLIENT,   "the client supports no version of TLS that is allowed")
WHY(TLS_NO_SHARED, 0, CLIENT,
    "the client and Mola have no cipher, group or protocol of TLS in common")
WHY(TLS_CLASH, 0, CONFIG,
    "the TLS options of the host that the client wants contradict those of the listener")
WHY(TLS_NO_CERT,          0, CONFIG,   "there is no certificate for the host that the client wants")
WHY(TLS_CLIENT_CERT_MISSING, 0, CLIENT,
    "the client sent no certificate, and the listener requires one")
WHY(TLS_CLIENT_CERT_BAD,  0, CLIENT,   "the client's certificate cannot be verified")
WHY(TLS_REFUSED, 0, CLIENT,
    "the client refused the handshake, most often because it does not trust the certificate")
WHY(MISDIRECTED, 421, CLIENT,
    "the certificate of this connection does not cover the host of the request")
WHY(HTTPS_REDIRECT,     308, CLIENT,   "the request came without TLS, and was redirected to https")
WHY(LOAD_REQUEST_BAD, 400, CLIENT,
    "the message that subscribes to load reports cannot be read")
WHY(CHALLENGE_SERVED, 200, CLIENT,
    "the request was for a challenge of a CA, which has its response")
WHY(CORS_PREFLIGHT, 200, CLIENT,
    "a middleware (headers) responded to the preflight request of a browser (CORS)")
WHY(MIDDLEWARE_REDIRECT, 302, CLIENT,
    "a middleware (redirectScheme, redirectRegex) sent the client elsewhere")
WHY(NOOP, 418, CLIENT,
    "the router leads to noop@internal, and no middleware of it responded")
WHY(BAD_REPLACEMENT, 500, CLIENT,
    "what a middleware (redirectRegex, replacePathRegex) made of this URL is none")
WHY(UNCLEAN_PATH, 400, CLIENT,
    "what a middleware (stripPrefix, stripPrefixRegex, replacePathRegex) left of this path "
    "may be read as another one")
WHY(ADDRESS_NOT_ALLOWED, 403, CLIENT,
    "a middleware (ipAllowList) does not let this address in")
WHY(TOO_MANY_IN_FLIGHT, 429, CLIENT,
    "a middleware (inFlightReq) allows no more requests of this source at a time")
WHY(RATE_EXCEEDED, 429, CLIENT,
    "a middleware (rateLimit) allows requests of this source only less often")
WHY(BREAKER_OPEN, 503, UPSTREAM,
    "a middleware (circuitBreaker) lets no request pass: too many failed, or took too long")
WHY(BODY_TOO_LARGE, 413, CLIENT,
    "the body of the request is larger than a middleware (buffering) allows")
WHY(RESPONSE_TOO_LARGE, 500, CONFIG,
    "the body of the response is larger than a middleware (buffering) allows")
WHY(NO_PAGE, 503, SWARM,
    "the service of a middleware (errors) that has the page is not served")
WHY(HOST_NOT_ALLOWED, 500, CLIENT,
    "a middleware (headers) does not allow this host")
WHY(AUTH_REQUIRED, 401, CLIENT,
    "a middleware (basicAuth, digestAuth) wants a user and a password that fit")
WHY(FORWARD_AUTH_REFUSED, 401, CLIENT,
    "the server of a middleware (forwardAuth) did not let the request pass")
WHY(FORWARD_AUTH_FAILED, 500, UPSTREAM,
    "the server of a middleware (forwardAuth) did not respond in time, or not as a server of HTTP")
WHY(FORWARD_AUTH_BODY, 401, CLIENT,
    "the request's body is larger than a middleware (forwardAuth) may pass on")
WHY(BODIES_FULL, 503, US,
    "bodies of other requests that wait for a middleware (forwardAuth) take all the room there is")
WHY(FORWARD_AUTH_LARGE, 401, UPSTREAM,
    "the response of a middleware's server (forwardAuth) is larger than maxResponseBodySize")

/* routing and choice */
WHY(NO_ROUTE,           404, CONFIG,   "no service is configured for this host and path")
WHY(ROUTE_REFUSED, 503, CONFIG,
    "this host and path belong to a router that is not served: see mola services")
WHY(NO_RELAY, 0, CONFIG,
    "no service is configured for the server that this TLS client names")
WHY(NO_TABLE,           503, US,       "no routing table has arrived yet")
WHY(NO_TASK,            503, CONFIG,   "the service has no task")
WHY(NO_LIVE_TASK,       503, UPSTREAM, "no task of the service is healthy and accepts requests")

/* the task behind us */
WHY(CONNECT_REFUSED,    502, UPSTREAM, "the task refused the connection")
WHY(CONNECT_TIMEOUT,    504, UPSTREAM, "the task did not accept the connection in time")
WHY(CONNECT_FAILED,     502, UPSTREAM, "the task could not be reached")
WHY(UPSTREAM_SLOW_HEAD, 504, UPSTREAM, "the task did not respond in time")
WHY(UPSTREAM_TRY_SLOW, 504, UPSTREAM,
    "the task did not respond within retry.per_try_timeout, and another one got the request")
WHY(HEDGED, 0, US,
    "another task had the request, too, and responded first (retry.hedge)")
WHY(UPSTREAM_CUT_OFF, 504, UPSTREAM,
    "the task's node acknowledged nothing of the request")
WHY(UPSTREAM_SLOW_BODY, 504, UPSTREAM, "the response body stalled")
WHY(UPSTREAM_SLOW_READ, 504, UPSTREAM, "the task stopped reading the request")
WHY(UPSTREAM_GONE, 502, UPSTREAM,
    "the task closed the connection before its response was complete")
WHY(UPSTREAM_BAD_HEAD,  502, UPSTREAM, "the response head is malformed")
WHY(UPSTREAM_BAD_BODY,  502, UPSTREAM, "the response body's framing is malformed")
WHY(UPSTREAM_HEAD_LARGE,502, UPSTREAM, "the response head is larger than the limit")
WHY(UPSTREAM_STATUS,    502, UPSTREAM, "the task responded with a status that means failure")
WHY(UPSTREAM_TLS_FAILED, 502, UPSTREAM,
    "the TLS handshake with the task failed: does it use TLS on this port?")
WHY(UPSTREAM_TLS_SLOW,  504, UPSTREAM, "the task did not complete the TLS handshake in time")
WHY(UPSTREAM_TLS_REFUSED, 502, UPSTREAM,
    "the task refused the TLS handshake: does it want a certificate (task_tls.cert)?")
WHY(UPSTREAM_TLS_CA, 502, UPSTREAM,
    "the certificate of the task is of no CA that task_tls.ca trusts")
WHY(UPSTREAM_TLS_NAME, 502, UPSTREAM,
    "the certificate of the task is for other names than task_tls.name")
WHY(UPSTREAM_TLS_EXPIRED, 502, UPSTREAM, "the certificate of the task has expired")
WHY(UPSTREAM_TLS_CERT, 502, UPSTREAM, "the certificate of the task does not verify")
WHY(TASK_TLS_MISSING, 502, CONFIG,
    "there is no CA or certificate of the name that task_tls gives: tasks are not connected to")
WHY(UPSTREAM_NOT_HTTP2, 502, UPSTREAM, "the task does not support HTTP/2")
WHY(UPSTREAM_NO_WEBSOCKET, 502, CONFIG,
    "the task does not support WebSocket over HTTP/2: scheme http or https would use HTTP/1.1")
WHY(UPSTREAM_H2_BROKEN, 502, UPSTREAM, "the task broke the rules of HTTP/2")
WHY(UPSTREAM_CANCELLED, 502, UPSTREAM,
    "the task cancelled the request, such as a call of gRPC whose deadline has passed")
WHY(UPSTREAM_RESET,     502, UPSTREAM, "the task reset the request's HTTP/2 stream")
WHY(UPSTREAM_H2_SILENT, 504, UPSTREAM,
    "the task did not respond on its HTTP/2 connection in time")
WHY(UPSTREAM_NOT_SERVING, 0, UPSTREAM,
    "the task's gRPC health service does not respond that it serves: does it know health.service?")
WHY(UPSTREAM_UNEXPECTED, 0, UPSTREAM,
    "the task sent something else than its health check expects")
WHY(UPSTREAM_EARLY,       0, UPSTREAM, "the task sent bytes on an idle connection")
WHY(UPSTREAM_IDLE,        0, US,       "an idle connection was closed after its keep-alive time")

/* ourselves */
WHY(TOO_MANY_CLIENTS,   503, US,       "all connection slots are in use")
WHY(OVERLOADED, 503, US,
    "every node that could serve the request was full, and it waited as long as it may: try again")
WHY(MAX_INFLIGHT, 503, US,
    "the service has as many requests in flight as it may have: try again")
WHY(NO_MEMORY,          503, US,       "a memory limit was reached")
WHY(NO_DESCRIPTORS, 503, US,
    "no file descriptor was available for a connection to the task")
WHY(NO_PORTS,           503, US,       "no local port was available for a connection to the task")
WHY(AUTH_BUSY,          503, US,       "too many passwords are being verified: try again")
WHY(STOPPING,           503, US,       "Mola is stopping")
WHY(TUNNEL_IDLE,          0, US,       "the connection carried no bytes within its idle time")
WHY(TUNNEL_CLOSED,        0, CLIENT,   "one side closed the connection")
WHY(COMPLETE,             0, US,       "the exchange is complete")

/* addresses, files, the system */
WHY(BAD_ADDRESS, 0, CONFIG,
    "not an address of the form host:port, [v6]:port or unix:/path")
WHY(SYSTEM,               0, US,       "a system call failed")

/* signals */
WHY(METRICS_SYNTAX,       0, EXPORTER, "a line is not Prometheus text")
WHY(METRICS_LARGE,        0, EXPORTER, "the exporter's response is larger than the limit")
WHY(METRICS_INCOMPLETE, 0, EXPORTER,
    "node_cpu_seconds_total is missing: is this a node_exporter?")
WHY(METRICS_FETCH,        0, EXPORTER, "the exporter cannot be reached")
WHY(METRICS_STATUS,       0, EXPORTER, "the exporter responded with an error status")
WHY(METRICS_VALUE,        0, EXPORTER, "CPU times are NaN, infinite or negative")
WHY(METRICS_BACKWARDS, 0, EXPORTER,
    "counters went backwards: the node or its exporter restarted")
WHY(METRICS_STUCK, 0, EXPORTER,
    "the counters have stopped moving: is this page a stored copy?")

/* Prometheus */
WHY(PROM_GONE,            0, EXPORTER, "Prometheus cannot be reached or does not respond in time")
WHY(PROM_REFUSED,         0, EXPORTER, "Prometheus refused the request")
WHY(PROM_QUERY,           0, CONFIG,   "Prometheus cannot execute the query")
WHY(PROM_SYNTAX, 0, EXPORTER,
    "the response is not from the Prometheus API: is there a Prometheus at this URL?")
WHY(PROM_SHAPE, 0, CONFIG,
    "the query's result is not one number per node; expected an instant vector")
WHY(PROM_LARGE,           0, CONFIG,   "the query's result is larger than the limit")
WHY(PROM_EMPTY, 0, EXPORTER,
    "the query's result is empty: Prometheus has no such series now")
WHY(PROM_UNKEYED,         0, CONFIG,   "no label of the query's result names a known node")
WHY(PROM_PARTIAL,         0, EXPORTER, "Prometheus warns that its result may not be complete")
WHY(PROM_ABSENT,          0, EXPORTER, "Prometheus has no value for this node")
WHY(PROM_DUPLICATE, 0, CONFIG,
    "the query's result has several values for this node; expected one")
WHY(PROM_NAN,             0, EXPORTER, "the value for this node is not a number")
WHY(PROM_RANGE,           0, CONFIG,   "the value for this node is out of range")
WHY(PROM_STALE,           0, EXPORTER, "Prometheus' last sample of this node is too old")
WHY(PROM_FUTURE,          0, EXPORTER, "Prometheus' last sample of this node is from the future")

/* Docker's Engine */
WHY(ENGINE_GONE,          0, ENGINE,   "the Docker Engine cannot be reached or does not respond")
WHY(ENGINE_OLD,           0, ENGINE,   "the Docker Engine supports no API version from 1.40 on")
WHY(ENGINE_VERSION,       0, ENGINE,   "another manager responded, with another API version")
WHY(ENGINE_REFUSED,       0, ENGINE,   "the Docker Engine refused the request")
WHY(ENGINE_CLIENT,        0, ENGINE,   "the Docker Engine is not a Swarm manager")

/* the table */
WHY(TABLE_BROKEN,         0, US,       "a routing table failed its check")
WHY(HANDOVER_UNREADABLE,  0, US,
    "what the Mola before this one passed on is of another version, or broken")
WHY(TABLE_LARGE,          0, CONFIG,   "more nodes, services or tasks than the table can hold")
WHY(SECRETS_BROKEN,       0, US,       "a set of secrets failed its check")
WHY(SECRETS_LARGE,        0, CONFIG,   "more secrets than a set can hold, or larger ones")

/* where certificates from ACME CAs are kept */
WHY(STORE_SECRET, 0, CONFIG,
    "the sealing secret is too short; expected 32 characters or more, as of "
    "openssl rand -base64 32")
WHY(STORE_SECRETS, 0, CONFIG,
    "more sealing secrets than can be known at once; expected 4 at most")
WHY(STORE_SEALED, 0, CONFIG,
    "the object is sealed with a secret that is not configured")
WHY(STORE_TAMPERED, 0, CONFIG,
    "the object was changed, or is another one under this name: its seal does not open")
WHY(STORE_FOREIGN, 0, CONFIG,
    "the objects belong to another stack: they are sealed with another secret")
WHY(STORE_BEHIND,         0, ENGINE,   "what was written is not there yet")
WHY(STORE_GONE,           0, ENGINE,   "the store cannot be read")
WHY(STORE_REFUSED,        0, ENGINE,   "the store refused the request")
WHY(STORE_FOLDER,         0, CONFIG,   "the state directory cannot be used")
WHY(STORE_LOCKED,         0, CONFIG,   "another Mola uses this state directory")
WHY(STORE_BROKEN,         0, CONFIG,   "a file of the state directory is damaged")

/* certificates from ACME CAs */
WHY(ACME_GONE,            0, CONFIG,   "the CA cannot be reached or does not respond")
WHY(ACME_REPLY, 0, CONFIG,
    "the CA's response is not ACME: is this the URL of a directory?")
WHY(ACME_LIMIT,           0, CONFIG,   "the CA allows no more at the moment")
WHY(ACME_ACCOUNT,         0, CONFIG,   "the CA does not accept an account")
WHY(ACME_REFUSED,         0, CONFIG,   "the CA refused the request")
WHY(ACME_CHALLENGE, 0, CONFIG,
    "the CA offers none of the challenges that are configured")
WHY(ACME_INVALID,         0, CONFIG,   "the CA could not validate a name")
WHY(ACME_ORDER,           0, CONFIG,   "the order has come to nothing")
WHY(ACME_CERT, 0, CONFIG,
    "the certificate that the CA issued is not the one that was ordered")
WHY(ACME_HOOK,            0, CONFIG,   "the hook program failed")
WHY(ACME_SLOW,            0, CONFIG,   "the CA did not finish the order in time")
WHY(ACME_NOT_ALLOWED,     0, CONFIG,   "this name is not to get a certificate")
WHY(ACME_LEASE,           0, US,       "another Mola may order now")

/* certificates */
WHY(CERT_MISSING,         0, CONFIG,   "there is no certificate; expected PEM")
WHY(CERT_SYNTAX,          0, CONFIG,   "a certificate is malformed")
WHY(CERT_LARGE, 0, CONFIG,
    "a certificate has more names, or a longer chain, than the limit")
WHY(CERT_NO_KEY,          0, CONFIG,   "there is no private key; expected PEM")
WHY(CERT_KEY_SYNTAX,      0, CONFIG,   "the private key is malformed")
WHY(CERT_KEY_ENCRYPTED, 0, CONFIG,
    "the private key is encrypted; expected one without a password")
WHY(CERT_KEY_KIND, 0, CONFIG,
    "the private key is of no supported kind; expected ECDSA with P-256, P-384 or P-521, "
    "Ed25519, or RSA with 2048 bits or more")
WHY(CERT_KEY_WRONG,       0, CONFIG,   "the private key does not belong to the first certificate")

WHY(CERT_FILE,            0, CONFIG,   "a file of a certificate cannot be read")
WHY(CERT_EXPIRED,         0, CONFIG,   "the certificate has expired")
WHY(CERT_NOT_YET_VALID,   0, CONFIG,   "the certificate is not valid yet")

/* profiles */
WHY(BAD_PROFILE, 0, CONFIG,
    "not a profile; expected balanced, cpu, ram, io or net, or weights such as cpu=0.3,ram=0.7")
WHY(BAD_LIMITS, 0, CONFIG,
    "not a profile; expected limits such as limits.ram=0.7-0.9, "
    "the soft one below the hard one, or none")
WHY(BAD_LINK, 0, CONFIG,
    "not a profile; expected a link in bits per second, such as link=1G or link=100M")

/* discovery */
WHY(ENGINE_SYNTAX,        0, ENGINE,   "the Docker Engine's response is not JSON")
WHY(ENGINE_SHAPE,         0, ENGINE,   "the Docker Engine's response does not match its API")
WHY(ENGINE_LARGE,         0, ENGINE,   "the Docker Engine's response is larger than the limit")
WHY(SERVICE_NO_PORT,      0, SWARM,    "the service has no label for the port on which it listens")
WHY(SERVICE_NO_ROUTE, 0, SWARM,
    "the service is to be served, but no host and path of it are understood")
WHY(NEEDS_MIDDLEWARE, 0, SWARM,
    "a router needs a feature that Mola does not have, and is not served without it")
WHY(ROUTER_LABEL, 0, SWARM,
    "a label of a router is not understood, and the router is not served without it")
WHY(ROUTER_RULE,          0, SWARM,    "a router's rule is not understood")
WHY(ROUTER_SERVICE,       0, SWARM,    "a router leads to a service that is not defined here")
WHY(DEFINED_TWICE, 0, SWARM,
    "several services define one router, or one service of Traefik's, differently")
WHY(TRAEFIK_FILE,         0, CONFIG,   "a file of Traefik's file provider cannot be used")
WHY(TLS_OPTIONS,          0, SWARM,    "a router names TLS options that Mola cannot have")
WHY(TLS_OPTIONS_DIFFER,   0, SWARM,    "routers of one host name different TLS options")
WHY(SERVER_SCHEME, 0, SWARM,
    "a router's tasks need a protocol that Mola does not support")
WHY(ROUTE_CLAIMED,        0, SWARM,    "a route belongs to a router that is not served")
WHY(LABEL_UNKNOWN,        0, SWARM,    "an unknown label may have been meant to restrict access")
WHY(LABELS_FOREIGN,       0, SWARM,    "the labels are for software other than Mola")
WHY(HEALTH_CHECK, 0, SWARM,
    "the labels configure a health check that Mola does not support: there is none")
WHY(LISTENER, 0, SWARM,
    "a service is on no listener that there is")
WHY(ENTRY_POINT,          0, SWARM,    "a router is on no entry point that Mola serves")
WHY(OTHER_PROXY,          0, SWARM,    "the service is left to another proxy")
WHY(SERVICE_UNREACHABLE, 0, SWARM,
    "the service shares no network with Mola and publishes no port in mode host")
WHY(SERVICE_NAME,         0, SWARM,    "the service's name is in use or invalid")
WHY(ROUTE_TAKEN,          0, SWARM,    "another service has the same host and path")
WHY(NODE_NAME,            0, SWARM,    "the node's name is in use or invalid")

/* external proxies */
WHY(PROXY_GONE,           0, PROXY,    "the proxy cannot be reached or does not respond")
WHY(PROXY_SYNTAX,         0, PROXY,    "the proxy's report of its state is not understood")
WHY(PROXY_REFUSED,        0, PROXY,    "the proxy refused the configuration")
WHY(PROXY_DIFFERS,        0, PROXY,    "the proxy's state differs from what Mola published")
WHY(PROXY_FILE,           0, CONFIG,   "the proxy's file cannot be written")
WHY(PROXY_NOTHING,        0, CONFIG,   "there is no service to publish; the last publication stays")
WHY(PROXY_SWARM, 0, ENGINE,
    "publication waits for the first snapshot of the Swarm; the last publication stays")
WHY(PROXY_SAMPLES, 0, EXPORTER,
    "publication waits briefly for the first samples of the nodes")
WHY(PROXY_CHOICE, 0, EXPORTER,
    "no node has a usable sample, so none can be chosen; the last publication stays")
