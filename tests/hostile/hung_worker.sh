# A worker stands still for 8 seconds (SIGSTOP), the one that probes health, too. The kernel goes on dealing connections to its
# queue: the others serve them. Those that it held wait, and go on when it does.
start one python3 tests/hostile/task.py "$net.1:8081" one
start two python3 tests/hostile/task.py "$net.2:8081" two "$tmp/ill"
must "the tasks listen" within 20 curl -s -o /dev/null -o /dev/null --max-time 2 "http://$net.1:8081/" "http://$net.2:8081/"
mola_conf "  - { name: web, health: { path: /health, interval: 200ms, timeout: 1s, rise: 1, fall: 2 }, tasks: [
      { node: n1, address: \"$net.1:8081\" }, { node: n2, address: \"$net.2:8081\" } ] }" 'workers: 2'
must "Mola is up" mola_start
state_is() { api_is /api/v1/tasks ".tasks | map(.state) == [\"up\", \"$1\"]"; }
must "both tasks are found healthy" within 20 state_is up

# Holds 40 kept connections; when told by a line, opens a new one every 100 ms for 8 s; at the end asks again on those it held.
coproc client { exec python3 -u -c '
import http.client, sys, threading, time
host, port = sys.argv[1].rsplit(":", 1)
def get(c):
    try:
        c.request("GET", "/")
        return c.getresponse().read() in (b"one", b"two")
    except OSError:
        return False
def new(slow):
    start = time.monotonic()
    ok = get(http.client.HTTPConnection(host, int(port), timeout=5))
    slow.append(time.monotonic() - start if ok else None)
held = [http.client.HTTPConnection(host, int(port), timeout=20) for _ in range(40)]
print(sum(map(get, held)), flush=True)
sys.stdin.readline()
took, threads = [], []
for i in range(80):
    threads.append(threading.Thread(target=new, args=(took,)))
    threads[-1].start()
    time.sleep(0.1)
for t in threads:
    t.join()
good = sorted(t for t in took if t is not None)
print(len(took) - len(good), "%.3f" % (good[-1] if good else -1), flush=True)
sys.stdin.readline()
print(sum(map(get, held)), flush=True)
' "$front"; } 2>>"$tmp/client.log"
read -r -t 60 held <&"${client[0]}"
check "40 connections are kept ($held)" [ "$held" = 40 ]

worker=$(pgrep -P "${pid[mola]}" -x worker-0)
kill -STOP "$worker"
echo >&"${client[1]}"
touch "$tmp/ill"
check "a task that falls ill meanwhile is found to be down" within 20 state_is down
said() { grep -Eq "$1" "$tmp/mola.log"; }
check "the log names the worker that hangs" within 20 said 'event=worker.hung worker=worker-0'
read -r -t 60 failed_new slowest <&"${client[0]}"
check "80 new connections: none fails (${failed_new:-?}; the slowest took ${slowest:-?} s)" [ "$failed_new" = 0 ]
bench new-failed "${failed_new:-80}" connections
bench new-slowest "${slowest:--1}" s

kill -CONT "$worker"
check "the log says when it is back" within 20 said 'event=worker.back worker=worker-0'
check "what it thinks of tasks that it has not seen is not believed" eval 'sleep 0.5; state_is down'
rm "$tmp/ill"
check "the task that was ill is found healthy" within 20 state_is up
echo >&"${client[1]}"
read -r -t 60 held <&"${client[0]}"
check "those that it held are served again ($held of 40)" [ "$held" = 40 ]
bench held-served "${held:-0}" connections

# its queue is its own again: nobody else has its socket
lone() { [ "$(find "/proc/$1/fd" -lname "socket:*" -printf '%l\n' 2>/dev/null | sort | comm -12 - "$tmp/listening" | wc -l)" = 1 ]; }
inodes() { awk 'FNR > 1 && $4 == "0A" { print "socket:[" $10 "]" }' /proc/net/tcp | sort; }
own() { local w; inodes >"$tmp/listening"; for w in $(pgrep -P "${pid[mola]}" -x 'worker-[01]'); do lone "$w" || return 1; done; }
check "each worker has its own listener and no other" within 10 own
check "Mola ends well" mola_stop
