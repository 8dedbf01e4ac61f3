#!/usr/bin/env python3
"""Runs test programs and adds up what they say.

run.py [-j N] COMMAND... [--alone COMMAND...]

Each COMMAND is a command line. A test program prints one line per test, "ok - name" or "not ok - name: why", and exits
non-zero if one failed. Only failures and one line per program are shown, in the order given; the last line is "N passed,
N failed". A program that ends badly without naming a failed test counts as one failure.

N of them run at a time; those behind --alone run one by one when the others are through, because they judge how long
something takes, or build.
"""
import argparse
import itertools
import shlex
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor


def run(command):
    """(passed, failed, what is to be shown)"""
    started = time.monotonic()
    process = subprocess.run(shlex.split(command), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, text=True, errors="backslashreplace")
    took = time.monotonic() - started
    lines, shown = process.stdout.splitlines(), []
    passed = sum(1 for line in lines if line.startswith("ok"))
    failed = sum(1 for line in lines if line.startswith("not ok"))
    if process.returncode != 0 and failed == 0 or passed + failed == 0:
        failed += 1
        shown.append(f"not ok - {command}: exit status {process.returncode}, {passed} tests passed before")
    if failed:
        shown.append("\n".join(line for line in lines if not line.startswith("ok"))[:4000])
    return passed, failed, "\n".join([*shown, f"  {command}: {passed} passed, {failed} failed ({took:.1f} s)"])


def main():
    parser = argparse.ArgumentParser(description="Runs test programs and adds up what they say.")
    parser.add_argument("-j", type=int, default=1, dest="jobs", metavar="N", help="so many at a time")
    parser.add_argument("--alone", nargs="*", default=[], metavar="COMMAND", help="programs that bear no others beside them")
    parser.add_argument("commands", nargs="*", metavar="COMMAND")
    options = parser.parse_args()
    passed = failed = 0
    with ThreadPoolExecutor(options.jobs) as pool:
        for more in itertools.chain(pool.map(run, options.commands), map(run, options.alone)):
            print(more[2], flush=True)
            passed, failed = passed + more[0], failed + more[1]
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
