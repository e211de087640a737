#!/usr/bin/env python3
"""Routers, services and middlewares that several Swarm services define, and routers of noop@internal: whether Mola does with each
request what a real Traefik does, that reads the same labels:
shared.py serve ADDRESS PORT                 all tasks: each says its port
shared.py services ADDRESS PORT ARGUMENT...  services for swarm.py, with a Traefik that has these arguments
shared.py compare TRAEFIK MOLA               host:port of both
What Traefik does not serve (404) may be refused by Mola (503). Prints what differs, and ends with 1 if anything does."""
import http.client, http.server, json, os, sys, threading, time


def router(name, rule, **more):
    return {f"traefik.http.routers.{name}.rule": rule, **{f"traefik.http.routers.{name}.{key}": value for key, value in more.items()}}


def to(name, offset=None, **more):
    """A service; its port is the task's own."""
    return {f"traefik.http.services.{name}.loadbalancer.server.port": "PORT" if offset is None else str(offset),
            **{f"traefik.http.services.{name}.loadbalancer.{key}": value for key, value in more.items()}}


def own(name, kind, **options):
    return {f"traefik.http.middlewares.{name}.{kind}.{key}": value for key, value in options.items()}


STICKY = {"sticky.cookie.name": "kept"}
SETS = {  # by host: the labels of its Swarm services; one that is None has no task
    "noop": [{**router("noop", "Host(`noop.test`)", service="noop@internal", middlewares="noop-r"), **to("noop"),
              **own("noop-r", "redirectregex", regex="^http://noop.test/old(.*)", replacement="http://noop.test/new$1")}],
    "noopwrapped": [{**router("noopwrapped", "Host(`noopwrapped.test`)", service="noop@internal", middlewares="noopwrapped-h,noopwrapped-b"),
                     **own("noopwrapped-h", "headers.customresponseheaders", **{"X-One": "1"}), **to("noopwrapped"),
                     **own("noopwrapped-b", "basicauth", users="user:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=")}],
    "nooppage": [{**router("nooppage", "Host(`nooppage.test`)", service="noop@internal", middlewares="nooppage-e"), **to("nooppage"),
                  **own("nooppage-e", "errors", status="400-499", service="nooppage", query="/page")}],
    "noopbare": [router("noopbare", "Host(`noopbare.test`)", service="noop@internal")],
    "noopnarrow": [{**router("noopnarrow", "Host(`noopnarrow.test`) && PathPrefix(`/x`)", service="noop@internal"),
                    **router("noopwide", "Host(`noopnarrow.test`)", service="noopnarrow"), **to("noopnarrow")}],
    "noopcase": [{**router("noopcase", "Host(`noopcase.test`)", service="Noop@internal"), **to("noopcase")}],
    "both": [{**router("both", "Host(`both.test`)"), **to("both")}, {**router("both", "Host(`both.test`)"), **to("both")}],
    "named": [{**router("named", "Host(`named.test`)", service="named"), **to("named"), **to("named-other", 1)},
              {**router("named", "Host(`named.test`)", service="named"), **to("named")}],
    "implied": [{**router("implied", "Host(`implied.test`)", service="implied"), **to("implied")}, {**router("implied", "Host(`implied.test`)"), **to("implied")}],
    "sides": [{**router("sides-a", "Host(`sides.test`) && Path(`/x`)", service="sides"), **to("sides")},
              {**router("sides-b", "Host(`sides.test`) && Path(`/y`)", service="sides"), **to("sides")}],
    "rules": [{**router("rules", "Host(`rules.test`)"), **to("rules")}, {**router("rules", "Host(`rules.test`) && PathPrefix(`/`)"), **to("rules")}],
    "blue": [{**router("blue", "Host(`blue.test`)"), **to("blue-a")}, {**router("blue", "Host(`blue.test`)"), **to("blue-b")}],
    "wide": [{**router("wide", "Host(`wide.test`) && Path(`/x`)"), **to("wide")}, {**router("wide", "Host(`wide.test`) && Path(`/y`)"), **to("wide")},
             {**router("wide-all", "Host(`wide.test`)"), **to("wide-all")}],
    "through": [{**router("through", "Host(`through.test`)", middlewares="through-h"), **to("through")}, {**router("through", "Host(`through.test`)"), **to("through")},
                {**to("through-own"), **own("through-h", "headers.customresponseheaders", **{"X-One": "1"})}],
    "kept": [{**router("kept", "Host(`kept.test`)"), **to("kept", **STICKY)}, {**router("kept", "Host(`kept.test`)"), **to("kept")}],
    "keptboth": [{**router("keptboth", "Host(`keptboth.test`)"), **to("keptboth", **STICKY)}, {**router("keptboth", "Host(`keptboth.test`)"), **to("keptboth", **STICKY)}],
    "apart": [{**router("apart-a", "Host(`apart.test`) && Path(`/x`)", service="apart"), **to("apart", **{"passhostheader": "false"})},
              {**router("apart-b", "Host(`apart.test`) && Path(`/y`)", service="apart"), **to("apart")}],
    "third": [to("third"), {**router("third", "Host(`third.test`)", service="third@swarm"), **to("third-own")}],
    "thirdbare": [to("thirdbare"), {**router("thirdbare", "Host(`thirdbare.test`)", service="thirdbare"), **to("thirdbare-own")}],
    "thirdboth": [to("thirdboth"), to("thirdboth"), {**router("thirdboth", "Host(`thirdboth.test`)", service="thirdboth"), **to("thirdboth-own")}],
    "nobody": [{**router("nobody", "Host(`nobody.test`)", service="nobody-else"), **to("nobody")}],
    "wares": [{**router("wares", "Host(`wares.test`)", middlewares="wares-h"), **to("wares"), **own("wares-h", "headers.customresponseheaders", **{"X-One": "1"})},
              {**to("wares-own"), **own("wares-h", "headers.customresponseheaders", **{"X-One": "2"})}],
    "waresboth": [{**router("waresboth", "Host(`waresboth.test`)", middlewares="waresboth-h"), **to("waresboth"),
                   **own("waresboth-h", "headers.customresponseheaders", **{"X-One": "1"})}, {**to("waresboth-own"), **own("waresboth-h", "headers.customresponseheaders", **{"X-One": "1"})}],
    "gone": [{**router("gone", "Host(`gone.test`)"), **to("gone")}, None, {**router("gone", "Host(`gone.test`) && Path(`/z`)"), **to("gone")}],
    "off": [{**router("off", "Host(`off.test`)"), **to("off")}, {**router("off", "Host(`off.test`) && Path(`/z`)"), **to("off"), "traefik.enable": "false"}],
    "spelled": [{**router("spelled", "Host(`spelled.test`)"), **to("spelled")}, {**router("Spelled", "Host(`spelled.test`) && Path(`/z`)"), **to("spelled")}],
    "schemes": [{**router("schemes", "Host(`schemes.test`)"), **to("schemes", **{"server.scheme": "http"})}, {**router("schemes", "Host(`schemes.test`)"), **to("schemes")}],
    "checked": [{**router("checked", "Host(`checked.test`)"), **to("checked", **{"healthcheck.path": "/h"})}, {**router("checked", "Host(`checked.test`)"), **to("checked")}],
    "orders": [{**router("orders", "Host(`orders.test`)", entrypoints="web, websecure"), **to("orders")}, {**router("orders", "Host(`orders.test`)", entrypoints="web,websecure"), **to("orders")}],
    "ranks": [{**router("ranks", "Host(`ranks.test`)", priority="7"), **to("ranks")}, {**router("ranks", "Host(`ranks.test`)", priority="07"), **to("ranks")}],
    "lengths": [{**router("lengths", "Host(`lengths.test`)", priority="0"), **to("lengths")}, {**router("lengths", "Host(`lengths.test`)"), **to("lengths")}],
}


