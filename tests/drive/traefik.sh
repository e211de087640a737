# Traefik, told by a file and by Mola's door for its HTTP provider, by weights and as the reference system did it; reloaded
# as often as in ten minutes of the reference, while Mola is killed at any moment.

[ -x build/peers/traefik ] || skip "there is no build/peers/traefik; tools/peers traefik makes it"
RELOADS=${RELOADS:-120}			# one in 5 s for 10 minutes; 360 stand for half an hour
web=http://$net.100:8081		# Traefik's API
file=$tmp/etc/dynamic_conf.yml
mkdir "$tmp/etc"

# traefik_with PROVIDERS...: static configuration by arguments; it takes changes at once
traefik_with() { traefik_start --entrypoints.api.address="$net.100:8081" --metrics.prometheus=true "$@"; }
reloads() { traefik /metrics | awk '$1 == "traefik_config_reloads_total" { print int($2) }'; }
reloaded() { [ "$(reloads)" -ge "$1" ]; }
has() { traefik "/api/http/services/$1" 2>/dev/null | json_is "$2"; }	# has SERVICE@PROVIDER CONDITION

# --- weights, by file ---

nodes_start "1 2 4" --tenants 0.5 --burst 0.5
mola_conf "  - { name: edge, kind: traefik-file, file: $file, api: \"http://$net.100:8082\", poll: 200ms, interval: 100ms, hysteresis: 0.001, api_entry_point: api, routers: true, entry_points: web }"
must "Mola starts without addresses of its own: it serves nobody, and checks health" mola_start
must "the file is there, with a name that Traefik reads" within 10 test -s "$file"
must "Traefik takes it" traefik_with --providers.file.directory="$tmp/etc"
must "and Mola sees that it did" within 60 target_is edge '.taken'
check "servers have the weights that they were told" api_is /api/v1/targets \
	'.targets[0].services[0].servers | length == 3 and all(.has_weight != null and .has_state == "UP")'
check "the node of four cores has the most" api_is /api/v1/targets \
	'.targets[0].services[0].servers | sort_by(.weight) | .[-1] | .node == "n3" and .weight == 1000'
check "Traefik's dashboard and API stand on their own entry point" within 5 curl -s -f -o "$tmp/page" "$web/api/http/services/web@file"
shares() { answers 140 >"$tmp/answers" && jq -e '.n3 > 1.4 * .n2 and .n2 > 1.2 * .n1 and .n1 > 3' "$tmp/answers" >/dev/null; }
check "requests go by the weights" within 20 shares
echo "# answered: $(jq -c . "$tmp/answers")"

# --- many reloads, Mola killed at any moment, and no request lost ---

# The router is looked for all the time; a look that finds none is a miss.
watch_router() {
	local seen=0 missed=0
	trap 'echo "$seen $missed" >"$tmp/router"; exit' TERM
	while :; do
		case $(curl -s --max-time 2 "http://$net.100:8082/api/http/routers/web~mola@file") in
		*'"status":"enabled"'*) seen=$((seen + 1)) ;;
		*) missed=$((missed + 1)) ;;
		esac
		sleep 0.03
	done
}
# The file is never half of one: as a whole it begins and ends as Mola writes it.
watch_file() {
	local seen=0 missed=0 text
	trap 'echo "$seen $missed" >"$tmp/whole"; exit' TERM
	while :; do
		text=$(<"$file")
		case $text in "# Written by Mola"*services:*weight:*timeout:*1000ms) seen=$((seen + 1)) ;; *) missed=$((missed + 1)); echo "$text" >"$tmp/half.log" ;; esac
		sleep 0.03
	done
}
# Beside weights that move, nodes are drained and come back, in turns: each time Traefik makes all anew.
toggle() {
	local n=1 on=true
	while :; do
		curl -s -o "$tmp/drained" --max-time 1 --unix-socket "$tmp/admin.sock" -H 'Content-Type: application/json' \
			-d "{\"node\": \"n$n\", \"drain\": $on}" http://localhost/api/v1/drain
		if [ $on = true ]; then on=false; else on=true n=$((n % 3 + 1)); fi
		sleep 0.1
	done
}
hammer 3 "/?work=0.005"
toggle & pid[toggle]=$!
watch_router & pid[router]=$!
watch_file & pid[whole]=$!
begun=$(reloads) kills=0 ends=0 started=$SECONDS
until { reloaded $((begun + RELOADS)) && [ $((kills + ends)) -ge 5 ]; } || [ $((SECONDS - started)) -gt 240 ]; do
	sleep "0.$((RANDOM % 900 + 100))"
	if [ $((RANDOM % 4)) = 0 ]; then
		stop mola KILL
		ends=$((ends + 1))
		mola_start || break
	elif brain=$(mola_child brain); then
		kill -KILL "$brain"
		kills=$((kills + 1))
	fi
	# it comes to speak again before it dies again
	within 20 target_is edge ".publications > $((RANDOM % 50 + 5))"
