# What becomes of shared certificates when a node changes: its Engine starts again, it is demoted, it is a worker from the start, it
# waits to be unlocked, and all of them have a backup restored. What Molas have is served all the time, what is issued once is not
# ordered again, and the log says what is missing. Part of `make test-long` alone.
. tests/swarm/molas

log_of() { grep -q -- "$2" "$tmp/mola-$1.log"; }		# log_of N REGEX
orders_stay() { [ "$(pebble_orders)" = "$orders" ]; }
on_disk() { echo "${SWARM_STATE:-$TMPDIR/$SWARM_NAME}/$1/docker/swarm"; }	# raft's, of a node
engines() { local n; for n in $nodes; do "$swarm" "engine-$1" "$n"; done; }

names=k0.example.org
must "Pebble runs" pebble_start "$net.201" 5002 5001
for n in 1 2 3; do mola_n $n node$n; done
must "three Molas have a certificate, the same" within 40 all_have k0.example.org 1 2 3
echo k0.example.org >"$tmp/served"
handshakes_start 1 2 3
orders=$(pebble_orders)

# ---- an Engine that starts again ----
"$swarm" engine-stop node2
check "its Mola says that the store is away" within 60 log_of 2 'event=acme.store_trouble'
"$swarm" engine-start node2
check "and that it is back" within 120 log_of 2 'event=acme.store_good'
check "it was never taken for a worker's" eval '! log_of 2 acme.not_shared'
check "nothing was ordered" orders_stay

# ---- a manager that is demoted, and a Mola that begins on a worker ----
dk node demote node3 >/dev/null
check "its Mola says that it is no manager" within 60 log_of 3 'event=acme.store_trouble.*why=engine_client'
check "and serves what it has" during 5 serial 3 k0.example.org
check "it does not change to a directory" eval '! log_of 3 acme.not_shared'
check "nothing was ordered" orders_stay
mola_n 4 node3
check "one that begins there uses a directory, after a minute" within 150 log_of 4 'event=acme.not_shared'
check "and orders what it needs" within 60 serial 4 k0.example.org
orders=$(pebble_orders)
dk node promote node3 >/dev/null
must "the node is a manager again" within 90 nodes_ready
check "both share again, which is said" within 120 log_of 4 'event=acme.shared'
check "and the first" within 60 log_of 3 'event=acme.store_good'
check "with what they had" all_have k0.example.org 1 2 3
check "nothing was ordered for it" orders_stay
stop mola-4

# ---- autolock ----
dk swarm update --autolock=true >/dev/null
key=$(dk swarm unlock-key -q)
"$swarm" engine-stop node2
"$swarm" engine-start node2
check "an Engine that is locked is said to be so" within 90 log_of 2 'event=acme.store_trouble.*unlock'
check "its Mola serves what it has" during 5 serial 2 k0.example.org
names="$names k1.example.org"
mola_names 1 2 3
check "the others get another certificate" within 120 all_have k1.example.org 1 3
check "it is unlocked" eval '"$swarm" docker node2 swarm unlock <<<"$key"'
check "and gets that, too" within 120 all_have k1.example.org 1 2 3
dk swarm update --autolock=false >/dev/null
must "the nodes are ready" within 90 nodes_ready
unlocked() { ! cat "$(on_disk node1)/certificates/swarm-node.key" "$(on_disk node2)/certificates/swarm-node.key" "$(on_disk node3)/certificates/swarm-node.key" 2>/dev/null | grep -q ENCRYPTED; }
must "no key on a disk is locked any more" within 60 unlocked
check "no directory was used" eval '! log_of 2 acme.not_shared'

# ---- a backup that is older than a certificate, and than the secret ----
engines stop
for n in $nodes; do cp -a "$(on_disk "$n")" "$tmp/raft-$n"; done
engines start
must "the nodes are back" within 120 nodes_ready
check "a certificate is renewed" eval 'within 60 "$MOLA" certs renew --admin "unix:$tmp/1/admin.sock" acme:k0.example.org'
old=$(serial 1 k0.example.org)
renewed() { [ "$(serial 1 k0.example.org)" != "$old" ] && all_have k0.example.org 1 2 3; }
check "all have it" within 120 renewed
new=$(serial 1 k0.example.org) orders=$(pebble_orders)
cp "$tmp/secret" "$tmp/secret.old"
openssl rand -base64 32 >"$tmp/secret.new"
for n in 1 2 3; do sed -i "s,^  secret:.*,  secret: [ $tmp/secret.new\, $tmp/secret.old ]," "$tmp/$n/mola.yaml"; kill -HUP "${pid[mola-$n]}"; done
check "with another secret, too" within 60 renewed
engines stop
for n in $nodes; do rm -rf "$(on_disk "$n")"; cp -a "$tmp/raft-$n" "$(on_disk "$n")"; done
engines start
must "the backup is restored" within 120 nodes_ready
stays() { [ "$(serial 1 k0.example.org)" = "$new" ] && all_have k0.example.org 1 2 3; }
check "the newer certificate stays in force" during 20 stays
check "nothing was ordered" orders_stay
mola_n 4 node1
check "one that begins knows the backup's" within 60 serial 4 k0.example.org
check "and serves one that is valid" eval '[ "$(serial 4 k0.example.org)" = "$old" ]'
stop mola-4
sed -i "s,^  secret:.*,  secret: $tmp/secret.new," "$tmp/1/mola.yaml"
kill -HUP "${pid[mola-1]}"
check "without the backup's secret that is said" within 60 log_of 1 'event=acme.store_trouble.*why=store_foreign'
check "and what there is is served" within 10 serial 1 k0.example.org
check "nothing is ordered" during 5 orders_stay

check "no handshake failed at any time" handshakes_stop
for n in 1 2 3; do stop "mola-$n"; done
check "no sanitizer has found anything" eval '! grep -lE "Sanitizer|runtime error:" "$tmp"/mola-*.log'