def tcp(name, point, rule="HostSNI(`*`)", **more):
    return {f"traefik.tcp.routers.{name}.rule": rule, f"traefik.tcp.routers.{name}.entrypoints": point,
            f"traefik.tcp.services.{name}.loadbalancer.server.port": "PORT",
            **{f"traefik.tcp.services.{name}.loadbalancer.{key}": value for key, value in more.items()}}


POINTS = {"pg1": 5431, "pg2": 5432, "pg3": 5433}		# entry points of TCP, by their ports; tasks respond to requests there, too
SETS.update({
    "pg1": [tcp("pg1", "pg1"), tcp("pg1", "pg1")],
    "pg2": [tcp("pg2", "pg2"), {**tcp("pg2", "pg2"), "traefik.tcp.routers.pg2.priority": "7"}],
    "pg3": [tcp("pg3", "pg3"), tcp("pg3", "pg3", **{"proxyprotocol.version": "1"})],
})
STRICTER = {"wide"}		# what a router that is not served stands for goes to no wider one
ONLY = os.environ.get("ONLY", "").split()		# sets, by the beginning of their names; none: all
SETS = {host: several for host, several in SETS.items() if not ONLY or host == "off" or host.startswith(tuple(ONLY))}


def services(address, port, arguments):
    made = {"edge": {"address": address, "port": port - 1, "image": "traefik:v3.6", "args": arguments, "labels": {}}}
    for host, several in SETS.items():
        gone = False
        for i, labels in enumerate(several):
            if labels is None:
                gone = True
                continue
            made[f"{host}-{i}"] = {"address": [] if gone else address, "port": port, "labels": {k: str(port) if v == "PORT" else v for k, v in labels.items()}}
            port += 1
    return made


