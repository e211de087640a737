/*
 * Every key of the configuration file, one row each. It feeds the parser, /api/v1/config and
 * mola.yaml(5).
 *
 * SECTION(id, parent, key, shape, struct, help): what is filled is
 *	MAP			the struct that the parent fills, too
 *	MAP_AT(owner, member)	a member of it
 *	LIST(owner, array, n)	an array of structs, each of which begins with the number of its line
 *	FEW(owner, array, n)	the same with room for all of them in the parent's struct, and without lines
 * KEY(section, key, type, field, default, least, most, help): types are those of conf_type.h.
 * The default is written as a user would write it; NONE: there is none, the key may be absent;
 * REQUIRED: it may not. A service takes every key of DEFAULTS besides its own.
 * Two rows with one name in one mapping, or with one field in one struct, do not compile.
 */
SECTION(TOP, TOP, , MAP, struct conf, "")
SECTION(LISTEN, TOP, listen, LIST(struct conf, listen, nlisten), struct conf_listen,
    "Addresses on which clients are served: one address, or a list of addresses and mappings. "
    "Required, unless there are targets; Mola may then serve no clients itself.")
SECTION(TLS, TOP, tls, MAP, struct conf,
    "TLS on the listeners that have tls: true, and the certificates that they show.")
SECTION(CERTIFICATE, TLS, certificates, LIST(struct conf, certificate, ncertificates),
    struct conf_certificate,
    "Certificates in files: one, or a list of paths and mappings. The names that a certificate "
    "serves are those in it (DNS and IP subject alternative names). Several may have the same "
    "name, such as one with an ECDSA and one with an RSA key; of equal ones the newest is used. "
    "Files are watched, symbolic links included: a change takes effect at once, and one that "
    "cannot be used leaves the certificate before in force. Docker secrets are files, too: "
    "/run/secrets/NAME. They are read as the user that starts Mola, not as user.")
SECTION(TASK_CA, TLS, task_cas, LIST(struct conf, task_ca, ntask_cas), struct conf_task_ca,
    "CAs that certificates of tasks may be of, for task_tls.ca of services.")
SECTION(TASK_CERT, TLS, task_certs, LIST(struct conf, task_cert, ntask_certs),
    struct conf_task_cert,
    "Certificates that Mola shows to tasks, for task_tls.cert of services.")
SECTION(ACME, TOP, acme, MAP, struct conf,
    "Certificates from a CA that supports ACME, such as Let's Encrypt, for the names below and for "
    "the hosts of services with tls: acme. With this section you agree to the terms of service of "
    "each CA in it. All Molas of a Swarm share certificates, orders and the account; see "
    "doc/acme.md.")
SECTION(ACME_CA, ACME, ca, LIST(struct conf, acme_ca, nacme_cas), struct conf_acme_ca,
    "The CA: letsencrypt (the default), letsencrypt-staging, or the URL of its directory; or a "
    "mapping, or a list of them. Of several, the next is used when one has failed.")
SECTION(ADMIN, TOP, admin, MAP, struct conf,
    "The admin interface: a page for browsers, JSON for the command line and other programs, and "
    "metrics. On the unix socket, and from this machine to a loopback address, it can be read "
    "without a login; from elsewhere, reading needs a token or a user. Writing over TCP always "
    "needs a token. Without a login for everyone: /healthz, /metrics, and what proxies poll.")
SECTION(ADMIN_TOKEN, ADMIN, tokens, LIST(struct conf, admin_tokens, nadmin_tokens),
    struct conf_admin_token,
    "Tokens for programs and for people, each with what it is good for. They are sent as "
    "Authorization: Bearer TOKEN, or entered in the page.")
SECTION(LOG, TOP, log, MAP, struct conf,
    "What is written to standard error. A log reader that falls behind delays nothing: lines "
    "that do not fit are dropped and counted, and the event log.dropped has their number.")
SECTION(ACCESS, LOG, access, MAP, struct conf,
    "A line for every request: true, a format, or a mapping with the keys "
    "below. Without it requests are not logged. The line after dropped ones has their number "
    "(lost).")
SECTION(SWARM, TOP, swarm, MAP, struct conf,
    "Discovery of nodes, services and tasks in a Docker Swarm, in addition to those of this "
    "file. Without this section there is no discovery; an empty one takes the defaults. "
    "mola-labels(7) documents the labels of services.")
SECTION(TRAEFIK, SWARM, traefik, MAP, struct conf,
    "Traefik's labels, which are read where Mola's own labels leave something open: true or "
    "false, or a mapping with the keys below. What is not set here is taken from the Traefik "
    "services of the same Swarm. See mola-labels(7).")
SECTION(SIGNALS, TOP, signals, MAP, struct conf,
    "How the state of the nodes is sampled.")
SECTION(PROMETHEUS, TOP, prometheus, MAP, struct conf,
    "Prometheus servers that are queried for the state of the nodes, and for the queries of "
    "services. Without this section no server is queried. A node's own agent or node_exporter "
    "takes precedence, because its samples are newer. Series are matched to nodes by their "
    "labels: node_id, instance, node, nodename or hostname.")
SECTION(TRACING, TOP, tracing, MAP, struct conf,
    "IDs of requests, and traces: spans of each request are sent to a collector of OpenTelemetry "
    "(OTLP over HTTP). Without this section neither costs anything, and what clients send of both "
    "(X-Request-Id, traceparent, tracestate) goes to tasks as other fields do. See doc/tracing.md.")
SECTION(SCORE, TOP, score, MAP, struct conf,
    "The score of a node, from 0 to 100. It is shown to people, and policy best-node uses it.")
SECTION(CLIENTS, TOP, clients, MAP, struct conf,
    "Time-outs and limits of client connections, and the proxies that may identify clients.")
SECTION(UPSTREAM, TOP, upstream, MAP, struct conf,
    "Idle connections to tasks that are kept for reuse, and limits of the tasks' responses.")
SECTION(DEFAULTS, TOP, defaults, MAP_AT(struct conf, defaults), struct service_conf,
    "Settings of every service that does not set the same key itself.")
SECTION(OVERLOAD, DEFAULTS, overload, MAP, struct service_conf,
    "What happens to requests while every node of the service is full, in defaults and in each "
    "service: true, false, or a mapping with the keys below. See doc/overload.md.")
