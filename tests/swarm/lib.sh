# What the stories of tests/swarm have in common; tests/swarm/run reads it. A story is a file NAME.sh that runs in a shell
# of its own, with three nodes that are all managers, and no service on them. It prints TAP, and figures as
# `# bench swarm-NAME VALUE UNIT`. What it starts ends with it; what it does to the nodes is mended after it.

swarm=$PWD/tests/swarm/swarm
manager=node1				# whom we ask; a story that kills it names another
nodes="node1 node2 node3"
front=$SWARM_NET.1:8080			# Mola, in lan
targets="mola=$front"			# of the load: each gets the same requests at the same moments
image=mola-hello
declare -A pid=()

ok() { echo "ok $story: $*"; }
not_ok() { # tells what there was to see
	{
		echo "--- services"
		engine /services | jq -c '.[] | {name: .Spec.Name, labels: .Spec.Labels, update: .UpdateStatus}'
		echo "--- tasks"
		engine /tasks | jq -c '.[] | {service: .ServiceID, slot: .Slot, node: .NodeID, wanted: .DesiredState, status: .Status.State, why: .Status.Err}' | tail -n 15
		echo "--- Mola"
		api /api/v1/tasks | jq -c '.tasks[]'
		api /api/v1/services | jq -c '.services[]'
		api /api/v1/swarm
		tail -n 40 "$dir/mola.log"
	} 2>&1 | sed 's/^/# /'
	echo "not ok $story: $*"
	touch "$dir/failed"
}
# check WORDS COMMAND...
check() {
	local words=$1
	shift
	if "$@"; then ok "$words"; else not_ok "$words"; fi
}
# must WORDS COMMAND...: without it there is no story
must() { check "$@"; [ ! -e "$dir/failed" ] || exit 1; }
bench() { echo "# bench swarm-$1 $2 $3"; }
now() { echo "$EPOCHREALTIME"; }
since() { awk -v a="$1" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.2f", (b > a ? b - a : 0) }'; }
# within SECONDS COMMAND...: until it succeeds
within() {
	local end=$((${EPOCHREALTIME/./} + $1 * 1000000))
	shift
	until "$@"; do
		[ "${EPOCHREALTIME/./}" -lt $end ] || return 1
		sleep 0.05
	done
}

# --- programs: start WHERE NAME COMMAND..., on a node or in lan. They die with the story. ---

start() {
	local where=$1 name=$2
	shift 2
	setpriv --pdeathsig KILL "$swarm" exec "$where" "$@" >"$dir/$name.log" 2>&1 </dev/null &
	pid[$name]=$!
}
# On a node there is a process of ours in between, which cannot pass a signal on.
stop() { # stop NAME [SIGNAL]
	local p=${pid[$1]:-} inner
	[ -n "$p" ] || return 0
	inner=$(pgrep -P "$p" -x nsenter || pgrep -P "$p" || true)
	case $(cat "/proc/$p/comm" 2>/dev/null) in nsenter) kill "-${2:-TERM}" $inner ;; *) kill "-${2:-TERM}" "$p" ;; esac 2>/dev/null
	wait "$p" 2>/dev/null
	stopped=$?
	unset "pid[$1]"
	return $stopped
}

# --- Mola ---

api() { curl -s -f --max-time 5 --unix-socket "$dir/admin.sock" "http://mola$1"; }
says() { [ "$(api "$1" | jq "$2" 2>/dev/null)" = true ]; }		# says PATH CONDITION
healthy() { [ "$(api /healthz)" = ok ]; }
fresh() { says /api/v1/nodes '[.nodes[] | select(.state == "fresh")] | length == 3'; }

