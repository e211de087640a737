"""Tasks that serve or fail, and clients that count. One asyncio loop each, nothing but the standard library.

  black_hole.py task HOST PORT serve MSEC | close | 503 | silent
  black_hole.py clients HOST PORT CLIENTS REQUESTS [SOURCE...]    sources: addresses of the clients, taken in turn
prints, as the last line of clients: OK FAILED
"""
import asyncio
import sys


async def head(reader):
    lines = (await reader.readuntil(b"\r\n\r\n")).split(b"\r\n")
    length = [int(line.split(b":")[1]) for line in lines if line.lower().startswith(b"content-length:")]
    return lines[0], length[0] if length else 0


async def task(how, msec):
    async def serve(reader, writer):
        try:
            while True:
                await head(reader)
                if how == "close":
                    break
                if how == "silent":
                    await asyncio.sleep(3600)
                elif how == "503":
                    writer.write(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\n\r\nbusy")
                else:
                    await asyncio.sleep(msec / 1000)
                    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        writer.close()

    server = await asyncio.start_server(serve, sys.argv[2], int(sys.argv[3]), backlog=1024)
    await server.serve_forever()


async def client(left, counts, source):
    writer = None
    while left[0] > 0:
        left[0] -= 1
        try:
            if writer is None:
                reader, writer = await asyncio.open_connection(
                    sys.argv[2], int(sys.argv[3]), local_addr=(source, 0) if source else None)
            writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            status, length = await head(reader)
            await reader.readexactly(length)
            counts[b" 200 " not in status] += 1
        except (asyncio.IncompleteReadError, ConnectionError):
            counts[1] += 1
            writer = None
    if writer is not None:
        writer.close()


async def clients(number, requests, sources):
    left, counts = [requests], [0, 0]
    await asyncio.gather(*(client(left, counts, sources[i % len(sources)] if sources else None) for i in range(number)))
    print(*counts)


if sys.argv[1] == "task":
    asyncio.run(task(sys.argv[4], float(sys.argv[5]) if len(sys.argv) > 5 else 0))
else:
    asyncio.run(clients(int(sys.argv[4]), int(sys.argv[5]), sys.argv[6:]))
