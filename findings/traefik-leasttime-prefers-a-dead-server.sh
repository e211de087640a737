#!/bin/bash
# Traefik 3.6.12: with strategy leasttime, a server that refuses connections takes all requests, and retry does not help.
#
# Expected: leasttime "routes to the server with lowest response time", each server being measured continuously; one that gives no response is not the
#           fastest, and gets its share at the most, as with wrr. `retry` sends what it refuses to the others: nothing fails, as with wrr.
# Seen:     only the first byte of a response is a sample, and errors bring none. So the fastest server that dies stays the fastest: every request and
#           all its retries go to it, and the others stand idle. A slow one that dies does no harm, until the configuration changes, also where that
#           has nothing to do with the service: measuring begins again, a server without samples counts as 0 ms, and this one never gets any. The code of 3.7.13
#           is the same.
# For Mola: it counts errors against a task, and sends again to another one. Where it writes `strategy: leasttime` for Traefik, each publication is such
#           a change: services want mola.health.path there, with which a task is published after its first check and withdrawn when it fails one.
set -u
version=3.6.12
dir=$(mktemp -d)
pids=()
trap '[ ${#pids[@]} = 0 ] || kill "${pids[@]}" 2>/dev/null; wait 2>/dev/null; chmod -R u+w "$dir"; rm -rf "$dir"' EXIT
give_up() { echo "cannot be tried: $*"; exit 2; }
peers=$(cd "$(dirname "$0")/.." && pwd)/bench/peers		# go.mod: this version, with Traefik's own replace lines
go=$(PATH=$PATH:/usr/local/go/bin command -v go) && command -v curl python3 >/dev/null || give_up "needs Go, curl and Python"
grep -q "github.com/traefik/traefik/v3 v$version" "$peers/go.mod" || give_up "bench/peers/go.mod has another version"
cp "$peers/go.mod" "$peers/go.sum" "$dir" || give_up "no go.mod"
(cd "$dir" && CGO_ENABLED=0 "$go" build -p 2 -mod=readonly -buildvcs=false -o traefik github.com/traefik/traefik/v3/cmd/traefik) >"$dir/build.log" 2>&1 ||
	give_up "Traefik $version cannot be built: $(tail -1 "$dir/build.log")"
net=127.89.$(($$ % 250))

cat >"$dir/server.py" <<'END'
import http.server, sys, time


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        time.sleep(float(sys.argv[2]))
        self.send_response(200)
        self.send_header("X-Server", sys.argv[1][-1])
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args):
        pass


http.server.ThreadingHTTPServer((sys.argv[1], 9000), Handler).serve_forever()
END
# configure MORE: a router that nobody uses
configure() {
	cat >"$dir/new" <<-END
		http:
		  middlewares: { again: { retry: { attempts: 4, initialInterval: 1ms } } }
		  services:
		    turns: { loadBalancer: { strategy: wrr, servers: [ { url: "http://$net.1:9000" }, { url: "http://$net.2:9000" }, { url: "http://$net.3:9000" } ] } }
		    least: { loadBalancer: { strategy: leasttime, servers: [ { url: "http://$net.1:9000" }, { url: "http://$net.2:9000" }, { url: "http://$net.3:9000" } ] } }
		  routers:
		    turns: { rule: "Host(\`turns\`)", service: turns, middlewares: [ again ] }
		    least: { rule: "Host(\`least\`)", service: least, middlewares: [ again ] }
		    $1
	END
	mv "$dir/new" "$dir/etc/all.yml"
}
status() { curl -s -o "$dir/page" -w '%{http_code}\n' --max-time 20 -H "Host: $1" "http://$net.9:8080/"; }
until_is() { local i; for ((i = 0; i < 600; i++)); do "$@" && return; sleep 0.1; done; give_up "waited in vain for: $*"; }
is_200() { [ "$(status "$1")" = 200 ]; }
listens() { curl -s -o "$dir/page" --max-time 5 "http://$net.$1:9000/"; }
failed() { local i; for ((i = 0; i < 40; i++)); do status "$1"; done | grep -vc '^200$'; }

delay=("" 0.01 0.3 0.6)		# of the three, in seconds
for i in 1 2 3; do python3 "$dir/server.py" "$net.$i" "${delay[i]}" 2>"$dir/server$i.log" & pids+=($!); done
for i in 1 2 3; do until_is listens $i; done
mkdir "$dir/etc"
configure ""
"$dir/traefik" --entrypoints.web.address="$net.9:8080" --providers.file.directory="$dir/etc" --log.level=ERROR \
	--global.checknewversion=false --global.sendanonymoususage=false >"$dir/traefik.log" 2>&1 & pids+=($!)
until_is is_200 turns
dies() { kill "${pids[$1 - 1]}"; wait "${pids[$1 - 1]}" 2>/dev/null; }
alive=$(failed least)
dies 3
slowest=$(failed least)
configure "other: { rule: \"Host(\`other\`)\", service: turns, middlewares: [ again ] }"
until_is is_200 other
changed=$(failed least) turns=$(failed turns)
python3 "$dir/server.py" "$net.3" "${delay[3]}" 2>"$dir/server3.log" & pids[2]=$!
until_is listens 3
back=$(failed least)
server=$(curl -s -o "$dir/page" -w '%header{x-server}' -H "Host: least" "http://$net.9:8080/")
[ "$server" = 1 ] || give_up "this machine is so busy that the fastest server is not"
dies 1
fastest=$(failed least)
echo "Traefik $version, three servers of 10, 300 and 600 ms, retry with 4 attempts; of 40 requests one after another these fail:"
echo "  leasttime, all three alive                        $alive"
echo "  leasttime, the slowest has died                   $slowest"
echo "  leasttime, then a router of no concern is added   $changed"
echo "  wrr, the same                                     $turns"
echo "  leasttime, the slowest is back                    $back"
echo "  leasttime, the fastest has died                   $fastest"
[ "$alive" = 0 ] && [ "$slowest" = 0 ] && [ "$changed" -ge 35 ] && [ "$turns" = 0 ] && [ "$back" = 0 ] && [ "$fastest" -ge 35 ]
