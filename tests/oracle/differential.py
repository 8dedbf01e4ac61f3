#!/usr/bin/env python3
"""Compares the library with the oracle: what is refused, which records are bad, and what identifies each record.

    differential.py VERDICT [--full] [--seed N] [--jobs N]

VERDICT is the program built from verdict.c. Compared are all files of tests/fixtures, the cases of make_malformed.py
that are too large to store, every truncation and single-byte changes of the documented example events, and random
edits. By default a byte is changed into a choice of bytes that mean something in JSON; with --full into all 255 others,
which is millions of events and minutes of both cores.
"""
import argparse
import functools
import glob
import hashlib
import itertools
import json
import multiprocessing
import os
import random
import re
import struct
import subprocess
import sys
import time

import make_malformed
import strict

FIXTURES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "fixtures")
EXAMPLES = [f"a{number:02}-*" for number in [*range(1, 11), 15, 16]]
MALFORMED_MIN = 300
SHOWN_MAX = 20

# What a byte becomes without --full; a flipped low bit and a removed byte come on top.
REPLACEMENTS = b'\0 "\\{}[],:09e\x1f\x80\xc3\xff'
CHUNK = 2000  # events that one run of VERDICT gets
KEPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "build", "oracle")


def oracle_line(data):
    """What the oracle says, in the words of VERDICT but for status, offset and path."""
    entries = strict.check(data)
    if entries is None:
        return "refused"
    digits = "".join("01"[entry.decodes] for entry in entries)
    return f"records {len(entries)}: {digits} |" + "".join(f" {entry.sequence}/{entry.identifier}" for entry in entries)


@functools.cache
def oracle_itself():
    """The bytes that its answers follow from, beside the event."""
    return read(strict.__file__) + read(__file__)


def oracle_lines(frames):
    """What the oracle says of each; of a full chunk it is kept, because every variant of the library is asked the same."""
    key = hashlib.sha256(oracle_itself() + b"".join(struct.pack("<I", len(frame)) + frame for frame in frames)).hexdigest()
    path = os.path.join(KEPT, key)
    if os.path.exists(path):
        return json.loads(read(path))
    lines = [oracle_line(frame) for frame in frames]
    if len(frames) == CHUNK and "--full" not in sys.argv:
        os.makedirs(KEPT, exist_ok=True)
        with open(f"{path}.{os.getpid()}", "w", encoding="ascii") as file:
            json.dump(lines, file)
        os.replace(file.name, path)
    return lines


# A bad record's place and path, and a refusal's, which the oracle does not know. Both must be there.
BAD_RECORD = re.compile(r" \d+:\d+:\S+(?= )")
REFUSED = re.compile(r"refused DDBS_E_\w+ \d+ \S+")


def library_line(line):
    if REFUSED.fullmatch(line):
        return "refused"
    head, bar, ids = line.partition(" |")
    if not bar:
        return line
    digits = head.split(" ")[2]
    located = BAD_RECORD.findall(head + " ")
    if len(located) != digits.count("0"):
        return line
    ids = re.sub(r"%([0-9A-F]{2})", lambda match: chr(int(match[1], 16)), ids)
    return " ".join(head.split(" ")[:3]) + bar + ids


