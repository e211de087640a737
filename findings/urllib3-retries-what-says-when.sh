#!/bin/bash
# urllib3 2.8.0: a 503 with Retry-After is asked for four times, and waited for as long as the server likes, with everything left at its defaults.
#
# Expected: urllib3.request() retries connections that fail; a response is a response, whatever its status, unless `status_forcelist` names it.
#           `timeout=1` is all that a caller needs so as not to hang.
# Seen:     so it is for a plain 503. With `Retry-After: 2` beside it the same call sleeps two seconds, three times, sends four requests, and only then
#           returns the 503, 6 s after a call with a time-out of one. requests does not do so, until somebody gives its adapter `max_retries=3`
#           against connections that fail: then it does, too. POST is never repeated.
# For Mola: a refusal says `Retry-After: 1`, no more, so such a client waits 3 s in all; during an overload it counts as four requests
#           (doc/overload.md).
set -u
version=2.8.0 requests=2.34.2
dir=$(mktemp -d)
pid=
trap '[ -z "$pid" ] || kill "$pid" 2>/dev/null; wait 2>/dev/null; rm -rf "$dir"' EXIT
give_up() { echo "cannot be tried: $*"; exit 2; }
command -v python3 >/dev/null || give_up "needs python3"
python3 -m venv "$dir/venv" && "$dir/venv/bin/pip" install -q --disable-pip-version-check urllib3==$version requests==$requests ||
	give_up "urllib3 $version cannot be installed"
at=127.85.$(($$ % 250)).1

# Responds 503 to everything, with the path as Retry-After where there is one.
cat >"$dir/busy.py" <<'END'
import http.server, sys

class Busy(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def respond(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        print(self.command, flush=True)
        self.send_response(503)
        if self.path != "/":
            self.send_header("Retry-After", self.path[1:])
        self.send_header("Content-Length", "0")
        self.end_headers()
    do_GET = do_POST = respond
    def log_message(self, *args):
        pass

server = http.server.ThreadingHTTPServer((sys.argv[1], 8080), Busy)
open(sys.argv[2], "w").close()
server.serve_forever()
END
python3 "$dir/busy.py" "$at" "$dir/ready" >"$dir/log" & pid=$!
for _ in $(seq 100); do [ -e "$dir/ready" ] && break; sleep 0.1; done
cat >"$dir/ask.py" <<'END'
import sys, time
import requests, urllib3

at, log = sys.argv[1:]

def ask(what, call):
    before, began = len(open(log).readlines()), time.monotonic()
    try:
        status = call()
    except requests.exceptions.RetryError:
        status = "RetryError"
    print(f"{what}: {status}, {len(open(log).readlines()) - before} requests, {time.monotonic() - began:.0f} s")

ask("GET", lambda: urllib3.request("GET", f"http://{at}:8080/", timeout=1).status)
ask("GET, Retry-After: 2", lambda: urllib3.request("GET", f"http://{at}:8080/2", timeout=1).status)
ask("POST, Retry-After: 2", lambda: urllib3.request("POST", f"http://{at}:8080/2", body=b"x", timeout=1).status)
session = requests.Session()
ask("requests, Retry-After: 2", lambda: session.get(f"http://{at}:8080/2", timeout=1).status_code)
session.mount("http://", requests.adapters.HTTPAdapter(max_retries=3))
ask("requests with max_retries=3, Retry-After: 2", lambda: session.get(f"http://{at}:8080/2", timeout=1).status_code)
END
seen=$(timeout 60 env -u http_proxy -u HTTP_PROXY -u all_proxy "$dir/venv/bin/python" "$dir/ask.py" "$at" "$dir/log") || give_up "it did not run"
echo "urllib3 $version, requests $requests, time-out 1 s"
echo "$seen"
[ "$seen" = "GET: 503, 1 requests, 0 s
GET, Retry-After: 2: 503, 4 requests, 6 s
POST, Retry-After: 2: 503, 1 requests, 0 s
requests, Retry-After: 2: 503, 1 requests, 0 s
requests with max_retries=3, Retry-After: 2: 503, 4 requests, 6 s" ]
