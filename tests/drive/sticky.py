#!/usr/bin/env python3
"""Clients that stay with a task by a cookie.
    sticky.py services PORT ADDRESS...        prints the services for swarm.py, whose tasks are at these addresses
    sticky.py task PORT ADDRESS...            those tasks: each responds with its address
    sticky.py begin PROXY FILE                clients get their cookies, each of its own; FILE has them, with their tasks
    sticky.py look PROXY FILE [GONE]          all come back with them: prints how many are at another task; with GONE, a task that was taken away,
                                              those are counted that were not its own. A client that is moved keeps what it got.
    sticky.py alike TRAEFIK MOLA SET...       the cookies of both for one task differ: prints each that does"""
import collections, http.server, json, re, socketserver, sys, threading, urllib.request

CLIENTS = 60
SETS = {
    "plain": {},
    "named": {"name": "my cookie"},
    "secure": {"name": "app", "secure": "true", "httponly": "1"},
    "lax": {"name": "app", "samesite": "lax"},
    "strict": {"name": "app", "samesite": "strict", "maxage": "100"},
    "nosite": {"name": "app", "samesite": "none", "secure": "T"},
    "othersite": {"name": "app", "samesite": "Strict"},
    "path": {"name": "app", "path": "/x/y"},
    "domain": {"name": "app", "domain": "a.test"},
    "dotted": {"name": "app", "domain": ".a.test"},
}


def services(port, addresses):
    out = {}
    for name, options in SETS.items():
        labels = {"traefik.enable": "true", "traefik.http.routers.%s.rule" % name: "Host(`%s.test`)" % name,
                  "traefik.http.services.%s.loadbalancer.server.port" % name: str(port),
                  "traefik.http.services.%s.loadbalancer.sticky.cookie" % name: "true"}
        for key, value in options.items():
            labels["traefik.http.services.%s.loadbalancer.sticky.cookie.%s" % (name, key)] = value
        out[name] = {"address": addresses, "port": port, "labels": labels}
    print(json.dumps(out))


def task(port, addresses):
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            body = self.connection.getsockname()[0].encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
        daemon_threads = True
        request_queue_size = 128

    all = [threading.Thread(target=Server((a, port), Handler).serve_forever) for a in addresses]
    for t in all:
        t.start()


def get(proxy, host, cookie=None):
    request = urllib.request.Request("http://%s/" % proxy, headers={"Host": host + ".test", **({"Cookie": "other=1; " + cookie} if cookie else {})})
    with urllib.request.urlopen(request, timeout=20) as response:
        return response.read().decode(), response.headers.get("Set-Cookie")


def begin(proxy, path):
    clients = []
    for _ in range(CLIENTS):
        where, cookie = get(proxy, "plain")
        clients.append([cookie.split(";")[0], where])
    with open(path, "w") as f:
        json.dump(clients, f)
    print("%d clients: %s" % (len(clients), dict(collections.Counter(c[1] for c in clients))))


def look(proxy, path, gone=None):
    with open(path) as f:
        clients = json.load(f)
    moved = told = 0
    for c in clients:
        where, cookie = get(proxy, "plain", c[0])
        moved += where != c[1] and c[1] != gone
        told += cookie is not None and c[1] != gone
        if c[1] == gone and (where == gone or cookie is None):
            moved += 1
        if cookie is not None:
            c[:] = [cookie.split(";")[0], where]
    with open(path, "w") as f:
        json.dump(clients, f)
    print("%d moved, %d got a cookie again" % (moved, told))
    return moved or told


def alike(traefik, mola):
    bad = 0
    for name in SETS:
        cookies = []
        for proxy in (traefik, mola):
            by_task = {}
            for _ in range(200):
                where, cookie = get(proxy, name)
                by_task[where] = cookie
                if len(by_task) == 2:
                    break
            cookies.append(by_task)
        if cookies[0] != cookies[1]:
            bad += 1
            print("%s: %s | %s" % (name, cookies[0], cookies[1]))
        for where, cookie in cookies[0].items():
            if get(mola, name, re.split(";", cookie)[0])[0] != where:
                bad += 1
                print("%s: Mola does not follow %s to %s" % (name, cookie, where))
    return bad


what, args = sys.argv[1], sys.argv[2:]
if what == "services":
    services(int(args[0]), args[1:])
elif what == "task":
    task(int(args[0]), args[1:])
elif what == "begin":
    begin(*args)
elif what == "look":
    sys.exit(1 if look(*args) else 0)
else:
    sys.exit(1 if alike(*args) else 0)
