# How soon a hog is noticed in a real Swarm, with agents at 100 ms and with node_exporters each second: `bench/react swarm` runs it.
# The hogs are four containers of a service on node2, stopped by SIGSTOP until their time comes: so their starts and ends are exact.
hogs=${HOGS:-5}

agents_start() { for n in $nodes; do start_on "$n" "agent-$n" "$MOLA" agent --listen "$(address_of "$n"):9101"; done; }
exporters_start() {
	for n in $nodes; do start_on "$n" "exporter-$n" prometheus-node-exporter --web.listen-address="$(address_of "$n"):9100" --log.level=error; done
}
hog_processes() {
	local p
	for p in $(find /sys/fs/cgroup -path "*/$SWARM_NAME/node2/*" -name cgroup.procs -exec cat {} + 2>/dev/null | sort -un); do
		[ "$(tr '\0' ' ' <"/proc/$p/cmdline" 2>/dev/null)" != "/hello burn " ] || echo "$p"
	done
}
four_hogs() { hogs_run && [ "$(hog_processes | wc -l)" = 4 ]; }

# react NAME SOURCE PERIOD ADDRESS: a Mola with that source of samples, and hogs that come and go
react() {
	local sockets='' n i at from
	for n in $nodes; do sockets="$sockets, \"unix://$("$swarm" sock "$n")\""; done
	cat >"$tmp/mola.yaml" <<-E
	listen: [ "$front" ]
	admin: { address: none, socket: $tmp/admin.sock }
	log: { access: { format: json, file: $tmp/$1.access } }
	workers: 1
	signals: { period: $3, timeout: 2s }
	swarm: { endpoint: [ ${sockets#, } ], $2: '$4' }
	E
	start_on lan mola "$MOLA" run "$tmp/mola.yaml"
	must "Mola starts" within 20 healthy
	must "three tasks are in the table" within 20 agree web 3
	must "all nodes are seen by $2" within 20 fresh
	at=$("$swarm" docker node2 ps --filter name=web --format '{{.Ports}}' | grep -o '[0-9]*->' | head -n 1)
	load_start web.test "${RATE:-100}" "${WORK:-0.002}"
	: >"$tmp/$1.hogs"
	for i in $(seq "$hogs"); do
		sleep "9.$((RANDOM % 1000 + 1000))"
		from=$(now)
		kill -CONT $burners
		sleep 6
		kill -STOP $burners
		echo "$(address_of node2):${at%->} $from $(now)" >>"$tmp/$1.hogs"
	done
	sleep 9
	load_stop
	check "Mola ends in order" mola_stop
	python3 bench/lib/react.py "react-swarm-$1" "$tmp/$1.access" "$tmp/$1.hogs" | sed 's/^/# /'
}

needs prometheus-node-exporter python3
heartbeat 20s				# on a busy machine, too, every node keeps its task
serve web 3 --replicas-max-per-node 1
hogs_on node2
must "there are four hogs on node2" within 30 four_hogs
burners=$(hog_processes)
kill -STOP $burners
for source in ${SOURCES:-agent exporter}; do
	case $source in
	agent)
		agents_start
		react agent agent 100ms '{address}:9101'
		for n in $nodes; do stop "agent-$n"; done
		;;
	exporter)
		exporters_start
		react exporter node_exporter 1s '{address}:9100'
		;;
	*) not_ok "$source is agent or exporter" ;;
	esac
done
kill -CONT $burners
