# Files of Traefik's file provider: the real Traefik and Mola read the same ones, beside the same services of one Swarm, and get the
# same requests. A change is seen by both; a file that breaks leaves what was there.
[ -x build/peers/traefik ] || skip "there is no build/peers/traefik; tools/peers traefik makes it"
needs python3
ONLY=${ONLY:-}		# sets to compare; none: some; all
engine=$net.210:2375
mola_at=$net.200:8080
secure_at=$net.100:8443
python3 tests/drive/files.py write "$net.1" 9000 "$tmp"
ca_make && cert_make inner "$net.1" inner.test && cert_make me --client me.test && cert_make shown shown.test strict.test mutual.test loose.test narrow.test either.test or.test torn.test \
	broken.test given.test any.test renewed.test && ca=$tmp/strange ca_make && ca=$tmp/strange cert_make me --client me.test
(ca=$ca/other ca_make)
cp "$tmp/strange/root.crt" "$ca/clients.crt"
python3 tests/drive/files.py secure "$net.1" 9443 "$ca" >"$tmp/files/secure.yml"
printf 'listen: [ "%s", { address: "%s.200:8443", tls: true } ]\nadmin: { address: "%s.200:8000", socket: %s/admin.sock }\nworkers: 2\nswarm: { endpoint: "tcp://%s", poll: 500ms, traefik: { files: %s/files } }\n' \
	"$mola_at" "$net" "$net" "$tmp" "$engine" "$tmp" >"$tmp/mola.yaml"
