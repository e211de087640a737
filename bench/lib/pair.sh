# pair: proxies side by side, one after another under the same load, and what their ratios are worth. Sourced by
# bench/proxy and bench/neighbours, which have $dir, $suite, $before and $tick.

ulimit -Sn "$(ulimit -Hn)"
names='' pids=() programs=0
declare -A pid at

# Two cores or more: the proxy has one to itself.
on_own='' on_other=''
if command -v taskset >/dev/null && taskset -c 0,1 true 2>/dev/null; then
	on_own="taskset -c 1" on_other="taskset -c 0"
fi

# Whose HAProxy and nginx: this machine's, or those of the suite's root, which sees our configuration.
peer=(env)
[ -z "$suite" ] || peer=(tools/root "$suite" --bind "$dir" --)
peers_ready() {
	# curl and lib*: what Mola itself wants, where it runs there, too
	[ -z "$suite" ] || tools/root "$suite" --install "haproxy nginx-light curl libjansson4 libyaml-0-2 libseccomp2" true || exit 1
}
versions() {
	"${peer[@]}" haproxy -v | sed -n 's/^HAProxy version \([^ ]*\).*/# HAProxy \1/p'
	"${peer[@]}" nginx -v 2>&1 | sed 's,.*nginx/,# nginx ,'
	[ -z "$before" ] || echo "# before: $("$before" version)"
}

start() {		# start COMMAND...: in the background, to be stopped at the end
	"$@" >>"$dir/log" 2>&1 &
	pids+=($!)
}
stop() {
	[ ${#pids[@]} = 0 ] || kill "${pids[@]}" 2>/dev/null
	wait 2>/dev/null
}
contend() {		# contend NAME ADDRESS COMMAND...: one more proxy, and it answers
	local name=$1
	at[$name]=$2
	shift 2
	start $on_own "$@"
	pid[$name]=$!
	names="$names $name"
	for _ in $(seq 100); do
		curl -sf -o /dev/null "http://${at[$name]}/" && return
		sleep .1
	done
	echo "$name does not respond; its last lines:" >&2
	tail -n 5 "$dir"/*log >&2
	exit 1
}

family() {		# a process and all its descendants
	local p
	echo "$1"
	for p in $(cat "/proc/$1/task/$1/children" 2>/dev/null); do family "$p"; done
}
spent() {		# microseconds of CPU time of the family: what the scheduler counts, or ticks where it does not
	local p t f sum=0
	for p in $(family "$1"); do
		if [ -r "/proc/$p/schedstat" ]; then
			for t in /proc/"$p"/task/*/schedstat; do read -r f _ <"$t" && sum=$((sum + f / 1000)); done
		else
			read -r f <"/proc/$p/stat" && f=(${f##*) }) && sum=$((sum + (f[11] + f[12]) * 1000000 / tick))
		fi
	done
	echo $sum
}

median() { sort -n | awk '{ v[NR] = $1 } END { printf "%.3f\n", NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }
# The median of values, and its interval at 95 %: the k-th of them from either end, by the binomial distribution.
interval() {
	sort -n | awk '
		{ v[NR] = $1 }
		END {
			n = NR; p = 0.5 ^ n; below = p
			for (k = 0; 2 * below <= .05 && k < n / 2; below += p) { k++; p *= (n - k + 1) / k }
			if (k == 0) k = 1
			printf "%.3f (%.3f-%.3f)\n", n % 2 ? v[(n + 1) / 2] : (v[n / 2] + v[n / 2 + 1]) / 2, v[k], v[n + 1 - k]
		}'
}
