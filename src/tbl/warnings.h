/*
 * Everything in GET /api/v1/warnings, one row per kind: what needs a person's attention, and what
 * to do about it.
 *
 * WARNING(constant, code, severity, about, meaning, remedy)
 *   code       its name in the API
 *   severity   "error": requests suffer, or will soon, or what was configured is not in force;
 *              "warning": Mola does without, and can do less
 *   about      what `name` names: node, service, target, certificate, swarm; mola: nothing, or a
 *              process
 *   meaning    in general; a warning's text has the names and numbers
 *   remedy     sentences for a person
 */

/* ---- nodes ---- */
WARNING(NODE_STALE, "node_stale", "warning", "node",
    "Samples of a node do not come any more; the last one still counts a little.",
    "Look whether the node is up, and whether its node_exporter or `mola agent` responds there: "
    "curl its address from where Mola runs.")
WARNING(NODE_BLIND, "node_blind", "warning", "node",
    "Nothing is known of a node: it is taken for one like the others, and a hog there is not seen.",
    "Run node_exporter or `mola agent` on the node, and let Mola reach its port; for a node of the "
    "configuration file, check `exporter` and `agent`.")
WARNING(NODE_SOURCE, "node_source", "warning", "node",
    "One source of a node's samples fails, and another one serves.",
    "Look at what fails; the node is steered by its other source meanwhile, which may be slower.")

/* ---- services ---- */
WARNING(SERVICE_EMPTY, "service_empty", "error", "service",
    "A service has a route and no task: its requests get a 503.",
    "Start a task of it: scale the service up, or look at `docker service ps` for why none runs.")
WARNING(SERVICE_UNUSABLE, "service_unusable", "error", "service",
    "No task of a service can be used: all are down, ejected or drained.",
    "Look at the service's tasks (`mola tasks`) for the reason of each, and at their own logs.")
WARNING(SERVICE_ALL_USED, "service_all_used", "error", "service",
    "More of a service's tasks fail than panic allows; all are used, since the rest could not bear "
    "it.",
    "Look at the last failure of the tasks (`mola tasks`), and at what they have in common, such "
    "as a database.")
WARNING(SERVICE_OVERLOADED, "service_overloaded", "error", "service",
    "Requests of a service are refused, for every node of its tasks is full.",
    "Run more tasks of it on nodes that have cores to spare, or add a node: `mola why SERVICE` "
    "shows what each node is full of.")
WARNING(SERVICE_AT_LIMIT, "service_at_limit", "error", "service",
    "Requests of a service are refused, for as many are in flight as max_inflight or "
    "task_max_inflight allow.",
    "Raise the limit if what it protects can take more, or run more tasks where it is one of each "
    "task: `mola why SERVICE` shows which of the two it is.")
WARNING(SERVICE_BREAKER, "service_breaker", "error", "service",
    "Requests of a service are refused, for a middleware (circuitBreaker) of one of its routes is "
    "open.",
    "Look at what its tasks fail with, or how long they take (`mola why SERVICE`, their own logs): "
    "the middleware lets requests pass again when its time is over.")
WARNING(SERVICE_TASKS_DOWN, "service_tasks_down", "warning", "service",
    "Some tasks of a service are down or ejected; the others serve its requests.",
    "Look at the reason of each (`mola tasks`), and at the logs of those tasks.")
WARNING(SERVICE_UNSERVED, "service_unserved", "error", "service",
    "The labels of a service request that it is served, and it is not.",
    "Change the labels that the text names; `mola why SERVICE` has all reasons.")
WARNING(SERVICE_TROUBLE, "service_trouble", "warning", "service",
    "A service is served, and not in all as its labels mean.",
    "Change the labels that the text names, or accept what is done instead.")
WARNING(LABELS_REFUSED, "labels_refused", "warning", "service",
    "Labels of a service are wrong or not known, and have no effect.",
    "Correct or remove them; `mola services` shows what was made of each.")
WARNING(SERVICE_PROFILE, "service_profile", "warning", "service",
    "There are more different profiles than a table can have: a service is balanced without its "
    "own.",
    "Give services that need the same the same profile.")
WARNING(SERVICE_QUERY, "service_query", "warning", "service",
    "A service's own query has no usable result for every node: it is balanced without it.",
    "Try the query in Prometheus' own page: it needs one series for each node, with a label that "
    "names the node.")

/* ---- external proxies ---- */
WARNING(TARGET_FAILED, "target_failed", "error", "target",
    "A publication to an external proxy failed: the proxy goes on with what it had.",
    "Look whether the proxy runs, and whether Mola may write its file or reach its address.")
WARNING(TARGET_REFUSED, "target_refused", "error", "target",
    "An external proxy has not applied what was published.",
    "Look at the proxy's own log for the reason; another program may have changed its "
    "configuration.")
