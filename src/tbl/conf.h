/*
 * Every key of the configuration file, once. It feeds the parser, /api/v1/config and mola.yaml(5).
 *
 * SECTION(id, parent, key, shape, struct, help): a mapping of its own (MAP) or a list of mappings (LIST).
 * KEY(section, key, type, field, default, least, most, help): types are those of conf_type.h. The default is
 * written as a user would write it; NONE: there is none, the key may be absent; REQUIRED: it may not.
 * A service takes every key of DEFAULTS besides its own.
 * Two rows with one name in one mapping, or with one field in one struct, do not compile.
 */
SECTION(TOP, TOP, , MAP, struct conf, "")
SECTION(LISTEN, TOP, listen, LIST, struct conf_listen,
    "Addresses on which clients are served; one address, or a list of addresses and mappings. Required, unless there are targets: "
    "then Mola may serve nobody itself.")
SECTION(ADMIN, TOP, admin, MAP, struct conf,
    "Where Mola answers questions: JSON for the command line and for others, and metrics.")
SECTION(LOG, TOP, log, MAP, struct conf,
    "What is written to the standard error output. A reader that stops reading delays nothing: lines that do not fit are "
    "dropped and counted, and log.dropped says how many.")
SECTION(SWARM, TOP, swarm, MAP, struct conf,
    "Discovery of nodes, services and tasks in a Docker Swarm, besides those named here. Without this section there is "
    "none; an empty one takes the defaults. What the labels of services may say: mola-labels(7).")
SECTION(TRAEFIK, SWARM, traefik, MAP, struct conf,
    "Traefik's labels, which are read where Mola's own say nothing: true or false, or a mapping with the keys that follow. What "
    "is not said here is taken from the Traefik services of the same Swarm. See mola-labels(7).")
SECTION(SIGNALS, TOP, signals, MAP, struct conf,
    "How the state of the nodes is observed.")
SECTION(PROMETHEUS, TOP, prometheus, MAP, struct conf,
    "Prometheus servers that are asked for the state of the nodes, and for the rules that services have of their own. "
    "Without this section none is asked. A node whose own agent or node_exporter speaks is believed before them: their "
    "samples are older. Series are told apart by their labels: node_id, instance, node, nodename or hostname.")
SECTION(SCORE, TOP, score, MAP, struct conf,
    "The score of a node, from 0 to 100: what people are shown, and what policy best-node goes by.")
SECTION(CLIENTS, TOP, clients, MAP, struct conf,
    "How long a client may keep us waiting, how many there may be, and whose word of a client is believed.")
SECTION(UPSTREAM, TOP, upstream, MAP, struct conf,
    "Connections to tasks that are kept for the next request, and what of their responses is read.")
SECTION(DEFAULTS, TOP, defaults, MAP, struct service_conf,
    "What holds for every service that does not say otherwise under the same key.")
SECTION(HEALTH, DEFAULTS, health, MAP, struct service_conf,
    "Active health checks, in defaults and in each service. A task that was never checked is believed to be healthy.")
SECTION(RULE, DEFAULTS, promql, LIST, struct term,
    "Queries to Prometheus, each one more thing that can run out on a node, in defaults and in each service: at most four, or one "
    "as plain text. Those of a service stand in the place of those of defaults. See QUERIES.")
SECTION(MOVER, TOP, mover, MAP, struct conf,
    "Moving services off hot nodes and scaling them, for those that ask for it by label (mola.migrate, mola.scale.max) in "
    "the Swarm of swarm. Pressure is threads that want a core, per core.")
SECTION(NODE, TOP, nodes, LIST, struct conf_node,
    "The machines.")
SECTION(SERVICE, TOP, services, LIST, struct conf_service,
    "What is served, for which hosts and paths, and by which tasks.")
SECTION(TASK, SERVICE, tasks, LIST, struct conf_task,
    "Who answers the requests of the service; at least one.")
SECTION(TARGET, TOP, targets, LIST, struct conf_target,
    "Proxies that are not ours, and that are told which servers there are and what weight each should have. See TARGETS.")

