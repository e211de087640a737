# HAProxy, and tasks that are new or not quite well: in a slow start a task's weight grows with the time, one that reports itself degraded
# drains while others are enough, and serves with a quarter of its weight when they are not.
needs haproxy python3
ctl=$net.100:9999

# Serves 200; checks, as its file says: nothing, degraded, down.
cat >"$tmp/server.py" <<'END'
import http.server, os, sys
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        state = open(sys.argv[2]).read().strip() if self.path == "/health" and os.path.exists(sys.argv[2]) else ""
        self.send_response(503 if state == "down" else 200)
        if state == "degraded":
            self.send_header("Mola-Degraded", "cold cache")
        self.send_header("Content-Length", "0")
        self.end_headers()
    def log_message(self, *args):
        pass
class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 128
Server((sys.argv[1], 20081), Handler).serve_forever()
END
turns() { echo "$2" >"$tmp/state$1"; }		# turns NUMBER degraded|down|""
cat >"$tmp/haproxy.cfg" <<END
global
  stats socket $tmp/ha.sock mode 600 level admin
  stats socket ipv4@$ctl level admin
defaults
  mode http
  timeout connect 2s
  timeout client 20s
  timeout server 20s
  option redispatch
  retries 3
frontend front
  bind $front
  default_backend web
backend web
  balance roundrobin
END
tasks_conf() {
	{
		printf 'admin: { address: none, socket: %s/admin.sock }\nworkers: 1\nsignals: { period: 100ms }\n' "$tmp"
		nodes_conf
		service_conf web "$1" 'slow_start: 6s' 'health: { path: /health, interval: 200ms, timeout: 2s, rise: 1, fall: 1 }' | sed 's/:20080/:20081/'
		printf 'targets:\n  - { name: ha, kind: haproxy, socket: "unix:%s/ha.sock", interval: 200ms, poll: 500ms, hysteresis: 0.02, lean: 0, trim: 0 }\n' "$tmp"
	} >"$tmp/mola.yaml"
}
ha() {
	local fd
	{ exec {fd}<>"/dev/tcp/${ctl%:*}/${ctl#*:}"; } 2>/dev/null || return 1
	echo "$1" >&"$fd"
	timeout 5 cat <&"$fd"
	exec {fd}>&-
}
server() { ha "show servers state web" | awk -v s="mola:web.$1" '$4 == s { print $7, $8 }'; }	# server NUMBER: admin state and weight
serves() { local s; s=$(server "$1"); [ -n "$s" ] && [ "${s% *}" = 0 ] && [ "${s#* }" -ge "$2" ] && [ "${s#* }" -le "$3" ]; }	# serves NUMBER LEAST MOST
full() { local i; for i; do serves "$i" 240 256 || return 1; done; }
drains() { local s; s=$(server "$1"); [ -z "$s" ] || [ $((${s% *} & 9)) != 0 ]; }
# grows NUMBER: its weights until it is full, each once, into $tmp/grown
grows() {
	local until=$((SECONDS + 20)) w last=0
	: >"$tmp/grown"
	while [ $SECONDS -lt $until ] && [ "$last" -lt 240 ]; do
		w=$(server "$1")
		if [ "${w% *}" = 0 ] && [ "${w#* }" != "$last" ]; then
			last=${w#* }
			echo "$last" >>"$tmp/grown"
		fi
	done
	echo "# weights: $(tr '\n' ' ' <"$tmp/grown")"
	[ "$(head -1 "$tmp/grown")" -le 77 ] && [ "$(wc -l <"$tmp/grown")" -ge 4 ] && [ "$last" -ge 240 ] && sort -nc "$tmp/grown"
}

must "the nodes start" nodes_start "2 2 2"
for i in 1 2 3; do
	start server$i python3 "$tmp/server.py" "$net.$i" "$tmp/state$i"
	must "task $i listens" within 20 listening "$net.$i" 20081
done
start haproxy haproxy -W -db -f "$tmp/haproxy.cfg"
must "HAProxy starts" within 10 ha "show info"
tasks_conf "1 2"
must "Mola starts" mola_start
must "two tasks are there, with all of their weight" within 30 full 1 2
began=$SECONDS
must "their own slow start is over" within 20 eval '[ $((SECONDS - began)) -ge 7 ]'
hammer 4 "/" strict
tasks_conf "1 2 3"
mola_reload
check "a third is new: its weight begins low, and grows" grows 3
turns 3 degraded
check "it reports itself degraded: it drains, as the others are enough" within 10 drains 3
check "they have what they had" full 1 2
turns 2 degraded
check "another one is, too, and two of three are too many: both serve with a quarter" within 10 eval 'full 1 && serves 2 50 77 && serves 3 50 77'
turns 2 ""
turns 3 ""
check "both are well: they have all of their weight at once" within 5 full 1 2 3
turns 3 down
check "one fails its checks: it is taken out" within 10 drains 3
turns 3 ""
check "it is well again: its weight begins low, and grows" grows 3
hammered
check "no request failed" none_failed 200
check "Mola ends in order" mola_stop
