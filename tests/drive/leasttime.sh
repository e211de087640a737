# Traefik's strategy leasttime: a server whose first responses were slow, as those of one that has just started are, gets nothing
# any more. Some time after it has come Mola publishes once more, and Traefik begins to measure anew.

[ -x build/peers/traefik ] || skip "there is no build/peers/traefik; tools/peers traefik makes it"
needs python3
file=$tmp/etc/mola.yml
mkdir "$tmp/etc"

# Each takes 5 ms for a response; one that is SLOW, 500 ms for its first 8 through a proxy.
cat >"$tmp/server.py" <<'END'
import http.server, itertools, sys, time
SLOW, NAME = sys.argv[3] == "slow", sys.argv[2]
served = itertools.count()
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        time.sleep(0.5 if "X-Forwarded-For" in self.headers and next(served) < 8 and SLOW else 0.005)
        self.send_response(200)
        self.send_header("X-Node", NAME)
        self.send_header("Content-Length", "0")
        self.end_headers()
    def log_message(self, *args):
        pass
class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 128
Server((sys.argv[1], 20080), Handler).serve_forever()
END
edge="  - { name: edge, kind: traefik-file, file: $file, api: \"http://$net.100:8082\", poll: 200ms, interval: 1s, routers: true, strategy: leasttime, lean: 0, trim: 0 }"
# share_of NODE: percent of 200 requests, 8 at a time
share_of() {
	local i
	for ((i = 0; i < 200; i++)); do printf 'url = "http://%s/"\noutput = /dev/null\nwrite-out = "%%header{x-node}\\n"\n' "$front"; done >"$tmp/urls"
	curl -s --parallel --parallel-immediate --parallel-max 8 --max-time 60 -K "$tmp/urls" 2>"$tmp/progress" | grep -c "^$1\$" | awk '{ print $1 / 2 }'
}
at_least() { share=$(share_of "$1"); awk -v s="$share" -v n="$2" 'BEGIN { exit !(s >= n) }'; }
resets() { grep -c event=target.reset "$tmp/mola.log"; }
was_reset() { [ "$(resets)" -ge "$1" ]; }
two() { traefik /api/http/services/web@file | json_is '.loadBalancer.servers | length == 2'; }

start one python3 "$tmp/server.py" "$net.1" n1 quick
start two python3 "$tmp/server.py" "$net.2" n2 slow
within 20 curl -s -o "$tmp/page" "http://$net.2:20080/"
mola_conf "$edge" web 1
must "Mola starts" mola_start
must "the file is there" within 10 test -s "$file"
must "Traefik starts" traefik_start --providers.file.directory="$tmp/etc"
must "Traefik has it" within 30 target_is edge .taken
must "what it was told first is settled: it was reset once" within 60 was_reset 1
mola_conf "$edge" web 1 2
mola_reload
must "a server comes" within 20 two
share_of n2 >"$tmp/first"
starved=$(share_of n2)
# On a machine that is busy it may have been reset by now: then there is nothing to see.
was_reset 2 || check "its first responses were slow: of the next requests it gets $starved %" [ "${starved%.*}" -le 5 ]
bench leasttime-starved "$starved" percent
check "some intervals later Mola makes Traefik forget that" within 60 was_reset 2
check "Traefik has what it was told then" within 20 target_is edge .taken
check "and the server gets requests" within 30 at_least n2 20
bench leasttime-reset "$share" percent
check "it is made to forget once, not again and again" eval '! within 8 was_reset 3'
check "Mola ends in order" mola_stop
