/*
 * Every event of the log and of /api/v1/events, one row each, in the order of their names.
 * EVENT(name, level, help): the levels at which it is logged, from the lowest on, and a sentence on
 * what has happened. tools/check_tables compares the rows with what src/ logs.
 */
EVENT("access.no_file", "error",
    "The file of the access log cannot be opened; there are no lines in it until the next "
    "start or reload.")
EVENT("acme.account_replaced", "warn",
    "The stored account at a CA cannot be read; a new one is created.")
EVENT("acme.failed", "warn, error",
    "An order failed, for the reason in why and detail; it is tried again later. An error "
    "when no valid certificate is served meanwhile.")
EVENT("acme.import_unusable", "warn", "A certificate of Traefik's acme.json cannot be used.")
EVENT("acme.imported", "info", "A certificate of Traefik's acme.json is used until its renewal.")
EVENT("acme.issued", "info", "The CA has issued a certificate.")
EVENT("acme.lease", "debug",
    "This Mola has taken or lost the lease for orders: of several Molas one orders at a "
    "time.")
EVENT("acme.not_allowed", "warn",
    "A certificate is wanted for a name for which none may be ordered.")
EVENT("acme.not_shared", "warn",
    "Certificates are kept in a directory of this machine, and not shared with other Molas.")
EVENT("acme.object_unusable", "warn",
    "An object of the store is not a certificate or an account that can be used; it is left "
    "alone.")
EVENT("acme.order_left", "info",
    "An order was given up, as another Mola has stored one for the same names; that one is "
    "continued.")
EVENT("acme.order_made", "info", "An order was made at the CA.")
EVENT("acme.order_resumed", "info",
    "An order that was made before, perhaps by another Mola, is continued.")
EVENT("acme.phase", "debug", "An order comes to its next phase.")
EVENT("acme.resealed", "info",
    "An object of the store is encrypted again, with the secret that comes first.")
EVENT("acme.saved", "debug", "A certificate was stored.")
EVENT("acme.saved_before", "warn",
    "Another Mola has stored this certificate first; its one is used.")
EVENT("acme.secret", "error", "A file of acme.secret cannot be used.")
EVENT("acme.shared", "info",
    "This node has become a manager: certificates are kept in the Swarm's configs.")
EVENT("acme.store", "info", "The store of certificates can be used again.")
EVENT("acme.store_good", "info",
    "The state of certificates and orders can be stored and read again.")
EVENT("acme.store_lost", "warn", "The store of certificates cannot be used.")
EVENT("acme.store_trouble", "warn",
    "The state of certificates and orders cannot be stored or read; those in force stay.")
EVENT("acme.unreadable", "warn", "An object of the store cannot be decrypted.")
EVENT("acme.unsaved", "error", "A certificate that was issued cannot be stored; it is tried again.")
EVENT("acme.unserved", "warn", "A certificate that was issued cannot be served.")
EVENT("acme.unwanted", "info", "No service has wanted a certificate for a week; it is removed.")
EVENT("acme.window_moved", "info", "The CA suggests another time for a renewal.")
EVENT("admin.closed", "error", "The admin address cannot be listened on.")
EVENT("admin.no_group", "error", "The admin socket cannot be given to the group of admin.group.")
EVENT("admin.no_socket", "warn, error",
    "The admin socket cannot be created. An error when the configuration names it.")
EVENT("admin.refused", "warn", "A write to the admin interface was rejected.")
EVENT("agent.ended", "info", "The agent ends.")
EVENT("agent.started", "info", "The agent exports this machine's state.")
EVENT("best_node.chosen", "info",
    "A target of policy best-node sends a service's requests to another node.")
EVENT("best_node.score", "info", "The score of a node, from which best-node chooses.")
EVENT("best_node.unseen", "debug, warn",
    "A node has no sample, and best-node leaves it out. A warning when it has tasks.")
EVENT("best_node.updated", "info", "The file of a target of policy best-node was written.")
EVENT("brain.back", "warn", "A brain that hung runs again.")
EVENT("brain.hung", "error",
    "The brain does nothing: steering stands still, and requests are served as before. stack shows "
    "where it is.")
EVENT("brain.started", "info", "The brain has started.")
EVENT("certificate.expired", "error",
    "A certificate has expired; it is served all the same, and clients reject it.")
