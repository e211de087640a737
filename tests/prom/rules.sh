# Queries of the services' own: the recipes of doc/promql.md one by one, and what is wrong with a query told in words.
# Node_exporters have the machine's own numbers and, as text files, those of exporters that are not here (GPU, Redis, a queue).
says_file() { # says_file NODE GPU QUEUE
	cat >"$tmp/text$1/app.prom.new" <<-END
		DCGM_FI_DEV_GPU_UTIL{gpu="0",Hostname="n$1"} $2
		DCGM_FI_DEV_GPU_UTIL{gpu="1",Hostname="n$1"} 1
		DCGM_FI_DEV_FB_USED{gpu="0"} 3000
		DCGM_FI_DEV_FB_FREE{gpu="0"} 13000
		DCGM_FI_DEV_GPU_TEMP{gpu="0"} 55
		redis_memory_used_bytes{node="n$1"} 1e+09
		redis_memory_max_bytes{node="n$1"} 4e+09
		worker_queue_depth{node="n$1",queue="a"} $3
	END
	mv "$tmp/text$1/app.prom.new" "$tmp/text$1/app.prom"
}
collectors=(cpu meminfo stat diskstats filesystem netdev pressure vmstat sockstat textfile)
nodes_start "4 4 4" || true
for i in 1 2 3; do
	mkdir "$tmp/text$i"
	says_file $i 10 1
	exporter_start "exporter$i" "$net.$i:9100" --collector.disable-defaults "${collectors[@]/#/--collector.}" \
	    --collector.textfile.directory="$tmp/text$i"
done
scrape_conf node "$net.1:9100" "$net.2:9100" "$net.3:9100"
must "Prometheus is there" prometheus_start
must "it has seen the nodes twice" within 20 has_data 'count(rate(node_cpu_seconds_total[20s])) > 0'

# The recipes, a service for each of those in the document.
recipes() { awk '/^```yaml/ { inside = 1; next } /^```/ { inside = 0 } inside' doc/promql.md; }
of_node() { awk -v net="$net" '/^  - \{ name: n/ { match($0, /n[0-9]/); i = substr($0, RSTART + 1, 1); sub(" }", ", node_exporter: \"" net "." i ":29100\" }") } { print }' "$tmp/mola.yaml" >"$tmp/m" && mv "$tmp/m" "$tmp/mola.yaml"; }
section="  servers: [ 'http://$prom' ]
  signals: false"
# conf QUERIES...: the service web with these lines under promql
conf() {
	mola_conf "$section" "$(printf '    promql:\n'; printf '%s\n' "$1" | sed 's/^/      /')"
	of_node
}
count=$(recipes | grep -c '^- name:')
check "there are recipes for all that is promised" test "$count" -ge 16
conf "- { name: gpu, query: max by (instance) (DCGM_FI_DEV_GPU_UTIL), full: 100, weight: 0.7, period: 1s }"
must "Mola is there" mola_start
query_is() { api_is "/api/v1/why?service=web" ".queries[] | select(.name == \"$1\") | $2"; }
for ((k = 1; k <= count; k++)); do
	recipe=$(recipes | awk -v k="$k" '/^- name:/ { n++ } n == k && !/^#/')
	name=$(sed -n 's/^- name: //p' <<<"$recipe")
	conf "$recipe
  period: 1s"
	mola_reload
	check "recipe $name: a value for each node" within 25 query_is "$name" '.state == "ok" and .known == 3 and (.nodes | map(.value) | all(type == "number" and . >= 0))'
done

# What it is for.
gpu="- { name: gpu, query: max by (instance) (DCGM_FI_DEV_GPU_UTIL), full: 100, weight: 0.8, limits: [ 0.6, 0.95 ], period: 1s }"
conf "$gpu"
mola_reload
must "the query is asked" within 10 query_is gpu '.state == "ok"'
load_start 60 0.02
share_is() { shares 2 >"$tmp/shares"; jq -e "$1" "$tmp/shares" >/dev/null; }
check "all are alike: each has its part" within 20 share_is '.n1 > .22 and .n2 > .22 and .n3 > .22'
says_file 2 95 1
begun=$EPOCHREALTIME
check "the node whose GPU is busy loses its traffic" within 20 share_is '.n2 < .12'
bench gpu-left "$(awk -v a="$begun" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f", b - a }')" s
check "mola why says so" within 5 api_is "/api/v1/why?service=web" '.tasks[] | select(.node == "n2") | .reason | test("gpu at 9[0-9] %")'
why() { "$MOLA" why --admin "unix:$tmp/admin.sock" web; }
why >"$tmp/why.txt" 2>&1
check "and how old it is" grep -q '3 of 3 nodes [0-9]* s ago' "$tmp/why.txt"
sed 's/^/# /' "$tmp/why.txt" | head -n 14
curl -sf "http://$net.200:8000/metrics" >"$tmp/metrics"
check "the metrics say that it is answered" grep -q '^mola_query_nodes{service="web",query="gpu"} 3$' "$tmp/metrics"
check "promtool finds nothing to say of them" promtool check metrics <"$tmp/metrics"
check "other services do not see it" nodes_are '.cores_effective > 3.5'
says_file 2 10 1
check "it comes back" within 20 share_is '.n2 > .22'

# What is wrong is told, and costs nothing.
wrong() { # wrong WHY QUERY [WORDS]
	conf "- { name: odd, query: '$2', limits: [ 0.1, 0.2 ], period: 1s }"
	mola_reload
	check "$1: told" within 10 query_is odd ".why == \"$1\" and (.text | test(\"${3:-.}\"))"
}
wrong prom_query 'max by (instance) (rate(node_load1))' 'expected type'
wrong prom_duplicate 'DCGM_FI_DEV_GPU_UTIL' 'n[123]'
wrong prom_empty 'max by (instance) (no_such_metric)'
wrong prom_unkeyed 'sum by (job) (DCGM_FI_DEV_GPU_UTIL)' 'job='
wrong prom_shape 'scalar(sum(DCGM_FI_DEV_GPU_UTIL))'
wrong prom_nan 'max by (instance) (DCGM_FI_DEV_GPU_UTIL * NaN)' 'n[123]'
wrong prom_absent 'max by (instance) (worker_queue_depth{node="n2"})' 'n[13]'
check "a value for one node alone changes nothing" within 6 share_is '.n2 > .22 and .n2 < .45'

# Prometheus goes: what it said fades.
says_file 2 95 1
conf "$gpu"
mola_reload
check "the busy GPU is avoided again" within 25 share_is '.n2 < .12'
stop prometheus KILL
check "Prometheus is gone: told" within 10 query_is gpu '.state == "failed" and .why == "prom_gone"'
check "logged once" test "$(grep -c 'query.lost.*gpu.*prom_gone' "$tmp/mola.log")" = 1
check "and the nodes are as they are without it" within 50 share_is '.n2 > .22'
check "nothing is left of its answers" within 20 query_is gpu '(.text | test("forgotten")) and (.nodes | all(.used == null))'
curl -sf "http://$net.200:8000/metrics" >"$tmp/metrics"
check "nor in the metrics" [ "$(grep -c '^mola_query_used_ratio{' "$tmp/metrics")" = 0 ]
prometheus_start
check "Prometheus is back: so is its answer" within 25 share_is '.n2 < .12'
check "logged" logged 'query.back'
check "no request failed" none_failed
stop load
check "Mola stops in order" mola_stop
