/*
 * Every setting that each service has of its own, once. A row makes the member of struct
 * service_conf, the key of the configuration file (under defaults and in each service), the
 * label of Swarm services, the checks of both, the copy and the comparison at a reload, the
 * line of /api/v1/config, the member of the routing table's row with its copy and its check,
 * and the paragraphs of mola.yaml(5) and mola-labels(7).
 *
 * SETTING(type, field, reach, ways, section, key, default, least, most, help)
 *	type	one of world/setting.h
 *	reach	WORKERS: the field is in the routing table, too. BRAIN: it is not.
 *	ways	FILE_AND_LABEL: (HEALTH, path) is health.path in the file and the label
 *		mola.health.path, (DEFAULTS, idle) is idle and mola.idle. LABEL: there is no key.
 *		ELSEWHERE: its parts have rows of their own in conf.h and labels.h.
 *	default, least, most	as a user would write them; least and most are "" for types
 *		without a range
 * Two rows with one field, or with one section and key, do not compile.
 */
SETTING(KIND, kind, WORKERS, FILE_AND_LABEL, DEFAULTS, kind, "http", "", "",
    "The protocol of the tasks: http, or tcp. A service of kind tcp gets whole connections, "
    "and each counts as one request in flight; see TCP in mola.yaml(5).")
SETTING(POLICY, policy, WORKERS, FILE_AND_LABEL, DEFAULTS, policy, "marginal", "", "",
    "How the task for a request is chosen; mola.yaml(5) lists the policies.")
SETTING(PROFILE, profile, BRAIN, FILE_AND_LABEL, DEFAULTS, profile, "balanced", "", "",
    "Which resources of a node matter, and their limits: balanced, cpu, ram, io, net, or "
    "weights and limits such as ram,limits.ram=0.6-0.8; see PROFILES in mola.yaml(5).")
SETTING(TENANTS, tenants, WORKERS, FILE_AND_LABEL, DEFAULTS, tenants, "fair", "", "",
    "Whose work waits where the service and others (containers and programs that Mola sends no "
    "requests to) want the same cores, with policy marginal: fair, polite (each thread of others "
    "counts twice: their work is done sooner, some requests later) or greedy (each counts half: "
    "their work may be done later, and requests gain nothing on most clusters).")
SETTING(SWITCH, overload, WORKERS, FILE_AND_LABEL, OVERLOAD, enable, "true", "", "",
    "Whether a request waits for a moment, and gets 503 then, while every node of the service's "
    "tasks has more requests that want a core than it can serve in time; see doc/overload.md. "
    "false: all are sent to tasks at once. Connections of tcp services never wait for cores.")
SETTING(COUNT, overload_bound, WORKERS, FILE_AND_LABEL, OVERLOAD, bound, "4", "1", "64",
    "How many requests that want a core a node may have for each core that the task's container "
    "could have before others wait. While clients leave before their response, it is less.")
SETTING(DURATION, overload_wait_usec, WORKERS, FILE_AND_LABEL, OVERLOAD, wait,
    "250ms", "0ms", "60s",
    "How long a request waits at most; 0ms: it is refused at once.")
SETTING(PRECEDENCE, overload_priority, WORKERS, FILE_AND_LABEL, OVERLOAD, priority,
    "normal", "", "",
    "Whose requests wait first where services share nodes: low, normal or high. For those of low "
    "a node is full with half as many requests, of all services on it; for those of high with "
    "twice as many of their own, and where there is room again it is theirs first.")
SETTING(COUNT, max_inflight, WORKERS, FILE_AND_LABEL, DEFAULTS, max_inflight, "0", "0", "1000000",
    "Maximum number of requests of the service in flight, of tcp services: connections; 0: no such "
    "limit. What is beyond waits as in overload, and gets 503 then (connections are refused at "
    "once). Several workers that count at the same moment may exceed it by one each.")
SETTING(COUNT, task_max_inflight, WORKERS, FILE_AND_LABEL, DEFAULTS, task_max_inflight,
    "0", "0", "1000000",
    "The same for each task of the service: a task that has so many gets no more.")
