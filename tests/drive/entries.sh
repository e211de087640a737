# Entry points of a real Traefik, and Mola's listeners of the same names: routers in plain and by TLS, an entry point with TLS, one with a
# middleware, one that redirects, one that is no default; and services by the default rule. Each request has the same response.

[ -x build/peers/traefik ] || skip "there is no build/peers/traefik; tools/peers traefik makes it"
needs python3
engine=$net.210:2375
ports=(web:8080:plain websecure:8443:tls internal:8081:plain moved:8083:plain with:8084:plain secured:8444:tls)
args=(--providers.swarm.endpoint="tcp://$engine" --entrypoints.web.address="$front" --entrypoints.websecure.address="$net.100:8443"
	--entrypoints.web.asdefault=true --entrypoints.websecure.asdefault=true --entrypoints.websecure.http.tls=true
	--entrypoints.web.http.maxheaderbytes=65536 --entrypoints.web.transport.respondingtimeouts.idletimeout=90s
	--entrypoints.internal.address="$net.100:8081" --entrypoints.moved.address="$net.100:8083"
	--entrypoints.moved.http.redirections.entrypoint.to=websecure --entrypoints.with.address="$net.100:8084"
	--entrypoints.with.http.middlewares=point@swarm --entrypoints.secured.address="$net.100:8444" --entrypoints.secured.http.tls=true)
python3 tests/drive/entries.py services "$net.2" 21000 "${args[@]}" >"$tmp/services.json"
must "there is a certificate" eval 'ca_make && cert_make all {nobody,s{a,b,c,d,e,f,g,h,i,j,k,l}}.test'
{
	echo "listen:"
	for one in "${ports[@]}"; do
		IFS=: read -r name port kind <<<"$one"
		echo "  - { address: \"$net.200:$port\", name: $name, tls: $([ "$kind" = tls ] && echo true || echo false) }"
	done
	echo "tls: { certificates: [ { cert: $ca/all.crt, key: $ca/all.key } ], default: $ca/all.crt }"
	echo "admin: { address: \"$net.200:8000\", socket: $tmp/admin.sock }"
	echo "workers: 1"
	echo "swarm: { endpoint: \"tcp://$engine\", poll: 200ms }"
} >"$tmp/mola.yaml"
start named python3 tests/drive/rules.py serve "$net.2" 21000
start engine python3 tests/drive/swarm.py "$net.210" 2375 "$tmp/services.json"
must "the manager answers" within 10 curl -s -f -o "$tmp/page" "http://$engine/_ping"
must "Traefik starts" traefik_start "${args[@]}" --providers.swarm.refreshseconds=1
must "Mola starts" mola_start
serves() { [ "$(curl -s -o "$tmp/page" -w '%{http_code}' -H "Host: sc.test" "http://$1:8080/")" = 200 ]; }
must "Traefik serves" within 30 serves "$net.100"
must "Mola serves" within 30 serves "$net.200"
compared() { python3 tests/drive/entries.py compare "$net.100" "$net.200" "${ports[@]}" | sed 's/^/# /'; return "${PIPESTATUS[0]}"; }
check "each request has the same response" compared
"$MOLA" services --admin "unix:$tmp/admin.sock" >"$tmp/list"
"$MOLA" why edge --admin "unix:$tmp/admin.sock" >"$tmp/edge"
check "mola why shows what of Traefik's configuration does not hold" eval 'tr -s " \n" "  " <"$tmp/edge" | grep -q "idletimeout=90s is understood: .*clients.idle is 1m"'
sed 's/^/# /' "$tmp/edge"
check "mola services shows listeners" grep -q 'sc.test/ on web' "$tmp/list"
sed 's/^/# /' "$tmp/list" | head -60
stop traefik
check "Mola ends in order" mola_stop
