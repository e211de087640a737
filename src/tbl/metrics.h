/*
 * Every metric of GET /metrics, once, in the order in which they are shown.
 * METRIC(id, name, type, help)
 */
METRIC(BUILD_INFO, mola_build_info, gauge, "Always 1; the label is the version that runs.")
METRIC(CONF_GOOD, mola_config_good, gauge,
    "1 when the configuration last read was applied, 0 "
    "when it was rejected and an older one is in force.")
METRIC(CONF_READ, mola_config_read_timestamp_seconds, gauge,
    "When the configuration was last read, at start or by a reload.")
METRIC(STARTS, mola_process_starts_total, counter, "Starts of the brain and of each worker.")
METRIC(PROCESS_CPU, mola_process_cpu_seconds_total, counter,
    "CPU time of each process of Mola, user and system.")
METRIC(PROCESS_MEMORY, mola_process_resident_memory_bytes, gauge,
    "Resident memory of each process of Mola; shared memory is counted in each.")
METRIC(LOG_DROPPED, mola_log_dropped_lines_total, counter,
    "Lines of the log and of the access log that a "
    "process dropped because the reader did not keep up.")
METRIC(PAUSE, mola_brain_pause_seconds, gauge,
    "Longest pause between two polls of the brain's event loop in "
    "the last one or two minutes, in wall-clock and in CPU time.")
METRIC(TABLE_SERIAL, mola_table_serial, gauge,
    "Serial number of the routing table published last, 0 when there is none.")
METRIC(WORKER_TABLE, mola_worker_table_serial, gauge,
    "Serial number of the routing table that a worker has in force, 0 when it has none.")
METRIC(WORKERS, mola_workers, gauge, "Processes that serve clients.")
METRIC(CLIENTS, mola_clients, gauge, "Client connections open now.")
METRIC(WAITING, mola_requests_waiting, gauge,
    "Requests that wait now, for every node that could serve them is full.")
METRIC(OVERLOAD_BOUND, mola_overload_bound, gauge,
    "Requests that want a core which a node may have for each core before others wait, as learnt "
    "from clients that leave; the lowest of the workers.")
METRIC(IDLE_UPSTREAMS, mola_idle_upstreams, gauge,
    "Idle connections to tasks, kept for the next request.")
METRIC(ENDED, mola_requests_ended_total, counter,
    "Requests and connections that ended, by reason and by the party at fault.")
METRIC(DURATION, mola_request_duration_seconds, histogram,
    "Time from the first byte of a request to the last byte of its response.")
METRIC(MIDDLEWARES, mola_middleware_requests_total, counter,
    "Requests that came to a middleware, by its kind and outcome: passed on, responded to (such as "
    "a redirection), or refused; waited is counted besides one of these.")
METRIC(MIRRORED, mola_mirrored_requests_total, counter,
    "Copies of requests for mirrors, by outcome: sent, and its response was read; failed; skipped, "
    "as the request was too large or not whole, or there was no room for a copy.")
METRIC(TRACING, mola_tracing_spans_total, counter,
    "Spans of traces, by outcome: sent; rejected by the collector; failed, as it could not be "
    "reached or was busy for too long; lost, as there was no room for them on their way to it.")
METRIC(TLS_HANDSHAKES, mola_tls_handshakes_total, counter,
    "TLS handshakes with clients that succeeded: full ones, and those that resumed a session.")
METRIC(TCP_CONNECTIONS, mola_tcp_connections_total, counter,
    "Connections of tcp services that ended.")
METRIC(TCP_SECONDS, mola_tcp_connection_seconds_total, counter,
    "Total time that those connections took.")
METRIC(TCP_RECEIVED, mola_tcp_received_bytes_total, counter,
    "Bytes received from clients of tcp services, on connections under way, too.")
METRIC(TCP_SENT, mola_tcp_sent_bytes_total, counter,
    "Bytes sent to clients of tcp services, on connections under way, too.")
