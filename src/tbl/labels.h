/*
 * Every label of a Swarm service that Mola knows, once. It feeds the reader, `mola services` and mola-labels(7).
 *
 * LABEL(name, type, field, default, least, most, help): types are those of discovery/label_value.c, the field is one
 * of struct labels. The default is for people; what a service of the configuration file would have is "as in defaults".
 */
LABEL("mola.enable", enable, enable, "true with mola.port or mola.host", "", "",
    "Whether Mola serves the service: true, yes, on or 1. Anything else is a no.")
LABEL("mola.port", port, port, "the only one", "1", "65535",
    "The port on which the tasks listen, inside of them. It may be left out where the service publishes exactly one TCP port.")
LABEL("mola.host", hosts, host, "none", "", "",
    "Host names, with commas between them; *.example.org stands for all below it, and * for any host for which no other "
    "service is named. Without it, and without a router of Traefik's, the service is not served.")
LABEL("mola.path", paths, path, "/", "", "",
    "Path prefixes, with commas between them. A prefix ends at a slash or at the end of the path; the longest wins.")
LABEL("mola.policy", policy, conf.policy, "as in defaults", "", "",
    "How the task for a request is chosen, as in mola.yaml(5).")
LABEL("mola.profile", profile, conf.profile, "as in defaults", "", "",
    "Which resources of a node matter, and where their limits lie: balanced, cpu, ram, io, net, or weights and limits "
    "such as ram,limits.ram=0.6-0.8 (mola.yaml(5)).")
LABEL("mola.health.path", health_path, conf.health_path, "as in defaults", "", "",
    "What to ask each task for, or none; 2xx and 3xx are healthy.")
LABEL("mola.health.interval", duration, conf.health_interval_usec, "as in defaults", "100ms", "10m",
    "Time between two checks of a task.")
LABEL("mola.health.timeout", duration, conf.health_timeout_usec, "as in defaults", "10ms", "10m",
    "For the answer to a check.")
LABEL("mola.health.rise", count, conf.health_rise, "as in defaults", "1", "100",
    "Good answers in a row that bring a task back.")
LABEL("mola.health.fall", count, conf.health_fall, "as in defaults", "1", "100",
    "Bad answers in a row that take a task out.")
LABEL("mola.connect", duration, conf.connect_usec, "as in defaults", "10ms", "5m",
    "For a task to accept a connection.")
LABEL("mola.response", duration, conf.response_usec, "as in defaults", "10ms", "24h",
    "For a task to begin its answer.")
LABEL("mola.idle", duration, conf.idle_usec, "as in defaults", "10ms", "24h",
    "Between two pieces of a body, from the task or to it.")
LABEL("mola.tunnel", duration, conf.tunnel_usec, "as in defaults", "100ms", "168h",
    "For an upgraded connection (WebSocket) on which nothing is said.")
LABEL("mola.migrate", switch, conf.migrate, "as in defaults", "", "",
    "Whether the service may leave a hot node by itself. After a move, docker service rollback undoes the move and not your last update: Swarm "
    "keeps one previous version. mola why names the image that it went back to until then.")
LABEL("mola.scale.min", count, conf.scale_min, "1", "1", "10000",
    "The least number of tasks, when mola.scale.max is given.")
LABEL("mola.scale.max", count, conf.scale_max, "none", "1", "10000",
    "How many tasks there may be at most. Without it, their number is not Mola's to change. After a change of it, docker service rollback undoes "
    "that change and not your last update; mola why names the image that it went back to until then.")
LABEL("mola.self", switch, self, "false", "", "",
    "Whether the tasks are Molas that share the nodes with this one, beside those of the service that it runs in "
    "(signals.balancers in mola.yaml(5)).")
LABEL("mola.promql", promql, conf.terms, "as in defaults", "", "",
    "A query to Prometheus that yields one value for each node, the more the less the node has to give: one more thing that can "
    "run out there, beside the profile's. What is said of NAME below may be said of it, too: mola.promql.limits and so on. "
    "The word none: no query, whatever defaults say.")
LABEL("mola.promql.NAME", promql, conf.terms, "none", "", "",
    "The same for several queries: up to four, each with a name of its own.")
LABEL("mola.promql.NAME.weight", promql, conf.terms, "0.8", "0", "1",
    "Of the whole; the profile's own weights share what the queries leave. 0: only its limits count.")
LABEL("mola.promql.NAME.limits", promql, conf.terms, "none", "", "",
    "Its soft and hard limit as parts of full, such as 0.7-0.9.")
LABEL("mola.promql.NAME.full", promql, conf.terms, "1", "", "",
    "The value that stands for 100 %.")
LABEL("mola.promql.NAME.period", promql, conf.terms, "5s", "1s", "10m",
    "Time between two questions.")
LABEL("mola.sticky", later, port, "none", "", "",
    "Whether a client stays with its task. Not done yet.")
