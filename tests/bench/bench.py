#!/usr/bin/env python3
"""ddbstream beside its peers: same corpora, same work, in turns, in one run.

bench.py BUILD [--rounds N] [--seed S] [--only NAME,...] [--prefix COMMAND] [--static BOOTSTRAP]      (make bench)

Every measurement is done once a round, so that what disturbs the machine disturbs all alike. Decoders run on one core;
their figure is processor time of the process, all threads, after a warm-up. What the table shows is the median of the
rounds; ratios are taken round by round. A complete run writes chart.svg and results.json of this folder; every round's
raw samples are in BUILD/bench/results.json.
"""
import argparse
import json
import os
import platform
import re
import shlex
import subprocess
import sys
import time

import corpora
import goals
import measure
import peers
import report

HERE = os.path.dirname(os.path.abspath(__file__))


def machine():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        text = file.read()
    field = lambda name: (re.search(rf"^{name}\s*:\s*(.*)$", text, re.MULTILINE) or ["", ""])[1]  # noqa: E731
    return {"cpu": field("model name"), "flags": field("flags") or field("Features"), "cores": os.cpu_count(),
            "kernel": platform.release(), "load": os.getloadavg()[0]}


def wanted(name, only):
    return not only or any(name.startswith(part) or part == name for part in only)


def progress(text):
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)


def run_rounds(bench, tasks, rounds):
    """{task: its samples}; what fails is missing from then on."""
    samples = {}
    for number in range(rounds):
        for index, task in enumerate(tasks):
            if number > 0 and (task.once or task.name not in samples):
                continue
            progress(f"round {number + 1} of {rounds}, {index + 1} of {len(tasks)}: {task.name}")
            try:
                samples.setdefault(task.name, []).append(task.function())
            except (peers.Missing, RuntimeError, ValueError, OSError, subprocess.TimeoutExpired) as why:
                bench.missing[task.name] = str(why) or type(why).__name__
                samples.pop(task.name, None)
    progress("")
    return samples


def write_json(path, content):
    with open(path, "w", encoding="utf-8") as file:
        json.dump(content, file, indent=1)
        file.write("\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--only", default="", help="names of measurements, or how they begin: decode/typical,loop")
    parser.add_argument("--prefix", default="", help="what to put before every command: chrt -f 50")
    parser.add_argument("--static", default="", help="tests/bench/loop/noop.c as a static program, or a package of it")
    options = parser.parse_args()
    only = [part for part in options.only.split(",") if part]
    bench = measure.Bench(options.build, options.seed, shlex.split(options.prefix), options.static)
    before, began = machine(), time.time()
    every = list(bench.tasks())
    tasks = [task for task in every if wanted(task.name, only)]
    nothing = [part for part in only if not any(wanted(task.name, [part]) for task in every)]
    if nothing:
        groups = ", ".join(dict.fromkeys(task.name.split("/")[0] for task in every))
        print(f"No measurement is named {', '.join(nothing)} or begins so; there are {groups}", file=sys.stderr)
        return 2
    try:
        samples = run_rounds(bench, tasks, options.rounds)
    except measure.Mismatch as why:
        print(f"Not the same work: {why}", file=sys.stderr)
        return 1
    sizes = {name: os.path.getsize(bench.corpus(name)) for name in corpora.ALL}
    shown, rows, absent = goals.rows_of(samples, sizes, bench.notes)
    context = {"machine": before, "versions": peers.versions(bench.place), "seed": options.seed,
               "rounds": options.rounds, "seconds": round(time.time() - began), "prefix": options.prefix,
               "missing": {name: why.replace(os.getcwd() + "/", "") for name, why in bench.missing.items()},
               "notes": bench.notes, "corpora": sizes}
    report.print_all(context, samples, sizes, shown, [] if only else absent)
    kept = {**context, "rows": {row.name: row.as_json() for row in rows}}
    write_json(os.path.join(bench.place.bench, "results.json"), {**kept, "samples": samples})
    if not only:
        write_json(os.path.join(HERE, "results.json"), kept)
        report.write_chart(os.path.join(HERE, "chart.svg"), kept)
    return 0


if __name__ == "__main__":
    sys.exit(main())
