# Health checks of a real Traefik and of Mola, by the same labels: each option; when a task fails, when it is back; what a check carries.
[ -x build/peers/traefik ] || skip "there is no build/peers/traefik; tools/peers traefik makes it"
needs python3
python=python3
[ -x build/peers/python ] && python=build/peers/python		# it has HTTP/2
engine=$net.210:2375 mola=$net.200:8080 one=$net.1 two=$net.2 down=$tmp/down
checks() { "$python" tests/drive/checks.py "$@"; }
mkdir -p "$down"
checks services "$one" "$two" >"$tmp/services.json"
printf 'listen: "%s"\nadmin: { address: "%s.200:8000", socket: %s/admin.sock }\nworkers: 1\nswarm: { endpoint: "tcp://%s", poll: 500ms }\n' \
	"$mola" "$net" "$tmp" "$engine" >"$tmp/mola.yaml"
are() { checks states "$net.100:8082" "$net.200:8000" "$@" >"$tmp/states"; }
now_or_never() { within "$1" are "${@:2}" || { sed 's/^/# /' "$tmp/states"; return 1; }; }
shown() { "$@" >"$tmp/shown"; local rc=$?; sed 's/^/# /' "$tmp/shown"; return $rc; }
from() {		# from ADDRESS: which tasks serve path.test there, in six requests
	local i
	for i in 1 2 3 4 5 6; do curl -s --max-time 5 -w '\n' -H 'Host: path.test' "http://$1/"; done | sort -u | paste -sd' '
}
both_from() { [ "$(from "$front")" = "$1" ] && [ "$(from "$mola")" = "$1" ]; }
# passive HOST SAID: so it is in both
passive() {
	checks passive "$front" "$1" >"$tmp/traefik.said" && checks passive "$mola" "$1" >"$tmp/mola.said" || return 1
	sed 's/^/# Traefik: /' "$tmp/traefik.said"
	sed 's/^/# Mola: /' "$tmp/mola.said"
	[ "$(cat "$tmp/traefik.said")" = "$1 $2" ] && [ "$(cat "$tmp/mola.said")" = "$1 $2" ]
}

start tasks "$python" tests/drive/checks.py tasks "$down" "$one" "$two"
start engine python3 tests/drive/swarm.py "$net.210" 2375 "$tmp/services.json"
must "a task responds" within 20 curl -s -f -o "$tmp/page" "http://$two:9000/"
must "the manager responds" within 20 curl -s -f -o "$tmp/page" "http://$engine/_ping"
must "Traefik reads the Swarm" traefik_start --providers.swarm.endpoint="tcp://$engine" --providers.swarm.refreshseconds=1s
must "Mola starts" mola_start
must "all tasks are up, by each option" now_or_never 40 up up
must "both serve from both tasks" within 20 both_from "$one $two"
checks now >"$down/failed"
: >"$down/$two"
check "a task that fails is down, by each option" now_or_never 30 up down
check "it gets no requests" both_from "$one"
check "passive checks count three failures, and it has no more" passive thrice.test "500x3 503x"
check "one, where no number is given" passive once.test "500x1 503x"
must "there were some checks of what fails" within 30 checks enough "$down"
checks now >"$down/healed"
rm "$down/$two"
check "a task that passes is up again, by each option" now_or_never 30 up up
check "it gets requests again" within 20 both_from "$one $two"
check "what failed requests comes back after its time" within 20 passive once.test "200x"
check "Traefik's checks and Mola's carry the same" shown checks alike "$down"
check "they come as often" shown checks spread "$down"
check "Mola ends in order" mola_stop
