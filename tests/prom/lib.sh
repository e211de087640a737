# What the stories of tests/prom have in common besides tests/story.sh; tests/prom/run reads it. A story has $net, the first
# three numbers of addresses that are its own: nodes .1 .2 .3, Prometheus .90 and up, Mola .200.
. tests/story.sh

suite=prom
front=$net.200:8080			# Mola
prom=$net.90:9090			# where prometheus_start listens

tell() {
	api /api/v1/prometheus | jq -c '.servers[], .queries[]'
	api /api/v1/nodes | jq -c '.nodes[] | {name, state, source, age_seconds, busy, why, detail}'
}
# during SECONDS COMMAND...: it never fails
during() {
	local end=$((${EPOCHREALTIME/./} + $1 * 1000000))
	shift
	while [ "${EPOCHREALTIME/./}" -lt $end ]; do
		"$@" || return 1
		sleep 0.1
	done
}

# --- Prometheus ---

# prometheus_start [NAME ADDRESS:PORT [OPTION...]]: with $tmp/NAME.yml; by default `prometheus` at $prom
prometheus_start() {
	local name=${1:-prometheus} at=${2:-$prom}
	shift $(($# < 2 ? $# : 2))
	start "$name" prometheus --config.file="$tmp/$name.yml" --storage.tsdb.path="$tmp/$name.data" --web.listen-address="$at" \
	    --storage.tsdb.retention.time=1h --log.level=warn "$@"
	case " $* " in *--web.config.file*) ;; *) within 20 curl -sf -o /dev/null --max-time 2 "http://$at/-/ready" ;; esac
}
# scrape_conf JOB TARGET...: $tmp/prometheus.yml with this job, each second; more jobs: scrape_more
scrape_conf() {
	printf 'global: { scrape_interval: 1s, scrape_timeout: 1s }\nscrape_configs:\n' >"$tmp/prometheus.yml"
	scrape_more "$@"
}
scrape_more() {
	local job=$1 t
	shift
	printf '  - job_name: %s\n    static_configs:\n      - targets:\n' "$job" >>"$tmp/prometheus.yml"
	for t; do printf '          - "%s"\n' "$t" >>"$tmp/prometheus.yml"; done
}
# query PROMQL: the answer's result, as the HTTP API has it
query() { curl -s -f --max-time 5 --data-urlencode "query=$1" "http://$prom/api/v1/query" | jq -c .data.result; }
has_data() { [ "$(query "$1" | jq length)" -gt 0 ] 2>/dev/null; }
# exporter_start NAME ADDRESS:PORT [OPTION...]: Debian's node_exporter
exporter_start() {
	local name=$1 at=$2
	shift 2
	start "$name" prometheus-node-exporter --web.listen-address="$at" "$@"
	within 20 curl -sf -o /dev/null --max-time 2 "http://$at/metrics"
}
# liar_start NAME ADDRESS:PORT: promliar with $tmp/NAME/truth; lie NAME [WORD...]: how it tells it from now on
liar_start() {
	mkdir -p "$tmp/$1"
	start "$1" "$B/prom/promliar" "$2" "$tmp/$1"
	within 10 grep -qs ready "$tmp/$1.log"
}
lie() {
	local name=$1
	shift
	echo "$*" >"$tmp/$name/lie.new"
	mv "$tmp/$name/lie.new" "$tmp/$name/lie"
}

# --- nodes: n1 n2 n3, emulated, a task on each ---

# nodes_start CORES [MORE...]: cores of each, "4 4 4"; options of bench/cluster
nodes_start() {
	local cores=$1
	shift
	start nodes "$B/bench/cluster" --cores "$cores" --net "$net" --port 20080 --exporter-port 29100 "$@"
	within 20 curl -s -o "$tmp/page" --max-time 1 "http://$net.1:29100/metrics"
}
hog() { curl -sf -o /dev/null --max-time 5 -X POST "http://$net.254:20080/hog?node=$1&threads=$2"; }	# hog NODE THREADS

# --- Mola ---

# mola_conf SECTION-PROMETHEUS [MORE...]: the lines in it, and more of the file; writes $tmp/mola.yaml
mola_conf() {
	local section=$1 i
	shift
	{
		printf 'listen: "%s"\nadmin: { address: "%s.200:8000", socket: %s/admin.sock }\nworkers: 1\n' "$front" "$net" "$tmp"
		printf 'prometheus:\n%s\nnodes:\n' "$section"
		for i in 1 2 3; do echo "  - { name: n$i, address: $net.$i }"; done
		printf 'services:\n  - name: web\n    tasks:\n'
		for i in 1 2 3; do echo "      - { name: web.$i, node: n$i, address: \"$net.$i:20080\" }"; done
		[ $# = 0 ] || printf '%s\n' "$@"
	} >"$tmp/mola.yaml"
}
logged() { grep -q -- "$1" "$tmp/mola.log"; }
node_is() { says /api/v1/nodes ".nodes[] | select(.name == \"$1\") | $2"; }	# node_is NAME CONDITION
nodes_are() { says /api/v1/nodes "[.nodes[] | $1] | all"; }

# --- clients ---

# load_start RATE WORK: open loop, requests per second, core seconds each, until load_stop
load_start() { start load "$B/bench/load" --target "web=$front" --rate "$1" --work "$2" --seconds 600 --json; }
# shares SECONDS: of the requests begun within so many seconds, the part of each task: {"n1": .3, ...}
counts() { api /api/v1/tasks?service=web | jq -c '[.tasks[] | {key: .node, value: .requests_total}] | from_entries'; }
shares() {
	local before
	before=$(counts)
	sleep "$1"
	jq -cn --argjson a "$before" --argjson b "$(counts)" '($b | to_entries | map({key, value: (.value - $a[.key])})) as $d
	    | ($d | map(.value) | add) as $all | $d | map({key, value: (if $all > 0 then .value / $all else 0 end)}) | from_entries'
}
holds() { jq -en "$1" >/dev/null; }		# holds CONDITION
none_failed() { says /api/v1/services '.services[] | select(.name == "web") | .failures_total == 0 and .requests_total > 0'; }
