#!/usr/bin/env python3
"""The same middlewares as filters.py has, in files of Traefik's file provider: of every other set all is in a file, of the others the
router and the service are labels, which name the middlewares of a file.
    files.py write ADDRESS PORT FOLDER        FOLDER/services.json for swarm.py, FOLDER/files/*.yml
    files.py compare TRAEFIK MOLA [SET...]    as filters.py does; without sets every ninth of them; all: all of them
    files.py secure ADDRESS PORT CA           FOLDER of certificates to the lines of a file: servers over TLS, and who verifies them how
    files.py task ADDRESS PORT CA [h2]        the task of filters.py over TLS, with CA/inner.crt; it takes clients with certificates of that CA; it
                                              speaks HTTP/1.1, but chooses HTTP/2 from whoever offers that
    files.py hosts TRAEFIK MOLA               of hand-written routers: prints what differs, a line for each; status 1 when anything does"""
import json, os, ssl, sys

import filters

HOSTS = ["back", "there", "several", "path", "kept", "deep", "top", "labelled", "empty", "chain", "entry", "twice-a", "twice-b", "quoted", "line", "block", "null"]
# With one of these Traefik reads nothing of the whole folder, so that they stay labels.
WRONG = set("""allowbad basicaway basicbad breakerbare breakercase breakerempty breakerfloat breakerinteger breakernegative breakernot breakeropen
    breakerturned breakertwice breakerwhole compressbad compressbadtype compressbadusual compressboth digestbad errorsbad errorsnone errorsrewrite
    flightbad ratebad ratebare rateblank retrynone retrystatus undefined unknown""".split())
OWN = """
http:
  routers:
    back: { rule: "Host(`back.test`)", service: "%(some)s@swarm", middlewares: [ mark ] }
    several: { rule: "Host(`several.test`) || Host(`seven.test`)", service: near }
    path: { rule: "Host(`path.test`)", service: base }
    kept: { rule: "Host(`kept.test`)", service: kept, middlewares: [ mark ] }
    deep: { rule: "Host(`deep.test`)", service: deep, middlewares: [ put, mark ] }
    top: { rule: "Host(`top.test`)", service: top }
    empty: { rule: "Host(`empty.test`)", service: empty }
    chain: { rule: "Host(`chain.test`)", service: near, middlewares: [ both, mark@file ] }
    entry: { rule: "Host(`entry.test`)", service: near, entryPoints: web }
    twice: { rule: "Host(`twice-a.test`)", service: near }
    quoted:
      rule: 'Host("quoted.test") && PathPrefix(`/`)'
      service: 'near@file'
      priority: 7
    line: { rule: "Host(`line.test`)  &&  Method(`GET`)", service: near, middlewares: "mark,more" }
    block:
      rule: >
        Host(`block.test`) ||
        Host(`bloc.test`)
      service: near
    "null": { rule: "Host(`null.test`)", service: near, tls: , middlewares: }
    split: { rule: "Host(`split.test`)", service: split }
    spare: { rule: "Host(`spare.test`)", service: spare }
  middlewares:
    mark: { headers: { customResponseHeaders: { X-Mark: "1" } } }
    more: { headers: { customRequestHeaders: { X-More: "more, and more" } } }
    put: { addPrefix: { prefix: /put } }
    both: { chain: { middlewares: [ mark, more ] } }
  services:
    near: { loadBalancer: { servers: [ { url: "http://%(at)s" }, { url: "http://%(at)s/" } ] } }
    base: { loadBalancer: { servers: [ { url: "http://%(at)s/base/" } ] } }
    kept: { loadBalancer: { servers: [ { url: "http://%(at)s/base/", preservePath: true } ] } }
    deep: { loadBalancer: { servers: [ { url: "http://%(at)s/a/b", preservePath: true }, { url: "http://%(at)s/a/b/", preservePath: true } ] } }
    top: { loadBalancer: { servers: [ { url: "http://%(at)s/", preservePath: true } ] } }
    empty: { loadBalancer: { servers: [] } }
    one: { loadBalancer: { passHostHeader: false, servers: [ { url: "http://%(at)s" } ] } }
    other: { loadBalancer: { passHostHeader: false, servers: [ { url: "http://%(other)s" } ] } }
    split: { weighted: { services: [ { name: one, weight: 3 }, { name: other@file, weight: 1 } ] } }
    dead: { loadBalancer: { servers: [ { url: "http://%(dead)s" } ], healthCheck: { path: /, interval: 1s, timeout: 500ms } } }
    alive: { loadBalancer: { servers: [ { url: "http://%(at)s" } ], healthCheck: { path: /, interval: 1s, timeout: 500ms } } }
    spare: { failover: { service: dead, fallback: alive, healthCheck: {} } }
"""
TWICE = "http: { routers: { twice: { rule: 'Host(`twice-b.test`)', service: near } } }\n"


