# Mirrored services: a real Traefik with a file of its own, and Mola, before the same tasks, which note what they get.
[ -x build/peers/traefik ] || skip "there is no build/peers/traefik; tools/peers traefik makes it"
needs python3
mola=$net.200:8080 one=$net.1 two=$net.2 three=$net.3
balancer() { printf '{ loadBalancer: { %sservers: [ { url: "http://%s:9000" } ] } }' "${2:-}" "$1"; }
cat >"$tmp/dynamic.yml" <<E
http:
  middlewares:
    below: { addPrefix: { prefix: /below } }
    door: { basicAuth: { users: [ "u:{SHA}UWuXg/ylF+7L0dBk2i0WUxCxl1k=" ] } }
  routers:
$(for n in all part small bodiless named nested broken half; do printf '    %s: { rule: "Host(`%s.test`)", service: %s%s }\n' $n $n $n "$([ $n = all ] && echo ', middlewares: [ below ]'; [ $n = half ] && echo ', middlewares: [ door ]')"; done)
  services:
    one: $(balancer "$one")
    two: $(balancer "$two")
    three: $(balancer "$three" "passHostHeader: false, ")
    gone: $(balancer "$net.9")
    all: { mirroring: { service: one, mirrors: [ { name: two, percent: 100 } ] } }
    part: { mirroring: { service: one, mirrors: [ { name: two, percent: 25 }, { name: three, percent: 10 } ] } }
    small: { mirroring: { service: one, maxBodySize: 1000, mirrors: [ { name: two, percent: 100 } ] } }
    bodiless: { mirroring: { service: one, mirrorBody: false, mirrors: [ { name: two, percent: 100 } ] } }
    named: { mirroring: { service: one, mirrors: [ { name: three, percent: 100 } ] } }
    nested: { weighted: { services: [ { name: all, weight: 1 }, { name: one, weight: 1 } ] } }
    half: { mirroring: { service: one, mirrors: [ { name: two, percent: 50 } ] } }
    broken: { mirroring: { service: one, mirrors: [ { name: gone, percent: 100 }, { name: two, percent: 100 } ] } }
E
cat >"$tmp/mola.yaml" <<E
listen: "$mola"
admin: { address: "$net.200:8000", socket: $tmp/admin.sock }
workers: 1
nodes: [ { name: n } ]
middlewares: { below: { addprefix: { prefix: /below } }, door: { basicauth: { users: "u:{SHA}UWuXg/ylF+7L0dBk2i0WUxCxl1k=" } } }
services:
  - { name: one, tasks: [ { node: n, address: "$one:9000" } ] }
  - { name: two, tasks: [ { node: n, address: "$two:9000" } ] }
  - { name: three, pass_host: false, tasks: [ { node: n, address: "$three:9000" } ] }
  - { name: gone, tasks: [ { node: n, address: "$net.9:9000" } ] }
  - { name: all, host: all.test, middlewares: below, mirroring: { service: one, body_max: 64m, mirrors: [ { service: two } ] } }
  - { name: part, host: part.test, mirroring: { service: one, mirrors: [ { service: two, percent: 25 }, { service: three, percent: 10 } ] } }
  - { name: small, host: small.test, mirroring: { service: one, body_max: 1000, mirrors: [ { service: two } ] } }
  - { name: bodiless, host: bodiless.test, mirroring: { service: one, body: false, mirrors: [ { service: two } ] } }
  - { name: named, host: named.test, mirroring: { service: one, mirrors: [ { service: three } ] } }
  - { name: nested, host: nested.test, weighted: [ { service: plain }, { service: one } ] }
  - { name: plain, mirroring: { service: one, mirrors: [ { service: two } ] } }
  - { name: half, host: half.test, middlewares: door, mirroring: { service: one, mirrors: [ { service: two, percent: 50 } ] } }
  - { name: broken, host: broken.test, mirroring: { service: one, mirrors: [ { service: gone }, { service: two } ] } }
E
# seen ADDRESS COMMAND...: what the tasks have got of these requests, once that is as much as the command expects
seen() { python3 tests/drive/mirroring.py "$2" "$1" "$tmp/seen" "${@:3}"; }
# alike COMMAND...: both give the same
alike() {
	seen "$front" "$@" >"$tmp/traefik.said" || { echo "# Traefik:"; sed 's/^/# /' "$tmp/traefik.said"; return 1; }
	seen "$mola" "$@" >"$tmp/mola.said" || { sed 's/^/# /' "$tmp/mola.said"; return 1; }
	sed 's/^/# /' "$tmp/mola.said"
	diff "$tmp/traefik.said" "$tmp/mola.said"
}
copies() { curl -s "http://$net.200:8000/metrics" | sed -n "s/^mola_mirrored_requests_total{outcome=\"$1\"} //p"; }
counted() { [ "$(copies "$1")" = "$2" ]; }

: >"$tmp/seen"
start tasks python3 tests/drive/mirroring.py tasks "$tmp/seen" "$one" "$two" "$three"
must "a task responds" within 20 curl -s -f -o "$tmp/page" "http://$two:9000/"
must "Traefik reads its file" traefik_start --providers.file.filename="$tmp/dynamic.yml"
must "Mola starts" mola_start
check "a copy is as its request, behind its middlewares" alike get all.test 1
check "of 40 requests, mirrors get their percent" alike get part.test 40
check "requests that a middleware refuses do not count" alike refused half.test 8
check "a body is copied" alike post all.test 5000
check "a large one, too" alike post all.test 3000000
check "and one in chunks" alike chunks all.test 5000
check "a body of the greatest size is copied" alike post small.test 1000
check "one that is larger is not, and its request goes on" alike post small.test 1001
check "nor one in chunks" alike chunks small.test 5000
check "a mirror may get its task's address as Host" alike get named.test 2
check "half of a service's requests may be mirrored" alike get nested.test 10
check "a mirror that cannot be reached is of no concern to the others" alike get broken.test 3
check "a HEAD request's copy is one, too" alike head all.test 1
check "copies may go without bodies" seen "$mola" bodiless bodiless.test 5000
check "the copies are counted" within 20 counted skipped 2
check "those that failed, too" within 20 counted failed 3
check "a client waits for no mirror" seen "$mola" slow all.test
check "a client that leaves in its body has no copy" seen "$mola" leave all.test
check "that is counted" within 20 counted skipped 3
check "100 copies at once reach their mirror" seen "$mola" many all.test 100
"$MOLA" services --admin "unix:$tmp/admin.sock" >"$tmp/services" 2>&1
check "mola says where copies go" grep -q "copies to two (100 %)" "$tmp/services"
check "Mola ends in order" mola_stop
