#!/usr/bin/env python3
"""Runs test programs and adds up what they say.

Each argument is a command line. A test program prints one line per test, "ok - name" or "not ok - name: why", and
exits non-zero if one failed. Only failures and one line per program are shown; the last line is "N passed, N failed".
A program that ends badly without naming a failed test counts as one failure.
"""
import re
import shlex
import subprocess
import sys
import time

LINE = re.compile(r"^(ok|not ok)\b")


def run(command):
    started = time.monotonic()
    process = subprocess.run(shlex.split(command), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                             errors="backslashreplace")
    lines = process.stdout.splitlines()
    passed = sum(1 for line in lines if line.startswith("ok"))
    failed = sum(1 for line in lines if line.startswith("not ok"))
    if process.returncode != 0 and failed == 0 or passed + failed == 0:
        failed += 1
        print(f"not ok - {command}: exit status {process.returncode}, {passed} tests passed before")
    if failed:
        print("\n".join(line for line in lines if not line.startswith("ok"))[:4000])
    print(f"  {command}: {passed} passed, {failed} failed ({time.monotonic() - started:.1f} s)", flush=True)
    return passed, failed


def main():
    passed = failed = 0
    for command in sys.argv[1:]:
        more = run(command)
        passed, failed = passed + more[0], failed + more[1]
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