KEY(TOP, workers, WORKERS, workers, "auto", "1", "16",
    "How many processes serve clients; auto is one for each CPU that we may use. A change takes effect at the next start.")
KEY(TOP, user, STRING, user, "nobody", "", "",
    "Whom the workers become when Mola is started by root. A change takes effect at the next start.")
KEY(TOP, stop, DURATION, stop_usec, "30s", "0s", "1h",
    "How long requests under way may take to end when Mola is told to stop.")

KEY(LISTEN, address, LISTEN_ADDRESS, addr, REQUIRED, "", "",
    "IP address and port: 10.0.0.1:80, [::1]:80, :80 (any address).")
KEY(LISTEN, name, LISTEN_NAME, name, NONE, "", "",
    "For others to refer to; unique among listeners. By default the address as it is written.")
KEY(LISTEN, proxy_protocol, SWITCH, proxy_protocol, "false", "", "",
    "Whether each connection begins with a header of the PROXY protocol, version 1 or 2, that names the client. Only proxies in "
    "clients.trusted may connect then, and only with such a header. Where it names nobody (UNKNOWN, LOCAL), the proxy's own "
    "address is the client's, and X-Forwarded-* are not believed.")
KEY(LISTEN, shared, SWITCH, shared, "false", "", "",
    "Whether another process of the same user, such as a second Mola with another file, may listen on the same address at the "
    "same time; the kernel then deals connections to both. Otherwise an address that is taken is refused.")

KEY(ADMIN, address, ADMIN_ADDRESS, admin_addr, "127.0.0.1:8000", "", "",
    "Host and port, or none.")
KEY(ADMIN, socket, SOCKET, admin_socket, "/run/mola/admin.sock", "", "",
    "Path of a unix socket, or none. Whoever may open it may also write: it asks for no token.")
KEY(ADMIN, group, STRING, admin_group, NONE, "", "",
    "The group that the socket is given to, whose members may then ask, and write, too. By default that of the process, "
    "as a rule root's.")
KEY(ADMIN, token, SECRET, admin_token, NONE, "", "",
    "The password of writes over TCP: 16 to 256 visible characters. Without it there are none.")
KEY(ADMIN, token_file, FILE, admin_token_file, NONE, "", "",
    "Absolute path of a file that holds the token in its first line; instead of token.")
KEY(ADMIN, hosts, HOSTS, admin_hosts, NONE, "", "",
    "Names by which the address may be asked, besides localhost and any IP address. Others are refused, which "
    "protects against web pages that make a browser ask in their name.")

KEY(LOG, level, LEVEL, log_level, "info", "", "",
    "The least that is worth a line: debug, info, warn or error.")
KEY(LOG, format, FORMAT, log_json, "text", "", "",
    "Lines of key=value pairs (text), or one JSON object per line (json).")
KEY(LOG, access, SWITCH, log_access, "false", "", "",
    "Whether every request gets a line on the standard output. The line after dropped ones says how many: lost=N.")

KEY(SWARM, endpoint, ENDPOINTS, swarm_endpoints, NONE, "", "",
    "Where the Docker Engine is, one or a list: unix:///path or tcp://host:port. Of several, all of them managers, "
    "the next is asked when one fails. By default unix:///var/run/docker.sock.")
KEY(SWARM, ca, FILE, swarm_ca, NONE, "", "",
    "Absolute path of the certificates (PEM) by which the Engine is believed. With ca, cert or key, tcp:// is TLS.")
KEY(SWARM, cert, FILE, swarm_cert, NONE, "", "",
    "Absolute path of our own certificate (PEM).")
KEY(SWARM, key, FILE, swarm_key, NONE, "", "",
    "Absolute path of its key.")
KEY(SWARM, poll, DURATION, swarm_poll_usec, "1s", "100ms", "1m",
    "Time between two looks when nothing happens. Events and changes bring the next one forward.")
