#!/usr/bin/env python3
"""Rules drawn at random, and whether Mola and Traefik, which read the same labels, give each request to the same service:
rules.py serve ADDRESS PORT COUNT                  services that say their name: PORT is that of the first
rules.py compare FILE ADDRESS PORT TRAEFIK MOLA SEED SETS     TRAEFIK, MOLA: host:port; FILE is that of swarm.py
Prints what differs, and ends with 1 if anything does."""
import http.client, http.server, json, os, random, sys, threading, time

COUNT = 14
LEAVES = [
    "Host(`a.test`)", "Host(`A.test`)", "Host(`b.a.test`)", "Host(`c.test`)", "Host(`c.test.`)", "HostRegexp(`^.+\\.a\\.test$`)",
    "HostRegexp(`^[a-c]\\.test$`)", "HostRegexp(`test$`)", "HostRegexp(`^(b\\.)?a\\.test$`)", "HostRegexp(`a.test`)", "HostRegexp(`(?i)^A\\.TEST$`)",
    "Path(`/x`)", "Path(`/x/`)", "Path(`/a b`)", "PathPrefix(`/x`)", "PathPrefix(`/x/y`)", "PathPrefix(`/`)", "Path(`/a%2Fb`)",
    "PathRegexp(`^/x/[0-9]+`)", "PathRegexp(`\\.php$`)", "PathRegexp(`(?i)^/X`)", "Method(`POST`)", "Method(`get`)", "Header(`X-Kind`, `a`)",
    "HeaderRegexp(`x-kind`, `^[ab]+$`)", "Header(`X-Forwarded-Proto`, `http`)", "HeaderRegexp(`X-Forwarded-For`, `.`)", "Header(`Host`, `a.test`)",
    "Query(`q`, `1`)", "Query(`q`)", "Query(`a b`, `c&d`)", "QueryRegexp(`q`, `^[0-9]+$`)", "ClientIP(`127.0.0.0/8`)", "ClientIP(`10.0.0.0/8`)", "ClientIP(`::1`)",
    "HEADER(`Upgrade`, `websocket`)", "pathprefix(`/xy`)", 'Host("\\u0061.test")', "PathRegexp(`^/x[[:alpha:]]$`)",
]
BROKEN = ["Strange(`x`)", "Host(`a.test`, `b.test`) && Header(`X`)", "PathRegexp(`(`)", "hOST(`a.test`)", "Path(`x`)", "Host(``)"]
HOSTS = ["a.test", "A.Test", "b.a.test", "c.test", "d.test", "a.test.", "a.test:8080", "d.b.a.test", "aXtest"]
PLAIN = ["/", "/x", "/x/", "/xy", "/x/y", "/x/y/z", "/x/12", "/x.php", "/X", "/y", "/x,y"]
ODD = ["/a%20b", "/a%2fb", "/./x", "//x", "/x/../y", "/y/../x", "/%78", "/x;y", "/x%3By", "/x/%2e%2e/y", "/x//y", "/a%2Fb", "/x/.", "/x/.."]
QUERIES = ["", "", "?q=1", "?q", "?q=12&q=x", "?a+b=c%26d", "?q=%zz&q=1", "?x;q=1"]


def rule(depth):
    pick = random.random()
    if depth == 0 or pick < 0.35:
        return random.choice(LEAVES)
    if pick < 0.5:
        return "!(" + rule(depth - 1) + ")"
    return "(" + rule(depth - 1) + ") " + ("&&" if pick < 0.8 else "||") + " (" + rule(depth - 1) + ")"


def draw(number, address, port):
    """Services with a router each, no two of one priority; the last is for the compare's own eyes."""
    services, priorities = {}, {10**6}
    for i in range(COUNT - 1):
        name = "s" + chr(97 + i)
        text, priority = None, 10**6
        while priority in priorities:
            text = rule(random.choice([0, 1, 2, 2, 3]))
            if random.random() < 0.05:
                text = "(" + text + ") || " + random.choice(BROKEN)
            given = random.choice([0, 0, random.randrange(1, 300), -random.randrange(1, 300)])
            priority = given or len(text)
        priorities.add(priority)
        labels = {f"traefik.http.routers.{name}.rule": text, f"traefik.http.services.{name}.loadbalancer.server.port": str(port + i)}
        if given:
            labels[f"traefik.http.routers.{name}.priority"] = str(given)
        if random.random() < 0.2:
            labels[f"traefik.http.routers.{name}.middlewares"] = "password"
        services[name] = {"address": address, "port": port + i, "labels": labels}
    services["mark"] = {"address": address, "port": port + COUNT - 1, "labels": {
        "traefik.http.routers.mark.rule": f"Host(`set-{number}.mark`)", "traefik.http.routers.mark.priority": str(10**6),
        "traefik.http.services.mark.loadbalancer.server.port": str(port + COUNT - 1),
        "traefik.http.middlewares.password.basicauth.users": "user:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ="}}
    return services


