# Access logs: a real Traefik and Mola serve the same requests, and their lines say the same; programs that read Traefik's read Mola's.
[ -x build/peers/traefik ] || skip "there is no build/peers/traefik; tools/peers traefik makes it"
needs python3 fail2ban-regex goaccess
engine=$net.210:2375 mola=$net.200
ca_make && cert_make secure secure.test none-secure.test
# A client whose name has several parts, one of them with a comma.
key_make "$ca/client.key" && openssl req -new -config "$ca/conf" -key "$ca/client.key" -subj "/C=DE/O=Shop, Ltd/CN=joe" -out "$ca/client.csr" &&
	openssl x509 -req -in "$ca/client.csr" -CA "$ca/root.crt" -CAkey "$ca/root.key" -set_serial 7 -days 30 -out "$ca/client.crt" 2>"$ca/log"
cat "$ca/client.crt" "$ca/client.key" >"$ca/client.pem"
python3 tests/drive/access.py services "$net.1" 9000 "$net.2" >"$tmp/services.json"
cat >"$tmp/traefik.yml" <<E
tls:
  certificates: [ { certFile: "$ca/secure.crt", keyFile: "$ca/secure.key" } ]
  options: { default: { clientAuth: { caFiles: [ "$ca/root.crt" ], clientAuthType: VerifyClientCertIfGiven } } }
E
# mola_conf_access FORMAT
mola_conf_access() {
	cat >"$tmp/mola.yaml" <<-E
		listen:
		  - { name: web, address: "$mola:8080" }
		  - { name: websecure, address: "$mola:8443", tls: true, client_ca: "$ca/root.crt", client_cert: optional }
		tls: { certificates: [ { cert: "$ca/secure.crt", key: "$ca/secure.key" } ] }
		admin: { address: "$mola:8000", socket: $tmp/admin.sock }
		workers: 1
		swarm: { endpoint: "tcp://$engine", poll: 500ms }
		log:
		  access:
		    format: $1
		    file: $tmp/mola-$1.access
		    fields: [ request_X-Own, origin_x-own, downstream_X-Own, downstream_WWW-Authenticate, downstream_Location ]
	E
}
is() { [ "$(curl -s -o "$tmp/body" -w '%{http_code}' --max-time 5 -H "Host: plain.test" "http://$1:8080/ready")" = 200 ]; }
# both TRAEFIKS-FORMAT MOLAS-FORMAT COMPARISON
both() {
	must "Traefik writes $1" traefik_start --providers.swarm.endpoint="tcp://$engine" --providers.swarm.refreshseconds=1s \
		--entrypoints.websecure.address="$net.100:8443" --providers.file.filename="$tmp/traefik.yml" --accesslog=true \
		--accesslog.format="$1" --accesslog.filepath="$tmp/traefik-$1.access" \
		$(printf -- '--accesslog.fields.headers.names.%s=keep ' User-Agent Referer X-Own WWW-Authenticate Location)
	mola_conf_access "$2"
	must "Mola writes $2" mola_start
	must "Traefik serves ($1)" within 30 is "$net.100"
	must "Mola serves ($2)" within 30 is "$mola"
	check "requests to Traefik ($1)" python3 tests/drive/access.py send "$net.100" "$ca/client.pem"
	check "requests to Mola ($2)" python3 tests/drive/access.py send "$mola" "$ca/client.pem"
	must "Traefik has written all lines ($1)" within 20 python3 tests/drive/access.py count "$tmp/traefik-$1.access"
	must "Mola has written all lines ($2)" within 20 python3 tests/drive/access.py count "$tmp/mola-$2.access"
	check "$2 says what Traefik's $1 says" eval "python3 tests/drive/access.py $3 $tmp/traefik-$1.access $tmp/mola-$2.access >$tmp/compared.log"
	sed 's/^/# /' "$tmp/compared.log"
	check "Mola ends in order ($2)" mola_stop
	stop traefik
}

start engine python3 tests/drive/swarm.py "$net.210" 2375 "$tmp/services.json"
must "the manager responds" within 20 curl -s -f -o "$tmp/page" "http://$engine/_ping"
start task python3 tests/drive/access.py task "$net.1" 9000
must "the task responds" within 20 curl -s -o "$tmp/page" "http://$net.1:9000/"
both json json json
both common traefik lines
both genericCLF combined lines

# Of the two requests with a user whose password is wrong; not of the one without a user.
bans() {		# bans FILE
	fail2ban-regex "$1" traefik-auth >"$tmp/bans.log" 2>&1 && grep -q 'Lines: [0-9]* lines, 0 ignored, 2 matched' "$tmp/bans.log"
}
check "fail2ban's filter traefik-auth finds both failed logins in format traefik" bans "$tmp/mola-traefik.access"
check "and in combined" bans "$tmp/mola-combined.access"
# reads FILE FORMAT...: GoAccess reads all lines
reads() {
	local file=$1
	shift
	goaccess "$file" --no-global-config "$@" -o "$tmp/report.json" >"$tmp/goaccess.log" 2>&1 &&
		json_is ".general.failed_requests == 0 and .general.valid_requests == $(wc -l <"$file")" <"$tmp/report.json"
}
check "GoAccess reads combined" reads "$tmp/mola-combined.access" --log-format=COMBINED
# The name TRAEFIKCLF is newer than Debian 12's GoAccess, which has to be told the format.
traefik_clf() {
	reads "$tmp/mola-traefik.access" --log-format=TRAEFIKCLF || reads "$tmp/mola-traefik.access" --date-format=%d/%b/%Y \
		--time-format=%T --log-format='%h - %e [%d:%t %^] "%r" %s %b "%R" "%u" %^ "%v" "%U" %Lms'
}
check "GoAccess reads traefik" traefik_clf
