#!/usr/bin/env python3
"""Batch writers and claims against other people's services: DynamoDB as npm's dynalite has it, Kinesis as kinesalite has
it, S3 as s3rver has it.

test_peers.py [BUILD FOLDER]

They are installed into BUILD FOLDER/peers, once. On Debian 12: apt-get install nodejs npm
"""
import base64
import filecmp
import gzip
import hashlib
import http.client
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "build")
sys.argv[1:] = [BUILD]
sys.path[:0] = [os.path.join(HERE, "..", "e2e"), os.path.join(HERE, "..", "awsfake")]

from aws_harness import ITEMS, batch, expect, expect_item, expect_success, numbered, record, seq, serve  # noqa: E402
from runtime_harness import main as run_tests, test  # noqa: E402

FOLDER = os.path.join(BUILD, "peers")
INSTALL_MAX_S = 600
KEYS = {"AWS_ACCESS_KEY_ID": "S3RVER", "AWS_SECRET_ACCESS_KEY": "S3RVER", "AWS_REGION": "us-east-1", "TEST_BACKOFF": "1"}


def install():
    """Install the services unless these are there; a sentence about what went wrong, or None."""
    missing = [tool for tool in ("node", "npm") if shutil.which(tool) is None]
    if missing:
        return "missing: " + " ".join(missing) + " (Debian: apt-get install nodejs npm)"
    os.makedirs(FOLDER, exist_ok=True)
    wanted, done = os.path.join(HERE, "package.json"), os.path.join(FOLDER, "installed")
    if os.path.exists(done) and filecmp.cmp(wanted, done, shallow=False):
        return None
    shutil.copy2(wanted, FOLDER)
    shutil.rmtree(os.path.join(FOLDER, "node_modules"), ignore_errors=True)  # of an installation that was broken off
    with open(os.path.join(FOLDER, "install.log"), "wb") as log:
        process = subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts"],
                                 cwd=FOLDER, stdout=log, stderr=subprocess.STDOUT, timeout=INSTALL_MAX_S)
    if process.returncode != 0:
        with open(log.name, encoding="utf-8", errors="replace") as log:
            return f"npm install failed, see {log.name}: ..." + log.read()[-1500:]
    shutil.copy2(wanted, done)
    return None


