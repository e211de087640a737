# Middlewares that limit, over two workers that die and a configuration that is read again: what is in flight in a dead worker counts
# no more, what is spent of a rate stays spent, a breaker stays open.
needs python3
engine=$net.210:2375
here="\"address\": \"$net.1\", \"port\": 9000"
service() { # service NAME LABELS: one that passes middleware m, whose labels these are
	printf '"%s": { %s, "labels": { "traefik.enable": "true", "traefik.http.services.%s.loadbalancer.server.port": "9000", %s,
		"traefik.http.routers.%s.rule": "Host(`%s.test`)", "traefik.http.routers.%s.middlewares": "%s" } }' "$1" "$here" "$1" "$2" "$1" "$1" "$1" "$1"
}
label() { printf '"traefik.http.middlewares.%s": "%s"' "$1" "$2"; }
cat >"$tmp/services.json" <<E2
{ $(service flight "$(label flight.inflightreq.amount 4)"),
  $(service rate "$(label rate.ratelimit.average 1), $(label rate.ratelimit.period 1h), $(label rate.ratelimit.burst 3)"),
  $(service breaker "$(label breaker.circuitbreaker.expression 'NetworkErrorRatio() > 0.5'), $(label breaker.circuitbreaker.fallbackduration 1h)") }
E2
status() { curl -s -o "$tmp/body" -w '%{http_code}' --max-time 20 -H "Host: $1.test" "http://$front$2"; }
is() { [ "$(status "$2" "$3")" = "$1" ]; }
each_is() { # each_is STATUS NAME N: new connections, which both workers get
	local i
	for ((i = 0; i < $3; i++)); do is "$1" "$2" / || return 1; done
}
wait_for_task() { # N: that many requests wait there
	start "waiter$1" curl -s -o "$tmp/waited$1" --max-time 60 -H "Host: flight.test" "http://$front/?sleep=40"
}
inflight_is() { api_is /api/v1/tasks "[.tasks[] | select(.service == \"flight\") | .inflight] | add == $1"; }
replaced() { local now; now=$(mola_child "$1") && [ -n "$now" ] && [ "$now" != "$2" ]; }

start engine python3 tests/drive/swarm.py "$net.210" 2375 "$tmp/services.json"
must "the manager responds" within 20 curl -s -f -o "$tmp/page" "http://$engine/_ping"
start task python3 tests/drive/filters.py task "$net.1" 9000
must "the task responds" within 20 curl -s -o "$tmp/page" "http://$net.1:9000/"
printf 'listen: "%s"\nadmin: { address: "%s.200:8000", socket: %s/admin.sock }\nworkers: 2\nswarm: { endpoint: "tcp://%s", poll: 500ms }\n' "$front" "$net" "$tmp" \
	"$engine" >"$tmp/mola.yaml"
must "Mola starts" mola_start
must "Mola serves" within 30 is 200 flight /

check "a rate is one for both workers" eval 'each_is 200 rate 3 && each_is 429 rate 8'
check "a breaker opens for both" eval 'is 502 breaker "/?status=502" && within 5 each_is 503 breaker 8'
check "mola why tells of it" eval '"$MOLA" why --admin "unix:$tmp/admin.sock" breaker >"$tmp/words.log" && grep -q "breaker (circuitbreaker: open)" "$tmp/words.log"'
for i in 1 2 3 4; do wait_for_task "$i"; done
must "four requests are in flight" within 20 inflight_is 4
check "a fifth is one too many, in either worker" each_is 429 flight 8
for w in worker-0 worker-1; do
	victim=$(mola_child "$w")
	kill -KILL "$victim"
	check "$w has died, and another one is there" within 15 replaced "$w" "$victim"
done
check "what was in flight in them is not any more" within 15 each_is 200 flight 4
check "what is spent stays spent" within 15 each_is 429 rate 8
check "the breaker stays open" within 15 each_is 503 breaker 8
printf 'clients: { head: 9s }\n' >>"$tmp/mola.yaml"
mola_reload
check "the configuration is read again" within 15 api_is /api/v1/config ".clients.head == \"9s\""
check "and all is as it was" eval "each_is 429 rate 4 && each_is 503 breaker 4"
check "Mola ends in order" mola_stop
