#!/usr/bin/env python3
"""The access logs of Traefik and of Mola, of the same requests to the same services of one Swarm.
  access.py services ADDRESS PORT DEAD-ADDRESS   the Swarm, for swarm.py
  access.py task ADDRESS PORT                    serves all of its tasks
  access.py send ADDRESS CERTIFICATE             the requests, to ADDRESS:8080 and, over TLS, to ADDRESS:8443
  access.py count FILE                           lines of them, of those that were to come
  access.py json|lines TRAEFIK MOLA              compares the logs"""
import base64, hashlib, http.server, json, re, subprocess, sys

PASSWORD = "{SHA}" + base64.b64encode(hashlib.sha1(b"secret").digest()).decode()
# Name: its middleware's labels, and what else its router has.
KINDS = {
    "plain": ({}, {}),
    "auth": ({"basicauth.users": "joe:" + PASSWORD}, {}),
    "deny": ({"ipallowlist.sourcerange": "192.0.2.0/24"}, {}),
    "away": ({"redirectregex.regex": "^.*$", "redirectregex.replacement": "https://away.test/"}, {}),
    "strip": ({"stripprefix.prefixes": "/api"}, {}),
    "dead": ({}, {}),
    "fields": ({"headers.customresponseheaders.X-Own": "of its middleware"}, {}),
    "again": ({"retry.attempts": "3", "retry.initialinterval": "1ms"}, {}),
    "other": ({}, {"service": "shop"}),
    "secure": ({}, {"tls": "true", "entrypoints": "websecure"}),
}
SERVICE = {"other": "shop"}     # what the service is called, where it is not as the router
CIPHERS = "--tls13-ciphers TLS_AES_128_GCM_SHA256 --ciphers ECDHE-ECDSA-AES128-GCM-SHA256"      # each server has its favourite
AGAIN = 40                      # requests, some of which meet the dead task first: by chance, one of two

# (service, options of curl, path); over TLS where the service is.
REQUESTS = [
    ("plain", "", "/"), ("plain", "-H Host:plain.test", "/a/b?c=d&e=%20f"), ("plain", "-d abc", "/404"), ("plain", "-I", "/head"),
    ("plain", "", "/chunks"), ("plain", "", "/204"), ("plain", "", "/503"), ("plain", "-0", "/old"), ("plain", "-A agent/1", "/agent"),
    ("plain", "-e http://from.test/x", "/referer"), ("plain", "-T- -H Expect:", "/put"), ("plain", "-H Host:PLAIN.test", "/case"),
    ("plain", "-H X-Own:one -H x-own:two", "/own"), ("fields", "-H X-Own:one", "/own"), ("fields", "-I", "/"),
    ("auth", "-u joe:secret", "/"), ("auth", "-u joe:wrong", "/"), ("auth", "-u jim:wrong", "/"), ("auth", "", "/"),
    ("deny", "", "/"), ("away", "", "/x"), ("strip", "", "/api/x?y"), ("dead", "", "/"), ("none", "", "/"), ("other", "", "/"),
    ("secure", "--http2", "/"), ("secure", "--http1.1", "/"), ("secure", "--http1.1 --tls-max 1.2", "/"), ("none-secure", "--http1.1", "/"),
    ("secure", "--http1.1 --cert CERTIFICATE", "/"),
] + [("again", "", "/%d" % i) for i in range(AGAIN)]

# Where the lines may differ, each with its reason.
OWN = {"bytes", "task", "why", "middleware", "TLSResumed"}      # Mola's alone
VARIES = {"time", "StartUTC", "StartLocal", "Duration", "Overhead", "OriginDuration", "RequestCount", "ClientAddr", "ClientPort"}
SIZES = {"DownstreamContentSize", "OriginContentSize"}
OWN_WORDS = {"none", "none-secure", "dead"}     # the responses are Mola's own, and so are their sizes


def services(address, port, dead):
    all = {}
    for name, (middleware, router) in KINDS.items():
        called = SERVICE.get(name, name)
        at = address if name != "again" else [address, dead]
        number = port if name != "dead" else "9"
        labels = {"traefik.enable": "true", "traefik.http.routers.%s.rule" % name: "Host(`%s.test`)" % name,
                  "traefik.http.services.%s.loadbalancer.server.port" % called: number}
        labels.update({"traefik.http.routers.%s.%s" % (name, k): v for k, v in router.items()})
        labels.update({"traefik.http.middlewares.%s.%s" % (name, k): v for k, v in middleware.items()})
        if middleware:
            labels["traefik.http.routers.%s.middlewares" % name] = name
        all[name] = {"labels": labels, "address": at, "port": int(number)}
    print(json.dumps(all))


class Task(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        if self.headers.get("Transfer-Encoding"):
            while size := int(self.rfile.readline(), 16):
                self.rfile.read(size + 2)
            self.rfile.readline()
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        status = int(self.path[1:]) if re.fullmatch("/[2-5][0-9]{2}", self.path) else 200
        body = b"" if status == 204 else b"hello\n"
        self.send_response(status)
        self.send_header("Content-Type", "text/plain")
        for value in ("of the task", "and more") if self.path == "/own" else ():
            self.send_header("X-Own", value)
        if self.path == "/chunks":
            self.send_header("Transfer-Encoding", "chunked")
            body = b"6\r\nhello\n\r\n5\r\nthere\r\n0\r\n\r\n"
        else:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body if self.command != "HEAD" else b"")

    do_GET = do_POST = do_PUT = do_HEAD = answer

    def log_message(self, *args):
        pass


