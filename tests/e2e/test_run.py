#!/usr/bin/env python3
"""`ddbstream run` from outside: the example orders and small functions in Python, played over a real socket; what the
mapping decides is read from --json, what people see from the screen.

    python3 tests/e2e/test_run.py [BIN]      BIN holds ddbstream and examples/ (default: build)
"""
import gzip
import json
import os
import re
import signal
import stat
import subprocess
import sys
import tempfile
import time
import traceback

BIN = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "build")
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
ORDERS = os.path.join(ROOT, "examples/orders")
ARN = "arn:aws:dynamodb:eu-west-1:111122223333:table/Orders/stream/2026-10-19T08:35:12.417"
SHARD = r"shardId-\d{20}-[0-9a-f]{8}"

# A runtime of a few lines. MODE says how it behaves, JOURNAL is where it notes what it was given.
RUNTIME = """#!%s
import json, os, sys, time
from http.client import HTTPConnection
mode, bad = os.environ["MODE"], os.environ.get("BAD")
base = "/2018-06-01/runtime/"
http = HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
def post(path, body):
    http.request("POST", base + path, body, {"Content-Type": "application/json"})
    http.getresponse().read()
if mode == "init":
    post("init/error", json.dumps({"errorType": "Runtime.NoTable", "errorMessage": "no table"}))
    sys.exit(1)
while True:
    http.request("GET", base + "invocation/next")
    answer = http.getresponse()
    text = answer.read()
    request = answer.getheader("Lambda-Runtime-Aws-Request-Id")
    records = json.loads(text)["Records"]
    names = [r["dynamodb"]["SequenceNumber"] for r in records]
    with open(os.environ["JOURNAL"], "a") as journal:
        journal.write(json.dumps({"request": request, "names": names, "bytes": len(text)}) + "\\n")
    print("got", len(names), "\\x1b[31mred", flush=True)
    if mode == "crash" and bad in names:
        os._exit(3)
    if mode == "hang" and bad in names:
        time.sleep(60)
    if mode == "spoil":  # put a file where the folder of the on-failure records was
        os.rmdir(os.environ["FOLDER"])
        open(os.environ["FOLDER"], "w").close()
    body = {"batchItemFailures": [{"itemIdentifier": bad}] if mode == "items" and bad in names else []}
    if mode == "doubled":
        post("invocation/%%s/error" %% request, json.dumps({"errorType": "Custom.Refused",
                                                           "errorMessage": os.environ["MESSAGE"]}))
    elif mode == "odd":
        post("invocation/%%s/error" %% request, b'{"errorType":"Custom.Odd","errorMessage":"a\\xff\\u001b[31mb"}')
    elif mode in ("error", "spoil") and (bad is None or bad in names):
        post("invocation/%%s/error" %% request, json.dumps({"errorType": "Custom.Refused", "errorMessage": "not today"}))
    else:
        post("invocation/%%s/response" %% request, os.environ.get("BODY") or json.dumps(body))
""" % sys.executable

failed = []
tests = []


def test(function):
    tests.append(function)
    return function


def check(held, why):
    if not held:
        raise AssertionError(why)


def equal(got, want, what=""):
    check(got == want, f"{what}: got {got!r}, want {want!r}")


# ---- Playing ---------------------------------------------------------------------------------------------------------

class Played:
    """One call of `ddbstream run`."""

    def __init__(self, folder, process):
        self.folder = folder
        self.status, self.out, self.err = process.returncode, process.stdout, process.stderr
        self.lines = self.read("decisions.jsonl")
        self.turns = [line for line in self.lines if line["kind"] in ("delivery", "expired", "summary")]
        self.summary = self.turns.pop() if self.turns and self.turns[-1].get("summary") else None
        self.given = self.read("journal")

    def read(self, name):
        path = os.path.join(self.folder, name)
        if not os.path.exists(path):
            return []
        with open(path, encoding="utf-8") as file:
            return [json.loads(line) for line in file]

    def ranges(self):
        return [(turn["first"], turn["last"]) for turn in self.turns]

    def steps(self):
        return [turn["step"] for turn in self.turns]

    def adds_up(self):
        """The totals agree with each other, with the decisions, and with the two lines on the screen."""
        total = self.summary
        check(total is not None, "no summary: " + self.err)
        equal(total["polled"], total["done"] + total["lost"] + total["discarded"] + total["open"], "totals")
        equal(total["complete"], total["open"] == 0 and self.status == (1 if total["lost"] else 0), "complete")
        for name in ("done", "discarded", "lost"):
            equal(sum(turn[name] for turn in self.turns), total[name], name)
        equal(total["invocations"], len(self.turns), "invocations")
        equal(total["retries"], sum(turn["cause"] == "retry" for turn in self.turns), "retries")
        equal(total["partial"], sum(turn.get("verdict") == "partial" for turn in self.turns), "partial")
        equal(total["halvings"], self.steps().count("halve"), "halvings")
        lost = f"{total['lost']} lost + " if total["lost"] else ""
        check(f"{total['polled']} record{'s' * (total['polled'] != 1)} polled = {total['done']} done + {lost}"
              f"{total['discarded']} discarded" in self.out, "the closing line: " + self.out[-300:])
        check(re.search(rf"^{total['invocations']} invocations?: {total['partial']} partial answers?, {total['errors']} "
                        rf"errors?, {total['halvings']} halvings?, {total['retries']} retr(y|ies)$", self.out, re.M),
              "the second closing line: " + self.out[-300:])

    def checkpoints_hold(self):
        """Each delivery begins where the decisions before it left the checkpoint."""
        checkpoint = 1
        for turn in self.turns:
            equal(turn["first"], checkpoint, f"delivery {turn['delivery']} begins")
            checkpoint += turn["done"] + turn["lost"] + turn["discarded"]


