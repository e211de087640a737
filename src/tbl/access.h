/*
 * The access log: its formats, and the facts that a line may have.
 *
 * FORMAT(ID, name, help)
 * FACT(ID, own, json, help): `own` is the key in Mola's own format, `json` the one in JSON: that of
 * Traefik's access log where it has the fact. "": the format lacks it.
 * KIN(ID, of): what drops or redacts `of` does so to ID, which says the same and more. Those who
 * need no such rows do not define it.
 * SIDE(ID, prefix): the messages whose fields lines may have, and what is put before a field's
 * name. The same.
 */
FORMAT(OFF, "false", "requests are not logged")
FORMAT(MOLA, "mola", "key=value pairs")
FORMAT(COMMON, "common", "the Common Log Format of web servers")
FORMAT(COMBINED, "combined", "the same with referrer and user agent, as Apache and nginx write it")
FORMAT(TRAEFIK, "traefik", "what Traefik calls common")
FORMAT(JSON, "json", "one object per line, with the names of Traefik's access log")

FACT(TIME,           "time",      "time",                 "when the response was complete")
FACT(START,          "",          "StartUTC",             "when the request began to arrive")
FACT(START_LOCAL,    "",          "StartLocal",           "the same; Mola knows no zone but UTC")
FACT(CLIENT,         "client",    "ClientHost",           "the client, also behind a trusted proxy")
FACT(PEER,           "",          "ClientAddr",           "the other end of the connection")
FACT(PEER_PORT,      "",          "ClientPort",           "that port")
FACT(USER,           "user",      "ClientUsername",       "the user of basicAuth or digestAuth")
FACT(LISTENER,       "listener",  "entryPointName",       "the listener")
FACT(SNI,            "sni",       "TLSServerName",        "the server that a relayed client named")
FACT(METHOD,         "method",    "RequestMethod",        "the request's method")
FACT(HOST,           "host",      "RequestHost",          "the request's host, without a port")
FACT(AUTHORITY,      "",          "RequestAddr",          "the same, with a port that was sent")
FACT(HOST_PORT,      "",          "RequestPort",          "that port")
FACT(TARGET,         "target",    "RequestPath",          "path and query")
FACT(REFERER,        "",          "request_Referer",      "the field Referer")
FACT(AGENT,          "",          "request_User-Agent",   "the field User-Agent")
FACT(STATUS,         "status",    "DownstreamStatus",     "the status, 0 if none was sent")
FACT(RECEIVED,       "received",  "received",             "bytes of a relayed client")
FACT(CONTENT_IN,     "",          "RequestContentSize",   "bytes of the request's body")
FACT(BYTES,          "bytes",     "bytes",                "bytes to the client, heads included")
FACT(CONTENT,        "",          "DownstreamContentSize","bytes of the response's body")
FACT(RATIO,          "",          "GzipRatio",            "how much smaller the body became")
FACT(USEC,           "usec",      "",                     "the duration in microseconds")
FACT(DURATION,       "",          "Duration",             "the duration in nanoseconds")
FACT(PROTOCOL,       "protocol",  "RequestProtocol",      "HTTP/1.0, HTTP/1.1 or HTTP/2.0")
FACT(SCHEME,         "",          "RequestScheme",        "http or https")
FACT(ROUTER,         "router",    "RouterName",           "the router, as Traefik calls it")
FACT(SERVICE,        "service",   "ServiceName",          "the service; in json Traefik's")
FACT(TASK,           "task",      "task",                 "the task that served, or the last one")
FACT(ADDRESS,        "",          "ServiceAddr",          "that task's address")
FACT(URL,            "",          "ServiceURL",           "the same as a URL")
FACT(ORIGIN_STATUS,  "",          "OriginStatus",         "the task's, or the one for its failure")
FACT(ORIGIN_CONTENT, "",          "OriginContentSize",    "bytes of its response's body")
FACT(ORIGIN_TOOK,    "",          "OriginDuration",       "nanoseconds since it was chosen")
FACT(OVERHEAD,       "",          "Overhead",             "what remains of Duration")
FACT(TRIED,          "",          "RetryAttempts",        "how often the request was tried again")
FACT(MIDDLEWARE,     "middleware","middleware",           "the middleware that responded")
FACT(ID,             "id",        "request_X-Request-Id", "the request's ID (tracing.request_id)")
FACT(TRACE,          "trace",     "TraceId",              "the trace that it belongs to")
FACT(SPAN,           "span",      "SpanId",               "Mola's span with the client")
FACT(WHY,            "why",       "why",                  "the reason how it ended")
FACT(TLS,            "tls",       "",                     "the version of TLS")
FACT(VERSION,        "",          "TLSVersion",           "the same as a number: 1.3")
FACT(CIPHER,         "cipher",    "TLSCipher",            "the cipher of TLS")
FACT(SUBJECT,        "",          "TLSClientSubject",     "whose certificate the client showed")
FACT(RESUMED,        "resumed",   "TLSResumed",           "whether the TLS session was resumed")
FACT(COUNT,          "",          "RequestCount",         "requests of this worker so far")
FACT(LOST,           "lost",      "lost",                 "lines before this one that were dropped")

#ifdef SIDE
SIDE(REQUEST, "request_")
SIDE(ORIGIN, "origin_")
SIDE(DOWNSTREAM, "downstream_")
#endif

#ifdef KIN
KIN(START_LOCAL, START)
KIN(PEER, CLIENT)
KIN(PEER_PORT, CLIENT)
KIN(AUTHORITY, HOST)
KIN(HOST_PORT, HOST)
KIN(URL, ADDRESS)
#endif
