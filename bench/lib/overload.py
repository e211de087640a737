#!/usr/bin/env python3
"""overload: what became of requests under bench/overload, and its scorecard.

    overload.py digest FOLDER SCENE ROUND CAPACITY WARMUP NORMAL FULL PEAK AFTER     a run as JSON; FOLDER has each, report and state
    overload.py brief DIGEST                                                        a line of it, for people who wait
    overload.py card DIGEST...                                                      lines for machines, then tables

good       responses 2xx a second within the clients' patience, of all requests that began in the peak
capacity   what the cluster can do, requests a second
admitted   requests that were not refused: those whose client left count as slower than all others
shed       refused with 503 or 429;  late: no response in time, whoever is to blame
normal     the first moment after the peak from which on requests take as long as before it: the p99 of each of the next three windows is
           no more than the most of any such window before the peak and a fifth. A window is a second, or as long as 100 requests
"""
import json
import statistics
import sys

PATIENCE = 1.0
NEVER = float("inf")
SETTLE = 3.0            # seconds of load .95 that do not count: it begins with .7
RANK = ["mola-agent", "mola", "mola-agent-unlimited", "mola-unlimited", "haproxy-limit", "envoy-limit", "traefik-limit"]
TITLE = {"mola-agent": "**Mola by its agents**", "mola": "**Mola** by node_exporter", "mola-agent-unlimited": "Mola by its agents, `overload: false`",
         "mola-unlimited": "Mola by node_exporter, `overload: false`", "haproxy-limit": "HAProxy, maxconn and queue set by hand",
         "envoy-limit": "Envoy, adaptive concurrency", "traefik-limit": "Traefik, inFlightReq set by hand"}
SCENES = {"plain": "no tenants", "io": "no tenants, waits of 100 ms", "tenants": "permanent tenants", "tenants-io": "permanent tenants, waits of 100 ms",
          "quota": "a quota of .4 cores on each node", "small": "four other containers for each core"}


def quantile(values, q):
    """None: there are no values."""
    if not values:
        return None
    return sorted(values)[min(len(values) - 1, int(q * len(values)))]


def p99(requests):
    return quantile([took for _, took, end in requests if end != "shed"], .99)


def normal_after(before, after, at, rate):
    """Seconds from `at`; None: it never was normal while anybody looked."""
    width = max(1.0, 100 / rate)

    def window(requests, start):
        inside = [NEVER if end == "shed" else took for when, took, end in requests if start <= when < start + width]
        return quantile(inside, .99) or 0

    start, last = before[0][0], before[-1][0]
    windows = []
    while start + width <= last:
        windows.append(window(before, start))
        start += width / 2
    limit = 1.2 * max(windows, default=NEVER)
    end, t = after[-1][0], at
    while t + width <= end:
        if all(window(after, t + k * width) <= limit for k in range(3) if t + (k + 1) * width <= end):
            return t - at
        t += .25
    return None


def digest(folder, scene, number, capacity, warmup, normal, full, peak, after):
    capacity, warmup, normal, full, peak, after = map(float, (capacity, warmup, normal, full, peak, after))
    at = warmup + normal
    spans = {"normal": (warmup, at), "full": (at + SETTLE, at + full), "peak": (at + full, at + full + peak), "after": (at + full + peak, at + full + peak + after)}
    requests = {}
    with open(f"{folder}/each") as f:
        for line in f:
            name, start, took, end, status = line.split()
            shed = end == "status" and status in ("503", "429")
            requests.setdefault(name, []).append((float(start), float(took) if end == "done" and float(took) <= PATIENCE else NEVER, "shed" if shed else end))
    report, state = (json.load(open(f"{folder}/{n}")) for n in ("report", "state"))
    lags = [report["lag"], state["lag"]]
    targets = []
    for name, all_of in requests.items():
        all_of.sort()
        part = {k: [r for r in all_of if a <= r[0] < b] for k, (a, b) in spans.items()}
        in_time = {k: sum(took <= PATIENCE for _, took, _ in v) for k, v in part.items()}
        shed = {k: sum(end == "shed" for _, _, end in v) for k, v in part.items()}
        targets.append({
            "name": name, "good": in_time["peak"] / peak / capacity, "p99": p99(part["peak"]), "p99_95": p99(part["full"]),
            "p50": quantile([t for _, t, e in part["peak"] if e != "shed"], .5), "p50_95": quantile([t for _, t, e in part["full"] if e != "shed"], .5),
            "shed_95": shed["full"] / len(part["full"]), "late_95": 1 - in_time["full"] / len(part["full"]),
            "left": 1 - (in_time["peak"] + shed["peak"]) / len(part["peak"]), "late_70": 1 - in_time["normal"] / len(part["normal"]),
            "normal_after": normal_after(part["normal"], part["after"], spans["peak"][1], .7 * capacity),
            "broken": sum(e == "broken" or e == "status" for _, _, e in all_of)})
        for k, v in targets[-1].items():
            targets[-1][k] = None if v == NEVER else v
    print(json.dumps({"scene": scene, "round": int(number), "capacity": capacity, "seconds": peak, "late": max(lag["late_share"] for lag in lags),
                      "lag_p99": max(lag["p99_ms"] for lag in lags), "coloured": any(lag["coloured"] for lag in lags), "targets": targets}))