def write(folder, name, content, mode="w"):
    path = os.path.join(folder, name)
    with open(path, mode, **({} if "b" in mode else {"encoding": "utf-8"})) as file:
        file.write(content)
    return path


def mapping(**changes):
    esm = {"FunctionName": "orders-consumer", "EventSourceArn": ARN, "StartingPosition": "TRIM_HORIZON",
           "BatchSize": 4, "MaximumRetryAttempts": 1}
    esm.update(changes)
    return {name: value for name, value in esm.items() if value is not None}


def record(number, **more):
    change = {"ApproximateCreationDateTime": 1792399200 + number, "Keys": {"OrderId": {"S": f"o-{number}"}},
              "SequenceNumber": str(99999999 + number), "SizeBytes": 10, "StreamViewType": "KEYS_ONLY"}
    return {"eventID": f"{number:032x}", "eventName": "INSERT", "eventVersion": "1.1", "eventSource": "aws:dynamodb",
            "awsRegion": "eu-west-1", "dynamodb": change, "eventSourceARN": ARN, **more}


def name_of(number):
    return str(99999999 + number)


def lines_of(records):
    return "".join(json.dumps(each) + "\n" for each in records)


def call(*arguments, **options):
    options = {"timeout": 120, "stdin": subprocess.DEVNULL, "stderr": subprocess.PIPE, **options}
    if "input" in options:
        del options["stdin"]
    return subprocess.run([os.path.join(BIN, "ddbstream"), *arguments], text=True, stdout=subprocess.PIPE,
                          errors="backslashreplace", **options)


def arguments_of(folder, esm, source, env, *more, bootstrap=None):
    if bootstrap is None:
        bootstrap = write(folder, "bootstrap", RUNTIME)
        os.chmod(bootstrap, 0o700)
    env = {"JOURNAL": os.path.join(folder, "journal"), **env}
    variables = [word for name, value in env.items() for word in ("--env", f"{name}={value}")]
    return ["run", bootstrap, "--esm", write(folder, "esm.json", json.dumps(esm)), "--source", source,
            "--on-failure", os.path.join(folder, "failed"), "--json", os.path.join(folder, "decisions.jsonl"),
            "--no-wait", *variables, *more]


def play(folder, esm, source, env, *more, bootstrap=None, **options):
    if not isinstance(source, str):
        source = write(folder, "source.jsonl", lines_of(source))
    return Played(folder, call(*arguments_of(folder, esm, source, env, *more, bootstrap=bootstrap), cwd=folder,
                               **options))


def play_orders(folder, env, **changes):
    with open(os.path.join(ORDERS, "esm.json"), encoding="utf-8") as file:
        esm = {**json.load(file), **changes}
    esm = {name: value for name, value in esm.items() if value is not None}
    return play(folder, esm, os.path.join(ORDERS, "orders.jsonl"), env,
                bootstrap=os.path.join(BIN, "examples/orders/bootstrap"))


def orders():
    with open(os.path.join(ORDERS, "orders.jsonl"), encoding="utf-8") as file:
        return [line.rstrip("\n") for line in file]


def failures(played):
    """The on-failure records, by file name."""
    folder = os.path.join(played.folder, "failed")
    names = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
    found = {}
    for name in names:
        with open(os.path.join(folder, name), encoding="utf-8") as file:
            found[name] = json.load(file)
    return found


# ---- The example -----------------------------------------------------------------------------------------------------

def poison_line():
    lines = orders()
    place = next(i for i, line in enumerate(lines)
                 if json.loads(line)["dynamodb"].get("NewImage", {}).get("Qty") == {"N": "0"})
    return place + 1, lines[place]


@test
def orders_is_played_to_its_end(folder):
    played = play_orders(folder, {"DDBS_REPORT": "items"})
    equal(played.status, 0, played.err)
    played.adds_up()
    played.checkpoints_hold()
    equal((played.summary["polled"], played.summary["discarded"]), (60, 1), "totals")
    for line in ("o-1001 placed", "o-1001 paid", "o-1001 removed", "o-1006 expired: deleted by time-to-live"):
        check(f"    | {line}\n" in played.out, f"{line} is not on the screen")
    equal(played.err, "", "warnings")


@test
def orders_is_delivered_again_from_the_refused_record(folder):
    played = play_orders(folder, {"DDBS_REPORT": "items"})
    first, second = played.turns[:2]
    equal((first["cause"], first["verdict"], first["step"]), ("batch", "partial", "resume"), "first delivery")
    equal((second["cause"], second["first"], second["last"]), ("rest", first["resumes"], first["last"]), "second")
    equal(second["firstSequence"], json.loads(orders()[first["resumes"] - 1])["dynamodb"]["SequenceNumber"], "sequence")
    check(second["requestId"] != first["requestId"], "the rest has the request id of the batch")
    check("the payment service is busy" in played.out, "the reason is not on the screen")
    check(f"resumes at record {first['resumes']}, sequence {second['firstSequence']}" in played.out, played.out)


@test
def orders_discards_exactly_the_record_it_never_accepts(folder):
    played = play_orders(folder, {"DDBS_REPORT": "items"})
    place, line = poison_line()
    tries = [turn for turn in played.turns if (turn["first"], turn["last"]) == (place, place)]
    equal([turn["attempt"] for turn in tries], [1, 2, 3], "attempts")
    equal([turn["waitMs"] for turn in tries], [0, 200, 400], "waits")
    equal([turn["step"] for turn in tries], ["retry", "retry", "discard"], "steps")
    equal(len({turn["requestId"] for turn in tries}), 1, "request ids of the tries")
    sequence = json.loads(line)["dynamodb"]["SequenceNumber"]
    found = failures(played)
    equal(len(found), 1, "on-failure records")
    (name, content), = found.items()
    check(re.fullmatch(SHARD + f"-{sequence}\\.json", name), name)
    equal(json.loads(content["payload"])["Records"], [json.loads(line)], "payload")
    equal(content["payload"], '{"Records":[' + line + "]}", "payload, byte for byte")
    check(tries[-1]["file"].endswith(name) and tries[-1]["file"] in played.out, "the file is not named")


