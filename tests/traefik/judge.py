#!/usr/bin/env python3
"""Label sets drawn from a seed, and whether Mola does with each request what a real Traefik does.
    judge.py services SEED SETS ADDRESS PORT FOLDER     prints the services for ../drive/swarm.py; their task is filters.py's, at ADDRESS:PORT
    judge.py compare SEED SETS TRAEFIK MOLA             prints each difference, and last `judge: N label sets, M requests, D differences, L documented,
                                                        U unsteady`; status 1 when there is a difference
A set is one of: every set of ../drive/filters.py (each option of each middleware), every function of a rule alone, an ordered pair of middlewares of
two kinds, two routers with rules drawn at random. They come in an order that the seed decides, in turns, so that few are of all sorts and many are all.
What may differ, and why, is in documented.py."""
import concurrent.futures, json, os, random, sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "drive"))
import filters, rules
from documented import documented

REQUESTS = 20
COPIES = 4
# in a pair these have to do the same each time, whatever the time is
STEADY = {
    "ratelimit": [({"a.ratelimit.average": "1", "a.ratelimit.period": "1h", "a.ratelimit.burst": "8"}, filters.GET)],
    "inflightreq": [({"a.inflightreq.amount": "100"}, filters.GET)],
    "circuitbreaker": [({"a.circuitbreaker.expression": "NetworkErrorRatio() > 2"}, filters.GET)],
    "retry": [({"a.retry.attempts": "3", "a.retry.initialinterval": "10ms"}, filters.GET)],
}
# what it leaves of some paths is not clean; not of ../drive/filters.py, since not all versions of Traefik do the same there
UNCLEAN = filters.one("replacepathregex", {"regex": "^/api/(?P<rest>.*)", "replacement": "/v2/${rest}/"}, filters.PATHS)


def any_host(rule):
    """a router for hosts that others have not"""
    hosts = ["HOST", "a.HOST", "A.HOST:8080", "a.b.HOST", "b.HOST.", "aHOST"]
    return {}, "", ["GET /x Host:" + host for host in hosts], {"": {"rule": rule, "service": "SERVICE"}}


# what 3.7 has, and 3.6.12 has not or does otherwise: compared with PEER=3.7
NEWER = {
    "star": any_host("Host(`*.SERVICE.test`)"),
    "starupper": any_host("Host(`*.SERVICE.Test`) && PathPrefix(`/x`)"),
    "stardeep": any_host("Host(`*.a.SERVICE.test`) || Host(`*.b.SERVICE.test`)"),
    "starnot": any_host("Host(`a.starnot.test`) && !Host(`*.SERVICE.test`)"),
    "encoded": filters.one("encodedcharacters", {"allowencodedslash": "true"}, filters.PATHS),
    "errorheaders": filters.one("errors", {"status": "500", "service": "SERVICE", "query": "/", "errorrequestheaders": "X-A"}, filters.GET),
    "signin": filters.one("forwardauth", {"address": "http://TASK/auth?status=401", "authsigninurl": "http://login.test/"}, filters.GET),
    "retrytimeout": filters.one("retry", {"attempts": "2", "timeout": "1s"}, filters.GET),
    "retryonly": filters.one("retry", {"attempts": "2", "disableretryonnetworkerror": "true", "status": "500"}, filters.GET),
    "nousers": filters.one("basicauth", {"users": ""}, filters.GET),
    "credentials": filters.one("headers", {"accesscontrolalloworiginlist": "https://a.org", "accesscontrolallowcredentials": "true",
                                           "accesscontrolallowmethods": "GET,PUT"}, filters.ORIGIN),
}


def kinds():
    """kind: sets of it alone, without those that are refused or take their time"""
    found = {}
    for name, (middlewares, order, requests) in filters.SETS.items():
        of = {k.split(".")[1] for k in middlewares}
        if len(of) == 1 and order == "a" and "bad" not in name and not any(r[0].isdigit() or r.startswith("PAUSE") for r in requests):
            found.setdefault(of.pop(), []).append((middlewares, requests))
    for kind in ("chain", *STEADY):
        found.pop(kind, None)
    return {**found, **STEADY}