SECTION(HEALTH, DEFAULTS, health, MAP, struct service_conf,
    "Active health checks, in defaults and in each service. A task that has never been checked "
    "counts as healthy.")
SECTION(EJECT, DEFAULTS, eject, MAP, struct service_conf,
    "When a task gets no requests because it failed those that it had, in defaults and in each "
    "service.")
SECTION(RETRY, DEFAULTS, retry, MAP, struct service_conf,
    "Which requests are sent again, to another task of the service, and how often, in defaults and "
    "in each service. The client gets the last response.")
SECTION(STICKY, DEFAULTS, sticky, MAP, struct service_conf,
    "Clients that stay with a task, in defaults and in each service of kind http. It takes "
    "precedence over the policy for clients that have the cookie.")
SECTION(TASK_TLS, DEFAULTS, task_tls, MAP, struct service_conf,
    "TLS to tasks, in defaults and in each service; it counts where scheme is https or h2.")
SECTION(RULE, DEFAULTS, promql, FEW(struct service_conf, terms.term, terms.n), struct term,
    "Queries to Prometheus, in defaults and in each service; each adds one more resource that "
    "can run out on a node. At most four, or one as plain text. A service's own list replaces "
    "that of defaults. See QUERIES.")
SECTION(MOVER, TOP, mover, MAP, struct conf,
    "Moves services off hot nodes and scales them, where a service of the Swarm requests it by "
    "label (mola.migrate, mola.scale.max). Pressure is the number of threads that want a core, "
    "per core.")
SECTION(NODE, TOP, nodes, LIST(struct conf, node, nnodes), struct conf_node,
    "The machines.")
SECTION(SERVICE, TOP, services, LIST(struct conf, service, nservices), struct conf_service,
    "The services: the hosts and paths of each one, and its tasks.")
SECTION(TASK, SERVICE, tasks, LIST(struct conf_service, task, ntasks), struct conf_task,
    "The tasks that serve the requests of the service; at least one.")
SECTION(WEIGHTED, SERVICE, weighted, LIST(struct conf_service, weighted, nweighted),
    struct conf_weighted,
    "Instead of tasks: the services that the requests of this one go to, each by its weight. See "
    "SERVICES THAT LEAD TO OTHERS.")
SECTION(FAILOVER, SERVICE, failover, MAP, struct conf_service,
    "Instead of tasks: a service, and another one for the time when none of its tasks can be "
    "used. See SERVICES THAT LEAD TO OTHERS.")
SECTION(MIRRORING, SERVICE, mirroring, MAP, struct conf_service,
    "Instead of tasks: a service that gets all the requests, and others that get copies of some. "
    "See SERVICES THAT LEAD TO OTHERS.")
SECTION(MIRROR, MIRRORING, mirrors, LIST(struct conf_service, mirror, nmirrors),
    struct conf_mirror,
    "The services that get copies; at least one. Nobody gets their responses.")
SECTION(TARGET, TOP, targets, LIST(struct conf, target, ntargets), struct conf_target,
    "External proxies that Mola configures: it publishes to each one which servers there are "
    "and the weight of each. See TARGETS.")

KEY(TOP, workers, WORKERS, workers, "auto", "1", "16",
    "Number of processes that serve clients; auto is one for each CPU that Mola may use. A "
    "change takes effect at the next start.")
KEY(TOP, memory_limit, SWITCH, memory_limit, "true", "", "",
    "Whether each worker takes no more than its share of the memory that the container, or any "
    "other control group that Mola is in, may have: then clients give way when that is reached, "
    "where the kernel would end a process. A change takes effect for workers that start after "
    "it.")
KEY(TOP, user, STRING, user, "nobody", "", "",
    "The user that the workers run as when Mola is started by root. A change takes effect at "
    "the next start.")
KEY(TOP, stop, DURATION, stop_usec, "30s", "0s", "1h",
    "How long requests in flight may take to complete when Mola is stopped.")

KEY(TOP, middlewares, MIDDLEWARE_MAP, middlewares, NONE, "", "",
    "What happens to requests and responses on their way, by name: a mapping of NAME to KIND to "
    "the options of that kind, as in Traefik's files; doc/middlewares.md lists kinds and options. "
    "The key middlewares of services and the label mola.middlewares name them, and so can labels "
    "of Traefik's, as NAME@mola.")

KEY(LISTEN, address, LISTEN_ADDRESS, addr, REQUIRED, "", "",
    "IP address and port: 10.0.0.1:80, [::1]:80, :80 (any address).")
KEY(LISTEN, name, LISTEN_NAME, name, NONE, "", "",
    "Name of the listener, for others to refer to; unique, whatever its case. By default the "
    "address as written. One that is named like an entry point of Traefik's stands for that one "
    "alone (swarm.traefik.entry_points): only its routers are served there, and nowhere else.")
KEY(LISTEN, proxy_protocol, SWITCH, proxy_protocol, "false", "", "",
    "Whether each connection begins with a header of the PROXY protocol, version 1 or 2, that "
    "identifies the client. Only proxies in clients.trusted may connect then, and only with "
    "such a header. Where the header identifies no client (UNKNOWN, LOCAL), the proxy's own "
    "address counts as the client's, and X-Forwarded-* are not trusted.")
KEY(LISTEN, tls, SWITCH, tls, "false", "", "",
    "Whether connections are TLS, with the certificates of tls. While there is none that can be "
    "used, handshakes fail: the listener never falls back to plain HTTP.")
KEY(LISTEN, http2, MAYBE, http2, NONE, "", "",
    "Whether HTTP/2 is served. By default where tls is true, and clients choose. On a listener "
    "without TLS, true serves HTTP/1.1 and, to clients that begin with it, HTTP/2 (h2c with "
    "prior knowledge).")
KEY(LISTEN, redirect_https, REDIRECT, redirect_port, "false", "1", "65535",
    "Whether every request is redirected to https (308), but for those of ACME's challenge "
    "HTTP-01: true, or the port to redirect to.")
KEY(LISTEN, client_ca, FILE, client_ca, NONE, "", "",
    "Absolute path of the CA certificates (PEM) that certificates of clients are verified with. "
    "The file is watched. While it has never been read, handshakes fail.")
