# A Swarm whose labels ask for passwords that Mola cannot demand: nothing reaches a task by a wider route, and it is said.
engine=$net.210:2375
here="\"address\": \"$net.1\", \"port\": 9000"
port='"traefik.http.services.SERVICE.loadbalancer.server.port": "9000"'
cat >"$tmp/services.json" <<END
{ "app": { $here, "labels": { ${port/SERVICE/app}, "traefik.enable": "true",
	"traefik.http.routers.all.rule": "Host(\`app.test\`)", "traefik.http.routers.all.entrypoints": "websecure", "traefik.http.routers.all.tls": "true",
	"traefik.http.routers.plain.rule": "Host(\`app.test\`)", "traefik.http.routers.plain.entrypoints": "web",
	"traefik.http.routers.plain.middlewares": "https", "traefik.http.middlewares.https.redirectregex.regex": "x",
	"traefik.http.routers.admin.rule": "Host(\`app.test\`) && PathPrefix(\`/admin\`)", "traefik.http.routers.admin.middlewares": "auth",
	"traefik.http.middlewares.auth.basicauth.users": "joe:\$apr1\$hidden" } },
  "metrics": { $here, "labels": { ${port/SERVICE/metrics}, "traefik.http.routers.metrics.rule": "PathPrefix(\`/metrics\`)",
	"traefik.http.routers.metrics.priority": "1000", "traefik.http.routers.metrics.middlewares": "lan@file" } },
  "mistyped": { $here, "labels": { "mola.port": "9000", "mola.hots": "mistyped.test" } },
  "off": { $here, "labels": { "mola.port": "9000", "mola.host": "off.test", "mola.enable": "off" } } }
END
is() { # is STATUS HOST PATH: as it is spelled
	local got
	got=$(curl -s -o "$tmp/body" -w '%{http_code}' --max-time 10 --path-as-is -H "X-Forwarded-Proto: https" -H "Host: $2" "http://$front$3")
	[ "$got" = "$1" ] || { echo "# $2$3: $got"; return 1; }
}
all() { # all STATUS HOST PATH...
	local status=$1 host=$2 path bad=0
	shift 2
	for path; do is "$status" "$host" "$path" || bad=1; done
	return $bad
}

start engine python3 tests/drive/swarm.py "$net.210" 2375 "$tmp/services.json"
must "the manager answers" within 20 curl -s -f -o "$tmp/page" "http://$engine/_ping"
start task python3 tests/hostile/task.py "$net.1:9000"
must "the task answers" within 20 curl -s -o "$tmp/page" "http://$net.1:9000/"
# its clients come by a proxy that has ended TLS: the open router is for TLS
printf 'listen: "%s"\nclients: { trusted: [ 127.0.0.0/8 ] }\nadmin: { address: "%s.200:8000", socket: %s/admin.sock }\nswarm: { endpoint: "tcp://%s", poll: 500ms }\n' "$front" "$net" "$tmp" \
	"$engine" >"$tmp/mola.yaml"
must "Mola starts" mola_start
must "what is open is served" within 20 is 200 app.test /
check "what has a password is not, however it is spelled" all 503 app.test /admin /admin/ /admin/x /administrator /%61dmin '/x/../admin' //admin \
	/./admin /x/%2e%2e/admin '/admin;x' /admin/../x
check "the reason stands in the response" eval 'curl -s -D - -o "$tmp/body" -H "X-Forwarded-Proto: https" -H "Host: app.test" "http://$front/admin" | grep -qi "^Mola-Why: route_refused"'
check "what only looks like it is served" all 200 app.test /adm /x/admin '/?/admin' /x/..
check "a protected path of all hosts is kept in those that others have" all 503 app.test /metrics /metrics/x /%6detrics
check "and where nobody else is" all 503 other.test /metrics
check "other hosts have no route" all 404 other.test / /x
check "a label that was mistyped opens nothing" all 404 mistyped.test /
check "nor does one that says off" all 404 off.test /
check "the router is told of by name" trouble app needs_middleware "router admin .*basicauth"
check "so is the one that redirects" trouble app needs_middleware "router plain .*redirectregex"
check "and one of another provider" trouble metrics needs_middleware "lan@file"
check "and the label that was meant" trouble mistyped label_unknown "mola.host"
check "mola services says it" eval '"$MOLA" services --admin "unix:$tmp/admin.sock" >"$tmp/services" && grep -q "router admin is not served" "$tmp/services"'
check "no password is shown anywhere" eval '! grep -q hidden "$tmp/services" "$tmp/mola.log" && ! api /api/v1/services | grep -q hidden'
jq 'del(.app.labels["traefik.http.routers.admin.middlewares"])' "$tmp/services.json" >"$tmp/new.json" && mv "$tmp/new.json" "$tmp/services.json"
check "without the middleware it is served" within 20 is 200 app.test /admin
check "Mola ends in order" mola_stop
