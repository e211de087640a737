/*
 * What of a Traefik's static configuration is read, and does not hold for Mola as it is: people see
 * it among the labels of that Traefik's service.
 *
 * STATIC_KEY("path", state, "setting", "text")
 *
 * The path is in lower case, '*' stands for one word, and what is below it belongs to it: of
 * several rows the first counts. A state is one of report.h; NONE: it is not shown. The setting is
 * a key of Mola's that has the same purpose, whose value is shown; "": none. What has no row is in
 * force, or nothing of requests.
 */
STATIC_KEY("entrypoints.*.transport.respondingtimeouts.readtimeout", VALID, "clients.request",
    "a time-out of Mola's own holds")
STATIC_KEY("entrypoints.*.transport.respondingtimeouts.writetimeout", VALID, "clients.write",
    "a time-out of Mola's own holds")
STATIC_KEY("entrypoints.*.transport.respondingtimeouts.idletimeout", VALID, "clients.idle",
    "a time-out of Mola's own holds")
STATIC_KEY("entrypoints.*.transport.lifecycle.gracetimeout", VALID, "stop",
    "Mola's own time to stop holds")
STATIC_KEY("entrypoints.*.transport.lifecycle", VALID, "",
    "Mola accepts until it stops; what is before it decides who still comes")
STATIC_KEY("entrypoints.*.transport", VALID, "clients.idle",
    "Mola closes a connection when it has been idle, however old it is")
STATIC_KEY("entrypoints.*.forwardedheaders.connection", UNSUPPORTED, "",
    "fields that Connection names never reach a task")
STATIC_KEY("entrypoints.*.http.maxheaderbytes", VALID, "clients.head_bytes",
    "a limit of Mola's own holds")
STATIC_KEY("entrypoints.*.http.encodequerysemicolons", UNSUPPORTED, "",
    "tasks get queries as clients send them, and a router whose rule has Query is not served here")
STATIC_KEY("entrypoints.*.http.sanitizepath", VALID, "",
    "paths are always cleaned, or refused")
STATIC_KEY("entrypoints.*.http.tls.domains", VALID, "",
    "certificates are ordered for the hosts of rules, and for acme.names")
STATIC_KEY("entrypoints.*.http2", VALID, "", "HTTP/2 has limits of Mola's own")
STATIC_KEY("entrypoints.*.http3", UNSUPPORTED, "",
    "Mola has no HTTP/3, and offers none; clients use HTTP/2")
STATIC_KEY("entrypoints.*.reuseport", VALID, "", "shared of a listener is the same")
STATIC_KEY("entrypoints.*.observability", VALID, "",
    "Mola's log and metrics have settings of their own")
STATIC_KEY("entrypoints.*.allowacmebypass", UNSUPPORTED, "",
    "challenges of ACME are Mola's, and reach no task")
STATIC_KEY("providers.file", VALID, "", "swarm.traefik.files lists the files for Mola")
STATIC_KEY("providers.swarm.allowemptyservices", VALID, "",
    "a service without tasks has its routers, and responds with 503")
STATIC_KEY("providers.swarm.usebindportip", VALID, "", "Mola goes to tasks directly")
STATIC_KEY("providers.swarm", NONE, "", "")
STATIC_KEY("providers.docker.allowemptyservices", VALID, "",
    "a service without tasks has its routers, and responds with 503")
STATIC_KEY("providers.docker", NONE, "", "")
STATIC_KEY("providers.providersthrottleduration", NONE, "", "")
STATIC_KEY("providers", UNSUPPORTED, "", "Mola knows nothing of the routers of this provider")
STATIC_KEY("serverstransport", UNSUPPORTED, "",
    "it does not hold for Mola's connections to tasks; mola.task_tls and time-outs of services do")
STATIC_KEY("tcpserverstransport", UNSUPPORTED, "",
    "it does not hold for Mola's connections to tasks")
STATIC_KEY("certificatesresolvers", VALID, "",
    "acme of mola.yaml has the CA, the account and the challenge")
STATIC_KEY("experimental.plugins", UNSUPPORTED, "",
    "routers with middlewares of plugins are not served")
STATIC_KEY("experimental.localplugins", UNSUPPORTED, "",
    "routers with middlewares of plugins are not served")
STATIC_KEY("hostresolver", UNSUPPORTED, "", "Mola takes hosts as requests name them")
STATIC_KEY("spiffe", UNSUPPORTED, "", "Mola has no SPIFFE")

#undef STATIC_KEY
