# A memory limit is reached in the middle of 4000 half-heads: those who come then are refused and told so, and nothing else happens. The
# worker lives, takes a new table, and serves everybody when the crowd has gone. Sanitizers want more address space than any limit
# leaves them, so this wants a build without.
plain=$MOLA
if grep -qa __asan_init "$MOLA"; then plain=build/release/mola; fi
[ -x "$plain" ] || skip "there is no build without sanitizers ($plain)"
MOLA=$plain

start task python3 tests/hostile/task.py "$net.1:8081"
must "the task listens" within 20 curl -s -o /dev/null --max-time 2 "http://$net.1:8081/"
mola_conf "  - { name: web, tasks: [ { node: n1, address: \"$net.1:8081\" } ] }" 'workers: 1' "user: $(id -un)" 'clients: { max: 8192, max_per_address: 0, head: 5m, min_rate: 0 }'
must "Mola is up" mola_start

ask() {
	local n failed=0
	for n in $(seq "$1"); do curl -s -o /dev/null -f --max-time 10 "http://$front/$n" || failed=$((failed + 1)); done
	echo $failed
}
worker=$(pgrep -P "${pid[mola]}" -x worker-0)
must "it serves" [ "$(ask 20)" = 0 ]

# A thousand half-heads are some 20 MB.
space=$(awk '/^VmSize/ { print $2 * 1024 }' "/proc/$worker/status")
must "the worker may have 24 MB more than it has" prlimit --pid "$worker" --as=$((space + 24 * 1024 * 1024))
start crowd python3 tests/hostile/half_heads.py "$front" 4000 "$net.50" 120
refused() { [ "$(why_count no_memory)" -gt 100 ]; }
check "clients are refused for want of memory" within 60 refused
check "they are told so" eval 'within 20 eval "curl -s -D - -o /dev/null --max-time 5 http://$front/ | grep -q \"^Mola-Why: no_memory\""'
drained() { mola_drain n3 && grep -q 'event=table.published serial=[2-9]' "$tmp/mola.log"; }
check "a table is published meanwhile" within 10 drained
check "the worker is the same" [ "$(pgrep -P "${pid[mola]}" -x worker-0)" = "$worker" ]
bench refused "$(why_count no_memory)" clients
stop crowd KILL
served() { [ "$(ask 1)" = 0 ]; }
check "when the crowd has gone, clients are served" within 20 served
lost=$(ask 100)
check "all of them ($lost of 100 failed)" [ "$lost" = 0 ]
check "the worker is still the same" [ "$(pgrep -P "${pid[mola]}" -x worker-0)" = "$worker" ]
check "Mola ends well" mola_stop
