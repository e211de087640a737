#!/usr/bin/env python3
"""proof: what bench/law has measured, told.

    proof.py FOLDER [PAGE]

FOLDER is bench/law's; its files `runs` are those of `model --runs`. PAGE becomes a page of the full results. Figures are medians over
the seeds, ratios medians of the ratios within a seed; "worst" is of these.
"""
import collections
import glob
import os
import statistics
import sys

FIGURES = ["mean", "p50", "p99", "p999", "tenants", "slowed", "failed", "share"]
LATENCY = FIGURES[:4]
LAW, OTHERS = "law-new", ["before", "least-conn-cores"]
NAMES = {"before": "the law before", "least-conn-cores": "least connections by cores"}


def runs_read(path):
    """{scenario: {policy: {seed: {figure: value}}}}"""
    runs = collections.defaultdict(lambda: collections.defaultdict(dict))
    with open(path) as file:
        for line in file:
            scenario, way, seed, *values = line.split()
            runs[scenario][way][int(seed)] = dict(zip(FIGURES, map(float, values)))
    return runs


def middle(runs, way, figure):
    return statistics.median(r[figure] for r in runs[way].values())


def ratio(runs, other, figure, way=LAW):
    """None: there is nothing to divide by (no tenants)."""
    if way not in runs or other not in runs or middle(runs, other, figure) < 0.01:
        return None
    return statistics.median(r[figure] / runs[other][seed][figure] for seed, r in runs[way].items())


# ---- scenarios ----

def scenario_read(path):
    """{key: [the words of each of its lines]}"""
    keys = collections.defaultdict(list)
    with open(path) as file:
        for line in file:
            words = line.split("#")[0].split()
            if words:
                keys[words[0]].append(words[1:])
    return keys


def nodes_count(words):
    return sum(int(w.split("x")[0]) if "x" in w else 1 for w in words)


def short(text):
    """.7 for 0.700"""
    return f"{float(text):g}".replace("0.", ".", 1) if 0 < float(text) < 1 else f"{float(text):g}"


TRAITS = [  # what the generator's ranges are made of: a name, and whether a scenario has it
    ("no tenants", lambda k: "tenants" not in k),
    ("one container", lambda k: any(w[0] == "one" for w in k["tenants"])),
    ("many containers", lambda k: any(w[0] == "many" for w in k["tenants"])),
    ("a container each", lambda k: any(w[0] == "each" for w in k["tenants"])),
    ("in our container", lambda k: any(w[0] == "own" for w in k["tenants"])),
    ("small tenants", lambda k: any(float(w[w.index("work") + 1]) < .5 for w in k["tenants"] if "work" in w)),
    ("tenants' quotas", lambda k: any("quota" in w for w in k["tenants"])),
    ("tenants' weights", lambda k: any("weight" in w for w in k["tenants"])),
    ("permanent ones", lambda k: "permanent" in k),
    ("hogs", lambda k: "hog" in k),
    ("bimodal work", lambda k: k["work"] and k["work"][0][0] == "bimodal"),
    ("heavy-tailed work", lambda k: k["work"] and k["work"][0][0] == "pareto"),
    ("waits", lambda k: "wait" in k),
    ("work after the response", lambda k: "after" in k),
    ("WebSockets", lambda k: "sockets" in k),
    ("slower nodes", lambda k: "slow" in k),
    ("steal", lambda k: "steal" in k),
    ("failing tasks", lambda k: "failures" in k),
    ("quotas of our tasks", lambda k: any("quota" in w for w in k["tasks"])),
    ("several of our tasks on a node", lambda k: any(int(w[0]) > 1 for w in k["tasks"])),
    ("node_exporter", lambda k: k["samples"] and k["samples"][0][0] == "exporter"),
    ("samples of 10 s and more", lambda k: k["samples"] and float(k["samples"][0][1]) >= 10),
    ("several balancers", lambda k: k["balancers"] and int(k["balancers"][0][0]) > 1),
    ("100 nodes and more", lambda k: k["nodes"] and nodes_count(k["nodes"][0]) >= 100),
    ("load .9 and more", lambda k: k["load"] and float(k["load"][0][0]) >= .9),
]
UNSAID = {"no tenants", "one container", "many containers", "a container each", "in our container", "node_exporter",
          "samples of 10 s and more", "several balancers", "100 nodes and more", "load .9 and more"}     # told otherwise


def traits(keys):
    return [name for name, has in TRAITS if has(keys)]


