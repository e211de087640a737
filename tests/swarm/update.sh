# All tasks of a service are replaced one by one, under load: first the old one stops, with grace, then the new one
# starts; and the other way round, which even a service of one task outlives.
mola_up
serve web 3 --env GRACE=1
serve lone 1
must "all tasks are in the table" within 20 eval 'agree web 3 && agree lone 1'

load_start web.test
update --force --update-order stop-first web
check "stop-first: completed" within 60 update_is web completed
check "stop-first: the table has the new tasks" within 20 agree web 3
bench stop-first "$(since_started web)" s
load_stop

load_start lone.test
update --force --update-order start-first lone
check "start-first: completed" within 60 update_is lone completed
check "start-first: the table has the new task" within 20 agree lone 1
bench start-first "$(since_started lone)" s
load_stop
check "Mola ends in order" mola_stop