def brief(path):
    d = json.load(open(path))
    print("; ".join(f"{t['name']} good {t['good']:.3f}, p99 {milli(t['p99'])}/{milli(t['p99_95'])} ms, at .95 shed {100 * t['shed_95']:.2f} % late {100 * t['late_95']:.2f} %, "
                    f"left {100 * t['left']:.1f} %, normal after {t['normal_after']} s" for t in d["targets"]), f"(lag p99 {d['lag_p99']:.1f} ms, late {100 * d['late']:.2f} %)")


def milli(seconds):
    return "more than 1000" if seconds is None else f"{1000 * seconds:.0f}"


def median(values):
    """What lies among those that never came is None."""
    values = sorted(NEVER if v is None else v for v in values)
    m = values[(len(values) - 1) // 2]
    return None if m == NEVER else m


def card(paths):
    runs = [json.load(open(p)) for p in paths]
    table = {}
    for r in runs:
        for t in r["targets"]:
            table.setdefault(r["scene"], {}).setdefault(t["name"], []).append(t)
    scenes = [s for s in SCENES if s in table]

    def of(scene, name, key):
        return median([t[key] for t in table[scene][name]])

    def ratio(scene, name):
        return median([None if t["p99"] is None or t["p99_95"] is None else t["p99"] / t["p99_95"] for t in table[scene][name]])

    for s in scenes:
        for n in sorted(table[s], key=RANK.index):
            mark = s if n == "mola-agent" else f"{s}-{n}"
            r = ratio(s, n)
            print(f"ratio overload-good/capacity-{mark} {of(s, n, 'good'):.3f}")
            print(f"ratio overload-p99/p99-at-95-{mark} {'more than 1000 ms' if r is None else f'{r:.2f}'}")
            print(f"bench overload-shed-95-{mark} {100 * of(s, n, 'shed_95'):.2f} %")
            print(f"bench overload-late-95-{mark} {100 * of(s, n, 'late_95'):.2f} %")
            after = of(s, n, "normal_after")
            print(f"bench overload-normal-after-{mark} {'never while it lasted' if after is None else f'{after:.2f} s'}")
    print()
    print(f"Load 1.5 for {runs[0]['seconds']:.0f} s, {max(len(t) for s in table.values() for t in s.values())} round(s); lag of the instruments: p99 at most "
          f"{max(r['lag_p99'] for r in runs):.1f} ms, runs coloured by it: {sum(r['coloured'] for r in runs)} of {len(runs)}")
    names = sorted({n for s in table.values() for n in s}, key=RANK.index)
    for caption, cell in (
            ("Served in time at load 1.5, of what the cluster can do", lambda s, n: f"{of(s, n, 'good'):.2f}"),
            ("p99 in ms of the admitted at load 1.5 (at .95)", lambda s, n: f"{milli(of(s, n, 'p99'))} ({milli(of(s, n, 'p99_95'))})"),
            ("At load .95, in %: refused (not served in time, with those)", lambda s, n: f"{100 * of(s, n, 'shed_95'):.2f} ({100 * of(s, n, 'late_95'):.2f})"),
            ("After the peak, normal again after s", lambda s, n: "not" if of(s, n, "normal_after") is None else f"{of(s, n, 'normal_after'):.1f}")):
        print(f"\n{caption}\n\n| | {' | '.join(SCENES[s] for s in scenes)} |\n|---|{'--:|' * len(scenes)}")
        for n in names:
            print(f"| {TITLE[n]} | {' | '.join(cell(s, n) if n in table[s] else '' for s in scenes)} |")


if __name__ == "__main__":
    {"digest": lambda a: digest(*a), "brief": lambda a: brief(*a), "card": card}[sys.argv[1]](sys.argv[2:])
