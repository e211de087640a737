# A node's dockerd is restarted, as an upgrade of Docker does: its containers stop with it and return with it. Then a
# dockerd dies and its containers live on: they are good until Swarm calls the node down, and afterwards they are orphans.
mola_up
serve web 3
must "three tasks are in the table" within 20 agree web 3
load_start web.test
before=$(running web)
"$swarm" engine-stop node3
"$swarm" engine-start node3
check "dockerd restarts: three tasks are in the table" within 40 eval '[ "$(running web)" != "$before" ] && agree web 3'
bench restart "$(since_started web)" s
load_stop

load_start web.test
event=$(now)
"$swarm" engine-kill node2
check "dockerd dies: the node is down" within 20 node_down node2
check "dockerd dies: its task has a successor in the table" within 20 agree web 3
bench death "$(since "$event")" s
"$swarm" engine-start node2
event=$(now)
must "dockerd returns: the nodes are ready" nodes_return 20
check "dockerd returns: three tasks are in the table" within 20 agree web 3
bench return "$(since "$event")" s
load_stop
check "Mola ends in order" mola_stop
