# A node is drained, as one does before maintenance: its tasks are replaced elsewhere, and nobody notices.
mola_up
serve web 3
must "three tasks are in the table" within 20 agree web 3
load_start web.test
event=$(now)
dk node update --availability drain node2 >/dev/null
not_on() { [ -z "$(in_table web | grep "^$(address_of "$1"):")" ]; }
check "the drained node's task leaves the table" within 20 not_on node2
bench left "$(since "$event")" s
check "its successor is in the table" within 20 agree web 3
bench "" "$(since_started web)" s
load_stop
check "Mola ends in order" mola_stop
