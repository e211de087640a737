# A control group with a limit of memory, as a container has: 9000 clients with 12 KB of an unfinished head each are more than fits. Some of them
# give way, and the worker stays; without memory_limit the kernel ends it. The program is the one that people run.
group=
for hierarchy in memory ''; do
	under=$(awk -F: -v c="$hierarchy" '$2 == c { print $3 }' /proc/self/cgroup)
	for path in "/sys/fs/cgroup/$hierarchy$under" "/sys/fs/cgroup/$hierarchy"; do
		path=$(tr -s / <<<"$path/mola-test-$$")
		if [ -z "$group" ] && mkdir "$path" 2>"$tmp/mkdir"; then
			for file in memory.limit_in_bytes memory.max; do [ ! -w "$path/$file" ] || { group=$path limit=$file; }; done
			[ -n "$group" ] || rmdir "$path"
		fi
	done
done
[ -n "$group" ] || skip "no control group with a limit of memory can be made here"
trap 'end_story; rmdir "$group"' EXIT
as_people_run_it() { make -s -j2 MODE=release build/release/mola >"$tmp/make.log" 2>&1; }
must "Mola is built as people run it" as_people_run_it

cat >"$tmp/in_group" <<END
#!/bin/sh
echo \$\$ >$group/cgroup.procs && exec $PWD/build/release/mola "\$@"
END
chmod +x "$tmp/in_group"
MOLA=$tmp/in_group
cat >"$tmp/crowd.py" <<'END'
import resource, socket, sys, time
host, port, net, count = sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4])
most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
held, head = [], b"GET / HTTP/1.1\r\nHost: a\r\n" + b"".join(b"X-%d: %s\r\n" % (i, b"x" * 990) for i in range(12))
for i in range(count):
    s = socket.socket()
    s.settimeout(5)
    try:
        s.bind((f"{net}.{20 + i % 60}", 0))
        s.connect((host, port))
        s.sendall(head)
        s.setblocking(False)
        held.append(s)
    except OSError:
        s.close()
print("all", flush=True)
time.sleep(120)
END
crowd() {
	: >"$tmp/crowd.log"
	start crowd python3 "$tmp/crowd.py" "$net.200" 8080 "$net" 9000
	within 60 grep -qs all "$tmp/crowd.log"
}
begin() {		# begin LINE: a Mola with one worker and a limit of 80 MB
	mola_conf "  - { name: web, path: /, tasks: [ { node: n1, address: '$net.1:80' } ] }" 'workers: 1' \
	    'clients: { max: 9500, max_per_address: 9500, head: 2m }' "$1"
	echo $((80 << 20)) >"$group/$limit" || return 1
	mola_start || return 1
	worker=$(pgrep -P "${pid[mola]}" -x worker-0)
}
same_worker() { [ "$(pgrep -P "${pid[mola]}" -x worker-0)" = "$worker" ]; }
other_worker() { local w; w=$(pgrep -P "${pid[mola]}" -x worker-0) && [ "$w" != "$worker" ]; }
may_have() { awk '/^Max data size/ { print $4 }' "/proc/$worker/limits"; }
gave_way() { [ "$(why_count memory_gave_way)" -gt 100 ]; }
responds() { [[ $(curl -s -o "$tmp/body" -w '%{http_code}' --max-time 5 "http://$front/") == 50[234] ]]; }

must "Mola starts" begin ''
bench worker-may-have "$(may_have)" bytes
check "the worker may have a share of the group's limit" eval '[ "$(may_have)" -lt $((160 << 20)) ]'
crowd || not_ok "the crowd comes"
check "clients give way" within 20 gave_way
check "the worker stays" same_worker
check "and responds" within 10 responds
stop crowd KILL
check "Mola ends in order" mola_stop
must "one without memory_limit starts" begin 'memory_limit: false'
check "its worker has no such limit" eval '[ "$(may_have)" = unlimited ]'
crowd || :
check "the kernel ends it" within 20 other_worker
stop crowd KILL
mola_stop || stop mola KILL
