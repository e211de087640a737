# Rules drawn at random, as labels of services that a real Traefik and Mola read from one manager: each request goes to the same
# service. SEED and SETS for more of them.

[ -x build/peers/traefik ] || skip "there is no build/peers/traefik; tools/peers traefik makes it"
needs python3
engine=$net.210:2375
mola_at=$net.200:8085
SEED=${SEED:-1} SETS=${SETS:-4}
echo '{ "mark": { "address": "'"$net.2"'", "port": 21000, "labels": {} } }' >"$tmp/services.json"
cat >"$tmp/mola.yaml" <<END
listen: [ "$mola_at" ]
admin: { address: "$net.200:8000", socket: $tmp/admin.sock }
workers: 1
swarm: { endpoint: "tcp://$engine", poll: 200ms }
END
start named python3 tests/drive/rules.py serve "$net.2" 21000
start engine python3 tests/drive/swarm.py "$net.210" 2375 "$tmp/services.json"
must "the manager answers" within 10 curl -s -f -o "$tmp/page" "http://$engine/_ping"
must "Traefik starts" traefik_start --providers.swarm.endpoint="tcp://$engine" --providers.swarm.refreshseconds=1
must "Mola starts" mola_start
compared() { python3 tests/drive/rules.py compare "$tmp/services.json" "$net.2" 21000 "$front" "$mola_at" "$SEED" "$SETS" | sed 's/^/# /'; return "${PIPESTATUS[0]}"; }
check "both give each request to the same service" compared
stop traefik
check "Mola ends in order" mola_stop
