# Nothing but a real Prometheus tells Mola of the nodes, with the queries that are the defaults. Traffic leaves the node that is busy
# and comes back; when Prometheus dies, that is said, and traffic flows on; a second one takes over.
nodes_start "4 4 4"
must "a real node_exporter is up" exporter_start exporter "$net.9:9100" --collector.disable-defaults --collector.cpu --collector.meminfo --collector.stat
scrape_conf node "$net".{1,2,3}:29100
scrape_more real "$net.9:9100"
must "a real Prometheus is up" prometheus_start
must "it has seen the nodes" within 20 has_data 'rate(node_cpu_seconds_total[15s])'

mola_conf "  servers: [ $net.91:9090, $prom ]
  period: 1s"
must "Mola is up" mola_start
seen() { nodes_are '.state == "fresh" and .source == "prometheus" and .cores == 4 and .age_seconds < 6 and .memory_total_bytes > 1e9 and .why == null'; }
must "all nodes are known by Prometheus alone, cores and memory too" within 20 seen
check "the server that is down is said to be" api_is /api/v1/prometheus '.servers[0] | .state == "failed" and .why == "prom_gone" and .current == false'
check "and the other to be asked" api_is /api/v1/prometheus '.servers[1] | .state == "ok" and .current'
check "a machine that is no node is told apart" within 5 api_is /api/v1/prometheus \
	'.queries[] | select(.name == "cpu") | .nodes == 3 and .unkeyed == 1 and (.unkeyed_example | contains("'"$net.9:9100"'"))'

load_start 120 0.03
within 20 api_is /api/v1/services '.services[0].requests_total > 50'
before=$(shares 4)
echo "# shares, all idle: $before"
check "idle nodes share" holds "$before | .n1 > .2 and .n2 > .2 and .n3 > .2"

hog 2 40
begun=$EPOCHREALTIME
left() { holds "$(shares 1) | .n2 < .1"; }
check "traffic leaves the node that is busy" within 30 left
bench left "$(awk -v a="$begun" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f", b - a }')" s
hog 2 0
back() { holds "$(shares 2) | .n2 > .2"; }
check "and comes back" within 60 back

# --- it has lost sight of a node ---

cp "$tmp/prometheus.yml" "$tmp/whole"
grep -v "$net.2:29100" "$tmp/whole" >"$tmp/prometheus.yml"
kill -HUP "${pid[prometheus]}"
check "half-empty: who is missing is said to be" within 30 node_is n2 '.why == "prom_absent"'
check "half-empty: the others are believed" within 5 node_is n1 '.why == null and .state == "fresh"'
half=$(shares 5)
echo "# shares, half-empty: $half"
check "half-empty: each node gets its part" holds "$half | .n1 > .1 and .n2 > .1 and .n3 > .1"
cp "$tmp/whole" "$tmp/prometheus.yml"
kill -HUP "${pid[prometheus]}"
check "half-empty: and found again" within 30 seen

# --- it dies, and another takes over ---

stop prometheus KILL
check "its death is told" within 20 api_is /api/v1/prometheus '.servers | all(.state == "failed")'
check "and why, of each node" within 20 nodes_are '.why == "prom_gone" and (.detail | contains("9090"))'
check "nodes are blind in the end, and equal" within 60 api_is /api/v1/nodes '[.nodes[] | .state == "blind"] | all'
after=$(shares 4)
echo "# shares, blind: $after"
check "then they share as without" holds "$after | .n1 > .1 and .n2 > .1 and .n3 > .1"
cp "$tmp/prometheus.yml" "$tmp/second.yml"
must "the second Prometheus comes up" prometheus_start second "$net.91:9090"
check "and tells of the nodes" within 40 seen
check "nothing failed" none_failed
stop load TERM
check "Mola ends in order" mola_stop
