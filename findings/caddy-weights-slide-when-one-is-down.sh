#!/bin/bash
# Caddy 2.11.9: with weighted_round_robin, a server that is down hands its place in the list of weights to its neighbour, and so on down the list.
#
# Expected: of three servers with the weights 1, 8 and 1 the first is down: the others share the requests by their own weights, 8 to 1.
# Seen:     the weights choose a place in the list, and the place is looked up in the list of those that are up, which is shorter: the place of the
#           server with weight 8 leads to the one with weight 1. It gets four requests of five, when it was meant to get one of nine, and
#           the large one stands nearly idle. While all are up, the shares are right.
# For Mola: each request chooses among the tasks that are left by the room on their nodes; a small node never inherits the share of a large one.
set -u
version=2.11.9
dir=$(mktemp -d)
trap 'chmod -R u+w "$dir"; rm -rf "$dir"' EXIT
give_up() { echo "cannot be tried: $*"; exit 2; }
go=$(PATH=$PATH:/usr/local/go/bin command -v go) || give_up "needs Go"
mkdir "$dir/src"
# Caddy with HTTP and its reverse proxy alone, which builds sooner than the whole
cat >"$dir/src/main.go" <<'END_GO'
package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"sync/atomic"

	"github.com/caddyserver/caddy/v2"
	_ "github.com/caddyserver/caddy/v2/modules/caddyhttp"
	_ "github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
)

const config = `{
	"admin": { "disabled": true }, "logging": { "logs": { "default": { "level": "ERROR" } } },
	"apps": { "http": { "servers": { "edge": { "listen": [ "%[1]s.9:8080" ], "automatic_https": { "disable": true }, "routes": [ { "handle": [ {
		"handler": "reverse_proxy",
		"upstreams": [ { "dial": "%[1]s.1:8080" }, { "dial": "%[1]s.2:8080" }, { "dial": "%[1]s.3:8080" } ],
		"load_balancing": { "selection_policy": { "policy": "weighted_round_robin", "weights": [ 1, 8, 1 ] }, "retries": 3 },
		"health_checks": { "passive": { "fail_duration": "1h" } }
	} ] } ] } } } }
}`

func must(err error) {
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

func main() {
	var count [3]atomic.Int32
	var servers [3]*http.Server
	for i := range servers {
		listener, err := net.Listen("tcp", fmt.Sprintf("%s.%d:8080", os.Args[1], i+1))
		must(err)
		servers[i] = &http.Server{Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { count[i].Add(1) })}
		go servers[i].Serve(listener)
	}
	must(caddy.Load([]byte(fmt.Sprintf(config, os.Args[1])), true))
	ask := func(what string) {
		failed := 0
		for range 1000 {
			response, err := http.Get("http://" + os.Args[1] + ".9:8080/")
			must(err)
			response.Body.Close()
			if response.StatusCode != 200 {
				failed++
			}
		}
		fmt.Println(what, count[0].Swap(0), count[1].Swap(0), count[2].Swap(0), failed)
	}
	ask("all")
	must(servers[0].Close())
	ask("two")
}
END_GO
(cd "$dir/src" && export GOPATH="$dir/go" GOCACHE="$dir/cache" GOFLAGS=-mod=mod && "$go" mod init tried &&
	"$go" get github.com/caddyserver/caddy/v2@v$version &&
	"$go" build -p 2 -o tried .) >"$dir/build.log" 2>&1 || give_up "it cannot be built: $(tail -n 1 "$dir/build.log")"
timeout 60 env -u http_proxy -u HTTP_PROXY "$dir/src/tried" "127.89.$(($$ % 250))" >"$dir/seen" 2>"$dir/log" ||
	{ cat "$dir/seen" "$dir/log"; give_up "it did not run"; }
echo "Caddy $version, weights 1, 8 and 1, a thousand requests; served by the first, the second, the third, failed:"
failed=0
while read -r what first second third bad; do
	echo "  $what: $first $second $third $bad"
	case $what in
	all) good=$((first == 100 && second == 800 && third == 100 && bad == 0)) ;;
	two) good=$((first == 0 && second < 250 && third > 750 && bad == 0)) ;;
	esac
	[ "$good" = 1 ] || { echo "  changed"; failed=1; }
done <"$dir/seen"
[ "$(wc -l <"$dir/seen")" = 2 ] && [ $failed = 0 ]
