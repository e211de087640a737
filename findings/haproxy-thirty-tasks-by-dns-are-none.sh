#!/bin/bash
# HAProxy 2.6.12 (Debian 12) with `server-template` and a name with thirty addresses, by the DNS library that Docker and CoreDNS use (miekg/dns 1.1.72).
#
# Expected: a template of 60 servers follows the name, as `tasks.web` of a Swarm, up to 60 addresses. An answer that is too long for a datagram is asked for
#           again by TCP, as every stub resolver does, or the servers stay as they were.
# Seen:     29 addresses are 29 servers. With the thirtieth the answer has more than 512 bytes (accepted_payload_size is 512 by default), comes cut off and is
#           counted as `truncated`; nobody asks by TCP. For 30 s (`hold other`) the first 29 go on, and then *all* servers are taken out, those whose
#           checks pass, too: scaling a service from 29 to 30 tasks is 503 for everybody, half a minute later. `accepted_payload_size 8192` cures it.
# For Mola: it drives HAProxy by the Runtime API, without DNS; doc/mode-haproxy.md says what to set where a template stays.
set -u
version=2.6.12 library=v1.1.72
dir=$(mktemp -d)
pids=()
trap 'kill "${pids[@]}" 2>/dev/null; wait 2>/dev/null; chmod -R u+w "$dir"; rm -rf "$dir"' EXIT
give_up() { echo "cannot be tried: $*"; exit 2; }
for tool in haproxy go curl python3; do command -v $tool >/dev/null || give_up "needs $tool"; done
haproxy -v | grep -qF "version $version" || give_up "needs HAProxy $version, of Debian 12"
net=127.86.$(($$ % 250))

# A DNS server with as many addresses for each name as the file `tasks` says.
cat >"$dir/main.go" <<'END'
package main

import (
	"net"
	"os"
	"strconv"
	"strings"

	"github.com/miekg/dns"
)

func answer(w dns.ResponseWriter, query *dns.Msg) {
	text, _ := os.ReadFile("tasks")
	tasks, _ := strconv.Atoi(strings.TrimSpace(string(text)))
	r := new(dns.Msg).SetReply(query)
	name := query.Question[0]
	for i := 1; name.Qtype == dns.TypeA && i <= tasks; i++ {
		r.Answer = append(r.Answer, &dns.A{Hdr: dns.RR_Header{Name: name.Name, Rrtype: dns.TypeA, Class: dns.ClassINET, Ttl: 600},
			A: net.ParseIP(os.Args[1] + "." + strconv.Itoa(i))})
	}
	size := dns.MinMsgSize
	if o := query.IsEdns0(); o != nil {
		size = int(o.UDPSize())
		r.SetEdns0(uint16(size), false)
	}
	if _, tcp := w.RemoteAddr().(*net.TCPAddr); tcp {
		size = dns.MaxMsgSize
	}
	r.Compress = true
	r.Truncate(size)
	w.WriteMsg(r)
}

func main() {
	go dns.ListenAndServe(os.Args[1]+".200:1053", "tcp", dns.HandlerFunc(answer))
	panic(dns.ListenAndServe(os.Args[1]+".200:1053", "udp", dns.HandlerFunc(answer)))
}
END
(cd "$dir" && export GOPATH="$dir/go" GOCACHE="$dir/cache" GOFLAGS=-mod=mod && go mod init try && go get github.com/miekg/dns@$library && go build -o dns .) \
	>"$dir/log" 2>&1 || { tail -n 3 "$dir/log"; give_up "miekg/dns $library cannot be built"; }
echo 29 >"$dir/tasks"
(cd "$dir" && exec ./dns "$net") >/dev/null 2>&1 & pids+=($!)

haproxy_start() {
	cat >"$dir/haproxy.cfg" <<-END
	global
	  stats socket $dir/sock level admin
	resolvers docker
	  nameserver dns $net.200:1053
	  timeout resolve 200ms
	  timeout retry 200ms
	  ${1:-}
	defaults
	  mode http
	  timeout client 5s
	  timeout server 5s
	  timeout connect 1s
	frontend web
	  bind $net.200:8080
	  default_backend tasks
	backend tasks
	  server-template task 60 tasks.web:8081 resolvers docker init-addr none check inter 200
	listen task
	$(for i in $(seq 40); do echo "  bind $net.$i:8081"; done)
	  http-request return status 200
	END
	haproxy -f "$dir/haproxy.cfg" -db >"$dir/log" 2>&1 & haproxy=$! pids+=($!)
}
command() { python3 -c 'import socket, sys; s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); s.send(sys.argv[2].encode() + b"\n")
while d := s.recv(65536): sys.stdout.write(d.decode())' "$dir/sock" "$1" 2>/dev/null; }
up() { command "show stat tasks 4 -1" | awk -F, '$18 == "UP"' | wc -l; }
# wait_for SECONDS COMMAND...
wait_for() { local until=$((SECONDS + $1)); shift; until "$@"; do [ $SECONDS -lt $until ] || return 1; sleep 0.2; done; }
are_up() { [ "$(up)" = "$1" ]; }
status() { curl -s --noproxy '*' -o /dev/null -w '%{http_code}' --max-time 5 "http://$net.200:8080/"; }

haproxy_start
wait_for 30 are_up 29 || give_up "the servers do not come up: $(up)"
seen="29 tasks: $(up) servers, $(status)"
echo 30 >"$dir/tasks"
since=$SECONDS
! wait_for 10 are_up 30
seen="$seen; 30 tasks, after 10 s: $(up) servers, $(status)"
wait_for 40 are_up 0
lost=$((SECONDS - since))
seen="$seen; later: $(up) servers, $(status)"
command "show resolvers docker" | grep -E '^ *truncated: *[1-9]' >/dev/null && seen="$seen, answers counted as truncated"
kill $haproxy; wait $haproxy 2>/dev/null
haproxy_start "accepted_payload_size 8192"
wait_for 30 are_up 30
seen="$seen; with accepted_payload_size 8192: $(up) servers, $(status)"
echo "HAProxy $version: $seen (all were lost after $lost s)"
[ "$seen" = "29 tasks: 29 servers, 200; 30 tasks, after 10 s: 29 servers, 200; later: 0 servers, 503, answers counted as truncated; with accepted_payload_size 8192: 30 servers, 200" ]
