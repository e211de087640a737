# deploy/stack-host.yml: Mola on the network of its machines. Its image is replaced under load, and no request is lost; with a port
# that is published in mode host, nobody listens for a while, and how long that is, is printed.
tag=mola:$(cat VERSION)
docker_host=unix://$("$swarm" sock "$manager")
targets="mola=$(address_of "$manager"):80"		# of the load: the Mola of that node

stack() { DOCKER_HOST=$docker_host MOLA_IMAGE=$tag docker stack "$@" >>"$tmp/stack.log" 2>&1; }
show() {
	cat "$tmp/stack.log"
	dk service ps --no-trunc --format '{{.Name}} {{.Node}} {{.CurrentState}} {{.Error}}' mola_mola
	dk service logs mola_mola 2>&1 | tail -n 40
}
story_ends() {
	stack rm mola
	dk service rm gap web >/dev/null 2>&1
	within 60 no_tasks
	dk config ls -q --filter name=mola_host | xargs -r "$swarm" docker "$manager" config rm >/dev/null
}
answers() { "$swarm" exec lan curl -s -f --max-time 2 -o /dev/null -H 'Host: web.test' "http://$(address_of "$manager"):${1:-80}/"; }
updated() { [ "$(engine "/services/$1" | jq -r .UpdateStatus.State)" = completed ]; }

# the image is here when the story deploy has run
image_made() { dk image inspect "$tag" >/dev/null 2>&1 || mola_image "$tag"; }
image_loads() { dk save -o "$tmp/mola.tar" "$tag" && "$swarm" load "$tmp/mola.tar"; }
must "the image is made" image_made
must "and reaches the nodes" image_loads
serve web 3
stack deploy -c deploy/stack-host.yml --resolve-image never mola
must "Mola answers on the port of its node" within 60 answers

load_start web.test 40
for k in 1; do
	update --force mola_mola
	check "update $k, the new one first: completed" within 150 updated mola_mola
done
load_stop

# the same image, with a port that only one container has
dk service create -d -q --no-resolve-image --name gap --constraint "node.hostname==$manager" --publish mode=host,published=8088,target=80 \
	--mount type=bind,source=/var/run/docker.sock,target=/var/run/docker.sock --mount type=tmpfs,target=/run/mola \
	--config source=mola_host_yaml_1,target=/etc/mola/mola.yaml --update-order stop-first --update-monitor 1s "$tag" >/dev/null
must "one with a port of mode host answers" within 60 answers 8088
silence() { # seconds between the last answer before and the first one after
	local last=$EPOCHREALTIME longest=0 now
	while [ ! -e "$tmp/enough" ]; do
		answers 8088 || continue
		now=$EPOCHREALTIME
		longest=$(awk -v a="$last" -v b="$now" -v l="$longest" 'BEGIN { d = b - a; print (d > l ? d : l) }')
		last=$now
	done
	echo "$longest" >"$tmp/longest"
}
silence &
update --force gap
check "update, the old one first: completed" within 60 updated gap
check "it answers again" within 30 answers 8088
touch "$tmp/enough"
wait $!
bench gap "$(cat "$tmp/longest")" s
