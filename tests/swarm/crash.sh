# A node loses its power: nobody says good-bye, packets just vanish. Requests that were under way on it may be lost, no
# others; Mola notices by itself, before the Swarm does.
mola_up
serve web 3
must "three tasks are in the table" within 20 agree web 3
load_start web.test
lost=0					# the most that ever waited for the node, from before until it left the table
under_way() {
	local n
	n=$(api /api/v1/nodes | jq '[.nodes[] | select(.name == "node3") | .inflight] | add // 0')
	[ "${n:-0}" -le "$lost" ] || lost=$n
}
under_way
event=$(now)
"$swarm" crash node3
left() {
	under_way
	[ -z "$(in_table web | grep "^$(address_of node3):")" ]
}
check "its task leaves the table" within 30 left
bench left "$(since "$event")" s
check "its successor is in the table" within 30 agree web 3
bench "" "$(since_started web)" s
load_stop "$lost"
event=$(now)
"$swarm" boot node3
check "the node is back" nodes_return 30
bench back "$(since "$event")" s
check "Mola ends in order" mola_stop
