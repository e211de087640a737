# The reference pipeline with its real parts: deploy/reference/stack.yml, deployed as people do it, node_exporter on every node,
# Prometheus that finds them through the Docker socket, Traefik that watches the file that Mola writes. A hog's node loses
# its requests, by the reference's own policy and by weights; Traefik's own API tells what it was told, and what breaks on
# the way (Mola, Prometheus) breaks no request. Programs are this machine's, in images that hold nothing else; Grafana's server
# is not to be had, so it has no tasks.
manager=node1
at=$(address_of $manager)
targets="mola=$at:80"
tag=mola:$(cat VERSION)
docker_host=unix://$("$swarm" sock $manager)

images_made() {
	tools/peers traefik && mola_image "$tag" &&
		program_image traefik build/peers/traefik && program_image prometheus "$(command -v prometheus)" &&
		program_image node_exporter "$(command -v prometheus-node-exporter)" &&
		dk save -o "$tmp/node_exporter.tar" test/node_exporter && "$swarm" load "$tmp/node_exporter.tar"
}
stack() { # stack ARGS...
	DOCKER_HOST=$docker_host TRAEFIK_IMAGE=test/traefik PROMETHEUS_IMAGE=test/prometheus NODE_EXPORTER_IMAGE=test/node_exporter \
		MOLA_IMAGE=$tag APP_IMAGE=$image GRAFANA_REPLICAS=0 docker stack "$@" >>"$tmp/stack.log" 2>&1
}
deploy() { stack deploy -c "${1:-deploy/reference/stack.yml}" -c "$tmp/test.yml" --resolve-image never reference; }

# --- who is asked: all of them at the manager's address, as people do it ---
token=token-of-the-reference
ask() { "$swarm" exec lan curl -s -f -g --max-time 3 -H "Authorization: Bearer $token" "http://$at:$1"; }		# ask PORT/PATH
tells() { ask "$1" | json_is "$2"; }				# tells PORT/PATH CONDITION
traefik_has() { tells "8080/api/http/services" "[.[] | select(.provider == \"file\" and .status == \"enabled\") | .loadBalancer.servers[]?.url] | $1"; }
answers() { ask "80/" >/dev/null; }
ended() { [ "$(dk service ps -q --filter desired-state=running "reference_$1" | wc -l)" = 0 ]; }

story_ends() {
	stack rm reference
	dk secret rm grafana_password mola_token >/dev/null
	dk node promote node2 node3 >/dev/null
	dk swarm update --dispatcher-heartbeat "$SWARM_HEARTBEAT" >/dev/null
}
# What is wrong stands in the containers, not in a log of ours.
show() {
	local s
	{
		cat "$tmp/stack.log"
		for s in mola traefik prometheus node-exporter app; do
			dk service ps --no-trunc --format '{{.Name}} {{.Node}} {{.CurrentState}} {{.Error}}' reference_$s
		done
		for s in mola traefik prometheus; do dk service logs --raw --tail 15 reference_$s; done
		ask 8000/api/v1/nodes
		ask 8000/api/v1/prometheus
		ask 8000/api/v1/targets
		ask 8080/api/http/services
		ask '9090/api/v1/targets?state=active'
	} 2>&1 | tail -n 120 | cut -c 1-1500
}

must "images of Mola, Traefik, Prometheus and node_exporter" images_made
# As in the reference, one manages and the others work. All beside it has little CPU: a node that is late is not down.
dk swarm update --dispatcher-heartbeat 5s >/dev/null
# One after the other: Swarm takes a manager out of its raft group only while enough of the others are there, and until
# then the scheduler goes on placing what managers run there.
demoted() { engine /nodes | json_is ".[] | select(.Description.Hostname == \"$1\") | .ManagerStatus == null"; }
for n in node2 node3; do
	dk node demote $n >/dev/null
	must "$n is a worker" within 60 demoted $n
done
echo secret | dk secret create grafana_password - >/dev/null
echo "$token" | dk secret create mola_token - >/dev/null
cat >"$tmp/test.yml" <<-'E2'
	version: "3.8"
	services:
	  app:
	    environment: { PORT: "80", NODE_NAME: "{{.Node.Hostname}}", TASK_NAME: "{{.Task.Name}}" }
E2

begun=$(now)
deploy
must "a request is answered through Traefik" within 60 answers
bench deploy "$(since "$begun")" s

# --- each part really does its part ---
up='[.data.activeTargets[] | select(.scrapePool == "node") | select(.health == "up") | .scrapeUrl] | sort'
must "Prometheus finds the workers' exporters, and asks them at their nodes' addresses" within 30 tells '9090/api/v1/targets?state=active' \
	"$up == [\"http://$(address_of node2):9100/metrics\", \"http://$(address_of node3):9100/metrics\"]"
