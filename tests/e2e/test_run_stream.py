#!/usr/bin/env python3
"""`ddbstream run` on a stream behind an endpoint (a scripted one) and on exports of a table.

    python3 tests/e2e/test_run_stream.py [BIN]      BIN holds ddbstream (default: build)
"""
import gzip
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
import traceback

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from streams_mock import ARN, KEY, SECRET, TOKEN, Endpoint, Refused, raw  # noqa: E402

BIN = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "build")

# Notes every event as it came, one per line.
RUNTIME = """#!%s
import os
from http.client import HTTPConnection
base, http = "/2018-06-01/runtime/", HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
while True:
    http.request("GET", base + "invocation/next")
    answer = http.getresponse()
    text = answer.read()
    with open(os.environ["JOURNAL"], "ab") as journal:
        journal.write(text + b"\\n")
    http.request("POST", base + "invocation/" + answer.getheader("Lambda-Runtime-Aws-Request-Id") + "/response",
                 b'{"batchItemFailures":[]}', {"Content-Type": "application/json"})
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
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(content if isinstance(content, bytes) else content.encode())
    return path


class Played:
    def __init__(self, folder, words, changes=None, env=None):
        bootstrap = write(folder, "bootstrap", RUNTIME)
        os.chmod(bootstrap, 0o700)
        esm = {"FunctionName": "orders", "EventSourceArn": ARN, "StartingPosition": "TRIM_HORIZON", "BatchSize": 100,
               **(changes or {})}
        journal, lines = os.path.join(folder, "journal"), os.path.join(folder, "lines.jsonl")
        variables = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        variables.update(env if env is not None else
                         {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_SESSION_TOKEN": TOKEN})
        got = subprocess.run([os.path.join(BIN, "ddbstream"), "run", bootstrap, "--esm",
                              write(folder, "esm.json", json.dumps(esm)), "--env", "JOURNAL=" + journal, "--json", lines,
                              *words], env=variables, capture_output=True, text=True, timeout=120, check=False)
        self.status, self.out, self.err = got.returncode, got.stdout, got.stderr
        self.events, self.lines = [], []
        for path, into in ((journal, self.events), (lines, self.lines)):
            if os.path.exists(path):
                with open(path, encoding="utf-8") as file:
                    into.extend(json.loads(line) for line in file)
        self.records = [record for event in self.events for record in event["Records"]]

    def numbers(self):
        return [int(record["dynamodb"]["SequenceNumber"]) - 10 ** 20 for record in self.records]


def play(folder, endpoint, *more, changes=None, source="stream"):
    try:
        played = Played(folder, ["--source", source, "--endpoint-url", endpoint.url, *more], changes)
    finally:
        endpoint.close()
    equal(endpoint.wrong, [], "signatures")
    return played


def shard(*numbers, parent=None, closed=True, **more):
    return {"records": [raw(number) for number in numbers], "parent": parent, "closed": closed, **more}


# ---- Streams ---------------------------------------------------------------------------------------------------------

@test
def a_closed_stream_is_played_to_its_end_parents_before_children(folder):
    endpoint = Endpoint({"shardId-c": shard(21, 22, 23, parent="shardId-a", hidden=True),
                         "shardId-a": shard(1, 2, 3, 4, 5, 6, 7), "shardId-b": shard(11, 12, parent="shardId-trimmed"),
                         "shardId-d": shard(31, parent="shardId-c", hidden=True)}, listing=1)
    played = play(folder, endpoint)
    equal(played.status, 0, played.err)
    numbers = played.numbers()
    equal(sorted(numbers), [1, 2, 3, 4, 5, 6, 7, 11, 12, 21, 22, 23, 31], "every record once")
    equal([each for each in numbers if each not in (11, 12)], [1, 2, 3, 4, 5, 6, 7, 21, 22, 23, 31], "order")
    equal([line["shard"] for line in played.lines if line["kind"] == "shard-end" and line["shard"] != "shardId-b"],
          ["shardId-a", "shardId-c", "shardId-d"], "ends")


@test
def a_record_is_what_lambda_delivers(folder):
    hostile = {"S": "\"userIdentity\": {\u2028 }\\ \x00"}
    first = raw(1, userIdentity={"PrincipalId": "dynamodb.amazonaws.com", "Type": "Service"})
    first["dynamodb"]["NewImage"] = {"userIdentity": hostile, "n": {"N": "12345678901234567890123456789012345678"}}
    endpoint = Endpoint({"shardId-a": {"records": [first, raw(2)], "closed": True}})
    played = play(folder, endpoint)
    equal(played.status, 0, played.err)
    want = {**first, "userIdentity": {"principalId": "dynamodb.amazonaws.com", "type": "Service"}, "eventSourceARN": ARN}
    equal(played.records, [want, {**raw(2), "eventSourceARN": ARN}], "records")


@test
def an_expired_iterator_is_replaced_behind_the_last_record(folder):
    endpoint = Endpoint({"shardId-a": shard(*range(1, 8))})
    endpoint.script["GetRecords"] = [None, Refused("ExpiredIteratorException"), None, Refused("ExpiredIteratorException")]
    played = play(folder, endpoint)
    equal((played.status, played.numbers()), (0, list(range(1, 8))), played.err)
    asked = [(call["ShardIteratorType"], call.get("SequenceNumber")) for name, call in endpoint.calls
             if name == "GetShardIterator"]
    equal(asked, [("TRIM_HORIZON", None), ("AFTER_SEQUENCE_NUMBER", str(10 ** 20 + 3)),
                  ("AFTER_SEQUENCE_NUMBER", str(10 ** 20 + 6))], "iterators")


@test
def trimmed_records_are_told_and_the_rest_is_read(folder):
    endpoint = Endpoint({"shardId-a": shard(*range(1, 10))})
    endpoint.script["GetRecords"] = [None, Refused("TrimmedDataAccessException")]
    endpoint.begins["shardId-a"] = 0

    def forget():
        while len([1 for name, _ in endpoint.calls if name == "GetRecords"]) < 1:
            time.sleep(0.01)
        endpoint.begins["shardId-a"] = 6
    threading.Thread(target=forget, daemon=True).start()
    played = play(folder, endpoint)
    equal((played.status, played.numbers()), (0, [1, 2, 3, 7, 8, 9]), played.err)
    check("LOST" in played.err, played.err)


@test
def what_is_refused_for_now_is_asked_for_again(folder):
    endpoint = Endpoint({"shardId-a": shard(1, 2, 3, 4), "shardId-b": shard(5, parent="shardId-a", hidden=True)})
    endpoint.script["GetRecords"] = [Refused("LimitExceededException"), Refused("InternalServerError", status=500), None,
                                     Refused("AccessDeniedException", "not authorized to perform: dynamodb:GetRecords")]
    endpoint.script["GetShardIterator"] = [Refused("ThrottlingException")]
    endpoint.script["DescribeStream"] = [None, Refused("LimitExceededException")]
    played = play(folder, endpoint)
    equal((played.status, played.numbers()), (0, [1, 2, 3, 4, 5]), played.err)
    equal(len([line for line in played.lines if line["kind"] == "denied"]), 5, "looks that were denied")
    check("put off: AccessDeniedException: not authorized" in played.err, played.err)


@test
def a_stream_that_goes_on_ends_when_it_is_idle(folder):
    endpoint = Endpoint({"shardId-a": shard(1, 2, closed=False)})

    def grow():
        time.sleep(0.6)
        with endpoint.lock:
            endpoint.shards["shardId-a"]["records"] += [raw(3), raw(4)]
    threading.Thread(target=grow, daemon=True).start()
    played = play(folder, endpoint, "--idle", "2")
    equal((played.status, played.numbers()), (0, [1, 2, 3, 4]), played.err)


@test
def latest_begins_behind_what_is_there(folder):
    endpoint = Endpoint({"shardId-a": shard(1, 2, closed=False)})

    def grow():
        while not any(name == "GetRecords" for name, _ in endpoint.calls):
            time.sleep(0.01)
        with endpoint.lock:
            endpoint.shards["shardId-a"]["records"].append(raw(3))
    threading.Thread(target=grow, daemon=True).start()
    played = play(folder, endpoint, "--idle", "2", changes={"StartingPosition": "LATEST"})
    equal((played.status, played.numbers()), (0, [3]), played.err)


@test
def lanes_keep_the_order_of_the_key_that_the_stream_names(folder):
    endpoint = Endpoint({"shardId-a": shard(*range(1, 60))}, page=50)
    played = play(folder, endpoint, changes={"ParallelizationFactor": 4, "BatchSize": 5})
    equal((played.status, sorted(played.numbers())), (0, list(range(1, 60))), played.err)
    for key in range(7):
        mine = [number for number in played.numbers() if number % 7 == key]
        equal(mine, sorted(mine), f"order of key {key}")
    check(len({line["lane"] for line in played.lines if line["kind"] == "delivery"}) > 1, "several lanes")


@test
def a_table_is_found_by_its_name(folder):
    endpoint = Endpoint({"shardId-a": shard(1)})
    played = play(folder, endpoint, source="stream:Orders")
    equal((played.status, played.numbers()), (0, [1]), played.err)
    check(ARN in played.out, played.out)
    played = play(folder, Endpoint({}), source="stream:Nobody")
    equal(played.status, 2, played.err)
    check("table Nobody has no stream" in played.err, played.err)


@test
def what_cannot_be_opened_says_why(folder):
    played = play(folder, Endpoint({}), source="stream:" + ARN.replace("Orders", "Others"))
    equal(played.status, 2, played.err)
    check("ResourceNotFoundException" in played.err, played.err)
    played = Played(folder, ["--source", "stream", "--endpoint-url", "http://127.0.0.1:1"])
    check(played.status == 2 and "127.0.0.1" in played.err, played.err)
    played = Played(folder, ["--source", "stream"], env={})
    check(played.status == 2 and "AWS_ACCESS_KEY_ID" in played.err, played.err)
    for words, reason in ((["--source", "stream", "--time", "skip"], "--time skip"),
                          (["--source", "stream", "--backfill", "x"], "not both"), (["--backfill", "x"], "--keys"),
                          (["--source", "x", "--idle", "0"], "--idle")):
        played = Played(folder, words)
        check(played.status == 2 and reason in played.err, f"{words}: {played.err}")


@test
def the_environment_names_the_endpoint(folder):
    endpoint = Endpoint({"shardId-a": shard(1)})
    keys = {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_SESSION_TOKEN": TOKEN}
    try:
        for env in ({"AWS_ENDPOINT_URL": endpoint.url},
                    {"AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_ENDPOINT_URL_DYNAMODB_STREAMS": endpoint.url,
                     "http_proxy": "http://127.0.0.1:1"}):
            played = Played(tempfile.mkdtemp(dir=folder), ["--source", "stream"], env={**keys, **env})
            equal((played.status, played.numbers()), (0, [1]), played.err)
    finally:
        endpoint.close()


@test
def a_stream_that_is_deleted_ends_the_run(folder):
    endpoint = Endpoint({"shardId-a": shard(*range(1, 6), closed=False)})
    endpoint.script["GetRecords"] = [None, Refused("ResourceNotFoundException", "gone")]
    played = play(folder, endpoint)
    equal((played.status, played.numbers()), (2, [1, 2, 3]), played.err)
    check("ResourceNotFoundException: gone" in played.err, played.err)


# ---- Exports ---------------------------------------------------------------------------------------------------------

def item(number):
    return {"Item": {"OrderId": {"S": f"o-{number}"}, "Line": {"N": str(number)}, "note": {"S": "ü \\ \""}}}


def lines_of(*numbers):
    return "".join(json.dumps(item(number)) + "\n" for number in numbers).encode()


def export(folder, count=None, **summary):
    write(folder, "export/data/b.json.gz", gzip.compress(lines_of(1, 2)))
    write(folder, "export/data/a.json.gz", gzip.compress(lines_of(3)))
    write(folder, "export/data/old.json.gz", gzip.compress(lines_of(99)))
    write(folder, "export/data/empty.json.gz", gzip.compress(b""))
    keys = [f"prefix/AWSDynamoDB/01-ab/data/{name}.json.gz" for name in ("b", "empty", "a")]
    write(folder, "export/manifest-files.json", "".join(json.dumps({"itemCount": 1, "dataFileS3Key": key}) + "\n"
                                                        for key in keys))
    write(folder, "export/manifest-summary.json", json.dumps({"outputFormat": "DYNAMODB_JSON", "exportType":
                                                              "FULL_EXPORT", "itemCount": count or 3, **summary}))
    return os.path.join(folder, "export")


@test
def each_item_of_an_export_is_an_insert(folder):
    played = Played(folder, ["--backfill", export(folder), "--keys", "OrderId,Line"])
    equal(played.status, 0, played.err)
    equal(played.err, "", "warnings")
    for number, record in zip((1, 2, 3), played.records):
        change = record["dynamodb"]
        equal((record["eventName"], record["eventSourceARN"], record["awsRegion"]), ("INSERT", ARN, "eu-west-1"), "record")
        equal(change["NewImage"], item(number)["Item"], "image")
        equal(change["Keys"], {name: item(number)["Item"][name] for name in ("OrderId", "Line")}, "keys")
        check("OldImage" not in change, "an INSERT has no old image")
    names = [record["dynamodb"]["SequenceNumber"] for record in played.records]
    equal((len(names), names), (3, sorted(set(names))), "sequence numbers count up")


@test
def an_export_can_be_a_file_or_a_folder_without_manifest(folder):
    for content, name in ((lines_of(1, 2), "one.json"), (gzip.compress(lines_of(1, 2)), "one.json.gz")):
        inner = tempfile.mkdtemp(dir=folder)
        played = Played(inner, ["--backfill", write(inner, name, content), "--keys", "OrderId"])
        equal((played.status, len(played.records)), (0, 2), played.err)
    path = export(folder)
    for name in ("manifest-files.json", "manifest-summary.json"):
        os.remove(os.path.join(path, name))
    played = Played(folder, ["--backfill", path, "--keys", "OrderId"])
    equal([record["dynamodb"]["Keys"]["OrderId"]["S"] for record in played.records], ["o-3", "o-1", "o-2", "o-99"], "order")


@test
def what_is_no_export_is_located(folder):
    cases = [
        (b'{"Item":{"OrderId":{"S":"a"}}}\n{"Keys":{}}\n', 1, 'x.json:2: expected {"Item"'),
        (b'{"Item":{"Other":{"S":"a"}}}\n', 1, "x.json:1: the item lacks a key"),
        (b'{"Item":{"OrderId":{"S":"a"}\n', 1, "x.json:1: "),
    ]
    for content, status, reason in cases:
        inner = tempfile.mkdtemp(dir=folder)
        played = Played(inner, ["--backfill", write(inner, "x.json", content), "--keys", "OrderId"])
        check(played.status == status and reason in played.err, f"{reason}: {played.status} {played.err}")
    cut = write(folder, "cut.json.gz", gzip.compress(lines_of(*range(2000)))[:-50])
    played = Played(tempfile.mkdtemp(dir=folder), ["--backfill", cut, "--keys", "OrderId"])
    check(played.status == 2 and "cut.json.gz:" in played.err and "ends too early" in played.err, played.err)
    for changes, reason in (({"outputFormat": "ION"}, "expected DYNAMODB_JSON"),
                            ({"exportType": "INCREMENTAL_EXPORT"}, "expected FULL_EXPORT")):
        inner = tempfile.mkdtemp(dir=folder)
        played = Played(inner, ["--backfill", export(inner, **changes), "--keys", "OrderId"])
        check(played.status == 1 and reason in played.err, played.err)
    inner = tempfile.mkdtemp(dir=folder)
    played = Played(inner, ["--backfill", export(inner, count=4), "--keys", "OrderId"])
    check(played.status == 0 and "tells of 4 items, the files have 3" in played.err, played.err)
    os.remove(os.path.join(inner, "export/data/a.json.gz"))
    played = Played(inner, ["--backfill", os.path.join(inner, "export"), "--keys", "OrderId"])
    check(played.status == 2 and "manifest-files.json:3: names a file that is not there" in played.err, played.err)
    for keys in ("", "a,", ",a", "a,b,c"):
        played = Played(inner, ["--backfill", os.path.join(inner, "export"), "--keys", keys])
        check(played.status == 2 and "--keys takes" in played.err, f"{keys}: {played.err}")


def main():
    for each in tests:
        name = each.__name__.replace("_", " ")
        with tempfile.TemporaryDirectory() as folder:
            try:
                each(folder)
                print(f"ok - run stream: {name}", flush=True)
            except Exception as why:  # pylint: disable=broad-except
                failed.append(name)
                place = traceback.extract_tb(why.__traceback__)[1]
                text = " ".join(str(why).split())
                print(f"not ok - run stream: {name}: {type(why).__name__}: {text} (line {place.lineno})", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