SECURE = """
http:
  routers:
    insecure: { rule: "Host(`insecure.test`)", service: insecure }
    trusted: { rule: "Host(`trusted.test`)", service: trusted }
    named: { rule: "Host(`named.test`)", service: named }
    misnamed: { rule: "Host(`misnamed.test`)", service: misnamed }
    untrusted: { rule: "Host(`untrusted.test`)", service: untrusted }
    client: { rule: "Host(`client.test`)", service: client }
    chosen: { rule: "Host(`chosen.test`)", service: chosen }
    trusting: { rule: "Host(`trusting.test`)", service: trusting }
    shown: { rule: "Host(`shown.test`)", service: insecure, tls: {} }
    strict: { rule: "Host(`strict.test`)", service: insecure, tls: { options: strict } }
    mutual: { rule: "Host(`mutual.test`)", service: insecure, tls: { options: mutual } }
    loose: { rule: "Host(`loose.test`)", service: insecure, tls: { options: loose } }
    narrow: { rule: "Host(`narrow.test`)", service: insecure, tls: { options: narrow } }
    either: { rule: "Host(`either.test`) || Host(`or.test`)", service: insecure, tls: { options: narrow } }
    nameless: { rule: "PathPrefix(`/nameless`)", service: insecure, tls: { options: strict } }
    torn: { rule: "Host(`torn.test`)", service: insecure, tls: { options: strict } }
    torn2: { rule: "Host(`torn.test`) && PathPrefix(`/other`)", service: insecure, tls: { options: loose } }
    broken: { rule: "Host(`broken.test`)", service: insecure, tls: { options: nowhere } }
    sni: { rule: "Host(`sni.test`)", service: insecure, tls: { options: sni } }
    given: { rule: "Host(`given.test`)", service: insecure, tls: { options: given } }
    any: { rule: "Host(`any.test`)", service: insecure, tls: { options: any } }
    renewed: { rule: "Host(`renewed.test`)", service: insecure, tls: { options: renewed } }
  services:
    insecure: { loadBalancer: { serversTransport: insecure, servers: [ { url: "https://%(at)s" } ] } }
    trusted: { loadBalancer: { serversTransport: trusted, servers: [ { url: "https://%(at)s" } ] } }
    named: { loadBalancer: { serversTransport: named, servers: [ { url: "https://%(at)s" } ] } }
    misnamed: { loadBalancer: { serversTransport: misnamed, servers: [ { url: "https://%(at)s" } ] } }
    untrusted: { loadBalancer: { servers: [ { url: "https://%(at)s" } ] } }
    chosen: { loadBalancer: { serversTransport: http1, servers: [ { url: "https://%(chooses)s" } ] } }
    trusting: { loadBalancer: { serversTransport: trusting, servers: [ { url: "https://%(at)s" } ] } }
    client: { loadBalancer: { serversTransport: client, servers: [ { url: "https://%(at)s" } ] } }
  serversTransports:
    insecure: { insecureSkipVerify: true }
    trusted: { rootCAs: [ %(ca)s/root.crt ], forwardingTimeouts: { dialTimeout: 3s, idleConnTimeout: 10s } }
    named: { rootCAs: [ %(ca)s/root.crt ], serverName: inner.test, maxIdleConnsPerHost: 7 }
    misnamed: { rootCAs: [ %(ca)s/root.crt ], serverName: other.test }
    http1: { insecureSkipVerify: true, disableHTTP2: true }
    trusting: { rootCAs: [ %(ca)s/other/root.crt, %(ca)s/root.crt ] }
    client: { rootCAs: [ %(ca)s/root.crt ], certificates: [ { certFile: %(ca)s/me.crt, keyFile: %(ca)s/me.key } ] }
tls:
  certificates: [ { certFile: %(ca)s/shown.crt, keyFile: %(ca)s/shown.key } ]
  options:
    strict: { minVersion: VersionTLS13 }
    loose: { minVersion: VersionTLS12 }
    narrow:
      maxVersion: VersionTLS12
      cipherSuites: [ TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384 ]
      curvePreferences: [ CurveP384 ]
      alpnProtocols: [ http/1.1 ]
      preferServerCipherSuites: true
    sni: { sniStrict: true }
    given: { clientAuth: { caFiles: [ %(ca)s/root.crt ], clientAuthType: VerifyClientCertIfGiven } }
    any: { clientAuth: { clientAuthType: RequireAnyClientCert } }
    renewed: { clientAuth: { caFiles: [ %(ca)s/clients.crt ] } }
    mutual: { clientAuth: { caFiles: [ %(ca)s/root.crt ], clientAuthType: RequireAndVerifyClientCert } }
"""


