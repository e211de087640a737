# 4000 connections with half a head each: tens of megabytes. They close, and within a minute the worker has given the memory back.
# The program is the one that people run: the sanitizers keep freed memory themselves.
as_people_run_it() { make -s -j2 MODE=release build/release/mola >"$tmp/make.log" 2>&1; }
must "Mola is built as people run it" as_people_run_it
MOLA=$PWD/build/release/mola
mola_conf "  - { name: web, path: /, tasks: [ { node: n1, address: '$net.1:80' } ] }" 'workers: 1' \
    'clients: { max: 8000, head: 5m }'
must "Mola starts" mola_start
worker=$(pgrep -P "${pid[mola]}" -x worker-0)
resident() { sed -n 's/^VmRSS:[[:space:]]*\([0-9]*\) kB/\1/p' "/proc/$worker/status"; }
opened() { grep -q open "$tmp/clients.said"; }
holds() { [ "$(resident)" -gt $((at_first + 20000)) ]; }
back() { [ "$(resident)" -lt $((at_first + 8000)) ]; }

at_first=$(resident)
mkfifo "$tmp/word"
python3 tests/hostile/memory_back.py "$net.200" 8080 "$net" 4000 <"$tmp/word" >"$tmp/clients.said" 2>"$tmp/clients.log" &
pid[clients]=$!
exec 8>"$tmp/word"
must "4000 half-heads are there" within 60 opened
check "each holds a page" within 30 holds
at_most=$(resident)
exec 8>&-
closed=$EPOCHREALTIME
check "a minute later the memory is back" within 60 back
bench kept $(($(resident) - at_first)) "KiB of $((at_most - at_first))"
bench after "$(awk -v a="$closed" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f", b - a }')" s
check "Mola ends in order" mola_stop
