#!/usr/bin/env python3
"""What `ddbstream run` tells besides its lines: --json, --junit, CloudWatch's metrics, and the live lines on a terminal; and
a table of `ddbstream table` played from its stream.

    python3 tests/e2e/test_run_output.py [BIN]      BIN holds ddbstream and examples/ (default: build)
"""
import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
import traceback
import urllib.request
import xml.etree.ElementTree as xml

BIN = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "build")
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
ORDERS = os.path.join(ROOT, "examples/orders")
ARN = "arn:aws:dynamodb:eu-west-1:111122223333:table/Orders/stream/2026-10-19T08:35:12.417"

# PAUSE seconds for each batch; fails at BAD.
RUNTIME = """#!%s
import json, os, time
from http.client import HTTPConnection
base, http, bad = "/2018-06-01/runtime/", HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"]), os.environ.get("BAD")
while True:
    http.request("GET", base + "invocation/next")
    answer = http.getresponse()
    text = answer.read()
    with open(os.environ["JOURNAL"], "ab") as journal:
        journal.write(text + b"\\n")
    names = [each["dynamodb"]["SequenceNumber"] for each in json.loads(text)["Records"]]
    print("handler:", len(names), "records", "." * int(os.environ.get("DOTS", "0")), flush=True)
    time.sleep(float(os.environ.get("PAUSE", "0")))
    failures = [{"itemIdentifier": bad}] if bad in names else []
    http.request("POST", base + "invocation/" + answer.getheader("Lambda-Runtime-Aws-Request-Id") + "/response",
                 json.dumps({"batchItemFailures": failures}))
    http.getresponse().read()
""" % sys.executable

failed, tests = [], []


def test(function):
    tests.append(function)
    return function


def check(held, why):
    if not held:
        raise AssertionError(why)


def equal(got, want, what=""):
    check(got == want, f"{what}: got {got!r}, want {want!r}")


def write(folder, name, content):
    path = os.path.join(folder, name)
    with open(path, "w", encoding="utf-8") as file:
        file.write(content if isinstance(content, str) else json.dumps(content))
    return path


def record(number, key="k"):
    change = {"ApproximateCreationDateTime": 1792399200 + number, "Keys": {"Id": {"S": f"{key}-{number % 5}"}},
              "SequenceNumber": str(99999999 + number), "SizeBytes": 10, "StreamViewType": "KEYS_ONLY"}
    return {"eventID": f"{number:032x}", "eventName": "INSERT", "eventVersion": "1.1", "eventSource": "aws:dynamodb",
            "awsRegion": "eu-west-1", "dynamodb": change, "eventSourceARN": ARN}


def command(folder, count, changes, env, *more):
    bootstrap = write(folder, "bootstrap", RUNTIME)
    os.chmod(bootstrap, 0o700)
    esm = {"FunctionName": "orders", "EventSourceArn": ARN, "StartingPosition": "TRIM_HORIZON", "BatchSize": 4,
           "MaximumRetryAttempts": 1, **changes}
    given = [word for name, value in {"JOURNAL": os.path.join(folder, "journal"), **env}.items()
             for word in ("--env", f"{name}={value}")]
    source = write(folder, "source.jsonl", "".join(json.dumps(record(number)) + "\n" for number in range(1, count + 1)))
    return [os.path.join(BIN, "ddbstream"), "run", bootstrap, "--esm", write(folder, "esm.json", esm), "--source", source,
            "--on-failure", os.path.join(folder, "failed"), "--json", os.path.join(folder, "lines.jsonl"), "--junit",
            os.path.join(folder, "junit.xml"), *given, *more]


class Played:
    def __init__(self, folder, count, changes, env, *more):
        got = subprocess.run(command(folder, count, changes, env, "--time", "skip", *more), capture_output=True, text=True,
                             timeout=120, check=False, cwd=folder)
        self.status, self.out, self.err = got.returncode, got.stdout, got.stderr
        self.lines = read_lines(folder)
        self.cases = xml.parse(os.path.join(folder, "junit.xml")).getroot()

    def kind(self, *names):
        return [line for line in self.lines if line["kind"] in names]


