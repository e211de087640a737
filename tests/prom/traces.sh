# Traces: what a task gets, what a collector gets, and a collector that is away for a while.
needs python3 jq
task=$net.1:9000 collector=$net.2:4318
cat >"$tmp/mola.yaml" <<Y
listen: "$front"
admin: { address: "$net.200:8000", socket: $tmp/admin.sock }
workers: 2
tracing: { endpoint: "http://$collector", headers: "X-Key: k1", request_id: make, parent: any, service: edge }
nodes: [ { name: n1, cores: 2 } ]
services: [ { name: web, host: a.test, tasks: [ { name: web.1, node: n1, address: "$task" } ] } ]
Y
parent=00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01
get() { curl -s --max-time 10 -H 'Host: a.test' "$@" "http://$front/x?secret=1"; }
spans() { [ -f "$tmp/spans" ] && jq -s -e "$1" "$tmp/spans" >/dev/null; }
counted() { curl -s --max-time 5 "http://$net.200:8000/metrics" | grep -q "^mola_tracing_spans_total{outcome=\"$1\"} $2\$"; }
attribute='def at($k): .attributes[] | select(.key == $k) | .value | (.stringValue // .intValue);'

start collector python3 tests/prom/collector.py "$task" "$collector" "$tmp"
must "the collector responds" within 20 curl -s -o "$tmp/page" "http://$collector/"
must "Mola starts" mola_start
must "it serves" within 20 eval 'get >"$tmp/got" && jq -e ".traceparent" "$tmp/got" >/dev/null'
rm -f "$tmp/spans"
get -H "traceparent: $parent" -H 'tracestate: a=b' >"$tmp/got"
check "the client's trace goes on to the task, by a span of Mola's" json_is \
	'(.traceparent | length == 1 and (.[0] | test("^00-0af7651916cd43dd8448eb211c80319c-[0-9a-f]{16}-01$"))) and .traceparent[0] != "'$parent'" and .tracestate == ["a=b"] and (."x-request-id"[0] | length == 36)' <"$tmp/got"
check "the collector gets a span of the request and one of the task" within 20 spans \
	'[.[] | select(.traceId == "0af7651916cd43dd8448eb211c80319c")] | length == 2 and (map(.kind) | sort == [2, 3])'
check "the request's is a child of the client's, the task's of the request's" spans \
	'[.[] | select(.traceId == "0af7651916cd43dd8448eb211c80319c")] | (map(select(.kind == 2))[0]) as $server | (map(select(.kind == 3))[0]) as $task
	| $server.parentSpanId == "b7ad6b7169203331" and $task.parentSpanId == $server.spanId'
check "it has the field that was configured, at the usual path" spans 'all(.path == "/v1/traces" and .key == "k1")'
check "it has what conventions and Mola name, and no query" spans "$attribute"' [.[] | select(.kind == 2)][0] | at("http.response.status_code") == "200"
	and at("url.path") == "/x" and at("mola.service") == "web" and (tostring | test("secret") | not)'
: >"$tmp/away"
rm -f "$tmp/spans"
for _ in 1 2 3; do get >"$tmp/got"; done
check "a collector that is away is tried again, after the pause that it states" within 20 eval '[ "$(wc -l <"$tmp/refused")" -ge 2 ]'
check "clients do not see that" eval 'get >"$tmp/got" && jq -e .traceparent "$tmp/got" >/dev/null'
check "the log has it" within 10 logged tracing.failed
rm "$tmp/away"
check "when it is back it gets what has waited" within 30 spans '[.[] | select(.kind == 2)] | length == 4'
check "and the log has that" within 10 logged tracing.back
check "nothing was lost or sent twice" eval 'spans "map(.spanId) | length == (unique | length)" && counted lost 0 && counted failed 0'
sed -i 's/request_id: make, /request_id: make, ratio: 0, /; s/parent: any/parent: none/' "$tmp/mola.yaml"
mola_reload
must "the file is read again" within 20 logged reload.done
unsampled() { get -H "traceparent: $parent" >"$tmp/got"; json_is '.traceparent[0] | test("-00$") and (test("0af7651916cd43dd8448eb211c80319c") | not)' <"$tmp/got"; }
check "then a stranger's trace ends here, and another begins that is not recorded" within 20 unsampled
check "Mola ends in order" mola_stop
