# A response that comes in the middle of an upload of 8 MB: a client that reads it only when all is sent must find it. The rest of the
# upload has no reader, but it must not make the kernel reset the connection.

none_lost() {
	local ok lost
	read -r ok lost < <(python3 tests/hostile/early.py clients "$net.200" 8080 20 8388608 | tail -n 1)
	bench "$1-lost" "$lost" "of $((ok + lost))"
	[ "$ok" = 20 ] && [ "$lost" = 0 ]
}

mola_conf "  - { name: web, path: /, tasks: [ { node: n1, address: '$net.1:80' } ] }"
for how in read deaf; do
	start task python3 tests/hostile/early.py task "$net.1" 80 $how
	must "$how: a task listens" within 20 listening "$net.1" 80
	must "$how: Mola starts" mola_start
	check "$how: none of 20 responses is lost" none_lost $how
	check "$how: Mola ends in order" mola_stop
	stop task
done