# mola_start [LINES]: a Mola in lan that asks all managers, and an agent on each node; more of the configuration as LINES
mola_start() {
	local n sockets=
	for n in $nodes; do
		sockets="$sockets, \"unix://$("$swarm" sock "$n")\""
		start "$n" "agent-$n" "$MOLA" agent --listen "$(address_of "$n"):9101"
	done
	cat >"$dir/mola.yaml" <<-E
	listen: [ "$front" ]
	admin: { address: none, socket: $dir/admin.sock }
	workers: 1
	signals: { period: 500ms, timeout: 2s }
	swarm: { endpoint: [ ${sockets#, } ], agent: '{address}:9101' }
	defaults: { connect: 1s, response: 10s }
	${1:-}
	E
	start lan mola "$MOLA" run "$dir/mola.yaml"
	must "Mola starts" within 20 healthy
}
mola_stop() {
	stop mola TERM
	grep -E 'Sanitizer|runtime error:' "$dir/mola.log" && stopped=99
	check "Mola ends cleanly" test "$stopped" = 0
}

# --- the Swarm ---

dk() { "$swarm" docker "$manager" "$@"; }
engine() { curl -s -f -g --max-time 5 --unix-socket "$("$swarm" sock "$manager")" "http://engine$1"; }	# in its own version
address_of() { echo "$SWARM_NET.$((10 + ${1#node}))"; }

# serve NAME REPLICAS [ARGS...]: a service of tests/swarm/hello.c, its port 8080 on any free port of the node
serve() {
	local name=$1 replicas=$2
	shift 2
	dk service create -d -q --no-resolve-image --name "$name" --replicas "$replicas" --publish mode=host,target=8080 \
		--env 'NODE_NAME={{.Node.Hostname}}' --env 'TASK_NAME={{.Task.Name}}' --label mola.host="$name.test" --label mola.port=8080 \
		--restart-delay 0s --stop-grace-period 20s --update-monitor 1s "$@" $image >/dev/null
}
scale() { dk service scale -d "$1=$2" >/dev/null; }
update() { dk service update -d -q --no-resolve-image "$@" >/dev/null; }	# update ARGS... NAME
update_is() { [ "$(engine "/services/$1" | jq -r .UpdateStatus.State)" = "$2" ]; }

# Tasks that Swarm wants and that run, of a service: "ADDRESS:PORT NODE SECONDS_SINCE_1970"
running() {
	engine "/tasks?filters={\"service\":{\"$1\":true},\"desired-state\":{\"running\":true}}" | jq -r --slurpfile n "$dir/nodes.json" '
		def seconds: (.[0:19] + "Z" | fromdateiso8601) + ("0" + .[19:-1] | tonumber);
		.[] | select(.Status.State == "running" and (.Status.PortStatus.Ports | length) > 0) | $n[0][.NodeID] as $at |
		"\($at.address):\(.Status.PortStatus.Ports[0].PublishedPort) \($at.name) \(.Status.Timestamp | seconds)"' | sort
}
run_on() { [ "$(running "$1" | wc -l)" = "$2" ]; }			# run_on NAME COUNT
in_table() { api "/api/v1/tasks?service=$1" | jq -r '.tasks[] | select(.state != "draining") | .address' | sort; }
# agree NAME COUNT: the table has those tasks that run, and there are so many
agree() {
	local tasks
	tasks=$(running "$1" | cut -d ' ' -f 1)
	[ "$(wc -w <<<"$tasks")" = "$2" ] && [ "$tasks" = "$(in_table "$1")" ]
}
# Time that has passed since the last of the service's tasks ran.
since_started() { since "$(running "$1" | cut -d ' ' -f 3 | sort -n | tail -n 1)"; }
heartbeat() { dk swarm update --dispatcher-heartbeat "$1" >/dev/null; }	# a node that is silent for three of them is down
state_of() { engine /nodes | jq -r ".[] | select(.Description.Hostname == \"$1\") | .Status.State"; }
node_down() { [ "$(state_of "$1")" = down ]; }
nodes_ready() { [ "$(engine /nodes | jq '[.[] | select(.Status.State == "ready" and .ManagerStatus.Reachability == "reachable")] | length')" = 3 ]; }

# mola_image TAG: the image, as people make it, on the manager
mola_image() { env -u MOLA make -s mola && env -u MOLA DOCKER_HOST="unix://$("$swarm" sock "$manager")" tools/image build "$1"; }

# --- the load: an open loop, so that nothing waits for an answer before it asks ---

load_done() { awk '/^target mola / { n = $6 } END { print n + 0 }' "$dir/progress"; }
load_past() { [ "$(load_done)" -ge "$1" ]; }
# load_start HOST [REQUESTS_PER_SECOND [SECONDS_OF_CPU_EACH]]; returns when there are answers
load_start() {
	local t to=()
	for t in $targets; do to+=(--target "$t,$1"); done
	: >"$dir/progress"
	start lan load bash -c 'exec 3>"$1"; shift; exec "$@"' - "$dir/progress" "$PWD/$B/bench/load" "${to[@]}" \
		--rate "${2:-40}" --work "${3:-0.004}" --seconds 600 --json --progress 3 --every 0.2
	within 10 load_past 10 || not_ok "requests for $1 are answered"
}
load_goes_on() { within 10 load_past $(($(load_done) + ${1:-20})); }
load_idle() { awk '/^target/ { new += $10 } /^end/ { last = new; new = 0 } END { exit last != 0 }' "$dir/progress"; }
# load_stop [FAILURES]: how many there may be. Those that still wait are waited for: a lost one fails late.
load_stop() {
	local report failed asked
	load_goes_on
	within 15 load_idle
	stop load INT
	report=$(grep '^{' "$dir/load.log")
	failed=$(jq '[.targets[].failed] | add' <<<"$report") asked=$(jq '[.targets[].requests] | add' <<<"$report")
	jq -r '.targets[] | "# load: \({name, requests, p50_ms, p99_ms, max_ms, failures, answered})"' <<<"$report"
	check "of $asked requests ${failed:-?} failed, ${1:-0} may" test "${failed:-x}" -le "${1:-0}" -a "${asked:-0}" -gt 20
}
