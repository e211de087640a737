#!/bin/bash
# HAProxy 2.6.12: a PROXY protocol header of version 2 whose family is UNSPEC ends the connection, while UNKNOWN in version 1 is served.
#
# Expected: UNSPEC is what a sender writes that does not know, or cannot say, whose connection it is: version 2's word for UNKNOWN. The
#           specification, HAProxy's own, leaves it to the receiver whether to go on with the real addresses; one expects the same
#           receiver to do the same for both.
# Seen:     UNKNOWN (1) is served, LOCAL (2) is served, PROXY with UNSPEC (2) is closed without a response.
# For Mola: it reads UNSPEC as LOCAL, as nginx does. Whoever writes such headers for others must say LOCAL, never UNSPEC.
set -u
version=2.6.12
dir=$(mktemp -d)
pids=()
trap 'kill "${pids[@]}" 2>/dev/null; wait 2>/dev/null; rm -rf "$dir"' EXIT
give_up() { echo "cannot be tried: $*"; exit 2; }
PATH=$PATH:/usr/sbin:/sbin
command -v python3 >/dev/null || give_up "needs python3"
if ! haproxy -v 2>/dev/null | grep -q "version $version-"; then
	(cd "$dir" && apt-get download "haproxy=$version-*" >/dev/null 2>&1 && dpkg-deb -x haproxy_*.deb "$dir/root") || give_up "haproxy $version is not installed, and cannot be had"
	PATH=$dir/root/usr/sbin:$PATH
fi
haproxy -v 2>/dev/null | grep -q "version $version-" || give_up "haproxy $version does not run"
at=127.84.$(($$ % 250)).1
cat >"$dir/haproxy.cfg" <<END
defaults
 mode http
 timeout connect 5s
 timeout client 5s
 timeout server 5s
frontend f
 bind $at:8080 accept-proxy
 http-request return status 200
END
haproxy -db -f "$dir/haproxy.cfg" 2>"$dir/log" & pids+=($!)
cat >"$dir/ask.py" <<'END'
import socket, sys, time
signature = b"\r\n\r\n\0\r\nQUIT\n"
headers = {"unknown": b"PROXY UNKNOWN\r\n", "local": signature + b"\x20\0\0\0", "unspec": signature + b"\x21\0\0\0",
           "tcp4": signature + b"\x21\x11\0\x0c" + bytes([192, 0, 2, 1, 192, 0, 2, 2, 0x9c, 0x40, 0, 80])}
def ask(header):
    for _ in range(100):
        try:
            s = socket.create_connection((sys.argv[1], 8080), 5)
            break
        except ConnectionRefusedError:
            time.sleep(0.05)
    try:
        s.sendall(header + b"GET / HTTP/1.0\r\n\r\n")
        return s.recv(4096).decode().split(" ")[1:2] == ["200"] and "served" or "closed"
    except OSError:
        return "closed"
print(" ".join(f"{name}={ask(header)}" for name, header in headers.items()))
END
seen=$(python3 "$dir/ask.py" "$at") || give_up "haproxy was not reached: $(cat "$dir/log")"
echo "$seen"
[ "$seen" = "unknown=served local=served unspec=closed tcp4=served" ]
