#!/usr/bin/env python3
"""Plays every script of tests/wire against a real handler: what a Runtime API may do to a runtime, and what must come
of it.

test_wire.py [BUILD FOLDER [PART OF A NAME]]
"""
import base64
import fnmatch
import os
import re
import shlex
import socket
import subprocess
import sys
import tempfile
import threading
import time

from runtime_harness import HANDLERS, SECRET, expect, seq
from wire_peer import WirePeer
from wire_script import Script, read_all

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "wire")
PATIENCE = 60  # seconds, beside those that the peer waits
LONG = 5       # seconds of waiting from which on a script is played beside the others


def encodings(secret):
    """The text as it is, in hex, and in base64 at each of the three places where it may begin."""
    data = secret.encode()
    yield secret
    yield data.hex()
    for shift in range(3):
        yield base64.b64encode(b"\0" * shift + data).decode()[4 * bool(shift):-4]


class Life:
    """One life of a handler, from its start to its exit, with the peer of a script on the other side."""

    def __init__(self, script):
        self.script = script
        self.journal_file = tempfile.NamedTemporaryFile(prefix="journal-")
        with socket.socket() as nobody, tempfile.TemporaryFile() as log:
            nobody.bind(("127.0.0.1", 0))  # bound and not listening: refuses
            self.peer = WirePeer(script, socket.AF_INET6 if "{peer6}" in script.at else socket.AF_INET)
            places = {"peer": self.peer.address, "peer6": self.peer.address,
                      "nobody": "127.0.0.1:%d" % nobody.getsockname()[1]}
            address = script.at.format(**places)
            self.peer.prefix = address[len(self.peer.address):]
            self.live(address, log)
            log.seek(0)
            self.log = log.read().decode("utf-8", "backslashreplace")

    def live(self, address, log):
        env = {key: value for key, value in os.environ.items() if not key.startswith(("DDBS_", "AWS_"))}
        env.update(self.script.env, AWS_LAMBDA_RUNTIME_API=address, TEST_JOURNAL=self.journal_file.name)
        started = time.monotonic()
        process = subprocess.Popen([os.path.join(HANDLERS, self.script.run)], env=env, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=log)
        self.peer.pid = process.pid
        self.peer.started.set()
        guard = threading.Timer(PATIENCE + self.script.seconds(), process.kill)
        guard.start()
        _, status, self.usage = os.wait4(process.pid, 0)  # with those of its children that it has waited for
        process.returncode = self.status = os.waitstatus_to_exitcode(status)
        guard.cancel()
        self.seconds = time.monotonic() - started
        self.peer.ended.set()
        self.peer.close()

    def cpu_ms(self):
        return (self.usage.ru_utime + self.usage.ru_stime) * 1000

    def journal(self, word):
        with open(self.journal_file.name, encoding="utf-8") as file:
            return [line[len(word) + 1:-1] for line in file if line.startswith(word + " ")]


