# The fleet: is anything wrong, is the load spread, where to look next.
include "board";

def busy: "max by (node) (mola_node_cores_busy{\(of)})";
def cores: "max by (node) (mola_node_cores{\(of)})";
def rate_by($by): "sum by (\($by)) (rate(mola_requests_total{\(of)}[$__rate_interval]))";
def per_node($metric; $how): "\($how) by (node) (\($metric){\(of)})";

board("mola-fleet"; "Mola / Fleet"; "All nodes and services that Mola steers: whether something is wrong, and where to look.";
	[variable("node_job"; "node_exporter"; "label_values(node_uname_info, job)"; "") | hidden]; []; [
	stat("Alerts"; "Alerts of deploy/prometheus/rules.yml that fire now."; 3;
		query_now("count(ALERTS{alertname=~\"Mola.+\",alertstate=\"firing\"}) or vector(0)"; "firing"); worse_above(1; 1)),
	stat("Molas"; "Balancers that Prometheus can scrape."; 3; query_now("count(mola_build_info{\(of)}) or vector(0)"; "up"); better_above(1; 1)),
	stat("Nodes sampled"; "Fraction of the nodes with fresh, valid samples. For the others Mola uses cores and requests in flight."; 3;
		query_now("avg(min by (node) (mola_node_signal_up{\(of)}))"; "fresh"); percent + better_above(0.8; 1)),
	stat("Services down"; "Services of which no task takes requests."; 3;
		query_now("count(min by (service) (mola_service_tasks_up{\(of)}) == 0) or vector(0)"; "down"); worse_above(1; 1)),
	stat("Requests"; "Requests sent to tasks."; 3; query("sum(rate(mola_requests_total{\(of)}[$__rate_interval]))"; "requests"); unit("reqps") + calm),
	stat("Errors"; "Fraction of the responses with a status of 500 or more."; 3;
		query("sum(rate(mola_request_errors_total{\(of)}[$__rate_interval])) / (sum(rate(mola_requests_total{\(of)}[$__rate_interval])) > 0)"; "errors");
		percent + worse_above(0.01; 0.05) + if_none("no requests") + { decimals: 2 }),
	stat("p99"; "99th percentile of the time from the first byte of a request to the last byte of its response."; 3;
		query("histogram_quantile(0.99, sum by (le) (rate(mola_request_duration_seconds_bucket{\(of)}[$__rate_interval])))"; "p99");
		unit("s") + calm + if_none("no requests")),
	stat("Cores in use"; "Of all nodes together."; 3; query("sum(\(busy)) / sum(\(cores))"; "busy"); percent + worse_above(0.8; 0.9)),

	(lines("CPU by node"; "Cores in use as a fraction of each node's cores, by Mola's requests and everything else. Lines far apart mean that the load is not spread: other tenants, a policy that does not see nodes, or a node without tasks."; 12;
		[query("\(busy) / \(cores)"; "{{node}}")]; percent + worse_above(0.8; 0.9)) | with_limits),
	lines("Requests by node"; "What Mola sends to each node. A node under pressure gets less, and gets it back when the pressure is gone."; 12;
		[query(rate_by("node"); "{{node}}")]; unit("reqps")),

	table("Nodes"; "One row per node. A click on its name: the node, or its node_exporter in Node Exporter Full."; 24; 9; "node"; [
		{ name: "Node", width: 220, figures: links([link("Node"; to_node("${__value.text}")),
			link("Node Exporter Full"; to_exporter("${__data.fields.exporter}") + "&var-job=${node_job}")]) },
		{ query: "max by (node, exporter) (mola_node_info{\(of)})", name: "info", figures: { "custom.hidden": true } },
		{ name: "exporter", figures: { "custom.hidden": true } },
		{ query: per_node("mola_node_signal_up"; "min"), name: "Signal", colored: true, figures: yes_no("fresh"; "missing") },
		{ query: per_node("mola_node_sample_age_seconds"; "max"), name: "Age", colored: true, figures: (unit("s") + worse_above(5; 30)) },
		{ query: per_node("mola_node_drained"; "max"), name: "Drained", figures: words({ "0": { text: "" }, "1": { text: "drained", color: "blue" } }) },
		{ query: cores, name: "Cores" },
		{ query: per_node("mola_node_cores_effective"; "min"), name: "Effective cores", figures: { decimals: 1 } },
		{ query: "\(busy) / \(cores)", name: "CPU", bar: true, figures: (percent + worse_above(0.8; 0.9)) },
		{ query: "1 - min by (node) (mola_node_memory_available_bytes{\(of)}) / max by (node) (mola_node_memory_bytes{\(of)})", name: "Memory", bar: true, figures: (percent + worse_above(0.85; 0.95)) },
		{ query: per_node("mola_node_inflight"; "sum"), name: "In flight" },
		{ query: "sum by (node) (rate(mola_requests_total{\(of)}[$__rate_interval])) / on () group_left () (sum(rate(mola_requests_total{\(of)}[$__rate_interval])) > 0)", name: "Share", figures: percent },
		{ query: per_node("mola_node_score"; "min"), name: "Score", colored: true, figures: ({ decimals: 0 } + better_above(20; 40)) }]),

	table("Services"; "One row per service."; 24; 8; "service"; [
		{ name: "Service", width: 220, figures: links([link("Service"; to_service("${__value.text}"))]) },
		{ query: "min by (service) (mola_service_tasks_up{\(of)})", name: "Tasks up", colored: true, figures: better_above(1; 1) },
		{ query: "max by (service) (mola_service_tasks{\(of)})", name: "Tasks" },
		{ query: "sum by (service) (mola_task_inflight{\(of)})", name: "In flight" },
		{ query: rate_by("service"), name: "Requests", figures: (unit("reqps") + { decimals: 1 }) },
		{ query: "sum by (service) (rate(mola_request_errors_total{\(of)}[$__rate_interval])) / (\(rate_by("service")) > 0)", name: "Errors", colored: true, figures: (percent + { decimals: 2 } + worse_above(0.01; 0.05)) },
		{ query: "sum by (service) (rate(mola_request_seconds_total{\(of)}[$__rate_interval])) / (\(rate_by("service")) > 0)", name: "Mean time", figures: unit("s") },
		{ query: "histogram_quantile(0.99, sum by (service, le) (rate(mola_service_request_duration_seconds_bucket{\(of)}[$__rate_interval])))", name: "p99", figures: unit("s") }]),

	(lines("Failed requests and connections"; "Requests and connections that ended for a reason other than complete; mola(8) lists the reasons."; 12;
		[query("sum by (why, blame) (rate(mola_requests_ended_total{\(of),why!=\"complete\"}[$__rate_interval])) > 0"; "{{why}} ({{blame}})")];
		unit("reqps") + if_none("nothing")) | bars),
	lines("Spread"; "The busiest node against the mean of all: 1 is an even fleet."; 12;
		[query("max(\(busy) / \(cores)) / (avg(\(busy) / \(cores)) > 0)"; "max / mean")]; unit("none") + worse_above(1.5; 2) + { min: 1, decimals: 2 })
])
