# Envoy, told by EDS files and by EDS over REST: weights, members that come, go and drain under load, what it refuses, and
# what endpoint_stale_after is good for when Mola dies.

[ -x build/peers/envoy ] || skip "there is no build/peers/envoy; tools/peers envoy makes it"
api_of=$net.100:9901			# Envoy's admin
eds=$tmp/eds
mkdir "$eds"

# envoy_conf EDS: Envoy's own configuration. Requests go to the cluster that Mola fills, and to n1 alone when it has nobody.
envoy_conf() {
	cat >"$tmp/envoy.yaml" <<-END
	admin: { address: { socket_address: { address: $net.100, port_value: 9901 } } }
	node: { id: edge-1, cluster: edge }
	static_resources:
	  listeners:
	  - name: web
	    address: { socket_address: { address: $net.100, port_value: 8080 } }
	    filter_chains:
	    - filters:
	      - name: envoy.filters.network.http_connection_manager
	        typed_config:
	          "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
	          stat_prefix: web
	          route_config:
	            virtual_hosts: [ { name: all, domains: [ "*" ], routes: [ { match: { prefix: / }, route: { cluster: front } } ] } ]
	          http_filters: [ { name: envoy.filters.http.router, typed_config: { "@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router } } ]
	  clusters:
	  - name: front
	    lb_policy: CLUSTER_PROVIDED
	    cluster_type:
	      name: envoy.clusters.aggregate
	      typed_config: { "@type": type.googleapis.com/envoy.extensions.clusters.aggregate.v3.ClusterConfig, clusters: [ web, spare ] }
	  - name: web
	    type: EDS
	    lb_policy: ${2:-ROUND_ROBIN}
	    ${3:-}
	    connect_timeout: 1s
	    eds_cluster_config: { service_name: edge_web, eds_config: { resource_api_version: V3, $1 } }
	  - name: spare
	    type: STATIC
	    load_assignment: { cluster_name: spare, endpoints: [ { lb_endpoints: [ { endpoint: { address: { socket_address: { address: $net.1, port_value: 20080 } } } } ] } ] }
	  - name: mola
	    type: STATIC
	    load_assignment: { cluster_name: mola, endpoints: [ { lb_endpoints: [ { endpoint: { address: { socket_address: { address: $net.200, port_value: 8000 } } } } ] } ] }
	END
}
by_file="path_config_source: { path: $eds/web.json }"
by_rest="api_config_source: { api_type: REST, transport_api_version: V3, cluster_names: [ mola ], refresh_delay: 0.2s, request_timeout: 1s }"
envoy_start() {
	start envoy build/peers/envoy -c "$tmp/envoy.yaml" --concurrency 2 --use-dynamic-base-id -l warning
	within 20 envoy_ready
}
envoy_ready() { [ "$(curl -s --max-time 1 "http://$api_of/ready")" = LIVE ]; }
# stat NAME: of the cluster that Mola fills
stat() { curl -s --max-time 2 "http://$api_of/stats?filter=^cluster.web.$1\$" | sed -n 's/.*: //p'; }
stat_is() { [ "$(stat "$1")" "$2" "$3" ]; }
# endpoints: what Envoy has, as {"n1": {"weight": 1, "health": "HEALTHY"}, ...}
endpoints() {
	curl -s --max-time 2 "http://$api_of/clusters?format=json" | jq -c '.cluster_statuses[] | select(.name == "web") | [.host_statuses // [] | .[] |
		{key: ("n" + (.address.socket_address.address | split(".")[3])), value: {weight, health: .health_status.eds_health_status}}] | from_entries'
}
envoy_has() { endpoints | json_is "$1"; }
shares() { answers 140 >"$tmp/answers" && jq -e "$1" "$tmp/answers" >/dev/null; }

# configure KIND [MORE [TASK...]]: Mola's configuration
configure() {
	local kind=$1 more=${2:-} where=
	shift $(($# < 2 ? $# : 2))
	[ "$kind" = envoy-rest ] || where="file: \"$eds/{service}.json\","
	mola_conf "  - { name: edge, kind: $kind, $where backend: \"edge_{service}\", api: \"http://$api_of\", poll: 200ms, interval: 200ms$more }" web "$@"
	sed -i 's/^admin: {/admin: { hosts: [mola],/' "$tmp/mola.yaml"
}

check "the Envoy that is shipped is sound" eval 'build/peers/envoy --mode validate -c deploy/envoy/envoy.yaml >"$tmp/validate.log" 2>&1'
check "and the Mola beside it" eval '"$MOLA" check deploy/envoy/mola.yaml >"$tmp/check.log" 2>&1'

one_file_is_refused() {
	mola_conf "  - { name: edge, kind: envoy-file, file: $eds/all.json }"
	! "$MOLA" check "$tmp/mola.yaml" >"$tmp/check.log" 2>&1 && grep -q "targets.file.*a file for each cluster" "$tmp/check.log"
}
check "one file for all services is refused in words: Envoy wants one for each cluster" one_file_is_refused

# --- weights and members, both ways: members KIND, with Mola and Envoy running ---

members() {
	local kind=$1
	must "$kind: Mola sees that Envoy has what it was told" within 15 target_is edge '.taken'
	check "$kind: each server has its weight" api_is /api/v1/targets \
		'.targets[0].services[0].servers | length == 3 and all(.has_weight == .weight and .has_state == "HEALTHY")'
	check "$kind: the node of four cores has the most" envoy_has '.n3.weight == 1000 and .n2.weight > .n1.weight'
	check "$kind: requests go by the weights" within 20 shares '.n3 > 1.4 * .n2 and .n2 > 1.2 * .n1 and .n1 > 3'
	echo "# answered: $(jq -c . "$tmp/answers")"

	hammer 4 "/?work=0.0005"
	mola_drain n3
	check "$kind: a node that is drained is DRAINING" within 10 envoy_has '.n3.health == "DRAINING" and .n1.health == "HEALTHY"'
	check "$kind: and gets no new requests" within 10 shares '.n3 == null and .n2 > 20'
	mola_drain n2
	check "$kind: when more drain than serve, they are DRAINING, too" within 10 envoy_has '.n2.health == "DRAINING" and .n3.health == "DRAINING"'
	check "$kind: all requests go to the one that is left" within 10 shares '. == {"n1": 140}'
	mola_drain --undo n2
	mola_drain --undo n3
	check "$kind: they come back" within 10 envoy_has 'length == 3 and all(.health == "HEALTHY")'
	configure "$kind" "" 1 2
	mola_reload
	check "$kind: a task that is gone is gone" within 10 envoy_has 'keys == ["n1", "n2"]'
	configure "$kind"
	mola_reload
	check "$kind: a task that came is there" within 10 envoy_has 'keys == ["n1", "n2", "n3"]'
	for i in 1 2 3 4 5; do
		mola_drain n$((i % 3 + 1))
		sleep 0.3
		mola_drain --undo n$((i % 3 + 1))
	done
	hammered
	check "$kind: no request failed meanwhile" none_failed 1000
	check "$kind: Envoy refused nothing" stat_is update_rejected = 0
	bench "$kind-updates" "$(stat update_success)" updates
}

nodes_start "1 2 4"
configure envoy-file
must "Mola starts" mola_start
must "the file is there before Envoy is" within 10 test -s "$eds/web.json"
envoy_conf "$by_file"
must "Envoy takes it" envoy_start
members envoy-file

# --- what is wrong is said, and what was good stays ---

echo '{"version_info":"x","resources":[{"@type":"type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment","cluster_name":"other"}]}' >"$eds/new"
mv "$eds/new" "$eds/web.json"
check "somebody else's file is replaced" within 10 grep -q edge_web "$eds/web.json"
check "and Envoy had refused it" within 5 stat_is update_rejected = 1
stop envoy
check "an Envoy that does not answer is told" within 10 target_is edge '.taken_why == "proxy_gone" and .taken == null'
must "Envoy starts again" envoy_start
check "and has it all" within 10 target_is edge '.taken'
check "another cluster's name is told" eval 'sed -i s/edge_{service}/nobody_{service}/ "$tmp/mola.yaml"; mola_reload
	within 15 target_is edge ".taken == false and (.taken_detail | contains(\"nobody_web\"))"'
configure envoy-file ", stale_after: 2s"
mola_reload

# --- an Envoy that checks health itself: it keeps in use what is taken out, unless it is told not to ---

health="health_checks: [ { timeout: 1s, interval: 0.2s, no_traffic_interval: 0.2s, unhealthy_threshold: 2, healthy_threshold: 1, http_health_check: { path: / } } ]"
sixty() { answers 60 >"$tmp/answers" && jq -e "$1" "$tmp/answers" >/dev/null; }
noted() { target_is edge "(.notes | length == 1) and (.notes[0] | test(\"ignore_health_on_host_removal\"))"; }
stop envoy
envoy_conf "$by_file" ROUND_ROBIN "$health"
must "checks: Envoy starts" envoy_start
check "checks: all three are used" within 20 sixty 'length == 3'
mola_drain n1
mola_drain n2
check "checks: of three nodes two are drained: of 60 requests 60 reach the third" within 10 sixty '. == {"n3": 60}'
echo "# answered: $(jq -c . "$tmp/answers")"
check "checks: and Mola sees that" within 10 target_is edge '.taken'
mola_drain --undo n1
mola_drain --undo n2
check "checks: they come back" within 10 sixty 'length == 3'
check "checks: what Envoy's cluster lacks is said" within 10 noted
configure envoy-file "" 1 3
mola_reload
check "checks: a task that is taken out, and lives, keeps its share: that is told" within 20 target_is edge \
	'.taken == false and (.taken_detail | test("still uses .*pending_dynamic_removal.*ignore_health_on_host_removal"))'
check "checks: it is so" sixty '.n2 > 5'
stop envoy
configure envoy-file ", stale_after: 2s"
mola_reload
envoy_conf "$by_file" ROUND_ROBIN "{ ignore_health_on_host_removal: true, $health }"
sed -i 's/^    { ignore_health_on_host_removal: true, \(.*\) }$/    ignore_health_on_host_removal: true\n    \1/' "$tmp/envoy.yaml"
must "checks: Envoy starts with ignore_health_on_host_removal" envoy_start
check "checks: Mola sees that it has all" within 10 target_is edge '.taken and .notes == []'
configure envoy-file ", stale_after: 2s" 1 3
mola_reload
check "checks: now a task that is taken out is out" within 10 sixty '.n2 == null and length == 2'
configure envoy-file ", stale_after: 2s"
mola_reload
check "checks: and comes back" within 10 sixty 'length == 3'
stop envoy
envoy_conf "$by_file"
must "checks: Envoy starts without them" envoy_start

# --- when Mola dies: with stale_after Envoy ceases to believe it after that time, and has somebody else to ask ---

check "stale_after is told" within 10 grep -q '"endpoint_stale_after": "2.000000s"' "$eds/web.json"
within 10 target_is edge '.taken'
beats=$(stat update_success)
check "the same is said again before it grows stale" within 10 stat_is update_success -ge $((beats + 4))
check "and nothing ever did" stat_is assignment_stale = 0
hammer 4 "/?work=0.0005"
brain=$(mola_child brain)
kill -KILL "$brain"
within 10 eval '[ -n "$(mola_child brain)" ] && [ "$(mola_child brain)" != '"$brain"' ]'
sleep 1
stop mola KILL
check "Mola is gone: what it said last is left, and used" shares '.n3 > 20'
check "after the time, it is not" within 10 stat_is assignment_stale -ge 1
check "and the cluster to fall back to gets it all" within 5 shares '. == {"n1": 140}'
must "Mola comes back" mola_start
check "and is believed again" within 15 shares '.n3 > 20 and .n2 > 10'
hammered
check "no request failed when Mola died, nor when it came back" none_failed 1000

# --- withdrawn ---

empty() { envoy_has '. == {}'; }
check "withdrawn: what would be done is said" eval 'mola_targets withdraw edge --dry-run && grep -q "^would cluster edge_web gets an assignment without endpoints: $eds/web.json" "$tmp/words.log"'
check "withdrawn" mola_targets withdraw edge
check "withdrawn: Envoy has no endpoints of Mola's" within 10 empty
check "withdrawn: and took that" stat_is update_rejected = 0
check "withdrawn: the other cluster gets it all" within 10 shares '. == {"n1": 140}'
check "withdrawn: Mola says so" withdrawn edge
check "resumed" eval 'mola_targets resume edge && within 15 shares ".n3 > 20 and .n2 > 10"'
check "Mola ends in order" mola_stop
echo '{"resources": []}' >"$eds/other.json"
check "withdrawn without Mola" eval '"$MOLA" targets withdraw --config "$tmp/mola.yaml" edge >"$tmp/offline.log" 2>&1'
check "withdrawn without Mola: no endpoints, either" within 10 empty
check "withdrawn without Mola: a file beside it that is not Mola's is left alone" [ "$(cat "$eds/other.json")" = '{"resources": []}' ]
rm "$eds/other.json"
stop envoy

# --- by REST ---

envoy_conf "$by_rest" LEAST_REQUEST
must "Envoy starts, and asks a Mola that is not there" envoy_start
configure envoy-rest
sed -i 's/^admin: { hosts: .mola.,/admin: {/' "$tmp/mola.yaml"
must "Mola starts" mola_start
refused() { curl -s --max-time 2 -X POST -H "Host: mola" -d '{}' "http://$net.200:8000/v3/discovery:endpoints" | grep -q "the name 'mola'.*admin.hosts"; }
check "Envoy asks by the name of a cluster, which is to be among admin.hosts, and that is said" refused
check "in the log, too" grep -q "event=admin.refused .*the name 'mola'.*admin.hosts" "$tmp/mola.log"
check "and mola targets says why Envoy has nothing" within 45 target_is edge '.taken == false and (.taken_detail | contains("admin.hosts"))'
configure envoy-rest
mola_reload
members envoy-rest
curl -s -o "$tmp/page" --max-time 2 -X POST -d '{"resource_names":["nobody"]}' "http://$net.200:8000/envoy/v3/discovery:endpoints"
check "of a cluster that nobody knows nothing is said" [ "$(jq '.resources == []' "$tmp/page")" = true ]
sed -i 's/, api: [^ ]* / /' "$tmp/mola.yaml"
mola_reload
check "without Envoy's admin, its questions tell what it has" within 15 target_is edge '.taken and .askers[0].taken and .askers[0].cluster == "edge_web"'
configure envoy-rest ", stale_after: 2s"
mola_reload
check "stale_after is told by REST" within 10 eval 'curl -s --max-time 2 -X POST -d "{}" "http://$net.200:8000/v3/discovery:endpoints" | grep -q endpoint_stale_after'
sleep 3
check "answers that say the same keep it fresh" stat_is assignment_stale = 0
hammer 4 "/?work=0.0005"
stop mola KILL
check "Mola is gone: in time the other cluster gets it all" within 10 shares '. == {"n1": 140}'
must "Mola comes back" mola_start
check "and is believed again" within 15 shares '.n3 > 20 and .n2 > 10'
hammered
check "no request failed when Mola died, nor when it came back" none_failed 1000
check "withdrawn" mola_targets withdraw edge
check "withdrawn: Envoy is answered that there are none" within 10 empty
check "withdrawn: the other cluster gets it all" within 10 shares '. == {"n1": 140}'
check "resumed" eval 'mola_targets resume edge && within 15 shares ".n3 > 20 and .n2 > 10"'
check "update_rejected is 0 still" stat_is update_rejected = 0
check "Mola ends in order" mola_stop
