# What people get wrong, each told in words by `mola services` and the API, and none of it anybody else's trouble.
mola_up
dk network create -d overlay elsewhere >/dev/null
serve web 2
must "two tasks are in the table" within 20 agree web 2
load_start web.test
hello() { # hello NAME ARGS...: a task without any port or label that was not asked for
	dk service create -d -q --no-resolve-image --name "$1" --restart-delay 0s --env GRACE=0 "${@:2}" $image >/dev/null
}
hello typos --publish mode=host,target=8080 --label mola.host=typos.test --label mola.port=8080 \
	--label mola.health.interval=soon --label mola.hosts=typos.test --label mola.policy=best
hello twin --publish mode=host,target=8080 --label mola.host=web.test --label mola.port=8080
hello portless --label mola.enable=true --label mola.host=portless.test
hello deaf --publish mode=host,target=9999 --label mola.host=deaf.test --label mola.port=9999
hello guarded --label 'traefik.http.routers.guarded.rule=Host(`guarded.test`)' --label traefik.http.routers.guarded.middlewares=auth \
	--label traefik.http.services.guarded.loadbalancer.server.port=8080 --label 'traefik.http.middlewares.auth.basicauth.users=joe:$apr1$secret'
# healthy for Docker after three seconds, and never for Mola
printf 'FROM %s\nHEALTHCHECK --interval=3s CMD [ "/hello", "health" ]\n' $image | dk build -q -t mola-checked - >/dev/null
image=mola-checked hello checked --publish mode=host,target=8080 --label mola.host=checked.test --label mola.port=8080 \
	--label mola.health.path=/health --label mola.health.status=204 --label mola.health.interval=200ms --constraint node.hostname==$manager
# docker_says HEALTH: what Docker knows of the container of checked
docker_says() { dk ps -q --filter label=com.docker.swarm.service.name=checked --filter health="$1" | grep -q .; }
withheld() { [ -z "$(in_table checked)" ] && docker_says starting; }
must "a container runs, and Docker does not know of its health yet" within 20 docker_says starting
check "it is no task for Mola" withheld
hello far --network elsewhere --label mola.host=far.test --label mola.port=8080

# label SERVICE LABEL STATE; trouble SERVICE WHY WORDS: as /api/v1/services tells it
label() { api_is /api/v1/services "[.services[] | select(.name == \"$1\").labels[] | select(.label == \"$2\" and .state == \"$3\" and .text != null)] | length == 1"; }

trouble_of_task() { api_is /api/v1/tasks '[.tasks[] | select(.service == "checked" and .state == "down" and .why == "upstream_status" and .why_status == 200)] | length == 1'; }

check "a wrong value is named" within 30 label typos mola.health.interval wrong
check "a wrong word is named" label typos mola.policy wrong
check "a label that does not exist is named" label typos mola.hosts unknown
check "and the service is served all the same" within 20 status_is typos.test 200
check "two services for one host: the newer one is told whose it is" within 20 trouble twin route_taken web
check "a service without a port" within 20 trouble portless service_no_port port
check "an overlay that Mola is not on" within 30 trouble far service_unreachable elsewhere
check "a port on which nobody listens" within 30 status_is deaf.test 502
check "what Docker finds healthy is down by Mola's own check" within 30 eval 'docker_says healthy && trouble_of_task'
check "and gets nothing" status_is checked.test 503
tells_refusal() { # asked in vain, it is the only task, and is said to fail
	status deaf.test >/dev/null
	"$MOLA" why --admin "unix:$tmp/admin.sock" deaf >"$tmp/deaf" 2>&1
	grep -q 'failures that count' "$tmp/deaf"
}
check "mola why tells of it" within 10 tells_refusal
sed 's/^/# /' "$tmp/deaf"
"$MOLA" services --admin "unix:$tmp/admin.sock" >"$tmp/services" 2>&1
sed 's/^/# /' "$tmp/services"
check "mola services says it all" eval 'for w in mola.health.interval mola.hosts mola.policy portless elsewhere twin; do grep -q "$w" "$tmp/services" || return 1; done'
check "mola why tells of a service that is not served" eval '"$MOLA" why --admin "unix:$tmp/admin.sock" twin | grep -q "twin is not served: .* belongs to"'
check "a router with a middleware is not served" within 20 trouble guarded needs_middleware auth
check "and its password's hash stands nowhere" eval '! api_is /api/v1/services "tostring | test(\"apr1.secret\")" && ! grep -q "apr1.secret" "$tmp/mola.log"'
check "mola check tells who was served by 0.1.0" eval '"$MOLA" check --swarm "$tmp/mola.yaml" | grep -q "^guarded: "'
check "nobody else is touched" agree web 2
load_stop
check "Mola ends in order" mola_stop
dk service rm typos twin portless deaf guarded checked far >/dev/null
within 30 eval '[ "$(engine /services | jq length)" = 1 ]'
within 20 dk network rm elsewhere >/dev/null 2>&1
