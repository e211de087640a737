# A service with every field that there is is scaled and moved: nothing of its specification changes but what was to, no key
# is lost on the way that only a newer Engine knows, and no task is restarted that need not be.
raw() { curl -s -g --max-time 10 --unix-socket "$("$swarm" sock "$manager")" "http://engine$1" "${@:2}"; }
tasks() { # "SLOT ID STATE" of those that Swarm wants
	raw "/tasks?filters={\"service\":{\"$1\":true}}" | jq -r '.[]? | select(.DesiredState == "running") | "\(.Slot) \(.ID) \(.Status.State)"' | sort
}
node_of() { running "$1" | cut -d ' ' -f 2; }
replicas() { [ "$(raw "/services/$1" | jq .Spec.Mode.Replicated.Replicas)" = "$2" ]; }
# same NAME JQ: what the filter leaves of the specification before and now; says where they differ
same() {
	spec "$1" >"$tmp/$1.now"
	diff <(jq -S "$2" "$tmp/$1.before") <(jq -S "$2" "$tmp/$1.now") | sed 's/^/# /'
	[ "$(jq -S "$2" "$tmp/$1.before")" = "$(jq -S "$2" "$tmp/$1.now")" ]
}
# rich NAME LABELS PLACEMENT: a service with all the fields of the newest API; an Engine that does not know one leaves it out
rich() {
	jq -n --arg name "$1" --argjson labels "$2" --argjson placement "$3" --arg image "$image" --arg net "$(raw /networks/ov | jq -r .Id)" \
		--arg config "$(raw /configs/config | jq -r .ID)" --arg secret "$(raw /secrets/secret | jq -r .ID)" '
	{ Name: $name, Labels: ($labels + {"mola.port": "8080", "mola.host": "\($name).test", "a.b": "<&> \u001f"}),
	  TaskTemplate: {
	    ContainerSpec: { Image: $image, Labels: {a: "b"}, Hostname: "h-{{.Task.Slot}}",
	      Env: ["NODE_NAME={{.Node.Hostname}}", "TASK_NAME={{.Task.Name}}", "GRACE=0"],
	      Dir: "/", User: "0:0", Groups: ["7"],
	      Privileges: {CredentialSpec: null, SELinuxContext: null, Seccomp: {Mode: "unconfined"}, AppArmor: {Mode: "disabled"}, NoNewPrivileges: true},
	      Init: false, StopSignal: "SIGTERM", OpenStdin: true, ReadOnly: true,
	      Mounts: [{Type: "tmpfs", Target: "/t", TmpfsOptions: {SizeBytes: 65536, Mode: 448, Options: [["noexec"]]}}],
	      StopGracePeriod: 9000000000, Healthcheck: {Test: ["NONE"], Interval: 1000000000, Timeout: 5000000000, StartPeriod: 2000000000,
	        StartInterval: 500000000, Retries: 9},
	      Hosts: ["1.2.3.4 foo"], DNSConfig: {Nameservers: ["127.0.0.1"], Search: ["x.y"], Options: ["ndots:2"]},
	      Secrets: [{File: {Name: "s", UID: "1", GID: "2", Mode: 256}, SecretID: $secret, SecretName: "secret"}],
	      Configs: [{File: {Name: "/c", UID: "0", GID: "0", Mode: 292}, ConfigID: $config, ConfigName: "config"}],
	      Isolation: "default", Sysctls: {"net.core.somaxconn": "1024"}, CapabilityAdd: ["CAP_NET_ADMIN"], CapabilityDrop: ["CAP_MKNOD"],
	      Ulimits: [{Name: "nofile", Soft: 1024, Hard: 2048}], OomScoreAdj: 100 },
	    Resources: {Limits: {NanoCPUs: 300000000, MemoryBytes: 67108864, Pids: 100}, Reservations: {MemoryBytes: 8388608},
	      SwapBytes: 33554432, MemorySwappiness: 10},
	    RestartPolicy: {Condition: "on-failure", Delay: 1000000000, MaxAttempts: 7, Window: 60000000000},
	    Placement: ($placement + {Constraints: ["node.role==manager"], Preferences: [{Spread: {SpreadDescriptor: "node.labels.zone"}}],
	      Platforms: [{Architecture: "amd64", OS: "linux"}]}),
	    Networks: [{Target: $net, Aliases: ["al"], DriverOpts: {"a.b": "c"}}],
	    LogDriver: {Name: "json-file", Options: {"max-size": "10m"}}, ForceUpdate: 3, Runtime: "container" },
	  Mode: {Replicated: {Replicas: 1}},
	  UpdateConfig: {Parallelism: 2, Delay: 1000000000, FailureAction: "rollback", Monitor: 1000000000, MaxFailureRatio: 0.1, Order: "stop-first"},
	  RollbackConfig: {Parallelism: 3, Delay: 2000000000, FailureAction: "continue", Monitor: 3000000000, MaxFailureRatio: 0.3, Order: "start-first"},
	  EndpointSpec: {Mode: "dnsrr", Ports: [{Protocol: "tcp", TargetPort: 8080, PublishMode: "host"}]} }' >"$tmp/$1.json"
	raw /services/create -X POST -H 'Content-Type: application/json' -d @"$tmp/$1.json" | jq -c . | sed 's/^/# created: /'
	must "$1 has a task that runs" within 40 run_on "$1" 1
	spec "$1" >"$tmp/$1.before"
	diff <(jq -S . "$tmp/$1.json") "$tmp/$1.before" | sed -n 's/^[<>]/# not kept as it was created: &/p'
}