def read_lines(folder):
    with open(os.path.join(folder, "lines.jsonl"), encoding="utf-8") as file:
        return [json.loads(line) for line in file]


ITEMS = {"FunctionResponseTypes": ["ReportBatchItemFailures"]}
QUEUE = {"DestinationConfig": {"OnFailure": {"Destination": "arn:aws:sqs:eu-west-1:111122223333:failed"}}}


# ---- Files -----------------------------------------------------------------------------------------------------------

def table_of_lines():
    """kind: its members, from the table in the emulator's README."""
    with open(os.path.join(ROOT, "runtime/emulator/README.md"), encoding="utf-8") as file:
        rows = re.findall(r"^\| `([a-z-]+)` \| [^|]* \| (.*) \|$", file.read(), re.M)
    return {kind: set(re.findall(r"`([A-Za-z]+)`", members)) for kind, members in rows}


@test
def every_line_is_one_that_the_manual_lists(folder):
    manual = table_of_lines()
    seen = set()
    pattern = json.dumps({"dynamodb": {"SequenceNumber": [{"anything-but": ["100000002"]}]}})
    for changes, env in (({**ITEMS, **QUEUE, "BisectBatchOnFunctionError": True, "FilterCriteria":
                           {"Filters": [{"Pattern": pattern}]}}, {"BAD": "100000005"}),
                         ({"TumblingWindowInSeconds": 5}, {}), ({**ITEMS, "BatchSize": 2}, {"FAULT": "1"}), ({"MaximumRecordAgeInSeconds": 60}, {}), (ITEMS, {})):
        inner = tempfile.mkdtemp(dir=folder)
        more = ["--now", "1792399280"] if "MaximumRecordAgeInSeconds" in changes else []
        more += ["--fault", "throttle:at=2"] if "FAULT" in env else []
        played = Played(inner, 30, changes, env, *more)
        for line in played.lines:
            check(line["kind"] in manual, f"{line['kind']} is not in the manual")
            unknown = set(line) - manual[line["kind"]] - {"kind"}
            equal(unknown, set(), f"members of {line['kind']} that the manual does not list")
            seen.add(line["kind"])
    equal(seen, set(manual) - {"denied"}, "kinds that were seen")


@test
def checkpoints_move_on_and_end_behind_the_last_record(folder):
    played = Played(folder, 10, {**ITEMS, **QUEUE}, {"BAD": "100000005"})
    places = [line["place"] for line in played.kind("checkpoint")]
    equal(places, sorted(set(places)), "they only move on")
    equal(played.kind("checkpoint")[-1], {"kind": "checkpoint", "shard": played.lines[0]["shard"], "place": 11,
                                          "afterSequence": "100000009"}, "the last one")
    check({"kind": "checkpoint", "shard": played.lines[0]["shard"], "place": 6, "atSequence": "100000005"} in played.lines,
          f"one at the record that failed: {played.kind('checkpoint')}")


@test
def the_metrics_have_the_names_and_values_of_cloudwatch(folder):
    pattern = json.dumps({"dynamodb": {"SequenceNumber": [{"anything-but": ["100000000"]}]}})
    played = Played(folder, 9, {**QUEUE, "FilterCriteria": {"Filters": [{"Pattern": pattern}]}}, {})
    want = {"Invocations": 2, "Errors": 0, "Throttles": 0, "PolledEventCount": 9, "FilteredOutEventCount": 1,
            "InvokedEventCount": 8, "FailedInvokeEventCount": 0, "DroppedEventCount": 0,
            "OnFailureDestinationDeliveredEventCount": 0}
    metrics = played.lines[-1]["metrics"]
    equal({name: value for name, value in metrics.items() if name in want}, want, "metrics")
    for name, value in want.items():
        check(f"{name} {value}" in played.out, f"{name} {value} in: {played.out[-500:]}")
    # Delivered to a destination; and no datapoint at all without one.
    played = Played(tempfile.mkdtemp(dir=folder), 4, {**ITEMS, **QUEUE, "BatchSize": 1}, {"BAD": "100000001"})
    equal((played.lines[-1]["metrics"]["OnFailureDestinationDeliveredEventCount"],
           played.lines[-1]["metrics"]["DroppedEventCount"]), (1, 0), "delivered, dropped")
    played = Played(tempfile.mkdtemp(dir=folder), 4, {**ITEMS, "BatchSize": 1}, {"BAD": "100000001"})
    check("DroppedEventCount" not in played.lines[-1]["metrics"] and "DroppedEventCount" not in played.out, played.out)


