"""Mirrored services, in a real Traefik's file and in Mola's.
tasks FILE ADDRESS...   serves on port 9000 of each; FILE gets a line for each request: who got it and what
COMMAND PROXY FILE HOST [NUMBER]   sends requests, waits until FILE has what they lead to, prints it
  get, head: so many requests; post, chunks: one with a body of so many bytes
  refused: so many requests without credentials, and as many with them, in turn
  bodiless: the mirror gets no body; slow: its responses take a second; leave: the client does, in the middle of its body
  many: so many at once
"""
import collections
import hashlib
import http.client
import http.server
import json
import os
import socketserver
import sys
import threading
import time

GIVE_UP = 20


class Task(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 65536

    def log_message(self, *words):
        pass

    def body(self):
        if self.headers.get("Transfer-Encoding") == "chunked":
            data = b""
            while size := int(self.rfile.readline(), 16):
                data += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return data
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def do_GET(self):
        name = self.server.server_address[0]
        data = self.body()
        if self.path != "/":
            fields = {n.title(): v for n, v in self.headers.items() if n.lower() not in (
                "user-agent", "accept-encoding", "x-request-id", "x-forwarded-server", "content-length", "transfer-encoding", "connection")}
            line = {"task": name, "method": self.command, "path": self.path, "fields": fields, "bytes": len(data),
                    "sha256": hashlib.sha256(data).hexdigest()[:16], "framing": sorted({n.lower() for n in self.headers} &
                    {"content-length", "transfer-encoding"})}
            with self.server.lock, open(self.server.file, "a") as f:
                f.write(json.dumps(line) + "\n")
        if "slow" in self.path and not name.endswith(".1"):
            time.sleep(1)
        self.send_response(200)
        self.send_header("Content-Length", str(len(name)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(name.encode())

    do_HEAD = do_POST = do_GET


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = allow_reuse_address = True
    request_queue_size = 200

    def handle_error(self, request, address):
        pass


def tasks(file, *addresses):
    lock = threading.Lock()
    for address in addresses:
        server = Server((address, 9000), Task)
        server.file, server.lock = file, lock
        threading.Thread(target=server.serve_forever).start()


class Run:
    """Requests to one path of their own, by which the tasks' lines are told from others."""

    def __init__(self, proxy, file, host):
        self.proxy, self.file, self.host = proxy, file, host
        self.path = f"/{os.getpid()}-{time.monotonic_ns()}"

    def lines(self):
        with open(self.file) as f:
            return [json.loads(line) for line in f if self.path in line and line.endswith("\n")]

    def send(self, method="GET", body=None, chunked=False, more=""):
        connection = http.client.HTTPConnection(self.proxy, timeout=GIVE_UP)
        fields = {"Host": self.host, "X-Mine": "yes", **({"Content-Type": "text/plain"} if body else {})}
        connection.request(method, self.path + more, body=iter([body[i:i + 700] for i in range(0, len(body), 700)]) if chunked else body,
                           headers={**fields, **({"Transfer-Encoding": "chunked"} if chunked else {})}, encode_chunked=chunked)
        response = connection.getresponse()
        said = response.read().decode()
        assert response.status == 200 and (method == "HEAD" or said.endswith(".1")), (response.status, said)
        connection.close()

    def wait(self, number):
        end = time.monotonic() + GIVE_UP
        while len(self.lines()) < number and time.monotonic() < end:
            time.sleep(0.01)
        time.sleep(0.2)         # one too many would come by then
        return self.lines()

    def show(self, number):
        lines = self.wait(number)
        seen = collections.Counter()
        for line in lines:
            line["path"] = line["path"].replace(self.path, "/PATH")
            line["fields"] = dict(sorted((n, v) for n, v in line["fields"].items()))
            seen[json.dumps({**line, "fields": {**line["fields"], "X-Forwarded-Port": "", "X-Real-Ip": "", "X-Forwarded-For": ""}})] += 1
        for line, n in sorted(seen.items()):
            print(n, line)
        sys.exit(0 if len(lines) == number else f"{len(lines)} requests instead of {number}")


EXPECTED = {"all.test": 2, "part.test": 1.35, "small.test": 2, "named.test": 2, "nested.test": 1.5, "broken.test": 2}


def body_of(number):
    return bytes(b"abcdefghij"[i % 10] for i in range(int(number)))


def command(name, proxy, file, host, number="1"):
    run = Run(proxy, file, host)
    n = int(number)
    if name in ("get", "head"):
        for _ in range(n):
            run.send("HEAD" if name == "head" else "GET")
        run.show(int(n * EXPECTED[host]))
    elif name == "refused":
        for _ in range(n):
            for fields, status in ({}, 401), ({"Authorization": "Basic dTpw"}, 200):
                connection = http.client.HTTPConnection(proxy, timeout=GIVE_UP)
                connection.request("GET", run.path, headers={"Host": host, **fields})
                response = connection.getresponse()
                response.read()
                assert response.status == status, response.status
                connection.close()
        run.show(n + n // 2)
    elif name in ("post", "chunks"):
        run.send("POST", body_of(n), chunked=name == "chunks")
        run.show(1 if host == "small.test" and n > 1000 else 2)
    elif name == "bodiless":
        run.send("POST", body_of(n))
        run.send("POST", body_of(n), chunked=True)
        lines = run.wait(4)
        print(lines)
        assert sorted((line["task"][-2:], line["bytes"]) for line in lines) == [(".1", n), (".1", n), (".2", 0), (".2", 0)]
        assert all(not line["framing"] for line in lines if line["bytes"] == 0)
    elif name == "slow":
        began = time.monotonic()
        for _ in range(3):
            run.send(more="/slow")
        took = time.monotonic() - began
        assert len(run.wait(6)) == 6 and took < 1, took
    elif name == "leave":
        connection = http.client.HTTPConnection(proxy, timeout=GIVE_UP)
        connection.putrequest("POST", run.path, skip_host=True)
        connection.putheader("Host", host)
        connection.putheader("Content-Length", "100000")
        connection.endheaders(b"x" * 5000)
        connection.close()
        whole, run.path = run.path, run.path + "/after"
        run.send()                      # and its copy comes behind what there may be of the first
        assert len(run.wait(2)) == 2, run.lines()
        run.path = whole                # the service itself may have got the beginning
        lines = [line for line in run.lines() if not line["path"].endswith("/after")]
        assert not lines or {line["task"][-2:] for line in lines} == {".1"}, lines
    elif name == "many":
        threads = [threading.Thread(target=run.send, args=("POST", body_of(20000))) for _ in range(n)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        assert len(run.wait(2 * n)) == 2 * n, len(run.lines())


if __name__ == "__main__":
    {"tasks": tasks}.get(sys.argv[1], lambda *words: command(sys.argv[1], *words))(*sys.argv[2:])
