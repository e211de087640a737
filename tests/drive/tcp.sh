# TCP in files of Traefik's file provider, and its middlewares: the real Traefik and Mola read the same file, beside the same services
# of one Swarm, and get the same connections.
[ -x build/peers/traefik ] || skip "there is no build/peers/traefik; tools/peers traefik makes it"
needs python3
engine=$net.210:2375
points="pg kv split allow fly both proxied1 proxied2 label swarm tls none strange"
ca_make && cert_make own a.test && cert_make shown b.test kept.test
port=7000 listen="" options=() at=()
for point in $points; do
	port=$((port + 1))
	listen="$listen{ address: \"$net.200:$port\", name: $point }, "
	options+=(--entrypoints.$point.address="$net.100:$port")
	at+=("$point:$port")
done
mkdir "$tmp/files"
cat >"$tmp/files/tcp.yml" <<E
tcp:
  routers:
    pg: { rule: "HostSNI(\`*\`)", entryPoints: [ pg ], service: one }
    kv: { rule: "HostSNI(\`*\`)", entryPoints: [ kv ], service: "two@file" }
    split: { rule: "HostSNI(\`*\`)", entryPoints: [ split ], service: split }
    allow: { rule: "HostSNI(\`*\`)", entryPoints: [ allow ], service: one, middlewares: [ near ] }
    fly: { rule: "HostSNI(\`*\`)", entryPoints: [ fly ], service: one, middlewares: [ few ] }
    both: { rule: "HostSNI(\`*\`)", entryPoints: [ both ], service: one, middlewares: [ few@file, near ] }
    proxied1: { rule: "HostSNI(\`*\`)", entryPoints: [ proxied1 ], service: proxied1 }
    proxied2: { rule: "HostSNI(\`*\`)", entryPoints: [ proxied2 ], service: proxied2 }
    swarm: { rule: "HostSNI(\`*\`)", entryPoints: [ swarm ], service: "kept@swarm" }
    passed: { rule: "HostSNI(\`a.test\`)", entryPoints: [ tls ], service: secure, tls: { passthrough: true } }
    ended: { rule: "HostSNI(\`b.test\`)", entryPoints: [ tls ], service: one, tls: {} }
    kept: { rule: "HostSNI(\`kept.test\`)", entryPoints: [ tls ], service: one, tls: {}, middlewares: [ near ] }
    none: { rule: "HostSNI(\`*\`)", entryPoints: [ none ], service: nothing }
    strange: { rule: "HostSNI(\`*\`)", entryPoints: [ strange ], service: one, middlewares: [ undefined ] }
  services:
    one: { loadBalancer: { servers: [ { address: "$net.1:7" } ], terminationDelay: 100 } }
    two: { loadBalancer: { servers: [ { address: "$net.2:7" } ], serversTransport: quick } }
    secure: { loadBalancer: { servers: [ { address: "$net.3:7" } ] } }
    proxied1: { loadBalancer: { servers: [ { address: "$net.4:7" } ], proxyProtocol: { version: 1 } } }
    proxied2: { loadBalancer: { servers: [ { address: "$net.4:7" } ], proxyProtocol: {} } }
    split: { weighted: { services: [ { name: one, weight: 3 }, { name: two, weight: 1 } ] } }
  middlewares:
    near: { ipAllowList: { sourceRange: [ "$net.50", "10.0.0.0/8" ] } }
    few: { inFlightConn: { amount: 2 } }
  serversTransports:
    quick: { dialTimeout: 2s, dialKeepAlive: 20s }
tls:
  certificates: [ { certFile: $ca/shown.crt, keyFile: $ca/shown.key } ]
E
cat >"$tmp/services.json" <<E
{ "kept": { "address": "$net.1", "port": 7, "labels": { "traefik.enable": "true", "traefik.tcp.services.kept.loadbalancer.server.port": "7" } },
  "label": { "address": "$net.2", "port": 7, "labels": { "traefik.enable": "true", "traefik.tcp.services.label.loadbalancer.server.port": "7",
    "traefik.tcp.routers.label.rule": "HostSNI(\`*\`)", "traefik.tcp.routers.label.entrypoints": "label", "traefik.tcp.routers.label.service": "one@file",
    "traefik.tcp.routers.label.middlewares": "own,near@file", "traefik.tcp.middlewares.own.ipallowlist.sourcerange": "$net.0/24" } } }