@test
def an_on_failure_record_for_a_bucket_has_the_form_of_aws(folder):
    played = play_orders(folder, {"DDBS_REPORT": "items"})
    (name, content), = failures(played).items()
    equal(list(content), ["requestContext", "responseContext", "version", "payload", "timestamp", "DDBStreamBatchInfo"],
          "members")
    request, batch = content["requestContext"], content["DDBStreamBatchInfo"]
    equal(request["requestId"], next(turn["requestId"] for turn in played.turns if turn["step"] == "discard"), "request")
    equal(request["functionArn"], "arn:aws:lambda:eu-west-1:111122223333:function:orders-consumer:$LATEST", "function")
    equal((request["condition"], request["approximateInvokeCount"]), ("RetryAttemptsExhausted", 3), "condition")
    equal(content["responseContext"], {"statusCode": 200, "executedVersion": "$LATEST", "functionError": None}, "response")
    check(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", content["timestamp"]), content["timestamp"])
    equal(list(batch), ["shardId", "startSequenceNumber", "endSequenceNumber", "approximateArrivalOfFirstRecord",
                        "approximateArrivalOfLastRecord", "batchSize", "streamArn"], "batch")
    place, line = poison_line()
    created = float(json.loads(line)["dynamodb"]["ApproximateCreationDateTime"])
    equal(batch["approximateArrivalOfFirstRecord"], time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(created)), "arrival")
    equal((batch["batchSize"], batch["streamArn"]), (1, ARN), "batch")
    path = os.path.join(folder, "failed", name)
    equal(stat.S_IMODE(os.stat(path).st_mode), 0o600, "mode: it holds whole items")
    equal([each for each in os.listdir(os.path.join(folder, "failed")) if each != name], [], "left-overs")


@test
def orders_without_items_is_warned_about_and_loses_nothing(folder):
    played = play_orders(folder, {"DDBS_REPORT": "error"})
    equal(played.status, 0, played.err)
    played.adds_up()
    played.checkpoints_hold()
    place, line = poison_line()
    discarded = [turn for turn in played.turns if turn["discarded"]]
    equal([(turn["first"], turn["last"], turn["end"]) for turn in discarded], [(place, place, "error")], "discarded")
    equal(list(failures(played).values())[0]["responseContext"]["functionError"], "Unhandled", "functionError")
    equal((played.err.count("WARNING"), "--env DDBS_REPORT=items" in played.err), (1, True), "the hint, once")
    check("-> error: Function.HandlerFailed: quantity below 1" in played.out, "the reason is not shown")


@test
def items_to_a_mapping_that_does_not_read_them_is_warned_about_as_loss(folder):
    played = play_orders(folder, {"DDBS_REPORT": "items"}, FunctionResponseTypes=None)
    equal(played.status, 1, played.err)
    played.adds_up()
    played.checkpoints_hold()
    equal(played.ranges(), [(1, 20), (21, 40), (41, 60)], "deliveries")
    equal([(turn["done"], turn["lost"]) for turn in played.turns], [(8, 12), (5, 15), (20, 0)], "from the failure on")
    equal((played.summary["done"], played.summary["lost"], played.summary["complete"]), (33, 27, True), "totals")
    equal(played.err.count("LOST"), 1, "the warning, once")
    check("ReportBatchItemFailures" in played.err, played.err)
    check("8 of 20 done, 12 records LOST\n" in played.out, played.out)
    check("\n27 records LOST: " in played.out, played.out[-300:])


@test
def one_lost_record_is_counted_in_the_singular(folder):
    played = play(folder, mapping(), [record(1), record(2)], {"MODE": "items", "BAD": name_of(2)})
    equal(played.status, 1, played.err)
    played.adds_up()
    check("2 records polled = 1 done + 1 lost + 0 discarded\n" in played.out, played.out[-300:])
    check("1 of 2 done, 1 record LOST\n" in played.out and "\n1 record LOST: " in played.out, played.out)
    equal(played.err.count("LOST"), 1, "said when it happens: nothing told before")


@test
def a_list_that_cannot_be_read_loses_the_delivery_and_another_answer_loses_nothing(folder):
    for body, status, lost in (('{"batchItemFailures":[{"itemIdentifier":""}]}', 1, 3), ('"thank you"', 0, 0)):
        played = play(tempfile.mkdtemp(dir=folder), mapping(), [record(i) for i in (1, 2, 3)],
                      {"MODE": "ok", "BODY": body})
        equal((played.status, played.summary["done"], played.summary["lost"]), (status, 3 - lost, lost), body)
        played.adds_up()


