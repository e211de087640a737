#!/bin/bash
# Traefik 3.6.12: retry behind compress loses the Vary: Accept-Encoding that compress has set, where the server sends a Vary of its own.
#
# Expected: a response that was compressed for this client has Vary: Accept-Encoding whatever stands behind compress; a Vary of the server's (Origin, say)
#           stands beside it, as without retry.
# Seen:     with retry between them the server's Vary takes its place: caches may give the compressed page to clients that cannot read it.
# For Mola: both fields go to the client, in any order of middlewares.
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
net=127.88.$(($$ % 250))

cat >"$dir/server.py" <<'END'
import http.server, sys

BODY = b"all work and no play " * 200


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(BODY)))
        self.send_header("Vary", "Origin")
        self.end_headers()
        self.wfile.write(BODY)

    def log_message(self, *args):
        pass


http.server.ThreadingHTTPServer((sys.argv[1], 9000), Handler).serve_forever()
END
cat >"$dir/all.yml" <<END
http:
  middlewares:
    small: { compress: { minResponseBodyBytes: 100 } }
    again: { retry: { attempts: 3 } }
  services: { s: { loadBalancer: { servers: [ { url: "http://$net.1:9000" } ] } } }
  routers:
    alone: { rule: "Host(\`alone\`)", service: s, middlewares: [ small ] }
    before: { rule: "Host(\`before\`)", service: s, middlewares: [ small, again ] }
    behind: { rule: "Host(\`behind\`)", service: s, middlewares: [ again, small ] }
END
python3 "$dir/server.py" "$net.1" 2>"$dir/server.log" & pids+=($!)
"$dir/traefik" --entrypoints.web.address="$net.9:8080" --providers.file.filename="$dir/all.yml" --log.level=ERROR \
	--global.checknewversion=false --global.sendanonymoususage=false >"$dir/traefik.log" 2>&1 & pids+=($!)
until curl -s -f -o "$dir/page" --max-time 1 -H "Host: alone" "http://$net.9:8080/"; do kill -0 "${pids[1]}" || give_up "Traefik ended: $(tail -1 "$dir/traefik.log")"; done
# vary HOST: the fields of a compressed response
vary() {
	curl -s -o "$dir/page" -D "$dir/head" --max-time 10 -H "Host: $1" -H "Accept-Encoding: gzip" "http://$net.9:8080/" || give_up "no response"
	grep -qi '^content-encoding: gzip' "$dir/head" || give_up "the response is not compressed"
	tr -d '\r' <"$dir/head" | sed -n 's/^[Vv]ary: //p' | sort | paste -sd, -
}
status=0
# expect HOST FIELDS
expect() { local seen; seen=$(vary "$1"); echo "$1: Vary: $seen"; [ "$seen" = "$2" ] || { echo "changed: expected $2"; status=1; }; }
expect alone Accept-Encoding,Origin
expect behind Accept-Encoding,Origin
expect before Origin
exit $status
