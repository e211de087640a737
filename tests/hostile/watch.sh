# Watchers of /api/v1/stream: one comes back and misses no event; the brain is killed, and its successor is another one; twenty
# read nothing of a Mola with 500 nodes and 2000 tasks, and nobody else notices.
n=0
services=$(for s in $(seq 40); do
	echo "  - name: web$s"
	echo "    host: h$s.example"
	echo "    tasks:"
	for t in $(seq 50); do n=$((n + 1)); echo "      - { node: n$((n % 500 + 1)), address: \"$net.$((n % 100 + 1)):$((n + 8000))\" }"; done
done)
mola_conf "$services" 'signals: { period: 200ms }'
sed -i "s|^nodes: .*|nodes: [ $(printf '{ name: n%d, cores: 4 }, ' $(seq 500))]|" "$tmp/mola.yaml"
must "Mola is up" mola_start
must "500 nodes are known" api_is /api/v1/nodes '.nodes | length == 500'

# watch NAME QUERY [OPTION...]: what it gets is in $tmp/NAME
watch() {
	local name=$1 query=$2
	shift 2
	start "$name" curl -sN --unix-socket "$tmp/admin.sock" -o "$tmp/$name" "$@" "http://localhost/api/v1/stream?$query"
}
got() { grep -q -- "$2" "$tmp/$1" 2>/dev/null; }		# got NAME TEXT
frames() { grep -c "^event: $2\$" "$tmp/$1" 2>/dev/null; }	# frames NAME TOPIC
more() { [ "$(frames "$1" "$2")" -ge "$3" ]; }
brain_of() { sed -n 's/.*"brain":"\([0-9]*\)".*/\1/p' "$tmp/$1" | head -n 1; }
last_of() { sed -n 's/^id: [0-9]*-//p' "$tmp/$1" | tail -n 1; }

watch first 'topics=nodes,services,tasks,warnings,events'
check "a watcher is greeted" within 10 got first '^event: hello$'
check "it gets nodes, again and again" within 30 more first nodes 3
check "and tasks" within 30 more first tasks 2
check "each frame is whole: 500 nodes" eval \
	'[ "$(grep -A1 "^event: nodes\$" "$tmp/first" | sed -n "s/^data: //p" | head -n 2 | jq -c ".nodes | length" | sort -u)" = 500 ]'
check "a node of which nothing is known is a warning" within 10 got first '"id":"node_blind"'
check "drains are events" mola_drain n7
check "and are seen at once" within 3 got first '"event":"node.drained","text":"node=n7"'
stop first KILL
last=$(last_of first)
mola_drain n8
watch second "topics=events&after=$last"
check "one who comes back gets what was missed" within 10 got second 'node=n8'
check "and nothing else" eval '! got second "node=n7"'
watch third "topics=events" -H "Last-Event-ID: $(brain_of first)-$last"
check "also by the field that browsers send" within 10 got third 'node=n8'
check "and nothing else" eval '! got third "node=n7"'

brain=$(mola_child brain)
kill -KILL "$brain"
check "when the brain is killed, the stream ends" within 10 gone "${pid[second]}"
check "another brain comes" within 20 other_child brain "$brain"
must "and responds" within 20 healthy
watch fourth "topics=nodes,events&after=9" -H "Last-Event-ID: $(brain_of first)-9"
check "its stream begins" within 20 more fourth nodes 1
check "its events begin again" within 10 got fourth '"id":1,'
check "it says that it is another one" eval '[ -n "$(brain_of fourth)" ] && [ "$(brain_of fourth)" != "$(brain_of first)" ]'
check "the history says so, too" eval '[ "$(api /api/v1/history | jq -r .brain)" = "$(brain_of fourth)" ]'

# clients that read nothing: their sockets are full soon
cat >"$tmp/deaf.py" <<'P'
import socket, sys, time
held = []
for i in range(20):
    s = socket.socket(socket.AF_UNIX)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    s.connect(sys.argv[1])
    s.sendall(b"GET /api/v1/stream?topics=nodes,services,tasks,events HTTP/1.1\r\nHost: a\r\n\r\n")
    held.append(s)
print("there", flush=True)
time.sleep(60)
P
start deaf python3 "$tmp/deaf.py" "$tmp/admin.sock"
check "twenty come that read nothing" within 10 got deaf.log there
many=$(frames fourth nodes)
check "one that reads goes on to get nodes" within 40 more fourth nodes $((many + 3))
check "others get a response within three seconds" curl -sf -m 3 --unix-socket "$tmp/admin.sock" -o "$tmp/page" http://localhost/api/v1/swarm
streams() { [ "$(ss -Hx src "$tmp/admin.sock" state connected | wc -l)" -le "$1" ]; }
check "those who read nothing are let go" within 40 streams 3
stop deaf KILL
stop fourth KILL
stop third KILL
check "Mola ends well" mola_stop
