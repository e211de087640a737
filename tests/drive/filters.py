#!/usr/bin/env python3
"""The middlewares of labels, by Traefik and by Mola: the same services, the same requests, and what differs.
    filters.py services ADDRESS PORT FOLDER   prints the services for swarm.py; their task is at ADDRESS:PORT
    filters.py task ADDRESS PORT              that task: responds with what it got, as JSON
    filters.py compare TRAEFIK MOLA [SET...]  prints `set: request: what: Traefik's | Mola's` for each difference, and a count; status 1
                                              when there is one
A set: labels of middlewares (below traefik.http.middlewares.), the router's list of them, and requests: METHOD PATH [FIELD...].
COUNT*METHOD...: so many at once, of which the number of each status is compared; N in a field's value is the number of each,
N%COUNT what is left of it. PAUSE SECONDS: nothing happens. With hold=1 in the query the task responds to none of them before each one has come to it,
or has its response from the proxy: how many are in flight at once does not depend on how fast the machine is.
Body:N as a field: a body of N bytes; Chunked:N: the same in chunks.
SERVICE in a value is the set's name."""
import base64, collections, concurrent.futures, ctypes, glob, hashlib, http.server, json, os, re, socket, socketserver, sys, tempfile, time, zlib

GET = ["GET /", "GET /x", "HEAD /x", "POST /x?a=b"]
PATHS = ["GET /", "GET /api", "GET /api/", "GET /api/x?y=1&z", "GET /apix", "GET /v1/api/x", "GET /%61pi/x", "GET /api/%2Fx", "GET /api%2Fx", "GET /api/a%20b",
         "POST /api/x", "GET /api?", "GET /other/x", "HEAD /api/x", "GET /API/x", "GET //api/x", "GET /api//x/./y/", "GET /api/a+b!c'd(e)*f;g", "GET /api/%e4%7e%2E"]
ORIGIN = ["GET / Origin:https://a.org", "GET / Origin:https://b.org", "GET /", "OPTIONS / Origin:https://a.org Access-Control-Request-Method:PUT",
          "OPTIONS / Origin:https://b.org Access-Control-Request-Method:PUT", "OPTIONS /", "OPTIONS / Origin:https://a.org",
          "GET /?Vary=Accept Origin:https://a.org", "GET /?Vary=Origin Origin:https://a.org", "GET /?Access-Control-Allow-Origin=x Origin:https://a.org"]
SCHEMES = PATHS + GET + ["GET / Host:HOST:80", "GET /x Host:HOST:8080", "GET / Host:HOST:443", "PUT /x?y", "OPTIONS /", "GET / X-Forwarded-Proto:https"]
FROM = ["GET /", "HEAD /", "POST /", "GET / X-Forwarded-For:1.2.3.4", "GET / X-Real-Ip:10.0.0.1"]

USERS = "one:$apr1$abcdefgh$GgK5XIheOSYaHBKFFAiw4/, two:$2y$04$rs618Eu.r60VgGwr1h08QOvMcFNZRrByrAmcD3KnVpYbA2LkISFyW,three:{SHA}ZR1omcnrnU3dIKHozZai4/9bIzw="
AUTH = ["GET /", "HEAD /", "POST /", "GET / Authorization:Basic", "GET / Authorization:Basic_", "GET / Authorization:Basic_%%", "GET / Authorization:Bearer_b25lOm9uZQ=="] + [
    "GET / Authorization:" + s + "_" + base64.b64encode(c.encode()).decode().rstrip(p)
    for s, c, p in [("Basic", "one:one", " "), ("basic", "one:one", " "), ("BASIC", "two:two", " "), ("Basic", "three:th:ree", " "), ("Basic", "one:two", " "),
                    ("Basic", "one:", " "), ("Basic", ":", " "), (":one", ":one", " "), ("Basic", "nobody:one", " "), ("Basic", "ONE:one", " "), ("Basic", "one", " "),
                    ("Basic", "two:two", "="), ("Basic_", "one:one", " "), ("Basic", "one:one\0", " "), ("Basic", "two:two\0x", " "), ("Basic", "two:" + "x" * 80, " ")]] + [
    "GET / Authorization:Basic_b25lOm9uZQ== Authorization:Basic_eDp5", "GET / Authorization:Basic_eDp5 Authorization:Basic_b25lOm9uZQ==",
    "GET / X-User:root Authorization:Basic_b25lOm9uZQ==", "GET / x-user:root Authorization:Basic_b25lOm9uZQ==", "GET / X-User:root"]

DIGEST = ["GET /", "HEAD /", "POST /x?y", "GET / Authorization:Digest", "GET / Authorization:Basic_b25lOm9uZQ=="] + [
    m + " " + p + " Signed:" + w for m, p in [("GET", "/"), ("POST", "/x?y=1"), ("GET", "/a/b")]
    for w in ["one:one", "one:one:removed", "one:two", "nobody:one", "two:two", "one:one:noalgorithm", "one:one:uri=/other", "one:one:nc=x",
              "one:one:replay", "one:one:lower", "one:one:opaque=x", "one:one:method"]]

FORWARD = ["GET /", "HEAD /x", "POST /x?a=b", "GET / X-User:root x-user:admin X-Gone:1 Cookie:a=1;b=2", "GET / X-Forwarded-For:1.2.3.4", "GET /a%2fb?c&d",
           "GET / X-Forwarded-Uri:/other X-Forwarded-Method:PUT X-Forwarded-Host:other.test X-Forwarded-Proto:https X-Forwarded-Port:1", "GET / Host:HOST:8080",
           "GET / X-Empty:", "GET / TE:trailers X-Hop:1", "GET / User-Agent:me Accept:text/html", "GET / Authorization:Basic_eDp5"]
ACCEPTS = ["gzip", "br", "zstd", "gzip,br", "br;q=0.5,gzip;q=0.4", "gzip;q=0.1,zstd", "*", "*;q=0.1,gzip;q=0", "identity", "identity,gzip;q=0.9", "deflate", "gzip;q=0",
           "GZIP", "x-gzip", "gzip;q=x", "gzip;q=1;a=b", "br;Q=0", "zstd;q=2,gzip", "*,br", ",", "gzip;q=1e-3,br;q=0.0001", "gzip;q=-1", "br;x=1;q=0"]
CODINGS = ["GET /?size=2000 Accept-Encoding:" + a for a in ACCEPTS] + ["GET /?size=2000", "GET /?size=2000 Accept-Encoding:", "HEAD /?size=2000 Accept-Encoding:gzip",
           "GET /?size=2000 Accept-Encoding:br Accept-Encoding:gzip", "GET /?size=2000 Accept-Encoding:deflate Accept-Encoding:gzip",
           "POST /?size=2000 Accept-Encoding:gzip Content-Type:application/grpc", "POST /?size=2000 Accept-Encoding:gzip Content-Type:text/html"]
