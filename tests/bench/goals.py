"""The goals of the benchmark, and the rows that are judged by them: each is made of the samples of one run."""
import statistics

import corpora

MEGABYTE = 1e6


class Row:
    """A figure: one value for each round (or only one), its unit, and what it should be."""

    def __init__(self, name, text, values, unit, relation=None, goal=None):
        self.name, self.text, self.values, self.unit = name, text, values, unit
        self.relation, self.goal = relation, goal

    @property
    def value(self):
        return statistics.median(self.values)

    @property
    def verdict(self):
        if self.goal is None:
            return None
        held = self.value >= self.goal if self.relation == ">=" else self.value <= self.goal
        return "held" if held else "missed"

    def as_json(self):
        return {"value": self.value, "low": min(self.values), "high": max(self.values), "unit": self.unit,
                "goal": None if self.goal is None else f"{self.relation} {self.goal}", "verdict": self.verdict}


class Samples:
    """Samples by name; what is missing is None."""

    def __init__(self, samples):
        self.samples = samples

    def ratio(self, above, below):
        """Round by round, for both were measured beside each other."""
        a, b = self.samples.get(above), self.samples.get(below)
        return [x / y for x, y in zip(a, b)] if a and b else None

    def worst(self, names):
        found = [self.samples[name][0] for name in names if self.samples.get(name)]
        return [max(found)] if found and len(found) == len(names) else None

    def plain(self, name, factor=1):
        values = self.samples.get(name)
        return [value * factor for value in values] if values else None


def best_of(samples, corpus, subject):
    """Against the best typed peer at this instruction set: simdjson on demand (yyjson is not packaged by Debian)."""
    return samples.ratio(f"decode/{corpus}/simdjson", f"decode/{corpus}/{subject}")


def decode_rows(samples):
    goals = {"small": 1.6, "typical": 1.8, "large": 1.6, "numbers": 1.5, "wide": 1.0, "random": 1.3, "binary": 2.5,
             "spaced": 1.1, "pretty": 0.9}
    for corpus, goal in goals.items():
        yield (f"goal/decode/{corpus}", f"decode, {corpus}: times simdjson", best_of(samples, corpus, "ours"), "x", ">=",
               goal)
    yield ("goal/decode/sse2", "decode, typical, SSE2 only: times simdjson on SSE4.2",
           samples.ratio("decode/typical/simdjson-westmere", "decode/typical/ours-sse2"), "x", ">=", 1.3)
    for peer, goal in (("cjson", 12), ("serde", 15), ("go", 50)):
        yield (f"goal/decode/{peer}", f"decode, typical: times {peer}",
               samples.ratio(f"decode/typical/{peer}", "decode/typical/ours"), "x", ">=", goal)
    yield ("goal/count/decode", "decode, typical: instructions a byte", samples.plain("count/decode/typical"), "", "<=",
           5.5)


def whole_rows(samples):
    yield ("goal/whole/decode", "index, decode and callbacks, typical: times the decode alone",
           samples.ratio("decode/typical/whole", "decode/typical/ours"), "x", "<=", 1.6)
    yield ("goal/whole/simdjson", "index, decode and callbacks, typical: times simdjson",
           best_of(samples, "typical", "whole"), "x", ">=", 1.0)
    for corpus in corpora.REAL:
        if corpus != "typical":
            yield (f"whole/{corpus}", f"the whole, {corpus}: times simdjson", best_of(samples, corpus, "whole"), "x", None, None)
    yield ("goal/bind", "bind of a 12-attribute item: times its decode",
           samples.ratio("own/bind/items", "own/decode/items"), "x", "<=", 0.5)
    yield ("bind/ns", "bind of a 12-attribute item", samples.plain("own/bind/items", 1 / 100), "ns", None, None)
    yield ("diff/ns", "deep diff of a record", samples.plain("own/diff/typical", 1 / 100), "ns", None, None)
    yield ("filter/ns", "filter on a record", samples.plain("own/filter/typical", 1 / 100), "ns", None, None)


def allocations_row(notes):
    found = {name: value for name, value in notes.get("allocations", {}).items()
             if name.split("/")[0] in corpora.REAL and name.split("/")[1] in ("ours", "whole")}
    return ("goal/allocations", "allocations of a warm pass, most of all real shapes",
            [max(found.values())] if found else None, "", "<=", 0)


