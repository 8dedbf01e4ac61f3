"""What the tests of faults, expectations and limits share: a runtime of a few lines that notes what it saw, one call of
`ddbstream run` with a journal, and a judge of its own, which knows the source file, the journal and the on-failure
records and nothing of the mapping."""
import json
import os
import sys
import tempfile
import traceback

from test_run import BIN, ORDERS, call, check, equal, failures, lines_of, mapping, name_of, record, write

JOURNAL_VARIABLE = "DDBS_JOURNAL"
ITEMS = {"FunctionResponseTypes": ["ReportBatchItemFailures"]}
BUCKET = {"OnFailure": {"Destination": "arn:aws:s3:::failed"}}

# NOTES gets a JSON line for each event that it was given, and for each /next that was cut off.
RUNTIME = """#!%s
import json, os, sys, threading, time
from http.client import HTTPConnection, HTTPException
base, notes, mode = "/2018-06-01/runtime/invocation/", os.environ["NOTES"], os.environ.get("MODE", "")
def note(**what):
    with open(notes, "a") as file:
        file.write(json.dumps(dict(what, pid=os.getpid(), at=time.time())) + "\\n")
def connect():
    return HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
http = connect()
grown = []
def tick():
    while True:
        note(tick=time.time())
        time.sleep(0.01)
if mode == "tick":
    threading.Thread(target=tick, daemon=True).start()
while True:
    try:
        http.request("GET", base + "next")
        answer = http.getresponse()
        event = json.loads(answer.read())
    except (HTTPException, OSError) as why:
        note(cut=type(why).__name__)
        http = connect()
        continue
    request = answer.getheader("Lambda-Runtime-Aws-Request-Id")
    names = [r["dynamodb"]["SequenceNumber"] for r in event["Records"]]
    note(names=names, request=request, deadline=int(answer.getheader("Lambda-Runtime-Deadline-Ms")) / 1000,
         memory=os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"], extra=os.environ.get("EXTRA"))
    if mode == "grow":
        child = os.fork()
        if child == 0:
            grown.append(bytearray(os.urandom(1) * (300 << 20)))
            time.sleep(60)
            os._exit(0)
        os.waitpid(child, 0)
    if mode == "hang":
        time.sleep(60)
    if mode == "slow":
        time.sleep(0.2)
    for name in names:
        with open(os.environ["DDBS_JOURNAL"], "a") as journal:
            journal.write(name + "\\n")
    http.request("POST", base + request + "/response", "{}")
    http.getresponse().read()
""" % sys.executable

tests, failed = [], []


def test(function):
    tests.append(function)
    return function


class Run:
    """One call of `ddbstream run --json`."""

    def __init__(self, folder, process):
        self.folder = folder
        self.status, self.out, self.err = process.returncode, process.stdout, process.stderr
        self.lines = self.read("decisions.jsonl")
        self.turns = [line for line in self.lines if "cause" in line]
        self.faults = [line for line in self.lines if "fault" in line]
        self.counts = next((line["faults"] for line in self.lines if "faults" in line), {})
        self.summary = self.lines[-1] if self.lines else None
        self.notes = self.read("notes")
        self.given = [each for each in self.notes if "names" in each]

    def read(self, name):
        path = os.path.join(self.folder, name)
        if not os.path.exists(path):
            return []
        with open(path, encoding="utf-8") as file:
            return [json.loads(line) for line in file]

    def trace(self):
        return [{name: value for name, value in line.items() if name not in ("durationMs", "file", "metrics")}
                for line in self.lines]

    def journal(self):
        with open(os.path.join(self.folder, "journal"), encoding="utf-8") as file:
            return file.read().split("\n")[:-1]

    def given_up(self):
        return {each["dynamodb"]["SequenceNumber"] for content in failures(self).values()
                for each in json.loads(content["payload"])["Records"]}


def run(folder, bootstrap, esm, source, *more, env=None, journal=True, skip=True):
    if not isinstance(source, str):
        source = write(folder, "source.jsonl", lines_of(source))
    if isinstance(esm, dict):
        esm = write(folder, "esm.json", json.dumps(esm))
    words = ["run", bootstrap, "--source", source, "--on-failure", os.path.join(folder, "failed"), "--json",
             os.path.join(folder, "decisions.jsonl"), *(["--esm", esm] if esm else []),
             *(["--time", "skip"] if skip else []), *(["--journal", os.path.join(folder, "journal")] if journal else []),
             *(word for name, value in (env or {}).items() for word in ("--env", f"{name}={value}"))]
    return Run(folder, call(*words, *more, cwd=folder, timeout=300))


def run_python(folder, esm, source, *more, env=None, **options):
    bootstrap = write(folder, "bootstrap", RUNTIME)
    os.chmod(bootstrap, 0o700)
    env = {"NOTES": os.path.join(folder, "notes"), **(env or {})}
    return run(folder, bootstrap, esm, source, *more, env=env, **options)


def run_orders(folder, *more, **changes):
    with open(os.path.join(ORDERS, "esm.json"), encoding="utf-8") as file:
        esm = {name: value for name, value in {**json.load(file), **changes}.items() if value is not None}
    return run(folder, os.path.join(BIN, "examples/orders/bootstrap"), esm, os.path.join(ORDERS, "orders.jsonl"), *more,
               env={"DDBS_REPORT": "items"})


def judge(source, journal, given_up):
    """The sequence numbers that were never done, and the pairs done in the wrong order, from outside."""
    with open(source, encoding="utf-8") as file:
        changes = [json.loads(line)["dynamodb"] for line in file]
    names = [change["SequenceNumber"] for change in changes]
    first = {}
    for place, name in enumerate(journal):
        check(name in names, f"line {place + 1} of the journal: {name!r}")
        first.setdefault(name, place)
    missing = [name for name in names if name not in first and name not in given_up]
    items, swapped = {}, []
    for change in changes:
        name, item = change["SequenceNumber"], json.dumps(change["Keys"], sort_keys=True)
        before = items.setdefault(item, [])
        swapped += [(each, name) for each in before
                    if name in first and each not in given_up and first.get(each, len(journal)) > first[name]]
        before.append(name)
    return missing, swapped


def main(what):
    for each in tests:
        name = each.__name__.replace("_", " ")
        with tempfile.TemporaryDirectory() as folder:
            try:
                each(folder)
                print(f"ok - {what}: {name}", flush=True)
            except Exception as why:  # pylint: disable=broad-except
                failed.append(name)
                place = traceback.extract_tb(why.__traceback__)[1]
                text = " ".join(str(why).split())
                print(f"not ok - {what}: {name}: {type(why).__name__}: {text} (line {place.lineno})", flush=True)
    return 1 if failed else 0