@test
def a_mismatch_is_said_before_the_first_record(folder):
    items = {"FunctionResponseTypes": ["ReportBatchItemFailures"]}
    cases = [
        ({}, {"DDBS_REPORT": "items"}, "the mapping lacks ReportBatchItemFailures", '"FunctionResponseTypes": ['),
        (items, {"DDBS_REPORT": "error"}, "the mapping has ReportBatchItemFailures", "--env DDBS_REPORT=items"),
        (items, {}, "DDBS_REPORT is not set", "--env DDBS_REPORT=items"),
        (items, {"DDBS_REPORT": "items"}, None, None),
        ({}, {"DDBS_REPORT": "error"}, None, None),
        ({}, {}, None, None),
    ]
    source = write(folder, "source.jsonl", lines_of([record(1)]))
    clean = {name: value for name, value in os.environ.items() if name != "DDBS_REPORT"}
    for changes, env, fault, remedy in cases:
        for inherited in (False, True):
            got = call(*arguments_of(folder, mapping(**changes), source, {"MODE": "ok", **({} if inherited else env)},
                                     "--quiet"), env={**clean, **(env if inherited else {})})
            equal(got.returncode, 0, got.stderr)
            lines = got.stderr.splitlines()
            equal(len(lines), 1 if fault else 0, f"{changes} {env}: {got.stderr}")
            for part in ("WARNING: ", fault, remedy) if fault else ():
                check(part in lines[0], got.stderr)
    both = call(*arguments_of(folder, mapping(**items), source, {"MODE": "ok", "DDBS_REPORT": "error"}),
                stderr=subprocess.STDOUT)
    check(0 <= both.stdout.find("WARNING: ") < both.stdout.find("#1  record 1"), both.stdout)


@test
def a_function_that_sets_its_report_in_code_is_warned_when_it_fails(folder):
    played = play(folder, mapping(FunctionResponseTypes=["ReportBatchItemFailures"]), [record(1)], {"MODE": "error"})
    equal(played.err.count("WARNING: the mapping has ReportBatchItemFailures, but the function fails as a whole"), 1,
          played.err)


@test
def the_example_is_what_its_generator_writes(folder):
    made = subprocess.run([sys.executable, os.path.join(ORDERS, "make_orders.py")], capture_output=True, text=True,
                          encoding="utf-8", check=True).stdout
    equal(made.splitlines() == orders(), True, "orders.jsonl")
    types = {tag for tag in ("S", "N", "B", "BOOL", "NULL", "M", "L", "SS", "NS", "BS") if f'{{"{tag}":' in made}
    equal(len(types), 10, f"attribute types, found {types}")
    records = [json.loads(line) for line in orders()]
    equal({each["eventName"] for each in records}, {"INSERT", "MODIFY", "REMOVE"}, "operations")
    equal(sum("userIdentity" in each for each in records), 1, "deletions by time-to-live")
    numbers = [int(each["dynamodb"]["SequenceNumber"]) for each in records]
    check(all(a < b for a, b in zip(numbers, numbers[1:])), "the sequence numbers do not increase")


# ---- Retries, halves, ends -------------------------------------------------------------------------------------------

@test
def an_error_is_retried_with_the_same_request_and_discarded_to_a_queue(folder):
    played = play(folder, mapping(DestinationConfig={"OnFailure": {"Destination": "arn:aws:sqs:eu-west-1:1:failed"}}),
                  [record(i) for i in range(1, 7)], {"MODE": "error", "BAD": name_of(2)})
    equal(played.status, 0, played.err)
    played.adds_up()
    equal(played.ranges(), [(1, 4), (1, 4), (5, 6)], "deliveries")
    equal([turn["waitMs"] for turn in played.turns], [0, 200, 0], "waits")
    equal(played.given[0]["request"], played.given[1]["request"], "request of the retry")
    check(played.given[1]["request"] != played.given[2]["request"], "a new batch has the old request")
    equal([turn["requestId"] for turn in played.turns], [each["request"] for each in played.given], "requests")
    content = list(failures(played).values())[0]
    check("payload" not in content, "a queue gets no payload")
    equal(content["responseContext"]["functionError"], "Unhandled", "functionError")
    equal(content["requestContext"]["approximateInvokeCount"], 2, "count")
    batch = content["DDBStreamBatchInfo"]
    equal((batch["startSequenceNumber"], batch["endSequenceNumber"], batch["batchSize"]), (name_of(1), name_of(4), 4),
          "batch")
    equal((batch["approximateArrivalOfFirstRecord"], batch["approximateArrivalOfLastRecord"]),
          ("2026-10-19T08:40:01Z", "2026-10-19T08:40:04Z"), "arrivals")
    check("Custom.Refused: not today" in played.out, "the error is not shown")


@test
def what_the_function_is_given_is_what_the_decisions_say(folder):
    played = play(folder, mapping(BatchSize=7, BisectBatchOnFunctionError=True, MaximumRetryAttempts=1),
                  [record(i) for i in range(1, 31)], {"MODE": "error", "BAD": name_of(19)})
    played.adds_up()
    played.checkpoints_hold()
    equal([(turn["firstSequence"], turn["lastSequence"]) for turn in played.turns],
          [(each["names"][0], each["names"][-1]) for each in played.given], "ranges")
    equal(played.ranges(), [(1, 7), (8, 14), (15, 21), (15, 17), (18, 21), (18, 19), (18, 18), (19, 19), (19, 19),
                            (20, 21), (22, 28), (29, 30)], "deliveries")
    equal(sum(turn["discarded"] for turn in played.turns), 1, "discarded")


@test
def without_a_destination_a_discard_is_lost_and_said_so(folder):
    played = play(folder, mapping(MaximumRetryAttempts=0), [record(1)], {"MODE": "error"})
    equal(played.status, 0, played.err)
    played.adds_up()
    check("record 1 is lost, there is no destination" in played.out, played.out)
    equal(failures(played), {}, "on-failure records")
    check(not os.path.exists(os.path.join(folder, "failed")), "a folder that nobody needs")
    equal(played.turns[0]["file"], None, "file")
    played = play(tempfile.mkdtemp(dir=folder), mapping(MaximumRetryAttempts=0), [record(1), record(2)],
                  {"MODE": "error"})
    check("records 1-2 are lost, there is no destination" in played.out, played.out)