KEY(SWARM, network, NETWORKS, swarm_networks, NONE, "", "",
    "Names of the networks on which tasks are reached at their own addresses, one or a list. By default those of the "
    "container that Mola runs in; tasks on none of them are reached at their node's address and a port published in "
    "mode host.")
KEY(SWARM, constraint, CONSTRAINT, swarm_constraint, NONE, "", "",
    "Which services are Mola's, in Traefik's language: Label(`zone`, `public`), LabelRegex(`zone`, `^pub`), &&, ||, ! and "
    "parentheses. The others are left alone, whatever their labels ask for.")
KEY(SWARM, agent, TEMPLATE, swarm_agent, NONE, "", "",
    "Where the mola agent of each node is: '{address}:9101', or a URL with {address}, {hostname} or {id} in it.")
KEY(SWARM, node_exporter, TEMPLATE, swarm_node_exporter, NONE, "", "",
    "The same for the node_exporter: '{address}:9100'.")

KEY(TRAEFIK, enable, SWITCH, swarm_traefik, "true", "", "",
    "Whether they are read.")
KEY(TRAEFIK, ignore_middlewares, MIDDLEWARES, traefik_ignore, NONE, "", "",
    "Exact names, as routers and entry points write them, of middlewares that protect nothing: requests reach the tasks without "
    "them. A router with any other middleware is not served.")
KEY(TRAEFIK, constraint, CONSTRAINT, traefik_constraint, NONE, "", "",
    "As constraint of swarm, for Traefik's labels alone. By default that of each Traefik in the Swarm.")
KEY(TRAEFIK, default_rule, DEFAULT_RULE, traefik_default_rule, NONE, "", "",
    "The rule of routers that have none; {{ .Name }} stands for the service's name. By default that of Traefik.")
KEY(TRAEFIK, exposed_by_default, MAYBE, traefik_exposed, NONE, "", "",
    "Whether services need no traefik.enable=true. By default as Traefik has it, false where that cannot be read; true "
    "without one.")
KEY(TRAEFIK, entry_points, ENTRY_POINTS, traefik_entry_points, NONE, "", "",
    "Names of Traefik's entry points for which Mola's listeners stand, one or a list, or a mapping from each to all. By "
    "default web, websecure, http and https. What an entry point of a Traefik in the Swarm demands of requests holds all the "
    "same, but where that Traefik's configuration cannot be read, the word given here is taken.")

KEY(SIGNALS, period, DURATION, signal_period_usec, "1s", "100ms", "10s",
    "Time between two samples of a node.")
KEY(SIGNALS, timeout, DURATION, signal_timeout_usec, "2s", "100ms", "1m",
    "How long an exporter may take to answer.")
KEY(SIGNALS, balancers, BALANCERS, balancers, "auto", "1", "64",
    "How many balancers like this one share the nodes; auto is the number of Mola's tasks in the Swarm, 1 without.")

KEY(PROMETHEUS, servers, PROM_SERVERS, prom.servers, NONE, "", "",
    "URLs, one or a list: http://10.0.0.1:9090, 10.0.0.1:9090 for short; with a path, what stands before /api/v1. Of "
    "several, which must have the same to tell, the next is asked when one fails.")
KEY(PROMETHEUS, user, STRING, prom.user, NONE, "", "",
    "Name for basic authentication.")
KEY(PROMETHEUS, password, PASSWORD, prom.password, NONE, "", "",
    "The password to it.")
KEY(PROMETHEUS, password_file, FILE, prom.password_file, NONE, "", "",
    "Absolute path of a file that holds the password in its first line; instead of password.")
KEY(PROMETHEUS, token, PASSWORD, prom.token, NONE, "", "",
    "Bearer token, instead of a user.")
KEY(PROMETHEUS, token_file, FILE, prom.token_file, NONE, "", "",
    "Absolute path of a file that holds the token in its first line; instead of token.")
KEY(PROMETHEUS, ca, FILE, prom.ca, NONE, "", "",
    "Absolute path of the certificates (PEM) by which https:// servers are believed. By default those of the system.")
KEY(PROMETHEUS, cert, FILE, prom.cert, NONE, "", "",
    "Absolute path of our own certificate (PEM).")
