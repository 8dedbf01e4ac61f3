#!/usr/bin/env python3
"""What was observed of AWS about event source mappings, O1 to O25, played with real processes by `ddbstream run`. Windows,
filters, ages and lanes (O5, O6, O8, O11, O12, O14, O16, O18) are in test_run_mapping.py. A record that fits into no event
(O22) is refused by the source, for no DynamoDB record is that large; test_mapping plays it.

    python3 tests/e2e/test_run_observed.py [BIN]      BIN holds ddbstream (default: build)
"""
import json
import os
import re
import signal
import subprocess
import sys
import urllib.request

from cases import Cases, check, equal, write
from test_run import BIN, arguments_of, call, failures, mapping, name_of, play, record

test = Cases("observed")
ITEMS = {"FunctionResponseTypes": ["ReportBatchItemFailures"]}
QUEUE = {"DestinationConfig": {"OnFailure": {"Destination": "arn:aws:sqs:eu-west-1:111122223333:failed"}}}
BUCKET = {"DestinationConfig": {"OnFailure": {"Destination": "arn:aws:s3:::failed"}}}
BISECT = {"BisectBatchOnFunctionError": True}


def records(count):
    return [record(i) for i in range(1, count + 1)]


def given(played):
    """The deliveries as lists of record numbers."""
    return [[int(name) - int(name_of(0)) for name in each["names"]] for each in played.given]


def only(found):
    (content,) = found.values()
    return content


def bad(number, **more):
    return {"MODE": "items", "BAD": name_of(number), **more}


@test
def o1_a_partial_failure_retries_only_the_tail_with_a_fresh_budget(folder):
    played = play(folder, mapping(BatchSize=4, MaximumRetryAttempts=3, **ITEMS, **QUEUE), records(4), bad(3))
    equal(given(played), [[1, 2, 3, 4], [3, 4], [3, 4], [3, 4], [3, 4]], "deliveries")
    equal([turn["attempt"] for turn in played.turns], [1, 1, 2, 3, 4], "attempts")
    found = only(failures(played))
    equal(found["requestContext"]["approximateInvokeCount"], 4, "count")


@test
def o2_an_answer_that_names_no_record_of_the_batch_fails_all_of_it(folder):
    for at, item in enumerate(('"itemIdentifier":"4711"', '"itemIdentifier":""', '"itemIdentifier":null', '"item":"1"')):
        inner = os.path.join(folder, str(at))
        os.mkdir(inner)
        played = play(inner, mapping(BatchSize=3, MaximumRetryAttempts=3, **ITEMS, **QUEUE), records(3),
                      {"MODE": "ok", "BODY": '{"batchItemFailures":[{%s}]}' % item})
        equal(given(played), [[1, 2, 3]] * 4, item)
        found = only(failures(played))
        equal((found["responseContext"]["functionError"], found["responseContext"]["statusCode"]), (None, 200), item)


@test
def o3_an_error_is_unhandled_and_exhausts_the_retries(folder):
    played = play(folder, mapping(BatchSize=3, MaximumRetryAttempts=2, **QUEUE), records(3), {"MODE": "error"})
    equal(given(played), [[1, 2, 3]] * 3, "deliveries")
    found = only(failures(played))
    equal((found["responseContext"]["functionError"], found["responseContext"]["executedVersion"],
           found["requestContext"]["condition"]), ("Unhandled", "$LATEST", "RetryAttemptsExhausted"), "record")


@test
def o4_answers_that_mean_success(folder):
    for at, body in enumerate(("[]", "null", "{}", '{"batchItemFailures":[]}', '{"batchItemFailures":null}')):
        inner = os.path.join(folder, str(at))
        os.mkdir(inner)
        played = play(inner, mapping(**ITEMS), records(2), {"MODE": "ok", "BODY": body})
        equal((given(played), played.summary["done"]), ([[1, 2]], 2), body)


