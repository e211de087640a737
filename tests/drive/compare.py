#!/usr/bin/env python3
"""What `mola compare` is to find: compare.py services ADDRESS PORT all|same prints services for swarm.py, with those that differ or without;
compare.py task ADDRESS PORT responds for all of them, and knows Traefik by the field X-Forwarded-Server."""
import http.server, itertools, json, sys

SAME = {
    "plain": {"rule": "Host(`plain.test`)"},
    "path": {"rule": "Host(`path.test`) && Path(`/one`)"},
    "any": {"rule": "PathPrefix(`/anywhere`)"},
    "moves": {"rule": "Host(`moves.test`)", "middlewares": "moves"},
    "auth": {"rule": "Host(`auth.test`)", "middlewares": "auth"},
    "frames": {"rule": "Host(`frames.test`)", "middlewares": "frames"},
    "varies": {"rule": "Host(`varies.test`)"},
    "cookies": {"rule": "Host(`cookies.test`)"},
    "fails": {"rule": "Host(`fails.test`)"},
    "secure": {"rule": "Host(`secure.test`)", "entrypoints": "websecure", "tls": "true", "middlewares": "strict"},
    "secureweb": {"rule": "Host(`secure.test`)", "middlewares": "tohttps"},
    # not compared
    "method": {"rule": "Host(`method.test`) && Method(`GET`)"},
    "pattern": {"rule": "HostRegexp(`^[a-z]+\\.pattern\\.test$`)"},
}
DIFFERENT = {
    "other": {"rule": "Host(`other.test`)"},
    "secret": {"rule": "Host(`secret.test`)"},
    "refused": {"rule": "Host(`refused.test`) && Path(`/api/version`)", "service": "api@internal"},
}
MIDDLEWARES = {
    "moves": {"redirectregex.regex": "^http://moves.test/.*", "redirectregex.replacement": "https://moved.test/", "redirectregex.permanent": "true"},
    "auth": {"basicauth.users": "u:$apr1$8EVjn/nj$GiLUZqcbueTFeD23SuB6x0"},
    "tohttps": {"redirectscheme.scheme": "https", "redirectscheme.permanent": "true"},
    "strict": {"headers.stsseconds": "3600"},
    "frames": {"headers.framedeny": "true", "headers.stsseconds": "3600", "headers.forcestsheader": "true"},
}


def services(address, port, which):
    all = {}
    for name, router in ({**SAME, **DIFFERENT} if which == "all" else SAME).items():
        labels = {"traefik.enable": "true", "traefik.http.services.%s.loadbalancer.server.port" % name: str(port)}
        for option, value in {"entrypoints": "web", **router}.items():
            labels["traefik.http.routers.%s.%s" % (name, option)] = value
        for option, value in MIDDLEWARES.get(router.get("middlewares"), {}).items():
            labels["traefik.http.middlewares.%s.%s" % (router["middlewares"], option)] = value
        all[name] = {"labels": labels, "address": address, "port": port}
    if which == "all":
        all["alone"] = {"labels": {"mola.enable": "true", "mola.host": "alone.test", "mola.port": str(port)}, "address": address, "port": port}
    return all


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    count = itertools.count()

    def do_GET(self):
        host, traefik = self.headers["Host"].split(":")[0], "X-Forwarded-Server" in self.headers
        status, fields, body = 200, [("Content-Type", "text/plain")], "%s%s" % (host, self.path)
        if host == "varies.test":
            body = "request %d" % next(self.count)
        elif host == "fails.test":
            status = 500
        elif host == "cookies.test":
            fields.append(("Set-Cookie", "session=%d; Path=/" % next(self.count)))
        elif host == "secure.test":
            body = self.headers.get("X-Forwarded-Proto", "none")
        elif host == "other.test":
            fields = [("Content-Type", "text/plain" if traefik else "text/html"), ("X-Frame-Options", "DENY")][:1 + traefik]
            body = "traefik" if traefik else "mola"
        elif host == "secret.test":
            fields.append(("Set-Cookie", "%s=hunter2; Path=/" % ("one" if traefik else "two")))
        self.send_response(status)
        for name, value in fields + [("Content-Length", str(len(body)))]:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *args):
        pass


if sys.argv[1] == "services":
    print(json.dumps(services(sys.argv[2], int(sys.argv[3]), sys.argv[4])))
else:
    http.server.ThreadingHTTPServer((sys.argv[2], int(sys.argv[3])), Handler).serve_forever()
