# Two tasks, one of which fails at once: it is never in flight for long, and must not attract requests for that. Clients of one
# address, who alone can eject nobody, and of several.

ejected() { api_is /api/v1/events '[.events[] | select(.event == "task.ejected" and (.text | test("task=web.2")))] | length > 0'; }
# fail_part NAME CLIENTS REQUESTS [SOURCE...]
fail_part() {
	local name=$1 served failed
	shift
	read -r served failed < <(python3 tests/hostile/black_hole.py clients "$net.200" 8080 "$@" | tail -n 1)
	bench "$name-failed" "$failed" "of $((served + failed))"
	[ $((served + failed)) = "$2" ] && [ $((failed * 100)) -le $((served + failed)) ]
}

mola_conf "  - { name: web, path: /, tasks: [ { node: n1, address: '$net.1:80' }, { node: n2, address: '$net.2:80' } ] }"
sources=()
for i in 31 32 33 34 35; do sources+=("$net.$i"); done
start good python3 tests/hostile/black_hole.py task "$net.1" 80 serve 10
must "a task listens" within 20 listening "$net.1" 80
for how in close 503; do
	start bad python3 tests/hostile/black_hole.py task "$net.2" 80 $how
	must "another one listens, too" within 20 listening "$net.2" 80
	must "Mola starts" mola_start
	check "$how: clients of one address, at most 1 in 100 fails" fail_part "$how-one" 20 5000
	check "$how: nobody was ejected for one address" eval "! ejected"
	check "$how: clients of several addresses, at most 1 in 100 fails" fail_part "$how-several" 20 15000 "${sources[@]}"
	check "$how: the task was ejected, and the log says so" within 5 ejected
	check "$how: and why" grep -q "event=task.ejected.*task=web.2.*why=upstream_" "$tmp/mola.log"
	check "$how: Mola ends in order" mola_stop
	stop bad
done
