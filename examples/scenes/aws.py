#!/usr/bin/env python3
"""Runs a command beside a stand-in for AWS (tests/awsfake), which signs nothing off that AWS would refuse and keeps what
it got: AWS_ENDPOINT_URL leads there.

    aws.py COMMAND [ARGUMENT...]
"""
import os
import subprocess
import sys

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
sys.path.insert(0, os.path.join(ROOT, "tests", "awsfake"))

from awsfake import AwsFake  # noqa: E402, its place is only known now


def main():
    with AwsFake() as aws:
        return subprocess.run(sys.argv[1:], env=dict(os.environ, AWS_ENDPOINT_URL=aws.url), check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
