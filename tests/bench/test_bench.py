#!/usr/bin/env python3
"""What the benchmark rests on: legal corpora, the reader of callgrind's counts, the judge of the README's figures. None of
the peers is needed.

test_bench.py BUILD
"""
import contextlib
import io
import json
import os
import subprocess
import sys
import tempfile

import corpora
import count
import figures
import goals
import report

DDBSTREAM = os.path.join(sys.argv[1], "ddbstream")
SIZE = 20_000
failures = 0


def check(held, name, why=""):
    global failures
    failures += not held
    print(f"ok - {name}" if held else f"not ok - {name}: {why}")


def test_corpora():
    for name in corpora.ALL:
        event = corpora.make(name, "7", SIZE)
        result = subprocess.run([DDBSTREAM, "decode", "-"], input=event, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        lines = result.stdout.count(b"\n")
        wanted = len(json.loads(event)["Records"])
        check(result.returncode == 0 and lines == wanted, f"corpus {name} is a legal event of {wanted} records",
              result.stderr[-200:])
        check(event == corpora.make(name, "7", SIZE), f"corpus {name} follows from its seed", "another one came")
    check(corpora.make("random", "7", SIZE) != corpora.make("random", "8", SIZE), "another seed, another corpus", "the same")


def test_callgrind():
    text = ("version: 1\nevents: Ir\nfl=a.c\nfn=outer\n10 100\n+1 5\ncalls=3 20\n11 4000\n* 7\n\nfn=inner\n20 4000\n"
            "fn=outer\n30 1\n")
    with tempfile.NamedTemporaryFile("w", suffix=".out", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        found = count.read_functions(file.name)
    check(found == {"outer": 113, "inner": 4000}, "instructions are a function's own", found)
    kept = {"row": {"instructions": 1000, "functions": {"outer": 600, "inner": 400}}}
    for total, failed in ((1030, 0), (1031, 1), (900, 0)):
        now = {"row": {"bytes": 10, "instructions": total, "functions": {"outer": 600, "inner": total - 600}}}
        with contextlib.redirect_stdout(io.StringIO()) as said:
            found = count.judge_rows(now, kept)
        check(found == failed and said.getvalue().startswith("not ok" if failed else "ok"), f"{total} instructions after 1000: {failed} failed", said.getvalue())
    check(count.risen(kept["row"], {"functions": {"outer": 590, "inner": 441}}) == "inner by 41",
          "the function that rose is named", "another one")


def test_goals():
    for relation, value, verdict in ((">=", 1.6, "held"), (">=", 1.59, "missed"), ("<=", 1.6, "held"),
                                     ("<=", 1.61, "missed")):
        row = goals.Row("name", "", [value], "x", relation, 1.6)
        check(row.verdict == verdict, f"{value} {relation} 1.6 is {verdict}", row.verdict)
    samples = {"decode/typical/simdjson": [10, 30, 20], "decode/typical/ours": [10, 10, 10]}
    shown, _, absent = goals.rows_of(samples, {"typical": 1000}, {})
    row = next(row for row in shown if row.name == "goal/decode/typical")
    check((row.value, row.verdict) == (2, "held"), "a ratio is the median of the rounds'", row.values)
    check(any("small" in text for text in absent), "what was not measured is named", absent)


def test_calls():
    rows = {"calls/requests": [1.0], "calls/firehose": [3000, 2000], "calls/curl": [1000, 1000]}
    shown = {row.name: row for row in goals.rows_of(rows, {}, {})[0]}
    check((shown["goal/calls/requests"].verdict, shown["calls/curl"].value) == ("held", 2.5),
          "the least requests hold their goal, the ratio is of processor time", shown)
    shown, _, _ = goals.rows_of({"calls/requests": [1.05]}, {}, {})
    check(shown[0].verdict == "missed", "one request of twenty more misses it", shown[0].verdict)
    with tempfile.NamedTemporaryFile("wb", suffix=".json") as file:
        file.write(corpora.make("ten-thousand", "7"))
        file.flush()
        for mode in ("firehose", "curl"):
            result = subprocess.run([os.path.join(sys.argv[1], "bench/calls/calls"), mode, file.name, "0"],
                                    stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            found = json.loads(result.stdout or "{}")
            check((found.get("requests"), found.get("least")) == (20, 20), f"calls {mode}: 10,000 records are 20 requests",
                  result.stdout + result.stderr)


def judged(readme, rows, chart=None):
    """The complaints about a README of that text."""
    kept = {"rows": rows, "corpora": {"typical": 195319}, "machine": {"cpu": "none"}, "rounds": 7}
    with tempfile.TemporaryDirectory() as folder:
        paths = [os.path.join(folder, name) for name in ("README.md", "results.json", "chart.svg")]
        for path, content in zip(paths, (readme, json.dumps(kept), report.chart(kept) if chart is None else chart)):
            with open(path, "w", encoding="utf-8") as file:
                file.write(content)
        return list(figures.complaints(*paths))


def test_figures():
    rows = {"a/b": {"value": 2.149}, "rate": {"value": 4865.4}}
    cases = [
        ("a measured figure", "It is 2.15 times <!-- bench:a/b --> as fast.", 0),
        ("fewer digits", "It is 2.1 times <!-- bench:a/b --> as fast.", 0),
        ("a thousand's comma", "4,865 invocations <!-- bench:rate --> a second", 0),
        ("a figure that is better than measured", "It is 2.2 times <!-- bench:a/b --> as fast.", 1),
        ("a row that there is not", "It is 2.1 times <!-- bench:a/c --> as fast.", 1),
        ("a mark without a figure", "It is fast <!-- bench:a/b -->.", 1),
        ("a figure with a unit in the section", "## Speed\nIt decodes 500 MB/s.\n", 1),
        ("a cell of a table in the section", "## Speed\n| decode | 17 |\n", 1),
        ("a name with a digit in a cell", "## Speed\n| boto3 | |\n", 0),
        ("a marked cell", "## Speed\n| decode | 2.1 <!-- bench:a/b --> |\n", 0),
        ("numbers that are no figures of speed", "## Speed\nA batch of 100 records.\n```sh\nmake bench 5 ms\n```\n", 0),
        ("a figure in another section", "## Speed\n\n## Limits\nAn event has at most 6 MB.\n", 0),
    ]
    for name, text, wanted in cases:
        found = judged(text, rows)
        check(len(found) == wanted, f"README: {name}: {wanted} complaints", found)
    text = "It is 1.1 times <!-- bench:a/b --> as fast, 9 times <!-- bench:a/c -->, 1,000 <!-- bench:rate --> a second."
    check(figures.updated(text, rows) == text.replace("1.1", "2.1").replace("1,000", "4,865"),
          "README: figures are updated, those without a row left alone", figures.updated(text, rows))
    check(len(judged("", rows, "<svg/>")) == 1, "README: a chart of another run is refused", "it is not")


def main():
    test_corpora()
    test_callgrind()
    test_goals()
    test_calls()
    test_figures()
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
