# lib: what all suites of shell have in common: words of TAP, programs that end with their story, Mola itself, emulated nodes,
# clients; by tests/front.sh certificates, a CA, servers of other protocols. The run file of a suite names itself in $suite, reads this from the top of the tree, adds what is the suite's own,
# and ends with `stories NAME...` or with `finish`.
#   $tmp   a folder of the suite, or of the story          $B, $MOLA   the build, and the program under test
# A story is a file NAME.sh beside the run file, or a function story_NAME of it. It runs in a shell of its own and has $net, the
# first three numbers of addresses that are its own (`at_net`). Figures are printed as `# bench SUITE-STORY-NAME VALUE UNIT`.
# KEEP=1 keeps the folder with its logs.

export PATH=$PATH:/usr/sbin:/sbin B=${B:-build/san}
export MOLA=${MOLA:-$PWD/$B/mola}
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1:abort_on_error=0:exitcode=99}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1:halt_on_error=1}
tmp=$(mktemp -d)
story=
declare -A pid=()			# of programs that were started, by name
mola_way=() mola_group=			# of mola_apart

# ---- TAP ----

ok() { echo "ok ${story:+$story: }$*"; }
# not_ok WORDS: with what there is to see: the ends of logs, and what the suite or the story shows
not_ok() {
	local log
	for log in "$tmp"/*.log; do [ ! -f "$log" ] || tail -n 25 "$log" | sed "s,^,# ${log##*/}: ,;\$a\\"; done
	show 2>&1 | sed 's/^/# /;$a\'		# the next line begins on its own, whatever this one lacks
	echo "not ok ${story:+$story: }$*"
	: >"$tmp/failed"
	return 1
}
show() { :; }
has_failed() { [ -e "$tmp/failed" ]; }
# check WORDS COMMAND...: what the command prints is seen when it fails; comments always
check() {
	local words=$1 said
	shift
	said=$(mktemp "$tmp/said.XXXXXX")
	if "$@" >"$said" 2>&1; then
		grep -E '^(# |ok |not ok )' "$said"
		ok "$words"
	else
		sed -E '/^(# |ok |not ok )/! s/^/# /' "$said" | tail -n 60
		not_ok "$words"
	fi
	local status=$?
	rm -f "$said"
	return $status
}
# must WORDS COMMAND...: without it there is no story
must() { check "$@" || exit 1; }
# skip WORDS: the story, or the suite, cannot run here; tests/run makes that a failure in CI
skip() { echo "ok ${story:-$suite} # SKIP $*"; exit 0; }
needs() { local tool; for tool; do command -v "$tool" >/dev/null || skip "there is no $tool"; done; }	# needs TOOL...
built() { local file; for file; do [ -x "$file" ] || { not_ok "there is no $file"; exit 1; }; done; }	# built PROGRAM...
finish() { ! has_failed; exit; }

# ---- time ----

now() { echo "$EPOCHREALTIME"; }
since() { awk -v a="$1" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.2f", (b > a ? b - a : 0) }'; }	# since TIME: seconds
bench() { echo "# bench $suite${story:+-$story}${1:+-$1} $2 $3"; }
# within SECONDS COMMAND...: until it succeeds. Where the machine is too busy for four tries a second there is more time, up to
# four times as much: how fast the machine is, is not what is asked.
within() {
	local within_most=$1 within_begun=${EPOCHREALTIME/./} within_tries=0 within_took
	shift
	until "$@"; do
		within_tries=$((within_tries + 1)) within_took=$((${EPOCHREALTIME/./} - within_begun))
		[ $within_took -lt $((within_most * 1000000)) ] ||
		    { [ $within_tries -lt $((within_most * 4)) ] && [ $within_took -lt $((within_most * 4000000)) ]; } || return 1
		sleep 0.05
	done
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

# ---- programs: start NAME COMMAND..., its words in $tmp/NAME.log; stop NAME [SIGNAL] waits and returns its status ----

start() {
	local name=$1
	shift
	setpriv --pdeathsig KILL "$@" >>"$tmp/$name.log" 2>&1 </dev/null &
	pid[$name]=$!
}
stop() {
	local p=${pid[$1]:-} status
	[ -n "$p" ] || return 0
	case $(cat "/proc/$p/comm" 2>/dev/null) in	# it passes no signal on
	nsenter) kill "-${2:-TERM}" $(pgrep -P "$p") ;;
	*) kill "-${2:-TERM}" "$p" ;;
	esac 2>/dev/null
	wait "$p" 2>/dev/null
	status=$?
	unset "pid[$1]"
	return $status
}
gone() { ! kill -0 "$1" 2>/dev/null; }			# gone PID
all_gone() { local p; for p; do gone "$p" || return 1; done; }

