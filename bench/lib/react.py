"""react: how soon requests leave a node that a hog has come to, and return when it has gone.

    react.py NAME LOG HOGS

LOG is Mola's access log in JSON, all of one service; HOGS has a line "ADDRESS FROM TO" for each hog: how the addresses of the
tasks on its node begin, and when it began and ended, in seconds since 1970. A request counts when it began.

before      the node's share of all requests in the seconds before the hog
away        from the hog's start until the first moment from which on at most a tenth of what that share would be goes there, counted
            over as many requests as twenty of would have gone there before
back        from the hog's end until the first moment from which on, for a second, the share is at least nine tenths of what it was
            before
crossings   in the seconds after it is back: how often the share, second by second, goes from one side of its own mean to the other,
            by more than what chance makes of so few requests (two standard deviations of a draw) or a fifth of the mean
Prints a line for each hog, and medians as `bench` lines.
"""
import datetime
import json
import statistics
import sys

BEFORE = 4.0        # seconds that count
AFTER = 8.0         # before the next hog
FEW = 20            # requests that would have gone to the node
SECOND = 1.0


def read_log(path):
    """All requests, as (start, address), in the order of their starts."""
    requests = []
    with open(path) as f:
        for line in f:
            r = json.loads(line)
            if not r.get("ServiceAddr"):
                continue
            text = r["StartUTC"].rstrip("Z")
            whole, _, part = text.partition(".")
            at = datetime.datetime.fromisoformat(whole).replace(tzinfo=datetime.timezone.utc).timestamp() + float("0." + (part or "0"))
            requests.append((at, r["ServiceAddr"]))
    return sorted(requests)


def share(hits):
    return sum(hits) / len(hits) if hits else 0.0


def away_after(requests, since, until, before):
    """Seconds; None: never."""
    window = [(at, hit) for at, hit in requests if since <= at < until]
    n = round(FEW / before)
    for i in range(len(window) - n + 1):
        if sum(hit for _, hit in window[i:i + n]) <= 0.1 * before * n:
            return window[i][0] - since
    return None


def back_after(requests, since, until, before):
    window = [(at, hit) for at, hit in requests if since <= at < until]
    end = 0
    for begin, (at, _) in enumerate(window):
        if at + SECOND > until:
            break
        while end < len(window) and window[end][0] < at + SECOND:
            end += 1
        if share([hit for _, hit in window[begin:end]]) >= 0.9 * before:
            return at - since
    return None


def crossings(requests, since, until):
    seconds = []
    while since + SECOND <= until:
        hits = [hit for at, hit in requests if since <= at < since + SECOND]
        if hits:
            seconds.append((share(hits), len(hits)))
        since += SECOND
    if len(seconds) < 2:
        return 0
    mean = statistics.fmean(s for s, _ in seconds)
    side, n = 0, 0
    for s, count in seconds:
        band = max(0.2 * mean, 2 * (mean * (1 - mean) / count) ** 0.5)
        now = 1 if s > mean + band else -1 if s < mean - band else side
        n += side != 0 and now != side
        side = now
    return n


def main(name, log, hogs):
    requests, found = read_log(log), []
    with open(hogs) as f:
        hog = [(a, float(b), float(c)) for a, b, c in (line.split() for line in f)]
    for address, start, end in hog:
        mine = [(at, a.startswith(address)) for at, a in requests if start - BEFORE <= at < end + AFTER]
        before = share([hit for at, hit in mine if at < start])
        if before == 0:
            sys.exit(f"react: no request went to {address} before the hog: there is nothing to measure")
        away = away_after(mine, start, end, before)
        back = back_after(mine, end, end + AFTER, before)
        swings = crossings(mine, end + (back or 0), end + AFTER)
        during = share([hit for at, hit in mine if start + (away or 0) <= at < end])
        found.append((before, away, back, swings))
        print(f"# {name}: {100 * before:.1f} % before, " + ("never away" if away is None else f"away after {away:.2f} s") +
              f", {100 * during:.1f} % from then on, " + ("not back" if back is None else f"back after {back:.2f} s") +
              f", {swings} crossings")
    never = float("inf")
    for what, at, unit in ("away", 1, "s"), ("back", 2, "s"):
        values = [never if f[at] is None else f[at] for f in found]
        print(f"# {name}-{what}: {min(values):.2f} to {max(values):.2f} s")
        print(f"bench {name}-{what} {statistics.median(values):.2f} {unit}")
    print(f"bench {name}-crossings {max(f[3] for f in found)}")


main(*sys.argv[1:])
