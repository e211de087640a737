"""Clients and a server of plain TCP, for the stories of tests/tcp/run.

talk.py serve ADDRESS           echoes in capitals; at a client's end it sends the rest and "BYE"
talk.py echo ADDRESS            some bytes there and back
talk.py half ADDRESS            sends much, ends its direction, and reads all of it back, and "BYE"
talk.py many ADDRESS N          N times a connection, and bytes there and back
talk.py idle ADDRESS            says nothing, and is closed within 10 s
talk.py hold ADDRESS SECONDS    keeps one open and uses it now and then, for so long
talk.py crowd ADDRESS N         keeps N open, and says nothing
talk.py raw ADDRESS [--from IP] TEXT   sends the text, with \\r and \\n, and prints what comes back
talk.py hello ADDRESS NAME N    a TLS handshake whose first message comes in pieces of N bytes
talk.py records ADDRESS NAME N  the same in TLS records of N bytes
"""
import socket
import socketserver
import ssl
import struct
import sys
import time


def address(text):
    host, port = text.rsplit(":", 1)
    return host, int(port)


def connect(text, source=None):
    s = socket.create_connection(address(text), 20, (source, 0) if source else None)
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return s


def receive(s, n):
    got = b""
    while len(got) < n:
        more = s.recv(n - len(got))
        if not more:
            raise SystemExit(f"an end after {got!r}")
        got += more
    return got


class Echo(socketserver.BaseRequestHandler):
    def handle(self):
        try:
            while True:
                got = self.request.recv(65536)
                if not got:
                    self.request.sendall(b"BYE")
                    return
                self.request.sendall(got.upper())
        except OSError:
            pass


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128


def echo(s):
    s.sendall(b"hello")
    if receive(s, 5) != b"HELLO":
        raise SystemExit("something else came back")


def half(s):
    n = 3_000_000
    sent = 0
    got = 0
    s.setblocking(False)
    until = time.monotonic() + 20
    while time.monotonic() < until:
        try:
            if sent < n:
                sent += s.send(b"x" * min(65536, n - sent))
                if sent == n:
                    s.shutdown(socket.SHUT_WR)
        except BlockingIOError:
            pass
        try:
            more = s.recv(65536)
            if not more:
                break
            got += len(more)
        except BlockingIOError:
            time.sleep(0.001)
    if got != n + 3:
        raise SystemExit(f"{got} bytes came back")


def handshake(s, name, cut):
    """cut: makes of the first message the pieces that are sent."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(incoming, outgoing, server_hostname=name)
    first = True
    while True:
        try:
            tls.do_handshake()
            done = True
        except ssl.SSLWantReadError:
            done = False
        out = outgoing.read()
        for piece in cut(out) if first and out else [out]:
            s.sendall(piece)
            if first:
                time.sleep(0.0005)
        first = False
        if done:
            return
        got = s.recv(65536)
        if not got:
            raise SystemExit("an end")
        incoming.write(got)


def pieces(b, n):
    return [b[i : i + n] for i in range(0, len(b), n)]


def records(b, n):
    return [b"\x16\x03\x01" + struct.pack(">H", len(p)) + p for p in pieces(b[5:], n)]


def main(verb, at, *more):
    if verb == "serve":
        Server(address(at), Echo).serve_forever()
    elif verb == "echo":
        echo(connect(at))
    elif verb == "half":
        half(connect(at))
    elif verb == "many":
        for _ in range(int(more[0])):
            with connect(at) as s:
                echo(s)
    elif verb == "idle":
        s = connect(at)
        s.settimeout(10)
        if s.recv(1):
            raise SystemExit("bytes came")
    elif verb == "hold":
        s = connect(at)
        echo(s)
        print("held", flush=True)
        until = time.monotonic() + float(more[0])
        while time.monotonic() < until:
            echo(s)
            time.sleep(0.1)
    elif verb == "crowd":
        held = [connect(at) for _ in range(int(more[0]))]
        print("held", flush=True)
        time.sleep(600)
    elif verb == "raw":
        source = more[1] if more[0] == "--from" else None
        s = connect(at, source)
        s.sendall(more[-1].replace("\\r", "\r").replace("\\n", "\n").encode())
        while got := s.recv(65536):
            sys.stdout.write(got.decode())
    elif verb == "hello":
        handshake(connect(at), more[0], lambda b: pieces(b, int(more[1])))
    elif verb == "records":
        handshake(connect(at), more[0], lambda b: records(b, int(more[1])))
    else:
        raise SystemExit(__doc__)


main(*sys.argv[1:])
