# peers: who takes part in the comparison, and how each is set up: as somebody who knows that proxy would. One thread
# each, keep-alive to the servers without a limit that would bind, no access log, time-outs that cut off nobody, health
# checks where they cost nothing. Sourced by bench/decision and bench/overload, which have $dir, $second, $port, the array core, set_of
# and node; $over, where Mola, HAProxy and nginx are to have TLS, too, at $secure_port. For those that limit what they send on
# (-limit): the arrays could, the cores that a task's container could have on each node, and most, its requests in flight.

# Each contender has a clone of the cluster: which is whose, and who is there, in the array name.
# set_of NAME: which clone;   node NAME I, exporter NAME I, agent NAME I: addresses
set_of() { local k; for k in "${!name[@]}"; do [ "${name[k]}" = "$1" ] && echo "$k"; done; }
node() { echo "127.$second.$((10 + $(set_of "$1"))).$2:$port"; }
agent() { echo "http://127.$second.$((10 + $(set_of "$1"))).$2:29101/stream"; }
exporter() { echo "127.$second.$((10 + $(set_of "$1"))).$2:29100"; }
control() { echo "http://127.$second.10.254:$port$1"; }
of() { local n; for n in "${name[@]}"; do [[ $n == $1 ]] && echo "$n"; done; }		# of PATTERN: those of the group

is_driven() { case $1 in *-driven* | *-reference) ;; *) false ;; esac; }

start() { "$@" >>"$dir/log" 2>&1 & pids+=($!); }
wait_for() {		# wait_for WHAT COMMAND...: until it succeeds
	local what=$1 k
	shift
	for k in $(seq 150); do "$@" >/dev/null 2>&1 && return; sleep .1; done
	echo "${0##*/}: $what; last words:" >&2
	tail -n 12 "$dir/log" >&2
	exit 1
}
answers() {		# answers ADDRESS[+ADDRESS...],HOST
	local a h=${1#*,} all=${1%,*}
	for a in ${all//+/ }; do wait_for "$h at $a does not answer" curl -sf -m 2 -o /dev/null -H "Host: $h" "http://$a/"; done
}

# HAProxy and nginx are this machine's, or those of the Debian that $suite names, in a root of its own (tools/root).
peer=(env)
[ -z "${suite:-}" ] || peer=(tools/root "$suite" --bind "$dir" --)
haproxy=("${peer[@]}" "${HAPROXY:-haproxy}") nginx=("${peer[@]}" "${NGINX:-nginx}") envoy=build/peers/envoy traefik=build/peers/traefik-3.7
. bench/lib/certificate.sh
at() { echo "127.$second.1.$1:$port"; }
peers_ready() {
	[ -z "${suite:-}" ] || tools/root "$suite" --install "haproxy nginx-light" true || exit 1
}
peers_versions() {
	"${haproxy[@]}" -v | sed -n 's/^HAProxy version \([^ ]*\).*/# HAProxy \1/p'
	"${nginx[@]}" -v 2>&1 | sed -n 's,.*nginx/,# nginx ,p'
	[ ! -x $envoy ] || $envoy --version 2>&1 | sed -n 's,.*version: [^/]*/\([^/]*\)/.*,# Envoy \1,p'
	[ ! -x $traefik ] || $traefik version | sed -n 's/^Version: */# Traefik /p'
}
# Some stand side by side: so many processes, each with an address of its own, and clients spread over them.
beside() { case $1 in *-[23]) echo "${1##*-}" ;; *) echo 1 ;; esac; }
stands() { echo $((70 + 4 * $(set_of "$1") + $2)); }	# stands NAME K: the k-th of these, from 1

secure() { echo "${1/:$port/:$secure_port}"; }	# secure PLACE: the same with TLS

# Where each contender listens: an address (several of those side by side), and the host by which those that share one are told apart.
where() {
	local k several
	case $1 in
	*-[23])
		for k in $(seq "$(beside "$1")"); do several+=+$(at "$(stands "$1" "$k")"); done
		echo "${several#+},$1" ;;
	oracle) echo "127.$second.$((10 + $(set_of oracle))).250:$port" ;;
	mola-agent*) echo "$(at 5),$1" ;;
	mola*) echo "$(at 1),$1" ;;
	haproxy*) echo "$(at 2),$1" ;;
	nginx*) echo "$(at 3),$1" ;;
	envoy*) echo "$(at 4),$1" ;;
	traefik*) echo "$(at $((30 + $(set_of "$1")))),$1" ;;
	esac
}

# --- Mola: what it serves itself, and what it drives ---