@test
def o7_times_of_an_on_failure_record_have_seconds_and_the_object_its_payload(folder):
    played = play(folder, mapping(BatchSize=2, MaximumRetryAttempts=0, **BUCKET), records(2), {"MODE": "error"})
    found = only(failures(played))
    info = found["DDBStreamBatchInfo"]
    for name in ("approximateArrivalOfFirstRecord", "approximateArrivalOfLastRecord"):
        check(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", info[name]), info[name])
    check(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", found["timestamp"]), found["timestamp"])
    equal(len(json.loads(found["payload"])["Records"]), 2, "payload")


@test
def o9_partial_answers_are_ignored_unless_the_mapping_reads_them(folder):
    played = play(folder, mapping(BatchSize=4), records(4), bad(2))
    equal(given(played), [[1, 2, 3, 4]], "deliveries")
    equal((played.status, played.summary["lost"]), (1, 3), "lost: " + played.err)


@test
def o10_throttles_and_halves_spend_no_retries(folder):
    esm = mapping(BatchSize=4, MaximumRetryAttempts=1, **BISECT, **QUEUE)
    played = play(folder, esm, records(4), {"MODE": "error", "BAD": name_of(2)}, "--fault", "throttle:at=2:n=1")
    turns = [turn for turn in played.turns if turn["end"] != "throttled"]
    check(len(turns) < len(played.turns), "nothing was throttled")
    equal([(turn["first"], turn["last"]) for turn in turns], [(1, 4), (1, 2), (1, 1), (2, 2), (2, 2), (3, 4)], "deliveries")
    equal(only(failures(played))["requestContext"]["approximateInvokeCount"], 2, "count")


@test
def o15_a_batch_is_halved_depth_first_and_only_one_record_is_retried(folder):
    for at, (more, env, wanted) in enumerate((
            ({}, {"MODE": "error", "BAD": name_of(2)}, [[1, 2, 3, 4], [1, 2], [1], [2], [2], [3, 4]]),
            (ITEMS, bad(2), [[1, 2, 3, 4], [2, 3, 4], [2], [2], [3, 4]]))):
        inner = os.path.join(folder, str(at))
        os.mkdir(inner)
        played = play(inner, mapping(BatchSize=4, MaximumRetryAttempts=1, **BISECT, **more, **QUEUE), records(4), env)
        equal(given(played), wanted, "deliveries")
        equal(only(failures(played))["requestContext"]["approximateInvokeCount"], 2, "count")


@test
def o17_only_two_starting_positions_and_a_large_batch_needs_no_window(folder):
    played = play(folder, mapping(BatchSize=101), records(150), {"MODE": "ok"})
    equal([len(each) for each in given(played)], [101, 49], "batches")
    got = call(*arguments_of(folder, mapping(StartingPosition="AT_TIMESTAMP"), write(folder, "s.jsonl", ""), {}))
    equal(got.returncode, 2, got.stderr)
    check("StartingPosition" in got.stderr and "TRIM_HORIZON" in got.stderr, got.stderr)


@test
def o19_fifo_destinations_are_refused_and_the_payload_is_the_event_as_it_was_delivered(folder):
    fifo = {"OnFailure": {"Destination": "arn:aws:sqs:eu-west-1:111122223333:failed.fifo"}}
    got = call(*arguments_of(folder, mapping(DestinationConfig=fifo), write(folder, "s.jsonl", ""), {}))
    check(got.returncode == 2 and "FIFO" in got.stderr, got.stderr)
    odd = json.dumps(record(1))[:-1] + ', "odd" : [ 1.50 , "\\u00e9" ] }'
    played = play(folder, mapping(MaximumRetryAttempts=0, **BUCKET), write(folder, "odd.jsonl", odd + "\n"),
                  {"MODE": "error"})
    payload = only(failures(played))["payload"]
    check('"odd" : [ 1.50 , "\\u00e9" ]' in payload, payload)
    equal(len(payload), played.given[0]["bytes"], "bytes of the event")


@test
def o20_throttles_leave_the_mapping_at_work(folder):
    played = play(folder, mapping(BatchSize=1, MaximumRetryAttempts=0, **QUEUE), records(3), {"MODE": "ok"},
                  "--fault", "throttle:p=0.5", "--seed", "3")
    check(any(turn["end"] == "throttled" for turn in played.turns), "nothing was throttled")
    equal((given(played), played.summary["done"]), ([[1], [2], [3]], 3), "deliveries")


@test
def o21_what_the_destination_took_is_counted_and_without_one_nothing_is(folder):
    for name, more, words in (
            ("with", QUEUE, ("DroppedEventCount 0, OnFailureDestinationDeliveredEventCount 3",)), ("without", {}, ())):
        inner = os.path.join(folder, name)
        os.mkdir(inner)
        played = play(inner, mapping(BatchSize=3, MaximumRetryAttempts=0, **more), records(3), {"MODE": "error"})
        for word in words:
            check(word in played.out, played.out[-400:])
        equal("OnFailureDestinationDeliveredEventCount" in played.out, bool(words), "a datapoint without a destination")


@test
def o22_children_wait_for_their_parent(folder):
    played = play(folder, mapping(BatchSize=1), records(12), {"MODE": "ok"}, "--fault", "split:at=4:n=1",
                  "--partition-key", "OrderId")
    shards = []
    for turn in played.turns:
        if turn["shard"] not in shards:
            shards.append(turn["shard"])
    check(len(shards) >= 2, f"no split: {shards}")
    parent = [at for at, turn in enumerate(played.turns) if turn["shard"] == shards[0]]
    equal(parent, list(range(len(parent))), "deliveries of the parent come first")
    equal(sorted(sum(given(played), [])), list(range(1, 13)), "each record once")


@test
def o23_times_are_doubles_and_sequence_numbers_grow_in_length(folder):
    lines = []
    for number, name in ((1, "9" * 22), (2, "1" + "0" * 22), (3, "1" + "0" * 21 + "1")):
        one = record(number)
        one["dynamodb"]["SequenceNumber"] = name
        lines.append(json.dumps(one).replace(f'"ApproximateCreationDateTime": {1792399200 + number}',
                                             f'"ApproximateCreationDateTime": 1.79239920{number}E9'))
    check("E9" in lines[0], lines[0])
    played = play(folder, mapping(BatchSize=3, **ITEMS), write(folder, "s.jsonl", "\n".join(lines) + "\n"),
                  {"MODE": "items", "BAD": "1" + "0" * 22})
    equal([len(each["names"]) for each in played.given][:2], [3, 2], "the rest begins behind the shorter number")


# ---- A table behind the mapping --------------------------------------------------------------------------------------

class Table:
    """`ddbstream table` with one table."""

    def __init__(self):
        self.process = subprocess.Popen([os.path.join(BIN, "ddbstream"), "table", "--table", "Orders", "--key", "OrderId:S"],
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        line = self.process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:\d+", line)
        check(found, line)
        self.url = found[0]

    def call(self, operation, **body):
        request = urllib.request.Request(self.url, json.dumps(body).encode(),
                                         {"X-Amz-Target": f"DynamoDB_20120810.{operation}", "Content-Type":
                                          "application/x-amz-json-1.0", "Authorization": "any"})
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.load(answer)

    def close(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)


@test
def o13_o24_o25_what_writes_emit_is_delivered_with_its_size(folder):
    table = Table()
    try:
        item = {"OrderId": {"S": "o-1"}, "Tags": {"SS": ["a", "b"]}, "Qty": {"N": "1.0"}}
        table.call("PutItem", TableName="Orders", Item=item)
        table.call("PutItem", TableName="Orders", Item={**item, "Tags": {"SS": ["b", "a"]}, "Qty": {"N": "1"}})  # equal
        table.call("PutItem", TableName="Orders", Item={**item, "Qty": {"N": "2"}})
        table.call("DeleteItem", TableName="Orders", Key={"OrderId": {"S": "o-9"}})  # not there
        table.call("DeleteItem", TableName="Orders", Key={"OrderId": {"S": "o-1"}})
        esm = mapping(BatchSize=10)
        bootstrap = write(folder, "bootstrap", KEEPER)
        os.chmod(bootstrap, 0o700)
        got = call("run", bootstrap, "--esm", write(folder, "esm.json", esm), "--source", "stream:Orders", "--endpoint-url",
                   table.url, "--idle", "1", "--env", "JOURNAL=" + os.path.join(folder, "journal"),
                   env={**os.environ, "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_REGION": "eu-west-1"})
        equal(got.returncode, 0, got.stderr + got.stdout)
    finally:
        table.close()
    with open(os.path.join(folder, "journal"), encoding="utf-8") as file:
        found = [each for line in file for each in json.loads(line)["Records"]]
    equal([each["eventName"] for each in found], ["INSERT", "MODIFY", "REMOVE"], "records")
    check("NewImage" not in found[2]["dynamodb"] and "OldImage" in found[2]["dynamodb"], str(found[2]))
    # Keys 7 + 3; the image: these, Tags 4 + 1 + 1, Qty 3 + 2.
    equal([each["dynamodb"]["SizeBytes"] for each in found], [10 + 21, 10 + 21 + 21, 10 + 21], "sizes")


KEEPER = """#!%s
import os
from http.client import HTTPConnection
base, http = "/2018-06-01/runtime/invocation/", HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
while True:
    http.request("GET", base + "next")
    answer = http.getresponse()
    text = answer.read()
    with open(os.environ["JOURNAL"], "ab") as journal:
        journal.write(text + b"\\n")
    http.request("POST", base + answer.getheader("Lambda-Runtime-Aws-Request-Id") + "/response", b"{}")
    http.getresponse().read()
""" % sys.executable


if __name__ == "__main__":
    sys.exit(test.run())