is() { [ "$(curl -s -o "$tmp/body" -w '%{http_code}' --max-time 5 -H "Host: $2.test" "http://$3/")" = "$1" ]; }
both_are() { is "$1" "$2" "$front" && is "$1" "$2" "$mola_at"; }
# router NAME SERVICE: a whole file at once, as editors write it
router() {
	printf 'http: { routers: { %s: { rule: "Host(`%s.test`)", service: %s } } }\n' "$1" "$1" "$2" >"$tmp/new"
	mv "$tmp/new" "$tmp/files/changing.yml"
}

check "mola check reads the files" eval '"$MOLA" check "$tmp/mola.yaml" >"$tmp/checked.log" 2>&1'
check "and names what is not used" grep -q 'later.yml:1: http.routers.twice: not used' "$tmp/checked.log"
start engine python3 tests/drive/swarm.py "$net.210" 2375 "$tmp/services.json"
must "the manager responds" within 20 curl -s -f -o "$tmp/page" "http://$engine/_ping"
# by_tls STATUS NAME HOST [OPTION...]: over TLS, with the certificate that the file names
by_tls() { [ "$(curl -s -o "$tmp/body" -w '%{http_code}' --max-time 5 --cacert "$ca/root.crt" "${@:4}" --resolve "$2.test:8443:$3" "https://$2.test:8443/")" = "$1" ]; }
both_by_tls() { by_tls "$1" "$2" "$net.100" "${@:3}" && by_tls "$1" "$2" "$net.200" "${@:3}"; }
neither_is() { ! is "$1" "$2" "$front" && ! is "$1" "$2" "$mola_at"; }
start secure python3 tests/drive/files.py task "$net.1" 9443 "$ca"
start chooses python3 tests/drive/files.py task "$net.1" 9444 "$ca" h2
start other python3 tests/drive/filters.py task "$net.1" 9001
# split_at ADDRESS: of 40 requests, 30 go to the one whose weight is 3 of 4
split_at() {
	local i n=0
	for ((i = 0; i < 40; i++)); do curl -s --max-time 5 -H "Host: split.test" "http://$1/" | grep -q "$net.1:9000" && n=$((n + 1)); done
	echo "# $n of 40 at $1" && [ $n -ge 28 ] && [ $n -le 32 ]
}
start task python3 tests/drive/filters.py task "$net.1" 9000
must "the task responds" within 20 curl -s -o "$tmp/page" "http://$net.1:9000/"
must "Traefik reads Swarm and files" traefik_start --providers.swarm.endpoint="tcp://$engine" --providers.swarm.refreshseconds=1s \
	--providers.file.directory="$tmp/files" --entrypoints.websecure.address="$secure_at"
mola_apart
must "Mola starts" mola_start
must "both serve a file's router" within 30 both_are 200 several
must "both serve one of labels, to a service of a file" within 30 both_are 200 there
check "hand-written routers are served alike" eval 'python3 tests/drive/files.py hosts "$front" "$mola_at" >"$tmp/hosts.log"'
sed 's/^/# /' "$tmp/hosts.log"
for at in "$front" "$mola_at"; do check "a service is divided by weights ($at)" split_at "$at"; done
check "a spare one takes over" within 20 both_are 200 spare
check "so are middlewares of files" eval 'python3 tests/drive/files.py compare "$front" "$mola_at" $ONLY >"$tmp/compared.log"'
sed 's/^/# /' "$tmp/compared.log"

for name in insecure trusted trusting chosen named client outer; do check "a server over TLS is trusted as its transport has it ($name)" within 10 both_are 200 $name; done
for name in misnamed untrusted; do check "or not ($name)" neither_is 200 $name; done
check "a certificate of a file is shown" within 10 both_by_tls 200 shown
me=(--cert "$ca/me.crt" --key "$ca/me.key") stranger=(--cert "$tmp/strange/me.crt" --key "$tmp/strange/me.key")
check "a host has its version of TLS" both_by_tls 200 strict
check "and not an older one" both_by_tls 000 strict --tls-max 1.2
check "another host has that" both_by_tls 200 loose --tls-max 1.2
check "or no newer one, by a cipher and a group of its own" both_by_tls 200 narrow
check "not with another cipher" both_by_tls 000 narrow --ciphers ECDHE-ECDSA-AES128-GCM-SHA256
check "nor with another group" both_by_tls 000 narrow --curves X25519
check "that holds for all names of a rule" eval 'both_by_tls 200 or && both_by_tls 000 or --curves X25519 && both_by_tls 000 either --tlsv1.3'
# protocol_at ADDRESS NAME: that was chosen by ALPN
protocol_at() { curl -s -o "$tmp/body" -w '%{http_version}' --http2 --max-time 5 --cacert "$ca/root.crt" --resolve "$2.test:8443:$1" "https://$2.test:8443/"; }
check "a host has its protocols" eval '[ "$(protocol_at "$net.100" narrow) $(protocol_at "$net.200" narrow)" = "1.1 1.1" ]'
check "and others theirs" eval '[ "$(protocol_at "$net.100" loose) $(protocol_at "$net.200" loose)" = "2 2" ]'
check "a router without a host has the default ones" eval '
	[ "$(curl -sk -o "$tmp/body" -w "%{http_code}" --tls-max 1.2 "https://$net.100:8443/nameless") $(curl -sk -o "$tmp/body" -w "%{http_code}" --tls-max 1.2 "https://$net.200:8443/nameless")" = "200 200" ]'
check "so has a name of which two routers want different ones" both_by_tls 200 torn --tls-max 1.2
check "there are no handshakes for options that nobody defines" both_by_tls 000 broken
check "nor for a name without a certificate where that is demanded" both_by_tls 000 sni -k
check "clients have to show a certificate" both_by_tls 000 mutual
check "of the CA that is named" both_by_tls 000 mutual "${stranger[@]}"
check "and are served with it" both_by_tls 200 mutual "${me[@]}"
check "where they need not, they may, if it is one of that CA" eval 'both_by_tls 200 given && both_by_tls 200 given "${me[@]}" && both_by_tls 000 given "${stranger[@]}"'
check "any will do where it is not verified" eval 'both_by_tls 000 any && both_by_tls 200 any "${stranger[@]}"'
for with in 1.1 2; do
	check "a request for such a host by another host's connection is misdirected (HTTP/$with)" both_by_tls 421 shown "--http$with" -H "Host: mutual.test"
	check "the other way round, too (HTTP/$with)" both_by_tls 421 mutual "--http$with" -H "Host: shown.test" "${me[@]}"
	check "not where the options are the same ones (HTTP/$with)" both_by_tls 200 either "--http$with" -H "Host: or.test"
done
# shared_at ADDRESS: one connection, as HTTP/2 would have it, for two hosts of one certificate
shared_at() {
	curl -s -o "$tmp/body" -w '%{http_code} ' --http2 --max-time 5 --cacert "$ca/root.crt" --resolve "shown.test:8443:$1" --resolve "mutual.test:8443:$1" \
		"https://shown.test:8443/" -o "$tmp/body2" "https://mutual.test:8443/"
}
check "nor does HTTP/2 lend its connection" eval '[[ $(shared_at "$net.100") =~ ^"200 "(000|421) ]] && [[ $(shared_at "$net.200") =~ ^"200 "(000|421) ]]'
check "a CA holds for new connections" both_by_tls 200 renewed "${stranger[@]}"
cp "$ca/root.crt" "$ca/clients.new" && mv "$ca/clients.new" "$ca/clients.crt"
check "and another one when its file is another one" within 20 by_tls 200 renewed "$net.200" "${me[@]}"
check "alone" by_tls 000 renewed "$net.200" "${stranger[@]}"
check "mola check says what differs" grep -q 'have different TLS options for torn.test' "$tmp/checked.log"

router new near
check "a new file is seen by both" within 20 both_are 200 new
router other near
check "and that it is another one" within 20 both_are 200 other
check "whose router before is gone" both_are 404 new
echo 'http: { routers: [' >"$tmp/new"
mv "$tmp/new" "$tmp/files/changing.yml"
check "one that breaks is logged" within 20 grep -q 'traefik_file.refused.*changing.yml.*[0-9]: not YAML' "$tmp/mola.log"
check "and leaves what was there in both" both_are 200 other
check "mola check names its line" eval '! "$MOLA" check "$tmp/mola.yaml" >"$tmp/checked.log" 2>&1 && grep -q "changing.yml:[0-9]*: not YAML" "$tmp/checked.log"'
router third near
check "put right, it is taken" within 20 both_are 200 third
rm "$tmp/files/changing.yml"
check "without it, its router is gone" within 20 both_are 404 third
check "Mola ends in order" mola_stop