METRIC(REQUESTS, mola_requests_total, counter, "Requests sent to a task.")
METRIC(FAILURES, mola_request_failures_total, counter,
    "Requests that ended for a reason that is the task's fault.")
METRIC(ERRORS, mola_request_errors_total, counter,
    "Responses with a status of 500 or more, from the task or from Mola in its place.")
METRIC(RETRIES, mola_request_retries_total, counter,
    "Requests that failed on one task and were retried on another.")
METRIC(RETRIES_REFUSED, mola_request_retries_refused_total, counter,
    "Requests that failed on a task and were not retried because the retry budget was spent.")
METRIC(EJECTIONS, mola_task_ejections_total, counter,
    "Ejections of a task: it failed and gets no requests for a while.")
METRIC(TASK_SECONDS, mola_request_seconds_total, counter,
    "Total time of a task's requests, each from its first byte to the last byte of its response.")
METRIC(TASK_INFLIGHT, mola_task_inflight, gauge, "Requests in flight on a task.")
METRIC(TASK_AVAILABLE, mola_task_available_cores, gauge,
    "Cores that the container of a task could have if it wanted all of them, as the agent of its "
    "node reports it; absent where that is not known.")
METRIC(TASK_LOAD, mola_task_reported_utilization, gauge,
    "The utilization that a task reports of itself (load: orca), smoothed; absent where the last "
    "report is older than 6 s.")
METRIC(TASK_LOAD_REPORTS, mola_task_load_reports_total, counter,
    "Responses of a task with a report of its load, where its service has load: orca.")
METRIC(TASK_LOAD_UNREADABLE, mola_task_load_reports_unreadable_total, counter,
    "Reports of the same kind that could not be read.")
METRIC(TASK_UP, mola_task_up, gauge, "1 when a task takes new requests, else 0.")
METRIC(TASK_FAILED, mola_task_last_failure_timestamp_seconds, gauge,
    "When a task failed last, with the reason as label why; a task that never failed has none.")
METRIC(SERVICE_TASKS, mola_service_tasks, gauge, "Tasks of a service.")
METRIC(SERVICE_UP, mola_service_tasks_up, gauge, "Tasks of a service that take new requests.")
METRIC(SERVICE_DURATION, mola_service_request_duration_seconds, histogram,
    "The same as mola_request_duration_seconds, of the requests of one service, those included to "
    "which a middleware responded; services beyond the first 511 are together as (other).")
METRIC(SERVICE_ERRORS, mola_service_request_errors_total, counter,
    "Errors that clients of a service saw, by reason and status: responses of 500 and more, and "
    "those that a task broke off; reasons beyond the first 15 of a service are together as other.")
METRIC(SERVICE_RETRIES, mola_service_retries_total, counter,
    "Requests of a service that were sent to a task once more, by what for: the words of retry.on, "
    "status for statuses, hedge.")
METRIC(NODE_INFO, mola_node_info, gauge,
    "Always 1; labels: the address of a node, the host and port "
    "of its node_exporter, and the source of its last sample.")
METRIC(NODE_SEEN, mola_node_signal_up, gauge,
    "1 when a node's samples are fresh and valid, else 0.")
METRIC(NODE_AGE, mola_node_sample_age_seconds, gauge, "Age of a node's last sample.")
METRIC(NODE_CORES, mola_node_cores, gauge, "Cores of a node.")
METRIC(NODE_EFFECTIVE, mola_node_cores_effective, gauge,
    "Effective cores of a node: fewer than it has while it is under pressure or in slow start.")
METRIC(NODE_BUSY, mola_node_cores_busy, gauge, "Cores of a node in use.")
METRIC(NODE_OTHERS, mola_node_others, gauge,
    "Runnable threads on a node that do not serve Mola's requests, as estimated now.")
METRIC(NODE_INFLIGHT, mola_node_inflight, gauge, "Mola's requests in flight on a node.")
METRIC(NODE_COST, mola_node_cost, gauge,
    "Marginal cost of one more request on a node; requests go where it is lowest.")