def ask(to, method, path, host, fields):
    connection = http.client.HTTPConnection(to, timeout=10)
    try:
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        connection.putheader("Host", host)
        for name, value in fields:
            connection.putheader(name, value)
        if method == "POST":
            connection.putheader("Content-Length", "0")
        connection.endheaders()
        response = connection.getresponse()
        body = response.read().decode()
        return body if response.status == 200 else str(response.status)
    finally:
        connection.close()


def wait(to, host):
    for _ in range(600):
        try:
            if ask(to, "GET", "/", host, []) == "mark":
                return
        except OSError:
            pass
        time.sleep(0.05)
    sys.exit(f"{to} does not have {host}")


def request():
    path = random.choice(PLAIN) if random.random() < 0.75 else random.choice(ODD)
    fields = random.choice([[], [], [("X-Kind", "a")], [("X-Kind", "b"), ("x-kind", "a")], [("X-Forwarded-Proto", "https")],
                            [("Connection", "Upgrade"), ("Upgrade", "websocket")], [("Connection", "X-Kind"), ("X-Kind", "a")]])
    return random.choice(["GET", "GET", "POST"]), path, random.choice(QUERIES), random.choice(HOSTS), fields


def compare(file, address, port, traefik, mola, seed, sets):
    requests = differences = stricter = 0
    random.seed(seed)
    for number in range(sets):
        services = draw(number, address, port)
        with open(file + ".new", "w") as f:
            json.dump(services, f)
        os.rename(file + ".new", file)
        for to in (traefik, mola):
            wait(to, f"set-{number}.mark")
        for _ in range(60):
            method, path, query, host, fields = request()
            meant = ask(traefik, method, path + query, host, fields)
            got = ask(mola, method, path + query, host, fields)
            requests += 1
            # what Mola does not have yet, or does not understand, is refused with 503 where Traefik asks for a password
            if got == meant or (meant == "401" and got == "503"):
                continue
            broken = any(b in s["labels"].get(f"traefik.http.routers.{n}.rule", "") for n, s in services.items() for b in BROKEN)
            # a router with a password and a rule that is not understood may stand for anything
            if got in ("404", "503") and (path in ODD or (broken and got == "503")):
                stricter += 1
                continue
            differences += 1
            print(f"set {number} of seed {seed}: {method} {path}{query} {host} {fields}: Traefik {meant}, Mola {got}")
            for name in {meant, got} & services.keys():
                print("  ", json.dumps(services[name]["labels"]))
            if differences == 1:
                print(json.dumps({n: s["labels"] for n, s in services.items()}, indent=1))
    print(f"rules: {sets} sets, {requests} requests, {differences} differences, {stricter} where Mola is stricter")
    return differences


class Named(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1         # head and body go in one piece: the second of two waits for the acknowledgement of the first

    def do_GET(self):
        body = NAMES[self.server.server_address[1]].encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET

    def log_message(self, *args):
        pass


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        address, port = sys.argv[2], int(sys.argv[3])
        NAMES = {port + i: "s" + chr(97 + i) for i in range(COUNT - 1)}
        NAMES[port + COUNT - 1] = "mark"
        servers = [http.server.ThreadingHTTPServer((address, p), Named) for p in NAMES]
        for s in servers[1:]:
            threading.Thread(target=s.serve_forever, daemon=True).start()
        servers[0].serve_forever()
    else:
        file, address, port, traefik, mola, seed, sets = sys.argv[2:9]
        sys.exit(compare(file, address, int(port), traefik, mola, int(seed), int(sets)) != 0)
