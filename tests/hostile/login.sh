# Who may look, from another address than this machine's loopback: tokens by their scopes, users by their passwords. A hundred
# wrong passwords with a slow hash keep the brain from nothing, and a token that a reload takes away ends what it had opened.
far=192.0.2.$((RANDOM % 200 + 10)) port=8017
[ "$(id -u)" = 0 ] || skip "only root can give this machine another address"
ip addr add $far/32 dev lo
trap 'ip addr del $far/32 dev lo; '"$(trap -p EXIT | sed "s/^trap -- '//; s/' EXIT$//")" EXIT
mola_conf "  - { name: web, host: h, tasks: [ { node: n1, address: '$net.1:80' } ] }" 'signals: { period: 200ms }'
hash=$(python3 -W ignore -c 'import crypt; print(crypt.crypt("right", crypt.mksalt(crypt.METHOD_BLOWFISH, rounds=1 << 10)))') ||
	skip "this Python has no crypt"
printf 'ann:%s\n' "$hash" >"$tmp/users"
printf 'token-that-may-write\n' >"$tmp/token"
sed -i "s|^admin: .*|admin:\n  address: '[::]:$port'\n  socket: $tmp/admin.sock\n  users_file: $tmp/users\n  tokens:\n  - { name: show, token: token-that-may-read }\n  - { name: hand, token_file: $tmp/token, scopes: [ read, write ] }|; \
	s|name: n1, cores: 2|name: n1, agent: \"http://$net.1:9101\"|" "$tmp/mola.yaml"
start agent "$MOLA" agent --listen "$net.1:9101"
mola_apart
must "Mola is up" mola_start

# status FROM PATH [OPTION...]: of a request from an address to that address
status() {
	local from=$1 path=$2 to=$1
	shift 2
	case $from in *:*) to="[$from]" ;; esac
	curl -s -g -o "$tmp/body" -w '%{http_code}' --max-time 20 --interface "$from" "$@" "http://$to:$port$path"
}
is() { local want=$1; shift; [ "$(status "$@")" = "$want" ]; }
check "from this machine everyone reads: IPv4 by a listener of IPv6" is 200 127.0.0.1 /api/v1/nodes
check "and IPv6" is 200 ::1 /api/v1/nodes
check "but not what a proxy on it forwards" is 401 127.0.0.1 /api/v1/nodes -H "X-Forwarded-For: $far"
check "nor by a name that the proxy was asked by" is 401 127.0.0.1 /api/v1/nodes -H "Host: $far"
check "from elsewhere nobody reads without a login" is 401 "$far" /api/v1/nodes
for path in /healthz /metrics / /web/app.js /api/v1/session; do check "but $path is there for all" is 200 "$far" $path; done
check "a field in which the client is loopback helps nobody" is 401 "$far" /api/v1/nodes -H 'X-Forwarded-For: 127.0.0.1' -H 'X-Real-IP: ::1'
check "nor does the name localhost" is 401 "$far" /api/v1/nodes -H "Host: localhost:$port"
check "a token reads" is 200 "$far" /api/v1/nodes -H 'Authorization: Bearer token-that-may-read'
check "a user reads, by a password with a slow hash" is 200 "$far" /api/v1/nodes -u ann:right
check "not by another one" is 401 "$far" /api/v1/nodes -u ann:wrong
check "the command line sends the token" eval 'MOLA_TOKEN=token-that-may-read "$MOLA" nodes --admin "http://$far:$port" | grep -q n3'
check "and without one it prints what is missing" eval '! "$MOLA" nodes --admin "http://$far:$port" >"$tmp/said" 2>&1 && grep -q "needs a login" "$tmp/said"'
check "the token that may read does not drain" eval '! MOLA_TOKEN=token-that-may-read "$MOLA" drain --admin "http://$far:$port" n2 >"$tmp/said" 2>&1 && grep -q "may not write" "$tmp/said"'
check "the one that may write does" "$MOLA" drain --admin "http://$far:$port" --token-file "$tmp/token" n2
check "no secret is in the configuration that is shown" eval '! api /api/v1/config | grep -E "token-that|2b.10|ann"'

# ---- guesses ----
fresh() { api_is /api/v1/nodes '.nodes[] | select(.name == "n1") | .age_seconds != null and .age_seconds < 1'; }
must "a node is sampled" within 20 fresh
guesses() {
	local i
	for i in $(seq 100); do curl -s -o /dev/null -w '%{http_code}\n' --max-time 60 --interface "$far" -u "user$i:guess" "http://$far:$port/api/v1/nodes" & done >"$tmp/guessed"
	wait
}
(guesses) &
guessing=$!
asked=0 late=0
while kill -0 $guessing 2>/dev/null; do
	asked=$((asked + 1))
	is 200 "$far" /api/v1/nodes -u ann:right && fresh || late=$((late + 1))
done
wait $guessing
bench asked $asked "while a hundred passwords were guessed"
check "meanwhile those who are known read, and nodes are sampled" [ "$asked" -gt 0 -a $late = 0 ]
check "no guess was right; too many at once are told so" eval '[ "$(wc -l <"$tmp/guessed")" = 100 ] && ! grep -vE "^(401|503)$" "$tmp/guessed"'
check "that somebody guesses is in the log" grep -q "event=admin.refused status=401 client=$far" "$tmp/mola.log"

# ---- a token that is taken away ----
curl -s -N --max-time 60 --interface "$far" -H 'Authorization: Bearer token-that-may-read' -o "$tmp/stream" \
	"http://$far:$port/api/v1/stream?topics=nodes" &
watching=$!
must "the stream runs" within 10 grep -q '^event: nodes' "$tmp/stream"
sed -i '/name: show/d' "$tmp/mola.yaml"
mola_reload
stream_over() { ! kill -0 $watching 2>/dev/null; }
check "after a reload without its token it ends" within 10 stream_over
check "and the token opens nothing more" within 5 is 401 "$far" /api/v1/nodes -H 'Authorization: Bearer token-that-may-read'
check "Mola ends in order" mola_stop
