# Files of Traefik's file provider: the real Traefik and Mola read the same ones, beside the same services of one Swarm, and get the
# same requests. A change is seen by both; a file that breaks leaves what was there.
[ -x build/peers/traefik ] || skip "there is no build/peers/traefik; tools/peers traefik makes it"
needs python3
ONLY=${ONLY:-}		# sets to compare; none: some; all
engine=$net.210:2375
mola_at=$net.200:8080
python3 tests/drive/files.py write "$net.1" 9000 "$tmp"
printf 'listen: { address: "%s" }\nadmin: { address: "%s.200:8000", socket: %s/admin.sock }\nworkers: 2\nswarm: { endpoint: "tcp://%s", poll: 500ms, traefik: { files: %s/files } }\n' \
	"$mola_at" "$net" "$tmp" "$engine" "$tmp" >"$tmp/mola.yaml"
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
start task python3 tests/drive/filters.py task "$net.1" 9000
must "the task responds" within 20 curl -s -o "$tmp/page" "http://$net.1:9000/"
must "Traefik reads Swarm and files" traefik_start --providers.swarm.endpoint="tcp://$engine" --providers.swarm.refreshseconds=1s \
	--providers.file.directory="$tmp/files"
must "Mola starts" mola_start
must "both serve a file's router" within 30 both_are 200 several
must "both serve one of labels, to a service of a file" within 30 both_are 200 there
check "hand-written routers are served alike" eval 'python3 tests/drive/files.py hosts "$front" "$mola_at" >"$tmp/hosts.log"'
sed 's/^/# /' "$tmp/hosts.log"
check "so are middlewares of files" eval 'python3 tests/drive/files.py compare "$front" "$mola_at" $ONLY >"$tmp/compared.log"'
sed 's/^/# /' "$tmp/compared.log"

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