def task(address, port, ca, *more):
    server = filters.Server((address, port), filters.Task)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(ca + "/inner.crt", ca + "/inner.key")
    context.load_verify_locations(ca + "/root.crt")
    context.verify_mode = ssl.CERT_OPTIONAL
    if more:
        context.set_alpn_protocols(["h2", "http/1.1"])
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.serve_forever()


def put(tree, path, value):
    *front, last = path
    for word in front:
        tree = tree.setdefault(word, {})
    tree[last] = value


def write(address, port, folder):
    labels, tree = {}, {}
    made = filters.services(address, port, folder, dict(filters.SETS))
    for at, (name, service) in enumerate(made.items()):
        whole, kept = at % 2 == 0, {}
        if name in WRONG:
            labels[name] = service
            continue
        for label, value in service["labels"].items():
            words = label.split(".", 4) if ".services." not in label else label.split(".")
            if len(words) < 3:
                kept[label] = value
            elif words[2] == "middlewares":
                put(tree, label.split(".")[1:], value)
            elif words[2] == "services" and whole:
                put(tree, ["http", "services", words[3], "loadBalancer", "servers"], [{"url": f"http://{address}:{value}"}])
            elif words[2] == "routers" and whole:
                put(tree, words[1:], value)
            elif words[4:] == ["middlewares"]:
                kept[label] = ",".join(one + "@file" for one in value.split(","))
            else:
                kept[label] = value
        for router in tree.get("http", {}).get("routers", {}) if whole else ():
            if router.startswith(name):
                tree["http"]["routers"][router].setdefault("service", name)
        if not whole:
            labels[name] = {**service, "labels": kept}
    some = next(iter(labels))
    labels["there"] = {"address": address, "port": port, "labels": {"traefik.enable": "true", "traefik.http.services.there.loadbalancer.server.port": str(port),
                       "traefik.http.routers.there.rule": "Host(`there.test`)", "traefik.http.routers.there.service": "near@file",
                       "traefik.http.routers.there.middlewares": "both@file"}}
    labels["labelled"] = {"address": address, "port": port, "labels": {"traefik.enable": "true", "traefik.http.routers.labelled.rule": "Host(`labelled.test`)",
                          "traefik.http.routers.labelled.service": "kept@file",
                          "traefik.http.services.labelled.loadbalancer.server.port": str(port)}}
    labels["outer"] = {"address": address, "port": 9443, "labels": {"traefik.enable": "true", "traefik.http.routers.outer.rule": "Host(`outer.test`)",
                       "traefik.http.services.outer.loadbalancer.server.port": "9443", "traefik.http.services.outer.loadbalancer.server.scheme": "https",
                       "traefik.http.services.outer.loadbalancer.serverstransport": "insecure@file"}}
    with open(folder + "/services.json", "w") as f:
        json.dump(labels, f)
    os.makedirs(folder + "/files/inner", exist_ok=True)
    with open(folder + "/files/filters.yml", "w") as f:
        json.dump(tree, f)
    with open(folder + "/files/inner/own.yaml", "w") as f:
        f.write(OWN % {"at": f"{address}:{port}", "other": f"{address}:{port + 1}", "dead": f"{address}:9", "some": some})
    with open(folder + "/files/later.yml", "w") as f:
        f.write(TWICE)


def hosts(traefik, mola):
    differences = 0
    for host in HOSTS:
        a, b = (filters.steady(filters.ask(w, host + ".test", "GET /x?y=1")) for w in (traefik, mola))
        if a[0] == b[0] == "503" or (a[0] == b[0] == "404" and filters.refuses(a)):
            continue
        for what, x, y in zip(("status", "response", "request"), a, b):
            if x != y:
                print(f"{host}: {what}: {x} | {y}")
                differences += 1
    print(f"{len(HOSTS)} hosts, {differences} differences")
    return differences > 0


if __name__ == "__main__":
    if sys.argv[1] == "write":
        write(sys.argv[2], int(sys.argv[3]), sys.argv[4])
    elif sys.argv[1] == "secure":
        print(SECURE % {"at": f"{sys.argv[2]}:{sys.argv[3]}", "chooses": f"{sys.argv[2]}:{int(sys.argv[3]) + 1}", "ca": sys.argv[4]})
    elif sys.argv[1] == "task":
        task(sys.argv[2], int(sys.argv[3]), *sys.argv[4:])
    elif sys.argv[1] == "hosts":
        sys.exit(hosts(filters.at(sys.argv[2]), filters.at(sys.argv[3])))
    else:
        names = sys.argv[4:] or list(filters.SETS)[::9]
        sys.exit(filters.compare(filters.at(sys.argv[2]), filters.at(sys.argv[3]), list(filters.SETS) if names == ["all"] else names))
