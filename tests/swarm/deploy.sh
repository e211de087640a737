# From nothing to the first request: the image is made and carried to the nodes, and deploy/stack.yml is deployed as
# people do it, with a service that says by label what it wants. Mola runs as the stack lets it run, once on each node.
tag=mola:$(cat VERSION)
docker_host=unix://$("$swarm" sock "$manager")

stack() { # stack ARGS...: docker stack, as in doc/deploy.md
	DOCKER_HOST=$docker_host MOLA_IMAGE=$tag docker stack "$@" >>"$tmp/stack.log" 2>&1
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
all_fresh() { inside "$1" nodes --json | json_is '[.nodes[] | select(.state == "fresh")] | length == 3'; }
explains() { inside "$1" why mola_demo | grep -q ' tasks take requests'; }
# runs_as NODE UID PATTERN: every process there whose command line matches is that user's
runs_as() { [ "$("$swarm" exec "$1" sh -c "for p in \$(pgrep $3); do stat -c %u /proc/\$p; done" | sort -u)" = "$2" ]; }
stack_gone() { ! dk network inspect mola >/dev/null 2>&1 && no_tasks; }

story_ends() {
	: >"$tmp/enough"
	stack rm mola
	within 60 stack_gone
	dk config ls -q --filter name=mola. | xargs -r "$swarm" docker "$manager" config rm >/dev/null
	dk secret rm mola_acme mola_token >/dev/null
}
# What is wrong stands in the containers, not in a log of ours.
show() {
	local s
	{
		cat "$tmp/stack.log"
		for s in mola agent demo; do dk service ps --no-trunc --format '{{.Name}} {{.Node}} {{.CurrentState}} {{.Error}}' mola_$s; done
		dk service logs mola_mola
		inside "$manager" services
	} 2>&1 | tail -n 60
}

# --- the image ---
image_made() { mola_image "$tag" >"$tmp/image.log" 2>&1; }
must "make image" image_made
bench image "$(sed -n 's/.*: \([0-9.]*\) MB$/\1/p' "$tmp/image.log")" MB
image_loads() { dk save -o "$tmp/mola.tar" "$tag" && "$swarm" load "$tmp/mola.tar"; }
must "the image reaches the nodes" image_loads

# --- the stack ---
cat >"$tmp/demo.yml" <<E
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
checks() { dk run --rm -i "$tag" check --stack /dev/stdin <"$tmp/demo.yml" | grep -q '^demo: as meant'; }
must "the image checks a stack file of the manager" checks
begun=$(now)
stack deploy -c deploy/stack.yml -c "$tmp/demo.yml" --resolve-image never mola
must "a request is answered through Mola" within 40 any_answers
bench "" "$(since "$begun")" s
for n in $nodes; do
	must "Mola on $n answers on port 80" within 20 answers "$n"
	must "Mola on $n is healthy, by its own health check" within 30 healthy_on "$n" mola_mola
	must "the agent on $n is healthy" within 30 healthy_on "$n" mola_agent
	must "Mola on $n hears all agents" within 20 all_fresh "$n"
done
must "workers are nobody" runs_as "$manager" 65534 '-x worker-.*'
must "agents are not root" runs_as "$manager" 65532 '-f "^/usr/bin/mola agent"'
must "mola why, in the container" explains "$manager"

# --- HTTPS, and the page with a token, as an update: some manager answers at any time. No CA can be reached, so there is
# --- no certificate.
ask_all_the_while() { # until there is a file `enough`: a line for each round in which nobody answered
	while [ ! -e "$tmp/enough" ]; do any_answers || echo none; sleep 0.05; done
}
updated() { [ "$(engine /services/mola_mola | jq -r .UpdateStatus.State)" = completed ]; }
ask_all_the_while >"$tmp/none" &
asking=$!
sed 's/period: 500ms/period: 400ms/; s/^  address: none/  address: ":8000"/; s/^  # token_file/  token_file/' \
	deploy/mola443.yaml >"$tmp/mola.yaml"
openssl rand -base64 32 | dk secret create mola_acme - >/dev/null
openssl rand -hex 32 | tee "$tmp/token" | dk secret create mola_token - >/dev/null
sed "s,# \(- mola_token\|mola_token: \|- { target: 8000\),\1,
	s,file: \./mola.*yaml,file: $tmp/mola.yaml,; s,file: \./,file: $PWD/deploy/," deploy/stack.yml >"$tmp/stack.yml"
MOLA_HTTPS=443 MOLA_YAML=2 stack deploy -c "$tmp/stack.yml" -c "$tmp/demo.yml" --resolve-image never mola
must "every Mola gets the new configuration" within 120 updated
touch "$tmp/enough"
wait $asking
must "meanwhile some manager answered at any time" test ! -s "$tmp/none"
has_lease() { dk config ls --format '{{.Name}}' | grep -qx mola.lease; }
no_name() { "$swarm" exec lan curl -sS --max-time 5 --connect-to "::$(address_of "$1"):443" https://demo.test/ 2>&1 | grep -q "unrecognized name"; }
must "Molas share a store in the Swarm" within 30 has_lease
for n in $nodes; do must "$n has TLS on port 443" within 30 no_name "$n"; done
page() { # page NODE PATH STATUS ARGS...: what port 8000 of that node responds with to somebody outside
	[ "$("$swarm" exec lan curl -s -o "$tmp/page" -w '%{http_code}' --max-time 5 "${@:4}" \
		"http://$(address_of "$1"):8000$2")" = "$3" ]
}
is_page() { page "$1" / 200 -H 'Accept: text/html' && grep -qi '<!doctype html' "$tmp/page"; }
shows_nodes() { page "$1" /api/v1/nodes 200 -H "Authorization: Bearer $(cat "$tmp/token")" &&
	jq -e '.nodes | length == 3' "$tmp/page" >/dev/null; }
for n in $nodes; do
	must "the page comes from port 8000 of $n" within 10 is_page "$n"
	must "what $n knows does not, without the token" page "$n" /api/v1/nodes 401
	must "with it, it does" shows_nodes "$n"
done

story_ends
story_ends() { :; }
within 60 stack_gone || not_ok "nothing is left of the stack"
