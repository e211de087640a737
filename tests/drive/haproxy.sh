# HAProxy, told over its admin socket and by its agent checks: weights, newcomers, drains and removals under load without
# a failed request; restarted, reloaded, left alone.
needs haproxy
ctl=$net.100:9999

# haproxy_conf LINES...: of the backend be_web
haproxy_conf() {
	{
		printf 'global\n  stats socket %s/ha.sock mode 600 level admin expose-fd listeners\n  stats socket ipv4@%s level admin\n' \
		    "$tmp" "$ctl"
		printf 'defaults\n  mode http\n  timeout connect 2s\n  timeout client 20s\n  timeout server 20s\n'
		printf 'frontend front\n  bind %s\n  default_backend be_web\n' "$front"
		printf 'backend be_web\n'
		printf '  %s\n' "$@"
	} >"$tmp/haproxy.cfg"
}
haproxy_start() { start haproxy haproxy -W -db -f "$tmp/haproxy.cfg"; within 10 ha_answers; }
haproxy_reload() { local was; was=$(ha_pid); kill -USR2 "${pid[haproxy]}"; within 10 ha_pid_not "$was"; }
# The master's worker, too.
haproxy_stop() { local worker; worker=$(ha_pid); stop haproxy "$1"; within 10 gone "$worker" && within 10 ha_absent; }
# ha COMMAND: what HAProxy says
ha() {
	local fd
	{ exec {fd}<>"/dev/tcp/${ctl%:*}/${ctl#*:}"; } 2>/dev/null || return 1
	echo "$1" >&"$fd"
	timeout 5 cat <&"$fd"
	exec {fd}>&-
}
ha_pid() { ha "show info" | sed -n 's/^Pid: //p' | grep .; }
ha_pid_not() { local p; p=$(ha_pid) && [ "$p" != "$1" ]; }
ha_answers() { ha_pid >/dev/null; }
ha_absent() { ! ha_answers; }
# ha_server NAME: "address admin-state weight" in the backend, or nothing
ha_server() { ha "show servers state be_web" | awk -v s="$1" '$4 == s { print $5, $7, $8 }'; }
ha_is() { [[ "$(ha_server "$1")" == $2 ]]; }		# ha_is NAME PATTERN
ha_gone() { ha_answers && [ -z "$(ha_server "$1")" ]; }
ha_weight() { ha_server "$1" | awk '{ print $3 }'; }
weighs_between() { local w; w=$(ha_weight "$1"); [ -n "$w" ] && [ "$w" -ge "$2" ] && [ "$w" -le "$3" ]; }
# by_cores NAME1 NAME2 NAME3 FULL: 1, 2 and 4 cores; trimmed a little
by_cores() {
	weighs_between "$3" $(($4 * 9 / 10)) "$4" && weighs_between "$2" $(($4 * 3 / 10)) $(($4 * 8 / 10)) &&
		weighs_between "$1" $(($4 / 10)) $(($4 * 4 / 10))
}
ha_status() { ha "show stat -1 4 -1" | awk -F, -v s="$1" '$2 == s { print $18 }'; }
status_is() { [[ "$(ha_status "$1")" == $2 ]]; }
ha_members() { ha "show servers state be_web" | awk '{ print $4, $5, $7 }'; }
members_are() { [ "$(ha_members)" = "$1" ]; }
none_of_ours() { ha_answers && ! ha "show servers state" | grep -q mola:; }
taken() { target_is ha '.state == "taken"'; }
agreed() { target_is ha '[.services[].servers[] | .weight == .has_weight] | length > 0 and all'; }
shared() { answers 280 >"$tmp/shared"; jq -e '.n3 > .n2 and .n2 > .n1 and .n1 > 10 and .n3 > 120' "$tmp/shared" >/dev/null; }
avoided() { answers 50 >"$tmp/shared"; jq -e --arg n "$1" '.[$n] // 0 | . == 0' "$tmp/shared" >/dev/null; }
ha_requests() { ha "show info" | sed -n 's/^CumReq: //p'; }
ha_moved() { local n; n=$(ha_requests); [ -n "$n" ] && [ "$n" -gt $(($1 + 50)) ]; }
mola_check() { "$MOLA" check "$1" >"$tmp/check.log"; }
flowing() { local was; was=$(ha_requests); within 10 ha_moved "$was"; }
undrain() { mola_drain --undo "$@"; }
took_ms() { echo $(((${EPOCHREALTIME/./} - $1) / 1000)); }
target="  - { name: ha, kind: haproxy, socket: \"unix:$tmp/ha.sock\", backend: \"be_{service}\", interval: 500ms, poll: 500ms,
      server_options: \"check inter 500ms\" }"