def told(keys):
    """A scenario in some words."""
    words = [f"{nodes_count(keys['nodes'][0]) if keys['nodes'] else 8} nodes"]
    words.append(f"load {short(keys['load'][0][0])}" if keys["load"] else f"own load {short(keys['ours'][0][0])}" if keys["ours"] else "load .7")
    words += [f"tenants {w[0]} {short(w[w.index('load') + 1]) if 'load' in w else '.15'}" for w in keys["tenants"]]
    words += [t for t in traits(keys) if t not in UNSAID]
    if keys["samples"]:
        kind, age = keys["samples"][0]
        words.append(f"{'node_exporter' if kind == 'exporter' else 'agent'} {short(age)} s")
    if keys["balancers"] and keys["balancers"][0][0] != "1":
        words.append(f"{keys['balancers'][0][0]} balancers")
    return ", ".join(words)


class Proof:
    def __init__(self, folder):
        self.folder = folder
        self.runs = runs_read(f"{folder}/runs")
        self.beside = runs_read(f"{folder}/beside/runs")
        self.equal = runs_read(f"{folder}/equal/runs")
        self.keys = {os.path.basename(p)[:-len(".scenario")]: scenario_read(p)
                     for p in glob.glob("bench/scenarios/*.scenario") + glob.glob(f"{folder}/proof/*.scenario")}
        self.drawn = sorted(os.path.basename(p)[:-len(".scenario")] for p in glob.glob(f"{folder}/proof/*.scenario"))
        self.tree = sorted(set(self.runs) - set(self.drawn))

    def world(self, name):
        return self.keys[name]["world"][0][0] if self.keys[name]["world"] else "-"

    def ratios(self, other, figure, want=lambda world: True):
        """[(value, scenario)], the least first"""
        all_of = ((ratio(self.runs[n], other, figure), n) for n in self.runs if want(self.world(n)) and (figure != "tenants" or self.others(n)))
        return sorted(x for x in all_of if x[0] is not None)

    def others(self, name):
        return any(k in self.keys[name] for k in ("tenants", "permanent", "hog"))

    def worlds(self):
        return sorted({self.world(n) for n in self.runs})

    # Balancers side by side: each figure of two and three over that of one.
    def side_by_side(self):
        found = []
        for name in self.beside:
            case, n = name.rsplit("-", 1)
            if n != "1":
                both = {"many": self.beside[name][LAW], "one": self.beside[f"{case}-1"][LAW]}
                found += [(f"{'two' if n == '2' else 'three'}/one-{case}-{f}", ratio(both, "one", f, "many"), f) for f in ("mean", "p99")]
        return sorted(found)

    # The least share of any backend, of what is fair: over the seeds the median.
    def shares(self):
        return sorted((middle(ways, way, "share"), f"{name}-{way}") for name, ways in self.equal.items() for way in ways)


def bars(p):
    """[(what, value, limit, met, which)]"""
    found = []

    def bar(what, value, limit, which="", least=False):
        found.append((what, value, limit, value >= limit if least else value <= limit, which))

    def worst(what, other, figure, limit, want=lambda world: True):
        values = p.ratios(other, figure, want)
        over = [f"{n} {v:.3f}" for v, n in reversed(values) if v > limit]
        if values:
            bar(f"{what}, {figure}, the worst of {len(values)}", values[-1][0], limit,
                f"{len(over)} over: {', '.join(over[:4])}" if over else values[-1][1])

    for figure, limit in ("mean", .99), ("p50", 1.03), ("p99", .93), ("p999", .85):
        values = [v for v, _ in p.ratios("before", figure, lambda w: w == "many-containers")]
        if values:
            bar(f"many containers, against the law before, {figure}, the median of {len(values)}", statistics.median(values), limit,
                f"from {values[0]:.3f} to {values[-1]:.3f}")
    for figure in "mean", "p99":
        worst("other worlds, against the law before", "before", figure, 1.02, lambda w: w != "many-containers")
    away = [(abs(v - 1), n) for v, n in p.ratios("before", "tenants")]
    if away:
        bar("tenants' CPU, away from that with the law before, the worst", max(away)[0], .01, max(away)[1])
    for figure in "mean", "p99":
        worst("against least connections by cores", "least-conn-cores", figure, 1.03)
    for n in "two", "three":
        for figure in "mean", "p99":
            values = sorted((v, name) for name, v, f in p.side_by_side() if f == figure and name.startswith(n))
            if values:
                bar(f"{n} balancers against one, {figure}, the worst of {len(values)}", values[-1][0], 1.1, values[-1][1])
    shares = [s for s in p.shares() if s[1].endswith(LAW)]
    if shares:
        bar(f"the share of an equal backend, the least of {len(shares)} cases", shares[0][0], .8, shares[0][1], least=True)
    return found


