#!/usr/bin/env python3
"""Scenes of examples: each prints what its expected.txt says, and its claim holds under kills, lost responses and
duplicates, too. The claims are asserted by the scenes themselves.

test_examples_b.py [BUILD FOLDER]
"""
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "build")
EXAMPLES = ("replicate", "inventory", "eventstore", "fraud", "derive")
FAULTS = {"replicate": 2, "inventory": 1, "eventstore": 1, "fraud": 1, "derive": 1}
PATIENCE_S = 120
FAILED = []


def report(name, why=None):
    if why:
        FAILED.append(name)
    print(f"not ok - {name}: {why}" if why else f"ok - {name}", flush=True)


def run(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=PATIENCE_S, check=False)
    return done.returncode, done.stdout.decode("utf-8", "replace")


def plays_as_expected(example):
    folder = os.path.join(ROOT, "examples", example)
    status, output = run("sh", os.path.join(folder, "run.sh"), "--build", BUILD)
    with open(os.path.join(folder, "expected.txt"), encoding="utf-8") as file:
        expected = file.read()
    name = f"{example} prints what expected.txt says"
    report(name, None if (status, output) == (0, expected) else f"status {status}, {output[-2000:]!r}")


def holds_under_faults(example):
    status, output = run("sh", os.path.join(ROOT, "examples", example, "run.sh"), "--build", BUILD, "--faults",
                         str(FAULTS[example]))
    counts = re.search(r"^faults: (\d+) killed before, (\d+) killed behind, (\d+) response lost$", output, re.M)
    name = f"the claim of {example} holds under faults"
    if status != 0 or counts is None:
        report(name, f"status {status}, {output[-2000:]!r}")
    else:
        report(name, None if all(int(count) > 0 for count in counts.groups()) else f"not every fault came: {counts[0]}")


def is_safe(example):
    folder = os.path.join(ROOT, "examples", example)
    ddbstream = os.path.join(BUILD, "ddbstream")
    status, output = run(ddbstream, "lint", "--strict", os.path.join(folder, "template.yaml"))
    report(f"the template of {example} has nothing for lint to say", None if status == 0 else output)
    status, output = run(ddbstream, "lint", "--strict", "--env", "DDBS_REPORT=items", os.path.join(folder, "esm.json"))
    report("nor has its esm.json", None if status == 0 else output)


def the_cli_drives_a_scene():
    status, output = run("sh", os.path.join(ROOT, "examples/replicate/cli.sh"), BUILD)
    if output == "not run: aws absent\n":
        print("# an order from the AWS CLI to its replica: not run: aws absent")
        return
    report("an order goes from aws put-item to its replica and aws get-item",
           None if status == 0 and output.endswith("\no-1\tPAID\t12.5\teu-west-1\n") else f"status {status}, {output[-2000:]}")


for EXAMPLE in EXAMPLES:
    plays_as_expected(EXAMPLE)
    holds_under_faults(EXAMPLE)
    is_safe(EXAMPLE)
the_cli_drives_a_scene()
sys.exit(1 if FAILED else 0)