SIZES = [f"GET /?size={n}{more}&Content-Type=text/plain Accept-Encoding:{a}" for n in (0, 50, 1023, 1024, 300000) for more in ("", "&chunked=1") for a in ("gzip", "zstd") if n or not more]
SIZES += ["GET /?size=2000&Content-Type=a/b&Content-Encoding=x Accept-Encoding:gzip", "GET /?size=2000&Content-Type=a/b&ETag=%22a%22&Vary=Origin Accept-Encoding:br",
          "GET /?size=2000&Content-Type=a/b&ETag=W/%22a%22&Accept-Ranges=bytes Accept-Encoding:gzip", "GET /?size=2000&Content-Type=a/b&Accept-Ranges=bytes Accept-Encoding:zstd",
          "GET /?status=204&Content-Type=a/b Accept-Encoding:gzip", "GET /?status=404&size=2000&Content-Type=a/b Accept-Encoding:gzip",
          "GET /?size=2000&Content-Type=a/b&Content-Range=bytes_0-1/2&status=206 Accept-Encoding:gzip", "GET /?size=2000&Content-Type=a/b&No-Gzip-Compression=1 Accept-Encoding:gzip",
          "GET /?size=30000&Content-Type=text/event-stream Accept-Encoding:br", "HEAD /?size=2000&Content-Type=a/b Accept-Encoding:gzip"]
TYPES = [f"GET /?size=2000&Content-Type={t.replace(chr(59), '%3B')} Accept-Encoding:gzip,br;q=0.5,zstd;q=0.1" for t in ("text/html", "text/html;charset=utf-8", "TEXT/html;x", "text/css", "image/png",
         "image/png;q=1", "image/", "application/grpc", "application/grpc;x=1", "x", "text/html;a=b;", "text/html/x")]
BODIES = ["GET /", "POST / Body:0", "POST / Body:9", "POST / Body:10000", "POST / Body:10001", "POST / Chunked:9000", "POST / Chunked:11000", "POST / Chunked:900000", "POST / Chunked:0",
          "POST / Body:300000 Expect:100-continue"]

GUESSES = [f"GET /?begin={b.encode('latin-1').hex()}{more}" for b in ("", "<html>", " \n<!doctype html>", "<htmlx", "%PDF-1.7", "\x89PNG\r\n\x1a\n", "\x1f\x8b\x08", "\0", "\xef\xbb\xbfx",
           "\t<?xml version", "GIF89a", "RIFFxxxxWAVE", "\0\0\0\x14ftypmp42\0\0\0\0isom", "\x1b[1m") for more in ("", "&chunked=1")]
GUESSES += ["GET /?size=0", "GET /?size=3", "GET /?size=2000", "GET /?size=300000", "GET /?size=0&chunked=1", "HEAD /?size=30", "GET /?Content-Type=a/b", "GET /?Content-Encoding=x", "GET /?status=404",
            "GET /?status=204", "GET /?status=304", "POST /?a=b Body:10", "GET /?size=3000 Accept-Encoding:gzip"]

FAILS = ["GET /?status=404", "HEAD /?status=404", "GET /?status=500&a=b%20c+d", "POST /?status=503 Body:300000", "GET /?status=404&X-One=1&size=3000", "GET /?status=404&chunked=1",
         "GET /?status=200", "GET /?status=403", "PUT /x/y?status=404 Content-Type:a/b", "POST /?status=404 Chunked:200000", "GET /?status=404 X-Forwarded-For:1.2.3.4 Cookie:a=b"]


def one(kind, options, requests):
    return {"a." + kind + "." + k: v for k, v in options.items()}, "a", requests


