#!/usr/bin/env python3
"""`ddbstream redrive`: on-failure records in every form that AWS gives them, played through a function once more.

    python3 tests/e2e/test_redrive.py [BIN]      BIN holds ddbstream (default: build)
"""
import json
import os
import subprocess
import sys
import tempfile
import traceback

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from streams_mock import ARN, KEY, SECRET, TOKEN, Endpoint, Refused, raw  # noqa: E402

BIN = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "build")

# Notes what it is given; BAD is the sequence number at which it fails, MODE how.
RUNTIME = """#!%s
import json, os
from http.client import HTTPConnection
base, http = "/2018-06-01/runtime/", HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
bad, mode = os.environ.get("BAD"), os.environ.get("MODE")
while True:
    http.request("GET", base + "invocation/next")
    answer = http.getresponse()
    text = answer.read()
    request = answer.getheader("Lambda-Runtime-Aws-Request-Id")
    with open(os.environ["JOURNAL"], "ab") as journal:
        journal.write(text + b"\\n")
    names = [each["dynamodb"]["SequenceNumber"] for each in json.loads(text)["Records"]]
    if bad in names and mode == "crash":
        os._exit(3)
    if bad in names and mode == "error":
        http.request("POST", base + "invocation/" + request + "/error",
                     json.dumps({"errorType": "Custom.Busy", "errorMessage": "later"}))
    else:
        failures = [{"itemIdentifier": bad}] if bad in names else []
        http.request("POST", base + "invocation/" + request + "/response", json.dumps({"batchItemFailures": failures}))
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


def name_of(number):
    return str(10 ** 20 + number)


def failure(first, last, count, payload=None, **batch):
    """An on-failure record in the order in which AWS writes it."""
    record = {"requestContext": {"requestId": "5d0e7c34-7b6e-4f0e-8d7f-9a2f3b6c1e55", "functionArn":
                                 "arn:aws:lambda:eu-west-1:111122223333:function:orders:$LATEST", "condition":
                                 "RetryAttemptsExhausted", "approximateInvokeCount": 4}, "version": "1.0"}
    if payload is not None:
        record["payload"] = json.dumps(payload)
    record["timestamp"] = "2026-10-19T08:41:07.512Z"
    record["DDBStreamBatchInfo"] = {"shardId": "shardId-a", "startSequenceNumber": name_of(first), "endSequenceNumber":
                                    name_of(last), "batchSize": count, "streamArn": ARN, **batch}
    return record


def lambda_record(number):
    return {**raw(number), "eventSourceARN": ARN}


def write(folder, name, content):
    path = os.path.join(folder, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(content if isinstance(content, str) else json.dumps(content))
    return path


class Redriven:
    def __init__(self, folder, words, env=None, endpoint=None):
        bootstrap = write(folder, "bootstrap", RUNTIME)
        os.chmod(bootstrap, 0o700)
        journal = os.path.join(folder, "journal")
        if os.path.exists(journal):
            os.remove(journal)
        given = [word for name, value in {"JOURNAL": journal, **(env or {})}.items()
                 for word in ("--env", f"{name}={value}")]
        if endpoint is not None:
            given += ["--endpoint-url", endpoint.url]
        variables = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        variables.update({"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_SESSION_TOKEN": TOKEN})
        got = subprocess.run([os.path.join(BIN, "ddbstream"), "redrive", *given, *words, bootstrap], env=variables,
                             capture_output=True, text=True, timeout=120, check=False)
        self.status, self.out, self.err, self.events = got.returncode, got.stdout, got.stderr, []
        if os.path.exists(journal):
            with open(journal, encoding="utf-8") as file:
                self.events = [json.loads(line) for line in file]


def closed(*numbers):
    return Endpoint({"shardId-a": {"records": [raw(number) for number in numbers], "closed": True}})


@test
def an_s3_object_is_played_from_its_payload(folder):
    event = {"Records": [lambda_record(1), lambda_record(2)]}
    path = write(folder, "one.json", failure(1, 2, 2, event))
    got = Redriven(folder, [path])
    equal((got.status, got.events), (0, [event]), got.err)
    check("-> all 2 done" in got.out and "2 of 2 records done, 1 of 1 on-failure record" in got.out, got.out)


@test
def a_dry_run_says_what_would_be_sent_and_sends_nothing(folder):
    write(folder, "f/one.json", failure(1, 2, 2, {"Records": [lambda_record(1), lambda_record(2)]}))
    write(folder, "f/two.json", failure(3, 3, 1, {"Records": [lambda_record(3)]}))
    write(folder, "f/other.txt", "no record")
    got = Redriven(folder, ["--dry-run", os.path.join(folder, "f")])
    equal((got.status, got.events), (0, []), got.err)
    check(f"one.json: 2 records {name_of(1)}..{name_of(2)} of shardId-a, RetryAttemptsExhausted, with its payload: would "
          "be sent" in got.out, got.out)
    check("3 records in 2 batches would be sent" in got.out, got.out)


@test
def messages_name_the_records_and_the_stream_gives_them(folder):
    want = {"Records": [lambda_record(number) for number in range(3, 8)]}
    record = failure(3, 7, 5)
    notification = {"Type": "Notification", "MessageId": "8f2b4f0e", "Message": json.dumps(record)}
    forms = {
        "sqs.json": record,
        "sns.json": notification,
        "sns-in-sqs.json": {"Messages": [{"MessageId": "1", "Body": json.dumps(notification)}]},
        "event.json": {"Records": [{"messageId": "1", "body": json.dumps(record), "eventSource": "aws:sqs"}]},
        "body.json": {"Body": json.dumps(record)},
    }
    for name, form in forms.items():
        endpoint = closed(*range(1, 10))
        try:
            got = Redriven(folder, [write(folder, name, form)], endpoint=endpoint)
        finally:
            endpoint.close()
        equal((got.status, got.events), (0, [want]), name + got.err)
        equal(endpoint.wrong, [], "signatures")
        equal([call["ShardIteratorType"] for kind, call in endpoint.calls if kind == "GetShardIterator"],
              ["AT_SEQUENCE_NUMBER"], "iterators")


@test
def several_messages_are_several_batches(folder):
    messages = {"Messages": [{"Body": json.dumps(failure(1, 2, 2))}, {"Body": json.dumps(failure(4, 4, 1))}]}
    endpoint = closed(1, 2, 3, 4)
    endpoint.script["GetRecords"] = [Refused("ProvisionedThroughputExceededException")]
    try:
        got = Redriven(folder, [write(folder, "m.json", messages)], endpoint=endpoint, env={"BAD": name_of(4)})
    finally:
        endpoint.close()
    equal([len(event["Records"]) for event in got.events], [2, 1], "batches")
    equal(got.status, 1, "one is not done")
    check("m.json, message 2: 1 record" in got.out, got.out)
    check(f"-> 0 of 1 done: sequence number {name_of(4)} is not done\n" in got.out, got.out)
    check("2 of 3 records done, 1 of 2 on-failure records" in got.out, got.out)


@test
def whatever_way_it_fails_it_is_not_done(folder):
    path = write(folder, "one.json", failure(1, 3, 3, {"Records": [lambda_record(number) for number in (1, 2, 3)]}))
    for mode, reason in (("error", "0 of 3 done: Custom.Busy: later"), ("crash", "0 of 3 done: exited with status 3"),
                         ("items", f"1 of 3 done: sequence number {name_of(2)} is not done\n")):
        got = Redriven(folder, [path], {"MODE": mode, "BAD": name_of(2)})
        equal(got.status, 1, mode + got.out)
        check(reason in got.out, f"{mode}: {got.out}")


@test
def what_a_filter_had_left_out_is_left_out_again(folder):
    esm = {"FunctionName": "orders", "EventSourceArn": ARN, "StartingPosition": "TRIM_HORIZON", "FilterCriteria": {
        "Filters": [{"Pattern": json.dumps({"dynamodb": {"Keys": {"OrderId": {"S": ["o-1", "o-3"]}}}})}]}}
    path = write(folder, "one.json", failure(1, 3, 2))
    for more, numbers, warned in (([], (1, 2, 3), True), (["--esm", write(folder, "esm.json", esm)], (1, 3), False)):
        endpoint = closed(1, 2, 3, 4)
        try:
            got = Redriven(folder, [*more, path], endpoint=endpoint)
        finally:
            endpoint.close()
        equal((got.status, got.events), (0, [{"Records": [lambda_record(number) for number in numbers]}]), got.err)
        equal("the batch had 2 records, the stream has 3" in got.err, warned, got.err)


@test
def records_that_are_gone_are_not_done(folder):
    path = write(folder, "one.json", failure(1, 3, 3))
    endpoint = closed(1, 2, 3)
    endpoint.begins["shardId-a"] = 2
    try:
        got = Redriven(folder, ["--dry-run", path], endpoint=endpoint)
    finally:
        endpoint.close()
    equal(got.status, 1, got.out)
    check("one.json: the stream has its records no more" in got.err, got.err)
    endpoint = closed(1, 2)
    try:
        got = Redriven(folder, [path], endpoint=endpoint)
    finally:
        endpoint.close()
    equal((got.status, got.events), (1, []), got.err)
    check("the shard does not reach sequence number " + name_of(3) in got.err, got.err)


@test
def a_final_call_of_a_window_is_sent_from_s3_only(folder):
    event = {"Records": [], "shardId": "shardId-a", "eventSourceARN": ARN, "state": {"count": 2}, "window": {
        "start": "2026-10-19T08:40:00Z", "end": "2026-10-19T08:42:00Z"}, "isFinalInvokeForWindow": True,
        "isWindowTerminatedEarly": False}
    record = failure(1, 1, 1, event)
    record["DDBStreamBatchInfo"] = {"shardId": "shardId-a", "streamArn": ARN}
    got = Redriven(folder, [write(folder, "one.json", record)])
    equal((got.status, got.events), (0, [event]), got.out + got.err)
    del record["payload"]
    got = Redriven(folder, [write(folder, "one.json", record)])
    equal((got.status, got.events), (1, []), got.out)
    check("form of S3 only" in got.err, got.err)


@test
def what_is_no_on_failure_record_is_located_and_nothing_is_sent(folder):
    good = write(folder, "a.json", failure(1, 1, 1, {"Records": [lambda_record(1)]}))
    batch = failure(1, 1, 1)
    cases = [("{", 1, "b.json: byte 1: not JSON"), ({}, 1, "b.json: not an on-failure record"),
             ({"Message": "{}"}, 1, "b.json: not an on-failure record"), ({"Messages": []}, 1, "b.json: no messages"),
             ({"Messages": [{"Body": json.dumps(batch)}, {"Body": "x"}]}, 1, "b.json: message 2: not an on-failure"),
             (failure(1, 1, 1, shardId=7), 1, "DDBStreamBatchInfo.shardId"),
             (failure(1, 1, 1, startSequenceNumber="x"), 1, "both digits"),
             (failure(1, 1, 1, streamArn=None), 1, "DDBStreamBatchInfo.streamArn")]
    for content, status, reason in cases:
        got = Redriven(folder, [good, write(folder, "b.json", content)])
        equal((got.status, got.events), (status, []), f"{reason}: {got.err}")
        check(reason in got.err, f"{reason}: {got.err}")
    got = Redriven(folder, [good, "/nowhere.json"])
    check(got.status == 2 and "/nowhere.json: No such file" in got.err, got.err)
    bad = failure(1, 1, 1)
    bad["payload"] = "{\"Records\":[{}]}"
    got = Redriven(folder, [write(folder, "c.json", bad)])
    check(got.status == 1 and "c.json: payload: not an event" in got.err, got.err)
    deep = failure(1, 1, 1)
    for _ in range(6):
        deep = {"Body": json.dumps(deep)}
    got = Redriven(folder, [write(folder, "d.json", deep)])
    check(got.status == 1 and "not an on-failure record" in got.err, got.err)


@test
def a_command_line_that_cannot_be_understood_says_so(folder):
    for words, reason in (([], "expected FILE... BOOTSTRAP"), (["--timeout", "0", "x"], "from 1 to 900"),
                          (["--env", "=1", "x"], "NAME=VALUE"), (["--bogus", "x"], "--bogus")):
        got = subprocess.run([os.path.join(BIN, "ddbstream"), "redrive", *words], capture_output=True, text=True,
                             timeout=60, check=False)
        check(got.returncode == 2 and reason in got.stderr, f"{words}: {got.stderr}")
    got = subprocess.run([os.path.join(BIN, "ddbstream"), "redrive", "--help"], capture_output=True, text=True,
                         timeout=60, check=False)
    check(got.returncode == 0 and "Example" in got.stdout, got.stdout)


def main():
    for each in tests:
        name = each.__name__.replace("_", " ")
        with tempfile.TemporaryDirectory() as folder:
            try:
                each(folder)
                print(f"ok - redrive: {name}", flush=True)
            except Exception as why:  # pylint: disable=broad-except
                failed.append(name)
                place = traceback.extract_tb(why.__traceback__)[1]
                text = " ".join(str(why).split())
                print(f"not ok - redrive: {name}: {type(why).__name__}: {text} (line {place.lineno})", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