KEY(PROMETHEUS, key, FILE, prom.key, NONE, "", "",
    "Absolute path of its key.")
KEY(PROMETHEUS, period, DURATION, prom.period_usec, "5s", "500ms", "5m",
    "Time between two looks at the nodes. More often than Prometheus itself scrapes says nothing new.")
KEY(PROMETHEUS, timeout, DURATION, prom.timeout_usec, "5s", "100ms", "1m",
    "How long a server may take to answer a query.")
KEY(PROMETHEUS, max_age, DURATION, prom.max_age_usec, "30s", "1s", "1h",
    "Samples that are older when they come are not taken.")
KEY(PROMETHEUS, signals, SWITCH, prom.signals, "true", "", "",
    "Whether the servers are asked for the state of the nodes. The keys that follow are the queries.")
KEY(PROMETHEUS, cpu, PROMQL, prom.cpu,
    "100 - avg by(instance)(rate(node_cpu_seconds_total{mode=\"idle\"}[15s])) * 100", "", "",
    "Percent of the cores in use. The range in brackets, at least twice and better four times what Prometheus' "
    "scrape_interval is, is taken for the time over which the mean was made.")
KEY(PROMETHEUS, ram, PROMQL, prom.ram, "(1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes) * 100", "", "",
    "Percent of the memory in use.")
KEY(PROMETHEUS, age, PROMQL, prom.age, "time() - max by(instance)(timestamp(node_cpu_seconds_total{mode=\"idle\"}))", "", "",
    "Seconds since Prometheus saw the node last, by the server's own clock. Without an age no sample is taken.")
KEY(PROMETHEUS, cores, PROMQL_OR_NONE, prom.cores, "count by(instance)(node_cpu_seconds_total{mode=\"idle\"})", "", "",
    "Number of cores, or none. What it does not say is taken from the node's last sample, or from what is declared.")
KEY(PROMETHEUS, memory, PROMQL_OR_NONE, prom.memory, "node_memory_MemTotal_bytes", "", "",
    "Bytes of memory, or none.")
KEY(PROMETHEUS, running, PROMQL_OR_NONE, prom.running, "node_procs_running", "", "",
    "Threads that run or wait for a core when the node is looked at, the one that looks included; or none.")

KEY(SCORE, cpu, WEIGHT, score_cpu_weight, "0.8", "0", "1",
    "Weight of idle CPU. The weights of cpu and ram add up to 1.")
KEY(SCORE, ram, WEIGHT, score_ram_weight, "0.2", "0", "1",
    "Weight of available memory.")
KEY(SCORE, best_node_period, DURATION, best_node_period_usec, "5s", "1s", "5m",
    "How often policy best-node looks at the scores anew.")

KEY(CLIENTS, head, DURATION, client_head_usec, "10s", "100ms", "10m",
    "For the whole head of a request, from its first byte.")
KEY(CLIENTS, idle, DURATION, client_idle_usec, "60s", "100ms", "1h",
    "Between two requests on a connection.")
KEY(CLIENTS, body, DURATION, client_body_usec, "30s", "100ms", "1h",
    "Between two pieces of a request body.")
KEY(CLIENTS, write, DURATION, client_write_usec, "30s", "100ms", "1h",
    "For a client that does not read what it asked for.")
KEY(CLIENTS, abort_on_close, SWITCH, client_abort_on_close, "true", "", "",
    "Whether a request is given up when its client closes the connection before the response begins. On the wire, a client that has "
    "left looks like one that only ended its own direction and still waits: set false if there are such. HTTP/1.0 clients that keep "
    "nothing open may always do so.")
KEY(CLIENTS, max, COUNT, clients_max, "4096", "1", "65536",
    "Client connections of one worker.")

KEY(CLIENTS, max_per_address, COUNT_OR_AUTO, clients_per_address, "auto", "0", "65536",
    "Connections of one worker that an address may have (of IPv6, a /64); those in trusted may have more. auto is a quarter of max, and "
    "at least 64; 0: no limit. An idle connection of the same address makes room first. Behind Swarm's routing mesh all clients of a "
    "node have one address: publish in mode host, or say 0.")
