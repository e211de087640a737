#!/bin/bash
# Cheroot 11.1.2, the HTTP server of CherryPy
# Expected: an HTTP/1.1 server keeps every connection for its keep-alive time (server.timeout, 10 s), as long as it has room for it.
# Seen: it keeps ten (keep_alive_conn_limit). While ten are kept, each further client is answered with Connection: close, so whoever
#   sends it more than ten requests at once pays a new connection for most of them, with 4 threads as with 400.
# For Mola: a kept connection of such a task is not a matter of time alone; Connection: close is heeded, and a POST never goes out
#   on a connection that may be closed (doc/why/0011).
set -u
want=11.1.2
dir=$(mktemp -d) || exit 2
trap 'rm -rf "$dir"' EXIT
cannot() { echo "cannot be tried: $*"; exit 2; }
command -v python3 >/dev/null || cannot "there is no python3"
python3 -m venv "$dir/v" >/dev/null 2>&1 && "$dir/v/bin/pip" install -q "cheroot==$want" >"$dir/pip" 2>&1 || cannot "pip install cheroot==$want"
seen=$(timeout 60 "$dir/v/bin/python" - <<'INSIDE'
import os
import socket
import threading
from cheroot import wsgi


def app(_, start):
    start("200 OK", [("Content-Length", "2")])
    return [b"ok"]


server = wsgi.Server(("127.0.0.1", 0), app, numthreads=4)
server.prepare()
threading.Thread(target=server.serve, daemon=True).start()
kept, closed, open_ones = 0, 0, []
for _ in range(30):
    c = socket.create_connection(server.bind_addr)
    open_ones.append(c)
    c.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    answer = c.recv(4096).lower()
    if b"connection: close" in answer:
        closed += 1
    else:
        kept += 1
print(kept, closed, flush=True)
os._exit(0)             # its threads would go on
INSIDE
) || cannot "it did not run"
echo "30 clients, one after another: kept and closed: $seen"
[ "$seen" = "10 20" ]
