# Routers, services and middlewares that several Swarm services define together, as for blue and green, and routers of noop@internal: a
# real Traefik and Mola read the same labels, and do the same with each request.

[ -x build/peers/traefik ] || skip "there is no build/peers/traefik; tools/peers traefik makes it"
needs python3
engine=$net.210:2375
mola_at=$net.200:8085
args=(--providers.swarm.endpoint="tcp://$engine" --entrypoints.web.address="$front")
for n in 1 2 3; do args+=(--entrypoints.pg$n.address="$net.100:543$n"); done
python3 tests/drive/shared.py services "$net.2" 22000 "${args[@]}" >"$tmp/services.json"
cat >"$tmp/mola.yaml" <<END
listen:
  - "$mola_at"
  - { address: "$net.200:5431", name: pg1 }
  - { address: "$net.200:5432", name: pg2 }
  - { address: "$net.200:5433", name: pg3 }
admin: { address: "$net.200:8000", socket: $tmp/admin.sock }
workers: 1
swarm: { endpoint: "tcp://$engine", poll: 200ms }
END
start named python3 tests/drive/shared.py serve "$net.2" 22000
start engine python3 tests/drive/swarm.py "$net.210" 2375 "$tmp/services.json"
must "the manager answers" within 10 curl -s -f -o "$tmp/page" "http://$engine/_ping"
must "Traefik starts" traefik_start "${args[@]}" --providers.swarm.refreshseconds=1
must "Mola starts" mola_start
serves() { [ "$(curl -s -o "$tmp/page" -w '%{http_code}' -H "Host: off.test" "http://$1/")" = 200 ]; }
must "Traefik serves" within 30 serves "$front"
must "Mola serves" within 30 serves "$mola_at"
compared() { python3 tests/drive/shared.py compare "$front" "$mola_at" | sed 's/^/# /'; return "${PIPESTATUS[0]}"; }
check "each request has the same response" compared
stop traefik
"$MOLA" why --admin "unix:$tmp/admin.sock" both-1 >"$tmp/why.log" 2>&1
check "mola why names each task's service" eval 'grep -q "^both-0.*task" "$tmp/why.log" && grep -q "^both-1.*task" "$tmp/why.log"'
"$MOLA" services --admin "unix:$tmp/admin.sock" >"$tmp/services.log" 2>&1
check "mola services names both of those that differ" grep -q "router rules@swarm is not served: rules-0 and rules-1" "$tmp/services.log"
check "Mola ends in order" mola_stop
