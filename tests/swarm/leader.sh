# The managers' leader dies with its node: the next one is asked, and believed with care: at first it calls all nodes
# unknown, and it never learns again on which ports of their nodes tasks are that ran before.
# A new leader gives nodes five heartbeats to come back to it. They may need six seconds to find it, and those who come too
# late have their tasks replaced: that is not what this story is about.
heartbeat 3s
mola_up
serve web 3 --constraint node.hostname!=node1
must "three tasks are in the table" within 20 agree web 3
load_start web.test
leader() { engine /nodes | jq -r '.[] | select(.ManagerStatus.Leader) | .Description.Hostname'; }
led_by_another() { case $(leader) in node2 | node3) ;; *) false ;; esac; }
old=$(in_table web)
manager=node2
event=$(now)
"$swarm" crash node1
check "there is another leader" within 30 led_by_another
bench new "$(since "$event")" s
event=$(now)
check "the new leader obeys" within 20 scale web 4
table_grown() { # the same, and one more
	local table
	table=$(in_table web)
	[ "$(wc -w <<<"$table")" = 4 ] && [ "$(comm -12 <(echo "$old") <(echo "$table"))" = "$old" ]
}
check "a new task is in the table, beside the old ones" within 30 table_grown
bench "" "$(since_started web)" s
check "the node that led is down" within 40 node_down node1
check "the old tasks are in the table still" table_grown
load_stop
check "Mola ends in order" mola_stop
