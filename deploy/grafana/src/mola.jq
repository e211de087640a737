# Mola itself: its health, its cost, its messages.
include "board";

board("mola-self"; "Mola / Itself"; "The balancers themselves: their health, their cost, and their messages.";
	[]; []; [
	stat("Version"; "Of each Mola that is up."; 4; query_now("count by (version) (mola_build_info{\(of)})"; "{{version}}"); calm) + { options: { reduceOptions: { calcs: ["lastNotNull"], fields: "", values: false },
		orientation: "auto", textMode: "name", colorMode: "none", graphMode: "none", justifyMode: "auto", showPercentChange: false, wideLayout: true, percentChangeColorMode: "standard" } },
	stat("Configuration"; "Whether each Mola applied the configuration that it last read. mola check FILE lists the errors."; 4; query_now("min(mola_config_good{\(of)})"; "applied"); yes_no("applied"; "rejected")),
	stat("Swarm"; "Whether the Docker Engine responds; if not, the last good snapshot stays in force. Empty without a Swarm."; 4; query_now("min(mola_swarm_up{\(of)})"; "engine"); yes_no("seen"; "lost") + if_none("no Swarm")),
	stat("Processes started again"; "Brains and workers, in the last hour. A brain may die without a request noticing; it should not."; 4;
		query_now("sum(increase(mola_process_starts_total{\(of)}[1h]))"; "starts"); { decimals: 0 } + worse_above(1; 5)),
	stat("Clients"; "Connections that are open."; 4; query("sum(mola_clients{\(of)})"; "clients"); calm),
	stat("Busiest worker"; "One core each: a worker near 100 % is what bounds this Mola; raise `workers`."; 4;
		query("max(rate(mola_process_cpu_seconds_total{\(of),process=~\"worker-.+\"}[$__rate_interval]))"; "worker"); percent + worse_above(0.7; 0.9)),

	heat("Duration of requests"; "From the first byte of a request to the last byte of its response. Colour: number of requests."; 12;
		query_heat("sum by (le) (increase(mola_request_duration_seconds_bucket{\(of)}[$__rate_interval]))"); "s"),
	lines("Quantiles"; "Of the same."; 12; [("0.5", "0.9", "0.99") as $q
		| query("histogram_quantile(\($q), sum by (le) (rate(mola_request_duration_seconds_bucket{\(of)}[$__rate_interval])))"; "p\($q[2:] + "0" | .[:2])")]; unit("s")),
	(lines("Ends of requests and connections"; "By the party at fault."; 12; [query("sum by (blame) (rate(mola_requests_ended_total{\(of)}[$__rate_interval]))"; "{{blame}}")]; unit("reqps")) | stacked),
	lines("Connections"; "To clients, and idle ones to tasks that wait for the next request."; 12;
		[query("sum by (instance) (mola_clients{\(of)})"; "clients {{instance}}"), query("sum by (instance) (mola_idle_upstreams{\(of)})"; "idle to tasks {{instance}}")]; unit("none")),

	lines("CPU by process"; "The workers serve, the brain looks and decides, the parent watches over both."; 12;
		[query("sum by (instance, process) (rate(mola_process_cpu_seconds_total{\(of)}[$__rate_interval]))"; "{{process}} {{instance}}")]; unit("percentunit")),
	lines("Memory by process"; "Resident; shared memory is counted in each."; 12; [query("mola_process_resident_memory_bytes{\(of)}"; "{{process}} {{instance}}")]; unit("bytes")),
	(lines("Log lines"; "Of the brains, by level; mola_events_total. The lines themselves: /api/v1/events."; 12;
		[query("sum by (level) (increase(mola_events_total{\(of),level=~\"warn|error\"}[$__rate_interval]))"; "{{level}}")]; unit("none")) | bars),
	lines("Changes"; "Routing tables that were published: tasks that come and go, drains, reloads."; 12;
		[query("changes(mola_table_serial{\(of)}[$__rate_interval])"; "{{instance}}")]; unit("none")),

	row("Certificates"),
	table("Certificates"; "When each expires, and whether what its source has is in force: mola certs. Empty without TLS."; 24; 8; "certificate"; [
		{ name: "Certificate", width: 420 },
		{ query: "min by (certificate) (mola_certificate_up{\(of)})", name: "In force", colored: true, figures: yes_no("yes"; "an older one, or none") },
		{ query: "min by (certificate) (mola_certificate_expiry_timestamp_seconds{\(of)}) - time()", name: "Expires in", figures: (unit("s") + { decimals: 0 }) },
		{ query: "min by (certificate) (mola_certificate_left_ratio{\(of)})", name: "Life left", figures: (percent + { decimals: 0 }) },
		{ query: "sum by (certificate) (increase(mola_certificate_failures_total{\(of)}[24h]))", name: "Failures, 24 h", colored: true, figures: ({ decimals: 0 } + worse_above(1; 10)) }]),

	row("External proxies, and Prometheus servers"),
	table("External proxies"; "Whether the last publication to each succeeded, and whether the proxy has applied it: mola targets."; 12; 8; "target"; [
		{ name: "Proxy", width: 160 },
		{ query: "min by (target, kind) (mola_target_up{\(of)})", name: "Published", colored: true, figures: yes_no("published"; "failing") },
		{ name: "kind", width: 120 },
		{ query: "min by (target) (mola_target_taken{\(of)})", name: "Applied", colored: true, figures: yes_no("applied"; "differs") },
		{ query: "max by (target) (mola_target_published_age_seconds{\(of)})", name: "Last publication", figures: (unit("s") + { decimals: 0 }) },
		{ query: "sum by (target) (increase(mola_target_publications_total{\(of)}[1h]))", name: "Changes, 1 h", figures: { decimals: 0 } },
		{ query: "sum by (target) (increase(mola_target_failures_total{\(of)}[1h]))", name: "Failures, 1 h", colored: true, figures: ({ decimals: 0 } + worse_above(1; 10)) }]),
	(lines("Publications"; "To each proxy: servers that were added and removed, and shares that changed by more than the hysteresis."; 12;
		[query("sum by (target) (increase(mola_target_publications_total{\(of)}[$__rate_interval]))"; "{{target}}"),
		query("sum by (target) (increase(mola_target_failures_total{\(of)}[$__rate_interval]))"; "failed: {{target}}")]; unit("none")) | bars),
	states("Prometheus servers"; "Whether the last query to each succeeded. When one fails, the next is used: mola_prometheus_failures_total."; 24;
		query("min by (server) (mola_prometheus_up{\(of)})"; "{{server}}"); yes_no("ok"; "fails"))
])