KEY(LISTEN, client_cert, CLIENT_CERT, client_cert, NONE, "", "",
    "With client_ca: require, and clients without a certificate are refused, or optional. By "
    "default require. A certificate that does not verify is refused in either case.")
KEY(LISTEN, shared, SWITCH, shared, "false", "", "",
    "Whether another process of the same user, such as a second Mola with another file, may "
    "listen on the same address at the same time; the kernel then distributes connections to "
    "both. Otherwise Mola refuses an address that is in use.")

KEY(TLS, default, TLS_DEFAULT, tls_default, NONE, "", "",
    "The certificate for clients that name no host, or one that no certificate has: its path "
    "as in certificates, or none, which refuses them (alert unrecognized_name). By default the "
    "first of certificates.")
KEY(TLS, min_version, TLS_VERSION, tls_min_version, "1.2", "", "",
    "The oldest version of TLS that clients may use: 1.2 or 1.3.")
KEY(TLS, suites, TLS_SUITES, tls_suites, NONE, "", "",
    "The ciphers of TLS 1.2 that clients may use, one or a list, by their names in the standards "
    "(TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384); by default all that Mola has: those of ECDHE with "
    "ECDSA or RSA, and AES_128_GCM_SHA256, AES_256_GCM_SHA384 or CHACHA20_POLY1305. With a "
    "certificate of a kind that none of them is for, clients without TLS 1.3 are refused.")
KEY(TLS, hsts, HSTS, hsts_seconds, "none", "0s", "2y",
    "How long browsers are to use https only (Strict-Transport-Security in responses over TLS, "
    "unless the task sends its own): a duration such as 1y or 30d, or none. 0s makes browsers "
    "forget.")

KEY(CERTIFICATE, cert, FILE, cert, REQUIRED, "", "",
    "Absolute path of the certificate (PEM), followed by the chain to its root.")
KEY(CERTIFICATE, key, FILE, key, NONE, "", "",
    "Absolute path of its private key (PEM, not encrypted). By default the key is in the file of "
    "the certificate.")

KEY(TASK_CA, name, NAME, name, REQUIRED, "", "",
    "By which services refer to it; not system.")
KEY(TASK_CA, file, FILE, file, REQUIRED, "", "",
    "Absolute path of the CA certificates (PEM).")

KEY(TASK_CERT, name, NAME, name, REQUIRED, "", "",
    "By which services refer to it; not none.")
KEY(TASK_CERT, cert, FILE, cert, REQUIRED, "", "",
    "Absolute path of the certificate (PEM), followed by the chain to its root.")
KEY(TASK_CERT, key, FILE, key, NONE, "", "",
    "Absolute path of its private key (PEM, not encrypted). By default the key is in the file of "
    "the certificate.")

KEY(ACME, email, EMAIL, acme_email, NONE, "", "",
    "Address that the CA may write to. By default none.")
KEY(ACME, names, ACME_NAMES, acme_names, NONE, "", "",
    "Host names that certificates are wanted for, whether or not a service has them: one "
    "certificate for each item of the list. Names in one item, with blanks between them, share a "
    "certificate. A wildcard, '*.example.org' (quoted), needs challenge dns-01.")
KEY(ACME, allow, ACME_ALLOW, acme_allow, NONE, "", "",
    "Host names that services may request by tls: acme, one or a list: example.org, or "
    "'*.example.org' (quoted) for all names below it. By default any.")
KEY(ACME, most, COUNT, acme_most, "100", "1", "10000",
    "Maximum number of certificates; further names are reported and get none.")
KEY(ACME, challenge, ACME_CHALLENGES, acme_challenges, NONE, "", "",
    "How the CA verifies that the names are yours, one or a list, the preferred one first: http-01 "
    "(it must reach a plain listener on port 80), tls-alpn-01 (a listener with TLS on port 443), "
    "dns-01 (hook). By default http-01, and dns-01 where there is a hook.")
KEY(ACME, hook, FILE, acme_hook, NONE, "", "",
    "Absolute path of a program for dns-01, which Mola runs as: HOOK present|clean NAME RECORD "
    "VALUE. With present, it adds the TXT record (others of that name stay) and ends with 0 when "
    "it is visible; with clean, it removes it.")
KEY(ACME, hook_timeout, DURATION, acme_hook_usec, "2m", "1s", "1h",
    "How long the program may run.")
KEY(ACME, profile, NAME, acme_profile, NONE, "", "",
    "Profile of the certificates, such as Let's Encrypt's shortlived. By default the CA's own "
    "choice.")
KEY(ACME, secret, FILES, acme_secrets, NONE, "", "",
    "In a Swarm: absolute path of a file, usually a Docker secret, whose first line Mola seals "
    "everything with that it keeps in the Swarm's configs: 32 characters or more. In a list, the "
    "first seals and all unseal, so that a secret can be replaced. Without it, state is used.")
KEY(ACME, prefix, NAME, acme_prefix, "mola", "", "",
    "What the names of these configs begin with; two stacks with Molas of their own in one Swarm "
    "need different ones.")
KEY(ACME, state, FILE, acme_state, "/var/lib/mola", "", "",
    "Absolute path of the directory that all this is kept in without a Swarm, or without secret. "
    "It must outlive the container.")

KEY(ACME, import, FILE, acme_import, NONE, "", "",
    "Absolute path of a Traefik's acme.json. A name that has no certificate yet gets the one that "
    "is there, if it has not expired, instead of a new order; later ones are ordered as usual.")

KEY(ACME_CA, url, ACME_URL, url, REQUIRED, "", "",
    "letsencrypt, letsencrypt-staging, or the URL of its directory (https).")
KEY(ACME_CA, trust, FILE, trust, NONE, "", "",
    "Absolute path of the CA certificates (PEM) that its server is verified with. By default those "
    "of the system.")
KEY(ACME_CA, eab_id, STRING, eab_id, NONE, "", "",
    "For CAs that know their customers already: the ID that they gave you for external account "
    "binding.")
KEY(ACME_CA, eab_key, PASSWORD, eab_key, NONE, "", "",
    "The key that belongs to it, in base64url.")