KEY(CLIENTS, min_rate, BYTES, client_min_rate, "100", "0", "1m",
    "Bytes per second that a client must send of a request, and take of a response, on average over the time for which it is "
    "waited for; the first 10s count for nothing. 0: no such limit. Uploads of 1 KB/s are far from it; a body in which little is said "
    "over a long time (a log that is followed) may not be.")
KEY(CLIENTS, request, DURATION, client_request_usec, "24h", "1s", "168h",
    "For the whole request, from the first byte of its head to the last of its body.")
KEY(CLIENTS, head_bytes, BYTES, request_head_bytes, "32k", "1k", "256k",
    "Bytes of a request's head; more is answered with 431. Only heads that need more than 16 KiB get more memory than that.")
KEY(CLIENTS, fields, COUNT, request_fields, "256", "16", "4096",
    "Fields of a request's head; more is answered with 431.")
KEY(CLIENTS, trusted, NETS, clients_trusted, NONE, "", "",
    "Addresses and networks (10.0.0.5, 10.1.0.0/16, fd00::/8), one or a list, of proxies in front of Mola whose word of a client is "
    "believed. From all others, X-Forwarded-..., X-Real-IP and Forwarded are removed and set anew. Do not name networks from which "
    "clients come, too, such as that of Swarm's routing mesh.")

KEY(UPSTREAM, idle_max, COUNT, upstream_idle_max, "1024", "0", "16384",
    "How many idle connections a worker keeps to one task at most. Within this, it keeps as many as were busy at once in the last "
    "seconds, and a few.")
KEY(UPSTREAM, idle, DURATION, upstream_idle_usec, "30s", "100ms", "1h",
    "How long they are kept. It should be less than what the tasks do to theirs.")

KEY(UPSTREAM, head_bytes, BYTES, response_head_bytes, "64k", "1k", "256k",
    "Bytes of a response's head; more is a failure of the task.")
KEY(UPSTREAM, fields, COUNT, response_fields, "256", "16", "4096",
    "Fields of a response's head; more is a failure of the task.")

KEY(DEFAULTS, policy, POLICY, policy, "marginal", "", "",
    "How the task for a request is chosen.")
KEY(DEFAULTS, profile, PROFILE, profile, "balanced", "", "",
    "What a node must have to give: balanced, cpu, ram, io, net, or a mapping of one's own, see PROFILES.")
KEY(DEFAULTS, connect, DURATION, connect_usec, "5s", "10ms", "5m",
    "For a task to accept a connection.")
KEY(DEFAULTS, response, DURATION, response_usec, "60s", "10ms", "24h",
    "For a task to begin its answer.")
KEY(DEFAULTS, idle, DURATION, idle_usec, "60s", "10ms", "24h",
    "Between two pieces of a body, from the task or to it.")
KEY(DEFAULTS, tunnel, DURATION, tunnel_usec, "1h", "100ms", "168h",
    "For an upgraded connection (WebSocket) on which nothing is said.")

KEY(HEALTH, path, PATH_OR_NONE, health_path, "none", "", "",
    "What to ask each task for, or none; 2xx and 3xx are healthy.")
KEY(HEALTH, interval, DURATION, health_interval_usec, "2s", "100ms", "10m",
    "Time between two checks of a task.")
KEY(HEALTH, timeout, DURATION, health_timeout_usec, "1s", "10ms", "10m",
    "For the answer to a check.")
KEY(HEALTH, rise, COUNT, health_rise, "2", "1", "100",
    "Good answers in a row that bring a task back.")
KEY(HEALTH, fall, COUNT, health_fall, "3", "1", "100",
    "Bad answers in a row that take a task out.")

KEY(RULE, name, NAME, name, NONE, "", "",
    "For people; unique in the service. By default promql, or promql.1 and so on.")