check "without a login, Mola tells its state to nobody on the network" eval '[ "$("$swarm" exec lan curl -s -o "$tmp/page" -w "%{http_code}" "http://$at:8000/api/v1/nodes")" = 401 ]'
must "Prometheus scrapes Mola" within 30 tells '9090/api/v1/query?query=up{job="mola"}' '.data.result[0].value[1] == "1"'
must "Prometheus has taken the rules" within 20 tells 9090/api/v1/rules '.data.groups | length >= 2'
sees() { tells 8000/api/v1/nodes "[.nodes[] | select(.source == \"prometheus\" and .state == \"fresh\") | .name] | sort == $1"; }
must "Mola has both workers' state from Prometheus" within 30 sees '["node2", "node3"]'
asked() { ask '9090/metrics' | awk '/^prometheus_http_requests_total.*handler="\/api\/v1\/query"/ { n += $NF } END { print n + 0 }'; }
asked_before=$(asked)
asked_again() { [ "$(asked)" -gt "$asked_before" ]; }
must "Prometheus is asked again and again" within 20 asked_again
must "Traefik's API shows a router for the app" tells 8080/api/http/routers \
	'any(.[]; .provider == "file" and .status == "enabled" and .entryPoints == ["web"] and .service == "reference_app")'
must "Traefik's API shows the router for itself" tells 8080/api/http/routers \
	'any(.[]; .provider == "file" and .status == "enabled" and .entryPoints == ["api"] and .service == "api@internal")'
must "Traefik's API shows our service, one server, on a worker" within 20 traefik_has \
	"length == 1 and (.[0] == \"http://$(address_of node2):8020\" or .[0] == \"http://$(address_of node3):8020\")"
must "Mola has read back that Traefik took it" within 20 tells 8000/api/v1/targets '.targets[0].taken == true'

# --- the hog's node loses its requests ---
# The node that serves now is the one to lose it; idle, and serving, best-node may change its mind every 5 s.
load_start app.test 12 0.008
victim=node2 other=node3
share $victim 60
[ "$percent" -ge 50 ] || { victim=node3 other=node2; percent=$((100 - percent)); }
bench share-before "$percent" percent
hogs_on $victim
event=$(now)
must "there are four hogs on $victim, which served most" within 20 hogs_run
must "best-node: the hog's node loses all its requests" within 40 below $victim 1 40
bench best-node-left "$(since "$event")" s
share $victim 240			# four rounds: 20 s
bench best-node-share-during "$percent" percent
check "best-node: and they stay away ($percent %)" test "$percent" -le 2
check "Traefik's API shows the other node" traefik_has ". == [\"http://$(address_of $other):8020\"]"
check "Prometheus says so, too" tells '9090/api/v1/query?query=topk(1,100-avg+by(instance)(rate(node_cpu_seconds_total{mode="idle"}[15s]))*100)' \
	".data.result[0].metric.instance == \"$(address_of $victim):9100\""
rounds() { dk service logs --raw reference_mola 2>&1 | grep best_node. | tail -n 5; }
check "each round is in Mola's log: every node's CPU, RAM and score, who was chosen, the file" \
	grep -Eq "best_node.score .*node=$victim cpu=[0-9.]+ ram=[0-9.]+ score=[0-9.]+" <(rounds)
rounds | sed 's/^/# /'

# --- weights: a comment away, and an update of Mola alone ---
sed 's/^    policy: best-node/    # &/; s/^    # policy: weighted/    policy: weighted/' deploy/reference/mola.yaml >"$tmp/mola.yaml"
sed "s,file: \./mola.yaml,file: $tmp/mola.yaml,; s,file: \./,file: $PWD/deploy/reference/,; s,file: \.\./,file: $PWD/deploy/," \
	deploy/reference/stack.yml >"$tmp/stack.yml"
MOLA_YAML=2 deploy "$tmp/stack.yml"
must "weighted: Traefik's API shows both nodes" within 60 traefik_has 'length == 2'
event=$(now)
must "weighted: the hog's node gets less than its share" within 90 below $victim 40 40
bench weighted-left "$(since "$event")" s
share $victim 600			# a minute, which the slow trim takes
bench weighted-share-first-minute "$percent" percent
share $victim 120
bench weighted-share-then "$percent" percent
check "weighted: after a minute a third at most ($percent %)" test "$percent" -lt 34
dk service rm hog >/dev/null
event=$(now)
check "weighted: the hog has gone, and its share grows again" within 150 above $victim 25 40
bench weighted-back "$(since "$event")" s
load_stop

# --- what breaks on the way breaks no request ---
load_start app.test 12 0.008
dk service scale -d reference_mola=0 >/dev/null
must "Mola is gone" within 30 ended mola
load_goes_on 60
dk service scale -d reference_mola=1 >/dev/null
must "Mola is back" within 60 sees '["node2", "node3"]'
dk service scale -d reference_prometheus=0 >/dev/null
must "Prometheus is gone, and Mola says so" within 60 sees "[]"
load_goes_on 60
must "Traefik still has both nodes" traefik_has 'length == 2'
dk service scale -d reference_prometheus=1 >/dev/null
must "Prometheus is back" within 60 sees '["node2", "node3"]'
load_stop

story_ends
story_ends() { :; }
stack_gone() { ! dk network inspect reference_pipeline >/dev/null 2>&1 && no_tasks; }
within 60 stack_gone || not_ok "nothing is left of the stack"