SETTING(LOAD, load, WORKERS, FILE_AND_LABEL, DEFAULTS, load, "none", "", "",
    "Whether tasks report their own load in responses (ORCA): orca reads endpoint-load-metrics and "
    "endpoint-load-metrics-bin, in the head of a response or in its trailers, and removes them; "
    "orca-pass leaves them for clients, such as gRPC's. A task with a utilization near 1 or past "
    "it costs more then, where the policy compares tasks; see LOAD REPORTS in mola.yaml(5).")
SETTING(SWITCH, orca_reports, WORKERS, FILE_AND_LABEL, DEFAULTS, orca_reports, "false", "", "",
    "Whether clients of gRPC may subscribe to load reports of the service (ORCA, out of band): "
    "Mola itself responds to calls of xds.service.orca.v3.OpenRcaService/StreamCoreMetrics that "
    "its routes lead to the service; see LOAD REPORTS in mola.yaml(5).")
SETTING(SCHEME, scheme, WORKERS, FILE_AND_LABEL, DEFAULTS, scheme, "http", "", "",
    "The protocol of the tasks: http (HTTP/1.1), h2c (HTTP/2 without TLS, as of gRPC servers), "
    "https (TLS, with HTTP/2 where the task chooses it, else HTTP/1.1) or h2 (TLS, with "
    "HTTP/2 only).")
SETTING(SWITCH, tls_verify, WORKERS, FILE_AND_LABEL, TASK_TLS, verify, "true", "", "",
    "Whether the certificate of a task must be valid, of a CA that is trusted, and for the name. "
    "false: any certificate will do.")
SETTING(TLS_CA, tls_ca, WORKERS, FILE_AND_LABEL, TASK_TLS, ca, "system", "", "",
    "The CAs that are trusted: the name of one of tls.task_cas, or system, the CAs of the system "
    "that Mola runs on.")
SETTING(TLS_NAME, tls_name, WORKERS, FILE_AND_LABEL, TASK_TLS, name, "service", "", "",
    "The name that Mola sends (SNI) and that the certificate must have: a host name, service for "
    "the name of the service, or address for the IP address of the task (no SNI then).")
SETTING(TLS_CERT, tls_cert, WORKERS, FILE_AND_LABEL, TASK_TLS, cert, "none", "", "",
    "The certificate that Mola shows to tasks that request one: the name of one of tls.task_certs, "
    "or none.")
SETTING(SWITCH, tls_http1, WORKERS, FILE_AND_LABEL, TASK_TLS, http1, "false", "", "",
    "Whether HTTP/1.1 alone is offered to tasks over https, which may choose HTTP/2 otherwise.")
SETTING(SWITCH, pass_host, WORKERS, FILE_AND_LABEL, DEFAULTS, pass_host, "true", "", "",
    "Whether tasks get the Host that the client sent. false: each gets its own address and port "
    "as Host; X-Forwarded-Host has the client's in either case.")
SETTING(DURATION, connect_usec, WORKERS, FILE_AND_LABEL, DEFAULTS, connect, "5s", "10ms", "5m",
    "Time-out for connecting to a task, the handshake of TLS included.")
SETTING(DURATION, response_usec, WORKERS, FILE_AND_LABEL, DEFAULTS, response, "60s", "10ms", "24h",
    "Time-out for the start of a task's response.")
SETTING(DURATION, idle_usec, WORKERS, FILE_AND_LABEL, DEFAULTS, idle, "60s", "10ms", "24h",
    "Time-out between two pieces of a body, from the task or to it.")
SETTING(DURATION, tunnel_usec, WORKERS, FILE_AND_LABEL, DEFAULTS, tunnel, "1h", "100ms", "168h",
    "Time-out of a connection that carries no bytes in either direction, for upgraded connections "
    "(WebSocket) and those of a tcp service.")
SETTING(PROXY_VERSION, proxy_version, WORKERS, FILE_AND_LABEL, DEFAULTS, proxy_protocol,
    "none", "", "",
    "For tcp services: the version of the PROXY protocol, v1 or v2, by whose header the tasks "
    "learn who the client is; or none. The tasks must expect it.")
SETTING(PATH_OR_NONE, health_path, WORKERS, FILE_AND_LABEL, HEALTH, path, "none", "", "",
    "Path that the health check requests from each task, or none. A status of 2xx or 3xx is a "
    "pass, unless status is set.")
