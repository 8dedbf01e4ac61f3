#!/usr/bin/env python3
"""Runs what README.md shows: its programs compile, its commands work, its outputs and those of the examples are real.

The commands run in a folder that looks like a clone that was built. `make test` is not run again: it is what runs this.
Where the README shows an output, each of its lines must come, in that order; "..." stands for lines left out, and
numbers that change from run to run (ids, times, counts of tests) may differ.
"""
import os
import re
import subprocess
import sys

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), ".."))
PLACE = os.path.join(ROOT, "build", "readme")
BLOCK = re.compile(r"(?:<!-- output of: (?P<of>.*?) -->\n)?```(?P<kind>\w+)\n(?P<text>.*?)```", re.S)
PROGRAMS = ["handler.c", "test.c"]
CHANGING = [(re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"), "UUID"), (re.compile(r"\b[0-9a-f]{8}\b"), "ID"),
            (re.compile(r"\d+(\.\d+)? s\b"), "TIME"), (re.compile(r"\b\d+ passed"), "N passed")]
failures = 0


def check(name, why):
    global failures
    failures += why is not None
    print(f"not ok - {name}: {why}" if why else f"ok - {name}", flush=True)


def settle(line):
    for pattern, word in CHANGING:
        line = pattern.sub(word, line)
    return line.rstrip()


def run(command, place):
    return subprocess.run(command, shell=True, cwd=place, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=300)


def missing_line(shown, real):
    """The first line of `shown` that does not come in `real` after the ones before it, or None."""
    lines = iter([settle(line) for line in real.splitlines()])
    for line in shown.splitlines():
        if line.strip() not in ("", "...") and settle(line) not in lines:
            return line
    return None


def prepare(blocks):
    os.makedirs(PLACE, exist_ok=True)
    for name in ("include", "tests", "examples", "build"):
        link = os.path.join(PLACE, name)
        if not os.path.islink(link):
            os.symlink(os.path.join(ROOT, name), link)
    for name, text in zip(PROGRAMS, [block["text"] for block in blocks if block["kind"] == "c"], strict=True):
        with open(os.path.join(PLACE, name), "w", encoding="utf-8") as file:
            file.write(text)


def check_commands(blocks):
    for block in blocks:
        if block["kind"] != "sh":
            continue
        for command in filter(None, block["text"].split("\n")):
            if command == "make test":
                continue
            result = run(command, ROOT if command.startswith("make") else PLACE)
            check(f"README command: {command}", None if result.returncode == 0 else result.stdout[-500:])


def check_outputs(blocks, readme="README"):
    for block in blocks:
        if not block["of"]:
            continue
        name = f"{readme} shows the output of {block['of']}"
        if block["of"] == "make test":
            last = block["text"].rstrip().split("\n")[-1]
            check(name, None if re.fullmatch(r"\d+ passed, 0 failed", last) else f"its last line is {last!r}")
            continue
        line = missing_line(block["text"], run(block["of"], ROOT).stdout)
        check(name, "it shows nothing" if not block["text"].strip() else line and f"not in the real output: {line!r}")


def blocks_of(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return list(BLOCK.finditer(file.read()))


def main():
    blocks = blocks_of("README.md")
    prepare(blocks)
    check_commands(blocks)
    check_outputs(blocks)
    for example in sorted(os.listdir(os.path.join(ROOT, "examples"))):
        check_outputs(blocks_of(f"examples/{example}/README.md"), f"README of examples/{example}")
    flags = "-std=c11 -Wall -Wextra -Wpedantic -Werror -Iinclude"
    result = run(f"cc {flags} -o test test.c build/libddbstream-test.a build/libddbstream.a -pthread -lcjson -lz -lm && ./test", PLACE)
    check("README unit test compiles without libcurl and passes", result.stdout[-500:] if result.returncode else None)
    result = run(f"cc {flags} -c -o /dev/null handler.c", PLACE)
    check("README handler compiles without a warning", result.stdout[-500:] if result.returncode else None)
    lines = next(block for block in blocks if block["kind"] == "c")["text"].count("\n")
    check("README handler has at most 30 lines", f"it has {lines}" if lines > 30 else None)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
