# Every question of every dashboard and rule, asked of a real Prometheus that scrapes real Molas under load, a real
# node_exporter and emulated ones. One Mola is well: no alert has anything to say. Then everything goes wrong at once that there is
# an alert for: each has its data, and names who it is about.
net=127.47.$((1 + $$ % 70)) ill=127.47.$((81 + $$ % 70)) lost=127.47.$((161 + $$ % 70))
front=$net.100:8080
. tests/front.sh
[ -x build/peers/traefik ] || skip "there is no build/peers/traefik; tools/peers traefik makes it"

# --- the parts ---

prom=http://$net.250:9090
ask() { curl -s --max-time 10 "$prom/api/v1/query" --data-urlencode "query=$1" "${@:2}"; }
ask_over_time() {
	local now=${EPOCHSECONDS}
	curl -s --max-time 10 "$prom/api/v1/query_range" --data-urlencode "query=$1" -d start=$((now - 10)) -d end="$now" -d step=1
}
# A number that a panel can draw; nothing to warn of.
numbers='.status == "success" and (.warnings == null) and ([.data.result[] | (.values[]?, .value?) | select(.) | .[1] | select(test("NaN|Inf") | not)] | length > 0)'
has() { ask "$1" "${@:2}" | json_is "$numbers"; }
scrapes() { # scrapes ADDRESS...: these are the job `mola`
	printf '%s\n' "$@" | jq -Rn '[{targets: [inputs]}]' >"$tmp/molas.new"
	mv "$tmp/molas.new" "$tmp/molas.json"
}
prometheus_of_all() {
	cat >"$tmp/prometheus.yml" <<-Y
	global: { scrape_interval: 1s, evaluation_interval: 1s }
	rule_files: [ "$PWD/deploy/prometheus/rules.yml" ]
	scrape_configs:
	  - job_name: mola
	    file_sd_configs: [ { files: [ "$tmp/molas.json" ], refresh_interval: 1s } ]
	  - job_name: node
	    static_configs: [ { targets: [ "$net.201:9100", "$net.1:29100", "$net.2:29100", "$net.3:29100" ] } ]
	Y
	prometheus_start prometheus "${prom#http://}" && within 20 has up
}
# clients URL: five requests at a time, all the while
clients() {
	start clients bash -c 'while :; do curl -s -o /dev/null --max-time 2 "$0?work=0.005&n=[1-20]"; done' "$1"
}

# --- one that is well: three emulated nodes, this machine, and a Traefik that it drives ---

mkdir "$tmp/etc"
must "nodes" nodes_start "1 2 4" --tenants 0.2 --burst 0.1
start exporter prometheus-node-exporter --web.listen-address="$net.201:9100" --log.level=error --no-collector.systemd
{
	printf 'listen: "%s.200:8080"\nadmin: { address: "%s.200:8000", socket: %s/admin.sock }\nworkers: 1\nsignals: { period: 200ms }\n' "$net" "$net" "$tmp"
	nodes_conf
	service_conf web "1 2 3" 'health: { path: /, interval: 200ms, timeout: 1s }' 'promql: max by (instance) (node_load1{instance=~".*:29100"}) / 100'
	printf 'prometheus: { servers: [ "%s" ], signals: false }\n' "$prom"
	echo "targets:"
	echo "  - { name: edge, kind: traefik-file, file: $tmp/etc/dynamic_conf.yml, api: \"http://$net.100:8082\", poll: 200ms, interval: 100ms, routers: true, entry_points: web }"
} >"$tmp/mola.yaml"
must "Traefik starts" traefik_start --providers.file.directory="$tmp/etc"
must "a Mola starts that is well" mola_start
must "Traefik has what it was told" within 20 target_is edge .taken
clients "http://$net.200:8080/"
scrapes "$net.200:8000"
must "Prometheus starts, and scrapes" prometheus_of_all
curl -s "http://$net.200:8000/metrics" >"$tmp/page"
check "promtool finds nothing in Mola's metrics" promtool check metrics <"$tmp/page"
# Python's client is strict about OpenMetrics: units, endings, the order, the end.
openmetrics() {
	curl -s -D "$tmp/head" -H 'Accept: application/openmetrics-text;version=1.0.0,text/plain;q=0.3' "http://$net.200:8000/metrics" >"$tmp/open"
	grep -qi '^content-type: application/openmetrics-text; version=1.0.0; charset=utf-8' "$tmp/head" && /usr/bin/python3 -c '
import sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families
families = list(text_string_to_metric_families(sys.stdin.read()))
sys.exit(not (len(families) > 60 and any(f.unit == "seconds" for f in families)))' <"$tmp/open"
}
check "OpenMetrics is what a strict reader expects" openmetrics
units() { curl -s --max-time 5 "$prom/api/v1/targets/metadata?metric=mola_service_request_duration_seconds" | json_is '.data[0] | .type == "histogram" and .unit == "seconds"'; }
check "Prometheus itself scrapes OpenMetrics" within 10 units
same_series() { diff <(grep -v '^#' "$tmp/page" | sed 's/ [^ ]*$//; s/ *$//' | grep -v _ended_total | sort) <(grep -v '^#' "$tmp/open" | sed 's/ [^ ]*$//; s/le="\([0-9]*\)\.0"/le="\1"/' | grep -v _ended_total | sort); }
check "both forms have the same series" same_series