done
made=$(($(reloads) - begun))
stop toggle
stop router
stop whole
read -r seen missed <"$tmp/router"
read -r read_whole read_half <"$tmp/whole"
hammered
bench reloads $made reloads
bench kills $((kills + ends)) kills
check "$made reloads, the brain killed $kills times and all of Mola $ends times" [ "$made" -ge "$RELOADS" -a $((kills + ends)) -ge 5 ]
check "no request failed" none_failed 1000
check "in $seen looks the router was never missing" [ "$missed" = 0 -a "$seen" -gt 100 ]
check "in $read_whole looks the file was never half written" [ "$read_half" = 0 -a "$read_whole" -gt 100 ]
must "Mola is there" within 10 healthy
for n in n1 n2 n3; do mola_drain --undo $n; done

# --- members ---

three() { has web@file '.loadBalancer.servers | length == 3'; }
two() { has web@file '.loadBalancer.servers | length == 2'; }
hammer 3 "/?work=0.005"
within 10 target_is edge '.taken'
mola_drain n3
check "a node that is drained is left out" within 10 two
mola_drain --undo n3
check "and comes back" within 10 three
mola_conf "  - { name: edge, kind: traefik-file, file: $file, api: \"http://$net.100:8082\", poll: 200ms, interval: 100ms, api_entry_point: api, routers: true, entry_points: web }" web 1 2
mola_reload
check "a task that is no longer there is left out" within 10 two
hammered
check "no request failed meanwhile" none_failed
sed -i "/name: web.2/a\      - { name: web.dead, node: n1, address: \"$net.77:20080\" }" "$tmp/mola.yaml"
mola_reload
check "a task that Mola finds dead is left out, though Mola serves nobody" within 20 eval 'api_is /api/v1/tasks ".tasks[] | select(.name == \"web.dead\") | .state == \"down\"" && two'

# --- what is wrong is said, and what was good stays ---

echo "http: {}" >"$file"
check "somebody else's text is replaced" within 10 grep -q "Written by Mola" "$file"
rm "$file"
check "a file that was removed is written anew" within 10 test -s "$file"
cp "$tmp/mola.yaml" "$tmp/good.yaml"
sed -i "s,dynamic_conf.yml,nowhere/dynamic_conf.yml," "$tmp/mola.yaml"
cp "$file" "$tmp/before.yml"
mola_reload
check "a folder that is not there is told" within 10 target_is edge '.why == "proxy_file" and .state == "failed"'
check "in the metrics, too" eval 'api /metrics | grep -q "^mola_target_up{target=\"edge\",kind=\"traefik-file\"} 0"'
check "what was said last stays" cmp -s "$file" "$tmp/before.yml"
mkdir "$tmp/etc/nowhere" && sed -i "s/interval: 100ms/interval: 100ms, backend: \"other-{service}\"/" "$tmp/mola.yaml"
mola_reload
check "Traefik reads a file that is no longer ours, and Mola says that it does not have what it was told" \
	within 20 target_is edge '.state == "refused" and .taken_why == "proxy_differs" and (.taken_detail | test("other-web"))'
rm -r "$tmp/etc/nowhere"
sed "/^services:/,/^targets:/{/^targets:/!d}" "$tmp/good.yaml" >"$tmp/mola.yaml"
mola_reload
check "without any service nothing is said, and that is told" within 10 target_is edge '.why == "proxy_nothing"'
check "the file is as it was" test -s "$file"
stop traefik
cp "$tmp/good.yaml" "$tmp/mola.yaml"
mola_reload
check "a Traefik that is gone is told" within 10 target_is edge '.taken == null and .taken_why == "proxy_gone"'

# --- the HTTP provider ---

