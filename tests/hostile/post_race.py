"""A task that closes kept connections after a while, and clients whose next POST goes out at that very moment.

  post_race.py task HOST PORT MSEC
  post_race.py clients HOST PORT MSEC CLIENTS POSTS      prints, as the last line: OK FAILED
"""
import asyncio
import random
import sys

msec = float(sys.argv[4])


async def message(reader):
    head = await reader.readuntil(b"\r\n\r\n")
    await reader.readexactly(int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0]))
    return head


async def serve(reader, writer):
    try:
        while True:
            await asyncio.wait_for(message(reader), msec / 1000)
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    except (asyncio.TimeoutError, asyncio.IncompleteReadError, ConnectionError):
        pass
    writer.close()


async def task():
    server = await asyncio.start_server(serve, sys.argv[2], int(sys.argv[3]), backlog=1024)
    await server.serve_forever()


async def client(posts, counts):
    reader, writer = await asyncio.open_connection(sys.argv[2], int(sys.argv[3]))
    for _ in range(posts):
        writer.write(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody")
        counts[b" 200 " not in (await message(reader)).split(b"\r\n")[0]] += 1
        await asyncio.sleep((msec + random.uniform(-3, 1)) / 1000)
    writer.close()


async def clients(number, posts):
    counts = [0, 0]
    await asyncio.gather(*(client(posts // number, counts) for _ in range(number)))
    print(*counts)


if sys.argv[1] == "task":
    asyncio.run(task())
else:
    asyncio.run(clients(int(sys.argv[5]), int(sys.argv[6])))