rules() { curl -s --max-time 10 "$prom/api/v1/rules"; }
rules >"$tmp/rules.json"
jq -c '.data.groups[].rules[] | select(.type == "alerting") | {name, expr: .query}' "$tmp/rules.json" >"$tmp/alerts"
[ "$(wc -l <"$tmp/alerts")" = "$(grep -c '^ *- alert:' deploy/prometheus/rules.yml)" ] && ok "Prometheus took every alert" || not_ok "Prometheus took every alert"

loud() { # which alerts would speak now
	local line
	while read -r line; do
		ask "$(jq -r .expr <<<"$line")" | json_is '.status == "success" and .data.result == []' || jq -r .name <<<"$line"
	done <"$tmp/alerts"
}
quiet() { loud >"$tmp/loud" && [ ! -s "$tmp/loud" ]; }
under_load() { has 'sum(rate(mola_requests_total[15s])) > 5 and on () avg(mola_node_signal_up) == 1'; }
must "the Mola has load, and hears of all nodes" within 20 under_load
within 10 quiet && ok "no alert has anything to say while all is well" || { sed 's/^/# /' "$tmp/loud"; not_ok "no alert has anything to say while all is well"; }

# --- others, with all that can be wrong ---

start illnodes "$B/bench/cluster" --cores "1 1" --net "$ill" --port 20080 --exporter-port 29100 --parked "0.5 0.98" --hog 1,6,0
start lostnode "$B/bench/cluster" --cores 1 --net "$lost" --port 20080 --exporter-port 29100
start liar "$B/faults/liar" mute "$ill.9:9"
must "a CA is made" ca_make
must "it has issued a certificate that has expired" cert_make old --expired old.example
cat >"$tmp/ill.yaml" <<Y
tls: { certificates: [ { cert: $ca/old.crt, key: $ca/old.key }, $tmp/none.pem ] }
listen: "$ill.200:8080"
admin: { address: "$ill.200:8000", socket: $tmp/ill.sock }
workers: 1
signals: { period: 200ms }
nodes:
  - { name: real, node_exporter: "$net.201:9100" }
  - { name: hot, node_exporter: "$ill.1:29100" }
  - { name: full, node_exporter: "$ill.2:29100" }
  - { name: lost, node_exporter: "$lost.1:29100" }
  - { name: mute1, node_exporter: "$ill.3:29100" }
  - { name: mute2, node_exporter: "$ill.4:29100" }
  - { name: mute3, node_exporter: "$ill.5:29100" }
