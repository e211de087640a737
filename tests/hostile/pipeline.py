"""pipeline.py ADDRESS:PORT CLIENTS REQUESTS PATH SECONDS: so many clients send so many GETs in one piece and read what comes, as long
as that. Meanwhile somebody else looks at the nodes. Prints responses, the oldest age of n1's sample, the longest look."""
import http.client
import json
import selectors
import socket
import sys
import threading
import time

host, port = sys.argv[1].rsplit(":", 1)
clients, requests, path, seconds = int(sys.argv[2]), int(sys.argv[3]), sys.argv[4], float(sys.argv[5])
end = time.monotonic() + seconds
ages, looks = [], []


def look():
    while time.monotonic() < end:
        start = time.monotonic()
        try:
            c = http.client.HTTPConnection(host, int(port), timeout=20)
            c.request("GET", "/api/v1/nodes")
            nodes = json.load(c.getresponse())["nodes"]
            ages.append(next(n["age_seconds"] for n in nodes if n["name"] == "n1"))
            c.close()
        except (OSError, http.client.HTTPException, ValueError):
            ages.append(99)
        looks.append(time.monotonic() - start)
        time.sleep(0.1)


piece = (f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n" * requests).encode()
ready = selectors.DefaultSelector()
for _ in range(clients):
    s = socket.create_connection((host, int(port)), timeout=20)
    s.sendall(piece[:60000])
    s.setblocking(False)
    ready.register(s, selectors.EVENT_READ)
watcher = threading.Thread(target=look)
watcher.start()
responses = 0
while time.monotonic() < end:
    for key, _ in ready.select(0.1):
        try:
            got = key.fileobj.recv(1 << 20)
        except OSError:
            got = b""
        responses += got.count(b"HTTP/1.1 200 ")
        if not got:
            ready.unregister(key.fileobj)
    if not ready.get_map():
        break
end = 0
watcher.join()
print(responses, "%.2f" % max(ages), "%.2f" % max(looks))