mola_nodes() {		# of these contenders
	local n i from
	echo "nodes:"
	for n; do for i in "${!core[@]}"; do
		from="node_exporter: \"http://$(exporter "$n" $((i + 1)))/metrics\""
		[[ $n != mola-agent* ]] || from="agent: \"$(agent "$n" $((i + 1)))\""
		echo "  - { name: $n-n$((i + 1)), $from }"
	done; done
}
# of a task of NAME on node I, as its agent names it; $dir/tasks is what the emulated cluster would have in mola.yaml
container() { sed -n "s/.*\"$(node "$1" "$2")\".*\(, container: \"[0-9a-f]*\"\).*/\1/p" "$dir/tasks"; }
# What else Mola knows of it: the container, to whom an agent reports; the limit ($quota, if there is one), which Swarm names.
known() { if [[ $1 = mola-agent* ]]; then container "$1" "$2"; else echo "${quota:+, cores: $quota}"; fi; }
mola_service() {	# NAME ROUTE [POLICY]: a service with a task on each node
	local i
	printf '  - name: %s\n    %s\n' "$1" "$2"
	[ -z "${3:-}" ] || echo "    policy: $3"
	[ "$1" != mola-orca ] || echo "    load: orca"
	[[ $1 != *-unlimited ]] || echo "    overload: false"
	echo "    tasks:"
	for i in "${!core[@]}"; do
		echo "      - { node: $1-n$((i + 1)), address: \"$(node "$1" $((i + 1)))\"$(known "$1" $((i + 1))) }"
	done
}
# All clients here have one address; by itself, Mola lets one have a quarter of the connections, and refuses more.
mola_top() {		# NAME ADMIN PERIOD [BALANCERS]
	printf 'stop: 1s\nadmin: { address: "127.%s.1.%s:%s", socket: %s/%s.sock }\nlog: { level: info }\n' $second "$2" $port "$dir" "$1"
	printf 'signals: { period: %s%s }\nclients: { max: 16384, max_per_address: 0 }\ndefaults: { response: 10m, idle: 10m }\n' "$3" "${4:+, balancers: $4}"
}
mola_policy() { local p=${1#mola}; p=${p#-agent}; p=${p%-orca}; p=${p%-unlimited}; echo "${p#-}"; }	# "mola" alone is its default
mola_conf() {		# NAME...: those that Mola serves
	local n
	mola_top mola 21 "$period"
	if [ -z "$over" ]; then
		printf 'listen: "%s"\n' "$(at 1)"
	else
		printf 'listen: [ "%s", { address: "%s", tls: true } ]\n' "$(at 1)" "$(secure "$(at 1)")"
		printf 'tls: { certificates: [ { cert: %s, key: %s } ] }\n' "$dir/web.crt" "$dir/web.key"
	fi
	echo "workers: 1"
	mola_nodes "$@"
	echo "services:"
	for n; do mola_service "$n" "host: $n" "$(mola_policy "$n")"; done
}
agent_conf() {		# NAME...: the same by agents, whose streams tell ten times a second
	local n
	mola_top mola-agent 22 100ms
	printf 'listen: "%s"\nworkers: 1\n' "$(at 5)"
	mola_nodes "$@"
	echo "services:"
	for n; do mola_service "$n" "host: $n" "$(mola_policy "$n")"; done
}
beside_conf() {		# NAME K: one of those side by side, as it is told how many there are
	mola_top "$1-$2" $((40 + $(stands "$1" "$2"))) "$([[ $1 = mola-agent* ]] && echo 100ms || echo "$period")" "$(beside "$1")"
	printf 'listen: "%s"\nworkers: 1\n' "$(at "$(stands "$1" "$2")")"
	mola_nodes "$1"
	echo "services:"
	mola_service "$1" "host: $1"
}
# Those that Mola drives have a Mola each: it knows the nodes of their clone, and no other.
driver_conf() {		# NAME
	local route="host: $1" every=$period
	[ "$1" = traefik-reference ] && { route="path: /"; every=5s; }
	mola_top "$1" $((50 + $(set_of "$1"))) "$every"
	mola_nodes "$1"
	echo "services:"
	mola_service "$1" "$route"
	printf 'targets:\n  - name: it\n    services: [ %s ]\n' "$1"
	case $1 in
	haproxy-*) printf '    kind: haproxy\n    socket: unix:%s/haproxy.%s.sock\n' "$dir" "127.$second.1.2" ;;
	envoy-*) printf '    kind: envoy-file\n    file: %s/drive/envoy.json\n    power: 2\n    api: http://127.%s.1.4:9901\n' "$dir" $second ;;
	traefik-driven) printf '    kind: traefik-file\n    routers: true\n    file: %s/drive/%s/dynamic_conf.yml\n    strategy: leasttime\n' "$dir" "$1" ;;
	traefik-driven-wrr) printf '    kind: traefik-file\n    routers: true\n    file: %s/drive/%s/dynamic_conf.yml\n' "$dir" "$1" ;;
	traefik-reference)
		printf '    kind: traefik-file\n    routers: true\n    file: %s/drive/%s/dynamic_conf.yml\n' "$dir" "$1"
		printf '    policy: best-node\n    interval: 5s\n    api_entry_point: api\n' ;;
	esac
}

