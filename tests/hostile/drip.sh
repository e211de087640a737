# Clients that are never silent for long and never done: a head, a body and a response, a byte at a time. Each is ended by the least rate;
# an upload of 1 KB/s, and one that a slow task holds up, are not.
start task python3 tests/hostile/drip_task.py "$net.1:8081"
must "the task listens" within 20 curl -s -o /dev/null --max-time 2 "http://$net.1:8081/"
mola_conf "  - { name: web, tasks: [ { node: n1, address: \"$net.1:8081\" } ] }" 'workers: 1' 'clients: { head: 5m }'
must "Mola is up" mola_start


start slow-upload python3 tests/hostile/drip.py "$front" upload 1000 20
start held-up python3 tests/hostile/drip.py "$front" held-up 0 20
# one byte every half second: more often than any time-out between two pieces
start head python3 tests/hostile/drip.py "$front" head 2 60
start body python3 tests/hostile/drip.py "$front" body 2 60
start chunked python3 tests/hostile/drip.py "$front" chunked 2 60
start trailer python3 tests/hostile/drip.py "$front" trailer 2 60
ended() {
	local name
	for name in head body chunked trailer; do grep -q '^ended' "$tmp/$name.log" || return 1; done
}
check "a dripping head, body, chunked body and trailer are ended" within 40 ended
for name in head body chunked trailer; do
	read -r _ after status why <<<"$(grep '^ended' "$tmp/$name.log")"
	check "the $name's client was told 408 client_slow_rate (after $after s: $status $why)" [ "$status $why" = "408 client_slow_rate" ]
	bench "$name" "$after" s
done
check "they are counted" [ "$(why_count client_slow_rate)" = 4 ]
done_well() { grep -q '^ended .* 200' "$tmp/slow-upload.log" && grep -q '^ended .* 200' "$tmp/held-up.log"; }
check "an upload of 1 KB/s is served, and one that the task held up" within 40 done_well
check "Mola ends well" mola_stop
