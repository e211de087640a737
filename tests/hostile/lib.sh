# What the stories of tests/hostile have in common besides tests/story.sh; tests/hostile/run reads it. A story has $net, the first
# three numbers of addresses that are its own: tasks .1 and up, Mola .200.
. tests/story.sh

suite=hostile
front=$net.200:8080

tell() {
	api /api/v1/services | jq -c '.services[]'
	api /api/v1/tasks | jq -c '.tasks[]'
}
# mola_conf SERVICES [LINE...]: $tmp/mola.yaml with nodes n1 n2 n3 of 2 cores each, which nobody samples; SERVICES is a YAML list
mola_conf() {
	local services=$1
	shift
	{
		printf 'listen: "%s"\nadmin: { address: "%s.200:8000", socket: %s/admin.sock }\n' "$front" "$net" "$tmp"
		printf 'nodes: [ { name: n1, cores: 2 }, { name: n2, cores: 2 }, { name: n3, cores: 2 } ]\n'
		printf 'services:\n%s\n' "$services"
		[ $# = 0 ] || printf '%s\n' "$@"
	} >"$tmp/mola.yaml"
}