SETTING(METHOD, health_method, WORKERS, FILE_AND_LABEL, HEALTH, method, "GET", "", "",
    "The method of the request.")
SETTING(COUNT, health_status, WORKERS, FILE_AND_LABEL, HEALTH, status, "0", "0", "999",
    "The status that is a pass, and no other; 0: each of 2xx and 3xx.")
SETTING(CHECK_HOST, health_hostname, WORKERS, FILE_AND_LABEL, HEALTH, hostname, "address", "", "",
    "The Host of the request, such as app.example.org; address: the address of the task.")
SETTING(HEADERS, health_headers, WORKERS, FILE_AND_LABEL, HEALTH, headers, "none", "", "",
    "Header fields of the request, one 'Name: value' per line, up to 2048 bytes; or none.")
SETTING(SWITCH, health_follow_redirects, WORKERS, FILE_AND_LABEL, HEALTH, follow_redirects,
    "false", "", "",
    "Whether a redirect to another path of the same task is followed, and the last response "
    "counts; ten requests in all. A redirect to another host, port or protocol counts by its own "
    "status.")
SETTING(CHECK_MODE, health_mode, WORKERS, FILE_AND_LABEL, HEALTH, mode, "http", "", "",
    "http: the request to path. grpc: a call of grpc.health.v1.Health/Check over HTTP/2 to each "
    "task, whether or not there is a path; SERVING is a pass, and scheme https and h2 mean TLS, "
    "others none. tcp: a connection without TLS, with send and expect. Of the keys here those "
    "about the request have no meaning with grpc and tcp.")
SETTING(CHECK_SERVICE, health_service, WORKERS, FILE_AND_LABEL, HEALTH, service, "none", "", "",
    "With mode grpc: the name of the service whose health is called for, such as "
    "helloworld.Greeter; none: the health of the whole server.")
SETTING(CHECK_BYTES, health_send, WORKERS, FILE_AND_LABEL, HEALTH, send, "none", "", "",
    "With mode tcp, and for tcp services: what is sent on the connection, up to 1024 bytes, with "
    "\\r, \\n, \\t, \\\\ and \\xHH for any byte, such as PING\\r\\n; or none.")
SETTING(CHECK_BYTES, health_expect, WORKERS, FILE_AND_LABEL, HEALTH, expect, "none", "", "",
    "With mode tcp, and for tcp services: what the task must send first to pass, written as send, "
    "such as +PONG; none: that it accepts the connection is enough.")
SETTING(COUNT, health_degraded_status, WORKERS, FILE_AND_LABEL, HEALTH, degraded_status,
    "0", "0", "999",
    "The status by which a task passes and reports itself degraded; 0: there is none. So does each "
    "response that passes and has a field Mola-Degraded (other than false). The cost of a degraded "
    "task counts four times: it gets requests when others are much busier, or when there is no "
    "other.")
SETTING(CHECK_SCHEME, health_scheme, WORKERS, FILE_AND_LABEL, HEALTH, scheme, "same", "", "",
    "The protocol of the check, where it is not the same as that of the service: http, h2c, https "
    "or h2. task_tls is for both.")
SETTING(PORT_OR_SAME, health_port, WORKERS, FILE_AND_LABEL, HEALTH, port, "same", "1", "65535",
    "The port of the check, where it is not the same as that of requests; a check of a tcp service "
    "sends no header of the PROXY protocol there. A task that is a unix socket has none.")
SETTING(SWITCH, health_connect, WORKERS, FILE_AND_LABEL, HEALTH, connect, "true", "", "",
    "For tcp services: whether each task is checked by a connection to it, which is closed as soon "
    "as the task has accepted it.")
SETTING(DURATION, health_interval_usec, WORKERS, FILE_AND_LABEL, HEALTH, interval,
    "2s", "100ms", "10m",
    "Time between two checks of a task. Each time it is up to a twentieth longer or shorter, by "
    "chance, so that checks of many tasks do not come at once; the first check comes within a "
    "tenth of it.")
SETTING(DURATION_OR_SAME, health_unhealthy_interval_usec, WORKERS, FILE_AND_LABEL, HEALTH,
    unhealthy_interval, "same", "100ms", "10m",
    "The same while the task is unhealthy.")