def ask(verdict, frames):
    """One line per frame. After a crash the line of that frame says so, and the rest is asked again."""
    lines = []
    while len(lines) < len(frames):
        rest = frames[len(lines):]
        data = b"".join(struct.pack("<I", len(frame)) + frame for frame in rest)
        process = subprocess.run([verdict], input=data, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        lines += process.stdout.decode("ascii", "backslashreplace").splitlines()[:len(rest)]
        if process.returncode != 0 and len(lines) < len(frames):
            why = next((line for line in process.stderr.decode("utf-8", "replace").splitlines() if "rror" in line), "")
            lines.append(f"crashed with status {process.returncode} {why}")
        elif process.returncode != 0:
            lines[-1] += f" and then ended with status {process.returncode}"
        elif len(lines) < len(frames):
            lines.append("broken: no verdict, but success")
    return lines


def compare(verdict, frames):
    """The disagreements, as (index, library, oracle)."""
    for index, (line, oracle) in enumerate(zip(ask(verdict, frames), oracle_lines(frames), strict=True)):
        if library_line(line) != oracle:
            yield index, line, oracle


# ---- reports

class Report:
    """Prints a line per test; of the disagreements only the first ones."""

    def __init__(self):
        self.failed = self.shown = 0

    def test(self, name, faults=()):
        self.failed += bool(faults)
        for fault in faults[:max(0, SHOWN_MAX - self.shown)]:
            print(f"# {name}: {fault}")
        self.shown += len(faults)
        print(f"not ok - {name}: {len(faults)} disagreements" if faults else f"ok - {name}", flush=True)


def told(library, oracle):
    return f"library: {library[:200]} / oracle: {oracle[:200]}"


# ---- files

def intended(name, data):
    """What is wrong with a case of make_malformed.py by its name, or an empty list."""
    entries = strict.check(data)
    if entries is None:
        found = "event"
    elif all(entry.decodes for entry in entries):
        found = "ok"
    elif not entries[0].decodes and all(entry.decodes for entry in entries[1:]):
        found = "record"
    else:
        found = "other"
    return [] if name.startswith(found + "-") else [f"the oracle says {found}-"]


def compare_named(report, verdict, cases, kind, check_name):
    """`cases` are (name, bytes)."""
    faults = {name: intended(name, data) if check_name else [] for name, data in cases}
    names = list(faults)
    for index, library, oracle in compare(verdict, [data for _, data in cases]):
        faults[names[index]].append(told(library, oracle))
    for name in names:
        report.test(f"{kind} {name}", faults[name])


def read(path):
    with open(path, "rb") as file:
        return file.read()


def stem(path):
    return os.path.splitext(os.path.basename(path))[0]


def compare_files(report, verdict):
    malformed = sorted(glob.glob(os.path.join(FIXTURES, "malformed", "*.json")))
    report.test(f"at least {MALFORMED_MIN} malformed files",
                [] if len(malformed) >= MALFORMED_MIN else [f"{len(malformed)} files"])
    compare_named(report, verdict, [(stem(path), read(path)) for path in malformed], "malformed", True)
    compare_named(report, verdict, list(make_malformed.large()), "large", True)
    events = sorted(glob.glob(os.path.join(FIXTURES, "*", "event.json")))
    compare_named(report, verdict, [(os.path.basename(os.path.dirname(path)), read(path)) for path in events], "event",
                  False)


# ---- changes of the example events

def compact(data):
    """The same JSON without the blanks between its tokens."""
    return re.sub(rb'("(?:[^"\\]|\\.)*")|[ \t\r\n]+', rb"\1", data)


def examples():
    for pattern in EXAMPLES:
        for path in glob.glob(os.path.join(FIXTURES, pattern, "event.json")):
            yield os.path.basename(os.path.dirname(path)), compact(read(path))
    # The documented events write all text beyond ASCII as escapes.
    yield "raw UTF-8", make_malformed.value('{"SS":["é","€","🚚"]}').encode()


def truncations(data):
    for size in range(len(data)):
        yield f"cut to {size} bytes", data[:size]


def changes(data, full):
    for at, old in enumerate(data):
        new = range(256) if full else {*REPLACEMENTS, old ^ 1}
        for byte in new:
            if byte != old:
                yield f"byte {at} 0x{byte:02x}", data[:at] + bytes([byte]) + data[at + 1:]
        yield f"byte {at} removed", data[:at] + data[at + 1:]


INSERTED = [b"{", b"}", b"[", b"]", b",", b":", b'"', b" ", b"\\", b"null", b"1", b'"a"']
TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[-+.0-9eE]+|[a-z]+|.', re.DOTALL)


def edits(sources, seed, count):
    """Random edits of tokens and bytes: removed, repeated, moved, replaced by one of another event."""
    rng = random.Random(seed)
    tokens = [TOKEN.findall(data) for data in sources]
    everything = list(itertools.chain.from_iterable(tokens))
    for number in range(count):
        edited = list(rng.choice(tokens))
        for _ in range(rng.choice((1, 1, 1, 2, 2, 4))):
            edit(edited, rng, everything)
        yield f"edit {number} of seed {seed}", b"".join(edited)


def edit(tokens, rng, everything):
    at, to = rng.randrange(len(tokens)), rng.randrange(len(tokens))
    size = rng.choice((1, 1, 1, 2, 3, 5, 9))
    match rng.randrange(6):
        case 0:
            del tokens[at:at + size]
            tokens += [b"{}"] * (not tokens)
        case 1:
            tokens[to:to] = tokens[at:at + size]
        case 2:
            tokens[at], tokens[to] = tokens[to], tokens[at]
        case 3:
            tokens[at] = rng.choice(everything)
        case 4:
            tokens.insert(at, rng.choice(INSERTED))
        case 5:
            old = tokens[at]
            place = rng.randrange(len(old))
            tokens[at] = old[:place] + bytes([rng.randrange(256)]) + old[place + 1:]


def cut_up(kind, name, cases):
    """Tasks for the workers, made lazily: a task holds CHUNK events."""
    cases = iter(cases)
    while chunk := list(itertools.islice(cases, CHUNK)):
        yield kind, name, chunk


def work(verdict, task):
    kind, name, chunk = task
    faults = [f"{chunk[index][0]}: {told(library, oracle)}"
              for index, library, oracle in compare(verdict, [data for _, data in chunk])]
    return kind, name, len(chunk), faults


def tasks(sources, options):
    for name, data in sources:
        yield from cut_up("every truncation", name, truncations(data))
        yield from cut_up("every byte changed", name, changes(data, options.full))
    count = 400000 if options.full else 20000
    yield from cut_up("random edits", f"seed {options.seed}", edits([data for _, data in sources], options.seed, count))


def compare_changes(report, options):
    started = time.monotonic()
    sources = list(examples())
    report.test(f"all {len(EXAMPLES)} documented events are there",
                [] if len(sources) == len(EXAMPLES) + 1 else [str([name for name, _ in sources])])
    totals = {}
    with multiprocessing.Pool(options.jobs) as pool:
        for kind, name, count, faults in pool.imap(functools.partial(work, options.verdict), tasks(sources, options)):
            total = totals.setdefault((kind, name), [0, []])
            total[0] += count
            total[1] += faults
    for (kind, name), (count, faults) in totals.items():
        report.test(f"{kind}, {name} ({count} events)", faults)
    events = sum(count for count, _ in totals.values())
    disagreements = sum(len(faults) for _, faults in totals.values())
    print(f"# {events} changed events, {disagreements} disagreements, {time.monotonic() - started:.0f} s")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("verdict", help="the program built from verdict.c")
    parser.add_argument("--full", action="store_true", help="all 255 changes of each byte")
    parser.add_argument("--seed", type=int, default=1, help="of the random edits")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="processes (default: one per core)")
    options = parser.parse_args()
    report = Report()
    compare_files(report, options.verdict)
    compare_changes(report, options)
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
