# Bad neighbours on a node eat its CPU: requests go to the other two, and return when they have gone. What that is worth is
# told by a second Mola that deals the same requests in turn to the same tasks, as Swarm's own balancer does.
mola_up
serve web 3
must "three tasks are in the table" within 20 agree web 3
must "all nodes are seen" within 20 fresh
check "how many cores each task could have is known" within 10 api_is /api/v1/tasks \
	'[.tasks[] | select(.available_cores > 0 and .available_age_seconds < 2)] | length == 3'
turns=$SWARM_NET.1:8081
sed "s/$front/$turns/; s,$tmp/admin.sock,$tmp/turns.sock,; s/^defaults: { /&policy: round-robin, /" "$tmp/mola.yaml" >"$tmp/turns.yaml"
start_on lan turns "$MOLA" run "$tmp/turns.yaml"
must "round robin is there, too" within 20 "$swarm" exec lan curl -s -f -o /dev/null --max-time 2 -H 'Host: web.test' "http://$turns/"

# 12 requests of 12 ms each second from either: a quarter of what the nodes can do, before one of them is lost
targets="mola=$front turns=$turns"
load_start web.test 12 0.012
check "before: node2 takes part" within 20 above node2 15
share node2 60
bench share-before "$percent" percent
load_stop

load_start web.test 12 0.012
hogs_on node2
must "there are four hogs on node2" within 20 hogs_run
event=$(now)
check "new requests avoid the hogs" within 15 below node2 12
bench left "$(since "$event")" s
load_stop

# as it is from now on
load_start web.test 12 0.012
share node2 200
bench share-during "$percent" percent
check "during: less than half of a fair share goes to node2 ($percent %)" test "$percent" -lt 17
load_stop
jq -r '.targets | (map({key: .name, value: .p99_ms}) | from_entries) | "# bench swarm-hog-p99-marginal \(.mola) ms",
	"# bench swarm-hog-p99-round-robin \(.turns) ms", "# ratio swarm-hog-marginal/round-robin \(.mola / .turns * 1000 | round / 1000)"' "$tmp/load.log"

dk service rm hog >/dev/null
load_start web.test 12 0.012
event=$(now)
check "the hogs have gone: requests come back" within 20 above node2 20
bench back "$(since "$event")" s
share node2 60
bench share-after "$percent" percent
load_stop
stop turns TERM
check "Mola ends in order" mola_stop