@test
def a_crash_is_an_error_and_the_function_is_started_again(folder):
    played = play(folder, mapping(BatchSize=1), [record(i) for i in range(1, 4)], {"MODE": "crash", "BAD": name_of(2)})
    equal(played.status, 0, played.err)
    played.adds_up()
    equal([turn["end"] for turn in played.turns], ["response", "crashed", "crashed", "response"], "ends")
    check("exited with status 3" in played.turns[1]["reason"], played.turns[1]["reason"])


@test
def a_function_that_hangs_is_timed_out(folder):
    played = play(folder, mapping(BatchSize=1, MaximumRetryAttempts=0), [record(1), record(2)],
                  {"MODE": "hang", "BAD": name_of(1)}, "--timeout", "3")
    equal(played.status, 0, played.err)
    equal([turn["end"] for turn in played.turns], ["timed-out", "response"], "ends")
    check(played.turns[0]["durationMs"] >= 3000, "it did not wait for the deadline")


@test
def a_function_that_cannot_be_initialized_ends_the_play(folder):
    played = play(folder, mapping(), [record(1)], {"MODE": "init"})
    equal(played.status, 1, played.err)
    check("could not be initialized: Runtime.NoTable: no table" in played.err, played.err)
    equal(played.turns, [], "decisions")


@test
def responses_that_fail_the_batch_are_errors_without_functionerror(folder):
    played = play(folder, mapping(FunctionResponseTypes=["ReportBatchItemFailures"], MaximumRetryAttempts=0,
                                  DestinationConfig={"OnFailure": {"Destination": "arn:aws:sns:eu-west-1:1:failed"}}),
                  [record(1)], {"MODE": "ok", "BODY": '{"batchItemFailures":[{"itemIdentifier":""}]}'})
    equal(played.status, 0, played.err)
    played.adds_up()
    equal((played.turns[0]["verdict"], played.summary["errors"]), ("failed", 1), "verdict")
    equal(list(failures(played).values())[0]["responseContext"]["functionError"], None, "functionError")


@test
def the_wait_before_a_retry_is_kept(folder):
    words = arguments_of(folder, mapping(), write(folder, "source.jsonl", lines_of([record(1)])), {"MODE": "error"})
    begun = time.monotonic()
    equal(call(*[word for word in words if word != "--no-wait"]).returncode, 0, "exit status")
    check(time.monotonic() - begun >= 0.2, "no wait")


@test
def a_wait_that_is_left_out_is_not_said_to_have_been(folder):
    words = arguments_of(folder, mapping(), write(folder, "source.jsonl", lines_of([record(1)])), {"MODE": "error"})
    without, waited = call(*words).stdout, call(*[word for word in words if word != "--no-wait"]).stdout
    check("  attempt 2 (AWS waits 200 ms)\n" in without and "after 200 ms" not in without, without)
    check("  attempt 2, after 200 ms\n" in waited and "AWS waits" not in waited, waited)


@test
def an_error_type_is_shown_once(folder):
    for message, shown in (("Custom.Refused: no", "Custom.Refused: no"), ("Custom.Refused", "Custom.Refused"),
                           ("Custom.RefusedAll", "Custom.Refused: Custom.RefusedAll"), ("", "Custom.Refused"),
                           ("no", "Custom.Refused: no")):
        played = play(tempfile.mkdtemp(dir=folder), mapping(MaximumRetryAttempts=0), [record(1)],
                      {"MODE": "doubled", "MESSAGE": message})
        check(f"    -> error: {shown}\n" in played.out, f"{message!r}: {played.out}")
        equal((played.turns[0]["errorType"], played.turns[0]["reason"]), ("Custom.Refused", shown), "JSON")