# kinds_good COUNT: the program kinds (tests/kinds.py) ends, and nothing failed there; there was some of each of so many kinds
kinds_good() {
	stop kinds
	sed 's/^/# kinds: /' "$tmp/kinds.log"
	[ "$(grep -cE '^(upgrade|call|long|tcp) [1-9][0-9]* 0$' "$tmp/kinds.log")" = "$1" ]
}

# end_story: programs end with it, however it ends; what else is to be undone, a function story_ends does
story_ends() { :; }
end_story() {
	local name
	trap - EXIT
	story_ends
	for name in "${!pid[@]}"; do stop "$name" KILL; done
	[ -z "$mola_group" ] || within 5 rmdir "$mola_group" 2>/dev/null
}
end_suite() {
	end_story
	if [ "${KEEP:-}" = 1 ]; then echo "# kept: $tmp"; else rm -rf "$tmp"; fi
}
trap end_suite EXIT
trap 'exit 1' INT TERM

# stories NAME...: each in a shell of its own, in which before_story comes first; after_story NAME follows it, outside
before_story() { :; }
after_story() { :; }
after_stories() { :; }
at_net() { echo "127.$1.$(((($$ * 16) + $2) % 239))"; }	# at_net BYTE NUMBER: stories that run at once do not meet; cluster needs room above
stories() {
	local name number=0 begun status
	for name; do
		[ -f "tests/$suite/$name.sh" ] || declare -F "story_$name" >/dev/null || { not_ok "there is no story '$name'"; continue; }
		number=$((number + 1)) begun=$SECONDS
		mkdir "$tmp/$name"
		(
			story=$name tmp=$tmp/$name net=$(at_net "${net_byte:-48}" $number)
			export TMPDIR=$tmp
			trap end_story EXIT
			trap 'exit 1' INT TERM
			before_story
			if declare -F "story_$name" >/dev/null; then "story_$name"; else . "tests/$suite/$name.sh"; fi
			! has_failed
		)
		status=$?
		[ $status = 0 ] || [ -e "$tmp/$name/failed" ] || not_ok "$name: ended with status $status"
		[ $status = 0 ] || : >"$tmp/failed"
		echo "# $name took $((SECONDS - begun)) s"
		after_story "$name"
	done
	after_stories
	finish
}

# ---- Mola, by $tmp/mola.yaml ----

