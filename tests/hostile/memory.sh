# A memory limit is reached in the middle of 4000 half-heads: they give way, and nobody else loses anything, by plain HTTP or by TLS. The
# worker lives and takes a new table. Sanitizers want more address space than any limit leaves them, so this wants a build without.
plain=$MOLA
if grep -qa __asan_init "$MOLA"; then plain=build/release/mola; fi
[ -x "$plain" ] || skip "there is no build without sanitizers ($plain)"
MOLA=$plain

start task python3 tests/hostile/task.py "$net.1:8081"
must "the task listens" within 20 curl -s -o /dev/null --max-time 2 "http://$net.1:8081/"
mola_conf "  - { name: web, tasks: [ { node: n1, address: \"$net.1:8081\" } ] }" 'workers: 1' "user: $(id -un)" 'clients: { max: 8192, max_per_address: 0, head: 5m, min_rate: 0 }'
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$tmp/web.key" -out "$tmp/web.crt" -days 2 \
    -subj /CN=web -addext "subjectAltName=IP:$net.200" 2>"$tmp/openssl.log"
sed -i "s|^listen: .*|listen: [ '$front', { address: '$net.200:8443', tls: true } ]|" "$tmp/mola.yaml"
echo "tls: { certificates: [ { cert: $tmp/web.crt, key: $tmp/web.key } ] }" >>"$tmp/mola.yaml"
must "Mola is up" mola_start

ask() {		# ask COUNT [URL]: each on a connection of its own; how many failed
	local n failed=0
	for n in $(seq "$1"); do
		curl -sk -o /dev/null -f --max-time 10 "${2:-http://$front}/$n" || failed=$((failed + 1))
	done
	echo $failed
}
worker=$(pgrep -P "${pid[mola]}" -x worker-0)
must "it serves" [ "$(ask 20)" = 0 ]

# A thousand half-heads are some 20 MB.
space=$(awk '/^VmSize/ { print $2 * 1024 }' "/proc/$worker/status")
must "the worker may have 24 MB more than it has" prlimit --pid "$worker" --as=$((space + 24 * 1024 * 1024))
start crowd python3 tests/hostile/half_heads.py "$front" 4000 "$net.50" 120
giving_way() { [ "$(why_count memory_gave_way)" -gt 100 ]; }
must "half-heads give way" within 60 giving_way
lost=$(ask 200)
check "others lose $lost of 200 meanwhile" [ "$lost" = 0 ]
bench failed-memory "$lost" requests
lost=$(ask 20 "https://$net.200:8443")
check "and $lost of 20 by TLS" [ "$lost" = 0 ]
check "who gives way is told so" grep -q "told b'memory_gave_way" "$tmp/crowd.log"
drained() { mola_drain n3 && grep -q 'event=table.published serial=[2-9]' "$tmp/mola.log"; }
check "a table is published meanwhile" within 10 drained
check "the worker is the same" [ "$(pgrep -P "${pid[mola]}" -x worker-0)" = "$worker" ]
bench gave-way "$(why_count memory_gave_way)" half-heads
stop crowd KILL
served() { [ "$(ask 1)" = 0 ]; }
check "when the crowd has gone, clients are served" within 20 served
lost=$(ask 100)
check "all of them ($lost of 100 failed)" [ "$lost" = 0 ]
check "the worker is still the same" [ "$(pgrep -P "${pid[mola]}" -x worker-0)" = "$worker" ]
check "Mola ends well" mola_stop
