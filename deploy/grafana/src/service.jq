# One service: whether it responds, how fast, and which task is the outlier.
include "board";

def here: "\(of),service=\"$service\"";
def rate_of($metric; $by): "sum\(if $by == "" then "" else " by (\($by)) " end)(rate(mola_\($metric)_total{\(here)}[$__rate_interval]))";
def quantile($q): "histogram_quantile(\($q), sum by (le) (rate(mola_service_request_duration_seconds_bucket{\(here)}[$__rate_interval])))";
def per_request($metric; $by): "\(rate_of($metric; $by)) / (\(rate_of("requests"; $by)) > 0)";

board("mola-service"; "Mola / Service"; "One service: whether it responds, how fast, and which of its tasks is the outlier.";
	[variable("service"; "Service"; "label_values(mola_service_tasks{job=\"$job\"}, service)"; "")]; []; [
	stat("Tasks up"; "Tasks that take new requests: not down by health check, not ejected, not draining."; 4; query("min(mola_service_tasks_up{\(here)})"; "up"); better_above(1; 1)),
	stat("Tasks"; "Tasks of the service that Mola knows."; 4; query("max(mola_service_tasks{\(here)})"; "tasks"); calm),
	stat("Requests"; "Requests sent to its tasks."; 4; query(rate_of("requests"; ""); "requests"); unit("reqps") + calm),
	stat("Errors"; "Fraction of the responses with a status of 500 or more."; 4; query(per_request("request_errors"; ""); "errors"); percent + { decimals: 2 } + worse_above(0.01; 0.05) + if_none("no requests")),
	stat("p99"; "99 % of its requests took this long at most, those included to which a middleware responded."; 4; query(quantile("0.99"); "p99"); unit("s") + calm + if_none("no requests")),
	stat("In flight"; "Requests whose response is not complete yet."; 4; query("sum(mola_task_inflight{\(here)})"; "in flight"); calm),

	(lines("Requests by node"; "Where the requests went. With the policy marginal, nodes get what their cores and other tenants leave room for: mola why $service."; 12;
		[query(rate_of("requests"; "node"); "{{node}}")]; unit("reqps") + links([link("Node"; to_node("${__field.labels.node}"))])) | shares),
	(lines("Requests by task"; "What each task gets."; 12; [query(rate_of("requests"; "task"); "{{task}}")]; unit("reqps"))),
	lines("Time of requests"; "From the first byte of a request to the last byte of its response: half of them took p50 at most, 99 % p99. Buckets are half an octave wide."; 12; [
		query(quantile("0.5"); "p50"), query(quantile("0.9"); "p90"), query(quantile("0.99"); "p99")]; unit("s")),
	(lines("Errors by reason"; "What clients saw: statuses of 500 and more, and responses that a task broke off; mola(8) lists the reasons."; 12;
		[query("sum by (why, status) (rate(mola_service_request_errors_total{\(here)}[$__rate_interval])) > 0"; "{{why}} {{status}}")];
		unit("reqps") + if_none("none")) | bars),
	(lines("Overload"; "Requests that are refused because every node of the service is full, and those of all services that wait for room now. The bound: requests that want a core which a node may have for each core; it falls while clients leave before their response."; 12; [
		query("sum(rate(mola_service_request_errors_total{\(here),why=\"overloaded\"}[$__rate_interval]))"; "refused per second"),
		query("sum(mola_requests_waiting{\(of)})"; "waiting now"), query("min(mola_overload_bound{\(of)})"; "bound")]; unit("none"))),
	lines("Mean time by task"; "One task that is slower than the rest: its node is busy, or it is ill."; 12;
		[query(per_request("request_seconds"; "task, node"); "{{task}} on {{node}}")]; unit("s") + links([link("Node"; to_node("${__field.labels.node}"))])),
	(lines("Errors and failures by task"; "Errors: responses with a status of 500 or more. Failures: no complete response, by the task's fault; Mola tries another task where it may."; 12; [
		query("\(rate_of("request_errors"; "task")) > 0"; "errors {{task}}"), query("\(rate_of("request_failures"; "task")) > 0"; "failures {{task}}")];
		unit("reqps") + if_none("none")) | bars),
	lines("In flight by task"; "Grows where requests wait."; 12; [query("sum by (task) (mola_task_inflight{\(here)})"; "{{task}}")]; unit("none")),
	states("Tasks that take requests"; "As the health checks and the requests themselves found them."; 12; query("min by (task, node) (mola_task_up{\(here)})"; "{{task}} on {{node}}"); yes_no("up"; "down")),

	row("Queries and external proxies"),
	(lines("Queries of its own"; "The value of the service's PromQL (mola.promql) for each node, as a fraction of its full. mola why $service shows its effect."; 12;
		[query("max by (query, node) (mola_query_used_ratio{\(here)})"; "{{query}} {{node}}"), query("max by (query) (mola_query_up{\(here)} == bool 0)"; "{{query}} fails")];
		(percent | del(.max)))),
	lines("Share published to external proxies"; "Fraction of this service's new requests that each proxy is to send to each task; 0: it drains."; 12;
		[query("max by (target, task) (mola_target_share_ratio{\(here)})"; "{{target}}: {{task}}")]; percent)
])