# json_is CONDITION, of what is read. Nothing is nothing: jq 1.6 finds no fault in it.
json_is() {
	local text
	text=$(cat) && [ -n "$text" ] && jq -e "$1" <<<"$text" >/dev/null 2>&1
}
api() { curl -s -f --max-time 5 --unix-socket "$tmp/admin.sock" "http://localhost$1"; }
api_is() { api "$1" | json_is "$2"; }		# api_is PATH CONDITION
healthy() { [ "$(api /healthz)" = ok ]; }
mola_start() { start mola "${mola_way[@]}" "$MOLA" run "$tmp/mola.yaml"; within 60 healthy; }
# mola_apart: it will get a cgroup of its own for its share of the cores, where one can be made, as it has in a container. What
# verifies passwords is of the lowest priority there is, and gets nothing where others of its group keep all cores busy.
mola_apart() {
	local at=/sys/fs/cgroup
	if [ ! -e $at/cgroup.controllers ]; then at=$at/cpu; elif ! grep -qw cpu $at/cgroup.subtree_control; then return 0; fi
	mola_group=$at/mola-$suite-$BASHPID
	mkdir "$mola_group" 2>/dev/null || { mola_group=; return 0; }
	mola_way=(bash -c 'echo $$ >"$0/cgroup.procs"; exec "$@"' "$mola_group")
}
mola_reload() { kill -HUP "${pid[mola]}"; }
# In order: status 0, no child died but by a signal of ours, no sanitizer has found anything.
mola_stop() {
	stop mola TERM || return 1
	! grep -E 'Sanitizer|runtime error:' "$tmp/mola.log" && ! grep child.died "$tmp/mola.log" | grep -v 'signal 9'
}
mola_child() { pgrep -P "${pid[mola]}" -x "$1"; }
other_child() { local p; p=$(mola_child "$1") && [ "$p" != "$2" ]; }		# other_child NAME PID: it lives, under another pid
mola_drain() { "$MOLA" drain --admin "unix:$tmp/admin.sock" "$@" >/dev/null; }
logged() { grep -q -- "$1" "$tmp/mola.log"; }
node_is() { api_is /api/v1/nodes ".nodes[] | select(.name == \"$1\") | $2"; }	# node_is NAME CONDITION
nodes_are() { api_is /api/v1/nodes "[.nodes[] | $1] | all"; }
target_is() { api_is /api/v1/targets ".targets[] | select(.name == \"$1\") | $2"; }
# trouble SERVICE WHY WORDS: it is told of the service
trouble() { api_is /api/v1/services "[.services[] | select(.name == \"$1\").troubles[] | select(.why == \"$2\" and (.text | test(\"$3\")))] | length == 1"; }

# ---- emulated nodes: n1 n2 n3 at $net.1 and up, a task on each ----

# nodes_start CORES [OPTION...]: "4 4 4", and options of bench/cluster
nodes_start() {
	local cores=$1
	shift
	start nodes "$B/bench/cluster" --cores "$cores" --net "$net" --port 20080 --exporter-port 29100 "$@"
	within 20 curl -s -o "$tmp/page" --max-time 1 "http://$net.1:29100/metrics"
}
nodes_conf() { printf 'nodes:\n'; for i in 1 2 3; do echo "  - { name: n$i, node_exporter: $net.$i:29100 }"; done; }
# service_conf NAME NUMBER LINE...: tasks on these nodes ("1 2 3"); lines are more of the service
service_conf() {
	local name=$1 numbers=$2 i
	shift 2
	printf 'services:\n  - name: %s\n' "$name"
	[ $# = 0 ] || printf '    %s\n' "$@"
	printf '    tasks:\n'
	for i in $numbers; do echo "      - { name: $name.$i, node: n$i, address: \"$net.$i:20080\" }"; done
}
hog() { curl -sf -o /dev/null --max-time 5 -X POST "http://$net.254:20080/hog?node=$1&threads=$2"; }	# hog NODE THREADS

# ---- clients that keep the books strictly ----

# hammer THREADS PATH [strict]: of $front; hammered: stops them; books FIELD: what they wrote down
hammer() {
	: >"$tmp/books"
	setpriv --pdeathsig KILL "$B/faults/hammer" "$front" "$@" >"$tmp/books" &
	pid[hammer]=$!
}
hammered() {
	stop hammer TERM
	echo "# clients: $(cat "$tmp/books")"
}
books() { sed -n "s/.*\b$1 \([0-9]*\).*/\1/p" "$tmp/books"; }

# ---- servers of other people's making ----

listening() { (exec 3<>"/dev/tcp/$1/$2") 2>/dev/null; }		# listening ADDRESS PORT
# traefik_start [OPTION...]: of build/peers, at $front, its own API at $net.100:8082; answers from then on
traefik_start() {
	start traefik "${TRAEFIK:-build/peers/traefik}" --entrypoints.web.address="$front" --entrypoints.traefik.address="$net.100:8082" \
		--api.insecure=true --api.dashboard=false --providers.providersthrottleduration=10ms --log.level=INFO \
		--global.checknewversion=false --global.sendanonymoususage=false "$@"
	within 60 curl -s -f -o "$tmp/overview" --max-time 1 "http://$net.100:8082/api/overview"
}
traefik() { curl -s -f --max-time 2 "http://$net.100:8082$1"; }	# traefik PATH: of its API

. tests/front.sh