SETS = {
    "strip": one("stripprefix", {"prefixes": "/api"}, PATHS),
    "striptwo": one("stripprefix", {"prefixes": "/v1/api, /api,/v1"}, PATHS),
    "stripslash": one("stripprefix", {"prefixes": "/api/"}, PATHS),
    "stripforced": one("stripprefix", {"prefixes": "/api", "forceslash": "true"}, PATHS),
    "striproot": one("stripprefix", {"prefixes": "/"}, PATHS),
    "stripencoded": one("stripprefix", {"prefixes": "/a b"}, ["GET /a%20b/c", "GET /a%20b", "GET /%61%20b/%2f"]),
    "headrequest": one("headers", {"customrequestheaders.X-One": "1", "customrequestheaders.x-two": "2", "customrequestheaders.X-Gone": ""},
                       GET + ["GET / X-One:old X-Gone:there x-gone:again", "GET / X-Two:old"]),
    "headhost": one("headers", {"customrequestheaders.Host": "other.test"}, GET),
    "headforwarded": one("headers", {"customrequestheaders.X-Forwarded-Proto": "https", "customrequestheaders.X-Forwarded-For": "9.9.9.9"}, GET),
    "headunforwarded": one("headers", {"customrequestheaders.X-Forwarded-For": ""}, GET + ["GET / X-Forwarded-For:1.2.3.4"]),
    "headresponse": one("headers", {"customresponseheaders.X-One": "1, a=b", "customresponseheaders.X-Gone": ""},
                        GET + ["GET /?X-One=old", "GET /?X-Gone=there", "GET /?status=404&X-Gone=there", "GET /?status=204", "GET /?status=302"]),
    "headcors": one("headers", {"accesscontrolalloworiginlist": "https://a.org,https://c.org", "accesscontrolallowmethods": "GET, PUT",
                                "accesscontrolallowheaders": "X-One,X-Two", "accesscontrolexposeheaders": "X-A, X-B", "accesscontrolmaxage": "100",
                                "accesscontrolallowcredentials": "true", "addvaryheader": "true"}, ORIGIN),
    "headcorsany": one("headers", {"accesscontrolalloworiginlist": "*"}, ORIGIN),
    "headcorsregex": one("headers", {"accesscontrolalloworiginlistregex": "^https://[ac]\\.org$"}, ORIGIN),
    "headvary": one("headers", {"addvaryheader": "true"}, ORIGIN),
    "headsecure": one("headers", {"framedeny": "true", "contenttypenosniff": "true", "browserxssfilter": "true", "stsseconds": "100", "forcestsheader": "true",
                                  "stsincludesubdomains": "true", "stspreload": "true", "contentsecuritypolicy": "default-src 'self'; img-src *",
                                  "contentsecuritypolicyreportonly": "default-src 'none'", "publickey": "pin", "referrerpolicy": "no-referrer",
                                  "permissionspolicy": "camera=()", "featurepolicy": "x"}, GET + ["GET /?X-Frame-Options=SAMEORIGIN"]),
    "headcustom": one("headers", {"customframeoptionsvalue": "SAMEORIGIN", "framedeny": "true", "custombrowserxssvalue": "0", "browserxssfilter": "true"}, GET),
    "headplain": one("headers", {"stsseconds": "100"}, GET),
    "headproxied": one("headers", {"stsseconds": "100", "sslproxyheaders.X-Tls": "yes"}, GET + ["GET / X-Tls:yes", "GET / X-Tls:no"]),
    "headdevelopment": one("headers", {"stsseconds": "100", "forcestsheader": "true", "isdevelopment": "true", "allowedhosts": "nobody.test"}, GET),
    "headhosts": one("headers", {"allowedhosts": "headhosts.test,other.test", "customresponseheaders.X-One": "1", "framedeny": "true"}, GET),
    "headbadhost": one("headers", {"allowedhosts": "other.test", "customresponseheaders.X-One": "1", "framedeny": "true"}, GET),
    "headproxyhost": one("headers", {"allowedhosts": "other.test", "hostsproxyheaders": "X-Host, X-Host-Two"}, GET + ["GET / X-Host:other.test",
                         "GET / X-Host-Two:OTHER.test", "GET / X-Host:headproxyhost.test X-Host-Two:other.test"]),
    "headssl": one("headers", {"sslredirect": "true", "framedeny": "true"}, GET),
    "add": one("addprefix", {"prefix": "/api"}, PATHS),
    "contenttype": ({"a.contenttype": "true"}, "a", GUESSES),
    "contenttypeon": one("contenttype", {"autodetect": "true"}, GUESSES),
    "contenttypeoff": one("contenttype", {"autodetect": "false"}, GUESSES),
    "contenttypedenied": ({"a.contenttype": "true", "b.ipallowlist.sourcerange": "10.9.9.9"}, "a,b", GET),
    "contenttypegone": ({"a.contenttype": "true", "b.redirectscheme.scheme": "https"}, "a,b", GET),
    "contenttyperetry": ({"a.retry.attempts": "2", "b.contenttype": "true"}, "a,b", GUESSES),
    "contenttypebuffering": ({"a.buffering.maxrequestbodybytes": "10000", "b.contenttype": "true"}, "a,b", [g for g in GUESSES if "chunked" not in g]),
    "contenttypeerrors": ({"a.errors.status": "599", "a.errors.service": "SERVICE", "a.errors.query": "/x", "b.contenttype": "true"}, "a,b", GUESSES),
    "contenttypecompress": ({"a.compress": "true", "b.contenttype": "true"}, "a,b", [g for g in GUESSES if "gzip" not in g]),
    "contenttypebreaker": ({"a.circuitbreaker.expression": "NetworkErrorRatio() > 0.9", "b.contenttype": "true"}, "a,b", GUESSES),
    "contenttypeset": ({"a.contenttype": "true", "b.headers.customresponseheaders.Content-Type": "a/b"}, "a,b", GET),
    "clientcert": one("passtlsclientcert", {"pem": "true", "info.subject.commonName": "true"}, GET + ["GET / X-Forwarded-Tls-Client-Cert:x X-Forwarded-Tls-Client-Cert-Info:y"]),
    "stripregex": one("stripprefixregex", {"regex": "^/api/?[a-z]*, /v[0-9]+"}, PATHS + ["GET /apixy/z", "GET /v12/x%2fy", "GET /x/v1"]),
    "stripregexfar": one("stripprefixregex", {"regex": "/b$,(/c)+"}, ["GET /b/b", "GET /a/b", "GET /c/c/d", "GET /x/c", "GET /%63/%63/%64%2f", "GET /"]),
    "replaceregex": one("replacepathregex", {"regex": "^/api/(?P<rest>.*)", "replacement": "/v2/${rest}-$1x"}, PATHS),
    "replaceregexall": one("replacepathregex", {"regex": "[aeiou]+", "replacement": "<$0?>"}, [p for p in PATHS if "%2F" not in p] + ["GET /a/b%41e"]),
    "replaceregexbad": one("replacepathregex", {"regex": "^/x(.*)", "replacement": "/%z$1"}, GET),
    "redirectregex": one("redirectregex", {"regex": "^http://([^/]+)/api/?(.*)$", "replacement": "https://$1/new/${2}#top", "permanent": "true"}, SCHEMES),
    "redirectregexsame": one("redirectregex", {"regex": "^(.*)$", "replacement": "$1"}, GET),
    "redirectregexto": one("redirectregex", {"regex": "^https?://[^/]+/x(.*)", "replacement": "//other.test:8080/a b/$1{}"}, GET + ["GET /xa%20b", "GET /x?q=a%20b"]),
    "redirectregexbad": one("redirectregex", {"regex": "/x.*", "replacement": ":x"}, GET),
    "redirectregexchain": ({"a.replacepathregex.regex": "^/api", "a.replacepathregex.replacement": "/v1", "b.redirectregex.regex": "/v1(.*)", "b.redirectregex.replacement": "/v2$1"},
                           "a,b", PATHS),
    "addodd": one("addprefix", {"prefix": "/a b%c"}, PATHS),
    "addstrip": ({"a.stripprefix.prefixes": "/api", "b.addprefix.prefix": "/v2"}, "a,b", PATHS),
    "replace": one("replacepath", {"path": "/new"}, PATHS),
    "replaceodd": one("replacepath", {"path": "/new%2fx y"}, PATHS),
    "replaceafter": ({"a.stripprefix.prefixes": "/api", "b.replacepath.path": "/new"}, "a,b", PATHS),
    "scheme": one("redirectscheme", {"scheme": "https"}, SCHEMES),
    "schemeport": one("redirectscheme", {"scheme": "https", "port": "8443", "permanent": "true"}, SCHEMES),
    "schemeusual": one("redirectscheme", {"scheme": "https", "port": "443"}, SCHEMES),
    "schemehttp": one("redirectscheme", {"scheme": "http"}, SCHEMES),
    "schemehttpport": one("redirectscheme", {"scheme": "http", "port": "8080"}, SCHEMES),
    "schemeother": one("redirectscheme", {"scheme": "wss"}, SCHEMES),
    "schemestripped": ({"a.stripprefix.prefixes": "/api", "b.redirectscheme.scheme": "https"}, "a,b", PATHS),
    "schemehead": ({"a.headers.customresponseheaders.X-One": "1", "a.headers.framedeny": "true", "b.redirectscheme.scheme": "https"}, "a,b", GET),
    "schemesaid": ({"a.headers.customrequestheaders.X-Forwarded-Proto": "https", "b.redirectscheme.scheme": "https"}, "a,b", GET),
    "allow": one("ipallowlist", {"sourcerange": "127.0.0.0/8, 10.1.2.3"}, FROM),
    "allownone": one("ipallowlist", {"sourcerange": "10.0.0.0/8,::/0"}, FROM),
    "allowstatus": one("ipallowlist", {"sourcerange": "10.0.0.0/8", "rejectstatuscode": "404"}, FROM),
    "allowteapot": one("ipallowlist", {"sourcerange": "10.0.0.0/8", "rejectstatuscode": "418"}, FROM),
    "allowdepth": one("ipallowlist", {"sourcerange": "1.2.3.4", "ipstrategy.depth": "1"}, FROM),
    "allowset": ({"a.headers.customrequestheaders.X-Forwarded-For": "9.9.9.9, 1.2.3.4:80,10.0.0.1", "b.ipallowlist.sourcerange": "1.2.3.4",
                  "b.ipallowlist.ipstrategy.depth": "2"}, "a,b", FROM),
    "allowtoodeep": ({"a.headers.customrequestheaders.X-Forwarded-For": "1.2.3.4", "b.ipallowlist.sourcerange": "0.0.0.0/0",
                      "b.ipallowlist.ipstrategy.depth": "2"}, "a,b", FROM),
    "allowexcluded": ({"a.headers.customrequestheaders.X-Forwarded-For": "1.2.3.4, 10.0.0.1, ,10.0.0.2", "b.ipallowlist.sourcerange": "1.2.3.4",
                       "b.ipallowlist.ipstrategy.excludedips": "10.0.0.0/8"}, "a,b", FROM),
    "allowodd": ({"a.headers.customrequestheaders.X-Forwarded-For": "1.2.3.4, nobody", "b.ipallowlist.sourcerange": "1.2.3.4",
                  "b.ipallowlist.ipstrategy.excludedips": "10.0.0.0/8"}, "a,b", FROM),
    "allowsubnet": ({"a.headers.customrequestheaders.X-Forwarded-For": "2001:db8:1:2::3", "b.ipallowlist.sourcerange": "2001:db8:1:2::",
                     "b.ipallowlist.ipstrategy.depth": "1", "b.ipallowlist.ipstrategy.ipv6subnet": "64"}, "a,b", FROM),
    "white": one("ipwhitelist", {"sourcerange": "127.0.0.1/32"}, FROM),
    "whitenone": one("ipwhitelist", {"sourcerange": "10.0.0.0/8"}, FROM),
    "allowhead": ({"a.headers.customresponseheaders.X-One": "1", "b.ipallowlist.sourcerange": "10.0.0.0/8"}, "a,b", FROM),
    "allowbad": one("ipallowlist", {"sourcerange": "10.0.0.0/33"}, FROM),
    "flightnone": one("inflightreq", {"amount": "0"}, GET),
    "flight": one("inflightreq", {"amount": "2"}, ["8*GET /?hold=1", "8*GET /x?hold=1", "2*GET /?hold=1"]),
    "flightfield": one("inflightreq", {"amount": "1", "sourcecriterion.requestheadername": "X-User"},
                       ["6*GET /?hold=1 X-User:N%3", "4*GET /?hold=1", "6*GET /?hold=1 X-User:N"]),
    "flightip": one("inflightreq", {"amount": "1", "sourcecriterion.ipstrategy.depth": "0"}, ["4*GET /?hold=1 X-User:N"]),
    "flightdeep": ({"a.inflightreq.amount": "1", "a.inflightreq.sourcecriterion.ipstrategy.depth": "1"}, "a", ["4*GET /?hold=1 X-Forwarded-For:1.2.3.N"]),
    "flighthost": one("inflightreq", {"amount": "1", "sourcecriterion.requesthost": "true"}, ["4*GET /?hold=1"]),
    "flighttwice": ({"a.inflightreq.amount": "3"}, "a,a", ["6*GET /?hold=1"]),
    "flightbad": one("inflightreq", {"amount": "3", "sourcecriterion.requesthost": "true", "sourcecriterion.ipstrategy.depth": "1"}, GET),
    "rate": one("ratelimit", {"average": "1", "period": "1m", "burst": "3"}, ["GET /"] * 6 + ["POST /x"]),
    "rateonce": one("ratelimit", {"average": "1", "period": "90"}, ["GET /", "HEAD /", "GET /"]),
    "ratenone": one("ratelimit", {"burst": "1"}, ["8*GET /"]),
    "rateburst": one("ratelimit", {"average": "1", "period": "1m", "burst": "5"}, ["12*GET /", "3*GET /"]),
    "ratewait": one("ratelimit", {"average": "2", "burst": "1"}, ["GET /", "GET /"]),
    "ratefield": one("ratelimit", {"average": "1", "period": "1m", "burst": "2", "sourcecriterion.requestheadername": "X-User"},
                     ["GET / X-User:a", "GET / X-User:a", "GET / X-User:a", "GET / X-User:b", "9*GET / X-User:N%3", "GET /"]),
    "ratehost": one("ratelimit", {"average": "1", "period": "1m", "burst": "2", "sourcecriterion.requesthost": "true"}, ["GET /"] * 4),
    "ratesubnet": one("ratelimit", {"average": "1", "period": "1m", "sourcecriterion.ipstrategy.ipv6subnet": "64"}, ["GET /"] * 3),
    "ratezero": one("ratelimit", {"average": "1", "period": "0", "burst": "0"}, ["4*GET /"]),
    "ratebare": ({"a.ratelimit": "true"}, "a", ["GET /"]),
    "rateblank": one("ratelimit", {"average": " 1"}, ["GET /"]),
    "ratedot": one("ratelimit", {"average": "1", "period": ".5h"}, ["GET /"] * 2),
    "ratebad": one("ratelimit", {"average": "1", "period": "soon"}, GET),
    "retry": one("retry", {"attempts": "3", "initialinterval": "10ms"}, GET + ["GET /?status=503"]),
    "retryonce": one("retry", {"attempts": "1"}, GET),
    "retrydead": one("retry", {"attempts": "3", "initialinterval": "10ms"}, ["2*GET /", "2*POST /"]),
    "retrynone": one("retry", {"initialinterval": "10ms"}, GET),
    "retrystatus": one("retry", {"attempts": "2", "status": "500"}, GET),
    "breaker": one("circuitbreaker", {"expression": "ResponseCodeRatio(500, 600, 0, 600) > 0.5", "checkperiod": "10ms", "fallbackduration": "4s",
                                      "recoveryduration": "500ms"},
                   ["GET /?sleep=0.05", "GET /?status=500&sleep=0.05", "GET /", "GET /?status=500&sleep=0.05", "GET /?status=599&sleep=0.05", "GET /", "HEAD /",
                    "PAUSE 4.1", "GET /", "PAUSE 0.6", "GET /", "GET /?status=500&sleep=0.05", "GET /"]),
    "breakerslow": one("circuitbreaker", {"expression": "LatencyAtQuantileMS(50.0) > 1000 && NetworkErrorRatio() < 0.5", "checkperiod": "1ms", "fallbackduration": "60",
                                          "responsecode": "418"}, ["GET /", "GET /?sleep=1.2", "GET /?sleep=1.2", "GET /?sleep=1.2", "GET /"]),
    "breakernet": one("circuitbreaker", {"expression": "(NetworkErrorRatio()) >= (0.5)", "checkperiod": "1ms", "fallbackduration": "60"},
                      ["GET /?sleep=0.01", "GET /?status=500&sleep=0.01", "GET /?status=502&sleep=0.01", "GET /?status=504&sleep=0.01", "GET /"]),
    "breakerinner": ({"a.circuitbreaker.expression": "ResponseCodeRatio(400, 404, 0, 600) > 0.5", "b.ipallowlist.sourcerange": "10.0.0.0/8"}, "a,b", ["GET /", "GET /"]),
    **{"breaker" + n: one("circuitbreaker", {"expression": e}, ["GET /"]) for n, e in {
        "point": "NetworkErrorRatio() > 0.5 && NetworkErrorRatio() > 1.", "whole": "NetworkErrorRatio() > 1", "not": "!(NetworkErrorRatio() > 0.5)",
        "float": "LatencyAtQuantileMS(50.0) > 100.0", "integer": "LatencyAtQuantileMS(50) > 100", "turned": "0.5 < NetworkErrorRatio()",
        "bare": "NetworkErrorRatio()", "spaced": " ResponseCodeRatio ( 500,600,0 , 600 )>=0.25||NetworkErrorRatio()==.5 ", "open": "(NetworkErrorRatio() > 0.5",
        "case": "networkErrorRatio() > 0.5", "twice": "NetworkErrorRatio() > 0.5 > 0.5", "negative": "NetworkErrorRatio() > -0.5", "exponent":
        "NetworkErrorRatio() > 5e-1", "empty": ""}.items()},
    "ratehead": ({"a.headers.customresponseheaders.X-One": "1", "b.ratelimit.average": "1", "b.ratelimit.period": "1h"}, "a,b", ["GET /"] * 3),
    "compress": ({"a.compress": "true"}, "a", CODINGS + SIZES),
    "compressbr": one("compress", {"encodings": "br,gzip", "minresponsebodybytes": "100"}, CODINGS + SIZES),
    "compresszstd": one("compress", {"encodings": "zstd", "defaultencoding": "zstd"}, CODINGS + SIZES),
    "compressusual": one("compress", {"defaultencoding": "br"}, CODINGS),
    "compressusualgzip": one("compress", {"defaultencoding": "gzip"}, CODINGS),
    "compressexcluded": one("compress", {"excludedcontenttypes": "text/html, Image/PNG;q=1"}, TYPES),
    "compressexcludedbr": one("compress", {"excludedcontenttypes": "text/html, Image/PNG;q=1", "encodings": "br"}, TYPES),
    "compressincluded": one("compress", {"includedcontenttypes": "text/html"}, TYPES),
    "compressincludedzstd": one("compress", {"includedcontenttypes": "text/html", "encodings": "zstd"}, TYPES),
    "compressboth": one("compress", {"includedcontenttypes": "text/html", "excludedcontenttypes": "text/css"}, GET),
    "compressbad": one("compress", {"encodings": "gzip,deflate"}, GET),
    "compressbadusual": one("compress", {"encodings": "gzip", "defaultencoding": "br"}, GET),
    "compressbadtype": one("compress", {"excludedcontenttypes": "text/"}, GET),
    "compressheaders": ({"a.headers.customresponseheaders.Vary": "Origin", "b.compress.encodings": "gzip", "c.headers.customresponseheaders.Content-Type": "image/png"},
                        "a,b,c", TYPES[:4]),
    "compresstwice": ({"a.compress.encodings": "gzip", "b.compress.encodings": "br"}, "a,b", CODINGS),
    "buffer": one("buffering", {"maxrequestbodybytes": "10000", "memrequestbodybytes": "100"}, BODIES),
    "bufferresponse": one("buffering", {"maxresponsebodybytes": "10000", "memresponsebodybytes": "100"}, [s for s in SIZES if "300000&chunked" not in s] + ["GET /?size=9999", "GET /?size=10000"]),
    "bufferhead": ({"a.headers.customresponseheaders.X-One": "1", "b.buffering.maxrequestbodybytes": "10"}, "a,b", BODIES),
    "bufferretry": one("buffering", {"retryexpression": "IsNetworkError() && Attempts() < 3"}, GET),
    "errors": one("errors", {"status": "404,500-599", "service": "errors", "query": "/page/{status}?u={url}"}, FAILS),
    "errorsrewrite": one("errors", {"status": "404,500-503", "service": "errors@swarm", "query": "{status}-{originalStatus}.html", "statusrewrites.500-502": "418",
                                    "statusrewrites.404": "200"}, FAILS),
    "errorsroot": one("errors", {"status": "404", "service": "errors"}, FAILS[:4]),
    "errorsfilter": ({"a.errors.status": "403", "a.errors.service": "errors", "a.errors.query": "/no?{url}", "b.ipallowlist.sourcerange": "10.0.0.0/8"}, "a,b", GET + BODIES[3:5]),
    "errorsoutside": ({"a.errors.status": "403", "a.errors.service": "errors", "b.ipallowlist.sourcerange": "10.0.0.0/8"}, "b,a", GET),
    "errorsheaders": ({"a.headers.customresponseheaders.X-One": "1", "a.headers.customrequestheaders.X-Forwarded-For": "9.9.9.9", "b.errors.status": "404", "b.errors.service": "errors",
                       "c.headers.customresponseheaders.X-Two": "2", "c.headers.customrequestheaders.X-B": "1", "c.headers.customrequestheaders.Host": "other.test"}, "a,b,c", FAILS),
    "errorsagain": one("errors", {"status": "404", "service": "errors", "query": "/?status=500"}, FAILS[:4]),
    "errorsnested": ({"a.errors.status": "418", "a.errors.service": "errors", "a.errors.query": "/outer/{status}/{originalStatus}", "b.errors.status": "404",
                      "b.errors.service": "errors", "b.errors.query": "/inner", "b.errors.statusrewrites.404": "418"}, "a,b", FAILS[:6]),
    "errorsstripped": ({"a.errors.status": "404", "a.errors.service": "errors", "a.errors.query": "/x?{url}", "b.stripprefix.prefixes": "/api"}, "a,b",
                       ["GET /api/y?status=404", "GET /api/a%20b?status=404&z"]),
    "errorsstrippedfirst": ({"a.errors.status": "404", "a.errors.service": "errors", "a.errors.query": "/x?{url}", "b.stripprefix.prefixes": "/api"}, "b,a",
                            ["GET /api/y?status=404"]),
    "errorscompressed": ({"a.compress.encodings": "gzip", "a.compress.minresponsebodybytes": "10", "b.errors.status": "404", "b.errors.service": "errors"}, "a,b",
                         [f + " Accept-Encoding:gzip" for f in FAILS[:6]]),
    "errorsnone": one("errors", {"status": "404", "service": "nobody"}, GET),
    "errorsbad": one("errors", {"status": "404-x", "service": "errors"}, GET),
    "two": ({"a.stripprefix.prefixes": "/api", "b.headers.customresponseheaders.X-One": "1", "b.headers.customrequestheaders.X-One": "1"}, "b,a", PATHS),
    "twoheaders": ({"a.headers.customresponseheaders.X-One": "a", "a.headers.customrequestheaders.X-One": "a",
                    "b.headers.customresponseheaders.X-One": "b", "b.headers.customrequestheaders.X-One": "b"}, "a,b", GET),
    "chained": ({"a.stripprefix.prefixes": "/api", "b.stripprefix.prefixes": "/x", "c.chain.middlewares": "SERVICE-a, SERVICE-b"}, "c", PATHS + ["GET /api/x/y"]),
    "basic": one("basicauth", {"users": USERS}, AUTH),
    "basicfield": one("basicauth", {"users": USERS, "headerfield": "X-User", "removeheader": "true", "realm": "a b"}, AUTH),
    "basicodd": one("basicauth", {"users": USERS, "headerfield": "x-UsER"}, AUTH),
    "basictwice": one("basicauth", {"users": USERS + ",one:{SHA}AAAAAAAAAAAAAAAAAAAAAAAAAAA="}, AUTH),
    "basichead": ({"a.headers.customresponseheaders.X-One": "1", "b.basicauth.users": USERS}, "a,b", AUTH),
    "basicafter": ({"a.headers.customrequestheaders.Authorization": "Basic b25lOm9uZQ==", "b.basicauth.users": USERS}, "a,b", AUTH),
    "basicbad": one("basicauth", {"users": "one"}, GET),
    "basicaway": one("basicauth", {"usersfile": "/nonexistent"}, GET),
    "basicfile": one("basicauth", {"usersfile": "FOLDER/users"}, AUTH),
    "basicboth": one("basicauth", {"usersfile": "FOLDER/users", "users": USERS.split(",", 1)[1]}, AUTH),
    "digest": one("digestauth", {"users": "one:traefik:75e393b377269132d290f8ac7ac90549,two:other:0f98c503fca1aac40931d4aa8312a6c5"}, DIGEST),
    "digestfield": one("digestauth", {"users": "one:a b:bbc0d420ebff20faaba2fba62aaa3bc9", "realm": "a b", "headerfield": "X-User", "removeheader": "true"}, DIGEST),
    "digestbad": one("digestauth", {"users": "one:traefik"}, GET),
    "forward": one("forwardauth", {"address": "http://TASK/auth?X-User=joe&X-Other=1", "authresponseheaders": "X-User,X-Gone"}, FORWARD),
    "forwardall": one("forwardauth", {"address": "http://TASK/auth?x-auth-user=joe&X-AUTH-ID=1&X-Auth-Id=2&X-Other=1",
                                      "authresponseheadersregex": "^X-(Auth-|User)"}, FORWARD + ["GET / X-Auth-Old:1 x-auth-user:root"]),
    "forwarddeny": one("forwardauth", {"address": "http://TASK/auth?status=401&WWW-Authenticate=Basic&X-One=1&X-One=2&Set-Cookie=a=1", "headerfield": "X-User"}, FORWARD),
    "forwardtrust": one("forwardauth", {"address": "http://TASK/auth?status=403&Content-Type=text/plain", "trustforwardheader": "true"}, FORWARD),
    "forwardfew": one("forwardauth", {"address": "http://TASK/auth?status=403&Content-Type=text/plain", "authrequestheaders": "X-User, Cookie,x-forwarded-port"}, FORWARD),
    "forwardfewtrust": one("forwardauth", {"address": "http://TASK/auth?status=403&Content-Type=text/plain", "authrequestheaders": "X-User", "trustforwardheader": "true"}, FORWARD),
    "forwardmethod": one("forwardauth", {"address": "http://TASK/auth?status=403&Content-Type=text/plain", "preserverequestmethod": "true"},
                         FORWARD + ["PUT /x", "OPTIONS /", "DELETE /x"]),
    "forwardwhere": one("forwardauth", {"address": "http://TASK/auth?status=302&Location=http://login.test/x%3Fy", "authresponseheaders": "X-User"}, GET),
    "forwardback": one("forwardauth", {"address": "http://TASK/a/auth?status=302&Location=../login"}, GET),
    "forwardroot": one("forwardauth", {"address": "http://TASK/a/auth?status=303&Location=/login"}, GET),
    "forwardkept": one("forwardauth", {"address": "http://TASK/a/auth?status=307&Location=/login", "preservelocationheader": "true"}, GET),
    "forwardcookies": one("forwardauth", {"address": "http://TASK/auth?Set-Cookie=a=1&Set-Cookie=b=2&Set-Cookie=c=3", "addauthcookiestoresponse": "a,c,A"},
                          GET + ["GET /?Set-Cookie=a=9&Set-Cookie=d=4", "GET /?Set-Cookie=b=9&Set-Cookie=A=4"]),
    "forwardnocookies": one("forwardauth", {"address": "http://TASK/auth", "addauthcookiestoresponse": "a"}, GET + ["GET /?Set-Cookie=a=9&Set-Cookie=d=4"]),
    "forwardempty": one("forwardauth", {"address": "http://TASK/auth?status=204&X-User=joe", "authresponseheaders": "x-user"}, FORWARD),
    "forwardmissing": one("forwardauth", {"address": "http://TASK/auth?status=404&Content-Type=text/plain"}, GET),
    "forwardbroken": one("forwardauth", {"address": "http://TASK/auth?status=500&Content-Type=text/plain"}, GET),
    "forwardsmall": one("forwardauth", {"address": "http://TASK/auth?status=403&Content-Type=text/plain", "maxresponsebodysize": "10"}, GET),
    "forwardlarge": one("forwardauth", {"address": "http://TASK/auth", "maxresponsebodysize": "10"}, GET),
    "forwardany": one("forwardauth", {"address": "http://TASK/auth?status=403&Content-Type=text/plain", "maxresponsebodysize": "-1"}, GET),
    "forwarddown": one("forwardauth", {"address": "http://127.0.0.1:1/"}, GET),
    "forwardname": one("forwardauth", {"address": "http://auth.invalid/"}, GET),
    "forwardlogin": one("forwardauth", {"address": "http://one:two@TASK/auth?status=403&Content-Type=text/plain"}, GET + ["GET / Authorization:Basic_eDp5"]),
    "forwardhead": ({"a.headers.customresponseheaders.X-One": "1", "a.headers.customrequestheaders.X-Two": "2", "b.stripprefix.prefixes": "/api",
                     "c.forwardauth.address": "http://TASK/auth?status=403&Content-Type=text/plain"}, "a,b,c", PATHS + GET),
    "forwardbody": one("forwardauth", {"address": "http://TASK/auth?status=403&Content-Type=text/plain", "forwardbody": "true"}, FORWARD + ["PUT /x"]),
    "forwardbodypass": one("forwardauth", {"address": "http://TASK/auth?X-User=joe", "forwardbody": "true", "maxbodysize": "4", "authresponseheaders": "X-User"}, FORWARD),
    "forwardbodylarge": one("forwardauth", {"address": "http://TASK/auth", "forwardbody": "true", "maxbodysize": "3"}, GET),
    "forwardbodykept": one("forwardauth", {"address": "http://TASK/auth?status=403&Content-Type=text/plain", "forwardbody": "true", "preserverequestmethod": "true"}, FORWARD),
    "forwardtwice": ({"a.forwardauth.address": "http://TASK/auth?X-User=joe", "a.forwardauth.authresponseheaders": "X-User",
                      "b.forwardauth.address": "http://TASK/auth?status=403&Content-Type=text/plain"}, "a,b", FORWARD),
    "unknown": ({"a.headers.framedenyy": "true"}, "a", GET),
    "undefined": ({}, "nobody", GET),
}