SETTING(DURATION, health_timeout_usec, WORKERS, FILE_AND_LABEL, HEALTH, timeout,
    "1s", "10ms", "10m",
    "Time-out of a check.")
SETTING(ALL_DOWN, health_all_down, WORKERS, FILE_AND_LABEL, HEALTH, all_down, "refuse", "", "",
    "What happens to a request when no task is left for it but such as are unhealthy, or ejected "
    "by eject.failures. refuse: it gets 503 (no_live_task), or what went wrong with the last task "
    "that was tried. use: it goes to one of these.")
SETTING(COUNT, health_rise, WORKERS, FILE_AND_LABEL, HEALTH, rise, "2", "1", "100",
    "Consecutive passes after which a task is healthy again.")
SETTING(COUNT, health_fall, WORKERS, FILE_AND_LABEL, HEALTH, fall, "3", "1", "100",
    "Consecutive failures after which a task is unhealthy.")
SETTING(COUNT, eject_failures, WORKERS, FILE_AND_LABEL, EJECT, failures, "0", "0", "64",
    "Consecutive failures of clients' requests after which a task gets none for a while, even if "
    "it is the last one: connections that fail, responses that do not come or are broken, each "
    "status of 500 and more. 0: Mola's own rule, by which a task is compared with the others and "
    "not too many are taken out (panic); see mola(8).")
SETTING(DURATION, eject_window_usec, WORKERS, FILE_AND_LABEL, EJECT, window, "10s", "1ms", "24h",
    "The time within which these failures must have been, and for which the task gets nothing "
    "then. A task with a health check gets nothing until the next check that it passes.")
SETTING(RETRY_ON, retry_on, WORKERS, FILE_AND_LABEL, RETRY, on,
    "connect, reset, timeout, 502, 503, 504", "", "",
    "What a request is sent again for, a list: connect (no task can have processed it: the "
    "connection failed, or the task refused the stream), reset (the connection to the task broke, "
    "or the response was malformed), timeout (the response did not come in time, or its node is "
    "cut off), unavailable (a call of gRPC ended at once with status 14; named here, calls are "
    "repeated for it whatever methods is), and statuses from 400 to 599: 503, 500-504 or 5xx; or "
    "none. A 429 with Retry-After is passed on at once.")
SETTING(COUNT, retry_attempts, WORKERS, FILE_AND_LABEL, RETRY, attempts, "3", "1", "10",
    "How often a request is tried in all, each time on a task that has not had it; 1: never again. "
    "For tcp services, connections.")
SETTING(DURATION_OR_NONE, retry_per_try_usec, WORKERS, FILE_AND_LABEL, RETRY, per_try_timeout,
    "none", "1ms", "24h",
    "How long a try may take until its response begins, before another task gets the request; or "
    "none. Where none may (attempts, budget, methods), the try goes on until response.")
SETTING(PERCENT, retry_budget, WORKERS, FILE_AND_LABEL, RETRY, budget, "20%", "0%", "100%",
    "How many of the service's requests may be sent again. With 20% all attempts together are at "
    "most 1.2 times the requests, also while all tasks fail; a service without many requests has "
    "ten repeats in advance. What no task has read is sent again for nothing, to a task that is "
    "likely to serve it.")
SETTING(BYTES, retry_body, WORKERS, FILE_AND_LABEL, RETRY, body, "16k", "0", "16m",
    "How many bytes of a request's body are kept to be sent again. A request with a larger one is "
    "not repeated once some of it was sent.")
SETTING(RETRY_METHODS, retry_methods, WORKERS, FILE_AND_LABEL, RETRY, methods, "idempotent", "", "",
    "Which requests are sent again that a task may have processed: idempotent (those with methods "
    "GET, HEAD, OPTIONS, TRACE, PUT and DELETE), or all: for services where it does no harm that a "
    "POST is processed twice.")
SETTING(SWITCH, retry_hedge, WORKERS, FILE_AND_LABEL, RETRY, hedge, "false", "", "",
    "Whether a request whose response takes longer than 95 % of the service's do goes to a second "
    "task, too, within the budget. The first response counts, and the other task is left. For "
    "requests that may be sent twice (methods, body).")
