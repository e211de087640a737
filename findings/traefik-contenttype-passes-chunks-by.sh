#!/bin/bash
# Traefik 3.6.12: the middleware contentType guesses nothing for a body whose length is not known, and everything for one whose length is.
#
# Expected: contentType, which version 3 needs for any guess, gives each response without a Content-Type the one that its body looks like; how the
#           server frames the body is the connection's business, and changes between the server and the client anyway.
# Seen:     with Content-Length the HTML page gets "text/html; charset=utf-8"; the same bytes in chunks, or up to the connection's end, get none. A
#           page that a server begins to stream is a download from then on. The responses that middlewares make are guessed, also those to HEAD,
#           whose body nobody sees.
# For Mola: its contentType does the same, and waits for the start of a body only where its length is known.
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
net=127.86.$(($$ % 250))

cat >"$dir/server.py" <<'END'
import http.server, sys

BODY = b"<html><body>a page</body></html>"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        how = self.path.strip("/")
        self.send_response(200)
        if how == "length":
            self.send_header("Content-Length", str(len(BODY)))
        elif how == "chunks":
            self.send_header("Transfer-Encoding", "chunked")
        else:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY) if how == "chunks" else BODY)

    def log_message(self, *args):
        pass


http.server.ThreadingHTTPServer((sys.argv[1], 9000), Handler).serve_forever()
END
mkdir "$dir/etc"
cat >"$dir/etc/all.yml" <<END
http:
  middlewares:
    type: { contentType: {} }
    away: { redirectScheme: { scheme: https } }
  services: { s: { loadBalancer: { servers: [ { url: "http://$net.9:9000" } ] } } }
  routers:
    plain: { rule: "Host(\`plain\`)", service: s }
    type: { rule: "Host(\`type\`)", service: s, middlewares: [ type ] }
    away: { rule: "Host(\`away\`)", service: s, middlewares: [ type, away ] }
END
python3 "$dir/server.py" "$net.9" &
pids+=($!)
"$dir/traefik" --entrypoints.web.address="$net.1:8080" --providers.file.directory="$dir/etc" --log.level=ERROR \
	--global.checknewversion=false --global.sendanonymoususage=false >"$dir/log" 2>&1 &
pids+=($!)
for ((i = 0; i < 300; i++)); do curl -s -f -o "$dir/page" -H 'Host: plain' "http://$net.1:8080/length" && break; sleep 0.1; done
[ $i -lt 300 ] || give_up "Traefik does not serve: $(tail -1 "$dir/log")"

status=0
# type HOST PATH WANTED [OPTION]: the Content-Type of the response
type() {
	local got
	got=$(curl -s -D - -o "$dir/page" --max-time 10 ${4:-} -H "Host: $1" "http://$net.1:8080/$2" | tr -d '\r' | sed -n 's/^Content-Type: //Ip')
	printf '  %-6s %-7s %-3s %s\n' "$1" "$2" "${4:-}" "${got:-none}"
	[ "${got:-none}" = "$3" ] || status=1
}
html="text/html; charset=utf-8"
echo "Traefik $version, a page without Content-Type, by the router and by how the server frames it:"
type plain length none
type type length "$html"
type type chunks none
type type close none
type away length "text/plain; charset=utf-8"
type away length "text/plain; charset=utf-8" -I
exit $status