KEY(ACME_CA, eab_key_file, FILE, eab_key_file, NONE, "", "",
    "Absolute path of a file whose first line is the key; instead of eab_key.")

KEY(ADMIN, address, ADMIN_ADDRESS, admin_addr, "127.0.0.1:8000", "", "",
    "Host and port, or none.")
KEY(ADMIN, socket, SOCKET, admin_socket, "/run/mola/admin.sock", "", "",
    "Path of a unix socket, or none. Access to it includes write access: no token is required.")
KEY(ADMIN, group, STRING, admin_group, NONE, "", "",
    "The group that owns the socket; its members may read and write. By default the group of "
    "the process, usually root's.")
KEY(ADMIN, token, SECRET, admin_token, NONE, "", "",
    "A token that may read and write: 16 to 256 visible characters. Without it, and without tokens "
    "with the scope write, writes over TCP are refused.")
KEY(ADMIN, token_file, FILE, admin_token_file, NONE, "", "",
    "Absolute path of a file whose first line is the token; instead of token.")
KEY(ADMIN, users, USERS, admin_users, NONE, "", "",
    "Who may read with a password (Basic authentication): a list of NAME:HASH as htpasswd writes "
    "them, with bcrypt, MD5 (apr1) or SHA.")
KEY(ADMIN, users_file, FILE, admin_users_file, NONE, "", "",
    "Absolute path of a file with such lines, in addition to users; it is read at the start and at "
    "each reload.")
KEY(ADMIN, hosts, HOSTS, admin_hosts, NONE, "", "",
    "Host names under which the address may be requested, besides localhost and any IP address. "
    "Requests for other hosts are refused, which protects against web pages that abuse a "
    "visitor's browser (DNS rebinding).")

KEY(ADMIN_TOKEN, name, NAME, name, REQUIRED, "", "",
    "What the token is called in the page and in logs.")
KEY(ADMIN_TOKEN, token, SECRET, token, NONE, "", "",
    "16 to 256 visible characters.")
KEY(ADMIN_TOKEN, token_file, FILE, token_file, NONE, "", "",
    "Absolute path of a file whose first line is the token; instead of token.")
KEY(ADMIN_TOKEN, scopes, SCOPES, scopes, "read", "", "",
    "What it may do: read, write, or a list of both.")

KEY(LOG, level, LEVEL, log_level, "info", "", "",
    "Minimum level of a line: debug, info, warn or error.")
KEY(LOG, format, FORMAT, log_json, "text", "", "",
    "Lines of key=value pairs (text), or one JSON object per line (json).")

KEY(ACCESS, format, ACCESS_FORMAT, log_access, "mola", "", "",
    "What a line looks like: mola (key=value; also true), common (the Common Log Format), combined "
    "(the same with referrer and user agent; Traefik calls it genericCLF), traefik (Traefik's "
    "common: what is also called TRAEFIKCLF) or json (an object with the names of Traefik's access "
    "log); false: requests are not logged.")
KEY(ACCESS, file, FILE, log_access_file, NONE, "", "",
    "Absolute path of a file that lines are added to, instead of standard output. The process that "
    "starts Mola opens it, with the rights that it has, and again at each reload: after the file "
    "was renamed, send SIGHUP.")
KEY(ACCESS, status, STATUSES, log_access_statuses, NONE, "", "",
    "Only responses with these statuses are logged: 404, 500-599, or a list; 0 stands for no "
    "response. Of status, duration and retried, one that applies is enough.")
KEY(ACCESS, duration, DURATION, log_access_usec, "0s", "0s", "1h",
    "Only requests that took at least so long are logged; 0s: this selects none.")
KEY(ACCESS, retried, SWITCH, log_access_tried, "false", "", "",
    "Only requests for which a task had failed before are logged; false: this selects none.")
KEY(ACCESS, fields, ACCESS_FIELDS, log_access_fields, NONE, "", "",
    "Fields of messages that lines have in mola and json: request_NAME (as the client sent it), "
    "origin_NAME (as the task sent it), downstream_NAME (as the client got it), one or a list of "
    "at most 16. Their values are in the log as they are, secrets, too.")
KEY(ACCESS, drop, ACCESS_FACTS, log_access_dropped, NONE, "", "",
    "Facts that are left out of every line, by their names in either format, one or a list. With "
    "client, host, StartUTC or ServiceAddr, those that have the same and more.")
KEY(ACCESS, redact, ACCESS_FACTS, log_access_redacted, NONE, "", "",
    "Facts that have the value REDACTED instead of theirs.")

KEY(SWARM, endpoint, ENDPOINTS, swarm_endpoints, NONE, "", "",
    "The Docker Engine, one or a list: unix:///path or tcp://host:port. In a list, all must be "
    "managers; when one fails, the next is used. By default unix:///var/run/docker.sock.")
KEY(SWARM, ca, FILE, swarm_ca, NONE, "", "",
    "Absolute path of the CA certificates (PEM) that the Engine's certificate is verified with. "
    "With ca, cert or key, tcp:// is TLS.")
KEY(SWARM, cert, FILE, swarm_cert, NONE, "", "",
    "Absolute path of Mola's client certificate (PEM).")
KEY(SWARM, key, FILE, swarm_key, NONE, "", "",
    "Absolute path of its private key.")
KEY(SWARM, poll, DURATION, swarm_poll_usec, "1s", "100ms", "1m",
    "Time between two polls when nothing happens. An event or a change triggers the next poll "
    "at once.")
KEY(SWARM, network, NETWORKS, swarm_networks, NONE, "", "",
    "Names of the networks on which tasks are reached at their own addresses, one or a list. By "
    "default those of the container that Mola runs in. Tasks on none of them are reached at "
    "their node's address, on a port published in mode host.")
KEY(SWARM, constraint, CONSTRAINT, swarm_constraint, NONE, "", "",
    "Which services belong to Mola, in Traefik's constraint language: Label(`zone`, `public`), "
    "LabelRegex(`zone`, `^pub`), &&, ||, ! and parentheses. All other services are ignored, "
    "whatever their labels are.")
KEY(SWARM, agent, TEMPLATE, swarm_agent, NONE, "", "",
    "Address of the mola agent of each node: '{address}:9101', or a URL with {address}, "
    "{hostname} or {id} in it.")
