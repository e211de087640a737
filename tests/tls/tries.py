# tries: what curl and openssl do not do. tries.py NAME ADDRESS:PORT CA [FILE...]: prints what came of it.
import socket
import ssl
import sys
import threading
import time

what, at, ca, rest = sys.argv[1], sys.argv[2].rsplit(":", 1), sys.argv[3], sys.argv[4:]
at = (at[0], int(at[1]))
host = "web.test"


def context(version=None):
    c = ssl.create_default_context(cafile=ca)
    if version:
        c.minimum_version = c.maximum_version = version
    return c


def connect(c, name=host, session=None):
    return c.wrap_socket(socket.create_connection(at, 20), server_hostname=name, session=session)


def get(s, path="/", close=False):
    s.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}\r\n{'Connection: close' if close else 'X: y'}\r\n\r\n".encode())


def whole(s):
    out = b""
    while piece := s.recv(65536):
        out += piece
    return out


def head(s):
    out = b""
    while b"\r\n\r\n" not in out:
        piece = s.recv(4096)
        if not piece:
            break
        out += piece
    return out


def response(s):  # with its body; the connection goes on
    out = head(s)
    length = int(out.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    left = length - len(out.split(b"\r\n\r\n", 1)[1])
    while left > 0:
        left -= len(s.recv(left))
    return out


if what == "slow":  # one byte at a time, and all the same it is served
    inside, outside = ssl.MemoryBIO(), ssl.MemoryBIO()
    o = context().wrap_bio(inside, outside, server_hostname=host)
    s = socket.create_connection(at, 20)
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    while True:
        try:
            o.do_handshake()
            done = True
        except ssl.SSLWantReadError:
            done = False
        for byte in outside.read():
            s.sendall(bytes([byte]))
        if done:
            break
        inside.write(s.recv(65536))
    o.write(f"GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
    for byte in outside.read():
        s.sendall(bytes([byte]))
    while True:
        inside.write(s.recv(65536))
        try:
            print(o.read(15).decode())
            break
        except ssl.SSLWantReadError:
            pass
elif what == "half":  # the client's direction ends first; the response is whole
    inside, outside = ssl.MemoryBIO(), ssl.MemoryBIO()
    o = context().wrap_bio(inside, outside, server_hostname=host)
    s = socket.create_connection(at, 20)

    def turn(step):  # a step of TLS, until it is done
        while True:
            try:
                out = step()
                if outside.pending:
                    s.sendall(outside.read())
                return out
            except ssl.SSLWantReadError:
                if outside.pending:
                    s.sendall(outside.read())
                inside.write(s.recv(65536))

    turn(o.do_handshake)
    turn(lambda: o.write(b"GET /big HTTP/1.0\r\n\r\n"))
    try:
        o.unwrap()
    except ssl.SSLWantReadError:
        s.sendall(outside.read())  # close_notify, and then the end
        s.shutdown(socket.SHUT_WR)
    out = b""
    try:
        while piece := turn(lambda: o.read(65536)):
            out += piece
    except ssl.SSLZeroReturnError:
        pass
    print(len(out.split(b"\r\n\r\n", 1)[1]))
elif what == "cut":  # a response that is cut is seen as such: no close_notify
    c = context()
    s = c.wrap_socket(socket.create_connection(at, 20), server_hostname=host, suppress_ragged_eofs=False)
    get(s, "/cut", close=True)
    try:
        whole(s)
        print("ended")
    except OSError:
        print("cut")
elif what == "end":  # and one that is whole ends properly
    s = context().wrap_socket(socket.create_connection(at, 20), server_hostname=host, suppress_ragged_eofs=False)
    get(s, "/", close=True)
    print(whole(s)[:15].decode())
elif what == "resumed":  # of N connections with one session, how many were resumed: whichever worker they came to
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        c, session, resumed = context(version), None, 0
        for _ in range(int(rest[0]) + 1):
            s = connect(c, session=session)
            get(s, close=True)
            whole(s)
            resumed += s.session_reused
            session = s.session
            s.close()
        print(resumed, end=" ")
    print()
elif what == "silent":  # a handshake that does not go on is ended; how many seconds that took
    s = socket.create_connection(at, 60)
    s.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
    begun = time.monotonic()
    s.recv(100)
    print(int(time.monotonic() - begun))
elif what == "garbage":  # neither TLS nor HTTP: closed without a word but an alert
    s = socket.create_connection(at, 20)
    s.sendall(bytes(range(40)))
    out = whole(s)
    sys.exit(len(out) > 7)
elif what == "keep":  # one connection through all that happens: a request for each line of stdin
    s = connect(context())
    for line in sys.stdin:
        get(s)
        print(response(s)[9:12].decode(), flush=True)
elif what == "reuse":  # two requests on one connection, the second for another host
    s = connect(context())
    for name in (host, rest[0]):
        s.sendall(f"GET / HTTP/1.1\r\nHost: {name}\r\n\r\n".encode())
        print(response(s)[9:12].decode(), end=" ", flush=True)
    print()
elif what == "load":  # THREADS: a new connection for each request until stdin ends: how many, how many failed
    count, failed, over, lock = 0, [], False, threading.Lock()
    c = context()

    def client():
        global count
        while not over:
            try:
                s = connect(c)
                get(s, close=True)
                if not whole(s).startswith(b"HTTP/1.1 200"):
                    raise OSError("not 200")
                s.close()
                with lock:
                    count += 1
            except OSError as e:
                with lock:
                    failed.append(str(e))

    threads = [threading.Thread(target=client) for _ in range(int(rest[0]))]
    for t in threads:
        t.start()
    sys.stdin.read()
    over = True
    for t in threads:
        t.join()
    print(count, len(failed), failed[:1])