@test
def iterator_age_is_that_of_the_oldest_last_record(folder):
    played = Played(folder, 8, {"BatchSize": 8}, {}, "--now", str(1792399200 + 108))
    age = played.lines[-1]["metrics"]["IteratorAge"]
    check(100000 <= age < 130000, f"{age} ms")


@test
def junit_has_a_case_per_shard_and_the_exit_status_in_words(folder):
    played = Played(folder, 4, ITEMS, {})
    equal((played.cases.get("tests"), played.cases.get("failures")), ("2", "0"), "held")
    # A mapping that does not read the response: the record is lost.
    played = Played(tempfile.mkdtemp(dir=folder), 4, {}, {"BAD": "100000002"})
    equal(played.status, 1, played.err)
    equal((played.cases.get("tests"), played.cases.get("failures")), ("2", "2"), "lost")
    texts = [case.find("failure").get("message") for case in played.cases]
    equal(texts[0], "4 records polled, 2 lost, 0 not settled", "the shard")
    check(texts[1].startswith("exit status 1: "), texts[1])


@test
def junit_has_a_case_per_expectation(folder):
    played = Played(folder, 4, ITEMS, {}, "--expect", "at-least-once,max-invokes=9", "--journal",
                    os.path.join(folder, "done"))
    cases = {case.get("name"): case.find("failure") is None for case in played.cases}
    equal((cases["at-least-once"], cases["max-invokes"]), (False, True), "a handler without a journal")
    equal(played.status, 1, played.err)


@test
def throttles_are_no_invocations(folder):
    played = Played(folder, 8, ITEMS, {}, "--fault", "throttle:at=1:n=1", "--report", os.path.join(folder, "r.html"))
    metrics = played.lines[-1]["metrics"]
    equal((metrics["Throttles"], metrics["Invocations"], metrics["Errors"]), (1, 2, 0), "metrics")
    with open(os.path.join(folder, "r.html"), encoding="utf-8") as file:
        run = json.loads(re.search(r'id="data">(.*?)</script>', file.read(), re.S)[1])
    equal([one["result"] for one in run["invocations"]], ["throttled", "done", "done"], "boxes")


@test
def a_line_of_the_function_cannot_end_the_page(folder):
    page = os.path.join(folder, "report.html")
    bootstrap = RUNTIME.replace('"handler:"', '"</script><script>alert(1)</script>"')
    words = command(folder, 4, ITEMS, {}, "--time", "skip", "--report", page)
    write(folder, "bootstrap", bootstrap)
    equal(subprocess.run(words, capture_output=True, timeout=120, check=False).returncode, 0, "status")
    with open(page, encoding="utf-8") as file:
        content = file.read()
    data = re.search(r'<script type="application/json" id="data">(.*?)</script>', content, re.S)[1]
    run = json.loads(data)
    equal(run["invocations"][0]["log"], ["</script><script>alert(1)</script> 4 records "], "log")
    equal(content.count("</script>"), 2, "ends of scripts")
    equal(len(run["invocations"]), sum(line["kind"] == "delivery" for line in read_lines(folder)), "invocations")


@test
def files_that_cannot_be_written_are_an_error(folder):
    for option in ("--report", "--junit", "--json"):
        for path, status in (("/nowhere/x", 2), ("/dev/full", 2)):
            got = subprocess.run(command(folder, 4, ITEMS, {}, "--time", "skip", option, path), capture_output=True,
                                 text=True, timeout=120, check=False)
            check(got.returncode == status and path in got.stderr, f"{option} {path}: {got.returncode} {got.stderr}")


# ---- The terminal ----------------------------------------------------------------------------------------------------

