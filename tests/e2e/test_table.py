#!/usr/bin/env python3
"""`ddbstream table` over HTTP: the command line, headers, the file, signals. No package but Python is needed.

test_table.py [BUILD FOLDER]
"""
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import zlib

BIN = sys.argv[1] if len(sys.argv) > 1 else "build"
DDBSTREAM = os.path.join(BIN, "ddbstream") if os.path.isdir(BIN) else BIN
PATIENCE = 60
TESTS = []


def test(function):
    TESTS.append(function)
    return function


def expect(got, want):
    assert got == want, f"got {str(got)[:400]!r}, want {str(want)[:400]!r}"


class Server:
    def __init__(self, *options):
        self.process = subprocess.Popen([DDBSTREAM, "table", *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        line = self.process.stdout.readline().decode()
        match = re.fullmatch(r"listening on http://127\.0\.0\.1:(\d+)\n", line)
        assert match, f"{line!r} {self.process.stderr.read()}"
        self.port = int(match[1])
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.close()
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(PATIENCE)
        self.process.stdout.close()
        self.process.stderr.close()

    def end(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        status = self.process.wait(PATIENCE)
        return status, self.process.stderr.read().decode()

    def request(self, target, body, headers=None, method="POST"):
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        sent = {"Content-Type": "application/x-amz-json-1.0"}
        if target:
            sent["X-Amz-Target"] = target
        self.connection.request(method, "/", body, dict(sent, **(headers or {})))
        response = self.connection.getresponse()
        return response.status, dict(response.getheaders()), response.read()

    def call(self, operation, **members):
        streams = operation in ("ListStreams", "DescribeStream", "GetShardIterator", "GetRecords")
        status, headers, body = self.request(f"DynamoDB{'Streams' if streams else ''}_20120810.{operation}", members)
        expect(headers["x-amz-crc32"], str(zlib.crc32(body)))
        return status, json.loads(body)

    def ok(self, operation, **members):
        status, answer = self.call(operation, **members)
        assert status == 200, answer
        return answer

    def put(self, key, **more):
        return self.ok("PutItem", TableName="Orders", Item={"id": {"S": key}, **more})

    def records(self):
        arn = self.ok("ListStreams")["Streams"][0]["StreamArn"]
        shard = self.ok("DescribeStream", StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
        iterator = self.ok("GetShardIterator", StreamArn=arn, ShardId=shard, ShardIteratorType="TRIM_HORIZON")
        return self.ok("GetRecords", ShardIterator=iterator["ShardIterator"])["Records"]

    def items(self):
        return sorted(item["id"]["S"] for item in self.ok("Scan", TableName="Orders")["Items"])


ORDERS = ("--table", "Orders", "--key", "id")


def run(*options):
    process = subprocess.run([DDBSTREAM, "table", *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                             timeout=PATIENCE)
    return process.returncode, process.stdout, process.stderr


@test
def a_write_is_answered_and_in_the_stream():
    with Server(*ORDERS) as server:
        expect(server.put("o-1", qty={"N": "2.50"}), {})
        expect(server.ok("GetItem", TableName="Orders", Key={"id": {"S": "o-1"}}),
               {"Item": {"id": {"S": "o-1"}, "qty": {"N": "2.5"}}})
        server.put("o-1", qty={"N": "2.5"})
        server.ok("DeleteItem", TableName="Orders", Key={"id": {"S": "o-1"}})
        records = server.records()
        expect([record["eventName"] for record in records], ["INSERT", "REMOVE"])
        expect(records[0]["dynamodb"]["NewImage"], {"id": {"S": "o-1"}, "qty": {"N": "2.5"}})
        assert abs(records[0]["dynamodb"]["ApproximateCreationDateTime"] - time.time()) < 60, records[0]
        assert "NewImage" not in records[1]["dynamodb"], records[1]


@test
def refusals_have_the_types_of_aws():
    with Server(*ORDERS) as server:
        status, answer = server.call("PutItem", TableName="Orders", Item={"id": {"S": "a"}},
                                     ConditionExpression="attribute_exists(id)")
        expect((status, answer), (400, {
            "__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException",
            "message": "The conditional request failed"}))
        status, answer = server.call("GetItem", TableName="Nobody", Key={"id": {"S": "a"}})
        expect((status, answer["__type"]), (400, "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException"))
        for target, body, name in (("DynamoDB_20120810.PutItem", b"{", "SerializationException"),
                                   ("DynamoDB_20120810.PutItem", b"", "SerializationException"),
                                   ("DynamoDB_20120810.PutItem", b"[]", "SerializationException"),
                                   ("DynamoDB_20120810.PutItem", b'{"TableName":"\xff"}', "SerializationException"),
                                   ("DynamoDB_20120810.PutItem", b'{"TableName":1}', "SerializationException"),
                                   ("DynamoDB_20120810.PutItem", b"{}", "ValidationException"),
                                   ("DynamoDB_20120810.Nothing", b"{}", "UnknownOperationException"),
                                   (None, b"{}", "UnknownOperationException")):
            status, headers, answer = server.request(target, body)
            expect((status, json.loads(answer)["__type"].split("#")[1]), (400, name))
            assert headers["x-amzn-RequestId"], headers


@test
def other_requests_are_answered_too():
    with Server(*ORDERS) as server:
        expect(server.request(None, b"", method="GET")[0], 200)
        expect(server.request(None, b"", method="PUT")[0], 405)
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)
        connection.putrequest("POST", "/")
        connection.putheader("X-Amz-Target", "DynamoDB_20120810.PutItem")
        connection.putheader("Content-Length", str(17 * 1024 * 1024))
        connection.endheaders()
        try:
            for _ in range(17):
                connection.send(b" " * 1024 * 1024)
        except (BrokenPipeError, ConnectionResetError):
            pass
        expect(connection.getresponse().status, 413)
        connection.close()
        expect(server.items(), [])


@test
def binary_and_text_with_every_byte_come_back():
    text = "".join(map(chr, range(0x80))) + "\u00e9\u20ac\U0001f69a"
    with Server(*ORDERS) as server:
        server.put("all", text={"S": text}, bytes={"B": "AAEC/f7/"})
        item = server.ok("GetItem", TableName="Orders", Key={"id": {"S": "all"}})["Item"]
        expect((item["text"]["S"], item["bytes"]["B"]), (text, "AAEC/f7/"))


@test
def tables_of_the_command_line_have_keys_view_and_time_to_live():
    with Server("--table", "One", "--key", "a:N,b:B", "--table", "Two", "--key", "k:with:colon,s", "--view", "OLD_IMAGE",
                "--ttl-attribute", "gone") as server:
        expect(server.ok("ListTables")["TableNames"], ["One", "Two"])
        one, two = (server.ok("DescribeTable", TableName=name)["Table"] for name in ("One", "Two"))
        expect(one["AttributeDefinitions"], [{"AttributeName": "a", "AttributeType": "N"},
                                             {"AttributeName": "b", "AttributeType": "B"}])
        expect(two["KeySchema"], [{"AttributeName": "k:with:colon", "KeyType": "HASH"},
                                  {"AttributeName": "s", "KeyType": "RANGE"}])
        expect(two["StreamSpecification"]["StreamViewType"], "OLD_IMAGE")
        expect(server.ok("DescribeTimeToLive", TableName="One")["TimeToLiveDescription"],
               {"TimeToLiveStatus": "ENABLED", "AttributeName": "gone"})


@test
def items_run_out_while_nobody_asks():
    with Server(*ORDERS, "--ttl-attribute", "exp") as server:
        server.put("soon", exp={"N": str(int(time.time()) - 1)})
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and len(server.records()) < 2:
            time.sleep(0.2)
        record = server.records()[-1]
        expect((record["eventName"], record["userIdentity"]),
               ("REMOVE", {"PrincipalId": "dynamodb.amazonaws.com", "Type": "Service"}))


@test
def a_file_keeps_tables_items_and_stream():
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "data")
        with Server(*ORDERS, "--data", path) as server:
            server.put("a", x={"S": "\u0000\n\"\\"})
            server.put("b")
            server.put("a", x={"S": "2"})
            server.ok("DeleteItem", TableName="Orders", Key={"id": {"S": "b"}})
            before, description = server.records(), server.ok("DescribeTable", TableName="Orders")
            expect(server.end(), (0, ""))
        with Server("--data", path) as server:  # --table need not be repeated
            expect(server.items(), ["a"])
            expect((server.records(), server.ok("DescribeTable", TableName="Orders")), (before, description))
            server.put("c")
            numbers = [int(record["dynamodb"]["SequenceNumber"]) for record in server.records()]
            expect(numbers, sorted(set(numbers)))
        with Server(*ORDERS, "--data", path) as server:  # was killed: what was answered is there
            expect(server.items(), ["a", "c"])
        status, _, errors = run(*ORDERS[:3], "other", "--data", path)
        assert status == 2 and "another key or view" in errors, errors


@test
def a_change_that_was_torn_by_a_crash_is_left_out_whole():
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "data")
        with Server(*ORDERS, "--data", path) as server:
            server.put("a")
            server.ok("TransactWriteItems", TransactItems=[
                {"Put": {"TableName": "Orders", "Item": {"id": {"S": name}}}} for name in ("b", "c")])
        with open(path, "rb") as file:
            whole = file.read()
        last = whole.rstrip(b"\n").rfind(b"\n") + 1
        cuts = sorted({last + 1, last + 9, last + 40, (last + len(whole)) // 2, len(whole) - 1})
        for tail in [whole[:cut] for cut in cuts] + [whole[:-20] + b"X" + whole[-19:]]:
            with open(path, "wb") as file:
                file.write(tail)
            with Server("--data", path) as server:
                expect(server.items(), ["a"])
                server.put("d")
                status, errors = server.end()
                expect(status, 0)
                assert "its last change was not complete" in errors, errors
            with Server("--data", path) as server:
                expect(server.items(), ["a", "d"])


@test
def a_file_that_is_damaged_or_not_ours_is_refused():
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "data")
        with Server(*ORDERS, "--data", path) as server:
            server.put("a")
            server.put("b")
            status, _, errors = run("--data", path)
            assert status == 1 and "another ddbstream table uses it" in errors, errors
        with open(path, "rb") as file:
            whole = file.read()
        for content, words in ((whole.replace(b'"a"', b'"z"'), "is damaged, and others follow it"),
                               (b"precious notes, longer than our first line", "not a file of ddbstream table")):
            with open(path, "wb") as file:
                file.write(content)
            status, _, errors = run("--data", path)
            assert status == 1 and words in errors, (status, errors)
            with open(path, "rb") as file:
                expect(file.read(), content)  # untouched
        status, _, errors = run("--data", os.path.join(folder, "nowhere", "data"))
        assert status == 2 and "No such file" in errors, (status, errors)


@test
def signals_end_it_cleanly():
    for number in (signal.SIGTERM, signal.SIGINT):
        with Server(*ORDERS) as server:
            server.put("a")
            expect(server.end(number), (0, ""))
    with Server("--port", "0", *ORDERS) as server:
        status, _, errors = run("--port", str(server.port))
        assert status == 2 and "cannot listen" in errors, errors


@test
def many_clients_at_once_lose_nothing():
    with Server(*ORDERS) as server:
        def add(count):
            connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)
            for _ in range(count):
                body = {"TableName": "Orders", "Key": {"id": {"S": "sum"}}, "UpdateExpression": "ADD n :one",
                        "ExpressionAttributeValues": {":one": {"N": "0.1"}}}
                connection.request("POST", "/", json.dumps(body), {"X-Amz-Target": "DynamoDB_20120810.UpdateItem"})
                connection.getresponse().read()
            connection.close()
        threads = [threading.Thread(target=add, args=(50,)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE)
        expect(server.ok("GetItem", TableName="Orders", Key={"id": {"S": "sum"}})["Item"]["n"], {"N": "40"})
        expect(len(server.records()), 400)


@test
def bytes_that_are_no_requests_do_no_harm():
    with Server(*ORDERS) as server:
        for junk in (b"\0" * 5000, b"POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nab", b"GARBAGE\r\n\r\n"):
            raw = socket.create_connection(("127.0.0.1", server.port), PATIENCE)
            raw.sendall(junk)
            raw.shutdown(socket.SHUT_WR)
            while raw.recv(65536):
                pass
            raw.close()
        server.put("still")
        expect(server.items(), ["still"])


@test
def the_command_line_says_what_is_wrong():
    for options, words in ((("--table", "Orders"), "--table Orders needs its --key"),
                           (("--key", "id"), "--key comes behind its --table"),
                           ((*ORDERS, "--key", "x"), "--key comes behind its --table, once"),
                           ((*ORDERS, "--view", "ALL"), "--view takes KEYS_ONLY"),
                           (("--port", "x"), "--port takes a number"),
                           (("--table", "no good", "--key", "id"), "regular expression pattern"),
                           (("--table", "Orders", "--key", "a,a"), "have the same name"),
                           (("--data",), "needs a value"), (("--nothing",), "unknown option"),
                           (("Orders",), "belongs to no option")):
        status, _, errors = run(*options)
        assert status == 2 and words in errors, (options, status, errors)
    status, text, _ = run("--help")
    assert status == 0 and "What it is not: a database." in text, text


def main():
    failed = 0
    for function in TESTS:
        name = function.__name__
        try:
            function()
            print(f"ok - {name}", flush=True)
        except Exception:  # a test that ends in any other way than well has failed
            failed += 1
            print(f"not ok - {name}: " + traceback.format_exc().strip().replace("\n", "\\n"), flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