class Task(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1         # head and body go in one piece: the second of two waits for the acknowledgement of the first

    def do_GET(self):
        body = str(self.server.server_port).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


def ask(address, host, path, fields={}):
    connection = http.client.HTTPConnection(address if host not in POINTS else f"{address.split(':')[0]}:{POINTS[host]}", timeout=10)
    try:
        connection.request("GET", path, headers={"Host": host + ".test", **fields})
        response = connection.getresponse()
        body = response.read().decode()
        status = "none" if response.status in (404, 503) else response.status
        return status, body if status != "none" else "", response.getheader("Location"), response.getheader("X-One")
    except (ConnectionError, http.client.HTTPException):		# of TCP
        return "none", "", None, None
    finally:
        connection.close()


def compare(traefik, mola):
    """Traefik takes the tasks of a service in turns; Mola is asked until it has taken the same ones, or another."""
    requests = differences = 0
    for host in SETS:
        for path, fields in (("/", {}), ("/", {"Authorization": "Basic dXNlcjpwYXNzd29yZA=="}), ("/x", {}), ("/y", {}), ("/z", {}), ("/old/1", {})):
            meant, seen = {ask(traefik, host, path, fields) for _ in range(4)}, set()
            for n in range(40):
                seen.add(ask(mola, host, path, fields))
                if n >= 3 and seen == meant or not seen <= meant:
                    break
            requests += 5 + n
            if seen != meant and not (host in STRICTER and seen == {("none", "", None, None)}):
                differences += 1
                print(f"{host}{path}: Traefik {sorted(meant, key=str)}, Mola {sorted(seen, key=str)}")
    print(f"shared: {len(SETS)} sets, {requests} requests, {differences} differences")
    return differences


if __name__ == "__main__":
    if sys.argv[1] == "services":
        print(json.dumps(services(sys.argv[2], int(sys.argv[3]), sys.argv[4:])))
    elif sys.argv[1] == "serve":
        for i in range(sum(len(several) for several in SETS.values())):
            server = http.server.ThreadingHTTPServer((sys.argv[2], int(sys.argv[3]) + i), Task)
            threading.Thread(target=server.serve_forever, daemon=True).start()
        while True:
            time.sleep(60)
    else:
        sys.exit(compare(sys.argv[2], sys.argv[3]) != 0)