KEY(SWARM, node_exporter, TEMPLATE, swarm_node_exporter, NONE, "", "",
    "The same for the node_exporter: '{address}:9100'.")

KEY(TRAEFIK, enable, SWITCH, swarm_traefik, "true", "", "",
    "Whether they are read.")
KEY(TRAEFIK, ignore_middlewares, MIDDLEWARES, traefik_ignore, NONE, "", "",
    "Exact names, as routers and entry points write them, of middlewares that protect nothing: "
    "requests reach the tasks without them. What Mola can apply is applied all the same, also of a "
    "chain. A router with any other middleware is not served.")
KEY(TRAEFIK, constraint, CONSTRAINT, traefik_constraint, NONE, "", "",
    "As constraint of swarm, for Traefik's labels alone. By default that of each Traefik in the "
    "Swarm.")
KEY(TRAEFIK, default_rule, DEFAULT_RULE, traefik_default_rule, NONE, "", "",
    "The rule of routers that have none; {{ .Name }} stands for the service's name, with a dash "
    "for each run of other characters than letters and digits. By default that of the Traefik in "
    "the Swarm; where it sets none, or there is no Traefik, Host(`{{ normalize .Name }}`).")
KEY(TRAEFIK, exposed_by_default, MAYBE, traefik_exposed, NONE, "", "",
    "Whether services need no traefik.enable=true. By default as configured in Traefik, false "
    "where that cannot be read; true without a Traefik.")
KEY(TRAEFIK, entry_points, ENTRY_POINTS, traefik_entry_points, NONE, "", "",
    "Names of the Traefik entry points that Mola's listeners replace, one or a list, or a "
    "mapping from each to all. By default web, websecure, http and https. Requirements that a "
    "Traefik in the Swarm attaches to an entry point still apply; only where that Traefik's "
    "configuration cannot be read does this key decide.")
KEY(TRAEFIK, files, FILES, traefik_files, NONE, "", "",
    "Files of Traefik's file provider, or directories of them, where Mola runs: one absolute path, "
    "or a list. Of a directory, what ends with .yml or .yaml is read, that of directories in it, "
    "too. Their middlewares, routers, services and the rest are those with @file in their names. "
    "They are watched: a change takes effect at once, and a file that cannot be used leaves what "
    "was read before in force. See doc/traefik-files.md.")

KEY(SIGNALS, period, DURATION, signal_period_usec, "1s", "100ms", "10s",
    "Time between two samples of a node.")
KEY(SIGNALS, timeout, DURATION, signal_timeout_usec, "2s", "100ms", "1m",
    "Time-out of an exporter's response.")
KEY(SIGNALS, balancers, BALANCERS, balancers, "auto", "1", "64",
    "Number of balancers like this one that share the nodes; auto is the number of Mola's tasks "
    "in the Swarm, 1 without a Swarm.")

KEY(PROMETHEUS, servers, PROM_SERVERS, prom.servers, NONE, "", "",
    "URLs, one or a list: http://10.0.0.1:9090, or 10.0.0.1:9090 for short; a path in the URL "
    "precedes /api/v1. All servers of a list must have the same data; when one fails, the next "
    "is used.")
KEY(PROMETHEUS, user, STRING, prom.user, NONE, "", "",
    "User name for basic authentication.")
KEY(PROMETHEUS, password, PASSWORD, prom.password, NONE, "", "",
    "Password for basic authentication.")
KEY(PROMETHEUS, password_file, FILE, prom.password_file, NONE, "", "",
    "Absolute path of a file whose first line is the password; instead of password.")
KEY(PROMETHEUS, token, PASSWORD, prom.token, NONE, "", "",
    "Bearer token, instead of a user.")
KEY(PROMETHEUS, token_file, FILE, prom.token_file, NONE, "", "",
    "Absolute path of a file whose first line is the token; instead of token.")
KEY(PROMETHEUS, ca, FILE, prom.ca, NONE, "", "",
    "Absolute path of the CA certificates (PEM) that https:// servers are verified with. By "
    "default those of the system.")
KEY(PROMETHEUS, cert, FILE, prom.cert, NONE, "", "",
    "Absolute path of Mola's client certificate (PEM).")
KEY(PROMETHEUS, key, FILE, prom.key, NONE, "", "",
    "Absolute path of its private key.")
KEY(PROMETHEUS, period, DURATION, prom.period_usec, "5s", "500ms", "5m",
    "Time between two rounds of queries. A period shorter than Prometheus' own scrape interval "
    "yields nothing new.")
KEY(PROMETHEUS, timeout, DURATION, prom.timeout_usec, "5s", "100ms", "1m",
    "Time-out of a query.")
KEY(PROMETHEUS, max_age, DURATION, prom.max_age_usec, "30s", "1s", "1h",
    "Samples that are older on arrival are discarded.")
KEY(PROMETHEUS, signals, SWITCH, prom.signals, "true", "", "",
    "Whether the servers are queried for the state of the nodes. The keys below are the "
    "queries.")
KEY(PROMETHEUS, cpu, PROMQL, prom.cpu,
    "100 - avg by(instance)(rate(node_cpu_seconds_total{mode=\"idle\"}[15s])) * 100", "", "",
    "Percentage of the cores in use. The range in brackets is taken as the time over which the "
    "mean was computed; it should be at least twice, better four times, Prometheus' "
    "scrape_interval.")
KEY(PROMETHEUS, ram, PROMQL, prom.ram,
    "(1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes) * 100", "", "",
    "Percentage of the memory in use.")
KEY(PROMETHEUS, age, PROMQL, prom.age,
    "time() - max by(instance)(timestamp(node_cpu_seconds_total{mode=\"idle\"}))", "", "",
    "Seconds since Prometheus' last sample of the node, by the server's own clock. Without an "
    "age, samples are discarded.")
KEY(PROMETHEUS, cores, PROMQL_OR_NONE, prom.cores,
    "count by(instance)(node_cpu_seconds_total{mode=\"idle\"})", "", "",
    "Number of cores, or none. A missing value is taken from the node's last sample, or from "
    "its declaration.")
KEY(PROMETHEUS, memory, PROMQL_OR_NONE, prom.memory, "node_memory_MemTotal_bytes", "", "",
    "Bytes of memory, or none.")
