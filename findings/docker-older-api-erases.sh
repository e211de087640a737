#!/bin/bash
# Docker Engine 20.10.24 (Debian 12's docker.io 20.10.24+dfsg1; 28.5 and 29.9 do the same with what is newer there)
# Expected: POST /services/ID/update in an older version of the API, still supported, with what a GET in that same version has
#   just returned, is a change of nothing; or is refused where that version cannot carry the specification.
# Seen: the GET in 1.40 returns everything, fields of 1.41 included (CapabilityAdd, Limits.Pids). The POST in 1.40 of those very
#   bytes answers 200 without a warning and erases these fields; the task template has changed, so tasks are restarted.
# For Mola: what is written goes in the Engine's own version, and is read again and compared (doc/why/0018).
set -u
package=docker.io want=20.10.24
dir=$(mktemp -d) || exit 2
trap 'rm -rf "$dir"' EXIT
cannot() { echo "cannot be tried: $*"; exit 2; }
[ "$(id -u)" = 0 ] || cannot "root is needed for namespaces"
for tool in apt-get dpkg-deb unshare curl jq ip; do command -v $tool >/dev/null || cannot "there is no $tool"; done
(cd "$dir" && apt-get download -qq $package containerd runc >/dev/null 2>&1 && for d in *.deb; do dpkg-deb -x "$d" root || exit 1; done) ||
	cannot "apt-get download $package"
"$dir/root/usr/sbin/dockerd" --version 2>/dev/null | grep -qF "version $want" || cannot "this Debian's $package is not $want, or lacks libraries"

# The rest runs where nothing of this machine is reached: networks, mounts and processes of its own, which end with it.
export dir
unshare --net --mount --pid --fork --kill-child --mount-proc bash -s <<'INSIDE'
export PATH=$dir/root/usr/sbin:$dir/root/usr/bin:$PATH:/usr/sbin:/sbin
ip link set lo up
mount -t tmpfs tmpfs /run && mkdir -p /var/lib/docker /etc/docker && mount -t tmpfs tmpfs /var/lib/docker && mount -t tmpfs tmpfs /etc/docker || exit 2
dockerd --bridge=none --iptables=false --host "unix://$dir/sock" >"$dir/log" 2>&1 &
ask() { curl -s --max-time 20 --unix-socket "$dir/sock" -H 'Content-Type: application/json' "http://engine/$1" "${@:2}"; }
for _ in $(seq 300); do ask _ping >/dev/null && break; sleep 0.1; done
ask v1.41/swarm/init -d '{"ListenAddr": "127.0.0.1:2377", "AdvertiseAddr": "127.0.0.1:2377"}' >/dev/null
id=$(ask v1.41/services/create -d '{"Name": "s", "Mode": {"Replicated": {"Replicas": 0}}, "TaskTemplate": {
	"ContainerSpec": {"Image": "none", "CapabilityAdd": ["CAP_NET_ADMIN"]}, "Resources": {"Limits": {"Pids": 100}}}}' | jq -r .ID)
[ "$id" != null ] && [ -n "$id" ] || { tail -n 5 "$dir/log"; echo "cannot be tried: no service"; exit 2; }
kept() { jq -c '[.Spec.TaskTemplate.ContainerSpec.CapabilityAdd, .Spec.TaskTemplate.Resources.Limits.Pids]'; }
service=$(ask "v1.40/services/$id")
status=$(ask "v1.40/services/$id/update?version=$(jq .Version.Index <<<"$service")" -d "$(jq -c .Spec <<<"$service")" -o "$dir/said" -w '%{http_code}')
after=$(ask "v1.41/services/$id" | kept)
echo "read in 1.40: $(kept <<<"$service"); the same bytes posted in 1.40: $status $(cat "$dir/said"); read again: $after"
[ "$(kept <<<"$service")" = '[["CAP_NET_ADMIN"],100]' ] && [ "$status" = 200 ] && [ "$after" = '[null,null]' ]
INSIDE
