#!/bin/bash
# docker (docker-py) 7.2.0 with Docker Engine 20.10.24 (Debian 12's docker.io 20.10.24+dfsg1)
# Expected: Service.update(NAME=VALUE) changes what is named and keeps everything else, as update(env=...), update(image=...) and scale() do.
# Seen: update(constraints=[...]) also removes `max_replicas_per_node` and the placement preferences: the service that ran at most two tasks on a
#   node, spread over zones, may now run all of them on one node. No argument asked for it, nothing warns. env, image and scale() leave both.
# For Mola: who changes only a constraint by docker-py has changed the placement of all tasks; a move puts its own constraint in beside what is there,
#   and compares what it wrote with what the Engine has (doc/why/0018).
set -u
package=docker.io want=20.10.24 version=7.2.0
dir=$(mktemp -d) || exit 2
trap 'rm -rf "$dir"' EXIT
cannot() { echo "cannot be tried: $*"; exit 2; }
[ "$(id -u)" = 0 ] || cannot "root is needed for namespaces"
for tool in apt-get dpkg-deb unshare python3 ip; do command -v $tool >/dev/null || cannot "there is no $tool"; done
(cd "$dir" && apt-get download -qq $package containerd runc >/dev/null 2>&1 && for d in *.deb; do dpkg-deb -x "$d" root || exit 1; done) ||
	cannot "apt-get download $package"
"$dir/root/usr/sbin/dockerd" --version 2>/dev/null | grep -qF "version $want" || cannot "this Debian's $package is not $want, or lacks libraries"
python3 -m venv "$dir/venv" && "$dir/venv/bin/pip" install -q --disable-pip-version-check docker==$version || cannot "docker $version cannot be installed"
cat >"$dir/update.py" <<'END'
import docker

client = docker.from_env()

def placement():
    placement = client.services.get("s").attrs["Spec"]["TaskTemplate"].get("Placement", {})
    return (placement.get("Constraints"), placement.get("MaxReplicas"), "Preferences" in placement)

print("created:", *placement())
client.services.get("s").update(env=["A=1"])
client.services.get("s").scale(2)
print("env, scale:", *placement())
client.services.get("s").update(constraints=["node.labels.disk==ssd"])
print("constraints:", *placement())
END

# The rest runs where nothing of this machine is reached: networks, mounts and processes of its own, which end with it.
export dir version
unshare --net --mount --pid --fork --kill-child --mount-proc bash -s <<'INSIDE'
export PATH=$dir/root/usr/sbin:$dir/root/usr/bin:$PATH:/usr/sbin:/sbin DOCKER_HOST=unix://$dir/sock
ip link set lo up
mount -t tmpfs tmpfs /run && mkdir -p /var/lib/docker /etc/docker && mount -t tmpfs tmpfs /var/lib/docker && mount -t tmpfs tmpfs /etc/docker || exit 2
dockerd --bridge=none --iptables=false --host "$DOCKER_HOST" >"$dir/log" 2>&1 &
for _ in $(seq 300); do docker version >/dev/null 2>&1 && break; sleep 0.1; done
docker swarm init --listen-addr 127.0.0.1:2377 --advertise-addr 127.0.0.1:2377 >/dev/null &&
	docker service create -d -q --no-resolve-image --name s --replicas 1 --replicas-max-per-node 2 --placement-pref spread=node.labels.zone \
		--constraint node.role==manager image:1 >/dev/null || { tail -n 5 "$dir/log"; exit 2; }
seen=$(timeout 60 "$dir/venv/bin/python" "$dir/update.py") || exit 2
echo "docker-py $version: constraints, most replicas on a node, whether there are preferences"
echo "$seen"
[ "$seen" = "created: ['node.role==manager'] 2 True
env, scale: ['node.role==manager'] 2 True
constraints: ['node.labels.disk==ssd'] None False" ]
INSIDE