# --- HAProxy ---

# A server's settings by somebody who knows the machines: weights are the cores. maxconn is EACH for a core: requests past it
# wait in HAProxy, in one line for all servers, and the first that is free takes the next. Two, so that no core idles while a
# response is on its way. One is less where tenants have their share by threads: who has few on a node gets little of it (at load
# .9 the mean was three times that of 2, at .7 the p99 3 % less); with 4 and more the line is always empty.
haproxy_server() {	# NAME CORES I
	case $1 in
	haproxy-cores | haproxy-2) echo " weight $(($2 * 10))" ;;
	haproxy-maxconn) echo " weight $(($2 * 10)) maxconn $(($2 * ${EACH:-2}))" ;;
	haproxy-limit) echo " weight $(weight "$3") maxconn ${most[$3]}" ;;
	esac
}
weight() { awk -v e="${could[$1]}" 'BEGIN { w = int(10 * e + .5); print(w > 1 ? w : 1) }'; }	# weight I: of node I, from 0
haproxy_conf() {	# ADDRESS NAME...
	local n i at=$1
	shift
	printf 'global\n  nbthread 1\n  maxconn 8000\n  stats socket %s/haproxy.%s.sock mode 600 level admin\n' "$dir" "${at%:*}"
	printf 'defaults\n  mode http\n  timeout connect 5s\n  timeout client 600s\n  timeout server 600s\n  timeout queue 600s\n  http-reuse always\n'
	printf '  default-server check inter 2s\nfrontend in\n  bind %s\n' "$at"
	[ -z "$over" ] || printf '  bind %s ssl crt %s alpn h2,http/1.1\n' "$(secure "$at")" "$dir/web.pem"
	printf '  use_backend %%[req.hdr(host)]\n'
	for n; do
		printf 'backend %s\n' "$n"
		case $n in
		haproxy-random) echo "  balance random(2)" ;;		# what HAProxy does by itself since 3.3
		haproxy-roundrobin) echo "  balance roundrobin" ;;
		*) echo "  balance leastconn" ;;
		esac
		# who has left the queue is not served, and nobody waits there for long
		[[ $n != *-limit ]] || printf '  option abortonclose\n  timeout queue 250ms\n'
		for i in "${!core[@]}"; do echo "  server n$((i + 1)) $(node "$n" $((i + 1)))$(haproxy_server "$n" "${core[i]}" "$i")"; done
	done
}

# --- nginx ---

nginx_conf() {		# NAME
	local t i
	printf 'daemon off;\nworker_processes 1;\npid %s/nginx.pid;\nerror_log %s/nginx.log error;\nworker_rlimit_nofile 32000;\n' "$dir" "$dir"
	printf 'events { worker_connections 16000; }\nhttp {\n  access_log off;\n'
	for t in client_body proxy fastcgi uwsgi scgi; do printf '  %s_temp_path %s/%s;\n' $t "$dir" $t; done
	printf '  keepalive_requests 1000000000;\n  upstream web {\n    least_conn;\n'
	for i in "${!core[@]}"; do echo "    server $(node "$1" $((i + 1)));"; done
	printf '    keepalive 1024;\n    keepalive_requests 1000000000;\n  }\n  server {\n    listen %s;\n' "$(at 3)"
	[ -z "$over" ] || printf '    listen %s ssl http2;\n    ssl_certificate %s;\n    ssl_certificate_key %s;\n' "$(secure "$(at 3)")" "$dir/web.crt" "$dir/web.key"
	printf '    location / {\n      proxy_pass http://web;\n      proxy_http_version 1.1;\n      proxy_set_header Connection "";\n'
	printf '      proxy_read_timeout 600s;\n    }\n  }\n}\n'
}

# --- Envoy ---

