# One task on a node that something else burns: it moves by itself, start-first, to the coldest node, and nobody notices;
# no trace is left in its specification. A Mola that is killed in the middle cleans up in its next life. A hog that
# wanders is not followed about.
events() { api /api/v1/events | jq -r '.events[].event' | grep -c "^$1\$"; }
why() { api "/api/v1/why?service=web" | jq -r ".mover.$1"; }
settled_elsewhere() { [ "$(running web | wc -l)" = 1 ] && [ "$(place)" != "$1" ]; }
marked() { [ "$(engine /services/web | jq -r '.Spec.Labels["mola.moving"] != null')" = true ]; }
hog() { start_on "$1" "hog-$1" "$B/real/hog" 2; }
unhog() { stop "hog-$1" KILL; }

rules="mover: { dwell: 3s, cool_down: 15s, patience: 60s }"
mola_up "$rules"
serve web 1 --label mola.migrate=true
check "the one task is served" within 40 agree web 1
within 30 fresh
before=$(spec web)
from=$(place)
for n in $nodes; do [ "$n" = "$from" ] || warm=$n; done
for n in $nodes; do case $n in "$from" | "$warm") ;; *) cold=$n ;; esac; done
load_start web.test 20
start_on "$warm" hog-warm sh -c 'while :; do timeout 0.04 sh -c "while :; do :; done"; sleep 0.15; done'
within 30 api_is "/api/v1/why?service=web" '.mover.refusal == "not_hot"' || echo "# $(why text)"
begun=$(now)
hog "$from"
check "it leaves the hot node ($from)" within 60 settled_elsewhere "$from"
bench move "$(since "$begun")" s
check "for the coldest ($cold), not for the lukewarm one ($warm): $(place)" test "$(place)" = "$cold"
check "the table follows" within 10 agree web 1
check "nothing is left in its specification" within 30 spec_kept
load_goes_on
load_stop
check "it was said once" test "$(events mover.moving)" = 1 -a "$(events mover.done)" = 1
grep 'event=mover' "$tmp/mola.log" | sed 's/^/# /'
unhog "$from"
stop hog-warm KILL

# killed in the middle
hog "$cold"
check "the next move begins" within 90 marked
stop mola KILL
check "the dead leave their label" marked
start_on lan mola "$MOLA" run "$tmp/mola.yaml"
check "the next Mola takes it away" within 60 spec_kept
check "and the task is one again" within 30 run_on web 1
unhog "$cold"

# a hog that wanders between two nodes
within 20 healthy
moves=$(events mover.moving)
for i in 1 2 3 4; do
	at=$(place)
	other=$from
	[ "$at" != "$from" ] || other=$cold
	n=$at
	[ $((i % 2)) = 1 ] || n=$other
	hog "$n"
	sleep 8
	unhog "$n"
done
moves=$(($(events mover.moving) - moves))
check "a wandering hog is not followed about: $moves moves" test "$moves" -le 1
within 60 spec_kept
check "and nothing is left" spec_kept
check "Mola ends in order" mola_stop
