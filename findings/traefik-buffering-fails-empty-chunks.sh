#!/bin/bash
# Traefik 3.6.12: behind the middleware buffering, an empty response that its server sends in chunks becomes 500 Internal Server Error.
#
# Expected: buffering collects a response before the client gets it, to bound its size or to try again. One of no bytes is the smallest there is, and
#           200 with an empty body is a normal response: of an API that has nothing to say, of a streaming framework that never knows the length.
# Seen:     with Content-Length: 0 the response passes; with Transfer-Encoding: chunked and no chunk but the last, the client gets 500, for each option of
#           buffering alike, also those that look at requests only. The server has logged a success. Traefik 3.7.13 passes both.
# For Mola: its buffering bounds bodies on their way and has no such case; a service that fails behind Traefik may work behind Mola.
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


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        how, _, size = self.path.strip("/").partition("-")
        body = b"x" * int(size)
        self.send_response(200)
        if how == "length":
            self.send_header("Content-Length", str(len(body)))
        else:
            self.send_header("Transfer-Encoding", "chunked")
            body = (b"%x\r\n%s\r\n" % (len(body), body) if body else b"") + b"0\r\n\r\n"
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


http.server.ThreadingHTTPServer((sys.argv[1], 9000), Handler).serve_forever()
END
mkdir "$dir/etc"
cat >"$dir/etc/all.yml" <<END
http:
  middlewares:
    requests: { buffering: { maxRequestBodyBytes: 100000 } }
    responses: { buffering: { maxResponseBodyBytes: 100000 } }
    again: { buffering: { retryExpression: "IsNetworkError() && Attempts() < 2" } }
  services: { s: { loadBalancer: { servers: [ { url: "http://$net.9:9000" } ] } } }
  routers:
    plain: { rule: "Host(\`plain\`)", service: s }
    requests: { rule: "Host(\`requests\`)", service: s, middlewares: [ requests ] }
    responses: { rule: "Host(\`responses\`)", service: s, middlewares: [ responses ] }
    again: { rule: "Host(\`again\`)", service: s, middlewares: [ again ] }
END
python3 "$dir/server.py" "$net.9" &
pids+=($!)
"$dir/traefik" --entrypoints.web.address="$net.1:8080" --providers.file.directory="$dir/etc" --log.level=ERROR \
	--global.checknewversion=false --global.sendanonymoususage=false >"$dir/log" 2>&1 &
pids+=($!)
for ((i = 0; i < 300; i++)); do curl -s -f -o "$dir/page" -H 'Host: plain' "http://$net.1:8080/length-1" && break; sleep 0.1; done
[ $i -lt 300 ] || give_up "Traefik does not serve: $(tail -1 "$dir/log")"

status=0
echo "Traefik $version, a response by the router, how the server frames it, and its bytes:"
# is WANTED HOST FRAMING-SIZE: the status
is() {
	local got
	got=$(curl -s -o "$dir/page" -w '%{http_code}' --max-time 10 -H "Host: $2" "http://$net.1:8080/$3")
	printf '  %-10s %-10s %s\n' "$2" "$3" "$got"
	[ "$got" = "$1" ] || status=1
}
is 200 plain chunks-0
for host in requests responses again; do
	is 200 $host length-0
	is 200 $host chunks-1
	is 500 $host chunks-0
done
exit $status
