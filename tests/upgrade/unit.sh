# deploy/systemd/mola.service as a real systemd runs it: its first process, in namespaces and a control group of their own. It is
# the optimised program: what sanitizers need, the unit refuses.
program=$PWD/build/release/mola
group=mola-unit-${EPOCHREALTIME/./}
if [ -d /sys/fs/cgroup/systemd ]; then group=/sys/fs/cgroup/systemd/$group; else group=/sys/fs/cgroup/$group; fi
needs /lib/systemd/systemd systemctl nsenter
[ -x "$program" ] || must "the program" env -u MOLA -u B make -s mola
story_ends() {
	stop systemd KILL
	within 5 gone_groups
}
gone_groups() {
	find /sys/fs/cgroup -depth -type d -path "*/${group##*/}*" -exec rmdir {} \; 2>/dev/null
	! find /sys/fs/cgroup -name "${group##*/}" | grep -q .
}

cat >"$tmp/first" <<-E
	mount --make-rprivate /
	ip link set lo up
	mount -t tmpfs none /run && mkdir /run/lock && mount -t tmpfs none /srv && mount -t tmpfs none /var/lib && mount -t tmpfs none /etc/systemd/system
	cp $program /srv/mola
	printf '%s\n' 'listen: [ "127.0.0.1:8080" ]' 'admin: { socket: /run/mola/admin.sock, address: none }' 'workers: 1' 'stop: 5s' 'nodes: [ { name: n1 } ]' \
		'services: [ { name: web, path: /web, tasks: [ { node: n1, address: "127.0.0.1:9000" } ] } ]' >/srv/mola.yaml
	mkdir /etc/systemd/system/mola.service.d
	cp $PWD/deploy/systemd/mola.service /etc/systemd/system/
	printf '%s\n' '[Unit]' DefaultDependencies=no Wants= After= '[Service]' ExecStart= 'ExecStart=/srv/mola run /srv/mola.yaml' \
		ExecReload= 'ExecReload=/bin/kill -HUP \$MAINPID' StandardOutput=append:/srv/log StandardError=append:/srv/log WatchdogSec=5 >/etc/systemd/system/mola.service.d/here.conf
	printf '%s\n' '[Unit]' DefaultDependencies=no Wants=mola.service >/etc/systemd/system/probe.target
	exec env container=docker /lib/systemd/systemd --system --unit=probe.target --log-target=console --show-status=no
E
mkdir "$group" || skip "no control group can be made here"
start systemd bash -c 'echo $$ >"$0/cgroup.procs" && exec unshare -C -m -p -f -u -n -i --kill-child --mount-proc bash "$1"' "$group" "$tmp/first"
inside() { nsenter -t "$(pgrep -P "${pid[systemd]}")" -m -p -n -C "$@"; }
property() { inside systemctl --no-pager show mola -p "$1" --value; }
property_is() { [ "$(property "$1")" = "$2" ]; }
show() { inside tail -n 20 /srv/log; }
responds() { [ "$(inside curl -s -o /dev/null -w '%{http_code}' --max-time 2 http://127.0.0.1:8080/)" = 404 ]; }

must "systemd runs the unit" within 20 property_is ActiveState active
must "it has started when Mola responds, not before" responds
none_died() { ! inside grep -e child.died /srv/log; }
check "none of its processes was ended for a call that it made" none_died
first=$(property MainPID)
inside /srv/mola upgrade /srv/mola.yaml >"$tmp/upgraded" 2>&1
check "an upgrade succeeds" grep "^process [0-9]* serves in place of $first$" "$tmp/upgraded"
second=$(sed 's/^process \([0-9]*\) .*/\1/' "$tmp/upgraded")
check "systemd watches the new one" within 10 property_is MainPID "$second"
check "the one before ends" within 10 eval '! inside kill -0 "$first" 2>/dev/null'
check "the service is active, and was not started again" eval 'property_is ActiveState active && property_is NRestarts 0'
check "Mola responds" responds
check "systemctl reload reaches the new one" inside systemctl reload mola
check "and is over when its configuration is in force" inside grep -q reload.done /srv/log
inside sed -i 's/^workers:.*/workers: none/' /srv/mola.yaml
check "a reload that is refused is over, too" inside timeout 10 systemctl reload mola
check "and the service is active" property_is ActiveState active
inside sed -i 's/^workers:.*/workers: 1/' /srv/mola.yaml
inside kill -STOP "$second"
check "the watchdog starts it again when it hangs" within 30 eval 'property_is NRestarts 1 && responds'
inside kill -KILL "$(property MainPID)"
check "it is started again when it is killed" within 15 eval 'property_is NRestarts 2 && responds'
check "systemctl stop ends it in order" inside systemctl stop mola
check "with success" property_is Result success
