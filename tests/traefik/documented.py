"""What Mola does otherwise than Traefik, on purpose. Each kind has its reason. None by which Mola serves what Traefik refuses: serves_more comes
before all of them."""
import re

import filters, rules


def reached(answer):
    """the task got the request"""
    return "path" in answer[2]


def by_server(answer):
    """forwardAuth's server has kept the request from the task"""
    return answer[0] >= "300" and str(answer[2].get("path", "")).startswith(("/auth", "/a/auth"))


def serves_more(a, b):
    """the task got it from Mola alone, or Mola has a page where Traefik refuses"""
    return (reached(b) and not by_server(b) and not reached(a)) or (a[0] in ("401", "403", "404", "429") and b[0] < "400")


def refused_router(text, a, b, labels):
    """A router of which anything is not understood is served by neither: Traefik knows no such address (404), Mola keeps it from others (503)."""
    return filters.refuses(a) and b[0] == "503" and not reached(b)


def own_words(text, a, b, labels):
    """Where no router has the request both respond with 404, each in its own words, and Mola says why (Mola-Why): neither is stricter."""
    return filters.refuses(a) and b[0] == "404" and not reached(b) and [f for f in b[1] if f[0] != "content-type"] == []


def odd_path(text, a, b, labels):
    """A path that a task could read as another one, which has other filters, is refused by Mola (doc/middlewares.md)."""
    path = text.split(" ")[1].partition("?")[0]
    return b[0] == "503" and not reached(b) and path in rules.ODD


def cleaned(path):
    """as Traefik cleans a path before it routes"""
    plain = lambda m: chr(int(m[1], 16)) if re.match(r"[A-Za-z0-9._~-]", chr(int(m[1], 16))) else "%" + m[1].upper()
    path = re.sub(r"%([0-9A-Fa-f]{2})", plain, path)
    out = []
    for segment in path.split("/"):
        if segment == "..":
            del out[-1:]
        elif segment not in ("", "."):
            out.append(segment)
    end = "/" if path.endswith("/") and out else ""
    return "/" + "/".join(out) + end


def as_sent(text, a, b, labels):
    """Traefik sends on the path that it has cleaned for its rules, and makes & of a semicolon in the query. Without a middleware Mola sends both on as they
    came; its rules read them as Traefik's do: neither is stricter."""
    if not (reached(a) and reached(b)):
        return False
    path, mark, query = b[2]["path"].partition("?")
    sent = text.split(" ")[1].partition("?")
    return path in (sent[0], cleaned(sent[0])) and query == sent[2] and a == (b[0], b[1], {**b[2], "path": cleaned(path) + mark + query.replace(";", "&")})


def chunks(text, a, b, labels):
    """buffering: Traefik collects a whole body before anything else sees it. Mola bounds it: of a chunked one it does not know the length before its end, so a
    middleware behind may respond first, or count a request that is too large, compress does not know how small a response is, and contentType guesses nothing
    (doc/why/0030). Where one of both refuses, Mola does, too. An empty response in chunks fails in 3.6.12 (500), not in 3.7."""
    kinds = {k[:2] + k.split(".")[1] for k in labels}
    if not kinds & {"a.buffering", "b.buffering"}:
        return False
    if kinds == {"a.buffering", "b.ratelimit"} and b[0] == "429":
        return True
    if not (" Chunked:" in text or "chunked=1" in text):
        return False
    if a[0] == "500" and b[0] == "200" and b[2] == {"body": ""}:
        return True
    if b[0] >= "300" and (by_server(b) or not reached(b)):      # one of them refuses, and Mola does, or sends the client elsewhere
        return True
    left = {"content-encoding", "vary"} | ({"content-type"} if "a.contenttype" in kinds else set())
    fields = lambda answer: [f for f in answer[1] if f[0] not in left]
    return a[0] == b[0] and fields(a) == fields(b) and a[2] == b[2] and dict(b[1]).get("content-type") in (None, dict(a[1]).get("content-type"))


def guessed_type(text, a, b, labels):
    """Where the task does not say what a body is, Go's writer guesses, behind some middlewares. Mola guesses nothing: neither is stricter."""
    return reached(a) and reached(b) and dict(b[1]).get("content-type") is None and b == (a[0], [f for f in a[1] if f[0] != "content-type"], a[2])


PATHS = ("addprefix", "replacepath", "replacepathregex", "stripprefix", "stripprefixregex")      # what changes the path


def digest_uri(text, a, b, labels):
    """digestAuth behind a middleware that has changed the path: to Traefik the signed uri may be any beginning of it, for Mola it is all of it, which is
    stricter: it responds with 401, and looks no further."""
    changed = any(k.startswith("a.") and k.split(".")[1] in PATHS for k in labels)
    return changed and any(k.startswith("b.digestauth.") for k in labels) and "Signed:" in text and b[0] == "401" and not reached(b)


