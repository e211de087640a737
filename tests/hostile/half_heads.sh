# 4400 clients of one address send half a head each and drip on; one that is ended comes again at once. Others lose none of 200 requests.
# Then the same from many addresses, which no limit per address stops: the oldest unfinished heads give way.
start task python3 tests/hostile/task.py "$net.1:8081"
must "the task listens" within 20 curl -s -o /dev/null --max-time 2 "http://$net.1:8081/"
mola_conf "  - { name: web, tasks: [ { node: n1, address: \"$net.1:8081\" } ] }" 'workers: 1'
must "Mola is up" mola_start

clients() { api /metrics | awk '/^mola_clients/ { n += $NF } END { print n + 0 }'; }
# ask N: so many requests one after another, each on a connection of its own from an address of others; how many failed
ask() {
	local n failed=0
	for n in $(seq "$1"); do
		curl -s -o /dev/null -f --max-time 10 --interface "$net.100" "http://$front/$n" || failed=$((failed + 1))
	done
	echo $failed
}

start crowd python3 tests/hostile/half_heads.py "$front" 4400 "$net.50" 120
refused() { [ "$(why_count address_limit)" -gt 1000 ]; }
must "one address has what an address may have, and no more" within 60 refused
lost=$(ask 200)
check "4400 half-heads from one address: others lose $lost of 200" [ "$lost" = 0 ]
bench failed-one-address "$lost" requests
stop crowd KILL

# Five addresses, each within its limit: together they are more than there are slots.
for n in 1 2 3 4 5; do start "crowd$n" python3 tests/hostile/half_heads.py "$front" 1000 "$net.5$n" 120; done
giving_way() { [ "$(why_count head_gave_way)" -gt 100 ]; }
must "all slots are taken, and unfinished heads give way" within 60 giving_way
lost=$(ask 200)
check "5000 half-heads from five addresses: others lose $lost of 200" [ "$lost" = 0 ]
bench failed-five-addresses "$lost" requests
for n in 1 2 3 4 5; do stop "crowd$n" KILL; done
check "Mola ends well" mola_stop