def startup_ms(handler):
    """What a program costs that does nothing: a sanitizer's share is not the runtime's."""
    process = subprocess.Popen([os.path.join(HANDLERS, handler), "--version"], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return (usage.ru_utime + usage.ru_stime) * 1000


def is_program(handler):
    """Whether it runs by itself, not under valgrind, whose time would be measured."""
    with open(os.path.join(HANDLERS, handler), "rb") as file:
        return file.read(4) == b"\x7fELF"


def matches(line, pattern):
    return fnmatch.fnmatchcase(line.lower(), pattern.lower())


def judge_log(lines, word, pattern, at):
    """Check one wish about the log; the place from which on the next "log" line must stand."""
    found = [index for index, line in enumerate(lines) if matches(line, pattern)]
    if word == "never":
        assert not found, f"the log has {lines[found[0]]!r}"
    elif word == "once":
        assert len(found) == 1, f"{len(found)} lines like {pattern!r} in the log {lines!r}"
    else:
        found = [index for index in found if index >= at]
        assert found, f"no line like {pattern!r} at its place in the log {lines!r}"
        return found[0] + 1
    return at


def judge_want(life, word, text):
    if word == "exit":
        expect(life.status, int(text), "exit status")
    elif word == "done":
        expect(life.journal("done"), [seq(int(index)) for index in text.split()], "what was done")
    elif word == "saw":
        name, *patterns = shlex.split(text)
        seen = life.journal(name)
        assert len(seen) == len(patterns) and all(map(fnmatch.fnmatchcase, seen, patterns)), f"{name} was {seen!r}"
    elif word == "connections":
        expect(life.peer.connections, int(text), "number of connections")
    elif word == "within":
        assert life.seconds <= float(text), f"it took {life.seconds:.2f} s"
    elif word == "cpu" and is_program(life.script.run):
        spent = life.cpu_ms() - startup_ms(life.script.run)
        assert spent < float(text), f"it cost {spent:.1f} ms of CPU time"


def judge_always(life):
    """What holds for every life."""
    expect(life.peer.failures, [], "what went wrong in the dialogue")
    expect([exchange.call for exchange in life.peer.dialogue] + life.peer.asides, [], "what never came")
    assert "Sanitizer" not in life.log, life.log
    for text in encodings(SECRET):
        assert text not in life.log, "an attribute value in the log: " + life.log
    assert not re.search(r"[^\n -~\x80-\U0010ffff]", life.log), f"control characters in the log {life.log!r}"


def judge(life):
    judge_always(life)
    lines, at = life.log.splitlines(), 0
    for word, text in life.script.wants:
        if word in ("log", "once", "never"):
            at = judge_log(lines, word, text, at)
        else:
            judge_want(life, word, text)


def play(script):
    """None when all went as written, else what did not."""
    try:
        judge(Life(script))
    except Exception as error:  # a failed test, whatever it failed with
        return (str(error) or repr(error))[:800].replace("\n", "\\n")
    return None


# The referee is under test as well: a script with one wrong line must fail.

RIGHT = """run fail_on_key
env DDBS_REPORT=items
> next
< event records=2 r1=bad
    Lambda-Runtime-Trace-Id: t
> response [1]
    Content-Type: application/json
< close
> same
< 403 InvalidStateTransition
exit 1
log *status 403*
once *repeated*
never *status 500*
done 0
within 50
cpu 10000
"""
WRONG = (
    ("exit 1", "exit 0"), ("status 403*", "status 404*"), ("once *repeated*", "once *403"),
    ("never *status 500", "never *"),
    ("done 0", "done 0 1"), ("done 0", "saw done"), ("within 50", "within 0"), ("cpu 10000", "cpu -10000"),
    ("response [1]", "response [0]"), ("response [1]", "response []"),
    ("response [1]", "error Function.HandlerFailed"), ("application/json", "text/*"),
    ("    Content-Type: application/json", "    - Content-Type"), ("> same", "> next"), ("< 403", "< 202"),
    ("InvalidStateTransition\n", "InvalidStateTransition\nend\n"), ("once", "log *first*\nlog"))

RIGHT_FOR_ERRORS = """run fail_on_key
> next
< event records=2 r1=bad
> error Function.HandlerFailed
    ~ *refused*
< 202
end
exit 1
connections 1
"""
WRONG_FOR_ERRORS = (
    ("HandlerFailed", "HandlerCrashed"), ("~ *refused*", "~ refused"), ("connections 1", "connections 2"),
    ("> error", "> init-error"), ("end\n", ""), ("error Function.HandlerFailed", "response []"))


def referee():
    for whole, changes in ((RIGHT, WRONG), (RIGHT_FOR_ERRORS, WRONG_FOR_ERRORS)):
        wrong = play(Script("referee", whole))
        yield f"the right script fails: {wrong}" if wrong else None
        for right, instead in changes:
            assert right in whole, right
            wrong = play(Script("referee", whole.replace(right, instead, 1)))
            yield None if wrong else f"nobody sees that {right!r} became {instead!r}"


def report(name, wrong):
    print(f"not ok - {name}: {wrong}" if wrong else f"ok - {name}", flush=True)
    return bool(wrong)


def main():
    part = sys.argv[2] if len(sys.argv) > 2 else ""
    scripts = [script for script in read_all(FOLDER) if part in script.name]
    results = {}
    waiting = [script for script in scripts if script.seconds() >= LONG]
    threads = [threading.Thread(target=lambda script=script: results.update({script.name: play(script)}))
               for script in waiting]
    for thread in threads:
        thread.start()
    missed = [wrong for wrong in referee() if wrong]
    failed = report("a wrong line in a script is seen", "; ".join(missed))
    failed += sum(report("wire: " + script.name, play(script)) for script in scripts if script not in waiting)
    for thread in threads:
        thread.join()
    failed += sum(report("wire: " + script.name, results.get(script.name, "no result")) for script in waiting)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
