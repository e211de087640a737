# Bad neighbours on a node eat its CPU: requests go to the other two, and return when they have gone. What that is worth is
# told by a second Mola that deals the same requests in turn to the same tasks, as Swarm's own balancer does.
mola_start
serve web 3
must "three tasks are in the table" within 20 agree web 3
must "all nodes are seen" within 20 fresh
turns=$SWARM_NET.1:8081
sed "s/$front/$turns/; s,$dir/admin.sock,$dir/turns.sock,; s/^defaults: { /&policy: round-robin, /" "$dir/mola.yaml" >"$dir/turns.yaml"
start lan turns "$MOLA" run "$dir/turns.yaml"
must "round robin is there, too" within 20 "$swarm" exec lan curl -s -f -o /dev/null --max-time 2 -H 'Host: web.test' "http://$turns/"

# "HIT ALL": requests through Mola that the node has answered, and all nodes have
answered() {
	awk -v n="$1" '$1 == "answered" && $2 == "mola" { now[$3] = $4 } /^end/ { hit = now[n]; all = 0; for (k in now) all += now[k] }
		END { print hit + 0, all + 0 }' "$dir/progress"
}
# share NODE REQUESTS: its part of the next ones, in percent
share() {
	local hit all hit2 all2
	read -r hit all < <(answered "$1")
	load_goes_on "$2"
	read -r hit2 all2 < <(answered "$1")
	percent=$((100 * (hit2 - hit) / (all2 > all ? all2 - all : 1)))
}
below() { share "$1" 30 && [ "$percent" -lt "$2" ]; }
above() { share "$1" 30 && [ "$percent" -gt "$2" ]; }

# 12 requests of 12 ms each second from either: a quarter of what the nodes can do, before one of them is lost
targets="mola=$front turns=$turns"
load_start web.test 12 0.012
check "before: node2 takes part" within 20 above node2 15
share node2 60
bench hog-share-before "$percent" percent
load_stop

load_start web.test 12 0.012
dk service create -d -q --no-resolve-image --name hog --replicas 4 --constraint node.hostname==node2 --restart-delay 0s $image burn >/dev/null
hogs() { [ "$(engine '/tasks?filters={"service":{"hog":true},"desired-state":{"running":true}}' | jq -c '[.[].Status.State]')" = "$1" ]; }
must "there are four hogs on node2" within 20 hogs '["running","running","running","running"]'
event=$(now)
check "new requests avoid the hogs" within 15 below node2 12
bench hog-left "$(since "$event")" s
load_stop

# as it is from now on
load_start web.test 12 0.012
share node2 200
bench hog-share-during "$percent" percent
check "during: less than half of a fair share goes to node2 ($percent %)" test "$percent" -lt 17
load_stop
jq -r '.targets | (map({key: .name, value: .p99_ms}) | from_entries) | "# bench swarm-hog-p99-marginal \(.mola) ms",
	"# bench swarm-hog-p99-round-robin \(.turns) ms", "# ratio swarm-hog-marginal/round-robin \(.mola / .turns * 1000 | round / 1000)"' "$dir/load.log"

dk service rm hog >/dev/null
load_start web.test 12 0.012
event=$(now)
check "the hogs have gone: requests come back" within 20 above node2 20
bench hog-back "$(since "$event")" s
share node2 60
bench hog-share-after "$percent" percent
load_stop
stop turns TERM
mola_stop
