"""drip.py HOST:PORT WHAT RATE SECONDS: sends one request at RATE bytes per second, so long at most, and prints when and how it ended:
`ended SECONDS STATUS REASON`. WHAT: head, body, chunked, trailer; upload: a body that is whole after SECONDS; held-up: a large body as fast
as it goes."""
import select
import socket
import sys
import time

host, port = sys.argv[1].rsplit(":", 1)
what, rate, seconds = sys.argv[2], float(sys.argv[3]), float(sys.argv[4])
start = time.monotonic()
s = socket.create_connection((host, int(port)))
s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

length = int(rate * seconds) if what == "upload" else 32 << 20 if what == "held-up" else 1000000
head = f"POST /{what} HTTP/1.1\r\nHost: a\r\n"
if what in ("chunked", "trailer"):
    head += "Transfer-Encoding: chunked\r\n\r\n"
    if what == "trailer":
        head += "3\r\nabc\r\n0\r\nX: "
elif what == "head":
    head += "X: "
else:
    head += f"Content-Length: {length}\r\n\r\n"
s.sendall(head.encode())


def answered():
    return select.select([s], [], [], 0)[0]


def drip():
    sent, step = 0, b"1\r\na\r\n" if what == "chunked" else b"x" * max(1, int(rate / 4))
    while not answered() and time.monotonic() < start + seconds + 5 and sent < length:
        s.sendall(step)
        sent += len(step)
        time.sleep(max(0.0, start + sent / rate - time.monotonic()) if what == "upload" else len(step) / rate if what != "chunked" else 0.5)


try:
    if what == "held-up":
        s.sendall(b"x" * length)
    else:
        drip()
    s.settimeout(60)
    answer = b""
    while b"\r\n\r\n" not in answer and (piece := s.recv(4096)):
        answer += piece
except OSError as e:
    print("failed", e, flush=True)
    sys.exit(1)
lines = answer.decode("latin-1").split("\r\n")
why = [line.split(": ")[1] for line in lines if line.lower().startswith("mola-why:")]
print("ended", f"{time.monotonic() - start:.1f}", (lines[0].split(" ") + ["none", "none"])[1], (why or ["-"])[0], flush=True)
