# A Mola that begins knows only what its own file says. Until it has seen the Swarm, no proxy is told of that: what a Mola before it
# said of the Swarm's services would be taken away.
file=$tmp/dynamic_conf.yml
edge="  - { name: edge, kind: traefik-file, file: $file, interval: 100ms }"
written() { grep -q 'Written by Mola' "$file"; }

echo '# of a Mola before' >"$file"
must "the emulated nodes start" nodes_start "1 2 4"
mola_conf "$edge"
printf 'swarm: { endpoint: "unix://%s/nobody.sock" }\n' "$tmp" >>"$tmp/mola.yaml"
must "Mola starts; the Swarm's manager is away" mola_start
must "what its file names is served" within 10 api_is /api/v1/tasks '.tasks | length == 3'
if within 5 written; then not_ok "a target was told of half a world"; else ok "its target is told nothing"; fi
check "and says so" target_is edge '.state == "waiting" and .why == "proxy_swarm"'
mola_conf "$edge"
mola_reload
check "without a Swarm, its file is all that there is" within 10 written
check "nobody died" mola_stop
