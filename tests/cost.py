#!/usr/bin/env python3
"""What operations cost as items grow, in instructions: the same on every machine, whatever else it does.

    cost.py BUILD

BUILD/tests/cost is the program built from cost/cost.c, without sanitizers. valgrind counts the instructions of a run
with the operation and of one without it (`bare`); the difference is what the operation costs.
"""
import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

COUNTER = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"]
COLLECTED = re.compile(r"Collected\s*:\s*(\d+)")
LARGE = 100_000

# (sentence, small run, large run, most times that the large one may cost). With n log n ten times as many cost 13.3
# times as much from 1,000 to 10,000 and 12.5 times from 10,000 to 100,000, and 1,600 cost 4.9 times as much as 400.
GROWTH = [
    *[(f"looking up all names of 10,000 costs at most 18 times that of 1,000: {names}", ("find", names, 1000),
       ("find", names, 10_000), 18) for names in ("prefix", "lengths", "shuffled")],
    ("looking up 10,000 names that are not there costs at most 18 times that of 1,000", ("miss", "prefix", 1000),
     ("miss", "prefix", 10_000), 18),
    ("binding 1,600 entries to 1,600 attributes costs at most 5 times that of 400 to 400", ("bind", 400, 400),
     ("bind", 1600, 1600), 5),
    ("binding 400 entries to 6,400 attributes costs at most twice that of 400 to 400", ("bind", 400, 400),
     ("bind", 400, 6400), 2),
    ("binding 4 entries to 10,000 attributes costs at most 4 times that of 4 to 100", ("bind", 4, 100),
     ("bind", 4, 10_000), 4),
    *[(f"comparing {what} of {small * 10} costs at most 18 times that of {small}", (how, kind, small),
       (how, kind, small * 10), 18)
      for what, how, kind, small in [("sets of strings", "equal", "SS", 1000), ("sets of numbers", "equal", "NS", 200),
                                     ("sets of strings that differ", "differ", "SS", 1000),
                                     ("sets of bytes", "equal", "BS", 1000), ("maps", "equal", "M", 1000)]],
]
# Counted only where the step before held: what is not n log n would take hours.
LARGE_GROWTH = [
    *[(f"looking up all names of 100,000 costs at most 15 times that of 10,000: {names}", ("find", names, 10_000),
       ("find", names, LARGE), 15) for names in ("prefix", "lengths", "shuffled")],
    ("comparing sets of strings of 100,000 costs at most 15 times that of 10,000", ("equal", "SS", 10_000),
     ("equal", "SS", LARGE), 15),
]
# The runs without the operation: names are sorted where an item is decoded.
DECODING = [(f"decoding {large} names costs at most 15 times that of {small}: {names}", ("find", names, small, "bare"),
             ("find", names, large, "bare"), 15)
            for names in ("prefix", "lengths", "shuffled", "rising", "falling")
            for small, large in [(1000, 10_000), (10_000, LARGE)]]


def bare(run):
    # Finding and missing, and being equal and differing, are prepared alike.
    return {"miss": "find", "differ": "equal"}.get(run[0], run[0]), *run[1:3], "bare"


def instructions(program, run):
    """What a run takes; 0, and why on stderr, where it cannot be counted."""
    process = subprocess.run([*COUNTER, program, *map(str, run)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                             text=True, check=False)
    counted = COLLECTED.search(process.stderr)
    if process.returncode == 0 and counted:
        return int(counted[1])
    print(f"# {run}: exit status {process.returncode}, {process.stderr[-500:]}", file=sys.stderr)
    return 0


class Counts:
    """Instructions of runs, each counted once."""

    def __init__(self, program):
        self.program = program
        self.of = {}

    def count(self, tests):
        runs = {run for _, small, large, _ in tests for part in (small, large) for run in (part, bare(part))}
        runs = sorted(runs - self.of.keys(), key=lambda run: -int(run[2]))
        with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
            self.of.update(zip(runs, pool.map(lambda run: instructions(self.program, run), runs)))

    def alone(self, run):
        """The cost of an operation, or of the whole of a bare run; 0 where it could not be counted."""
        without = 0 if run[-1] == "bare" else self.of[bare(run)]
        return self.of[run] - without if self.of[bare(run)] else 0

    def judge(self, test):
        """Whether a test holds; prints its line."""
        sentence, *runs, most = test
        small, large = map(self.alone, runs)
        held = small > 0 and 0 < large <= most * small
        times = f"{large / small:.2f} times, {large} instructions" if small > 0 else "a run could not be counted"
        print(f"# {times}\nok - {sentence}" if held else f"not ok - {sentence}: {times}", flush=True)
        return held


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    if shutil.which("valgrind") is None:
        print("not ok - instructions are counted: valgrind is not installed, and nothing else can count them")
        return 1
    counts = Counts(os.path.join(sys.argv[1], "tests", "cost"))
    for tests in ([test for test in [*DECODING, *GROWTH] if test[2][2] < LARGE],
                  [test for test in [*DECODING, *LARGE_GROWTH] if test[2][2] == LARGE]):
        counts.count(tests)
        if not all([counts.judge(test) for test in tests]):
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
