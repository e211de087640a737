# The Mola that orders is killed with -9 at the beginning of each phase of an order: in the end all have one certificate, and there is
# no second order but for a kill before the first one was written down. All the time clients open connections to each of them, for
# each name that has a certificate: they notice nothing. A quarter of an hour: part of `make test-long` alone.
. tests/swarm/molas

# in_phase NAME PHASE: the Mola that has begun it for the name
in_phase() { grep -lE "event=acme\.(phase|[a-z_]+) .*name=$1 .*$2|event=$2 .*name=$1" "$tmp"/mola-*.log | sed 's/.*mola-\([0-9]\)\.log/\1/' | tail -n 1; }
begins() { [ -n "$(in_phase "$1" "$2")" ]; }

names=k0.example.org
must "Pebble runs" pebble_start "$net.201" 5002 5001 PEBBLE_VA_NOSLEEP=0 PEBBLE_VA_SLEEPTIME=1
for n in 1 2 3; do mola_n $n node$n; done
must "three Molas have a certificate, the same" within 40 all_have k0.example.org 1 2 3
echo k0.example.org >"$tmp/served"
handshakes_start 1 2 3
k=0
for phase in ordering acme.order_made reading 'writing the order' preparing requesting 'waiting for the CA to validate' finalizing \
	downloading acme.issued acme.saved; do
	k=$((k + 1)) name=k$k.example.org orders=$(pebble_orders) issued=$(pebble_issued)
	names="$names $name"
	mola_names 1 2 3
	check "$phase: begins" within 120 begins $name "$phase" || break
	dead=$(in_phase $name "$phase")
	kill_all_of "$dead"
	event=$(now)
	left=$(for n in 1 2 3; do [ $n = "$dead" ] || echo $n; done)
	check "$phase: the others have a certificate" within 180 all_have $name $left
	bench "$k" "$(since "$event")" s
	most=1
	case $phase in ordering | acme.order_made | reading | writing*) most=2 ;; esac
	check "$phase: $(($(pebble_orders) - orders)) orders, $most at most" test $(($(pebble_orders) - orders)) -le $most
	check "$phase: one certificate was issued" test $(($(pebble_issued) - issued)) = 1
	mola_n "$dead" "node$dead"
	check "$phase: and so has the one that was killed" within 60 all_have $name 1 2 3
	echo $name >>"$tmp/served"
done
check "no handshake failed for a name that had a certificate, but with a Mola that was killed" handshakes_stop
check "one account has done it all" test "$(configs account | wc -l)" = 1
for n in 1 2 3; do stop "mola-$n"; done
check "no sanitizer has found anything" eval '! grep -lE "Sanitizer|runtime error:" "$tmp"/mola-*.log'
