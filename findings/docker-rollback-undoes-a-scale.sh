#!/bin/bash
# Docker Engine 20.10.24 (Debian 12's docker.io 20.10.24+dfsg1; 28.5 and 29.9 do the same)
# Expected: `docker service rollback` ("revert changes to a service's configuration") goes back to the version that ran before
#   the last deployment; `docker service scale`, a command of its own, is no deployment.
# Seen: Swarm keeps one previous specification, and a scale replaces it. Update to image 2, scale to 2, rollback: image 2 with 1
#   task. Image 1 is nowhere any more.
# For Mola: a service that it scales or moves cannot be rolled back by people as they expect; it says so (doc/why/0018).
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
export PATH=$dir/root/usr/sbin:$dir/root/usr/bin:$PATH:/usr/sbin:/sbin DOCKER_HOST=unix://$dir/sock
ip link set lo up
mount -t tmpfs tmpfs /run && mkdir -p /var/lib/docker /etc/docker && mount -t tmpfs tmpfs /var/lib/docker && mount -t tmpfs tmpfs /etc/docker || exit 2
dockerd --bridge=none --iptables=false --host "$DOCKER_HOST" >"$dir/log" 2>&1 &
for _ in $(seq 300); do docker version >/dev/null 2>&1 && break; sleep 0.1; done
is() { docker service inspect s | jq -c '.[0] | [.Spec.TaskTemplate.ContainerSpec.Image, .Spec.Mode.Replicated.Replicas]'; }
docker swarm init --listen-addr 127.0.0.1:2377 --advertise-addr 127.0.0.1:2377 >/dev/null &&
	docker service create -d -q --no-resolve-image --name s --replicas 1 image:1 >/dev/null || { tail -n 5 "$dir/log"; exit 2; }
docker service update -d -q --no-resolve-image --image image:2 s >/dev/null
docker service scale -d s=2 >/dev/null
before=$(is)
docker service rollback -d -q s >/dev/null
echo "image 1 with 1 task, updated to image 2, scaled to 2: $before; rolled back: $(is)"
[ "$before" = '["image:2",2]' ] && [ "$(is)" = '["image:2",1]' ]
INSIDE
