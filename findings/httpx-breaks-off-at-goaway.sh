#!/bin/bash
# httpx 0.28.1 (httpcore 1.0.9, h2 4.4.1) and nginx 1.22.1 (Debian 12's nginx-light): a reload of nginx breaks the HTTP/2 responses that httpx is reading.
#
# Expected: GOAWAY with NO_ERROR and the last stream that is served is how an HTTP/2 server leaves in peace: streams up to that one run to their end.
#           nginx says so at `nginx -s reload`, whose old workers finish what they have begun; clients read on.
# Seen:     nginx names stream 1, the one that httpx is reading, and would send all of it. httpx raises RemoteProtocolError in the middle of that
#           response. The same file by HTTP/1.1, through the same reload, arrives whole; curl gets all of it by HTTP/2, too.
# For Mola: at a stop or an upgrade GOAWAY comes with the end of the last stream that is open, and at the latest when the time of `stop` is over
#           (doc/http2.md): what httpx reads by then arrives whole.
set -u
version=0.28.1
dir=$(mktemp -d)
trap '[ ! -s "$dir/pid" ] || kill "$(cat "$dir/pid")" 2>/dev/null; rm -rf "$dir"' EXIT
give_up() { echo "cannot be tried: $*"; exit 2; }
for tool in python3 curl nginx; do command -v $tool >/dev/null || give_up "needs $tool"; done
nginx -v 2>&1 | grep -qF nginx/1.22.1 || give_up "needs nginx 1.22.1, of Debian 12's nginx-light"
python3 -m venv "$dir/venv" && "$dir/venv/bin/pip" install -q --disable-pip-version-check "httpx[http2]==$version" httpcore==1.0.9 h2==4.4.1 ||
	give_up "httpx $version cannot be installed"
at=127.84.$(($$ % 250)).1
head -c 400000 /dev/zero >"$dir/file"
chmod 755 "$dir"
cat >"$dir/nginx.conf" <<-END
	pid $dir/pid;
	error_log $dir/log;
	worker_processes 1;
	events {}
	http {
	  access_log off;
	  server {
	    listen $at:8080 http2;
	    listen $at:8081;
	    root $dir;
	    location /file { limit_rate 100k; }
	  }
	}
END
nginx -c "$dir/nginx.conf" 2>/dev/null || give_up "nginx does not start: $(tail -n 1 "$dir/log")"
reload() { nginx -s reload -c "$dir/nginx.conf" 2>/dev/null; }

# Reads the file, and has nginx reload when the first bytes are there.
cat >"$dir/read.py" <<'END'
import subprocess, sys
import httpx

conf, at, port = sys.argv[1:]
got, reloaded = 0, False
with httpx.Client(http1=port == "8081", http2=port == "8080", timeout=30) as client:
    try:
        with client.stream("GET", f"http://{at}:{port}/file") as response:
            for piece in response.iter_raw():
                got += len(piece)
                if not reloaded:
                    reloaded = subprocess.run(["nginx", "-s", "reload", "-c", conf], stderr=subprocess.DEVNULL).returncode == 0
        print("all of it" if got == 400000 else got)
    except httpx.RemoteProtocolError as e:
        goaway = "error_code:0, last_stream_id:1," in str(e)
        print("part of it" if got < 400000 else "all of it", "and then RemoteProtocolError, for GOAWAY without error, last stream 1" if goaway else e)
END
h2=$(timeout 60 "$dir/venv/bin/python" "$dir/read.py" "$dir/nginx.conf" "$at" 8080)
h1=$(timeout 60 "$dir/venv/bin/python" "$dir/read.py" "$dir/nginx.conf" "$at" 8081)
curl -s --http2-prior-knowledge --max-time 30 -o "$dir/got" "http://$at:8080/file" &
pid=$!
until [ -s "$dir/got" ] || ! kill -0 $pid 2>/dev/null; do sleep 0.05; done
reload
wait $pid
curl="status $?, $(stat -c %s "$dir/got") bytes"
echo "nginx reloads while they read 400000 bytes. httpx $version, HTTP/2: $h2; HTTP/1.1: $h1; curl, HTTP/2: $curl"
[ "$h2" = "part of it and then RemoteProtocolError, for GOAWAY without error, last stream 1" ] && [ "$h1" = "all of it" ] &&
	[ "$curl" = "status 0, 400000 bytes" ]