def services(address, port_of_task, folder, sets=None):
    """files that labels name are in the folder; sets: other ones, each perhaps with its routers: {NAME: {OPTION: VALUE}}"""
    with open(folder + "/users", "w") as f:
        f.write("# users\n\n  " + USERS.split(",")[0] + "\n")
    out = {}
    for name, (middlewares, order, _, *routers) in (SETS if sets is None else sets).items():
        port = 9 if name.endswith("dead") else port_of_task
        labels = {"traefik.enable": "true", f"traefik.http.services.{name}.loadbalancer.server.port": str(port),
                  f"traefik.http.routers.{name}.rule": f"Host(`{name}.test`)",
                  f"traefik.http.routers.{name}.middlewares": ",".join(f"{name}-{m}" for m in order.split(","))}
        for router, options in routers[0].items() if routers else ():
            labels.update({f"traefik.http.routers.{name}{router}.{k}": v.replace("SERVICE", name) for k, v in options.items()})
        if not order:
            del labels[f"traefik.http.routers.{name}.middlewares"]
        for k, v in middlewares.items():
            labels[f"traefik.http.middlewares.{name}-{k}"] = v.replace("SERVICE", name).replace("TASK", f"{address}:{port}").replace("FOLDER", folder)
        out[name] = {"labels": labels, "address": address, "port": port}
    if sets is not None:
        return out
    print(json.dumps(out))


