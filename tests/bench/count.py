#!/usr/bin/env python3
"""Counts instructions with callgrind: a figure that does not depend on how busy the machine is.

count.py BUILD [--update]      (make bench-count)

Compares each row with tests/bench/counts.json, which holds what it was when it was last explained: a rise over 3 % fails
and names the functions that rose. Then every adversarial corpus is doubled: at most 2.2 times the instructions.
Counts of another compiler or libc are not comparable; there, only the doublings are judged.
"""
import argparse
import json
import os
import platform
import re
import shutil
import subprocess
import sys

import corpora

HERE = os.path.dirname(os.path.abspath(__file__))
KEPT = os.path.join(HERE, "counts.json")
SEED = "1"
RISE_MAX, DOUBLING_MAX, SHARE_MIN = 1.03, 2.2, 0.01
KIB = 1024
DOUBLED_FROM = 128 * KIB
ROWS = {f"{mode}/{name}": (mode, name) for mode in ("decode", "process")
        for name in ("small", "typical", "wide", "binary", "numbers", "random", "spaced", "pretty")}
ROWS.update({"decode/items": ("decode", "items"), "bind/items": ("bind", "items"), "diff/typical": ("diff", "typical"),
             "filter/typical": ("filter", "typical"), "index/typical": ("index", "typical")})


def read_functions(path):
    """{function: instructions of its own} of a callgrind file without compressed names."""
    found, function, called = {}, None, False
    with open(path, encoding="utf-8", errors="replace") as file:
        for line in file:
            if line.startswith("fn="):
                function = line[3:].strip()
            elif line.startswith("calls="):
                called = True
            elif line[:1].isdigit() or line[:1] in "+-*":
                if not called:
                    found[function] = found.get(function, 0) + int(line.split()[1])
                called = False
    return found


def instructions(build, mode, corpus):
    """{function: instructions} of one warm pass over a corpus."""
    out = os.path.join(build, "bench", f"callgrind.{os.getpid()}")
    command = ["valgrind", "--tool=callgrind", "--toggle-collect=counted_pass", "--compress-strings=no",
               "--compress-pos=no", f"--callgrind-out-file={out}", os.path.join(build, "bench", "peers", "ours"), mode,
               corpus, "count"]
    process = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        if process.returncode != 0:
            raise RuntimeError(f"callgrind on {mode} {corpus}: {process.stdout[-400:]}")
        functions = read_functions(out)
    finally:
        if os.path.exists(out):
            os.remove(out)
    if not functions:
        raise RuntimeError(f"callgrind on {mode} {corpus} counted nothing")
    return functions


def toolchain(build):
    """What counts depend on beside the code: the compiler that built the program, and the libc that it runs with."""
    binary = os.path.join(build, "bench", "peers", "ours")
    compiler = "unknown"
    if shutil.which("readelf"):
        text = subprocess.run(["readelf", "-p", ".comment", binary], stdout=subprocess.PIPE, text=True).stdout
        compiler = " ".join(sorted(set(re.findall(r"\]\s+(.*\S)", text)))) or compiler
    return f"{compiler}; {' '.join(platform.libc_ver())}; {platform.machine()}"


def count_rows(build, folder):
    rows = {}
    for row, (mode, name) in ROWS.items():
        path = corpora.path_of(folder, name, SEED)
        functions = instructions(build, mode, path)
        total = sum(functions.values())
        rows[row] = {"bytes": os.path.getsize(path), "instructions": total,
                     "functions": {function: count for function, count in
                                   sorted(functions.items(), key=lambda it: -it[1]) if count >= total * SHARE_MIN}}
    return rows


def doubling(build, folder, name, seed=SEED):
    """The factor of the instructions when an adversarial corpus is twice as large."""
    paths = [corpora.path_of(folder, name, seed, size) for size in (DOUBLED_FROM, 2 * DOUBLED_FROM)]
    small, large = (sum(instructions(build, "process", path).values()) for path in paths)
    sizes = [os.path.getsize(path) for path in paths]
    return large / small * 2 * sizes[0] / sizes[1]  # shapes grow in steps: not all are doubled exactly


def risen(before, after):
    """The functions that rose most, as a text."""
    rises = sorted(((count - before["functions"].get(name, 0), name) for name, count in after["functions"].items()),
                   reverse=True)
    return ", ".join(f"{name} by {rise}" for rise, name in rises[:3] if rise > 0)


def judge_rows(rows, kept):
    failed = 0
    for row, now in rows.items():
        per_byte = now["instructions"] / now["bytes"]
        before = kept.get(row)
        if before is None:
            print(f"not ok - {row}: not in counts.json; run make bench-count UPDATE=1")
            failed += 1
            continue
        factor = now["instructions"] / before["instructions"]
        text = f"{row}: {now['instructions']} instructions, {per_byte:.2f} a byte, {100 * factor - 100:+.1f} %"
        high = factor > RISE_MAX
        failed += high
        print(f"not ok - {text}: risen by {risen(before, now)}" if high else f"ok - {text}")
    return failed


def judge_doublings(build, folder):
    failed = 0
    for name in corpora.ADVERSARIAL:
        factor = doubling(build, folder, name)
        high = factor > DOUBLING_MAX
        failed += high
        print(f"{'not ok' if high else 'ok'} - {name}: twice the input takes {factor:.2f} times the instructions, at most "
              f"{DOUBLING_MAX}")
    return failed


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build")
    parser.add_argument("--update", action="store_true", help="write counts.json anew: say why in the commit")
    options = parser.parse_args()
    folder = os.path.join(options.build, "bench", "corpora")
    tools, rows, failed = toolchain(options.build), count_rows(options.build, folder), 0
    with open(KEPT, encoding="utf-8") if os.path.exists(KEPT) else open(os.devnull, encoding="utf-8") as file:
        kept = json.loads(file.read() or "{}")
    if options.update:
        with open(KEPT, "w", encoding="utf-8") as file:
            json.dump({"toolchain": tools, "rows": rows}, file, indent=1)
            file.write("\n")
        print(f"# wrote {os.path.relpath(KEPT)}: {len(rows)} rows")
    elif kept.get("toolchain") != tools:
        print(f"# counts.json is of {kept.get('toolchain')}, this is {tools}: not compared")
    else:
        failed += judge_rows(rows, kept["rows"])
    failed += judge_doublings(options.build, folder)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