services:
  - name: errors
    path: /errors
    response: 100ms
    overload: { bound: 1, wait: 0ms }
    tasks: [ { name: errors.1, node: hot, address: "$ill.9:9" } ]
    promql:
      - { name: load, query: 'node_load1{instance="$net.201:9100"} / 100' }
      - { name: wrong, query: 'nothing_that_there_is' }
  - name: limited
    path: /limited
    max_inflight: 1
    overload: { wait: 0ms }
    response: 100ms
    tasks: [ { name: limited.1, node: real, address: "$ill.9:9" } ]
  - name: gone
    path: /gone
    health: { path: /, interval: 200ms, fall: 1 }
    tasks: [ { name: gone.1, node: real, address: "$ill.9:11" } ]
prometheus: { servers: [ "http://$ill.249:9090", "$prom" ], signals: false }
targets:
  - { name: deaf, kind: traefik-file, file: $tmp/nowhere/dynamic_conf.yml }
  - { name: stranger, kind: traefik-file, file: $tmp/strange.yml, api: "http://$net.100:8082", poll: 200ms, interval: 100ms }
Y
cat >"$tmp/swarmless.yaml" <<Y
listen: "$ill.201:8080"
admin: { address: "$ill.201:8000", socket: $tmp/swarmless.sock }
workers: 1
swarm: { endpoint: "unix://$tmp/nobody.sock" }
Y
of_ill() { curl -s -f --max-time 5 --unix-socket "$tmp/ill.sock" "http://localhost$1"; }
ill_up() { of_ill /api/v1/nodes >/dev/null; }
hears() { of_ill /api/v1/nodes | json_is "any(.nodes[]; .name == \"$1\" and .state == \"fresh\")"; }
start swarmless "$MOLA" run "$tmp/swarmless.yaml"
start ill "$MOLA" run "$tmp/ill.yaml"
must "a Mola starts that is ill" within 20 ill_up
scrapes "$net.200:8000" "$ill.200:8000" "$ill.201:8000" "$ill.249:8000"
must "Prometheus finds it" within 20 has "mola_process_starts_total{instance=\"$ill.200:8000\"}"
another_brain() { local b; b=$(pgrep -P "${pid[ill]}" -x brain) && [ "$b" != "$brain" ] && ill_up; }
for i in 1 2 3; do
	brain=$(pgrep -P "${pid[ill]}" -x brain)
	kill -KILL "$brain"
	must "its brain dies, and another comes" within 20 another_brain
done
must "it hears of a node" within 10 hears lost
stop lostnode KILL
echo "nonsense: [" >>"$tmp/ill.yaml"
kill -HUP "${pid[ill]}"
# Two of each at a time: for the second the hot node is full.
start ill-clients bash -c 'while :; do curl -Z -s -o /dev/null --max-time 2 "http://$0/{errors,limited,gone}?work=0.001&n=[1-20]"; sleep 0.1; done' "$ill.200:8080"

# --- the dashboards ---

# Variables are asked for as Grafana does, in their order; some of their values are chosen here, if they are among the answers.
declare -A choice=([node]=real [service]=errors [job]=mola)
values='{"__rate_interval": "15s", "datasource": "prom"}'
variable_values() { # variable_values QUERY REGEX: one a line
	local q=$1 regex=$2 metric label
	case $q in
	label_values*)
		q=${q#label_values(} q=${q%)} label=${q##*, } metric=${q%, *}
		curl -s -G --max-time 10 "$prom/api/v1/label/$label/values" --data-urlencode "match[]=$metric" -d start=$((EPOCHSECONDS - 30)) | jq -r '.data[]' ;;
	query_result*)
		q=${q#query_result(} q=${q%)}
		ask "$q" | jq -r '.data.result[] | "\(.metric.__name__){" + (.metric | del(.__name__) | to_entries | map("\(.key)=\"\(.value)\"") | join(",")) + "} \(.value[1])"' |
			jq -Rr --arg re "${regex:1:-1}" 'capture($re | sub("\\("; "(?<v>")) | .v' ;;
	esac
}
fill() { jq -rn --argjson values "$values" --arg text "$1" '$text | . as $t | reduce ($values | to_entries | sort_by(-(.key | length))[]) as $v ($t; gsub("\\$\($v.key)\\b"; $v.value))'; }
variables() { # variables BOARD
	local name query regex multi found value
	while IFS=$'\t' read -r name query regex multi; do
		found=$(variable_values "$(fill "$query")" "$regex")
		value=${choice[$name]:-${found%%$'\n'*}}
		case $name in told|address) ;; *) # one of the two may be all that is known of a node
			grep -qxF "$value" <<<"$found" && ok "$1: \$$name has values" || { echo "# $(fill "$query"): $found"; not_ok "$1: \$$name has values"; } ;;
		esac
		[ "$multi" = true ] && value=.+
		values=$(jq -c --arg n "$name" --arg v "$value" '.[$n] = $v' <<<"$values")
	done < <(jq -r '.templating.list[] | select(.type == "query") | [.name, .query.query, (.regex // "" | if . == "" then "-" else . end), .multi] | join("\t")' "deploy/grafana/$1.json")
}
drawn() { if [ "$2" = true ]; then ask_over_time "$1"; else ask "$1"; fi | json_is "$numbers"; }
for board in fleet node service mola; do
	variables $board
	jq -c --argjson values "$values" -f tests/prom/grafana.jq deploy/grafana/$board.json >"$tmp/questions"
	while read -r line; do
		who=$(jq -r .who <<<"$line") expr=$(jq -r .expr <<<"$line")
		within 10 drawn "$expr" "$(jq .over_time <<<"$line")" && ok "$who" || { echo "# $expr"; not_ok "$who has data"; }
	done <"$tmp/questions"