class Screen:
    """As much of a terminal as is needed: lines that wrap, going up, and clearing to the end. `frames` are its contents
    after each read."""

    def __init__(self, columns):
        self.columns, self.rows, self.row, self.column = columns, [""], 0, 0
        self.odd = []

    def put(self, char):
        if self.column == self.columns:
            self.newline()
        line = self.rows[self.row].ljust(self.column)
        self.rows[self.row] = line[:self.column] + char + line[self.column + 1:]
        self.column += 1

    def newline(self):
        self.row, self.column = self.row + 1, 0
        if self.row == len(self.rows):
            self.rows.append("")

    def feed(self, text):
        for control, up, clear, colour, newline, back, char, rest in re.findall(
                r"(\x1b\[(\d+)A|\x1b\[(J)|\x1b\[([0-9;]*)m)|(\n)|(\r)|([ -~\u00a0-\uffff])|(.)", text, re.S):
            if up:
                self.row = max(0, self.row - int(up))
            elif clear:
                self.rows[self.row] = self.rows[self.row][:self.column]
                del self.rows[self.row + 1:]
            elif newline:
                self.newline()
            elif back:
                self.column = 0
            elif char:
                self.put(char)
            elif not control:
                self.odd.append(rest)
            del colour


def read_all(master):
    """What one write brings, and what follows within a moment: the kernel hands it on in pieces."""
    got = b""
    while select.select([master], [], [], 0.04)[0]:
        try:
            more = os.read(master, 1 << 16)
        except OSError:
            more = b""
        if not more:
            break
        got += more
    return got.decode("utf-8", "replace")


def watch(words, columns, during=None, rows=24):
    """Run on a terminal. (status, screen, contents after each read, what was read)"""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    env = {**os.environ, "TERM": "xterm"}
    env.pop("NO_COLOR", None)
    process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=slave, stderr=slave, env=env)
    os.close(slave)
    screen, frames, reads = Screen(columns), [], []
    limit = time.monotonic() + 60
    while time.monotonic() < limit:
        if not select.select([master], [], [], 0.2)[0]:
            continue
        got = read_all(master)
        if not got:
            break
        reads.append(got)
        screen.feed(got)
        frames.append(list(screen.rows))
        if during is not None:
            during(process, master, screen, frames)
    status = process.wait(timeout=30)
    os.close(master)
    return status, screen, frames, reads


def is_live(line):
    return re.search(r"\d+ polled  \d+ done", line) is not None


@test
def a_terminal_gets_a_live_line_below_what_scrolls_by(folder):
    words = command(folder, 24, {**ITEMS, **QUEUE}, {"PAUSE": "0.4", "BAD": "100000007"})
    status, screen, frames, reads = watch(words, 120)
    equal(status, 0, "".join(reads)[-500:])
    equal(screen.odd, [], "control bytes")
    with_line = [rows for rows in frames if any(map(is_live, rows))]
    check(len(with_line) >= 4, f"{len(with_line)} frames with a live line")
    for rows in frames:
        live = [at for at, line in enumerate(rows) if is_live(line)]
        check(len(live) <= 1, f"two live lines: {rows}")
        check(not live or live[0] == len(rows) - 2, f"not at the bottom: {rows}")
    for read in reads:
        check("\x1b[J" not in read or is_live(read) or "polled =" in read, f"it flickers: {read!r}")
    check(not any(map(is_live, screen.rows)), "none is left at the end")
    text = "\n".join(screen.rows)
    for part in ("handler: 4 records", "-> partial", "24 records polled =", "CloudWatch: "):
        check(part in text, f"{part} is missing: {text}")
    seen = [int(re.search(r"(\d+) done", line)[1]) for rows in with_line for line in rows if is_live(line)]
    check(seen == sorted(seen) and seen[-1] > seen[0], f"it counts up: {seen}")


@test
def live_lines_keep_to_the_width_also_when_it_changes(folder):
    state = {"narrow": False}

    def narrow(process, master, screen, frames):
        if not state["narrow"] and any(map(is_live, frames[-1])):
            state["narrow"] = True
            fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 40, 0, 0))
            process.send_signal(signal.SIGWINCH)
            state["from"] = len(frames)

    words = command(folder, 16, ITEMS, {"PAUSE": "0.2"}, "--quiet")
    status, _, _, reads = watch(words, 100, narrow)
    equal(status, 0, "".join(reads)[-500:])
    check(state["narrow"], "it was made narrow")
    later = "".join(reads[state["from"] + 1:])
    lines = [re.sub(r"\x1b\[[0-9]*[AJ]", "", line).strip("\r") for line in later.split("\n")]
    live = [line for line in lines if "polled  " in line]
    check(len(live) >= 2, f"live lines after that: {later!r}")
    check(all(len(line) < 40 for line in live), f"too wide: {live}")
    check("\x1b[" in later, "the lines before are taken away")


