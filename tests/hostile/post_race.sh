# A task closes a kept connection just as a POST goes out on it. Whether the task has done it nobody knows, so it is not sent again:
# it must not go out on such a connection.

none_fails() {
	local served failed
	read -r served failed < <(python3 tests/hostile/post_race.py clients "$net.200" 8080 250 3 300 | tail -n 1)
	bench failed "$failed" "of $((served + failed))"
	[ "$served" = 300 ] && [ "$failed" = 0 ]
}

mola_conf "  - { name: web, path: /, tasks: [ { node: n1, address: '$net.1:80' } ] }"
start task python3 tests/hostile/post_race.py task "$net.1" 80 250
must "a task listens" within 20 listening "$net.1" 80
must "Mola starts" mola_start
check "none of 300 POSTs is lost" none_fails
check "Mola ends in order" mola_stop
