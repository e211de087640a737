# Files of Traefik's file provider: the real Traefik and Mola read the same ones, beside the same services of one Swarm, and get the
# same requests. A change is seen by both; a file that breaks leaves what was there.
[ -x build/peers/traefik ] || skip "there is no build/peers/traefik; tools/peers traefik makes it"
needs python3
ONLY=${ONLY:-}		# sets to compare; none: some; all
engine=$net.210:2375
mola_at=$net.200:8080
secure_at=$net.100:8443
python3 tests/drive/files.py write "$net.1" 9000 "$tmp"
ca_make && cert_make inner "$net.1" inner.test && cert_make me --client me.test && cert_make shown shown.test strict.test mutual.test loose.test
(ca=$ca/other ca_make)
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
check "TLS options that Mola's listeners meet are no hindrance" both_by_tls 200 loose
check "of others the router is not served" by_tls 503 strict "$net.200"
check "not without the certificate that clients must have, either" by_tls 503 mutual "$net.200"
check "and mola check names the file and the key" grep -q 'secure.yml:[0-9]*: tls.options.mutual.clientAuth' "$tmp/checked.log"

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
