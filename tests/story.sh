# What stories have in common, of proxies and of Prometheus: words of TAP, programs that end with their story, Mola itself. Read by
# the lib.sh of a suite, which names itself in $suite and has `tell`. A story runs in a shell of its own and has $tmp, a folder.

failed=0
declare -A pid=()

ok() { echo "ok $story: $*"; }
not_ok() {		# tells what there was to see: logs, and what the suite adds (tell)
	failed=$((failed + 1))
	local log
	for log in "$tmp"/*.log; do sed "s,^,# ${log##*/}: ," "$log" | tail -n 25; done
	tell 2>/dev/null | sed 's/^/# /'
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
bench() { echo "# bench $suite-$story-$1 $2 $3"; }
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

# --- Mola, by $tmp/mola.yaml ---

api() { curl -s -f --max-time 5 --unix-socket "$tmp/admin.sock" "http://localhost$1"; }
says() { api "$1" | jq -e "$2" >/dev/null 2>&1; }	# says PATH CONDITION
healthy() { [ "$(api /healthz)" = ok ]; }
mola_start() { start mola "$MOLA" run "$tmp/mola.yaml"; within 60 healthy; }
mola_reload() { kill -HUP "${pid[mola]}"; }
# In order: status 0, nobody died but by our hand, not a word from a sanitizer.
mola_stop() {
	stop mola TERM || return 1
	! grep -E 'Sanitizer|runtime error:' "$tmp/mola.log" && ! grep child.died "$tmp/mola.log" | grep -v 'signal 9'
}
