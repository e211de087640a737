# A service is removed, and another of the same name and host is made: the old tasks are never asked again, the other
# service never notices, and while there is nobody to answer, Mola says so at once.
mola_up
serve web 2
serve other 2
must "all tasks are in the table" within 20 eval 'agree web 2 && agree other 2'
load_start other.test
check "the service answers" status_is web.test 200
event=$(now)
dk service rm web >/dev/null
check "the service has gone" within 20 status_is web.test 404
bench remove "$(since "$event")" s
serve web 2
check "the service is back" within 30 agree web 2
bench "" "$(since_started web)" s
check "it answers again" within 5 status_is web.test 200
load_stop
check "Mola ends in order" mola_stop