mola_conf "  - { name: edge, kind: traefik-http, routers: true, api: \"http://$net.100:8082\", poll: 200ms, interval: 200ms }"
mola_reload
within 10 target_is edge '.kind == "traefik-http"'
must "Traefik asks Mola instead" traefik_with --providers.http.endpoint="http://$net.200:8000/traefik?target=edge" --providers.http.pollinterval=200ms
check "and has what it was answered" within 20 target_is edge '.taken and .asked_seconds < 2'
check "requests go by the weights" within 20 shares
echo "# answered: $(jq -c . "$tmp/answers")"
hammer 3 "/?work=0.005"
mola_drain n3
check "a node that is drained is left out" within 10 has web@http '.loadBalancer.servers | length == 2'
stop mola KILL
sleep 1
check "Mola is gone: Traefik goes on with what it has" has web@http '.loadBalancer.servers | length == 2'
must "Mola comes back" mola_start
check "and Traefik has all again" within 10 has web@http '.loadBalancer.servers | length == 3'
hammered
check "no request failed meanwhile" none_failed
check "withdrawn" mola_targets withdraw edge
check "withdrawn: Traefik is answered a document of nothing, and takes it" within 10 eval \
	'[ "$(curl -s -o "$tmp/page" -w "%{http_code}" "http://$net.100:8082/api/http/services/web@http")" = 404 ]'
check "resumed" eval 'mola_targets resume edge && within 10 has web@http ".loadBalancer.servers | length == 3"'
check "a target that is not there is told" [ "$(curl -s -o "$tmp/page" -w '%{http_code}' "http://$net.200:8000/traefik?target=nobody")" = 404 ]
mola_conf "  - { name: edge, kind: traefik-http, api: \"http://$net.1:29100\", poll: 200ms, interval: 200ms }"
mola_reload
check "an API that is somebody else's is told, and what was expected" within 10 target_is edge \
	'.taken == null and .taken_why == "proxy_syntax" and (.taken_detail | endswith("status 404; expected Traefik\u0027s API there"))'
mola_conf "  - { name: late, kind: traefik-file, file: $tmp/late.yml, api: \"http://$net.1:29100\", poll: 200ms, interval: 200ms, api_entry_point: api }
  - { name: edge, kind: traefik-http }"
mola_reload
check "where the way to the API is what Traefik is told, it has time to take it" within 15 api_is "/api/v1/events?after=0" \
	'[.events[] | select(.text | startswith("target=late ")) | {event, at: (.time | sub("\\.[0-9]+Z$"; "Z") | fromdate)}] |
	(map(select(.event == "target.refused"))[0].at - map(select(.event == "target.published"))[0].at) >= 3'
check "mola targets tells all that" eval '"$MOLA" targets --admin "unix:$tmp/admin.sock" >"$tmp/targets.log" && grep -q "edge .*traefik-http" "$tmp/targets.log"'
stop traefik

# --- as the reference did it ---

mola_conf "  - { name: reference, kind: traefik-file, policy: best-node, file: $file, interval: 500ms, routers: true, entry_points: web, api_entry_point: api, fallback: \"http://localhost:8020\" }"
stop nodes
nodes_start "1 2 4" --hog 3,40,6
mola_reload
must "Traefik reads the file" traefik_with --providers.file.filename="$file"
check "one server has everything" within 10 has web@file '.loadBalancer.servers | length == 1 and .[0].url != "http://localhost:8020"'
check "there is a router for the application and one for Traefik's API" within 10 eval \
	'traefik /api/http/routers | json_is "[.[] | select(.provider == \"file\") | .service] | sort == [\"api@internal\", \"web\"]"'
not_busy() { answers 20 >"$tmp/answers"; jq -e 'keys == ["n1"] or keys == ["n2"]' "$tmp/answers" >/dev/null; }
check "a node that is busy loses everything" within 30 not_busy
for what in "best_node.score.*node=n1 cpu=.*ram=.*score=" "best_node.chosen.*node=" "best_node.updated.*file="; do
	check "each round is logged: ${what%%.\**}" grep -q "$what" "$tmp/mola.log"
done
check "withdrawn: where Traefik reads the file alone, too" eval 'mola_targets withdraw reference && within 10 eval "! traefik /api/http/services/web@file"'
check "resumed" eval 'mola_targets resume reference && within 15 has web@file ".loadBalancer.servers | length == 1"'
stop nodes
check "no node is seen: the fallback" within 20 has web@file '.loadBalancer.servers == [{"url": "http://localhost:8020", "weight": 1}]'
check "Mola ends in order" mola_stop
