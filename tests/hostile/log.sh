# The reader of Mola's log and access log stands still, a pipe of his with everything in it, while requests go on and a worker is
# killed: nobody waits for him. When he reads again he finds how many lines he missed.
start task python3 tests/hostile/task.py "$net.1:8081"
must "the task listens" within 20 curl -s -o /dev/null --max-time 2 "http://$net.1:8081/"
mola_conf "  - { name: web, tasks: [ { node: n1, address: \"$net.1:8081\" } ] }" 'log: { access: true, level: debug }' 'workers: 2'

# The reader: copies to mola.log; while there is a file `still` beside it he reads nothing.
mkfifo "$tmp/pipe"
start reader python3 -c '
import os, sys, time
pipe, out, still = open(sys.argv[1], "rb", 0), open(sys.argv[2], "ab", 0), sys.argv[3]
while True:
    while os.path.exists(still):
        time.sleep(0.02)
    piece = os.read(pipe.fileno(), 65536)
    if not piece:
        break
    out.write(piece)
' "$tmp/pipe" "$tmp/mola.log" "$tmp/still"
setpriv --pdeathsig KILL "$MOLA" run "$tmp/mola.yaml" >"$tmp/pipe" 2>&1 </dev/null &
pid[mola]=$!
must "Mola is up" within 20 healthy

# ask N: so many requests, each on a connection of its own; those that failed
ask() {
	local n
	for n in $(seq "$1"); do
		curl -s -o /dev/null -f --max-time 5 "http://$front/a/rather/long/path/so/that/the/pipe/is/full/soon?n=$n" || echo "request $n: $?"
	done
}
dropped() { api /metrics | awk '/^mola_log_dropped_lines_total/ { n += $2 } END { print n + 0 }'; }
drops() { [ "$(dropped)" -gt 0 ]; }

said() { grep -aEq "$1" "$tmp/mola.log"; }

touch "$tmp/still"
# a megabyte of lines: more than the pipe and what a worker keeps in memory
failed_pour=$(python3 tests/hostile/pour.py "$front" 4000 8)
check "while the reader stands still 4000 requests are answered ($failed_pour failed)" [ "$failed_pour" = 0 ]
check "lines are dropped and counted" within 10 drops
for n in $(seq 100); do echo "nosuchkey$n: x"; done >"$tmp/mola.yaml"
parent_drops() { mola_reload; api /metrics | grep -Eq '^mola_log_dropped_lines_total\{process="parent"\} [1-9]'; }
check "so are those of the parent" within 20 parent_drops

before=$(pgrep -P "${pid[mola]}" -x worker-0)
kill -KILL "$before"
is_replaced() { local now; now=$(pgrep -P "${pid[mola]}" -x worker-0) && [ "$now" != "$before" ]; }
check "a worker that is killed then is replaced" within 10 is_replaced
lost=$(ask 30)
check "30 new connections are served" [ -z "$lost" ]
bench failed "$(echo -n "$lost" | grep -c .)" requests
bench dropped "$(dropped)" lines

rm "$tmp/still"
access_said() { ask 4; said ' why=complete lost=[1-9]'; }
check "the access log says how many lines are missing" within 20 access_said
check "so does the log" within 20 said 'who=parent event=log.dropped lines=[1-9]'
check "Mola ends well" stop mola TERM
check "no sanitizer had anything to say" eval '! grep -aE "Sanitizer|runtime error:" "$tmp/mola.log"'