class Peer:
    """One of the services as a process; it ends with the test."""

    def __init__(self, *command):
        self.process = subprocess.Popen(["node", os.path.join(FOLDER, "node_modules", ".bin", command[0]), *command[1:]],
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.lines = ""
        while not re.search(r":(\d+)\s*$", self.lines):
            line = self.process.stdout.readline()
            assert line, f"{command[0]} ended: {self.lines}"
            self.lines += line
        self.port = int(re.search(r":(\d+)\s*$", self.lines)[1])
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.process.stdout.close()

    def call(self, target, body):
        """A call that is not signed rightly: dynalite and kinesalite only want to see that it is signed."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request("POST", "/", json.dumps(body), {
            "X-Amz-Target": target, "Content-Type": f"application/x-amz-json-1.{'0' if 'Dynamo' in target else '1'}",
            "X-Amz-Date": "20261019T084000Z", "Authorization": "AWS4-HMAC-SHA256 Credential=a/20261019/us-east-1/dynamodb/"
            "aws4_request, SignedHeaders=host, Signature=a"})
        answer = connection.getresponse()
        reply = json.loads(answer.read() or "null")
        connection.close()
        assert answer.status == 200, reply
        return reply

    def dynamo(self, operation, body):
        return self.call("DynamoDB_20120810." + operation, body)

    def kinesis(self, operation, **body):
        return self.call("Kinesis_20131202." + operation, body)

    def create(self, table):
        self.dynamo("CreateTable", {
            "TableName": table, "BillingMode": "PAY_PER_REQUEST", "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}]})
        while self.dynamo("DescribeTable", {"TableName": table})["Table"]["TableStatus"] != "ACTIVE":
            pass

    def items(self, table):
        return sorted(self.dynamo("Scan", {"TableName": table})["Items"], key=lambda item: item["id"]["S"])


def dynalite():
    return Peer("dynalite", "--host", "127.0.0.1", "--port", "0", "--createTableMs", "1")


class Kinesis(Peer):
    """kinesalite with the stream that the handler writes to."""

    def __init__(self, shards):
        super().__init__("kinesalite", "--port", "0", "--createStreamMs", "1")
        self.kinesis("CreateStream", StreamName="changes", ShardCount=shards)
        while self.kinesis("DescribeStream", StreamName="changes")["StreamDescription"]["StreamStatus"] != "ACTIVE":
            pass

    def shards(self):
        """Of each shard (partition key, data), in the order that a reader gets them."""
        found = []
        for shard in self.kinesis("DescribeStream", StreamName="changes")["StreamDescription"]["Shards"]:
            at = self.kinesis("GetShardIterator", StreamName="changes", ShardId=shard["ShardId"],
                              ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
            records, read = [], None
            while read != []:
                answer = self.kinesis("GetRecords", ShardIterator=at)
                at, read = answer["NextShardIterator"], answer["Records"]
                records += [(one["PartitionKey"], base64.b64decode(one["Data"]).decode()) for one in read]
            found.append(records)
        return found


def play(handler, peer, *events, **env):
    return serve(handler, *events, env=dict(ITEMS, **KEYS, AWS_ENDPOINT_URL=peer.url, **env), snapshots=False)


@test
def batch_write_item_keeps_every_item_as_it_was():
    event = numbered(60)
    event["Records"][3]["dynamodb"]["NewImage"]["all"] = {"M": {
        "b": {"B": "AAECAw=="}, "n": {"N": "-12.5"}, "l": {"L": [{"BOOL": True}, {"NULL": True}]}, "s": {"SS": ["x", "y"]}}}
    event["Records"] += [dict(record(60 + i, f"k{i}"), eventName="REMOVE") for i in range(10)]
    with dynalite() as peer:
        peer.create("copy")
        run = play("aws_writer", peer, event, TEST_WRITERS="dynamodb")
        expect_success(run.posts[0])
        got = peer.items("copy")
    want = {r["dynamodb"]["Keys"]["id"]["S"]: r["dynamodb"]["NewImage"] for r in event["Records"][10:60]}
    expect({item["id"]["S"]: item["note"] for item in got}, {key: item["note"] for key, item in want.items()})
    expect(len(got), 50)


@test
def a_missing_table_is_an_error_that_names_it():
    with dynalite() as peer:
        run = play("aws_writer", peer, batch("a"), TEST_WRITERS="dynamodb")
    expect_item(run.posts[0], seq(0))
    assert "ResourceNotFoundException" in run.stderr, run.stderr


@test
def an_item_that_dynamodb_refuses_is_found():
    event = numbered(20)
    event["Records"][11]["dynamodb"]["NewImage"]["note"]["S"] = "x" * 410000
    with dynalite() as peer:
        peer.create("copy")
        run = play("aws_writer", peer, event, TEST_WRITERS="dynamodb")
        kept = {item["id"]["S"] for item in peer.items("copy")}
    expect_item(run.posts[0], seq(11))
    assert {f"k{i}" for i in range(11)} <= kept and "k11" not in kept, kept


@test
def claims_hold_their_conditions():
    with dynalite() as peer, tempfile.TemporaryDirectory() as folder:
        peer.create("claims")
        run = play("aws_once", peer, batch("a", "b"), batch("a", "b", "c"), batch("fail"), batch("x"),
                   TEST_MARK=os.path.join(folder, "mark"), TEST_PATH="dynamodb.Keys")
        got = {item["id"]["S"]: item["status"]["S"] for item in peer.items("claims")}
    for number in (0, 1, 3):
        expect_success(run.posts[number])
    expect_item(run.posts[2], seq(0))
    expect(run.journal("effect"), ["id-0", "id-1", "id-2", "id-0", "id-0"])
    expect(got, {"shop.welcome#" + hashlib.md5(json.dumps({"id": {"S": key}}).encode()).hexdigest(): "COMPLETED"
                 for key in "abcx"})


@test
def kinesis_keeps_the_order_of_each_partition_key():
    keys = [f"k{number % 40}" for number in range(1200)]
    with Kinesis(shards=3) as peer:
        run = play("aws_writer", peer, batch(*keys), TEST_WRITERS="kinesis")
        shards = peer.shards()
    expect_success(run.posts[0])
    assert all(shards), f"records in each shard: {[len(records) for records in shards]}"
    expect(sum(map(len, shards)), len(keys))
    for key in set(keys):
        (records,) = [records for records in shards if key in dict(records)]
        expect([data for name, data in records if name == key], [seq(i) for i, one in enumerate(keys) if one == key], key)


@test
def a_missing_stream_is_an_error_that_names_it():
    with Peer("kinesalite", "--port", "0") as peer:
        run = play("aws_writer", peer, batch("a"), TEST_WRITERS="kinesis")
    expect_item(run.posts[0], seq(0))
    assert "ResourceNotFoundException" in run.stderr, run.stderr


@test
def objects_arrive_compressed_and_whole():
    with tempfile.TemporaryDirectory() as folder, \
            Peer("s3rver", "-d", folder, "-a", "127.0.0.1", "-p", "0", "--no-vhost-buckets",
                 "--configure-bucket", "archive") as peer:
        event = numbered(12)
        run = play("aws_writer", peer, event, TEST_WRITERS="s3")
        expect_success(run.posts[0])
        found = {}
        for path, _, files in os.walk(os.path.join(folder, "archive")):
            for name in files:
                if name.endswith("_object"):
                    with open(os.path.join(path, name), "rb") as file:
                        found[os.path.join(os.path.relpath(path, folder), name)] = gzip.decompress(file.read())
    expect(len(found), 12)
    expect(sorted(json.loads(text)["eventID"] for text in found.values()), sorted(f"id-{i}" for i in range(12)))


def main():
    wrong = install()
    if wrong:
        print("not ok - the services are installed: " + wrong.replace("\n", "\\n"))
        return 1
    return run_tests()


if __name__ == "__main__":
    sys.exit(main())
