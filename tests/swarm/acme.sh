# Three Molas, each through the manager of its own node, share ACME in Swarm's raft: one order, one certificate, the same
# keys of session tickets; a fourth has them at once. What happens when one is killed is in acme_kills.sh.
. tests/swarm/molas

names=one.example.org
must "Pebble runs" pebble_start "$net.201" 5002 5001
event=$(now)
for n in 1 2 3; do mola_n $n node$n; done
check "three Molas have a certificate, the same" within 40 all_have one.example.org 1 2 3
bench issued "$(since "$event")" s
check "by one order" test "$(pebble_orders)" = 1
check "with one account" test "$(configs account | wc -l)" = 1
check "and one key of session tickets" test "$(configs tickets | wc -l)" = 1

event=$(now)
mola_n 4 node2
check "a fourth has it" within 20 all_have one.example.org 1 4
bench fourth "$(since "$event")" s
check "without an order" test "$(pebble_orders)" = 1

for n in 1 2 3 4; do stop "mola-$n"; done
check "no sanitizer has found anything" eval '! grep -lE "Sanitizer|runtime error:" "$tmp"/mola-*.log'
