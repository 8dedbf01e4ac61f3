#!/usr/bin/env python3
"""One event from a file, without a Runtime API: the command line of every bootstrap.

test_runtime_event.py [BUILD FOLDER]
"""
import json
import os
import re
import subprocess
import sys
import tempfile

from runtime_harness import (
    EVENT_MAX, HANDLERS, ITEMS, PATIENCE, SECRET, SUCCESS, batch, event_of_size, expect, main, seq, test, window)


def run_event(handler, *arguments, event=None, env=None):
    everything = {key: value for key, value in os.environ.items() if not key.startswith(("DDBS_", "AWS_"))}
    with tempfile.NamedTemporaryFile(prefix="journal-") as journal:
        everything.update(env or {}, TEST_JOURNAL=journal.name)
        done = subprocess.run([os.path.join(HANDLERS, handler), *arguments], env=everything, input=event or b"",
                              capture_output=True, timeout=PATIENCE)
        done.journal = [line.split()[-1] for line in open(journal.name, encoding="utf-8") if line.startswith("done ")]
    assert SECRET.encode() not in done.stdout + done.stderr, "an attribute value is printed"
    return done


@test
def an_event_from_standard_input():
    done = run_event("accept_all", "--event", "-", event=json.dumps(batch(10)).encode())
    expect((done.returncode, done.stdout), (0, SUCCESS + b"\n"))
    expect(done.journal, [seq(i) for i in range(10)])
    assert done.stderr.startswith(b"10 records: 10 done"), done.stderr


@test
def an_event_from_a_file_with_a_failure():
    with tempfile.NamedTemporaryFile() as file:
        file.write(json.dumps(batch(10, r7="bad")).encode())
        file.flush()
        done = run_event("fail_on_key", "--event", file.name)
        expect(done.returncode, 1)
        expect(json.loads(done.stdout)["errorType"], "Function.HandlerFailed")
        assert b"10 records: 7 done" in done.stderr and b"10 to be delivered again" in done.stderr, done.stderr
        done = run_event("fail_on_key", "--event", file.name, env=ITEMS)
        expect(done.returncode, 1)
        expect(json.loads(done.stdout), {"batchItemFailures": [{"itemIdentifier": seq(7)}]})
    assert b"10 records: 7 done" in done.stderr and b"3 to be delivered again" in done.stderr, done.stderr
    assert b"the record was refused" in done.stderr and b"record 8/10" in done.stderr, done.stderr


@test
def an_event_that_is_refused():
    padded = json.dumps(batch(1)).encode().ljust(EVENT_MAX + 1)
    for event in (b"", b"{}", b"nonsense", event_of_size(EVENT_MAX + 1), event_of_size(2 * EVENT_MAX), padded):
        done = run_event("accept_all", "--event", "-", event=event)
        expect((done.returncode, done.journal), (1, []))
        assert json.loads(done.stdout)["errorType"].startswith("Runtime."), done.stdout
        expect(done.stdout.count(b"\n"), 1)
        assert b"refused, no callback was run" in done.stderr and b"records:" not in done.stderr, done.stderr


@test
def the_largest_event_from_standard_input():
    done = run_event("accept_all", "--event", "-", event=event_of_size(EVENT_MAX))
    expect((done.returncode, done.stdout), (0, SUCCESS + b"\n"))


@test
def the_answer_is_one_line_whatever_the_state_looks_like():
    event = json.dumps(window(batch(1), {"a": ["b\n", {}]}), indent=2).replace("\n", "\r\n").encode()
    done = run_event("accept_all", "--event", "-", event=event)
    expect((done.returncode, done.stdout.count(b"\n"), done.stdout.count(b"\r")), (0, 1, 0))
    expect(json.loads(done.stdout), {"state": {"a": ["b\n", {}]}, "batchItemFailures": []})


@test
def an_event_is_not_run_when_the_start_fails():
    for handler, env in (("start_fails", {}), ("accept_all", {"DDBS_REPORT": "nonsense"})):
        done = run_event(handler, "--event", "-", event=json.dumps(batch(1)).encode(), env=env)
        expect((done.returncode, done.journal), (1, []))
        expect(json.loads(done.stdout)["errorType"], "Runtime.InitFailed")


@test
def a_file_or_command_line_that_cannot_be_used_is_2():
    for arguments in (["--event", "/nonexistent"], ["--event", "/"], ["--event"], ["--events", "x"], ["x"], [""],
                      ["--help", "x"], ["--event", "-", "x"]):
        done = run_event("accept_all", *arguments, event=json.dumps(batch(1)).encode())
        expect((done.returncode, done.stdout, done.journal), (2, b"", []), str(arguments))
        assert done.stderr, arguments


@test
def an_answer_that_cannot_be_written_is_2():
    with open("/dev/full", "wb") as full:
        done = subprocess.run([os.path.join(HANDLERS, "fail_on_key"), "--event", "-"], input=b'{"Records":[]}',
                              stdout=full, stderr=subprocess.PIPE, timeout=PATIENCE)
    expect(done.returncode, 2)


@test
def help_and_version():
    done = run_event("accept_all", "--help")
    expect((done.returncode, done.stderr), (0, b""))
    for text in (b"--event FILE", b"--version", b"DDBS_REPORT", b"DDBS_KINESIS_BINARY", b"DDBS_PIPES_ID", b"Example"):
        assert text in done.stdout, done.stdout
    done = run_event("accept_all", "--version")
    expect(done.returncode, 0)
    assert re.fullmatch(rb"ddbstream \d+\.\d+\.\d+\n", done.stdout), done.stdout


if __name__ == "__main__":
    sys.exit(main())