EVENT("certificate.expiring", "warn", "A certificate expires soon, and nothing has renewed it.")
EVENT("certificate.good", "info", "A certificate is in force, valid, and what its source has.")
EVENT("certificate.kept", "error",
    "What a certificate was to be replaced with cannot be used; it stays in force.")
EVENT("certificate.missing", "error", "There is no certificate that can be used.")
EVENT("certificate.not_yet_valid", "warn",
    "A certificate is served, and clients reject it until it becomes valid.")
EVENT("certificate.removed", "info", "A certificate is no longer served.")
EVENT("certificate.taken", "info", "A certificate takes effect.")
EVENT("certificate.waiting", "debug", "A certificate has not been issued yet.")
EVENT("certificate.warning", "warn", "A certificate is served, and may not work for all clients.")
EVENT("channel.lost", "error",
    "A message between two processes came without its descriptor; the child is replaced.")
EVENT("channel.waits", "error",
    "No descriptor is free for a message between two processes; it is read later.")
EVENT("child.died", "error", "A process ended that should not have; the parent replaces it.")
EVENT("child.ended", "info", "A process ended as it should.")
EVENT("child.replaced", "error",
    "A process that hung is ended, and another one begins in its place. stack shows where it was.")
EVENT("clients.fewer", "warn", "The limit of open files allows fewer clients than clients.max.")
EVENT("clock.wrong", "error",
    "The machine's clock is plainly wrong; the validity of certificates is not judged.")
EVENT("config.doubtful", "warn",
    "The configuration is used, and something in it may not be as intended.")
EVENT("config.wrong", "error",
    "The configuration has an error, in the place that where names; it is not used.")
EVENT("handover.refused", "error",
    "What the Mola before this one counted and learnt cannot be read: counters begin at 0.")
EVENT("handover.taken", "info",
    "Counters go on where those of the Mola before this one were; so does what it learnt.")
EVENT("handover.unsent", "warn",
    "What this Mola counted and learnt cannot be passed on to the one that takes over.")
EVENT("haproxy.refused", "debug", "An HAProxy rejected a command.")
EVENT("haproxy.restarted", "info", "An HAProxy has restarted; it gets all weights again.")
EVENT("label.refused", "warn", "A label of a service is not valid; as names what was made of it.")
EVENT("limits.failed", "warn",
    "The brain or an agent cannot give up calls that it does not need, and goes on.")
EVENT("listen.failed", "error", "An address cannot be listened on.")
EVENT("listen.kept", "info",
    "An address is listened on by sockets that the Mola before this one handed over.")
EVENT("listen.open", "info", "An address is listened on.")
EVENT("listen.taken", "error", "An address that is to be listened on is in use by another program.")
EVENT("listen.waiting", "info", "An address is shared with another Mola that still serves it.")
EVENT("log.dropped", "warn", "Lines of the log were dropped because its reader did not keep up.")
EVENT("memory.short", "warn",
    "An allocation failed, and a process used the memory that it keeps for that.")
EVENT("mover.altered", "error",
    "A service was changed by something else while Mola moved or scaled it.")
EVENT("mover.blind", "warn", "The state of the Swarm's tasks cannot be read; nothing is moved.")
EVENT("mover.done", "info", "A move or scaling is complete.")
EVENT("mover.given_up", "warn", "A move or scaling was given up, for the reason in text.")
EVENT("mover.moving", "info", "A task is moved from one node to another.")
EVENT("mover.not_restored", "error",
    "After a move, the specification of a service is not what it was before; an operator "
    "has to check it.")
EVENT("mover.restored", "warn",
    "The specification of a service is again what it was before the move.")
EVENT("mover.resumed", "warn",
    "A move that was begun before, perhaps by another Mola, was found, and is ended.")
EVENT("mover.stays", "debug, info", "A service is not moved, for the reason in why.")
EVENT("mover.trouble", "debug, warn",
    "The Engine did not accept a change of a service; it is tried again.")
EVENT("mover.would_move", "info", "A task would be moved, and mover.dry_run is set.")
EVENT("node.crowded", "info",
    "A hog was noticed: threads of others want all cores of a node.")
EVENT("node.drained", "info", "A node gets no new requests, by an operator's decision.")
EVENT("node.relieved", "info",
    "Threads of others want less than half of a crowded node's cores again.")
