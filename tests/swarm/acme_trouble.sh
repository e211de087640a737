# The Swarm fails in the middle of an order: the leader's cable is out, then two of three managers' are. In the end all have one
# certificate, by one order; what was there before is never missing. Part of `make test-long` alone.
. tests/swarm/molas
led_by() { dk node ls --format '{{.Hostname}} {{.ManagerStatus}}' 2>/dev/null | awk '$2 == "Leader" { print $1 }'; }
made() { grep -q "event=acme.order_made.*name=$1" "$tmp"/mola-*.log; }
# trouble NAME NODE...: these lose their cables for half a minute when the order for the name has been made
trouble() {
	local name=$1 orders n
	shift
	orders=$(pebble_orders)
	names="$names $name"
	mola_names 1 2 3
	check "$name: an order is made" within 60 made "$name"
	for n; do "$swarm" cut "$n"; done
	check "$name: what was there stays" during 30 all_have k0.example.org 1 2 3
	for n; do "$swarm" heal "$n"; done
	event=$(now)
	check "$name: all have a certificate in the end" within 240 all_have "$name" 1 2 3
	bench "$name" "$(since "$event")" s
	check "$name: by one order" test $(($(pebble_orders) - orders)) = 1
}

names=k0.example.org
must "Pebble runs" pebble_start "$net.201" 5002 5001 PEBBLE_VA_NOSLEEP=0 PEBBLE_VA_SLEEPTIME=5
for n in 1 2 3; do mola_n $n node$n; done
must "three Molas have a certificate, the same" within 40 all_have k0.example.org 1 2 3
led=$(led_by)
[ "$led" != node1 ] || manager=node2
trouble leader.example.org "$led"
manager=node1
must "the nodes are back" within 90 nodes_ready
trouble quorum.example.org node2 node3
check "each name was issued once" test "$(pebble_issued)" = 3
for n in 1 2 3; do stop "mola-$n"; done
check "no sanitizer has found anything" eval '! grep -lE "Sanitizer|runtime error:" "$tmp"/mola-*.log'
