"""Health checks, by the same labels in a real Traefik and in Mola.
services ADDRESS...            services of a Swarm, a case each, for swarm.py
tasks DIR ADDRESS...           serves on each: 9000 HTTP/1, 9001 HTTP/2; DIR/ADDRESS makes what it responds a failure,
                               DIR/log has what came, a JSON object a line
states TRAEFIK MOLA STATE...   whether the tasks of all cases are so in both, a word for each address: up, down
alike DIR                      what checks carried was the same, and how often they came
enough DIR                     whether so many checks came of "slowly" that
spread DIR                     the gaps between them can be told, of a healthy task and of an unhealthy one
passive ADDRESS HOST           the statuses of requests, up to 20 of 200 in a row
"""
import collections
import http.client
import http.server
import json
import os
import re
import socket
import socketserver
import sys
import threading
import time
import urllib.request

try:
    import h2.config
    import h2.connection
    import h2.events
except ImportError:         # then nothing is checked over HTTP/2
    h2 = None

OFTEN = {"interval": "300ms", "timeout": "5s"}
# what the labels of each case say besides, and which requests it makes of a check
CASES = {
    "path": {"path": "/up"},
    "relative": {"path": "up?a=b"},
    "scheme": {"path": "/up", "scheme": "http", "port": "9000"},
    "port": {"path": "/up", "port": "9000"},
    "hostname": {"path": "/up", "hostname": "check.example:81"},
    "head": {"path": "/up", "method": "HEAD"},
    "post": {"path": "/up", "method": "POST"},
    "status": {"path": "/up", "status": "418"},
    "headers": {"path": "/up", "headers.X-One": "a", "headers.X-Two": "b: c", "headers.Accept": "text/plain"},
    "timeout": {"path": "/up", "timeout": "400ms"},
    "follow": {"path": "/from"},
    "stay": {"path": "/from", "followredirects": "false"},
    "slowly": {"path": "/up", "interval": "600ms", "unhealthyinterval": "1200ms"},
    "h2c": {"path": "/up", "scheme": "h2c", "port": "9001"},
    "grpc": {"mode": "grpc", "port": "9001"},
}
SERVER = {"scheme": {"port": "9443", "scheme": "https"}, "port": {"port": "9002"}}
# of one task each: one that has just failed has fewer turns in Mola as long as there are others
PASSIVE = {"thrice": {"maxfailedattempts": "3", "failurewindow": "4s"}, "once": {"failurewindow": "4s"}}


def cases():
    return {name: options for name, options in CASES.items() if h2 is not None or options.get("port") != "9001"}


def services(*addresses):
    all = {}
    for name, options in cases().items():
        labels = {f"healthcheck.{k}": v.replace("/up", "/up/" + name).replace("/from", "/from/" + name) for k, v in {**OFTEN, **options}.items()}
        labels.update({f"server.{k}": v for k, v in {"port": "9000", **SERVER.get(name, {})}.items()})
        all[name] = {"labels": labels, "address": list(addresses), "port": int(labels["server.port"])}
    for name, options in PASSIVE.items():
        labels = {"server.port": "9000", **{f"passivehealthcheck.{k}": v for k, v in options.items()}}
        all[name] = {"labels": labels, "address": addresses[-1], "port": 9000}
    for name, s in all.items():
        s["labels"] = {"traefik.enable": "true", f"traefik.http.routers.{name}.rule": f"Host(`{name}.test`)",
                       **{f"traefik.http.services.{name}.loadbalancer.{k}": v for k, v in s["labels"].items()}}
    json.dump(all, sys.stdout)


# ---- tasks ----

class Log:
    def __init__(self, folder):
        self.file = open(os.path.join(folder, "log"), "a")
        self.lock = threading.Lock()

    def note(self, address, case, method, target, fields):
        agent = "mola" if fields.get("user-agent", "").startswith("mola") else "traefik"
        with self.lock:
            self.file.write(json.dumps({"time": time.monotonic(), "task": address, "case": case, "by": agent, "method": method,
                                        "target": target, "fields": fields}) + "\n")
            self.file.flush()


def response(server, method, target, fields):
    """Of a request, its status and Location; slow ones wait here."""
    address = server.server_address[0]
    down = os.path.exists(os.path.join(server.folder, address))
    what, _, case = target.split("?")[0].strip("/").partition("/")
    if what == "grpc.health.v1.Health":
        case = "grpc"
    elif what not in ("up", "from", "to"):
        return (500 if down else 200), None         # a client's
    server.log.note(address, case or "relative", method, target, fields)
    if what == "from":
        return (500 if down and case == "stay" else 302), "/to/" + case
    if down and case == "timeout":
        time.sleep(1.5)
        return 200, None
    return (200 if down else 418) if case == "status" else 500 if down or (what, case) == ("to", "stay") else 200, None