def summary(p):
    """[(world, other, figure, how many, median, worst, which)]"""
    for world in p.worlds():
        for other in OTHERS:
            for figure in FIGURES[:5]:
                values = p.ratios(other, figure, lambda w: w == world)
                if values:
                    yield world, other, figure, len(values), statistics.median(v for v, _ in values), values[-1][0], values[-1][1]


def tell(p):
    for name, value, _ in p.side_by_side():
        print(f"ratio {name} {value:.3f}")
    for value, name in p.shares():
        print(f"bench share-{name} {value:.3f}")
    print()
    for name, has in TRAITS:
        print(f"drawn: {sum(bool(has(p.keys[n])) for n in p.drawn):3d} of {len(p.drawn)} with {name}")
    print()
    for world, other, figure, n, median, worst, which in summary(p):
        print(f"world {world:16} {other:18} {figure:7} {n:3d} scenarios: median {median:.3f}, worst {worst:.3f} ({which})")
    print()
    for what, value, limit, met, which in bars(p):
        print(f"bar {'met   ' if met else 'missed'} {value:.3f} (limit {limit:g}) {what} ({which})")


# ---- the page ----

def page(p, path):
    seed, seeds = p.drawn[0].rsplit("-", 1)[0] if p.drawn else "", len(next(iter(p.runs.values()))[LAW])
    with open(path, "w") as f:
        def out(*lines):
            f.write("\n".join(lines) + "\n")

        def rows(names):
            for n in names:
                r = p.runs[n]
                ms = [f"{middle(r, LAW, x):.3g}" for x in LATENCY]
                to = [f"{v:.2f}" if v is not None else "" for o in OTHERS for v in (ratio(r, o, x) for x in LATENCY)]
                out(f"| {n} | {told(p.keys[n])} | " + " | ".join(ms + to) + " |")

        def table(names):
            out("", "| | what | mean | p50 | p99 | p99.9 | mean, before | p50 | p99 | p99.9 | mean, by cores | p50 | p99 | p99.9 |",
                "|---|---|" + "--:|" * 12)
            rows(names)

        out("# The proof set", "",
            f"`SEEDS={seeds} bench/law doc` writes this page. The [model](benchmarks.md#the-model) plays each scenario with the law as it is, with the one",
            "before (`policy: marginal-1`: its costs, from samples that are believed as they are now), and with least connections weighted by",
            "cores, all with the same requests and tenants;",
            f"medians over {seeds} seeds. Latencies are in ms, then come the law's figures as fractions: of the law before, and of least",
            "connections by cores. [How a node is chosen](steering.md) has the law.", "",
            f"{len(p.drawn)} scenarios are drawn from the ranges at the top of `bench/sim/draw.c`, by a number that is a date ({seed}); they were not",
            f"played before the law was final. {len(p.tree)} are those of the tree (`bench/scenarios`), which the law was found with.", "", "## Bars", "",
            "| | measured | limit | | |", "|---|--:|--:|---|---|")
        for what, value, limit, met, which in bars(p):
            out(f"| {what} | {value:.3f} | {limit:g} | {'met' if met else '**missed**'} | {which} |")
        out("", "## By world", "", "| world | against | | scenarios | median | worst | which |", "|---|---|---|--:|--:|--:|---|")
        for world, other, figure, n, median, worst, which in summary(p):
            out(f"| {world} | {NAMES[other]} | {figure} | {n} | {median:.3f} | {worst:.3f} | {which} |")
        out("", "## The drawn ones")
        table(p.drawn)
        out("", "## Those of the tree")
        table(p.tree)
        out("", "## Balancers side by side", "", "Nodes of 1 to 8 cores, tenants, the same load spread over two and three balancers; name: world, load, age of samples.", "",
            "| | two, mean | p99 | three, mean | p99 |", "|---|--:|--:|--:|--:|")
        found = {name: v for name, v, _ in p.side_by_side()}
        for case in sorted({n.split("-", 1)[1].rsplit("-", 1)[0] for n in found}):
            out(f"| {case} | " + " | ".join(f"{found[f'{k}/one-{case}-{x}']:.2f}" for k in ("two", "three") for x in ("mean", "p99")) + " |")
        out("", "## Shares of equal backends", "",
            "Eight nodes of 4 cores and nobody else: the least share of any of them, as a fraction of what is fair. Name: load, balancers, samples.", "",
            "| | share |", "|---|--:|")
        for value, name in p.shares():
            if name.endswith(LAW):
                out(f"| {name[:-len(LAW) - 1]} | {value:.2f} |")


def main():
    p = Proof(sys.argv[1])
    tell(p)
    if len(sys.argv) > 2:
        page(p, sys.argv[2])


if __name__ == "__main__":
    main()
