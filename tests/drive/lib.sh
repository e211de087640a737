# What the stories of tests/drive have in common; tests/drive/run reads it. A story has $tmp, a folder, and $net, the
# first three numbers of addresses that are its own: nodes .1 .2 .3, Mola .200, the proxy .100. It runs in a shell of its own; what
# it starts with `start` ends with it.

front=$net.100:8080			# of the proxy
failed=0
declare -A pid=()

ok() { echo "ok $story: $*"; }
not_ok() {		# tells what there was to see
	failed=$((failed + 1))
	local log
	for log in "$tmp"/*.log; do sed "s,^,# ${log##*/}: ," "$log" | tail -n 25; done
	api /api/v1/targets | jq -c '.targets[] | del(.weight_zero, .drain, .how)' 2>/dev/null | sed 's/^/# /'
	echo "not ok $story: $*"
}
# check WORDS COMMAND...
check() {
	local words=$1
	shift
	if "$@"; then ok "$words"; else not_ok "$words"; fi
}
# must WORDS COMMAND...: without it there is no story
must() { local before=$failed; check "$@"; [ "$failed" = "$before" ] || exit 1; }
skip() { echo "ok $story # SKIP $*"; exit 0; }
bench() { echo "# bench drive-$story-$1 $2 $3"; }
# within SECONDS COMMAND...: until it succeeds
within() {
	local end=$((${EPOCHREALTIME/./} + $1 * 1000000))
	shift
	until "$@"; do
		[ "${EPOCHREALTIME/./}" -lt $end ] || return 1
		sleep 0.05
	done
}

# --- programs: start NAME COMMAND..., its words in $tmp/NAME.log; stop NAME [SIGNAL] waits and returns its status ---

start() {
	local name=$1
	shift
	setpriv --pdeathsig KILL "$@" >>"$tmp/$name.log" 2>&1 </dev/null &
	pid[$name]=$!
}
stop() {
	local p=${pid[$1]:-} status
	[ -n "$p" ] || return 0
	kill "-${2:-TERM}" "$p" 2>/dev/null
	wait "$p" 2>/dev/null
	status=$?
	unset "pid[$1]"
	return $status
}
end_story() {
	local name
	trap - EXIT
	for name in "${!pid[@]}"; do stop "$name" KILL; done
}
trap end_story EXIT
trap 'exit 1' INT TERM

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
api() { curl -s -f --max-time 5 --unix-socket "$tmp/admin.sock" "http://localhost$1"; }
says() { api "$1" | jq -e "$2" >/dev/null 2>&1; }	# says PATH CONDITION
healthy() { [ "$(api /healthz)" = ok ]; }
mola_start() { start mola "$MOLA" run "$tmp/mola.yaml"; within 20 healthy; }
mola_reload() { kill -HUP "${pid[mola]}"; }
mola_child() { pgrep -P "${pid[mola]}" -x "$1"; }
target_is() { says /api/v1/targets ".targets[] | select(.name == \"$1\") | $2"; }	# target_is NAME CONDITION
# weights_are NAME SERVICE '{"n1": 1, ...}': not far from what was told, by node
drain() { "$MOLA" drain --admin "unix:$tmp/admin.sock" "$@" >/dev/null; }
# In order: status 0, nobody died but by our hand, not a word from a sanitizer.
mola_stop() {
	stop mola TERM || return 1
	! grep -E 'Sanitizer|runtime error:' "$tmp/mola.log" && ! grep child.died "$tmp/mola.log" | grep -v 'signal 9'
}

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