envoy_endpoints() {	# NAME: all nodes together, or each a locality of its own
	local i a own
	for i in "${!core[@]}"; do
		a=$(node "$1" $((i + 1)))
		own="      - lb_endpoints:"
		[ "$1" != envoy-locality ] || own="      - locality: { zone: n$((i + 1)) }\n        lb_endpoints:"
		[ "$1" != envoy-locality ] && [ "$i" -gt 0 ] || printf '%b\n' "$own"
		echo "        - endpoint: { address: { socket_address: { address: ${a%:*}, port_value: ${a#*:} } } }"
		[[ $1 != *-limit ]] || echo "          load_balancing_weight: $(weight "$i")"
	done
}
# Policies that work by the reports of tasks (ORCA): requests per second by CPU use; and by what is idle of each node, which is a
# locality of its own. By themselves they renew weights each second, as reports are, the latter through a mean of 5 s. A
# black-out of 10 s as it is by default would have them begin when all is over.
envoy_extension() {	# NAME FIELD...
	local at=type.googleapis.com/envoy.extensions.load_balancing_policies.$1.v3 message
	message=$(sed -E 's/(^|_)(.)/\U\2/g' <<<"$1")
	printf '{ policies: [ { typed_extension_config: { name: envoy.load_balancing_policies.%s, typed_config: { "@type": %s.%s%s } } } ] }' \
	    "$1" "$at" "$message" "${2:+, $2}"
}
envoy_policy() {	# NAME
	case $1 in
	*-rr) echo "    lb_policy: ROUND_ROBIN" ;;
	*-cswrr) echo "    load_balancing_policy: $(envoy_extension client_side_weighted_round_robin "blackout_period: 0.5s")" ;;
	*-locality) echo "    load_balancing_policy: $(envoy_extension load_aware_locality "endpoint_picking_policy: $(envoy_extension round_robin)")" ;;
	*) echo "    lb_policy: LEAST_REQUEST" ;;
	esac
}
envoy_cluster() {	# NAME
	printf '  - name: %s\n    connect_timeout: 5s\n    circuit_breakers: { thresholds: [ { max_connections: 100000, max_pending_requests: 100000, max_requests: 100000 } ] }\n' "$1"
	envoy_policy "$1"
	if [ "$1" = envoy-driven ]; then
		printf '    type: EDS\n    eds_cluster_config: { eds_config: { resource_api_version: V3, path_config_source: { path: %s/drive/envoy.json } } }\n' "$dir"
		return
	fi
	printf '    type: STATIC\n    load_assignment:\n      cluster_name: %s\n      endpoints:\n' "$1"
	envoy_endpoints "$1"
}
# Its adaptive concurrency as its documents have it, but for the buffer: by how much latency may rise before the limit falls. With
# the 25 % that it has by itself, it refused half of all requests at load .95.
envoy_limit() {
	printf '          - name: envoy.filters.http.adaptive_concurrency\n            typed_config:\n'
	printf '              "@type": type.googleapis.com/envoy.extensions.filters.http.adaptive_concurrency.v3.AdaptiveConcurrency\n'
	printf '              gradient_controller_config:\n                sample_aggregate_percentile: { value: 90 }\n'
	printf '                concurrency_limit_params: { concurrency_update_interval: 0.1s }\n'
	printf '                min_rtt_calc_params: { jitter: { value: 10 }, interval: 60s, request_count: 50, buffer: { value: 100 } }\n              enabled: { default_value: true, runtime_key: adaptive }\n'
}
envoy_conf() {		# NAME...: with a limit one alone
	local n
	printf 'node: { id: bench, cluster: bench }\nadmin: { address: { socket_address: { address: 127.%s.1.4, port_value: 9901 } } }\n' $second
	printf 'static_resources:\n  listeners:\n  - address: { socket_address: { address: 127.%s.1.4, port_value: %s } }\n' $second $port
	printf '    filter_chains:\n    - filters:\n      - name: envoy.filters.network.http_connection_manager\n        typed_config:\n'
	printf '          "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager\n'
	printf '          stat_prefix: in\n          http_filters:\n'
	[[ $1 != *-limit ]] || envoy_limit
	printf '          - name: envoy.filters.http.router\n'
	printf '            typed_config: { "@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router }\n'
	printf '          route_config:\n            virtual_hosts:\n'
	for n; do echo "            - { name: $n, domains: [ $n ], routes: [ { match: { prefix: / }, route: { cluster: $n, timeout: 0s } } ] }"; done
	echo "  clusters:"
	for n; do envoy_cluster "$n"; done
}

# --- Traefik: a process each, for with a change of one service it begins the balancing of all anew ---