class Task(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 65536        # a response in one piece, which waits for no acknowledgement

    def log_message(self, *words):
        pass

    def do_GET(self):
        status, location = response(self.server, self.command, self.path, {k.lower(): v for k, v in self.headers.items()})
        body = self.server.server_address[0].encode()
        self.send_response(status)
        if location:
            self.send_header("Location", location)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_HEAD = do_POST = do_GET


class Task2(socketserver.BaseRequestHandler):
    """HTTP/2 without TLS, as far as checks need it."""

    def handle(self):
        c = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False, header_encoding="utf-8"))
        c.initiate_connection()
        self.request.sendall(c.data_to_send())
        heads = {}
        while data := self.request.recv(65536):
            for e in c.receive_data(data):
                if isinstance(e, h2.events.RequestReceived):
                    heads[e.stream_id] = dict(e.headers)
                if isinstance(e, h2.events.StreamEnded):
                    self.respond(c, e.stream_id, heads.pop(e.stream_id))
            self.request.sendall(c.data_to_send())

    def respond(self, c, stream, head):
        fields = {k: v for k, v in head.items() if not k.startswith(":")}
        status, _ = response(self.server, head[":method"], head[":path"], {"host": head[":authority"], **fields})
        if fields.get("content-type") != "application/grpc":
            c.send_headers(stream, [(":status", str(status))], end_stream=True)
            return
        c.send_headers(stream, [(":status", "200"), ("content-type", "application/grpc")])
        c.send_data(stream, b"\0\0\0\0\2\x08" + (b"\1" if status == 200 else b"\2"))     # SERVING, NOT_SERVING
        c.send_headers(stream, [("grpc-status", "0")], end_stream=True)


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = allow_reuse_address = True
    request_queue_size = 64

    def handle_error(self, request, address):
        pass            # checks may leave


def tasks(folder, *addresses):
    log = Log(folder)
    for address in addresses:
        for port, kind in (9000, Task), (9001, Task2 if h2 else None):
            if kind is not None:
                server = Server((address, port), kind)
                server.folder, server.log = folder, log
                threading.Thread(target=server.serve_forever).start()


# ---- states ----

def fetched(url):
    with urllib.request.urlopen(url, timeout=10) as r:
        return json.load(r)


def states(traefik, mola, *wanted):
    wrong, seen = [], collections.defaultdict(dict)
    for s in fetched(f"http://{traefik}/api/http/services"):
        for url, state in (s.get("serverStatus") or {}).items():
            seen["traefik", s["name"].split("@")[0]][url.split("/")[2].split(":")[0]] = state.lower()
    for t in fetched(f"http://{mola}/api/v1/tasks")["tasks"]:
        seen["mola", t["service"]][t["address"].split(":")[0]] = t["state"]
    for name in cases():
        for who in "traefik", "mola":
            of = [state for _, state in sorted(seen[who, name].items())]
            if of != list(wanted):
                wrong.append(f"{who}: {name}: {' '.join(of)}")
    print(*wrong, sep="\n")
    sys.exit(bool(wrong))


# ---- what came ----

HOPS = {"user-agent", "connection", "accept-encoding"}      # the client's own, in Go and in Mola


def logged(folder):
    with open(os.path.join(folder, "log")) as f:
        return [json.loads(line) for line in f]


def said(one):
    fields = {k: v for k, v in one["fields"].items() if k not in HOPS}
    if one["case"] == "grpc":       # of gRPC's libraries: what they can decode
        fields = {k: v for k, v in fields.items() if not k.startswith("grpc-") and k not in ("te", "content-length")}
    return one["method"], one["target"], tuple(sorted(fields.items()))


def alike(folder):
    carried, bad = collections.defaultdict(set), 0
    for one in logged(folder):
        carried[one["case"], one["by"]].add(said(one))
    for case in cases():
        same = carried[case, "traefik"] == carried[case, "mola"] != set()
        bad |= not same
        for by in ("mola",) if same else ("traefik", "mola"):
            for method, target, fields in sorted(carried[case, by]):
                print("alike" if same else by, case, method, target, dict(fields))
    sys.exit(bad)


def gaps_of(folder):
    """Between checks of "slowly", by who checks and which state the task has; the first while it fails belong to neither."""
    mark, times, gaps = {}, collections.defaultdict(list), {}
    for name in "failed", "healed":
        path = os.path.join(folder, name)
        mark[name] = float(open(path).read()) if os.path.exists(path) else float("inf")
    for one in logged(folder):
        if one["case"] == "slowly":
            times[one["by"], one["task"]].append(one["time"])
    fails = max((task for _, task in times), default=None)
    for (by, task), at in times.items():
        if task == fails:
            gaps[by, "unhealthy"] = (at := [t for t in at if mark["failed"] <= t < mark["healed"]]) and [b - a for a, b in zip(at, at[1:])]
        else:
            gaps[by, "healthy"] = [b - a for a, b in zip(at, at[1:])]
    return gaps


def enough(folder):
    gaps = gaps_of(folder)
    sys.exit(len(gaps) < 4 or min(map(len, gaps.values())) < 3)


def spread(folder):
    bad = False
    for (by, state), gaps in sorted(gaps_of(folder).items()):
        is_, least = sorted(gaps)[len(gaps) // 2], 0.6 if state == "healthy" else 1.2
        bad |= not 0.8 * least <= is_ <= 3 * least
        print(f"{by}: {state} every {least} s, is {is_:.2f} of {len(gaps)}")
    sys.exit(bad)


def passive(address, host):
    seen, row = collections.Counter(), 0
    connection = http.client.HTTPConnection(address, timeout=10)
    for _ in range(200):
        connection.request("GET", "/", headers={"Host": host})
        r = connection.getresponse()
        r.read()
        seen[r.status] += 1
        row = row + 1 if r.status != 500 else 0
        if row == 20:
            break
    print(host, *(f"{status}x{n if status == 500 else ''}" for status, n in sorted(seen.items())))


if __name__ == "__main__":
    if sys.argv[1] == "now":
        print(time.monotonic())
    else:
        {"services": services, "tasks": tasks, "states": states, "alike": alike, "enough": enough, "spread": spread, "passive": passive}[sys.argv[1]](*sys.argv[2:])
