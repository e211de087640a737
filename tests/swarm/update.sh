# All tasks of a service are replaced one by one, under load: first the old one stops, with grace, then the new one
# starts; and the other way round, which even a service of one task outlives. Whatever the protocol: HTTP/1 and upgraded connections
# (web), HTTP/2 to tasks that send GOAWAY at once (calls), connections that are relayed (raw).
relayed=$SWARM_NET.1:8081
mola_up
serve web 3 --env GRACE=1
serve lone 1
serve calls 2 --label mola.scheme=h2c
labels="--label mola.kind=tcp --label mola.listen=raw" serve raw 2
must "all tasks are in the table" within 20 eval 'agree web 3 && agree lone 1 && agree calls 2 && agree raw 2'

load_start web.test
start_on lan kinds python3 tests/kinds.py "$front" web.test calls.test "$relayed"
for s in calls raw web; do update --force --update-order stop-first $s; done
check "stop-first: completed" within 60 eval 'update_is web completed && update_is calls completed && update_is raw completed'
check "stop-first: the table has the new tasks" within 20 eval 'agree web 3 && agree calls 2 && agree raw 2'
bench stop-first "$(since_started web)" s
for s in calls raw; do scale $s 1; done
check "fewer: the table has them" within 20 eval 'agree calls 1 && agree raw 1'
check "upgraded connections, calls and relayed connections: none failed" kinds_good 4
load_stop

load_start lone.test
update --force --update-order start-first lone
check "start-first: completed" within 60 update_is lone completed
check "start-first: the table has the new task" within 20 agree lone 1
bench start-first "$(since_started lone)" s
load_stop
check "Mola ends in order" mola_stop
