#!/bin/bash
# nginx 1.22.1: how long a PROXY protocol header of version 2 may be depends on whether TLS follows: 1024 bytes without, 108 with it.
#
# Expected: one limit for the header, near the 536 bytes that its specification promises to pass in one segment, on every listener;
#           client_header_buffer_size is about HTTP.
# Seen:     "listen ... proxy_protocol" takes a header as long as client_header_buffer_size (1024 by default, 8192 where that is 8k);
#           "listen ... ssl proxy_protocol" takes 108 bytes whatever that setting is, and resets what is longer. Addresses alone need
#           28 (IPv6: 52), so it works until the sender adds fields: a checksum, a unique ID, the client's certificate, a cloud's endpoint.
# For Mola: what it sends to tasks as PROXY protocol holds addresses alone, and stays below 108 bytes.
set -u
version=1.22.1
dir=$(mktemp -d)
pids=()
trap 'kill "${pids[@]}" 2>/dev/null; wait 2>/dev/null; rm -rf "$dir"' EXIT
give_up() { echo "cannot be tried: $*"; exit 2; }
PATH=$PATH:/usr/sbin:/sbin
command -v python3 >/dev/null && command -v openssl >/dev/null || give_up "needs python3 and openssl"
if ! nginx -v 2>&1 | grep -q "nginx/$version\$"; then
	(cd "$dir" && apt-get download "nginx=$version-*" >/dev/null 2>&1 && dpkg-deb -x nginx_*.deb "$dir/root") || give_up "nginx $version is not installed, and cannot be had"
	PATH=$dir/root/usr/sbin:$PATH
fi
nginx -v 2>&1 | grep -q "nginx/$version\$" || give_up "nginx $version does not run"
at=127.84.$(($$ % 250)).2
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=test -days 2 -keyout "$dir/key" -out "$dir/cert" 2>/dev/null || give_up "openssl made no certificate"
cat >"$dir/nginx.conf" <<END
daemon off;
pid $dir/pid;
error_log $dir/log info;
events { }
http {
	access_log off;
	client_body_temp_path $dir/body; proxy_temp_path $dir/proxy; fastcgi_temp_path $dir/fastcgi; uwsgi_temp_path $dir/uwsgi; scgi_temp_path $dir/scgi;
	ssl_certificate $dir/cert; ssl_certificate_key $dir/key;
	server { listen $at:8080 proxy_protocol; location / { return 200; } }
	server { listen $at:8081 proxy_protocol; client_header_buffer_size 8k; location / { return 200; } }
	server { listen $at:8443 ssl proxy_protocol; location / { return 200; } }
	server { listen $at:8444 ssl proxy_protocol; client_header_buffer_size 8k; location / { return 200; } }
}
END
nginx -c "$dir/nginx.conf" 2>"$dir/errors" & pids+=($!)
cat >"$dir/ask.py" <<'END'
import socket, ssl, sys, time

trusting = ssl.create_default_context()
trusting.check_hostname = False
trusting.verify_mode = ssl.CERT_NONE

def header(length):     # of so many bytes: two addresses and ports, and one field of type NOOP
    addresses = bytes([192, 0, 2, 1, 192, 0, 2, 2, 0x9C, 0x40, 0, 80])
    fill = length - 16 - len(addresses) - 3
    body = addresses + b"\x04" + fill.to_bytes(2, "big") + bytes(fill)
    return b"\r\n\r\n\0\r\nQUIT\n\x21\x11" + len(body).to_bytes(2, "big") + body

def served(port, length):
    with socket.create_connection((sys.argv[1], port), 10) as s:
        try:
            s.sendall(header(length))
            if port >= 8443:
                s = trusting.wrap_socket(s)
            s.sendall(b"GET / HTTP/1.0\r\n\r\n")
            return s.recv(4096)[9:12] == b"200"
        except OSError:
            return False

def longest(port):
    good, bad = 31, 30000
    while bad - good > 1:
        middle = (good + bad) // 2
        good, bad = (middle, bad) if served(port, middle) else (good, middle)
    return good

for _ in range(100):
    try:
        socket.create_connection((sys.argv[1], 8444), 5).close()
        break
    except ConnectionRefusedError:
        time.sleep(0.05)
print(*(f"{name}={longest(port)}" for name, port in (("plain", 8080), ("plain-8k", 8081), ("ssl", 8443), ("ssl-8k", 8444))))
END
seen=$(python3 "$dir/ask.py" "$at") || give_up "nginx was not reached: $(cat "$dir/errors")"
echo "the longest header that is served: $seen"
[ "$seen" = "plain=1024 plain-8k=8192 ssl=108 ssl-8k=108" ]