KEY(PROMETHEUS, running, PROMQL_OR_NONE, prom.running, "node_procs_running", "", "",
    "Threads that run or wait for a core at the time of the sample, including the one that "
    "takes it; or none.")

KEY(TRACING, request_id, REQUEST_IDS, tracing.ids, "off", "", "",
    "off; keep: the ID that a client in clients.trusted sends is logged, and goes to the task, and "
    "what others send is removed; make: the same, and a request without one gets one (a UUID).")
KEY(TRACING, request_id_field, FIELD_NAME, tracing.id_field, "X-Request-Id", "", "",
    "The field that the ID is in.")
KEY(TRACING, endpoint, OTLP_URL, tracing.url, NONE, "", "",
    "Where spans are sent: http://host:4318, https://host/path, or host:4318 for short; without a "
    "path, /v1/traces. By default there are no spans.")
KEY(TRACING, headers, OTLP_HEADERS, tracing.headers, NONE, "", "",
    "Header fields that the collector wants, one 'Name: value' per line.")
KEY(TRACING, headers_file, FILE, tracing.headers_file, NONE, "", "",
    "Absolute path of a file whose first line is such a field; instead of headers.")
KEY(TRACING, ca, FILE, tracing.ca, NONE, "", "",
    "Absolute path of the CA certificates (PEM) that an https endpoint is verified with. By "
    "default those of the system.")
KEY(TRACING, cert, FILE, tracing.cert, NONE, "", "",
    "Absolute path of Mola's client certificate (PEM).")
KEY(TRACING, key, FILE, tracing.key, NONE, "", "",
    "Absolute path of its private key.")
KEY(TRACING, ratio, WEIGHT, tracing.ratio, "1", "0", "1",
    "Which part of the traces that begin at Mola is recorded. A trace that goes on is recorded if "
    "the client that sent the request records it.")
KEY(TRACING, parent, TRACE_PARENTS, tracing.parents, "trusted", "", "",
    "Whose traceparent is believed: that of clients.trusted, of any client, or none's. For all "
    "others a trace begins at Mola, and their traceparent and tracestate are removed.")
KEY(TRACING, service, NAME, tracing.service, "mola", "", "",
    "The attribute service.name of the spans.")
KEY(TRACING, timeout, DURATION, tracing.timeout_usec, "10s", "100ms", "1m",
    "Time-out of a request to the collector.")

KEY(SCORE, cpu, WEIGHT, score_cpu_weight, "0.8", "0", "1",
    "Weight of idle CPU. The weights of cpu and ram add up to 1.")
KEY(SCORE, ram, WEIGHT, score_ram_weight, "0.2", "0", "1",
    "Weight of available memory.")
KEY(SCORE, best_node_period, DURATION, best_node_period_usec, "5s", "1s", "5m",
    "How often policy best-node chooses again by the scores.")

KEY(CLIENTS, head, DURATION, client_head_usec, "10s", "100ms", "10m",
    "Time-out for the whole head of a request, from its first byte.")
KEY(CLIENTS, idle, DURATION, client_idle_usec, "60s", "100ms", "1h",
    "Time-out between two requests on a connection.")
KEY(CLIENTS, body, DURATION, client_body_usec, "30s", "100ms", "1h",
    "Time-out between two pieces of a request body.")
KEY(CLIENTS, write, DURATION, client_write_usec, "30s", "100ms", "1h",
    "Time-out for a client that does not read its response.")
KEY(CLIENTS, abort_on_close, SWITCH, client_abort_on_close, "true", "", "",
    "Whether a request is aborted when its client closes the connection before the response "
    "begins. On the wire, a client that has left looks like one that has only closed its "
    "sending direction and still waits for the response: set false if you have such clients. "
    "HTTP/1.0 clients without keep-alive may always do so.")
KEY(CLIENTS, max, COUNT, clients_max, "4096", "1", "65536",
    "Maximum number of client connections of one worker.")

KEY(CLIENTS, max_per_address, COUNT_OR_AUTO, clients_per_address, "auto", "0", "65536",
    "Maximum number of connections of one worker from one address (for IPv6, one /64); proxies "
    "in trusted are exempt. auto is a quarter of max, and at least 64; 0: no limit. An idle "
    "connection of the same address is closed first. Behind Swarm's routing mesh all clients of "
    "a node have one address: publish in mode host, or set 0.")
KEY(CLIENTS, min_rate, BYTES, client_min_rate, "100", "0", "1m",
    "Minimum bytes per second at which a client must send a request and read a response, on "
    "average over the time that Mola waits for it, not counting the first 10s. 0: no such "
    "limit. Uploads of 1 KB/s are far above it; a body that carries little over a long time (a "
    "log that is followed) may not be.")
KEY(CLIENTS, request, DURATION, client_request_usec, "24h", "1s", "168h",
    "Time-out for the whole request, from the first byte of its head to the last of its body.")
KEY(CLIENTS, head_bytes, BYTES, request_head_bytes, "32k", "1k", "256k",
    "Maximum bytes of a request's head; a larger one is rejected with 431. Only heads that need "
    "more than 16 KiB take more memory than that.")
KEY(CLIENTS, fields, COUNT, request_fields, "256", "16", "4096",
    "Maximum number of fields of a request's head; more are rejected with 431.")
KEY(CLIENTS, trusted, NETS, clients_trusted, NONE, "", "",
    "Addresses and networks (10.0.0.5, 10.1.0.0/16, fd00::/8), one or a list, of proxies in "
    "front of Mola whose X-Forwarded-..., X-Real-IP and Forwarded fields are trusted. From all "
    "others these fields are removed and set again by Mola. Do not list networks that contain "
    "clients, such as that of Swarm's routing mesh.")

KEY(UPSTREAM, idle_max, COUNT, upstream_idle_max, "1024", "0", "16384",
    "Maximum number of idle connections of a worker to one task. Within this limit a worker "
    "keeps as many as were busy at once in the last seconds, and a few more.")
KEY(UPSTREAM, idle, DURATION, upstream_idle_usec, "30s", "100ms", "1h",
    "How long an idle connection is kept. It should be shorter than the tasks' own keep-alive "
    "time.")