def memory_rows(samples):
    yield ("goal/memory/real", "peak memory near 6 MB, real shapes: times the payload",
           samples.worst([f"memory/{name}" for name in ("large", "wide", "binary", "numbers", "random")]), "x", "<=", 1.3)
    yield ("goal/memory/worst", "peak memory near 6 MB, worst shape: times the payload",
           samples.worst([f"memory/{name}" for name in corpora.ADVERSARIAL]), "x", "<=", 5)
    yield ("goal/count/doubling", "instructions of twice the input, worst of 14",
           samples.worst([f"count/doubling/{name}" for name in corpora.ADVERSARIAL]), "x", "<=", 2.2)


def runtime_rows(samples):
    for peer, goal in (("raw-serde", 0.25), ("raw-cjson-arena", 0.4)):
        yield (f"goal/loop/{peer}", f"batch of 100, isolated: times a {peer} loop",
               samples.ratio("loop/batch/isolated", f"loop/batch/{peer}"), "x", "<=", goal)
    for name, goal in (("isolated", 1.36), ("alone", 1.10)):
        yield (f"goal/loop/{name}", f"no-op invocation, {name}: times a raw loop",
               samples.ratio(f"loop/noop/{name}", "loop/noop/raw"), "x", "<=", goal)
    yield ("loop/ric", "no-op invocation: aws-lambda-ric, times isolated",
           samples.ratio("loop/noop/ric", "loop/noop/isolated"), "x", None, None)
    for name, goal in (("isolated", 1.6), ("alone", 1.5)):
        yield (f"goal/start/{name}", f"exec to first next, {name}: times a raw static program",
               samples.ratio(f"start/{name}", "start/raw"), "x", "<=", goal)
    yield ("start/ric", "exec to first next: aws-lambda-ric, times isolated",
           samples.ratio("start/ric", "start/isolated"), "x", None, None)
    for corpus, text in (("empty", "idle"), ("large", "idle after a 6 MB event")):
        yield (f"goal/idle/{corpus}", f"private memory of both processes, {text}",
               samples.plain(f"idle/{corpus}", 1 / 1024), "MiB", "<=", 2)
    serve = samples.plain("serve/noop")
    yield ("serve/rate", "ddbstream serve, no-op", [1e9 / ns for ns in serve] if serve else None, "invocations/s", None,
           None)
    million = samples.plain("run/million")
    yield ("run/rate", "ddbstream run, a million records, BatchSize 1000", [1e9 / ns for ns in million] if million else None,
           "records/s", None, None)
    yield ("run/memory", "ddbstream run, peak memory of the million", samples.plain("run/memory", 1 / 1024), "MiB", None,
           None)


def call_rows(samples):
    yield ("goal/calls/requests", "10,000 records to Firehose: requests, times the least",
           samples.plain("calls/requests"), "x", "<=", 1)
    yield ("calls/curl", "10,000 records to Firehose: CPU, times a plain curl loop",
           samples.ratio("calls/firehose", "calls/curl"), "x", None, None)
    for name, text in (("firehose", "10,000 records to Firehose"), ("curl", "the same requests by a plain curl loop")):
        yield (f"calls/{name}/us", f"{text}: CPU a record", samples.plain(f"calls/{name}", 1e-3), "us", None, None)


def speed_rows(samples, sizes):
    for name in samples.samples:
        group, *rest = name.split("/")
        if group == "decode":
            yield (name, "", [sizes[rest[0]] / ns * 1e9 / MEGABYTE for ns in samples.samples[name]], "MB/s", None, None)
        elif group in ("loop", "start"):
            yield (f"{name}/us", "", samples.plain(name, 1e-3), "us", None, None)
        elif group in ("memory", "count", "idle"):
            yield (name, "", samples.plain(name), {"idle": "KiB"}.get(group, "x"), None, None)


def rows_of(samples, sizes, notes):
    """(rows that are shown in the table of goals, all rows, texts of those whose samples are missing)."""
    samples = Samples(samples)
    judged = [*decode_rows(samples), *whole_rows(samples), allocations_row(notes), *memory_rows(samples),
              *runtime_rows(samples), *call_rows(samples)]
    shown = [Row(*row) for row in judged if row[2]]
    hidden = [Row(*row) for row in speed_rows(samples, sizes)]
    return shown, shown + hidden, [row[1] for row in judged if not row[2] and row[0].startswith("goal/")]