WARNING(TARGET_WITHDRAWN, "target_withdrawn", "warning", "target",
    "An operator has withdrawn what was published to an external proxy.",
    "`mola targets resume TARGET` publishes it again.")

/* ---- certificates ---- */
WARNING(CERT_MISSING, "certificate_missing", "error", "certificate",
    "There is no certificate that can be used.",
    "Look at the detail: a file that cannot be read, or an order that failed. `mola certs renew` "
    "tries an order again at once.")
WARNING(CERT_EXPIRED, "certificate_expired", "error", "certificate",
    "A certificate has expired, and clients reject it.",
    "Replace its file, or see why the order failed; `mola certs renew` tries it again at once.")
WARNING(CERT_EXPIRING, "certificate_expiring", "warning", "certificate",
    "A certificate expires soon, and nothing has renewed it.",
    "Replace its file, or see why the order failed; `mola certs renew` tries it again at once.")
WARNING(CERT_KEPT, "certificate_kept", "error", "certificate",
    "What a certificate was to be replaced with cannot be used: the old one stays in force.",
    "Correct the file, or the cause of the failed order, that the text names.")
WARNING(CERT_NOT_YET_VALID, "certificate_not_yet_valid", "error", "certificate",
    "A certificate is served, and clients reject it until it begins.",
    "Check the clock of this machine, or serve the certificate before it until then.")
WARNING(CERT_DOUBTFUL, "certificate_doubtful", "warning", "certificate",
    "A certificate is served, and may not work for all clients.",
    "Have it issued again without what the text names.")

/* ---- the Swarm ---- */
WARNING(SWARM_UNSEEN, "swarm_unseen", "error", "swarm",
    "The Docker Engine has not responded yet: no service of the Swarm is known.",
    "Check `swarm.endpoint`, and that Mola may use the Engine's socket; it has to be a manager's.")
WARNING(SWARM_LOST, "swarm_lost", "warning", "swarm",
    "The Docker Engine does not respond: services are served as they were when it last did.",
    "Look whether the Engine runs and its node is still a manager with a quorum: `docker node ls`.")
WARNING(SWARM_UNTRIED, "swarm_untried", "warning", "swarm",
    "The Engine is newer than those that Mola has been tested with.",
    "Nothing if all works; else update Mola.")
WARNING(SWARM_LEFT_OUT, "swarm_left_out", "warning", "swarm",
    "Objects of the Engine cannot be read, and are left out.",
    "Update the objects that the text names, or update Mola.")
WARNING(SWARM_TROUBLE, "swarm_trouble", "warning", "swarm",
    "Something in the Swarm as a whole keeps services from being served as intended.",
    "Change in the Swarm what the text names.")

/* ---- Prometheus ---- */
WARNING(PROMETHEUS_FAILED, "prometheus_failed", "warning", "mola",
    "A Prometheus server does not respond as expected.",
    "Look whether it runs and can be reached from here at the URL that the text names.")
WARNING(PROMETHEUS_QUERY, "prometheus_query", "warning", "mola",
    "A query for the state of the nodes fails.",
    "Try the query in Prometheus' own page; prometheus.queries has others.")

/* ---- Mola itself ---- */
WARNING(RELOAD_REFUSED, "reload_refused", "error", "mola",
    "The configuration file has errors: the configuration before stays in force.",
    "`mola check` names each error with its line; correct them and reload.")
WARNING(TABLE_BEHIND, "table_behind", "error", "mola",
    "A worker still routes by an older table.",
    "If it lasts, look at the log of that worker, and at the load of this machine; a restart of "
    "Mola starts new workers.")
WARNING(WORKER_DOWN, "worker_down", "error", "mola",
    "A worker does not run.",
    "Look at the log for why it ends (`child.died`); the other workers serve meanwhile.")
WARNING(CLOCK_WRONG, "clock_wrong", "error", "mola",
    "The machine's clock is plainly wrong: the validity of certificates is not judged.",
    "Set the clock, for example by NTP.")
WARNING(LOG_DROPPED, "log_dropped", "warning", "mola",
    "Lines of the log were dropped lately, since its reader did not keep up.",
    "Log less (`log.level`), or look at what reads the log, such as Docker's log driver; of a "
    "file, at the space that its disk has left.")
WARNING(MEMORY_SHORT, "memory_short", "warning", "mola",
    "A process found no memory lately, and used what it keeps for that.",
    "Give Mola more memory, or let it have fewer clients (`clients.max`); what else runs in the "
    "same container or on the machine may need it, too.")
WARNING(ERROR_LOGGED, "error_logged", "error", "mola",
    "The brain has logged an error within the last 10 minutes; the name is that of the event.",
    "The text has the details, and mola-events(7) what the event means.")
WARNING(SPANS_LOST, "spans_lost", "warning", "mola",
    "Spans of traces did not reach the collector lately.",
    "Look whether the collector of `tracing.endpoint` runs and can be reached.")