KEY(UPSTREAM, head_bytes, BYTES, response_head_bytes, "64k", "1k", "256k",
    "Maximum bytes of a response's head; a larger one is a failure of the task.")
KEY(UPSTREAM, fields, COUNT, response_fields, "256", "16", "4096",
    "Maximum number of fields of a response's head; more are a failure of the task.")

/* What each service has of its own: tbl/service.h. */
#define KEY_IF_FILE_AND_LABEL(...)	__VA_ARGS__
#define KEY_IF_LABEL(...)
#define KEY_IF_ELSEWHERE(...)
#define SETTING(type, field, reach, ways, section, key, fallback, least, most, help) \
	KEY_IF_##ways(KEY(section, key, type, field, fallback, least, most, help))
#include "tbl/service.h"
#undef SETTING
#undef KEY_IF_FILE_AND_LABEL
#undef KEY_IF_LABEL
#undef KEY_IF_ELSEWHERE

KEY(RULE, name, NAME, name, NONE, "", "",
    "For people; unique in the service. By default promql, or promql.1 and so on.")
KEY(RULE, query, PROMQL, query, REQUIRED, "", "",
    "PromQL that yields one value for each node; a higher value means that the node has less to "
    "give. A label identifies the node: node_id, instance, node, nodename or hostname.")
KEY(RULE, weight, WEIGHT, weight, "0.8", "0", "1",
    "Weight of the query as a fraction of the whole; the profile's own weights share the rest. "
    "0: only its limits count.")
KEY(RULE, limits, LIMITS, limit, "none", "", "",
    "The soft and the hard limit as fractions of full, such as [0.7, 0.9], or none.")
KEY(RULE, full, REAL, full, "1", "0.000001", "1000000000000",
    "The value that means 100 %.")
KEY(RULE, period, DURATION, period_usec, "5s", "1s", "10m",
    "Time between two evaluations. A query of several services is evaluated once, at the "
    "shortest of their periods.")

KEY(MOVER, enable, SWITCH, mover_enable, "true", "", "",
    "Whether Mola may change the Swarm at all. Services without the labels are never changed.")
KEY(MOVER, dry_run, SWITCH, mover_dry_run, "false", "", "",
    "Only report what would be done, in mola why, in events and in the log.")
KEY(MOVER, hot, REAL, mover_hot, "0.9", "0.1", "100",
    "Pressure from which a node is hot.")
KEY(MOVER, cold, REAL, mover_cold, "0.7", "0.05", "100",
    "Pressure below which a node is no longer hot and may receive a service; less than hot.")
KEY(MOVER, dwell, DURATION, mover_dwell_usec, "30s", "1s", "1h",
    "How long a node must have been hot.")
KEY(MOVER, margin, REAL, mover_margin, "0.25", "0.01", "0.99",
    "The fraction by which the pressure on a service must fall for a move to be worth it.")
KEY(MOVER, cool_down, DURATION, mover_cool_down_usec, "5m", "1s", "24h",
    "Minimum time between two changes of one service, by Mola or anyone else, and between two "
    "moves off or to one node.")
KEY(MOVER, patience, DURATION, mover_patience_usec, "5m", "5s", "1h",
    "How long the new task may take to become healthy, including the pull of its image; then "
    "the move is reverted.")

KEY(NODE, name, NAME, name, REQUIRED, "", "",
    "Unique among nodes.")
KEY(NODE, address, STRING, address, NONE, "", "",
    "Host name or IP address, for people.")
KEY(NODE, cores, REAL, cores, NONE, "0.01", "4096",
    "Number of cores to assume until the first sample.")
KEY(NODE, agent, AGENT, agent, NONE, "", "",
    "URL of the mola agent on the node; 10.0.0.1:9101 stands for http://10.0.0.1:9101/stream.")
KEY(NODE, node_exporter, EXPORTER, node_exporter, NONE, "", "",
    "URL of a node_exporter on the node; 10.0.0.1:9100 stands for http://10.0.0.1:9100/metrics.")

KEY(SERVICE, name, NAME, name, REQUIRED, "", "",
    "Unique among services.")
KEY(SERVICE, host, HOSTS, hosts, NONE, "", "",
    "Host names, one or a list; '*.example.org' (quoted) matches all names below it. Without "
    "it, any host that no other service names.")
KEY(SERVICE, listen, LISTEN_NAMES, listen, NONE, "", "",
    "Names of the listeners by which requests come to the service, one or a list; without it, all. "
    "For tcp services: of those whose connections go to the service; all of them, or where host is "
    "set, those of TLS clients that name such a server. Without it, all listeners that have tls; "
    "host is required then.")
KEY(SERVICE, path, PATHS, paths, "/", "", "",
    "Path prefixes, one or a list. A prefix ends at a slash or at the end of the path; the "
    "longest wins.")
KEY(SERVICE, rule, RULE, rule, NONE, "", "",
    "Which requests the service gets, in the language of Traefik 3's rules, such as "
    "'Host(`a.org`) && !PathPrefix(`/internal`)': instead of host and path. See Rules in "
    "mola-labels(7).")
KEY(SERVICE, priority, PRIORITY, priority, "0", "-9223372036854774807", "9223372036854774807",
    "Of several rules that match a request, the one with the greatest priority has it. 0 means "
    "the length of the rule.")

KEY(SERVICE, middlewares, MIDDLEWARES, middlewares, NONE, "", "",
    "Names of middlewares that the requests of the service pass, in this order, one or a list.")

KEY(TASK, name, NAME, name, NONE, "", "",
    "Unique among all tasks. By default the service's name, a dot and the number in the list.")
KEY(TASK, node, NAME, node, REQUIRED, "", "",
    "The node that it runs on: a name of nodes.")
KEY(TASK, address, TASK_ADDRESS, addr, REQUIRED, "", "",
    "IP address and port.")
KEY(TASK, container, CONTAINER, container, NONE, "", "",
    "The id of the container that it is in: 64 hexadecimal digits, or the first 12 or more. With "
    "an agent on the node it is then known how many cores the task could have.")
KEY(TASK, cores, REAL, limit, NONE, "0.01", "4096",
    "How many cores its container may use at most (docker run --cpus), where there is such a "
    "limit: an agent on the node sees it by itself, a node_exporter does not. For tasks of the "
    "Swarm it is the limit of their service (deploy.resources.limits.cpus).")

