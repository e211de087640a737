# A Prometheus that is down, slow, half-empty or lying, about time above all. It is always said, nothing fails, and traffic is
# shared no worse than without it: the nodes are in truth alike, so each must get its part whatever the liar says of them, once its word is
# old. Time runs fast here: a period of half a second, and words are old after two.
nodes_start "4 4 4"
must "nodes are up" test -s "$tmp/page"
must "the liar is up" liar_start liar "$net.91:9090"
truth() { for i in 1 2 3; do echo "$net.$i:9100 $1 30 0.2"; done >"$tmp/liar/truth.new"; mv "$tmp/liar/truth.new" "$tmp/liar/truth"; }
slander() { printf '%s.1:9100 0 10 0.2\n%s.2:9100 100 99 0.2\n%s.3:9100 100 99 0.2\n' "$net" "$net" "$net" >"$tmp/liar/truth.new"; mv "$tmp/liar/truth.new" "$tmp/liar/truth"; }
truth 20
lie liar
section="  servers: [ $net.91:9090 ]
  period: 500ms
  timeout: 700ms
  max_age: 2s"
mola_conf "$section"
must "Mola is up" mola_start
seen() { nodes_are '.source == "prometheus" and .state == "fresh" and .why == null and .cores == 4'; }
must "it is believed while it is honest" within 20 seen
load_start 120 0.01

query_is() { api_is /api/v1/prometheus ".queries[] | select(.name == \"$1\") | $2"; }
told() { within 15 nodes_are ".why == \"$1\""; }
honest() { lie liar; check "$1: honest again, believed again" within 30 seen; }
# Equal nodes, equal parts: what anybody would do who knows nothing.
fair() {
	local s
	s=$(shares 3)
	echo "# shares, $1: $s"
	check "$1: each node gets its part" holds "$s | .n1 > .1 and .n2 > .1 and .n3 > .1"
}

# --- what is no answer ---
for words in "refuse prom_refused" "denied prom_refused" "html prom_syntax" "cut prom_syntax" "mute prom_gone" "slow:2 prom_gone"; do
	set -- $words
	lie liar "${1/:/ }"
	check "$1: told as $2" told "$2"
	check "$1: the server is said to have failed" within 5 api_is /api/v1/prometheus ".servers[0] | .state == \"failed\" and .why == \"$2\""
done
honest "mute"

# --- what is no answer to this question ---
for words in "fault prom_query" "matrix prom_shape" "empty prom_empty" "strange prom_unkeyed" "nan prom_nan" "twice prom_duplicate" "percent:90 prom_range"; do
	set -- $words
	lie liar "${1/:/ }"
	check "$1: told as $2" told "$2"
done
lie liar warn
check "a warning is told, and what came is believed" within 15 query_is cpu '.warning == "a store did not answer" and .state == "ok"'
lie liar half
check "half-empty: the missing are said to be" within 15 node_is n2 '.why == "prom_absent"'
check "half-empty: the others are believed" within 5 nodes_are 'if .name == "n2" then true else .why == null and .state == "fresh" end'
honest half-empty

# --- time ---
lie liar skew 86400
check "a clock of its own is no lie" during 4 seen
lie liar
check "a clock that is set back a day is told" told prom_stale
check "and believed when it has moved on for half a minute" within 45 seen

slander					# n1 alone is free, it says, from now on
lie liar slow 0.4
check "slow: it is believed, with the age that it has" within 20 node_is n2 '.busy == 4 and .age_seconds >= 0.4'
truth 20
honest slow

slander
leans() { holds "$(shares 1) | .n1 > .8"; }
check "slander is believed while it is fresh" within 20 leans
lie liar frozen
check "frozen: an answer that is always the same is told" told prom_stale
check "frozen: with the reason" within 10 nodes_are '.detail | test("stored copy")'
check "frozen: nodes are blind" within 40 nodes_are '.state == "blind"'
fair frozen
lie liar old 100
check "old: told" told prom_stale
check "old: with its age" within 10 nodes_are '.detail | test("seen 1[0-9][0-9] s ago")'
fair old
lie liar future 100
check "future: told" told prom_future
fair future
truth 20
honest future

# --- and back and forth ---
for words in mute frozen half nan "" refuse twice "old 5" ""; do
	lie liar "$words"
	sleep 0.4			# the span of the lie
done
truth 20
honest "all at once"
check "every change was told once" [ "$(grep -c 'event=prometheus.lost' "$tmp/mola.log")" -lt 40 ]
check "nothing failed" none_failed

# --- an own exporter is believed before it ---
mola_conf "$section"
sed -i "s,{ name: n1\, ,&node_exporter: $net.1:29100\, ," "$tmp/mola.yaml"
mola_reload
own() { node_is n1 '.source == "node_exporter" and .state == "fresh"' && node_is n2 '.source == "prometheus"'; }
check "a node's own node_exporter is believed before it" within 20 own
slander
check "whatever it says" during 3 node_is n1 '.source == "node_exporter"'
sed -i "s,$net.1:29100,$net.1:29199," "$tmp/mola.yaml"
mola_reload
check "when that falls silent, Prometheus speaks for the node" within 20 node_is n1 '.source == "prometheus" and .why == null'
lie liar nan
check "and when both do, the node's own is told" within 20 node_is n1 '.why == "metrics_fetch"'

grep -v prometheus: "$tmp/mola.yaml" | grep -v '^  servers\|^  period\|^  timeout\|^  max_age' >"$tmp/without.yaml"
cp "$tmp/without.yaml" "$tmp/mola.yaml"
mola_reload
check "without the section nothing is asked, nor wrong" within 10 node_is n2 '.why == null'
check "nor shown" api_is /api/v1/prometheus '.servers == [] and .queries == []'
stop load TERM
check "Mola ends in order" mola_stop
