#!/bin/bash
# Traefik 3.6.12: a Swarm service that defines a middleware and no port loses the middleware, and with it the routers of other services.
#
# Expected: a middleware has nothing to do with a port. `traefik.http.middlewares.m.headers...` on one service is there for routers of all,
#           as the documentation shows it for `@swarm` names.
# Seen:     "port is missing", and nothing of that service is taken over: the router of another service that names the middleware is
#           dropped, and its requests get 404. With `loadbalancer.server.port` of any service, to which nothing leads, all is there.
# For Mola: middlewares are read of all services; a router of noop@internal wants the port, as there.
set -u
version=3.6.12
dir=$(mktemp -d)
pids=()
trap '[ ${#pids[@]} = 0 ] || kill "${pids[@]}" 2>/dev/null; wait 2>/dev/null; chmod -R u+w "$dir"; rm -rf "$dir"' EXIT
give_up() { echo "cannot be tried: $*"; exit 2; }
top=$(cd "$(dirname "$0")/.." && pwd)
peers=$top/bench/peers		# go.mod: this version, with Traefik's own replace lines
go=$(PATH=$PATH:/usr/local/go/bin command -v go) && command -v curl python3 >/dev/null || give_up "needs Go, curl and Python"
grep -q "github.com/traefik/traefik/v3 v$version" "$peers/go.mod" || give_up "bench/peers/go.mod has another version"
cp "$peers/go.mod" "$peers/go.sum" "$dir" || give_up "no go.mod"
(cd "$dir" && CGO_ENABLED=0 "$go" build -p 2 -mod=readonly -buildvcs=false -o traefik github.com/traefik/traefik/v3/cmd/traefik) >"$dir/build.log" 2>&1 ||
	give_up "Traefik $version cannot be built: $(tail -1 "$dir/build.log")"
net=127.86.$(($$ % 250))

mkdir "$dir/web"
echo here >"$dir/web/index.html"
python3 -m http.server -d "$dir/web" -b "$net.2" 8080 >"$dir/web.log" 2>&1 &
pids+=($!)
# has_router LABEL: with that label beside the middleware, the status of a request for the other service's router
has_router() {
	local i engine status=
	cat >"$dir/services.json" <<-END
		{ "web": { "address": "$net.2", "port": 8080, "labels": { "traefik.http.routers.r.rule": "Host(\`a.test\`)",
		    "traefik.http.routers.r.middlewares": "m", "traefik.http.services.web.loadbalancer.server.port": "8080" } },
		  "plain": { "address": "$net.2", "port": 8080, "labels": { "traefik.http.routers.p.rule": "Host(\`b.test\`)",
		    "traefik.http.services.plain.loadbalancer.server.port": "8080" } },
		  "own": { "address": "$net.2", "port": 8080, "labels": { $1 "traefik.http.middlewares.m.headers.customresponseheaders.X-One": "1" } } }
	END
	python3 "$top/tests/drive/swarm.py" "$net.3" 2375 "$dir/services.json" >"$dir/engine.log" 2>&1 &
	engine=$!
	pids+=($engine)
	for ((i = 0; i < 100; i++)); do curl -s -f -o "$dir/page" "http://$net.3:2375/_ping" && break; sleep 0.1; done
	"$dir/traefik" --entrypoints.web.address="$net.1:8080" --providers.swarm.endpoint="tcp://$net.3:2375" --log.level=ERROR \
		--global.checknewversion=false --global.sendanonymoususage=false >"$dir/log" 2>&1 &
	pids+=($!)
	for ((i = 0; i < 150; i++)); do curl -s -f -o "$dir/page" -H "Host: b.test" "http://$net.1:8080/" && break; sleep 0.1; done
	[ $i -lt 150 ] || give_up "Traefik does not serve: $(tail -1 "$dir/log")"
	status=$(curl -s -o "$dir/page" -w '%{http_code}' -H "Host: a.test" "http://$net.1:8080/")
	kill "$engine" "${pids[-1]}"
	wait "$engine" "${pids[-1]}" 2>/dev/null
	unset "pids[-1]" "pids[-1]"
	echo "$status"
}
# each in this shell, so that what it starts is ended with it
has_router '"traefik.http.services.own.loadbalancer.server.port": "8080",' >"$dir/with"
has_router '' >"$dir/without"
with=$(cat "$dir/with") without=$(cat "$dir/without")
echo "Traefik $version: the status with a port beside the middleware: $with; without: $without"
[ "$with $without" = "200 404" ]
