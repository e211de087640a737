# From nothing to the first request: the image is made and carried to the nodes, and deploy/stack.yml is deployed as
# people do it, with a service that says by label what it wants. Mola runs as the stack lets it run, once on each node.
tag=mola:$(cat VERSION)
docker_host=unix://$("$swarm" sock "$manager")

stack() { # stack ARGS...: docker stack, as in doc/deploy.md
	DOCKER_HOST=$docker_host MOLA_IMAGE=$tag docker stack "$@" >>"$dir/stack.log" 2>&1
}
inside() { # inside NODE ARGS...: mola ARGS in the balancer's container there
	local container
	container=$("$swarm" docker "$1" ps -q --filter label=com.docker.swarm.service.name=mola_mola)
	[ -n "$container" ] && "$swarm" docker "$1" exec "$container" mola "${@:2}"
}
answers() { # answers NODE: Mola on port 80 of that node, by the demo's task
	"$swarm" exec lan curl -s -f --max-time 2 -o /dev/null -H 'Host: demo.test' "http://$(address_of "$1")/"
}
any_answers() { local n; for n in $nodes; do answers "$n" && return; done; return 1; }
healthy_on() { "$swarm" docker "$1" ps --filter label=com.docker.swarm.service.name="$2" --filter health=healthy -q | grep -q .; }
all_fresh() { inside "$1" nodes --json | jq -e '[.nodes[] | select(.state == "fresh")] | length == 3' >/dev/null; }
explains() { inside "$1" why mola_demo | grep -q ' tasks take requests'; }
# runs_as NODE UID PATTERN: every process there whose command line matches is that user's
runs_as() { [ "$("$swarm" exec "$1" sh -c "for p in \$(pgrep $3); do stat -c %u /proc/\$p; done" | sort -u)" = "$2" ]; }
stack_gone() { ! dk network inspect mola >/dev/null 2>&1 && no_tasks; }

# What is wrong stands in the containers, not in a log of ours. Each step needs the one before.
try() {
	local words=$1
	shift
	if "$@"; then
		ok "$words"
		return
	fi
	{
		cat "$dir/stack.log"
		for s in mola agent demo; do dk service ps --no-trunc --format '{{.Name}} {{.Node}} {{.CurrentState}} {{.Error}}' mola_$s; done
		dk service logs mola_mola
		inside "$manager" services
	} 2>&1 | tail -n 60 | sed 's/^/# /'
	echo "not ok $story: $words"
	touch "$dir/failed" "$dir/enough"
	stack rm mola
	exit 1
}

# --- the image ---
if ! mola_image "$tag" >"$dir/image.log" 2>&1; then
	sed 's/^/# /' "$dir/image.log"
	not_ok "make image"
	exit 1
fi
bench image "$(sed -n 's/.*: \([0-9.]*\) MB$/\1/p' "$dir/image.log")" MB
dk save -o "$dir/mola.tar" "$tag" && "$swarm" load "$dir/mola.tar" || { not_ok "the image reaches the nodes"; exit 1; }

# --- the stack ---
cat >"$dir/demo.yml" <<E
version: "3.8"
services:
  demo:
    image: $image
    networks: [ mola ]
    environment: { NODE_NAME: "{{.Node.Hostname}}", TASK_NAME: "{{.Task.Name}}" }
    deploy:
      replicas: 2
      labels: { mola.host: demo.test, mola.port: "8080", mola.health.path: /health }
E
begun=$(now)
stack deploy -c deploy/stack.yml -c "$dir/demo.yml" --resolve-image never mola
try "a request is answered through Mola" within 40 any_answers
bench deploy "$(since "$begun")" s
for n in $nodes; do
	try "Mola on $n answers on port 80" within 20 answers "$n"
	try "Mola on $n is healthy, by its own health check" within 30 healthy_on "$n" mola_mola
	try "the agent on $n is healthy" within 30 healthy_on "$n" mola_agent
	try "Mola on $n hears all agents" within 20 all_fresh "$n"
done
try "workers are nobody" runs_as "$manager" 65534 '-x worker-.*'
try "agents are not root" runs_as "$manager" 65532 '-f "^/usr/bin/mola agent"'
try "mola why, in the container" explains "$manager"

# --- a new configuration, as an update: some manager answers at any time ---
hammer() { # until there is a file `enough`: a line for each round in which nobody answered
	while [ ! -e "$dir/enough" ]; do any_answers || echo none; sleep 0.05; done
}
updated() { [ "$(engine /services/mola_mola | jq -r .UpdateStatus.State)" = completed ]; }
hammer >"$dir/none" &
hammering=$!
sed 's/period: 500ms/period: 400ms/' deploy/mola.yaml >"$dir/mola.yaml"
sed "s,file: ./mola.yaml,file: $dir/mola.yaml," deploy/stack.yml >"$dir/stack.yml"
MOLA_YAML=2 stack deploy -c "$dir/stack.yml" -c "$dir/demo.yml" --resolve-image never mola
try "every Mola gets the new configuration" within 120 updated
touch "$dir/enough"
wait $hammering
try "meanwhile some manager answered at any time" test ! -s "$dir/none"

stack rm mola
within 60 stack_gone || not_ok "nothing is left of the stack"