@test
def where_there_is_no_terminal_nothing_moves(folder):
    played = Played(folder, 8, ITEMS, {"PAUSE": "0.1"})
    check("\x1b" not in played.out and "\r" not in played.out, played.out)


# ---- A table ---------------------------------------------------------------------------------------------------------

def call_table(url, operation, **body):
    request = urllib.request.Request(url, json.dumps(body).encode(), {
        "Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": "DynamoDB_20120810." + operation, "Authorization":
        "AWS4-HMAC-SHA256 Credential=x/20260101/eu-west-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.loads(answer.read())


@test
def a_table_is_played_from_its_stream_and_redriven(folder):
    table = subprocess.Popen([os.path.join(BIN, "ddbstream"), "table", "--table", "Orders", "--key", "Id"],
                             stdout=subprocess.PIPE, text=True)
    try:
        url = re.search(r"http://[0-9.:]+", table.stdout.readline())[0]
        for number in range(20):
            call_table(url, "PutItem", TableName="Orders", Item={"Id": {"S": f"o-{number % 6}"}, "n": {"N": str(number)}})
        call_table(url, "DeleteItem", TableName="Orders", Key={"Id": {"S": "o-1"}})
        arn = call_table(url, "DescribeTable", TableName="Orders")["Table"]["LatestStreamArn"]
        words = command(folder, 1, {"EventSourceArn": arn, **ITEMS, **QUEUE}, {})
        words[words.index("--source") + 1] = "stream"
        got = subprocess.run([*words, "--endpoint-url", url, "--idle", "1"], capture_output=True, text=True, timeout=120,
                             check=False)
        equal(got.returncode, 0, got.stderr)
        with open(os.path.join(folder, "journal"), encoding="utf-8") as file:
            records = [each for line in file for each in json.loads(line)["Records"]]
        equal([each["eventName"] for each in records], ["INSERT"] * 6 + ["MODIFY"] * 14 + ["REMOVE"], "changes")
        equal({each["eventSourceARN"] for each in records}, {arn}, "ARN")
        # The same records by an on-failure record of a queue.
        os.remove(os.path.join(folder, "journal"))
        numbers = [each["dynamodb"]["SequenceNumber"] for each in records[3:8]]
        failure = {"requestContext": {"condition": "RetryAttemptsExhausted"}, "version": "1.0", "DDBStreamBatchInfo": {
            "shardId": read_lines(folder)[0]["shard"], "startSequenceNumber": numbers[0], "endSequenceNumber": numbers[-1],
            "batchSize": 5, "streamArn": arn}}
        got = subprocess.run([os.path.join(BIN, "ddbstream"), "redrive", "--endpoint-url", url, "--env", "JOURNAL=" +
                              os.path.join(folder, "journal"), write(folder, "failure.json", failure),
                              os.path.join(folder, "bootstrap")], capture_output=True, text=True, timeout=60, check=False)
        equal(got.returncode, 0, got.stderr + got.stdout)
        with open(os.path.join(folder, "journal"), encoding="utf-8") as file:
            equal([each for line in file for each in json.loads(line)["Records"]], records[3:8], "redriven")
    finally:
        table.terminate()
        table.wait(timeout=30)


def main():
    for each in tests:
        name = each.__name__.replace("_", " ")
        with tempfile.TemporaryDirectory() as folder:
            try:
                each(folder)
                print(f"ok - run output: {name}", flush=True)
            except Exception as why:  # pylint: disable=broad-except
                failed.append(name)
                place = traceback.extract_tb(why.__traceback__)[1]
                text = " ".join(str(why).split())
                print(f"not ok - run output: {name}: {type(why).__name__}: {text} (line {place.lineno})", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