done
[ "$(jq -r .exporter <<<"$values")" = "$net.201:9100" ] && ok "the node's own exporter is found" || not_ok "the node's own exporter is found"

# --- the rules ---

# What cannot be had in seconds is asked without its threshold.
question() { case $1 in MolaWorkerBusy|MolaServiceSlow) echo "${2% > *} > 0" ;; *) echo "$2" ;; esac; }
speaks() { # speaks NAME EXPR
	case $1 in
	MolaGone) has "$2" -d time=$((EPOCHSECONDS - 86400)) ;;	# when nobody was there yet
	*) has "$(question "$1" "$2")" ;;
	esac
}
while read -r line; do
	name=$(jq -r .name <<<"$line")
	check "$name has data when its cause is there" within 40 speaks "$name" "$(jq -r .expr <<<"$line")"
done <"$tmp/alerts"
named() { # named QUERY LABEL VALUE
	ask "$1" >"$tmp/named" && jq -e --arg v "$3" "[.data.result[].metric.$2] | index(\$v)" "$tmp/named" >/dev/null || { sed "s/^/# /" "$tmp/named"; false; }
}
check "the hot node is named" named "$(jq -r 'select(.name == "MolaNodeHot").expr' "$tmp/alerts")" node hot
check "the one without memory is named" named "$(jq -r 'select(.name == "MolaNodeMemoryLow").expr' "$tmp/alerts")" node full
check "the service that is gone is named" named "$(jq -r 'select(.name == "MolaServiceDown").expr' "$tmp/alerts")" service gone
check "the service whose limit refuses requests is named" named "$(jq -r 'select(.name == "MolaServiceAtLimit").expr' "$tmp/alerts")" service limited
check "the target that cannot be told is named" named "$(jq -r 'select(.name == "MolaTargetFailing").expr' "$tmp/alerts")" target deaf
check "the one that has something else is named" named "$(jq -r 'select(.name == "MolaTargetNotTaken").expr' "$tmp/alerts")" target stranger
check "the certificate that has expired is named" named "$(jq -r 'select(.name == "MolaCertificateExpired").expr' "$tmp/alerts")" certificate "file:$ca/old.crt"
check "the one that cannot be read is named" named "$(jq -r 'select(.name == "MolaCertificateFailing").expr' "$tmp/alerts")" certificate "file:$tmp/none.pem"

for record in $(sed -n 's/^ *- record: //p' deploy/prometheus/rules.yml); do check "$record is kept" within 10 has "$record"; done
rules_well() { rules | json_is '[.data.groups[].rules[]] | length > 20 and all(.health == "ok")'; }
check "Prometheus evaluates every rule without an error" within 10 rules_well

stop ill-clients KILL
stop clients KILL
stop ill || not_ok "the ill Mola ends in order"
check "the other, too" mola_stop
