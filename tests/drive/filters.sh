# Middlewares of labels: the real Traefik and Mola read the same services of one Swarm, and get the same requests.
[ -x build/peers/traefik ] || skip "there is no build/peers/traefik; tools/peers traefik makes it"
needs python3
ONLY=${ONLY:-}		# sets to compare; none: all
engine=$net.210:2375
python3 tests/drive/filters.py services "$net.1" 9000 "$tmp" >"$tmp/services.json"
printf 'listen: { address: "%s.200:8080", http2: true }\nadmin: { address: "%s.200:8000", socket: %s/admin.sock }\nworkers: 2\nswarm: { endpoint: "tcp://%s", poll: 500ms }\n' \
	"$net" "$net" "$tmp" "$engine" >"$tmp/mola.yaml"
is() { [ "$(curl -s -o "$tmp/body" -w '%{http_code}' --max-time 5 -H "Host: $2.test" "http://$3/")" = "$1" ]; }

start engine python3 tests/drive/swarm.py "$net.210" 2375 "$tmp/services.json"
must "the manager responds" within 20 curl -s -f -o "$tmp/page" "http://$engine/_ping"
start task python3 tests/drive/filters.py task "$net.1" 9000
must "the task responds" within 20 curl -s -o "$tmp/page" "http://$net.1:9000/"
must "Traefik reads the Swarm" traefik_start --providers.swarm.endpoint="tcp://$engine" --providers.swarm.refreshseconds=1s
mola_apart
must "Mola starts" mola_start
must "Traefik serves" within 30 is 200 strip "$front"
must "Mola serves" within 30 is 200 strip "$net.200:8080"
check "both do the same" eval 'python3 tests/drive/filters.py compare "$front" "$net.200:8080" $ONLY >"$tmp/compared.log"'
sed 's/^/# /' "$tmp/compared.log"
whole_over_h2() {
	curl -s --http2-prior-knowledge --compressed -D "$tmp/head" -o "$tmp/body" --max-time 20 -H "Host: compress.test" \
		"http://$net.200:8080/?size=300000&Content-Type=text/plain$1" && [ "$(wc -c <"$tmp/body")" = 300000 ] &&
	    grep -qi '^content-encoding: ' "$tmp/head" && ! grep -qi '^content-length' "$tmp/head"
}
check "a body is compressed over HTTP/2, too" whole_over_h2 ""
check "also one that came in chunks" whole_over_h2 "&chunked=1"
check "Mola ends in order" mola_stop
