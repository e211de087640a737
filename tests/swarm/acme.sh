# Three Molas, each through the manager of its own node, share ACME in Swarm's raft: one of them orders, the CA asks another one,
# all serve the certificate, and a session that begins at one goes on at another; a fourth has all that at once. What happens when
# one is killed is in acme_kills.sh.
. tests/swarm/molas

challenge=http-01
names="one.example.org two.example.org three.example.org"
must "Pebble runs" pebble_start "$net.201" 5002 5001
pebble_dns add-a "{\"host\": \"two.example.org\", \"addresses\": [\"$net.202\"]}"
pebble_dns add-a "{\"host\": \"three.example.org\", \"addresses\": [\"$net.203\"]}"
event=$(now)
for n in 1 2 3; do mola_n $n node$n; done
all_have_all() { local name; for name in $names; do all_have "$name" "$@" || return 1; done; }
check "three Molas have three certificates, the same" within 60 all_have_all 1 2 3
bench issued "$(since "$event")" s
check "by one order each" test "$(pebble_orders)" = 3
check "with one account" test "$(configs account | wc -l)" = 1
check "and one key of session tickets" test "$(configs tickets | wc -l)" = 1
check "one Mola ordered, and each answered the CA" test "$(grep -l acme.order_made "$tmp"/mola-*.log | wc -l)" = 1

for name in $names; do echo $name; done >"$tmp/served"
handshakes_start 4
event=$(now)
away 4 "$event"
mola_n 4 node2
must "a fourth has them" within 20 all_have_all 1 4
bench fourth "$(since "$event")" s
check "without an order" test "$(pebble_orders)" = 3

check "it has refused none of them from its first moment" handshakes_stop
# handshake N NAME [OPTION...]: with the Nth Mola
handshake() { local n=$1 name=$2; shift 2; openssl s_client -connect "$net.$((200 + n)):5001" -servername "$name" -CAfile "$tmp/pebble.pem" -verify_return_error -tls1_2 "$@" </dev/null 2>&1; }
served() { local n; for n in 1 2 3 4; do handshake $n "$1" | grep -q 'Verify return code: 0' || return 1; done; }
for name in $names; do check "all serve $name" within 20 served $name; done
resumed() { handshake 1 one.example.org -sess_out "$tmp/session" >/dev/null && handshake 4 one.example.org -sess_in "$tmp/session" | grep -q '^Reused'; }
check "a session of the first goes on at the fourth" within 20 resumed

for n in 1 2 3 4; do stop "mola-$n"; done
check "no sanitizer has found anything" eval '! grep -lE "Sanitizer|runtime error:" "$tmp"/mola-*.log'
