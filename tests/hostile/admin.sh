# 200 clients of the admin address pipeline 200 GET /metrics each, of a Mola with 1000 tasks; then lists of tasks, then reasons. The
# brain samples and publishes meanwhile: no stretch of more than 50 ms of CPU time in which it looks at nothing else.
n=0
services=$(for s in $(seq 10); do
	echo "  - name: web$s"
	echo "    host: h$s.example"
	echo "    tasks:"
	for t in $(seq 100); do n=$((n + 1)); echo "      - { node: n$((n % 3 + 1)), address: \"$net.$((n % 100 + 1)):$((n + 8000))\" }"; done
done)
mola_conf "$services" 'signals: { period: 200ms }'
sed -i "s|name: n1, cores: 2|name: n1, agent: \"http://$net.1:9101\"|" "$tmp/mola.yaml"
start agent "$MOLA" agent --listen "$net.1:9101"
must "Mola is up" mola_start
fresh() { api_is /api/v1/nodes '.nodes[] | select(.name == "n1") | .age_seconds != null and .age_seconds < 1'; }
must "a node is sampled" within 20 fresh
must "1000 tasks are known" api_is /api/v1/tasks '.tasks | length == 1000'

# pause CLOCK: the longest of the brain, in milliseconds
pause() { api /metrics | awk -v clock="$1" '$1 == "mola_brain_pause_seconds{clock=\"" clock "\"}" { printf "%.1f", $2 * 1000 }'; }
# pipeline PATH SECONDS: prints responses, the oldest age of the node's sample in seconds, and the longest wait of one who asks besides
pipeline() { python3 tests/hostile/pipeline.py "$net.200:8000" 200 200 "$@"; }
for path in /metrics /api/v1/tasks '/api/v1/why?service=web3' /api/v1/config; do
	read -r responses oldest waited <<<"$(pipeline "$path" 4)"
	cpu=$(pause cpu) wall=$(pause wall)
	check "$path: $responses responses; the brain's longest pause is $cpu ms of CPU time ($wall ms by the clock)" \
		awk -v ms="$cpu" -v n="$responses" 'BEGIN { exit !(ms + 0 > 0 && ms <= 50 && n > 20) }'
	check "$path: sampling goes on: the oldest sample was $oldest s old" awk -v s="$oldest" 'BEGIN { exit !(s >= 0 && s <= 4) }'
	check "$path: others are answered within $waited s" awk -v s="$waited" 'BEGIN { exit !(s >= 0 && s <= 10) }'
	bench "pause-cpu${path//[^a-z]/-}" "$cpu" ms
	bench "pause-wall${path//[^a-z]/-}" "$wall" ms
	bench "sample-age${path//[^a-z]/-}" "$oldest" s
done

# Publication, too: a node is drained while they ask.
pipeline /metrics 4 >/dev/null &
asking=$!
drained() { mola_drain n2 && api_is /api/v1/tasks '[.tasks[] | select(.node == "n2") | .state] | unique == ["draining"]'; }
check "a node is drained meanwhile" within 10 drained
wait $asking
check "Mola ends well" mola_stop