def held(host):
    """a file for each request that the task holds"""
    return f"{tempfile.gettempdir()}/held.{host}."


def hold(host):
    """until the client takes the file away"""
    number, name = tempfile.mkstemp("", os.path.basename(held(host)), os.path.dirname(held(host)))
    os.close(number)
    while os.path.exists(name):
        time.sleep(0.01)


class Task(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 19         # a response of known length goes in one piece: Traefik sends on a head alone after 100 ms, and guesses no type then

    def handle_expect_100(self):
        goes_on = super().handle_expect_100()
        self.wfile.flush()
        return goes_on

    def do(self):
        sent = self.read()
        query = self.path.partition("?")[2]
        fields = [q.split("=", 1) for q in query.split("&") if "=" in q]
        time.sleep(float(dict(fields).get("sleep", 0)))
        if "hold" in dict(fields):
            hold(self.headers.get("Host"))
        framing = ("content-length", "transfer-encoding") if self.path.startswith("/auth") else ()     # how it gets a body is not compared there
        body = json.dumps({"method": self.command, "path": self.path, "sent": len(sent),
                           "fields": sorted([k.lower(), v] for k, v in self.headers.items() if k.lower() not in framing)}).encode()
        size, chunked = dict(fields).get("size"), "chunked" in dict(fields)
        body = body if size is None else (body + b"%-99d\n" % 7 * 9999)[:int(size)] if int(size) < len(body) else body + b" " * (int(size) - len(body))
        if "begin" in dict(fields):
            body = bytes.fromhex(dict(fields)["begin"]) + b"x" * 20
        status = int(dict(fields).get("status", 200))
        self.send_response_only(status)
        for k, v in fields:
            if k[0].isupper():
                self.send_header(k, v.replace("%22", '"').replace("%3B", ";").replace("_", " "))
        if chunked:
            self.send_header("Transfer-Encoding", "chunked")
        elif status not in (204, 304):
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "HEAD" or status in (204, 304):
            return
        if chunked:
            self.wfile.flush()
            body = b"".join(b"%x\r\n%s\r\n" % (len(c), c) for c in (body[i:i + 5000] for i in range(0, len(body), 5000))) + b"0\r\n\r\n"
        self.wfile.write(body)

    def read(self):
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        got = b""
        while (n := int(self.rfile.readline() or b"0", 16)) > 0:
            got += self.rfile.read(n)
            self.rfile.readline()
        self.rfile.readline()
        return got

    do_GET = do_HEAD = do_POST = do_PUT = do_OPTIONS = do

    def log_message(self, *_):
        pass


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def handle_error(self, *_):
        pass                              # clients and proxies break connections off


OURS = {"date", "mola-why", "connection", "keep-alive", "content-length", "transfer-encoding"}
TIMES = {"x-retry-in"}
PASSED = {"x-forwarded-server", "connection", "user-agent", "accept-encoding", "te", "transfer-encoding", "content-length"}        # `sent` says what came


class Zstd(ctypes.Structure):
    _fields_ = [("p", ctypes.c_void_p), ("size", ctypes.c_size_t), ("at", ctypes.c_size_t)]


def decoded(coding, body):
    """by the libraries that Mola was built with"""
    if coding == "gzip":
        return zlib.decompress(body, 31)
    out = ctypes.create_string_buffer(1 << 22)
    if coding == "br":
        n = ctypes.c_size_t(len(out))
        done = ctypes.CDLL("libbrotlidec.so.1").BrotliDecoderDecompress(ctypes.c_size_t(len(body)), body, ctypes.byref(n), out) == 1
        return out.raw[:n.value] if done else b"no br"
    lib = ctypes.CDLL("libzstd.so.1")
    lib.ZSTD_createDCtx.restype = ctypes.c_void_p
    lib.ZSTD_decompressStream.restype = ctypes.c_size_t
    lib.ZSTD_decompressStream.argtypes = [ctypes.c_void_p] * 3
    to, of = Zstd(ctypes.addressof(out), len(out), 0), Zstd(ctypes.cast(body, ctypes.c_void_p), len(body), 0)
    left = lib.ZSTD_decompressStream(lib.ZSTD_createDCtx(), ctypes.byref(to), ctypes.byref(of))
    return out.raw[:to.at] if left == 0 and of.at == len(body) else b"no zstd"


def dechunked(body):
    out = b""
    while True:
        size, _, body = body.partition(b"\r\n")
        n = int(size or b"0", 16)
        if n == 0:
            return out if body == b"\r\n" else out + b" CUT"
        out, body = out + body[:n], body[n + 2:]


def ask(where, host, request):
    """(status, fields, what the task got or the body)"""
    method, path, *fields = request.split(" ")
    named = [f[5:].replace("HOST", host) for f in fields if f.startswith("Host:")]
    fields = [f.replace("_", " ") if f.startswith("Authorization:") else f for f in fields if not f.startswith("Host:")]
    for f in [f for f in fields if f.startswith("Signed:")]:
        fields.remove(f)
        fields += signed(where, host, method, path, *f[7:].split(":"))
    sent = [f for f in fields if f.startswith(("Body:", "Chunked:"))]
    fields = [f for f in fields if f not in sent]
    n = int(sent[0].split(":")[1]) if sent else 4 if method == "POST" else 0
    data = b"body" if n == 4 else b"x" * n
    framing = f"Content-Length: {n}\r\n" if method == "POST" else ""
    if sent and sent[0].startswith("Chunked"):
        framing = "Transfer-Encoding: chunked\r\n"
        data = b"".join(b"%x\r\n%s\r\n" % (len(c), c) for c in (data[i:i + 3000] for i in range(0, n, 3000))) + b"0\r\n\r\n"
    text = f"{method} {path} HTTP/1.1\r\nHost: {named[0] if named else host}\r\nConnection: close\r\n"
    text += "".join(f.replace(":", ": ", 1) + "\r\n" for f in fields) + framing
    with socket.create_connection(where, timeout=60) as s:
        got = b""
        try:
            s.sendall((text + "\r\n").encode() + data)
        except OSError:
            pass                          # it may respond before it has all
        try:
            while more := s.recv(65536):
                got += more
        except OSError:
            pass                          # what is missing is seen below
    head, _, body = got.removeprefix(b"HTTP/1.1 100 Continue\r\n\r\n").partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    pairs = [l.split(":", 1) for l in lines[1:]]
    fields = sorted((k.lower(), "some" if k.lower() in TIMES else v.strip()) for k, v in pairs if k.lower() not in OURS)
    status = lines[0].split(" ")[1] if got else "no response"
    named = {k.lower(): v.strip() for k, v in pairs}
    if method != "HEAD" and named.get("transfer-encoding") == "chunked":
        body = dechunked(body)
    elif method != "HEAD" and len(body) < int(named.get("content-length", 0)):
        body += b" CUT"
    if body and named.get("content-encoding") in ("gzip", "br", "zstd"):
        body = decoded(named["content-encoding"], body)
    try:
        got = json.loads(body)
        if not isinstance(got, dict):
            raise ValueError
        got["fields"] = sorted(f for f in got["fields"] if f[0] not in PASSED and f != ["content-length", "0"])
    except ValueError:
        got = {"body": body.decode("latin-1")} if method != "HEAD" else {}
    return status, fields, got


def signed(where, host, method, path, user, password, how=""):
    """Authorization of digestAuth, with a nonce that is asked for first; `how` has something wrong with it"""
    _, fields, _ = ask(where, host, f"{method} {path}")
    asked = dict(re.findall(r'(\w+)="([^"]*)"', dict(fields).get("www-authenticate", "")))
    md5 = lambda s: hashlib.md5(s.encode()).hexdigest()
    p = {"username": user, "realm": asked.get("realm", ""), "nonce": asked.get("nonce", ""), "uri": path, "qop": "auth", "nc": "00000001", "cnonce": "c",
         "opaque": asked.get("opaque", ""), "algorithm": "MD5"}
    if "=" in how:
        p[how.split("=")[0]] = how.split("=", 1)[1]
    if how == "noalgorithm":
        del p["algorithm"]
    other = "PUT" if how == "method" else method
    sign = lambda: md5(":".join([md5(f"{user}:{p['realm']}:{password}"), p["nonce"], p["nc"], p["cnonce"], p["qop"], md5(f"{other}:{p['uri']}")]))
    p["response"] = sign()
    if how == "removed":
        del p["response"]
    text = lambda: "Authorization:Digest " + ", ".join(f'{k}={v}' if k in ("nc", "qop", "algorithm") else f'{k}="{v}"' for k, v in p.items())
    if how in ("replay", "lower"):
        p["nc"] = "00000002"
        p["response"] = sign()
        ask(where, host, f"{method} {path} " + text().replace(" ", "_"))
        p["nc"] = "00000002" if how == "replay" else "00000001"
        p["response"] = sign()
    return [text()]


def steady(answer):
    """without what is another one each time"""
    known = lambda fields: [[k, re.sub(r'\b(nonce|opaque|response)="[0-9A-Za-z+/=]+"', r'\1=""', v)] for k, v in fields]
    return answer[0], known(answer[1]), {k: known(v) if k == "fields" else v for k, v in answer[2].items()}


def retimed(answer, other, took):
    """the answer, with the other's Retry-After where time explains the difference: so many seconds ago, at most, the first request came to a limiter"""
    after, others = (dict(a[1]).get("retry-after", "") for a in (answer, other))
    if not (after.isdigit() and others.isdigit() and abs(int(after) - int(others)) <= int(took)):
        return answer
    return answer[0], [[k, others if k == "retry-after" else v] for k, v in answer[1]], answer[2]


def ask_many(where, host, request):
    """The same, of several at once: how many have which status."""
    n, one = request.split("*", 1)
    numbered = [re.sub(r"N%(\d+)$", lambda m: str(i % int(m[1])), re.sub(r"N$", str(i), one)) for i in range(int(n))]
    with concurrent.futures.ThreadPoolExecutor(int(n)) as pool:
        asked = [pool.submit(ask, where, host, r) for r in numbered]
        while not all(a.done() for a in asked):
            files = glob.glob(glob.escape(held(host)) + "*")
            if len(files) + sum(a.done() for a in asked) >= int(n):
                for file in files:
                    os.unlink(file)
            time.sleep(0.01)
    return dict(collections.Counter(a.result()[0] for a in asked)), [], {}


def asked(traefik, mola, name, requests):
    """(request, Traefik's, Mola's) of each request of a set"""
    begun, found = time.monotonic(), []
    for request in requests:
        if request.startswith("PAUSE "):
            time.sleep(float(request.split(" ")[1]))
            continue
        how = ask_many if request[0].isdigit() else ask
        a, b = (steady(how(w, name + ".test", request)) for w in (traefik, mola))
        found.append((request, a, retimed(b, a, time.monotonic() - begun)))
    return found


LIMITS = {"ratelimit", "circuitbreaker", "inflightreq"}      # what these do depends on the requests before
AGAIN = 12


def judged(traefik, mola, name, made, known=lambda *_: False, copies=()):
    """(request, Traefik's, Mola's, what it is) of each request of a set: "same", "differs", what `known` says of a difference, or "unsteady": Traefik itself
    does now this, now that. So it is with a response in chunks: its head goes to the client at once, or with the first of the body, by which a type is
    guessed and a size known, as two of its goroutines happen to run. Then Traefik, asked again, does what Mola does, and Mola the same each time.
    copies: names of services with the same labels, which have had no request yet, for a set whose requests are counted."""
    first = asked(traefik, mola, name, made[2])
    what = ["same" if a == b else known(request, a, b) or "differs" for request, a, b in first]
    counted = {k.split(".")[1] for k in made[0]} & LIMITS
    plain = lambda answer: (answer[0], [f for f in answer[1] if f[0] != "retry-after"], answer[2])
    agreed, wavers = set(), set()
    for again in copies if counted else [name] * AGAIN:
        if all(w != "differs" or i in agreed | wavers for i, w in enumerate(what)):
            break
        for i, (_, a, b) in enumerate(asked(traefik, mola, again, made[2])):
            if a == b:
                agreed.add(i)
            if plain(b) != plain(first[i][2]):
                wavers.add(i)
    what = ["unsteady" if w == "differs" and i in agreed - wavers else w for i, w in enumerate(what)]
    return [(*answers, w) for answers, w in zip(first, what)]


def compare(traefik, mola, sets):
    counts = collections.Counter()

    def known(request, a, b):
        if refuses(a) and b[0] == "503" and "path" not in b[2]:
            return "refused"              # a router that neither serves: its response differs
        if b[0] == "400" and "path" not in b[2] and "%2F" in request:
            return "unclean"              # what is left of such a path is not clean: Traefik refuses it since 3.6.19, too

    for name in sets or SETS:
        for request, a, b, what in judged(traefik, mola, name, SETS[name], known):
            counts[what] += 1
            for part, x, y in zip(("status", "response", "request"), a, b) if what in ("differs", "unsteady") else ():
                if x != y:
                    print(f"{what + ': ' if what == 'unsteady' else ''}{name}: {request}: {part}: {x} | {y}")
    print(f"{len(sets or SETS)} sets, {sum(counts.values())} requests, {counts['differs']} differences, {counts['unsteady']} unsteady")
    return counts["differs"] > 0


def refuses(answer):
    """Traefik's response where no router is"""
    return answer[0] == "404" and "404 page not found" in answer[2].get("body", "404 page not found" if not answer[2] else "")


def at(text):
    host, port = text.rsplit(":", 1)
    return host, int(port)


if __name__ == "__main__":
    if sys.argv[1] == "services":
        services(sys.argv[2], int(sys.argv[3]), sys.argv[4])
    elif sys.argv[1] == "task":
        Server((sys.argv[2], int(sys.argv[3])), Task).serve_forever()
    else:
        sys.exit(compare(at(sys.argv[2]), at(sys.argv[3]), sys.argv[4:]))