def pairs():
    of = kinds()
    for one in of:
        for other in of:
            (a, some), (b, more) = random.choice(of[one]), random.choice(of[other])
            requests = [random.choice(random.choice([some, more])) for _ in range(REQUESTS)]
            yield {**a, **{"b" + k[1:]: v for k, v in b.items()}}, "a,b", requests


def request():
    method, path, query, _, fields = rules.request()
    host = random.choice(["HOST"] * 6 + ["HOST:8080", "HOST."])
    return " ".join([method, path + query, "Host:" + host] + [f"{k}:{v}" for k, v in fields if k != "Connection"])


def routers(rule, other=None):
    mine = {"rule": f"Host(`SERVICE.test`) && ({rule})", "service": "SERVICE"}
    made = {"": mine}
    if other is not None:
        made["-b"] = {"rule": f"Host(`SERVICE.test`) && ({other})", "service": "SERVICE", "middlewares": "SERVICE-a",
                      "priority": str(random.randrange(-300, 300) or 1)}
    return {"a.headers.customresponseheaders.X-Router": "b"} if other else {}, "", [request() for _ in range(REQUESTS)], made


def single_rules():
    for leaf in rules.LEAVES:
        yield routers(leaf)
        yield routers("!" + leaf)


def drawn_rules():
    while True:
        yield routers(rules.rule(random.choice([1, 2, 3])), rules.rule(random.choice([1, 2, 3])))


def draw(seed, count):
    random.seed(seed)
    sorts = [[(n, s) for n, s in filters.SETS.items()], [("", s) for s in pairs()], [("", s) for s in single_rules()]]
    for sort in sorts:
        random.shuffle(sort)
    more, sets = drawn_rules(), {"ready": ({}, "", ["GET /"]), "unclean": UNCLEAN, **(NEWER if os.environ.get("PEER") else {})}
    while len(sets) < count:
        sort = random.choices(sorts + [None], [4, 6, 2, 2])[0]
        if sort is not None and not sort:
            sort = None if not any(sorts) else next(s for s in sorts if s)
        name, made = sort.pop() if sort else ("", next(more))
        sets[name or f"j{len(sets)}"] = made
    return sets


def copies(name):
    return [f"{name}copy{i}" for i in range(COPIES)] if name.startswith("j") else []


def with_copies(sets):
    """with more services that have the same labels: where requests are counted, they can be asked again (filters.judged)"""
    counted = [n for n, s in sets.items() if {k.split(".")[1] for k in s[0]} & filters.LIMITS]
    return {**sets, **{c: sets[n] for n in counted for c in copies(n)}}


def compare(seed, count, traefik, mola):
    sets = draw(seed, count)
    requests = unsteady = 0
    kinds, different = set(), []
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        known = lambda made: lambda request, a, b: documented(request, a, b, made[0])
        judged = {n: pool.submit(filters.judged, traefik, mola, n, s, known(s), copies(n)) for n, s in sets.items()}
    for name, future in judged.items():
        found = future.result()
        requests += len(found)
        kinds |= {what for *_, what in found} - {"same", "differs", "unsteady"}
        for kind in ("differs", "unsteady"):
            of_kind = [f[:3] for f in found if f[3] == kind]
            for text, a, b in of_kind[:3]:
                for what, x, y in zip(("status", "response", "request"), a, b):
                    if x != y:
                        print(f"{'unsteady: ' if kind == 'unsteady' else ''}{name}: {text}: {what}: {x} | {y}")
            if of_kind:
                print("   ", json.dumps(sets[name][0]), json.dumps(sets[name][3:]))
            if kind == "differs":
                different += of_kind
            else:
                unsteady += len(of_kind)
    for kind in sorted(kinds):
        print("documented:", kind)
    print(f"judge: {len(sets)} label sets, {requests} requests, {len(different)} differences, {len(kinds)} documented, {unsteady} unsteady")
    return different != []


if __name__ == "__main__":
    seed, count = int(sys.argv[2]), int(sys.argv[3])
    if sys.argv[1] == "services":
        address, port, folder = sys.argv[4:7]
        print(json.dumps(filters.services(address, int(port), folder, with_copies(draw(seed, count)))))
    else:
        sys.exit(compare(seed, count, filters.at(sys.argv[4]), filters.at(sys.argv[5])))
