# One node, as Mola sees it and as its node_exporter does.
include "board";

def here: "\(of),node=\"$node\"";
def of_node($metric; $how): "\($how)(\($metric){\(here)})";
# The exporter's instance is HOST:PORT, or whatever the scrape configuration makes of the node's address or name.
def exporter: "instance=~\"$exporter\"";

board("mola-node"; "Mola / Node"; "One node: what Mola knows of it, what it sends there, and what presses.";
	[variable("node"; "Node"; "label_values(mola_node_cores{job=\"$job\"}, node)"; ""),
	 (variable("address"; "address"; "label_values(mola_node_info{job=\"$job\",node=\"$node\"}, address)"; "") | hidden),
	 (variable("configured"; "exporter in mola.yaml"; "label_values(mola_node_info{job=\"$job\",node=\"$node\"}, exporter)"; "") | hidden),
	 (variable("exporter"; "node_exporter"; "query_result(node_uname_info{instance=~\"$configured|$address:.+|$node(:.+)?\"} or node_uname_info{nodename=\"$node\"})"; "/instance=\"([^\"]+)\"/")),
	 (variable("exporter_job"; "its job"; "label_values(node_uname_info{instance=\"$exporter\"}, job)"; "") | hidden)];
	[{ type: "link", title: "Node Exporter Full", url: (to_exporter("$exporter") + "&var-job=$exporter_job"), tags: [], asDropdown: false, includeVars: false,
		keepTime: false, targetBlank: false, icon: "dashboard", tooltip: "The same node in dashboard 1860 of Grafana's, if it was imported" }]; [
	stat("Signal"; "Whether the node's signal is fresh and without fault."; 3; query_now(of_node("mola_node_signal_up"; "min"); "signal"); yes_no("fresh"; "missing")),
	stat("Age"; "Of the last sample."; 3; query(of_node("mola_node_sample_age_seconds"; "max"); "age"); unit("s") + worse_above(5; 30)),
	stat("Takes requests"; "A node can be drained by hand: mola drain NODE."; 3; query_now(of_node("mola_node_drained"; "max"); "drained");
		words({ "0": { text: "yes", color: "green" }, "1": { text: "drained", color: "blue" } })),
	stat("CPU"; "Cores in use as part of the cores."; 3; query("max(mola_node_cores_busy{\(here)}) / max(mola_node_cores{\(here)})"; "busy"); percent + worse_above(0.8; 0.9)),
	stat("Memory"; "In use, that is: not available without swapping."; 3;
		query("1 - min(mola_node_memory_available_bytes{\(here)}) / max(mola_node_memory_bytes{\(here)})"; "memory"); percent + worse_above(0.85; 0.95)),
	stat("In flight"; "Requests of all Molas that are there now."; 3; query(of_node("mola_node_inflight"; "sum"); "in flight"); calm),
	stat("Share"; "Of all requests that Mola sends."; 3;
		query("sum(rate(mola_requests_total{\(here)}[$__rate_interval])) / (sum(rate(mola_requests_total{\(of)}[$__rate_interval])) > 0)"; "share"); percent + calm + if_none("no requests")),
	stat("Score"; "0 (full) to 100 (idle); policy best-node uses it."; 3; query(of_node("mola_node_score"; "min"); "score"); better_above(20; 40) + { decimals: 0, min: 0, max: 100 }),

	(lines("Cores"; "In use: by Mola's requests and everything else. Others: runnable threads that do not serve Mola's requests, as estimated now; above the cores, they wait. Effective: fewer than there are under memory or disk pressure, or during slow start."; 12; [
		query(of_node("mola_node_cores_busy"; "max"); "in use"), query(of_node("mola_node_others"; "max"); "others"),
		query(of_node("mola_node_cores"; "max"); "cores"), query(of_node("mola_node_cores_effective"; "min"); "effective")]; unit("none") + { decimals: 1 })
		| apart("cores"; "text") | apart("effective"; "orange")),
	(lines("Cost of one more request"; "What Mola compares before each choice: this node against the cheapest and the mean of all. While it is above the cheapest, the node gets no new requests."; 12; [
		query(of_node("mola_node_cost"; "avg"); "$node"),
		query("min(avg by (node) (mola_node_cost{\(of)}))"; "cheapest"), query("avg(mola_node_cost{\(of)})"; "mean")]; unit("none") + { decimals: 2 })
		| apart("cheapest"; "green") | apart("mean"; "text")),
	(lines("Requests by service"; "What Mola sends to this node."; 12; [query("sum by (service) (rate(mola_requests_total{\(here)}[$__rate_interval]))"; "{{service}}")]; unit("reqps")) | stacked),
	(lines("In flight by task"; "Requests whose response is not complete yet."; 12; [query("sum by (service, task) (mola_task_inflight{\(here)})"; "{{task}}")]; unit("none")) | stacked),
	(lines("Pressure"; "Part of the time in which threads waited: some of them for a core, memory or the disk; or all that were not idle (stalled). Absent where the kernel does not report it."; 12;
		[query("max by (of) (mola_node_pressure_ratio{\(here)})"; "{{of}}"), query(of_node("mola_node_disk_busy_ratio"; "max"); "disk busy")]; (percent | del(.max)) + worse_above(0.2; 0.5)) | with_limits),
	(lines("Memory"; "What is available without swapping."; 12; [query(of_node("mola_node_memory_available_bytes"; "min"); "available"), query(of_node("mola_node_memory_bytes"; "max"); "all")]; unit("bytes"))
		| apart("all"; "text")),

	row("From node_exporter: $exporter"),
	(lines("CPU by mode"; "Cores in each mode, as node_exporter counts them."; 8; [query("sum by (mode) (rate(node_cpu_seconds_total{\(exporter),mode!=\"idle\"}[$__rate_interval]))"; "{{mode}}")]; unit("none") + { decimals: 2 }) | stacked),
	lines("Disks"; "Part of the time in which each disk was busy."; 8; [query("rate(node_disk_io_time_seconds_total{\(exporter)}[$__rate_interval])"; "{{device}}")]; percent),
	lines("Network"; "Received and sent, without loopback and what containers have."; 8; [
		query("sum(rate(node_network_receive_bytes_total{\(exporter),device!~\"lo|veth.*|docker.*|br-.*\"}[$__rate_interval]))"; "received"),
		query("sum(rate(node_network_transmit_bytes_total{\(exporter),device!~\"lo|veth.*|docker.*|br-.*\"}[$__rate_interval]))"; "sent")]; unit("Bps"))
])