EVENT("node.undrained", "info", "A node gets new requests again.")
EVENT("profile.crowded", "warn",
    "There are more different profiles than a table can have; a service is balanced without "
    "its own.")
EVENT("prometheus.back", "info", "A Prometheus server responds again.")
EVENT("prometheus.lost", "warn", "A Prometheus server does not respond, or not as expected.")
EVENT("prometheus.partial", "warn", "The result of a query to Prometheus is incomplete.")
EVENT("prometheus.query", "info, warn", "A query to Prometheus fails, or succeeds again.")
EVENT("query.back", "info", "A service's own query has usable results again.")
EVENT("query.lost", "warn", "A service's own query has no usable result.")
EVENT("ready.unsent", "error", "The brain cannot report that it is ready.")
EVENT("reload.done", "info", "A new configuration is in force.")
EVENT("reload.late", "warn",
    "The brain does not respond to a reload; workers take the configuration with the "
    "certificates that they have.")
EVENT("reload.later", "warn", "A key was changed that takes effect at the next start only.")
EVENT("reload.lost", "error",
    "A new configuration did not reach the brain; the old one is in force.")
EVENT("reload.refused", "error", "The new configuration has errors; the old one stays in force.")
EVENT("reload.unsent", "error",
    "A new configuration cannot be sent to the brain, which is started again with it.")
EVENT("sample.refused", "warn", "A node's sample makes no sense, and is not used.")
EVENT("sandbox.failed", "error", "A worker cannot restrict itself, and ends.")
EVENT("scaler.scaling", "info", "A service gets more or fewer tasks.")
EVENT("scaler.stays", "debug, info",
    "The number of a service's tasks stays, for the reason in why.")
EVENT("scaler.would_scale", "info",
    "A service would get more or fewer tasks, and mover.dry_run is set.")
EVENT("secrets.failed", "error",
    "The secrets for workers, such as keys of certificates, cannot be put together.")
EVENT("secrets.incomplete", "error",
    "Secrets reached a worker incomplete; those it has stay in force.")
EVENT("secrets.refused", "error",
    "Secrets that reached a process are not valid; those it has stay in force.")
EVENT("secrets.taken", "debug", "A worker has new secrets in force.")
EVENT("secrets.unsent", "error", "Secrets cannot be sent to the workers.")
EVENT("service.all_used", "warn",
    "More of a service's tasks would be ejected than panic allows; all are used instead.")
EVENT("service.at_limit", "warn",
    "Requests of a service begin to be refused, for as many are in flight as max_inflight or "
    "task_max_inflight allow.")
EVENT("service.below_limit", "info",
    "For some seconds no request of a service was refused for one of these limits.")
EVENT("service.breaker_closed", "info",
    "For some seconds no request of a service was refused by a circuit breaker.")
EVENT("service.breaker_open", "warn",
    "Requests of a service begin to be refused, for a circuit breaker of one of its routes is "
    "open.")
EVENT("service.overloaded", "warn",
    "Requests of a service begin to be refused, for every node that could serve them is full.")
EVENT("service.recovered", "info",
    "No more of a service's tasks are ejected than panic allows.")
EVENT("service.relieved", "info",
    "For some seconds no request of an overloaded service was refused.")
EVENT("service.served", "info", "A service is served.")
EVENT("service.trouble", "warn", "A service is served, and not in all as its labels mean.")
EVENT("service.unserved", "warn", "A service is not served, for the reason in why and text.")
EVENT("signal.back", "info", "Samples of a node come again.")
EVENT("signal.lost", "warn",
    "Samples of a node do not come any more; why and detail have the reason.")
EVENT("start.failed", "error", "Mola cannot start.")
EVENT("stop.begin", "info",
    "Mola stops: it accepts no new connections, and waits for requests in flight.")
EVENT("stop.cut", "warn",
    "Requests were still in flight when the time for stopping was over; they are cut off.")
EVENT("swarm.back", "info", "The Docker Engine responds again.")
EVENT("swarm.deaf", "debug", "The stream of the Engine's events has ended, and is opened again.")
EVENT("swarm.doubted", "warn",
    "The Engine reports that all nodes or all services are gone; that is confirmed before "
    "it counts.")