traefik_servers() {	# NAME STRATEGY
	local i
	printf '    %s:\n      loadBalancer:\n        strategy: %s\n        serversTransport: keep\n        healthCheck: { path: /, interval: 5s, timeout: 3s }\n        servers:\n' "$1" "$2"
	for i in "${!core[@]}"; do echo "          - { url: \"http://$(node "$1" $((i + 1)))\"$([[ $1 != *-limit ]] || echo ", weight: $(weight "$i")") }"; done
}
traefik_dynamic() {	# NAME...
	local n
	printf 'http:\n  serversTransports: { keep: { maxIdleConnsPerHost: 4096 } }\n  routers:\n'
	for n; do echo "    $n: { rule: \"Host(\`$n\`)\", service: $n$([[ $n != *-limit ]] || echo ", middlewares: [ limit ]") }"; done
	# of all clients together: by itself it counts by host
	[[ $1 != *-limit ]] || echo "  middlewares: { limit: { inFlightReq: { amount: $(($(IFS=+; echo "${most[*]}"))) } } }"
	echo "  services:"
	for n; do traefik_servers "$n" "$([[ $n = *-limit ]] && echo leasttime || echo "${n#traefik-}")"; done
}
traefik_static() {	# ADDRESS FOLDER
	printf 'global: { checkNewVersion: false, sendAnonymousUsage: false }\nlog: { level: ERROR }\n'
	printf 'entryPoints:\n  web: { address: "%s", asDefault: true }\n  api: { address: "%s" }\napi: { dashboard: false }\n' "$1" "${1%:*}:8081"
	printf 'serversTransport: { maxIdleConnsPerHost: 4096 }\nproviders: { file: { directory: %s, watch: true } }\n' "$2"
}

# --- All of the group `name` ---

peers_start() {
	local n k mine
	[ -z "$over" ] || certificate_make "${name[@]}"
	mapfile -t mine < <(of 'mola!(-agent*|-[23])')
	if [ ${#mine[@]} -gt 0 ]; then mola_conf "${mine[@]}" >"$dir/mola.yaml"; start "${MOLA:-./mola}" run -c "$dir/mola.yaml"; fi
	mapfile -t mine < <(of 'mola-agent!(-[23])')
	if [ ${#mine[@]} -gt 0 ]; then agent_conf "${mine[@]}" >"$dir/mola-agent.yaml"; start "${MOLA:-./mola}" run -c "$dir/mola-agent.yaml"; fi
	mapfile -t mine < <(of 'haproxy!(-[23])')
	if [ ${#mine[@]} -gt 0 ]; then haproxy_conf "$(at 2)" "${mine[@]}" >"$dir/haproxy.cfg"; start "${haproxy[@]}" -db -f "$dir/haproxy.cfg"; fi
	for n in $(of '*-[23]'); do for k in $(seq "$(beside "$n")"); do
		if [[ $n = mola* ]]; then
			beside_conf "$n" "$k" >"$dir/$n.$k.yaml"
			start "${MOLA:-./mola}" run -c "$dir/$n.$k.yaml"
		else
			haproxy_conf "$(at "$(stands "$n" "$k")")" "$n" >"$dir/$n.$k.cfg"
			start "${haproxy[@]}" -db -f "$dir/$n.$k.cfg"
		fi
	done; done
	if [ -n "$(of nginx)" ]; then nginx_conf nginx >"$dir/nginx.conf"; start "${nginx[@]}" -p "$dir" -c "$dir/nginx.conf"; fi
	mkdir -p "$dir/drive" && chmod 777 "$dir/drive"
	for n in $(of '*-driven*') $(of traefik-reference); do
		driver_conf "$n" >"$dir/$n.yaml"
		start "${MOLA:-./mola}" run -c "$dir/$n.yaml"
	done
	for n in $(of 'traefik-*'); do
		mkdir -p "$dir/drive/$n" && chmod 777 "$dir/drive/$n"
		is_driven "$n" || traefik_dynamic "$n" >"$dir/drive/$n/dynamic.yml"
		traefik_static "$(where "$n" | cut -d, -f1)" "$dir/drive/$n" >"$dir/$n-static.yml"
		start env GOMAXPROCS=1 "$traefik" --configFile="$dir/$n-static.yml"
	done
	mapfile -t mine < <(of 'envoy*')
	if [ ${#mine[@]} -gt 0 ]; then
		envoy_conf "${mine[@]}" >"$dir/envoy.yaml"
		[ -z "$(of envoy-driven)" ] || wait_for "Mola wrote nothing for Envoy" test -s "$dir/drive/envoy.json"
		start "$envoy" -c "$dir/envoy.yaml" --concurrency 1 --disable-hot-restart -l error
	fi
	for n in "${name[@]}"; do answers "$(where "$n")"; done
}
