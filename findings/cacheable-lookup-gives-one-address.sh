#!/bin/bash
# cacheable-lookup 7.0.0, the DNS cache of got (`dnsCache: true`): a name with three addresses is its first one for as long as its TTL.
#
# Expected: a cache saves queries and changes nothing else: of a name with several addresses, as `tasks.web` of a Swarm has, each request
#           gets one in turn or by chance, as from a DNS server that turns the answer round for each query, and as from a caching resolver.
# Seen:     without the cache, 30 requests are 10 for each of three servers. With it, all 30 go to the address that came first in the one answer that
#           is kept. The order is kept, too, where Node.js takes all addresses to try them one after the other, so the first server that
#           is up gets everything; a new answer, when the TTL is over, moves all of it to another one.
# For Mola: such a client sends all it has to one of several Molas that share a name (doc/deploy.md); behind Mola it is each request that is spread.
set -u
version=7.0.0
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
give_up() { echo "cannot be tried: $*"; exit 2; }
command -v npm >/dev/null && node -e 'process.exit(Number(process.versions.node.split(".")[0]) >= 20 ? 0 : 1)' || give_up "needs npm and Node.js 20"
(cd "$dir" && npm install --silent --no-audit --no-fund --prefix . cacheable-lookup@$version dns-packet@5.6.1 >npm.log 2>&1) ||
	give_up "cacheable-lookup $version cannot be installed"
cat >"$dir/try.mjs" <<'END_JS'
import dgram from 'node:dgram'
import dns from 'node:dns'
import http from 'node:http'
import CacheableLookup from 'cacheable-lookup'
import packet from 'dns-packet'

const addresses = [1, 2, 3].map(i => `${process.argv[2]}.${i}`)
const servers = addresses.map(address => http.createServer((_, response) => response.end(address)))
await Promise.all(servers.map((s, i) => new Promise(ready => s.listen(8080, addresses[i], ready))))

// A DNS server that turns the addresses round with each answer.
let queries = 0
const udp = dgram.createSocket('udp4')
udp.on('message', (message, from) => {
  const { id, questions } = packet.decode(message)
  const answers = []
  if (questions[0].type === 'A') {
    addresses.forEach((_, i) => answers.push({ type: 'A', name: questions[0].name, ttl: 60, data: addresses[(queries + i) % 3] }))
    queries++
  }
  udp.send(packet.encode({ type: 'response', id, flags: packet.AUTHORITATIVE_ANSWER, questions, answers }), from.port, from.address)
})
await new Promise(ready => udp.bind(0, process.argv[2] + '.9', ready))
const resolver = new dns.promises.Resolver()
resolver.setServers([`${process.argv[2]}.9:${udp.address().port}`])

function get(lookup, happy) {
  return new Promise((done, failed) => {
    const options = { host: 'tasks.web.example.org', port: 8080, agent: false, lookup, autoSelectFamily: happy }
    http.get(options, async response => done((await response.toArray()).join(''))).on('error', failed)
  })
}

async function round(what, maxTtl, happy) {
  const cache = new CacheableLookup({ resolver, maxTtl, lookup: false })
  const count = new Map(addresses.map(address => [address, 0]))
  queries = 0
  for (let i = 0; i < 30; i++) {
    const by = await get(cache.lookup, happy)
    count.set(by, count.get(by) + 1)
  }
  console.log(`${what}: ${[...count.values()].join(' ')}, ${queries} queries`)
}

await round('nothing kept', 0, false)
await round('kept', Infinity, false)
await round('kept, all addresses tried', Infinity, true)
udp.close()
servers.forEach(s => s.close())
END_JS
seen=$(cd "$dir" && timeout 60 node try.mjs "127.87.$(($$ % 250))" 2>&1)
echo "cacheable-lookup $version, requests of three servers:"
echo "$seen"
[ "$seen" = "nothing kept: 10 10 10, 30 queries
kept: 30 0 0, 1 queries
kept, all addresses tried: 30 0 0, 1 queries" ]
