#!/bin/bash
# Traefik 3.6.12, file provider: one service's weights change more often than `healthCheck.interval` of another, and that one is never checked.
#
# Expected: a health check runs every `interval`, whatever else changes, and a server that failed it stays out while weights of other services are
#           rewritten, as scripts that follow the load do every few seconds.
# Seen:     every change of the configuration builds all services anew: all servers count as up, and the first check comes a whole interval later. With
#           an interval of 3 s, a server that responds 500 gets nothing once it was checked; its share again after one weight of another service has
#           changed; and, while that weight changes every second, its share for good: /health is not asked for once.
# For Mola: services that it writes need none of Traefik's checks: tasks that fail Mola's own are not in them. Those of other providers in the same Traefik
#           are checked only while nothing is published for longer than their interval: doc/mode-traefik.md says what to set.
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
net=127.82.$(($$ % 250))

# A server: what it responds, and a line in its log for each request
cat >"$dir/server.py" <<'END'
import http.server, sys


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        print(self.path, flush=True)
        self.send_response(int(sys.argv[2]))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args):
        pass


http.server.ThreadingHTTPServer((sys.argv[1], 9000), Handler).serve_forever()
END
# configure WEIGHT: of the server of a service that nobody uses
configure() {
	cat >"$dir/new" <<-END
		http:
		  services:
		    web:
		      loadBalancer:
		        healthCheck: { path: /health, interval: 3s, timeout: 1s }
		        servers: [ { url: "http://$net.1:9000" }, { url: "http://$net.2:9000" } ]
		    other: { loadBalancer: { servers: [ { url: "http://$net.1:9000", weight: $1 } ] } }
		  routers:
		    web: { rule: "PathPrefix(\`/\`)", service: web }
		    other: { rule: "Host(\`other\`)", service: other }
	END
	mv "$dir/new" "$dir/etc/all.yml"
}
mkdir "$dir/etc"
configure 10
python3 "$dir/server.py" "$net.1" 200 >"$dir/well" & pids+=($!)
python3 "$dir/server.py" "$net.2" 500 >"$dir/ill" & pids+=($!)
"$dir/traefik" --entrypoints.web.address="$net.9:8000" --providers.file.directory="$dir/etc" --providers.providersThrottleDuration=100ms \
	--global.sendanonymoususage=false --global.checknewversion=false >"$dir/log" 2>&1 & pids+=($!)
status() { curl -s --noproxy '*' -o /dev/null -w '%{http_code}\n' --max-time 5 "http://$net.9:8000/"; }
# failed COUNT: how many of so many requests fail
failed() { for _ in $(seq "$1"); do status; done | grep -c 500; }
checks() { grep -c health "$dir/ill"; }
for _ in $(seq 100); do [ "$(status)" = 200 ] && break; sleep 0.1; done
for _ in $(seq 100); do [ "$(checks)" -ge 1 ] && break; sleep 0.1; done
sleep 1
seen="after a check: $(failed 20)"
configure 11
sleep 1
seen="$seen; after a change of another service's weight: $(failed 20)"
for _ in $(seq 100); do [ "$(failed 4)" = 0 ] && break; sleep 0.1; done
before=$(checks) among=0
for second in $(seq 12); do
	configure $((10 + second % 2))
	sleep 1
	[ "$second" -lt 9 ] || among=$((among + $(failed 5)))
done
seen="$seen; changed every second for 12 s: $among, with $(($(checks) - before)) checks"
echo "Traefik $version, two servers, one responds 500. Failed of 20 requests, $seen"
[[ "$seen" =~ ^"after a check: 0; after a change of another service's weight: "(9|10|11)"; changed every second for 12 s: "(9|1[0-2])", with 0 checks"$ ]]