KEY(RULE, query, PROMQL, query, REQUIRED, "", "",
    "PromQL that yields one value for each node, the more the less the node has to give. The node is told by a label: "
    "node_id, instance, node, nodename or hostname.")
KEY(RULE, weight, WEIGHT, weight, "0.8", "0", "1",
    "Of the whole; the profile's own weights share what the queries leave. 0: only its limits count.")
KEY(RULE, limits, LIMITS, limit, "none", "", "",
    "The soft and the hard limit, such as [0.7, 0.9], as parts of full; or none.")
KEY(RULE, full, REAL, full, "1", "0.000001", "1000000000000",
    "The value that stands for 100 %.")
KEY(RULE, period, DURATION, period_usec, "5s", "1s", "10m",
    "Time between two questions. Queries that several services ask are asked once, at the shortest of their periods.")

KEY(MOVER, enable, SWITCH, mover_enable, "true", "", "",
    "Whether the Swarm may be changed at all. Without a label on a service nothing is.")
KEY(MOVER, dry_run, SWITCH, mover_dry_run, "false", "", "",
    "Only say what would be done, in mola why, in events and in the log.")
KEY(MOVER, hot, REAL, mover_hot, "0.9", "0.1", "100",
    "Pressure from which on a node is hot.")
KEY(MOVER, cold, REAL, mover_cold, "0.7", "0.05", "100",
    "Pressure below which a node is no longer hot, and may be moved to; less than hot.")
KEY(MOVER, dwell, DURATION, mover_dwell_usec, "30s", "1s", "1h",
    "How long a node must have been hot.")
KEY(MOVER, margin, REAL, mover_margin, "0.25", "0.01", "0.99",
    "By which part the pressure that a service meets must fall for a move to be worth it.")
KEY(MOVER, cool_down, DURATION, mover_cool_down_usec, "5m", "1s", "24h",
    "Between two changes of one service, whoever makes them, and between two moves off or to one node.")
KEY(MOVER, patience, DURATION, mover_patience_usec, "5m", "5s", "1h",
    "For the new task to be healthy, its image pulled; after that the move is taken back.")

KEY(NODE, name, NAME, name, REQUIRED, "", "",
    "Unique among nodes.")
KEY(NODE, address, STRING, address, NONE, "", "",
    "Host name or IP address, for people.")
KEY(NODE, cores, REAL, cores, NONE, "0.01", "4096",
    "Cores to reckon with until a sample says better.")
KEY(NODE, agent, AGENT, agent, NONE, "", "",
    "URL of the mola agent on the node; 10.0.0.1:9101 stands for http://10.0.0.1:9101/stream.")
KEY(NODE, node_exporter, EXPORTER, node_exporter, NONE, "", "",
    "URL of a node_exporter on the node; 10.0.0.1:9100 stands for http://10.0.0.1:9100/metrics.")

KEY(SERVICE, name, NAME, name, REQUIRED, "", "",
    "Unique among services.")
KEY(SERVICE, host, HOSTS, hosts, NONE, "", "",
    "Host names, one or a list; '*.example.org' (quoted) stands for all below it. Without it, any host for which no "
    "other service is named.")
KEY(SERVICE, path, PATHS, paths, "/", "", "",
    "Path prefixes, one or a list. A prefix ends at a slash or at the end of the path; the longest wins.")

KEY(TASK, name, NAME, name, NONE, "", "",
    "Unique among all tasks. By default the service's name, a dot and the number in the list.")
KEY(TASK, node, NAME, node, REQUIRED, "", "",
    "The node that it runs on: a name of nodes.")
KEY(TASK, address, TASK_ADDRESS, addr, REQUIRED, "", "",
    "IP address and port.")

KEY(TARGET, name, NAME, name, REQUIRED, "", "",
    "Unique among targets.")
KEY(TARGET, kind, TARGET_KIND, kind, REQUIRED, "", "",
    "What it is and how it is told.")
KEY(TARGET, services, TARGET_SERVICES, services, NONE, "", "",
    "Names of the services that it is told of, one or a list; by default all.")
