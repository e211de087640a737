#!/bin/bash
# Traefik 3.6.12: compress behind retry, buffering or errors gives a response a Content-Type that its server has not sent, with gzip alone.
#
# Expected: since version 3 Traefik guesses no types: a response without Content-Type reaches the client without one, unless the middleware
#           contentType asks for the guess. Compressing it, by whatever encoding and beside whatever other middleware, changes nothing about that.
# Seen:     alone, or before the others, compress leaves the field out. Behind retry, buffering or errors the gzip response has
#           "Content-Type: text/html; charset=utf-8", guessed from the body; the same request with br, or without an encoding, has none. So a
#           client that accepts gzip renders what another one downloads.
# For Mola: it guesses nothing, whatever the order; the comparison with Traefik knows this difference by name.
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
net=127.85.$(($$ % 250))

cat >"$dir/server.py" <<'END'
import http.server, sys


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = b"<html>" + b"x" * 3000
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


http.server.ThreadingHTTPServer((sys.argv[1], 9000), Handler).serve_forever()
END
mkdir "$dir/etc"
{
	printf 'http:\n  middlewares:\n    compress: { compress: {} }\n    retry: { retry: { attempts: 2 } }\n'
	printf '    buffering: { buffering: { maxRequestBodyBytes: 100000 } }\n    errors: { errors: { status: [ "599" ], service: s, query: /x } }\n'
	printf '  services:\n    s: { loadBalancer: { servers: [ { url: "http://%s.9:9000" } ] } }\n  routers:\n' "$net"
	for chain in compress compress-retry retry-compress buffering-compress errors-compress; do
		printf '    %s: { rule: "Host(`%s`)", service: s, middlewares: [ %s ] }\n' $chain $chain "${chain//-/, }"
	done
} >"$dir/etc/all.yml"
python3 "$dir/server.py" "$net.9" &
pids+=($!)
"$dir/traefik" --entrypoints.web.address="$net.1:8080" --providers.file.directory="$dir/etc" --log.level=ERROR \
	--global.checknewversion=false --global.sendanonymoususage=false >"$dir/log" 2>&1 &
pids+=($!)
for ((i = 0; i < 300; i++)); do curl -s -f -o "$dir/page" -H 'Host: compress' "http://$net.1:8080/" && break; sleep 0.1; done
[ $i -lt 300 ] || give_up "Traefik does not serve: $(tail -1 "$dir/log")"

# type CHAIN ENCODING: the Content-Type of the response; "none"
type() {
	local got
	got=$(curl -s -D - -o "$dir/page" --max-time 10 -H "Host: $1" -H "Accept-Encoding: $2" "http://$net.1:8080/" | tr -d '\r' | sed -n 's/^Content-Type: //Ip')
	echo "${got:-none}"
}
echo "Traefik $version, a response without Content-Type, by the middlewares that it passes:"
status=0
for chain in compress compress-retry retry-compress buffering-compress errors-compress; do
	gzip=$(type $chain gzip) br=$(type $chain br) plain=$(type $chain identity)
	printf '  %-20s gzip: %-26s br: %-8s identity: %s\n' "${chain//-/, }" "$gzip" "$br" "$plain"
	case $chain in
	compress | compress-retry) want=none ;;
	*) want="text/html; charset=utf-8" ;;
	esac
	[ "$gzip" = "$want" ] && [ "$br" = none ] && [ "$plain" = none ] || status=1
done
exit $status