@test
def an_interrupt_ends_the_play_with_the_summary_so_far(folder):
    words = arguments_of(folder, mapping(MaximumRetryAttempts=-1), write(folder, "source.jsonl", lines_of([record(1)])),
                         {"MODE": "error"})
    process = subprocess.Popen([os.path.join(BIN, "ddbstream"), *[word for word in words if word != "--no-wait"]],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    for line in process.stdout:
        if "attempt 2" in line:
            break
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    equal(process.returncode, 130, err)
    check("1 record polled = 0 done + 0 discarded + 1 open" in out, out)
    played = Played(folder, subprocess.CompletedProcess([], 130, out, err))
    played.adds_up()


@test
def what_the_function_prints_cannot_steer_the_terminal(folder):
    played = play(folder, mapping(), [record(1)], {"MODE": "ok"})
    check("    | got 1 \\x1b[31mred\n" in played.out, played.out)
    check("\x1b" not in played.out, "an escape byte came through")


@test
def an_error_of_odd_bytes_is_shown_and_noted_as_text(folder):
    played = play(folder, mapping(MaximumRetryAttempts=0), [record(1)], {"MODE": "odd"})
    equal(played.turns[0]["reason"], "Custom.Odd: a?\x1b[31mb", "reason")
    check("Custom.Odd: a?\\x1b[31mb" in played.out, played.out)


@test
def quiet_prints_the_summary_only(folder):
    played = play(folder, mapping(), [record(1)], {"MODE": "ok"}, "--quiet")
    equal(played.out.splitlines()[0], "1 record polled = 1 done + 0 discarded", "first line")
    equal([line.split()[0] for line in played.out.splitlines()], ["1", "1", "CloudWatch:", "PolledEventCount"], "lines")


# ---- Sources ---------------------------------------------------------------------------------------------------------

def decisions(played):
    return [{name: value for name, value in turn.items() if name not in ("requestId", "durationMs")}
            for turn in played.turns]


@test
def every_form_of_the_source_plays_the_same(folder):
    records = [record(i) for i in range(1, 11)]
    text = "\n  \r\n" + lines_of(records).replace("\n", "\n\n") + "\t"
    forms = {
        "lines.jsonl": text.encode(),
        "no-last-newline.jsonl": lines_of(records).rstrip("\n").encode(),
        "windows.jsonl": lines_of(records).replace("\n", "\r\n").encode(),
        "lines.jsonl.gz": gzip.compress(text.encode()),
        "event.json": json.dumps({"Records": records}, indent=1).encode(),
        "array.json": json.dumps(records).encode(),
        "event.json.gz": gzip.compress(json.dumps({"Records": records}).encode()),
    }
    want = None
    for name, content in forms.items():
        inner = tempfile.mkdtemp(dir=folder)
        played = play(inner, mapping(FunctionResponseTypes=["ReportBatchItemFailures"]),
                      write(inner, name, content, "wb"), {"MODE": "items", "BAD": name_of(6)})
        equal(played.status, 0, name + played.err)
        played.adds_up()
        want = want or decisions(played)
        equal(decisions(played), want, name)
    equal([(turn["first"], turn["last"]) for turn in want], [(1, 4), (5, 8), (6, 8), (6, 8), (9, 10)], "deliveries")


@test
def standard_input_is_a_source(folder):
    played = play(folder, mapping(), "-", {"MODE": "ok"}, input=lines_of([record(1), record(2)]))
    equal(played.status, 0, played.err)
    equal(played.ranges(), [(1, 2)], "deliveries")


@test
def an_empty_source_calls_nothing(folder):
    played = play(folder, mapping(), [], {"MODE": "ok"})
    equal(played.status, 0, played.err)
    equal((played.turns, played.given), ([], []), "deliveries")
    check("0 records polled = 0 done + 0 discarded" in played.out, played.out)


@test
def a_bad_line_is_named_and_what_came_before_it_is_played(folder):
    good = lines_of([record(i) for i in range(1, 6)])
    kinesis = json.dumps({"eventSource": "aws:kinesis", "kinesis": {"sequenceNumber": "5"}})
    no_number = record(6)
    del no_number["dynamodb"]["SequenceNumber"]
    lines = {"x": "not a record", '{"a":': "not a record", "[]": "not a record", json.dumps(record(6)) + "}": "not a",
             json.dumps(record(6)) + "," + json.dumps(record(7)): "one record, found 2",
             kinesis: "only DynamoDB streams", json.dumps(no_number): "SequenceNumber", "{}": "not a record",
             '{"Records":[]}': "not a record", json.dumps(record(6, pad="x" * 6300000)): "larger than"}
    for line, reason in lines.items():
        inner = tempfile.mkdtemp(dir=folder)
        played = play(inner, mapping(), write(inner, "source.jsonl", good + "\n" + line + "\n"), {"MODE": "ok"})
        equal(played.status, 1, line[:80] + played.err)
        check("source.jsonl:7: " in played.err and reason in played.err, f"{line[:80]}: {played.err}")
        equal(played.ranges(), [(1, 4), (5, 5)], "deliveries")
        equal((played.summary["polled"], played.summary["done"]), (5, 5), "totals")
        played.adds_up()
        equal(played.summary["complete"], False, "complete")


@test
def a_record_that_does_not_decode_is_the_functions_business(folder):
    poison = record(2)
    poison["dynamodb"]["Keys"]["OrderId"] = {"Q": 1}
    played = play(folder, mapping(DestinationConfig={"OnFailure": {"Destination": "arn:aws:s3:::failed"}},
                                  BisectBatchOnFunctionError=True), [record(1), poison, record(3)],
                  {"MODE": "error", "BAD": name_of(2)})
    equal(played.status, 0, played.err)
    content = list(failures(played).values())[0]
    equal(json.loads(content["payload"])["Records"], [poison], "payload")
    equal(content["DDBStreamBatchInfo"]["approximateArrivalOfFirstRecord"], "2026-10-19T08:40:02Z", "arrival")


@test
def files_that_cannot_be_sources_are_refused(folder):
    cut = gzip.compress(lines_of([record(i) for i in range(1, 200)]).encode())[:-40]
    cases = {
        ("missing.jsonl", None): (2, "No such file"),
        ("event.json", b'{"Records":7}'): (1, "event.json: byte"),
        ("lines.json", lines_of([record(1), record(2)]).encode()): (1, "*.jsonl"),
        ("cut.jsonl.gz", cut): (2, "cut.jsonl.gz:"),
    }
    for (name, content), (status, reason) in cases.items():
        path = os.path.join(folder, name) if content is None else write(folder, name, content, "wb")
        played = play(tempfile.mkdtemp(dir=folder), mapping(), path, {"MODE": "ok"})
        equal(played.status, status, name + played.err)
        check(reason in played.err, f"{name}: {played.err}")


@test
def repeated_sequence_numbers_are_warned_about_and_overwrite_nothing(folder):
    played = play(folder, mapping(BatchSize=1, MaximumRetryAttempts=0,
                                  DestinationConfig={"OnFailure": {"Destination": "arn:aws:s3:::failed"}}),
                  [record(1), record(1), record(1)], {"MODE": "error"})
    equal(played.status, 0, played.err)
    check("the sequence number of record 2 is not above" in played.err, played.err)
    equal(len(failures(played)), 3, "on-failure records")


@test
def a_batch_is_cut_at_6_mb(folder):
    large = [record(i, pad="x" * 1000000) for i in range(1, 9)]
    played = play(folder, mapping(BatchSize=100), large, {"MODE": "ok"})
    equal(played.status, 0, played.err)
    equal(played.ranges(), [(1, 6), (7, 8)], "deliveries")
    check(all(each["bytes"] <= 6 * 1024 * 1024 for each in played.given), played.given)


# ---- esm.json and the command line -----------------------------------------------------------------------------------

@test
def settings_outside_their_range_are_refused_with_the_key(folder):
    cases = [
        ({"BatchSize": 0}, "BatchSize: expected a whole number from 1 to 10000"), ({"BatchSize": 10001}, "BatchSize: "),
        ({"BatchSize": 1.5}, "BatchSize: "), ({"BatchSize": "10"}, "BatchSize: "),
        ({"MaximumRetryAttempts": -2}, "MaximumRetryAttempts: expected a whole number from -1 to 10000"),
        ({"MaximumRetryAttempts": 10001}, "MaximumRetryAttempts: "),
        ({"BisectBatchOnFunctionError": 1}, "BisectBatchOnFunctionError: expected true or false"),
        ({"FunctionResponseTypes": ["reportBatchItemFailures"]}, "FunctionResponseTypes: "),
        ({"FunctionResponseTypes": "ReportBatchItemFailures"}, "FunctionResponseTypes: "),
        ({"StartingPosition": "AT_TIMESTAMP"}, "StartingPosition: "), ({"StartingPosition": None}, "StartingPosition: "),
        ({"EventSourceArn": None}, "EventSourceArn: missing"), ({"FunctionName": None}, "FunctionName: missing"),
        ({"EventSourceArn": "arn:aws:kinesis:eu-west-1:1:stream/x"}, "EventSourceArn: "),
        ({"FunctionName": "a b"}, "FunctionName: "), ({"FunctionName": "x:y:z"}, "FunctionName: "),
        ({"MaximumBatchingWindowInSeconds": 301}, "MaximumBatchingWindowInSeconds: "),
        ({"MaximumRecordAgeInSeconds": 59}, "MaximumRecordAgeInSeconds: "),
        ({"$schema": "x"}, "$schema: not a key"), ({"batchSize": 3}, "batchSize: not a key"),
        ({"Queues": ["x"]}, "Queues: not a setting of a DynamoDB stream"),
        ({"DestinationConfig": {"OnFailure": {"Destination": "arn:aws:sqs:eu-west-1:1:x.fifo"}}}, "FIFO"),
        ({"DestinationConfig": {"OnFailure": {"Destination": "arn:aws:lambda:eu-west-1:1:function:x"}}}, "SQS queue"),
        ({"DestinationConfig": {"OnSuccess": {}}}, "DestinationConfig: "),
        ({"FilterCriteria": {"Filters": [{"Pattern": "{}"}]}}, "FilterCriteria: "),
        # What AWS would act on and this command does not:
        ({"Enabled": False}, "Enabled: "),
    ]
    for changes, reason in cases:
        played = play(folder, mapping(**changes), [record(1)], {"MODE": "ok"})
        equal(played.status, 2, f"{changes}: {played.err}")
        check("esm.json: " in played.err and reason in played.err, f"{changes}: {played.err}")
        equal(played.given, [], "deliveries")


@test
def an_esm_that_is_not_json_is_refused_with_its_line(folder):
    for text, reason in (("{\n\n x}", "esm.json: line 3: not JSON"), ("[]", "esm.json: expected a JSON object"),
                         ("", "not JSON"), ('{"BatchSize":1} x', "not JSON"),
                         ('{"BatchSize":1,"BatchSize":2}', "BatchSize: occurs twice")):
        words = arguments_of(folder, {}, write(folder, "source.jsonl", ""), {"MODE": "ok"})
        write(folder, "esm.json", text)
        got = call(*words)
        equal(got.returncode, 2, got.stderr)
        check(reason in got.stderr, f"{text}: {got.stderr}")


@test
def settings_that_change_nothing_here_are_accepted(folder):
    played = play(folder, mapping(StartingPosition="LATEST", MaximumBatchingWindowInSeconds=5, ParallelizationFactor=1,
                                  TumblingWindowInSeconds=0, MaximumRecordAgeInSeconds=-1, Enabled=True,
                                  FilterCriteria={"Filters": []}, DestinationConfig={"OnFailure": {}},
                                  MetricsConfig={"Metrics": ["EventCount"]}, Tags={"team": "x"},
                                  KMSKeyArn="arn:aws:kms:eu-west-1:1:key/x"), [record(1)], {"MODE": "ok"})
    equal(played.status, 0, played.err)
    equal(played.out.count("  note: "), 2, "notes for LATEST and the window")


@test
def a_function_can_be_named_in_every_way_of_aws(folder):
    for given, want in (("orders:7", "arn:aws:lambda:eu-west-1:111122223333:function:orders:7"),
                        ("444455556666:function:orders", "arn:aws:lambda:eu-west-1:444455556666:function:orders:$LATEST"),
                        ("arn:aws-cn:lambda:cn-north-1:444455556666:function:orders:prod",
                         "arn:aws-cn:lambda:cn-north-1:444455556666:function:orders:prod")):
        inner = tempfile.mkdtemp(dir=folder)
        played = play(inner, mapping(FunctionName=given, MaximumRetryAttempts=0,
                                     DestinationConfig={"OnFailure": {"Destination": "arn:aws:s3:::failed"}}),
                      [record(1)], {"MODE": "error"})
        content = list(failures(played).values())[0]
        equal(content["requestContext"]["functionArn"], want, given)
        equal(content["responseContext"]["executedVersion"], "7" if given.endswith(":7") else "$LATEST", given)


@test
def an_on_failure_folder_that_cannot_be_made_stops_the_play(folder):
    write(folder, "failed", "a file")
    played = play(folder, mapping(MaximumRetryAttempts=0, BatchSize=1,
                                  DestinationConfig={"OnFailure": {"Destination": "arn:aws:s3:::failed"}}),
                  [record(1), record(2)], {"MODE": "error"})
    equal(played.status, 2, played.err)
    check(os.path.join(folder, "failed") + ": Not a directory" in played.err, played.err)
    equal((played.turns, played.given), ([], []), "nothing is delivered")
    # A mapping without a destination needs no folder.
    played = play(folder, mapping(), [record(1)], {"MODE": "ok"})
    equal(played.status, 0, played.err)


@test
def the_on_failure_folder_is_made_and_left_without_traces(folder):
    destination = {"OnFailure": {"Destination": "arn:aws:s3:::failed"}}
    deep = os.path.join(folder, "a", "b")
    played = play(folder, mapping(DestinationConfig=destination), [record(1)], {"MODE": "ok"}, "--on-failure", deep)
    equal((played.status, os.listdir(deep)), (0, []), played.err)
    played = play(folder, mapping(DestinationConfig=destination), [record(1)], {"MODE": "ok"}, "--on-failure",
                  "/proc/nowhere")
    equal((played.status, "/proc/nowhere: " in played.err), (2, True), played.err)


@test
def a_record_that_could_not_be_written_is_not_said_to_have_no_destination(folder):
    place = os.path.join(folder, "failed")
    played = play(folder, mapping(MaximumRetryAttempts=0, BatchSize=2,
                                  DestinationConfig={"OnFailure": {"Destination": "arn:aws:s3:::failed"}}),
                  [record(i) for i in (1, 2, 3)], {"MODE": "spoil", "FOLDER": place})
    equal(played.status, 2, played.err)
    check("the on-failure record cannot be written to " + place in played.err, played.err)
    check("records 1-2 could not be written to " + place + "\n" in played.out, played.out)
    check("no destination" not in played.out, played.out)
    equal((len(played.turns), played.turns[0]["file"]), (1, None), "decisions")


@test
def what_cannot_be_printed_is_an_error(folder):
    esm = write(folder, "esm.json", json.dumps(mapping()))
    event = write(folder, "event.json", json.dumps({"Records": [record(1)]}))
    bootstrap = write(folder, "bootstrap", RUNTIME)
    os.chmod(bootstrap, 0o700)
    decided = os.path.join(folder, "decisions.jsonl")
    run = ["run", bootstrap, "--esm", esm, "--source", event, "--json", decided, "--env", "MODE=ok", "--env",
           "JOURNAL=" + os.path.join(folder, "journal")]
    for words in (run, ["--help"], ["--version"], ["help", "run"], ["run", "--help"], ["serve", "--help"],
                  ["gen", "--help"], ["decode", "--help"], ["decode", event], ["gen", "--records", "1"]):
        for out in (">/dev/full", ">&-"):
            got = subprocess.run(["sh", "-c", f'exec "$@" {out}', "sh", os.path.join(BIN, "ddbstream"), *words],
                                 stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
            equal(got.returncode, 2, f"{words} {out} {got.stderr}")
            equal(len(got.stderr.splitlines()), 1, f"{words} {out} {got.stderr}")
            check("standard output" in got.stderr or "stdout" in got.stderr, f"{words} {out} {got.stderr}")
    with open(decided, encoding="utf-8") as file:  # nothing that was meant for the screen
        equal([json.loads(line)["kind"] for line in file],
              ["shard", "delivery", "checkpoint", "shard-end", "summary"], "decisions")


@test
def a_command_line_that_cannot_be_understood_says_so(folder):
    for words, reason in ((["run"], "BOOTSTRAP is missing"), (["run", "x"], "--esm FILE is missing"),
                          (["run", "x", "--esm", "y"], "--source FILE is missing"), (["run", "--bogus"], "--bogus"),
                          (["run", "a", "b", "--esm", "x"], '"b" is one too many'),
                          (["run", "x", "--env", "=1"], "NAME=VALUE"), (["run", "x", "--timeout", "0"], "from 1 to 900"),
                          (["rnu"], 'did you mean "run"?'), (["decoed"], 'did you mean "decode"?'),
                          (["frobnicate"], "ddbstream --help"), (["help", "servr"], 'did you mean "serve"?')):
        got = call(*words)
        equal(got.returncode, 2, f"{words}: {got.stderr}")
        check(reason in got.stderr, f"{words}: {got.stderr}")
        equal(got.stdout, "", f"{words}: stdout")
    got = call("run", "/nowhere", "--esm", os.path.join(ORDERS, "esm.json"), "--source",
               os.path.join(ORDERS, "orders.jsonl"))
    equal((got.returncode, "/nowhere" in got.stderr), (2, True), got.stderr)


@test
def help_is_printed_where_it_is_asked_for(folder):
    listing = call("--help")
    equal(listing.returncode, 0, listing.stderr)
    for name in ("decode", "gen", "run", "serve"):
        check(re.search(rf"^  {name} ", listing.stdout, re.M), f"{name} is not listed")
        one, other = call(name, "--help"), call("help", name)
        equal((one.returncode, one.stdout), (other.returncode, other.stdout), name)
        check(one.returncode == 0 and "Example" in one.stdout, f"{name} --help: {one.stdout}")
    check(re.fullmatch(r"ddbstream \d+\.\d+\.\d+\n", call("--version").stdout), "version")
    equal(call().returncode, 2, "without a command")


def main():
    for each in tests:
        name = each.__name__.replace("_", " ")
        with tempfile.TemporaryDirectory() as folder:
            try:
                each(folder)
                print(f"ok - run: {name}", flush=True)
            except Exception as why:  # pylint: disable=broad-except
                failed.append(name)
                place = traceback.extract_tb(why.__traceback__)[1]
                text = " ".join(str(why).split())
                print(f"not ok - run: {name}: {type(why).__name__}: {text} (line {place.lineno})", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