mola_web() { mola_conf "$target" web "$@"; }
tasks() { mola_web "$@"; mola_reload; }		# are these from now on

for file in haproxy agent; do
	check "deploy/haproxy/$file.cfg: HAProxy finds it sound" haproxy -q -c -f "deploy/haproxy/$file.cfg"
done
check "deploy/haproxy/mola.yaml: Mola finds it sound" mola_check deploy/haproxy/mola.yaml

# --- servers of ours ---

must "the emulated nodes start" nodes_start "1 2 4"
haproxy_conf 'balance roundrobin' 'option redispatch' 'retries 3'
must "HAProxy starts, without a server" haproxy_start
mola_web 1 2
must "Mola starts" mola_start
must "two tasks are added" within 10 taken
check "they are ready" ha_is mola:web.2 "$net.2 0 256"
hammer 6 "/?work=0.004" strict
flowing
tasks 1 2 3
check "a third one is added under load" within 10 ha_is mola:web.3 "$net.3 0 *"
check "weights go by cores" within 10 by_cores mola:web.1 mola:web.2 mola:web.3 256
check "what it has is told" within 10 agreed
check "requests follow the weights" within 20 shared
echo "# shares: $(jq -c . "$tmp/shared")"
at=${EPOCHREALTIME/./}
mola_drain n3
check "a node drains: its server does" within 5 ha_is mola:web.3 "$net.3 8 *"
bench drain "$(took_ms "$at")" ms
check "no request goes there" within 5 avoided n3
undrain n3
check "and comes back" within 5 ha_is mola:web.3 "$net.3 0 *"
tasks 1 3
check "a task that is gone is deleted" within 20 ha_gone mola:web.2
for i in 1 2 3; do
	tasks 1 2 3
	within 10 ha_is mola:web.2 "$net.2 0 *" || not_ok "it comes, $i"
	within 10 ha_is mola:web.3 "$net.3 0 *" || not_ok "they come, $i"
	tasks 1 $((2 + i % 2))
	within 20 ha_gone "mola:web.$((3 - i % 2))" || not_ok "it goes, $i"
	flowing
done
hammered
check "added, weighed, drained and deleted under load: no request failed" none_failed 500

# --- restarted ---

tasks 1 2 3
within 10 by_cores mola:web.1 mola:web.2 mola:web.3 256
mola_drain n1
check "before the restart one drains" within 5 ha_is mola:web.1 "$net.1 8 *"
haproxy_stop KILL
check "HAProxy is gone: it is said" within 10 target_is ha '.taken == null and .taken_why == "proxy_gone"'
must "HAProxy is back" haproxy_start
at=${EPOCHREALTIME/./}
check "everything is applied again: those that take requests" within 5 ha_is mola:web.3 "$net.3 0 *"
bench restart-applied "$(took_ms "$at")" ms
check "their weights" within 5 weighs_between mola:web.2 80 200
check "who drains is left out: it has nothing to end" within 5 ha_gone mola:web.1
check "it is in the log" grep -q 'haproxy.restarted' "$tmp/mola.log"
check "and all is well" within 5 taken
undrain n1
check "who drained comes back" within 5 ha_is mola:web.1 "$net.1 0 *"

# --- a stranger's hand; Mola dies ---

ha "set server be_web/mola:web.2 state maint" >/dev/null
check "somebody puts a server into maintenance by hand: it is mended" within 5 ha_is mola:web.2 "$net.2 0 *"
ha "set server be_web/mola:web.2 weight 7" >/dev/null
check "the same with a weight" within 5 weighs_between mola:web.2 60 200
check "all is well" within 5 taken
hammer 6 "/?work=0.004" strict
before=$(ha_members)
brain=$(mola_child brain)
kill -KILL "$brain"
check "the brain is killed: another one comes" within 10 other_child brain "$brain"
check "and tells HAProxy again" within 20 taken
stop mola KILL
flowing
check "Mola is dead: HAProxy keeps its servers" members_are "$before"
must "Mola is back" mola_start
check "and finds it so" within 20 taken
check "nobody was added, drained or deleted" members_are "$before"
hammered
check "meanwhile no request failed" none_failed 200