EVENT("swarm.event", "debug", "The Engine has reported an event; the Swarm is read again.")
EVENT("swarm.found", "info", "The Docker Engine responds for the first time.")
EVENT("swarm.lost", "warn",
    "The Docker Engine does not respond; the last good snapshot stays in force.")
EVENT("swarm.moved", "info", "Another Docker Engine is in use than before.")
EVENT("swarm.odd", "warn", "Objects of the Engine cannot be read, and are left out.")
EVENT("swarm.refused", "warn", "The Engine rejects a request that Mola can do without.")
EVENT("swarm.sound", "info", "No object of the Engine is left out any more.")
EVENT("swarm.trouble", "warn",
    "Something in the Swarm as a whole keeps services from being served as intended.")
EVENT("swarm.untried", "warn",
    "The Engine supports none of the API versions that Mola has been tested with; its own "
    "is used.")
EVENT("table.failed", "error", "A routing table cannot be built; the last one stays in force.")
EVENT("table.full", "error", "Something does not fit into the routing table, and is left out.")
EVENT("table.inherited", "info",
    "A new brain has found the routing table that its predecessor published.")
EVENT("table.published", "info", "A new routing table goes to the workers.")
EVENT("table.refused", "error",
    "A routing table that reached a process is not valid; the one it has stays in force.")
EVENT("table.taken", "debug", "A worker has a new routing table in force.")
EVENT("table.unsent", "error", "A routing table cannot be sent to the workers.")
EVENT("target.failed", "warn", "A publication to an external proxy failed; it is tried again.")
EVENT("target.file_changed", "warn",
    "Another program has changed or removed a file of Mola's; it is written again.")
EVENT("target.mended", "info", "Publications to an external proxy succeed again.")
EVENT("target.published", "info", "An external proxy gets new weights or servers.")
EVENT("target.refused", "warn", "An external proxy has not applied what was published.")
EVENT("target.reset", "info", "The latencies that leasttime has measured were reset.")
EVENT("target.resumed", "info", "A withdrawn target is published to again.")
EVENT("target.routers_lowered", "warn",
    "Routers in a file of an older Mola came before all others; they have a lower priority "
    "now.")
EVENT("target.taken", "info", "An external proxy was seen to have applied what was published.")
EVENT("target.withdrawn", "warn",
    "What was published to a target is removed, by an operator's decision.")
EVENT("task.degraded", "warn",
    "A task passes its health check and reports itself degraded; it gets fewer requests.")
EVENT("task.down", "warn", "A task fails its health check, and gets no requests.")
EVENT("task.drained", "info", "A task gets no new requests, by an operator's decision.")
EVENT("task.ejected", "warn", "A task failed, and gets no requests for a while.")
EVENT("task.readmitted", "info", "A task that was ejected gets requests again.")
EVENT("task.undrained", "info", "A task gets new requests again.")
EVENT("task.up", "info", "A task passes its health check, and gets requests.")
EVENT("tickets.rotated", "info", "TLS session tickets have a new key.")
EVENT("tls.failed", "info",
    "TLS handshakes failed: count of them, for the same reason, within a short time.")
EVENT("tracing.back", "info", "The collector of traces takes spans again.")
EVENT("tracing.failed", "warn", "Spans cannot be sent to the collector of traces.")
EVENT("traefik_file.read", "info", "A file of Traefik's was read.")
EVENT("traefik_file.refused", "error",
    "A file of Traefik's cannot be read; kept names what stays in force.")
EVENT("upgrade.begin", "info", "Mola starts another one that is to take over from it.")
EVENT("upgrade.done", "info",
    "Another Mola serves with the sockets of this one, which ends when its requests have.")
EVENT("upgrade.refused", "error",
    "The Mola that was to take over does not serve; this one goes on.")
EVENT("upgrade.unsaid", "warn",
    "A Mola that takes over cannot be made known to the one before it, or to systemd.")
EVENT("upgrade.unserved", "warn",
    "Services that Mola 0.1.0 served by their labels are not served now.")
EVENT("user.unknown", "error", "The user that workers are to run as does not exist.")
EVENT("worker.back", "warn", "A worker that hung runs again.")
EVENT("worker.deaf", "error", "A worker does not read its messages; the parent replaces it.")
EVENT("worker.hung", "error",
    "A worker does nothing; others, if any run, serve its new connections. stack shows where "
    "it is.")
EVENT("worker.started", "info", "A worker has started.")
