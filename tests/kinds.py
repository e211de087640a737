"""kinds: clients of the kinds that the open-loop load is not, all the time, while tasks come and go:

    kinds.py ADDRESS:PORT HOST HOST-OF-H2C [ADDRESS:PORT-OF-TCP]

upgrade: a new connection, upgraded, and an echo on it. call: a request to tasks of HTTP/2 (tests/swarm/hello.c). long: the same,
and its response takes a second. tcp: a new connection that is relayed, and a request on it. What fails is a line of output: when it began and when it
ended (seconds since 1970), its kind, and why. At SIGTERM each kind follows as "KIND SUCCEEDED FAILED".
"""
import http.client
import signal
import socket
import sys
import threading
import time

front, host, h2c, *relayed = sys.argv[1:]
over = threading.Event()


def expect(is_so, what):
    if not is_so:
        raise OSError(what)


def get(address, host, path):
    connection = http.client.HTTPConnection(address, timeout=20)
    try:
        connection.request("GET", path, headers={"Host": host})
        response = connection.getresponse()
        response.read()
        expect(response.status == 200, f"{response.status} {response.getheader('mola-why')}")
    finally:
        connection.close()


def read_until(s, end):
    data = b""
    while end not in data:
        more = s.recv(4096)
        expect(more, f"it ended after {data[:60]}")
        data += more
    return data


def upgrade():
    at, port = front.rsplit(":", 1)
    with socket.create_connection((at, int(port)), timeout=20) as s:
        s.sendall(b"GET /ws HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n" % host.encode())
        head = read_until(s, b"\r\n\r\n")
        expect(b" 101 " in head.splitlines()[0], head[:80])
        s.sendall(b"hello")
        read_until(s, b"hello")


def call():
    get(front, h2c, "/call")


def long():
    get(front, h2c, "/call?io=1")


def tcp():
    get(relayed[0], "raw", "/raw")


class Client(threading.Thread):
    def __init__(self, kind, pause):
        super().__init__()
        self.kind, self.pause, self.good, self.bad = kind, pause, 0, 0

    def run(self):
        while not over.is_set():
            begun = time.time()
            try:
                self.kind()
                self.good += 1
            except (OSError, http.client.HTTPException) as e:
                self.bad += 1
                print(f"{begun:.3f} {time.time():.3f} {self.kind.__name__} {e!r}", flush=True)
            over.wait(self.pause)


signal.signal(signal.SIGTERM, lambda *_: over.set())
kinds = [upgrade, call, long] + [tcp for _ in relayed]
clients = [Client(kind, 0.05) for kind in kinds if kind is not long] + [Client(long, 0) for _ in range(4)]
for c in clients:
    c.start()
over.wait()
for kind in kinds:
    of = [c for c in clients if c.kind is kind]
    for c in of:
        c.join()
    print(kind.__name__, sum(c.good for c in of), sum(c.bad for c in of), flush=True)