# --- what is wrong is told ---

good=$target
target="$target
  - { name: nowhere, kind: haproxy, socket: \"unix:$tmp/none.sock\" }
  - { name: lost, kind: haproxy, socket: \"$ctl\", backend: \"nobody_{service}\" }"
tasks 1 2 3
check "a socket that is not there" within 10 target_is nowhere '.state == "failed" and .why == "proxy_gone"'
check "a backend that is not there" within 10 target_is lost '.state == "failed" and .why == "proxy_refused" and (.detail | test("No such backend"))'
check "and the other one goes on" taken
check "Mola stops: a clean end" mola_stop
haproxy_stop KILL

# --- reloaded without anybody noticing: what was added is forgotten, and the poll is far away ---

target="${good/poll: 500ms/poll: 30s}"
haproxy_conf 'balance roundrobin'
must "reloaded: HAProxy starts" haproxy_start
mola_web 1 2 3
must "reloaded: Mola starts" mola_start
check "reloaded: it has our servers" within 10 ha_is mola:web.3 "$net.3 0 *"
worst=0
for i in 1 2 3; do
	at=${EPOCHREALTIME/./}
	haproxy_reload || not_ok "reloaded: HAProxy is reloaded, $i"
	within 10 ha_is mola:web.3 "$net.3 0 *" || not_ok "reloaded: it has them again before the poll, $i"
	took=$(took_ms "$at")
	[ "$took" -le $worst ] || worst=$took
done
bench reload-applied "$worst" ms
check "reloaded: all of them are back" within 10 by_cores mola:web.1 mola:web.2 mola:web.3 256
check "reloaded: Mola stops: a clean end" mola_stop
haproxy_stop KILL

# --- withdrawn: what Mola added is deleted ---

withdrawal() {		# with $target in $tmp/mola.yaml and Mola running
	must "withdrawn: it has our servers" within 10 ha_is mola:web.3 "$net.3 0 *"
	check "withdrawn: what would be done is said" eval 'mola_targets withdraw ha --dry-run && grep -q "^would backend be_\*: servers mola:\* are deleted" "$tmp/words.log"'
	check "withdrawn: and nothing is done" ha_is mola:web.3 "$net.3 0 *"
	check "withdrawn: it is done" mola_targets withdraw ha
	check "withdrawn: no server of ours is left" within 10 none_of_ours
	check "withdrawn: that is said" within 10 withdrawn ha
}
target=$good
haproxy_conf 'balance roundrobin'
must "withdrawn: HAProxy starts" haproxy_start
mola_web 1 2 3
must "withdrawn: Mola starts" mola_start
withdrawal
brain=$(mola_child brain)
kill -KILL "$brain"
check "withdrawn: the brain is killed: another one comes" within 10 other_child brain "$brain"
check "withdrawn: and leaves it so" within 10 withdrawn ha
mola_reload
within 5 healthy
mola_drain n1
undrain n1
check "withdrawn: a reload that does not change the target leaves it so, too" none_of_ours
check "withdrawn: it resumes" mola_targets resume ha
check "withdrawn: and all is there again" within 10 taken
check "withdrawn: all servers" ha_is mola:web.3 "$net.3 0 *"
check "withdrawn: Mola stops: a clean end" mola_stop
check "withdrawn: Mola is gone, its servers are there" ha_is mola:web.3 "$net.3 0 *"
"$MOLA" targets withdraw --config "$tmp/mola.yaml" ha --dry-run >"$tmp/offline.log" 2>&1
check "withdrawn: without Mola, what would be done is said" grep -q '^would backend be_\*: servers mola:' "$tmp/offline.log"
check "withdrawn: without Mola" eval '"$MOLA" targets withdraw --config "$tmp/mola.yaml" ha >"$tmp/offline.log" 2>&1'
check "withdrawn: no server of ours is left then, either" none_of_ours
check "withdrawn: a target that is not there is told" eval '! "$MOLA" targets withdraw --config "$tmp/mola.yaml" hb >"$tmp/offline.log" 2>&1 && grep -q "no target .hb." "$tmp/offline.log"'
haproxy_stop KILL
check "withdrawn: an HAProxy that is away is told" eval '! "$MOLA" targets withdraw --config "$tmp/mola.yaml" ha >"$tmp/offline.log" 2>&1 && grep -q ha.sock "$tmp/offline.log"'

# --- servers of the user's own: their weights and nothing else; reloads under load ---

target=$good
own=()
for i in 1 2 3; do own+=("server s$i $net.$i:20080 weight 100 check inter 500ms"); done
haproxy_conf 'balance leastconn' 'option redispatch' 'retries 3' "${own[@]}" "server other $net.3:20081 weight 33 disabled"
must "own servers: HAProxy starts" haproxy_start
mola_web 1 2 3
must "own servers: Mola starts" mola_start
check "own servers: they get the weights of the tasks" within 10 by_cores s1 s2 s3 256
check "own servers: nobody is added" none_of_ours
check "own servers: what is no task's is left alone" ha_is other "$net.3 [45] 33"
hammer 6 "/?work=0.004"		# HAProxy ends idle connections when it is reloaded
flowing
for i in 1 2 3; do
	haproxy_reload || not_ok "HAProxy is reloaded, $i"
	within 10 by_cores s1 s2 s3 256 || not_ok "weights are back, $i"
	flowing
done
mola_drain n1
check "own servers: a drained one gets weight 0" within 5 ha_is s1 "$net.1 0 0"
undrain n1
check "own servers: and weight again" within 5 weighs_between s1 25 110
check "own servers: withdrawn" mola_targets withdraw ha
for i in 1 2 3; do check "own servers: s$i has its own weight again" within 10 ha_is "s$i" "$net.$i 0 100"; done
check "own servers: the one that is no task's is as it was" ha_is other "$net.3 [45] 33"
check "own servers: resumed" eval 'mola_targets resume ha && within 10 by_cores s1 s2 s3 256'
hammered
check "own servers: three reloads under load, weights set again, no request failed" none_failed 500
check "own servers: Mola stops: a clean end" mola_stop
haproxy_stop KILL

# --- agent checks ---

target="  - { name: ha, kind: haproxy-agent, listen: \"$net.200:9777\", interval: 500ms }"
own=("default-server weight 100 check inter 500ms agent-check agent-addr $net.200 agent-port 9777 agent-inter 200ms")
own+=("server s1 $net.1:20080 agent-send \"web/web.1\\n\"" "server s2 $net.2:20080 agent-send \"web/n2\\n\"")
own+=("server s3 $net.3:20080 agent-send \"web/$net.3:20080\"")
haproxy_conf 'balance leastconn' 'option redispatch' 'retries 3' "${own[@]}"
mola_web 1 2 3
must "agent: HAProxy starts" haproxy_start
must "agent: Mola starts" mola_start
check "agent: weights go by cores, asked by task, node or address" within 10 by_cores s1 s2 s3 100
check "agent: that it asks is told" within 10 target_is ha '.state == "taken" and .agent.questions > 3'
hammer 6 "/?work=0.004" strict
flowing
mola_drain n3
check "agent: a node drains" within 5 status_is s3 "DRAIN (agent)"
undrain n3
check "agent: and is back" within 5 status_is s3 "UP*"
tasks 1 3
check "agent: a task is gone, its server is down" within 10 status_is s2 "DOWN (agent)"
tasks 1 2 3
check "agent: and comes back" within 10 status_is s2 "UP*"
check "agent: with its weight" within 5 by_cores s1 s2 s3 100
flowing
mola_drain n1
within 5 status_is s1 "DRAIN (agent)"
check "agent: withdrawn" mola_targets withdraw ha
for i in 1 2 3; do check "agent: s$i has its own weight, drained or not" within 10 ha_is "s$i" "$net.$i 0 100"; done
undrain n1
check "agent: resumed" eval 'mola_targets resume ha && within 10 by_cores s1 s2 s3 100'
check "agent: without Mola nobody can, and that is told" eval '! "$MOLA" targets withdraw --config "$tmp/mola.yaml" ha >"$tmp/offline.log" 2>&1 &&
	grep -q "only a running Mola can" "$tmp/offline.log"'
stop mola KILL
flowing
check "agent: Mola is dead, the weights stay" by_cores s1 s2 s3 100
check "agent: and nobody is down" status_is s1 "UP*"
must "agent: Mola is back" mola_start
check "agent: and answers" within 10 target_is ha '.state == "taken"'
hammered
check "agent: no request failed" none_failed 500
check "agent: Mola stops: a clean end" mola_stop
