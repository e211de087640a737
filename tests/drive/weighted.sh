# Services that lead to others, and the Host that tasks get: a real Traefik with a file of its own, and Mola.
[ -x build/peers/traefik ] || skip "there is no build/peers/traefik; tools/peers traefik makes it"
needs python3
mola=$net.200:8080 one=$net.1 two=$net.2
mkdir -p "$tmp/down"
# balancer ADDRESS [OPTION,]
balancer() { printf '{ loadBalancer: { %sservers: [ { url: "http://%s:9000" } ], healthCheck: { path: /up, interval: 200ms, timeout: 5s } } }' "${2:-}" "$1"; }
cat >"$tmp/dynamic.yml" <<E
http:
  routers:
$(for n in by sticky safe deep kept named; do printf '    %s: { rule: "Host(`%s.test`)", service: %s }\n' $n $n $n; done)
  services:
    one: $(balancer "$one")
    two: $(balancer "$two")
    kept: $(balancer "$one")
    named: $(balancer "$one" "passHostHeader: false, ")
    by: { weighted: { healthCheck: {}, services: [ { name: one, weight: 3 }, { name: two, weight: 1 } ] } }
    sticky: { weighted: { healthCheck: {}, services: [ { name: one, weight: 1 }, { name: two, weight: 1 } ], sticky: { cookie: { name: at, httpOnly: true } } } }
    safe: { failover: { service: one, fallback: two } }
    deep: { failover: { service: by, fallback: two } }
E
cat >"$tmp/mola.yaml" <<E
listen: "$mola"
admin: { address: "$net.200:8000", socket: $tmp/admin.sock }
workers: 1
nodes: [ { name: n } ]
defaults: { health: { path: /up, interval: 200ms, timeout: 5s, rise: 1, fall: 1 } }
services:
  - { name: one, tasks: [ { node: n, address: "$one:9000" } ] }
  - { name: two, tasks: [ { node: n, address: "$two:9000" } ] }
  - { name: kept, host: kept.test, tasks: [ { node: n, address: "$one:9000" } ] }
  - { name: named, host: named.test, pass_host: false, tasks: [ { node: n, address: "$one:9000" } ] }
  - { name: by, host: by.test, weighted: [ { service: one, weight: 3 }, { service: two } ] }
  - { name: sticky, host: sticky.test, weighted: [ { service: one }, { service: two } ], sticky: { cookie: at, http_only: true } }
  - { name: safe, host: safe.test, failover: { service: one, fallback: two } }
  - { name: deep, host: deep.test, failover: { service: by, fallback: two } }
E
ask() { python3 tests/drive/weighted.py ask "$@"; }
# alike HOST NUMBER [COOKIE]: both give the same counts, statuses and cookies
alike() {
	ask "$front" "$@" >"$tmp/traefik.said" && ask "$mola" "$@" >"$tmp/mola.said" || return 1
	sed 's/^/# /' "$tmp/mola.said"
	diff "$tmp/traefik.said" "$tmp/mola.said"
}
hosts_alike() {
	python3 tests/drive/weighted.py hosts "$front" >"$tmp/traefik.said" && python3 tests/drive/weighted.py hosts "$mola" >"$tmp/mola.said" || return 1
	sed 's/^/# /' "$tmp/mola.said"
	diff "$tmp/traefik.said" "$tmp/mola.said" && grep -qx "named.test $one:9000" "$tmp/mola.said" && grep -qx "kept.test kept.test" "$tmp/mola.said"
}
near() { python3 tests/drive/weighted.py near "$1" "$2" "$front" "$mola"; }
# both_give SAID: of 8 requests to by.test, who responded
both_give() { [ "$(ask "$front" by.test 8)" = "$1" ] && [ "$(ask "$mola" by.test 8)" = "$1" ]; }
cookie_of() { printf 'at=%s' "$(printf '%s' "$1" | sha256sum | cut -c1-16)"; }
given() {
	ask "$1" sticky.test 2 >"$tmp/given"
	grep -qF "$(cookie_of one); Path=/; HttpOnly" "$tmp/given" && grep -qF "$(cookie_of two); Path=/; HttpOnly" "$tmp/given"
}
none() { ask "$1" safe.test 2 | grep -q '^safe.test 503x2 ' && ask "$1" by.test 2 | grep -q '^by.test 503x2 '; }

start tasks python3 tests/drive/weighted.py tasks "$tmp/down" "$one" "$two"
must "a task responds" within 20 curl -s -f -o "$tmp/page" "http://$two:9000/"
must "Traefik reads its file" traefik_start --providers.file.filename="$tmp/dynamic.yml"
must "Mola starts" mola_start
must "both serve by weight" within 30 near by.test 8
check "400 requests are divided alike" near by.test 400
check "so they are where one leads to another" near deep.test 40
check "as long as the first can be used, the fallback gets nothing" alike safe.test 10
check "Traefik's cookies are those of services' names" given "$front"
check "Mola's are the same" given "$mola"
for name in one two; do
	check "a cookie of $name keeps its client there, in both" alike sticky.test 10 "$(cookie_of $name)"
done
check "tasks get the Host that is meant" hosts_alike

: >"$tmp/down/$one"
must "what cannot be used is left out" within 30 both_give "by.test $two=8 200x8 cookies: None"
check "and the fallback has its requests" within 30 alike safe.test 10
check "also those of a way that leads there" alike deep.test 10
check "a cookie of what is gone is replaced" alike sticky.test 4 "$(cookie_of one)"
: >"$tmp/down/$two"
check "when nothing is left, Traefik responds with 503" within 30 none "$front"
check "and so does Mola" within 30 none "$mola"
rm "$tmp/down/$one" "$tmp/down/$two"
must "all comes back" within 30 near by.test 8
check "the first service has its requests again" within 30 alike safe.test 10
check "Mola ends in order" mola_stop
