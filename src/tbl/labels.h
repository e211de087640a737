/*
 * Every label of a Swarm service that Mola knows, one row each. It feeds the reader, `mola services` and mola-labels(7).
 *
 * LABEL(name, type, field, default, least, most, help): types are those of discovery/label_value.c, the field is one
 * of struct labels. The default is text for people; "as in defaults" is that of a service in the configuration file.
 */
LABEL("mola.enable", enable, enable, "true with mola.port or mola.host", "", "",
    "Whether Mola serves the service: true, yes, on or 1. Anything else means no.")
LABEL("mola.port", port, port, "the only one", "1", "65535",
    "The port on which the tasks listen inside their containers. Optional where the service publishes exactly one TCP port.")
LABEL("mola.host", hosts, host, "none", "", "",
    "Host names, separated by commas; *.example.org matches all names below it, and * any host that no other service "
    "names. Without it, and without a Traefik router, the service is not served.")
LABEL("mola.path", paths, path, "/", "", "",
    "Path prefixes, separated by commas. A prefix ends at a slash or at the end of the path; the longest wins.")
LABEL("mola.policy", policy, conf.policy, "as in defaults", "", "",
    "How the task for a request is chosen; see mola.yaml(5).")
LABEL("mola.profile", profile, conf.profile, "as in defaults", "", "",
    "Which resources of a node matter, and their limits: balanced, cpu, ram, io, net, or weights and limits such as "
    "ram,limits.ram=0.6-0.8; see mola.yaml(5).")
LABEL("mola.health.path", health_path, conf.health_path, "as in defaults", "", "",
    "Path that the health check requests from each task, or none. A status of 2xx or 3xx is a pass.")
LABEL("mola.health.interval", duration, conf.health_interval_usec, "as in defaults", "100ms", "10m",
    "Time between two checks of a task.")
LABEL("mola.health.timeout", duration, conf.health_timeout_usec, "as in defaults", "10ms", "10m",
    "Time-out of a check.")
LABEL("mola.health.rise", count, conf.health_rise, "as in defaults", "1", "100",
    "Consecutive passes after which a task is healthy again.")
LABEL("mola.health.fall", count, conf.health_fall, "as in defaults", "1", "100",
    "Consecutive failures after which a task is unhealthy.")
LABEL("mola.connect", duration, conf.connect_usec, "as in defaults", "10ms", "5m",
    "Time-out for connecting to a task.")
LABEL("mola.response", duration, conf.response_usec, "as in defaults", "10ms", "24h",
    "Time-out for the start of a task's response.")
LABEL("mola.idle", duration, conf.idle_usec, "as in defaults", "10ms", "24h",
    "Time-out between two pieces of a body, from the task or to it.")
LABEL("mola.tunnel", duration, conf.tunnel_usec, "as in defaults", "100ms", "168h",
    "Time-out of an idle upgraded connection (WebSocket).")
LABEL("mola.migrate", switch, conf.migrate, "as in defaults", "", "",
    "Whether Mola may move the service off a hot node. After a move, docker service rollback undoes the move and not your last update: Swarm "
    "keeps one previous version. mola why names the image to which a rollback would have gone before the move.")
LABEL("mola.scale.min", count, conf.scale_min, "1", "1", "10000",
    "Minimum number of tasks, where mola.scale.max is set.")
LABEL("mola.scale.max", count, conf.scale_max, "none", "1", "10000",
    "Maximum number of tasks. Without it, Mola does not scale the service. After a change, docker service rollback undoes "
    "that change and not your last update; mola why names the image to which a rollback would have gone before.")
LABEL("mola.self", switch, self, "false", "", "",
    "Whether the tasks are Molas that share the nodes with this one, in addition to those of its own service; see "
    "signals.balancers in mola.yaml(5).")
LABEL("mola.promql", promql, conf.terms, "as in defaults", "", "",
    "A query to Prometheus that yields one value for each node; a higher value means that the node has less to give. It adds one more "
    "resource to the profile's. The suffixes of NAME below apply to it, too: mola.promql.limits and so on. "
    "none: no query, even where defaults have one.")
LABEL("mola.promql.NAME", promql, conf.terms, "none", "", "",
    "The same for several queries: up to four, each with a name of its own.")
LABEL("mola.promql.NAME.weight", promql, conf.terms, "0.8", "0", "1",
    "Weight of the query as a fraction of the whole; the profile's own weights share the rest. 0: only its limits count.")
LABEL("mola.promql.NAME.limits", promql, conf.terms, "none", "", "",
    "Its soft and hard limit as fractions of full, such as 0.7-0.9.")
LABEL("mola.promql.NAME.full", promql, conf.terms, "1", "", "",
    "The value that means 100 %.")
LABEL("mola.promql.NAME.period", promql, conf.terms, "5s", "1s", "10m",
    "Time between two evaluations.")
LABEL("mola.sticky", later, port, "none", "", "",
    "Sticky sessions. Not implemented yet.")