def send(address, certificate):
    for service, options, path in REQUESTS:
        secure = service in ("secure", "none-secure")
        url = "http%s://%s.test:%d%s" % ("s" if secure else "", service, 8443 if secure else 8080, path)
        subprocess.run(["curl", "-s", "-k", "-o", "/dev/null", "--max-time", "20", "--connect-to", "::%s:" % address] + (options.replace("CERTIFICATE", certificate) + " " + CIPHERS).split() + [url],
                       input=b"hello\n" if "-T-" in options else None, check=True)


def is_asked(line):         # those before them asked whether anybody is there
    return "/ready" not in line


def lines(file):
    with open(file) as f:
        return [line for line in f if is_asked(line)]


def places(traefik, mola):  # which line is of which request: they are sent one by one
    if len(traefik) != len(REQUESTS) or len(mola) != len(REQUESTS):
        sys.exit("%d and %d lines of %d requests" % (len(traefik), len(mola), len(REQUESTS)))
    return zip(REQUESTS, traefik, mola)


def end(differences, compared):
    print("%d lines, %d differences" % (compared, len(differences)))
    for d in differences:
        print(d)
    sys.exit(1 if differences else 0)


def excused(service, key, t, m):
    # The user of a request that names none: Traefik has "" where basicAuth was asked, and "-" elsewhere. Of requests that it tried
    # again, Traefik 3.6.12 counts none.
    return service in OWN_WORDS and key in SIZES or key == "ClientUsername" and (t, m) == ("", "-") or \
        service == "again" and key in ("RetryAttempts", "ServiceAddr", "ServiceURL")


def whole(line):            # what must hold within one line
    return line["Overhead"] + line["OriginDuration"] == line["Duration"] and line["ClientAddr"] == "127.0.0.1:" + line["ClientPort"] and \
        re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", line["StartUTC"]) is not None


def compare_json(traefik, mola):
    differences, again = [], 0
    for (service, options, path), t, m in places(traefik, mola):
        t, m = json.loads(t), json.loads(m)
        of = "%s %s %s" % (service, options, path)
        for key in sorted((set(t) | set(m)) - OWN):
            if (service, key) == ("fields", "origin_X-Own"):    # as its task sent it; Traefik's is as its middlewares left it
                if m.get(key) != ("of the task,and more" if path == "/own" else None):
                    differences.append("%s: %s: Mola %r" % (of, key, m.get(key)))
            elif (key in t) != (key in m):
                differences.append("%s: %s: only %s has it" % (of, key, "Traefik" if key in t else "Mola"))
            elif type(t[key]) is not type(m[key]) and not {type(t[key]), type(m[key])} <= {int, float}:
                differences.append("%s: %s: %r is of another type than %r" % (of, key, t[key], m[key]))
            elif key not in VARIES and t[key] != m[key] and not excused(service, key, t[key], m[key]):
                differences.append("%s: %s: Traefik %r, Mola %r" % (of, key, t[key], m[key]))
        differences += ["%s: the facts of %s contradict each other" % (of, who) for who, l in (("Traefik", t), ("Mola", m)) if not whole(l)]
        if service == "again":
            again += m["RetryAttempts"]
    if again == 0:
        differences.append("again: Mola counted no tries")
    end(differences, len(traefik))


# Byte by byte: the time, the number of the request and the duration are there, and vary.
LINE = re.compile(r'(.* \[)\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d \+0000(\] ".*" \d{3} )(\d+)( ".*" ".*")(?: \d+( ".*" ".*") \d+ms)?\n')


def compare_lines(traefik, mola):
    differences = []
    for (service, options, path), t, m in places(traefik, mola):
        parts = LINE.fullmatch(t), LINE.fullmatch(m)
        if None in parts:
            differences.append("not of this format: %s" % (t if parts[0] is None else m).strip())
            continue
        parts = [[g for i, g in enumerate(p.groups()) if not (i == 2 and service in OWN_WORDS)] for p in parts]
        if service == "again":
            parts = [[re.sub(r'"http://[0-9.]+:', '"http://', g) if g else g for g in p] for p in parts]
        if parts[0] != parts[1]:
            differences.append("Traefik %s\nMola    %s" % (t.strip(), m.strip()))
    end(differences, len(traefik))


verb, rest = sys.argv[1], sys.argv[2:]
if verb == "services":
    services(*rest)
elif verb == "task":
    http.server.ThreadingHTTPServer((rest[0], int(rest[1])), Task).serve_forever()
elif verb == "send":
    send(*rest)
elif verb == "count":
    sys.exit(0 if len(lines(rest[0])) == len(REQUESTS) else 1)
else:
    (compare_json if verb == "json" else compare_lines)(lines(rest[0]), lines(rest[1]))