METRIC(NODE_SCORE, mola_node_score, gauge, "Score of a node, 0 (full) to 100 (idle).")
METRIC(NODE_MEMORY, mola_node_memory_bytes, gauge, "Memory of a node.")
METRIC(NODE_MEMORY_FREE, mola_node_memory_available_bytes, gauge,
    "Available memory of a node, without swapping.")
METRIC(NODE_PRESSURE, mola_node_pressure_ratio, gauge,
    "Share of the time in which threads on a node waited for cpu, memory "
    "or io: some threads, or all of them (memory_stalled, io_stalled).")
METRIC(NODE_DISK, mola_node_disk_busy_ratio, gauge,
    "Share of the time in which the busiest disk of a node was busy.")
METRIC(NODE_DRAINED, mola_node_drained, gauge,
    "1 when a node is drained by an operator and takes no new requests, else 0.")
METRIC(SWARM_UP, mola_swarm_up, gauge,
    "1 when the Docker Engine responds, 0 when its last good snapshot "
    "is in force or there is none yet. Absent without a Swarm.")
METRIC(SWARM_AGE, mola_swarm_age_seconds, gauge,
    "Time since the snapshot of the Swarm was last confirmed.")
METRIC(PROM_UP, mola_prometheus_up, gauge,
    "1 when the last query to a Prometheus server "
    "succeeded, else 0. Absent before the first query.")
METRIC(PROM_QUERIES, mola_prometheus_queries_total, counter, "Queries sent to a Prometheus server.")
METRIC(PROM_FAILURES, mola_prometheus_failures_total, counter,
    "Queries to a Prometheus server that failed or returned an invalid result.")
METRIC(QUERY_UP, mola_query_up, gauge,
    "1 when the last result of a service's own query covered every node that it concerns, else 0.")
METRIC(QUERY_AGE, mola_query_age_seconds, gauge,
    "Time since the last usable result of a service's own query.")
METRIC(QUERY_NODES, mola_query_nodes, gauge, "Nodes for which that result had a value.")
METRIC(QUERY_USED, mola_query_used_ratio, gauge,
    "Last value of a service's own query for a node, as a fraction of its full.")
METRIC(TARGET_UP, mola_target_up, gauge,
    "1 when the last publication to an external proxy succeeded, else 0.")
METRIC(TARGET_TAKEN, mola_target_taken, gauge,
    "1 when the proxy was seen to have applied what Mola published, 0 "
    "when it has something else. Absent when this cannot be observed.")
METRIC(TARGET_AGE, mola_target_published_age_seconds, gauge,
    "Time since the last successful publication.")
METRIC(TARGET_PUBLISHED, mola_target_publications_total, counter, "Successful publications.")
METRIC(TARGET_FAILED, mola_target_failures_total, counter, "Failed publications.")
METRIC(TARGET_WEIGHT, mola_target_weight, gauge,
    "Weight of a task as last published to the proxy, in the proxy's own scale; "
    "0: it drains. While mola_target_up is 0, the weight that is to be published.")
METRIC(TARGET_SHARE, mola_target_share_ratio, gauge,
    "The same as a fraction of the service's new requests.")
METRIC(CERT_EXPIRY, mola_certificate_expiry_timestamp_seconds, gauge,
    "When the certificate that is in force expires. Absent while there is none.")
METRIC(CERT_LEFT, mola_certificate_left_ratio, gauge,
    "Fraction of its life that the certificate has left, 0 when it has expired.")
METRIC(CERT_UP, mola_certificate_up, gauge,
    "1 when the certificate that its source has is in force, 0 when that one cannot be used or "
    "there is none: then an older one stays in force, if there is one.")
METRIC(CERT_FAILURES, mola_certificate_failures_total, counter,
    "Readings of a certificate's file, or renewals, that failed.")
METRIC(EVENTS, mola_events_total, counter,
    "Events of the brain, by level; of debug only where the log has them.")
