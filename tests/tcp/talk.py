"""Clients and a server of plain TCP, for the stories of tests/tcp/run.

talk.py serve ADDRESS           echoes in capitals; at a client's end it sends the rest and "BYE"
talk.py echo ADDRESS            some bytes there and back
talk.py half ADDRESS            sends much, ends its direction, and reads all of it back, and "BYE"
talk.py many ADDRESS N          N times a connection, and bytes there and back
talk.py idle ADDRESS            says nothing, and is closed within 10 s
talk.py hold ADDRESS SECONDS    keeps one open and uses it now and then, for so long
talk.py crowd ADDRESS N         keeps N open, and says nothing
talk.py checks SECONDS EVERY ADDRESS...   serves these, to which nobody else connects, and says when checks came, EVERY seconds on average
talk.py raw ADDRESS [--from IP] TEXT   sends the text, with \\r and \\n, and prints what comes back
talk.py hello ADDRESS NAME N    a TLS handshake whose first message comes in pieces of N bytes
talk.py records ADDRESS NAME N  the same in TLS records of N bytes
talk.py tls ADDRESS CA NAME VERB [CERT KEY]   in TLS, verified, perhaps with a certificate: echo, half and idle as above;
                                cut: as half, but the socket ends before TLS does; postgres: begins a session of PostgreSQL
"""
import os
import select
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


def cut(raw, s):
    s.sendall(b"x" * 100_000)
    raw.shutdown(socket.SHUT_WR)
    try:
        while more := s.recv(65536):
            if more.endswith(b"BYE"):
                raise SystemExit("the task takes it for an end")
    except (ssl.SSLError, OSError):
        return
    raise SystemExit("an end")


def postgres(s):
    if s.selected_alpn_protocol() != "postgresql":
        raise SystemExit(f"protocol {s.selected_alpn_protocol()}")
    start = struct.pack(">I", 196608) + b"user\0postgres\0database\0postgres\0\0"
    s.sendall(struct.pack(">I", len(start) + 4) + start)
    if receive(s, 9) != b"R\0\0\0\x08\0\0\0\0":
        raise SystemExit("not authenticated")


def tls_half(raw, context, name):
    """Much there and back, then close_notify: the rest still comes, and the other side's close_notify."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(incoming, outgoing, server_hostname=name)

    def until_done(step):
        while True:
            try:
                result = step()
                raw.sendall(outgoing.read())
                return result
            except ssl.SSLWantReadError:
                raw.sendall(outgoing.read())
                more = raw.recv(65536)
                incoming.write(more) if more else incoming.write_eof()

    until_done(tls.do_handshake)
    got = 0
    for _ in range(300):
        until_done(lambda: tls.write(b"x" * 10_000))
        want = got + 10_000
        while got < want:
            got += len(until_done(lambda: tls.read(65536)))
    try:
        tls.unwrap()
    except ssl.SSLWantReadError:
        raw.sendall(outgoing.read())
    if until_done(lambda: tls.read(65536)) != b"BYE":
        raise SystemExit("the rest has not come")
    try:
        if until_done(lambda: tls.read(65536)):
            raise SystemExit("more came")
    except ssl.SSLZeroReturnError:
        pass


def over_tls(at, ca, name, verb, *own):
    context = ssl.create_default_context(cafile=ca)
    if own:
        context.load_cert_chain(*own)
    if verb == "postgres":
        context.set_alpn_protocols(["postgresql"])
    raw = connect(at)
    if verb == "half":
        tls_half(raw, context, name)
        return
    descriptor = socket.socket(fileno=os.dup(raw.fileno()))
    s = context.wrap_socket(raw, server_hostname=name, suppress_ragged_eofs=False)
    s.settimeout(20)
    if verb == "echo":
        echo(s)
    elif verb == "cut":
        cut(descriptor, s)
    elif verb == "postgres":
        postgres(s)
    elif verb == "idle":
        if s.recv(1):
            raise SystemExit("bytes came")


def pieces(b, n):
    return [b[i : i + n] for i in range(0, len(b), n)]


def records(b, n):
    return [b"\x16\x03\x01" + struct.pack(">H", len(p)) + p for p in pieces(b[5:], n)]


def checks(seconds, every, *at):
    """When connections come to each address. As soon as there are enough: each early or late by chance, and all of them on time on average."""
    servers = {}
    for a in at:
        s = socket.create_server(address(a), backlog=16)
        servers[s] = []
    until = None
    while until is None or time.monotonic() < until:
        for s in select.select(list(servers), [], [], 0.01 if until else 60)[0]:
            s.accept()[0].close()
            servers[s].append(time.monotonic())
            until = until or time.monotonic() + float(seconds)
    gaps = sorted(b - a for times in servers.values() for a, b in zip(times, times[1:]))
    print(len(gaps), "gaps:", " ".join(f"{g * 1000:.0f}" for g in gaps))
    every = float(every)
    middle = gaps[len(gaps) // 2]
    if not 0.95 * every < middle < 1.1 * every:
        raise SystemExit(f"the median is {middle}")
    if gaps[len(gaps) * 9 // 10] - gaps[len(gaps) // 10] < 0.04 * every:
        raise SystemExit("all gaps are the same")


def main(verb, at, *more):
    if verb == "serve":
        Server(address(at), Echo).serve_forever()
    elif verb == "checks":
        checks(at, *more)
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
    elif verb == "tls":
        over_tls(at, *more)
    elif verb == "hello":
        handshake(connect(at), more[0], lambda b: pieces(b, int(more[1])))
    elif verb == "records":
        handshake(connect(at), more[0], lambda b: records(b, int(more[1])))
    else:
        raise SystemExit(__doc__)


main(*sys.argv[1:])
