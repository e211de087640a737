# A move that cannot succeed: no other node has room for the task. The old one serves on, and after mover.patience everything is
# as it was; the managers, too.
said() { api_is /api/v1/events "[.events[] | select(.event == \"$1\")] | length > 0"; }

mola_up "mover: { dwell: 3s, cool_down: 5s, patience: 8s }"
serve web 1 --label mola.migrate=true --reserve-memory 600M
must "the one task is served" within 40 agree web 1
from=$(place)
dk service create -d -q --no-resolve-image --name filler --mode global --constraint "node.hostname!=$from" --reserve-memory 600M $image >/dev/null
within 30 fresh
before=$(spec web)
load_start web.test 20
start_on "$from" hog "$B/real/hog" 2
check "a move begins" within 60 said mover.moving
check "and is given up" within 40 said mover.given_up
check "nothing is left in its specification" within 10 spec_kept
check "the task is where it was" test "$(place)" = "$from"
check "and the only one" run_on web 1
load_stop
grep 'event=mover' "$tmp/mola.log" | sed 's/^/# /'
check "the managers live" nodes_ready
check "Mola ends in order" mola_stop