mola_up "mover: { dwell: 2s, cool_down: 4s, patience: 60s }"
raw /version | jq -r '"# Engine \(.Version), API \(.ApiVersion), at least \(.MinAPIVersion)"'
echo one | dk config create config - >/dev/null
echo two | dk secret create secret - >/dev/null
dk network create -d overlay --attachable ov >/dev/null
within 30 fresh

rich grows '{"mola.scale.max": "2"}' '{"MaxReplicas": 5}'
first=$(tasks grows)
start_on "$(node_of grows)" hog "$B/real/hog" 3
check "it is scaled to 2" within 60 replicas grows 2
stop hog KILL
check "two tasks run" within 30 run_on grows 2
check "nothing else of its specification has changed" same grows 'del(.Mode)'
check "the task that was there still is: $first" grep -qxF "$first" <(tasks grows)
rollback_said() { api_is "/api/v1/why?service=grows" '.mover.rollback | test("undo the last step in the number of its tasks .2 back to 1")'; }
check "and Mola says where a rollback would lead" within 10 rollback_said
dk service rm grows >/dev/null
within 30 no_tasks

rich goes '{"mola.migrate": "true"}' '{}'
from=$(node_of goes)
start_on "$from" hog "$B/real/hog" 3
away() { local at; at=$(node_of goes); [ -n "$at" ] && [ "$at" != "$from" ]; }
check "it is moved off $from" within 90 away
stop hog KILL
unmarked() { [ "$(raw /services/goes | jq '.Spec.Labels["mola.moving"]')" = null ]; }
check "the move ends" within 60 unmarked
check "its specification is what it was" same goes .
tasks_ever() { raw '/tasks?filters={"service":{"goes":true}}' | jq length; }
check "it took one task more" test "$(tasks_ever)" = 2
done_twice() { api_is /api/v1/events '[.events[] | select(.event == "mover.done")] | length == 2'; }
check "Mola says that it is done" within 10 done_twice
check "and complains of nothing" api_is /api/v1/events '[.events[] | select(.event == "mover.altered" or .event == "mover.trouble")] | length == 0'
grep -E 'event=(mover|scaler)' "$tmp/mola.log" | sed 's/^/# /'
dk service rm goes >/dev/null
within 30 no_tasks
dk config rm config >/dev/null
dk secret rm secret >/dev/null
dk network rm ov >/dev/null
check "Mola ends in order" mola_stop
