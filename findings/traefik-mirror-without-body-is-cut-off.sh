#!/bin/bash
# Traefik 3.6.12: a mirror with mirrorBody: false gets requests that had a body cut off, instead of whole ones without it.
#
# Expected: mirrorBody decides whether copies carry the body; with false, a mirror sees method, path and fields of each request, and no body.
# Seen:     that holds for requests without a body. The copy of one that had a body announces it (Content-Length: 10, or chunks), none of it follows,
#           and the connection ends: a server that reads the body, as most do, takes the request for broken and does not handle it. Traefik notes
#           "invalid Read on closed Body" at the level DEBUG; its client and its access log see nothing.
# For Mola: copies without bodies leave the fields that frame one out, too, and are whole.
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
net=127.87.$(($$ % 250))

cat >"$dir/server.py" <<'END'
import http.server, sys, threading

lock = threading.Lock()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        announced, size, whole = self.headers.get("Content-Length") or self.headers.get("Transfer-Encoding") or "nothing", 0, True
        if announced == "chunked":
            while (line := self.rfile.readline()) not in (b"", b"0\r\n"):
                size += len(self.rfile.read(int(line, 16) + 2)) - 2
            whole = line != b""
        elif announced != "nothing":
            size = len(self.rfile.read(int(announced)))
            whole = size == int(announced)
        with lock, open(sys.argv[1], "a") as f:
            f.write(f"{self.server.server_address[0]} {self.path} announced {announced}, {size} bytes, {'whole' if whole else 'cut off'}\n")
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.send_header("Connection", "close")
        self.end_headers()

    do_POST = do_GET

    def log_message(self, *args):
        pass


for address in sys.argv[2:]:
    threading.Thread(target=http.server.ThreadingHTTPServer((address, 9000), Handler).serve_forever).start()
END
cat >"$dir/all.yml" <<END
http:
  routers: { r: { rule: "PathPrefix(\`/\`)", service: both } }
  services:
    first: { loadBalancer: { servers: [ { url: "http://$net.1:9000" } ] } }
    mirror: { loadBalancer: { servers: [ { url: "http://$net.2:9000" } ] } }
    both: { mirroring: { service: first, mirrorBody: false, mirrors: [ { name: mirror, percent: 100 } ] } }
END
: >"$dir/seen"
python3 "$dir/server.py" "$dir/seen" "$net.1" "$net.2" 2>"$dir/server.log" & pids+=($!)
"$dir/traefik" --entrypoints.web.address="$net.9:8080" --providers.file.filename="$dir/all.yml" --log.level=DEBUG \
	--global.checknewversion=false --global.sendanonymoususage=false >"$dir/traefik.log" 2>&1 & pids+=($!)
until curl -s -f -o "$dir/page" --max-time 1 "http://$net.9:8080/ready"; do kill -0 "${pids[1]}" || give_up "Traefik ended: $(tail -1 "$dir/traefik.log")"; done
got() { grep -qx "$net.$1 $2 announced $3" "$dir/seen"; }
waited() { for ((i = 0; i < 500; i++)); do got "$@" && return; sleep 0.02; done; return 1; }
waited 2 /ready "nothing, 0 bytes, whole" || give_up "no copy arrives"
send() { curl -s -f -o "$dir/page" --max-time 10 "$@" || give_up "no response"; }
send --data "0123456789" "http://$net.9:8080/length"
send --data "0123456789" -H "Transfer-Encoding: chunked" "http://$net.9:8080/chunks"
status=0
waited 1 /length "10, 10 bytes, whole" && waited 1 /chunks "chunked, 10 bytes, whole" || { echo "changed: the first service does not get whole requests"; status=1; }
waited 2 /length "10, 0 bytes, cut off" || { echo "changed: the copy of a request with a length is not cut off"; status=1; }
waited 2 /chunks "chunked, 0 bytes, cut off" || { echo "changed: the copy of a request in chunks is not cut off"; status=1; }
cat "$dir/seen"
exit $status
