"""half_heads.py HOST:PORT COUNT SOURCE SECONDS: so many connections from one address, each of which sends half a head and drips on, a byte
every second; one that is ended is opened again, at once. Prints `holding N` when it has tried all, then every second, and
the reason of the first response."""
import random
import selectors
import socket
import sys
import time

host, port = sys.argv[1].rsplit(":", 1)
count, source, end = int(sys.argv[2]), sys.argv[3], time.monotonic() + float(sys.argv[4])
wait = selectors.DefaultSelector()
held = {}
told = False


def connect():
    s = socket.socket()
    s.setblocking(False)
    s.bind((source, 0))
    s.connect_ex((host, int(port)))
    held[s] = 0.0
    wait.register(s, selectors.EVENT_READ)


def drop(s):
    wait.unregister(s)
    del held[s]
    s.close()


def drip(s, now):
    try:
        s.send(b"GET / HTTP/1.1\r\nHost: a\r\nX: " if held[s] == 0 else b"x")
        held[s] = now + random.uniform(0.9, 1.1)
    except BlockingIOError:
        pass  # not connected yet
    except OSError:
        drop(s)


said = 0.0
while (now := time.monotonic()) < end:
    for _ in range(min(200, count - len(held))):
        connect()
    for s in [s for s, due in held.items() if due <= now]:
        drip(s, now)
    for key, _ in wait.select(0.02):
        s = key.fileobj
        try:
            got = s.recv(4096)
            if not got:
                drop(s)
            elif not told and b"Mola-Why: " in got:
                print("told", got.split(b"Mola-Why: ")[1].split(b"\r\n")[0], flush=True)
                told = True
        except BlockingIOError:
            pass
        except OSError:
            drop(s)
    if len(held) == count and said == 0 or said and now > said + 1:
        print("holding", len(held), flush=True)
        said = now
