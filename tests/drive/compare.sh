# `mola compare`: the real Traefik and Mola read one Swarm. What differs is found, what varies is not taken for a difference, and
# nothing that is secret is printed.
[ -x build/peers/traefik ] || skip "there is no build/peers/traefik; tools/peers traefik makes it"
needs python3 openssl
engine=$net.210:2375 mola=$net.200:8085 mola_tls=$net.200:8443 traefik_tls=$net.100:8443
services() { python3 tests/drive/compare.py services "$net.1" 9000 "$1" >"$tmp/services.new" && mv "$tmp/services.new" "$tmp/services.json"; }
services all
must "there is a certificate" eval 'ca_make && cert_make web secure.test'
cat >"$tmp/mola.yaml" <<END
listen:
  - "$mola"
  - { address: "$mola_tls", tls: true }
tls:
  certificates:
$(cert_conf web)
admin: { address: "$net.200:8000", socket: $tmp/admin.sock }
clients: { trusted: [ 127.0.0.0/8 ] }
workers: 1
swarm: { endpoint: "tcp://$engine", poll: 200ms }
END
compare() { timeout 60 "$MOLA" compare --admin "unix:$tmp/admin.sock" "$@" >"$tmp/compared.log" 2>"$tmp/words.log"; status=$?; }
# ends STATUS OPTION...: that is the exit status
ends() { local want=$1; shift; compare "$@"; [ "$status" = "$want" ]; }
says() { grep -qxF -- "$1" "$tmp/compared.log"; }
silent() { ! grep -q -- "$1" "$tmp/compared.log"; }
serve() { [ "$(curl -s -o "$tmp/body" -w '%{http_code}' --max-time 5 -H "Host: plain.test" "http://$1/")" = 200 ]; }
serves() { api_is /api/v1/services "[.services[].name] | index(\"$1\") $2 null"; }
known() { local n; n=$(traefik /api/http/routers) && json_is "[.[].name] | index(\"$1@swarm\") $2 null" <<<"$n"; }

start engine python3 tests/drive/swarm.py "$net.210" 2375 "$tmp/services.json"
must "the manager responds" within 20 curl -s -f -o "$tmp/page" "http://$engine/_ping"
start task python3 tests/drive/compare.py task "$net.1" 9000
must "the task responds" within 20 curl -s -o "$tmp/page" "http://$net.1:9000/"
traefik_with() { traefik_start --providers.swarm.endpoint="tcp://$engine" --providers.swarm.refreshseconds=1s --entrypoints.websecure.address="$traefik_tls" "$@"; }
must "Traefik reads the Swarm" traefik_with
must "Mola starts" mola_start
must "Traefik serves" within 30 serve "$front"
must "Mola serves" within 30 serve "$mola"

check "there are differences" ends 1 --with "http://$front" --with-tls "https://$traefik_tls"
sed 's/^/# /' "$tmp/compared.log" "$tmp/words.log"
check "a page that differs" says 'http://other.test/: Content-Type: Traefik text/plain, Mola text/html'
check "a field that only one has" says 'http://other.test/: X-Frame-Options: Traefik DENY, Mola none'
check "a body, by its hash" grep -q '^http://other.test/: body: Traefik 7 bytes, SHA-256 [0-9a-f]*, Mola 4 bytes, SHA-256 ' "$tmp/compared.log"
check "a cookie, by its name" says 'http://secret.test/: Set-Cookie: Traefik one, Mola two'
check "and not its value" silent hunter2
check "a route that Traefik alone has: Mola refuses it" says 'http://refused.test/api/version: status: Traefik 200, Mola 503 (route_refused)'
check "a route that Mola alone has" says 'http://alone.test/: status: Traefik 404, Mola 200'
check "what varies is no difference" says 'http://varies.test/: varies: body'
check "what is the same is not printed" silent -E '(plain|path|moves|auth|frames|cookies|fails|secure)\.test'
check "what a rule requires otherwise is not guessed" \
	says 'not compared: method, Host(`method.test`) && Method(`GET`): its rule requires more than a host and a path'
check "nor a host" grep -q '^not compared: pattern, HostRegexp' "$tmp/compared.log"
check "the same as JSON" ends 1 --with "http://$front" --with-tls "https://$traefik_tls" --json
check "with every address" json_is '.compared == 16 and (.addresses | length) == 16 and
	.different == ([.addresses[] | select(.result == "different")] | length) and
	([.addresses[] | select(.result == "same").address] | index("https://secure.test/") != null) and
	([.addresses[] | select(.address == "http://varies.test/").varies] == [["body"]])' <"$tmp/compared.log"
check "a bound, and what it leaves out" eval 'ends 1 --with "http://$front" --most 1 && grep -q "^1 address compared, 1 with differences; .* left out (--most)$" "$tmp/compared.log"'
check "TLS that is not asked for is said" eval 'ends 1 --with "http://$front" && grep -q "^not compared: secure, .*: its requests come by TLS, and --with-tls is not given$" "$tmp/compared.log"'

services same
must "Mola serves no other any more" within 20 serves other ==
must "nor does Traefik" within 20 known other ==
check "no difference is left" ends 0 --with "http://$front" --with-tls "https://$traefik_tls"
sed 's/^/# /' "$tmp/compared.log" "$tmp/words.log"
check "nor where TLS is only stated to Mola" ends 0 --with-tls "https://$traefik_tls" --mola-tls "http://$mola"
check "and that was compared" grep -q '^1 address compared, 0 with' "$tmp/compared.log"

# --- the whole entry point redirects ---
stop traefik
must "Traefik redirects" traefik_with --entrypoints.web.http.redirections.entrypoint.to=websecure
must "as it shows" within 30 known secure !=
check "Mola does not, which is found" eval 'ends 1 --with "http://$front" --with-tls "https://$traefik_tls" &&
	says "http://plain.test/: Location: Traefik https://plain.test:8443/, Mola none"'
sed -i "s,^  - \"$mola\"\$,  - { address: \"$mola\"\, redirect_https: 8443 }," "$tmp/mola.yaml"
mola_reload
redirects() { [ "$(curl -s -o "$tmp/body" -w '%{http_code}' --max-time 5 -H "Host: plain.test" "http://$mola/")" = 308 ]; }
must "Mola redirects" within 20 redirects
check "no difference is left, again" ends 0 --with "http://$front" --with-tls "https://$traefik_tls"
sed 's/^/# /' "$tmp/compared.log" "$tmp/words.log"
check "nor where TLS is stated to that listener" ends 0 --with "http://$front" --with-tls "https://$traefik_tls" --mola-tls "http://$mola"

# --- listeners of the entry points' names ---
sed -i 's/, redirect_https/, name: web&/; s/, tls: true/, name: websecure&/' "$tmp/mola.yaml"
mola_reload
named() { api_is /api/v1/services '[.services[] | select(.name == "secure").routes[].listeners] == [["websecure"]]'; }
must "listeners are entry points" within 20 named
check "the same" ends 0 --with "http://$front" --with-tls "https://$traefik_tls"
check "of as many" grep -q '^11 addresses compared, 0 with' "$tmp/compared.log"
check "a router is not looked for on another listener" eval 'ends 2 --with-tls "https://$traefik_tls" --mola-tls "http://$mola" &&
	grep -q "^not compared: secure, .*: its requests come by another listener" "$tmp/compared.log"'

stop traefik
check "without Traefik nothing is compared" ends 2 --with "http://$front"
check "which is said" grep -q "^mola compare: Traefik at http://$front: no response (" "$tmp/words.log"
check "Mola ends in order" mola_stop
check "nor without Mola" ends 2 --with "http://$front"