KEY(TARGET, policy, TARGET_POLICY, best_node, "weighted", "", "",
    "With weighted, each server gets a weight by the cores of its node, trimmed slowly to equal use of the CPUs. best-node: the "
    "server on the node with the best score gets everything until the next interval, as the reference system did.")
KEY(TARGET, interval, DURATION, interval_usec, NONE, "100ms", "10m",
    "Least time between two publications; by default what the kind of proxy takes well.")
KEY(TARGET, hysteresis, REAL, hysteresis, "0.1", "0.001", "10",
    "By which part the share of a server must move for a publication to be worth it.")
KEY(TARGET, lean, WEIGHT, lean, "1", "0", "5",
    "How strongly weights lean away from nodes where more threads want a core than elsewhere; with trim 0, too: by cores alone.")
KEY(TARGET, trim, WEIGHT, trim, "0.05", "0", "5",
    "How strongly weights are trimmed towards equal use of the CPUs, per 5 s; 0: not at all.")
KEY(TARGET, floor, REAL, floor, "0.05", "0.001", "1",
    "The least weight of a server, as a part of what its cores say.")
KEY(TARGET, power, REAL, power, "1", "0.1", "4",
    "Weights are shares to this power: 2 for Envoy's LEAST_REQUEST, which sends by the root of a weight when it is busy.")
KEY(TARGET, file, FILE, file, NONE, "", "",
    "For traefik-file and envoy-file: absolute path of the file that the proxy watches, and that nobody else writes (two Molas "
    "would undo each other's work). It is replaced in one step. Envoy wants one for each cluster: {service} in the path stands "
    "for the service's name.")
KEY(TARGET, socket, PEER, socket, NONE, "", "",
    "For haproxy: its admin socket, unix:/path or host:port.")
KEY(TARGET, server_options, OPTIONS, server_options, NONE, "", "",
    "For haproxy: words that each server is added with, after its address and weight, such as 'check inter 1s', or none; by "
    "default check.")
KEY(TARGET, listen, PEER_LISTEN, listen, NONE, "", "",
    "For haproxy-agent: address on which its agent checks are answered.")
KEY(TARGET, api, URL, api, NONE, "", "",
    "URL of the proxy's own API (Traefik's API, Envoy's admin), from which it is read back what the proxy took.")
KEY(TARGET, poll, DURATION, poll_usec, "2s", "100ms", "10m",
    "Time between two looks at what the proxy has.")
KEY(TARGET, backend, BACKEND, backend, "{service}", "", "",
    "The proxy's name for a service (Traefik's service, HAProxy's backend, Envoy's cluster), with {service} in it.")
KEY(TARGET, routers, SWITCH, routers, "false", "", "",
    "For Traefik: whether routers are written, too, one for each host and path, with a priority below all others. Without them, your own "
    "routers say what leads to a service: SERVICE@file or SERVICE@http.")
KEY(TARGET, entry_points, NAMES, entry_points, NONE, "", "",
    "For Traefik with routers: names of their entry points, one or a list; by default Traefik's own default.")
KEY(TARGET, strategy, STRATEGY, strategy, NONE, "", "",
    "Traefik's: wrr, p2c, hrw or leasttime (from Traefik 3.6 on); without it, nothing is said and Traefik takes wrr. leasttime is the one "
    "that follows load, where a service has some 4 requests or more at a time; below that a server whose first responses were slow gets none.")
KEY(TARGET, api_entry_point, NAME, api_entry_point, NONE, "", "",
    "For Traefik: entry point of a router to its own API and dashboard (api@internal); by default there is no such router.")
KEY(TARGET, fallback, URL, fallback, NONE, "", "",
    "Traefik with best-node: URL that gets everything when no node can be chosen; by default the last good choice stays.")
KEY(TARGET, stale_after, DURATION, stale_after_usec, NONE, "1s", "24h",
    "For Envoy: time after which it shall no longer believe the endpoints when it hears nothing from Mola: it then has none, so let "
    "its route have another cluster to fall back to, and take 10s or more. By default it believes them for ever.")
