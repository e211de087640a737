# What the stories of tests/drive have in common besides tests/story.sh; tests/drive/run reads it. A story has $net, the first
# three numbers of addresses that are its own: nodes .1 .2 .3, Mola .200, the proxy .100.
. tests/story.sh

suite=${suite:-drive}
front=$net.100:8080			# of the proxy

tell() { api /api/v1/targets | jq -c '.targets[] | del(.weight_zero, .drain, .how)'; }

# --- nodes: n1 n2 n3 with 1, 2 and 4 cores, a task on each ---

# nodes_start [MORE...]: options of bench/cluster
nodes_start() {
	start nodes "$B/bench/cluster" --cores "1 2 4" --net "$net" --port 20080 --exporter-port 29100 "$@"
	within 10 curl -s -o "$tmp/page" --max-time 1 "http://$net.1:29100/metrics"
}
nodes_conf() { printf 'nodes:\n'; for i in 1 2 3; do echo "  - { name: n$i, node_exporter: $net.$i:29100 }"; done; }
# service_conf NAME [TASK-NUMBER...]: one service, tasks on these nodes (all)
service_conf() {
	local name=$1 i
	shift
	[ $# -gt 0 ] || set -- 1 2 3
	printf 'services:\n  - name: %s\n    health: { path: /, interval: 200ms, timeout: 1s }\n    tasks:\n' "$name"
	for i; do echo "      - { name: $name.$i, node: n$i, address: \"$net.$i:20080\" }"; done
}

# --- Mola ---

# mola_conf TARGETS [SERVICE [TASK-NUMBER...]]: the lines of targets; writes $tmp/mola.yaml
mola_conf() {
	local targets=$1
	shift
	[ $# -gt 0 ] || set -- web
	{
		printf 'admin: { address: "%s.200:8000", socket: %s/admin.sock }\nworkers: 1\nsignals: { period: 100ms }\n' "$net" "$tmp"
		nodes_conf
		service_conf "$@"
		printf 'targets:\n%s\n' "$targets"
	} >"$tmp/mola.yaml"
}
mola_child() { pgrep -P "${pid[mola]}" -x "$1"; }
target_is() { says /api/v1/targets ".targets[] | select(.name == \"$1\") | $2"; }	# target_is NAME CONDITION
# weights_are NAME SERVICE '{"n1": 1, ...}': not far from what was told, by node
drain() { "$MOLA" drain --admin "unix:$tmp/admin.sock" "$@" >/dev/null; }
# mola_targets ARGUMENTS...: by the socket; its words in $tmp/words.log
mola_targets() { "$MOLA" targets --admin "unix:$tmp/admin.sock" "$@" >"$tmp/words.log" 2>&1; }
withdrawn() { target_is "$1" '.state == "withdrawn" and .services == []'; }
other_brain() { local p; p=$(mola_child brain) && [ "$p" != "$1" ]; }
# --- clients ---

# hammer THREADS PATH [strict]: clients of the proxy; hammered: stops them; books FIELD: what they wrote down
hammer() {
	rm -f "$tmp/books"
	setpriv --pdeathsig KILL "$B/faults/hammer" "$front" "$@" >"$tmp/books" &
	pid[hammer]=$!
}
hammered() {
	stop hammer TERM
	echo "# clients: $(cat "$tmp/books")"
}
books() { sed -n "s/.*\b$1 \([0-9]*\).*/\1/p" "$tmp/books"; }
none_failed() { [ "$(books ok)" -gt "${1:-20}" ] && [ "$(books failed)" = 0 ] && [ "$(books refused)" = 0 ]; }

# --- who answered: nodes tell their names ---

# answers N: of N new requests, how many each node answered, as {"n1": 1, ...}
answers() {
	local i
	for ((i = 0; i < $1; i++)); do printf 'url = "http://%s/?work=0.0001"\noutput = /dev/null\n' "$front"; done |
		curl -s --max-time 20 -K - -w '%header{x-node}\n' | sort | uniq -c |
		jq -Rn '[inputs | capture("^ *(?<n>[0-9]+) (?<node>.*)$") | {key: .node, value: (.n | tonumber)}] | from_entries'
}