def unclean_path(text, a, b, labels):
    """What stripPrefix, stripPrefixRegex or replacePathRegex leaves of a path, and could be read as another one, is refused with 400 by Traefik since 3.6.19
    (in all of 3.7 from 3.7.3 on), and by Mola. 3.6.12 sends it on: Mola is stricter."""
    return b[0] == "400" and not reached(b) and any(k.split(".")[1] in PATHS[2:] for k in labels)


def replaced_path(text, a, b, labels):
    """X-Replaced-Path of the second of two middlewares that change the path: 3.6.12 and Mola have there what the first one has written, 3.7 what would have been
    sent. What is sent is the same: neither is stricter."""
    without = lambda answer: {**answer[2], "fields": [f for f in answer[2].get("fields", []) if f[0] != "x-replaced-path"]}
    kinds = {k.split(".")[0]: k.split(".")[1] for k in labels}
    return reached(a) and reached(b) and a[:2] == b[:2] and without(a) == without(b) and len(kinds) == 2 and all(k in PATHS for k in kinds.values())


def preflight(text, a, b, labels):
    """A response to a preflight request: 3.6.12 and Mola have Access-Control-Max-Age: 0 where accessControlMaxAge is not set, 3.7 has none; it has
    Access-Control-Expose-Headers there, where browsers do not look for it: neither is stricter."""
    seen = lambda answer: [f for f in answer[1] if f not in (["access-control-max-age", "0"], ("access-control-max-age", "0"))
                           and f[0] != "access-control-expose-headers"]
    return text.startswith("OPTIONS ") and "Access-Control-Request-Method:" in text and a[0] == b[0] and a[2] == b[2] and seen(a) == seen(b)


def fewer_fields(text, a, b, labels):
    """forwardAuth: its server is not told Expect by Mola, which sends it no body that waits. With authRequestHeaders and trustForwardHeader 3.7 tells it X-Real-Ip
    and all that proxies may say of a client, 3.6.12 and Mola what has to be told (X-Forwarded-For, -Host, -Port, -Proto, -Method and -Uri)."""
    options = {k.split(".", 1)[1] for k in labels}
    left = {"expect"} | ({"x-real-ip"} if options >= {"forwardauth.authrequestheaders", "forwardauth.trustforwardheader"} else set())
    fields = lambda answer: [f for f in answer[2].get("fields", []) if f[0] not in left]
    return any(o.startswith("forwardauth.") for o in options) and a[:2] == b[:2] and {**a[2], "fields": fields(a)} == {**b[2], "fields": fields(b)}


def spelled_twice(text, a, b, labels):
    """Two basicAuth or digestAuth whose headerField is the same but for capitals: the task gets both of Traefik, and of Mola the second: neither is stricter."""
    names = [v for k, v in labels.items() if k.endswith("auth.headerfield")]
    fields = lambda answer: sorted({tuple(f) for f in answer[2].get("fields", [])})
    return len(names) == 2 and names[0] != names[1] and names[0].lower() == names[1].lower() and a[:2] == b[:2] and fields(a) == fields(b)


def kept_vary(text, a, b, labels):
    """compress before retry: of a response with a Vary of its own, Traefik's retry writes that over the Vary: Accept-Encoding of compress, and caches give what was
    compressed for one client to all. Mola has both: stricter (findings/traefik-retry-takes-vary-from-compress.sh)."""
    kinds = {k[:2] + k.split(".")[1] for k in labels}
    fields = sorted(map(tuple, a[1])) + [("vary", "Accept-Encoding")]
    return kinds == {"a.compress", "b.retry"} and a[0] == b[0] and a[2] == b[2] and sorted(fields) == sorted(map(tuple, b[1]))


def own_response(text, a, b, labels):
    """compress leaves what Mola responds itself as it is, the response of forwardAuth's server with it (doc/middlewares.md): neither is stricter."""
    kinds = {k[:2] + k.split(".")[1] for k in labels}
    fields = [f for f in a[1] if f[0] != "content-encoding"]
    return kinds == {"a.compress", "b.forwardauth"} and a[0] == b[0] and a[2] == b[2] and fields == b[1] != a[1]


# of 3.7, not of 3.6.12: a middleware, or an option of one
NEWER = ("encodedcharacters", "errors.errorrequestheaders", "forwardauth.authsigninurl", "retry.disableretryonnetworkerror", "retry.maxrequestbodybytes",
         "retry.retrynonidempotentmethod", "retry.status", "retry.timeout")


def newer_option(text, a, b, labels):
    """What 3.7 has and 3.6.12 has not, Mola refuses by name (doc/middlewares.md): a router with such a middleware is not served."""
    return b[0] == "503" and not reached(b) and any((k.split(".", 1)[1] + ".").startswith(n + ".") for k in labels for n in NEWER)


KINDS = [refused_router, own_words, odd_path, as_sent, chunks, guessed_type, digest_uri, unclean_path, replaced_path, preflight, fewer_fields,
         spelled_twice, newer_option, kept_vary, own_response]


def documented(text, a, b, labels):
    if serves_more(a, b):
        return None
    return next((k.__name__.replace("_", " ") for k in KINDS if k(text, a, b, labels)), None)