KEY(WEIGHTED, service, NAME, name, REQUIRED, "", "",
    "The name of a service of kind http, of this file or of the Swarm.")
KEY(WEIGHTED, weight, COUNT, weight, "1", "0", "1000000",
    "Its part of the requests, in proportion to the weights of the others; 0: it gets none.")
KEY(FAILOVER, service, NAME, failover_service, NONE, "", "",
    "The name of the service that gets the requests as long as one of its tasks can be used: of "
    "kind http, of this file or of the Swarm.")
KEY(FAILOVER, fallback, NAME, failover_fallback, NONE, "", "",
    "The name of the service that gets them otherwise.")

KEY(MIRRORING, service, NAME, mirroring_service, NONE, "", "",
    "The name of the service that gets the requests and whose responses clients get: of kind http, "
    "of this file or of the Swarm.")
KEY(MIRRORING, body, SWITCH, mirroring_body, "true", "", "",
    "Whether copies have the body of the request.")
KEY(MIRRORING, body_max, BYTES, mirroring_body_max, "1m", "0", "64m",
    "A request whose body is larger is not copied. A body is kept in memory until its request is "
    "over; all that a worker keeps is 64 MiB.")
KEY(MIRROR, service, NAME, name, REQUIRED, "", "",
    "The name of a service of kind http, of this file or of the Swarm.")
KEY(MIRROR, percent, COUNT, percent, "100", "0", "100",
    "Of how many requests in a hundred it gets a copy, as they come.")

KEY(TARGET, name, NAME, name, REQUIRED, "", "",
    "Unique among targets.")
KEY(TARGET, kind, TARGET_KIND, kind, REQUIRED, "", "",
    "The kind of proxy and how it is configured.")
KEY(TARGET, services, TARGET_SERVICES, services, NONE, "", "",
    "Names of the services that are published to it, one or a list; by default all.")
KEY(TARGET, policy, TARGET_POLICY, best_node, "weighted", "", "",
    "weighted: each server gets a weight by the cores of its node, trimmed slowly towards equal "
    "CPU use. best-node: the server on the node with the best score gets all requests until the "
    "next interval (for comparison: it overloads that node).")
KEY(TARGET, interval, DURATION, interval_usec, NONE, "100ms", "10m",
    "Minimum time between two publications; the default depends on the kind of proxy.")
KEY(TARGET, hysteresis, REAL, hysteresis, "0.1", "0.001", "10",
    "The fraction by which the share of a server must change before it is published again.")
KEY(TARGET, lean, WEIGHT, lean, "1", "0", "5",
    "How strongly weights lean away from nodes where more threads want a core than elsewhere. "
    "With lean 0 and trim 0, weights follow the cores alone.")
KEY(TARGET, trim, WEIGHT, trim, "0.05", "0", "5",
    "How strongly weights are trimmed towards equal CPU use, per 5 s; 0: not at all.")
KEY(TARGET, floor, REAL, floor, "0.05", "0.001", "1",
    "Minimum weight of a server, as a fraction of its share by cores.")
KEY(TARGET, power, REAL, power, "1", "0.1", "4",
    "Weights are shares raised to this power: 2 for Envoy's LEAST_REQUEST, which under load "
    "distributes by the square root of the weight.")
KEY(TARGET, file, FILE, file, NONE, "", "",
    "For traefik-file and envoy-file: absolute path of the file that the proxy watches. Nothing "
    "else may write it (two Molas would undo each other's work). It is replaced atomically. "
    "Envoy needs one file for each cluster: {service} in the path stands for the service's "
    "name.")
KEY(TARGET, socket, PEER, socket, NONE, "", "",
    "For haproxy: its admin socket, unix:/path or host:port.")
KEY(TARGET, server_options, OPTIONS, server_options, NONE, "", "",
    "For haproxy: options that each server is added with, after its address and weight, such as "
    "'check inter 1s', or none; by default check.")
KEY(TARGET, listen, PEER_LISTEN, listen, NONE, "", "",
    "For haproxy-agent: the address on which Mola serves its agent checks.")
KEY(TARGET, api, URL, api, NONE, "", "",
    "URL of the proxy's own API (Traefik's API, Envoy's admin interface), from which Mola reads "
    "what the proxy has applied.")
KEY(TARGET, poll, DURATION, poll_usec, "2s", "100ms", "10m",
    "Time between two reads of the proxy's state.")
KEY(TARGET, backend, BACKEND, backend, "{service}", "", "",
    "The proxy's name for a service (Traefik's service, HAProxy's backend, Envoy's cluster), "
    "with {service} in it.")
KEY(TARGET, routers, SWITCH, routers, "false", "", "",
    "For Traefik: whether Mola also writes routers, one for each host and path, with a lower "
    "priority than all others. Without them, your own routers refer to a service as "
    "SERVICE@file or SERVICE@http.")
KEY(TARGET, entry_points, NAMES, entry_points, NONE, "", "",
    "For Traefik with routers: names of their entry points, one or a list; by default Traefik's "
    "own default.")
KEY(TARGET, strategy, STRATEGY, strategy, NONE, "", "",
    "For Traefik: wrr, p2c, hrw or leasttime (from Traefik 3.6 on). Without it, none is written "
    "and Traefik uses wrr. leasttime follows the load where a service has about 4 or more "
    "requests at a time; below that, a server whose first responses were slow gets no more "
    "requests. It takes a task that refuses connections for the fastest: give each service "
    "health.path.")
KEY(TARGET, api_entry_point, NAME, api_entry_point, NONE, "", "",
    "For Traefik: entry point of a router to its own API and dashboard (api@internal); by "
    "default there is no such router.")
KEY(TARGET, fallback, URL, fallback, NONE, "", "",
    "For Traefik with best-node: URL that gets all requests when no node can be chosen; by "
    "default the last good choice stays.")
KEY(TARGET, stale_after, DURATION, stale_after_usec, NONE, "1s", "24h",
    "For Envoy: time after which it discards the endpoints when no update from Mola arrives. "
    "The cluster then has none, so its route needs another cluster to fall back to. Use 10s or "
    "more. By default endpoints never expire.")
