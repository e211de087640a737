#!/usr/bin/env python3
"""Routers on entry points, and whether Mola's listeners of their names do with each request what a real Traefik's entry points do:
entries.py services ADDRESS PORT ARGUMENT...     services for swarm.py, with a Traefik that has these arguments
entries.py compare TRAEFIK MOLA NAME:PORT:tls|plain...     TRAEFIK, MOLA: addresses
Prints what differs, and ends with 1 if anything does."""
import http.client, json, ssl, sys

ROUTERS = {  # by service, whose name is also that of its host: entry points (None: the default ones), TLS, its middlewares
    "sa": [(None, None, "")], "sb": [(None, "true", "")], "sc": [("web", None, "own")], "sd": [("websecure", None, "own")],
    "se": [("web,websecure", "true", "")], "sf": [("internal", None, "")], "sg": [("moved", None, "")], "sh": [("with", None, "own")],
    "si": [("web,with", None, "own")], "sj": [("websecure", "true", "own")], "sk": [("web", None, ""), ("websecure", "true", "own")],
    "sl": [("internal", "true", ""), ("with,secured", None, "")],
}
# Of Traefik's default rule: a service's name, more of its labels, and the host that it has then.
UNSAID = {
    "by_default": ({}, "by-default"), "D..e_-f": ({}, "d-e-f"), "plain": ({"traefik.http.routers.any.tls": "false"}, "plain"),
    "composed": ({"com.docker.compose.project": "p_q", "com.docker.compose.service": "s"}, "s-p-q"), "two": ({"traefik.http.services.other.loadbalancer.server.port": "1"}, "two"),
}


def services(address, port, arguments):
    made = {"edge": {"address": address, "port": port + 50, "image": "traefik:v3.6", "args": arguments, "labels": {}}}
    for i, (name, routers) in enumerate(ROUTERS.items()):
        labels = {f"traefik.http.services.{name}.loadbalancer.server.port": str(port + i)}
        for k, (points, tls, middlewares) in enumerate(routers):
            at = f"traefik.http.routers.{name}{k}."
            labels[at + "rule"] = f"Host(`{name}.test`)"
            labels.update({at + key: value for key, value in (("entrypoints", points), ("tls", tls), ("middlewares", middlewares)) if value})
        made[name] = {"address": address, "port": port + i, "labels": labels}
    for i, (name, (labels, _)) in enumerate(UNSAID.items()):
        made[name] = {"address": address, "port": port + i, "labels": {f"traefik.http.services.it{i}.loadbalancer.server.port": str(port + i), **labels}}
    made["sa"]["labels"].update({"traefik.http.middlewares.own.headers.customresponseheaders.X-Own": "1",
                                 "traefik.http.middlewares.point.headers.customresponseheaders.X-Point": "1"})
    return made


def ask(address, port, tls, method, host, fields):
    context = ssl._create_unverified_context()
    try:
        raw = http.client.HTTPConnection(address, port, timeout=10)
        raw.connect()
        if tls:
            raw.sock = context.wrap_socket(raw.sock, server_hostname=host)
        raw.request(method, "/x?y=1", headers={"Host": f"{host}:{port}", **fields})
        response = raw.getresponse()
        body = response.read().decode() if response.status == 200 else ""
        return response.status, body, response.getheader("Location"), response.getheader("X-Own"), response.getheader("X-Point")
    except ssl.SSLError:
        return "no TLS"
    finally:
        raw.close()


def compare(traefik, mola, points):
    requests = differences = 0
    for point in points:
        name, port, kind = point.split(":")
        for host in [*(name + ".test" for name in [*ROUTERS, "nobody"]), *(host for _, host in UNSAID.values()), "by_default"]:
            for method in ("GET", "POST"):
                for fields in ({}, {"X-Forwarded-Proto": "https"}):
                    a, b = (ask(to, int(port), kind == "tls", method, host, fields) for to in (traefik, mola))
                    requests += 1
                    if a != b:
                        differences += 1
                        print(f"{name} ({kind}): {method} {host} {fields}: Traefik {a}, Mola {b}")
    print(f"entry points: {requests} requests, {differences} differences")
    return differences


if __name__ == "__main__":
    if sys.argv[1] == "services":
        print(json.dumps(services(sys.argv[2], int(sys.argv[3]), sys.argv[4:])))
    else:
        sys.exit(compare(sys.argv[2], sys.argv[3], sys.argv[4:]) != 0)
