# A HAProxy that is far away: its admin socket is behind a relay that takes 55 ms in each direction. Sixteen servers at once.
needs haproxy python3
ctl=$net.100:9999 far=$net.100:9998

cat >"$tmp/relay.py" <<'END'
import asyncio, sys
async def pass_on(reader, writer, wait):
    """Each piece after `wait`, in order, however many are under way."""
    queue = asyncio.Queue()
    async def send():
        while True:
            at, piece = await queue.get()
            await asyncio.sleep(max(0, at - loop.time()))
            if not piece:
                writer.close()
                return
            writer.write(piece)
    task = asyncio.create_task(send())
    try:
        while piece := await reader.read(65536):
            queue.put_nowait((loop.time() + wait, piece))
    except OSError:
        pass
    queue.put_nowait((loop.time() + wait, b""))
    await task
calls = 0
async def on_call(reader, writer):
    global calls
    calls += 1
    open(sys.argv[4], "w").write(f"{calls}\n")
    wait = float(sys.argv[3])
    await asyncio.sleep(2 * wait)			# the handshake of a connection
    r, w = await asyncio.open_connection(*sys.argv[2].split(":"))
    await asyncio.gather(pass_on(reader, w, wait), pass_on(r, writer, wait))
async def main():
    global loop
    loop = asyncio.get_running_loop()
    async with await asyncio.start_server(on_call, *sys.argv[1].split(":")) as s:
        await s.serve_forever()
asyncio.run(main())
END
cat >"$tmp/haproxy.cfg" <<END
global
  stats socket ipv4@$ctl level admin
defaults
  mode http
  timeout connect 2s
  timeout client 20s
  timeout server 20s
backend web
  balance leastconn
END
{
	printf 'admin: { address: none, socket: %s/admin.sock }\nworkers: 1\nnodes: [ { name: n1 } ]\nservices:\n  - name: web\n    host: a\n    tasks:\n' "$tmp"
	for ((i = 1; i <= 16; i++)); do echo "      - { name: web.$i, node: n1, address: \"$net.1:$((20000 + i))\" }"; done
	printf 'targets:\n  - { name: ha, kind: haproxy, socket: "%s", poll: 60s, interval: 200ms }\n' "$far"
} >"$tmp/mola.yaml"

start haproxy haproxy -db -f "$tmp/haproxy.cfg"
start relay python3 "$tmp/relay.py" "$far" "$ctl" .055 "$tmp/calls"
must "HAProxy listens" within 10 listening "${ctl%:*}" "${ctl#*:}"
must "and the relay" within 10 listening "${far%:*}" "${far#*:}"
at=${EPOCHREALTIME/./}
must "Mola starts" mola_start
check "sixteen servers are added" within 30 target_is ha '.state == "taken" and ([.services[].servers[]] | length == 16)'
took=$(((${EPOCHREALTIME/./} - at) / 1000)) calls=$(cat "$tmp/calls")
bench far-published "$took" ms
bench far-connections "$calls" connections
# One for what it is, two for what it has, one for all commands, two to see the effect, and a look or two whether it is another process.
# With one for each command it was 54, and 14 s.
check "in few connections: $calls" [ "$calls" -le 12 ]
check "and soon" [ "$took" -lt 8000 ]
check "Mola ends in order" mola_stop
