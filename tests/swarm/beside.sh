# A Mola beside a Traefik, and in its place, as doc/migrate-from-traefik.md has it: deploy/beside-traefik.yml reads the labels of
# services that Traefik serves, `mola compare` finds no difference, then Mola takes the ports, and Traefik takes them back. There are
# no VIPs here: Traefik's service has its tasks' addresses.
tag=mola:$(cat VERSION)
docker_host=unix://$("$swarm" sock "$manager")
at=$(address_of "$manager")

stack() { DOCKER_HOST=$docker_host MOLA_IMAGE=$tag TRAEFIK_NETWORK=traefik-public docker stack "$@" >>"$tmp/stack.log" 2>&1; }
inside() { # inside SERVICE ARGS...: mola ARGS in its container on the manager
	local container
	container=$(dk ps -q --filter label=com.docker.swarm.service.name="$1")
	[ -n "$container" ] && dk exec "$container" mola "${@:2}"
}
fetch() { "$swarm" exec lan curl -s -o /dev/null --max-time 2 -w "$2" -H "Host: $1" "http://$at/"; }	# fetch HOST FORMAT
serves() { [ "$(fetch app.test '%{http_code}')" = 200 ] && [ "$(fetch none.test '%header{mola-why}')" = "$1" ]; }	# serves WHY: "": it is Traefik
healthy_agents() { local n; for n in $nodes; do "$swarm" docker "$n" ps -q --filter label=com.docker.swarm.service.name=mola-beside_agent --filter health=healthy | grep -q . || return 1; done; }
compared() { inside mola-beside_mola compare --with http://traefik_traefik --with-tls https://traefik_traefik --mola-tls http://127.0.0.1 >"$tmp/compared.log" 2>&1; }
gone() { ! dk network inspect traefik-public >/dev/null 2>&1 && no_tasks; }
story_ends() {
	stack rm mola mola-beside traefik apps
	within 60 no_tasks
	dk network rm traefik-public >/dev/null
	within 60 gone
}
show() { { cat "$tmp/stack.log" "$tmp/compared.log"; dk service ls; dk service logs --raw --tail 15 traefik_traefik; inside mola-beside_mola services; } 2>&1 | tail -n 60 | cut -c 1-300; }

# what the story deploy has made is used
mola_made() { dk image inspect "$tag" >/dev/null || { mola_image "$tag" && dk save -o "$tmp/mola.tar" "$tag" && "$swarm" load "$tmp/mola.tar"; }; }
images_made() { mola_made && tools/peers traefik && program_image traefik build/peers/traefik; }
must "images of Mola and Traefik" images_made
dk network create -d overlay --attachable traefik-public >/dev/null
cat >"$tmp/traefik.yml" <<'E2'
version: "3.8"
services:
  traefik:
    image: test/traefik
    command: [ --providers.swarm.endpoint=unix:///var/run/docker.sock, --providers.swarm.exposedbydefault=false, --providers.swarm.refreshseconds=1s,
      --providers.swarm.network=traefik-public, "--entrypoints.web.address=:80", "--entrypoints.websecure.address=:443" ]
    ports: [ { target: 80, published: 80, protocol: tcp, mode: host }, { target: 443, published: 443, protocol: tcp, mode: host } ]
    volumes: [ "/var/run/docker.sock:/var/run/docker.sock:ro" ]
    networks: [ traefik-public ]
    stop_grace_period: 1s
    deploy: { endpoint_mode: dnsrr, placement: { constraints: [ node.hostname == node1 ] } }
networks: { traefik-public: { external: true } }
E2
cat >"$tmp/apps.yml" <<E2
version: "3.8"
services:
  app:
    image: $image
    environment: { NODE_NAME: "{{.Node.Hostname}}", TASK_NAME: "{{.Task.Name}}" }
    networks: [ traefik-public ]
    deploy:
      labels:
        traefik.enable: "true"
        traefik.http.routers.app.rule: Host(\`app.test\`)
        traefik.http.routers.app.entrypoints: web
        traefik.http.routers.app.middlewares: frames
        traefik.http.routers.secure.rule: Host(\`app.test\`) && PathPrefix(\`/secure\`)
        traefik.http.routers.secure.entrypoints: websecure
        traefik.http.routers.secure.tls: "true"
        traefik.http.routers.secure.middlewares: auth
        traefik.http.middlewares.frames.headers.framedeny: "true"
        traefik.http.middlewares.auth.basicauth.users: u:\$\$apr1\$\$8EVjn/nj\$\$GiLUZqcbueTFeD23SuB6x0
        traefik.http.services.app.loadbalancer.server.port: "8080"
networks: { traefik-public: { external: true } }
E2
begun=$(now)
stack deploy -c "$tmp/traefik.yml" --resolve-image never traefik
stack deploy -c "$tmp/apps.yml" --resolve-image never apps
stack deploy -c deploy/beside-traefik.yml --resolve-image never mola-beside
must "Traefik serves" within 40 serves ""
must "Mola beside it finds no difference" within 40 compared
sed 's/^/# /' "$tmp/compared.log"
check "in all addresses, by TLS and without" grep -q '^3 addresses compared, 0 with differences$' "$tmp/compared.log"
check "its agents are healthy" within 30 healthy_agents
bench beside "$(since "$begun")" s

# --- the switch, and back ---
sed "s,file: \./,file: $PWD/deploy/,; /^  mola:$/ { n; s/name: mola$/name: traefik-public/; n; s/driver: overlay/external: true/; n; d }" deploy/stack.yml >"$tmp/stack.yml"
stack rm mola-beside
begun=$(now)
dk service scale -d traefik_traefik=0 >/dev/null
stack deploy -c "$tmp/stack.yml" --resolve-image never mola
must "Mola serves in its place" within 40 serves no_route
bench switch "$(since "$begun")" s
begun=$(now)
stack rm mola
dk service scale -d traefik_traefik=1 >/dev/null
must "and Traefik again" within 40 serves ""
bench back "$(since "$begun")" s
story_ends
story_ends() { :; }
