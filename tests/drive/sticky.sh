# Clients that stay with their tasks: the cookie is Traefik's, and whatever happens to Mola moves nobody.
[ -x build/peers/traefik ] || skip "there is no build/peers/traefik; tools/peers traefik makes it"
needs python3
engine=$net.210:2375 mola=$net.200:8080
python3 tests/drive/sticky.py services 9000 "$net.1" "$net.2" >"$tmp/services.json"
printf 'listen: "%s"\nadmin: { address: "%s.200:8000", socket: %s/admin.sock }\nworkers: 2\nswarm: { endpoint: "tcp://%s", poll: 500ms }\n' \
	"$mola" "$net" "$tmp" "$engine" >"$tmp/mola.yaml"
is() { [ "$(curl -s -o "$tmp/body" -w '%{http_code}' --max-time 5 -H "Host: plain.test" "http://$1/")" = 200 ]; }
scale() { python3 tests/drive/sticky.py services 9000 "$@" >"$tmp/services.new" && mv "$tmp/services.new" "$tmp/services.json"; }
tasks_are() { api_is /api/v1/tasks "[.tasks[] | select(.service == \"plain\")] | length == $1"; }
looks() {		# looks WHAT [GONE]
	gone=${2:-}
	check "$1" eval 'python3 tests/drive/sticky.py look "$mola" "$tmp/clients.json" $gone >"$tmp/looked.log"'
	sed 's/^/# /' "$tmp/looked.log"
}

start engine python3 tests/drive/swarm.py "$net.210" 2375 "$tmp/services.json"
must "the manager responds" within 20 curl -s -f -o "$tmp/page" "http://$engine/_ping"
start task python3 tests/drive/sticky.py task 9000 "$net.1" "$net.2" "$net.3"
must "Traefik reads the Swarm" traefik_start --providers.swarm.endpoint="tcp://$engine" --providers.swarm.refreshseconds=1s
must "Mola starts" mola_start
must "Traefik serves" within 30 is "$front"
must "Mola serves" within 30 is "$mola"
check "both give the same cookies, and Mola follows Traefik's" eval 'python3 tests/drive/sticky.py alike "$front" "$mola" >"$tmp/alike.log"'
sed 's/^/# /' "$tmp/alike.log"
check "clients get cookies of Traefik" eval 'python3 tests/drive/sticky.py begin "$front" "$tmp/clients.json" >"$tmp/begun.log"'
sed 's/^/# /' "$tmp/begun.log"
looks "at the switch to Mola nobody is moved"
check "clients get cookies of Mola" eval 'python3 tests/drive/sticky.py begin "$mola" "$tmp/clients.json" >"$tmp/begun.log"'
sed 's/^/# /' "$tmp/begun.log"
mola_reload
must "the file is read again" within 20 logged reload.done
looks "a reload moves nobody"
brain=$(mola_child brain)
kill -KILL "$brain"
looks "while the brain is gone nobody is moved"
must "there is another brain" within 20 other_child brain "$brain"
looks "nor by another one"
worker=$(mola_child worker-0)
kill -KILL "$worker"
must "there is another worker" within 20 other_child worker-0 "$worker"
looks "the death of a worker moves nobody"
scale "$net.1" "$net.2" "$net.3"
must "there are three tasks" within 20 tasks_are 3
looks "one more task moves nobody"
all_used() { python3 tests/drive/sticky.py begin "$mola" "$tmp/clients.json" >"$tmp/begun.log" && grep -q "$net.3" "$tmp/begun.log"; }
check "clients get cookies of three tasks" within 30 all_used
sed 's/^/# /' "$tmp/begun.log"
scale "$net.1" "$net.3"
must "there are two tasks again" within 20 tasks_are 2
looks "one task less moves its own clients, and no other" "$net.2"
looks "and where they are now they stay"
check "Mola ends in order" mola_stop
