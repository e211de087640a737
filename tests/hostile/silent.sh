# Two tasks, one of which accepts connections and never responds: it is ejected after a few requests, and clients are served.

served() {
	local served failed
	read -r served failed < <(python3 tests/hostile/black_hole.py clients "$net.200" 8080 6 600 "$net.31" "$net.32" "$net.33" | tail -n 1)
	bench failed "$failed" "of $((served + failed))"
	[ "$served" = 600 ] && [ "$failed" = 0 ]
}
tried() { api /api/v1/tasks | jq '.tasks[] | select(.name == "web.2") | .requests_total'; }
few() { bench tried "$(tried)" requests && [ "$(tried)" -le 20 ]; }

mola_conf "  - { name: web, path: /, response: 300ms, tasks: [ { node: n1, address: '$net.1:80' }, { node: n2, address: '$net.2:80' } ] }"
start good python3 tests/hostile/black_hole.py task "$net.1" 80 serve 5
start silent python3 tests/hostile/black_hole.py task "$net.2" 80 silent
must "a task listens" within 20 listening "$net.1" 80
must "and one that will say nothing" within 20 listening "$net.2" 80
must "Mola starts" mola_start
check "every client is served" served
check "the silent task got a few requests alone" few
check "it was ejected" within 5 grep -q "event=task.ejected.*task=web.2.*why=upstream_slow_head" "$tmp/mola.log"
check "and came back, to be tried again" within 20 grep -q "event=task.readmitted.*task=web.2" "$tmp/mola.log"
check "Mola ends in order" mola_stop
