#!/usr/bin/env python3
"""Servers and clients of plain TCP for tcp.sh.
    tcp.py serve NAME ADDRESS [--proxied] [--tls CERT KEY]   says NAME, or NAME and the client that a PROXY header names, to each who connects
    tcp.py ask ADDRESS [--from IP] [--tls NAME CA] [--hold N] [--patience SECONDS]   prints what it is told, or "closed"; with --hold N of so many at a time,
    from the first on, in one line"""
import socket, socketserver, ssl, sys


def address(text):
    host, port = text.rsplit(":", 1)
    return host, int(port)


def option(name, n=1):
    if name not in sys.argv:
        return None
    at = sys.argv.index(name) + 1
    return sys.argv[at:at + n] if n != 1 else sys.argv[at]


class Handler(socketserver.BaseRequestHandler):
    def header(self):
        got = b""
        while True:
            part = self.request.recv(4096)
            if not part:
                return "nobody"
            got += part
            if got.startswith(b"PROXY ") and b"\r\n" in got:
                words = got.split()
                return "v1:" + (words[2].decode() if len(words) > 4 else "nobody")
            if got.startswith(b"\r\n\r\n\0\r\nQUIT\n") and len(got) >= 28:
                return "v2:" + socket.inet_ntoa(got[16:20])

    def handle(self):
        try:
            if self.server.context:
                self.request = self.server.context.wrap_socket(self.request, server_side=True)
            said = self.server.name + (" " + self.header() if "--proxied" in sys.argv else "")
            self.request.sendall(said.encode() + b"\n")
            while self.request.recv(4096):
                pass
        except OSError:
            pass


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 100


def serve(name, at):
    with Server(address(at), Handler) as server:
        server.name, server.context, tls = name, None, option("--tls", 2)
        if tls:
            server.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            server.context.load_cert_chain(*tls)
        server.serve_forever()


def ask(at):
    s = None
    try:
        source = option("--from")
        s = socket.create_connection(address(at), float(option("--patience") or 10), (source, 0) if source else None)
        tls = option("--tls", 2)
        if tls:
            s = ssl.create_default_context(cafile=tls[1]).wrap_socket(s, server_hostname=tls[0])
        return s, s.recv(100).decode().strip() or "closed"
    except (OSError, ssl.SSLError):
        return s, "closed"


if sys.argv[1] == "serve":
    serve(sys.argv[2], sys.argv[3])
else:
    held = [ask(sys.argv[2]) for _ in range(int(option("--hold") or 1))]
    print(" ".join(said for _, said in held))