SETTING(PERCENT, panic, WORKERS, FILE_AND_LABEL, DEFAULTS, panic, "50%", "1%", "100%",
    "When more than this part of the service's healthy tasks are ejected for failing, all are "
    "used: the fault is probably not theirs, and the rest would be overloaded. 100%: an ejected "
    "task gets a request only where no other is left for it. What eject.failures ejects stays so.")
SETTING(DURATION, slow_start_usec, WORKERS, FILE_AND_LABEL, DEFAULTS, slow_start, "0s", "0s", "1h",
    "For how long a task that is new, healthy again or no longer ejected gets less: its cost "
    "counts ten times at first, then ever less. 0s: it gets what others get, which with policy "
    "marginal and least-conn is never more requests at once than they have.")
SETTING(COOKIE_NAME, sticky_cookie, WORKERS, FILE_AND_LABEL, STICKY, cookie, "none", "", "",
    "The name of a cookie that binds a client to the task of its first request; none: no client is "
    "bound. A client whose task is gone, drained or unhealthy gets another one, and its cookie. "
    "The cookie is the one that Traefik 3 gives for the same address, and those that Traefik gave "
    "are understood.")
SETTING(SWITCH, sticky_http_only, WORKERS, FILE_AND_LABEL, STICKY, http_only, "false", "", "",
    "Whether the cookie is kept from scripts (HttpOnly).")
SETTING(SWITCH, sticky_secure, WORKERS, FILE_AND_LABEL, STICKY, secure, "false", "", "",
    "Whether the cookie is sent over TLS alone (Secure).")
SETTING(SAME_SITE, sticky_same_site, WORKERS, FILE_AND_LABEL, STICKY, same_site, "unsaid", "", "",
    "SameSite of the cookie: none, lax, strict, or unsaid.")
SETTING(COUNT, sticky_max_age, WORKERS, FILE_AND_LABEL, STICKY, max_age, "0", "0", "2000000000",
    "For how many seconds a client keeps the cookie (Max-Age); 0: until it is closed.")
SETTING(COOKIE_PATH, sticky_path, WORKERS, FILE_AND_LABEL, STICKY, path, "/", "", "",
    "Path of the cookie, or none.")
SETTING(COOKIE_DOMAIN, sticky_domain, WORKERS, FILE_AND_LABEL, STICKY, domain, "none", "", "",
    "Domain of the cookie; none: the host of the request alone.")
SETTING(SWITCH, migrate, BRAIN, LABEL, DEFAULTS, migrate, "false", "", "",
    "Whether Mola may move the service off a hot node. After a move, docker service rollback "
    "undoes the move and not your last update: Swarm keeps one previous version. mola why names "
    "the image to which a rollback would have gone before the move.")
SETTING(COUNT, scale_min, BRAIN, LABEL, SCALE, min, "1", "1", "10000",
    "Minimum number of tasks, where mola.scale.max is set.")
SETTING(COUNT, scale_max, BRAIN, LABEL, SCALE, max, "none", "1", "10000",
    "Maximum number of tasks. Without it, Mola does not scale the service. After a change, "
    "docker service rollback undoes that change and not your last update; mola why names the "
    "image to which a rollback would have gone before.")
SETTING(SERVICE_TLS, tls, BRAIN, FILE_AND_LABEL, DEFAULTS, tls, "none", "", "",
    "acme: certificates for the service's hosts are ordered from a CA, one for each host; see the "
    "section acme of mola.yaml(5). none: its hosts have the certificates that are there anyway. Of "
    "a tcp service, none passes TLS through to the tasks; with terminate, TLS ends at Mola, which "
    "has a certificate, and tasks get what was in it; with acme, too, and Mola orders them. "
    "That of defaults does not count for tcp services. For others, terminate is the same as none.")
SETTING(ALPN, alpn, WORKERS, FILE_AND_LABEL, DEFAULTS, alpn, "none", "", "",
    "For tcp services whose TLS ends at Mola: the protocols that clients may choose by ALPN, the "
    "preferred first, with commas between them, such as postgresql. A client that offers others "
    "alone is refused. none: what clients offer is not looked at.")
SETTING(QUERIES, terms, BRAIN, ELSEWHERE, , , "", "", "", "")
