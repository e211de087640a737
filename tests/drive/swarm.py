#!/usr/bin/env python3
"""A Swarm's manager as far as Traefik's Swarm provider and Mola ask: swarm.py ADDRESS PORT FILE
FILE has the services, {"NAME": {"labels": {...}, "address": IP, "port": N}, ...}, and is read anew when it has changed; each service
has one task, whose port, if it has one, is published in host mode, or one for each of several addresses ("address": [IP, ...])."""
import http.server, json, os, re, sys

ADDRESS, PORT, FILE = sys.argv[1], int(sys.argv[2]), sys.argv[3]
NET = {"Id": "net1", "Name": "shared", "Driver": "overlay", "Scope": "swarm", "Ingress": False, "Spec": {"Name": "shared"}}
BEGAN = "2026-01-01T00:00:00Z"


read = (None, None)


def services():
    """Traefik asks once for each service: not all of a large file each time"""
    global read
    at = os.stat(FILE)
    state = at.st_mtime_ns, at.st_ino, at.st_size
    if read[0] != state:
        with open(FILE) as f:
            read = state, json.load(f)
    return read[1]


def service(name, s):
    return {"ID": "id-" + name, "Version": {"Index": 1}, "CreatedAt": BEGAN, "UpdatedAt": BEGAN,
            "Spec": {"Name": name, "Labels": s["labels"], "Mode": {"Replicated": {"Replicas": 1}}, "EndpointSpec": {"Mode": "dnsrr"},
                     "TaskTemplate": {"ContainerSpec": {"Image": s.get("image", "app"), "Args": s.get("args", [])}}}, "Endpoint": {"Spec": {"Mode": "dnsrr"}}}


def addresses(s):
    return s["address"] if isinstance(s["address"], list) else [s["address"]]


def node_of(s, address):
    return "node" + address.replace(".", "-") if isinstance(s["address"], list) else "node1"


def task(name, s, address):
    port = {"Protocol": "tcp", "TargetPort": s["port"], "PublishedPort": s["port"], "PublishMode": "host"}
    return {"ID": "task" + name + node_of(s, address), "ServiceID": "id-" + name, "NodeID": node_of(s, address), "Slot": int(address.split(".")[-1]), "DesiredState": "running",
            "Status": {"State": "running", "PortStatus": {"Ports": [port] if s["port"] else []}},
            "NetworksAttachments": [{"Network": {"ID": "net1", "Spec": {"Name": "shared"}}, "Addresses": [address + "/24"]}]}


def node(identity, address):
    return {"ID": identity, "Version": {"Index": 1}, "Spec": {"Labels": {}, "Role": "manager", "Availability": "active"},
            "Description": {"Hostname": "m1" if identity == "node1" else identity, "Resources": {"NanoCPUs": 2000000000, "MemoryBytes": 1 << 32}},
            "Status": {"State": "ready", "Addr": address}}


def answer(path):
    all = services()
    if path == "/services":
        return [service(n, s) for n, s in all.items()]
    if path.startswith("/tasks"):
        wanted = re.search(r"id-([a-zA-Z0-9_.-]+)", path)
        return [task(n, s, a) for n, s in all.items() if wanted is None or wanted.group(1) == n for a in addresses(s)]
    if path.startswith("/nodes"):
        nodes = {}
        for s in all.values():
            for a in addresses(s):
                nodes.setdefault(node_of(s, a), node(node_of(s, a), a))
        return list(nodes.values()) if path == "/nodes" else nodes.get(path[len("/nodes/"):])
    if path.startswith("/networks"):
        return [NET]
    if path == "/version":
        return {"Version": "28.5.2", "ApiVersion": "1.51", "MinAPIVersion": "1.24", "Os": "linux", "Arch": "amd64"}
    return None


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True        # else a body waits 40 ms for the acknowledgement of its head

    def do_GET(self):
        path = re.sub(r"^/v[0-9.]+/", "/", self.path)
        body = b"OK" if path == "/_ping" else json.dumps(answer(path)).encode()
        self.send_response(404 if body == b"null" else 200)
        self.send_header("Api-Version", "1.51")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body if self.command == "GET" else b"")

    do_HEAD = do_GET

    def log_message(self, *args):
        pass


http.server.ThreadingHTTPServer((ADDRESS, PORT), Handler).serve_forever()