E
printf 'listen: [ %s"%s.200:8080" ]\nadmin: { address: "%s.200:8000", socket: %s/admin.sock }\nworkers: 2\nswarm: { endpoint: "tcp://%s", poll: 500ms, traefik: { files: %s/files } }\n' \
	"$listen" "$net" "$net" "$tmp" "$engine" "$tmp" >"$tmp/mola.yaml"
tcp() { python3 tests/drive/tcp.py "$@"; }
port_of() { local one; for one in "${at[@]}"; do [ "${one%:*}" = "$1" ] && echo "${one#*:}"; done; }
# alike WORDS POINT [OPTION...]: both say that to such a client
alike() {
	local a b
	a=$(tcp ask "$net.100:$(port_of "$2")" "${@:3}") b=$(tcp ask "$net.200:$(port_of "$2")" "${@:3}")
	echo "# $2 ${*:3}: traefik: $a, mola: $b"
	[ "$a" = "$1" ] && [ "$b" = "$1" ]
}
for name in one:1 two:2; do start "${name%:*}" python3 tests/drive/tcp.py serve "${name%:*}" "$net.${name#*:}:7"; done
start secure python3 tests/drive/tcp.py serve secure "$net.3:7" --tls "$ca/own.crt" "$ca/own.key"
start proxied python3 tests/drive/tcp.py serve proxied "$net.4:7" --proxied
start engine python3 tests/drive/swarm.py "$net.210" 2375 "$tmp/services.json"
must "the manager responds" within 20 curl -s -f -o "$tmp/page" "http://$engine/_ping"
for i in 1 2 3 4; do must "server $i listens" within 20 listening "$net.$i" 7; done
check "mola check reads the file" eval '"$MOLA" check "$tmp/mola.yaml" >"$tmp/checked.log" 2>&1'
must "Traefik reads Swarm and files" traefik_start --providers.swarm.endpoint="tcp://$engine" --providers.swarm.refreshseconds=1s \
	--providers.file.directory="$tmp/files" "${options[@]}"
must "Mola starts" mola_start
must "both serve a router of the file" within 30 alike one pg
must "and one of labels, to a service of the file" within 30 alike one label --from "$net.50"
check "another service" alike two kv
check "one of labels, by a router of the file" within 20 alike one swarm
check "an address that may pass" alike one allow --from "$net.50"
check "one that may not" alike closed allow --from "$net.51"
check "nor by the two of a router of labels" alike closed label --from "$net.51"
check "two at a time, of an address" alike "one one closed closed" fly --hold 4 --from "$net.50"
check "and of another" alike "one one closed" fly --hold 3 --from "$net.51"
check "they are over" within 5 alike "one one closed" fly --hold 3 --from "$net.50"
check "both" alike "one one closed" both --hold 3 --from "$net.50"
check "or neither" alike "closed closed closed" both --hold 3 --from "$net.51"
check "a header of version 1" alike "proxied v1:$net.50" proxied1 --from "$net.50"
check "and 2, without a word" alike "proxied v2:$net.50" proxied2 --from "$net.50"
check "TLS that is passed through" alike secure tls --tls a.test "$ca/root.crt"
check "TLS that ends" within 10 alike one tls --tls b.test "$ca/root.crt"
check "behind a list of addresses" alike one tls --tls kept.test "$ca/root.crt" --from "$net.50"
check "or not" alike closed tls --tls kept.test "$ca/root.crt" --from "$net.51"
check "another name" alike closed tls --tls other.test "$ca/root.crt"
check "no service" alike closed none --patience 1
check "a middleware that there is not" alike closed strange --patience 1
divided() { local said=" $(tcp ask "$net.$1:$(port_of split)" --hold 40)" n; n=$(grep -o ' one' <<<"$said" | wc -l); echo "# $n of 40"; [ $n -ge 28 ] && [ $n -le 32 ]; }
for i in 100 200; do check "weights are kept (.$i)" divided $i; done
check "the reason is told" trouble tcp.one@file needs_middleware "tcp router strange@file is not served"
check "Mola ends in order" mola_stop
