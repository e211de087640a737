"""What Mola does otherwise than Traefik, on purpose. Each kind has its reason. None by which Mola serves what Traefik refuses: serves_more comes
before all of them."""
import re

import filters, rules


def reached(answer):
    """the task got the request"""
    return "path" in answer[2]


def serves_more(a, b):
    """the task got it from Mola alone, or Mola has a page where Traefik refuses"""
    return (reached(b) and not reached(a)) or (a[0] in ("401", "403", "404", "429") and b[0] < "400")


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
    middleware behind may respond first, and compress does not know how small a response is (doc/why/0030). Where one of both refuses, Mola does, too."""
    if not any(".buffering." in k for k in labels) or not (" Chunked:" in text or "chunked=1" in text):
        return False
    if not (reached(a) and reached(b)):
        return b[0] >= "400"                  # one of them refuses, and Mola does
    coding = lambda answer: [f for f in answer[1] if f[0] not in ("content-encoding", "vary")]
    return a[0] == b[0] and coding(a) == coding(b) and a[2] == b[2]


def guessed_type(text, a, b, labels):
    """Where the task does not say what a body is, Go's writer guesses, behind some middlewares. Mola guesses nothing: neither is stricter."""
    return reached(a) and reached(b) and dict(b[1]).get("content-type") is None and b == (a[0], [f for f in a[1] if f[0] != "content-type"], a[2])


def digest_uri(text, a, b, labels):
    """digestAuth behind a middleware that has changed the path: to Traefik the signed uri may be any beginning of it, for Mola it is all of it, which is
    stricter: it responds with 401, and looks no further."""
    changed = any(k.startswith("a.") and k.split(".")[1] in ("addprefix", "replacepath", "replacepathregex", "stripprefix", "stripprefixregex") for k in labels)
    return changed and any(k.startswith("b.digestauth.") for k in labels) and "Signed:" in text and b[0] == "401" and not reached(b)


KINDS = [refused_router, own_words, odd_path, as_sent, chunks, guessed_type, digest_uri]


def documented(text, a, b, labels):
    if serves_more(a, b):
        return None
    return next((k.__name__.replace("_", " ") for k in KINDS if k(text, a, b, labels)), None)
