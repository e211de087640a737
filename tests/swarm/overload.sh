# What labels say of overload is so, and the limit of a task is what it could have, once no agent says more.
mola_up
labels="--label mola.host=web.test --label mola.max_inflight=1 --label mola.overload.wait=50ms --label mola.overload.priority=high --label mola.overload.bound=6 --label mola.task_max_inflight=9"
serve web 2 --limit-cpu 0.2
unset labels
must "two tasks are in the table" within 20 agree web 2
understood() { api "/api/v1/why?service=web" | jq -r '[.labels[] | select(.state == "understood") | .label] | sort | join(" ")'; }
check "the labels are understood" test "$(understood)" = "mola.host mola.max_inflight mola.overload.bound mola.overload.priority mola.overload.wait mola.port mola.task_max_inflight"
slow() { "$swarm" exec lan curl -s -o /dev/null -D "$tmp/slow" --max-time 20 -H "Host: web.test" "http://$front/?io=2"; }
fast() { "$swarm" exec lan curl -s -o /dev/null -D "$tmp/fast" --max-time 20 -H "Host: web.test" "http://$front/"; }
slow &
one=$!
under_way() { [ "$(api /api/v1/tasks | jq '[.tasks[].inflight] | add')" = 1 ]; }
check "one request is under way" within 10 under_way
fast
check "another one is refused" grep -q "^HTTP/1.1 503" "$tmp/fast"
check "for the label's reason" grep -qi "^Mola-Why: max_inflight" "$tmp/fast"
wait $one
check "the first one is served" grep -q "^HTTP/1.1 200" "$tmp/slow"
for n in $nodes; do kill "${pid[agent-$n]}"; done
limited() { [ "$(api "/api/v1/why?service=web" | jq '[.. | objects | select(.step? == "cpu_limit" and .values.available == 0.2)] | length')" = 2 ]; }
check "without agents the limit of each task counts" within 20 limited
check "Mola ends in order" mola_stop
