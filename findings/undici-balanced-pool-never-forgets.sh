#!/bin/bash
# undici 7.30.2, the HTTP client of Node.js: in a BalancedPool, an upstream that was away once gets one request in seven for as long as its connection lasts.
#
# Expected: upstreams of a BalancedPool share the requests; one that refuses connections is asked less, and when it answers again it gets its half of
#           two within some requests, as with any balancer that does not say otherwise. The documentation knows of no weights at all.
# Seen:     each refused connection takes 15 off a weight of 100, down to 1, and what gives 15 back is a new connection, not an answer. So an upstream that
#           is back stands at 16 beside 100 after its first request; its connection is kept, no other is opened, and nothing more comes: 14 % for the
#           thousandth request as for the first.
# For Mola: what a task that is back has to prove is bounded in time (slow_start), and counted in responses.
set -u
version=7.30.2
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
give_up() { echo "cannot be tried: $*"; exit 2; }
command -v npm >/dev/null && node -e 'process.exit(Number(process.versions.node.split(".")[0]) >= 20 ? 0 : 1)' || give_up "needs npm and Node.js 20"
(cd "$dir" && npm install --silent --no-audit --no-fund --prefix . undici@$version >npm.log 2>&1) || give_up "undici $version cannot be installed"
cat >"$dir/try.js" <<'END'
const http = require('http')
const { BalancedPool } = require('undici')

function upstream(address, port) {
  const server = http.createServer((_, response) => response.end(address))
  server.keepAliveTimeout = 600000
  return new Promise(resolve => server.listen(port, address, () => resolve(server)))
}

function end(server) {
  return new Promise(resolve => { server.close(resolve); server.closeAllConnections() })
}

async function main() {
  const net = process.argv[2]
  const first = await upstream(net + '.1', 8080)
  let second = await upstream(net + '.2', 8080)
  const origins = [1, 2].map(i => `http://${net}.${i}:8080`)
  const pool = new BalancedPool(origins, { keepAliveTimeout: 600000, keepAliveMaxTimeout: 600000 })
  async function round(what, n) {
    const count = { first: 0, second: 0, refused: 0 }
    for (let i = 0; i < n; i++) {
      try {
        const { body } = await pool.request({ path: '/', method: 'GET' })
        count[(await body.text()).endsWith('.1') ? 'first' : 'second']++
      } catch (e) {
        if (e.code !== 'ECONNREFUSED') throw e
        count.refused++
      }
    }
    console.log(what, count.first, count.second, count.refused)
  }
  await round('both', 1000)
  await end(second)
  await round('away', 1000)
  second = await upstream(net + '.2', 8080)
  await round('back', 1000)
  await round('later', 1000)
  await pool.destroy()
  await end(first)
  await end(second)
}

main()
END
timeout 120 node "$dir/try.js" "127.93.$(($$ % 250))" >"$dir/seen" 2>"$dir/log" || { tail -9 "$dir/log"; give_up "it did not run"; }
echo "undici $version, two upstreams of a BalancedPool, a thousand requests at a time; answered by the first, by the second, refused:"
while read -r what first second refused; do
	echo "  $what: $first $second $refused"
	case $what in
	both) good=$((second == 500 && refused == 0)) ;;
	away) good=$((second == 0 && refused > 0 && refused < 30)) ;;
	back | later) good=$((second > 50 && second < 200 && refused == 0)) ;;
	esac
	[ "$good" = 1 ] || { echo "  changed"; failed=1; }
done <"$dir/seen"
[ "$(wc -l <"$dir/seen")" = 4 ] && [ -z "${failed:-}" ]
